use madang_document::content::Content;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::date::date;
use super::drawing;
use super::letter::{letter, old_syllable, text};
use super::outline::{LEVELS, Outline};
use super::stream::Stream;
use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::bytes::{u16_at, u32_at};
use crate::formats::hangul::{Anchoring, Body, Paragraph, Table, add_lines, framed};
use crate::formats::hangul_pages::Layout;

/// Boxes, cells and notes that may lie in one another; it bounds how deep reading them calls itself.
const DEEPEST: usize = 48;

/// Bytes of what a character looks like, of what a paragraph does, and of a line as it was laid out.
const CHARACTER: u32 = 31;
const PARAGRAPH: u32 = 187;
const LINE: u32 = 14;

/// Units of text that each control takes, by its code.
const UNITS: [u32; 32] = [
    1, 4, 4, 4, 4, 4, 4, 42, 48, 4, 4, 4, 4, 1, 4, 4, 4, 4, 4, 4, 4, 4, 12, 5, 3, 3, 123, 4, 32, 4,
    2, 2,
];

/// How far apart the edges of cells may lie that are one edge, in 1/1800 inch.
const EDGE: u16 = 5;

/// Reads the text of a document.
pub(super) struct Story<'a> {
    pub(super) body: &'a mut Body,
    pub(super) content: &'a mut Content,
    pub(super) context: &'a Context<'a>,
    /// Signs that Unicode has no character for.
    pub(super) unknown: u64,
    /// What ended the reading before the end of the text.
    pub(super) failure: Option<ExtractError>,
}

