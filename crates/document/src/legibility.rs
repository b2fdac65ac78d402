use crate::metadata::{self, Metadata};

/// How well what is written in pictures was recognised, as far as the engine and what it read tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Legibility {
    /// All pages probably as they are.
    Good,
    /// At least one page probably badly: a search may miss what is written there.
    Doubtful,
}

impl Legibility {
    /// Each of them.
    pub const ALL: [Legibility; 2] = [Legibility::Good, Legibility::Doubtful];

    /// Of the characters of a page the part that is right at least where it is read well: of a word of four syllables,
    /// below this, hardly every second one is found.
    pub const LEAST: f64 = 0.8;

    /// That of a document with these properties; none if nothing was recognised in it.
    pub fn of(properties: &Metadata) -> Option<Legibility> {
        let right = properties.number(metadata::OCR_QUALITY)?;
        let is_good =
            right >= Legibility::LEAST && properties.get(metadata::OCR_DOUBTFUL).is_none();
        Some(if is_good { Legibility::Good } else { Legibility::Doubtful })
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Legibility::Good => "good",
            Legibility::Doubtful => "doubtful",
        }
    }

    /// That of a word.
    pub fn parse(word: &str) -> Option<Legibility> {
        Legibility::ALL.into_iter().find(|legibility| legibility.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_makes_a_document_doubtful() {
        let of = |right: Option<f64>, pages: Option<&str>| {
            let mut properties = Metadata::default();
            properties.at("recognition").set_some(metadata::OCR_QUALITY, right);
            properties.at("recognition").set_some(metadata::OCR_DOUBTFUL, pages);
            Legibility::of(&properties)
        };
        assert_eq!(of(None, None), None);
        assert_eq!(of(Some(0.95), None), Some(Legibility::Good));
        assert_eq!(of(Some(0.95), Some("7")), Some(Legibility::Doubtful));
        assert_eq!(of(Some(0.5), None), Some(Legibility::Doubtful));
        for legibility in Legibility::ALL {
            assert_eq!(Legibility::parse(legibility.as_str()), Some(legibility));
        }
    }
}
