//! The walk through the body of an OpenDocument file: paragraphs, tables, sheets, slides and notes.

use std::collections::BTreeSet;

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::drawing;
use super::hidden_cells::HiddenCells;
use super::markup::{Markup, Node, Tag};
use super::odf_beside::Beside;
use super::odf_frame::{Frame, element};
use super::odf_hidden;
use super::odf_row::{Repetition, Standing, line};
use super::symbol_font;
use crate::context::Context;

/// A walk through one body.
pub(super) struct Body<'a> {
    context: &'a Context<'a>,
    frames: Vec<Frame>,
    /// Paragraphs so far.
    number: u32,
    place: LineLocator,
    /// Lines of the shape that is open on a slide.
    shape: Vec<String>,
    /// What the open slide shows at its end: its footer and the words on its master.
    ending: Vec<String>,
    beside: Beside,
    /// What is passed over.
    without: Without,
    in_chart: bool,
    /// What was said last of a picture: its title and its description may be one.
    described: String,
    /// Whether the walk is in words with their reading above them.
    in_ruby: bool,
    repetition: Repetition,
    /// The styles of sheets that are not shown.
    hidden: BTreeSet<String>,
    /// The styles of text that is not shown, of each open paragraph and span whether it has one, and whether there were words in such.
    hiding: BTreeSet<String>,
    hides: Vec<bool>,
    any_hidden: bool,
    /// What the open sheet hides of its cells, and its columns so far.
    hidden_cells: HiddenCells,
    columns: u32,
    /// Passages that a tracked change deleted.
    deletions: u64,
}

/// What a walk passes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// The cells of a chart, which are read where they lie.
    Tables,
    /// The placeholders of a master and its page of notes.
    Placeholders,
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

