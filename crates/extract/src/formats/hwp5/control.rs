use std::collections::BTreeMap;

use super::record::{tag, text_at};
use crate::formats::bytes::{u16_at, u32_at};
use crate::formats::hangul::{Anchoring, Table, add_lines, framed, tick};
use crate::formats::hangul_description::own_description;
use crate::formats::hangul_spread::{CellHeight, Spread};

/// An object anchored in a paragraph, while its records are read (HWP 5.0 document file format, revision
/// 1.3, section 4.3.10 and tables 127 to 141 of the specification).
#[derive(Debug)]
pub(super) struct Control {
    /// As in `tbl `.
    pub(super) id: [u8; 4],
    lines: String,
    /// The caption of a shape, which is stored before its text and read behind it, as in OWPML.
    caption: String,
    /// What the author says of a shape or table for those who do not see it.
    description: Option<String>,
    /// Whether the shape itself has begun.
    in_shape: bool,
    /// There once the record `TABLE` was read: what comes after it are cells, what came before is the caption.
    table: Option<CellTable>,
    /// There for a table that may go on over several pages.
    spread: Option<Spread>,
}

#[derive(Debug)]
struct CellTable {
    table: Table,
    row: Option<u16>,
}

/// Where a cell stands in its table, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: u16,
    pub(super) row: u16,
}

impl Cell {
    /// Reads the data of the record `LIST_HEADER`: a header of 8 bytes, then of a cell (table 80) column, row, how many of
    /// both it spans, width, height, and the margins at the left, the right, the top and the bottom.
    pub(super) fn of(data: &[u8]) -> Option<(Cell, CellHeight)> {
        let cell = Cell { column: u16_at(data, 8)?, row: u16_at(data, 10)? };
        let margin = |at| i64::from(u16_at(data, at).unwrap_or_default());
        let height = CellHeight {
            row: cell.row,
            span: u16_at(data, 14).unwrap_or(1),
            height: i64::from(u32_at(data, 20).unwrap_or_default().cast_signed()),
            margins: margin(28) + margin(30),
            ..CellHeight::default()
        };
        Some((cell, height))
    }
}

impl Control {
    /// Reads the data of the record `CTRL_HEADER`.
    pub(super) fn new(data: &[u8]) -> Control {
        let id = u32_at(data, 0).unwrap_or_default().to_be_bytes();
        let (mut lines, mut description) = (String::new(), None);
        match &id {
            // Behind the place and the size (table 69).
            b"gso " | b"tbl " => {
                description = text_at(data, 44).and_then(|(text, _)| own_description(&text));
            }
            b"atno" => lines.extend(caption_number(data)),
            // Ruby (덧말): the main text, then the small text above it.
            b"tdut" => {
                if let Some((main, next)) = text_at(data, 4) {
                    lines.push_str(&main);
                    if let Some((ruby, _)) = text_at(data, next).filter(|(r, _)| !r.is_empty()) {
                        lines.push('(');
                        lines.push_str(&ruby);
                        lines.push(')');
                    }
                }
            }
            // Characters written over one another (글자겹침).
            b"tcps" => lines.extend(text_at(data, 4).map(|(text, _)| text)),
            _ => {}
        }
        let caption = String::new();
        Control { id, lines, caption, description, in_shape: false, table: None, spread: None }
    }

    /// Bytes of the text that its header holds.
    pub(super) fn text_len(&self) -> usize {
        self.lines.len() + self.description.as_ref().map_or(0, String::len)
    }

    /// Whether a record of this kind has something to say to a control.
    pub(super) fn wants(tag: u16) -> bool {
        matches!(
            tag,
            tag::TABLE | tag::EQEDIT | tag::TEXTART | tag::FORM_OBJECT | tag::SHAPE_COMPONENT_OLE
        )
    }

    /// The shape begins: a list of paragraphs that came before it is its caption.
    pub(super) fn shape(&mut self) {
        self.in_shape = true;
    }

    /// Follows how high it is, if it is a table that stands below the lines of the body and so may go on over several
    /// pages (tables 69 and 70 of the specification).
    pub(super) fn follow(&mut self, data: &[u8]) {
        let properties = u32_at(data, 4).unwrap_or(1);
        let number = |at| i64::from(u32_at(data, at).unwrap_or_default().cast_signed());
        let margin = |at| i64::from(u16_at(data, at).unwrap_or_default().cast_signed());
        let (in_line, of_paragraph) = (properties & 1 != 0, properties >> 3 & 3 == 2);
        // It pushes text aside or down; others lie over the text or under it.
        let pushes = properties >> 21 & 7 <= 1;
        if self.id == *b"tbl " && !in_line && of_paragraph && pushes {
            let margins = (margin(32), margin(34));
            let offset = number(8) + margins.0;
            self.spread = Some(Spread { offset, margins, height: number(20), ..Spread::default() });
        }
    }

    /// What is known of its height, if it was followed.
    pub(super) fn spread(&mut self) -> Option<Spread> {
        self.spread.take()
    }

