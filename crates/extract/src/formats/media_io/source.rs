use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use ffmpeg_next::ffi::*;

use crate::blob::Blob;

/// Where FFmpeg's reads go.
pub(super) struct Source<'a> {
    pub(super) blob: &'a dyn Blob,
    pub(super) position: u64,
    pub(super) bytes_read: u64,
    /// How many it may come to.
    pub(super) allowed: u64,
    pub(super) progress: &'a dyn Fn(),
}

/// FFmpeg's read callback.
///
/// # Safety
/// `opaque` is the [`Source`] of an open file, and `buffer` has room for `size` bytes: FFmpeg's promise.
pub(super) unsafe extern "C" fn read(opaque: *mut c_void, buffer: *mut u8, size: c_int) -> c_int {
    let Ok(length) = usize::try_from(size) else { return -EIO };
    // FFmpeg reads on at the end into a buffer whose bytes it still believes in: it seeks back among them.
    // SAFETY: the caller's promise.
    let at_end = unsafe {
        let source = &*opaque.cast::<Source<'_>>();
        source.position >= source.blob.len()
    };
    if at_end {
        return AVERROR_EOF;
    }
    // SAFETY: the caller's promise; the buffer is zeroed before a reference to it is made, because FFmpeg does not
    // initialise it.
    let (source, buffer) = unsafe {
        ptr::write_bytes(buffer, 0, length);
        (&mut *opaque.cast::<Source<'_>>(), std::slice::from_raw_parts_mut(buffer, length))
    };
    (source.progress)();
    if source.bytes_read >= source.allowed {
        return -EIO;
    }
    match source.blob.read_at(source.position, buffer) {
        Ok(0) => AVERROR_EOF,
        Ok(n) => {
            let n = n.min(length);
            source.position = source.position.saturating_add(n as u64);
            source.bytes_read = source.bytes_read.saturating_add(n as u64);
            c_int::try_from(n).unwrap_or(size)
        }
        Err(_) => -EIO,
    }
}

/// FFmpeg's seek callback.
///
/// # Safety
/// `opaque` is the [`Source`] of an open file: FFmpeg's promise.
pub(super) unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: the caller's promise.
    let source = unsafe { &mut *opaque.cast::<Source<'_>>() };
    let length = source.blob.len();
    let to = match whence & !AVSEEK_FORCE {
        AVSEEK_SIZE => return i64::try_from(length).unwrap_or(i64::MAX),
        SEEK_SET => u64::try_from(offset).ok(),
        SEEK_CUR => source.position.checked_add_signed(offset),
        SEEK_END => length.checked_add_signed(offset),
        _ => None,
    };
    match to.and_then(|to| Some((to, i64::try_from(to).ok()?))) {
        Some((to, answer)) => {
            source.position = to;
            answer
        }
        None => i64::from(-EINVAL),
    }
}

/// C's numbers of errors; FFmpeg takes them negative.
const EPERM: c_int = 1;
const EIO: c_int = 5;
const EINVAL: c_int = 22;

/// C's `SEEK_SET`, `SEEK_CUR` and `SEEK_END`.
const SEEK_SET: c_int = 0;
const SEEK_CUR: c_int = 1;
const SEEK_END: c_int = 2;

/// Refuses to open whatever a container refers to.
pub(super) unsafe extern "C" fn refuse(
    _: *mut AVFormatContext,
    _: *mut *mut AVIOContext,
    _: *const c_char,
    _: c_int,
    _: *mut *mut AVDictionary,
) -> c_int {
    -EPERM
}
