//! EGG, the archives of ALZip since 2008: records that each start with a mark, as ESTsoft's specification of the format
//! (version 1.0) lays them out. The blocks of a member are packed each by its own method.

use std::io::Read;

use flate2::Crc;
use libazo::extract_azo;
use madang_document::content::Content;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::archive_members::{ArchiveMembers, MemberHead};
use super::bytes::u32_at;
use super::fields::{Fields, part};
use super::packing::{Checked, Packing, Refusal, unpacker};

use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::split_name::JOIN;

pub(super) const FORMAT: Format = Format {
    name: "egg",
    version: 2,
    media_types: &["application/x-egg"],
    sniff: |probe| if probe.starts_with(b"EGGA") { Match::Magic } else { Match::No },
    media_type: |_| "application/x-egg",
    extract,
};

const END: u32 = 0x08E2_8222;
const SPLIT: u32 = 0x24F5_A262;
const SOLID: u32 = 0x24E5_A060;
const ENCRYPTED_NAMES: u32 = 0x08D1_44A8;
const FILE: u32 = 0x0A85_90E3;
const NAME: u32 = 0x0A85_91AC;
const WINDOWS: u32 = 0x2C86_950B;
const ENCRYPTION: u32 = 0x08D1_470F;
const BLOCK: u32 = 0x02B5_0C13;

/// What a member is called whose name is closed.
const ENCRYPTED_NAME: &[u8] = b"encrypted name";

/// What AZO, which is unpacked in one piece, may unpack to, bytes.
const AZO: u64 = 64 << 20;

#[derive(Default)]
struct Archive {
    solid: bool,
    /// The numbers of the parts before and behind this one, if it is a part.
    split: Option<(u32, u32)>,
    members: ArchiveMembers<File>,
    /// Blocks of a solid archive belong to all files.
    blocks: Vec<Block>,
}

#[derive(Default)]
struct File {
    name: Vec<u8>,
    size: u64,
    folder: bool,
    link: bool,
    cipher: Option<u8>,
    /// Which of [`Archive::blocks`] are its own: from here on, so many.
    first: usize,
    count: usize,
}

impl MemberHead for File {
    fn name(&self) -> &[u8] {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn is_folder(&self) -> bool {
        self.folder
    }
}

#[derive(Clone, Copy)]
struct Block {
    method: u8,
    unpacked: u64,
    packed: u64,
    sum: u32,
    at: u64,
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let archive = read_records(blob, context)?;
    if let Some((before, behind)) = archive.split.filter(|part| *part != (0, 0)) {
        // A block that reaches into the next part is damaged here, and what stands before it is not.
        let whole = before == 0 && behind != 0 && !archive.members.heads.is_empty();
        if !whole {
            return Err(ExtractError::Unsupported(JOIN.into()));
        }
        content.lost(JOIN);
    }
    archive.members.report(context, &mut content)?;
    // The members of a solid archive are one stream, cut by their sizes.
    let mut stream = Blocks::new(blob, archive.blocks.clone());
    let mut too_large = false;
    archive.members.each(context, &mut content, |file, turn| {
        if file.link {
            return turn.list_link();
        }
        let end = file.first.saturating_add(file.count);
        let own = archive.blocks.get(file.first..end).unwrap_or_default();
        let refusal = match file.cipher {
            Some(cipher) => Some(Refusal::encrypted(cipher_name(cipher))),
            None if too_large => Some(Refusal::behind_too_large()),
            None => first_refusal(if archive.solid { &archive.blocks } else { own }, context),
        };
        match refusal {
            Some(refusal) => turn.refuse(&refusal),
            None if archive.solid => {
                too_large = file.size > context.limits.member.min(context.unpacked_left());
                turn.unpack((&mut stream).take(file.size), None)
            }
            None => turn.unpack(Blocks::new(blob, own.to_vec()), None),
        }
    });
    Ok(content)
}

fn cipher_name(method: u8) -> &'static str {
    match method {
        0 => "ZipCrypto",
        1 => "AES-128",
        2 => "AES-256",
        5 => "LEA-128",
        6 => "LEA-256",
        _ => "a method that is not known",
    }
}

