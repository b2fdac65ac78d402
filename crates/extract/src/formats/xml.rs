//! XML of any vocabulary: the text of its elements and the values of its attributes.
//!
//! Entities that a document declares itself are not expanded, so that none can grow without bound.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use madang_document::content::Content;
use madang_document::instead::Instead;
use madang_document::locator::Locator;
use madang_document::metadata::{HEIGHT, TITLE, WIDTH};
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "xml",
    version: 7,
    media_types: &["application/xml", SVG],
    sniff,
    media_type: |probe| {
        if is_svg(probe) { SVG } else { "application/xml" }
    },
    extract,
};

const SVG: &str = "image/svg+xml";

fn sniff(probe: &Probe<'_>) -> Match {
    let Some(text) = probe.text().map(str::trim_start) else { return Match::No };
    let named = matches!(
        probe.extension.as_str(),
        "xml"
            | "svg"
            | "rss"
            | "atom"
            | "rdf"
            | "xsd"
            | "xsl"
            | "xslt"
            | "kml"
            | "gml"
            | "gpx"
            | "xmp"
    );
    if text.starts_with("<?xml") || (text.starts_with('<') && is_svg(probe)) {
        Match::Magic
    } else if named && text.starts_with('<') {
        Match::Extension
    } else {
        Match::No
    }
}

/// Whether the first element is `svg`.
fn is_svg(probe: &Probe<'_>) -> bool {
    let text = probe.text().unwrap_or_default();
    let first = text.match_indices('<').map(|(at, _)| text.get(at + 1..).unwrap_or_default());
    let root = first.take(50).find(|rest| rest.starts_with(|c: char| c.is_alphabetic()));
    root.is_some_and(|root| {
        let name = root.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next();
        name.is_some_and(|name| name == "svg" || name.ends_with(":svg"))
    })
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, declared)?;
    let drawing = context.media_type == SVG;
    read_xml(&decoded.text, drawing, &mut content, context);
    if let Some((width, height)) = size(&decoded.text).filter(|_| drawing) {
        let mut root = content.metadata.at("svg");
        root.set(WIDTH, width);
        root.set(HEIGHT, height);
    }
    Ok(content)
}

/// Width and height of a drawing in pixels, if its root has them in these.
fn size(text: &str) -> Option<(u32, u32)> {
    let mut reader = Reader::from_str(text);
    let root = loop {
        match reader.read_event().ok()? {
            Event::Start(root) | Event::Empty(root) => break root,
            Event::Eof => return None,
            _ => {}
        }
    };
    let side = |name: &str| {
        let value = root.try_get_attribute(name).ok()??.value;
        let value = value.trim();
        let value: f64 = value.strip_suffix("px").unwrap_or(value).trim_end().parse().ok()?;
        (value >= 1.0 && value <= f64::from(u32::MAX)).then_some(value.round() as u32)
    };
    Some((side("width")?, side("height")?))
}

/// The encoding of the declaration (XML 1.0, section 4.3.3).
pub(super) fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..512).unwrap_or(bytes)).into_owned();
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split(quote).next().map(str::to_owned)
}

