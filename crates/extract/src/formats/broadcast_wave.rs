//! What broadcasters write into their WAV (EBU Tech 3285, the chunk `bext`): FFmpeg hands its parts on under names of other tags,
//! and a time without its day.

use madang_document::metadata::{self, Metadata};

use super::date;
use super::korean_bytes::tag_text;
use crate::blob::{Blob, read_range};

/// Chunks before it that are passed over.
const CHUNKS_MOST: usize = 100;

/// Bytes of the chunk that are read: of a description, who and what made it, and when.
const DESCRIPTION: usize = 256;
const NAME: usize = 32;
const DAY: usize = 10;
const TIME: usize = 8;
const ALL: usize = DESCRIPTION + 2 * NAME + DAY + TIME;

/// Says what the chunk says, if there is one.
pub(super) fn describe(blob: &dyn Blob, metadata: &mut Metadata) {
    let Some(chunk) = chunk(blob) else { return };
    let mut rest = chunk.as_slice();
    let mut text = |length: usize| {
        let (field, behind) = rest.split_at(length.min(rest.len()));
        rest = behind;
        tag_text(field.split(|byte| *byte == 0).next().unwrap_or_default()).trim().to_owned()
    };
    let mut said = metadata.at("bext");
    said.add(metadata::DESCRIPTION, text(DESCRIPTION));
    said.add(metadata::AUTHOR, text(NAME));
    said.add(metadata::IDENTIFIER, text(NAME));
    // By the clock of the place, and without a zone.
    let moment = date::exif(&format!("{} {}", text(DAY), text(TIME)), "");
    said.add_some(metadata::CREATED, moment);
}

fn chunk(blob: &dyn Blob) -> Option<Vec<u8>> {
    let mut at = 12u64;
    for _ in 0..CHUNKS_MOST {
        let head = read_range(blob, at, 8).ok()?;
        let (kind, length) = head.split_first_chunk::<4>()?;
        let length = u64::from(u32::from_le_bytes(*length.first_chunk()?));
        if kind == b"bext" {
            return read_range(blob, at + 8, length.min(ALL as u64)).ok();
        }
        at = at.checked_add(8 + length + length % 2)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(chunk: &[u8]) -> Vec<u8> {
        let length = (chunk.len() as u32).to_le_bytes();
        [b"RIFF\0\0\0\0WAVEodd \x03\0\0\0abc\0bext".as_slice(), &length, chunk].concat()
    }

    #[test]
    fn says_who_made_it_and_when() {
        let padded = |text: &str, length: usize| {
            let mut bytes = encoding_rs::EUC_KR.encode(text).0.into_owned();
            bytes.resize(length, 0);
            bytes
        };
        let chunk = [
            padded("펌프 시험", DESCRIPTION),
            padded("하천과", NAME),
            padded("MADANG-77", NAME),
            padded("2026:07:03", DAY),
            padded("09-30-00", TIME),
        ]
        .concat();
        let read = |chunk: &[u8]| {
            let mut metadata = Metadata::default();
            describe(&file(chunk), &mut metadata);
            metadata
        };
        let whole = read(&chunk);
        for (name, expected) in [
            (metadata::DESCRIPTION, "펌프 시험"),
            (metadata::AUTHOR, "하천과"),
            (metadata::IDENTIFIER, "MADANG-77"),
            (metadata::CREATED, "2026-07-03T09:30:00"),
        ] {
            assert_eq!(whole.text(name), Some(expected));
        }
        for cut in 0..chunk.len() {
            let day = DESCRIPTION + 2 * NAME + DAY;
            assert!(cut > day || read(&chunk[..cut]).text(metadata::CREATED).is_none(), "{cut}");
        }
        assert!(read(&[0; ALL]).is_empty());
    }
}
