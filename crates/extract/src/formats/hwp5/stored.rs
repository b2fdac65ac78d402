use super::password::Key;
use crate::compound_file::{CompoundFile, DirectoryEntry};
use crate::context::Context;

/// The streams of a document as they were before it was encrypted; what is compressed is so still.
pub(super) struct Stored<'a> {
    file: CompoundFile<'a>,
    /// Of a password document.
    key: Option<Key>,
}

impl<'a> Stored<'a> {
    pub(super) fn new(file: CompoundFile<'a>, key: Option<Key>) -> Stored<'a> {
        Stored { file, key }
    }

    /// Those in a folder.
    pub(super) fn streams(&self, folder: &str) -> Vec<&DirectoryEntry> {
        self.file.streams(Some(folder))
    }

    /// The bytes of one of them, as many as a member may have.
    pub(super) fn read(&self, entry: &DirectoryEntry, context: &Context<'_>) -> Vec<u8> {
        self.decrypted(self.file.read(entry, context.limits.member), context)
    }

    /// The stream `DocInfo`.
    pub(super) fn info(&self, context: &Context<'_>) -> Vec<u8> {
        let stored = self.file.root_stream("DocInfo", context.limits.member);
        self.decrypted(stored.unwrap_or_default(), context)
    }

    /// A stream that is never encrypted, at most `limit` bytes of it.
    pub(super) fn plain(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        self.file.root_stream(name, limit)
    }

    fn decrypted(&self, stored: Vec<u8>, context: &Context<'_>) -> Vec<u8> {
        match &self.key {
            Some(key) => key.decrypt(&stored, || context.progress()),
            None => stored,
        }
    }
}
