//! Whether a picture, a film or a sound ends before its own structure says, told without decoding any of it. Of files that are
//! made of boxes `iso_boxes` says it.

use crate::blob::{Blob, read_range};

/// Bytes of a picture that are searched for its end.
const SEARCHED_MOST: u64 = 256 << 20;

/// Pieces of a film of AVI that are walked, of a gigabyte or two each.
const PIECES_MOST: usize = 1_000;

/// The longest page of Ogg (RFC 3533, section 6).
const PAGE_MOST: u64 = 65_307;

/// Bytes behind a tag in which the first frame of an MP3 begins, and of the tag behind its sound.
const FRAME_SOUGHT: u64 = 4 << 10;
const ID3V1: u64 = 128;

/// What a search takes at once, and how much of it is looked at again.
const PIECE: u64 = 1 << 20;

/// Whether a JPEG has no end of its image behind the begin of its first scan, which stands at this offset. In what is coded no
/// such marker stands (ISO 10918-1, B.1.1.5); the ends of thumbnails stand before the scan, and what follows a picture (the
/// film of a photograph that moves, another picture) behind its end.
pub(super) fn jpeg(blob: &dyn Blob, scan: u64) -> bool {
    let end = blob.len().min(scan.saturating_add(SEARCHED_MOST));
    let mut at = scan;
    while at < end {
        let Ok(piece) = read_range(blob, at, PIECE.min(end - at)) else { return true };
        if piece.array_windows().any(|pair: &[u8; 2]| *pair == [0xFF, 0xD9]) {
            return false;
        }
        if piece.len() < 2 {
            return true;
        }
        at += piece.len() as u64 - 1;
        if at + 1 >= end {
            break;
        }
    }
    end == blob.len()
}

/// Whether the size that a file of RIFF or IFF (AVI, WAV, WebP, AIFF) says is more than there is. Live recordings say none, or
/// about the most that fits into 31 or 32 bits.
pub(super) fn riff(blob: &dyn Blob) -> bool {
    let mut at = 0;
    for piece in 0..PIECES_MOST {
        let head = read_range(blob, at, 28).unwrap_or_default();
        let Some(&[k1, k2, k3, k4, ref size @ ..]) = head.first_chunk::<8>() else { return false };
        let size = match &[k1, k2, k3, k4] {
            b"RIFF" => u64::from(u32::from_le_bytes(*size)),
            b"RIFX" | b"FORM" if piece == 0 => u64::from(u32::from_be_bytes(*size)),
            // EBU Tech 3306: the size stands in the chunk that comes first.
            b"RF64" if piece == 0 && head.get(12..16) == Some(b"ds64") => {
                let size = head.get(20..).and_then(|size| size.first_chunk());
                size.map_or(0, |size| u64::from_le_bytes(*size))
            }
            // The end, or what somebody hung on it.
            _ => return false,
        };
        if matches!(size, 0 | 0x7FFF_F000..=0x8000_1000 | 0xFFFF_F000..=0xFFFF_FFFF | u64::MAX) {
            return false;
        }
        at = at.saturating_add(size).saturating_add(8);
        // The byte that makes it even is often missing.
        if at > blob.len() {
            return at > blob.len() + 1;
        }
        at += at % 2;
    }
    false
}

/// Whether an MP3 has fewer bytes than the head says that its encoder wrote into the first frame (Xing and LAME, "Info" where the
/// rate is constant; the field of bytes counts from this frame on). Of one without such a head nobody can tell.
pub(super) fn mp3(blob: &dyn Blob) -> bool {
    let head = read_range(blob, 0, 10).unwrap_or_default();
    let start = match head.as_slice() {
        // ID3v2.4, section 3.1: seven bits of each byte, and a footer of ten bytes if there is one.
        [b'I', b'D', b'3', _, _, flags, size @ ..] => {
            let size = size.iter().fold(0, |all, byte| all << 7 | u64::from(byte & 0x7F));
            10 + size + if flags & 0x10 != 0 { 10 } else { 0 }
        }
        _ => 0,
    };
    // What fills up between a tag and the first frame is nothing.
    let piece = read_range(blob, start, FRAME_SOUGHT).unwrap_or_default();
    let frame = piece.windows(2).position(|pair| matches!(pair, [0xFF, 0xE0..=0xFF]));
    let Some(frame) = frame.and_then(|at| Some((at as u64, piece.get(at..)?.get(..64)?))) else {
        return false;
    };
    let (at, frame) = frame;
    let found = frame.windows(4).position(|name| name == b"Xing" || name == b"Info");
    let fields = found.and_then(|found| frame.get(found + 4..));
    let number = |at: usize| {
        let bytes = fields?.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_be_bytes(*bytes)))
    };
    let (has_frames, has_bytes) = match number(0) {
        Some(flags) => (flags & 1 != 0, flags & 2 != 0),
        None => return false,
    };
    let bytes = number(if has_frames { 8 } else { 4 }).filter(|_| has_bytes).unwrap_or(0);
    // Some count the tag behind the sound, some do not.
    start + at + bytes > blob.len().saturating_add(ID3V1)
}

/// Whether the last page of an Ogg file (RFC 3533, section 6) reaches beyond its end.
pub(super) fn ogg(blob: &dyn Blob) -> bool {
    let from = blob.len().saturating_sub(PAGE_MOST);
    let tail = read_range(blob, from, PAGE_MOST).unwrap_or_default();
    let last = tail.windows(5).rposition(|window| window == b"OggS\0");
    let Some(page) = last.and_then(|at| tail.get(at..)) else { return false };
    let Some(&segments) = page.get(26) else { return true };
    let lengths = page.get(27..).unwrap_or_default().iter().take(segments.into());
    let body: usize = lengths.map(|length| usize::from(*length)).sum();
    page.len() < 27 + usize::from(segments) + body
}

