//! Word documents of the binary formats: Word 97 to 2003 (MS-DOC), Word 6 and 95.

use std::collections::BTreeSet;

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{self, Noun};
use madang_document::reason_kind::ReasonKind;

use super::bytes::{piece, u8_at, u16_at, u32_at};
use super::docx_numbering::Numbering;
use super::office_art::{Pictures, Record, descriptions, record};
use super::office_summary;
use super::ole_object;
use super::windows_text::wide;
use crate::blob::Blob;
use crate::compound_file::CompoundFile;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::Format;
use fib::{Fib, Part, Table, positions};
use story::{LinesAt, Story};
use text::Text;

mod encryption;
mod fib;
mod form;
mod lists;
mod runs;
mod sprm;
mod story;
mod styles;
mod text;

pub(super) const FORMAT: Format = Format {
    name: "doc",
    version: 6,
    media_types: &["application/msword"],
    sniff: |probe| ole_object::sniff(probe, &["WordDocument"], &["doc", "dot"]),
    media_type: |_| "application/msword",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let file = ole_object::open(blob)?;
    let limit = context.limits.member;
    let mut stream = file.root_stream("WordDocument", limit).ok_or_else(|| {
        ExtractError::corrupt(ReasonKind::Unreadable.of(stream_of("WordDocument")))
    })?;
    let unlocked = encryption::unlock(&file, &mut stream, context)?;
    let decrypted = |mut stream: Vec<u8>| {
        unlocked.iter().for_each(|unlocked| unlocked.decrypt(&mut stream));
        stream
    };
    let fib = Fib::parse(&stream)?;
    ole_object::tell_damage(&file, &mut content);
    office_summary::read(&file, context, &mut content);
    if unlocked.is_some() {
        content.metadata.at("WordDocument").set(metadata::ENCRYPTED, true);
    }
    let own;
    let tables = match fib.is_new {
        false => &stream,
        true => {
            own = file.root_stream(fib.table_stream, limit).map(decrypted);
            own.as_ref().ok_or_else(|| {
                ExtractError::corrupt(
                    ReasonKind::Missing
                        .of(madang_document::part::Part::Stream(fib.table_stream.into())),
                )
            })?
        }
    };
    let data = file.root_stream("Data", limit).map(decrypted).unwrap_or_default();
    let text = Text::read(&fib, &stream, tables, &data, &fonts(&fib, tables));
    if text.cut_short {
        content.lost(ReasonKind::CutShort.of(Noun::Text).because(ReasonKind::LeadsOut));
    }
    read(&fib, tables, &text, context, &mut content);
    pictures(&fib, (&stream, tables, &data), &text, context, &mut content);
    members(&file, context, &mut content);
    Ok(content)
}

fn stream_of(name: &str) -> part::Part {
    part::Part::Stream(name.into())
}

