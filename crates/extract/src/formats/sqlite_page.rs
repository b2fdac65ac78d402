//! The pages of a SQLite database (file format, 1.6 and 2.3): a walk over the rows of one table.

use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use std::cell::Cell;
use std::io;

use super::sqlite_record::{self, Letters, Value, varint};
use crate::blob::{Blob, read_range};
use crate::error::ExtractError;

/// Bytes of one row that are read; what lies behind is a picture or a text that a sample can do without.
const MOST_OF_A_ROW: usize = 1 << 20;
/// Pages and rows that wait to be visited.
const MOST_WAITING: usize = 1 << 20;

/// A database.
pub(super) struct Database<'a> {
    blob: &'a dyn Blob,
    page: u64,
    usable: usize,
    pages: u64,
    letters: Letters,
    /// Bytes that may still be read, of pages and of rows.
    left: Cell<u64>,
}

enum Next {
    Page(u64),
    Row(Vec<u8>),
}

impl<'a> Database<'a> {
    pub(super) fn open(blob: &'a dyn Blob) -> Result<Database<'a>, ExtractError> {
        let damaged = || ExtractError::corrupt(ReasonKind::Damaged.of(Noun::DatabaseHeader));
        let head = read_range(blob, 0, 100)?;
        let byte = |at: usize| head.get(at).copied().ok_or_else(damaged);
        let page = match u64::from(u16::from_be_bytes([byte(16)?, byte(17)?])) {
            1 => 65_536,
            page => page,
        };
        let usable = usize::try_from(page).unwrap_or_default().saturating_sub(byte(20)?.into());
        if !page.is_power_of_two() || page < 512 || usable < 480 {
            return Err(damaged());
        }
        let letters = match byte(59)? {
            2 => Letters::Utf16Le,
            3 => Letters::Utf16Be,
            _ => Letters::Utf8,
        };
        // Every page belongs to one table, and every row to one page: whoever reads more goes round in a circle.
        let left = Cell::new(blob.len().saturating_mul(2).saturating_add(16 << 20));
        Ok(Database { blob, page, usable, pages: blob.len().div_ceil(page), letters, left })
    }

    /// Gives each row of the table at this page, with its number, until `visit` says that it is enough. What the damage is
    /// where the walk ended early.
    ///
    /// # Errors
    /// When the bytes cannot be had.
    pub(super) fn rows(
        &self,
        root: u64,
        mut visit: impl FnMut(i64, Vec<Value>) -> bool,
    ) -> io::Result<Option<Reason>> {
        let mut waiting = vec![Next::Page(root)];
        while let Some(next) = waiting.pop() {
            let number = match next {
                Next::Page(number) => number,
                Next::Row(row) => {
                    if !visit(0, sqlite_record::read(&row, self.letters)) {
                        return Ok(None);
                    }
                    continue;
                }
            };
            if number == 0 || number > self.pages {
                return Ok(Some(ReasonKind::Missing.of(Part::Page(number))));
            }
            if !self.spend(self.page) || waiting.len() > MOST_WAITING {
                return Ok(Some(ReasonKind::Circle.of(Noun::Pages)));
            }
            let page = read_range(self.blob, (number - 1) * self.page, self.page)?;
            // The header of the file stands before that of the first page.
            let start = if number == 1 { 100 } else { 0 };
            let Some(cells) = Cells::of(&page, start) else {
                return Ok(Some(ReasonKind::Damaged.of(Part::Page(number))));
            };
            let mut found = Vec::new();
            for at in &cells.places {
                let Some(cell) = page.get(*at..) else {
                    return Ok(Some(ReasonKind::Damaged.of(Part::Page(number))));
                };
                let Some((child, cell)) = cells.child(cell) else {
                    return Ok(Some(ReasonKind::Damaged.of(Part::Page(number))));
                };
                found.extend(child.map(Next::Page));
                if cells.kind == Kind::Branch {
                    continue;
                }
                let Some((length, used)) = varint(cell) else { continue };
                let cell = cell.get(used..).unwrap_or_default();
                let (id, cell) = match cells.kind {
                    Kind::Leaf => match varint(cell) {
                        Some((id, used)) => (id, cell.get(used..).unwrap_or_default()),
                        None => continue,
                    },
                    _ => (0, cell),
                };
                let row = self.row(cell, length, cells.kind)?;
                if !self.spend(row.len() as u64) {
                    return Ok(Some(ReasonKind::Circle.of(Noun::Pages)));
                }
                if cells.kind != Kind::Leaf {
                    found.push(Next::Row(row));
                } else if !visit(id.cast_signed(), sqlite_record::read(&row, self.letters)) {
                    return Ok(None);
                }
            }
            found.extend(cells.last.map(Next::Page));
            waiting.extend(found.into_iter().rev());
        }
        Ok(None)
    }

    fn spend(&self, bytes: u64) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The bytes of a row, of which a page holds only the start when they are many.
    fn row(&self, cell: &[u8], length: u64, kind: Kind) -> io::Result<Vec<u8>> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let most = match kind {
            Kind::Leaf => self.usable - 35,
            _ => (self.usable - 12) * 64 / 255 - 23,
        };
        if length <= most {
            return Ok(cell.get(..length).unwrap_or(cell).to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = least + (length - least) % (self.usable - 4);
        let here = if here <= most { here } else { least };
        let wanted = length.min(MOST_OF_A_ROW);
        let mut row = cell.get(..here).unwrap_or(cell).to_vec();
        let mut next = number(cell.get(here..).unwrap_or_default());
        while let Some(page) = next.filter(|page| *page > 0 && *page <= self.pages)
            && row.len() < wanted
        {
            let bytes = read_range(self.blob, (page - 1) * self.page, self.usable as u64)?;
            next = number(&bytes);
            let Some(piece) = bytes.get(4..).filter(|piece| !piece.is_empty()) else { break };
            row.extend_from_slice(piece.get(..wanted - row.len()).unwrap_or(piece));
        }
        Ok(row)
    }
}

/// What a page is: of a table, with rows or with pages below it; or of an index, which has rows on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Leaf,
    Branch,
    IndexLeaf,
    IndexBranch,
}

/// What the header of a page says.
struct Cells {
    kind: Kind,
    places: Vec<usize>,
    last: Option<u64>,
}

impl Cells {
    fn of(page: &[u8], start: usize) -> Option<Cells> {
        let kind = match page.get(start)? {
            0x0D => Kind::Leaf,
            0x05 => Kind::Branch,
            0x0A => Kind::IndexLeaf,
            0x02 => Kind::IndexBranch,
            _ => return None,
        };
        let branch = matches!(kind, Kind::Branch | Kind::IndexBranch);
        let short = |at: usize| Some(u16::from_be_bytes([*page.get(at)?, *page.get(at + 1)?]));
        let count = usize::from(short(start + 3)?);
        let first = start + if branch { 12 } else { 8 };
        let places = (0..count).map_while(|n| short(first + 2 * n)).map(usize::from).collect();
        let last = match branch {
            true => Some(number(page.get(start + 8..)?)?),
            false => None,
        };
        Some(Cells { kind, places, last })
    }

    /// The page below a cell, if it has one, and the rest of the cell.
    fn child<'a>(&self, cell: &'a [u8]) -> Option<(Option<u64>, &'a [u8])> {
        match self.kind {
            Kind::Leaf | Kind::IndexLeaf => Some((None, cell)),
            Kind::Branch | Kind::IndexBranch => Some((Some(number(cell)?), cell.get(4..)?)),
        }
    }
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|four| u64::from(u32::from_be_bytes(*four)))
}
