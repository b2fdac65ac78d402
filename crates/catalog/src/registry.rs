use async_trait::async_trait;

use crate::entry::Entry;

/// A registry that takes entries.
///
/// Promises: `publish` and `retract` are idempotent by (id, version), durable when they return, and never let
/// an older version replace a newer one.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The name used for its cursor, in messages and in metrics.
    fn name(&self) -> &str;

    /// Writes entries. An entry whose version the registry has already is left alone.
    async fn publish(&self, entries: &[Entry]) -> Result<(), RegistryError>;

    /// Marks entries as withdrawn; the record stays, so that harvesters learn of it. Unknown ids are left
    /// alone.
    async fn retract(&self, retractions: &[Retraction]) -> Result<(), RegistryError>;

    /// What the registry holds of an entry, read back from it.
    async fn read_back(&self, id: &str) -> Result<Option<Entry>, RegistryError>;
}

/// An entry that is withdrawn, in its last version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retraction {
    /// The entry as it stands withdrawn.
    pub entry: Entry,
}

/// What a relay can do about a registry's refusal (catalogue reference, section 6.5).
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry will never take this: set it aside and go on.
    #[error("{registry} refuses `{entry}`: {reason}")]
    Permanent {
        /// The registry.
        registry: String,
        /// The entry.
        entry: String,
        /// Its own words.
        reason: String,
    },
    /// Not reachable, full or busy: the same again later.
    #[error("{registry} cannot be reached: {reason}")]
    Transient {
        /// The registry.
        registry: String,
        /// Its own words.
        reason: String,
    },
}
