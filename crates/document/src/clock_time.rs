/// A time as a clock shows it: a place in a recording, counted from its start, or a time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime {
    hours: u64,
    minutes: u64,
    seconds: u64,
    milliseconds: u64,
}

impl ClockTime {
    /// So many milliseconds.
    pub fn of_ms(ms: u64) -> ClockTime {
        ClockTime { milliseconds: ms % 1000, ..ClockTime::of_seconds(ms / 1000) }
    }

    /// So many seconds.
    pub fn of_seconds(seconds: u64) -> ClockTime {
        ClockTime {
            hours: seconds / 3600,
            minutes: seconds / 60 % 60,
            seconds: seconds % 60,
            milliseconds: 0,
        }
    }

    /// As people write it: `2:03`, and `1:02:03` from an hour on.
    pub fn short(self) -> String {
        match self.hours {
            0 => format!("{}:{:02}", self.minutes, self.seconds),
            _ => self.with_hours(),
        }
    }

    /// With its hours whether there are any or not, as a list of places has them: `0:02:03`.
    pub fn with_hours(self) -> String {
        format!("{}:{:02}:{:02}", self.hours, self.minutes, self.seconds)
    }

    /// Two digits each, as programs write it: `00:02:03`.
    pub fn padded(self) -> String {
        format!("{:02}:{:02}:{:02}", self.hours, self.minutes, self.seconds)
    }

    /// As WebVTT and SubRip have it, to the millisecond: `00:02:03.004`.
    pub fn exact(self) -> String {
        format!("{}.{:03}", self.padded(), self.milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_four_ways() {
        for (ms, short, with_hours, exact) in [
            (0, "0:00", "0:00:00", "00:00:00.000"),
            (59_999, "0:59", "0:00:59", "00:00:59.999"),
            (723_004, "12:03", "0:12:03", "00:12:03.004"),
            (3_723_000, "1:02:03", "1:02:03", "01:02:03.000"),
            (360_000_000, "100:00:00", "100:00:00", "100:00:00.000"),
        ] {
            let time = ClockTime::of_ms(ms);
            assert_eq!((time.short().as_str(), time.with_hours().as_str()), (short, with_hours));
            assert_eq!(time.exact(), exact);
            assert_eq!(ClockTime::of_seconds(ms / 1000).padded(), exact[..exact.len() - 4]);
        }
    }
}
