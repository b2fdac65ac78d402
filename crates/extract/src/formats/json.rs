//! JSON, one value or many (JSON lines, GeoJSON): each scalar with its key on a line.
//!
//! A scanner of its own, because serde_json builds a tree by recursion and gives up on the first error: here the
//! depth costs nothing and everything before the damage is kept.

use madang_document::content::Content;
use madang_document::fault::Fault;
use madang_document::locator::Locator;
use madang_document::metadata::TITLE;
use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::data_url::without_data_urls;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "json",
    version: 6,
    media_types: &["application/json"],
    sniff,
    media_type: |_| "application/json",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let named = matches!(
        probe.extension.as_str(),
        "json"
            | "geojson"
            | "jsonl"
            | "ndjson"
            | "jsonld"
            | "topojson"
            | "har"
            | "ipynb"
            | "webmanifest"
    );
    // A separator stands before each value of a sequence (RFC 7464).
    let start = probe.text().unwrap_or_default();
    let start = start.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{1E}');
    if named && start.starts_with(['{', '[', '"']) { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let is_cut = blob.len() > context.limits.text;
    for (line, what) in read_json(&decoded.text, is_cut, &mut content, context) {
        content.lost(what.within(Part::Line(line.into())));
    }
    Ok(content)
}

/// Faulty lines of one file that are told.
const MOST_FAULTS: usize = 100;

/// Adds the scalars in order, and gives the line and nature of each error: where each line is a value by itself an error costs no
/// more than its line, else reading ends there. The error at the end of a text that `is_cut` is none.
fn read_json(
    text: &str,
    is_cut: bool,
    content: &mut Content,
    context: &Context<'_>,
) -> Vec<(u32, Reason)> {
    let paragraphs = Paragraphs::new(content, context.limits.text);
    let mut values = Values { paragraphs, title: None, tokens: 0, context };
    let mut faults = Vec::new();
    if is_in_lines(text) {
        let mut number = 0u32;
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next().filter(|_| !values.paragraphs.is_full()) {
            number = number.saturating_add(1);
            let is_last = lines.peek().is_none();
            if let Some(Damage { line, what, key, rest }) = values.read(line, number) {
                // What the line goes on with is words all the same.
                let rest = rest.trim().trim_start_matches('"');
                let words = key.map_or_else(|| rest.to_owned(), |key| format!("{key}: {rest}"));
                values.paragraphs.line(&words, || Locator::Paragraph { number });
                values.paragraphs.end();
                if faults.len() < MOST_FAULTS && !(is_cut && is_last) {
                    faults.push((line, what));
                }
            }
        }
    } else if let Some(Damage { line, what, .. }) = values.read(text, 1).filter(|_| !is_cut) {
        faults.push((line, what));
    }
    let Values { paragraphs, title, .. } = values;
    paragraphs.finish();
    content.metadata.at("title").set_some(TITLE, title);
    faults
}

/// Whether most lines are objects or arrays by themselves (JSON lines), as far as the first ones tell.
fn is_in_lines(text: &str) -> bool {
    const ASKED: usize = 100;
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    if lines().nth(1).is_none() {
        return false;
    }
    let asked = lines().take(ASKED).count();
    lines().take(ASKED).filter(|line| is_whole(line)).count() * 2 > asked
}

/// Whether a line is an object or an array, and nothing else.
fn is_whole(line: &str) -> bool {
    let mut scanner = Scanner { rest: line, line: 1 };
    let mut depth = 0u64;
    loop {
        match scanner.next() {
            Ok(Some(JsonToken::Open(_))) => depth += 1,
            Ok(Some(JsonToken::Close)) if depth == 1 => {
                scanner.skip_blank();
                return scanner.rest.is_empty();
            }
            Ok(Some(JsonToken::Close)) if depth > 1 => depth -= 1,
            Ok(Some(_)) if depth > 0 => {}
            _ => return false,
        }
    }
}

/// An error: its line, its nature, the key whose value is damaged, and the text from there on.
struct Damage<'a> {
    line: u32,
    what: Reason,
    key: Option<String>,
    rest: &'a str,
}

/// The scalars that are read.
struct Values<'a, 'b> {
    paragraphs: Paragraphs<'a>,
    title: Option<String>,
    tokens: u64,
    context: &'a Context<'b>,
}

