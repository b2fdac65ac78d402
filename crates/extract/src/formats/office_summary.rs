//! The properties of old Office documents: the streams `\x05SummaryInformation` and
//! `\x05DocumentSummaryInformation` (MS-OLEPS; the identifiers are those of MS-OSHARED, section 2.3.3.2).

use madang_document::content::Content;
use madang_document::metadata::{self, Value};

use super::keywords::keywords;
use super::office_property::add_subject;
use super::property_set::PropertySet;
use crate::compound_file::CompoundFile;
use crate::context::Context;

/// Format identifiers as they lie in the stream (MS-OLEPS, section 2.21 and MS-OSHARED, section 2.3.3).
const SUMMARY: [u8; 16] = [
    0xE0, 0x85, 0x9F, 0xF2, 0xF9, 0x4F, 0x68, 0x10, 0xAB, 0x91, 0x08, 0x00, 0x2B, 0x27, 0xB3, 0xD9,
];
const USER_DEFINED: [u8; 16] = [
    0x05, 0xD5, 0xCD, 0xD5, 0x9C, 0x2E, 0x1B, 0x10, 0x93, 0x97, 0x08, 0x00, 0x2B, 0x2C, 0xF9, 0xAE,
];

/// Reads the properties of a document into its metadata. What is damaged is left out.
pub(super) fn read(file: &CompoundFile<'_>, context: &Context<'_>, content: &mut Content) {
    for stream in ["\u{5}SummaryInformation", "\u{5}DocumentSummaryInformation"] {
        if let Some(bytes) = file.root_stream(stream, context.limits.metadata) {
            properties(&bytes, &stream.replace('\u{5}', r"\x05"), content);
        }
    }
}

fn properties(stream: &[u8], part: &str, content: &mut Content) {
    for (format, set) in [0, 1].into_iter().filter_map(|n| PropertySet::nth(stream, n)) {
        match format {
            SUMMARY => summary(&set, part, content),
            USER_DEFINED => user_defined(&set, part, content),
            _ => {}
        }
    }
}

fn summary(set: &PropertySet<'_>, part: &str, content: &mut Content) {
    let mut subject = String::new();
    for (id, value) in set.values() {
        let name = match id {
            0x02 => metadata::TITLE,
            0x03 => {
                subject = shown(value);
                continue;
            }
            0x04 => metadata::AUTHOR,
            0x05 => {
                content.metadata.at(part).set(metadata::KEYWORDS, keywords(&shown(value)));
                continue;
            }
            0x06 => metadata::DESCRIPTION,
            0x08 => metadata::LAST_SAVED_BY,
            0x0C => metadata::CREATED,
            0x0D => metadata::MODIFIED,
            0x0E => metadata::PAGES,
            0x12 => metadata::PRODUCER,
            _ => continue,
        };
        let is_number = matches!(value, Value::Integer(_));
        // A count of pages that was never made is stored as 0.
        if is_number != (name == metadata::PAGES) || value == Value::Integer(0) {
            continue;
        }
        let is_date = name == metadata::CREATED || name == metadata::MODIFIED;
        if is_date && super::date::iso8601(&shown(value.clone())).is_none() {
            continue;
        }
        content.metadata.at(part).set(name, value);
    }
    add_subject(content, part, &subject);
}

/// The properties that the authors or their document management named themselves (section 2.21, `PropertyBag`).
fn user_defined(set: &PropertySet<'_>, part: &str, content: &mut Content) {
    let names = set.dictionary();
    for (id, value) in set.values() {
        let Some(name) = names.get(&id) else { continue };
        // Names that begin so are Office's own (MS-OSHARED, section 2.3.3.2.3.1).
        if name.starts_with("_PID_") || name.trim().is_empty() {
            continue;
        }
        content.metadata.at(part).set(&format!("office.{}", name.trim()), value);
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream with one set of properties.
    fn stream(format: [u8; 16], properties: &[(u32, Vec<u8>)]) -> Vec<u8> {
        let mut set = vec![0; 4];
        set.extend((properties.len() as u32).to_le_bytes());
        let mut at = 8 + properties.len() * 8;
        for (id, data) in properties {
            set.extend(id.to_le_bytes());
            set.extend((at as u32).to_le_bytes());
            at += data.len();
        }
        properties.iter().for_each(|(_, data)| set.extend(data));
        let mut stream = vec![0; 24];
        stream.extend(1u32.to_le_bytes());
        stream.extend(format);
        stream.extend(48u32.to_le_bytes());
        stream.extend(set);
        stream
    }

    fn text(bytes: &[u8]) -> Vec<u8> {
        let mut value = 0x1Eu32.to_le_bytes().to_vec();
        value.extend((bytes.len() as u32).to_le_bytes());
        value.extend(bytes);
        value
    }

    #[test]
    fn texts_stand_in_their_code_page() {
        let page = [2, 0, 0, 0, 0xB5, 0x03, 0, 0].to_vec();
        let title = text(&[0xC7, 0xD1, 0xB1, 0xDB, 0]);
        let mut content = Content::default();
        properties(&stream(SUMMARY, &[(1, page.clone()), (2, title.clone())]), "set", &mut content);
        assert_eq!(content.metadata.text(metadata::TITLE), Some("한글"));
        let mut names = vec![1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0];
        names.extend([0xC7, 0xD1, 0xB1, 0xDB, 0]);
        let sets = stream(USER_DEFINED, &[(0, names), (1, page), (2, title)]);
        properties(&sets, "set", &mut content);
        assert_eq!(content.metadata.text("office.한글"), Some("한글"));
    }

    #[test]
    fn many_properties_of_one_text_are_no_more_than_they_may_be() {
        let long = text(&vec![b'x'; 1 << 20]);
        let mut set = stream(SUMMARY, &[(2, long)]);
        // Every property of the set is at the offset of the first.
        set[52..56].copy_from_slice(&2u32.to_le_bytes());
        let offset = set[60..64].to_vec();
        set.splice(64..64, [[6, 0, 0, 0].as_slice(), &offset].concat());
        let mut content = Content::default();
        properties(&set, "set", &mut content);
        assert!(content.metadata.size() <= 2 * (32 << 10) + 100, "{}", content.metadata.size());
    }

    #[test]
    fn a_damaged_set_says_nothing() {
        let mut content = Content::default();
        for stream in [&b""[..], &[0xFF; 47], &[0xFF; 64], &[0xFF; 4096], &[0; 200]] {
            properties(stream, "set", &mut content);
        }
        assert!(content.metadata.is_empty());
    }
}
