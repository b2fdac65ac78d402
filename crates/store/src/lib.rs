//! Where bytes lie: drop folders, buckets, blobs. Lists them, opens one pinned version, puts, watches; never
//! asks what the bytes are for.

pub mod blobs;
pub mod bucket;
pub mod folder;
pub mod store;
pub mod stores;
pub mod upload;
pub mod watcher;
