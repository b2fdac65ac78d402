//! Images of CDs and DVDs: ISO 9660 (ECMA-119), with the names of Joliet or Rock Ridge where they are.

use std::collections::HashSet;
use std::io::{self, Read};

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::bytes::{piece, u16_at, u32_at};
use super::fields::part;
use super::member_names::names;

use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::unpack::{link_to, list_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "iso9660",
    version: 2,
    media_types: &["application/x-iso9660-image"],
    // The first descriptor stands in the seventeenth sector.
    sniff: |probe| if probe.has_at(0x8001, b"CD001") { Match::Magic } else { Match::No },
    media_type: |_| "application/x-iso9660-image",
    extract,
};

const SECTOR: u64 = 2048;
/// The largest directory that is read, bytes: some hundred thousand names.
const DIRECTORY: u64 = 16 << 20;
/// Deeper than the eight levels of the standard, as Joliet is used.
const DEEPEST: usize = 64;

/// Where the names come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// The standard's own, or Rock Ridge's beside them.
    Plain,
    /// UTF-16, the high byte first.
    Joliet,
}

struct Volume {
    names: Names,
    block: u64,
    root: (u64, u64),
}

#[derive(Default)]
struct File {
    /// The whole path, in bytes of whatever encoding.
    path: Vec<u8>,
    extents: Vec<(u64, u64)>,
    /// What it leads to, if it is a link.
    link: Option<Vec<u8>>,
    /// Whether another extent follows in the next record.
    more: bool,
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let Some(volume) = read_volume(blob)? else {
        return Err(ExtractError::corrupt(
            ReasonKind::MissingFrom(Noun::Image.into()).of(Noun::Descriptor),
        ));
    };
    let files = read_tree(blob, &volume, context, &mut content)?;
    let raw: Vec<&[u8]> = files.iter().map(|file| file.path.as_slice()).collect();
    let names = names(&raw);
    let mut paths = MemberPaths::default();
    for (file, name) in files.iter().zip(&names) {
        let path = paths.take(name);
        let size: u64 = file.extents.iter().map(|(_, length)| length).sum();
        if let Some(target) = &file.link {
            if !list_member(path, link_to(Some(target)), context, &mut content) {
                break;
            }
            continue;
        }
        let member = Extents { blob, left: &file.extents, current: None };
        if !take_member(member, &path, Some(size), context, &mut content) {
            break;
        }
    }
    Ok(content)
}

/// The volume by its best descriptor: Joliet's if there is one.
fn read_volume(blob: &dyn Blob) -> Result<Option<Volume>, ExtractError> {
    let mut best = None;
    // As many as anybody writes, and an end.
    for sector in 16..48 {
        let descriptor = read_range(blob, sector * SECTOR, SECTOR)?;
        if piece(&descriptor, 1, 5) != b"CD001" {
            break;
        }
        let joliet = [b"%/@", b"%/C", b"%/E"].iter().any(|mark| piece(&descriptor, 88, 3) == *mark);
        let names = match descriptor.first() {
            Some(1) if best.is_none() => Names::Plain,
            Some(2) if joliet => Names::Joliet,
            Some(255) => break,
            _ => continue,
        };
        let block = u16_at(&descriptor, 128).map_or(SECTOR, u64::from);
        let root = descriptor.get(156..190).and_then(|record| extent(record, block));
        if let Some(root) = root.filter(|_| block > 0) {
            best = Some(Volume { names, block, root });
        }
    }
    Ok(best)
}

/// Where the bytes of a record lie, and how many they are.
fn extent(record: &[u8], block: u64) -> Option<(u64, u64)> {
    let attributes = u64::from(*record.get(1)?);
    let first = u64::from(u32_at(record, 2)?);
    Some(((first + attributes) * block, u32_at(record, 10)?.into()))
}

