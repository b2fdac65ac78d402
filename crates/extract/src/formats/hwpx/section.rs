use std::borrow::Cow;
use std::io::{self, BufReader, Read};

use madang_document::content::Content;
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::package::attribute;
use crate::context::Context;
use crate::error::{ExtractError, reason_of};
use crate::formats::hangul::{Anchoring, Body, PIECE, Paragraph, Table, add_lines, framed, tick};
use crate::formats::hangul_description::own_description;
use crate::formats::hangul_line::Line;
use crate::formats::hangul_pages::Layout;
use crate::formats::hangul_spread::{CellHeight, Spread};
use crate::formats::symbol_font;
use crate::formats::utf8_stream::Utf8Stream;

/// Paragraphs, tables, cells and notes that may lie in one another; the word processor's own documents stay
/// below 50.
const DEEPEST: usize = 200;

/// Reads a section part (KS X 6101, chapter 10) and adds its paragraphs to the content.
///
/// It is read event by event. Elements that hold text are nodes on a stack; one that closes hands its text to
/// the one above it, and all other elements are passed through. `name_of` gives the name that OWPML has for an
/// element.
///
/// # Errors
/// [`ExtractError::Limit`] when the text, its nesting or what unpacks exceeds its limit,
/// [`ExtractError::Corrupt`] where the XML breaks. What was read so far is in the content either way.
pub(in crate::formats) fn read_section(
    stream: impl Read,
    name_of: fn(&str) -> &str,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let mut reader = Reader::from_reader(BufReader::new(Utf8Stream::new(stream)));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    body.section();
    let mut section = Section {
        name_of,
        layout: Layout::default(),
        open: Vec::new(),
        capture: Capture::Nothing,
        description: String::new(),
        choice: None,
        is_tickable: false,
        deleted: false,
        runs: Vec::new(),
        unnumbered: None,
        switches: Vec::new(),
        switches_unread: 0,
        skipped: 0,
        body,
        content,
    };
    let mut buffer = Vec::new();
    // Elements that are open: what is cut between two of them is no fault to the reader of XML.
    let mut depth = 0u64;
    let ended = loop {
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) if depth > 0 => {
                let within = ReasonKind::EndsWithin(Noun::XmlElement.into());
                break Err(ExtractError::corrupt(within));
            }
            Ok(Event::Eof) => break Ok(()),
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::QuotaExceeded => {
                break Err(ExtractError::Limit(reason_of(&error)));
            }
            Err(error) => {
                let at = reader.error_position();
                let broken = ReasonKind::Broken(Quote::of(&error));
                break Err(ExtractError::corrupt(broken.within(Part::XmlByte(at))));
            }
        };
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Err(limit) = section.event(&event, context) {
            break Err(limit);
        }
    };
    while !section.open.is_empty() {
        section.close();
    }
    if reader.get_ref().get_ref().is_damaged() {
        content.note(ReasonKind::Meaningless("UTF-8".into()));
    }
    ended
}

/// The character of a reference: a number, or one of the five entities of XML itself. Entities of a document
/// type are not followed: the format has none, and they are how bombs are built.
pub(in crate::formats) fn character(reference: &BytesRef<'_>) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Some(c),
        _ => resolve_predefined_entity(reference).and_then(|text| text.chars().next()),
    }
}

/// A number of 32 bits in an attribute; 0 if there is none.
fn number(e: &BytesStart<'_>, name: &str) -> i64 {
    let value = attribute(e, name).and_then(|value| value.parse::<i64>().ok()).unwrap_or_default();
    // Older versions wrote negative numbers as unsigned ones.
    i64::from(value as i32)
}

