use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;

use super::measured::Measured;
use super::row::Row;
use crate::terminal_locale::{say, terminal_locale};

/// The words and figures of a report in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels(pub(crate) Locale);

impl Labels {
    /// In the language that the terminal is spoken to in.
    pub(crate) fn of_terminal() -> Labels {
        Labels(terminal_locale())
    }

    /// One of two phrases.
    pub(crate) fn say(self, ko: &'static str, en: &'static str) -> &'static str {
        say(self.0, ko, en)
    }

    /// The code of the language.
    pub(crate) fn code(self) -> &'static str {
        self.say("ko", "en")
    }

    /// How reading a file ended.
    pub(crate) fn outcome(self, outcome: Option<Outcome>) -> &'static str {
        outcome
            .map_or_else(|| self.say("열 수 없음", "not opened"), |outcome| outcome.label(self.0))
    }

    /// Why a file was not read whole; in English where there are no Korean words for it.
    pub(crate) fn reason(self, file: &Measured) -> &str {
        let korean = file.reason_ko.as_deref().filter(|_| self.0 == Locale::Korean);
        korean.or(file.reason.as_deref()).unwrap_or_default()
    }

    /// The heads of a table of [`cells`](Self::cells); the first of them names what the rows are.
    pub(crate) fn heads(
        self,
        first: &'static str,
        outcomes: &[Option<Outcome>],
        scored: bool,
    ) -> Vec<&'static str> {
        let mut heads = vec![first, self.say("파일", "files")];
        if scored {
            heads.extend(["F1", self.say("채점", "scored")]);
        }
        heads.extend(outcomes.iter().map(|outcome| self.outcome(*outcome)));
        heads.extend([
            self.say("속 문서", "members"),
            self.say("글자", "characters"),
            "MB",
            self.say("CPU 평균 ms", "CPU mean ms"),
            self.say("중앙값", "p50"),
            self.say("95%", "p95"),
            self.say("MB/CPU초", "MB/CPU s"),
        ]);
        heads
    }

    /// The figures of a row, as the heads say.
    pub(crate) fn cells(
        self,
        row: &Row,
        outcomes: &[Option<Outcome>],
        scored: bool,
    ) -> Vec<String> {
        let mut cells = vec![row.files.to_string()];
        if scored {
            cells.extend([score(row.f1), row.scored.to_string()]);
        }
        let count = |outcome| row.outcomes.get(outcome).copied().unwrap_or_default().to_string();
        cells.extend(outcomes.iter().map(count));
        cells.extend([
            row.members.to_string(),
            row.characters.to_string(),
            format!("{:.1}", megabytes(row.bytes as f64)),
            format!("{:.2}", row.mean_ms),
            format!("{:.2}", row.p50_ms),
            format!("{:.2}", row.p95_ms),
            row.bytes_per_cpu_second.map_or(NONE.into(), |rate| format!("{:.1}", megabytes(rate))),
        ]);
        cells
    }

    /// A moment as people of the language read it.
    pub(crate) fn moment(self, moment: Timestamp) -> String {
        let (minute, zone) = match self.0 {
            Locale::Korean => (moment.minute(), "한국 표준시"),
            Locale::English => (moment.utc_minute(), "UTC"),
        };
        format!("{minute} {zone}")
    }
}

/// Where there is no figure.
const NONE: &str = "–";

/// An F1 of three digits.
pub(crate) fn score(f1: Option<f64>) -> String {
    f1.map_or(NONE.into(), |f1| format!("{f1:.3}"))
}

/// Milliseconds of microseconds.
pub(crate) fn ms(us: u64) -> String {
    format!("{:.1}", us as f64 / 1e3)
}

/// Millions of bytes.
pub(crate) fn megabytes(bytes: f64) -> f64 {
    bytes / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_stands_in_the_time_of_its_readers() {
        let moment = Timestamp::parse("2026-11-26T20:30:59Z").unwrap();
        assert_eq!(Labels(Locale::Korean).moment(moment), "2026-11-27 05:30 한국 표준시");
        assert_eq!(Labels(Locale::English).moment(moment), "2026-11-26 20:30 UTC");
    }
}
