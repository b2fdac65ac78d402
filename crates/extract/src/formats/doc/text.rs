use std::collections::BTreeSet;

use super::fib::{Fib, Table};
use super::form::form;
use super::runs::{Runs, characters, paragraphs};
use super::sprm::{Character, Paragraph, sprms};
use super::styles::Vanishing;
use crate::formats::bytes::{piece, u8_at, u16_at, u32_at};
use crate::formats::code_page;
use crate::formats::docx_field::FormValue;
use crate::formats::symbol_font;

/// The characters of a document, in the order of its positions, and what is known of them.
pub(super) struct Text {
    /// 16-bit units; bytes of a code page where `page` is set.
    units: Vec<u16>,
    deleted: Vec<bool>,
    /// First position, the one behind the last, and what their run says of whether they are shown, and their style.
    hidden: Vec<(usize, usize, Option<u8>, Option<u16>)>,
    /// What styles say of it.
    vanishing: Vanishing,
    /// First position, the one behind the last, font and code of signs.
    symbols: Vec<(usize, usize, (u16, u16))>,
    /// First position, the one behind the last, and the font of what is set in one of signs.
    fonts: Vec<(usize, usize, u16)>,
    /// First position, the one behind the last, and what was filled into the form field that has its data there.
    forms: Vec<(usize, usize, FormValue)>,
    /// Where pictures lie in the stream `Data`.
    pub(super) pictures: BTreeSet<u32>,
    pieces: Vec<Piece>,
    changes: Vec<Changes>,
    paragraphs: Runs<Paragraph>,
    page: Option<u16>,
    /// Whether positions lead out of the file.
    pub(super) cut_short: bool,
}

/// A stretch of characters that lie together in the stream (MS-DOC, section 2.9.177).
struct Piece {
    first: usize,
    behind: usize,
    /// Where the first one lies.
    offset: usize,
    width: usize,
    /// The changes that were saved for the whole of it.
    prm: u16,
}

/// Changes that several pieces share, those that matter (section 2.9.209).
type Changes = Vec<(u16, Vec<u8>)>;

/// The changes of characters and paragraphs that are asked for.
const MATTERS: [u16; 9] = [0x0800, 0x2416, 0x2417, 0x6649, 0x244B, 0x244C, 0x460B, 0x260A, 0x4600];

impl Text {
    /// Reads the text by its table of pieces; the names of the fonts tell which are those of signs.
    pub(super) fn read(
        fib: &Fib<'_>,
        stream: &[u8],
        tables: &[u8],
        data: &[u8],
        fonts: &[String],
    ) -> Text {
        let table = |table| fib.table(table, tables);
        let mut text = Text {
            units: Vec::new(),
            deleted: Vec::new(),
            hidden: Vec::new(),
            vanishing: match fib.is_new {
                true => Vanishing::read(table(Table::Styles)),
                false => Vanishing::default(),
            },
            symbols: Vec::new(),
            fonts: Vec::new(),
            forms: Vec::new(),
            pictures: BTreeSet::new(),
            pieces: Vec::new(),
            changes: Vec::new(),
            paragraphs: paragraphs(stream, table(Table::ParagraphPages), fib.is_new, data),
            page: (!fib.is_wide).then_some(fib.page),
            cut_short: false,
        };
        text.read_pieces(table(Table::Pieces), fib);
        if text.pieces.is_empty() {
            let width = if fib.is_wide { 2 } else { 1 };
            let offset = fib.first_character();
            text.pieces.push(Piece { first: 0, behind: fib.characters(), offset, width, prm: 0 });
        }
        let signs: BTreeSet<u16> = (0..=u16::MAX)
            .zip(fonts)
            .filter(|(_, name)| symbol_font::has_signs(name))
            .map(|(number, _)| number)
            .collect();
        let runs = characters(stream, table(Table::CharacterPages), fib.is_new);
        for number in 0..text.pieces.len() {
            text.read_piece(number, stream, data, &runs, &signs);
        }
        text
    }

