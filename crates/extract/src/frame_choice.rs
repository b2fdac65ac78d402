//! Which frames of a film stand for it: a few key frames, spread over its length and rather behind a cut than before one,
//! without those that show the same again.

use crate::glimpse::Glimpse;

/// Frames of one film, however long.
const MOST: usize = 32;

/// Frames of a film of one minute; of a longer one there are more, but not as many more as it is longer.
const OF_A_MINUTE: f64 = 4.0;
const GROWS_BY: f64 = 0.6;

/// Seconds below which a film has one frame: it is a clip, which whoever wants to see it plays.
const CLIP: f64 = 10.0;

/// How far into a clip its frame is taken, beyond the black start and the title; and where else it is looked for if there
/// is nothing to see.
const OF_A_CLIP: [f64; 3] = [0.1, 0.5, 0.9];

/// How many frames a film of so many seconds has at most.
fn count(seconds: f64) -> usize {
    if !seconds.is_finite() || seconds < CLIP {
        return 1;
    }
    let count = OF_A_MINUTE * (seconds / 60.0).powf(GROWS_BY);
    (count.round() as usize).clamp(1, MOST)
}

/// Where the frames are taken, each with where else if that one does not do: one in each of as many equal parts as there
/// are frames. `keys` are the times of all key frames, as far as they are known.
pub(crate) fn plan(seconds: f64, keys: &[f64]) -> Vec<Vec<f64>> {
    let count = count(seconds);
    if count == 1 {
        let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        let mut places = OF_A_CLIP.map(|part| seconds * part).to_vec();
        places.push(0.0);
        return vec![places];
    }
    let length = seconds / count as f64;
    let mut ordered: Vec<f64> = keys.iter().copied().filter(|time| time.is_finite()).collect();
    ordered.sort_by(f64::total_cmp);
    let gaps: Vec<f64> = ordered.windows(2).map(span).collect();
    let usual = usual(&gaps);
    let part = |n: usize| {
        let (start, end) = (n as f64 * length, (n + 1) as f64 * length);
        let middle = (start + end) / 2.0;
        let from = ordered.partition_point(|time| *time < start);
        let to = ordered.partition_point(|time| *time < end);
        if ordered.is_empty() {
            return Some(vec![middle]);
        }
        // What encoders insert out of turn stands behind a cut.
        let is_cut = |at: usize| {
            at.checked_sub(1).and_then(|gap| gaps.get(gap)).is_some_and(|gap| *gap < usual * 0.9)
        };
        let rank = |at: &usize| {
            let off = ordered.get(*at).map_or(f64::MAX, |time| (time - middle).abs());
            (!is_cut(*at), off)
        };
        let best = (from..to).min_by(|a, b| {
            let ((a, off_a), (b, off_b)) = (rank(a), rank(b));
            a.cmp(&b).then(off_a.total_cmp(&off_b))
        });
        best.and_then(|at| ordered.get(at)).map(|time| vec![*time])
    };
    let mut places: Vec<Vec<f64>> = (0..count).filter_map(part).collect();
    if places.is_empty() {
        places.push(vec![seconds / 10.0, 0.0]);
    }
    places
}

fn span(pair: &[f64]) -> f64 {
    match pair {
        [a, b] => b - a,
        _ => 0.0,
    }
}

/// The gap that most key frames keep.
fn usual(gaps: &[f64]) -> f64 {
    let mut gaps = gaps.to_vec();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(0.0)
}

/// Which of these pictures stands for the film: the first on which nearly as much is to be seen as on the best.
pub(crate) fn representative(glimpses: &[&Glimpse]) -> Option<usize> {
    let best = glimpses.iter().map(|it| it.contrast()).max()?;
    glimpses.iter().position(|it| it.contrast() * 5 >= best * 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_films_have_more_frames_but_never_many() {
        let counts = [0.0, 1.0, 9.9, 30.0, 60.0, 600.0, 3600.0, 1e9, f64::NAN, f64::INFINITY];
        let counts = counts.map(count);
        assert_eq!(counts, [1, 1, 1, 3, 4, 16, 32, 32, 1, 1]);
    }

    #[test]
    fn frames_are_spread_and_stand_behind_cuts() {
        // A key frame each two seconds, and one at a cut that comes out of turn.
        let mut keys: Vec<f64> = (0..26).map(|n| f64::from(n) * 2.0).collect();
        keys.extend((0..274).map(|n| 51.3 + f64::from(n) * 2.0));
        let places: Vec<f64> = plan(600.0, &keys).into_iter().map(|it| it[0]).collect();
        assert_eq!(places.len(), 16);
        assert!(places.contains(&51.3), "{places:?}");
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        assert!(places.iter().all(|time| keys.contains(time)), "{places:?}");
        // Without an index in the middle of each part.
        let places = plan(60.0, &[]);
        assert_eq!(places, [[7.5], [22.5], [37.5], [52.5]]);
        // All key frames at the start: there are no others.
        assert_eq!(plan(600.0, &[0.0]), [[0.0]]);
        assert_eq!(plan(600.0, &[700.0]), [[60.0, 0.0]]);
        assert_eq!(plan(5.0, &[0.0]).len(), 1);
        assert_eq!(plan(f64::NAN, &[f64::NAN]), [[0.0, 0.0, 0.0, 0.0]]);
    }

    #[test]
    fn a_black_frame_stands_for_nothing_where_there_is_another() {
        let glimpse = |ink: &dyn Fn(u32) -> u8| {
            let pixels: Vec<u8> = (0..270).flat_map(|_| 0..480).flat_map(|x| [ink(x); 3]).collect();
            Glimpse::of(480, 270, &pixels)
        };
        let (black, street) = (glimpse(&|_| 0), glimpse(&|x| (x / 2) as u8));
        let brighter = glimpse(&|x| if x < 60 { 200 } else { (x / 2) as u8 });
        assert_eq!(representative(&[&black, &street, &brighter]), Some(1));
        assert_eq!(representative(&[&black]), Some(0));
        assert_eq!(representative(&[]), None);
    }
}
