//! Image file directories, which TIFF, BigTIFF, EXIF and the raw formats of cameras are made of (TIFF 6.0, section 2).
//!
//! A directory is read where it lies, and a value when somebody asks for it: of a scan of a hundred megabytes some
//! kilobytes are read.

use std::collections::HashSet;

use super::korean_bytes::tag_text;
use crate::blob::{Blob, read_range};

/// Entries of a directory that are read; cameras write a hundred.
const ENTRIES_MOST: u64 = 2_000;

/// Directories of one chain that are walked: a scan has one for each page.
pub(super) const CHAIN_MOST: usize = 100_000;

/// Bytes of a value that are read.
const VALUE_MOST: u64 = 1 << 20;

/// Numbers of a value that are read.
const NUMBERS_MOST: usize = 4_096;

/// The structure as a whole: where it lies, and how its numbers are written.
pub(super) struct Ifds<'a> {
    blob: &'a dyn Blob,
    is_little: bool,
    is_big: bool,
    /// Where the first directory stands.
    first: u64,
}

/// A directory.
pub(super) struct Ifd<'a> {
    ifds: &'a Ifds<'a>,
    entries: Vec<Entry>,
    /// Where the next one stands; 0 if it is the last.
    pub(super) next: u64,
    /// Whether it promises entries or values where there are no bytes.
    pub(super) leads_out: bool,
    /// Whether the file ends within its entries or within a value.
    pub(super) is_cut: bool,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    at: u64,
}

impl Entry {
    /// Bytes of one number of this kind (TIFF 6.0, section 2; BigTIFF).
    fn width(&self) -> u64 {
        match self.kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => 1,
        }
    }

    fn length(&self) -> u64 {
        self.count.saturating_mul(self.width())
    }
}

impl<'a> Ifds<'a> {
    /// None if these are not the bytes of such a structure. The number behind the order of bytes is not looked at but for
    /// BigTIFF's: Olympus and Panasonic have their own.
    pub(super) fn open(blob: &'a dyn Blob) -> Option<Ifds<'a>> {
        let head = read_range(blob, 0, 16).ok()?;
        let is_little = match head.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let mut ifds = Ifds { blob, is_little, is_big: false, first: 0 };
        ifds.is_big = ifds.number(head.get(2..4)?) == 43;
        ifds.first = ifds.number(if ifds.is_big { head.get(8..16)? } else { head.get(4..8)? });
        Some(ifds)
    }

    /// One whose first directory stands here, in the order of another's bytes: that of a maker's notes.
    pub(super) fn at(blob: &'a dyn Blob, is_little: bool, first: u64) -> Ifds<'a> {
        Ifds { blob, is_little, is_big: false, first }
    }

    pub(super) fn is_little(&self) -> bool {
        self.is_little
    }

    /// Whether places in it are of eight bytes: BigTIFF.
    pub(super) fn is_big(&self) -> bool {
        self.is_big
    }

    /// The first directory.
    pub(super) fn first(&self) -> Option<Ifd<'_>> {
        self.directory(self.first)
    }

    /// Where the directories of the chain stand, from the first on, until one comes again or is not there; and whether the
    /// chain ended well. None of them is read.
    pub(super) fn chain(&self) -> (Vec<u64>, bool) {
        let (mut places, mut known, mut at) = (Vec::new(), HashSet::new(), self.first);
        while at != 0 {
            let head = read_range(self.blob, at, if self.is_big { 8 } else { 2 });
            let head = head.ok().filter(|head| !head.is_empty() && places.len() < CHAIN_MOST);
            let Some(head) = head.filter(|_| known.insert(at)) else { return (places, false) };
            places.push(at);
            at = self.next(at, self.number(&head));
        }
        (places, true)
    }

    /// Where the directory stands that follows the one at this place, of so many entries; 0 if none does.
    fn next(&self, at: u64, count: u64) -> u64 {
        let (count_width, entry_width, width) = if self.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let entries = count.saturating_mul(entry_width);
        let next_at = at.saturating_add(count_width).saturating_add(entries);
        read_range(self.blob, next_at, width).map(|bytes| self.number(&bytes)).unwrap_or(0)
    }

    /// The directory at this place; none if nothing of it is there.
    pub(super) fn directory(&self, at: u64) -> Option<Ifd<'_>> {
        let (count_width, entry_width, inline) = if self.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let count = read_range(self.blob, at, count_width).ok()?;
        if (count.len() as u64) < count_width {
            return None;
        }
        let count = self.number(&count);
        let entries_at = at.checked_add(count_width)?;
        let length = count.min(ENTRIES_MOST) * entry_width;
        let bytes = read_range(self.blob, entries_at, length).ok()?;
        let mut leads_out = (bytes.len() as u64) < length || count > ENTRIES_MOST;
        let mut is_cut = (bytes.len() as u64) < length && count <= ENTRIES_MOST;
        let mut entries = Vec::new();
        for (n, entry) in (0u64..).zip(bytes.chunks_exact(entry_width as usize)) {
            let (head, value) = entry.split_at_checked(entry.len() - inline)?;
            let (tag, kind) = (self.number(head.get(..2)?), self.number(head.get(2..4)?));
            let mut entry = Entry {
                tag: u16::try_from(tag).ok()?,
                kind: u16::try_from(kind).ok()?,
                count: self.number(head.get(4..)?),
                at: entries_at + n * entry_width + entry_width - inline as u64,
            };
            if entry.length() > inline as u64 {
                entry.at = self.number(value);
                let is_beyond = entry.at.saturating_add(entry.length()) > self.blob.len();
                leads_out |= is_beyond;
                // One that stands behind the end as a whole may be a slip of whoever wrote it.
                is_cut |= is_beyond && entry.at < self.blob.len() && (1..=18).contains(&kind);
            }
            entries.push(entry);
        }
        let next = self.next(at, count);
        Some(Ifd { ifds: self, entries, next, leads_out, is_cut })
    }

