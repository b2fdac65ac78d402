//! The drawings of the binary Office formats (MS-ODRAW), as far as they hold pictures.

use std::collections::HashSet;

use flate2::read::ZlibDecoder;
use madang_document::content::Content;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;

use super::bitmap_file::bitmap_file;
use super::bytes::{piece, u8_at, u16_at, u32_at};
use super::windows_text::wide;
use crate::context::Context;
use crate::unpack::{End, leave_member, take_member, take_unpacked, unpack};

/// A record of a drawing (MS-ODRAW, section 2.2.1); PowerPoint's records have the same head (MS-PPT, section 2.3.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// 15 for a record that holds records.
    pub(super) version: u16,
    pub(super) instance: u16,
    pub(super) kind: u16,
    pub(super) data: &'a [u8],
    /// Whether the bytes end before the record does.
    pub(super) cut_short: bool,
}

impl Record<'_> {
    /// Whether it holds records.
    pub(super) fn is_container(&self) -> bool {
        self.version == 0xF
    }
}

/// The records in these bytes, one after the other.
pub(super) fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0usize;
    std::iter::from_fn(move || {
        let record = record(bytes, at)?;
        at = at.saturating_add(8).saturating_add(record.data.len());
        Some(record)
    })
}

/// The record at `at`.
pub(super) fn record(bytes: &[u8], at: usize) -> Option<Record<'_>> {
    let head = u16_at(bytes, at)?;
    let kind = u16_at(bytes, at.checked_add(2)?)?;
    let length = u32_at(bytes, at.checked_add(4)?)? as usize;
    let rest = bytes.get(at.checked_add(8)?..)?;
    let data = rest.get(..length).unwrap_or(rest);
    let cut_short = data.len() < length;
    Some(Record { version: head & 0xF, instance: head >> 4, kind, data, cut_short })
}

/// Tables of properties (section 2.2.9 to 2.2.12).
pub(super) const PROPERTIES: [u16; 3] = [0xF00B, 0xF121, 0xF122];
/// The property that describes a shape for who cannot see it (section 2.3.4.2).
const DESCRIPTION: u16 = 0x0381;

/// The alternative text in a table of properties. Names of files that programs put there by themselves are none.
pub(super) fn description(properties: &Record<'_>) -> Option<String> {
    let mut at = usize::from(properties.instance) * 6;
    for property in properties.data.chunks_exact(6).take(properties.instance.into()) {
        let (id, value) = (u16_at(property, 0)?, u32_at(property, 2)? as usize);
        // The data of a property that is no number stands behind the table.
        if id & 0x8000 == 0 {
            continue;
        }
        if id & 0x3FFF == DESCRIPTION {
            let text = wide(piece(properties.data, at, value)).trim().to_owned();
            let is_file = text.rsplit_once('.').is_some_and(|(name, extension)| {
                extension.len() <= 4 && (!name.contains(' ') || name.contains(['\\', '/']))
            });
            return Some(text).filter(|text| !text.is_empty() && !is_file);
        }
        at = at.saturating_add(value);
    }
    None
}

/// The alternative texts of all shapes in these records, however deep they lie.
pub(super) fn descriptions(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0usize;
    while let Some(record) = record(bytes, at) {
        at = at.saturating_add(8);
        if record.is_container() {
            continue;
        }
        if PROPERTIES.contains(&record.kind) {
            found.extend(description(&record));
        }
        at = at.saturating_add(record.data.len());
    }
    found
}

/// Pictures stored with drawings, each once.
#[derive(Debug, Default)]
pub(super) struct Pictures<'a> {
    /// The stream in which those lie that are not stored with what is said of them.
    elsewhere: &'a [u8],
    found: Vec<Picture<'a>>,
    known: HashSet<&'a [u8]>,
}

/// A picture, and how it is stored.
#[derive(Debug, PartialEq, Eq)]
struct Picture<'a> {
    extension: &'static str,
    stored: Stored,
    /// Empty if it is not there.
    bytes: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    /// As in a file.
    Plain,
    /// The same, and its bytes end before it does.
    CutShort,
    /// Deflated, of so many bytes.
    Deflated(usize),
    /// Not where the document says.
    Nowhere,
}

/// A picture and what is said about it (section 2.2.32).
pub(super) const BSE: u16 = 0xF007;
const BSE_HEAD: usize = 36;

