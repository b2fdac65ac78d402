//! TAR archives.

use std::collections::HashMap;
use std::io::{Read, Seek};

use madang_document::content::Content;
use madang_document::part::Part;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use tar::{Archive, EntryType};

use crate::blob::{Blob, Cursor, read_range};
use crate::context::Context;
use crate::encoding::decode;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{link_to, list_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "tar",
    version: 3,
    media_types: &["application/x-tar"],
    sniff,
    media_type: |_| "application/x-tar",
    extract,
};

/// `ustar` in the header (POSIX.1-2017, pax), or a header of the older kind with the right check sum. Of one with a wrong sum
/// the sign may be chance, or made to mislead: a PDF that stands within the reach of its readers is one before that.
fn sniff(probe: &Probe<'_>) -> Match {
    let Some(header) = probe.head.get(..512) else { return Match::No };
    let is_sound = header.first() != Some(&0) && has_check_sum(header);
    let reach = probe.head.get(..1024).unwrap_or(&probe.head);
    let is_pdf = || reach.windows(5).any(|bytes| bytes == b"%PDF-");
    if is_sound || probe.has_at(257, b"ustar") && !is_pdf() { Match::Magic } else { Match::No }
}

/// The sum of the bytes of the header, its own field taken as blanks, in octal digits.
fn has_check_sum(header: &[u8]) -> bool {
    let field = header.get(148..156).unwrap_or_default();
    let digits: String = field.iter().map(|b| char::from(*b)).collect();
    let Ok(stated) = u32::from_str_radix(digits.trim_matches([' ', '\0']), 8) else { return false };
    let all: u32 = header.iter().map(|b| u32::from(*b)).sum();
    let own: u32 = field.iter().map(|b| u32::from(*b)).sum();
    stated == all - own + 8 * 32
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut paths = MemberPaths::default();
    // Where the bytes of each name lie, and how many they are: hard links lead to them.
    let mut places: HashMap<Vec<u8>, (u64, u64)> = HashMap::new();
    let mut start = Some(0);
    while let Some(at) = start {
        let archive = Unread { blob, at, places: &mut places, paths: &mut paths };
        let end = archive.read(context, &mut content)?;
        start = end.map(|end| next_archive(blob, end)).transpose()?.flatten();
    }
    Ok(content)
}

/// Where another archive begins behind the end of one, which `cat` leaves there; its programs fill up to a whole record.
fn next_archive(blob: &dyn Blob, end: u64) -> Result<Option<u64>, ExtractError> {
    const BLOCK: usize = 512;
    /// The largest record that packers write.
    const RECORD: u64 = 1 << 20;
    let behind = read_range(blob, end, RECORD + BLOCK as u64)?;
    let (blocks, _) = behind.as_chunks::<BLOCK>();
    let next = blocks.iter().position(|block| block.iter().any(|byte| *byte != 0));
    let header = next.filter(|at| blocks.get(*at).is_some_and(|block| has_check_sum(block)));
    Ok(header.map(|at| end + (at * BLOCK) as u64))
}

/// An archive that begins at some byte of a file, and what is known of those before it.
struct Unread<'a> {
    blob: &'a dyn Blob,
    at: u64,
    places: &'a mut HashMap<Vec<u8>, (u64, u64)>,
    paths: &'a mut MemberPaths,
}

impl Unread<'_> {
    /// Reads its members, and gives where it ends; nothing if no more is to be read.
    fn read(
        self,
        context: &Context<'_>,
        content: &mut Content,
    ) -> Result<Option<u64>, ExtractError> {
        let Unread { blob, at, places, paths } = self;
        let mut archive = Archive::new(Cursor::at(blob, at));
        for entry in archive.entries()? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if content.members.is_empty() => {
                    return Err(ExtractError::broken(error));
                }
                Err(error) => {
                    let broken = ReasonKind::Broken(Quote::of(&error));
                    content.lost(broken.within(Part::AfterMembers(content.members.len() as u64)));
                    return Ok(None);
                }
            };
            context.progress();
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            let name = entry.path_bytes().into_owned();
            let path = paths.take(&decode(&name).text);
            let size = entry.size();
            let go_on = if kind.is_file() || kind.is_contiguous() {
                places.insert(plain(&name).to_owned(), (at + entry.raw_file_position(), size));
                take_member(entry, &path, Some(size), context, content)
            } else if kind.is_gnu_sparse() {
                take_member(entry, &path, Some(size), context, content)
            } else {
                let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
                // A hard link is one more name of a file: whichever of the two was packed first has the bytes.
                let place = target.as_deref().filter(|_| kind.is_hard_link());
                match place.and_then(|target| places.get(plain(target)).copied()) {
                    Some((at, size)) => {
                        places.insert(plain(&name).to_owned(), (at, size));
                        let bytes = Cursor::at(blob, at).take(size);
                        take_member(bytes, &path, Some(size), context, content)
                    }
                    None => list_member(path, what(kind, target.as_deref()), context, content),
                }
            };
            if !go_on {
                return Ok(None);
            }
        }
        Ok(Some(archive.into_inner().stream_position()?))
    }
}

/// A name as links call it: packers write `./a` and `a` for the same file.
fn plain(mut name: &[u8]) -> &[u8] {
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    name
}

/// What a member is that holds nothing.
fn what(kind: EntryType, target: Option<&[u8]>) -> ReasonKind {
    match kind {
        EntryType::Symlink | EntryType::Link => link_to(target),
        EntryType::Char | EntryType::Block => ReasonKind::Device,
        EntryType::Fifo => ReasonKind::Pipe,
        kind => ReasonKind::MemberKind(format!("{:?}", char::from(kind.as_byte())).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_size(1);
            header.set_cksum();
            builder.append_data(&mut header, name, &b"x"[..]).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn an_archive_behind_another_is_found() {
        let one = archive(&["a"]);
        let end = one.len() as u64 - 512;
        for filling in [0, 512, 20 * 512] {
            let both = [one.as_slice(), &vec![0; filling], &archive(&["b"])].concat();
            let next = next_archive(&both, end).unwrap();
            assert_eq!(next, Some((one.len() + filling) as u64), "{filling}");
        }
        for behind in [&[][..], &[0; 5000], &[7; 2000]] {
            assert_eq!(next_archive(&[one.as_slice(), behind].concat(), end).unwrap(), None);
        }
    }
}
