//! Runs of NULs in logs: where a file was to grow when the power went.

use std::borrow::Cow;

/// The bytes without the NULs that a crash leaves in a log: a few long runs, and what fills the end. None if there are more
/// of them, or nothing else; single ones are left to be counted.
pub(super) fn closed(head: &[u8]) -> Option<Cow<'_, [u8]>> {
    const LONG: usize = 16;
    const MOST: usize = 4;
    const LEAST: usize = 4;
    if !head.contains(&0) {
        return Some(head.into());
    }
    let mut text = Vec::with_capacity(head.len());
    let mut rest = head;
    let mut gaps = 0;
    while let Some(at) = rest.iter().position(|b| *b == 0) {
        let (before, gap) = rest.split_at(at);
        text.extend_from_slice(before);
        let length = gap.iter().take_while(|b| **b == 0).count();
        let (gap, after) = gap.split_at(length);
        rest = after;
        if length < LONG && !after.is_empty() {
            text.extend_from_slice(gap);
        } else {
            gaps += 1;
        }
        if gaps > MOST {
            return None;
        }
    }
    text.extend_from_slice(rest);
    // Two bytes before nothing are the mark of some format.
    (text.trim_ascii().len() >= LEAST).then_some(text.into())
}

/// The bytes without their NULs, and how many there were. A run of them between letters was a gap, which stays one: records
/// of fixed lengths are filled with them. What is filled up to a sign between fields needs none.
pub(super) fn without_nuls(bytes: &[u8]) -> (Vec<u8>, usize) {
    const GAP: usize = 4;
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut left_out = 0;
    while let Some(at) = rest.iter().position(|b| *b == 0) {
        let (before, gap) = rest.split_at(at);
        text.extend_from_slice(before);
        let length = gap.iter().take_while(|b| **b == 0).count();
        rest = gap.get(length..).unwrap_or_default();
        left_out += length;
        let is_apart = |byte: &u8| byte.is_ascii_whitespace() || b",;|\"".contains(byte);
        let is_between = |byte: Option<&u8>| byte.is_some_and(|byte| !is_apart(byte));
        if length >= GAP && is_between(text.last()) && is_between(rest.first()) {
            text.push(b' ');
        }
    }
    text.extend_from_slice(rest);
    (text, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_stays_one_between_letters_only() {
        for (bytes, text, count) in [
            (b"ab\0\0\0\0,1\0".as_slice(), b"ab,1".as_slice(), 5),
            (b"ab\0\0\0\0cd\0\0\0\0\n", b"ab cd\n", 8),
            (b"\0\0\0\0ab\0cd", b"abcd", 5),
        ] {
            assert_eq!(without_nuls(bytes), (text.to_vec(), count));
        }
    }
}
