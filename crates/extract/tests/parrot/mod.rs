use madang_document::content::{Origin, Segment};
use madang_document::locator::Locator;
use madang_extract::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};

/// An engine that makes out the same in whatever it is given.
pub(crate) struct Parrot {
    pub(crate) sense: Sense,
    /// How often it makes that out; if more than once, as long as there is time.
    pub(crate) words: usize,
}

impl Recogniser for Parrot {
    fn name(&self) -> &str {
        "parrot 1"
    }

    fn sense(&self) -> Sense {
        self.sense
    }

    fn languages(&self) -> &[String] {
        &[]
    }

    fn sample_rate(&self) -> u32 {
        8_000
    }

    fn recognise(
        &self,
        signal: &Signal<'_>,
        _: &[String],
        patience: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised> {
        let (locator, origin) = match signal {
            Signal::Picture(_) => (Locator::page(1), Origin::Ocr),
            Signal::Sound(_) => (Locator::Time { start_ms: 0, end_ms: 900 }, Origin::Speech),
        };
        let (text, confidence) = ("글자".into(), Some(0.9));
        let word = Segment { text, locator, origin, confidence, words: Vec::new() };
        let mut read = Vec::new();
        while read.len() < self.words {
            if self.words > 1 {
                if !patience.has_time() {
                    break;
                }
                patience.more(1);
            }
            read.push(word.clone());
        }
        Ok(read)
    }
}
