//! The followers of the outbox over a real ledger, real texts and real indexes: one bad row stops nobody.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

mod cataloguer;
mod completer;
mod eraser;
mod follower;
mod house;
mod indexer;
mod leases;
mod outbox;
mod relay;
