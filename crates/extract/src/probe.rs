use std::cell::OnceCell;

use crate::blob::{Blob, Cursor, read_range};
use crate::compound_file::{CompoundFile, SIGNATURE};
use crate::encoding::{decode, is_text_of_fields, is_text_with_controls, looks_like_text};
use crate::naming::{extension, last};

/// What a row of the table may look at to tell its kind: the first bytes, the name, and the table of contents
/// of a ZIP or a compound file, read once for all rows.
pub struct Probe<'a> {
    blob: &'a dyn Blob,
    /// The first bytes, at most [`Probe::HEAD`].
    pub head: Vec<u8>,
    /// The name without its folders, as the store spells it.
    pub name: &'a str,
    /// The part of the name after the last dot, lower case, without the dot; empty if there is none.
    pub extension: String,
    zip: OnceCell<Option<ZipContents>>,
    cfb: OnceCell<Option<Vec<String>>>,
    text: OnceCell<Option<String>>,
}

/// What a ZIP file holds, as far as telling its kind goes.
#[derive(Debug)]
pub struct ZipContents {
    /// Names of the entries, at most 1,000, in the order of the central directory.
    pub names: Vec<String>,
    /// The text of the entry `mimetype` (ODF 1.3 part 2, section 3.3; EPUB; HWPX), trimmed.
    pub mimetype: Option<String>,
}

impl<'a> Probe<'a> {
    /// How many first bytes are read.
    pub const HEAD: usize = 64 * 1024;

    /// Reads the first bytes of `blob`.
    ///
    /// # Errors
    /// When the blob cannot be read.
    pub fn new(blob: &'a dyn Blob, name: &'a str) -> std::io::Result<Probe<'a>> {
        let (name, extension) = (last(name), extension(name));
        let head = read_range(blob, 0, Probe::HEAD as u64)?;
        Ok(Probe {
            blob,
            head,
            name,
            extension,
            zip: OnceCell::new(),
            cfb: OnceCell::new(),
            text: OnceCell::new(),
        })
    }

    /// Size of the blob in bytes.
    pub fn size(&self) -> u64 {
        self.blob.len()
    }

    /// The last bytes, at most `most`; none if they cannot be read.
    pub(crate) fn tail(&self, most: u64) -> Vec<u8> {
        let start = self.blob.len().saturating_sub(most);
        read_range(self.blob, start, most).unwrap_or_default()
    }

    /// Whether the bytes start so.
    pub fn starts_with(&self, magic: &[u8]) -> bool {
        self.head.starts_with(magic)
    }

    /// Whether these bytes stand at `offset` of the first bytes.
    pub fn has_at(&self, offset: usize, magic: &[u8]) -> bool {
        self.head.get(offset..).is_some_and(|rest| rest.starts_with(magic))
    }

    /// The first bytes as text, in whatever encoding; none if they are not text.
    pub fn text(&self) -> Option<&str> {
        // Many rows ask, and most files are none of theirs: in the bytes of a package or a picture each encoding would be
        // looked for in vain.
        let is_text = || {
            let called = self.is_called_text();
            !is_binary(&self.head)
                && (looks_like_text(&self.head)
                    || is_text_of_fields(&self.head)
                    || (called && is_text_with_controls(&self.head)))
        };
        self.text.get_or_init(|| is_text().then(|| decode(&self.head).text)).as_deref()
    }

    /// Whether the name says that it is text.
    fn is_called_text(&self) -> bool {
        let texts =
            ["txt", "text", "log", "out", "csv", "tsv", "json", "jsonl", "ndjson", "geojson"];
        texts.contains(&self.extension.as_str())
    }

    /// What the ZIP file holds; none if it is not one. Bytes may stand in front of it.
    pub fn zip(&self) -> Option<&ZipContents> {
        self.zip
            .get_or_init(|| {
                if !self.starts_with(b"PK") && !self.ends_as_zip() {
                    return None;
                }
                let mut archive = zip::ZipArchive::new(Cursor::new(self.blob)).ok()?;
                let names =
                    archive.file_names().take(1000).flatten().map(|n| n.into_owned()).collect();
                let mimetype = archive.by_name("mimetype").ok().and_then(|entry| {
                    let mut text = String::new();
                    std::io::Read::read_to_string(&mut std::io::Read::take(entry, 200), &mut text)
                        .ok()?;
                    Some(text.trim().to_owned())
                });
                Some(ZipContents { names, mimetype })
            })
            .as_ref()
    }

    /// Whether somebody put bytes in front of a ZIP file, as the head of a download: its first member begins in the first bytes,
    /// and the end is that of an archive. A program that unpacks itself is none, nor is what begins as something else.
    fn ends_as_zip(&self) -> bool {
        const OTHERS: [&[u8]; 3] = [b"MZ", b"\x7FELF", b"%PDF-"];
        const MEMBER: &[u8] = b"PK\x03\x04";
        /// The record at the end, and the comment behind it (APPNOTE 6.3.10, section 4.3.16), which few archives have.
        const END: usize = 22;
        let comment = if self.extension == "zip" { u64::from(u16::MAX) } else { 0 };
        let tail = self.tail(END as u64 + comment);
        let is_end = |window: &[u8]| window.starts_with(b"PK\x05\x06");
        tail.windows(END).any(is_end)
            && !is_binary(&self.head)
            && !OTHERS.iter().any(|other| self.starts_with(other))
            && self.head.windows(MEMBER.len()).any(|window| window == MEMBER)
    }

    /// Paths of the streams of the compound file (MS-CFB), at most 1,000, with `/` as separator and without
    /// the leading one; none if it is not one.
    pub fn cfb(&self) -> Option<&[String]> {
        self.cfb
            .get_or_init(|| {
                if !self.starts_with(&SIGNATURE) {
                    return None;
                }
                Some(CompoundFile::open(self.blob).ok()?.paths(1000))
            })
            .as_deref()
    }
}