    /// The number of columns, if this is where a zone of columns begins (table 138).
    pub(super) fn columns(&self, data: &[u8]) -> Option<u16> {
        let properties = u16_at(data, 4).filter(|_| self.id == *b"cold")?;
        Some(((properties >> 2) & 0xFF).max(1))
    }

    /// The numbering of the outline, if this is where a section begins (table 129).
    pub(super) fn outline(&self, data: &[u8]) -> Option<u16> {
        u16_at(data, 18).filter(|_| self.id == *b"secd")
    }

    /// Takes a record that lies below the control.
    pub(super) fn record(&mut self, tag: u16, data: &[u8], charts: &mut BTreeMap<String, String>) {
        match tag {
            tag::TABLE => {
                let mut table = Table::default();
                if let Some(spread) = &mut self.spread {
                    // Table 76 of the specification.
                    let properties = u32_at(data, 0).unwrap_or_default();
                    spread.breaks = properties & 3 != 0;
                    spread.repeats_head = properties & 4 != 0;
                    table = Table::marked();
                }
                self.table = Some(CellTable { table, row: None });
            }
            // An attribute word, then the script, whose line ends say nothing. Spaces keep it from running into the words
            // beside it.
            tag::EQEDIT => {
                if let Some((script, _)) = text_at(data, 4) {
                    let words: Vec<_> = script.split_whitespace().collect();
                    self.lines.push(' ');
                    self.lines.push_str(&words.join(" "));
                    self.lines.push(' ');
                }
            }
            // Four corners of two words, then the text.
            tag::TEXTART => {
                if let Some((text, _)) = text_at(data, 32) {
                    add_lines(&mut self.lines, &text.replace('\r', ""));
                }
            }
            // Properties and extent, then which of the embedded objects it is.
            tag::SHAPE_COMPONENT_OLE => {
                let chart = u16_at(data, 12).and_then(|n| charts.remove(&n.to_string()));
                add_lines(&mut self.lines, &chart.unwrap_or_default());
            }
            tag::FORM_OBJECT => {
                if let Some((properties, _)) = text_at(data, 12) {
                    let caption = form_value(&properties, "Caption");
                    // A box to be ticked, and one of several of which one is.
                    match data.get(..4) {
                        Some(b"tbc+" | b"tbr+") => {
                            let is_ticked = properties.contains(" Value:int:1 ");
                            add_lines(&mut self.lines, &tick(is_ticked, caption));
                        }
                        _ => add_lines(&mut self.lines, caption),
                    }
                    add_lines(&mut self.lines, form_value(&properties, "Text"));
                }
            }
            _ => {}
        }
    }

    /// Takes how high a cell is.
    pub(super) fn cell_height(&mut self, height: &CellHeight) {
        if let (Some(spread), Some(_)) = (&mut self.spread, &self.table) {
            spread.cell(height);
        }
    }

    /// Takes a list of paragraphs: a cell at this row, a caption, or the text of a box, note or header.
    pub(super) fn list(&mut self, cell: Option<Cell>, text: String) {
        let Some(cells) = &mut self.table else {
            let is_caption = self.id == *b"gso " && !self.in_shape;
            add_lines(if is_caption { &mut self.caption } else { &mut self.lines }, &text);
            return;
        };
        let row = cell.map(|cell| cell.row);
        if row != cells.row {
            cells.table.end_row();
            cells.row = row;
        }
        cells.table.cell(cell.map(|cell| cell.column), text);
    }

    /// The place of its text in the paragraph, and the text.
    pub(super) fn finish(mut self) -> (Anchoring, String) {
        let place = match &self.id {
            b"eqed" | b"atno" | b"tdut" | b"tcps" => Anchoring::Inline,
            b"tbl " | b"gso " | b"form" => Anchoring::Block,
            _ => Anchoring::Below,
        };
        if let Some(cells) = self.table {
            add_lines(&mut self.lines, &framed(&cells.table.finish()));
        }
        add_lines(&mut self.lines, &self.caption);
        add_lines(&mut self.lines, &self.description.unwrap_or_default());
        (place, self.lines)
    }
}

/// The number that the word processor stored for a picture, table or equation, as it stands in captions.
/// Numbers of pages and notes are left out: they stand beside the text, not in it.
fn caption_number(data: &[u8]) -> Option<String> {
    let kind = u32_at(data, 4)? & 0xF;
    let number = u16_at(data, 8).filter(|&number| number > 0)?;
    matches!(kind, 3..=5).then(|| number.to_string())
}

