use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a child may take, by the clock or by the processor: it grows with the object and with the work done on
/// it, because a hundred scanned pages of a small file take longer than a large file that is hardly read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Allowed to every object.
    pub base: Duration,
    /// Allowed per MiB of the object on top.
    pub per_mib: Duration,
    /// Allowed per unit of work on top: a page, a slide, a sheet, a member, a frame.
    pub per_unit: Duration,
    /// The longest, whatever the object and the work.
    pub most: Duration,
}

impl Allowance {
    /// So many times as long.
    pub(crate) fn times(&self, times: u32) -> Allowance {
        let more = |time: Duration| time.saturating_mul(times);
        Allowance {
            base: more(self.base),
            per_mib: more(self.per_mib),
            per_unit: more(self.per_unit),
            most: more(self.most),
        }
    }

    /// How long it may take for an object of `size` bytes in which `units` of work have begun.
    pub fn of(&self, size: u64, units: u64) -> Duration {
        let times =
            |each: Duration, n: u64| each.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        self.base
            .saturating_add(times(self.per_mib, size >> 20))
            .saturating_add(times(self.per_unit, believed(size, units)))
            .min(self.most)
    }
}

/// How many units are believed of an object of `size` bytes. A child may say any number; a page that takes long to
/// read (a scan, a drawing), or a frame of a video, has at least some 4 KiB, and what has less is read in no time.
fn believed(size: u64, units: u64) -> u64 {
    units.min(16 + (size >> 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_grows_with_size_and_work_within_bounds() {
        let seconds = Duration::from_secs;
        let allowance = Allowance {
            base: seconds(30),
            per_mib: seconds(2),
            per_unit: seconds(5),
            most: seconds(3600),
        };
        for (size, units, expected) in [
            (0, 0, 30),
            (10 << 20, 0, 50),
            (64 << 20, 0, 158),
            // A scan of a hundred pages in 5 MiB.
            (5 << 20, 100, 540),
            (5 << 20, 101, 545),
            // A child that says more pages than the bytes can hold is not believed.
            (0, 16, 110),
            (0, 17, 110),
            (1000, u64::MAX, 110),
            (40 << 10, u64::MAX, 160),
            // Nothing takes longer than the longest.
            (1 << 30, u64::MAX, 3600),
            (u64::MAX, 0, 3600),
            (u64::MAX, u64::MAX, 3600),
        ] {
            assert_eq!(allowance.of(size, units), seconds(expected), "{size} bytes, {units} units");
        }
        let mut before = Duration::ZERO;
        for units in 0..2000 {
            let now = allowance.of(1 << 20, units);
            assert!(now >= before, "more work is never less time");
            before = now;
        }
    }
}
