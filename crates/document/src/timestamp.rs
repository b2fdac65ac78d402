use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z. Printed as RFC 3339 in UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339 with an offset (`2026-11-23T09:00:00+09:00`).
    pub fn parse(text: &str) -> Option<Timestamp> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Timestamp(t.as_millisecond()))
    }

    /// Reads a date as people write one in a filter, taken as UTC: `2026`, `2026-11`, `2026-11-23`, in Korea also
    /// `2026. 11. 23.` and `2026년 11월 23일`, or a whole RFC 3339 time. Gives the first moment of that span.
    pub fn parse_start(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Some(moment) = Timestamp::parse(text) {
            return Some(moment);
        }
        let between = |c: char| c.is_whitespace() || "-./년월일".contains(c);
        let mut parts = text.split(between).filter(|part| !part.is_empty());
        // Of two digits nobody knows the century, or whether it is a year at all.
        let year = parts.next().filter(|year| year.len() == 4 && text.starts_with(year))?;
        let month = parts.next().map_or(Some(1), |month| month.parse().ok())?;
        let day = parts.next().map_or(Some(1), |day| day.parse().ok())?;
        if parts.next().is_some() {
            return None;
        }
        let (year, month, day): (u16, u8, u8) = (year.parse().ok()?, month, day);
        Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z"))
    }

    /// This moment plus so many milliseconds; saturates.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let moment = Timestamp::parse("2026-11-23T09:00:00+09:00").unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(Timestamp::parse_start("2026-11-23"), Some(moment));
        assert_eq!(Timestamp::parse_start("2026").unwrap().to_string(), "2026-01-01T00:00:00Z");
        for written in
            ["2026.11.23", "2026. 11. 23.", "2026/11/23", "2026년 11월 23일", " 2026-11-23 "]
        {
            assert_eq!(Timestamp::parse_start(written), Some(moment), "{written}");
        }
        let november = Timestamp::parse_start("2026-11");
        assert!(november.is_some() && november == Timestamp::parse_start("2026년 11월"));
        for wrong in
            ["2026-13", "yesterday", "", ".", "26.11.23", "11/23/2026", "2026-11-23-1", "-2026"]
        {
            assert_eq!(Timestamp::parse_start(wrong), None, "{wrong}");
        }
    }
}
