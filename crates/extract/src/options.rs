use serde::{Deserialize, Serialize};

use crate::passwords::Passwords;

/// What a pipeline wants of extraction besides the text that is stored in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Whether text in pictures is recognised.
    pub ocr: Ocr,
    /// The languages to expect in pictures and in speech, the likeliest first: ISO 639-3, as in `kor`. None means
    /// whatever the engine knows.
    pub ocr_languages: Vec<String>,
    /// What documents that are locked are tried with.
    pub passwords: Passwords,
}

/// Whether text in pictures is to be recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ocr {
    /// Never.
    Never,
    /// Where a page has no text of its own.
    #[default]
    Auto,
    /// On every picture.
    Always,
}
