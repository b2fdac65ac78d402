use super::biff::{Texts, Version};
use super::record::Record;
use crate::formats::bytes::{f64_at, u8_at, u16_at, u32_at};
use crate::formats::workbook::Workbook;
use crate::formats::xlsb::{error, packed_number};

/// A cell that shows something.
pub(super) struct Cell {
    /// Counted from 0, as the column.
    pub(super) row: u16,
    pub(super) column: u16,
    style: u16,
    value: Value,
}

enum Value {
    Number(f64),
    /// A string by its number.
    Shared(u32),
    Text(Box<str>),
    Flag(bool),
    Error(u8),
}

/// The cells of a sheet in the order of their records.
#[derive(Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    /// Whether the text of the last cell, a formula, follows in a record of its own.
    awaits_text: bool,
    /// Whether the cells stand in another order than a person reads them.
    mixed: bool,
    cut: bool,
}

impl Cells {
    /// Cells of a sheet that are kept: their text alone is more than a document may have.
    pub(super) const MOST: usize = 4_000_000;

    /// Whether there were more.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Takes a record of a cell (MS-XLS, section 2.4). Other records say nothing here.
    pub(super) fn take(&mut self, record: &Record<'_>, texts: Texts) {
        let data = record.data;
        // Before Excel 3 the format of a cell stood in three bytes.
        let old = texts.version == Version::Biff2;
        let at = if old || texts.is_graph { 7 } else { 6 };
        let value = match record.kind {
            // LABELSST
            0xFD => u32_at(data, 6).map(Value::Shared),
            // NUMBER
            0x0203 | 0x0003 => f64_at(data, at).map(Value::Number),
            // INTEGER
            0x0002 if old => u16_at(data, at).map(|n| Value::Number(n.into())),
            // RK
            0x027E => u32_at(data, 6).map(|n| Value::Number(packed_number(n))),
            // MULRK: a row of them
            0xBD => return self.packed_row(data),
            // LABEL of a chart's data (MS-OGRAPH, section 2.4.68)
            0x0004 if texts.is_graph => Some(Value::Text(texts.short(record, at).into())),
            // LABEL, RSTRING
            0x0204 | 0x0004 | 0xD6 => Some(Value::Text(texts.long(record, at).into())),
            // BOOLERR
            0x0205 | 0x0005 => match (u8_at(data, at), u8_at(data, at + 1)) {
                (Some(code), Some(1)) => Some(Value::Error(code)),
                (Some(flag), _) => Some(Value::Flag(flag != 0)),
                _ => None,
            },
            // FORMULA, with the value it had when it was last computed
            0x0006 | 0x0206 | 0x0406 => self.result(data, at),
            // STRING
            0x0207 | 0x0007 => {
                let awaits = std::mem::take(&mut self.awaits_text);
                if let Some(cell) = self.cells.last_mut().filter(|_| awaits) {
                    cell.value = Value::Text(texts.long(record, 0).into());
                }
                return;
            }
            _ => return,
        };
        let (Some(row), Some(column), Some(value)) = (u16_at(data, 0), u16_at(data, 2), value)
        else {
            return;
        };
        let style = match old {
            _ if texts.is_graph => 0,
            true => u16::from(u8_at(data, 5).unwrap_or(0) & 0x3F),
            false => u16_at(data, 4).unwrap_or(0),
        };
        self.push(Cell { row, column, style, value });
    }

    fn push(&mut self, cell: Cell) {
        if self.cells.len() >= Cells::MOST {
            self.cut = true;
            return;
        }
        let before = self.cells.last().map(|last| (last.row, last.column));
        self.mixed |= before.is_some_and(|before| before > (cell.row, cell.column));
        self.cells.push(cell);
    }

    fn packed_row(&mut self, data: &[u8]) {
        let (Some(row), Some(first)) = (u16_at(data, 0), u16_at(data, 2)) else { return };
        // The number of the last column follows the cells.
        let count = data.len().saturating_sub(6) / 6;
        for n in 0..count {
            let (Some(style), Some(packed)) = (u16_at(data, 4 + n * 6), u32_at(data, 6 + n * 6))
            else {
                break;
            };
            let column = first.saturating_add(n as u16);
            let value = Value::Number(packed_number(packed));
            self.push(Cell { row, column, style, value });
        }
    }

    /// The stored value of a formula (MS-XLS, section 2.5.133).
    fn result(&mut self, data: &[u8], at: usize) -> Option<Value> {
        if u16_at(data, at + 6)? != 0xFFFF {
            return f64_at(data, at).map(Value::Number);
        }
        let detail = u8_at(data, at + 2)?;
        match u8_at(data, at)? {
            0 => {
                self.awaits_text = true;
                Some(Value::Text("".into()))
            }
            1 => Some(Value::Flag(detail != 0)),
            2 => Some(Value::Error(detail)),
            _ => None,
        }
    }

    /// The cells as a person reads them: row by row, from left to right.
    pub(super) fn in_order(mut self) -> Vec<Cell> {
        if self.mixed {
            self.cells.sort_by_key(|cell| (cell.row, cell.column));
        }
        self.cells
    }
}

impl Cell {
    /// What the cell shows; none if it refers to a string that is not there.
    pub(super) fn shown(&self, workbook: &Workbook) -> Option<String> {
        Some(match &self.value {
            Value::Number(number) => workbook.number(*number, self.style.into()),
            Value::Shared(number) => {
                let string = workbook.strings.get(*number as usize)?;
                workbook.text(string, self.style.into()).into_owned()
            }
            Value::Text(text) => workbook.text(text, self.style.into()).into_owned(),
            Value::Flag(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
            Value::Error(code) => error(*code).to_owned(),
        })
    }
}
