//! Subtitles: SubRip (SRT), WebVTT and SubViewer (SBV), a segment for each cue, at its time.

use madang_document::content::{Content, Origin, Segment};
use madang_document::locator::Locator;
use madang_document::reason_kind::ReasonKind;

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const SRT: Format = Format {
    name: "srt",
    version: 6,
    media_types: &["application/x-subrip"],
    sniff: sniff_srt,
    media_type: |_| "application/x-subrip",
    extract,
};

pub(super) const SBV: Format = Format {
    name: "sbv",
    version: 5,
    media_types: &["text/x-subviewer"],
    sniff: |probe| {
        let first = probe.text().unwrap_or_default().lines().next().unwrap_or_default();
        if !first.contains("-->") && timing(first).is_some() { Match::Magic } else { Match::No }
    },
    media_type: |_| "text/x-subviewer",
    extract,
};

pub(super) const VTT: Format = Format {
    name: "vtt",
    version: 6,
    media_types: &["text/vtt"],
    sniff: sniff_vtt,
    media_type: |_| "text/vtt",
    extract,
};

/// There is no magic: a first cue (a number, then a time) is as good.
fn sniff_srt(probe: &Probe<'_>) -> Match {
    let Some(text) = probe.text() else { return Match::No };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let number = lines.next().is_some_and(|line| line.bytes().all(|b| b.is_ascii_digit()));
    if number && lines.next().and_then(timing).is_some() {
        Match::Magic
    } else if probe.extension == "srt" {
        Match::Extension
    } else {
        Match::No
    }
}

/// WebVTT, section 4.1: `WEBVTT`, then a space, a tab, a line end or the end.
fn sniff_vtt(probe: &Probe<'_>) -> Match {
    let text = probe.text().unwrap_or_default();
    match text.strip_prefix("WEBVTT") {
        Some(rest) if rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']) => Match::Magic,
        _ => Match::No,
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let mut lines = decoded.text.lines().peekable();
    let (mut end, mut is_timed) = (0, false);
    while let Some(line) = lines.next() {
        let (start_ms, end_ms) = match timing(line) {
            Some(times) => {
                is_timed = true;
                times
            }
            // What it shows is kept where the cue before it ends.
            None if line.contains("-->") => {
                content.note(ReasonKind::NoTimeSpan(clipped(line).into()));
                (end, end)
            }
            None => continue,
        };
        let mut text = String::new();
        // A cue ends at a blank line; a missing one is forgiven where the next time stands.
        while let Some(line) = lines.peek().filter(|l| !l.trim().is_empty() && timing(l).is_none())
        {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(plain(line).trim());
            lines.next();
        }
        end = end.max(end_ms);
        cue(&mut content, &text, start_ms, end_ms);
    }
    if content.segments.is_empty() || !is_timed {
        content.segments.clear();
        content.note(ReasonKind::NoCue);
        super::text::read_lines(&decoded.text, &mut content, context.limits.text, context);
    } else {
        content.metadata.at("cues").set(madang_document::metadata::DURATION, end as f64 / 1000.0);
    }
    Ok(content)
}

/// Adds what is shown from one millisecond to another, unless it is blank.
pub(super) fn cue(content: &mut Content, text: &str, start_ms: u64, end_ms: u64) {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        content.segments.push(Segment {
            text: lines.join("\n"),
            locator: Locator::Time { start_ms, end_ms: end_ms.max(start_ms) },
            origin: Origin::Subtitle,
            confidence: None,
            words: Vec::new(),
        });
    }
}

fn clipped(line: &str) -> String {
    line.chars().take(80).collect()
}

/// The two times of `00:00:01,000 --> 00:00:04,000`, in milliseconds; hours may be missing, settings follow. SubViewer puts a
/// comma between them and nothing else on the line.
fn timing(line: &str) -> Option<(u64, u64)> {
    let Some((start, end)) = line.split_once("-->") else {
        let (start, end) = line.trim().split_once(',')?;
        let is_time = |text: &str| text.matches(':').count() == 2 && text.contains('.');
        return Some((time(start)?, time(end)?)).filter(|_| is_time(start) && is_time(end));
    };
    let end = end.split_whitespace().next()?;
    Some((time(start.trim())?, time(end)?))
}

/// A time of the clock in milliseconds.
pub(super) fn time(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once([',', '.']).unwrap_or((text, "0"));
    let mut seconds = 0u64;
    for part in clock.split(':') {
        let part: u64 = part.trim().parse().ok()?;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    let ms: u64 = format!("{:0<3}", fraction.trim()).get(..3)?.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(ms)
}

/// A line without its markup: `<i>`, `<v Name>`, `{\an8}`, and the character references of WebVTT.
pub(super) fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['<', '{', '&']) {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        let known = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " ")];
        let close = match after.chars().next() {
            Some('<') if after.chars().nth(1).is_some_and(|c| c.is_alphanumeric() || c == '/') => {
                '>'
            }
            Some('{') if after.starts_with("{\\") => '}',
            _ => '\0',
        };
        if let Some(end) = after.find(close).filter(|_| close != '\0') {
            rest = after.get(end + 1..).unwrap_or_default();
        } else if let Some((name, c)) = known.iter().find(|(name, _)| after.starts_with(name)) {
            text.push_str(c);
            rest = after.get(name.len()..).unwrap_or_default();
        } else {
            text.push_str(after.get(..1).unwrap_or_default());
            rest = after.get(1..).unwrap_or_default();
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_either_notation() {
        assert_eq!(timing("00:00:01,500 --> 00:01:02,040"), Some((1500, 62_040)));
        assert_eq!(timing("01:02.5 --> 01:03.000 align:start"), Some((62_500, 63_000)));
        assert_eq!(timing("later --> soon"), None);
        assert_eq!(time("99999999999999999999:00"), None);
    }

    #[test]
    fn markup_goes_and_text_stays() {
        assert_eq!(
            plain("<v 사회자><i>안녕</i> {\\an8}R&amp;D 3 < 5 {중략}"),
            "안녕 R&D 3 < 5 {중략}"
        );
    }
}