/// Reads the parts of the text as a person meets them.
fn read(fib: &Fib<'_>, tables: &[u8], text: &Text, context: &Context<'_>, content: &mut Content) {
    let fonts = fonts(fib, tables);
    let mut numbering = lists::numbering(fib, tables);
    edges(fib, tables, text, &fonts, Edge::Headers, context, content);
    let mut body = Story::new(text, &fonts, &mut numbering, LinesAt::Own);
    body.walk(fib.positions(Part::Body), context, content);
    let (mut deletions, mut any_hidden) = (body.deletions, body.any_hidden);
    let ends = body.ends;
    edges(fib, tables, text, &fonts, Edge::Footers, context, content);
    for (part, references, width, texts) in [
        (Part::Footnotes, Table::FootnoteReferences, 2, Table::FootnoteTexts),
        (Part::Endnotes, Table::EndnoteReferences, 2, Table::EndnoteTexts),
        (
            Part::Comments,
            Table::CommentReferences,
            if fib.is_new { 30 } else { 20 },
            Table::CommentTexts,
        ),
    ] {
        let (first, behind) = fib.positions(part);
        let references = positions(fib.table(references, tables), width);
        let texts = positions(fib.table(texts, tables), 0);
        let mut done = first;
        for (n, next) in texts.iter().skip(1).enumerate() {
            let end = first.saturating_add(*next).clamp(done, behind);
            let place = references.get(n).map_or(LinesAt::Whole, |at| {
                LinesAt::At(ends.partition_point(|end| end < at) as u32 + 1)
            });
            let mut story = Story::new(text, &fonts, &mut numbering, place);
            story.walk((done, end), context, content);
            deletions += story.deletions;
            any_hidden |= story.any_hidden;
            done = end;
        }
        Story::new(text, &fonts, &mut numbering, LinesAt::Whole).walk(
            (done, behind),
            context,
            content,
        );
    }
    for part in [Part::TextBoxes, Part::TextBoxesOfHeaders] {
        let mut story = Story::new(text, &fonts, &mut numbering, LinesAt::Whole);
        story.walk(fib.positions(part), context, content);
        deletions += story.deletions;
        any_hidden |= story.any_hidden;
    }
    if any_hidden {
        content.note(ReasonKind::SomeHidden.of(Noun::Document));
    }
    if deletions > 0 {
        content.note(ReasonKind::Deletions(deletions));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Headers,
    Footers,
}

/// Headers or footers (MS-DOC, section 2.3.5): six lines that separate notes, then for each section the header and
/// footer of even, odd and first pages, often with the same words, which are kept once.
fn edges(
    fib: &Fib<'_>,
    tables: &[u8],
    text: &Text,
    fonts: &[String],
    edge: Edge,
    context: &Context<'_>,
    content: &mut Content,
) {
    let (first, behind) = fib.positions(Part::Headers);
    let stories = positions(fib.table(Table::Headers, tables), 0);
    let mut seen = BTreeSet::new();
    let mut done = first;
    // The edges of a hundred sections say what a document's edges say.
    for (n, ends) in stories.windows(2).enumerate().skip(6).take(600) {
        let &[start, end] = ends else { continue };
        let is = if matches!((n - 6) % 6, 0 | 1 | 4) { Edge::Headers } else { Edge::Footers };
        let (start, end) = (first.saturating_add(start), first.saturating_add(end).min(behind));
        // They follow one another; a table that goes back would have the same words read many times.
        if is != edge || start >= end || start < done {
            continue;
        }
        done = end;
        let mut lines = Content::default();
        let mut numbering = Numbering::default();
        let mut story = Story::new(text, fonts, &mut numbering, LinesAt::Whole);
        story.walk((start, end), context, &mut lines);
        for segment in lines.segments {
            if seen.insert(segment.text.clone()) {
                content.segments.push(segment);
            }
        }
    }
}

/// The names of the fonts (MS-DOC, section 2.9.286, and 2.9.87 for each), by which signs are told.
fn fonts(fib: &Fib<'_>, tables: &[u8]) -> Vec<String> {
    let table = fib.table(Table::Fonts, tables);
    let mut fonts = Vec::new();
    if !fib.is_new {
        return fonts;
    }
    let count = u16_at(table, 0).unwrap_or(0);
    let mut at = 4;
    for _ in 0..count {
        let Some(length) = u8_at(table, at) else { break };
        let font = piece(table, at + 1, length.into());
        // A name, up to its NUL, behind the fixed part.
        let name = font.get(39..).unwrap_or_default();
        let units = name.chunks_exact(2).take_while(|unit| *unit != [0, 0]).count();
        fonts.push(wide(piece(name, 0, units * 2)));
        at += 1 + usize::from(length);
    }
    fonts
}

/// Extracts the pictures, and tells what they are said to show: those of drawings, and those that stand in the text (section 2.9.192).
fn pictures(
    fib: &Fib<'_>,
    (stream, tables, data): (&[u8], &[u8], &[u8]),
    text: &Text,
    context: &Context<'_>,
    content: &mut Content,
) {
    let mut pictures = Pictures::with(stream);
    let drawings = fib.table(Table::Drawings, tables);
    // Those of all drawings lie in the group of all, which comes first.
    pictures.find(record(drawings, 0).map_or(&[], |group| group.data));
    let mut described = drawings_described(drawings);
    for at in &text.pictures {
        let picture = data.get(*at as usize..).unwrap_or_default();
        let picture = piece(picture, 0, u32_at(picture, 0).unwrap_or(0) as usize);
        let head = usize::from(u16_at(picture, 4).unwrap_or(0));
        // A picture that was linked has the name of its file before it.
        let name = match u16_at(picture, 6) {
            Some(0x66) => 1 + usize::from(u8_at(picture, head).unwrap_or(0)),
            Some(0x64) => 0,
            _ => continue,
        };
        let picture = picture.get(head + name..).unwrap_or_default();
        pictures.find(picture);
        described.append(&mut descriptions(picture));
    }
    for text in described {
        content.push_text(text, Locator::Whole {});
    }
    pictures.take_members("pictures", context, content);
}

/// The alternative texts of drawings (section 2.9.172): the group of all, then each drawing behind a byte that says
/// whether it is one of the body.
fn drawings_described(drawings: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0usize;
    while let Some(record) = record(drawings, at).filter(Record::is_container) {
        found.append(&mut descriptions(record.data));
        at = at.saturating_add(9).saturating_add(record.data.len());
    }
    found
}

/// The embedded objects (MS-DOC, section 2.1.4): one storage each.
fn members(file: &CompoundFile<'_>, context: &Context<'_>, content: &mut Content) {
    let pool = file.root().and_then(|root| file.child(root, "ObjectPool"));
    let Some(pool) = pool.filter(|pool| pool.is_storage()) else { return };
    let mut objects = file.inside(pool);
    objects.retain(|object| object.is_storage());
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    for object in objects {
        let path = format!("ObjectPool/{}", object.name);
        if !ole_object::member(file, object, &path, context, content) {
            break;
        }
    }
}
