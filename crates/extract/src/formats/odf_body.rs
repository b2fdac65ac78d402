//! The walk through the body of an OpenDocument file: paragraphs, tables, sheets, slides and notes.

use std::collections::BTreeSet;

use madang_document::content::Content;
use madang_document::locator::Locator;

use super::markup::{Markup, Node, Tag};
use crate::context::Context;

/// Bytes that repeated cells and rows may add to one document. A sheet may say that a cell repeats a million
/// times (`table:number-rows-repeated`); what a person wrote does not.
const REPETITION: usize = 1 << 20;

/// Wider gaps between two cells of a row are written as one tab.
const GAP: usize = 32;

/// Stands for a field in a running line; no XML text can hold it.
const FIELD: &str = "\0";

/// A walk through one body.
pub(super) struct Body<'a> {
    context: &'a Context<'a>,
    frames: Vec<Frame>,
    /// Paragraphs so far.
    number: u32,
    place: LineLocator,
    /// Lines of the shape that is open on a slide.
    shape: Vec<String>,
    repetition_left: usize,
    repetition_cut: bool,
}

/// What the lines of the body are located by.
enum LineLocator {
    /// The document as a whole: running lines, embedded documents.
    Whole,
    Paragraph,
    Slide(u32),
    /// The sheet's name and the rows before the open one.
    Sheet(String, u32),
}

/// What is open around the place of the walk.
enum Frame {
    /// A paragraph: its text, and the lines of notes and text boxes anchored in it, which follow it.
    Paragraph { text: String, boxed: Vec<String>, number: u32 },
    /// A note or comment.
    Aside { lines: Vec<String> },
    /// A table row.
    Row {
        cells: Vec<(usize, String)>,
        column: usize,
        repeated: usize,
        asides: Vec<(usize, String)>,
        number: u32,
    },
    /// A table cell: its paragraphs, joined by spaces so that a row stays a line.
    Cell { text: String, repeated: usize, value: Option<String> },
}

