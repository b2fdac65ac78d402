use madang_document::metadata::{self, Metadata, Value};

use crate::formats::keywords::keywords;
use crate::formats::property_set::PropertySet;

/// Reads the properties of the stream `\x05HwpSummaryInformation` (identifiers: HWP 5.0 document file format, revision
/// 1.3, section 3.2.4). What is damaged is left out.
pub(super) fn summary(stream: &[u8], metadata: &mut Metadata) {
    let Some((_, set)) = PropertySet::nth(stream, 0) else { return };
    let mut metadata = metadata.at(r"\x05HwpSummaryInformation");
    for (id, value) in set.values() {
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
        // A count of pages that was never made is stored as 0.
        if matches!(value, Value::Text(_) | Value::Integer(1..)) {
            metadata.set(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_set_says_nothing() {
        let mut metadata = Metadata::default();
        for stream in [&b""[..], &[0xFF; 47], &[0xFF; 64], &[0; 200]] {
            summary(stream, &mut metadata);
        }
        assert!(metadata.is_empty());
    }
}