    /// The table of pieces (section 2.9.38): sets of changes, then the pieces.
    fn read_pieces(&mut self, clx: &[u8], fib: &Fib<'_>) {
        let mut at = 0;
        while u8_at(clx, at) == Some(1) {
            let length = usize::from(u16_at(clx, at + 1).unwrap_or(0));
            let grpprl = piece(clx, at + 3, length);
            let changes = sprms(grpprl, fib.is_new).map(|(code, o)| (code, o.to_vec()));
            let kept = changes.filter(|(code, o)| MATTERS.contains(code) && o.len() <= 4);
            self.changes.push(kept.take(MATTERS.len()).collect());
            at += 3 + length;
        }
        if u8_at(clx, at) != Some(2) {
            return;
        }
        let plc = piece(clx, at + 5, u32_at(clx, at + 1).unwrap_or(0) as usize);
        let positions = super::fib::positions(plc, 8);
        for (n, ends) in positions.windows(2).enumerate() {
            let &[first, behind] = ends else { continue };
            let entry = super::fib::datum(plc, 8, n);
            let (Some(fc), Some(prm)) = (u32_at(entry, 2), u16_at(entry, 6)) else { continue };
            let (offset, width) = match (fib.is_new, fc & 0x4000_0000) {
                (true, 0) => (fc, 2),
                (true, _) => ((fc & 0x3FFF_FFFF) / 2, 1),
                (false, _) => (fc, if fib.is_wide { 2 } else { 1 }),
            };
            if first < behind {
                self.pieces.push(Piece { first, behind, offset: offset as usize, width, prm });
            }
        }
    }

    fn read_piece(
        &mut self,
        number: usize,
        stream: &[u8],
        data: &[u8],
        runs: &Runs<Character>,
        signs: &BTreeSet<u16>,
    ) {
        let Some(piece) = self.pieces.get(number) else { return };
        // Pieces follow one another without a gap; no document has more characters than bytes.
        let most = stream.len().saturating_sub(self.units.len());
        let first = self.units.len();
        if first != piece.first {
            self.cut_short = true;
            return;
        }
        let count = piece.behind.saturating_sub(piece.first).min(most);
        let bytes = crate::formats::bytes::piece(stream, piece.offset, count * piece.width);
        match piece.width {
            1 if self.page.is_some() => self.units.extend(bytes.iter().map(|b| u16::from(*b))),
            1 => self.units.extend(bytes.iter().map(|byte| compressed(*byte))),
            _ => self.units.extend(
                bytes
                    .chunks_exact(2)
                    .filter_map(|b| b.first_chunk())
                    .map(|b| u16::from_le_bytes(*b)),
            ),
        }
        let read = self.units.len() - first;
        if read < piece.behind - piece.first {
            self.cut_short = true;
        }
        let mut character = Character::default();
        for (code, operand) in self.changes_of(piece.prm) {
            let mut change = code.to_le_bytes().to_vec();
            change.extend(operand);
            character.apply(&change, true);
        }
        self.deleted.resize(self.units.len(), character.deleted);
        let (start, end, width) = (piece.offset, piece.offset + bytes.len(), piece.width);
        for (run_start, run_end, properties) in runs.within(start, end) {
            let from = first + run_start.saturating_sub(start).div_ceil(width);
            let to = first + (run_end.min(&end) - start).div_ceil(width);
            if properties.deleted {
                self.deleted.get_mut(from..to).unwrap_or_default().fill(true);
            }
            // A style matters where one hides.
            let style = properties.style.filter(|_| self.vanishing.any);
            if properties.hidden.is_some() || style.is_some() {
                self.hidden.push((from, to, properties.hidden, style));
            }
            if let Some(symbol) = properties.symbol {
                self.symbols.push((from, to, symbol));
            }
            if let Some(font) = properties.font.filter(|font| signs.contains(font)) {
                self.fonts.push((from, to, font));
            }
            if let Some(picture) = properties.picture.filter(|_| !properties.is_object) {
                self.pictures.insert(picture);
            }
            let value = properties.picture.filter(|_| properties.is_data);
            if let Some(value) = value.and_then(|at| form(data, at)) {
                self.forms.push((from, to, value));
            }
        }
    }

