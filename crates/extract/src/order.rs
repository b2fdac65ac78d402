use madang_document::inner_path::InnerPath;
use serde::{Deserialize, Serialize};

use crate::left_alone::LeftAlone;
use crate::limits::Limits;
use crate::options::Options;
use crate::recall::Recall;
use crate::sidecar::Sidecar;

/// What one extraction is told: the name of the object, and the limits and options of its pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The name of the object, without its folders or with them.
    pub name: String,
    /// What it may cost.
    pub limits: Limits,
    /// What is wanted of it.
    pub options: Options,
    /// Files beside the object that describe it, those that are trusted most first.
    pub sidecars: Vec<Sidecar>,
    /// The member whose bytes are wanted, and nothing else; none where the object is to be read.
    pub member: Option<InnerPath>,
    /// Whether a preview of the likeness that the object stores of itself is wanted, and nothing else: reading an object
    /// only says that there is one. It is no option of a pipeline, on which depends what the same bytes come to.
    pub likeness: bool,
    /// The page of which a picture is wanted, and nothing else but where its words stand; counted from 1. Pictures have one
    /// page, or as many as the file holds. No option of a pipeline either.
    pub page_picture: Option<u32>,
    /// Whether what takes long (recognising text in pictures and in sound) is put off: the document says so, and whoever reads
    /// it again later gets the rest. No option of a pipeline either.
    pub put_off: bool,
    /// What of it is left alone, because readers died over it: the document says so. No option of a pipeline either.
    pub left_alone: LeftAlone,
    /// What engines made out before in this object; none where nothing is remembered. It changes what reading costs and not
    /// what it comes to.
    pub recall: Option<Recall>,
}

impl Order {
    /// An object of this name under the limits and options that hold where nothing is declared.
    pub fn named(name: impl Into<String>) -> Order {
        Order { name: name.into(), ..Order::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::passwords::Passwords;

    use super::*;

    #[test]
    fn an_order_prints_no_password() {
        let passwords = Passwords::parse(b"open sesame").unwrap();
        let options = Options { passwords, ..Options::default() };
        let order = Order { options, ..Order::named("a.hwp") };
        let printed = format!("{order:?}");
        assert!(printed.contains("a.hwp") && !printed.contains("sesame"), "{printed}");
    }
}
