//! Timed Text Markup Language (TTML 2): a paragraph for each cue.

use madang_document::content::Content;
use madang_document::metadata::{DURATION, TITLE};
use madang_document::part::Noun;

use super::markup::{Markup, Node};
use super::subtitle::{cue, time};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "ttml",
    version: 3,
    media_types: &["application/ttml+xml"],
    sniff: |probe| {
        let text = probe.text().unwrap_or_default();
        let head = text.get(..text.floor_char_boundary(2048)).unwrap_or(text);
        let root = head.contains("<tt ") || head.contains("<tt:tt ") || head.contains("<tt>");
        let is_ttml = root && (head.contains("/ttml") || head.contains("/ttaf1"));
        if is_ttml { Match::Magic } else { Match::No }
    },
    media_type: |_| "application/ttml+xml",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, super::xml::declared)?;
    let mut markup = Markup::new(&decoded.text);
    let (mut frames, mut ticks) = (30.0, 1.0);
    let mut open: Option<(u64, u64, String)> = None;
    let mut last = 0;
    let mut containers: Vec<Container> = Vec::new();
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "tt" => {
                    let number = |name| tag.attribute(name).and_then(|n| n.parse::<f64>().ok());
                    frames = number("frameRate").filter(|n| *n > 0.0).unwrap_or(frames);
                    ticks = number("tickRate").filter(|n| *n > 0.0).unwrap_or(ticks);
                }
                "title" => content.metadata.at("head").set(TITLE, markup.text()),
                "br" => {
                    if let Some((.., text)) = &mut open {
                        text.push('\n');
                    }
                }
                name @ ("body" | "div" | "p") => {
                    let at =
                        |name| tag.attribute(name).and_then(|value| moment(&value, frames, ticks));
                    let zero = containers.last().map_or(0, Container::next);
                    let start = zero.saturating_add(at("begin").unwrap_or(0));
                    // It ends with the first of what says so.
                    let until = at("end").map(|end| zero.saturating_add(end));
                    let lasts = at("dur").map(|dur| start.saturating_add(dur));
                    let outer = containers.last().and_then(|outer| outer.end);
                    let end = until.into_iter().chain(lasts).chain(outer).min();
                    if name == "p" {
                        open = Some((start, end.unwrap_or(start), String::new()));
                    } else {
                        let in_turn =
                            tag.attribute("timeContainer").is_some_and(|value| value == "seq");
                        containers.push(Container { start, end, in_turn, latest: start });
                    }
                }
                _ => {}
            },
            Node::End(name) if name == "p" => {
                if let Some((start, end, text)) = open.take() {
                    last = last.max(end);
                    cue(&mut content, &text, start, end);
                    if let Some(container) = containers.last_mut() {
                        container.latest = container.latest.max(end);
                    }
                }
            }
            Node::End(name) if matches!(name.as_str(), "body" | "div") => {
                if let Some(closed) = containers.pop()
                    && let Some(outer) = containers.last_mut()
                {
                    outer.latest = outer.latest.max(closed.end.unwrap_or(closed.latest));
                }
            }
            Node::End(_) => {}
            Node::Text(piece) => {
                if let Some((.., text)) = &mut open {
                    for (n, word) in piece.split_inclusive(char::is_whitespace).enumerate() {
                        let blank = text.is_empty() || text.ends_with([' ', '\n']);
                        if word.trim().is_empty() {
                            text.push_str(if blank && n == 0 { "" } else { " " });
                        } else {
                            text.push_str(word.trim_end());
                            text.push_str(if word.ends_with(char::is_whitespace) {
                                " "
                            } else {
                                ""
                            });
                        }
                    }
                }
            }
        }
    }
    markup.report(Noun::File, &mut content);
    if last > 0 {
        content.metadata.at("p").set(DURATION, last as f64 / 1000.0);
    }
    Ok(content)
}

/// The body or a division, whose own time is that from which times in it count (TTML 2, section 12.2).
struct Container {
    start: u64,
    /// Its end, if it says one.
    end: Option<u64>,
    /// Whether what is in it comes one after the other.
    in_turn: bool,
    /// The end of what came last in it.
    latest: u64,
}

impl Container {
    /// From when the times of what comes next in it count.
    fn next(&self) -> u64 {
        if self.in_turn { self.latest } else { self.start }
    }
}

/// A time (TTML 2, section 12.3.1) in milliseconds: by the clock, by the clock with frames, or a number with its unit.
fn moment(value: &str, frames: f64, ticks: f64) -> Option<u64> {
    let value = value.trim();
    let units = [
        ("ms", 1.0),
        ("h", 3_600_000.0),
        ("m", 60_000.0),
        ("s", 1000.0),
        ("f", 1000.0 / frames),
        ("t", 1000.0 / ticks),
    ];
    if let Some((number, scale)) =
        units.iter().find_map(|(unit, scale)| Some((value.strip_suffix(unit)?, scale)))
    {
        let number: f64 = number.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
        return Some((number * scale).round() as u64);
    }
    match value.rsplit_once(':') {
        Some((clock, frame)) if clock.matches(':').count() == 2 => {
            let frame: f64 = frame.parse().ok()?;
            Some(time(clock)?.saturating_add((frame * 1000.0 / frames).round() as u64))
        }
        _ => time(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_notation() {
        for (text, ms) in [
            ("00:01:14.440", Some(74_440)),
            ("00:01:15:15", Some(75_500)),
            ("12.5s", Some(12_500)),
            ("1500ms", Some(1500)),
            ("30f", Some(1000)),
            ("20t", Some(2000)),
            ("soon", None),
            ("-1s", None),
        ] {
            assert_eq!(moment(text, 30.0, 10.0), ms, "{text}");
        }
    }
}
