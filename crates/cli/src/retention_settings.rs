use madang_ledger::retention::Retention;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

/// How long the ledger keeps what is finished, as it is written in `[retention]`: in days.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// Finished jobs that are not the last of their file.
    jobs_days: Option<Days<1>>,
    /// News that every reader has passed.
    outbox_days: Option<Days<1>>,
    /// What documents were before.
    versions_days: Option<Days<1>>,
    /// The audit trail. The yearly self-inspection looks back over a year, which may have 366 days.
    audit_days: Option<Days<366>>,
}

/// A hundred years.
const MOST: u64 = 36_600;

/// A number of days that means something: with none, everything would be forgotten at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days<const LEAST: u64>(u64);

impl<const LEAST: u64> Days<LEAST> {
    fn ms(self) -> i64 {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        i64::try_from(self.0).map_or(i64::MAX, |days| days.saturating_mul(DAY_MS))
    }
}

impl<'de, const LEAST: u64> Deserialize<'de> for Days<LEAST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Signed, so that a negative number is told of as one out of bounds.
        let number = i64::deserialize(from)?;
        match u64::try_from(number) {
            Ok(within) if (LEAST..=MOST).contains(&within) => Ok(Days(within)),
            _ => Err(D::Error::invalid_value(
                Unexpected::Signed(number),
                &format!("a number of days from {LEAST} to {MOST}").as_str(),
            )),
        }
    }
}

impl RetentionSettings {
    /// These, and the default where nothing is said.
    pub(crate) fn retention(self) -> Retention {
        let default = Retention::default();
        Retention {
            jobs_ms: self.jobs_days.map_or(default.jobs_ms, Days::ms),
            outbox_ms: self.outbox_days.map_or(default.outbox_ms, Days::ms),
            versions_ms: self.versions_days.map_or(default.versions_ms, Days::ms),
            audit_ms: self.audit_days.map_or(default.audit_ms, Days::ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_taken_and_the_audit_trail_stays_a_year() {
        const DAY_MS: i64 = 86_400_000;
        let read = |text: &str| toml::from_str::<RetentionSettings>(text);
        assert_eq!(read("").unwrap().retention(), Retention::default());
        let text = "jobs_days = 30\noutbox_days = 7\nversions_days = 400\naudit_days = 1830";
        let all = Retention {
            jobs_ms: 30 * DAY_MS,
            outbox_ms: 7 * DAY_MS,
            versions_ms: 400 * DAY_MS,
            audit_ms: 1830 * DAY_MS,
        };
        assert_eq!(read(text).unwrap().retention(), all);
        for (text, cure) in [
            ("audit_days = 365", "a number of days from 366 to 36600"),
            ("jobs_days = 0", "a number of days from 1 to 36600"),
            ("outbox_days = -1", "a number of days from 1 to 36600"),
            ("versions_days = 36601", "a number of days from 1 to 36600"),
            ("audit_day = 366", "unknown field `audit_day`"),
        ] {
            let said = read(text).unwrap_err().to_string();
            assert!(said.contains(cure), "{text}: {said}");
        }
    }
}
