//! Boxes, which MP4, QuickTime, HEIF, JPEG 2000 and JPEG XL are made of (ISO 14496-12, section 4.2): how they are walked,
//! whatever they hold.

use crate::blob::{Blob, read_range};

/// Boxes of one box that are walked.
pub(super) const BOXES_MOST: usize = 1_000;

/// Boxes on the top that are held against the end of the file: a film in fragments has thousands, and in a bucket the head of
/// each is fetched by itself.
const TOP_MOST: usize = 100;

/// Bytes of the longest head.
const HEAD_MOST: u64 = 16;

/// What stands before the body of a box.
struct Head {
    kind: [u8; 4],
    /// Bytes of the head itself.
    length: u64,
    /// Bytes of the box, its head among them; none if it goes on to the end of what it lies in.
    size: Option<u64>,
}

impl Head {
    /// None if these bytes cannot be the first of a box.
    fn read(bytes: &[u8]) -> Option<Head> {
        let [a, b, c, d, k1, k2, k3, k4, long @ ..] = bytes else { return None };
        let (size, length) = match (u32::from_be_bytes([*a, *b, *c, *d]), long.first_chunk()) {
            (0, _) => (None, 8),
            // The size is too large for this place, and follows.
            (1, Some(long)) => (Some(u64::from_be_bytes(*long)), HEAD_MOST),
            (size, _) => (Some(u64::from(size)), 8),
        };
        let is_large_enough = size.is_none_or(|size| size >= length);
        is_large_enough.then_some(Head { kind: [*k1, *k2, *k3, *k4], length, size })
    }

    /// The box whose head stands at this place.
    fn at(blob: &dyn Blob, at: u64) -> Option<Head> {
        Head::read(&read_range(blob, at, HEAD_MOST).ok()?)
    }
}

/// Hands kind, start and end of the body of each box in this range to `take`, at most so many, up to the first that
/// cannot be one.
pub(super) fn each(
    blob: &dyn Blob,
    mut at: u64,
    end: u64,
    most: usize,
    take: &mut dyn FnMut([u8; 4], u64, u64),
) {
    for _ in 0..most {
        let Some(head) = Head::at(blob, at) else { return };
        let next = head.size.map_or(Some(end), |size| at.checked_add(size));
        let body = at.saturating_add(head.length);
        let Some(next) = next.filter(|next| (body..=end).contains(next)) else { return };
        take(head.kind, body, next);
        at = next;
    }
}

/// From where to where the body of each box goes that lies on this way, from kind to kind.
pub(super) fn within(
    blob: &dyn Blob,
    (from, to): (u64, u64),
    way: &[[u8; 4]],
    take: &mut dyn FnMut(u64, u64),
) {
    let Some((next, rest)) = way.split_first() else { return take(from, to) };
    each(blob, from, to, BOXES_MOST, &mut |kind, from, to| {
        if kind == *next {
            within(blob, (from, to), rest, take);
        }
    });
}

/// Kind and body of each box in these bytes, a thousand at most.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    list(bytes).take(BOXES_MOST)
}

/// Kind and body of each box in these bytes, up to the first that does not fit: as many as there are, for who counts them.
pub(super) fn list(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    let next = move || {
        let head = Head::read(rest)?;
        let size = head.size.map_or(Some(rest.len()), |size| usize::try_from(size).ok())?;
        let (whole, behind) = rest.split_at_checked(size)?;
        let body = whole.get(usize::try_from(head.length).ok()?..)?;
        rest = behind;
        Some((head.kind, body))
    };
    std::iter::from_fn(next)
}

/// Whether a box on the top of a file reaches beyond its end.
pub(super) fn reach_beyond(blob: &dyn Blob) -> bool {
    let mut at = 0u64;
    for _ in 0..TOP_MOST {
        let Some(head) = Head::at(blob, at) else { return false };
        // To the end of the file, or what somebody hung on it.
        let is_kind = head.kind.iter().all(|c| (0x20..0x7F).contains(c) || *c == 0xA9);
        let Some(size) = head.size.filter(|_| is_kind) else { return false };
        at = at.saturating_add(size);
        if at >= blob.len() {
            return at > blob.len();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(kind: &[u8; 4], size: u64, body: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 1], kind.as_slice(), &size.to_be_bytes(), body].concat()
    }

    fn short(kind: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
        [&size.to_be_bytes(), kind.as_slice(), body].concat()
    }

    /// Kinds and bodies, however they are walked.
    fn walked(file: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
        let mut found = Vec::new();
        each(&file, 0, file.len() as u64, 10, &mut |kind, from, to| {
            found.push((kind, file[from as usize..to as usize].to_vec()));
        });
        let in_memory: Vec<_> = boxes(file).map(|(kind, body)| (kind, body.to_vec())).collect();
        assert_eq!(found, in_memory, "{file:02x?}");
        found
    }

    #[test]
    fn sizes_are_short_or_long_or_reach_to_the_end() {
        let file =
            [short(b"free", 9, b"a"), long(b"free", 18, b"bc"), short(b"mdat", 0, b"def")].concat();
        let bodies: Vec<_> = walked(&file).into_iter().map(|(_, body)| body).collect();
        assert_eq!(bodies, [b"a".to_vec(), b"bc".to_vec(), b"def".to_vec()]);
        for wrong in [
            short(b"free", 7, b"abc"),
            short(b"free", 12, b"abc"),
            short(b"free", 1, b"abc"),
            long(b"free", 15, b"abc"),
            long(b"free", u64::MAX, b"abc"),
        ] {
            assert_eq!(walked(&wrong), [], "{wrong:02x?}");
        }
    }

    #[test]
    fn boxes_that_reach_beyond_the_end_are_known() {
        for (file, expected) in [
            (short(b"mdat", 11, b"abc"), false),
            (short(b"mdat", 12, b"abc"), true),
            (long(b"mdat", 19, b"abc"), false),
            (long(b"mdat", u64::MAX, b"abc"), true),
            (short(b"mdat", 0, b"abc"), false),
            ([short(b"ftyp", 8, b""), short(b"\xA9des", 9, b"")].concat(), true),
            // What somebody hung on it.
            ([short(b"ftyp", 8, b""), short(b"\0\x01\x02\x03", 900, b"")].concat(), false),
        ] {
            assert_eq!(reach_beyond(&file.as_slice()), expected, "{file:02x?}");
        }
    }

    #[test]
    fn a_way_leads_through_boxes() {
        let inner = [short(b"free", 8, b""), short(b"stsz", 9, b"a")].concat();
        let file = [short(b"free", 8, b""), short(b"moov", 25, &inner)].concat();
        let mut found = Vec::new();
        within(&file, (0, 33), &[*b"moov", *b"stsz"], &mut |at, _| found.push(at));
        assert_eq!(found, [32]);
    }
}