impl<'a> Body<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Body<'a> {
        Body {
            context,
            frames: Vec::new(),
            number: 0,
            place: LineLocator::Whole,
            shape: Vec::new(),
            repetition_left: REPETITION,
            repetition_cut: false,
        }
    }

    /// Reads the body of the document.
    pub(super) fn walk(mut self, text: &str, part: &str, content: &mut Content) {
        self.place = LineLocator::Paragraph;
        self.read(text, part, content);
    }

    /// Reads the body of a document inside the document: its places are not places of the outer one.
    pub(super) fn walk_embedded(mut self, text: &str, part: &str, content: &mut Content) {
        self.read(text, part, content);
    }

    fn read(&mut self, text: &str, part: &str, content: &mut Content) {
        let mut markup = Markup::new(text);
        let mut slide = 0u32;
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match (tag.prefix(), tag.name()) {
                    // What stands around the body in a flat file.
                    (
                        "office",
                        "settings" | "styles" | "automatic-styles" | "master-styles" | "meta"
                        | "font-face-decls" | "scripts" | "forms" | "event-listeners",
                    ) => markup.skip(),
                    // Deleted text lies here, apart from the text (ODF 1.3 part 3, section 5.5).
                    (
                        _,
                        "tracked-changes" | "note-citation" | "footnote-citation"
                        | "endnote-citation" | "binary-data" | "number",
                    )
                    | ("svg", "title" | "desc")
                    | ("table", "named-expressions" | "database-ranges")
                    | ("form", _) => markup.skip(),
                    // A formula's own words stand in its annotation; `office:annotation` is a comment.
                    ("" | "math", "annotation") => {
                        content.push_text(markup.text(), Locator::Whole {});
                    }
                    // Who commented when.
                    ("dc", "creator" | "date") | ("meta", "date-string" | "creator-initials") => {
                        markup.skip();
                    }
                    ("draw", "page") => {
                        slide = slide.saturating_add(1);
                        self.flush_shape(content);
                        if !matches!(self.place, LineLocator::Whole) {
                            self.place = LineLocator::Slide(slide);
                        }
                        self.context.progress();
                    }
                    ("table", "table") => {
                        // In a spreadsheet a table is a sheet; a table in a table is a part of a cell.
                        if let LineLocator::Sheet(..) = self.place
                            && self.frames.is_empty()
                        {
                            let name = tag.attribute("name").unwrap_or_default();
                            content.push_text(
                                name.clone(),
                                Locator::Cell { sheet: name.clone(), row: 1, column: 1 },
                            );
                            self.place = LineLocator::Sheet(name, 0);
                        }
                        self.context.progress();
                    }
                    ("office", "spreadsheet") if matches!(self.place, LineLocator::Paragraph) => {
                        self.place = LineLocator::Sheet(String::new(), 0);
                    }
                    ("draw", "frame" | "text-box" | "custom-shape") if is_running(&tag) => {
                        markup.skip();
                    }
                    _ => self.open(&tag),
                },
                Node::End(name) => match name.as_str() {
                    "p" | "h" | "annotation" | "note-body" | "footnote-body" | "endnote-body"
                    | "table-row" | "table-cell" | "covered-table-cell" => {
                        self.close(element(&name), content);
                    }
                    "frame" | "custom-shape" | "rect" | "ellipse" | "circle" | "line"
                    | "connector" | "polygon" | "path" | "caption" | "page"
                        if self.frames.is_empty() =>
                    {
                        self.flush_shape(content);
                    }
                    _ => {}
                },
                Node::Text(text) => {
                    if let Some(Frame::Paragraph { text: paragraph, .. }) = self.frames.last_mut() {
                        // Line ends and indents of the markup are one space (ODF 1.3 part 3, 6.1.2).
                        push_collapsed(paragraph, &text);
                    }
                }
            }
        }
        while let Some(open) = self.frames.last().map(Frame::element) {
            self.close(open, content);
        }
        self.flush_shape(content);
        markup.report(part, content);
        if self.repetition_cut {
            content
                .note(format!("{part}: repeated cells were written once after {REPETITION} bytes"));
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "p" | "h" if tag.prefix() == "text" => {
                self.number = self.number.saturating_add(1);
                let number = self.number;
                self.frames.push(Frame::Paragraph { text: String::new(), boxed: vec![], number });
            }
            "annotation" | "note-body" | "footnote-body" | "endnote-body" => {
                self.frames.push(Frame::Aside { lines: Vec::new() });
            }
            "table-row" => self.frames.push(Frame::Row {
                cells: Vec::new(),
                column: 0,
                repeated: count(tag, "number-rows-repeated"),
                asides: Vec::new(),
                number: self.number.saturating_add(1),
            }),
            "table-cell" | "covered-table-cell" => {
                let value = ["string-value", "date-value", "time-value", "value"];
                self.frames.push(Frame::Cell {
                    text: String::new(),
                    repeated: count(tag, "number-columns-repeated"),
                    value: value.iter().find_map(|name| tag.attribute(name)),
                });
            }
            "s" => {
                // A run of spaces says nothing; a million of them is an attack.
                let spaces = count(tag, "c").min(16);
                self.put(&" ".repeat(spaces));
            }
            "tab" | "tab-stop" => self.put("\t"),
            "line-break" => self.put("\n"),
            _ => {}
        }
    }

    /// Adds characters to the open paragraph.
    fn put(&mut self, piece: &str) {
        let in_cell = self.in_cell();
        if let Some(Frame::Paragraph { text, .. }) = self.frames.last_mut() {
            text.push_str(if in_cell && matches!(piece, "\t" | "\n") { " " } else { piece });
        }
    }

    fn in_cell(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame, Frame::Cell { .. }))
    }

    /// Closes the frame of this element, and whatever damaged markup left open inside it.
    fn close(&mut self, element: &str, content: &mut Content) {
        if !self.frames.iter().any(|frame| frame.element() == element) {
            return;
        }
        while let Some(frame) = self.frames.pop() {
            let done = frame.element() == element;
            match frame {
                Frame::Paragraph { text, boxed, number } => {
                    self.emit(text.trim().to_owned(), number, content);
                    for line in boxed {
                        self.emit(line, number, content);
                    }
                }
                Frame::Aside { lines } => {
                    let line = lines.join(" ");
                    let number = self.number;
                    let row = self.frames.len().checked_sub(2);
                    // A comment on a cell is not the cell's text.
                    match row.and_then(|row| self.frames.get_mut(row)) {
                        Some(Frame::Row { asides, column, .. }) if !line.is_empty() => {
                            asides.push((*column, line));
                        }
                        _ => self.emit(line, number, content),
                    }
                }
                Frame::Cell { text, repeated, value } => self.close_cell(text, repeated, value),
                Frame::Row { cells, repeated, asides, number, .. } => {
                    self.close_row(&cells, repeated, asides, number, content);
                }
            }
            if done {
                break;
            }
        }
    }

    fn close_cell(&mut self, text: String, repeated: usize, value: Option<String>) {
        let text = if text.is_empty() { value.unwrap_or_default() } else { text };
        let copies = if text.is_empty() { 0 } else { 1 + self.afford(&text, repeated - 1) };
        if let Some(Frame::Row { cells, column, .. }) = self.frames.last_mut() {
            for copy in 0..copies {
                cells.push((column.saturating_add(copy), text.clone()));
            }
            *column = column.saturating_add(repeated);
        }
    }

    /// How many of `copies` of `text` may still be written.
    fn afford(&mut self, text: &str, copies: usize) -> usize {
        let affordable = copies.min(self.repetition_left / (text.len() + 1));
        self.repetition_left -= affordable * (text.len() + 1);
        self.repetition_cut |= affordable < copies;
        affordable
    }

    fn close_row(
        &mut self,
        cells: &[(usize, String)],
        repeated: usize,
        asides: Vec<(usize, String)>,
        number: u32,
        content: &mut Content,
    ) {
        let nested = self.in_cell();
        let mut line = String::new();
        let mut next = 0;
        for (column, text) in cells {
            let gap = column.saturating_sub(next);
            let tabs = if gap > GAP { 1 } else { gap };
            // The place of the row says where its first cell stands; the others stand behind it.
            let tabs = if line.is_empty() { 0 } else { tabs + 1 };
            line.push_str(&if nested { " ".repeat(tabs.min(1)) } else { "\t".repeat(tabs) });
            line.push_str(text);
            next = column.saturating_add(1);
        }
        let copies = match line.is_empty() {
            true => 0,
            false => 1 + self.afford(&line, repeated - 1),
        };
        let LineLocator::Sheet(sheet, before) = &self.place else {
            for _ in 0..copies {
                self.emit(line.clone(), number, content);
            }
            for (_, aside) in asides {
                self.emit(aside, number, content);
            }
            return;
        };
        if nested {
            self.emit(line, number, content);
            return;
        }
        let (sheet, before) = (sheet.clone(), *before);
        let first = cells.first().map_or(0, |(column, _)| *column);
        let place = |row: u32, column: usize| Locator::Cell {
            sheet: sheet.clone(),
            row,
            column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1),
        };
        let mut row = before;
        for _ in 0..copies {
            row = row.saturating_add(1);
            content.push_text(line.clone(), place(row, first));
        }
        for (column, aside) in asides {
            content.push_text(aside, place(before.saturating_add(1), column));
        }
        let rows = u32::try_from(repeated).unwrap_or(u32::MAX);
        self.place = LineLocator::Sheet(sheet, before.saturating_add(rows));
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
            Some(Frame::Aside { lines }) => lines.push(line),
            Some(Frame::Row { asides, column, .. }) => asides.push((*column, line)),
            None => match &self.place {
                LineLocator::Slide(_) => self.shape.push(line),
                LineLocator::Paragraph => content.push_text(line, Locator::Paragraph { number }),
                LineLocator::Whole => content.push_text(line, Locator::Whole {}),
                LineLocator::Sheet(sheet, rows) => content.push_text(
                    line,
                    Locator::Cell { sheet: sheet.clone(), row: rows.saturating_add(1), column: 1 },
                ),
            },
        }
    }

    /// Delivers the lines of the shape that was open on a slide.
    fn flush_shape(&mut self, content: &mut Content) {
        if let LineLocator::Slide(number) = self.place {
            let text = std::mem::take(&mut self.shape).join("\n");
            content.push_text(text, Locator::Slide { number });
        }
    }

    /// Reads the running lines of the pages, `header` or `footer`, from the styles; each line once, and
    /// without the fields (page number, date, sheet name), which hold only what some program last showed.
    pub(super) fn page_edges(mut self, styles: &str, edge: &str, content: &mut Content) {
        let mut markup = Markup::new(styles);
        let mut found = Content::default();
        let mut inside = false;
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match (tag.prefix(), tag.name()) {
                    ("style", name) if is_edge(name, edge) => {
                        if tag.attribute("display").is_some_and(|shown| shown == "false") {
                            markup.skip();
                        } else {
                            inside = true;
                        }
                    }
                    (
                        "text",
                        "page-number" | "page-count" | "sheet-name" | "date" | "time" | "title"
                        | "file-name",
                    ) => {
                        markup.skip();
                        if inside {
                            self.put(FIELD);
                        }
                    }
                    _ if inside => self.open(&tag),
                    _ => {}
                },
                Node::End(name) if is_edge(&name, edge) => inside = false,
                Node::End(name) if inside => self.close(element(&name), &mut found),
                Node::Text(text) if inside => {
                    if let Some(Frame::Paragraph { text: paragraph, .. }) = self.frames.last_mut() {
                        push_collapsed(paragraph, &text);
                    }
                }
                Node::End(_) | Node::Text(_) => {}
            }
        }
        let mut seen = BTreeSet::new();
        found.segments.retain_mut(|segment| {
            let has_field = segment.text.contains(FIELD);
            segment.text = segment.text.replace(FIELD, "").trim().to_owned();
            // "Page" around a number that is gone says nothing.
            let is_word = |word: &&str| word.contains(char::is_alphanumeric);
            let words = segment.text.split_whitespace().filter(is_word).count();
            words > usize::from(has_field) && seen.insert(segment.text.clone())
        });
        content.segments.append(&mut found.segments);
    }
}

