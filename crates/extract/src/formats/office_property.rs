//! A property of an office document, whatever its format, in the words of our metadata.

use madang_document::content::Content;
use madang_document::metadata;

use super::date;
use super::keywords::keywords;

/// Puts the subject before the description: the vocabulary has one word for both.
pub(super) fn add_subject(content: &mut Content, part: &str, subject: &str) {
    let description = content.metadata.text(metadata::DESCRIPTION).unwrap_or_default();
    if !subject.trim().is_empty() && subject.trim() != description {
        let description = format!("{}\n{description}", subject.trim());
        content.metadata.at(part).set(metadata::DESCRIPTION, description);
    }
}

/// Properties that an author named himself and that are kept; Word takes some hundred.
pub(super) const OWN_MOST: usize = 1000;

/// Sets a property that the author named himself, as `office.NAME`.
pub(super) fn set_own_property(content: &mut Content, part: &str, name: &str, value: &str) {
    let (name, value) = (name.trim(), value.trim());
    if !name.is_empty() && !value.is_empty() {
        content.metadata.at(part).set(&format!("office.{name}"), value);
    }
}

/// Sets a property of an office document from its text: keywords become a list, times and numbers are kept
/// only if they are such.
pub(super) fn set_property(content: &mut Content, part: &str, name: &str, text: &str) {
    let text = text.trim();
    let mut metadata = content.metadata.at(part);
    match name {
        metadata::KEYWORDS => metadata.set(name, keywords(text)),
        metadata::PAGES => metadata.set_some(name, text.parse::<u32>().ok()),
        metadata::CREATED | metadata::MODIFIED => {
            metadata.set_some(name, date::iso8601(text));
        }
        name => metadata.set(name, text),
    }
}
