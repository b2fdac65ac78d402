use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::principal::{Role, Scope};
use madang_document::timestamp::Timestamp;
use serde::Serialize;

use crate::error::Result;

/// API keys. Only the SHA-256 of a key is kept: 256 random bits need no slow hash.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Keeps a key. The same hash again replaces its name, roles and scope and lifts a revocation.
    async fn put_key(&self, key: &NewKey, actor: &str) -> Result<Key>;

    /// The key of this hash, unless it was revoked.
    async fn key_of(&self, hash: &BlobId) -> Result<Option<Key>>;

    /// Every key, revoked ones included, newest first.
    async fn keys(&self) -> Result<Vec<Key>>;

    /// Revokes a key.
    async fn revoke_key(&self, id: i64, actor: &str) -> Result<()>;
}

/// A key to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// SHA-256 of the key.
    pub hash: BlobId,
    /// Its first characters, to tell keys apart in a list.
    pub prefix: String,
    /// What it is for.
    pub name: String,
    /// What its bearer may do.
    pub roles: Vec<Role>,
    /// Whose objects its bearer may see.
    pub agencies: Scope,
}

/// A key as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Number.
    pub id: i64,
    /// Its first characters.
    pub prefix: String,
    /// What it is for.
    pub name: String,
    /// What its bearer may do.
    pub roles: Vec<Role>,
    /// Whose objects its bearer may see.
    pub agencies: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
