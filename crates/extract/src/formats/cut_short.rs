//! Whether a picture, a film or a sound ends before its own structure says, told without decoding any of it.

use crate::blob::{Blob, read_range};

/// Bytes of a picture that are searched for its end.
const SEARCHED_MOST: u64 = 256 << 20;

/// Boxes on the top that are walked: a film in fragments has thousands.
const BOXES_MOST: usize = 100;

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

/// Whether the size that a RIFF file (AVI, WAV, WebP) says is more than there is. Live recordings say none or the most.
pub(super) fn riff(blob: &dyn Blob) -> bool {
    let head = read_range(blob, 0, 8).unwrap_or_default();
    let Some(&[b'R', b'I', b'F', b'F', a, b, c, d]) = head.first_chunk() else { return false };
    let size = u32::from_le_bytes([a, b, c, d]);
    (1..u32::MAX).contains(&size) && u64::from(size) + 8 > blob.len() + 1
}

/// Whether a box on the top of an ISO file (MP4, HEIF, JPEG 2000, JPEG XL) reaches beyond its end.
pub(super) fn boxes(blob: &dyn Blob) -> bool {
    let mut at = 0;
    for _ in 0..BOXES_MOST {
        let head = read_range(blob, at, 16).unwrap_or_default();
        let [a, b, c, d, k1, k2, k3, k4, long @ ..] = head.as_slice() else { return false };
        let size = match (u32::from_be_bytes([*a, *b, *c, *d]), long.first_chunk()) {
            (1, Some(long)) => u64::from_be_bytes(*long),
            (size, _) => u64::from(size),
        };
        // To the end of the file, or what somebody hung on it.
        let is_kind = [k1, k2, k3, k4].iter().all(|c| (0x20..0x7F).contains(*c) || **c == 0xA9);
        if size < 8 || !is_kind {
            return false;
        }
        at = at.saturating_add(size);
        if at >= blob.len() {
            return at > blob.len();
        }
    }
    false
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
    fn the_end_of_a_jpeg_may_stand_between_two_pieces() {
        let mut picture = vec![0; PIECE as usize * 2];
        assert!(jpeg(&picture.as_slice(), 4));
        picture[PIECE as usize + 3..PIECE as usize + 5].copy_from_slice(&[0xFF, 0xD9]);
        assert!(!jpeg(&picture.as_slice(), 4));
        assert!(!jpeg(&picture.as_slice(), 5));
        assert!(jpeg(&picture.as_slice(), PIECE + 4), "that is before it");
    }
}
