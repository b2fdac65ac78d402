use std::collections::BTreeMap;

use madang_document::metadata::{self, Metadata};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::formats::hwp5::summary::keywords;

/// Parts of a package that are listed.
const PARTS: usize = 20_000;

/// Whether the manifest says that parts are encrypted (ODF 1.3 part 2, section 4.8.3, which OWPML follows).
pub(super) fn is_encrypted(manifest: &str) -> bool {
    let mut reader = lenient(manifest);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(e) | Event::Empty(e) if local(&e) == "encryption-data" => return true,
            Event::Eof => break,
            _ => {}
        }
    }
    false
}

/// Reads `version.xml`: the version of the document and the program that wrote it.
pub(super) fn version(xml: &str, metadata: &mut Metadata) {
    let mut reader = lenient(xml);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(e) | Event::Empty(e) if local(&e) == "HCFVersion" => {
                let part = |name| attribute(&e, name).and_then(|v| v.parse::<u16>().ok());
                if let Some(major) = part("major") {
                    let [minor, micro, build] =
                        ["minor", "micro", "buildNumber"].map(|name| part(name).unwrap_or(0));
                    metadata
                        .set(metadata::FORMAT_VERSION, format!("{major}.{minor}.{micro}.{build}"));
                }
                let program = ["application", "appVersion"].map(|n| attribute(&e, n));
                let program: Vec<_> = program.into_iter().flatten().collect();
                metadata.set(metadata::PRODUCER, program.join(" "));
                metadata.set_some("hwp.xml_version", attribute(&e, "xmlVersion"));
            }
            Event::Eof => break,
            _ => {}
        }
    }
}

/// Reads the package document (`content.hpf`, which follows OPF 2.0): the properties, and gives the paths of
/// the parts in reading order.
pub(super) fn package(xml: &str, metadata: &mut Metadata) -> Vec<String> {
    let mut reader = lenient(xml);
    let mut hrefs = BTreeMap::new();
    let mut spine = Vec::new();
    let mut property: Option<(String, String)> = None;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(e) => match local(&e) {
                name @ ("title" | "language") => property = Some((name.into(), String::new())),
                "meta" => {
                    property = attribute(&e, "name").map(|name| (name, String::new()));
                }
                _ => {
                    part(&e, &mut hrefs, &mut spine);
                }
            },
            Event::Empty(e) => {
                part(&e, &mut hrefs, &mut spine);
            }
            Event::Text(text) => {
                if let Some((_, value)) = &mut property {
                    value.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                if let Some((_, value)) = &mut property {
                    value.extend(super::section::character(&reference));
                }
            }
            Event::End(_) => {
                if let Some((name, value)) = property.take() {
                    set(&name, &value, metadata);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    spine.iter().filter_map(|id| hrefs.get(id).cloned()).collect()
}

/// Takes an entry of the manifest or of the spine.
fn part(e: &BytesStart<'_>, hrefs: &mut BTreeMap<String, String>, spine: &mut Vec<String>) {
    match local(e) {
        "item" if hrefs.len() < PARTS => {
            if let (Some(id), Some(href)) = (attribute(e, "id"), attribute(e, "href")) {
                hrefs.insert(id, href);
            }
        }
        "itemref" if spine.len() < PARTS => spine.extend(attribute(e, "idref")),
        _ => {}
    }
}

fn set(name: &str, value: &str, metadata: &mut Metadata) {
    match name {
        "title" => metadata.set(metadata::TITLE, value),
        "creator" => metadata.set(metadata::AUTHOR, value),
        "subject" => metadata.set(metadata::DESCRIPTION, value),
        "description" => metadata.set("hwp.comments", value),
        "lastsaveby" => metadata.set(metadata::LAST_SAVED_BY, value),
        "keyword" => metadata.set(metadata::KEYWORDS, keywords(value)),
        // RFC 3339 already; the property `date` repeats the first in words.
        "CreatedDate" => metadata.set(metadata::CREATED, value),
        "ModifiedDate" => metadata.set(metadata::MODIFIED, value),
        _ => {}
    }
}

fn lenient(xml: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(xml);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

fn local<'a>(e: &'a BytesStart<'_>) -> &'a str {
    e.local_name().into_inner()
}

/// The value of an attribute, whatever its prefix and capitals.
pub(in crate::formats) fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = e.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref().eq_ignore_ascii_case(name))?;
    Some(match found.normalized_value(XmlVersion::Implicit1_0) {
        Ok(value) => value.into_owned(),
        Err(_) => found.value.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spine_gives_the_order() {
        let xml = r#"<opf:package xmlns:opf="o"><opf:metadata><opf:title>가 &amp; 나</opf:title>
            <opf:meta name="creator" content="text">홍길동</opf:meta><opf:meta name="subject"/>
            </opf:metadata><opf:manifest><opf:item id="a" href="Contents/section0.xml"/>
            <opf:item id="b" href="Contents/section1.xml"/></opf:manifest>
            <opf:spine><opf:itemref idref="b"/><opf:itemref idref="a"/><opf:itemref idref="c"/></opf:spine>"#;
        let mut metadata = Metadata::default();
        assert_eq!(package(xml, &mut metadata), ["Contents/section1.xml", "Contents/section0.xml"]);
        assert_eq!(metadata.text(metadata::TITLE), Some("가 & 나"));
        assert_eq!(metadata.text(metadata::AUTHOR), Some("홍길동"));
    }

    #[test]
    fn encryption_is_named_in_the_manifest() {
        let encrypted = r#"<odf:manifest><odf:file-entry><odf:encryption-data/></odf:file-entry>"#;
        assert!(is_encrypted(encrypted));
        assert!(!is_encrypted("<odf:manifest><!-- encryption-data --></odf:manifest>"));
    }
}
