//! The drawings of the binary Office formats (MS-ODRAW), as far as they hold pictures.

use madang_document::content::{Content, Member};

use super::bytes::{piece, u8_at, u16_at, u32_at};
use super::windows_text::wide;
use crate::context::Context;

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

/// Pictures stored with drawings: what kind each is and how large.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    found: Vec<(&'static str, u64)>,
}

/// A picture and what is said about it (section 2.2.32).
const BSE: u16 = 0xF007;
const BSE_HEAD: usize = 36;

impl Pictures {
    /// Finds the pictures in these records, however deep they lie in containers.
    pub(super) fn find(&mut self, bytes: &[u8]) {
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

    /// Takes a record if it is a picture (section 2.2.23).
    fn take(&mut self, record: &Record<'_>) {
        let extension = match record.kind {
            0xF01A => "emf",
            0xF01B => "wmf",
            0xF01C => "pict",
            0xF01D | 0xF02A => "jpg",
            0xF01E => "png",
            0xF01F => "bmp",
            0xF029 => "tif",
            _ => return,
        };
        // One or two hashes, and a byte, or the sizes of a metafile, stand before the picture itself.
        let metafile = matches!(record.kind, 0xF01A..=0xF01C);
        let second = record.instance & 1 == 1 && record.kind != 0xF01A || record.instance == 0x3D5;
        let head = 16 + if second { 16 } else { 0 } + if metafile { 34 } else { 1 };
        self.found.push((extension, record.data.len().saturating_sub(head) as u64));
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
        // With the head of its record, a hash and a byte.
        let size = u32_at(entry, 20).unwrap_or(0).saturating_sub(25);
        if size > 0 {
            self.found.push((extension, size.into()));
        }
    }

    /// Lists the pictures as members in `folder`.
    pub(super) fn list(self, folder: &str, context: &Context<'_>, content: &mut Content) {
        let most = usize::try_from(context.limits.members).unwrap_or(usize::MAX);
        for (number, (extension, size)) in (1u32..).zip(self.found).take(most) {
            let path = format!("{folder}/{number}.{extension}");
            content.members.push(Member { path, size: Some(size), outcome: None, told: None });
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

    #[test]
    fn pictures_are_found_in_containers() {
        let mut picture = vec![0x00, 0x6E, 0x1E, 0xF0, 21, 0, 0, 0];
        picture.extend([0; 17]);
        picture.extend(b"\x89PNG");
        let mut entry = vec![0x62, 0, 0x07, 0xF0, 36 + 29, 0, 0, 0];
        entry.extend([0; 36]);
        entry.extend(picture);
        let mut group = vec![0x1F, 0, 0x01, 0xF0];
        group.extend((entry.len() as u32).to_le_bytes());
        group.extend(entry);
        let mut pictures = Pictures::default();
        pictures.find(&group);
        assert_eq!(pictures.found, [("png", 4)]);
        // A length that leads out of the bytes ends the walk.
        pictures.find(&[0, 0, 0x1E, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(records(&[0x0F, 0, 1, 0, 0, 0, 0, 0]).count(), 1);
    }
}
