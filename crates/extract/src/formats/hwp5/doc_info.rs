use std::io::Read;

use madang_document::reason::Reason;

use super::record::{Records, tag, text_at};
use crate::error::reason_of;
use crate::formats::bytes::{u16_at, u32_at};
use crate::formats::hangul_numbering::{Bullet, Look, Numbers};

/// What the stream `DocInfo` says that reading needs (HWP 5.0 document file format, revision 1.3, section 4.2).
#[derive(Debug, Default)]
pub(super) struct DocInfo {
    /// How many sections the document says that it has.
    pub(super) sections: u16,
    /// The numbers of the streams in `BinData`, in the order in which objects count them from 1; 0 for a link.
    pub(super) streams: Vec<u16>,
    /// Whether changes are tracked.
    pub(super) tracked_changes: bool,
    /// How paragraphs are numbered.
    pub(super) numbers: Numbers,
    /// What ended the stream before its end.
    pub(super) damage: Option<Reason>,
}

/// The properties of the document (`HWPTAG_DOCUMENT_PROPERTIES`), a picture or object (`HWPTAG_BIN_DATA`), a numbering, a bullet,
/// what a paragraph looks like, and a tracked change (`HWPTAG_TRACK_CHANGE`).
const PROPERTIES: u16 = tag::DOCUMENT_PROPERTIES;
const BIN_DATA: u16 = 0x12;
const NUMBERING: u16 = 0x17;
const BULLET: u16 = 0x18;
const PARA_SHAPE: u16 = 0x19;
const TRACK_CHANGE: u16 = 0x60;

/// Entries that are read; objects count them in 16 bits.
const STREAMS: usize = 65_535;

/// Numberings that are read; the word processor's own documents have some ten.
const NUMBERINGS: u16 = 1000;

impl DocInfo {
    /// Reads the stream as far as it goes.
    pub(super) fn read(stream: impl Read) -> DocInfo {
        let mut records = Records::new(stream, 1 << 16);
        let mut this = DocInfo::default();
        let (mut numberings, mut bullets, mut shapes) = (0, 0, 0);
        let wanted = |tag| matches!(tag, PROPERTIES | BIN_DATA | NUMBERING | BULLET | PARA_SHAPE);
        loop {
            let record = match records.next(wanted) {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => {
                    this.damage = Some(reason_of(&error));
                    break;
                }
            };
            match record.tag {
                // Table 14 of the specification.
                PROPERTIES => this.sections = u16_at(record.data, 0).unwrap_or_default(),
                // Both are counted: numberings from 1, shapes from 0.
                NUMBERING if numberings < NUMBERINGS => {
                    numberings += 1;
                    numbering(numberings, record.data, &mut this.numbers);
                }
                // Its sign stands behind what a number has in its place (table 42).
                BULLET if bullets < NUMBERINGS => {
                    bullets += 1;
                    // The sign of what is ticked off is the last that stands there.
                    let sign = |at| char::from_u32(u32::from(u16_at(record.data, at)?));
                    if let Some(bullet) = sign(12).map(|it| Bullet { sign: it, ticked: sign(23) }) {
                        this.numbers.add_bullet(bullets, bullet);
                    }
                }
                PARA_SHAPE if shapes < u16::MAX => {
                    shape(shapes, record.data, &mut this.numbers);
                    shapes += 1;
                }
                BIN_DATA if this.streams.len() < STREAMS => {
                    let is_link = u16_at(record.data, 0).is_none_or(|kind| kind & 0xF == 0);
                    let number = u16_at(record.data, 2).filter(|_| !is_link);
                    this.streams.push(number.unwrap_or_default());
                }
                TRACK_CHANGE => this.tracked_changes = true,
                _ => {}
            }
        }
        this
    }
}