    /// The changes that a piece names (sections 2.9.214 to 2.9.216): one small one, or a set of them. The small ones
    /// change nothing that matters here but the deletion.
    fn changes_of(&self, prm: u16) -> Changes {
        if prm & 1 == 1 {
            return self.changes.get(usize::from(prm >> 1)).cloned().unwrap_or_default();
        }
        let value = vec![(prm >> 8) as u8];
        match (prm >> 1) & 0x7F {
            0x41 => vec![(0x0800, value)],
            0x18 => vec![(0x2416, value)],
            0x19 => vec![(0x2417, value)],
            _ => Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    /// The character at a position, and whether it was deleted.
    pub(super) fn unit(&self, at: usize) -> Option<(u16, bool)> {
        Some((*self.units.get(at)?, self.deleted.get(at).copied().unwrap_or_default()))
    }

    /// Whether the character at a position is not shown: by its run, else by its own style, else by that of the paragraph.
    pub(super) fn is_hidden(&self, at: usize) -> bool {
        let after = self.hidden.partition_point(|(first, ..)| *first <= at);
        let run = after.checked_sub(1).and_then(|n| self.hidden.get(n));
        let run = run.filter(|(_, behind, ..)| at < *behind);
        let (own, style) = run.map_or((None, None), |(.., own, style)| (*own, *style));
        let by_style = || {
            let own = style.and_then(|style| self.vanishing.hides(style));
            let paragraph = || self.vanishing.hides(self.paragraph(at).style);
            self.vanishing.any && own.or_else(paragraph).unwrap_or_default()
        };
        match own {
            Some(0) => false,
            Some(1) => true,
            Some(0x81) => !by_style(),
            _ => by_style(),
        }
    }

    /// The font and code of the sign at a position, if it is one.
    pub(super) fn symbol(&self, at: usize) -> Option<(u16, u16)> {
        let after = self.symbols.partition_point(|(first, ..)| *first <= at);
        let run = self.symbols.get(after.checked_sub(1)?)?;
        (at < run.1).then_some(run.2)
    }

    /// The font of the character at a position, if that is one of signs.
    pub(super) fn font(&self, at: usize) -> Option<u16> {
        let after = self.fonts.partition_point(|(first, ..)| *first <= at);
        let run = self.fonts.get(after.checked_sub(1)?)?;
        (at < run.1).then_some(run.2)
    }

    /// What was filled into the form field that has its data at this position, if it is one.
    pub(super) fn form(&self, at: usize) -> Option<&FormValue> {
        let after = self.forms.partition_point(|(first, ..)| *first <= at);
        let (_, behind, value) = self.forms.get(after.checked_sub(1)?)?;
        (at < *behind).then_some(value)
    }

    /// The properties of the paragraph whose mark stands at this position.
    pub(super) fn paragraph(&self, at: usize) -> Paragraph {
        let number = self.pieces.partition_point(|piece| piece.behind <= at);
        let Some(piece) = self.pieces.get(number).filter(|piece| piece.first <= at) else {
            return Paragraph::default();
        };
        let offset = piece.offset + (at - piece.first) * piece.width;
        let mut paragraph = self.paragraphs.at(offset).unwrap_or_default();
        for (code, operand) in self.changes_of(piece.prm) {
            paragraph.apply_one(code, &operand);
        }
        paragraph
    }

    /// Units of the text as a string.
    pub(super) fn decode(&self, units: &[u16]) -> String {
        match self.page {
            None => char::decode_utf16(units.iter().copied())
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
            Some(page) => {
                let bytes: Vec<u8> = units.iter().map(|unit| *unit as u8).collect();
                code_page::decode(&bytes, page)
            }
        }
    }
}

/// A character that is stored in one byte (section 2.9.73): as in Windows' western code page.
fn compressed(byte: u8) -> u16 {
    match byte {
        0x80..=0x9F => {
            let text =
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next();
            text.map_or(0, |c| u32::from(c) as u16)
        }
        byte => byte.into(),
    }
}
