use std::io::{self, Read};

use madang_document::content::Content;

use super::control::{Cell, Control};
use super::paragraph_text::ParagraphText;
use super::record::{Record, Records, tag};
use crate::context::Context;
use crate::error::{ExtractError, reason_of};
use crate::formats::bytes::{u16_at, u32_at};
use crate::formats::hangul::{self, Anchoring, Body, PIECE, add_lines};
use crate::formats::hangul_line::Line;
use crate::formats::hangul_pages::Layout;
use crate::formats::hangul_spread::CellHeight;

/// Levels that are told apart. Text nested deeper is kept, at this level; the word processor's own documents
/// stay below 50. It bounds how often a text is handed from one node to the one above it.
const DEEPEST: u16 = 200;

/// Anchors that an object may be ahead of its own: some have none, some anchors have no object.
const AHEAD: usize = 16;

/// Reads the records of a section and adds its paragraphs to the content.
///
/// The records are a tree written in order, each with its level. It is read in one pass: the nodes that are
/// still open lie on a stack, and a node that closes hands its text to the one above it.
///
/// # Errors
/// [`ExtractError::Limit`] when the text or what unpacks exceeds its limit, [`ExtractError::Corrupt`] where
/// the stream breaks. What was read so far is in the content either way.
pub(super) fn read_section(
    stream: impl Read,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let mut records = Records::new(stream, context.limits.text);
    body.section();
    let (open, layout) = (Vec::new(), Layout::default());
    let mut section = Section { open, layout, unnumbered: None, body, content };
    let ended = loop {
        match records.next(wanted) {
            Ok(None) => break Ok(()),
            Ok(Some(record)) => {
                if let Err(limit) = section.record(&record, context) {
                    break Err(limit);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
                break Err(ExtractError::Limit(reason_of(&error)));
            }
            Err(error) => break Err(ExtractError::corrupt(reason_of(&error))),
        }
    };
    section.number(&Record { tag: tag::PARA_HEADER, level: 0, data: &[] });
    section.close(0, false);
    ended
}

fn wanted(tag: u16) -> bool {
    matches!(
        tag,
        tag::PARA_HEADER
            | tag::PARA_TEXT
            | tag::PARA_LINE_SEG
            | tag::CTRL_HEADER
            | tag::LIST_HEADER
            | tag::PAGE_DEF
    ) || Control::wants(tag)
}

/// Where in a paragraph's header its kinds of breaks stand, and which is that of a page (table 59).
const BREAKS: usize = 11;

/// Where in it the number of its shape stands.
const SHAPE: usize = 8;
const PAGE_BREAK: u8 = 1 << 2;

/// Bytes of a line (table 62).
const LINE: usize = 36;

fn line(data: &[u8]) -> Line {
    let number = |at| i64::from(u32_at(data, at).unwrap_or_default().cast_signed());
    Line { top: number(4), height: number(8), left: number(24) }
}

/// The height that is left for the body between the margins, the header and the footer (table 131).
fn body_height(page: &[u8]) -> Option<i64> {
    let height = i64::from(u32_at(page, 4)?);
    // Those at the top and the bottom, and of the header and the footer.
    let margins: i64 =
        [16, 20, 24, 28].iter().filter_map(|&at| u32_at(page, at)).map(i64::from).sum();
    let turned = u32_at(page, 36).is_some_and(|properties| properties & 1 != 0);
    let height = if turned { i64::from(u32_at(page, 0)?) } else { height };
    Some(height - margins)
}

struct Section<'a> {
    open: Vec<(u16, Node)>,
    /// Of the paragraph of the body that is open.
    layout: Layout,
    /// The shape of the paragraph that opened last, until it has its number.
    unnumbered: Option<u16>,
    body: &'a mut Body,
    content: &'a mut Content,
}

#[derive(Debug)]
enum Node {
    Paragraph(Paragraph),
    Control(Control),
    List(List),
}

/// A list of paragraphs: a cell, or the text of a box, note or header.
#[derive(Debug, Default)]
struct List {
    cell: Option<Cell>,
    /// Of a cell.
    height: CellHeight,
    lines: String,
    /// Pages that the lines went over since the last paragraph with text.
    turns: usize,
}

