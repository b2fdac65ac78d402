use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use std::io;

use crate::error::io_error;

/// The bytes of an object: a sealed memory file, a spooled file, or ranges of a remote object.
///
/// Reading never moves a cursor, so that several readers can share one blob.
pub trait Blob {
    /// Size in bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads into `buffer` from `offset` on and gives the number of bytes read, 0 only at the end.
    ///
    /// # Errors
    /// When the bytes cannot be had any more (the file vanished, the store refused).
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// All bytes, if they lie in memory already.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    /// All bytes: borrowed if they lie in memory, else read, at most `limit` of them.
    ///
    /// # Errors
    /// When the blob is larger than `limit` ([`io::ErrorKind::FileTooLarge`]) or cannot be read.
    fn read_all(&self, limit: u64) -> io::Result<std::borrow::Cow<'_, [u8]>> {
        if let Some(bytes) = self.bytes() {
            return Ok(bytes.into());
        }
        if self.len() > limit {
            let larger = ReasonKind::LargerThanMemory { bytes: self.len(), limit };
            return Err(io_error(io::ErrorKind::FileTooLarge, larger.of(Noun::File)));
        }
        Ok(read_range(self, 0, self.len())?.into())
    }
}

/// Reads at most `length` bytes from `offset` on; fewer only at the end.
///
/// # Errors
/// When the blob cannot be read.
pub fn read_range<B: Blob + ?Sized>(blob: &B, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let available = blob.len().saturating_sub(offset).min(length);
    let mut bytes = vec![0; usize::try_from(available).map_err(io::Error::other)?];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match blob.read_at(offset + filled as u64, rest)? {
            0 => break,
            n => filled += n,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

impl Blob for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|o| self.get(o..)).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl Blob for Vec<u8> {
    fn len(&self) -> u64 {
        Blob::len(&self.as_slice())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// A blob as `Read` and `Seek`, for libraries that want a file.
pub struct Cursor<'a> {
    blob: &'a dyn Blob,
    position: u64,
}

impl<'a> Cursor<'a> {
    /// At the start of the blob.
    pub fn new(blob: &'a dyn Blob) -> Cursor<'a> {
        Cursor { blob, position: 0 }
    }

    /// At `position` of the blob, bytes.
    pub fn at(blob: &'a dyn Blob, position: u64) -> Cursor<'a> {
        Cursor { blob, position }
    }
}

impl std::fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cursor({} of {})", self.position, self.blob.len())
    }
}

impl io::Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.blob.read_at(self.position, buffer)?;
        self.position = self.position.saturating_add(n as u64);
        Ok(n)
    }
}

impl io::Seek for Cursor<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let position = match to {
            io::SeekFrom::Start(n) => Some(n),
            io::SeekFrom::End(n) => self.blob.len().checked_add_signed(n),
            io::SeekFrom::Current(n) => self.position.checked_add_signed(n),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