/// The sizes that stand before a metafile (section 2.2.31), the last but one byte of which says whether it is deflated.
pub(super) const METAFILE_HEAD: usize = 34;

impl<'a> Pictures<'a> {
    /// Pictures of which some may lie in this stream.
    pub(super) fn with(elsewhere: &'a [u8]) -> Pictures<'a> {
        Pictures { elsewhere, ..Pictures::default() }
    }

    /// Finds the pictures in these records, however deep they lie in containers.
    pub(super) fn find(&mut self, bytes: &'a [u8]) {
        let mut at = 0usize;
        while let Some(record) = record(bytes, at) {
            at = at.saturating_add(8);
            if record.is_container() {
                continue;
            }
            if record.kind == BSE {
                let name = u8_at(record.data, 33).unwrap_or(0);
                let head = BSE_HEAD.saturating_add(name.into());
                if record.data.len() <= head {
                    self.take_elsewhere(record.data);
                }
                at = at.saturating_add(head.min(record.data.len()));
                continue;
            }
            self.take(&record);
            at = at.saturating_add(record.data.len());
        }
    }

    /// Takes a record if it is a picture (section 2.2.23), and says whether it is.
    fn take(&mut self, record: &Record<'a>) -> bool {
        let extension = match record.kind {
            0xF01A => "emf",
            0xF01B => "wmf",
            0xF01C => "pict",
            0xF01D | 0xF02A => "jpg",
            0xF01E => "png",
            0xF01F => "bmp",
            0xF029 => "tif",
            _ => return false,
        };
        // One or two hashes, and a byte, or the sizes of a metafile, stand before the picture itself.
        let hashes = if record.instance & 1 == 1 { 32 } else { 16 };
        let metafile = matches!(record.kind, 0xF01A..=0xF01C);
        let head = hashes + if metafile { METAFILE_HEAD } else { 1 };
        let sizes = piece(record.data, hashes, METAFILE_HEAD);
        let stored = match u8_at(sizes, METAFILE_HEAD - 2).filter(|_| metafile) {
            Some(0) => Stored::Deflated(u32_at(sizes, 0).unwrap_or(0) as usize),
            _ if record.cut_short => Stored::CutShort,
            _ => Stored::Plain,
        };
        let bytes = record.data.get(head..).unwrap_or_default();
        if !bytes.is_empty() && self.known.insert(bytes) {
            self.found.push(Picture { extension, stored, bytes });
        }
        true
    }

    /// Takes a picture that lies in another stream (section 2.2.32).
    fn take_elsewhere(&mut self, entry: &[u8]) {
        let extension = match u8_at(entry, 0) {
            Some(2) => "emf",
            Some(3) => "wmf",
            Some(4) => "pict",
            Some(5) => "jpg",
            Some(6) => "png",
            Some(7) => "bmp",
            Some(0x11) => "tif",
            _ => return,
        };
        let number = |at| u32_at(entry, at).unwrap_or(0);
        let (size, references, offset) = (number(20), number(24), number(28));
        let there = record(self.elsewhere, offset as usize).is_some_and(|found| self.take(&found));
        // An entry to which no shape refers any more may lead nowhere, and so may one of a picture that is only linked.
        let lies_elsewhere = size > 0 && references > 0 && offset != u32::MAX;
        if !there && lies_elsewhere && !self.elsewhere.is_empty() {
            self.found.push(Picture { extension, stored: Stored::Nowhere, bytes: &[] });
        }
    }

    /// Extracts the pictures as members in `folder`.
    pub(super) fn take_members(self, folder: &str, context: &Context<'_>, content: &mut Content) {
        for (number, Picture { extension, stored, bytes }) in (1u32..).zip(self.found) {
            let path = format!("{folder}/{number}.{extension}");
            let size = Some(bytes.len() as u64);
            let goes_on = match stored {
                Stored::Nowhere => {
                    let reason = ReasonKind::NotThere.into();
                    leave_member(&path, None, Outcome::Corrupt, reason, context, content)
                }
                Stored::Deflated(size) => {
                    take_unpacked(&path, Some(size as u64), context, content, |most| {
                        let mut unpacked = unpack(ZlibDecoder::new(bytes), most, context);
                        // Office does not always end the stream; then its stated size tells.
                        if matches!(unpacked.end, End::Damaged(_)) && unpacked.bytes.len() == size {
                            unpacked.end = End::Whole;
                        }
                        Ok(unpacked)
                    })
                }
                Stored::CutShort => take_unpacked(&path, size, context, content, |most| {
                    let mut unpacked = unpack(bytes, most, context);
                    if matches!(unpacked.end, End::Whole) {
                        unpacked.end = End::Damaged(ReasonKind::CutShort.into());
                    }
                    Ok(unpacked)
                }),
                Stored::Plain if extension == "bmp" => {
                    let file = bitmap_file(bytes);
                    take_member(file.as_slice(), &path, Some(file.len() as u64), context, content)
                }
                Stored::Plain => take_member(bytes, &path, size, context, content),
            };
            if !goes_on {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_described() {
        let table = |text: &str| {
            let text: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            let mut data = vec![0x7F, 0, 1, 0, 0, 0, 0x80, 0xC3, 2, 0, 0, 0, 0x81, 0xC3];
            data.extend((text.len() as u32).to_le_bytes());
            data.extend([b'x', 0]);
            data.extend(text);
            let mut record = vec![0x33, 0, 0x0B, 0xF0];
            record.extend((data.len() as u32).to_le_bytes());
            [record, data].concat()
        };
        assert_eq!(descriptions(&table("제방 사진")), ["제방 사진"]);
        assert!(descriptions(&table("C:\\My Pictures\\IMG 1.jpg")).is_empty());
        assert!(descriptions(&table("")).is_empty());
        assert!(
            descriptions(&[0xF3, 0xFF, 0x0B, 0xF0, 6, 0, 0, 0, 0x81, 0xC3, 9, 9, 9, 9]).is_empty()
        );
    }

    fn picture(kind: u16, instance: u16, head: usize, bytes: &[u8]) -> Vec<u8> {
        let mut picture = (instance << 4).to_le_bytes().to_vec();
        picture.extend(kind.to_le_bytes());
        picture.extend(((head + bytes.len()) as u32).to_le_bytes());
        picture.resize(8 + head, 0);
        picture.extend(bytes);
        picture
    }

    fn entry(kind: u8, [size, references, offset]: [u32; 3], picture: &[u8]) -> Vec<u8> {
        let mut entry = vec![0x62, 0, 0x07, 0xF0];
        entry.extend((36 + picture.len() as u32).to_le_bytes());
        entry.resize(8 + 20, kind);
        [size, references, offset].iter().for_each(|n| entry.extend(n.to_le_bytes()));
        entry.resize(8 + 36, 0);
        entry.extend(picture);
        entry
    }

    #[test]
    fn pictures_are_found_in_containers_and_each_once() {
        let png = picture(0xF01E, 0x6E0, 17, b"\x89PNG");
        let twice = [entry(6, [29, 1, 0], &png), entry(6, [29, 1, 0], &png)].concat();
        let mut group = vec![0x1F, 0, 0x01, 0xF0];
        group.extend((twice.len() as u32).to_le_bytes());
        group.extend(twice);
        let mut pictures = Pictures::default();
        pictures.find(&group);
        let found: Vec<_> = pictures.found.iter().map(|it| (it.extension, it.bytes)).collect();
        assert_eq!(found, [("png", &b"\x89PNG"[..])]);
        // A length that leads out of the bytes ends the walk.
        pictures.find(&[0, 0, 0x1E, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(pictures.found.len(), 1);
        assert_eq!(records(&[0x0F, 0, 1, 0, 0, 0, 0, 0]).count(), 1);
    }

    #[test]
    fn pictures_lie_elsewhere_or_nowhere() {
        let jpeg = picture(0xF01D, 0x46B, 33, b"\xFF\xD8\xFF");
        let elsewhere = [&[9; 5][..], &jpeg].concat();
        let mut pictures = Pictures::with(&elsewhere);
        let entries = [
            entry(5, [44, 1, 5], &[]),
            entry(5, [44, 1, 999], &[]),
            // Nothing refers to this one any more, and this is an empty place.
            entry(5, [44, 0, 999], &[]),
            entry(5, [0, 0, u32::MAX], &[]),
        ]
        .concat();
        pictures.find(&entries);
        let found: Vec<_> = pictures.found.iter().map(|it| (it.stored, it.bytes)).collect();
        assert_eq!(found, [(Stored::Plain, &b"\xFF\xD8\xFF"[..]), (Stored::Nowhere, &[][..])]);
    }
}