impl List {
    fn add(&mut self, text: &str) {
        let turns = if text.trim().is_empty() { 0 } else { std::mem::take(&mut self.turns) };
        add_lines(&mut self.lines, text);
        if turns > 0 {
            let at = self.lines.len() - text.len();
            self.lines.insert_str(at, &PIECE.to_string().repeat(turns));
        }
    }
}

impl Section<'_> {
    fn record(&mut self, record: &Record<'_>, context: &Context<'_>) -> Result<(), ExtractError> {
        let level = record.level.min(DEEPEST);
        let opens = matches!(record.tag, tag::PARA_HEADER | tag::CTRL_HEADER | tag::LIST_HEADER);
        if opens {
            self.number(record);
        }
        // At the deepest level a node and its data are told apart by their kind alone.
        if level < DEEPEST || opens {
            self.close(level, record.tag == tag::PARA_HEADER);
        }
        match record.tag {
            tag::PARA_HEADER => {
                // Blank paragraphs cost nothing in the text, and are still bounded by this.
                self.body.spend(1, self.content, context)?;
                if self.open.is_empty() {
                    let page_break = record.data.get(BREAKS).is_some_and(|b| b & PAGE_BREAK != 0);
                    self.layout = Layout { page_break, ..Layout::default() };
                }
                self.unnumbered = u16_at(record.data, SHAPE);
                self.open.push((level, Node::Paragraph(Paragraph::default())));
            }
            tag::PARA_TEXT => {
                let text = ParagraphText::parse(record.data);
                self.body.spend(text.text.len(), self.content, context)?;
                if let Some((_, Node::Paragraph(paragraph))) = self.open.last_mut() {
                    paragraph.text = text;
                }
            }
            tag::PARA_LINE_SEG => {
                let lines = record.data.chunks_exact(LINE).map(line);
                match self.open.as_mut_slice() {
                    [(_, Node::Paragraph(_))] => lines.for_each(|line| self.layout.line(line)),
                    [
                        _,
                        (_, Node::Control(_)),
                        (_, Node::List(list)),
                        (_, Node::Paragraph(paragraph)),
                    ] if list.cell.is_some() => {
                        for (n, line) in lines.enumerate() {
                            let turns = usize::from(list.height.line(line));
                            // What goes on in the middle of a paragraph shows in the next.
                            *(if n == 0 { &mut list.turns } else { &mut paragraph.turns }) += turns;
                        }
                    }
                    _ => {}
                }
            }
            tag::SHAPE_COMPONENT => {
                if let Some((_, Node::Control(control))) = self.open.last_mut() {
                    control.shape();
                }
            }
            tag::PAGE_DEF => self.layout.body_height = body_height(record.data),
            tag::CTRL_HEADER => {
                let mut control = Control::new(record.data);
                self.body.spend(control.text_len(), self.content, context)?;
                if self.open.len() == 1 {
                    control.follow(record.data);
                    self.layout.columns = self.layout.columns.or(control.columns(record.data));
                }
                self.open.push((level, Node::Control(control)));
            }
            tag::LIST_HEADER => {
                let (cell, height) = Cell::of(record.data).unzip();
                let height = height.unwrap_or_default();
                self.open.push((level, Node::List(List { cell, height, ..List::default() })));
            }
            other => {
                if Control::wants(other)
                    && let Some((_, Node::Control(control))) = self.open.last_mut()
                {
                    self.body.spend(record.data.len(), self.content, context)?;
                    control.record(other, record.data, &mut self.body.charts);
                }
            }
        }
        Ok(())
    }

    /// Counts the paragraph that opened last, and gives it its number, when the next begins or a node ends it. Not
    /// before: the properties of a section, which say how its outline counts, stand in its first paragraph.
    fn number(&mut self, next: &Record<'_>) {
        if !self.body.numbers.are_named() {
            return;
        }
        if next.tag == tag::CTRL_HEADER
            && let Some(list) = Control::new(next.data).outline(next.data)
        {
            self.body.numbers.outline(list);
        }
        let mut paragraphs = self.open.iter_mut().rev().filter_map(|(level, node)| match node {
            Node::Paragraph(paragraph) => Some((*level, paragraph)),
            _ => None,
        });
        if let Some((level, paragraph)) = paragraphs.next()
            && (next.tag == tag::PARA_HEADER || next.level.min(DEEPEST) <= level)
            && let Some(shape) = self.unnumbered.take()
        {
            paragraph.label = self.body.numbers.label(shape);
        }
    }

    /// Closes the nodes that a record of this level ends. The paragraphs of a list lie on the list's own
    /// level, so that a paragraph does not end it.
    fn close(&mut self, level: u16, by_paragraph: bool) {
        while let Some((open, node)) = self.open.last() {
            let stays = by_paragraph && matches!(node, Node::List(_));
            if *open < level || (*open == level && stays) {
                break;
            }
            if let Some((_, node)) = self.open.pop() {
                self.hand_up(node);
            }
        }
    }

    fn hand_up(&mut self, node: Node) {
        let above = self.open.last_mut().map(|(_, node)| node);
        match (node, above) {
            (Node::Paragraph(paragraph), None) => {
                let layout = std::mem::take(&mut self.layout);
                self.body.push(self.content, paragraph.finish(), layout);
            }
            (Node::Paragraph(paragraph), Some(above)) => match above {
                Node::List(list) => {
                    let turns = paragraph.turns;
                    list.add(&paragraph.finish());
                    list.turns += turns;
                }
                Node::Control(control) => control.list(None, paragraph.finish()),
                Node::Paragraph(above) => add_lines(&mut above.unanchored, &paragraph.finish()),
            },
            (Node::List(List { cell, height, lines, .. }), Some(Node::Control(control))) => {
                if cell.is_some() {
                    control.cell_height(&height);
                }
                control.list(cell, lines);
            }
            (Node::List(List { lines, .. }), _) => self.add_unanchored(lines),
            (Node::Control(mut control), Some(Node::Paragraph(above))) => {
                if let Some(table) = control.spread() {
                    self.layout.table(table);
                }
                above.control(control);
            }
            (Node::Control(control), _) => self.add_unanchored(control.finish().1),
        }
    }

    /// Text whose node does not lie where it should: kept as lines of whatever lies above it. Memos, which
    /// the word processor lists at the end of a section, come this way too.
    fn add_unanchored(&mut self, text: String) {
        match self.open.last_mut() {
            Some((_, Node::Paragraph(paragraph))) => add_lines(&mut paragraph.unanchored, &text),
            Some((_, Node::List(list))) => list.add(&text),
            Some((_, Node::Control(control))) => control.list(None, text),
            None if text.trim().is_empty() => {}
            None => self.body.push_aside(self.content, text),
        }
    }
}

