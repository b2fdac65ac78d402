use std::io::Read;

use super::record::{Records, word_at};

/// What the stream `DocInfo` says that reading needs (HWP 5.0 document file format, revision 1.3, section 4.2).
#[derive(Debug, Default)]
pub(super) struct DocInfo {
    /// The numbers of the streams in `BinData`, in the order in which objects count them from 1; 0 for a link.
    pub(super) streams: Vec<u16>,
    /// Whether changes are tracked.
    pub(super) tracked_changes: bool,
}

/// A picture or object (`HWPTAG_BIN_DATA`), and a tracked change (`HWPTAG_TRACK_CHANGE`).
const BIN_DATA: u16 = 0x12;
const TRACK_CHANGE: u16 = 0x60;

/// Entries that are read; objects count them in 16 bits.
const STREAMS: usize = 65_535;

impl DocInfo {
    /// Reads the stream as far as it goes.
    pub(super) fn read(stream: impl Read) -> DocInfo {
        let mut records = Records::new(stream, 1 << 16);
        let mut this = DocInfo::default();
        while let Ok(Some(record)) = records.next(|tag| tag == BIN_DATA) {
            match record.tag {
                BIN_DATA if this.streams.len() < STREAMS => {
                    let is_link = word_at(record.data, 0).is_none_or(|kind| kind & 0xF == 0);
                    let number = word_at(record.data, 2).filter(|_| !is_link);
                    this.streams.push(number.unwrap_or_default());
                }
                TRACK_CHANGE => this.tracked_changes = true,
                _ => {}
            }
        }
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_counted_from_the_table() {
        let record = |tag: u32, data: &[u8]| {
            [&(tag | (data.len() as u32) << 20).to_le_bytes(), data].concat()
        };
        let stream = [
            record(0x10, &[0; 26]),
            record(0x12, &[1, 0, 7, 0, 3, 0]),
            record(0x12, &[0, 0, 7, 0]),
            record(0x12, &[2, 0, 2, 0]),
            record(0x12, &[]),
            record(0x60, &[]),
        ]
        .concat();
        let read = DocInfo::read(stream.as_slice());
        assert_eq!(read.streams, [7, 0, 2, 0]);
        assert!(read.tracked_changes);
        assert!(!DocInfo::read(&b"\xFF"[..]).tracked_changes);
    }
}