/// The words of a property of a form field, as in `Caption:wstring:5:달력 보기`: the number is that of UTF-16 units.
fn form_value<'t>(properties: &'t str, name: &str) -> &'t str {
    let Some((_, rest)) = properties.split_once(&format!("{name}:wstring:")) else { return "" };
    let Some((length, rest)) = rest.split_once(':') else { return "" };
    let mut left = length.parse::<usize>().unwrap_or_default();
    let end = rest.char_indices().find(|(_, c)| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        !fits
    });
    rest.get(..end.map_or(rest.len(), |(at, _)| at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_form_fields() {
        let edit = "CommonSet:set:9:Name:wstring:4:Edit  EditSet:set:9:Text:wstring:4:2010 MultiLine:bool:0 ";
        assert_eq!(form_value(edit, "Text"), "2010");
        assert_eq!(form_value(edit, "Caption"), "");
        assert_eq!(form_value("Caption:wstring:5:달력 보기", "Caption"), "달력 보기");
        assert_eq!(form_value("Caption:wstring:99:짧다", "Caption"), "짧다");
        assert_eq!(form_value("Caption:wstring:x", "Caption"), "");
    }

    #[test]
    fn what_controls_say_about_pages() {
        let data = |id: &[u8; 4], properties: u32| {
            let mut data = id.to_vec();
            data.reverse();
            data.extend(properties.to_le_bytes());
            data.extend(300i32.to_le_bytes());
            data.extend([0; 8]);
            data.extend(7000u32.to_le_bytes());
            data.extend([0; 8]);
            data.extend([200i16, 400].map(i16::to_le_bytes).concat());
            data
        };
        // In front of its paragraph, in a line, on its page, over the text; then something else.
        const PARAGRAPH: u32 = 2 << 3;
        for (id, properties, height) in [
            (b"tbl ", PARAGRAPH, Some(7000)),
            (b"tbl ", PARAGRAPH | 1 << 21, Some(7000)),
            (b"tbl ", PARAGRAPH | 1, None),
            (b"tbl ", 1 << 3, None),
            (b"tbl ", PARAGRAPH | 3 << 21, None),
            (b"gso ", PARAGRAPH, None),
        ] {
            let data = data(id, properties);
            let mut control = Control::new(&data);
            control.follow(&data);
            let spread = control.spread();
            assert_eq!(spread.as_ref().map(|spread| spread.height), height);
            assert!(spread.is_none_or(|s| (s.offset, s.margins) == (500, (200, 400))));
        }
        for (properties, columns) in [(3 << 2, 3), (0, 1)] {
            let data = data(b"cold", properties);
            assert_eq!(Control::new(&data).columns(&data), Some(columns));
        }
        assert_eq!(Control::new(b" lbt").columns(b" lbt\0\0"), None);
    }

    #[test]
    fn boxes_are_ticked_or_not() {
        let read = |kind: &[u8; 4], properties: &str| {
            let units: Vec<u16> = properties.encode_utf16().collect();
            let mut data = [&kind[..], &kind[..], &[0; 4]].concat();
            data.extend((units.len() as u16).to_le_bytes());
            data.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            let mut form = control(b"form", b"");
            form.record(tag::FORM_OBJECT, &data, &mut BTreeMap::new());
            form.finish().1
        };
        let properties = |value| {
            format!(
                "ButtonSet:set:68:Caption:wstring:5:선택 상자 Value:int:{value} TriState:bool:0 "
            )
        };
        assert_eq!(read(b"tbc+", &properties(1)), "☒ 선택 상자");
        assert_eq!(read(b"tbr+", &properties(0)), "☐ 선택 상자");
        assert_eq!(read(b"tbp+", &properties(1)), "선택 상자");
    }

    #[test]
    fn the_description_of_a_shape_comes_last() {
        let described = |id: &[u8; 4], text: &str| {
            let units: Vec<u16> = text.encode_utf16().collect();
            let mut rest = vec![0; 40];
            rest.extend((units.len() as u16).to_le_bytes());
            rest.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            let mut shape = control(id, &rest);
            assert_eq!(shape.text_len() > 0, !text.ends_with("입니다."));
            shape.list(None, "캡션".into());
            shape.finish().1
        };
        assert_eq!(described(b"gso ", "강수량 그래프"), "캡션\n강수량 그래프");
        assert_eq!(described(b"tbl ", "예산 표"), "캡션\n예산 표");
        assert_eq!(described(b"gso ", "그림입니다."), "캡션");
    }

    fn control(id: &[u8; 4], rest: &[u8]) -> Control {
        let mut data = id.to_vec();
        data.reverse();
        data.extend(rest);
        Control::new(&data)
    }

    #[test]
    fn stored_text_of_controls() {
        for (id, data, text) in [
            (b"tdut", &b"\x01\x00\x00\xAC\x01\x00\x41\x00"[..], "가(A)"),
            (b"tdut", b"\x01\x00\x00\xAC\x00\x00", "가"),
            (b"tcps", b"\x02\x00\x31\x00\x32\x00", "12"),
            (b"atno", b"\x04\x00\x00\x00\x07\x00", "7"),
            (b"atno", b"\x01\x00\x00\x00\x07\x00", ""),
            (b"atno", b"\x04", ""),
        ] {
            assert_eq!(control(id, data).finish(), (Anchoring::Inline, text.to_owned()));
        }
    }

    #[test]
    fn the_caption_comes_before_the_cells() {
        let mut table = control(b"tbl ", b"");
        table.list(None, "표 제목".into());
        table.record(tag::TABLE, b"", &mut BTreeMap::new());
        for (row, column, text) in [(0, 0, "가"), (0, 1, "나"), (1, 0, "다")] {
            table.list(Some(Cell { column, row }), text.into());
        }
        let lines = format!("표 제목\n{}", framed("가\t나\n다"));
        assert_eq!(table.finish(), (Anchoring::Block, lines));
    }
}