/// Whether bytes start as packages, compound files and pictures do, and no text in any encoding. A bitmap is told by the size
/// of its second header: much of a drawing is white, in bytes that Korean encodings have, too.
fn is_binary(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 10] = [
        b"PK\x03\x04",
        &SIGNATURE,
        b"\x89PNG\r\n\x1A\n",
        b"\xFF\xD8\xFF",
        b"GIF87a",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"\xD7\xCD\xC6\x9A\0\0",
        b"\x01\0\0\0",
    ];
    let is_bitmap = matches!(head.get(..18), Some([b'B', b'M', .., 0, 0, 0]));
    is_bitmap || MAGIC.iter().any(|magic| head.starts_with(magic))
}

impl std::fmt::Debug for Probe<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Probe({}, {} bytes)", self.name, self.blob.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each encoding would be looked for in the first 64 KiB of every package and picture.
    #[test]
    fn what_begins_as_a_package_or_a_picture_is_not_weighed_as_text() {
        let text = "수문 점검 기록\n".repeat(200);
        let jpeg = b"\xFF\xD8\xFF\xE0".as_slice();
        let bitmap = b"BM\x36\x00\x01\x00\0\0\0\0\x36\0\0\0\x28\0\0\0".as_slice();
        for magic in [
            b"PK\x03\x04".as_slice(),
            &SIGNATURE,
            b"\x89PNG\r\n\x1A\n",
            jpeg,
            b"GIF89a",
            b"II*\0",
            bitmap,
        ] {
            let bytes = [magic, text.as_bytes()].concat();
            assert!(Probe::new(&bytes, "a.bin").unwrap().text().is_none(), "{magic:?}");
        }
        let bytes = text.into_bytes();
        assert!(Probe::new(&bytes, "a.bin").unwrap().text().is_some());
    }
}
