use serde::{Deserialize, Serialize};

use crate::clock_time::ClockTime;
use crate::locale::Locale;

/// Where in a document a segment stands, so that a hit opens at its page, cell or second.
///
/// In JSON always an object with one key: `{"page":{"number":3,"bounds":null}}`, `{"whole":{}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locator {
    /// The document as a whole: no finer place is known.
    Whole {},
    /// A page of a paginated document.
    Page {
        /// Counted from 1.
        number: u32,
        /// The rectangle on the page, if known.
        bounds: Option<Bounds>,
    },
    /// A slide of a presentation.
    Slide {
        /// Counted from 1.
        number: u32,
    },
    /// A cell of a sheet, or the first cell of a row.
    Cell {
        /// The sheet's name.
        sheet: String,
        /// Counted from 1.
        row: u32,
        /// Counted from 1.
        column: u32,
    },
    /// A paragraph (or line) of a document without pages.
    Paragraph {
        /// Counted from 1.
        number: u32,
    },
    /// A span of time in audio or video.
    Time {
        /// Milliseconds from the start.
        start_ms: u64,
        /// Milliseconds from the start; never before `start_ms`.
        end_ms: u64,
    },
}

/// A rectangle on a page in points (1/72 inch), measured from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Distance of the left edge from the page's left edge.
    pub left: f32,
    /// Distance of the upper edge from the page's upper edge.
    pub top: f32,
    /// Distance of the right edge from the page's left edge.
    pub right: f32,
    /// Distance of the lower edge from the page's upper edge.
    pub bottom: f32,
}

impl Locator {
    /// Page `number`, counted from 1, without a rectangle.
    pub fn page(number: u32) -> Locator {
        Locator::Page { number, bounds: None }
    }

    /// The URL fragment that opens this place: `page=3` (RFC 8118), `t=12.5,14` (W3C Media Fragments 1.0),
    /// `slide=2`, `paragraph=7`, `cell=Sheet1!B4`; none for the whole document.
    pub fn fragment(&self) -> Option<String> {
        match self {
            Locator::Whole {} => None,
            Locator::Page { number, .. } => Some(format!("page={number}")),
            Locator::Slide { number } => Some(format!("slide={number}")),
            Locator::Cell { sheet, row, column } => {
                Some(format!("cell={sheet}!{}{row}", column_letters(*column)))
            }
            Locator::Paragraph { number } => Some(format!("paragraph={number}")),
            Locator::Time { start_ms, end_ms } => {
                Some(format!("t={},{}", seconds(*start_ms), seconds(*end_ms)))
            }
        }
    }

    /// The place in words, as people name it; none for the whole document. A sheet has any name: what prints it makes
    /// it visible.
    pub fn words(&self, locale: Locale) -> Option<String> {
        let korean = locale == Locale::Korean;
        Some(match self {
            Locator::Whole {} => return None,
            Locator::Page { number, .. } if korean => format!("{number}쪽"),
            Locator::Page { number, .. } => format!("p. {number}"),
            Locator::Slide { number } if korean => format!("슬라이드 {number}"),
            Locator::Slide { number } => format!("slide {number}"),
            Locator::Cell { sheet, row, column } => {
                format!("{sheet}!{}{row}", column_letters(*column))
            }
            Locator::Paragraph { number } if korean => format!("{number}번째 단락"),
            Locator::Paragraph { number } => format!("paragraph {number}"),
            Locator::Time { start_ms, .. } => ClockTime::of_ms(*start_ms).short(),
        })
    }
}

/// The letters of a spreadsheet column: 1 is `A`, 27 is `AA`.
pub fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

fn seconds(ms: u64) -> String {
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments() {
        let cell = Locator::Cell { sheet: "예산".into(), row: 4, column: 28 };
        assert_eq!(cell.fragment().unwrap(), "cell=예산!AB4");
        let time = Locator::Time { start_ms: 12_500, end_ms: 14_000 };
        assert_eq!(time.fragment().unwrap(), "t=12.5,14");
        assert_eq!(Locator::Whole {}.fragment(), None);
    }

    #[test]
    fn a_place_is_named_as_people_name_it() {
        let cell = Locator::Cell { sheet: "예산 표".into(), row: 4, column: 28 };
        let time = |start_ms| Locator::Time { start_ms, end_ms: start_ms };
        for (locator, korean, english) in [
            (Locator::page(3), "3쪽", "p. 3"),
            (Locator::Slide { number: 2 }, "슬라이드 2", "slide 2"),
            (cell, "예산 표!AB4", "예산 표!AB4"),
            (Locator::Paragraph { number: 7 }, "7번째 단락", "paragraph 7"),
            (time(65_900), "1:05", "1:05"),
            (time(3_665_000), "1:01:05", "1:01:05"),
        ] {
            assert_eq!(locator.words(Locale::Korean).unwrap(), korean);
            assert_eq!(locator.words(Locale::English).unwrap(), english);
        }
        assert_eq!(Locator::Whole {}.words(Locale::English), None);
    }

    #[test]
    fn json_is_an_object_with_one_key() {
        let json = serde_json::to_string(&Locator::page(3)).unwrap();
        assert_eq!(json, r#"{"page":{"number":3,"bounds":null}}"#);
        assert_eq!(serde_json::to_string(&Locator::Whole {}).unwrap(), r#"{"whole":{}}"#);
    }
}
