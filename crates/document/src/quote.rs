use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::shown::Shown;

/// What a reason quotes of others: a name out of a file, what a library or the system said. Made visible, and cut to
/// [`Quote::MOST`] characters, wherever it comes from: who sent it across a wire need not have done so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Quote(Box<str>);

impl Quote {
    /// Characters of a quote at most. What is left out stands in the middle as `…`.
    pub const MOST: usize = 400;

    /// Quotes a text.
    pub fn new(text: &str) -> Quote {
        // Characters that mislead are shown by up to nine: what is far too long is cut before it is made visible.
        let most = Quote::MOST * 64;
        let text = match text.len() > most {
            true => text.get(..text.floor_char_boundary(most)).unwrap_or_default(),
            false => text,
        };
        Quote(Shown::new(text.trim()).within(Quote::MOST).as_str().into())
    }

    /// Quotes what something says.
    pub fn of(value: &(impl fmt::Display + ?Sized)) -> Quote {
        Quote::new(&value.to_string())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for Quote {
    fn from(text: &str) -> Quote {
        Quote::new(text)
    }
}

impl From<String> for Quote {
    fn from(text: String) -> Quote {
        Quote::new(&text)
    }
}

impl From<&String> for Quote {
    fn from(text: &String) -> Quote {
        Quote::new(text)
    }
}

impl<'de> Deserialize<'de> for Quote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quote, D::Error> {
        String::deserialize(deserializer).map(|text| Quote::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::is_misleading;

    #[test]
    fn whoever_sends_it_it_is_short_and_visible() {
        let long = "가\u{202e}\n".repeat(100_000);
        for text in [long.as_str(), "\u{1b}[31m", " 보고서.hwp ", ""] {
            let sent = serde_json::to_string(text).unwrap();
            for quote in [Quote::new(text), serde_json::from_str(&sent).unwrap()] {
                assert!(quote.as_str().chars().count() <= Quote::MOST);
                assert!(!quote.as_str().chars().any(is_misleading));
                assert_eq!(Quote::new(quote.as_str()), quote, "once is enough");
            }
        }
        assert_eq!(Quote::new(" 보고서.hwp ").as_str(), "보고서.hwp");
    }
}
