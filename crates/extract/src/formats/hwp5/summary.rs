use madang_document::metadata::{self, Metadata, Value};

use super::record::{dword_at, utf16, word_at};
use crate::formats::date::filetime;
use crate::formats::keywords::keywords;

/// Properties in a set that are looked at; the word processor writes about fifteen.
const PROPERTIES: u32 = 256;

/// Reads the properties of the stream `\x05HwpSummaryInformation` (MS-OLEPS property set; identifiers: HWP
/// 5.0 document file format, revision 1.3, section 3.2.4). What is damaged is left out.
pub(super) fn summary(stream: &[u8], metadata: &mut Metadata) -> Option<()> {
    // A property set stream: byte order, version, system, class, number of sets; then format and offset.
    let set = stream.get(dword_at(stream, 44)? as usize..)?;
    for n in 0..dword_at(set, 4)?.min(PROPERTIES) as usize {
        let (Some(id), Some(offset)) = (dword_at(set, 8 + n * 8), dword_at(set, 12 + n * 8)) else {
            break;
        };
        let Some(value) = set.get(offset as usize..).and_then(value) else { continue };
        let name = match id {
            0x02 => metadata::TITLE,
            0x03 => metadata::DESCRIPTION,
            0x04 => metadata::AUTHOR,
            0x05 => {
                if let Value::Text(text) = value {
                    metadata.set(metadata::KEYWORDS, keywords(&text));
                }
                continue;
            }
            0x06 => "hwp.comments",
            0x08 => metadata::LAST_SAVED_BY,
            0x09 => metadata::PRODUCER,
            0x0C => metadata::CREATED,
            0x0D => metadata::MODIFIED,
            0x0E => metadata::PAGES,
            _ => continue,
        };
        if value != Value::Integer(0) {
            metadata.set(name, value);
        }
    }
    Some(())
}

/// A typed value (MS-OLEPS section 2.15), of the types that the word processor writes.
fn value(data: &[u8]) -> Option<Value> {
    match word_at(data, 0)? {
        // VT_I4
        0x03 => Some(Value::Integer(i64::from(dword_at(data, 4)?))),
        // VT_LPWSTR: number of characters, then UTF-16.
        0x1F => {
            let length = (dword_at(data, 4)? as usize).saturating_mul(2).saturating_add(8);
            Some(Value::Text(utf16(data.get(8..length.min(data.len()))?)))
        }
        // VT_FILETIME
        0x40 => {
            let ticks = u64::from(dword_at(data, 8)?) << 32 | u64::from(dword_at(data, 4)?);
            filetime(ticks).map(|time| Value::Text(time.to_string()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let time = filetime(133_200_000_000_000_000).unwrap();
        assert_eq!(time.to_string(), "2023-02-04T16:00:00Z");
        assert_eq!(filetime(0), None);
        assert_eq!(filetime(u64::MAX), None);
    }

    #[test]
    fn a_damaged_set_says_nothing() {
        let mut metadata = Metadata::default();
        for stream in [&b""[..], &[0xFF; 47], &[0xFF; 64], &[0; 200]] {
            summary(stream, &mut metadata);
        }
        assert!(metadata.is_empty());
    }
}
