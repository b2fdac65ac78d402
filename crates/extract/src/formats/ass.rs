//! Advanced SubStation Alpha and its forerunner: a line for each cue, in the order of fields that the file itself states.

use madang_document::content::Content;
use madang_document::metadata::{DURATION, TITLE};
use madang_document::reason_kind::ReasonKind;

use super::subtitle::{cue, time};
use super::subtitle_packet::unstyled;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "ass",
    version: 4,
    media_types: &["text/x-ssa"],
    sniff: |probe| {
        let text = probe.text().unwrap_or_default().trim_start();
        let first = text.get(..13).unwrap_or_default();
        let starts = first.eq_ignore_ascii_case("[Script Info]");
        let named = matches!(probe.extension.as_str(), "ass" | "ssa");
        match (starts, named && text.contains("Dialogue:")) {
            (true, _) => Match::Magic,
            (false, true) => Match::Extension,
            (false, false) => Match::No,
        }
    },
    media_type: |_| "text/x-ssa",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    // Where start, end and text stand, as both kinds have them unless the file says otherwise.
    let (mut start_at, mut end_at, mut fields) = (1, 2, 10);
    let (mut in_events, mut last) = (false, 0);
    for line in decoded.text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_events = line.eq_ignore_ascii_case("[Events]");
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        match key.trim() {
            "Title" if !in_events => content.metadata.at("[Script Info]").set(TITLE, value.trim()),
            "Format" if in_events => {
                let names: Vec<_> = value.split(',').map(str::trim).collect();
                let at = |name| names.iter().position(|n| *n == name);
                if let (Some(start), Some(end)) = (at("Start"), at("End")) {
                    (start_at, end_at, fields) = (start, end, names.len());
                }
            }
            "Dialogue" => {
                let parts: Vec<&str> = value.trim_start().splitn(fields, ',').collect();
                let part = |at: usize| parts.get(at).map(|part| part.trim());
                let (Some(start), Some(text)) = (part(start_at).and_then(time), parts.last())
                else {
                    continue;
                };
                let end = part(end_at).and_then(time).unwrap_or(start);
                last = last.max(end);
                cue(&mut content, &unstyled(text), start, end);
            }
            _ => {}
        }
    }
    if content.segments.is_empty() {
        content.note(ReasonKind::NoCue);
        super::text::read_lines(&decoded.text, &mut content, context.limits.text, context);
    } else {
        content.metadata.at("Dialogue").set(DURATION, last as f64 / 1000.0);
    }
    Ok(content)
}
