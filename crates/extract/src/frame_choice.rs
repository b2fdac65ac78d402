//! Which frames of a film are looked at and which stand for it: key frames, spread over its length and rather behind a cut
//! than before one.

use crate::glimpse::Glimpse;

/// Frames that stand for one film, however long.
const SHOWN_MOST: usize = 32;

/// Frames that are looked at of one film, however long.
const LOOKED_MOST: usize = 240;

/// Seconds up to which a film is looked at closely, and so many frames of it; one of up to four minutes less closely the longer
/// it is.
const CLOSE: f64 = 150.0;
const CLOSE_LOOKS: f64 = 64.0;

/// Seconds from one look to the next, but for cuts: what stands shorter nobody reads.
const APART: f64 = 1.0;

/// The same of a long film, as far as [`LOOKED_MOST`] goes: for 24 minutes.
const FAR_APART: f64 = 6.0;

/// Looks at a film whose key frames are not known: each is a search for one. Of one minute this many, if no more; of a longer
/// film more, but not as many more as it is longer.
const SEARCHED_MOST: f64 = 16.0;
const SEARCHED_APART: f64 = 3.0;
const SEARCHED_OF_A_MINUTE: f64 = 4.0;
const SEARCHED_GROWS_BY: f64 = 0.6;

/// Seconds without a key frame that are many: encoders make one each ten, and at cuts, unless they were told to make none.
const SPARSE: f64 = 12.0;

/// Seconds from one look to the next where there is no key frame for long, and looks there.
const FOLLOWED_APART: f64 = 3.0;
const FOLLOWED_MOST: f64 = 32.0;

/// Seconds below which a film has one frame that stands for it: it is a clip, which whoever wants to see it plays.
const CLIP: f64 = 10.0;

/// Whether a film of so many seconds is a clip.
pub(crate) fn is_clip(seconds: f64) -> bool {
    !seconds.is_finite() || seconds < CLIP
}

/// Whether a film of so many seconds is looked at as closely as any.
fn is_close(seconds: f64) -> bool {
    seconds <= CLOSE
}

/// How many parts of a film of so many seconds are looked at.
fn parts(seconds: f64) -> usize {
    let close = CLOSE_LOOKS * (CLOSE / seconds).min(1.0);
    let parts = (seconds / FAR_APART).max(close).min(seconds / APART);
    (parts as usize).clamp(1, LOOKED_MOST)
}

/// The same of a film whose key frames are not known.
fn searched(seconds: f64) -> usize {
    let close = (seconds / SEARCHED_APART).min(SEARCHED_MOST);
    let far = SEARCHED_OF_A_MINUTE * (seconds / 60.0).powf(SEARCHED_GROWS_BY);
    (far.round().min(SHOWN_MOST as f64).max(close) as usize).max(1)
}

/// How long a film is, in seconds: as it says, or as far as its key frames are known; nought if neither is.
pub(crate) fn length(told: Option<f64>, keys: &[f64]) -> f64 {
    let told = told.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    let known = keys.iter().copied().filter(|key| key.is_finite());
    told.unwrap_or_else(|| known.fold(0.0, f64::max))
}

/// Where frames are looked at, in seconds: all of `keys`, the times of the key frames as far as they are known, or one in each
/// of some equal parts and those behind cuts.
pub(crate) fn plan(seconds: f64, keys: &[f64]) -> Vec<f64> {
    let mut ordered: Vec<f64> = keys.iter().copied().filter(|time| time.is_finite()).collect();
    ordered.sort_by(f64::total_cmp);
    ordered.dedup();
    let seconds = length(Some(seconds), &ordered);
    if ordered.is_empty() {
        let count = searched(seconds);
        return (0..count).map(|n| seconds * (n as f64 + 0.5) / count as f64).collect();
    }
    // Some indexes do not know the first.
    if ordered.first().is_some_and(|first| *first > 0.0) {
        ordered.insert(0, 0.0);
    }
    let count = parts(seconds);
    if ordered.len() <= count {
        return ordered;
    }
    let gaps: Vec<f64> = ordered.windows(2).map(span).collect();
    let usual = usual(&gaps);
    // What encoders insert out of turn stands behind a cut.
    let is_cut = |at: usize| {
        at.checked_sub(1).and_then(|gap| gaps.get(gap)).is_some_and(|gap| *gap < usual * 0.9)
    };
    let length = seconds / count as f64;
    let part = |n: usize| {
        let (start, end) = (n as f64 * length, (n + 1) as f64 * length);
        let middle = (start + end) / 2.0;
        let from = ordered.partition_point(|time| *time < start);
        let to = ordered.partition_point(|time| *time < end);
        let rank = |at: &usize| {
            let off = ordered.get(*at).map_or(f64::MAX, |time| (time - middle).abs());
            (!is_cut(*at), off)
        };
        (from..to).min_by(|a, b| {
            let ((a, off_a), (b, off_b)) = (rank(a), rank(b));
            a.cmp(&b).then(off_a.total_cmp(&off_b))
        })
    };
    let mut taken: Vec<usize> = (0..count).filter_map(part).collect();
    let others = (0..ordered.len()).filter(|at| is_cut(*at) && !taken.contains(at)).collect();
    let most = if is_close(seconds) { CLOSE_LOOKS as usize } else { LOOKED_MOST };
    taken.extend(spread(others, most.saturating_sub(taken.len())));
    taken.sort_unstable();
    taken.into_iter().filter_map(|at| ordered.get(at).copied()).collect()
}

