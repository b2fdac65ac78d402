//! The properties in an XMP packet (ISO 16684-1), which PDF, JPEG, PNG, TIFF and WebP all carry.

use madang_document::metadata::{self, Metadata};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::date;
use super::degrees::{self, Axis};
use super::keywords::keywords;

/// Bytes of a packet that are read; a longer one is padding or an attack.
pub(super) const MOST: usize = 1 << 20;

/// Name spaces and the prefixes that ISO 16684-1 prefers for them. Writers use others, too: Adobe's wrote `xap` for `xmp` up
/// to 2005.
const SPACES: &[(&str, &str)] = &[
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://ns.adobe.com/pdf/1.3/", "pdf"),
    ("http://ns.adobe.com/xap/1.0/", "xmp"),
    ("http://ns.adobe.com/exif/1.0/", "exif"),
    ("http://ns.adobe.com/tiff/1.0/", "tiff"),
    ("http://ns.adobe.com/photoshop/1.0/", "photoshop"),
];

/// What each property is called here, under the preferred prefixes.
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
    ("tiff:Orientation", metadata::ORIENTATION, Shape::Turn),
    ("exif:GPSLatitude", metadata::GPS_LATITUDE, Shape::Degrees),
    ("exif:GPSLongitude", metadata::GPS_LONGITUDE, Shape::Degrees),
    ("exif:GPSAltitude", metadata::GPS_ALTITUDE, Shape::Height),
    (BELOW, "", Shape::Said),
    ("photoshop:Headline", metadata::TITLE, Shape::One),
    ("photoshop:Credit", metadata::CREDIT, Shape::One),
    ("photoshop:Source", metadata::SOURCE, Shape::One),
    ("photoshop:Instructions", metadata::INSTRUCTIONS, Shape::One),
    ("photoshop:CaptionWriter", metadata::CAPTION_WRITER, Shape::One),
];

/// Whether a height is one below the sea: `1`.
const BELOW: &str = "exif:GPSAltitudeRef";

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
    /// The first, if it is an orientation of EXIF.
    Turn,
    /// The first, if it is metres as a fraction.
    Height,
    /// It tells how another is meant.
    Said,
    /// The first, if it is degrees with their minutes and a point of the compass.
    Degrees,
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
    let mut prefixes = Prefixes::default();
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
                    prefixes.declare(&element);
                    attributes(&element, &prefixes, &mut keep);
                    open = prefixes.position(element.name().as_ref()).map(|at| (at, 0));
                    value.clear();
                }
            },
            Ok(Event::Empty(element)) if open.is_none() => {
                prefixes.declare(&element);
                attributes(&element, &prefixes, &mut keep);
            }
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
    let below = NAMES.iter().zip(&found).find(|((property, ..), _)| *property == BELOW);
    let is_below =
        below.is_some_and(|(_, values)| values.first().is_some_and(|value| value == "1"));
    for ((_, name, shape), values) in NAMES.iter().zip(found) {
        match shape {
            Shape::One => metadata.add_some(name, values.into_iter().next()),
            Shape::Joined => metadata.add(name, values.join(", ")),
            Shape::Date => {
                metadata.add_some(name, values.first().and_then(|value| date::iso8601(value)));
            }
            Shape::Turn => {
                let turn = values.first().and_then(|value| value.parse::<u32>().ok());
                metadata.add_some(name, turn.filter(|turn| (1..=8).contains(turn)));
            }
            Shape::Height => {
                let height = values.first().and_then(|value| fraction(value));
                metadata
                    .add_some(name, height.map(|height| if is_below { -height } else { height }));
            }
            Shape::Said => {}
            Shape::Degrees => {
                metadata.add_some(name, values.first().and_then(|value| place(value)));
            }
            // Some writers put the whole list into one item.
            Shape::List => {
                metadata.add(name, values.iter().flat_map(|v| keywords(v)).collect::<Vec<_>>());
            }
        }
    }
}

/// The prefixes that a packet declares for the name spaces above, wherever it does.
#[derive(Default)]
struct Prefixes(Vec<(String, &'static str)>);

impl Prefixes {
    /// Declarations that are kept.
    const MOST: usize = 100;

    fn declare(&mut self, element: &quick_xml::events::BytesStart<'_>) {
        for attribute in element.attributes().flatten() {
            let Some(prefix) = attribute.key.as_ref().strip_prefix("xmlns:") else { continue };
            let space = SPACES.iter().find(|(space, _)| *attribute.value == **space);
            if let Some((_, preferred)) = space.filter(|(_, preferred)| *preferred != prefix)
                && self.0.len() < Prefixes::MOST
            {
                self.0.push((prefix.to_owned(), preferred));
            }
        }
    }

    /// Which property a name is.
    fn position(&self, name: &str) -> Option<usize> {
        let (prefix, local) = name.split_once(':')?;
        let declared = self.0.iter().find(|(declared, _)| declared == prefix);
        let prefix = declared.map_or(prefix, |(_, preferred)| preferred);
        NAMES.iter().position(|(property, ..)| {
            property.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':')) == Some(local)
        })
    }
}

