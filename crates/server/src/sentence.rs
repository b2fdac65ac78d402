use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sentence {
    /// 한국어
    pub ko: String,
    /// English
    pub en: String,
}

impl Sentence {
    pub(crate) fn new(ko: &str, en: &str) -> Sentence {
        Sentence { ko: ko.to_owned(), en: en.to_owned() }
    }

    pub(crate) fn of(outcome: Outcome) -> Sentence {
        Sentence::new(outcome.sentence(Locale::Korean), outcome.sentence(Locale::English))
    }

    pub(crate) fn say(&self, locale: Locale) -> &str {
        match locale {
            Locale::Korean => &self.ko,
            Locale::English => &self.en,
        }
    }
}