/// `drawing` leaves the attributes out: those of SVG are shapes and colours.
fn read_xml(text: &str, drawing: bool, content: &mut Content, context: &Context<'_>) {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let (mut title, mut damage) = (None, None);
    let (mut is_cut, mut mismatch) = (false, None);
    let mut line = String::new();
    let mut number = 0u32;
    let mut wants_title = false;
    let mut within_code = false;
    let mut paragraphs = Paragraphs::new(content, context.limits.text);
    let mut end_line = |line: &mut String, paragraphs: &mut Paragraphs<'_>| {
        if !line.trim().is_empty() {
            number = number.saturating_add(1);
            for part in line.trim().lines() {
                paragraphs.line(part, || Locator::Paragraph { number });
            }
            paragraphs.end();
        }
        line.clear();
    };
    let mut events = 0u64;
    let mut open = OpenElements::default();
    while !paragraphs.is_full() {
        events += 1;
        if events.is_multiple_of(100_000) {
            context.progress();
        }
        let at = reader.buffer_position();
        let event = reader.read_event();
        match &event {
            Ok(Event::Start(element)) => open.begin(element.name().0),
            Ok(Event::End(element)) if !open.end(element.name().0) => {
                mismatch = mismatch.or(Some(at));
            }
            _ => {}
        }
        match event {
            Ok(Event::Eof) => {
                is_cut = open.depth > 0;
                break;
            }
            // A drawing's style sheet and programs are no words of it.
            Ok(Event::Start(element))
                if drawing && matches!(element.local_name().as_ref(), "style" | "script") =>
            {
                end_line(&mut line, &mut paragraphs);
                within_code = true;
            }
            Ok(Event::Start(element) | Event::Empty(element)) => {
                // A piece of a line that is only set otherwise goes on with it.
                if drawing && is_run(&element) {
                    continue;
                }
                end_line(&mut line, &mut paragraphs);
                wants_title = title.is_none() && element.local_name().as_ref() == "title";
                if !drawing {
                    attributes(&element, &mut line);
                    end_line(&mut line, &mut paragraphs);
                }
            }
            Ok(Event::End(element))
                if drawing
                    && matches!(element.local_name().as_ref(), "tspan" | "textPath" | "a") => {}
            Ok(Event::End(_)) => {
                if std::mem::take(&mut within_code) {
                    line.clear();
                }
                let heading: Vec<_> = line.split_whitespace().collect();
                if wants_title && !heading.is_empty() {
                    title = Some(heading.join(" "));
                }
                wants_title = false;
                end_line(&mut line, &mut paragraphs);
            }
            Ok(Event::Text(text)) => line.push_str(&text),
            Ok(Event::CData(text)) => line.push_str(&text),
            Ok(Event::GeneralRef(name)) => match resolve(&name) {
                Some(text) => line.push_str(&text),
                None => {
                    line.push('&');
                    line.push_str(&name);
                    line.push(';');
                }
            },
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Err(error) => {
                is_cut = open.depth > 0 && ends_early(&error);
                damage = Some((reader.error_position(), error));
                break;
            }
        }
    }
    end_line(&mut line, &mut paragraphs);
    paragraphs.finish();
    content.metadata.at("title").set_some(TITLE, title);
    if is_cut && mismatch.is_none() {
        content.lost(ReasonKind::EndsWithin(Noun::XmlElement.into()).of(Noun::File));
    }
    if let Some(at) = mismatch {
        // Its words are all read; but a piece of the file may be gone.
        content.lost(ReasonKind::DamagedAt(at).of(Noun::XmlElement));
    }
    if let Some((position, error)) = damage {
        // What follows the damage is kept as it stands: better a stray tag than lost text.
        let rest = usize::try_from(position).ok().and_then(|at| text.get(at..)).unwrap_or_default();
        let broken = ReasonKind::Broken(Quote::of(&error));
        let broken = ReasonKind::DamagedAt(position).because(broken);
        content.note(broken.instead(Instead::PlainText));
        let read: u64 = content.segments.iter().map(|s| s.text.len() as u64).sum();
        let left = context.limits.text.saturating_sub(read);
        super::text::read_lines(rest, content, left, context);
    }
}

/// Whether the text ended where more of it was due.
fn ends_early(error: &quick_xml::Error) -> bool {
    use quick_xml::errors::SyntaxError;
    matches!(error, quick_xml::Error::Syntax(what) if !matches!(what, SyntaxError::InvalidBangMarkup))
}

/// The elements that are open: what their names come to, and how many there are.
#[derive(Default)]
struct OpenElements {
    names: Vec<u64>,
    depth: u64,
}

impl OpenElements {
    /// Elements whose names are known; deeper ones are only counted.
    const MOST: usize = 1 << 16;

    /// Elements among which the beginning of one is looked for that ends out of turn.
    const NEAR: usize = 64;

    fn begin(&mut self, name: &str) {
        self.depth += 1;
        if self.names.len() < OpenElements::MOST {
            self.names.push(hash(name));
        }
    }

    /// Ends an element. False if it is not the one that was opened last.
    fn end(&mut self, name: &str) -> bool {
        if self.depth > self.names.len() as u64 {
            self.depth -= 1;
            return true;
        }
        let name = hash(name);
        let near = self.names.len().saturating_sub(OpenElements::NEAR);
        let found = self.names.iter().skip(near).rposition(|open| *open == name);
        let is_last = self.names.last() == Some(&name);
        if let Some(found) = found {
            self.names.truncate(near + found);
            self.depth = self.names.len() as u64;
        }
        is_last
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Whether an element of a drawing sets a piece of the line that stands open, and does not begin one elsewhere.
fn is_run(element: &BytesStart<'_>) -> bool {
    let mut attributes = element.attributes();
    let mut attributes = attributes.with_checks(false).flatten();
    matches!(element.local_name().as_ref(), "tspan" | "textPath" | "a")
        && !attributes.any(|attribute| matches!(attribute.key.as_ref(), "y" | "dy" | "x"))
}

/// The values of the attributes, blank-separated. Names of namespaces are addresses, not text.
fn attributes(element: &BytesStart<'_>, line: &mut String) {
    // Not asking for double attributes keeps this linear in their number.
    for attribute in element.attributes().with_checks(false).flatten() {
        let key = attribute.key.as_ref();
        if key.starts_with("xmlns") || key.starts_with("xsi:") {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(unescape(&attribute.value).trim());
    }
}

/// A text with its references resolved.
pub(super) fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return value.into();
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let known = after.split_once(';').and_then(|(name, tail)| Some((resolve(name)?, tail)));
        match known {
            Some((known, tail)) => {
                text.push_str(&known);
                rest = tail;
            }
            None => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text.into()
}

/// What a reference stands for: a character by number, one of the five of XML, or the blank of HTML.
fn resolve(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32).map(String::from);
    }
    if name == "nbsp" {
        return Some(" ".into());
    }
    resolve_predefined_entity(name).map(str::to_owned)
}
