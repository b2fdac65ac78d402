use crate::reprocessing::BACKGROUND;

/// A due job that waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) job: i64,
    pub(super) priority: u8,
    pub(super) run_at: i64,
    /// Whether others of its queue and priority may come after it that were not looked at.
    pub(super) cut: bool,
}

/// A queue that has due jobs.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its share.
    pub(super) weight: u32,
    /// Where its turns have come to: the virtual time at which its next job begins.
    pub(super) at: i64,
    /// Its jobs in their order, last one first.
    pub(super) jobs: Vec<Due>,
}

/// How far the virtual time goes with one job of a queue of weight 1.
pub(super) const TURN: i64 = 1 << 20;

/// A job that a person waits for goes before the others by so much: its queue may be 64 turns ahead of them. Whoever
/// uploads a hundred thousand files has no more than that, and then takes turns like everybody.
const HASTE: i64 = 64 * TURN;

/// What [`choose`] has chosen.
#[derive(Debug)]
pub(super) struct Choice {
    /// The jobs, in their order.
    pub(super) chosen: Vec<i64>,
    /// The virtual time.
    pub(super) at: i64,
    /// Whether a job that was not looked at might have had its turn.
    pub(super) short: bool,
}

/// Chooses at most `limit` jobs: start-time fair queueing (Goyal, Vin, Cheng 1996). Each job moves its queue on by
/// its length, one turn divided by the weight, and the queue that is the furthest behind comes next. A queue
/// that was empty begins at the virtual time of now, `at`: it saves nothing up while it has nothing to do.
///
/// Jobs of priority [`BACKGROUND`] have no turn while another is due.
///
/// Leaves in each line where its queue has come to.
pub(super) fn choose(lines: &mut [Line], mut at: i64, limit: usize) -> Choice {
    let (mut chosen, mut short) = (Vec::new(), false);
    while chosen.len() < limit {
        let heads = lines.iter().filter_map(|line| line.jobs.last());
        // What nobody waits for has its turn where nothing else is due, in no queue.
        let background = heads.clone().all(|due| due.priority >= BACKGROUND);
        let takes_part = |due: &Due| background || due.priority < BACKGROUND;
        let behind = lines.iter().filter(|line| line.jobs.last().is_some_and(takes_part));
        let Some(behind) = behind.map(|line| line.at).min() else { break };
        at = at.max(behind);
        let next = lines
            .iter_mut()
            .filter_map(|line| {
                let due = *line.jobs.last().filter(|due| takes_part(due))?;
                line.at = line.at.max(at);
                let haste = if due.priority <= 1 { HASTE } else { 0 };
                Some(((line.at - haste, due.priority, due.run_at, due.job), due.cut, line))
            })
            .min_by_key(|(key, ..)| *key);
        let Some(((_, _, _, job), cut, line)) = next else { break };
        line.jobs.pop();
        line.at += TURN / i64::from(line.weight.max(1));
        chosen.push(job);
        short |= cut && chosen.len() < limit;
    }
    Choice { chosen, at, short }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue with jobs `first..first + n` of this priority.
    fn line(weight: u32, at: i64, first: i64, n: i64, priority: u8) -> Line {
        let jobs = (first..first + n)
            .rev()
            .map(|job| Due { job, priority, run_at: job, cut: false })
            .collect();
        Line { weight, at, jobs }
    }

    #[test]
    fn queues_take_turns_by_weight() {
        let mut lines = [line(1, 0, 0, 100, 3), line(2, 0, 1000, 100, 3)];
        let Choice { chosen, .. } = choose(&mut lines, 0, 30);
        assert_eq!(chosen.iter().filter(|job| **job >= 1000).count(), 20);
        assert!(chosen[..3].iter().any(|job| *job < 1000), "{chosen:?}");
    }

    #[test]
    fn who_comes_late_is_next_and_saves_nothing_up() {
        let mut lines = [line(1, 0, 0, 100_000, 3)];
        let Choice { at, .. } = choose(&mut lines, 0, 5_000);
        let mut lines = [lines[0].clone(), line(1, 0, 200_000, 3, 3)];
        let Choice { chosen, .. } = choose(&mut lines, at, 8);
        assert!(chosen[..2].contains(&200_000), "{chosen:?}");
        let late: Vec<_> = chosen.iter().filter(|job| **job >= 200_000).collect();
        assert!(!chosen[..4].ends_with(&[200_000, 200_001, 200_002]), "{chosen:?}");
        assert_eq!(late.len(), 3);
    }

    #[test]
    fn people_go_first_but_not_for_ever() {
        let mut lines = [line(1, 0, 0, 1000, 3), line(1, 0, 5000, 1000, 1)];
        let Choice { chosen, .. } = choose(&mut lines, 0, 300);
        assert!(chosen[..60].iter().all(|job| *job >= 5000), "a person waits");
        let bulk = chosen.iter().filter(|job| **job < 5000).count();
        assert!((100..150).contains(&bulk), "{bulk}");
    }

    #[test]
    fn what_nobody_waits_for_has_no_turn_while_something_is_due() {
        // The one queue is far behind, and yet the other goes first.
        let mut lines = [line(1, 0, 0, 100, 4), line(1, 50 * TURN, 500, 20, 3)];
        let Choice { chosen, .. } = choose(&mut lines, 0, 30);
        assert!(chosen[..20].iter().all(|job| *job >= 500), "{chosen:?}");
        assert_eq!(chosen[20..], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let mut lines = [line(1, 0, 0, 9, 4), line(2, 0, 100, 9, 4)];
        let Choice { chosen, .. } = choose(&mut lines, 0, 6);
        assert_eq!(chosen.iter().filter(|job| **job >= 100).count(), 4, "turns among themselves");
    }

    #[test]
    fn nothing_is_left_while_something_is_asked_for() {
        let mut lines = [line(1, 0, 0, 3, 3), line(7, 5 * TURN, 10, 2, 1), line(1, 0, 20, 0, 3)];
        let Choice { mut chosen, .. } = choose(&mut lines, 0, 99);
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 1, 2, 10, 11]);
    }

    #[test]
    fn it_says_when_it_would_have_to_look_further() {
        let mut cut = line(1, 0, 0, 4, 3);
        cut.jobs[0].cut = true;
        let all = [cut, line(1, 0, 100, 100, 3)];
        assert!(!choose(&mut all.clone(), 0, 6).short, "three of each");
        let choice = choose(&mut all.clone(), 0, 10);
        assert!(choice.short && choice.chosen.len() == 10, "{choice:?}");
        assert!(!choose(&mut all[..1].to_vec(), 0, 4).short, "the last one was the last asked for");
    }
}
