//! The one transactional record: what was seen, what is to do, what was read, what the index and the
//! registries still have to hear, who did what, and who may.
//!
//! One small trait per noun; [`Ledger`](ledger::Ledger) is all of them. A backend is one file and passes
//! [`conformance`]. Statements and their reasons: the reliability reference, section 2.

/// Who did what.
pub mod audit;
/// The time.
pub mod clock;
/// An orderly end.
pub mod closing;
/// The promises of the traits, as functions that any backend is held to.
pub mod conformance;
/// What rows were made under.
pub mod declarations;
/// What was read.
pub mod documents;
/// Catalogue entries and their events.
pub mod entries;
/// What a caller can act on.
pub mod error;
/// A mass disappearance that waits.
pub mod held;
/// Work to do.
pub mod jobs;
/// Which blobs are named.
pub mod kept;
/// API keys.
pub mod keys;
/// All of the traits together.
pub mod ledger;
/// What is not taken.
pub mod left_out;
/// What looks like a document.
pub mod lookalikes;
/// What was passed over.
pub mod notes;
/// What sources saw.
pub mod objects;
/// What indexes and registries still have to hear.
pub mod outbox;
/// Queues of jobs.
pub mod queue;
/// Who follows the outbox.
pub mod reader;
/// Reading again what was read before.
pub mod reprocessing;
/// When an object is read again of which something is lost.
pub mod rereads;
/// How long what is finished stays.
pub mod retention;
/// Rows that are met.
pub mod rows;
/// What the same bytes came to before.
pub mod same_bytes;
/// The embedded backend.
pub mod sqlite;
/// What documents were before.
pub mod versions;
/// Who holds leases.
pub mod worker;