/// Whether the segment of a Matroska file says to be longer than the file (RFC 8794, section 4.4: a size of ones only is none).
pub(super) fn matroska(blob: &dyn Blob) -> bool {
    const HEADER: u64 = 0x1A45_DFA3;
    const SEGMENT: u64 = 0x1853_8067;
    let mut at = 0;
    for _ in 0..4 {
        let head = read_range(blob, at, 12).unwrap_or_default();
        let Some((id, rest)) = head.split_first_chunk() else { return false };
        let id = u64::from(u32::from_be_bytes(*id));
        let Some((size, length)) = number(rest) else { return false };
        let body = at + 4 + length;
        match (id, size) {
            (SEGMENT, Some(size)) => return body.saturating_add(size) > blob.len(),
            (HEADER, Some(size)) => at = body.saturating_add(size),
            _ => return false,
        }
    }
    false
}

/// A number of variable length, none for the one that is unknown, and how many bytes it takes.
fn number(bytes: &[u8]) -> Option<(Option<u64>, u64)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > 8 {
        return None;
    }
    let rest = bytes.get(1..length)?;
    let own = u64::from(first) & (0xFF >> length);
    let value = rest.iter().fold(own, |all, byte| all << 8 | u64::from(*byte));
    let unknown = (1u64 << (7 * length)) - 1;
    Some(((value != unknown).then_some(value), length as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_variable_length() {
        for (bytes, expected) in [
            (&[0x81][..], Some((Some(1), 1))),
            (&[0xFF], Some((None, 1))),
            (&[0x40, 0x02], Some((Some(2), 2))),
            (&[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Some((None, 8))),
            (&[0x40], None),
            (&[0x00, 1, 1, 1, 1, 1, 1, 1, 1], None),
            (&[], None),
        ] {
            assert_eq!(number(bytes), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn bytes_of_mp3() {
        let tag = |flags: u8| [b"ID3\x04\0".as_slice(), &[flags, 0, 0, 0, 4], &[0; 4]].concat();
        let file = |tag: &[u8], name: &[u8; 4], fields: &[u32], length: usize| {
            let mut file = [tag, &[0xFF, 0xF3, 0x70, 0xC0], &[0; 9], name].concat();
            file.extend(fields.iter().flat_map(|field| field.to_be_bytes()));
            file.resize(tag.len() + length, 7);
            file
        };
        for (file, expected) in [
            (file(&[], b"Info", &[15, 450, 1_000], 1_000), false),
            (file(&[], b"Info", &[15, 450, 1_000], 900), false),
            (file(&[], b"Info", &[15, 450, 1_000], 800), true),
            (file(&tag(0), b"Xing", &[2, 1_000], 1_000), false),
            (file(&tag(0), b"Xing", &[2, 1_000], 800), true),
            (file(&tag(0), b"Xing", &[1, 1_000], 800), false),
            (file(&tag(0), b"LAME", &[2, 1_000], 800), false),
            (tag(0x10), false),
            (b"ID3".to_vec(), false),
            (Vec::new(), false),
        ] {
            assert_eq!(mp3(&file), expected, "{file:02x?}");
        }
    }

    #[test]
    fn sizes_of_riff() {
        let file = |kind: &[u8; 4], size: [u8; 4], rest: &[u8]| {
            [kind.as_slice(), &size, b"WAVE", rest].concat()
        };
        let ds64 = |size: u64| [b"ds64\x1C\0\0\0".as_slice(), &size.to_le_bytes()].concat();
        let two = file(b"RIFF", [4, 0, 0, 0], &file(b"RIFF", [4, 0, 0, 0], &[]));
        for (file, expected) in [
            (file(b"RIFF", [4, 0, 0, 0], &[]), false),
            (file(b"RIFF", [5, 0, 0, 0], &[]), false),
            (file(b"RIFF", [6, 0, 0, 0], &[]), true),
            (file(b"RIFF", [6, 0, 0, 0], &[0; 9]), false),
            (file(b"RIFF", [0; 4], &[]), false),
            (file(b"RIFF", [0xFF; 4], &[]), false),
            (file(b"RIFF", 0x7FFF_FFFF_u32.to_le_bytes(), &[]), false),
            (file(b"RIFX", [0, 0, 0, 6], &[]), true),
            (file(b"FORM", [0, 0, 0, 4], &[]), false),
            (file(b"RF64", [0xFF; 4], &ds64(20)), false),
            (file(b"RF64", [0xFF; 4], &ds64(1 << 33)), true),
            (two.clone(), false),
            (two[..23].to_vec(), false),
            (two[..22].to_vec(), true),
        ] {
            assert_eq!(riff(&file.as_slice()), expected, "{file:02x?}");
        }
    }

    #[test]
    fn pages_of_ogg() {
        let page = [b"OggS\0".as_slice(), &[0; 21], &[2, 3, 1], &[7; 4]].concat();
        let file = page.repeat(2);
        assert!(!ogg(&file.as_slice()));
        for cut in page.len() + 5..file.len() {
            assert!(ogg(&&file[..cut]), "{cut}");
        }
    }

    #[test]
    fn the_end_of_a_jpeg_may_stand_between_two_pieces() {
        let mut picture = vec![0; PIECE as usize * 2];
        assert!(jpeg(&picture.as_slice(), 4));
        picture[PIECE as usize + 3..PIECE as usize + 5].copy_from_slice(&[0xFF, 0xD9]);
        assert!(!jpeg(&picture.as_slice(), 4));
        assert!(!jpeg(&picture.as_slice(), 5));
        assert!(jpeg(&picture.as_slice(), PIECE + 4), "that is before it");
    }
}