impl Values<'_, '_> {
    /// Adds those of a text that begins in this line. Gives the first error, where reading ended.
    fn read<'t>(&mut self, text: &'t str, line: u32) -> Option<Damage<'t>> {
        let Values { paragraphs, title, tokens, context } = self;
        let mut scanner = Scanner { rest: text, line };
        // The key that waits for its value, and for each open bracket whether it is an object.
        let mut key: Option<String> = None;
        let mut open: Vec<bool> = Vec::new();
        // The array that is open, if its key is a media type, and whether bytes stand in it.
        let mut pieces: Option<(usize, bool)> = None;
        loop {
            *tokens += 1;
            if tokens.is_multiple_of(100_000) {
                context.progress();
            }
            if paragraphs.is_full() {
                return None;
            }
            let place = Locator::Paragraph { number: scanner.line };
            let rest = scanner.rest;
            let damage = |line, what, key| Some(Damage { line, what, key, rest });
            let token = match scanner.next() {
                Ok(Some(token)) => token,
                Ok(None) if open.is_empty() => return None,
                Ok(None) => {
                    let within = ReasonKind::EndsWithin(Noun::AnyValue.into());
                    return damage(scanner.line, within.of(Noun::Text), key);
                }
                Err(fault) => return damage(scanner.line, ReasonKind::Faulty(fault).into(), key),
            };
            let value = match token {
                JsonToken::Open(object) => {
                    if let Some(key) = key.take() {
                        if !object && is_media_type(&key) {
                            pieces = Some((open.len(), false));
                        }
                        paragraphs.line(&key, || place.clone());
                    }
                    open.push(object);
                    continue;
                }
                JsonToken::Close => {
                    open.pop();
                    pieces = pieces.filter(|(depth, _)| *depth < open.len());
                    key = None;
                    paragraphs.end();
                    continue;
                }
                JsonToken::Comma => continue,
                JsonToken::Text(text) => {
                    if open.last() == Some(&true) && key.is_none() && scanner.colon() {
                        key = Some(text);
                        continue;
                    }
                    let is_media = key.as_deref().is_some_and(is_media_type) || pieces.is_some();
                    // The last piece is short.
                    let is_begun = pieces.is_some_and(|(_, is_begun)| is_begun);
                    if is_begun || is_payload(&text, is_media) {
                        key = None;
                        pieces = pieces.map(|(depth, _)| (depth, true));
                        continue;
                    }
                    without_data_urls(&text).into_owned()
                }
                JsonToken::Scalar(scalar) => scalar.to_owned(),
            };
            let line = match key.take() {
                Some(name) => {
                    if name == "title" && title.is_none() && open.len() <= 2 {
                        *title = Some(value.clone());
                    }
                    format!("{name}: {value}")
                }
                None => value,
            };
            for part in line.lines() {
                paragraphs.line(part, || place.clone());
            }
            if open.len() < 2 {
                paragraphs.end();
            }
        }
    }
}

/// Whether a key says that its value is a picture, a sound or a film, as in the outputs of notebooks and in what is attached there.
fn is_media_type(key: &str) -> bool {
    let kinds =
        ["image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream"];
    kinds.iter().any(|kind| key.starts_with(kind))
}

/// Whether a text is the bytes of a file, of which nobody looks for words: what a key calls a picture and is base64 or SVG, or what is
/// base64 by its length.
fn is_payload(text: &str, is_media: bool) -> bool {
    const LEAST: usize = 1_000;
    const LEAST_OF_MEDIA: usize = 40;
    /// Letters in a line of base64; its last one has less.
    const LINE: usize = 60;
    let text = text.trim();
    if is_media && (text.starts_with("<svg") || text.starts_with("<?xml")) {
        return true;
    }
    let is_code =
        |line: &str| line.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b));
    let mut lines = text.lines().map(str::trim_end).peekable();
    text.len() >= if is_media { LEAST_OF_MEDIA } else { LEAST }
        && std::iter::from_fn(|| lines.next().map(|line| (line, lines.peek().is_some())))
            .all(|(line, goes_on)| is_code(line) && (line.len() >= LINE || !goes_on))
}

enum JsonToken<'a> {
    /// Whether it is an object; else an array.
    Open(bool),
    Close,
    Comma,
    Text(String),
    /// A number, `true`, `false` or `null`, as written.
    Scalar(&'a str),
}

