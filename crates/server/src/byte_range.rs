use std::ops::Range;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

/// What a request asks for of so many bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All of them; several ranges or another unit, too: the whole is a right answer (RFC 9110, section 14.2).
    Whole,
    /// This part.
    Part(Range<u64>),
    /// Nothing that exists: 416.
    Beyond,
}

impl Asked {
    /// What these headers ask for of `size` bytes with this validator. A range of what has another one by now is not
    /// heeded (RFC 9110, section 13.1.5); a date is no validator of ours.
    pub(crate) fn of(headers: &HeaderMap, size: u64, tag: &str) -> Asked {
        let same =
            headers.get(header::IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes());
        let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
        match range {
            Some(range) if same => read(range, size),
            _ => Asked::Whole,
        }
    }

    /// The status of the answer, and the part of the bytes that it holds; what it says of that goes to its headers.
    pub(crate) fn answer(self, size: u64, headers: &mut HeaderMap) -> (StatusCode, Range<u64>) {
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let (status, part) = match self {
            Asked::Whole => (StatusCode::OK, 0..size),
            Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
            Asked::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
        };
        let of = match status {
            StatusCode::PARTIAL_CONTENT => {
                Some(format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1)))
            }
            StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{size}")),
            _ => None,
        };
        if let Some(of) = of.and_then(|of| HeaderValue::from_str(&of).ok()) {
            headers.insert(header::CONTENT_RANGE, of);
        }
        if status != StatusCode::RANGE_NOT_SATISFIABLE {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
        }
        (status, part)
    }
}

fn read(value: &str, size: u64) -> Asked {
    let Some((first, last)) = value.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Asked::Whole;
    };
    let part = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(last)) if first.trim().is_empty() => size.saturating_sub(last)..size,
        _ => return Asked::Whole,
    };
    if part.start < part.end { Asked::Part(part) } else { Asked::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (value, expected) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=6-99", Asked::Part(6..10)),
            ("bytes=6-", Asked::Part(6..10)),
            ("bytes=-4", Asked::Part(6..10)),
            ("bytes=-40", Asked::Part(0..10)),
            ("bytes=10-", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=0-1,4-5", Asked::Whole),
            ("bytes=5-4", Asked::Whole),
            ("lines=1-2", Asked::Whole),
            ("bytes=0-18446744073709551615", Asked::Part(0..10)),
        ] {
            assert_eq!(read(value, 10), expected, "{value}");
        }
    }

    #[test]
    fn a_range_of_what_has_changed_since_is_the_whole() {
        for (known, expected) in [
            (None, Asked::Part(2..10)),
            (Some("\"a\""), Asked::Part(2..10)),
            (Some("\"b\""), Asked::Whole),
            (Some("W/\"a\""), Asked::Whole),
            (Some("Fri, 27 Nov 2026 06:00:00 GMT"), Asked::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static("bytes=2-"));
            if let Some(known) = known {
                headers.insert(header::IF_RANGE, HeaderValue::from_static(known));
            }
            assert_eq!(Asked::of(&headers, 10, "\"a\""), expected, "{known:?}");
        }
    }
}