fn read_tree(
    blob: &dyn Blob,
    volume: &Volume,
    context: &Context<'_>,
    content: &mut Content,
) -> Result<Vec<File>, ExtractError> {
    let mut files = Vec::new();
    let mut seen = HashSet::from([volume.root.0]);
    let mut folders = vec![(Vec::new(), 0usize, volume.root)];
    let mut left = DIRECTORY;
    let (mut broken, mut crooked) = (false, false);
    while let Some((path, depth, (at, length))) = folders.pop() {
        context.progress();
        let bytes = read_range(blob, at, length.min(left))?;
        broken |= (bytes.len() as u64) < length;
        left = left.saturating_sub(bytes.len() as u64);
        let mut inner = Vec::new();
        // A record never reaches over the end of a sector.
        for sector in bytes.chunks(SECTOR as usize) {
            let mut rest = sector;
            while let Some(length @ 34..) = rest.first().map(|length| usize::from(*length)) {
                let Some((record, behind)) = rest.split_at_checked(length) else { break };
                rest = behind;
                let Some(name) = name(record, volume.names) else { continue };
                let Some(place) = extent(record, volume.block) else { continue };
                let flags = record.get(25).copied().unwrap_or_default();
                let path = join(&path, &name);
                if flags & 2 != 0 {
                    // A folder that is above itself would be read without end.
                    if depth < DEEPEST && seen.insert(place.0) {
                        inner.push((path, depth + 1, place));
                    } else {
                        crooked = true;
                    }
                    continue;
                }
                let more = flags & 0x80 != 0;
                match files.last_mut() {
                    Some(File { path: last, extents, more: open, .. })
                        if *open && *last == path =>
                    {
                        extents.push(place);
                        *open = more;
                    }
                    _ => {
                        let link = link(record);
                        files.push(File { path, extents: vec![place], link, more });
                    }
                }
                if files.len() as u64 > context.limits.members {
                    content.cut(context.too_many_members());
                    files.truncate(files.len() - 1);
                    return Ok(files);
                }
            }
        }
        inner.reverse();
        folders.append(&mut inner);
    }
    if broken {
        content.lost(ReasonKind::Beyond(Noun::Image.into()).of(Noun::AnyFolder));
    }
    if crooked {
        content.lost(ReasonKind::Circle.of(Noun::AnyFolder));
    }
    Ok(files)
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match folder.is_empty() {
        true => name.to_vec(),
        false => [folder, b"/", name].concat(),
    }
}

/// The name of a record; none of the two that stand for the folder and the one above it.
fn name(record: &[u8], names: Names) -> Option<Vec<u8>> {
    let field = piece(record, 33, usize::from(*record.get(32)?));
    if matches!(field, [0] | [1]) {
        return None;
    }
    let mut name = match names {
        Names::Joliet => {
            encoding_rs::UTF_16BE.decode_without_bom_handling(field).0.into_owned().into()
        }
        Names::Plain => rock_ridge_name(record).unwrap_or_else(|| field.to_vec()),
    };
    // A version, and the dot of a name without an extension.
    if let Some(at) = name.iter().rposition(|byte| *byte == b';')
        && name.get(at + 1..).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
    {
        name.truncate(at);
        if name.last() == Some(&b'.') {
            name.pop();
        }
    }
    Some(name)
}

/// The fields of Rock Ridge behind the name: a mark of two letters, a length, a version, and what it says.
fn rock_ridge(record: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let length = record.get(32).map_or(0, |length| usize::from(*length));
    // An even place follows.
    let mut rest = record.get((33 + length).next_multiple_of(2)..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = usize::from(*rest.get(2)?);
        let (field, behind) = rest.split_at_checked(length.max(4))?;
        rest = behind;
        Some((field.get(..2)?, field.get(4..)?))
    })
}

fn rock_ridge_name(record: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    for (_, field) in rock_ridge(record).filter(|(mark, _)| *mark == b"NM") {
        name.extend_from_slice(field.get(1..)?);
    }
    (!name.is_empty()).then_some(name)
}

/// What a link of Rock Ridge (SUSP, RRIP 4.1.3) leads to: the parts of its path, each with flags and a length before it.
fn link(record: &[u8]) -> Option<Vec<u8>> {
    let mut target: Option<Vec<u8>> = None;
    for (_, field) in rock_ridge(record).filter(|(mark, _)| *mark == b"SL") {
        let target = target.get_or_insert_default();
        let mut rest = field.get(1..).unwrap_or_default();
        while let Some(([flags, length], behind)) = rest.split_first_chunk() {
            let Some((part, behind)) = behind.split_at_checked(usize::from(*length)) else { break };
            rest = behind;
            if !target.is_empty() && !target.ends_with(b"/") {
                target.push(b'/');
            }
            match flags & 0b1110 {
                0b0010 => target.push(b'.'),
                0b0100 => target.extend_from_slice(b".."),
                0b1000 => target.push(b'/'),
                _ => target.extend_from_slice(part),
            }
        }
    }
    target
}

/// The pieces of a file, one after the other.
struct Extents<'a> {
    blob: &'a dyn Blob,
    left: &'a [(u64, u64)],
    current: Option<(Box<dyn Read + 'a>, u64)>,
}

impl Read for Extents<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.current {
                None => {
                    let Some(((at, length), rest)) = self.left.split_first() else { return Ok(0) };
                    self.left = rest;
                    self.current = Some((Box::new(part(self.blob, *at, *length)), *length));
                }
                Some((piece, missing)) => {
                    let read = piece.read(buffer)?;
                    *missing = missing.saturating_sub(read as u64);
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                    if *missing > 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.current = None;
                }
            }
        }
    }
}
