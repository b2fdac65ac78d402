//! What engines made out before in signals of the same object. Recognising a scan takes minutes or hours, and a service may be
//! stopped in the middle of it: what was recognised by then need not be recognised again.
//!
//! A signal is known by its own pixels or samples, by the engine with its data and the version of what drives it, and by the
//! languages that were expected: that is all on which depends what an engine answers, so that it does not matter on which page
//! of which member it is met again.

use std::collections::HashMap;
use std::sync::Arc;

use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use serde::{Deserialize, Serialize};

use crate::recogniser::{Picture, Recogniser, Signal, Sound};

/// Bytes that are remembered of one object, 32 MiB: the words of about two thousand pages with their places, of dense ones of half as
/// many. What is recognised after that is recognised again after a restart.
pub const MOST: u64 = 32 << 20;

/// What is remembered of an object, as lines of which each says what was made out in one signal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    size: u64,
    /// They come to a child beside its order and not in it.
    #[serde(skip)]
    lines: Arc<[u8]>,
}

impl Recall {
    /// Of these lines; of none where there are too many.
    pub fn of(lines: &[u8]) -> Recall {
        let lines = if lines.len() as u64 <= MOST { lines } else { &[] };
        Recall { size: lines.len() as u64, lines: lines.into() }
    }

    /// The lines that are handed over.
    pub fn given(&self) -> &[u8] {
        &self.lines
    }

    /// Takes the lines from the first of these bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        self.lines = bytes.get(..size).unwrap_or_default().into();
    }

    /// What was made out, by signal. A line that was never finished, because the service ended while it was written, is passed
    /// over.
    pub(crate) fn read(&self) -> HashMap<BlobId, Vec<Segment>> {
        let lines = self.lines.split(|byte| *byte == b'\n');
        lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// What was made out in the signal of this key, as a line with its end; none if it cannot be said as one.
pub fn line(key: &BlobId, segments: &[Segment]) -> Option<String> {
    let mut line = serde_json::to_string(&(key, segments)).ok()?;
    line.push('\n');
    Some(line)
}

/// What stands for a signal that this engine is to recognise.
pub(crate) fn key_of(engine: &dyn Recogniser, signal: &Signal<'_>, languages: &[String]) -> BlobId {
    let (kind, shape, content) = match *signal {
        Signal::Picture(Picture { grey, width, height, dpi }) => {
            ("picture", [width, height, dpi.unwrap_or(0)], BlobId::of(grey))
        }
        Signal::Sound(Sound { samples }) => {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            ("sound", [engine.sample_rate(), 0, 0], BlobId::of(&bytes))
        }
    };
    let by = (env!("CARGO_PKG_VERSION"), engine.name(), engine.data());
    let all = format!("{:?}", (by, languages, kind, shape, content.as_bytes()));
    BlobId::of(all.as_bytes())
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;
    use madang_document::locator::{Bounds, Locator};
    use madang_document::word::Word;

    use super::*;
    use crate::recogniser::{Patience, Sense, Unrecognised};

    fn segment(text: &str) -> Segment {
        let bounds = Bounds { left: 0.1, top: 1.0 / 3.0, right: 471.840_03, bottom: 1e-7 };
        Segment {
            text: text.into(),
            locator: Locator::Page { number: 1, bounds: Some(bounds) },
            origin: Origin::Ocr,
            confidence: Some(0.934_567_87),
            words: vec![Word { start: 0, end: 2, bounds, confidence: 0.9 }],
        }
    }

    #[test]
    fn what_is_remembered_comes_back_as_it_was_but_for_what_was_never_finished() {
        let [one, other, last] = [b"a", b"b", b"c"].map(|bytes| BlobId::of(bytes));
        let (first, second) = (vec![segment("배수\n펌프장"), segment("\"q\"")], Vec::new());
        let mut lines = line(&one, &first).unwrap() + &line(&other, &second).unwrap();
        let torn = line(&last, &first).unwrap();
        lines.push_str(torn.get(..torn.len() / 2).unwrap_or(""));
        lines.push('\n');
        lines.push_str(&line(&last, &second).unwrap());
        let known = Recall::of(lines.as_bytes()).read();
        assert_eq!(known.get(&one), Some(&first));
        assert_eq!((known.get(&other), known.get(&last)), (Some(&second), Some(&second)));
        assert_eq!(known.len(), 3);
    }

    struct Engine(&'static str, &'static str);

    impl Recogniser for Engine {
        fn name(&self) -> &str {
            self.0
        }

        fn data(&self) -> &str {
            self.1
        }

        fn sense(&self) -> Sense {
            Sense::Sight
        }

        fn languages(&self) -> &[String] {
            &[]
        }

        fn recognise(
            &self,
            _: &Signal<'_>,
            _: &[String],
            _: &dyn Patience,
        ) -> Result<Vec<Segment>, Unrecognised> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn what_another_engine_made_out_or_the_same_by_other_data_is_not_remembered() {
        let picture = |grey| Picture { grey, width: 2, height: 1, dpi: Some(300) };
        let key = |engine: Engine, grey, languages: &[&str]| {
            let languages: Vec<String> = languages.iter().map(|it| (*it).to_owned()).collect();
            key_of(&engine, &Signal::Picture(picture(grey)), &languages)
        };
        let known = key(Engine("tesseract 5.5.0", "kor 9"), &[1, 2], &["kor"]);
        assert_eq!(key(Engine("tesseract 5.5.0", "kor 9"), &[1, 2], &["kor"]), known);
        for other in [
            key(Engine("tesseract 5.6.0", "kor 9"), &[1, 2], &["kor"]),
            key(Engine("tesseract 5.5.0", "kor 8"), &[1, 2], &["kor"]),
            key(Engine("tesseract 5.5.0", "kor 9"), &[1, 3], &["kor"]),
            key(Engine("tesseract 5.5.0", "kor 9"), &[1, 2], &["eng"]),
        ] {
            assert_ne!(other, known);
        }
    }

    #[test]
    fn no_more_is_handed_over_than_was_said() {
        let mut recall = Recall::of(b"one\ntwo\n");
        let given = [recall.given(), b"more"].concat();
        recall.lines = Arc::default();
        recall.take(&given);
        assert_eq!(recall.given(), b"one\ntwo\n");
        recall.take(b"one");
        assert!(recall.given().is_empty());
        assert!(Recall::of(&vec![b'a'; MOST as usize + 1]).given().is_empty());
    }
}
