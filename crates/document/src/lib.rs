//! The words everything in Madang is said in: object, content, segment, locator, metadata, outcome,
//! condition, cause, id.
//!
//! Pure data. No I/O, no async, no clock: a time is always a value that somebody hands in.
//! Import from the module that defines a word (`madang_document::locator::Locator`); there are no
//! re-exports, so that the place of a word is also its address.

pub mod agency;
pub mod annotation;
pub mod blob_id;
pub mod blob_part;
pub mod cause;
pub mod civil_date;
pub mod clock_time;
pub mod condition;
pub mod content;
pub mod counted;
pub mod difference;
pub mod document;
pub mod entry;
pub mod extent;
pub mod failure_kind;
pub mod fault;
pub mod fingerprint;
mod foreign_words;
pub mod format_name;
pub mod headway;
pub mod id;
pub mod inner_path;
pub mod instead;
pub mod left_out;
pub mod legibility;
pub mod locale;
pub mod locator;
pub mod media_type;
pub mod metadata;
pub mod object;
pub mod object_key;
pub mod opening;
pub mod outcome;
pub mod part;
pub mod particle;
pub mod partition;
pub mod principal;
pub mod quote;
pub mod raster;
pub mod reason;
pub mod reason_kind;
mod reason_text;
pub mod shown;
pub mod sidecar;
pub mod sidecar_fault;
pub mod stated_date;
pub mod term;
pub mod timestamp;
pub mod told;
pub mod unit;
pub mod word;
