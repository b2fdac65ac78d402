//! Word documents and templates (ECMA-376 part 1, section 17), transitional and strict.

use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::docx_field::{Field, FormValue};
use super::docx_hidden::{HidingStyles, is_on};
use super::docx_math;
use super::docx_numbering::{Numbering, ParagraphNumber};
use super::drawing::{self, Alternatives};
use super::markup::{Markup, Node, Tag};
use super::ooxml;
use super::ooxml_member::{Members, chart, take_members};
use super::ooxml_property::properties;
use super::ooxml_relationship::{Relationship, relationships};
use super::package::Package;
use super::symbol_font;
use super::thumbnail::thumbnail;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::Format;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "docx",
    version: 9,
    media_types: &[DOCX, DOTX, DOCM, DOTM],
    sniff: |probe| ooxml::sniff(probe, "word/", &["docx", "docm", "dotx", "dotm"]),
    media_type,
    extract,
};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const DOTX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.template";
const DOCM: &str = "application/vnd.ms-word.document.macroenabled.12";
const DOTM: &str = "application/vnd.ms-word.template.macroenabled.12";

fn media_type(probe: &Probe<'_>) -> &'static str {
    match probe.extension.as_str() {
        "dotx" => DOTX,
        "docm" => DOCM,
        "dotm" => DOTM,
        _ => DOCX,
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut package = Package::open(blob, context, &mut content)?;
    let main = ooxml::main_part(&mut package, "word/document.xml", &mut content)
        .ok_or_else(|| package.lacks(Noun::MainDocument))?;
    properties(&mut package, &mut content);
    let related = relationships(&mut package, &main, &mut content);

    pages_edges(&mut package, &related, "header", &mut content);
    let mut places = Places::default();
    let text = package
        .text(&main, &mut content)
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::NotUnpacked.of(&main)))?;
    let (numbering, hiding) = styles(&mut package, &related, &mut content);
    let (numbering, hiding) = (Some(numbering), Some(&hiding));
    let mut story = Story { places: Some(&mut places), numbering, hiding, ..Story::default() };
    story.walk(&text, &main, context, &mut content);
    pages_edges(&mut package, &related, "footer", &mut content);

    for (kind, element) in
        [("footnotes", "footnote"), ("endnotes", "endnote"), ("comments", "comment")]
    {
        for part in parts(&related, kind) {
            let Some(text) = package.text(&part, &mut content) else { continue };
            relationships(&mut package, &part, &mut content);
            let mut story = Story { note: Some((element, &places)), hiding, ..Story::default() };
            story.walk(&text, &part, context, &mut content);
        }
    }
    for part in parts(&related, "diagramData") {
        let Some(text) = package.text(&part, &mut content) else { continue };
        let lines = drawing::text(&text, &part, &mut content);
        content.push_text(lines, Locator::Whole {});
    }
    let mut members = Members::default();
    for part in ["chart", "chartEx"].iter().flat_map(|kind| parts(&related, kind)) {
        let lines = chart(&mut package, &part, &mut members, &mut content);
        content.push_text(lines, Locator::Whole {});
    }
    // HTML, mail or RTF that Word reads into the body when it opens the document (section 17.17.2.1).
    members.opened = parts(&related, "aFChunk");
    members.from.push(main);
    take_members(&mut package, &members, &mut content);
    thumbnail(&mut package, "docProps/thumbnail.jpeg", &mut content);
    package.finish(content)
}

/// What paragraphs are numbered by, and the styles whose text is not shown.
fn styles(
    package: &mut Package<'_>,
    related: &[Relationship],
    content: &mut Content,
) -> (Numbering, HidingStyles) {
    let (mut numbering, mut hiding) = (Numbering::default(), HidingStyles::default());
    for part in parts(related, "numbering") {
        let Some(text) = package.text(&part, content) else { continue };
        numbering.read_lists(&text, &part, content);
    }
    for part in parts(related, "styles") {
        let Some(text) = package.text(&part, content) else { continue };
        numbering.read_styles(&text, &part, content);
        hiding.read(&text);
    }
    (numbering, hiding)
}

fn parts(related: &[Relationship], kind: &str) -> Vec<String> {
    let mut parts: Vec<_> =
        related.iter().filter(|r| r.kind == kind).map(|r| r.target.clone()).collect();
    parts.sort();
    parts.dedup();
    parts
}