/// A paragraph while its records are read.
#[derive(Debug, Default)]
struct Paragraph {
    /// The number before it.
    label: String,
    text: ParagraphText,
    /// Objects of the anchors passed so far; as long as `next`.
    objects: Vec<Option<(Anchoring, String)>>,
    unanchored: String,
    /// Pages that its lines go over, in a cell.
    turns: usize,
}

impl Paragraph {
    /// Puts an object to its anchor: the next one of the same identifier.
    fn control(&mut self, control: Control) {
        let next = self.objects.len();
        let id = control.id;
        let (place, text) = control.finish();
        let ahead = self.text.anchors.get(next..).unwrap_or_default().iter().take(AHEAD);
        match ahead.into_iter().position(|anchor| anchor.id == id) {
            Some(skipped) => {
                self.objects.resize(next + skipped, None);
                self.objects.push(Some((place, text)));
            }
            None => add_lines(&mut self.unanchored, &text),
        }
    }

    fn finish(self) -> String {
        let mut paragraph = hangul::Paragraph::default();
        paragraph.number(self.label);
        let mut from = 0;
        for (anchor, object) in self.text.anchors.iter().zip(self.objects) {
            let Some((place, text)) = object else { continue };
            paragraph.push_str(self.text.text.get(from..anchor.offset).unwrap_or_default());
            paragraph.object(place, &text);
            from = anchor.offset;
        }
        paragraph.push_str(self.text.text.get(from..).unwrap_or_default());
        paragraph.object(Anchoring::Below, &self.unanchored);
        paragraph.finish()
    }
}
