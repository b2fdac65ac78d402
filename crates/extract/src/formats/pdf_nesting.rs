//! How deep the arrays and dictionaries of a PDF lie in one another. The text engine descends into them by
//! recursion without a bound, and a file of a few kilobytes can thus exhaust the stack, which no
//! `catch_unwind` survives.

/// Real files stay below 30; recursion fails in the thousands.
const DEEPEST: u32 = 500;

/// Whether arrays or dictionaries lie more than some hundreds deep in one another. Looks only at objects in the
/// open: object streams are compressed.
pub(super) fn is_too_deep(bytes: &[u8]) -> bool {
    let mut depth = 0u32;
    let mut rest = bytes;
    // Without this a file of many `stream` and no `endstream` would be searched to its end many times.
    let mut ends_left = true;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'[' => depth += 1,
            b'<' if after.first() == Some(&b'<') => {
                depth += 1;
                rest = after.get(1..).unwrap_or_default();
            }
            b']' => depth = depth.saturating_sub(1),
            b'>' if after.first() == Some(&b'>') => {
                depth = depth.saturating_sub(1);
                rest = after.get(1..).unwrap_or_default();
            }
            // Between objects nothing is open, whatever unbalanced strings made us count.
            b'e' if after.starts_with(b"ndobj") => depth = 0,
            b's' if ends_left
                && (after.starts_with(b"tream\r") || after.starts_with(b"tream\n")) =>
            {
                match after_stream(after) {
                    Some(after) => rest = after,
                    None => ends_left = false,
                }
            }
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// What follows the next `endstream`.
fn after_stream(bytes: &[u8]) -> Option<&[u8]> {
    const END: &[u8] = b"endstream";
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&b| b == b'e') {
        rest = rest.get(at..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix(END) {
            return Some(after);
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_deep_objects_from_noise() {
        let deep = |open: &str| format!("1 0 obj {} endobj", open.repeat(1000));
        assert!(is_too_deep(deep("[").as_bytes()));
        assert!(is_too_deep(deep("<</A").as_bytes()));
        assert!(!is_too_deep(deep("[]<<>>").as_bytes()));
        assert!(!is_too_deep("1 0 obj ([) endobj\n".repeat(1000).as_bytes()));
        let stream = format!("<<>> stream\n{}\nendstream endobj", "[".repeat(1000));
        assert!(!is_too_deep(stream.as_bytes()));
        assert!(is_too_deep(format!("stream\n{}", "[".repeat(1000)).as_bytes()));
    }
}
