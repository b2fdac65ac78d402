//! Where bytes lie: drop folders, buckets, blobs. Lists them, opens one pinned version, puts, watches; never
//! asks what the bytes are for.

pub mod azure;
mod beneath;
pub mod blobs;
pub mod bucket;
pub mod bucket_client;
pub mod closed;
pub mod conformance;
mod contents;
pub mod error;
mod file_id;
pub mod folder;
pub mod gcs;
mod gcs_upload;
mod listener;
mod listing_keys;
pub mod mark;
pub mod mounts;
pub mod plain_files;
pub mod s3;
pub mod secret;
mod stat;
pub mod store;
pub mod stores;
pub mod sweep;
pub mod tls;
pub mod upload;
pub mod version;
mod walk;
pub mod watcher;
mod wire;
