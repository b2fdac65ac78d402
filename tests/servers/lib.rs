//! Services that tests put in the place of those outside: s3s-fs in this process, Azurite and fake-gcs-server beside
//! it. The store's own tests stand on them, and the scenarios over the whole house.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

pub mod azurite;
pub mod bucket;
pub mod gcs;
pub mod server;
