//! How a child ends.
#![allow(unsafe_code)]

/// Exit status of a child whose parent is gone.
pub(crate) const ORPHANED: i32 = 3;
/// Exit status of a child that could not be confined.
pub(crate) const UNCONFINED: i32 = 4;
/// Exit status of a child that wants engines it has not.
pub(crate) const WANTING: i32 = 5;
/// Exit status after a panic, as Rust's own.
pub(crate) const PANICKED: i32 = 101;

/// Ends this process at once. No destructor and no exit handler runs: after a fork they belong to the zygote.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: _exit takes any value and does not return.
    unsafe { libc::_exit(status) }
}