impl<'a> Body<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Body<'a> {
        Body {
            context,
            frames: Vec::new(),
            number: 0,
            place: LineLocator::Whole,
            shape: Vec::new(),
            ending: Vec::new(),
            beside: Beside::default(),
            without: Without::Nothing,
            in_chart: false,
            described: String::new(),
            in_ruby: false,
            repetition: Repetition::default(),
            hidden: BTreeSet::new(),
            hiding: BTreeSet::new(),
            hides: Vec::new(),
            any_hidden: false,
            hidden_cells: HiddenCells::default(),
            columns: 0,
            deletions: 0,
        }
    }

    /// Reads the body of the document, with what it shows of what lies beside it.
    /// `hiding` are the styles of text that is not shown.
    pub(super) fn walk(
        mut self,
        text: &str,
        part: &str,
        beside: Beside,
        hiding: BTreeSet<String>,
        content: &mut Content,
    ) {
        self.place = LineLocator::Paragraph;
        self.hiding = hiding;
        self.beside = beside;
        self.read(text, part, content);
        // What nothing in the body shows.
        for text in std::mem::take(&mut self.beside.objects).into_values() {
            content.push_text(text, Locator::Whole {});
        }
    }

    /// The words of a document inside the document: their places are not places of the outer one. `cells` says that it
    /// is a chart of cells that are read elsewhere.
    pub(super) fn embedded(
        mut self,
        text: &str,
        part: &str,
        cells: bool,
        content: &mut Content,
    ) -> String {
        self.without = if cells { Without::Tables } else { Without::Nothing };
        self.apart(text, part, content)
    }

    /// The words on a master of slides that are no prompts.
    pub(super) fn ground(mut self, text: &str, part: &str, content: &mut Content) -> String {
        self.without = Without::Placeholders;
        self.apart(text, part, content)
    }

    fn apart(&mut self, text: &str, part: &str, content: &mut Content) -> String {
        let mut own = Content::default();
        self.read(text, part, &mut own);
        content.warnings.append(&mut own.warnings);
        own.text()
    }

    fn read(&mut self, text: &str, part: &str, content: &mut Content) {
        self.hidden = odf_hidden::tables(text);
        self.beside.signs.read(text);
        let mut markup = Markup::new(text);
        let mut slide = 0u32;
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match (tag.prefix(), tag.name()) {
                    ("text", "p" | "h" | "span") => {
                        self.begin_hiding(&tag);
                        self.open(&tag);
                    }
                    // What stands around the body in a flat file.
                    (
                        "office",
                        "settings" | "master-styles" | "meta" | "font-face-decls" | "scripts"
                        | "event-listeners",
                    ) => markup.skip(),
                    ("office", name @ ("styles" | "automatic-styles")) => {
                        self.beside.lists.read_styles(&mut markup, name);
                    }
                    ("text", "list" | "list-item" | "list-header") => {
                        self.beside.lists.begin(&tag);
                    }
                    ("office", "forms") => self.beside.read_forms(&mut markup),
                    ("presentation", "footer-decl") => {
                        self.beside.read_footer(&tag, &mut markup);
                    }
                    ("presentation", "header-decl" | "date-time-decl") => markup.skip(),
                    _ if self.passes_over(&tag) => markup.skip(),
                    _ if self.take_apart(&tag, &mut markup, content) => {}
                    // Deleted text lies here, apart from the text (ODF 1.3 part 3, section 5.5).
                    ("text", "tracked-changes") => {
                        self.deletions += odf_hidden::deletions(&mut markup);
                    }
                    ("text", "section") => odf_hidden::section(&tag, content),
                    (
                        _,
                        "tracked-changes" | "note-citation" | "footnote-citation"
                        | "endnote-citation" | "binary-data" | "number",
                    )
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
                        self.begin_slide(&tag);
                        self.context.progress();
                    }
                    ("table", "table") => {
                        // In a spreadsheet a table is a sheet; a table in a table is a part of a cell.
                        if let LineLocator::Sheet(..) = self.place
                            && self.frames.is_empty()
                        {
                            let name = tag.attribute("name").unwrap_or_default();
                            let style = tag.attribute("style-name");
                            if style.is_some_and(|style| self.hidden.contains(&style)) {
                                let sheet = Part::Sheet(name.as_str().into());
                                content.note(ReasonKind::Hidden.of(sheet));
                            }
                            content.push_text(
                                name.clone(),
                                Locator::Cell { sheet: name.clone(), row: 1, column: 1 },
                            );
                            self.place = LineLocator::Sheet(name, 0);
                            (self.hidden_cells, self.columns) = (HiddenCells::default(), 0);
                        }
                        self.context.progress();
                    }
                    ("table", "table-column") if self.frames.is_empty() => self.column(&tag),
                    ("office", "spreadsheet") if matches!(self.place, LineLocator::Paragraph) => {
                        self.place = LineLocator::Sheet(String::new(), 0);
                    }
                    ("draw", "frame" | "text-box" | "custom-shape")
                        if self.without != Without::Placeholders && is_running(&tag) =>
                    {
                        markup.skip();
                    }
                    _ => self.open(&tag),
                },
                Node::End(name) => match name.as_str() {
                    "page" if self.frames.is_empty() => {
                        self.flush_shape(content);
                        for text in std::mem::take(&mut self.ending) {
                            self.emit(text, self.number, content);
                            self.flush_shape(content);
                        }
                    }
                    "table" => {
                        if let (LineLocator::Sheet(name, _), true) =
                            (&self.place, self.frames.is_empty())
                        {
                            std::mem::take(&mut self.hidden_cells).tell(name, content);
                        }
                    }
                    "list" => self.beside.lists.end(),
                    "ruby" => self.end_ruby(),
                    "chart" => self.in_chart = false,
                    "p" | "h" | "span" | "annotation" | "note-body" | "footnote-body"
                    | "endnote-body" | "table-row" | "table-cell" | "covered-table-cell" => {
                        if matches!(name.as_str(), "p" | "h" | "span") {
                            self.hides.pop();
                        }
                        self.close(element(&name), content);
                    }
                    "frame" | "custom-shape" | "rect" | "ellipse" | "circle" | "line"
                    | "connector" | "polygon" | "path" | "caption"
                        if self.frames.is_empty() =>
                    {
                        self.flush_shape(content);
                    }
                    _ => {}
                },
                Node::Text(text) => {
                    self.any_hidden |= self.hides.last() == Some(&true) && !text.trim().is_empty();
                    self.characters(&text);
                }
            }
        }
        while let Some(open) = self.frames.last().map(Frame::element) {
            self.close(open, content);
        }
        self.flush_shape(content);
        markup.report(part, content);
        if self.deletions > 0 {
            content.note(ReasonKind::Deletions(self.deletions));
        }
        if self.any_hidden {
            content.note(ReasonKind::SomeHidden.of(Noun::Document));
        }
        self.repetition.report(part, content);
    }

    /// Follows whether the text of a paragraph or span is shown, where a style hides some.
    fn begin_hiding(&mut self, tag: &Tag<'_>) {
        if !self.hiding.is_empty() {
            let around = tag.name() == "span" && self.hides.last() == Some(&true);
            let own = tag.attribute("style-name").is_some_and(|it| self.hiding.contains(&it));
            self.hides.push(own || around);
        }
    }

    /// Whether an element is none of what this walk is for.
    fn passes_over(&self, tag: &Tag<'_>) -> bool {
        match (self.without, tag.prefix(), tag.name()) {
            (_, "table", "table") if self.in_chart => {
                self.without == Without::Tables || matches!(self.place, LineLocator::Sheet(..))
            }
            // What some program last showed.
            (Without::Placeholders, "text", name) => is_field(name),
            (Without::Placeholders, "presentation", "notes") => true,
            // Unlike the other placeholders, a footer holds no prompt, but what is shown.
            (Without::Placeholders, "draw", _) => {
                tag.attribute("class").is_some_and(|class| class != "footer")
            }
            _ => false,
        }
    }

    /// Takes what is shown in or behind the paragraph or shape that is open: what lies beside the body, what is said of
    /// a picture (ODF 1.3 part 3, section 10.3.17), how words are read (section 6.4). False if the element is none of
    /// these.
    pub(super) fn take_apart(
        &mut self,
        tag: &Tag<'_>,
        markup: &mut Markup<'_>,
        content: &mut Content,
    ) -> bool {
        match (tag.prefix(), tag.name()) {
            // In a chart it is a range of cells.
            ("svg", "title" | "desc") if self.in_chart => markup.skip(),
            ("svg", "title" | "desc") => {
                let said = drawing::said(&markup.text()).unwrap_or_default();
                if said != self.described {
                    self.emit(said.clone(), self.number, content);
                }
                self.described = said;
            }
            ("office", "chart") => self.in_chart = true,
            ("draw", "frame" | "g") => {
                self.described.clear();
                return false;
            }
            ("draw", "object" | "control") => {
                let shown = self.beside.shown(tag).unwrap_or_default();
                match self.frames.last_mut() {
                    // What is one line stands in the line: a control, a formula.
                    Some(Frame::Paragraph { text, .. }) if !shown.contains('\n') => {
                        if !shown.is_empty()
                            && !text.is_empty()
                            && !text.ends_with([' ', '\t', '\n'])
                        {
                            text.push(' ');
                        }
                        text.push_str(&shown);
                    }
                    _ => {
                        for line in shown.lines() {
                            self.emit(line.to_owned(), self.number, content);
                        }
                    }
                }
                return false;
            }
            ("field", "fieldmark") => {
                let filled = Beside::field(tag, markup);
                self.put(&filled);
            }
            ("text", "ruby") => self.in_ruby = true,
            ("text", "ruby-text") => {
                let text = markup.text();
                if let Some(Frame::Paragraph { reading, .. }) = self.frames.last_mut() {
                    reading.push_str(&text);
                }
            }
            _ => return false,
        }
        true
    }

    /// Meets the end of `text:ruby`.
    pub(super) fn end_ruby(&mut self) {
        self.in_ruby = false;
    }

    /// Adds the characters of the markup to the open paragraph, whose line ends and indents are one space (ODF 1.3
    /// part 3, section 6.1.2).
    pub(super) fn characters(&mut self, characters: &str) {
        let Some(Frame::Paragraph { text, reading, fonts, .. }) = self.frames.last_mut() else {
            return;
        };
        match fonts.last() {
            Some(Some(font)) => push_collapsed(text, &symbol_font::signs(font, characters)),
            // A code of a font that no style names any more.
            _ if characters.contains(is_unnamed) => {
                let shown = |c| symbol_font::unnamed(c).unwrap_or(c);
                push_collapsed(text, &characters.chars().map(shown).collect::<String>());
            }
            _ => push_collapsed(text, characters),
        }
        // What is read next is another word.
        if !self.in_ruby && !reading.is_empty() && !reading.ends_with(' ') {
            reading.push(' ');
        }
    }

    /// Keeps what a slide shows at its end.
    fn begin_slide(&mut self, tag: &Tag<'_>) {
        self.ending.clear();
        self.ending.extend(self.beside.take_footer(tag));
        let ground = tag.attribute("master-page-name");
        self.ending.extend(ground.and_then(|name| self.beside.grounds.remove(&name)));
    }

    /// Meets columns of a sheet, of which those that are folded or filtered away are not shown (ODF 1.3 part 3, section
    /// 19.749).
    fn column(&mut self, tag: &Tag<'_>) {
        let count = u32::try_from(count(tag, "number-columns-repeated")).unwrap_or(u32::MAX);
        let next = self.columns.saturating_add(count);
        if odf_hidden::is_away(tag) {
            self.hidden_cells.columns(self.columns, next.saturating_sub(1));
        }
        self.columns = next;
    }

    /// Opens a frame, or adds what an element stands for to the one that is open.
    pub(super) fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "p" | "h" if tag.prefix() == "text" => {
                self.number = self.number.saturating_add(1);
                let number = self.number;
                let font = match self.frames.last() {
                    Some(Frame::Cell { font, .. }) => font.as_deref(),
                    _ => None,
                };
                let font = self.beside.signs.font("paragraph", tag, font);
                self.frames.push(Frame::Paragraph {
                    text: String::new(),
                    label: self.beside.lists.label(tag),
                    reading: String::new(),
                    boxed: Vec::new(),
                    number,
                    fonts: vec![font],
                });
            }
            "span" => {
                if let Some(Frame::Paragraph { fonts, .. }) = self.frames.last_mut() {
                    let around = fonts.last().and_then(Option::as_deref);
                    let font = self.beside.signs.font("text", tag, around);
                    fonts.push(font);
                }
            }
            "annotation" | "note-body" | "footnote-body" | "endnote-body" => {
                self.frames.push(Frame::Aside { lines: Vec::new() });
            }
            "table-row" => {
                if self.frames.is_empty() {
                    self.hidden_cells.row = odf_hidden::is_away(tag);
                }
                self.frames.push(Frame::Row {
                    cells: Vec::new(),
                    column: 0,
                    repeated: count(tag, "number-rows-repeated"),
                    asides: Vec::new(),
                    number: self.number.saturating_add(1),
                });
            }
            "table-cell" | "covered-table-cell" => {
                let value = ["string-value", "date-value", "time-value", "value"];
                self.frames.push(Frame::Cell {
                    text: String::new(),
                    repeated: count(tag, "number-columns-repeated"),
                    value: value.iter().find_map(|name| tag.attribute(name)),
                    font: self.beside.signs.font("table-cell", tag, None),
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
    pub(super) fn put(&mut self, piece: &str) {
        let in_cell = self.in_cell();
        if let Some(Frame::Paragraph { text, .. }) = self.frames.last_mut() {
            text.push_str(if in_cell && matches!(piece, "\t" | "\n") { " " } else { piece });
        }
    }

    fn in_cell(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame, Frame::Cell { .. }))
    }

    /// Closes the frame of this element, and whatever damaged markup left open inside it.
    pub(super) fn close(&mut self, element: &str, content: &mut Content) {
        if element == "span" {
            // The first font is that of the paragraph.
            if let Some(Frame::Paragraph { fonts, .. }) = self.frames.last_mut()
                && fonts.len() > 1
            {
                fonts.pop();
            }
            return;
        }
        if !self.frames.iter().any(|frame| frame.element() == element) {
            return;
        }
        while let Some(frame) = self.frames.pop() {
            let done = frame.element() == element;
            match frame {
                Frame::Paragraph { text, label, reading, boxed, number, .. } => {
                    let text = text.trim();
                    let line = match text.is_empty() || label.is_empty() {
                        true => text.to_owned(),
                        false => format!("{label} {text}"),
                    };
                    self.emit(line, number, content);
                    self.emit(reading.trim().to_owned(), number, content);
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
                Frame::Cell { text, repeated, value, .. } => self.close_cell(text, repeated, value),
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
        // What a chart has no value for.
        let text = if text == "NaN" { String::new() } else { text };
        let copies =
            if text.is_empty() { 0 } else { 1 + self.repetition.afford(&text, repeated - 1) };
        let is_of_sheet = matches!(self.place, LineLocator::Sheet(..)) && self.frames.len() == 1;
        if let Some(Frame::Row { cells, column, .. }) = self.frames.last_mut() {
            for copy in 0..copies {
                let column = column.saturating_add(copy);
                if is_of_sheet {
                    self.hidden_cells.meet(u32::try_from(column).unwrap_or(u32::MAX), &text);
                }
                cells.push((column, text.clone()));
            }
            *column = column.saturating_add(repeated);
        }
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
        let standing = match &self.place {
            _ if nested => Standing::Nested,
            LineLocator::Paragraph => Standing::Below,
            LineLocator::Sheet(..) | LineLocator::Slide(_) | LineLocator::Whole => Standing::Placed,
        };
        let line = line(cells, standing);
        let copies = match line.is_empty() {
            true => 0,
            false => 1 + self.repetition.afford(&line, repeated - 1),
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
}

/// Whether a shape of a slide or its notes page is a running line.
fn is_running(tag: &Tag<'_>) -> bool {
    let class = tag.attribute("class").unwrap_or_default();
    matches!(class.as_str(), "page-number" | "date-time" | "header" | "footer")
}

/// Whether an element of text is a field that holds what some program last showed.
pub(super) fn is_field(name: &str) -> bool {
    matches!(
        name,
        "page-number" | "page-count" | "sheet-name" | "date" | "time" | "title" | "file-name"
    )
}

/// A repetition count; at least one.
fn count(tag: &Tag<'_>, name: &str) -> usize {
    tag.attribute(name).and_then(|n| n.parse().ok()).unwrap_or(1).max(1)
}

/// Whether a character is a code of a font of signs and no character of its own.
fn is_unnamed(c: char) -> bool {
    symbol_font::unnamed(c).is_some()
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
    use crate::formats::odf_row::REPETITION;
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
        let body = Body::new(&context);
        body.walk(&xml, "content.xml", Beside::default(), BTreeSet::new(), &mut content);
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
