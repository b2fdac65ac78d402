//! Parts of addresses.

/// Percent-encodes all but the unreserved characters of RFC 3986 (section 2.3) and those in `keep`.
pub(crate) fn percent(text: &str, keep: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A query string of pairs, blank values left out; begins with `?` unless it is empty.
pub(crate) fn query_string(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&percent(value, b""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encodes_bytes() {
        assert_eq!(percent("가 a/b", b"/"), "%EA%B0%80%20a/b");
    }

    #[test]
    fn blank_values_are_left_out() {
        assert_eq!(
            query_string(&[("q", "안 전"), ("sort", ""), ("limit", "5")]),
            "?q=%EC%95%88%20%EC%A0%84&limit=5"
        );
        assert_eq!(query_string(&[("q", "")]), "");
    }
}
