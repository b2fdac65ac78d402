use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use madang_document::entry::Entry;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::jsonld;
use crate::refused_place::{self, Deed, RefusedPlace};
use crate::registry::{Registry, RegistryError};

/// A registry that is a folder or a bucket: one JSON-LD file per entry, `ab/<id>.jsonld`, where `ab` are the
/// id's first two characters. For transfer between networks, and for harvesters that read files.
#[derive(Clone)]
pub struct FolderRegistry {
    name: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    base: String,
}

/// By its name: clients of services show their keys.
impl std::fmt::Debug for FolderRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FolderRegistry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Entries written at the same time: hides the latency of a bucket without flooding it.
const PARALLEL: usize = 8;

/// What is written, and deleted again, to see whether anything can be: no name of an entry or of its folder.
const PROBE: &str = "madang-probe.tmp";

impl FolderRegistry {
    /// Writes below `prefix` of `store`; IRIs are made from `base`, the address of the registry that the service
    /// itself is.
    pub fn new(
        name: &str,
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        base: &str,
    ) -> FolderRegistry {
        FolderRegistry { name: name.into(), store, prefix, base: base.trim_end_matches('/').into() }
    }

    fn path(&self, id: &str) -> Path {
        let folder: String = id.chars().take(2).collect();
        self.prefix.clone().join(folder).join(format!("{id}.jsonld"))
    }

    fn away(&self, error: object_store::Error) -> RegistryError {
        RegistryError::Transient { registry: self.name.clone(), source: Box::new(error) }
    }

    /// What an error at the place of an entry means: of that place alone is only what does not keep another from being
    /// written.
    async fn refusal(&self, id: &str, deed: Deed, error: object_store::Error) -> RegistryError {
        let Some(cure) = refused_place::cure(&error) else { return self.away(error) };
        if let Err(error) = self.probe().await {
            return self.away(error);
        }
        let key = self.path(id).to_string();
        RegistryError::Permanent {
            registry: self.name.clone(),
            entry: id.to_owned(),
            source: Box::new(RefusedPlace { key, deed, cure, source: error }),
        }
    }

    /// Whether anything can be written at all.
    async fn probe(&self) -> Result<(), object_store::Error> {
        let path = self.prefix.clone().join(PROBE);
        self.store.put(&path, PutPayload::from_static(b"")).await?;
        match self.store.delete(&path).await {
            // Another write that asked at the same time was faster.
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            // It may be written to and not deleted from: the next probe writes over this one.
            Err(object_store::Error::PermissionDenied { .. }) => Ok(()),
            deleted => deleted,
        }
    }

    async fn write(&self, entry: &Entry) -> Result<(), RegistryError> {
        let id = &entry.draft.id;
        match self.version_of(id).await? {
            Some(version) if version >= entry.version => return Ok(()),
            None if entry.withdrawn => return Ok(()),
            _ => {}
        }
        let mut text =
            serde_json::to_vec_pretty(&jsonld::render(entry, &self.base)).map_err(|error| {
                RegistryError::Permanent {
                    registry: self.name.clone(),
                    entry: id.clone(),
                    source: Box::new(error),
                }
            })?;
        text.push(b'\n');
        match self.store.put(&self.path(id), PutPayload::from(text)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refusal(id, Deed::Write, error).await),
        }
    }

    /// What the folder holds of an entry. A file that is not ours, or was cut by a power loss, is as good as none:
    /// it is written anew.
    ///
    /// # Errors
    /// [`RegistryError::Transient`] when the store does not answer, [`RegistryError::Permanent`] when it gives others
    /// and not this one.
    pub async fn read_back(&self, id: &str) -> Result<Option<Entry>, RegistryError> {
        let bytes = match self.store.get(&self.path(id)).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.refusal(id, Deed::Read, error).await),
        };
        Ok(serde_json::from_slice(&bytes).ok().and_then(|document| jsonld::parse(&document)))
    }
}

#[async_trait]
impl Registry for FolderRegistry {
    fn name(&self) -> &str {
        &self.name
    }

    async fn put(&self, entries: &[Entry]) -> Result<(), RegistryError> {
        let writes: Vec<_> = entries.iter().map(|entry| self.write(entry)).collect();
        let mut writes = futures::stream::iter(writes).buffer_unordered(PARALLEL);
        let mut refused = None;
        while let Some(written) = writes.next().await {
            match written {
                Ok(()) => {}
                // One place says nothing about those of the others.
                Err(error @ RegistryError::Permanent { .. }) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    async fn version_of(&self, id: &str) -> Result<Option<u64>, RegistryError> {
        Ok(self.read_back(id).await?.map(|entry| entry.version))
    }
}
