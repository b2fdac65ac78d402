use serde::{Deserialize, Serialize};

use crate::passwords::Passwords;

/// What a pipeline wants of extraction besides the text that is stored in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Whether text in pictures is recognised.
    pub ocr: Ocr,
    /// The languages to expect in pictures, the likeliest first: ISO 639-3, as in `kor`. None means whatever the engine
    /// knows.
    pub ocr_languages: Vec<String>,
    /// Whether speech is transcribed.
    pub speech: Speech,
    /// The languages to expect in speech, as those of pictures. None means that the engine finds out.
    pub speech_languages: Vec<String>,
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

/// Whether speech in sound is to be transcribed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speech {
    /// Never.
    Never,
    /// Where a voice is likely, and no subtitles say it already.
    #[default]
    Auto,
    /// In every recording, and in every video with sound.
    Always,
}
