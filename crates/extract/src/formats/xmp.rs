//! The properties in an XMP packet (ISO 16684-1), which PDF, JPEG, PNG, TIFF and WebP all carry.

use madang_document::metadata::{self, Metadata};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::date;
use super::keywords::keywords;

/// Bytes of a packet that are read; a longer one is padding or an attack.
pub(super) const MOST: usize = 1 << 20;

/// What each property is called here. The prefixes are those that ISO 16684-1 prescribes as preferred; no
/// writer of note uses others.
const NAMES: &[(&str, &str, Shape)] = &[
    ("dc:title", metadata::TITLE, Shape::One),
    ("dc:description", metadata::DESCRIPTION, Shape::One),
    ("dc:rights", metadata::COPYRIGHT, Shape::One),
    ("dc:creator", metadata::AUTHOR, Shape::Joined),
    ("dc:subject", metadata::KEYWORDS, Shape::List),
    ("pdf:Keywords", metadata::KEYWORDS, Shape::List),
    ("pdf:Producer", metadata::PRODUCER, Shape::One),
    ("xmp:CreatorTool", metadata::PRODUCER, Shape::One),
    ("xmp:CreateDate", metadata::CREATED, Shape::Date),
    ("xmp:ModifyDate", metadata::MODIFIED, Shape::Date),
    ("exif:DateTimeOriginal", metadata::TAKEN_AT, Shape::Date),
    ("tiff:Make", metadata::CAMERA_MAKE, Shape::One),
    ("tiff:Model", metadata::CAMERA_MODEL, Shape::One),
];

/// How the values of a property become one.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// The first: of alternatives in several languages it is the default (ISO 16684-1, section 8.2.2.4).
    One,
    /// The first, if it is a date.
    Date,
    /// All, separated by commas.
    Joined,
    /// All, as a list.
    List,
}

/// Adds what the packet says, which is the part of this name, behind what `metadata` says already. A damaged packet gives
/// what stands before the damage.
pub(crate) fn read(packet: &[u8], part: &str, metadata: &mut Metadata) {
    let packet = packet.get(..MOST).unwrap_or(packet);
    let text = match packet {
        [0xFE, 0xFF, ..] => encoding_rs::UTF_16BE.decode(packet).0,
        [0xFF, 0xFE, ..] => encoding_rs::UTF_16LE.decode(packet).0,
        _ => String::from_utf8_lossy(packet),
    };
    let mut found: Vec<Vec<String>> = vec![Vec::new(); NAMES.len()];
    // The property that is open, how deep inside it we are, and the text gathered since its last item.
    let mut open: Option<(usize, u32)> = None;
    let mut value = String::new();
    let mut reader = Reader::from_str(&text);
    let mut keep = |at: usize, value: &mut String| {
        let text = std::mem::take(value);
        if let Some(values) = found.get_mut(at).filter(|_| !text.trim().is_empty()) {
            values.push(text.trim().to_owned());
        }
    };
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => match &mut open {
                Some((_, depth)) => *depth += 1,
                None => {
                    attributes(&element, &mut keep);
                    open = position(element.name().as_ref()).map(|at| (at, 0));
                    value.clear();
                }
            },
            Ok(Event::Empty(element)) if open.is_none() => attributes(&element, &mut keep),
            Ok(Event::End(_)) => {
                if let Some((at, depth)) = open {
                    keep(at, &mut value);
                    open = depth.checked_sub(1).map(|depth| (at, depth));
                }
            }
            Ok(Event::Text(text)) if open.is_some() => value.push_str(&text.xml10_content()),
            Ok(Event::CData(text)) if open.is_some() => value.push_str(&text.xml10_content()),
            Ok(Event::GeneralRef(reference)) if open.is_some() => {
                match reference.resolve_char_ref() {
                    Ok(Some(c)) => value.push(c),
                    _ => value.push_str(resolve_predefined_entity(&reference).unwrap_or_default()),
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let mut metadata = metadata.at(part);
    for ((_, name, shape), values) in NAMES.iter().zip(found) {
        match shape {
            Shape::One => metadata.add_some(name, values.into_iter().next()),
            Shape::Joined => metadata.add(name, values.join(", ")),
            Shape::Date => {
                metadata.add_some(name, values.first().and_then(|value| date::iso8601(value)));
            }
            // Some writers put the whole list into one item.
            Shape::List => {
                metadata.add(name, values.iter().flat_map(|v| keywords(v)).collect::<Vec<_>>());
            }
        }
    }
}

/// Simple properties may also stand as attributes of `rdf:Description` (ISO 16684-1, section 7.9.2.2).
fn attributes(
    element: &quick_xml::events::BytesStart<'_>,
    keep: &mut impl FnMut(usize, &mut String),
) {
    for attribute in element.attributes().flatten() {
        if let (Some(at), Ok(value)) =
            (position(attribute.key.as_ref()), attribute.normalized_value(XmlVersion::Implicit1_0))
        {
            keep(at, &mut value.into_owned());
        }
    }
}

fn position(name: &str) -> Option<usize> {
    NAMES.iter().position(|(property, ..)| *property == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_elements_and_attributes() {
        let packet = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
            <rdf:Description xmp:CreateDate="2024-01-31T09:30:00+09:00" pdf:Producer="A &amp; B">
            <dc:title><rdf:Alt><rdf:li xml:lang="x-default">침수 &lt;현황&gt;</rdf:li>
            <rdf:li xml:lang="en">Floods</rdf:li></rdf:Alt></dc:title>
            <dc:subject><rdf:Bag><rdf:li>도로</rdf:li><rdf:li>하천</rdf:li></rdf:Bag></dc:subject>
            </rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let mut metadata = Metadata::default();
        read(packet.as_bytes(), "XMP", &mut metadata);
        assert_eq!(metadata.text(metadata::TITLE), Some("침수 <현황>"));
        assert_eq!(metadata.text(metadata::CREATED), Some("2024-01-31T09:30:00+09:00"));
        assert_eq!(metadata.text(metadata::PRODUCER), Some("A & B"));
        assert_eq!(metadata.get(metadata::KEYWORDS), Some(&vec!["도로", "하천"].into()));
    }

    #[test]
    fn keeps_what_stands_before_the_damage() {
        let mut metadata = Metadata::default();
        read(b"<a><dc:title>one</dc:title><dc:rights></a>", "XMP", &mut metadata);
        assert_eq!(metadata.text(metadata::TITLE), Some("one"));
    }
}
