//! What FFmpeg's values are in ours.

use std::ffi::{CStr, c_char, c_int};

use ffmpeg_next::ffi::*;

use crate::libav::Libav;

/// A text; an empty one for none.
///
/// # Safety
/// `text` is null or a C string that lives.
pub(super) unsafe fn string(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A ratio as a number; none if it has no positive finite value.
pub(super) fn ratio(ratio: AVRational) -> Option<f64> {
    let value = f64::from(ratio.num) / f64::from(ratio.den);
    (value.is_finite() && value > 0.0).then_some(value)
}

/// FFmpeg's words for an error code.
pub(super) fn message(av: &Libav, code: c_int) -> String {
    let mut text: [c_char; 128] = [0; 128];
    // SAFETY: the buffer is as long as said and stays terminated: its last byte is never written but by a NUL.
    unsafe {
        (av.av_strerror)(code, text.as_mut_ptr(), text.len());
        string(text.as_ptr()).to_lowercase()
    }
}

/// Seconds in milliseconds. Negative ones are none, and what is too many is the most there are.
pub(in crate::formats) fn milliseconds(seconds: f64) -> u64 {
    // A cast of a negative or enormous number saturates.
    (seconds * 1000.0).round() as u64
}