    /// A whole number of as many bytes as there are, eight at most.
    fn number(&self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.is_little {
            true => bytes.iter().take(8).rev().fold(0, add),
            false => bytes.iter().take(8).fold(0, add),
        }
    }
}

impl<'a> Ifd<'a> {
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// Whether the directory has this tag.
    pub(super) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// The bytes of a value, of whatever kind, as far as they are there.
    pub(super) fn bytes(&self, tag: u16) -> Option<Vec<u8>> {
        let entry = self.entry(tag)?;
        read_range(self.ifds.blob, entry.at, entry.length().min(VALUE_MOST)).ok()
    }

    /// Where the bytes of a value lie, and how many there are.
    pub(super) fn place(&self, tag: u16) -> Option<(u64, u64)> {
        self.entry(tag).map(|entry| (entry.at, entry.length()))
    }

    /// The numbers of a value; a fraction without a value is none, and is left out.
    pub(super) fn numbers(&self, tag: u16) -> Vec<f64> {
        self.all_numbers(tag).into_iter().flatten().collect()
    }

    /// The numbers of a value, with none in the place of each fraction without a value.
    pub(super) fn all_numbers(&self, tag: u16) -> Vec<Option<f64>> {
        let (Some(entry), Some(bytes)) = (self.entry(tag), self.bytes(tag)) else {
            return Vec::new();
        };
        let width = usize::try_from(entry.width()).unwrap_or(1);
        let numbers = bytes.chunks_exact(width).take(NUMBERS_MOST);
        numbers.map(|bytes| self.one(entry.kind, bytes)).collect()
    }

