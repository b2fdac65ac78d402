//! The head of a frame of DAV, the container of Dahua's recorders and of many that are sold under other names: FFmpeg reads
//! sound and pictures, but not when they were recorded.

use madang_document::metadata::{self, Metadata};

use crate::blob::{Blob, read_range};

/// The mark of a frame, and what stands before the first in files that a recorder exports.
const FRAME: &[u8] = b"DHAV";
pub(super) const EXPORTED: &[u8] = b"DAHUA";

/// Bytes before the first frame of an exported file.
const EXPORT_HEAD: u64 = 0x400;

/// Says when the first frame was recorded, by the recorder's clock.
pub(super) fn describe(blob: &dyn Blob, metadata: &mut Metadata) {
    let start = match read_range(blob, 0, EXPORTED.len() as u64) {
        Ok(head) if head == EXPORTED => EXPORT_HEAD,
        _ => 0,
    };
    let head = read_range(blob, start, 20).unwrap_or_default();
    metadata.at("container").set_some(metadata::TAKEN_AT, moment(&head));
}

/// Whether a frame begins here: its mark, and a kind of frame.
pub(super) fn is_frame(head: &[u8]) -> bool {
    head.starts_with(FRAME) && matches!(head.get(4), Some(0xF0 | 0xF1 | 0xFC | 0xFD))
}

/// Seconds, minutes, hours, day, month and years since 2000, packed from the lowest bit on.
fn moment(head: &[u8]) -> Option<String> {
    let packed = head.get(16..20).filter(|_| is_frame(head))?;
    let packed = u32::from_le_bytes(*packed.first_chunk()?);
    let bits = |from: u32, count: u32| packed >> from & ((1 << count) - 1);
    let (second, minute, hour) = (bits(0, 6), bits(6, 6), bits(12, 5));
    let (day, month, year) = (bits(17, 5), bits(22, 4), 2000 + bits(26, 6));
    let is_moment = second < 60
        && minute < 60
        && hour < 24
        && (1..=31).contains(&day)
        && (1..=12).contains(&month);
    is_moment.then(|| format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(packed: u32) -> Vec<u8> {
        [b"DHAV\xFD\0\0\0".as_slice(), &[0; 8], &packed.to_le_bytes(), &[0; 4]].concat()
    }

    #[test]
    fn says_when_the_first_frame_was_recorded() {
        let packed = 26 << 26 | 7 << 22 | 14 << 17 | 9 << 12 | 30 << 6 | 5;
        for bytes in [frame(packed), [EXPORTED, &[0; 0x400 - 5], &frame(packed)].concat()] {
            let mut metadata = Metadata::default();
            describe(&bytes, &mut metadata);
            assert_eq!(metadata.text(metadata::TAKEN_AT), Some("2026-07-14T09:30:05"));
        }
        for odd in [0, u32::MAX, 13 << 22 | 1 << 17] {
            assert_eq!(moment(&frame(odd)), None, "{odd:x}");
        }
        assert_eq!(moment(b"DHAV\xFD"), None);
    }
}
