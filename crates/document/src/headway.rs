//! How far recognising has come: what a person who waits for a scan wants to know.

use serde::{Deserialize, Serialize};

use crate::clock_time::ClockTime;
use crate::locale::Locale;

/// How far the recognising of what is seen or heard in a document has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headway {
    /// What is counted.
    pub stretch: Stretch,
    /// So many are done.
    pub done: u32,
    /// Of so many, if that is known.
    pub all: Option<u32>,
}

/// What recognising is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stretch {
    /// Pages that are recognised; those whose text was there already do not count.
    Pages,
    /// Seconds of sound.
    Seconds,
}

impl Stretch {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Stretch::Pages => "pages",
            Stretch::Seconds => "seconds",
        }
    }
}

impl Headway {
    /// So much of so much; no more than all of it.
    pub fn new(stretch: Stretch, done: u64, all: Option<u64>) -> Headway {
        let short = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let all = all.map(short);
        let done = short(done).min(all.unwrap_or(u32::MAX));
        Headway { stretch, done, all }
    }

    /// Whether no more is done than there is.
    pub fn is_possible(&self) -> bool {
        self.all.is_none_or(|all| self.done <= all)
    }

    /// The same in words.
    pub fn text(&self, locale: Locale) -> String {
        let Headway { stretch, done, all } = *self;
        match (stretch, locale, all) {
            (Stretch::Pages, Locale::Korean, Some(all)) => {
                format!("{all}쪽 가운데 {done}쪽 인식함")
            }
            (Stretch::Pages, Locale::Korean, None) => format!("{done}쪽 인식함"),
            (Stretch::Pages, Locale::English, Some(all)) => {
                format!("{done} of {all} {} recognised", if all == 1 { "page" } else { "pages" })
            }
            (Stretch::Pages, Locale::English, None) => {
                format!("{done} {} recognised", if done == 1 { "page" } else { "pages" })
            }
            (Stretch::Seconds, Locale::Korean, Some(all)) => {
                format!("소리 {} 가운데 {}까지 받아씀", clock(all), clock(done))
            }
            (Stretch::Seconds, Locale::Korean, None) => format!("소리 {}까지 받아씀", clock(done)),
            (Stretch::Seconds, Locale::English, Some(all)) => {
                format!("{} of {} of sound transcribed", clock(done), clock(all))
            }
            (Stretch::Seconds, Locale::English, None) => {
                format!("{} of sound transcribed", clock(done))
            }
        }
    }
}

/// Seconds as players show them.
fn clock(seconds: u32) -> String {
    ClockTime::of_seconds(seconds.into()).short()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_both_languages() {
        for (headway, korean, english) in [
            (
                Headway::new(Stretch::Pages, 3, Some(40)),
                "40쪽 가운데 3쪽 인식함",
                "3 of 40 pages recognised",
            ),
            (
                Headway::new(Stretch::Pages, 0, Some(1)),
                "1쪽 가운데 0쪽 인식함",
                "0 of 1 page recognised",
            ),
            (Headway::new(Stretch::Pages, 1, None), "1쪽 인식함", "1 page recognised"),
            (
                Headway::new(Stretch::Seconds, 65, Some(3_700)),
                "소리 1:01:40 가운데 1:05까지 받아씀",
                "1:05 of 1:01:40 of sound transcribed",
            ),
            (
                Headway::new(Stretch::Seconds, 9, None),
                "소리 0:09까지 받아씀",
                "0:09 of sound transcribed",
            ),
        ] {
            assert_eq!(headway.text(Locale::Korean), korean);
            assert_eq!(headway.text(Locale::English), english);
        }
    }

    #[test]
    fn no_more_is_done_than_there_is() {
        let over = Headway::new(Stretch::Pages, 9, Some(4));
        assert_eq!((over.done, over.all), (4, Some(4)));
        let far = Headway::new(Stretch::Seconds, u64::MAX, None);
        assert_eq!(far.done, u32::MAX);
        assert!(over.is_possible() && far.is_possible());
        assert!(!Headway { done: 5, ..over }.is_possible());
    }
}
