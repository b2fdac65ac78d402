//! A folder of a cabinet: blocks of at most 32 KiB, packed by MSZIP or LZX (MS-CAB, section 2.4; MS-MCI; LZXD).

use madang_document::fault::Fault;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use lzxd::{Lzxd, WindowSize};

use super::fields::Fields;
use super::packing::Refusal;

use crate::blob::Blob;
use crate::error::io_error;

/// What the table of contents says of a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder {
    /// Where its first block begins.
    pub(super) at: u64,
    pub(super) blocks: u16,
    /// The method in the low four bits, and how large its window is.
    pub(super) packing: u16,
    /// Bytes in each block that whoever packed it kept for itself.
    pub(super) room: u8,
}

enum Method {
    Stored,
    /// Each block is by itself but for what the one before it unpacked to.
    Mszip,
    Lzx(Box<Lzxd>),
}

/// What a block unpacks to at most, bytes.
const BLOCK: usize = 32 << 10;

/// A folder that is read from its start.
pub(super) struct CabFolder<'a> {
    fields: Fields<'a>,
    blocks: u16,
    room: u8,
    method: Method,
    /// What the last block unpacked to, and how much of it was handed on.
    block: Vec<u8>,
    taken: usize,
    /// Bytes handed on or passed over since the start.
    position: u64,
    /// Whether a block was damaged.
    broken: bool,
}

impl<'a> CabFolder<'a> {
    pub(super) fn new(blob: &'a dyn Blob, folder: &Folder) -> Result<CabFolder<'a>, Refusal> {
        let method = match folder.packing & 0xF {
            0 => Method::Stored,
            1 => Method::Mszip,
            2 => return Err(Refusal::unsupported("Quantum")),
            3 => {
                let window = match folder.packing >> 8 & 0x1F {
                    15 => WindowSize::KB32,
                    16 => WindowSize::KB64,
                    17 => WindowSize::KB128,
                    18 => WindowSize::KB256,
                    19 => WindowSize::KB512,
                    20 => WindowSize::MB1,
                    21 => WindowSize::MB2,
                    _ => {
                        return Err(Refusal::corrupt(
                            ReasonKind::Faulty(Fault::Window).within(Part::Named("LZX".into())),
                        ));
                    }
                };
                Method::Lzx(Box::new(Lzxd::new(window)))
            }
            other => return Err(Refusal::unnumbered(other.into(), "CAB")),
        };
        Ok(CabFolder {
            fields: Fields::at(blob, folder.at),
            blocks: folder.blocks,
            room: folder.room,
            method,
            block: Vec::new(),
            taken: 0,
            position: 0,
            broken: false,
        })
    }

    /// Bytes to pass over before a member that begins at `start`.
    pub(super) fn before(&self, start: u64) -> u64 {
        start.saturating_sub(self.position)
    }

    /// The member of `size` bytes that begins at `start`; what lies before it is passed over.
    pub(super) fn member(&mut self, start: u64, size: u64) -> CabMember<'_, 'a> {
        CabMember { folder: self, start, left: size }
    }

    /// Unpacks the next block. Gives whether there is one. Behind a damaged one nothing has its place.
    fn next_block(&mut self) -> io::Result<bool> {
        if self.broken {
            return Err(io_error(INVALID, ReasonKind::DamagedBefore.of(Noun::PackedStream)));
        }
        self.broken = true;
        let more = self.read_block()?;
        self.broken = false;
        Ok(more)
    }

    fn read_block(&mut self) -> io::Result<bool> {
        let Some(blocks) = self.blocks.checked_sub(1) else { return Ok(false) };
        self.blocks = blocks;
        let head = self.read_head();
        let Some((packed, size)) = head else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        if size > BLOCK {
            return Err(faulty(Fault::BlockTooLarge));
        }
        self.block = match &mut self.method {
            Method::Stored => packed,
            Method::Mszip => mszip(&packed, size, &self.block)?,
            Method::Lzx(lzx) => {
                let block = lzx.decompress_next(&packed, size);
                block.map_err(|error| damaged(&format!("LZX: {error}")))?.to_vec()
            }
        };
        if self.block.len() != size {
            self.taken = self.block.len();
            return Err(faulty(Fault::BlockSize));
        }
        self.taken = 0;
        Ok(true)
    }

    fn read_head(&mut self) -> Option<(Vec<u8>, usize)> {
        // The check sum, which many packers leave nought.
        self.fields.skip(4)?;
        let (packed, size) = (self.fields.u16()?, self.fields.u16()?);
        self.fields.skip(self.room.into())?;
        Some((self.fields.bytes(packed.into())?, size.into()))
    }

    /// Hands on at most as much as `buffer` takes; nothing at the end.
    fn read_on(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.block.len() {
            if !self.next_block()? {
                return Ok(0);
            }
        }
        let ready = self.block.get(self.taken..).unwrap_or_default();
        let read = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..read), ready.get(..read)) {
            to.copy_from_slice(from);
        }
        self.taken += read;
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

/// One member of an open folder.
pub(super) struct CabMember<'m, 'a> {
    folder: &'m mut CabFolder<'a>,
    start: u64,
    left: u64,
}

impl Read for CabMember<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        if self.start < self.folder.position {
            return Err(io_error(INVALID, ReasonKind::Overlaps));
        }
        let mut gap = [0; 4096];
        while self.folder.position < self.start {
            let most = usize::try_from(self.start - self.folder.position).unwrap_or(gap.len());
            let gap = gap.get_mut(..most.min(4096)).unwrap_or_default();
            if self.folder.read_on(gap)? == 0 {
                return Ok(0);
            }
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.folder.read_on(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read as u64;
        self.start = self.start.saturating_add(read as u64);
        Ok(read)
    }
}

/// A block of MSZIP: two letters, then deflate, whose window begins with the block before.
fn mszip(packed: &[u8], size: usize, before: &[u8]) -> io::Result<Vec<u8>> {
    let Some(packed) = packed.strip_prefix(b"CK") else {
        return Err(faulty(Fault::BlockMark));
    };
    let mut inflate = Decompress::new(false);
    if !before.is_empty() {
        inflate.set_dictionary(before).map_err(|error| damaged(&error.to_string()))?;
    }
    let mut block = vec![0; size];
    let status = inflate.decompress(packed, &mut block, FlushDecompress::Finish);
    match status {
        Ok(Status::Ok | Status::StreamEnd | Status::BufError) => {
            block.truncate(usize::try_from(inflate.total_out()).unwrap_or(usize::MAX));
            Ok(block)
        }
        Err(error) => Err(damaged(&error.to_string())),
    }
}

const INVALID: io::ErrorKind = io::ErrorKind::InvalidData;

fn faulty(fault: Fault) -> io::Error {
    io_error(INVALID, ReasonKind::Faulty(fault))
}

fn damaged(what: &str) -> io::Error {
    io_error(INVALID, ReasonKind::Broken(what.into()))
}
