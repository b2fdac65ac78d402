//! The head of a file of ASF (Advanced Systems Format Specification 1.2, section 3): FFmpeg reads sound, pictures and tags, but not
//! when the file was made.

use madang_document::metadata::{self, Metadata};

use super::date;
use crate::blob::{Blob, read_range};

/// The object that holds all others of the head, and the one that tells of the file.
const HEADER: u128 = 0x3026_B275_8E66_CF11_A6D9_00AA_0062_CE6C;
const FILE_PROPERTIES: u128 = 0xA1DC_AB8C_47A9_CF11_8EE4_00C0_0C20_5365;

/// Objects of the head that are walked; there are some ten.
const OBJECTS_MOST: usize = 1_000;

/// Bytes of the head of an object, and of what stands between the object that holds the others and the first of them.
const OBJECT: u64 = 24;
const BEFORE_FIRST: u64 = 6;

/// Says when the file was made.
pub(super) fn describe(blob: &dyn Blob, metadata: &mut Metadata) {
    metadata.at("header").set_some(metadata::CREATED, created(blob));
}

fn created(blob: &dyn Blob) -> Option<String> {
    let (id, size) = object(blob, 0)?;
    (id == HEADER).then_some(())?;
    let mut at = OBJECT + BEFORE_FIRST;
    for _ in 0..OBJECTS_MOST {
        let (id, length) = object(blob, at)?;
        if id == FILE_PROPERTIES {
            // Behind an id of the file and its size.
            let ticks = read_range(blob, at + OBJECT + 24, 8).ok()?;
            let ticks = u64::from_le_bytes(*ticks.first_chunk()?);
            return date::filetime(ticks).map(|time| time.to_string());
        }
        at = at.checked_add(length.max(OBJECT)).filter(|at| *at < size)?;
    }
    None
}

/// The id of the object that stands here, and how long it is.
fn object(blob: &dyn Blob, at: u64) -> Option<(u128, u64)> {
    let head = read_range(blob, at, OBJECT).ok()?;
    let (id, size) = head.split_first_chunk()?;
    Some((u128::from_be_bytes(*id), u64::from_le_bytes(*size.first_chunk()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: u128, body: &[u8]) -> Vec<u8> {
        let size = (body.len() as u64 + OBJECT).to_le_bytes();
        [id.to_be_bytes().as_slice(), &size, body].concat()
    }

    fn file(ticks: u64) -> Vec<u8> {
        let properties = [[0; 24].as_slice(), &ticks.to_le_bytes(), &[0; 48]].concat();
        let objects = [object(7, &[0; 9]), object(FILE_PROPERTIES, &properties)].concat();
        object(HEADER, &[&[2, 0, 0, 0, 1, 2], objects.as_slice()].concat())
    }

    #[test]
    fn says_when_it_was_made() {
        let ticks = 134_275_122_000_000_000;
        assert_eq!(created(&file(ticks)).as_deref(), Some("2026-07-03T00:30:00Z"));
        // Encoders without a clock write nothing.
        assert_eq!(created(&file(0)), None);
    }

    #[test]
    fn hostile_heads_end() {
        let whole = file(134_275_122_000_000_000);
        for cut in 0..whole.len() {
            let _ = created(&whole[..cut].to_vec());
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7F, 0xFF] {
                let mut broken = whole.clone();
                broken[at] = byte;
                let _ = created(&broken);
            }
        }
    }
}
