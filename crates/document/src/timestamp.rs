use std::fmt;

use serde::{Deserialize, Serialize};

use crate::civil_date::CivilDate;

/// Korea keeps UTC+9 all year, and has since 1988. Days of people are days there: whoever turns a day into moments, or a
/// moment into its day, does it here.
const KOREA_MS: i64 = 9 * 60 * 60 * 1000;
const MS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

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

    /// Reads a date as people write one in a filter, of Korea: `2026`, `2026-11`, `2026-11-23`, also
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
        Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T00:00:00+09:00"))
    }

    /// Reads RFC 3339 without an offset, as a clock in Korea shows it.
    pub fn parse_local(text: &str) -> Option<Timestamp> {
        Timestamp::parse(&format!("{text}+09:00"))
    }

    /// The day of this moment in Korea.
    pub fn civil_date(self) -> CivilDate {
        CivilDate::of_day(self.plus_ms(KOREA_MS).0.div_euclid(MS_PER_DAY))
    }

    /// The same as text: `2026-11-23`.
    pub fn day(self) -> String {
        let CivilDate { year, month, day } = self.civil_date();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The minute that clocks in Korea show: `2026-11-23 09:00`.
    pub fn minute(self) -> String {
        clock(self.plus_ms(KOREA_MS))
    }

    /// The minute that clocks of UTC show.
    pub fn utc_minute(self) -> String {
        clock(self)
    }

    /// This moment plus so many milliseconds; saturates.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }
}

fn clock(moment: Timestamp) -> String {
    moment.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
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
    fn a_day_is_one_of_korea_there_and_back() {
        for (moment, day, minute) in [
            ("2023-02-04T16:00:00Z", "2023-02-05", "2023-02-05 01:00"),
            ("2023-02-04T14:59:59Z", "2023-02-04", "2023-02-04 23:59"),
            ("1969-12-31T15:00:00Z", "1970-01-01", "1970-01-01 00:00"),
            ("2026-12-31T15:00:00Z", "2027-01-01", "2027-01-01 00:00"),
        ] {
            let moment = Timestamp::parse(moment).unwrap();
            assert_eq!((moment.day().as_str(), moment.minute().as_str()), (day, minute));
            let start = Timestamp::parse_start(day).unwrap();
            assert!(start <= moment && moment < start.plus_ms(MS_PER_DAY), "{day}");
            assert_eq!(start.day(), day);
        }
        assert_eq!(
            Timestamp::parse_local("2026-11-23T00:00:00"),
            Timestamp::parse_start("2026-11-23")
        );
    }

    #[test]
    fn reads_what_people_write() {
        let moment = Timestamp::parse("2026-11-23T00:00:00+09:00").unwrap();
        assert_eq!(moment.to_string(), "2026-11-22T15:00:00Z");
        assert_eq!(Timestamp::parse_start("2026-11-23"), Some(moment));
        assert_eq!(Timestamp::parse_start("2026").unwrap().to_string(), "2025-12-31T15:00:00Z");
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