/// Headers or footers: each section may name its own, often with the same words, which are kept once.
fn pages_edges(
    package: &mut Package<'_>,
    related: &[Relationship],
    kind: &str,
    content: &mut Content,
) {
    let mut seen: Vec<String> = Vec::new();
    for part in parts(related, kind) {
        let Some(text) = package.text(&part, content) else { continue };
        // Of the pictures in it, those that are not there are told.
        relationships(package, &part, content);
        let mut edge = Content::default();
        let mut story = Story { whole: true, ..Story::default() };
        story.walk(&text, &part, package.context(), &mut edge);
        content.warnings.append(&mut edge.warnings);
        for segment in edge.segments {
            if !seen.contains(&segment.text) {
                seen.push(segment.text.clone());
                content.segments.push(segment);
            }
        }
    }
}

/// Reads a stretch of Word 2003's XML, whose elements have the same names; notes and comments stand in the paragraphs
/// that refer to them. `whole` says that its paragraphs have no number.
pub(super) fn stretch(
    text: &str,
    part: &str,
    whole: bool,
    context: &Context<'_>,
    content: &mut Content,
) {
    let mut story = Story { whole, ..Story::default() };
    story.walk(text, part, context, content);
}

/// The paragraph in which a note or comment is referred to, by the kind of note and its id.
type Places = BTreeMap<(&'static str, String), u32>;

/// What is open around the place of the walk.
enum Frame {
    /// A paragraph: its text, the number drawn before it, how its words are read where that stands above them, and the
    /// lines of text boxes anchored in it; these follow it.
    Paragraph { text: String, label: String, reading: String, boxed: Vec<String>, number: u32 },
    /// A table row: its cells.
    Row { cells: Vec<String>, number: u32, deleted: bool },
    /// A table cell: its paragraphs, joined by spaces so that a row stays a line, and the columns that it spans.
    Cell { text: String, columns: usize },
}

/// A walk through one story: the body, a header, the footnotes.
#[derive(Default)]
struct Story<'a> {
    /// Where to record what is referred to from where.
    places: Option<&'a mut Places>,
    /// The kind of note this story is made of, and where they are referred to.
    note: Option<(&'static str, &'a Places)>,
    /// What paragraphs are numbered by.
    numbering: Option<Numbering>,
    /// Whether paragraphs of this story have no number (headers and footers).
    whole: bool,
    frames: Vec<Frame>,
    /// Paragraphs so far.
    number: u32,
    /// The place of the note the walk is in.
    note_place: Option<u32>,
    fields: Vec<Field>,
    /// The font of the open run, if its letters are signs.
    signs: Option<String>,
    /// The styles whose text is not shown, and whether that of the open paragraph is one.
    hiding: Option<&'a HidingStyles>,
    in_hiding: bool,
    /// Whether the open run is not shown, and whether there was such a run with words in it.
    hidden: bool,
    any_hidden: bool,
    /// Passages that a tracked change deleted.
    deletions: u64,
    /// Whether the walk is in words with their reading above them.
    in_ruby: bool,
    /// What was said last of a picture: it is said of the frame and of the picture in it.
    described: String,
}

