use super::fib::{datum, positions};
use super::sprm::{Character, Large, Paragraph};
use crate::formats::bytes::{piece, u8_at, u16_at, u32_at};

/// Properties by the bytes of the stream `WordDocument` that they apply to: from the first to before the second.
pub(super) struct Runs<T> {
    runs: Vec<(usize, usize, T)>,
}

/// Pages of properties are of this size and lie at multiples of it (MS-DOC, section 2.9.33 and 2.9.174).
const PAGE: usize = 512;

impl<T: Copy> Runs<T> {
    /// Reads the pages that a table names: `entry` reads what lies in a page for a run, none if it is not worth keeping.
    fn read(
        stream: &[u8],
        plc: &[u8],
        is_new: bool,
        mut entry: impl FnMut(&[u8], usize, usize) -> Option<T>,
    ) -> Runs<T> {
        let mut runs = Vec::new();
        let width = if is_new { 4 } else { 2 };
        // There are no more pages than the stream has room for, however often a table names one.
        let most = stream.len() / PAGE;
        for n in 0..positions(plc, width).len().saturating_sub(1).min(most) {
            let number = datum(plc, width, n);
            let number = match is_new {
                true => u32_at(number, 0).map(|number| number & 0x003F_FFFF),
                false => u16_at(number, 0).map(u32::from),
            };
            let page = number.map_or(&[][..], |n| piece(stream, n as usize * PAGE, PAGE));
            let count = usize::from(u8_at(page, PAGE - 1).unwrap_or(0));
            for run in 0..count {
                let ends = u32_at(page, run * 4).zip(u32_at(page, run * 4 + 4));
                let Some((start, end)) = ends.filter(|(start, end)| start < end) else { continue };
                if let Some(properties) = entry(page, count, run) {
                    runs.push((start as usize, end as usize, properties));
                }
            }
        }
        runs.sort_by_key(|(start, ..)| *start);
        Runs { runs }
    }

    /// The runs that touch the bytes from `start` to before `end`.
    pub(super) fn within(
        &self,
        start: usize,
        end: usize,
    ) -> impl Iterator<Item = &(usize, usize, T)> {
        let first = self.runs.partition_point(|(_, run_end, _)| *run_end <= start);
        let rest = self.runs.get(first..).unwrap_or_default();
        rest.iter().take_while(move |(run_start, ..)| *run_start < end)
    }

    /// The properties of the byte at `at`.
    pub(super) fn at(&self, at: usize) -> Option<T> {
        self.within(at, at + 1).next().map(|(.., properties)| *properties)
    }
}

/// The properties of characters, where they matter.
pub(super) fn characters(stream: &[u8], plc: &[u8], is_new: bool) -> Runs<Character> {
    Runs::read(stream, plc, is_new, |page, count, run| {
        let at = usize::from(u8_at(page, (count + 1) * 4 + run)?) * 2;
        if at == 0 {
            return None;
        }
        let length = usize::from(u8_at(page, at)?);
        let mut character = Character::default();
        character.apply(piece(page, at + 1, length), is_new);
        (character != Character::default()).then_some(character)
    })
}

/// The properties of paragraphs.
pub(super) fn paragraphs(stream: &[u8], plc: &[u8], is_new: bool, data: &[u8]) -> Runs<Paragraph> {
    let mut large = Large::new(data);
    Runs::read(stream, plc, is_new, |page, count, run| {
        // An offset, and the height of the lines.
        let width = if is_new { 13 } else { 7 };
        let at = usize::from(u8_at(page, (count + 1) * 4 + run * width)?) * 2;
        if at == 0 {
            return Some(Paragraph::default());
        }
        let words = usize::from(u8_at(page, at)?);
        let properties = match (is_new, words) {
            (true, 0) => piece(page, at + 2, usize::from(u8_at(page, at + 1)?) * 2),
            (true, words) => piece(page, at + 1, words * 2 - 1),
            (false, words) => piece(page, at + 1, words * 2),
        };
        let mut paragraph =
            Paragraph { style: u16_at(properties, 0).unwrap_or(0), ..Paragraph::default() };
        paragraph.apply(properties.get(2..).unwrap_or_default(), is_new, &mut large);
        Some(paragraph)
    })
}
