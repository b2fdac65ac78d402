use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::locator::Locator;

use super::biff::{Texts, Version};
use super::record::{Pieces, Record};
use crate::formats::bytes::{piece, u16_at};
use crate::formats::office_art::descriptions;
use crate::formats::running_line::running_line;
use crate::formats::windows_text::narrow;

/// What lies beside the cells of a sheet: the lines at the edges of its pages, comments, text boxes, the words of
/// charts.
#[derive(Default)]
pub(super) struct Beside {
    running: Vec<String>,
    /// Row and column of each comment, counted from 0, with the number of the object that holds its text; and the text
    /// itself of versions before the last.
    notes: Vec<((u16, u16), u16, String)>,
    /// The text of each object by the order and by its number.
    objects: Vec<(u16, String)>,
    /// The number of the object that was begun last.
    object: u16,
    chart: Vec<String>,
    /// What pictures are said to show.
    described: Vec<String>,
}

impl Beside {
    /// Takes a record of a sheet.
    pub(super) fn take(&mut self, record: &Record<'_>, texts: Texts) {
        let data = record.data;
        match record.kind {
            // HEADER, FOOTER
            0x14 | 0x15 if !data.is_empty() => {
                let line = match texts.version {
                    Version::Biff8 => texts.long(record, 0),
                    _ => texts.short(record, 0),
                };
                self.running.push(running_line(&line));
            }
            // MSODRAWING (section 2.4.170): shapes
            0xEC => self.described.append(&mut descriptions(&record.whole())),
            // OBJ (section 2.4.181): the number of the object stands in its first part.
            0x5D => self.object = u16_at(data, 6).unwrap_or(0),
            // TXO (section 2.4.329): the text lies in the records that continue it.
            0x1B6 => {
                let count = usize::from(u16_at(data, 10).unwrap_or(0));
                if count > 0 && !record.more.is_empty() {
                    let text = Pieces::new(record, data.len()).flagged_text(count);
                    self.objects.push((self.object, text));
                }
            }
            // NOTE (section 2.4.179)
            0x1C => self.note(data, texts),
            _ => {}
        }
    }

    fn note(&mut self, data: &[u8], texts: Texts) {
        let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { return };
        if texts.version == Version::Biff8 {
            self.notes.push(((row, column), u16_at(data, 6).unwrap_or(0), String::new()));
            return;
        }
        let text = narrow(piece(data, 6, data.len()), texts.page);
        match self.notes.last_mut() {
            // A long comment goes on in a record that names no cell.
            Some((.., whole)) if row == u16::MAX => whole.push_str(&text),
            _ => self.notes.push(((row, column), 0, text)),
        }
    }

    /// Takes a record of a chart (section 2.1.7.20.1): SERIESTEXT, the words of titles and series.
    pub(super) fn take_of_chart(&mut self, record: &Record<'_>, texts: Texts) {
        match record.kind {
            0x100D => {
                let text = texts.short(record, 2).trim().to_owned();
                if !text.is_empty() && !self.chart.contains(&text) && self.chart.len() < CHART_WORDS
                {
                    self.chart.push(text);
                }
            }
            0x5D | 0x1B6 if !texts.is_graph => self.take(record, texts),
            _ => {}
        }
    }

    /// Delivers all of it.
    pub(super) fn deliver(self, sheet: &str, content: &mut Content) {
        let place = |row: u16, column: u16| Locator::Cell {
            sheet: sheet.to_owned(),
            row: u32::from(row) + 1,
            column: u32::from(column) + 1,
        };
        for line in self.running {
            content.push_text(line, place(0, 0));
        }
        let numbered: BTreeMap<u16, usize> =
            self.objects.iter().enumerate().map(|(at, (number, _))| (*number, at)).collect();
        let mut objects = self.objects;
        for ((row, column), object, own) in self.notes {
            // The text is taken away: no number of comments can stand for more text than there is.
            let object = numbered.get(&object).and_then(|at| objects.get_mut(*at));
            let text = object.map_or(own, |(_, text)| std::mem::take(text));
            content.push_text(text.trim(), place(row, column));
        }
        for (_, text) in objects {
            content.push_text(text.trim(), place(0, 0));
        }
        for text in self.described {
            content.push_text(text, place(0, 0));
        }
        content.push_text(self.chart.join("\n"), place(0, 0));
    }
}

/// Words of the charts of a sheet that are kept: each is compared with those before it.
const CHART_WORDS: usize = 1000;
