//! The tables of samples of MP4 and QuickTime, held against the bytes that there are.

use super::iso_boxes;
use crate::blob::{Blob, read_range};

/// QuickTime says of some sound that a sample has one byte, which is a moment of it: packed, 64 of them may have half as many.
const MOMENTS_OF_A_BYTE: u64 = 64;

/// Samples that no film has without the bytes for them: a day of sound, of which each value is one.
const ABSURD: u32 = 1 << 31;

/// What the tables of samples claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// No more than there is.
    Held,
    /// More than the file has bytes for: it breaks off, or its samples are elsewhere.
    Beyond,
    /// More than any film has.
    Absurd,
}

/// What a file claims to have, of samples that are all of one size (ISO 14496-12, section 8.7.3.2): such a table costs twelve
/// bytes, however many samples it promises.
pub(super) fn claim(blob: &dyn Blob) -> Claim {
    let mut claim = Claim::Held;
    let way = [*b"moov", *b"trak", *b"mdia", *b"minf", *b"stbl", *b"stsz"];
    iso_boxes::within(blob, (0, blob.len()), &way, &mut |from, _| {
        let head = read_range(blob, from, 12).unwrap_or_default();
        let Some(&[_, _, _, _, a, b, c, d, e, f, g, h]) = head.first_chunk() else { return };
        let (size, count) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let least = match size {
            1 => u64::from(count) / MOMENTS_OF_A_BYTE,
            _ => u64::from(size).saturating_mul(u64::from(count)),
        };
        if least > blob.len() {
            claim = claim.max(if count >= ABSURD { Claim::Absurd } else { Claim::Beyond });
        }
    });
    claim
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    #[test]
    fn more_samples_than_bytes_are_known_by_their_table() {
        for (size, count, expected) in [
            (0, u32::MAX, Claim::Held),
            (1, u32::MAX, Claim::Absurd),
            (1, 30_000, Claim::Held),
            (100, 20, Claim::Held),
            (100, 2_000, Claim::Beyond),
            (4, 1 << 31, Claim::Absurd),
        ] {
            let table = [[0u8; 4], u32::to_be_bytes(size), u32::to_be_bytes(count)].concat();
            let mut film = boxed(b"stsz", &table);
            for kind in [b"stbl", b"minf", b"mdia", b"trak", b"moov"] {
                film = boxed(kind, &film);
            }
            film.extend([0; 4000]);
            assert_eq!(claim(&film.as_slice()), expected, "{size} {count}");
        }
    }
}
