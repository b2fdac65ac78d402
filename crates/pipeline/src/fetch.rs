//! The bytes of an object, fetched from its store as a child is given them.

use std::io::Write;

use madang_document::blob_id::BlobId;
use madang_document::object::ObjectRef;
use madang_sandbox::input::{Input, Ranges};
use madang_sandbox::sealed_file::SealedFile;
use madang_store::error::StoreError;
use madang_store::store::Pinned;
use sha2::{Digest, Sha256};

/// Objects up to this size are read whole, into a sealed memory file; larger ones by ranges on demand.
pub const WHOLE: u64 = 64 << 20;

/// An object that is opened, as a child is given it; with the hash of its bytes if it is read whole.
///
/// # Errors
/// What the store says, or that it became shorter.
pub(crate) async fn fetch(
    object: &ObjectRef,
    opened: Box<dyn Pinned>,
) -> Result<(Input, Option<BlobId>), StoreError> {
    if object.size <= WHOLE {
        let (file, hash) = read_whole(object.size, opened.as_ref()).await?;
        return Ok((Input::Memory(file), Some(hash)));
    }
    let runtime = tokio::runtime::Handle::current();
    let ranges = StoreRanges { size: object.size, pinned: opened, runtime };
    Ok((Input::Ranges(Box::new(ranges)), None))
}

/// Reads an object whole and hashes it on the way.
async fn read_whole(size: u64, pinned: &dyn Pinned) -> Result<(SealedFile, BlobId), StoreError> {
    const CHUNK: u64 = 4 << 20;
    let memory =
        |error: std::io::Error| StoreError::unavailable("memory", error.to_string(), error);
    let mut file = SealedFile::create().map_err(memory)?;
    let mut hash = Sha256::new();
    let mut offset = 0;
    while offset < size {
        let chunk = pinned.read(offset, CHUNK.min(size - offset)).await?;
        if chunk.is_empty() {
            break;
        }
        hash.update(&chunk);
        file.write_all(&chunk).map_err(memory)?;
        offset += chunk.len() as u64;
    }
    pinned.unchanged().await?;
    if offset < size {
        return Err(StoreError::Gone("it became shorter while it was read".into()));
    }
    let file = file.seal().map_err(memory)?;
    Ok((file, BlobId::from_digest(hash.finalize().into())))
}

/// Ranges of an object for a child, asked for from the thread that serves it.
struct StoreRanges {
    size: u64,
    pinned: Box<dyn Pinned>,
    runtime: tokio::runtime::Handle,
}

impl Ranges for StoreRanges {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, offset: u64, length: u32) -> std::io::Result<Vec<u8>> {
        let bytes = self.runtime.block_on(self.pinned.read(offset, u64::from(length)));
        bytes.map(|bytes| bytes.to_vec()).map_err(std::io::Error::other)
    }
}
