//! Plain text in any encoding.

use std::borrow::Cow;

use madang_document::content::Content;
use madang_document::locator::Locator;

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::naming::extension;
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;
use crate::recognise::is_markup;

pub(super) const FORMAT: Format = Format {
    name: "text",
    version: 6,
    media_types: &["text/plain"],
    sniff,
    media_type: |_| "text/plain",
    extract,
};

/// Anything that reads as text. The row stands last in the table, so that it only gets what no other knows.
fn sniff(probe: &Probe<'_>) -> Match {
    if probe.text().is_some() && !is_markup(probe) { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let text = match extension(context.name).as_str() {
        "properties" => spelled_out(&decoded.text),
        _ => Cow::Borrowed(decoded.text.as_str()),
    };
    read_lines(&text, &mut content, context.limits.text, context);
    Ok(content)
}

/// Lines after which a reader says that it goes on.
const LINES_OF_PROGRESS: usize = 1 << 16;

/// Adds a text paragraph by paragraph; a paragraph ends at a blank line and is found by its first line.
pub(super) fn read_lines(text: &str, content: &mut Content, limit: u64, context: &Context<'_>) {
    let mut paragraphs = Paragraphs::new(content, limit);
    for (n, line) in text.split('\n').enumerate() {
        if n.is_multiple_of(LINES_OF_PROGRESS) {
            context.progress();
        }
        // There may be millions of them.
        if matches!(line, "" | "\r") {
            paragraphs.end();
            continue;
        }
        let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
        // A lone carriage return ends a line too, and so do a tabulation down the page, a form feed, the separators of ASCII
        // and the signs that Unicode has for it (UAX #14, BK and NL).
        let ends = ['\r', '\x0B', '\x0C', '\x1C', '\x1D', '\x1E', '\u{85}', '\u{2028}', '\u{2029}'];
        for line in line.split(ends) {
            paragraphs.line(&without_controls(line), || Locator::Paragraph { number });
        }
        if line.trim().is_empty() {
            paragraphs.end();
        }
        if paragraphs.is_full() {
            break;
        }
    }
    paragraphs.finish();
}

/// A line as a terminal shows it.
fn without_controls(line: &str) -> Cow<'_, str> {
    let is_control = |c: char| c != '\t' && (c < ' ' || c == '\x7F');
    let line = without_sequences(line);
    if !line.contains(is_control) {
        return line;
    }
    let line = if line.contains('\x08') { drawn_over(&line) } else { line.into_owned() };
    // Units of a record stand apart.
    let shown = line.chars().map(|c| if c == '\x1F' { '\t' } else { c });
    Cow::Owned(shown.filter(|c| !is_control(*c)).collect())
}

/// A line with what was drawn last at each place: a backspace goes one to the left, and what follows stands over what stood
/// there, as of a progress that counts up or a letter that is printed twice to be bold.
fn drawn_over(line: &str) -> String {
    // A wide letter stands on two places, the second of which holds none.
    let mut places: Vec<Option<char>> = Vec::new();
    let mut at = 0usize;
    for c in line.chars() {
        if c == '\x08' {
            at = at.saturating_sub(1);
            continue;
        }
        let is_wide = c >= '\u{1100}';
        let end = at + 1 + usize::from(is_wide);
        if places.len() < end {
            places.resize(end, None);
        }
        // The first half of a letter goes with the second.
        let starts_within = places.get(at).is_some_and(Option::is_none);
        if let Some(before) = at.checked_sub(1).and_then(|before| places.get_mut(before))
            && starts_within
            && before.is_some_and(|before| before >= '\u{1100}')
        {
            *before = None;
        }
        places.get_mut(at..end).unwrap_or_default().fill(None);
        if let Some(place) = places.get_mut(at) {
            *place = Some(c);
        }
        at = end;
    }
    places.into_iter().flatten().collect()
}

/// A line without the control sequences of terminals (ECMA-48, sections 5.3 to 5.6), with which programs colour what they log:
/// `[31mERROR` is no word that anybody looks for.
fn without_sequences(line: &str) -> Cow<'_, str> {
    let mut pieces = line.split('\x1B').peekable();
    let first = pieces.next().unwrap_or_default();
    if first.len() == line.len() {
        return Cow::Borrowed(line);
    }
    let mut plain = first.to_owned();
    while let Some(piece) = pieces.next() {
        let mut chars = piece.chars();
        let shown = match chars.next() {
            Some('[') => {
                let last = chars.as_str().trim_start_matches(|c| matches!(c, ' '..='?'));
                last.strip_prefix(|c| matches!(c, '@'..='~')).unwrap_or(last)
            }
            // A string to the terminal, as the title of its window: to the bell, or to an escape that ends it. Without an end it
            // is none: printers know the letters for something else.
            Some(']' | 'P' | '^' | '_') => {
                let ends = pieces.peek().is_some_and(|next| next.starts_with('\\'));
                let open = if ends { "" } else { chars.as_str() };
                chars.as_str().split_once('\x07').map_or(open, |(_, after)| after)
            }
            // With one letter more behind what stands between.
            Some(' '..='/') => {
                let last = chars.as_str().trim_start_matches(|c| matches!(c, ' '..='/'));
                last.strip_prefix(|c| matches!(c, '0'..='~')).unwrap_or(last)
            }
            Some('0'..='~') => chars.as_str(),
            _ => piece,
        };
        plain.push_str(shown);
    }
    Cow::Owned(plain)
}

/// The text of a properties file with the characters that it names by number (`\\uD55C`), as Java programs store Korean
/// (java.util.Properties, `load`).
fn spelled_out(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split("\\u");
    let first = pieces.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut units: Vec<u16> = first.encode_utf16().collect();
    for piece in pieces {
        let digits = piece.get(..4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|four| u16::from_str_radix(four, 16).ok()) {
            Some(unit) => {
                units.push(unit);
                units.extend(piece.get(4..).unwrap_or_default().encode_utf16());
            }
            None => {
                units.extend("\\u".encode_utf16());
                units.extend(piece.encode_utf16());
            }
        }
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_a_terminal_is_no_text() {
        for (line, plain) in [
            ("plain 한글", "plain 한글"),
            ("\x1B[1;31mERROR\x1B[0m 저장 실패", "ERROR 저장 실패"),
            ("\x1B]0;제목\x07본문", "본문"),
            ("\x1B]8;;http://a.kr\x1B\\링크\x1B]8;;\x1B\\", "링크"),
            ("\x1BP굵게\x1BP 인쇄", "굵게 인쇄"),
            ("\x1B(B가\x1BM나\x1B", "가나"),
            ("\x1B[한글", "한글"),
            ("10%\x08\x08\x0820%\x08\x08\x08 끝", " 끝"),
            ("l\x08le\x08es\x08ss", "less"),
            ("_\x08a 가\x08\x08가나\x08나", "a 가나"),
            ("x가\x08\x08나", "x나"),
            ("끝\x08", "끝"),
            ("\x02부산\x1F중구\x03\x07", "부산\t중구"),
        ] {
            assert_eq!(without_controls(line), plain, "{line:?}");
        }
    }

    #[test]
    fn characters_named_by_number_are_characters() {
        for (text, plain) in [
            ("a=b", "a=b"),
            ("title=\\ud55c\\uAE00!", "title=한글!"),
            ("face=\\uD83D\\uDE00 \\ux \\u12", "face=😀 \\ux \\u12"),
        ] {
            assert_eq!(spelled_out(text), plain);
        }
    }
}
