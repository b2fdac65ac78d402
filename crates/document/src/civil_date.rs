/// A day of the Gregorian calendar, also before it was in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CivilDate {
    /// Astronomical: 0 is the year before 1.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

/// Days from 0000-03-01, with which the years of the algorithm begin, to 1970-01-01.
const TO_1970: i64 = 719_468;
/// Days of 400 years.
const ERA: i64 = 146_097;

impl CivilDate {
    /// The date of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    /// `civil_from_days`).
    pub fn of_day(day: i64) -> CivilDate {
        let day = day.saturating_add(TO_1970);
        let (era, of_era) = (day.div_euclid(ERA), day.rem_euclid(ERA));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        // Months from March on.
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        CivilDate {
            year: year + era * 400 + i64::from(month <= 2),
            month,
            day: of_year - (153 * shifted + 2) / 5 + 1,
        }
    }

    /// The day of this date, counted from 1970-01-01 (the same, `days_from_civil`).
    pub fn since_1970(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_and_dates_are_days() {
        for (day, (year, month, of_month)) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_512, (2026, 2, 28)),
            (20_513, (2026, 3, 1)),
            (-719_528, (0, 1, 1)),
        ] {
            let date = CivilDate { year, month, day: of_month };
            assert_eq!(CivilDate::of_day(day), date, "{day}");
            assert_eq!(date.since_1970(), day, "{date:?}");
        }
        for day in (-1_000_000..1_000_000).step_by(97) {
            assert_eq!(CivilDate::of_day(day).since_1970(), day);
        }
        // Nobody means them, and yet they come from strangers.
        CivilDate::of_day(i64::MAX);
        CivilDate::of_day(i64::MIN);
    }
}
