//! The lines of calendars and cards (RFC 5545 and 6350): a name with parameters, and a value.

use std::borrow::Cow;

use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use crate::encoding::decode_declared;

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

/// The lines of the oldest calendars and cards (vCalendar 1.0, vCard 2.1), too: a value of theirs in quoted-printable goes on with the
/// next line where an equals sign ends it.
pub(super) fn whole_lines(text: &str) -> impl Iterator<Item = String> {
    const LONGEST: usize = 1 << 20;
    let mut lines = unfolded(text);
    std::iter::from_fn(move || {
        let mut line = lines.next()?;
        let is_coded = split(&line).is_some_and(|(name, _)| is_quoted_printable(name));
        while is_coded && line.ends_with('=') && line.len() < LONGEST {
            let Some(next) = lines.next() else { break };
            line.pop();
            line.push_str(&next);
        }
        Some(line)
    })
}

fn is_quoted_printable(parameters: &str) -> bool {
    parameters.to_ascii_uppercase().contains("QUOTED-PRINTABLE")
}

/// A value decoded from the encoding that its parameters name.
pub(super) fn decoded<'a>(parameters: &str, value: &'a str) -> Cow<'a, str> {
    let bytes = Some(value.as_bytes()).filter(|_| is_quoted_printable(parameters));
    let Some(bytes) = bytes.and_then(quoted_printable_decode) else { return value.into() };
    let upper = parameters.to_ascii_uppercase();
    let charset = upper.split(';').find_map(|one| one.strip_prefix("CHARSET="));
    decode_declared(&bytes, charset).text.into()
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
    fn values_in_quoted_printable_go_on_behind_an_equals_sign() {
        let text = "A;ENCODING=QUOTED-PRINTABLE:=EC=9E=AC=EB=82=9C =\r\n=ED=9A=8C=EC=9D=98\r\nB:1=\r\n2\r\nC;quoted-printable:x=";
        let lines: Vec<_> = whole_lines(text).collect();
        assert_eq!(
            lines,
            [
                "A;ENCODING=QUOTED-PRINTABLE:=EC=9E=AC=EB=82=9C =ED=9A=8C=EC=9D=98",
                "B:1=",
                "2",
                "C;quoted-printable:x="
            ]
        );
        let (name, value) = split(&lines[0]).unwrap();
        assert_eq!(decoded(name, value), "재난 회의");
        assert_eq!(decoded("A;CHARSET=EUC-KR;QUOTED-PRINTABLE", "=C8=AB"), "홍");
        assert_eq!(decoded("B", "=C8=AB"), "=C8=AB");
    }

    #[test]
    fn lines_are_unfolded_and_values_unescaped() {
        let lines: Vec<_> = unfolded("A:1\r\n 2\r\nB;X=\"a:b\":c\\, d\\ne\r\n").collect();
        assert_eq!(lines, ["A:12", "B;X=\"a:b\":c\\, d\\ne"]);
        assert_eq!(split(&lines[1]), Some(("B;X=\"a:b\"", "c\\, d\\ne")));
        assert_eq!(unescaped("c\\, d\\ne\\"), "c, d\ne");
    }
}
