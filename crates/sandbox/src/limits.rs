//! What one child may use.

use std::num::NonZeroU64;
use std::time::Duration;

use serde::Deserialize;

use crate::allowance::Allowance;

/// What one child may use. Source of the figures: the reliability reference, section 3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildLimits {
    /// Memory in bytes: address space (RLIMIT_AS) on top of what the program and the input take up, and resident
    /// memory.
    pub memory: u64,
    /// Time of the processor (RLIMIT_CPU, in whole seconds).
    pub cpu: Allowance,
    /// Time by the clock.
    pub wall: Allowance,
    /// Longest silence: no progress, no frame.
    pub silence: Duration,
    /// What extraction may cost.
    pub extract: madang_extract::limits::Limits,
}

impl Default for ChildLimits {
    fn default() -> ChildLimits {
        let seconds = Duration::from_secs;
        let grows = |base| Allowance {
            base: seconds(base),
            per_mib: seconds(2),
            per_unit: seconds(5),
            most: seconds(3600),
        };
        ChildLimits {
            memory: 1 << 30,
            // More than the clock allows where there is no work: a decoder may have several threads.
            cpu: grows(120),
            wall: grows(30),
            silence: seconds(15),
            extract: madang_extract::limits::Limits::default(),
        }
    }
}

/// Limits as an operator writes them: `[limits]` of `madang.toml`, for all pipelines, and of a pipeline's
/// declaration, for that one. What is not written stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    memory_mib: Option<NonZeroU64>,
    cpu_seconds: Option<NonZeroU64>,
    wall_seconds: Option<NonZeroU64>,
    silence_seconds: Option<NonZeroU64>,
    text_mib: Option<NonZeroU64>,
}

impl LimitSettings {
    /// `limits` with what is written here. A number of seconds is the longest time for any object.
    pub fn over(&self, mut limits: ChildLimits) -> ChildLimits {
        fn longest(allowance: &mut Allowance, seconds: Option<NonZeroU64>) {
            if let Some(seconds) = seconds {
                allowance.most = Duration::from_secs(seconds.get());
            }
        }
        longest(&mut limits.cpu, self.cpu_seconds);
        longest(&mut limits.wall, self.wall_seconds);
        if let Some(mib) = self.memory_mib {
            limits.memory = mib.get().saturating_mul(1 << 20);
        }
        if let Some(seconds) = self.silence_seconds {
            limits.silence = Duration::from_secs(seconds.get());
        }
        if let Some(mib) = self.text_mib {
            let bytes = mib.get().saturating_mul(1 << 20);
            limits.extract.text = bytes;
            limits.extract.object_text = limits.extract.object_text.max(bytes);
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_goes_over_what_was() {
        let (all, one) = (LimitSettings::default(), LimitSettings::default());
        let all = LimitSettings {
            wall_seconds: NonZeroU64::new(7),
            text_mib: NonZeroU64::new(100),
            ..all
        };
        let one = LimitSettings {
            wall_seconds: NonZeroU64::new(9),
            cpu_seconds: NonZeroU64::new(3),
            ..one
        };
        let limits = one.over(all.over(ChildLimits::default()));
        let seconds = Duration::from_secs;
        assert_eq!(limits.wall.of(u64::MAX, 0), seconds(9));
        assert_eq!(limits.wall.of(0, 0), seconds(9));
        assert_eq!(limits.cpu.of(0, 0), seconds(3));
        assert_eq!((limits.extract.text, limits.extract.object_text), (100 << 20, 100 << 20));
        assert_eq!(limits.memory, ChildLimits::default().memory);
    }
}
