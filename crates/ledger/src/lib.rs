//! The one transactional record: what was seen, what is to do, what was read, what the index and the
//! registries still have to hear, who did what, and who may.
//!
//! One small trait per noun; [`Ledger`](ledger::Ledger) is all of them. A backend is one file and passes
//! [`conformance`]. Statements and their reasons: the reliability reference, section 2.

pub mod audit;
pub mod conformance;
pub mod documents;
pub mod entries;
pub mod error;
pub mod jobs;
pub mod keys;
pub mod ledger;
pub mod objects;
pub mod outbox;
pub mod sqlite;