    /// One number of this kind.
    fn one(&self, kind: u16, bytes: &[u8]) -> Option<f64> {
        let whole = self.ifds.number(bytes);
        let signed = |bytes: &[u8]| {
            let unused = 64 - 8 * bytes.len() as u32;
            (self.ifds.number(bytes) << unused).cast_signed() >> unused
        };
        let value = match kind {
            1 | 3 | 4 | 7 | 13 | 16 | 18 => whole as f64,
            6 | 8 | 9 | 17 => signed(bytes) as f64,
            5 | 10 => {
                let (above, below) = bytes.split_at_checked(4)?;
                match kind {
                    5 => self.ifds.number(above) as f64 / self.ifds.number(below) as f64,
                    _ => signed(above) as f64 / signed(below) as f64,
                }
            }
            11 => f64::from(f32::from_bits(u32::try_from(whole).ok()?)),
            12 => f64::from_bits(whole),
            _ => return None,
        };
        value.is_finite().then_some(value)
    }

    /// The places, or the lengths, of all pieces that a tag lists: a picture may have one for each of its rows.
    pub(super) fn pieces(&self, tag: u16) -> Vec<u64> {
        let width = self.entry(tag).map_or(1, |entry| entry.width() as usize);
        let bytes = self.bytes(tag).unwrap_or_default();
        bytes.chunks_exact(width).map(|bytes| self.ifds.number(bytes)).collect()
    }

    /// Whether one of the pieces whose places and lengths these two tags list reaches beyond the end of the file.
    pub(super) fn reaches_beyond(&self, places: u16, lengths: u16) -> bool {
        let end = self.ifds.blob.len();
        let mut pieces = self.pieces(places).into_iter().zip(self.pieces(lengths));
        pieces.any(|(at, length)| length > 0 && at.saturating_add(length) > end)
    }

    /// The first number of a value.
    pub(super) fn number(&self, tag: u16) -> Option<f64> {
        self.all_numbers(tag).first().copied().flatten()
    }

    /// The first number of a value, if it is a whole one.
    pub(super) fn integer(&self, tag: u16) -> Option<u64> {
        let number = self.number(tag)?;
        (number >= 0.0 && number <= u64::MAX as f64 && number.fract() == 0.0)
            .then_some(number as u64)
    }

    /// The same, in 32 bits.
    pub(super) fn small(&self, tag: u16) -> Option<u32> {
        self.integer(tag).and_then(|number| u32::try_from(number).ok())
    }

    /// A text; of several the first that is not blank, up to its NUL.
    pub(super) fn text(&self, tag: u16) -> Option<String> {
        // Some programs declare texts as bytes, and some write a tag twice, once as a number.
        let is_text = |entry: &&Entry| entry.tag == tag && matches!(entry.kind, 1 | 2 | 7 | 129);
        let entry = self.entries.iter().find(is_text)?;
        let bytes = read_range(self.ifds.blob, entry.at, entry.length().min(VALUE_MOST)).ok()?;
        let text = bytes.split(|byte| *byte == 0).find(|text| !text.trim_ascii().is_empty())?;
        Some(tag_text(text))
    }

    /// The directory that a tag leads to.
    pub(super) fn child(&self, tag: u16) -> Option<Ifd<'a>> {
        self.ifds.directory(self.integer(tag)?)
    }

    /// The directories that a tag leads to, at most so many.
    pub(super) fn children(&self, tag: u16, most: usize) -> Vec<Ifd<'a>> {
        let places = self.numbers(tag).into_iter().take(most);
        places.filter_map(|at| self.ifds.directory(at as u64)).collect()
    }

    /// The structure that it is of.
    pub(super) fn ifds(&self) -> &'a Ifds<'a> {
        self.ifds
    }

    /// The bytes that the structure lies in.
    pub(super) fn blob(&self) -> &'a dyn Blob {
        self.ifds.blob
    }
}

#[cfg(test)]
pub(super) mod made {
    //! Structures made for tests.

