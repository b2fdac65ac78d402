use std::time::Duration;

/// How long something took each time.
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    /// Of these times.
    pub(crate) fn of(mut times: Vec<Duration>) -> Spread {
        times.sort();
        Spread(times)
    }

    /// What this share of the times does not exceed, in milliseconds; 0 if there are none.
    pub(crate) fn rank(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = ((self.0.len() as f64 * share) as usize).min(last);
        self.0.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [min, median, p95, p99, max] =
            [0.0, 0.5, 0.95, 0.99, 1.0].map(|share| self.rank(share));
        write!(f, "min {min:.2}, median {median:.2}, p95 {p95:.2}, p99 {p99:.2}, max {max:.2} ms")
    }
}