/// Where frames are looked at behind the key frame at `place` in seconds, of all of `keys`, in a film that ends then: nowhere if the next is as
/// near as is usual.
pub(crate) fn between(place: f64, keys: &[f64], end: f64) -> Vec<f64> {
    if keys.is_empty() {
        return Vec::new();
    }
    let behind = keys.iter().copied().filter(|key| *key > place + 0.001);
    let length = behind.fold(end, f64::min) - place;
    if !length.is_finite() || length <= SPARSE {
        return Vec::new();
    }
    let count = (length / FOLLOWED_APART).min(FOLLOWED_MOST).floor();
    (1..=count as u32).map(|n| place + length * f64::from(n) / (count + 1.0)).collect()
}

/// As many of these as may be, spread over them, the first and the last among them.
fn spread<T: Clone>(all: Vec<T>, most: usize) -> Vec<T> {
    if all.len() <= most {
        return all;
    }
    let step = |n: usize| n * (all.len() - 1) / most.saturating_sub(1).max(1);
    (0..most).filter_map(|n| all.get(step(n)).cloned()).collect()
}

/// Which of so many frames stand for the film.
pub(crate) fn shown(count: usize) -> Vec<usize> {
    spread((0..count).collect(), SHOWN_MOST)
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
    fn a_short_film_is_looked_at_closely_and_no_film_more_often_than_may_be() {
        let counts = [0.0, 1.0, 9.9, 30.0, 60.0, 180.0, 300.0, 600.0, 3600.0, 1e9];
        assert_eq!(counts.map(parts), [1, 1, 9, 30, 60, 53, 50, 100, 240, 240]);
        assert_eq!(counts.map(searched), [1, 1, 3, 10, 16, 16, 16, 16, 32, 32]);
        assert_eq!(shown(3), [0, 1, 2]);
        let shown = shown(64);
        assert_eq!((shown.len(), shown[0], shown[31]), (32, 0, 63));
    }

    #[test]
    fn each_key_frame_of_a_short_film_is_looked_at_however_close_they_are() {
        let slides = [0.0, 5.92, 11.92, 17.92, 19.0];
        assert_eq!(plan(20.0, &slides), slides);
        assert_eq!(plan(9.0, &[0.0, 4.0]), [0.0, 4.0]);
        // Unless each frame is one.
        let all: Vec<f64> = (0..750).map(|n| f64::from(n) / 25.0).collect();
        assert_eq!(plan(30.0, &all).len(), 30);
    }

    #[test]
    fn frames_are_spread_and_stand_behind_cuts() {
        // A key frame each two seconds, and three at cuts that come out of turn, two of them in one part of the film.
        let cuts = [51.3, 452.1, 460.9];
        let mut keys: Vec<f64> = (0..300).map(|n| f64::from(n) * 2.0).collect();
        keys.extend(cuts);
        let places = plan(600.0, &keys);
        assert!(places.len() >= 100 && places.len() <= 103, "{places:?}");
        assert!(cuts.iter().all(|cut| places.contains(cut)), "{places:?}");
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] < 12.0), "{places:?}");
        assert!(places.iter().all(|time| keys.contains(time)), "{places:?}");
        // However many cuts there are.
        keys.extend((0..200).map(|n| f64::from(n) * 2.0 + 0.3));
        assert!((200..=LOOKED_MOST).contains(&plan(600.0, &keys).len()));
        let all: Vec<f64> = (0..9000).map(|n| f64::from(n) / 2.0 + f64::from(n % 3)).collect();
        assert!(plan(4500.0, &all).len() <= LOOKED_MOST);
        // Without an index in the middle of each part.
        assert_eq!(plan(9.0, &[]), [1.5, 4.5, 7.5]);
        // All key frames at the start, or behind the end: there are no others.
        assert_eq!(plan(600.0, &[0.0]), [0.0]);
        assert_eq!(plan(600.0, &[700.0]), [0.0, 700.0]);
        assert_eq!(plan(f64::NAN, &[f64::NAN]), [0.0]);
        assert_eq!(plan(0.0, &[0.0, 4.0]), [0.0, 4.0]);
        for (told, keys, expected) in [
            (Some(9.0), &[0.0, 4.0][..], 9.0),
            (None, &[0.0, 400.0], 400.0),
            (Some(f64::NAN), &[f64::NAN, 3.0], 3.0),
            (None, &[], 0.0),
        ] {
            assert_eq!(length(told, keys), expected);
        }
    }

    #[test]
    fn what_has_no_key_frame_for_long_is_looked_at_between() {
        assert!(between(0.0, &[0.0], 10.0).is_empty());
        assert!(between(0.0, &[0.0, 10.0, 20.0], 300.0).is_empty());
        assert_eq!(between(20.0, &[0.0, 10.0, 20.0], 35.0), [22.5, 25.0, 27.5, 30.0, 32.5]);
        assert_eq!(between(0.0, &[0.0], 3600.0).len(), 32);
        assert!(between(0.0, &[], 3600.0).is_empty());
        assert!(between(0.0, &[0.0], f64::NAN).is_empty());
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
