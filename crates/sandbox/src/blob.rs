//! The object as a child sees it: a mapped memory file, or ranges that the parent serves.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use madang_extract::blob::Blob;
use rustix::fs::{SealFlags, fcntl_get_seals};
use rustix::mm::{MapFlags, ProtFlags, mmap};

use crate::caps;
use crate::channel::Channel;
use crate::sealed_file::SEALS;

/// A sealed memory file, mapped until the process ends.
#[derive(Debug)]
pub(crate) struct Mapped {
    bytes: &'static [u8],
}

impl Mapped {
    /// Maps `size` bytes.
    pub(crate) fn new(file: &OwnedFd, size: u64) -> io::Result<Mapped> {
        let sealed = fcntl_get_seals(file)?;
        if !sealed.contains(SEALS & !SealFlags::SEAL)
            || rustix::fs::fstat(file)?.st_size as u64 != size
        {
            return Err(io::Error::other("the input is not sealed"));
        }
        let length = usize::try_from(size).map_err(io::Error::other)?;
        if length == 0 {
            return Ok(Mapped { bytes: &[] });
        }
        // SAFETY: the kernel chooses a free address; nothing of ours lies there.
        let start = unsafe {
            mmap(std::ptr::null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, file, 0)?
        };
        // SAFETY: `length` bytes are mapped readable and are never unmapped; the seals checked above keep the
        // file from being written or cut, so the bytes neither change nor vanish.
        Ok(Mapped { bytes: unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) } })
    }
}

impl Blob for Mapped {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read_at(offset, buffer)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self.bytes)
    }
}

/// Blocks kept: 4 MiB are enough for the head, the index and the place where a demuxer reads.
const BLOCKS: usize = 16;

/// An object whose bytes the parent gives on demand. Reads whole blocks and keeps the last few, because
/// demuxers read 32 KiB at a time and jump between the same places.
#[derive(Debug)]
pub(crate) struct Ranged<'a> {
    channel: &'a Channel,
    size: u64,
    /// Newest last.
    blocks: RefCell<VecDeque<(u64, Vec<u8>)>>,
}

impl<'a> Ranged<'a> {
    pub(crate) fn new(channel: &'a Channel, size: u64) -> Ranged<'a> {
        Ranged { channel, size, blocks: RefCell::default() }
    }
}

impl Blob for Ranged<'_> {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let block = u64::from(caps::RANGE);
        let start = offset / block * block;
        let mut blocks = self.blocks.borrow_mut();
        let at = blocks.iter().position(|(at, _)| *at == start);
        let found = match at.and_then(|at| blocks.remove(at)) {
            Some(found) => found,
            None => {
                if blocks.len() >= BLOCKS {
                    blocks.pop_front();
                }
                let length = (self.size - start).min(block) as u32;
                (start, self.channel.range(start, length)?)
            }
        };
        let rest = found.1.get((offset - start) as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        blocks.push_back(found);
        Ok(n)
    }
}