impl Frame {
    fn element(&self) -> &'static str {
        match self {
            Frame::Paragraph { .. } => "p",
            Frame::Aside { .. } => "aside",
            Frame::Row { .. } => "table-row",
            Frame::Cell { .. } => "table-cell",
        }
    }
}

/// The frame that an element is walked as.
fn element(name: &str) -> &str {
    match name {
        "p" | "h" => "p",
        "annotation" | "note-body" | "footnote-body" | "endnote-body" => "aside",
        "covered-table-cell" => "table-cell",
        name => name,
    }
}

/// `style:header`, `style:header-left`, `style:header-first`.
fn is_edge(name: &str, edge: &str) -> bool {
    name.strip_prefix(edge).is_some_and(|rest| matches!(rest, "" | "-left" | "-first"))
}

/// Whether a shape of a slide or its notes page is a running line.
fn is_running(tag: &Tag<'_>) -> bool {
    let class = tag.attribute("class").unwrap_or_default();
    matches!(class.as_str(), "page-number" | "date-time" | "header" | "footer")
}

/// A repetition count; at least one.
fn count(tag: &Tag<'_>, name: &str) -> usize {
    tag.attribute(name).and_then(|n| n.parse().ok()).unwrap_or(1).max(1)
}

fn push_collapsed(paragraph: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            ' ' | '\n' | '\t' | '\r' => {
                if !paragraph.ends_with([' ', '\n', '\t']) {
                    paragraph.push(' ');
                }
            }
            c => paragraph.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_document::outcome::Outcome;

    use super::*;
    use crate::blob::Blob;
    use std::cell::RefCell;

    use crate::context::Spent;
    use crate::engines::Engines;
    use crate::extraction::Extraction;
    use crate::order::Order;

    fn sheet(rows: &str) -> Content {
        let (order, engines, spent) = (Order::named("a.ods"), Engines::none(), Spent::default());
        let kept = RefCell::new(Vec::<Extraction>::new());
        let no_members = |_: &dyn Blob, _: &Context<'_>| Outcome::Empty;
        let context = Context::new(&order, 1, &engines, &spent, &kept, no_members);
        let xml = format!(
            "<office:spreadsheet><table:table table:name='s'>{rows}</table:table></office:spreadsheet>"
        );
        let mut content = Content::default();
        Body::new(&context).walk(&xml, "content.xml", &mut content);
        content
    }

    #[test]
    fn repetition_is_bounded() {
        let bomb = "<table:table-row table:number-rows-repeated='1000000'>\
            <table:table-cell table:number-columns-repeated='16384'><text:p>boom</text:p>\
            </table:table-cell></table:table-row>";
        let content = sheet(&bomb.repeat(100));
        assert!(content.text().len() < 3 * REPETITION, "{}", content.text().len());
        assert_eq!(content.warnings.len(), 1);
        let huge = "<table:table-row table:number-rows-repeated='18446744073709551615'>\
            <table:table-cell table:number-columns-repeated='18446744073709551615'/>\
            <table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>";
        assert!(sheet(&huge.repeat(3)).text().len() < 3 * REPETITION);
    }
}
