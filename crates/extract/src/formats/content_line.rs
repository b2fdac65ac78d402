//! The lines of calendars and cards (RFC 5545 and 6350): a name with parameters, and a value.

use std::borrow::Cow;

/// The bytes without the ends of lines that the next goes on from: they are folded after so many bytes, and a character
/// may stand on both sides (RFC 5545, section 3.1, and RFC 6350, section 3.2).
pub(super) fn unfolded_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_fold = |at: usize| {
        bytes.get(at) == Some(&b'\n') && matches!(bytes.get(at + 1), Some(b' ' | b'\t'))
    };
    if !(0..bytes.len()).any(is_fold) {
        return Cow::Borrowed(bytes);
    }
    let mut whole = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if is_fold(at) {
            // The end of a line in two bytes.
            whole.pop_if(|last| *last == b'\r');
            at += 2;
        } else {
            whole.push(*byte);
            at += 1;
        }
    }
    Cow::Owned(whole)
}

/// The lines of content: one that begins with a blank goes on from the one before (RFC 5545, section 3.1).
pub(super) fn unfolded(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while let Some(next) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            line.push_str(next.get(1..).unwrap_or_default());
        }
        Some(line)
    })
}

/// Name with parameters, and value: the first colon outside of quotes stands between them.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

/// A value without its escapes (RFC 5545, section 3.3.11).
pub(super) fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            c => text.push(c),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_a_fold_tears_is_whole() {
        let (first, second) = "A:가나".as_bytes().split_at(6);
        for end in ["\n ", "\r\n\t"] {
            let folded = [first, end.as_bytes(), second, b"\r\nB:1\r\n"].concat();
            assert_eq!(&*unfolded_bytes(&folded), "A:가나\r\nB:1\r\n".as_bytes());
        }
        assert!(matches!(unfolded_bytes(b"A:1\r\nB:2\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_are_unfolded_and_values_unescaped() {
        let lines: Vec<_> = unfolded("A:1\r\n 2\r\nB;X=\"a:b\":c\\, d\\ne\r\n").collect();
        assert_eq!(lines, ["A:12", "B;X=\"a:b\":c\\, d\\ne"]);
        assert_eq!(split(&lines[1]), Some(("B;X=\"a:b\"", "c\\, d\\ne")));
        assert_eq!(unescaped("c\\, d\\ne\\"), "c, d\ne");
    }
}
