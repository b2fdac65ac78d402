//! Catalogue entries (DCAT-AP 3, profile krd-ap/1.0) and the registries that take them.
//!
//! Nothing here fetches what a document refers to, and nothing here knows a ledger: an entry is made from a
//! document and a declaration, and published to a registry.

pub mod asset;
pub mod conformance;
mod entry;
pub mod folder;
pub mod jsonld;
pub mod license;
mod refused_place;
pub mod registry;
pub mod series;
