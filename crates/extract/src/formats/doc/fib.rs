use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use crate::error::ExtractError;
use crate::formats::bytes::{piece, u16_at, u32_at};
use crate::formats::windows_text::page_of_language;

/// The file information block (MS-DOC, section 2.5): where everything lies. Word 6 and 95 have an older one
/// (Microsoft, "Word 6.0 and Word 95 binary file format").
pub(super) struct Fib<'a> {
    stream: &'a [u8],
    /// Whether it is of Word 97 or later.
    pub(super) is_new: bool,
    /// Whether the text of an older one is in 16-bit units, as far-eastern versions wrote it.
    pub(super) is_wide: bool,
    /// The name of the stream of tables; that of Word 6 and 95 is the document's own.
    pub(super) table_stream: &'static str,
    /// The code page of the text of Word 6 and 95.
    pub(super) page: u16,
}

/// The parts of the text, in the order in which they follow one another (section 2.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Body = 0,
    Footnotes = 1,
    Headers = 2,
    /// Macros, in the time of Word 6.
    Macros = 3,
    Comments = 4,
    Endnotes = 5,
    TextBoxes = 6,
    TextBoxesOfHeaders = 7,
}

const PARTS: [Part; 8] = [
    Part::Body,
    Part::Footnotes,
    Part::Headers,
    Part::Macros,
    Part::Comments,
    Part::Endnotes,
    Part::TextBoxes,
    Part::TextBoxesOfHeaders,
];

/// The tables that are read, by their place in the block (section 2.5.6).
#[derive(Clone, Copy, Debug)]
pub(super) enum Table {
    Styles = 1,
    FootnoteReferences = 2,
    FootnoteTexts = 3,
    CommentReferences = 4,
    CommentTexts = 5,
    Headers = 11,
    CharacterPages = 12,
    ParagraphPages = 13,
    Fonts = 15,
    Pieces = 33,
    EndnoteReferences = 46,
    EndnoteTexts = 47,
    Drawings = 50,
    Lists = 73,
    ListOverrides = 74,
}

const SECOND_TABLE: u16 = 0x0200;
const WIDE: u16 = 0x1000;

impl<'a> Fib<'a> {
    /// Reads the block at the start of the stream `WordDocument`, which is not encrypted any more.
    ///
    /// # Errors
    /// [`ExtractError::Unsupported`] for Word 2 and earlier, [`ExtractError::Corrupt`] when there is no such block.
    pub(super) fn parse(stream: &'a [u8]) -> Result<Fib<'a>, ExtractError> {
        let corrupt = || ExtractError::corrupt(ReasonKind::Unreadable.of(Noun::FileInformation));
        let magic = u16_at(stream, 0).ok_or_else(corrupt)?;
        let version = u16_at(stream, 2).ok_or_else(corrupt)?;
        let language = u16_at(stream, 6).ok_or_else(corrupt)?;
        let flags = u16_at(stream, 10).ok_or_else(corrupt)?;
        match magic {
            0xA5EC | 0xA5DC => {}
            0xA59B | 0xA5DB => {
                return Err(ExtractError::Unsupported(
                    ReasonKind::NoReader("Word 2 documents".into()).into(),
                ));
            }
            _ => return Err(corrupt()),
        }
        // Word 97 is 193; 105 and below are Word 6 and 95.
        let is_new = version >= 106;
        let table_stream = match (is_new, flags & SECOND_TABLE) {
            (false, _) => "WordDocument",
            (true, 0) => "0Table",
            (true, _) => "1Table",
        };
        Ok(Fib {
            stream,
            is_new,
            is_wide: is_new || flags & WIDE != 0,
            table_stream,
            page: page_of_language(language),
        })
    }

    /// The character positions of a part, first and behind the last.
    pub(super) fn positions(&self, part: Part) -> (usize, usize) {
        let mut start = 0usize;
        for other in PARTS {
            let length = self.length(other);
            if other == part {
                return (start, start.saturating_add(length));
            }
            start = start.saturating_add(length);
        }
        (start, start)
    }

    /// All characters of the document.
    pub(super) fn characters(&self) -> usize {
        self.positions(Part::TextBoxesOfHeaders).1
    }

    fn length(&self, part: Part) -> usize {
        let first = if self.is_new { 0x4C } else { 0x34 };
        u32_at(self.stream, first + 4 * part as usize)
            .filter(|length| *length < 0x8000_0000)
            .unwrap_or(0) as usize
    }

    /// A table out of its stream; empty where it is not there.
    pub(super) fn table<'t>(&self, table: Table, tables: &'t [u8]) -> &'t [u8] {
        let n = table as usize;
        let at = match (self.is_new, table) {
            (true, _) => 0x9A + 8 * n,
            (false, Table::EndnoteReferences) => 0x1D2,
            (false, Table::EndnoteTexts) => 0x1DA,
            // The lists and drawings came with Word 97.
            (false, _) if n > 37 => return &[],
            (false, _) => 0x58 + 8 * n,
        };
        let (Some(offset), Some(length)) = (u32_at(self.stream, at), u32_at(self.stream, at + 4))
        else {
            return &[];
        };
        piece(tables, offset as usize, length as usize)
    }

    /// Where a table ends in its stream: the levels of lists lie behind theirs.
    pub(super) fn behind(&self, table: Table) -> usize {
        let at = 0x9A + 8 * table as usize;
        let end = u32_at(self.stream, at).zip(u32_at(self.stream, at + 4));
        end.map_or(usize::MAX, |(offset, length)| offset as usize + length as usize)
    }

    /// Where the text of a document without a table of pieces begins.
    pub(super) fn first_character(&self) -> usize {
        u32_at(self.stream, 0x18).unwrap_or(0) as usize
    }
}

/// The positions in a PLC (section 2.2.2), a table of positions with data of `width` bytes for each between them.
pub(super) fn positions(plc: &[u8], width: usize) -> Vec<usize> {
    let count = plc.len().saturating_sub(4) / (4 + width);
    let last = if plc.len() < 4 { 0 } else { count + 1 };
    (0..last).filter_map(|n| u32_at(plc, n * 4)).map(|position| position as usize).collect()
}

/// The data of entry `n` of a PLC.
pub(super) fn datum(plc: &[u8], width: usize, n: usize) -> &[u8] {
    let count = plc.len().saturating_sub(4) / (4 + width);
    piece(plc, (count + 1) * 4 + n * width, width)
}
