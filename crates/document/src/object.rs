use serde::{Deserialize, Serialize};

/// A file as a store holds it: one version of one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The store's configured name; never a URL or a credential.
    pub store: String,
    /// The path in the store, `/` as separator, no leading slash, as the store spells it.
    pub path: String,
    /// The store's own word for this version: VersionId, else ETag, else `dev-inode-mtime_ns-size`.
    pub version: String,
    /// Size in bytes.
    pub size: u64,
}

impl ObjectRef {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}
