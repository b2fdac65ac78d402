//! The members of a ZIP archive whose table of contents is lost, by their own heads (APPNOTE 6.3.10, section 4.3.7), in the
//! order in which they lie.

use std::ops::Range;

use super::fields::Fields;
use super::zip_table::{HEAD, RECORD, ZipRecord, read_head};

use crate::blob::{Blob, read_range};

/// How what stands behind a member begins that says its sizes, if it begins with a mark (section 4.3.9).
const DESCRIPTOR: u32 = 0x0807_4B50;

/// Bytes that are looked through at once, at first and at most: most members are small.
const FIRST: u64 = 4 << 10;
const PIECE: u64 = 1 << 20;

/// The files whose heads stand in a place, at most `most` of them. What is damaged between them is passed over.
///
/// Each byte is looked at once: a search ends at the next mark, and goes on behind it.
pub(super) fn heads(
    blob: &dyn Blob,
    place: Range<u64>,
    most: u64,
    progress: impl Fn(),
) -> Vec<ZipRecord> {
    let mut records = Vec::new();
    let mut at = place.start;
    while at < place.end && (records.len() as u64) < most {
        progress();
        let mut fields = Fields::at(blob, at);
        let read = match fields.u32() {
            Some(HEAD) => read_head(&mut fields, at),
            // The table itself, of which the end is missing: no head stands behind it.
            Some(RECORD) | None => break,
            Some(_) => None,
        };
        let Some((mut record, is_described)) = read else {
            match next_mark(blob, at + 1, |_, mark| mark == HEAD) {
                Some((next, _)) => at = next,
                None => break,
            }
            continue;
        };
        let begin = fields.position();
        at = match is_described && record.packed == 0 {
            true => described(blob, begin, &mut record),
            false => begin.saturating_add(record.packed),
        };
        if !record.name.ends_with(b"/") {
            records.push(record);
        }
    }
    records
}

/// Takes what is said of a member behind it, whose bytes begin at `begin`; gives where the next head may stand. Without any
/// word the member reaches up to the next mark, and what it unpacks to is not known beforehand.
fn described(blob: &dyn Blob, begin: u64, record: &mut ZipRecord) -> u64 {
    let found = next_mark(blob, begin, |at, mark| match mark {
        HEAD | RECORD => true,
        DESCRIPTOR => descriptor(blob, at + 4, at - begin).is_some(),
        _ => false,
    });
    let (end, mark) = found.unwrap_or((blob.len(), HEAD));
    // Some packers write it without its mark: then it ends where the next head begins.
    let places: &[(u64, u64)] = match mark {
        DESCRIPTOR => &[(end, 4)],
        _ => &[(end.saturating_sub(12), 0), (end.saturating_sub(20), 0)],
    };
    for (place, mark) in places.iter().filter(|(place, _)| *place >= begin) {
        if let Some(Descriptor { sum, size, length }) =
            descriptor(blob, place + mark, place - begin)
        {
            record.packed = place - begin;
            (record.size, record.sum) = (Some(size), sum);
            return place + mark + length;
        }
    }
    record.packed = end - begin;
    (record.size, record.is_summed) = (None, false);
    end
}

/// What stands behind a member, its own mark apart.
struct Descriptor {
    sum: u32,
    size: u64,
    length: u64,
}

/// The one at `at`, if it says that so many bytes are packed: in numbers of 32 bits, or of 64. A member of nothing makes both
/// possible, and what stands behind tells.
fn descriptor(blob: &dyn Blob, at: u64, packed: u64) -> Option<Descriptor> {
    let mut fields = Fields::at(blob, at);
    let (sum, low, high) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let narrow = Descriptor { sum, size: high.into(), length: 12 };
    let narrow = Some(narrow).filter(|_| u64::from(low) == packed);
    let ends_well = |length: u64| {
        let behind = read_range(blob, at.saturating_add(length), 2);
        behind.is_ok_and(|behind| behind.is_empty() || behind == b"PK")
    };
    let wide = match fields.u64() {
        Some(size) if u64::from(low) | u64::from(high) << 32 == packed => {
            Some(Descriptor { sum, size, length: 20 })
        }
        _ => None,
    };
    match (narrow, wide) {
        (Some(narrow), Some(wide)) => Some(if ends_well(12) { narrow } else { wide }),
        (narrow, wide) => narrow.or(wide),
    }
}

