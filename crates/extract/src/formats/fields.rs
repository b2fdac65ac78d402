//! Little-endian fields read one after the other from foreign bytes; none where the bytes end before them.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::blob::{Blob, Cursor};

/// A place in a blob that moves on with each field.
pub(super) struct Fields<'a> {
    reader: BufReader<Cursor<'a>>,
    at: u64,
    length: u64,
}

impl<'a> Fields<'a> {
    /// At `at`, bytes from the start.
    pub(super) fn at(blob: &'a dyn Blob, at: u64) -> Fields<'a> {
        Fields { reader: BufReader::new(Cursor::at(blob, at)), at, length: blob.len() }
    }

    /// Bytes before the next field.
    pub(super) fn position(&self) -> u64 {
        self.at
    }

    /// Bytes from the next field to the end.
    pub(super) fn left(&self) -> u64 {
        self.length.saturating_sub(self.at)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut field = [0; N];
        self.reader.read_exact(&mut field).ok()?;
        self.at = self.at.saturating_add(N as u64);
        Some(field)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// `length` bytes; none if there are not so many.
    pub(super) fn bytes(&mut self, length: u64) -> Option<Vec<u8>> {
        if length > self.left() {
            return None;
        }
        let mut field = vec![0; usize::try_from(length).ok()?];
        self.reader.read_exact(&mut field).ok()?;
        self.at = self.at.saturating_add(length);
        Some(field)
    }

    /// Bytes up to a NUL, at most `most` of them, without it.
    pub(super) fn until_nul(&mut self, most: usize) -> Option<Vec<u8>> {
        let mut field = Vec::new();
        while field.len() <= most {
            match self.u8()? {
                0 => return Some(field),
                byte => field.push(byte),
            }
        }
        None
    }

    /// Passes over `length` bytes; none if there are not so many.
    pub(super) fn skip(&mut self, length: u64) -> Option<()> {
        if length > self.left() {
            return None;
        }
        match i64::try_from(length) {
            Ok(near) => self.reader.seek_relative(near).ok()?,
            Err(_) => {
                self.reader.seek(SeekFrom::Start(self.at.checked_add(length)?)).ok()?;
            }
        }
        self.at = self.at.saturating_add(length);
        Some(())
    }
}

/// A part of a blob as a reader: the packed bytes of a member.
pub(super) fn part(blob: &dyn Blob, at: u64, length: u64) -> BufReader<std::io::Take<Cursor<'_>>> {
    BufReader::new(Cursor::at(blob, at).take(length))
}