    /// An entry: tag, kind, the bytes of its value as they are written.
    pub(in super::super) type Value<'a> = (u16, u16, &'a [u8]);

    fn width(kind: u16) -> usize {
        match kind {
            3 => 2,
            4 | 9 => 4,
            5 | 10 | 12 | 16 => 8,
            _ => 1,
        }
    }

    /// Little-endian directories one behind the other, each with its values.
    pub(in super::super) fn tiff(directories: &[&[Value<'_>]]) -> Vec<u8> {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        for (n, entries) in directories.iter().enumerate() {
            let mut values = Vec::new();
            let values_at = file.len() + 2 + 12 * entries.len() + 4;
            file.extend((entries.len() as u16).to_le_bytes());
            for (tag, kind, value) in *entries {
                file.extend(tag.to_le_bytes());
                file.extend(kind.to_le_bytes());
                file.extend(((value.len() / width(*kind)) as u32).to_le_bytes());
                if value.len() <= 4 {
                    let mut inline = value.to_vec();
                    inline.resize(4, 0);
                    file.extend(inline);
                } else {
                    file.extend(((values_at + values.len()) as u32).to_le_bytes());
                    values.extend_from_slice(value);
                }
            }
            let is_last = n + 1 == directories.len();
            let next = if is_last { 0 } else { values_at + values.len() };
            file.extend((next as u32).to_le_bytes());
            file.extend(values);
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_of_every_kind() {
        let fraction = [1u32.to_le_bytes(), 250u32.to_le_bytes()].concat();
        let nothing = [1u32.to_le_bytes(), 0u32.to_le_bytes()].concat();
        let file = made::tiff(&[
            &[
                (256, 3, &300u16.to_le_bytes()),
                (270, 2, b"\0 \0caption\0"),
                (271, 1, b"bytes"),
                (33434, 5, &fraction),
                (33437, 5, &nothing),
                (700, 10, &[255, 255, 255, 255, 2, 0, 0, 0]),
                (701, 12, &2.5f64.to_le_bytes()),
            ],
            &[(256, 4, &7u32.to_le_bytes())],
        ]);
        let ifds = Ifds::open(&file).unwrap();
        let ifd = ifds.first().unwrap();
        assert_eq!((ifd.small(256), ifd.text(270)), (Some(300), Some("caption".into())));
        assert_eq!(ifd.text(271).as_deref(), Some("bytes"));
        assert_eq!((ifd.number(33434), ifd.number(33437)), (Some(0.004), None));
        assert_eq!((ifd.number(700), ifd.number(701)), (Some(-0.5), Some(2.5)));
        assert!(!ifd.leads_out && ifd.text(256).is_none() && !ifd.has(1));
        assert_eq!(ifds.chain(), (vec![8, ifd.next], true));
        let order = [b"MM\0+\0\x08\0\0", 16u64.to_be_bytes().as_slice()].concat();
        let entry =
            [&[1, 0, 0, 4], 1u64.to_be_bytes().as_slice(), &[0, 0, 0, 9, 0, 0, 0, 0]].concat();
        let big = [order, 1u64.to_be_bytes().to_vec(), entry, vec![0; 8]].concat();
        let ifds = Ifds::open(&big).unwrap();
        assert_eq!(ifds.first().and_then(|ifd| ifd.small(256)), Some(9));
        assert_eq!(ifds.chain(), (vec![16], true));
    }

    #[test]
    fn hostile_structures_end() {
        let whole = made::tiff(&[&[(256, 4, &[1, 0, 0, 0]), (270, 2, b"long enough")], &[]]);
        let read = |file: &Vec<u8>| {
            let Some(ifds) = Ifds::open(file) else { return (0, true) };
            let (places, is_whole) = ifds.chain();
            for ifd in places.iter().filter_map(|at| ifds.directory(*at)) {
                for tag in [256, 270] {
                    let _ = (ifd.text(tag), ifd.numbers(tag), ifd.child(tag).is_some());
                }
            }
            (places.len(), is_whole)
        };
        for cut in 0..whole.len() {
            read(&whole[..cut].to_vec());
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7F, 0xFF] {
                let mut broken = whole.clone();
                broken[at] = byte;
                assert!(read(&broken).0 < 10);
            }
        }
        // A directory that is its own next one.
        let mut circle = made::tiff(&[&[(256, 4, &[1, 0, 0, 0])]]);
        let next = circle.len() - 4;
        circle[next..].copy_from_slice(&8u32.to_le_bytes());
        assert_eq!(read(&circle), (1, false));
    }
}
