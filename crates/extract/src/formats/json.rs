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
    let damage = read_json(&decoded.text, &mut content, context);
    if let Some((line, what)) = damage.filter(|_| blob.len() <= context.limits.text) {
        content.lost(what.within(Part::Line(line.into())));
    }
    Ok(content)
}

/// Adds the scalars in order. Gives the line and nature of the first error, where reading ended.
fn read_json(text: &str, content: &mut Content, context: &Context<'_>) -> Option<(u32, Reason)> {
    let mut title = None;
    let mut paragraphs = Paragraphs::new(content, context.limits.text);
    let mut scanner = Scanner { rest: text, line: 1 };
    // The key that waits for its value, and for each open bracket whether it is an object.
    let mut key: Option<String> = None;
    let mut open: Vec<bool> = Vec::new();
    let mut tokens = 0u64;
    let damage = loop {
        tokens += 1;
        if tokens.is_multiple_of(100_000) {
            context.progress();
        }
        if paragraphs.is_full() {
            break None;
        }
        let place = Locator::Paragraph { number: scanner.line };
        let token = match scanner.next() {
            Ok(Some(token)) => token,
            Ok(None) if open.is_empty() => break None,
            Ok(None) => {
                let within = ReasonKind::EndsWithin(Noun::AnyValue.into());
                break Some((scanner.line, within.of(Noun::Text)));
            }
            Err(fault) => break Some((scanner.line, ReasonKind::Faulty(fault).into())),
        };
        let value = match token {
            JsonToken::Open(object) => {
                if let Some(key) = key.take() {
                    paragraphs.line(&key, || place.clone());
                }
                open.push(object);
                continue;
            }
            JsonToken::Close => {
                open.pop();
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
                text
            }
            JsonToken::Scalar(scalar) => scalar.to_owned(),
        };
        let line = match key.take() {
            Some(name) => {
                if name == "title" && title.is_none() && open.len() <= 2 {
                    title = Some(value.clone());
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
    };
    paragraphs.finish();
    content.metadata.at("title").set_some(TITLE, title);
    damage
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
