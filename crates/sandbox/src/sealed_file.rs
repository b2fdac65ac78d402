use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// An anonymous memory file (memfd) that is filled once and then sealed against every change.
#[derive(Debug)]
pub struct SealedFile {
    file: std::fs::File,
    size: u64,
}

/// A memory file that is still being filled.
#[derive(Debug)]
pub struct OpenFile {
    file: std::fs::File,
    size: u64,
}

impl SealedFile {
    /// An empty memory file to be filled piece by piece.
    ///
    /// # Errors
    /// When the kernel gives none.
    pub fn create() -> io::Result<OpenFile> {
        let fd = memfd_create("madang", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        Ok(OpenFile { file: fd.into(), size: 0 })
    }

    /// These bytes, sealed.
    ///
    /// # Errors
    /// When the kernel gives no memory.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<SealedFile> {
        let mut file = SealedFile::create()?;
        file.write_all(bytes)?;
        file.seal()
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl AsFd for SealedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The seals of a finished file: with them nobody, the child included, can change or cut what another has mapped.
pub(crate) const SEALS: SealFlags =
    SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::WRITE).union(SealFlags::SEAL);

impl OpenFile {
    /// Seals the file.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn seal(self) -> io::Result<SealedFile> {
        fcntl_add_seals(&self.file, SEALS)?;
        Ok(SealedFile { file: self.file, size: self.size })
    }
}

impl Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changes_a_sealed_file() {
        let sealed = SealedFile::from_bytes(b"madang").unwrap();
        assert_eq!(sealed.size(), 6);
        let mut file = sealed.file.try_clone().unwrap();
        assert!(file.write_all(b"x").is_err());
        assert!(file.set_len(0).is_err());
        assert!(file.set_len(100).is_err());
    }
}