struct Scanner<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Result<Option<JsonToken<'a>>, Fault> {
        self.skip_blank();
        let Some(c) = self.rest.chars().next() else { return Ok(None) };
        let simple = match c {
            '{' => Some(JsonToken::Open(true)),
            '[' => Some(JsonToken::Open(false)),
            '}' | ']' => Some(JsonToken::Close),
            ',' | ':' => Some(JsonToken::Comma),
            _ => None,
        };
        if let Some(token) = simple {
            self.rest = self.rest.get(1..).unwrap_or_default();
            return Ok(Some(token));
        }
        if c == '"' {
            return self.text().map(|text| Some(JsonToken::Text(text)));
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
            .unwrap_or(self.rest.len());
        if end == 0 {
            return Err(Fault::ValueExpected);
        }
        let (scalar, rest) = self.rest.split_at(end);
        self.rest = rest;
        let known = matches!(scalar, "true" | "false" | "null") || scalar.parse::<f64>().is_ok();
        if known { Ok(Some(JsonToken::Scalar(scalar))) } else { Err(Fault::NoValue) }
    }

    fn skip_blank(&mut self) {
        let rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{1E}');
        let skipped = self.rest.get(..self.rest.len() - rest.len()).unwrap_or_default();
        let lines = skipped.bytes().filter(|b| *b == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }

    /// Whether a colon follows; takes it.
    fn colon(&mut self) -> bool {
        self.skip_blank();
        match self.rest.strip_prefix(':') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A string (RFC 8259, section 7), after its quote was seen.
    fn text(&mut self) -> Result<String, Fault> {
        let mut text = String::new();
        let mut rest = self.rest.get(1..).unwrap_or_default();
        loop {
            let stop = rest.find(['"', '\\']).ok_or(Fault::StringWithoutEnd)?;
            let (plain, after) = rest.split_at(stop);
            text.push_str(plain);
            if let Some(after) = after.strip_prefix('"') {
                self.rest = after;
                return Ok(text);
            }
            let mut chars = after.chars();
            chars.next();
            match chars.next().ok_or(Fault::StringWithoutEnd)? {
                'n' => text.push('\n'),
                'r' | 'b' | 'f' => {}
                't' => text.push(' '),
                'u' => {
                    let unit = hex4(chars.as_str()).ok_or(Fault::EscapeWithoutDigits)?;
                    chars = chars.as_str().get(4..).unwrap_or_default().chars();
                    let pair = (0xD800..0xDC00).contains(&unit).then_some(chars.as_str());
                    let low = pair.and_then(|s| s.strip_prefix("\\u")).and_then(hex4);
                    let units = [unit, low.unwrap_or_default()];
                    let count = if low.is_some() { 2 } else { 1 };
                    let decoded = char::decode_utf16(units.into_iter().take(count)).next();
                    let c = decoded.and_then(Result::ok);
                    if low.is_some() && c.is_some() {
                        chars = chars.as_str().get(6..).unwrap_or_default().chars();
                    }
                    text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                other => text.push(other),
            }
            rest = chars.as_str();
        }
    }
}

fn hex4(text: &str) -> Option<u16> {
    u16::from_str_radix(text.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of_a_picture() -> String {
        "iVBORw0KGgoAAAANSUhEUg+/".repeat(50)
    }

    #[test]
    fn lines_that_are_values_by_themselves_are_known() {
        for (text, is_in) in [
            ("{\"a\":1}\n{\"a\":\"b\n[2]\n", true),
            ("{\"a\":1}\r\n\r\n\u{1E}{\"a\":{\"b\":[]}}", true),
            ("{\"a\":1}", false),
            ("[\n{\"a\":1},\n{\"a\":2}\n]\n", false),
            ("{\n\"a\":\n{}\n}\n", false),
            ("1\n2\n3\n", false),
        ] {
            assert_eq!(is_in_lines(text), is_in, "{text}");
        }
    }

    #[test]
    fn bytes_of_pictures_are_no_words() {
        let code = bytes_of_a_picture();
        let lines = |length: usize| {
            let lines: Vec<_> =
                code.as_bytes().chunks(length).map(String::from_utf8_lossy).collect();
            lines.join("\n")
        };
        assert!(is_payload(&code, false) && is_payload(&lines(76), false));
        assert!(is_payload(&code[..60], true) && !is_payload(&code[..60], false));
        assert!(is_payload("<svg xmlns=\"…\">글</svg>", true));
        for words in ["PNG 그림", &lines(20), &"word ".repeat(300)] {
            assert!(!is_payload(words, true), "{words}");
        }
    }
}
