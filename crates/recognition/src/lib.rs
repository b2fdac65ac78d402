//! Engines that recognise text in pictures (Tesseract) and speech in sound (Whisper), behind `extract::recogniser`.
//!
//! They are loaded by the zygote that has everything, once and before its first fork, with what they need to know: a
//! child opens no file. Tesseract is not linked, so that a machine without it runs all the same, and says what it
//! cannot read; a model for speech is a file that an operator installs.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod data_file;
mod layout;
mod libtesseract;
mod page;
mod pictured;
mod prepared;
mod reader;
mod rules;
mod segments;
mod slope;
mod speech_language;
mod straight;
pub mod tesseract;
mod vertical;
pub mod whisper;
mod word_box;
