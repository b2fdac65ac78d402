use madang_ledger::error::LedgerError;

/// Exponential back-off: how long to wait after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Wait after the first failure, milliseconds; doubles with each further one.
    pub base_ms: i64,
    /// Longest wait, milliseconds.
    pub cap_ms: i64,
}

/// Waits while the ledger is damaged: no waiting mends it, and each question may hurt it more.
pub const DAMAGED: Backoff = Backoff { base_ms: 60_000, cap_ms: 60_000 };

impl Backoff {
    /// This one, or [`DAMAGED`] if the ledger is.
    pub fn after(self, error: &LedgerError) -> Backoff {
        if matches!(error, LedgerError::Damaged { .. }) { DAMAGED } else { self }
    }

    /// The wait after the `failures`-th failure in a row, counted from 1, in milliseconds: doubled each time, at
    /// most the cap, times 0.5 to 1.5 (`jitter` is 0 to 1), so that what failed together is not tried together.
    pub fn wait_ms(&self, failures: u32, jitter: f64) -> i64 {
        let doublings = failures.saturating_sub(1).min(30);
        let wait = self.base_ms.saturating_mul(1 << doublings).min(self.cap_ms);
        (wait as f64 * (0.5 + jitter.clamp(0.0, 1.0))) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_ledger_is_never_asked_again_soon() {
        let quick = Backoff { base_ms: 200, cap_ms: 4_000 };
        let damaged = LedgerError::damaged("malformed");
        let unavailable = LedgerError::unavailable("busy");
        for failures in [1, 2, 9] {
            assert!(quick.after(&damaged).wait_ms(failures, 0.0) >= 30_000, "{failures}");
            assert_eq!(quick.after(&unavailable), quick);
        }
    }

    #[test]
    fn the_wait_doubles_is_capped_and_spread() {
        let backoff = Backoff { base_ms: 1_000, cap_ms: 600_000 };
        for (failures, jitter, expected) in [
            (0, 0.5, 1_000),
            (1, 0.5, 1_000),
            (2, 0.5, 2_000),
            (60, 0.5, 600_000),
            (1, 0.0, 500),
            (1, 1.0, 1_500),
            (1, 9.0, 1_500),
        ] {
            assert_eq!(backoff.wait_ms(failures, jitter), expected, "{failures} {jitter}");
        }
    }
}
