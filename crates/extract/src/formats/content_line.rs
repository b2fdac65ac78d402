//! The lines of calendars and cards (RFC 5545 and 6350): a name with parameters, and a value.

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
    fn lines_are_unfolded_and_values_unescaped() {
        let lines: Vec<_> = unfolded("A:1\r\n 2\r\nB;X=\"a:b\":c\\, d\\ne\r\n").collect();
        assert_eq!(lines, ["A:12", "B;X=\"a:b\":c\\, d\\ne"]);
        assert_eq!(split(&lines[1]), Some(("B;X=\"a:b\"", "c\\, d\\ne")));
        assert_eq!(unescaped("c\\, d\\ne\\"), "c, d\ne");
    }
}
