use crate::formats::bytes::{u8_at, u16_at, u32_at};

/// Changes of properties, one after the other (MS-DOC, section 2.4.6): the code of each and its operand.
pub(super) fn sprms(grpprl: &[u8], is_new: bool) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = grpprl;
    std::iter::from_fn(move || {
        let (code, length, head) = if is_new { new(rest)? } else { old(rest)? };
        let end = head.checked_add(length)?;
        let operand = rest.get(head..end)?;
        rest = rest.get(end..)?;
        Some((code, operand))
    })
}

/// Code, length of the operand and where it begins.
fn new(rest: &[u8]) -> Option<(u16, usize, usize)> {
    let code = u16_at(rest, 0)?;
    Some(match code >> 13 {
        0 | 1 => (code, 1, 2),
        2 | 4 | 5 => (code, 2, 2),
        3 => (code, 4, 2),
        7 => (code, 3, 2),
        _ => match (code, u8_at(rest, 2)?) {
            // A definition of a table has its length in two bytes, one more than follow.
            (0xD608 | 0xD606, _) => (code, usize::from(u16_at(rest, 2)?).saturating_sub(1), 4),
            // Tabs: as many deleted ones of four bytes as are counted, then added ones of three.
            (0xC615, 255) => {
                let deleted = usize::from(u8_at(rest, 3)?) * 4;
                let added = usize::from(u8_at(rest, 4 + deleted)?) * 3;
                (code, 2 + deleted + added, 3)
            }
            (_, length) => (code, usize::from(length), 3),
        },
    })
}

/// Those of Word 6 and 95, as far as paragraphs go: a byte names them.
fn old(rest: &[u8]) -> Option<(u16, usize, usize)> {
    let code = u8_at(rest, 0)?;
    let length = match code {
        4..=11 | 13 | 14 | 24 | 25 | 29 | 37 | 44 | 50 | 51 => 1,
        2 | 16..=19 | 21 | 22 | 26..=28 | 30..=36 | 38..=43 | 45..=49 => 2,
        20 => 4,
        3 | 12 | 15 | 23 => return Some((u16::from(code), u8_at(rest, 1)?.into(), 2)),
        // What is behind these cannot be found.
        _ => return None,
    };
    Some((u16::from(code), length, 1))
}

/// The change that says whether characters are shown (`sprmCFVanish`).
pub(super) const HIDDEN: u16 = 0x083C;

/// What is asked of a run of characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Character {
    /// A tracked deletion.
    pub(super) deleted: bool,
    /// Whether it is not shown: no (0), yes (1), as its style says (0x80) or the other way round (0x81).
    pub(super) hidden: Option<u8>,
    /// Its style, if it has one of its own.
    pub(super) style: Option<u16>,
    /// A sign of a font: the font's number and the code.
    pub(super) symbol: Option<(u16, u16)>,
    /// The font of its Latin letters, by its number.
    pub(super) font: Option<u16>,
    /// Where a picture lies in the stream `Data`.
    pub(super) picture: Option<u32>,
    /// Whether that is the number of an embedded object instead, or data of a field.
    pub(super) is_object: bool,
    /// Whether that is data of a field.
    pub(super) is_data: bool,
}

impl Character {
    /// Applies changes (section 2.6.1).
    pub(super) fn apply(&mut self, grpprl: &[u8], is_new: bool) {
        if !is_new {
            return;
        }
        for (code, operand) in sprms(grpprl, is_new) {
            let flag = u8_at(operand, 0).is_some_and(|flag| flag & 1 == 1);
            match code {
                0x0800 => self.deleted = flag,
                HIDDEN => self.hidden = u8_at(operand, 0),
                0x4A30 => self.style = u16_at(operand, 0),
                0x080A => self.is_object = flag,
                0x0806 => (self.is_object, self.is_data) = (flag, flag),
                0x6A03 => self.picture = u32_at(operand, 0),
                0x4A4F => self.font = u16_at(operand, 0),
                0x6A09 => self.symbol = u16_at(operand, 0).zip(u16_at(operand, 2)),
                _ => {}
            }
        }
    }
}

