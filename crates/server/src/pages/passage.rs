//! Passages of texts: what stands there, and where that is.

use std::fmt;

use madang_document::content::{Origin, Segment};
use madang_document::locator::Locator;
use madang_document::shown::Shown;
use madang_index::query::Snippet;
use maud::{Markup, html};

use crate::pages::words::Words;

/// As [`Shown`], but line breaks and tabs stay: they are part of a text.
#[derive(Debug)]
pub(crate) struct ShownText(String);

impl ShownText {
    pub(crate) fn new(text: &str) -> ShownText {
        let mut shown = String::with_capacity(text.len());
        for piece in text.split_inclusive(['\n', '\t']) {
            let line = piece.trim_end_matches(['\n', '\t']);
            shown.push_str(Shown::new(line).as_str());
            shown.push_str(piece.get(line.len()..).unwrap_or_default());
        }
        ShownText(shown)
    }
}

impl fmt::Display for ShownText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A passage with its highlights as elements around pieces of text.
pub(crate) fn highlighted(snippet: &Snippet) -> Markup {
    let pieces = pieces(snippet);
    html! {
        @for (piece, marked) in &pieces {
            @if *marked { mark { (piece) } } @else { (piece) }
        }
    }
}

/// Cuts a passage at its highlights, which count Unicode scalar values. Ranges that are out of order or
/// out of bounds are left unmarked: no text is lost over them.
fn pieces(snippet: &Snippet) -> Vec<(ShownText, bool)> {
    let chars: Vec<char> = snippet.text.chars().collect();
    let text = |from: usize, to: usize| {
        ShownText::new(&chars.get(from..to).unwrap_or_default().iter().collect::<String>())
    };
    let mut pieces = Vec::new();
    let mut at = 0;
    for &(start, end) in &snippet.highlights {
        let end = end.min(chars.len());
        if start < at || start >= end {
            continue;
        }
        if start > at {
            pieces.push((text(at, start), false));
        }
        pieces.push((text(start, end), true));
        at = end;
    }
    if at < chars.len() {
        pieces.push((text(at, chars.len()), false));
    }
    pieces
}

/// A place in a document in words.
pub(crate) fn place(words: Words, locator: &Locator) -> Option<Shown> {
    Some(Shown::new(&locator.words(words.0)?))
}

/// How a segment was read, where that is not from stored text.
pub(crate) fn origin(words: Words, segment: &Segment) -> String {
    let who = match segment.origin {
        Origin::Native => "",
        Origin::Ocr => words.say("문자 인식", "text recognition"),
        Origin::Speech => words.say("음성 인식", "speech recognition"),
        Origin::Subtitle => words.say("자막", "subtitle"),
    };
    match segment.confidence {
        Some(sure) => format!("{who} {:.0}%", sure.clamp(0.0, 1.0) * 100.0),
        None => who.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highlights_are_elements_around_escaped_text() {
        let snippet = Snippet {
            text: "<b>안전</b> & 점검".into(),
            highlights: vec![(3, 5), (4, 6), (12, 99), (50, 60)],
        };
        assert_eq!(
            highlighted(&snippet).into_string(),
            "&lt;b&gt;<mark>안전</mark>&lt;/b&gt; &amp; <mark>점검</mark>"
        );
    }

    #[test]
    fn a_text_keeps_its_lines_and_nothing_else_that_hides() {
        let text = "a\tb\n\nc\u{202e}d\re\n";
        assert_eq!(ShownText::new(text).to_string(), "a\tb\n\nc\\u{202e}d␍e\n");
    }
}
