//! SAMI, the subtitles of Korean films: a loose kind of HTML in which `<SYNC Start=…>` tells the millisecond.

use madang_document::content::Content;
use madang_document::metadata::{DURATION, TITLE};
use madang_document::reason_kind::ReasonKind;

use super::subtitle::cue;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "sami",
    version: 4,
    media_types: &["application/x-sami"],
    sniff: |probe| {
        let text = probe.text().unwrap_or_default().trim_start();
        let first = text.get(..5).unwrap_or_default();
        match first.eq_ignore_ascii_case("<SAMI") {
            true => Match::Magic,
            false if probe.extension == "smi" && text.to_ascii_lowercase().contains("<sync") => {
                Match::Extension
            }
            false => Match::No,
        }
    },
    media_type: |_| "application/x-sami",
    extract,
};

/// What is being read: where text goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Title,
    Cue(u64),
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    // Each cue with its start; it lasts until the next one that starts later.
    let mut cues: Vec<(u64, String)> = Vec::new();
    let mut title = String::new();
    let mut part = Part::Nothing;
    let mut rest = decoded.text.as_str();
    while !rest.is_empty() {
        let (text, after) = rest.split_once('<').unwrap_or((rest, ""));
        match part {
            Part::Nothing => {}
            Part::Title => title.push_str(text),
            Part::Cue(_) => {
                if let Some((_, cue)) = cues.last_mut() {
                    add(cue, text);
                }
            }
        }
        // A comment ends with its own mark, for the style sheet inside it has signs of all kinds.
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        rest = after;
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').find(|n| !n.is_empty());
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let closes = tag.starts_with('/');
        match name.as_str() {
            "sync" if !closes => {
                let start = start(tag).unwrap_or_else(|| cues.last().map_or(0, |(at, _)| *at));
                part = Part::Cue(start);
                cues.push((start, String::new()));
            }
            // A second language at the same time is a cue of its own.
            "p" if !closes => match (part, cues.last()) {
                (Part::Cue(start), Some((_, text))) if !text.trim().is_empty() => {
                    cues.push((start, String::new()));
                }
                _ => {}
            },
            "br" => {
                if let Some((_, cue)) = cues.last_mut() {
                    cue.push('\n');
                }
            }
            "title" => part = if closes { Part::Nothing } else { Part::Title },
            "style" | "head" if !closes => part = Part::Nothing,
            _ => {}
        }
    }
    content.metadata.at("TITLE").set(TITLE, title.trim());
    let mut starts: Vec<u64> = cues.iter().map(|(start, _)| *start).collect();
    starts.sort_unstable();
    for (start, text) in &cues {
        let later = starts.get(starts.partition_point(|other| other <= start)).copied();
        cue(&mut content, text, *start, later.unwrap_or(*start));
    }
    if content.segments.is_empty() {
        content.note(ReasonKind::NoCue);
        super::text::read_lines(&decoded.text, &mut content, context.limits.text, context);
    } else if let Some(last) = starts.last() {
        content.metadata.at("SYNC").set(DURATION, *last as f64 / 1000.0);
    }
    Ok(content)
}

fn start(tag: &str) -> Option<u64> {
    let at = tag.to_ascii_lowercase().find("start")?;
    let (_, value) = tag.get(at..)?.split_once('=')?;
    let digits = value.trim_start().trim_start_matches(['"', '\'']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// Adds text with runs of white space as one blank, and its references resolved.
fn add(cue: &mut String, text: &str) {
    for c in super::xml::unescape(text).chars() {
        if !c.is_whitespace() {
            cue.push(c);
        } else if !cue.is_empty() && !cue.ends_with([' ', '\n']) {
            cue.push(' ');
        }
    }
}
