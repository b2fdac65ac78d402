//! Property sets, in which the compound files of Windows keep what is to be known of a document (MS-OLEPS).

use std::collections::BTreeMap;

use madang_document::metadata::Value;

use super::bytes::{f64_at, piece, u8_at, u16_at, u32_at, u64_at};
use super::date::filetime;
use super::windows_text::{narrow, wide};

/// Properties in a set that are looked at; Office writes about twenty, programs for records some hundred of their own.
const PROPERTIES: usize = 1000;

/// Bytes of one text that are looked at. Many properties may name the same bytes, so that a small file could stand for
/// any amount of text.
const TEXT: usize = 32 << 10;

/// Bytes of a property's name.
const NAME: usize = 512;

/// A set of properties (MS-OLEPS, section 2.20). What is damaged of it is left out.
pub(super) struct PropertySet<'a> {
    data: &'a [u8],
    /// The code page of its texts.
    page: u16,
}

impl<'a> PropertySet<'a> {
    /// A set of a stream, counted from 0, and the identifier of its format.
    pub(super) fn nth(stream: &'a [u8], n: usize) -> Option<([u8; 16], PropertySet<'a>)> {
        // Byte order, version, system, class, number of sets; then format and offset of each (section 2.21).
        let sets = u32_at(stream, 24)?;
        let at = n.checked_mul(20)?.checked_add(28).filter(|_| n < sets as usize)?;
        let format = *stream.get(at..)?.first_chunk()?;
        let data = stream.get(u32_at(stream, at + 16)? as usize..)?;
        Some((format, PropertySet::new(data)))
    }

    fn new(data: &'a [u8]) -> PropertySet<'a> {
        let mut set = PropertySet { data, page: 1252 };
        // Property 1 is the code page of all texts.
        let page = set.offsets().find(|(id, _)| *id == 1).and_then(|(_, at)| u16_at(data, at + 4));
        if let Some(page) = page {
            set.page = page;
        }
        set
    }

    fn offsets(&self) -> impl Iterator<Item = (u32, usize)> + use<'a> {
        let data = self.data;
        let count = (u32_at(data, 4).unwrap_or(0) as usize).min(PROPERTIES);
        (0..count).map_while(move |n| {
            let at = 8 + n * 8;
            Some((u32_at(data, at)?, u32_at(data, at + 4)? as usize))
        })
    }

    /// The properties that say something to a person, by their identifiers.
    pub(super) fn values(&self) -> impl Iterator<Item = (u32, Value)> + use<'_> {
        self.offsets().filter(|(id, _)| *id > 1).filter_map(|(id, at)| Some((id, self.value(at)?)))
    }

    /// A typed value (section 2.15), of the types that say something to a person.
    fn value(&self, at: usize) -> Option<Value> {
        // No offset of a damaged set may overflow.
        let data = self.data.get(at..)?;
        match u16_at(data, 0)? {
            // VT_I2
            0x02 => Some(Value::Integer(i64::from(u16_at(data, 4)?.cast_signed()))),
            // VT_I4, VT_INT
            0x03 | 0x16 => Some(Value::Integer(i64::from(u32_at(data, 4)?.cast_signed()))),
            // VT_R8
            0x05 => f64_at(data, 4).filter(|n| n.is_finite()).map(Value::Number),
            // VT_BOOL
            0x0B => Some(Value::Bool(u16_at(data, 4)? != 0)),
            // VT_LPSTR: bytes, in the code page. VT_BSTR is stored alike.
            0x1E | 0x08 => {
                let length = (u32_at(data, 4)? as usize).min(TEXT);
                Some(Value::Text(narrow(piece(data, 8, length), self.page)))
            }
            // VT_LPWSTR: number of characters, then UTF-16.
            0x1F => {
                let length = (u32_at(data, 4)? as usize).saturating_mul(2).min(TEXT);
                Some(Value::Text(wide(piece(data, 8, length))))
            }
            // VT_FILETIME
            0x40 => filetime(u64_at(data, 4)?).map(|time| Value::Text(time.to_string())),
            _ => None,
        }
    }

    /// The names of the properties (section 2.17): property 0.
    pub(super) fn dictionary(&self) -> BTreeMap<u32, String> {
        let mut names = BTreeMap::new();
        let at = self.offsets().find(|(id, _)| *id == 0).map(|(_, at)| at);
        let Some(data) = at.and_then(|at| self.data.get(at..)) else { return names };
        let count = (u32_at(data, 0).unwrap_or(0) as usize).min(PROPERTIES);
        let mut at = 4;
        for _ in 0..count {
            let (Some(id), Some(length)) = (u32_at(data, at), u32_at(data, at + 4)) else { break };
            let is_wide = self.page == 1200;
            let length = (length as usize).saturating_mul(if is_wide { 2 } else { 1 });
            names.insert(id, narrow(piece(data, at + 8, length.min(NAME)), self.page));
            // Names in UTF-16 are filled up to four bytes.
            let padded = if is_wide { length.saturating_add(3) / 4 * 4 } else { length };
            at = at.saturating_add(8).saturating_add(padded);
            if u8_at(data, at).is_none() {
                break;
            }
        }
        names
    }
}
