//! What one child may use.

use std::time::Duration;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

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

impl ChildLimits {
    /// These for a child that gives way to others: it has to wait for the processor, and is silent meanwhile.
    pub(crate) fn patient(&self) -> ChildLimits {
        ChildLimits {
            wall: self.wall.times(PATIENCE),
            silence: self.silence.saturating_mul(PATIENCE),
            ..self.clone()
        }
    }
}

/// How often longer the clock allows what gives way to others. With the niceness of such a child each process that wants the
/// processor leaves it a tenth.
const PATIENCE: u32 = 20;

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
    memory_mib: Option<Bounded<LEAST_MEMORY, { 1 << 20 }>>,
    cpu_seconds: Option<Bounded<1, WEEK>>,
    wall_seconds: Option<Bounded<1, WEEK>>,
    silence_seconds: Option<Bounded<1, WEEK>>,
    text_mib: Option<Bounded<1, 1024>>,
}

/// MiB. With 16 a fifth of the sample (`fixtures/drop`) is set aside for its memory, with 32 none of it: twice that.
const LEAST_MEMORY: u64 = 64;

/// Seconds.
const WEEK: u64 = 7 * 24 * 3600;

/// A whole number that means something: outside of its bounds every file would fail, or nothing would be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounded<const LEAST: u64, const MOST: u64>(u64);

impl<'de, const LEAST: u64, const MOST: u64> Deserialize<'de> for Bounded<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Signed, so that a negative number is told of as one out of bounds.
        let number = i64::deserialize(from)?;
        match u64::try_from(number) {
            Ok(within) if (LEAST..=MOST).contains(&within) => Ok(Bounded(within)),
            _ => Err(D::Error::invalid_value(
                Unexpected::Signed(number),
                &format!("a whole number from {LEAST} to {MOST}").as_str(),
            )),
        }
    }
}

impl LimitSettings {
    /// `limits` with what is written here. A number of seconds is the longest time for any object.
    pub fn over(&self, mut limits: ChildLimits) -> ChildLimits {
        fn longest(allowance: &mut Allowance, seconds: Option<Bounded<1, WEEK>>) {
            if let Some(Bounded(seconds)) = seconds {
                allowance.most = Duration::from_secs(seconds);
            }
        }
        longest(&mut limits.cpu, self.cpu_seconds);
        longest(&mut limits.wall, self.wall_seconds);
        if let Some(Bounded(mib)) = self.memory_mib {
            limits.memory = mib << 20;
        }
        if let Some(Bounded(seconds)) = self.silence_seconds {
            limits.silence = Duration::from_secs(seconds);
        }
        if let Some(Bounded(mib)) = self.text_mib {
            let bytes = mib << 20;
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
        let all =
            LimitSettings { wall_seconds: Some(Bounded(7)), text_mib: Some(Bounded(100)), ..all };
        let one =
            LimitSettings { wall_seconds: Some(Bounded(9)), cpu_seconds: Some(Bounded(3)), ..one };
        let limits = one.over(all.over(ChildLimits::default()));
        let seconds = Duration::from_secs;
        assert_eq!(limits.wall.of(u64::MAX, 0), seconds(9));
        assert_eq!(limits.wall.of(0, 0), seconds(9));
        assert_eq!(limits.cpu.of(0, 0), seconds(3));
        assert_eq!((limits.extract.text, limits.extract.object_text), (100 << 20, 100 << 20));
        assert_eq!(limits.memory, ChildLimits::default().memory);
    }
}
