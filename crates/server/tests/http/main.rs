//! The router over the real ledger and the real index.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod access;
mod catalogue;
mod events;
#[path = "../house/mod.rs"]
mod house;
mod lookalikes;
mod media;
mod operator;
mod page;
mod preview;
mod reply;
mod reprocessing;
mod rig;
mod search;
mod upload;
mod versions;
mod viewer;
