//! Ways in which several answers are written.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madang_document::agency::Agency;
use madang_document::principal::Scope;
use serde::Serialize;

use crate::problem::Problem;

/// A JSON answer that no cache keeps: what may be seen depends on who asks.
pub(crate) fn json(value: &impl Serialize) -> Response {
    typed(value, "application/json")
}

/// As [`json`], with another media type.
pub(crate) fn typed(value: &impl Serialize, media_type: &'static str) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (
            StatusCode::OK,
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ],
            body,
        )
            .into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}

/// Marks an answer with an error status that is not a problem: a tombstone, a probe, a page that says so itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said;

/// The agencies of a scope as the ledger takes them.
pub(crate) fn agencies(scope: &Scope) -> Option<Vec<Agency>> {
    match scope {
        Scope::All => None,
        Scope::Only(agencies) => Some(agencies.iter().cloned().collect()),
    }
}

/// A path or name made safe to read: control characters, line breaks and direction overrides, with which a
/// name can pretend to be another, are shown as what they are.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\x1f' => {
                shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'));
            }
            '\x7f' => shown.push('\u{2421}'),
            c if c.is_control() || is_override(c) => {
                shown.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Whether a character changes the direction of what follows (Unicode Bidirectional Algorithm, section 2).
pub(crate) fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_in_a_name() {
        assert_eq!(visible("a\nb\u{202e}gpj.exe\u{85}"), "a␊b\\u{202e}gpj.exe\\u{85}");
        assert_eq!(visible("보고서 \"1\".hwp"), "보고서 \"1\".hwp");
    }
}
