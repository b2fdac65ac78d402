mod damage;
mod durable_directory;
mod entry;
/// The index in a folder.
pub mod index;
mod partition_index;
mod partitions;
mod plan;
mod property;
mod ranking;
mod revisions;
mod schema;
mod search;
mod segment_map;
mod snippet;
mod statistics;
mod tokenizer;