/// Takes what an element says about the height and the place of a table.
fn spread_over(table: &mut Option<Spread>, name: &str, e: &BytesStart<'_>) {
    let Some(spread) = table else { return };
    match name {
        "sz" => spread.height = number(e, "height"),
        "outMargin" => {
            spread.margins = (number(e, "top"), number(e, "bottom"));
            spread.offset += spread.margins.0;
        }
        _ => {
            let is = |name, value| attribute(e, name).is_some_and(|said| said == value);
            spread.offset += number(e, "vertOffset");
            if !is("treatAsChar", "0") || is("vertRelTo", "PAPER") || is("vertRelTo", "PAGE") {
                *table = None;
            }
        }
    }
}

struct Section<'a> {
    name_of: fn(&str) -> &str,
    open: Vec<Node>,
    /// Of the paragraph of the body that is open.
    layout: Layout,
    capture: Capture,
    /// What is said so far of the object that is open for those who do not see it.
    description: String,
    /// What is chosen in the list of the form that is open: its value, or its words once they are met.
    choice: Option<Choice>,
    /// Whether the button that is open is a box to be ticked.
    is_tickable: bool,
    /// Inside a passage that a tracked change deleted.
    deleted: bool,
    /// The shapes of characters of the runs that are open, if any of the document sets signs.
    runs: Vec<Option<u16>>,
    /// The shape of the paragraph that opened last, until it has its number.
    unnumbered: Option<u16>,
    /// Of each open switch, whether one of its branches was chosen.
    switches: Vec<bool>,
    /// Those that lie too deep to be told apart: all of what they hold is read.
    switches_unread: u32,
    /// Elements that are open within a branch that is not read.
    skipped: usize,
    body: &'a mut Body,
    content: &'a mut Content,
}

#[derive(Debug)]
enum Node {
    Paragraph(Paragraph),
    Table {
        table: Table,
        caption: String,
        /// What is said of it for those who do not see it.
        description: String,
        /// There for a table that may go on over several pages.
        spread: Option<Spread>,
    },
    Cell(Cell),
    /// A note, header, memo or hidden comment, by the name of its element.
    Note {
        name: String,
        lines: String,
    },
}

#[derive(Debug, Default)]
struct Cell {
    lines: String,
    /// Counted from 0.
    column: Option<u16>,
    height: CellHeight,
    /// Pages that the lines went over since the last paragraph with text.
    turns: usize,
    /// Lines of the paragraph that is open, and the pages that they went over behind the first.
    lines_here: usize,
    turns_here: usize,
}

impl Cell {
    fn line(&mut self, line: Line) {
        let turns = usize::from(self.height.line(line));
        // What goes on in the middle of a paragraph shows in the next.
        *(if self.lines_here == 0 { &mut self.turns } else { &mut self.turns_here }) += turns;
        self.lines_here += 1;
    }

    fn add(&mut self, text: &str) {
        let turns = if text.trim().is_empty() { 0 } else { std::mem::take(&mut self.turns) };
        add_lines(&mut self.lines, text);
        if turns > 0 {
            let at = self.lines.len() - text.len();
            self.lines.insert_str(at, &PIECE.to_string().repeat(turns));
        }
        self.turns += std::mem::take(&mut self.turns_here);
        self.lines_here = 0;
    }
}

/// What the text of the current element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capture {
    Nothing,
    /// Text of the paragraph.
    Text,
    /// The script of an equation.
    Script,
    /// The small text of a ruby (덧말).
    Ruby,
    /// What is said of an object for those who do not see it.
    Description,
}

/// How the namespaces begin that the format names for what it had not at first, units and charts: before the standard of
/// 2024, and since.
const OWN_NAMESPACES: [&str; 2] = ["http://www.hancom.co.kr/hwpml/", "http://www.owpml.org/owpml/"];

/// What is chosen in a list.
#[derive(Debug)]
struct Choice {
    value: String,
    /// What the list shows in its place.
    words: Option<String>,
}