/// Why one of the blocks cannot be unpacked, if that is known without trying.
fn first_refusal(blocks: &[Block], context: &Context<'_>) -> Option<Refusal> {
    blocks.iter().find_map(|block| match block.method {
        0..=2 | 4 => None,
        // AZO unpacks in one piece.
        3 if block.unpacked.max(block.packed) > AZO.min(context.limits.member) => {
            Some(Refusal::limit(ReasonKind::Larger(AZO)))
        }
        3 => None,
        other => Some(Refusal::unnumbered(other.into(), "EGG")),
    })
}

/// Reads the records; where they break off, what was read stays.
fn read_records(blob: &dyn Blob, context: &Context<'_>) -> Result<Archive, ExtractError> {
    let mut fields = Fields::at(blob, 4);
    let mut archive = Archive::default();
    // A version, the number of the archive, and four bytes that are kept free.
    if fields.skip(10).is_none() {
        return Err(ExtractError::corrupt(ReasonKind::EndsWithin(Noun::Head.into()).of(Noun::Egg)));
    }
    let mut in_head = true;
    loop {
        context.progress();
        let Some(mark) = fields.u32() else {
            archive.members.fault =
                Some(ReasonKind::EndsBefore(Noun::EndMark.into()).of(Noun::Archive));
            break;
        };
        let read = match mark {
            END if in_head => {
                in_head = false;
                Some(())
            }
            // The end of all, or filler behind it.
            END => break,
            FILE => {
                in_head = false;
                if archive.members.is_full(context.limits.members) {
                    break;
                }
                read_file(&mut fields, &mut archive)
            }
            BLOCK => read_block(&mut fields, &mut archive),
            SPLIT => extra(&mut fields).and_then(|(_, field)| {
                archive.split = Some((u32_at(&field, 0)?, u32_at(&field, 4)?));
                Some(())
            }),
            SOLID => {
                archive.solid = true;
                extra(&mut fields).map(|_| ())
            }
            ENCRYPTED_NAMES => {
                let reason = ReasonKind::Encrypted(None).of(Noun::MemberNames);
                return Err(ExtractError::Encrypted(reason));
            }
            // Comments, filler, and what later versions may add: all of one shape.
            _ => extra(&mut fields).map(|_| ()),
        };
        if read.is_none() {
            archive.members.fault =
                Some(ReasonKind::Beyond(Noun::Archive.into()).of(Noun::AnyRecord));
            break;
        }
    }
    Ok(archive)
}

/// A field in the shape that all but files and blocks have: flags, a length of two or four bytes, and the bytes.
fn extra(fields: &mut Fields<'_>) -> Option<(u8, Vec<u8>)> {
    /// Longer than any name; comments may be longer and are not read.
    const LONG: u64 = 64 << 10;
    let flags = fields.u8()?;
    let length = match flags & 1 {
        0 => u64::from(fields.u16()?),
        _ => u64::from(fields.u32()?),
    };
    let field = fields.bytes(length.min(LONG))?;
    fields.skip(length.saturating_sub(LONG))?;
    Some((flags, field))
}

/// The head of a file, up to its end mark.
fn read_file(fields: &mut Fields<'_>, archive: &mut Archive) -> Option<()> {
    let mut file = File { first: archive.blocks.len(), ..File::default() };
    fields.skip(4)?;
    file.size = fields.u64()?;
    loop {
        let mark = fields.u32()?;
        if mark == END {
            break;
        }
        let (flags, field) = extra(fields)?;
        match mark {
            NAME => {
                // A code page, and the number of the folder that the name counts from, may stand before it.
                let page = if flags & 0x08 != 0 { 2 } else { 0 };
                let parent = if flags & 0x10 != 0 { 4 } else { 0 };
                let name = field.get(page + parent..)?;
                let encrypted = flags & 0x04 != 0;
                file.name = if encrypted { ENCRYPTED_NAME } else { name }.to_vec();
            }
            WINDOWS => {
                let attributes = field.get(8).copied().unwrap_or_default();
                file.folder = attributes & 0x80 != 0;
                file.link = attributes & 0x08 != 0;
            }
            ENCRYPTION => file.cipher = Some(field.first().copied().unwrap_or(u8::MAX)),
            _ => {}
        }
    }
    archive.members.heads.push(file);
    Some(())
}

