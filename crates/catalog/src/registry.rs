use async_trait::async_trait;
use madang_document::entry::Entry;

/// A registry that takes entries.
///
/// Promises: `put` is idempotent by (id, version), durable when it returns, and never lets an older version
/// replace a newer one.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The name used for its cursor, in messages and in metrics.
    fn name(&self) -> &str;

    /// Writes entries. One whose version the registry has already is left alone. A withdrawn entry is an entry,
    /// too: the record stays and says so, so that harvesters learn of it; of an entry that the registry never
    /// had, nothing is written when it comes withdrawn.
    ///
    /// # Errors
    /// [`RegistryError::Permanent`] for one of the entries whose own place or words are refused, after all the others
    /// were tried; [`RegistryError::Transient`] at once, when none can be taken.
    async fn put(&self, entries: &[Entry]) -> Result<(), RegistryError>;

    /// The version of an entry that the registry holds; none if it has none.
    async fn version_of(&self, id: &str) -> Result<Option<u64>, RegistryError>;
}

/// What a relay can do about a registry's refusal (catalogue reference, section 6.5).
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry will never take this: set it aside and go on.
    #[error("{registry} refuses `{entry}`")]
    Permanent {
        /// The registry.
        registry: String,
        /// The entry.
        entry: String,
        /// Its own words.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Not reachable, full or busy: the same again later.
    #[error("{registry} cannot be reached")]
    Transient {
        /// The registry.
        registry: String,
        /// Its own words.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