/// The first mark at `from` or behind that is one by `is_one`, and where it stands.
fn next_mark(blob: &dyn Blob, from: u64, is_one: impl Fn(u64, u32) -> bool) -> Option<(u64, u32)> {
    let (mut at, mut length) = (from, FIRST);
    while at < blob.len() {
        let piece = read_range(blob, at, length).ok()?;
        for (n, mark) in piece.windows(4).enumerate() {
            let Ok([b'P', b'K', a, b]) = <[u8; 4]>::try_from(mark) else { continue };
            let (place, mark) = (at + n as u64, u32::from_le_bytes([b'P', b'K', a, b]));
            if is_one(place, mark) {
                return Some((place, mark));
            }
        }
        if (piece.len() as u64) < length {
            break;
        }
        // The last three bytes of a piece stand in the next one, too.
        at += length - 3;
        length = (length * 2).min(PIECE);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member of the method Stored, as a packer writes it that does not know the sizes beforehand.
    fn streamed(name: &str, bytes: &[u8], descriptor: Option<&[u8]>) -> Vec<u8> {
        let flags = if descriptor.is_some() { 8u16 } else { 0 };
        let size = if descriptor.is_some() { 0 } else { bytes.len() as u32 };
        let head = [20, flags, 0, 0, 0].map(u16::to_le_bytes).concat();
        let sizes = [0, size, size].map(u32::to_le_bytes).concat();
        let lengths = [name.len() as u16, 0].map(u16::to_le_bytes).concat();
        let head = [HEAD.to_le_bytes().as_slice(), &head, &sizes, &lengths].concat();
        [head.as_slice(), name.as_bytes(), bytes, descriptor.unwrap_or_default()].concat()
    }

    fn found(bytes: &[u8]) -> Vec<(String, u64, Option<u64>)> {
        let records = heads(&bytes.to_vec(), 0..bytes.len() as u64, 100, || {});
        let text = |name: Vec<u8>| String::from_utf8_lossy(&name).into_owned();
        records.into_iter().map(|it| (text(it.name), it.packed, it.size)).collect()
    }

    #[test]
    fn members_are_found_whatever_says_their_sizes() {
        let narrow = [1, 3, 3].map(u32::to_le_bytes).concat();
        let wide = [1, 3, 0, 3, 0].map(u32::to_le_bytes).concat();
        let mark = DESCRIPTOR.to_le_bytes().to_vec();
        let marked = |descriptor: &[u8]| [mark.as_slice(), descriptor].concat();
        let three = |name: &str| (name.to_owned(), 3, Some(3));
        for descriptor in [narrow.clone(), wide.clone(), marked(&narrow), marked(&wide)] {
            let bytes = [
                streamed("a", b"one", Some(&descriptor)),
                b"what is damaged PK".to_vec(),
                streamed("folder/", b"", None),
                streamed("b", b"two", Some(&descriptor)),
                streamed("c", b"six", None),
            ];
            // What is damaged stands behind the descriptor that has a mark, and before the next head otherwise.
            let all = found(&bytes.concat());
            match descriptor.starts_with(&mark) {
                true => assert_eq!(all, ["a", "b", "c"].map(three), "{descriptor:?}"),
                false => assert_eq!(all.get(1..), Some(["b", "c"].map(three).as_slice())),
            }
        }
        // A member of nothing, before another: both widths could be meant.
        let nothing = marked(&[0; 12]);
        let two = [streamed("a", b"", Some(&nothing)), streamed("b", b"two", None)].concat();
        assert_eq!(found(&two), [("a".into(), 0, Some(0)), three("b")]);
        // Cut short: nothing says how much was to come.
        let cut = streamed("a", b"one", Some(b""));
        assert_eq!(found(&cut), [("a".into(), 3, None)]);
        assert!(found(b"PK\x03\x04 and no more").is_empty());
    }
}
