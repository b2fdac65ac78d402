use madang_document::content::Content;
use madang_document::locator::Locator;

use super::text::Text;
use crate::context::Context;
use crate::formats::docx_field::Field;
use crate::formats::docx_numbering::{Numbering, ParagraphNumber};
use crate::formats::symbol_font;

/// Where the lines of a story stand.
pub(super) enum LinesAt {
    /// At the paragraph that is being read.
    Own,
    /// At this paragraph of the body: a note, referred to from there.
    At(u32),
    /// Nowhere in particular: the edge of a page, a text box.
    Whole,
}

/// A walk through a stretch of the text: the body, a header, a footnote. Its marks: MS-DOC, section 2.4.1 and the
/// characters of section 2.9.
pub(super) struct Story<'a> {
    pub(super) text: &'a Text,
    pub(super) fonts: &'a [String],
    pub(super) numbering: &'a mut Numbering,
    pub(super) place: LinesAt,
    /// The last position of each paragraph of the body, in order.
    pub(super) ends: Vec<usize>,
    /// Passages that a tracked change deleted.
    pub(super) deletions: u64,
    /// Whether some of the text is not shown.
    pub(super) any_hidden: bool,
    line: String,
    /// Units that are not yet decoded.
    units: Vec<u16>,
    /// The cells of the open row.
    cells: Vec<String>,
    /// What the open cell holds so far.
    cell: String,
    /// The paragraph with which the open row began.
    row: u32,
    number: u32,
    fields: Vec<Field>,
    /// The instruction that was read last.
    instruction: Vec<u16>,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        text: &'a Text,
        fonts: &'a [String],
        numbering: &'a mut Numbering,
        place: LinesAt,
    ) -> Story<'a> {
        Story {
            text,
            fonts,
            numbering,
            place,
            ends: Vec::new(),
            deletions: 0,
            any_hidden: false,
            line: String::new(),
            units: Vec::new(),
            cells: Vec::new(),
            cell: String::new(),
            row: 0,
            number: 1,
            fields: Vec::new(),
            instruction: Vec::new(),
        }
    }

    /// Reads the positions from `first` to before `behind`.
    pub(super) fn walk(
        &mut self,
        (first, behind): (usize, usize),
        context: &Context<'_>,
        content: &mut Content,
    ) {
        let mut in_deletion = false;
        for at in first..behind.min(self.text.len()) {
            let Some((unit, deleted)) = self.text.unit(at) else { break };
            if deleted {
                // Marks and blanks alone are no passage.
                if unit > 0x20 && !std::mem::replace(&mut in_deletion, true) {
                    self.deletions += 1;
                }
                continue;
            }
            in_deletion = false;
            match unit {
                // Word nests fields 20 deep at most.
                0x13 if self.fields.len() < 64 => {
                    self.fields.push(Field::default());
                    self.instruction.clear();
                }
                0x14 => {
                    if let Some(field) = self.fields.last_mut() {
                        field.begun = true;
                    }
                }
                0x15 => {
                    let instruction = self.text.decode(&self.instruction);
                    let field = self.fields.pop().map(|field| Field { instruction, ..field });
                    let value = field.and_then(Field::unshown);
                    if let Some(value) = value.filter(|_| self.fields.iter().all(|f| f.begun)) {
                        self.decode();
                        self.line.push_str(&value);
                    }
                }
                // The data of a form field.
                0x01 if self.fields.last().is_some_and(|field| !field.begun) => {
                    if let (Some(field), Some(value)) = (self.fields.last_mut(), self.text.form(at))
                    {
                        field.form = value.clone();
                    }
                }
                0x0D | 0x0C | 0x07 => {
                    self.end(at, unit, content);
                    self.ends.push(at);
                    self.number = self.number.saturating_add(1);
                    if self.number.is_multiple_of(1024) {
                        context.progress();
                    }
                }
                // The instruction of a field.
                _ if self.fields.iter().any(|field| !field.begun) => self.instruction.push(unit),
                0x09 | 0x0B | 0x0E => self.units.push(if unit == 0x09 { 0x09 } else { 0x0A }),
                // The hyphen that does not break; the one that shows only where a line breaks.
                0x1E => self.units.push(u16::from(b'-')),
                0x28 => match self.text.symbol(at) {
                    Some((font, code)) => self.sign(font, code),
                    None => self.letter(at, unit),
                },
                // Pictures, references of notes, separators.
                0x00..=0x1F => {}
                unit => {
                    if unit != 0x20 {
                        self.any_hidden = self.any_hidden || self.text.is_hidden(at);
                        self.fields.iter_mut().for_each(|field| field.shown = true);
                    }
                    self.letter(at, unit);
                }
            }
        }
        self.decode();
        let rest = std::mem::take(&mut self.line);
        self.put(rest);
        self.end_row(content);
    }

    /// A letter at a position, or the sign that its font has in its place.
    fn letter(&mut self, at: usize, unit: u16) {
        let is_code = matches!(unit, 0x21..=0x9F | 0xA1..=0xFF | 0xF020..=0xF0FF);
        match self.text.font(at).filter(|_| is_code) {
            Some(font) => self.sign(font, unit),
            None => self.units.push(unit),
        }
    }

    /// A sign of a font whose letters are signs.
    fn sign(&mut self, font: u16, code: u16) {
        self.decode();
        let name = self.fonts.get(usize::from(font)).map_or("", String::as_str);
        let private = (0xE000..0xF900).contains(&code);
        let plain = char::from_u32(code.into()).filter(|_| !private);
        self.line.extend(symbol_font::sign(name, code.into()).or(plain));
    }

    fn decode(&mut self) {
        if !self.units.is_empty() {
            self.line.push_str(&self.text.decode(&self.units));
            self.units.clear();
        }
    }

    /// Ends the paragraph, cell or row whose mark stands at this position.
    fn end(&mut self, at: usize, mark: u16, content: &mut Content) {
        self.decode();
        let line = std::mem::take(&mut self.line);
        let properties = self.text.paragraph(at);
        // An instruction does not run on into the next paragraph: its end was lost.
        if properties.depth == 0 {
            self.fields.iter_mut().for_each(|field| field.begun = true);
        }
        let number = ParagraphNumber::of(properties.style, properties.list, properties.level);
        let label = self.numbering.label(&number);
        let line = match line.trim().is_empty() || label.is_empty() {
            true => line,
            false => format!("{label} {line}"),
        };
        if properties.depth == 0 && mark != 0x07 {
            self.end_row(content);
            self.emit(&line, self.number, content);
            return;
        }
        if self.cells.is_empty() && self.cell.is_empty() {
            self.row = self.number;
        }
        if properties.ends_row && properties.depth < 2 {
            self.put(line);
            self.end_row(content);
            return;
        }
        self.put(line);
        // In a table within a table cells end with the mark of a paragraph, and all of it stands in one cell.
        if mark == 0x07 {
            self.cells.push(std::mem::take(&mut self.cell));
        }
    }

    /// Adds to the open cell, which stays one line.
    fn put(&mut self, line: String) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if !self.cell.is_empty() {
            self.cell.push(' ');
        }
        self.cell.extend(line.chars().map(|c| if matches!(c, '\t' | '\n') { ' ' } else { c }));
    }

    fn end_row(&mut self, content: &mut Content) {
        if !self.cell.is_empty() {
            self.cells.push(std::mem::take(&mut self.cell));
        }
        let cells = std::mem::take(&mut self.cells);
        let line = cells.join("\t");
        self.emit(&line, self.row, content);
    }

    fn emit(&self, line: &str, number: u32, content: &mut Content) {
        let (line, place) = match self.place {
            LinesAt::Own => (line, Locator::Paragraph { number }),
            // A tab parts a note from the number before it.
            LinesAt::At(number) => (line.trim_start(), Locator::Paragraph { number }),
            LinesAt::Whole => (line.trim_start(), Locator::Whole {}),
        };
        content.push_text(line.trim_end(), place);
    }
}