impl Story<'_> {
    /// Reads the paragraphs of the body, up to the empty one that ends them.
    pub(super) fn body(&mut self, stream: &mut Stream<'_>) {
        while self.failure.is_none()
            && let Some(text) = self.paragraph(stream, 0)
        {
            self.body.push(self.content, text, Layout::default());
        }
    }

    /// Reads a list of paragraphs inside the text, up to the empty one that ends it, as lines.
    fn list(&mut self, stream: &mut Stream<'_>, depth: usize) -> String {
        let mut lines = String::new();
        if depth > DEEPEST {
            self.failure.get_or_insert_with(|| {
                let deep = ReasonKind::TooDeep(DEEPEST as u64);
                ExtractError::Limit(deep.of(Noun::BoxesAndNotes))
            });
        }
        while self.failure.is_none()
            && let Some(text) = self.paragraph(stream, depth)
        {
            add_lines(&mut lines, &text);
        }
        lines
    }

    /// The next paragraph, as far as it goes; none where a list ends.
    fn paragraph(&mut self, stream: &mut Stream<'_>, depth: usize) -> Option<String> {
        let mut paragraph = Paragraph::default();
        match self.read(stream, depth, &mut paragraph) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => drop(self.failure.get_or_insert(error)),
        }
        Some(paragraph.finish())
    }

    /// Reads a paragraph, and says whether it is one or the end of a list.
    fn read(
        &mut self,
        stream: &mut Stream<'_>,
        depth: usize,
        paragraph: &mut Paragraph,
    ) -> Result<bool, ExtractError> {
        // Blank paragraphs cost nothing in the text, and are still bounded by this.
        self.body.spend(1, self.content, self.context)?;
        let like_the_last = stream.byte()? != 0;
        let units = u32::from(stream.word()?);
        let lines = u32::from(stream.word()?);
        let has_looks = stream.byte()? != 0;
        // Kinds of breaks, kinds of controls, and the style; then what most of its characters look like.
        stream.skip(6 + CHARACTER)?;
        if units > 0 && !like_the_last {
            stream.skip(PARAGRAPH)?;
        }
        stream.skip(lines * LINE)?;
        if has_looks {
            for _ in 0..units {
                if stream.byte()? == 0 {
                    stream.skip(CHARACTER)?;
                }
            }
        }
        let mut taken = 0;
        while taken < units && self.failure.is_none() {
            let unit = stream.word()?;
            match unit {
                13 => break,
                0..=31 => {
                    self.control(unit, stream, depth, paragraph)?;
                    taken += UNITS.get(usize::from(unit)).copied().unwrap_or(1);
                }
                _ => {
                    taken += 1;
                    self.push(unit, paragraph)?;
                }
            }
        }
        Ok(units > 0)
    }

    /// Adds the character of a unit.
    fn push(&mut self, unit: u16, paragraph: &mut Paragraph) -> Result<(), ExtractError> {
        let mut one = [0; 4];
        let old;
        let text = match letter(unit) {
            Some(c) => &*c.encode_utf8(&mut one),
            None => {
                old = old_syllable(unit);
                self.unknown += u64::from(old.is_none());
                old.as_deref().unwrap_or("\u{FFFD}")
            }
        };
        self.body.spend(text.len(), self.content, self.context)?;
        paragraph.push_str(text);
        Ok(())
    }

    /// Reads what a control stands for. All but those that are blocks of a size repeat their code: behind their data, or
    /// in front if lists of paragraphs follow.
    fn control(
        &mut self,
        code: u16,
        stream: &mut Stream<'_>,
        depth: usize,
        paragraph: &mut Paragraph,
    ) -> Result<(), ExtractError> {
        match code {
            // Columns, references and what is not in use: blocks of a size.
            0..=4 | 12 | 27 | 29 | 6 => {
                let size = stream.dword()?;
                again(code, stream)?;
                stream.skip(size)?;
            }
            // A field: its text stands between its two ends.
            5 => {
                stream.skip(4)?;
                again(code, stream)?;
                stream.skip(30)?;
                let lengths = [stream.dword()?, stream.dword()?, stream.dword()?, stream.dword()?];
                lengths.iter().try_for_each(|&length| stream.skip(length))?;
            }
            7 => {
                stream.skip(80)?;
                again(code, stream)?;
            }
            8 => {
                let picture = text(&stream.block::<80>()?);
                let mut parts = [0; 6];
                for part in &mut parts {
                    *part = stream.word()?;
                }
                again(code, stream)?;
                paragraph.push_str(&date(&picture, parts));
            }
            9 => {
                stream.skip(4)?;
                again(code, stream)?;
                paragraph.push_str("\t");
            }
            10 => self.text_box(stream, depth, paragraph)?,
            11 => self.picture(stream, depth, paragraph)?,
            14 => {
                stream.skip(4)?;
                again(code, stream)?;
                stream.skip(84)?;
            }
            // A hidden comment, a header or footer, and a note, each with what it is in front of its text.
            15..=17 => {
                stream.skip(4)?;
                again(code, stream)?;
                stream.skip(match code {
                    15 => 8,
                    16 => 10,
                    _ => 14,
                })?;
                let text = self.list(stream, depth + 1);
                paragraph.object(Anchoring::Below, &text);
            }
            // A number: those of pictures, tables and equations stand in captions; those of pages and notes beside the
            // text.
            18 => {
                let (kind, number) = (stream.word()?, stream.word()?);
                again(code, stream)?;
                if matches!(kind, 3..=5) && number > 0 {
                    paragraph.push_str(&number.to_string());
                }
            }
            19..=21 => {
                stream.skip(4)?;
                again(code, stream)?;
            }
            22 => {
                stream.skip(20)?;
                again(code, stream)?;
            }
            // Characters written over one another.
            23 => {
                let units = [stream.word()?, stream.word()?, stream.word()?];
                again(code, stream)?;
                for unit in units.into_iter().filter(|&unit| unit > 31) {
                    self.push(unit, paragraph)?;
                }
            }
            // A hyphen where a word may be broken, which is not drawn; and a mark of the index.
            24 | 25 => {
                stream.skip(2)?;
                again(code, stream)?;
            }
            26 => {
                stream.skip(242)?;
                again(code, stream)?;
            }
            28 => {
                let label = outline(stream)?.label();
                again(code, stream)?;
                if !label.is_empty() {
                    paragraph.push_str(&label);
                    paragraph.push_str(" ");
                }
            }
            30 | 31 => {
                again(code, stream)?;
                paragraph.push_str(" ");
            }
            _ => {
                return Err(ExtractError::corrupt(
                    ReasonKind::Unreadable.of(Part::Control(code.into())),
                ));
            }
        }
        Ok(())
    }

    /// A table, a box of text, an equation or a button: all are boxes of cells with a caption.
    fn text_box(
        &mut self,
        stream: &mut Stream<'_>,
        depth: usize,
        paragraph: &mut Paragraph,
    ) -> Result<(), ExtractError> {
        stream.skip(4)?;
        again(10, stream)?;
        let properties = stream.block::<84>()?;
        let kind = u16_at(&properties, 78).unwrap_or_default();
        let count = u16_at(&properties, 80).unwrap_or_default();
        let mut places = Vec::new();
        for _ in 0..count {
            let cell = stream.block::<27>()?;
            let place = |at| u16_at(&cell, at).unwrap_or_default();
            places.push((place(6), place(4)));
        }
        let mut cells = Vec::new();
        for (top, left) in places {
            let text = self.list(stream, depth + 1);
            self.body.spend(1, self.content, self.context)?;
            cells.push((top, left, text));
        }
        let mut lines = self.list(stream, depth + 1);
        match kind {
            0 => add_lines(&mut lines, &framed(&table(cells))),
            _ => cells.iter().for_each(|(.., text)| add_lines(&mut lines, text)),
        }
        if kind == 2 {
            // Spaces keep the script of an equation from running into the words beside it.
            paragraph.object(Anchoring::Inline, &format!(" {} ", lines.trim()));
        } else {
            paragraph.object(Anchoring::Block, &lines);
        }
        Ok(())
    }

    /// A picture, with its caption; a drawing holds text of its own.
    fn picture(
        &mut self,
        stream: &mut Stream<'_>,
        depth: usize,
        paragraph: &mut Paragraph,
    ) -> Result<(), ExtractError> {
        const DRAWING: u8 = 3;
        stream.skip(4)?;
        again(11, stream)?;
        let properties = stream.block::<348>()?;
        let more = u32_at(&properties, 0).unwrap_or_default();
        let mut lines = String::new();
        if properties.get(74) == Some(&DRAWING) {
            let block = stream.bytes(more, self.context.limits.member)?;
            for mut list in drawing::lists(&block) {
                let text = self.list(&mut Stream::new(&mut list), depth + 1);
                add_lines(&mut lines, &text);
                // A drawing that is damaged does not hide what stands behind it.
                if let Some(error) = self.failure.take_if(|e| !matches!(e, ExtractError::Limit(_)))
                {
                    self.content.lost(error.into_reason().within(Noun::DrawingText));
                }
            }
        } else {
            stream.skip(more)?;
        }
        let caption = self.list(stream, depth + 1);
        add_lines(&mut lines, &caption);
        paragraph.object(Anchoring::Block, &lines);
        Ok(())
    }
}

