//! Where bytes lie: drop folders, buckets, blobs. Lists them, opens one pinned version, puts, watches; never
//! asks what the bytes are for.

pub mod azure;
pub mod beneath;
pub mod blobs;
pub mod bucket;
pub mod bucket_client;
pub mod closed;
pub mod conformance;
pub mod contents;
pub mod error;
pub mod file_id;
pub mod folder;
pub mod gcs;
mod gcs_upload;
pub mod listener;
mod listing_keys;
pub mod mark;
pub mod mounts;
pub mod plain_files;
pub mod s3;
pub mod secret;
pub mod stat;
pub mod store;
pub mod stores;
pub mod sweep;
pub mod tls;
pub mod upload;
pub mod version;
pub mod walk;
pub mod watcher;
mod wire;
