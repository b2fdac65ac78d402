use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::entry::Entry;
use crate::jsonld;
use crate::registry::{Registry, RegistryError, Retraction};

/// A registry that is a folder or a bucket: one JSON-LD file per entry, `ab/<id>.jsonld`, where `ab` are the
/// id's first two characters. For transfer between networks, and for harvesters that read files.
#[derive(Clone, Debug)]
pub struct FolderRegistry {
    name: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    base: String,
}

/// Entries written at the same time: hides the latency of a bucket without flooding it.
const PARALLEL: usize = 8;

impl FolderRegistry {
    /// Writes below `prefix` of `store`; IRIs are made from `base`, the address of the embedded registry.
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

    fn refusal(&self, error: &object_store::Error) -> RegistryError {
        RegistryError::Transient { registry: self.name.clone(), reason: error.to_string() }
    }

    async fn write(&self, entry: &Entry) -> Result<(), RegistryError> {
        if let Some(there) = self.read_back(&entry.id).await?
            && there.version >= entry.version
        {
            return Ok(());
        }
        let mut text =
            serde_json::to_vec_pretty(&jsonld::render(entry, &self.base)).map_err(|error| {
                RegistryError::Permanent {
                    registry: self.name.clone(),
                    entry: entry.id.clone(),
                    reason: error.to_string(),
                }
            })?;
        text.push(b'\n');
        self.store
            .put(&self.path(&entry.id), PutPayload::from(text))
            .await
            .map_err(|error| self.refusal(&error))?;
        Ok(())
    }
}

#[async_trait]
impl Registry for FolderRegistry {
    fn name(&self) -> &str {
        &self.name
    }

    async fn publish(&self, entries: &[Entry]) -> Result<(), RegistryError> {
        let writes: Vec<_> = entries.iter().map(|entry| self.write(entry)).collect();
        let mut writes = futures::stream::iter(writes).buffer_unordered(PARALLEL);
        while let Some(written) = writes.next().await {
            written?;
        }
        Ok(())
    }

    async fn retract(&self, retractions: &[Retraction]) -> Result<(), RegistryError> {
        for retraction in retractions {
            if self.read_back(&retraction.entry.id).await?.is_some() {
                self.write(&retraction.entry).await?;
            }
        }
        Ok(())
    }

    async fn read_back(&self, id: &str) -> Result<Option<Entry>, RegistryError> {
        let bytes = match self.store.get(&self.path(id)).await {
            Ok(found) => found.bytes().await.map_err(|error| self.refusal(&error))?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.refusal(&error)),
        };
        // A file that is not ours, or was cut by a power loss, is as good as none: it is written anew.
        Ok(serde_json::from_slice(&bytes).ok().and_then(|document| jsonld::parse(&document)))
    }
}
