use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a child has used, and its zygote for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Time of the processor in the program, microseconds.
    pub user_us: u64,
    /// Time of the processor in the kernel, microseconds.
    pub system_us: u64,
    /// Page faults that needed no disk.
    pub faults: u64,
    /// Peak resident memory, bytes.
    pub peak_rss: u64,
    /// Time of the processor that the zygote took to take the order, to fork and to reap, microseconds.
    pub zygote_us: u64,
}

impl Usage {
    /// Time of the processor in all, microseconds.
    pub fn cpu_us(&self) -> u64 {
        self.user_us.saturating_add(self.system_us).saturating_add(self.zygote_us)
    }

    /// What two children of one run have used: times add up, of the memory the higher peak counts.
    #[must_use]
    pub fn with(self, other: Usage) -> Usage {
        Usage {
            user_us: self.user_us.saturating_add(other.user_us),
            system_us: self.system_us.saturating_add(other.system_us),
            faults: self.faults.saturating_add(other.faults),
            peak_rss: self.peak_rss.max(other.peak_rss),
            zygote_us: self.zygote_us.saturating_add(other.zygote_us),
        }
    }
}

/// When a run came how far, counted from the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// The zygote had forked.
    pub forked: Duration,
    /// The child had looked at the object and said what it is.
    pub detected: Option<Duration>,
    /// The child had said everything.
    pub answered: Option<Duration>,
    /// The child was reaped.
    pub reaped: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_children_times_add_up_and_the_higher_peak_counts() {
        let first = Usage { user_us: 5, system_us: 7, faults: 3, peak_rss: 900, zygote_us: 1 };
        let second = Usage { user_us: 20, system_us: 1, faults: 4, peak_rss: 100, zygote_us: 2 };
        let both = first.with(second);
        let expected = Usage { user_us: 25, system_us: 8, faults: 7, peak_rss: 900, zygote_us: 3 };
        assert_eq!((both, both.cpu_us()), (expected, 36));
    }
}
