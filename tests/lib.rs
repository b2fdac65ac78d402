//! The ground that scenarios stand on: the real binary on real folders, asked over real HTTP.
//!
//! Nothing here sleeps to let something happen. Whoever waits says for what and until when, and fails then.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

pub mod ground;