/// The head of a block, up to its end mark; its bytes are passed over.
fn read_block(fields: &mut Fields<'_>, archive: &mut Archive) -> Option<()> {
    let method = fields.u8()?;
    fields.skip(1)?;
    let (unpacked, packed, sum) = (fields.u32()?, fields.u32()?, fields.u32()?);
    while fields.u32()? != END {
        extra(fields)?;
    }
    let at = fields.position();
    let (unpacked, packed) = (unpacked.into(), packed.into());
    archive.blocks.push(Block { method, unpacked, packed, sum, at });
    if let Some(file) = archive.members.heads.last_mut() {
        file.count += 1;
    }
    fields.skip(packed)
}

/// What a run of blocks unpacks to, one after the other.
struct Blocks<'a> {
    blob: &'a dyn Blob,
    left: std::vec::IntoIter<Block>,
    current: Option<Box<dyn Read + 'a>>,
    /// Whether a block was damaged: what follows has lost its place.
    broken: bool,
}

impl<'a> Blocks<'a> {
    fn new(blob: &'a dyn Blob, blocks: Vec<Block>) -> Blocks<'a> {
        Blocks { blob, left: blocks.into_iter(), current: None, broken: false }
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.broken {
            let reason = "the packed stream is damaged before it";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
        }
        let read = self.read_on(buffer);
        self.broken = read.is_err();
        read
    }
}

impl Blocks<'_> {
    fn read_on(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.current.is_none() {
                let Some(block) = self.left.next() else { return Ok(0) };
                let opened = open(self.blob, block).map_err(|refusal| {
                    std::io::Error::new(std::io::ErrorKind::InvalidData, refusal.reason)
                })?;
                self.current =
                    Some(Box::new(Checked::new(opened, block.unpacked, Some(block.sum))));
            }
            match self.current.as_mut().map_or(Ok(0), |current| current.read(buffer))? {
                0 if !buffer.is_empty() => self.current = None,
                read => return Ok(read),
            }
        }
    }
}

fn open(blob: &dyn Blob, block: Block) -> Result<Box<dyn Read + '_>, Refusal> {
    let mut packed = part(blob, block.at, block.packed);
    let packing = match block.method {
        0 => Packing::Stored,
        1 => Packing::Deflate,
        2 => Packing::Bzip2,
        3 => return azo(&mut packed, block),
        // Two bytes that are kept free, two of the length of the properties, then these: as in ZIP.
        4 => {
            let mut head = [0; 9];
            packed.read_exact(&mut head).map_err(Refusal::broken)?;
            let [_, _, _, _, properties, a, b, c, d] = head;
            Packing::Lzma { properties, dictionary: u32::from_le_bytes([a, b, c, d]) }
        }
        other => return Err(Refusal::unnumbered(other.into(), "EGG")),
    };
    unpacker(packing, packed, block.unpacked)
}

fn azo(packed: &mut impl Read, block: Block) -> Result<Box<dyn Read + 'static>, Refusal> {
    let mut unpacked = Vec::new();
    let most = Some(block.unpacked.min(AZO));
    extract_azo(packed, &mut unpacked, block.packed.min(AZO), most, None)
        .map_err(Refusal::broken)?;
    let mut crc = Crc::new();
    crc.update(&unpacked);
    match crc.sum() == block.sum {
        true => Ok(Box::new(std::io::Cursor::new(unpacked))),
        false => Err(Refusal::corrupt(ReasonKind::CheckSum.within(Part::Named("AZO".into())))),
    }
}