impl Section<'_> {
    fn event(&mut self, event: &Event<'_>, context: &Context<'_>) -> Result<(), ExtractError> {
        if self.skipped > 0 {
            match event {
                Event::Start(_) => self.skipped += 1,
                Event::End(_) => self.skipped -= 1,
                _ => {}
            }
            return Ok(());
        }
        match event {
            Event::Start(e) | Event::Empty(e) if self.is_other_branch(e) => {
                self.skipped = usize::from(matches!(event, Event::Start(_)));
                Ok(())
            }
            Event::Start(e) => self.start(e, context),
            Event::Empty(e) => {
                self.start(e, context)?;
                self.end((self.name_of)(e.local_name().as_ref()), context)
            }
            Event::End(e) => self.end((self.name_of)(e.local_name().as_ref()), context),
            Event::Text(text) => self.text(&text.xml10_content(), context),
            Event::CData(text) => self.text(&text.xml10_content(), context),
            Event::GeneralRef(reference) => match character(reference) {
                Some(c) => self.text(c.encode_utf8(&mut [0; 4]), context),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Whether an element is a branch of the open switch that is not read: one is, the first whose namespace is known, else
    /// what is there for those who know none.
    fn is_other_branch(&mut self, e: &BytesStart<'_>) -> bool {
        let Some(is_chosen) = self.switches.last_mut() else { return false };
        let is_known = match (self.name_of)(e.local_name().as_ref()) {
            "case" => attribute(e, "required-namespace").is_some_and(|namespace| {
                OWN_NAMESPACES.iter().any(|own| namespace.starts_with(own))
            }),
            "default" => true,
            _ => return false,
        };
        let is_read = is_known && !*is_chosen;
        *is_chosen |= is_read;
        !is_read
    }

    fn start(&mut self, e: &BytesStart<'_>, context: &Context<'_>) -> Result<(), ExtractError> {
        match (self.name_of)(e.local_name().as_ref()) {
            "switch" if self.switches.len() < DEEPEST => self.switches.push(false),
            "switch" => self.switches_unread += 1,
            "p" => {
                // Blank paragraphs cost nothing in the text, and are still bounded by this.
                self.body.spend(1, self.content, context)?;
                if self.open.is_empty() {
                    let page_break = attribute(e, "pageBreak").is_some_and(|value| value == "1");
                    self.layout = Layout { page_break, ..Layout::default() };
                }
                self.number();
                self.open(Node::Paragraph(Paragraph::default()))?;
                // Whoever writes nothing but text names the first of all looks and leaves it at that.
                if self.body.looks.is_some()
                    && attribute(e, "paraPrIDRef").is_some_and(|number| number != "0")
                {
                    self.body.name_look();
                }
                if self.body.numbers.are_named() {
                    // The second name is that of HWPML.
                    let shape = attribute(e, "paraPrIDRef").or_else(|| attribute(e, "ParaShape"));
                    self.unnumbered = shape.and_then(|n| n.parse().ok());
                }
            }
            "run" if !self.body.signs.is_empty() => {
                let shape = attribute(e, "charPrIDRef");
                self.runs.push(shape.and_then(|shape| shape.parse().ok()));
            }
            "tbl" => {
                let spread = self.spread(e);
                let table = if spread.is_some() { Table::marked() } else { Table::default() };
                let (caption, description) = (String::new(), String::new());
                self.open(Node::Table { table, caption, description, spread })?;
            }
            "tc" => {
                // The second name is that of HWPML; in OWPML an element behind the text says it.
                let column = attribute(e, "ColAddr").and_then(|n| n.parse().ok());
                self.open(Node::Cell(Cell { column, ..Cell::default() }))?;
            }
            name @ ("cellAddr" | "cellSpan" | "cellSz" | "cellMargin") => {
                if let Some(Node::Cell(cell)) = self.open.last_mut() {
                    let count = |name| u16::try_from(number(e, name)).unwrap_or_default();
                    match name {
                        "cellAddr" => {
                            cell.column = attribute(e, "colAddr").and_then(|n| n.parse().ok());
                            cell.height.row = count("rowAddr");
                        }
                        "cellSpan" => cell.height.span = count("rowSpan"),
                        "cellSz" => cell.height.height = number(e, "height"),
                        _ => cell.height.margins = number(e, "top") + number(e, "bottom"),
                    }
                }
            }
            // It stands in the first paragraph of its section, before the text.
            "secPr" => {
                let list = attribute(e, "outlineShapeIDRef");
                let list = list.or_else(|| attribute(e, "OutlineShape"));
                if let Some(list) = list.and_then(|n| n.parse().ok()) {
                    self.body.numbers.outline(list);
                }
            }
            "lineseg" | "pagePr" | "margin" | "colPr" => self.lay_out(e),
            name @ ("sz" | "pos" | "outMargin") => {
                if let [Node::Paragraph(_), Node::Table { table, spread, .. }] =
                    self.open.as_mut_slice()
                {
                    spread_over(spread, name, e);
                    // The marks of its rows would be taken for those of one that is followed.
                    if spread.is_none() {
                        table.unmark();
                    }
                }
            }
            "img" | "ole" => {
                let part = attribute(e, "binaryItemIDRef").unwrap_or_default();
                self.body.name_part(&part);
            }
            "chart" => {
                let part = attribute(e, "chartIDRef").unwrap_or_default();
                self.body.name_part(&part);
                if let (Some(text), Some(Node::Paragraph(paragraph))) =
                    (self.body.charts.remove(part.as_ref()), self.open.last_mut())
                {
                    self.body.spend(text.len(), self.content, context)?;
                    paragraph.object(Anchoring::Block, &text);
                }
            }
            // A field is a note if it has paragraphs of its own, which only a memo has.
            name @ ("header" | "footer" | "footNote" | "endNote" | "hiddenComment"
            | "fieldBegin") => {
                self.open(Node::Note { name: name.to_owned(), lines: String::new() })?;
            }
            // The second is what was written into a field of a form.
            "t" | "text" | "mainText" => self.capture = Capture::Text,
            "script" => {
                self.capture = Capture::Script;
                self.inline(" ");
            }
            "subText" => {
                self.capture = Capture::Ruby;
                self.inline("(");
            }
            "shapeComment" => {
                self.capture = Capture::Description;
                self.description.clear();
            }
            "tab" => self.inside_text("\t"),
            "lineBreak" => self.inside_text("\n"),
            "nbSpace" | "fwSpace" => self.inside_text(" "),
            // Where a word may be broken: the word processor does not draw it.
            "hyphen" => {}
            "deleteBegin" => {
                self.deleted = true;
                self.body.deletions += 1;
            }
            "deleteEnd" => self.deleted = false,
            // The number that is stored for a picture, table or equation, as it stands in captions.
            "autoNum" => {
                // The second names and kinds are those of HWPML.
                let kind = attribute(e, "numType").or_else(|| attribute(e, "NumberType"));
                let kind = kind.unwrap_or_default().to_ascii_uppercase();
                if matches!(kind.as_str(), "PICTURE" | "FIGURE" | "TABLE" | "EQUATION") {
                    let number = attribute(e, "num").or_else(|| attribute(e, "Number"));
                    self.inline(&number.unwrap_or_default());
                }
            }
            // Characters written over one another (글자겹침), text art, and the labels of form fields.
            "compose" => {
                self.attribute_text(e, "composeText", Anchoring::Inline, context)?;
            }
            "textart" => self.attribute_text(e, "text", Anchoring::Block, context)?,
            "comboBox" | "listBox" => {
                // The second name is that of HWPML, which keeps the words themselves.
                let chosen = attribute(e, "selectedValue").or_else(|| attribute(e, "Text"));
                self.choice = chosen.map(|value| Choice { value: value.into_owned(), words: None });
            }
            "listItem" => {
                if let Some(choice) = &mut self.choice
                    && attribute(e, "value").is_some_and(|value| value == choice.value)
                {
                    let words = attribute(e, "displayText").filter(|words| !words.is_empty());
                    choice.words = choice.words.take().or(words.map(Cow::into_owned));
                }
            }
            "btn" if attribute(e, "caption").is_some() => {
                self.attribute_text(e, "caption", Anchoring::Block, context)?;
            }
            "checkBtn" | "radioBtn"
                if attribute(e, "value").is_some() || attribute(e, "caption").is_some() =>
            {
                self.ticked(e, context)?;
            }
            // HWPML has an element within that says it.
            name @ ("btn" | "checkBtn" | "radioBtn") => self.is_tickable = name != "btn",
            "buttonSet" if self.is_tickable => self.ticked(e, context)?,
            "buttonSet" => self.attribute_text(e, "Caption", Anchoring::Block, context)?,
            _ => {}
        }
        Ok(())
    }

    /// The height of a table to be followed, if it stands in the body and pushes the text down or aside; what says whether
    /// it stands below its line is still to come.
    fn spread(&self, e: &BytesStart<'_>) -> Option<Spread> {
        let is = |name, value| attribute(e, name).is_some_and(|said| said == value);
        let over = is("textWrap", "BEHIND_TEXT") || is("textWrap", "IN_FRONT_OF_TEXT");
        (matches!(self.open.as_slice(), [Node::Paragraph(_)]) && !over).then(|| Spread {
            breaks: !is("pageBreak", "NONE"),
            repeats_head: is("repeatHeader", "1"),
            ..Spread::default()
        })
    }

    /// Takes what says where the paragraph of the body lies on its page, or a line of a cell.
    fn lay_out(&mut self, e: &BytesStart<'_>) {
        let name = e.local_name();
        let name = (self.name_of)(name.as_ref());
        let line = || Line {
            top: number(e, "vertpos"),
            height: number(e, "vertsize"),
            left: number(e, "horzpos"),
        };
        match self.open.as_mut_slice() {
            [Node::Paragraph(_)] => {}
            [_, Node::Table { .. }, Node::Cell(cell), Node::Paragraph(_)] if name == "lineseg" => {
                cell.line(line());
                return;
            }
            _ => return,
        }
        match name {
            "lineseg" => self.layout.line(line()),
            // NARROWLY is turned on its side.
            "pagePr" => {
                let turned = attribute(e, "landscape").is_some_and(|value| value == "NARROWLY");
                self.layout.body_height = Some(number(e, if turned { "width" } else { "height" }));
            }
            "margin" => {
                let margins = ["header", "footer", "top", "bottom"].map(|name| number(e, name));
                if let Some(height) = &mut self.layout.body_height {
                    *height -= margins.iter().sum::<i64>();
                }
            }
            _ => {
                let columns = u16::try_from(number(e, "colCount")).unwrap_or(1).max(1);
                self.layout.columns.get_or_insert(columns);
            }
        }
    }

    fn end(&mut self, name: &str, context: &Context<'_>) -> Result<(), ExtractError> {
        match name {
            "comboBox" | "listBox" => {
                if let Some(Choice { value, words }) = self.choice.take() {
                    return self.object(&words.unwrap_or(value), Anchoring::Block, context);
                }
            }
            "t" | "text" | "mainText" => self.capture = Capture::Nothing,
            "run" => drop(self.runs.pop()),
            "script" => {
                self.capture = Capture::Nothing;
                self.inline(" ");
            }
            "subText" => {
                self.capture = Capture::Nothing;
                self.inline(")");
            }
            "shapeComment" => {
                self.capture = Capture::Nothing;
                self.describe();
            }
            "switch" if self.switches_unread > 0 => self.switches_unread -= 1,
            "switch" => {
                self.switches.pop();
            }
            "tr" => {
                if let Some(Node::Table { table, .. }) = self.open.last_mut() {
                    table.end_row();
                }
            }
            _ => {
                let ends = match self.open.last() {
                    Some(Node::Paragraph(_)) => name == "p",
                    Some(Node::Table { .. }) => name == "tbl",
                    Some(Node::Cell { .. }) => name == "tc",
                    Some(Node::Note { name: opened, .. }) => name == opened,
                    None => false,
                };
                if ends {
                    self.close();
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str, context: &Context<'_>) -> Result<(), ExtractError> {
        if self.capture == Capture::Nothing || self.deleted {
            return Ok(());
        }
        self.body.spend(text.len(), self.content, context)?;
        let shape = self.runs.last().copied().flatten();
        let font = shape.and_then(|shape| self.body.signs.get(&shape));
        let signs = font.map(|font| symbol_font::signs(font, text));
        match self.capture {
            Capture::Text => self.inline(signs.as_deref().unwrap_or(text)),
            // Its line ends say nothing.
            Capture::Script => self.inline(&text.replace(['\r', '\n', '\t'], " ")),
            Capture::Description => self.description.push_str(text),
            _ => self.inline(text),
        }
        Ok(())
    }

    /// Puts what was said of the object that is open where it is anchored, or below the table that it is.
    fn describe(&mut self) {
        let Some(text) = own_description(&std::mem::take(&mut self.description)) else { return };
        match self.open.last_mut() {
            Some(Node::Paragraph(paragraph)) => paragraph.object(Anchoring::Block, &text),
            Some(Node::Table { description, .. }) => add_lines(description, &text),
            _ => {}
        }
    }

    /// Adds to the current paragraph.
    fn inline(&mut self, text: &str) {
        if let Some(Node::Paragraph(paragraph)) = self.open.last_mut() {
            paragraph.push_str(text);
        }
    }

    /// Adds what an element inside a text stands for.
    fn inside_text(&mut self, text: &str) {
        if self.capture == Capture::Text && !self.deleted {
            self.inline(text);
        }
    }

    /// Adds a box that is ticked or not, with what it is called.
    fn ticked(&mut self, e: &BytesStart<'_>, context: &Context<'_>) -> Result<(), ExtractError> {
        // The second is how HWPML says it.
        let is_ticked =
            attribute(e, "value").is_some_and(|value| matches!(&*value, "CHECKED" | "1"));
        let text = tick(is_ticked, &attribute(e, "caption").unwrap_or_default());
        self.object(&text, Anchoring::Block, context)
    }

    fn attribute_text(
        &mut self,
        e: &BytesStart<'_>,
        name: &str,
        place: Anchoring,
        context: &Context<'_>,
    ) -> Result<(), ExtractError> {
        attribute(e, name).map_or(Ok(()), |text| self.object(&text, place, context))
    }

    /// Adds the text of an object to the current paragraph.
    fn object(
        &mut self,
        text: &str,
        place: Anchoring,
        context: &Context<'_>,
    ) -> Result<(), ExtractError> {
        if let Some(Node::Paragraph(paragraph)) = self.open.last_mut() {
            self.body.spend(text.len(), self.content, context)?;
            paragraph.object(place, text);
        }
        Ok(())
    }

    fn open(&mut self, node: Node) -> Result<(), ExtractError> {
        if self.open.len() >= DEEPEST {
            let deep = ReasonKind::TooDeep(DEEPEST as u64).of(Noun::TablesAndNotes);
            return Err(ExtractError::Limit(deep));
        }
        self.capture = Capture::Nothing;
        self.open.push(node);
        Ok(())
    }

    /// Counts the paragraph that opened last, and gives it its number.
    fn number(&mut self) {
        let Some(shape) = self.unnumbered.take() else { return };
        let label = self.body.numbers.label(shape);
        let paragraphs = self.open.iter_mut().rev().filter_map(|node| match node {
            Node::Paragraph(paragraph) => Some(paragraph),
            _ => None,
        });
        paragraphs.take(1).for_each(|paragraph| paragraph.number(label.clone()));
    }

    /// Closes the innermost node and hands its text to the one above it.
    fn close(&mut self) {
        self.number();
        let Some(node) = self.open.pop() else { return };
        let (place, text) = match node {
            Node::Paragraph(paragraph) => {
                // The mark of a deletion that is never closed must not swallow the rest of the document.
                self.deleted = false;
                (Anchoring::Block, paragraph.finish())
            }
            Node::Table { table, mut caption, description, spread } => {
                if let Some(spread) = spread {
                    self.layout.table(spread);
                }
                add_lines(&mut caption, &framed(&table.finish()));
                add_lines(&mut caption, &description);
                (Anchoring::Block, caption)
            }
            Node::Cell(Cell { lines, column, height, .. }) => {
                if let Some(Node::Table { table, spread, .. }) = self.open.last_mut() {
                    if let Some(spread) = spread {
                        spread.cell(&height);
                    }
                    table.cell(column, lines);
                    return;
                }
                (Anchoring::Block, lines)
            }
            Node::Note { lines, .. } => (Anchoring::Below, lines),
        };
        match self.open.last_mut() {
            Some(Node::Paragraph(paragraph)) => paragraph.object(place, &text),
            Some(Node::Cell(cell)) => cell.add(&text),
            Some(Node::Table { caption: lines, .. } | Node::Note { lines, .. }) => {
                add_lines(lines, &text);
            }
            None => {
                let layout = std::mem::take(&mut self.layout);
                self.body.push(self.content, text, layout);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use madang_document::locator::Locator;
    use madang_document::outcome::Outcome;

    use super::*;
    use crate::blob::Blob;
    use crate::context::Spent;
    use crate::engines::Engines;
    use crate::extraction::Extraction;
    use crate::formats::hangul_numbering::Numbers;
    use crate::order::Order;

    fn read(xml: &str) -> Content {
        let (order, engines, spent) = (Order::named("a.hwpx"), Engines::none(), Spent::default());
        let kept = RefCell::new(Vec::<Extraction>::new());
        let no_members = |_: &dyn Blob, _: &Context<'_>| Outcome::Empty;
        let context = Context::new(&order, 1, &engines, &spent, &kept, no_members);
        let mut body = Body::new(BTreeMap::new(), Numbers::default());
        let mut content = Content::default();
        read_section(xml.as_bytes(), |name| name, &mut body, &mut content, &context).unwrap();
        body.finish(&mut content);
        content
    }

    /// A table whose rows are the numbers below this, each 1000 high; its first piece has the height of eight.
    fn table(rows: std::ops::Range<u32>, place: &str) -> String {
        let cells: String = rows
            .enumerate()
            .map(|(at, row)| {
                format!(
                    "<tr><tc><subList><p><run><t>row {row}</t></run></p></subList>\
                     <cellAddr colAddr='0' rowAddr='{at}'/><cellSpan colSpan='1' rowSpan='1'/>\
                     <cellSz width='1000' height='1000'/></tc></tr>"
                )
            })
            .collect();
        format!(
            "<run><tbl pageBreak='CELL' textWrap='TOP_AND_BOTTOM'><sz height='8000'/>{place}{cells}</tbl></run>"
        )
    }

    #[test]
    fn the_rows_of_a_table_in_the_line_are_none_of_the_one_that_is_followed() {
        let inline = table(0..3, "<pos treatAsChar='1'/>");
        let followed = table(3..15, "<pos treatAsChar='0' vertRelTo='PARA'/>");
        let content = read(&format!(
            "<sec><p><run><secPr><pagePr landscape='WIDELY' width='9000' height='10000'/></secPr></run>\
             {inline}{followed}<linesegarray><lineseg vertpos='2000' vertsize='1000'/></linesegarray></p></sec>"
        ));
        let found: Vec<_> = content
            .segments
            .iter()
            .map(|it| {
                (it.locator.clone(), it.text.lines().count(), it.text.lines().last().unwrap())
            })
            .collect();
        // Eight of its rows fit on the page.
        assert_eq!(found, [(Locator::page(1), 11, "row 10"), (Locator::page(2), 4, "row 14")]);
    }
}
