use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::locator::Locator;
use crate::opening::Opening;

/// What a stage found out about a document that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// The row of the table of stages, as in `text_fingerprint`.
    pub stage: String,
    /// The version of that row when it looked.
    pub version: u32,
    /// What it found.
    pub finding: Finding,
}

/// What there is to say. Each stage says something of each document, if only that there is [nothing](Finding::Nothing):
/// where a stage says nothing at all it has not looked, or not come to an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It looked, and there is nothing to say.
    Nothing,
    /// The fingerprint of the text.
    Text {
        /// Made of its shingles.
        fingerprint: Fingerprint,
        /// How many of them there were.
        shingles: u32,
        /// How the text begins; empty of what was read before that was kept.
        #[serde(default)]
        opening: Opening,
    },
    /// The fingerprint of a picture in the document, or of the document that is one.
    Picture {
        /// Made of its shades.
        fingerprint: Fingerprint,
        /// Where it is seen.
        locator: Locator,
    },
}
