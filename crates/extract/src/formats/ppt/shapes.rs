use crate::formats::bytes::{u8_at, u16_at, u32_at};
use crate::formats::office_art::{PROPERTIES, Record, description, records};
use crate::formats::windows_text::wide;

/// The texts of the shapes of a slide or a page of notes, in the order in which they are drawn.
pub(super) struct Shapes<'a> {
    /// The texts that the list of slides holds for this one; shapes refer to them by number.
    outline: &'a [String],
    /// Which of them a shape referred to.
    referred: Vec<bool>,
    kept: Kept,
    /// The number of the slide, which stands where a sign asks for it.
    number: u32,
    pub(super) found: Vec<String>,
}

/// Which shapes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// All: a slide.
    All,
    /// Those that are not header, footer, date or number: a page of notes.
    WithoutEdges,
    /// Those that fill no placeholder: a master, whose placeholders hold prompts.
    WithoutPlaceholders,
}

/// Groups lie in groups; PowerPoint itself draws no more than some ten deep.
const DEPTH: u32 = 32;

// Records of drawings (MS-ODRAW, section 2.2) and of PowerPoint (MS-PPT, section 2.13.24).
const GROUP: u16 = 0xF003;
const SHAPE: u16 = 0xF004;
const TEXT_BOX: u16 = 0xF00D;
const CHILD_ANCHOR: u16 = 0xF00F;
const CLIENT_DATA: u16 = 0xF011;
const PLACEHOLDER: u16 = 0x0BC3;
const ROUND_TRIP_PLACEHOLDER: u16 = 0x0420;
const TEXT_REFERENCE: u16 = 0x0F9E;
const TEXT_WIDE: u16 = 0x0FA0;
const TEXT_BYTES: u16 = 0x0FA8;
/// Signs that stand for the number of the slide, and for dates, header and footer.
const NUMBER: u16 = 0x0FD8;
const SIGNS: [u16; 6] = [NUMBER, 0x0FF7, 0x0FF8, 0x0FF9, 0x0FFA, 0x1015];
/// The property of a group that makes it a table (MS-ODRAW, section 2.3.4.37).
const TABLE: u16 = 0x039F;

