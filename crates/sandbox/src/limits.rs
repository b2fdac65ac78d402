//! What one child may use.

use std::time::Duration;

/// What one child may use. Source of the figures: the reliability reference, section 3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in bytes: address space (RLIMIT_AS) on top of what the program and the input take up, and resident
    /// memory.
    pub memory: u64,
    /// CPU seconds (RLIMIT_CPU).
    pub cpu: u64,
    /// Longest run, whatever the size.
    pub wall_max: Duration,
    /// Run allowed to every object.
    pub wall_base: Duration,
    /// Run allowed per MiB on top.
    pub wall_per_mib: Duration,
    /// Longest silence: no progress, no frame.
    pub silence: Duration,
    /// What extraction may cost.
    pub extract: madang_extract::limits::Limits,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: 1 << 30,
            cpu: 120,
            wall_max: Duration::from_secs(600),
            wall_base: Duration::from_secs(30),
            wall_per_mib: Duration::from_secs(2),
            silence: Duration::from_secs(15),
            extract: madang_extract::limits::Limits::default(),
        }
    }
}

impl Limits {
    /// The longest run of an object of `size` bytes.
    pub fn wall_of(&self, size: u64) -> Duration {
        let mib = u32::try_from(size >> 20).unwrap_or(u32::MAX);
        self.wall_per_mib.saturating_mul(mib).saturating_add(self.wall_base).min(self.wall_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_run_grows_with_the_size() {
        let limits = Limits::default();
        for (size, seconds) in [(0, 30), (10 << 20, 50), (64 << 20, 158), (u64::MAX, 600)] {
            assert_eq!(limits.wall_of(size), Duration::from_secs(seconds), "{size}");
        }
    }
}
