use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use serde::Serialize;

use crate::extract::{Answer, korean};

/// What was measured of one file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// The key of its path.
    pub(crate) path: String,
    /// The folder that it counts to.
    pub(crate) folder: String,
    /// What read it; its media type where nothing did.
    pub(crate) format: String,
    /// How reading it ended; none if its bytes could not be had.
    pub(crate) outcome: Option<Outcome>,
    /// Why, if it was not read whole, in English.
    pub(crate) reason: Option<String>,
    /// The same in Korean, where there are Korean words for it.
    pub(crate) reason_ko: Option<String>,
    /// Its size.
    pub(crate) bytes: u64,
    /// Documents in it that were opened.
    pub(crate) members: u64,
    /// Characters that were read, those of its members included.
    pub(crate) characters: u64,
    /// Time of the processor, microseconds: of the child that read it, of the fork and of its parent for it.
    pub(crate) cpu_us: u64,
    /// Bytes of it that were read, where it was read by ranges.
    pub(crate) fetched: Option<u64>,
    /// Token F1 against the nearest reference, if there is one.
    pub(crate) f1: Option<f64>,
}

impl Measured {
    /// What an answer says, and the text that was read: the file's own and then its members'.
    pub(crate) fn of(path: String, folder: String, answer: &Answer) -> (Measured, String) {
        let own = answer.extractions.iter().find(|extraction| extraction.member.is_none());
        let own = own.filter(|_| answer.unread.is_none());
        let texts: Vec<String> = match own {
            Some(_) => answer.extractions.iter().map(|document| document.content.text()).collect(),
            None => Vec::new(),
        };
        let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
        let format = own.map(|own| match own.format.as_str() {
            "none" => own.media_type.as_str().to_owned(),
            read => read.to_owned(),
        });
        let reason = answer.unread.as_ref().or(own.and_then(|own| own.reason.as_ref()));
        let measured = Measured {
            path,
            folder,
            format: format.unwrap_or_else(|| "none".into()),
            outcome: own.map(|own| own.outcome),
            reason: reason.map(Reason::english),
            reason_ko: reason.and_then(korean),
            bytes: own.map_or(0, |own| own.size),
            members: texts.len().saturating_sub(1) as u64,
            characters: characters as u64,
            cpu_us: answer.cpu_us,
            fetched: answer.fetched,
            f1: None,
        };
        (measured, texts.join("\n"))
    }
}