/// What is asked of a paragraph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub(super) style: u16,
    /// How many tables it stands in.
    pub(super) depth: u32,
    /// Whether its mark ends a row.
    pub(super) ends_row: bool,
    /// Whether its mark ends a cell, or a row, of a table in a table.
    pub(super) ends_inner_cell: bool,
    pub(super) ends_inner_row: bool,
    /// The list it is an item of, counted from 1, if it names one itself.
    pub(super) list: Option<u16>,
    pub(super) level: Option<u8>,
}

impl Paragraph {
    /// Applies changes (section 2.6.2).
    pub(super) fn apply(&mut self, grpprl: &[u8], is_new: bool, large: &mut Large<'_>) {
        for (code, operand) in sprms(grpprl, is_new) {
            match (code, is_new) {
                // They do not name larger ones again.
                (0x6646, true) => {
                    let changes = u32_at(operand, 0).and_then(|at| large.at(at as usize));
                    sprms(changes.unwrap_or_default(), true)
                        .for_each(|(code, operand)| self.apply_one(code, operand));
                }
                (code, true) => self.apply_one(code, operand),
                (24, false) => self.apply_one(0x2416, operand),
                (25, false) => self.apply_one(0x2417, operand),
                _ => {}
            }
        }
    }

    /// Applies one change of Word 97.
    pub(super) fn apply_one(&mut self, code: u16, operand: &[u8]) {
        let byte = u8_at(operand, 0).unwrap_or(0);
        match code {
            0x2416 => self.depth = self.depth.max(byte.into()),
            0x2417 => self.ends_row = byte == 1,
            0x6649 => self.depth = u32_at(operand, 0).unwrap_or(0),
            0x244B => self.ends_inner_cell = byte == 1,
            0x244C => self.ends_inner_row = byte == 1,
            0x460B => self.list = u16_at(operand, 0),
            0x260A => self.level = Some(byte),
            0x4600 => self.style = u16_at(operand, 0).unwrap_or(0),
            _ => {}
        }
    }
}

/// The changes that lie in the stream `Data` because they are large (section 2.9.183). Many paragraphs may name the same
/// ones, so that what is looked at is bounded.
pub(super) struct Large<'a> {
    data: &'a [u8],
    left: usize,
}

impl<'a> Large<'a> {
    pub(super) fn new(data: &'a [u8]) -> Large<'a> {
        Large { data, left: data.len().saturating_mul(4) }
    }

    fn at(&mut self, at: usize) -> Option<&'a [u8]> {
        let data = self.data.get(at..)?;
        let changes = data.get(2..2 + usize::from(u16_at(data, 0)?))?;
        self.left = self.left.checked_sub(changes.len())?;
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_have_their_lengths() {
        let mut grpprl = vec![0x15, 0xC6, 255, 1, 9, 9, 9, 9, 1, 8, 8, 8];
        grpprl.extend([0x08, 0xD6, 3, 0, 7, 7, 0x17, 0x24, 1, 0x0B, 0x46, 5, 0]);
        let codes: Vec<_> = sprms(&grpprl, true).map(|(code, o)| (code, o.len())).collect();
        assert_eq!(codes, [(0xC615, 9), (0xD608, 2), (0x2417, 1), (0x460B, 2)]);
        let mut paragraph = Paragraph::default();
        paragraph.apply(&grpprl, true, &mut Large::new(&[]));
        assert_eq!((paragraph.ends_row, paragraph.list), (true, Some(5)));
        assert_eq!(sprms(&[0x17, 0x24], true).count(), 0);
        assert_eq!(sprms(&[24, 1, 25, 1, 99], false).count(), 2);
    }
}