/// A shape as it was read.
struct Shape {
    text: String,
    /// Left and upper edge within its group.
    corner: (i32, i32),
    /// What it is said to show.
    described: Option<String>,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(outline: &'a [String], kept: Kept, number: u32) -> Shapes<'a> {
        let referred = vec![false; outline.len()];
        Shapes { outline, referred, kept, number, found: Vec::new() }
    }

    /// Reads the shapes below a record.
    pub(super) fn read(&mut self, container: &[u8], depth: u32) {
        if depth > DEPTH {
            return;
        }
        for record in records(container) {
            match record.kind {
                GROUP => self.group(&record, depth),
                SHAPE => {
                    let shape = self.shape(&record);
                    self.push(shape.text);
                }
                _ if record.is_container() => self.read(record.data, depth + 1),
                _ => {}
            }
        }
    }

    /// A group: the first shape is the group itself. In a table the others are cells, in the order in which they were
    /// made.
    fn group(&mut self, group: &Record<'_>, depth: u32) {
        let first = records(group.data).find(|record| record.kind == SHAPE);
        if !first.is_some_and(|first| is_table(&first)) {
            self.read(group.data, depth + 1);
            return;
        }
        let cells = records(group.data).filter(|record| record.kind == SHAPE).skip(1);
        let mut cells: Vec<Shape> = cells.map(|record| self.shape(&record)).collect();
        // The lines between the cells are shapes, too.
        cells.retain(|cell| !cell.text.trim().is_empty());
        cells.sort_by_key(|cell| (cell.corner.1, cell.corner.0));
        let mut lines = String::new();
        let mut top = None;
        for cell in cells {
            if let Some(top) = top {
                lines.push(if top == cell.corner.1 { '\t' } else { '\n' });
            }
            top = Some(cell.corner.1);
            let text = cell.text.trim();
            lines.extend(text.chars().map(|c| if matches!(c, '\t' | '\n') { ' ' } else { c }));
        }
        self.push(lines);
    }

    fn push(&mut self, text: String) {
        if !text.trim().is_empty() {
            self.found.push(text);
        }
    }

    fn shape(&mut self, shape: &Record<'_>) -> Shape {
        let mut read = Shape { text: String::new(), corner: (0, 0), described: None };
        let mut is_left_out = false;
        for record in records(shape.data) {
            match record.kind {
                TEXT_BOX => read.text = self.text(record.data),
                CHILD_ANCHOR => {
                    let at = |at| u32_at(record.data, at).unwrap_or(0).cast_signed();
                    read.corner = (at(0), at(4));
                }
                CLIENT_DATA => {
                    let mut kinds = records(record.data).filter_map(|record| match record.kind {
                        PLACEHOLDER => u8_at(record.data, 4),
                        ROUND_TRIP_PLACEHOLDER => u8_at(record.data, 0),
                        _ => None,
                    });
                    is_left_out |= match self.kept {
                        Kept::All => false,
                        Kept::WithoutEdges => kinds.any(is_of_edge),
                        Kept::WithoutPlaceholders => kinds.next().is_some(),
                    };
                }
                kind if PROPERTIES.contains(&kind) => {
                    read.described = read.described.or_else(|| description(&record));
                }
                _ => {}
            }
        }
        if is_left_out {
            read.text.clear();
        } else if read.text.trim().is_empty() && self.kept != Kept::WithoutPlaceholders {
            // What a picture shows.
            read.text = read.described.take().unwrap_or_default();
        }
        read
    }

    /// The text in a text box (MS-PPT, section 2.9.76), its own or one of the list of slides.
    fn text(&mut self, records_of_text: &[u8]) -> String {
        let mut text = String::new();
        let mut signs: Vec<(usize, u16)> = Vec::new();
        for record in records(records_of_text) {
            match record.kind {
                TEXT_REFERENCE => {
                    let number = u32_at(record.data, 0).unwrap_or(u32::MAX) as usize;
                    if let Some(referred @ false) = self.referred.get_mut(number) {
                        *referred = true;
                        text.push_str(self.outline.get(number).map_or("", String::as_str));
                    }
                }
                kind if SIGNS.contains(&kind) => {
                    signs.extend(u32_at(record.data, 0).map(|place| (place as usize, kind)));
                }
                _ => text.extend(text_of(&record)),
            }
        }
        if !signs.is_empty() {
            text = self.with_signs(&text, &mut signs);
        }
        text
    }

    /// The text with what the signs at these places, counted in UTF-16, stand for. A number that stands alone says
    /// nothing.
    fn with_signs(&self, text: &str, signs: &mut [(usize, u16)]) -> String {
        if text.trim() == "*" {
            return String::new();
        }
        signs.sort_unstable();
        let mut shown = String::new();
        let mut at = 0;
        for c in text.chars() {
            let sign = signs.binary_search_by_key(&at, |(place, _)| *place).ok();
            match sign.and_then(|sign| signs.get(sign)).filter(|_| c == '*') {
                Some((_, NUMBER)) => shown.push_str(&self.number.to_string()),
                Some(_) => {}
                None => shown.push(c),
            }
            at += c.len_utf16();
        }
        shown
    }

    /// The texts of the list of slides that no shape referred to: their shapes are lost.
    pub(super) fn left(self) -> Vec<String> {
        let mut found = self.found;
        let left = self.outline.iter().zip(self.referred).filter(|(_, referred)| !referred);
        found.extend(left.map(|(text, _)| text.clone()));
        found
    }
}

/// Whether the first shape of a group says that it is a table.
fn is_table(shape: &Record<'_>) -> bool {
    let tables = records(shape.data).filter(|record| PROPERTIES.contains(&record.kind));
    tables
        .flat_map(|table| table.data.chunks_exact(6).take(table.instance.into()))
        .filter(|property| u16_at(property, 0).is_some_and(|id| id & 0x3FFF == TABLE))
        .any(|property| u8_at(property, 2).is_some_and(|flags| flags & 1 == 1))
}

/// Whether a placeholder is one of the edges of a page, or the picture of the slide (MS-PPT, section 2.13.21).
fn is_of_edge(kind: u8) -> bool {
    matches!(kind, 5 | 7..=11)
}

/// The text of a record of text; none of another record. Paragraphs and lines end with line feeds.
pub(super) fn text_of(record: &Record<'_>) -> Option<String> {
    let text = match record.kind {
        TEXT_WIDE => wide(record.data),
        // The lower halves of UTF-16 (section 2.9.43).
        TEXT_BYTES => record.data.iter().map(|byte| char::from(*byte)).collect(),
        _ => return None,
    };
    Some(text.replace(['\r', '\u{B}'], "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(version: u8, kind: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![version, 0];
        bytes.extend(kind.to_le_bytes());
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    fn cell(text: &[u8], left: u32, top: u32) -> Vec<u8> {
        let corner: Vec<u8> = [left, top, 0, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
        let text = record(0xF, TEXT_BOX, &record(0, TEXT_BYTES, text));
        record(0xF, SHAPE, &[record(0, CHILD_ANCHOR, &corner), text].concat())
    }

    #[test]
    fn the_cells_of_a_table_are_lines() {
        let mut table = vec![0x9F, 3, 1, 0, 0, 0];
        table = record(0x13, 0xF122, &table);
        let own = record(0xF, SHAPE, &table);
        let cells = [cell(b"d\re", 9, 5), cell(b"a", 1, 1), cell(b"b", 9, 1), cell(b"c", 1, 5)];
        let group = record(0xF, GROUP, &[own, cells.concat()].concat());
        let mut shapes = Shapes::new(&[], Kept::All, 1);
        shapes.read(&group, 0);
        assert_eq!(shapes.found, ["a\tb\nc\td e"]);
    }

    #[test]
    fn signs_are_replaced_and_references_followed() {
        let text = [
            record(0, TEXT_BYTES, b"5 * 3: *"),
            record(0, 0x0FD8, &[7, 0, 0, 0]),
            record(0, TEXT_REFERENCE, &[1, 0, 0, 0]),
        ];
        let shape = record(0xF, SHAPE, &record(0xF, TEXT_BOX, &text.concat()));
        let outline = ["zero".to_owned(), "one".to_owned()];
        let mut shapes = Shapes::new(&outline, Kept::All, 4);
        shapes.read(&shape, 0);
        // A text that is referred to twice is told once.
        shapes.read(&shape, 0);
        assert_eq!(shapes.left(), ["5 * 3: 4one", "5 * 3: 4", "zero"]);
    }

    #[test]
    fn groups_within_groups_end() {
        let mut deep = cell(b"x", 0, 0);
        for _ in 0..1000 {
            deep = record(0xF, GROUP, &deep);
        }
        let mut shapes = Shapes::new(&[], Kept::All, 1);
        shapes.read(&deep, 0);
        assert!(shapes.found.is_empty());
    }
}