impl Story<'_> {
    fn walk(&mut self, text: &str, part: &str, context: &Context<'_>, content: &mut Content) {
        let mut markup = Markup::new(text);
        let mut alternatives = Alternatives::default();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "AlternateContent" | "Choice" | "Fallback" => {
                        if alternatives.skips(tag.name()) {
                            markup.skip();
                        }
                    }
                    // Tracked deletions and the old place of moved text; properties, whose w:tab and w:del
                    // are not text.
                    "pPr" => {
                        let properties = ParagraphNumber::read(&mut markup);
                        self.in_hiding = self.hides(properties.style()).unwrap_or_default();
                        let number = self.numbering.as_mut().map(|n| n.label(&properties));
                        if let Some(Frame::Paragraph { label, .. }) = self.frames.last_mut() {
                            *label = number.unwrap_or_default();
                        }
                    }
                    "rPr" => self.run_properties(&mut markup),
                    "r" => {
                        (self.signs, self.hidden) = (None, self.in_hiding);
                    }
                    "ffData" => {
                        let value = FormValue::read(&mut markup);
                        if let Some(field) = self.fields.last_mut() {
                            field.form = value;
                        }
                    }
                    "oMath" => {
                        let formula = docx_math::formula(&mut markup);
                        self.put(&formula);
                    }
                    "docPr" | "cNvPr" | "shape" | "textpath" => self.describe(&tag, content),
                    "tblPr" => self.table_properties(&mut markup, content),
                    // Word 2003 has no element of its own around what is deleted.
                    "del" | "delText" => {
                        self.deletions += u64::from(!markup.text().trim().is_empty());
                    }
                    "tcPr" => self.cell_properties(&mut markup),
                    "moveFrom" | "sectPr" | "sdtPr" | "tblGrid" => markup.skip(),
                    "instrText" => {
                        let text = markup.text();
                        if let Some(field) = self.fields.last_mut().filter(|field| !field.begun) {
                            field.instruction.push_str(&text);
                        }
                    }
                    "t" => {
                        let text = markup.text();
                        match &self.signs {
                            Some(font) => {
                                let signs = symbol_font::signs(font, &text);
                                self.put(&signs);
                            }
                            None => self.put(&text),
                        }
                        self.any_hidden |= self.hidden && !text.trim().is_empty();
                    }
                    "ruby" => self.in_ruby = true,
                    // The reading stands before what is read, which it would tear apart.
                    "rt" => self.reading(&mut markup),
                    "footnote" | "endnote" | "comment" => self.note(&tag, &mut markup),
                    "trPr" => self.row_properties(&mut markup),
                    _ => {
                        self.open(&tag);
                        if self.number.is_multiple_of(1024) {
                            context.progress();
                        }
                    }
                },
                Node::End(name) => match name.as_str() {
                    "AlternateContent" => alternatives.end(),
                    "ruby" => self.in_ruby = false,
                    "p" | "tr" | "tc" => self.close(&name, content),
                    "footnote" | "endnote" | "comment" => self.note_place = None,
                    _ => {}
                },
                Node::Text(_) => {}
            }
        }
        while let Some(name) = self.frames.last().map(Frame::element) {
            self.close(name, content);
        }
        markup.report(part, content);
        if self.any_hidden {
            content.note(ReasonKind::SomeHidden.within(part));
        }
        if self.deletions > 0 {
            content.note(ReasonKind::Deletions(self.deletions).within(part));
        }
    }

    /// Reads the properties of a run: whether its font is one of signs, and whether it is shown.
    fn run_properties(&mut self, markup: &mut Markup<'_>) {
        // The style comes first.
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "rFonts" => {
                        let font = tag.attribute("ascii").or_else(|| tag.attribute("hAnsi"));
                        self.signs = font.filter(|font| symbol_font::has_signs(font));
                    }
                    "rStyle" => {
                        let style = tag.attribute("val");
                        self.hidden = self.hides(style.as_deref()).unwrap_or(self.hidden);
                    }
                    "vanish" => self.hidden = is_on(&tag),
                    "rPrChange" => markup.skip(),
                    _ => {}
                },
                Node::End(name) if name == "rPr" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    /// Whether a style hides its text, if it says so.
    fn hides(&self, style: Option<&str>) -> Option<bool> {
        self.hiding.zip(style).and_then(|(hiding, style)| hiding.hides(style))
    }

    /// Takes up what is said of a picture, and the letters of text art, as a line behind the paragraph.
    fn describe(&mut self, tag: &Tag<'_>, content: &mut Content) {
        let words = match tag.name() {
            "textpath" => tag.attribute("string"),
            "shape" => drawing::vml_description(tag),
            _ => drawing::description(tag),
        };
        let words = words.unwrap_or_default();
        if tag.name() != "cNvPr" || words != self.described {
            self.emit(words.clone(), self.number, content);
        }
        self.described = words;
    }

    /// Reads what is said of a table for those who cannot see it (sections 17.4.41 and 17.4.46), as a line in front of it.
    fn table_properties(&mut self, markup: &mut Markup<'_>, content: &mut Content) {
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "tblCaption" | "tblDescription" => {
                        let words = tag.attribute("val").unwrap_or_default();
                        self.emit(words, self.number.saturating_add(1), content);
                    }
                    "tblPrChange" => markup.skip(),
                    _ => {}
                },
                Node::End(name) if name == "tblPr" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    /// Reads how many columns a cell spans (section 17.4.17). One that is spanned from above stands there by itself.
    fn cell_properties(&mut self, markup: &mut Markup<'_>) {
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "gridSpan" => {
                        if let Some(Frame::Cell { columns: wide, .. }) = self.frames.last_mut() {
                            *wide = columns(&tag).unwrap_or(1).max(1);
                        }
                    }
                    "tcPrChange" => markup.skip(),
                    _ => {}
                },
                Node::End(name) if name == "tcPr" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "p" => {
                self.in_hiding = false;
                self.number = self.number.saturating_add(1);
                let number = self.number;
                self.frames.push(Frame::Paragraph {
                    text: String::new(),
                    label: String::new(),
                    reading: String::new(),
                    boxed: Vec::new(),
                    number,
                });
            }
            "tr" => {
                let number = self.number.saturating_add(1);
                self.frames.push(Frame::Row { cells: Vec::new(), number, deleted: false });
            }
            "tc" => self.frames.push(Frame::Cell { text: String::new(), columns: 1 }),
            // Columns that a row leaves out at its beginning (section 17.4.15).
            "gridBefore" => {
                if let Some(Frame::Row { cells, .. }) = self.frames.last_mut()
                    && cells.is_empty()
                {
                    cells.resize(columns(tag).unwrap_or(0), String::new());
                }
            }
            "tab" | "ptab" => self.put("\t"),
            "br" | "cr" => self.put("\n"),
            "noBreakHyphen" => self.put("-"),
            "sym" => {
                let code = tag.attribute("char").and_then(|c| u32::from_str_radix(&c, 16).ok());
                let font = tag.attribute("font").unwrap_or_default();
                // A font of letters shows what stands at the code.
                let plain =
                    |code| char::from_u32(code).filter(|_| !(0xE000..0xF900).contains(&code));
                let sign = |code| symbol_font::sign(&font, code).or_else(|| plain(code));
                if let Some(c) = code.and_then(sign) {
                    self.put(c.encode_utf8(&mut [0; 4]));
                }
            }
            "fldChar" => match tag.attribute("fldCharType").as_deref() {
                // Word nests fields 20 deep at most.
                Some("begin") if self.fields.len() < 64 => self.fields.push(Field::default()),
                Some("separate") => {
                    if let Some(field) = self.fields.last_mut() {
                        field.begun = true;
                    }
                }
                Some("end") => {
                    let field = self.fields.pop().unwrap_or_default();
                    if let Some(value) = field.unshown() {
                        self.put(&value);
                    }
                }
                _ => {}
            },
            "footnoteReference" => self.refer("footnote", tag),
            "endnoteReference" => self.refer("endnote", tag),
            "commentReference" => self.refer("comment", tag),
            _ => {}
        }
    }

    fn refer(&mut self, kind: &'static str, tag: &Tag<'_>) {
        let number = self.number;
        if let (Some(places), Some(id)) = (self.places.as_deref_mut(), tag.attribute("id")) {
            places.entry((kind, id)).or_insert(number);
        }
    }

    /// Enters a note; the lines that separate notes from the page are none.
    fn note(&mut self, tag: &Tag<'_>, markup: &mut Markup<'_>) {
        let Some((element, places)) = self.note.filter(|(element, _)| *element == tag.name())
        else {
            return;
        };
        let kind = tag.attribute("type").unwrap_or_default();
        if matches!(kind.as_str(), "separator" | "continuationSeparator" | "continuationNotice") {
            markup.skip();
            return;
        }
        self.note_place = tag.attribute("id").and_then(|id| places.get(&(element, id))).copied();
    }

    /// Whether the row is a tracked deletion.
    fn row_properties(&mut self, markup: &mut Markup<'_>) {
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) if tag.name() == "del" => {
                    if let Some(Frame::Row { deleted, .. }) = self.frames.last_mut() {
                        *deleted = true;
                    }
                }
                Node::End(name) if name == "trPr" => break,
                _ => {}
            }
        }
    }

    /// Reads how the words of a ruby are read (section 17.3.3.24), whose element `w:rt` the walk has just met.
    fn reading(&mut self, markup: &mut Markup<'_>) {
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) if tag.name() == "t" => {
                    let text = markup.text();
                    if let Some(Frame::Paragraph { reading, .. }) = self.frames.last_mut() {
                        reading.push_str(&text);
                    }
                }
                Node::End(name) if name == "rt" => break,
                _ => {}
            }
        }
    }

    /// Adds characters to the paragraph, unless they are a field's instruction.
    fn put(&mut self, piece: &str) {
        if self.fields.iter().any(|field| !field.begun) {
            return;
        }
        if !piece.trim().is_empty() {
            self.fields.iter_mut().for_each(|field| field.shown = true);
        }
        let in_cell = self.frames.iter().rev().any(|f| matches!(f, Frame::Cell { .. }));
        if let Some(Frame::Paragraph { reading, .. }) = self.frames.last_mut()
            && !self.in_ruby
            && !reading.is_empty()
            && !reading.ends_with(' ')
        {
            // The next reading is that of another word.
            reading.push(' ');
        }
        match self.frames.last_mut() {
            Some(Frame::Paragraph { text, .. } | Frame::Cell { text, .. }) => {
                if in_cell && matches!(piece, "\t" | "\n") {
                    text.push(' ');
                } else {
                    text.push_str(piece);
                }
            }
            // Text between rows or outside of paragraphs has no place in the format.
            Some(Frame::Row { .. }) | None => {}
        }
    }

    /// Closes the frame of this element, and whatever damaged markup left open inside it.
    fn close(&mut self, element: &str, content: &mut Content) {
        if !self.frames.iter().any(|frame| frame.element() == element) {
            return;
        }
        while let Some(frame) = self.frames.pop() {
            let done = frame.element() == element;
            match frame {
                Frame::Paragraph { mut text, label, reading, boxed, number } => {
                    // An instruction does not run on into the next paragraph: its end was lost.
                    if !self.frames.iter().any(|f| matches!(f, Frame::Paragraph { .. })) {
                        self.fields.iter_mut().for_each(|field| field.begun = true);
                    }
                    if !label.is_empty() && !text.trim().is_empty() {
                        text = format!("{label} {text}");
                    }
                    self.emit(text, number, content);
                    self.emit(reading, number, content);
                    for line in boxed {
                        self.emit(line, number, content);
                    }
                }
                Frame::Cell { text, columns } => match self.frames.last_mut() {
                    Some(Frame::Row { cells, .. }) => {
                        cells.push(text);
                        cells.extend((1..columns).map(|_| String::new()));
                    }
                    _ => self.emit(text, self.number, content),
                },
                Frame::Row { cells, number, deleted } => {
                    if !deleted {
                        let nested = self.frames.iter().any(|f| matches!(f, Frame::Cell { .. }));
                        let line = match nested {
                            true => {
                                let filled = cells.iter().filter(|cell| !cell.is_empty());
                                filled.map(String::as_str).collect::<Vec<_>>().join(" ")
                            }
                            false => cells.join("\t"),
                        };
                        self.emit(line, number, content);
                    } else if cells.iter().any(|cell| !cell.trim().is_empty()) {
                        self.deletions += 1;
                    }
                }
            }
            if done {
                break;
            }
        }
    }

    /// Hands a finished line to what it stands in.
    fn emit(&mut self, line: String, number: u32, content: &mut Content) {
        if line.trim().is_empty() {
            return;
        }
        match self.frames.last_mut() {
            Some(Frame::Cell { text, .. }) => {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&line);
            }
            Some(Frame::Paragraph { boxed, .. }) => boxed.push(line),
            Some(Frame::Row { cells, .. }) => cells.push(line),
            None => {
                let place = match self.note {
                    Some(_) => self.note_place,
                    None => (!self.whole).then_some(number),
                };
                let locator =
                    place.map_or(Locator::Whole {}, |number| Locator::Paragraph { number });
                content.push_text(line.trim_end(), locator);
            }
        }
    }
}

impl Frame {
    fn element(&self) -> &'static str {
        match self {
            Frame::Paragraph { .. } => "p",
            Frame::Row { .. } => "tr",
            Frame::Cell { .. } => "tc",
        }
    }
}

/// Columns of a table that Word makes at most; what spans more says something else.
const COLUMNS: usize = 63;

/// How many columns a property says.
fn columns(tag: &Tag<'_>) -> Option<usize> {
    tag.attribute("val")?.trim().parse().ok().map(|columns: usize| columns.min(COLUMNS))
}
