use std::borrow::Cow;
use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::metadata::{self, At};
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

use crate::formats::date;
use crate::formats::keywords::keywords;
use crate::formats::markup::{Markup, Node};

/// Parts of a package that are listed.
const PARTS: usize = 20_000;

/// Whether the manifest says that parts are encrypted (ODF 1.3 part 2, section 4.8.3, which OWPML follows).
pub(super) fn is_encrypted(manifest: &str) -> bool {
    let mut markup = Markup::new(manifest);
    std::iter::from_fn(|| markup.next())
        .any(|node| matches!(node, Node::Start(tag) if tag.name() == "encryption-data"))
}

/// Reads `version.xml`: the version of the document and the program that wrote it.
pub(super) fn version(xml: &str, content: &mut Content) {
    let mut metadata = content.metadata.at("version.xml");
    let mut markup = Markup::new(xml);
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        if tag.name() != "HCFVersion" {
            continue;
        }
        let part = |name| tag.attribute(name).and_then(|v| v.parse::<u16>().ok());
        if let Some(major) = part("major") {
            let [minor, micro, build] =
                ["minor", "micro", "buildNumber"].map(|name| part(name).unwrap_or(0));
            metadata.set(metadata::FORMAT_VERSION, format!("{major}.{minor}.{micro}.{build}"));
        }
        let program = ["application", "appVersion"].map(|name| tag.attribute(name));
        let program: Vec<_> = program.into_iter().flatten().collect();
        metadata.set(metadata::PRODUCER, program.join(" "));
        metadata.set_some("hwp.xml_version", tag.attribute("xmlVersion"));
    }
    markup.report("version.xml", content);
}

/// What the package document lists.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The paths of the parts by their ids; what lies outside of the package, too.
    pub(super) parts: BTreeMap<String, String>,
    /// The paths of those that are read, in reading order.
    pub(super) spine: Vec<String>,
}

/// Reads the package document (`content.hpf`, which follows OPF 2.0): the properties, and gives what it lists.
/// What is damaged of it is told in `content`.
pub(super) fn package(xml: &str, part: &str, content: &mut Content) -> Listed {
    let metadata = &mut content.metadata;
    let mut markup = Markup::new(xml);
    let mut hrefs = BTreeMap::new();
    let mut spine = Vec::new();
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        match tag.name() {
            name @ ("title" | "language") => {
                let name = name.to_owned();
                set(&name, &markup.text(), metadata.at(part));
            }
            "meta" => {
                if let Some(name) = tag.attribute("name") {
                    set(&name, &markup.text(), metadata.at(part));
                }
            }
            "item" if hrefs.len() < PARTS => {
                if let (Some(id), Some(href)) = (tag.attribute("id"), tag.attribute("href")) {
                    hrefs.insert(id, href);
                }
            }
            "itemref" if spine.len() < PARTS => spine.extend(tag.attribute("idref")),
            _ => {}
        }
    }
    markup.report(part, content);
    let spine = spine.iter().filter_map(|id| hrefs.get(id).cloned()).collect();
    Listed { parts: hrefs, spine }
}

fn set(name: &str, value: &str, mut metadata: At<'_>) {
    match name {
        "title" => metadata.set(metadata::TITLE, value),
        "creator" => metadata.set(metadata::AUTHOR, value),
        "subject" => metadata.set(metadata::DESCRIPTION, value),
        "description" => metadata.set("hwp.comments", value),
        "lastsaveby" => metadata.set(metadata::LAST_SAVED_BY, value),
        "keyword" => metadata.set(metadata::KEYWORDS, keywords(value)),
        // RFC 3339 already; the property `date` repeats the first in words.
        "CreatedDate" => metadata.set_some(metadata::CREATED, date::iso8601(value)),
        "ModifiedDate" => metadata.set_some(metadata::MODIFIED, date::iso8601(value)),
        _ => {}
    }
}

/// The value of an attribute, whatever its prefix and capitals; borrowed where it stands as it is, as nearly all do.
pub(in crate::formats) fn attribute<'e>(e: &'e BytesStart<'_>, name: &str) -> Option<Cow<'e, str>> {
    let mut attributes = e.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref().eq_ignore_ascii_case(name))?;
    // What a reader of XML turns into something else: references and line ends.
    let is_turned = |byte: &u8| matches!(byte, b'&' | b'\t' | b'\n' | b'\r');
    if !found.value.as_bytes().iter().any(is_turned) {
        return Some(found.value);
    }
    Some(match found.normalized_value(XmlVersion::Implicit1_0) {
        Ok(value) => Cow::Owned(value.into_owned()),
        Err(_) => found.value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_copied_only_where_it_is_turned_into_something_else() {
        let e = BytesStart::from_content("t a='가 1' hp:B='a &amp; b' c='a\nb' d='&x;'", 1);
        let own = |name| attribute(&e, name).unwrap();
        assert!(matches!(own("A"), Cow::Borrowed("가 1")));
        assert!(matches!(own("b"), Cow::Owned(_)) && own("b") == "a & b");
        assert_eq!((own("c").as_ref(), own("d").as_ref()), ("a b", "&x;"));
    }

    #[test]
    fn the_spine_gives_the_order() {
        let xml = r#"<opf:package xmlns:opf="o"><opf:metadata><opf:title>가 &amp; 나</opf:title>
            <opf:meta name="creator" content="text">홍길동</opf:meta><opf:meta name="subject"/>
            </opf:metadata><opf:manifest><opf:item id="a" href="Contents/section0.xml"/>
            <opf:item id="b" href="Contents/section1.xml"/></opf:manifest>
            <opf:spine><opf:itemref idref="b"/><opf:itemref idref="a"/><opf:itemref idref="c"/></opf:spine>"#;
        let mut content = Content::default();
        assert_eq!(
            package(xml, "Contents/content.hpf", &mut content).spine,
            ["Contents/section1.xml", "Contents/section0.xml"]
        );
        assert_eq!(content.metadata.text(metadata::TITLE), Some("가 & 나"));
        assert_eq!(content.metadata.text(metadata::AUTHOR), Some("홍길동"));
    }

    #[test]
    fn encryption_is_named_in_the_manifest() {
        let encrypted = r#"<odf:manifest><odf:file-entry><odf:encryption-data/></odf:file-entry>"#;
        assert!(is_encrypted(encrypted));
        assert!(!is_encrypted("<odf:manifest><!-- encryption-data --></odf:manifest>"));
    }
}
