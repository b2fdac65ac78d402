//! Ranges of codes, of which a map may put one over another.

/// Ranges none of which lies over another: the first code, the last, and the place of the given range that holds there.
/// Where several hold a code, it is the one that begins last; of those that begin at the same code, the later one.
pub(super) fn disjoint(ranges: &[(u32, u32)]) -> Vec<(u32, u32, usize)> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|at| ranges.get(*at).map(|range| range.0));
    let mut parts = Vec::with_capacity(ranges.len());
    // Ranges that began and may still go on, and the first code for which nothing is said so far.
    let mut open: Vec<(u32, usize)> = Vec::new();
    let mut next = 0u64;
    for at in order {
        let Some(&(first, last)) = ranges.get(at) else { continue };
        go_on(&mut open, &mut next, u64::from(first), &mut parts);
        open.push((last, at));
    }
    go_on(&mut open, &mut next, u64::from(u32::MAX) + 1, &mut parts);
    parts
}

/// Puts down what holds of the codes before `end`.
fn go_on(
    open: &mut Vec<(u32, usize)>,
    next: &mut u64,
    end: u64,
    parts: &mut Vec<(u32, u32, usize)>,
) {
    while let Some(&(last, at)) = open.last().filter(|_| *next < end) {
        if u64::from(last) >= *next {
            let until = u64::from(last).min(end - 1);
            if let (Ok(first), Ok(last)) = (u32::try_from(*next), u32::try_from(until)) {
                parts.push((first, last, at));
            }
            *next = until + 1;
        }
        if u64::from(last) < *next {
            open.pop();
        }
    }
    *next = end;
}

/// The place of the range that holds a code, among ranges that [`disjoint`] made.
pub(super) fn find(parts: &[(u32, u32, usize)], code: u32) -> Option<usize> {
    let after = parts.partition_point(|(first, ..)| *first <= code);
    let (_, last, at) = parts.get(after.checked_sub(1)?)?;
    (code <= *last).then_some(*at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_that_begins_last_counts() {
        let ranges = [(0, 0xFFFF), (5, 5), (3, 8), (3, 4), (20, 30), (25, 40)];
        let parts = disjoint(&ranges);
        let found = |code| find(&parts, code);
        assert_eq!([2, 3, 4, 5, 6, 8, 9].map(found), [0, 3, 3, 1, 2, 2, 0].map(Some));
        assert_eq!([20, 24, 25, 30, 40, 41, 0xFFFF].map(found), [4, 4, 5, 5, 5, 0, 0].map(Some));
        assert_eq!(found(0x1_0000), None);
        assert!(parts.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert_eq!(find(&disjoint(&[(7, u32::MAX), (9, 3)]), u32::MAX), Some(0));
        assert_eq!(find(&disjoint(&[]), 1), None);
    }
}
