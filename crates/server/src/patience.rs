use std::time::Duration;

/// Bytes that have to pass while a guest is waited for as long as patience lasts: what any line carries in some seconds, and
/// more than whoever wants nothing but the place would send or take.
pub(crate) const LEAST: usize = 8 << 10;

/// How long a guest is still waited for, who owes bytes or is to take some.
#[derive(Debug)]
pub(crate) struct Patience {
    whole: Duration,
    left: Duration,
    /// Bytes that passed since it was whole.
    passed: usize,
}

impl Patience {
    pub(crate) fn of(whole: Duration) -> Patience {
        Patience { whole, left: whole, passed: 0 }
    }

    /// How long it lasts if nothing passes.
    pub(crate) fn left(&self) -> Duration {
        self.left
    }

    /// How few bytes passed in how many seconds, once it is at its end.
    pub(crate) fn spent(&self) -> (usize, u64) {
        (self.passed, self.whole.as_secs())
    }

    /// After so long a wait so many bytes passed.
    pub(crate) fn take(&mut self, waited: Duration, bytes: usize) {
        self.left = self.left.saturating_sub(waited);
        self.passed = self.passed.saturating_add(bytes);
        if self.passed >= LEAST {
            *self = Patience::of(self.whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_whole_again_when_enough_has_passed() {
        let second = Duration::from_secs(1);
        let mut patience = Patience::of(second * 30);
        for _ in 0..29 {
            patience.take(second, 1);
        }
        assert_eq!((patience.left, patience.passed), (second, 29), "a drop buys nothing");
        patience.take(second / 2, LEAST - 29);
        assert_eq!((patience.left, patience.passed), (second * 30, 0));
        // The house may take as long as it likes: then nobody is waited for.
        patience.take(Duration::ZERO, 1);
        assert_eq!(patience.left, second * 30);
        patience.take(second * 40, 1);
        assert_eq!(patience.left, Duration::ZERO);
    }
}