/// Simple properties may also stand as attributes of `rdf:Description` (ISO 16684-1, section 7.9.2.2).
fn attributes(
    element: &quick_xml::events::BytesStart<'_>,
    prefixes: &Prefixes,
    keep: &mut impl FnMut(usize, &mut String),
) {
    for attribute in element.attributes().flatten() {
        if let (Some(at), Ok(value)) = (
            prefixes.position(attribute.key.as_ref()),
            attribute.normalized_value(XmlVersion::Implicit1_0),
        ) {
            keep(at, &mut value.into_owned());
        }
    }
}

/// `37/2` or `18.5` as a number.
fn fraction(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/').unwrap_or((text, "1"));
    let number = above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?;
    number.is_finite().then(|| (number * 1e3).round() / 1e3)
}

/// `37,33.99N` or `37,33,59N` (XMP specification part 2, section 1.2.4) as signed degrees.
fn place(text: &str) -> Option<f64> {
    let text = text.trim();
    let (numbers, point) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (axis, is_negative) = match point {
        "N" => (Axis::Latitude, false),
        "S" => (Axis::Latitude, true),
        "E" => (Axis::Longitude, false),
        "W" => (Axis::Longitude, true),
        _ => return None,
    };
    let parts: Vec<f64> =
        numbers.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let part = |n: usize| parts.get(n).copied().unwrap_or(0.0);
    (parts.len() <= 3).then_some(())?;
    degrees::signed([part(0), part(1), part(2)], axis, is_negative)
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
    fn names_are_known_by_their_space_whatever_their_prefix() {
        let packet = r#"<rdf:RDF><rdf:Description xmlns:xap="http://ns.adobe.com/xap/1.0/"
            xap:CreateDate="2005-09-07T15:07:40-07:00" xmlns:d="http://purl.org/dc/elements/1.1/"
            xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSAltitude="37/2" exif:GPSAltitudeRef="1">
            <d:title>Levee</d:title></rdf:Description></rdf:RDF>"#;
        let mut metadata = Metadata::default();
        read(packet.as_bytes(), "XMP", &mut metadata);
        assert_eq!(metadata.text(metadata::CREATED), Some("2005-09-07T15:07:40-07:00"));
        assert_eq!(metadata.text(metadata::TITLE), Some("Levee"));
        assert_eq!(metadata.number(metadata::GPS_ALTITUDE), Some(-18.5));
    }

    #[test]
    fn reads_what_agencies_say_of_a_picture() {
        let packet = r#"<rdf:RDF><rdf:Description xmlns:ps="http://ns.adobe.com/photoshop/1.0/"
            ps:Credit="마당시 제공" ps:CaptionWriter="김영희"><ps:Source>마당시 하천과</ps:Source>
            <ps:Instructions>7월 4일까지 보도 유예</ps:Instructions></rdf:Description></rdf:RDF>"#;
        let mut metadata = Metadata::default();
        read(packet.as_bytes(), "XMP", &mut metadata);
        for (name, expected) in [
            (metadata::CREDIT, "마당시 제공"),
            (metadata::SOURCE, "마당시 하천과"),
            (metadata::INSTRUCTIONS, "7월 4일까지 보도 유예"),
            (metadata::CAPTION_WRITER, "김영희"),
        ] {
            assert_eq!(metadata.text(name), Some(expected));
        }
    }

    #[test]
    fn reads_degrees_with_a_point_of_the_compass() {
        for (text, expected) in [
            ("37,33.99N", Some(37.5665)),
            ("126,58,41W", Some(-126.9780556)),
            ("37.5N", Some(37.5)),
            ("95,0S", None),
            ("N", None),
            ("12", None),
            ("-12,0N", None),
            ("1,2,3,4N", None),
            ("inf,0N", None),
        ] {
            assert_eq!(place(text), expected, "{text}");
        }
    }

    #[test]
    fn keeps_what_stands_before_the_damage() {
        let mut metadata = Metadata::default();
        read(b"<a><dc:title>one</dc:title><dc:rights></a>", "XMP", &mut metadata);
        assert_eq!(metadata.text(metadata::TITLE), Some("one"));
    }
}
