//! Rich Text Format, by a reader of our own: code pages by font, tables, notes, forms and embedded files.

use std::collections::HashSet;

use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Member};
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part as Named};
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use self::destination::{Moment, Property};
use self::document::Document;
use self::encapsulated::Wrapped;
use self::object::Object;
use self::part::{Part, PartKind};
use super::bitmap_file::bitmap_file;
use super::html::Aside;
use super::keywords::keywords;
use super::office_property::add_subject;
use super::{date, html, ole_object};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::paragraphs::Paragraphs;
use crate::unpack::take_member;

mod destination;
mod document;
mod encapsulated;
mod field;
mod flow;
mod font;
mod object;
mod part;
mod token;

pub(super) const FORMAT: Format = Format {
    name: "rtf",
    version: 6,
    media_types: &["application/rtf"],
    // Word opens it under the name of a `.doc`, too.
    sniff: |probe| {
        let head = probe.head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&probe.head);
        if head.trim_ascii_start().starts_with(b"{\\rtf") { Match::Magic } else { Match::No }
    },
    media_type: |_| "application/rtf",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let bytes = blob.read_all(context.limits.member)?;
    let mut content = Content::default();
    let mut document = document::read(&bytes, &|| context.progress());
    properties(&document, &mut content);
    text(&document, &mut content, context);
    let parts = std::mem::take(&mut document.parts);
    let kept = parts.len() as u64;
    members(parts, &mut content, context);
    if document.more_parts > 0 {
        let of = Some(kept.saturating_add(document.more_parts));
        content.cut(ReasonKind::OnlyFirst { first: kept, of, unit: Unit::Members });
    }
    if document.broken_off {
        if content.segments.is_empty() && content.members.is_empty() {
            return Err(ExtractError::corrupt(
                ReasonKind::EndsBefore(Noun::AnyText.into()).of(Noun::File),
            ));
        }
        content.lost(ReasonKind::EndsWithin(Noun::Group.into()).of(Noun::File));
    }
    Ok(content)
}

/// The body of a mail: what it wraps, else its own text. Gives what a page says beside that.
pub(super) fn read_body(bytes: &[u8], content: &mut Content, context: &Context<'_>) -> Aside {
    match encapsulated::unwrap(bytes) {
        Some(Wrapped::Page(page)) => return html::read_mail_page(&page, content, context),
        Some(Wrapped::Text(plain)) => {
            super::text::read_lines(&plain, content, context.limits.text, context);
        }
        None => text(&document::read(bytes, &|| context.progress()), content, context),
    }
    Aside::default()
}

fn text(document: &Document, content: &mut Content, context: &Context<'_>) {
    let mut paragraphs = Paragraphs::new(content, context.limits.text);
    let lines = document.headers.iter().chain(&document.body).chain(&document.footers);
    for (number, line) in (1..).zip(lines) {
        for line in line.lines() {
            paragraphs.line(line, || Locator::Paragraph { number });
        }
        paragraphs.end();
        if paragraphs.is_full() {
            break;
        }
    }
    paragraphs.finish();
    if document.any_hidden {
        content.note(ReasonKind::SomeHidden.of(Noun::Document));
    }
}

fn properties(document: &Document, content: &mut Content) {
    for (property, text) in &document.properties {
        // Whole text in the group of a property: a semicolon ends only the name of the program.
        let text = text.trim();
        let name = match property {
            Property::Title => metadata::TITLE,
            Property::Author => metadata::AUTHOR,
            Property::LastSavedBy => metadata::LAST_SAVED_BY,
            Property::Comment => metadata::DESCRIPTION,
            Property::Keywords => {
                content.metadata.at("info").set(metadata::KEYWORDS, keywords(text));
                continue;
            }
            Property::Producer => {
                content.metadata.at("info").set(metadata::PRODUCER, text.trim_end_matches(';'));
                continue;
            }
            Property::Subject => continue,
        };
        content.metadata.at("info").set(name, text);
    }
    if let Some(subject) = document.properties.get(&Property::Subject) {
        add_subject(content, "info", subject);
    }
    for (moment, name) in
        [(Moment::Created, metadata::CREATED), (Moment::Modified, metadata::MODIFIED)]
    {
        let parts = document.moments.get(&moment);
        content
            .metadata
            .at("info")
            .set_some(name, parts.and_then(|parts| date::rfc3339(*parts, "")));
    }
    content.metadata.at("info").set_some(metadata::PAGES, document.pages);
}

/// Opens what is embedded, the same picture once. The bits of a screen of old are listed: no file begins so.
fn members(parts: Vec<Part>, content: &mut Content, context: &Context<'_>) {
    let mut paths = MemberPaths::default();
    let mut known = HashSet::new();
    for (number, Part { kind, bytes, .. }) in (1..).zip(parts) {
        if let Err(limit) = context.may_open_member() {
            content.cut(limit);
            return;
        }
        match kind {
            PartKind::Picture(_) if !known.insert(BlobId::of(&bytes)) => {}
            PartKind::Picture("ddb") => {
                let (path, size) = (paths.take(&format!("picture-{number}.ddb")), bytes.len());
                let size = Some(size as u64);
                content.members.push(Member { path, size, outcome: None, told: None });
            }
            PartKind::Picture(kind) => {
                let (extension, bytes) = match kind {
                    "dib" => ("bmp", bitmap_file(&bytes)),
                    kind => (kind, bytes),
                };
                let path = paths.take(&format!("picture-{number}.{extension}"));
                if !take_member(bytes.as_slice(), &path, None, context, content) {
                    return;
                }
            }
            PartKind::Object => match object::read(&bytes) {
                Object::Link => {}
                Object::Broken => {
                    let path = paths.take(&format!("object-{number}"));
                    let damaged = ReasonKind::Damaged.of(Noun::Object);
                    content.lost(damaged.within(Named::Member(path.as_str().into())));
                }
                Object::File(name, bytes) => {
                    let path = paths.take(&format!("object-{number}/{name}"));
                    if !take_member(bytes.as_slice(), &path, None, context, content) {
                        return;
                    }
                }
                Object::Data(bytes) => {
                    if let Err(limit) = context.spend_unpacked(bytes.len() as u64) {
                        content.cut(limit);
                        return;
                    }
                    let path = paths.take(&format!("object-{number}"));
                    ole_object::open_file(&path, bytes, context, content);
                }
            },
        }
    }
}