/// Reads the code of a control again.
///
/// # Errors
/// When it is another: what is read is not where it seems to be.
fn again(code: u16, stream: &mut Stream<'_>) -> Result<(), ExtractError> {
    match stream.word()? {
        again if again == code => Ok(()),
        _ => Err(ExtractError::corrupt(ReasonKind::Damaged.of(Part::Control(code.into())))),
    }
}

fn outline(stream: &mut Stream<'_>) -> Result<Outline, ExtractError> {
    stream.skip(2)?;
    let (shape, level) = (stream.byte()?, usize::from(stream.byte()?));
    let (mut numbers, mut kinds, mut around) = ([0; LEVELS], [0; LEVELS], (None, None));
    for number in &mut numbers {
        *number = stream.word()?;
    }
    for kind in &mut kinds {
        *kind = stream.word()?;
    }
    for at in 0..LEVELS {
        let pair = (stream.word()?, stream.word()?);
        if at == level {
            around = (letter(pair.0), letter(pair.1));
        }
    }
    Ok(Outline { shape, level, numbers, kinds, around })
}

/// A table of cells, each with the distance of its upper and its left edge from those of the table.
fn table(mut cells: Vec<(u16, u16, String)>) -> String {
    let edges = |places: &mut dyn Iterator<Item = u16>| {
        let mut edges: Vec<u16> = places.collect();
        edges.sort_unstable();
        edges.dedup_by(|next, edge| *next - *edge < EDGE);
        edges
    };
    let rows = edges(&mut cells.iter().map(|(top, ..)| *top));
    let columns = edges(&mut cells.iter().map(|(_, left, _)| *left));
    // The first edge is the least of all places, so that there is one at or before each.
    let nth = |edges: &[u16], place| edges.partition_point(|&edge| edge <= place).saturating_sub(1);
    for (top, left, _) in &mut cells {
        (*top, *left) = (nth(&rows, *top) as u16, nth(&columns, *left) as u16);
    }
    cells.sort_by_key(|&(row, column, _)| (row, column));
    let mut table = Table::default();
    let mut current = 0;
    for (row, column, text) in cells {
        if row != current {
            table.end_row();
            current = row;
        }
        table.cell(Some(column), text);
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_put_in_rows_by_their_edges() {
        let cell = |top, left, text: &str| (top, left, text.to_owned());
        let cells = vec![
            cell(0, 0, "가"),
            cell(502, 0, "다"),
            cell(1, 900, "나"),
            cell(500, 903, "라"),
            cell(1000, 900, "마"),
        ];
        assert_eq!(table(cells), "가\t나\n다\t라\n\t마");
        assert_eq!(table(vec![]), "");
    }
}
