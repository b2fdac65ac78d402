//! ZIP archives.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::ops::Range;

use madang_document::content::Content;
use madang_document::instead::Instead;
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use zip::ZipArchive;
use zip::result::ZipError;

use super::bytes::u16_at;
use super::locked_member::LockedMember;
use super::member_names::names;
use super::packing::{Checked, Refusal, unpacker};
use super::zip_cipher::ZipLock;
use super::zip_heads::heads;
use super::zip_packing::{is_common, number, packing};
use super::zip_table::{ZipRecord, packed_place, record_at, shadowed};
use super::zip_unlisted::{Listed, uncounted, unlisted};

use crate::blob::{Blob, Cursor, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::recognise::recognise_zip;
use crate::split_name::{JOIN, is_part};
use crate::unpack::{TARGET, leave_member, link_to, list_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "zip",
    version: 9,
    media_types: &["application/zip"],
    sniff,
    media_type: |_| "application/zip",
    extract,
};

/// How the first part of a split archive starts (APPNOTE, section 8.5.3): the mark, then the first member.
const SPLIT: &[u8] = b"PK\x07\x08PK\x03\x04";

/// Never more than magic, so that every format that stands on ZIP and knows itself by its inside wins.
fn sniff(probe: &Probe<'_>) -> Match {
    // A first entry, an empty archive, or the mark of a spanned one (APPNOTE 6.3.10, sections 4.3.7, 4.3.16, 8.5.4).
    let magic: [&[u8]; 4] = [b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04", SPLIT];
    if magic.iter().any(|m| probe.starts_with(m)) && recognise_zip(probe).is_none() {
        return Match::Magic;
    }
    if !probe.starts_with(b"PK") && probe.zip().is_some() && recognise_zip(probe).is_none() {
        return Match::Extension;
    }
    // The last part of a split archive begins anywhere in a member, and only its end tells.
    let is_last = probe.extension == "zip" && parts_before(&probe.tail(TAIL)).is_some();
    if is_last { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut paths = MemberPaths::default();
    let tail = read_range(blob, blob.len().saturating_sub(TAIL), TAIL)?;
    if let Some(parts) = parts_before(&tail) {
        let part = ReasonKind::SplitPart(Some(parts.into()));
        return Err(ExtractError::Unsupported(part.into()));
    }
    let mut archive = match ZipArchive::new(Cursor::new(blob)) {
        Ok(archive) => archive,
        Err(error) => {
            let first_part = is_part(context.name) || starts_with_split(blob)?;
            let broken = ReasonKind::Broken(Quote::of(&error)).within(Noun::ZipContents);
            content.lost(match first_part {
                true => JOIN.into(),
                false => broken.clone().instead(Instead::MemberByMember),
            });
            read_by_heads(blob, context, &mut content, &mut paths);
            return match content.members.is_empty() {
                true if first_part => Err(ExtractError::Unsupported(JOIN.into())),
                true => Err(ExtractError::corrupt(broken)),
                false => Ok(content),
            };
        }
    };
    let raw: Vec<&[u8]> = archive.file_names_raw().collect();
    let names = names(&raw);
    let heads = (0..archive.len()).filter_map(|n| archive.by_index_data(n).ok());
    let heads = heads.filter(|entry| !entry.is_dir()).map(|entry| entry.header_start());
    let mut places = Places { heads: heads.collect(), ..Places::default() };
    let mut last = None;
    let mut listed = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let Ok(entry) = archive.by_index_data(index) else { continue };
        last = last.max(Some(entry.central_header_start()));
        listed.push(Listed {
            at: entry.header_start(),
            name: entry.name_raw().len() as u64,
            packed: entry.compressed_size(),
        });
        if entry.is_dir() {
            continue;
        }
        let place = packed_place(entry.header_start(), entry.compressed_size());
        let path = paths.take(name);
        let size = entry.size();
        if !places.take(place) {
            if !places.leave(&path, Some(size), context, &mut content) {
                return Ok(content);
            }
            continue;
        }
        if entry.is_symlink() {
            let mut target = Vec::new();
            if let Ok(member) = archive.by_index(index) {
                let _damaged = member.take(TARGET).read_to_end(&mut target);
            }
            if !list_member(path, link_to(Some(&target)), context, &mut content) {
                return Ok(content);
            }
            continue;
        }
        let locked = entry.encrypted().then(|| entry.central_header_start());
        let (method, sum) = (number(entry.compression()), entry.crc32());
        let go_on = match locked {
            Some(at) => {
                let record = record_at(blob, at, archive.offset()).unwrap_or_default();
                take_locked(blob, &record, &path, context, &mut content)
            }
            None if is_common(method) => match archive.by_index(index) {
                Ok(member) => take_member(member, &path, Some(size), context, &mut content),
                Err(error) => leave(&path, Some(size), &refusal(&error), context, &mut content),
            },
            None => {
                let opened = archive.by_index_raw(index).map_err(|error| refusal(&error));
                let unpacked = opened.and_then(|mut raw| {
                    let packing = packing(method, &mut raw)?;
                    let packed = BufReader::new(raw);
                    Ok(Checked::new(unpacker(packing, packed, size)?, size, Some(sum)))
                });
                match unpacked {
                    Ok(member) => take_member(member, &path, Some(size), context, &mut content),
                    Err(refusal) => leave(&path, Some(size), &refusal, context, &mut content),
                }
            }
        };
        if !go_on {
            return Ok(content);
        }
    }
    let (table, start) = (archive.central_directory_start(), archive.offset());
    let most = context.limits.members;
    let mut unread = Unread { blob, context, content: &mut content, paths: &mut paths, places };
    if archive.has_duplicate_names() {
        let shadowed = shadowed(blob, table, start, most);
        listed.extend(shadowed.iter().map(Listed::of));
        unread.take(&shadowed, Told::Listed);
    }
    let uncounted = uncounted(blob, (table, start), last, most);
    if !uncounted.is_empty() {
        let missing = ReasonKind::MissingFrom(Noun::ZipContents.into());
        unread.content.lost(missing.of(Noun::AnyMember));
        listed.extend(uncounted.iter().map(Listed::of));
        unread.take(&uncounted, Told::Listed);
    }
    let (unlisted, is_damaged) =
        unlisted(blob, listed, table, most.saturating_add(1), || context.progress());
    if is_damaged {
        let missing = ReasonKind::MissingFrom(Noun::ZipContents.into());
        unread.content.lost(ReasonKind::Damaged.of(Noun::Member).because(missing));
    }
    unread.take(&unlisted, Told::Unlisted);
    Ok(content)
}

/// Where members lie: beside one another in the file. A bomb has thousands that lie over one another, each of which would be
/// read anew.
#[derive(Debug, Default)]
struct Places {
    /// Where heads begin.
    heads: BTreeSet<u64>,
    taken: BTreeSet<u64>,
    tolerated: usize,
    refused: usize,
}

impl Places {
    /// Members that are read although they lie over others: a damaged table may have a few.
    const TOLERATED_MOST: usize = 4;
    /// Members that are refused before nothing more is read.
    const REFUSED_MOST: usize = 100;

    /// Takes the place of a member, its head included, if it is the only one there, or one of a few that are not.
    fn take(&mut self, place: Range<u64>) -> bool {
        let is_new = self.taken.insert(place.start);
        let mut inside = self.heads.range(place.start.saturating_add(1)..place.end);
        if is_new && inside.next().is_none() {
            return true;
        }
        let is_tolerated = self.tolerated < Places::TOLERATED_MOST;
        match is_tolerated {
            true => self.tolerated += 1,
            false => self.refused += 1,
        }
        is_tolerated
    }

    /// Leaves a member that lies over another. Gives whether the archive may be read on.
    fn leave(
        &self,
        path: &str,
        size: Option<u64>,
        context: &Context<'_>,
        content: &mut Content,
    ) -> bool {
        let refusal = Refusal::corrupt(ReasonKind::Overlaps);
        if !leave(path, size, &refusal, context, content) {
            return false;
        }
        if self.refused >= Places::REFUSED_MOST {
            let after = Part::AfterMembers(content.members.len() as u64);
            content.lost(ReasonKind::Overlaps.within(after));
            return false;
        }
        true
    }
}

/// What the library does not show: of several members with one name it knows the last, which is the one that an unpacker leaves on
/// the disk, and of what the table does not count it knows nothing.
struct Unread<'a, 'b> {
    blob: &'a dyn Blob,
    context: &'a Context<'b>,
    content: &'a mut Content,
    paths: &'a mut MemberPaths,
    places: Places,
}

/// Whether the table names a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Listed,
    Unlisted,
}

impl Unread<'_, '_> {
    /// Reads members by what the table or their own heads say of them. Of those that the table does not name it is said so:
    /// no unpacker shows them.
    fn take(&mut self, records: &[ZipRecord], told: Told) {
        let Unread { blob, context, content, paths, places } = self;
        places.heads.extend(records.iter().map(|record| record.place().start));
        let raw: Vec<&[u8]> = records.iter().map(|record| record.name.as_slice()).collect();
        for (record, name) in records.iter().zip(names(&raw)) {
            context.progress();
            let (path, size) = (paths.take(&name), record.size);
            if told == Told::Unlisted {
                let missing = ReasonKind::MissingFrom(Noun::ZipContents.into());
                content.note(missing.of(Part::Member(path.as_str().into())));
            }
            if !places.take(record.place()) {
                if !places.leave(&path, size, context, content) {
                    return;
                }
                continue;
            }
            if record.lock.is_some() && !record.is_link() {
                if !take_locked(*blob, record, &path, context, content) {
                    return;
                }
                continue;
            }
            let go_on = match record.open(*blob) {
                Ok(member) if record.is_link() => {
                    let mut target = Vec::new();
                    let _damaged = member.take(TARGET).read_to_end(&mut target);
                    list_member(path, link_to(Some(&target)), context, content)
                }
                Ok(member) => take_member(member, &path, size, context, content),
                Err(refusal) => leave(&path, size, &refusal, context, content),
            };
            if !go_on {
                return;
            }
        }
    }
}

/// Takes a member that is locked, if a password opens it. Gives whether the archive may be read on.
fn take_locked(
    blob: &dyn Blob,
    record: &ZipRecord,
    path: &str,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let lock = record.lock.unwrap_or(ZipLock::Unknown);
    let member = LockedMember { path, size: record.size, lock, name: lock.name() };
    member.take(context, content, |password| record.open_with(blob, password))
}

fn leave(
    path: &str,
    size: Option<u64>,
    refusal: &Refusal,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    leave_member(path, size, refusal.outcome, refusal.reason.clone(), context, content)
}

fn refusal(error: &ZipError) -> Refusal {
    match error {
        ZipError::UnsupportedArchive(what) => Refusal::unsupported(what),
        error => Refusal::broken(error),
    }
}

/// Bytes in which the end of an archive lies: a record, and the comment behind it (APPNOTE, section 4.3.16).
const TAIL: u64 = 22 + u16::MAX as u64;

/// How many parts stand before the one that ends so, if it is the last of a split archive: its table then counts from parts
/// that are not here (APPNOTE, sections 4.3.16 and 8.3).
fn parts_before(tail: &[u8]) -> Option<u16> {
    const END: &[u8] = b"PK\x05\x06";
    let at = tail.windows(4).rposition(|mark| mark == END)?;
    // 0xFFFF says that the number stands in the record of ZIP64.
    let number = u16_at(tail, at + 4).filter(|number| (1..u16::MAX).contains(number));
    // A few bytes that look like the mark are no table: that of a split archive names the part in which it starts.
    let table = u16_at(tail, at + 6);
    number.filter(|number| table.is_some_and(|table| table <= *number))
}

fn starts_with_split(blob: &dyn Blob) -> Result<bool, ExtractError> {
    Ok(read_range(blob, 0, SPLIT.len() as u64)? == SPLIT)
}

/// Reads what can be read of an archive without its table of contents, which stands at the end and is the first to go.
fn read_by_heads(
    blob: &dyn Blob,
    context: &Context<'_>,
    content: &mut Content,
    paths: &mut MemberPaths,
) {
    // The mark of a split archive stands before the first member.
    let start = if starts_with_split(blob).unwrap_or_default() { 4 } else { 0 };
    // One more than may be read, so that what is left out is told.
    let most = context.limits.members.saturating_add(1);
    let records = heads(blob, start..blob.len(), most, || context.progress());
    let places = Places::default();
    Unread { blob, context, content, paths, places }.take(&records, Told::Listed);
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_archive_is_known_behind_other_bytes() {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("a.txt", zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(b"x").unwrap();
        let archive = archive.finish().unwrap().into_inner();
        let sniffed = |front: &[u8], name: &str| {
            let bytes = [front, &archive].concat();
            sniff(&Probe::new(&bytes, name).unwrap())
        };
        assert_eq!(sniffed(b"", "a.bin"), Match::Magic);
        for front in [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[7; 5000]] {
            assert_eq!(sniffed(front, "a.bin"), Match::Extension);
        }
        for front in [b"MZ\x90\0".as_slice(), b"%PDF-1.4\n", &[7; 70_000]] {
            assert_eq!(sniffed(front, "a.zip"), Match::No);
        }
    }
}
