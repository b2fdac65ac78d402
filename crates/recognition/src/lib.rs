//! Engines behind `extract::recogniser`: Tesseract, which finds text in pictures.
//!
//! They are loaded by the zygote that has everything, once and before its first fork, with what they need to know: a
//! child opens no file. None of them is linked, so that a machine without one runs all the same, and says what it
//! cannot read.

mod layout;
mod libtesseract;
mod pictured;
mod rules;
mod segments;
mod slope;
mod straight;
pub mod tesseract;
