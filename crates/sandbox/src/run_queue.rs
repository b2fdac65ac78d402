//! How long a process waited for a processor, as `/proc/<pid>/schedstat` says (Documentation/scheduler/sched-stats.rst).

use std::time::Duration;

/// Time that a process of one thread could have run and others did; none if it is gone, or the kernel does not count it.
pub(crate) fn waited(pid: i32) -> Option<Duration> {
    of(&std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?)
}

/// The second of three numbers: time run, time waited, both in nanoseconds, and turns.
fn of(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_is_time_waited() {
        assert_eq!(of("1618236 5886276 3\n"), Some(Duration::from_nanos(5_886_276)));
        for other in ["", "1618236", "1 x 3"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn this_process_has_waited_for_some_time_or_for_none() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(
            waited(own).is_some(),
            "CONFIG_SCHED_INFO counts it on every distribution's kernel"
        );
        assert_eq!(waited(i32::MAX), None);
    }
}
