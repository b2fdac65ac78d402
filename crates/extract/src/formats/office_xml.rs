//! What the XML formats of Office 2003 have in common: the properties, and elements cut out of the text.

use madang_document::content::Content;
use madang_document::metadata;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::markup::{Markup, Node};
use super::office_property::{add_subject, set_property};
use super::xstring::xstring;

/// Elements that are cut out of one text; the parts of a large document are some hundred.
const MOST: usize = 10_000;

/// An element that was cut out.
pub(super) struct Cut<'t> {
    /// Its name without prefix.
    pub(super) element: String,
    /// The attribute `name` of the element that was met last among `named`.
    pub(super) name: String,
    /// What stands between its tags.
    pub(super) inner: &'t str,
}

/// Cuts the elements of these names out of a text, in order, wherever they stand; one inside another is part of it.
pub(super) fn cut<'t>(text: &'t str, named: &str, wanted: &[&str]) -> Vec<Cut<'t>> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let mut found = Vec::new();
    let mut name = String::new();
    while let Ok(event) = reader.read_event() {
        let tag = match event {
            Event::Start(tag) => tag,
            Event::Eof => break,
            _ => continue,
        };
        let full = tag.name().0;
        let local = full.rsplit_once(':').map_or(full, |(_, local)| local).to_owned();
        if local == named {
            name = attribute(&tag, "name");
        }
        if wanted.contains(&local.as_str()) && found.len() < MOST {
            let start = reader.buffer_position();
            let end = match reader.read_to_end(tag.name()) {
                Ok(span) => span.end,
                // The text ends within it.
                Err(_) => text.len() as u64,
            };
            let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
            let inner = range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default();
            found.push(Cut { element: local, name: name.clone(), inner });
        }
    }
    found
}

fn attribute(tag: &BytesStart<'_>, local: &str) -> String {
    let mut attributes = tag.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| {
        let key = attribute.key.0;
        key.rsplit_once(':').map_or(key, |(_, name)| name) == local
    });
    found.map(|attribute| attribute.value.into_owned()).unwrap_or_default()
}

/// Reads the properties of the element `DocumentProperties`.
pub(super) fn properties(text: &str, content: &mut Content) {
    for part in cut(text, "", &["DocumentProperties"]).iter().take(1) {
        let mut markup = Markup::new(part.inner);
        let mut subject = String::new();
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let name = match tag.name() {
                "Title" => metadata::TITLE,
                "Description" => metadata::DESCRIPTION,
                "Keywords" => metadata::KEYWORDS,
                "Author" => metadata::AUTHOR,
                "LastAuthor" => metadata::LAST_SAVED_BY,
                "Created" => metadata::CREATED,
                "LastSaved" => metadata::MODIFIED,
                "Pages" => metadata::PAGES,
                "Subject" => {
                    subject = markup.text();
                    continue;
                }
                _ => continue,
            };
            set_property(content, "DocumentProperties", name, &markup.text());
        }
        add_subject(content, "DocumentProperties", &subject);
    }
    for part in cut(text, "", &["CustomDocumentProperties"]).iter().take(1) {
        let mut markup = Markup::new(part.inner);
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            // Characters that XML does not allow in a name.
            let name = xstring(tag.name());
            let mut metadata = content.metadata.at("CustomDocumentProperties");
            metadata.set(&format!("office.{name}"), markup.text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_cut_out() {
        let text = r#"<a><p:part p:name="x"><d>1<d>2</d></d></p:part><part name="y"/><d/><d>3"#;
        let found: Vec<_> = cut(text, "part", &["d"])
            .iter()
            .map(|cut| (cut.name.clone(), cut.inner.to_owned()))
            .collect();
        assert_eq!(found, [("x".into(), "1<d>2</d>".to_owned()), ("x".into(), "3".into())]);
    }
}