/// Reads a numbering: for each of seven levels its properties (12 bytes, of which bits 5 to 8 say what the number looks
/// like) and its text, then the first number, then that of each level (tables 38 to 41 of the specification).
fn numbering(list: u16, data: &[u8], numbers: &mut Numbers) {
    const LEVELS: u8 = 7;
    let mut at = 0;
    let mut levels = Vec::new();
    for _ in 0..LEVELS {
        let Some(properties) = u32_at(data, at) else { break };
        let Some((text, next)) = text_at(data, at + 12) else { break };
        let look = match properties >> 5 & 15 {
            1 => Look::CircledDigit,
            2 => Look::UpperRoman,
            3 => Look::LowerRoman,
            4 => Look::UpperLetter,
            5 => Look::LowerLetter,
            8 => Look::Syllable,
            10 => Look::Jamo,
            12 => Look::HangulNumber,
            13 => Look::HanjaNumber,
            _ => Look::Digit,
        };
        levels.push((look, text));
        at = next;
    }
    for (level, (look, text)) in (0..LEVELS).zip(levels) {
        let start = u32_at(data, at + 2 + usize::from(level) * 4).unwrap_or(1);
        numbers.add_level(list, level, start, look, &text);
    }
}

/// Reads what a paragraph looks like (table 43): bits 23 and 24 say whether it has a number, by the outline (1) or a list
/// (2), or a bullet (3), bits 25 to 27 its level.
fn shape(shape: u16, data: &[u8], numbers: &mut Numbers) {
    let Some(properties) = u32_at(data, 0) else { return };
    let level = (properties >> 25 & 7) as u8;
    match properties >> 23 & 3 {
        1 => numbers.add_shape(shape, None, level),
        2 => numbers.add_shape(shape, u16_at(data, 30), level),
        // The specification does not say that bit 7 of the second properties (table 45) tells what is ticked off.
        3 => {
            let is_ticked = u32_at(data, 42).is_some_and(|second| second & 0x80 != 0);
            numbers.add_bullet_shape(shape, u16_at(data, 30), is_ticked);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_are_counted_and_may_be_ticked() {
        let record = |tag: u32, data: &[u8]| {
            [&(tag | (data.len() as u32) << 20).to_le_bytes(), data].concat()
        };
        let bullet = |sign: u16, ticked: u16| {
            let (sign, ticked) = (sign.to_le_bytes(), ticked.to_le_bytes());
            record(0x18, &[&[0; 12][..], &sign, &[0; 9], &ticked].concat())
        };
        let shape = |bullet: u8, is_ticked: bool| {
            let mut data = [0; 58];
            (data[3], data[30], data[42]) = (0x01, bullet, if is_ticked { 0x80 } else { 0 });
            data[2] = 0x80;
            record(0x19, &data)
        };
        let stream = [
            bullet(0x25A1, 0),
            bullet(0x2610, 0x2611),
            shape(1, true),
            shape(2, false),
            shape(2, true),
            shape(3, false),
        ]
        .concat();
        let mut read = DocInfo::read(stream.as_slice());
        let seen: Vec<_> = [0, 1, 2, 3].map(|shape| read.numbers.label(shape)).into();
        assert_eq!(seen, ["□ ", "☐ ", "☑ ", ""]);
    }

    #[test]
    fn objects_are_counted_from_the_table() {
        let record = |tag: u32, data: &[u8]| {
            [&(tag | (data.len() as u32) << 20).to_le_bytes(), data].concat()
        };
        let stream = [
            record(0x10, &[&[3, 0][..], &[0; 24]].concat()),
            record(0x12, &[1, 0, 7, 0, 3, 0]),
            record(0x12, &[0, 0, 7, 0]),
            record(0x12, &[2, 0, 2, 0]),
            record(0x12, &[]),
            record(0x60, &[]),
        ]
        .concat();
        let read = DocInfo::read(stream.as_slice());
        assert_eq!((read.sections, read.streams.as_slice()), (3, &[7, 0, 2, 0][..]));
        assert!(read.tracked_changes && read.damage.is_none());
        let cut = DocInfo::read(&b"\xFF"[..]);
        assert!(!cut.tracked_changes && cut.damage.is_some());
    }
}
