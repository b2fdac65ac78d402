//! Time as far as this process was there to see it pass.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often whoever waits for another process looks up.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// The most that counts between two looks. A look that comes later than this was kept back: the process was stopped
/// (SIGSTOP, a frozen container), or the machine had no time for it, and whoever it waits for had none either.
const MOST: Duration = Duration::from_millis(100);

/// Counts the time that passes between the looks of somebody who looks at each [`TICK`]. A monotonic clock alone does
/// not do: it goes on while the process is stopped, and after a pause of a minute every limit would be exceeded at
/// once, by nobody's fault.
#[derive(Debug)]
pub(crate) struct Awake {
    looked: Instant,
    counted: Duration,
}

impl Awake {
    /// Begins to count.
    pub(crate) fn since(now: Instant) -> Awake {
        Awake { looked: now, counted: Duration::ZERO }
    }

    /// Looks up; gives the time counted so far.
    pub(crate) fn look(&mut self, now: Instant) -> Duration {
        let gap = now.saturating_duration_since(self.looked);
        self.counted = self.counted.saturating_add(gap.min(MOST));
        self.looked = self.looked.max(now);
        self.counted
    }

    /// So much of what was counted does not count after all.
    pub(crate) fn discount(&mut self, time: Duration) {
        self.counted = self.counted.saturating_sub(time);
    }

    /// What has passed since the last look does not count.
    pub(crate) fn pass_over(&mut self, now: Instant) {
        self.looked = self.looked.max(now);
    }
}

/// Waits until there is something to read, or the other side is gone; at most so long, not counting the time in which
/// this process was stopped. Gives whether there is.
pub(crate) fn readable_within(descriptor: impl AsFd, limit: Duration) -> io::Result<bool> {
    let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
    let mut awake = Awake::since(Instant::now());
    loop {
        let mut ready = [PollFd::new(&descriptor, PollFlags::IN)];
        match poll(&mut ready, Some(&tick)) {
            Ok(n) if n > 0 => return Ok(true),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if awake.look(Instant::now()) >= limit {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_the_looks_counts_as_little_more_than_a_tick() {
        let begun = Instant::now();
        let ms = Duration::from_millis;
        #[rustfmt::skip]
        let cases: [(&[u64], u64); 6] = [
            (&[50, 100, 150], 150),
            (&[0, 0, 50], 50),
            // A machine with much else to do.
            (&[90, 180, 270], 270),
            // Stopped for 40 s, between two looks like any other.
            (&[50, 40_050, 40_100], 200),
            (&[86_400_000], 100),
            // A clock that goes back counts nothing, and what was counted stays.
            (&[50, 10, 60], 60),
        ];
        for (looks, counted) in cases {
            let mut awake = Awake::since(begun);
            let last = looks.iter().map(|at| awake.look(begun + ms(*at))).last().unwrap();
            assert_eq!(last, ms(counted), "{looks:?}");
        }
    }

    #[test]
    fn what_is_passed_over_does_not_count() {
        let begun = Instant::now();
        let ms = Duration::from_millis;
        let mut awake = Awake::since(begun);
        awake.look(begun + ms(30));
        awake.pass_over(begun + ms(90));
        assert_eq!(awake.look(begun + ms(100)), ms(40));
        awake.discount(ms(30));
        assert_eq!(awake.look(begun + ms(150)), ms(60));
        awake.discount(ms(200));
        assert_eq!(awake.look(begun + ms(160)), ms(10));
    }

    #[test]
    fn whoever_says_nothing_is_not_waited_for_without_end() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        assert!(!readable_within(&reader, Duration::from_millis(120)).unwrap());
        rustix::io::write(&writer, b"x").unwrap();
        assert!(readable_within(&reader, Duration::ZERO).unwrap());
        drop(writer);
        rustix::io::read(&reader, &mut [0; 8]).unwrap();
        assert!(readable_within(&reader, Duration::from_secs(60)).unwrap(), "nobody will ever say");
    }
}
