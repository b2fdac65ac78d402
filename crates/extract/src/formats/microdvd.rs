//! MicroDVD subtitles: a line for each cue, between the numbers of two frames of the film.

use madang_document::content::Content;
use madang_document::metadata::{DURATION, FPS};
use madang_document::reason_kind::ReasonKind;

use super::subtitle::{cue, plain};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "microdvd",
    version: 1,
    media_types: &["text/x-microdvd"],
    // There is no magic: two cues at the start are as good.
    sniff: |probe| {
        let text = probe.text().unwrap_or_default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let cues = lines.take(2).map_while(frames).count();
        match (cues, probe.extension.as_str()) {
            (2, _) => Match::Magic,
            (1, "sub") => Match::Extension,
            _ => Match::No,
        }
    },
    media_type: |_| "text/x-microdvd",
    extract,
};

/// Frames to the second of a film that does not say it, as players take it: that of films on television in America.
const USUAL: f64 = 24_000.0 / 1_001.0;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let mut stated = None;
    let mut last = 0;
    for line in decoded.text.lines() {
        // A line without frames goes on with the one before it.
        let Some((start, end, text)) = frames(line) else {
            cue(&mut content, &plain(line), last, last);
            continue;
        };
        // The first may tell how fast the film is, in the place of words.
        if content.segments.is_empty() && stated.is_none() && start <= 1 {
            stated = rate(text);
            if stated.is_some() {
                continue;
            }
        }
        // Frames are not counted beyond what a number of 53 bits holds, which is longer than any film.
        let ms = |frame: u64| (frame as f64 * 1000.0 / stated.unwrap_or(USUAL)).round() as u64;
        let (start_ms, end_ms) = (ms(start), end.map_or(ms(start), ms));
        last = end_ms.max(last);
        let lines: Vec<String> = text.split('|').map(|line| plain(&uncoded(line))).collect();
        cue(&mut content, &lines.join("\n"), start_ms, end_ms);
    }
    content.metadata.at("{1}{1}").set_some(FPS, stated);
    if content.segments.is_empty() {
        content.note(ReasonKind::NoCue);
        super::text::read_lines(&decoded.text, &mut content, context.limits.text, context);
    } else {
        content.metadata.at("cues").set(DURATION, last as f64 / 1000.0);
    }
    Ok(content)
}

/// The frames of a line such as `{25}{75}words`, and its words; the second number may be missing.
fn frames(line: &str) -> Option<(u64, Option<u64>, &str)> {
    let (start, rest) = line.trim().strip_prefix('{')?.split_once("}{")?;
    let (end, text) = rest.split_once('}')?;
    let number = |text: &str| {
        let is_number = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    let end = if end.is_empty() { None } else { Some(number(end)?) };
    Some((number(start)?, end, text))
}

/// Frames to the second, if a text is such a number and nothing else.
fn rate(text: &str) -> Option<f64> {
    let rate: f64 = text.trim().replace(',', ".").parse().ok()?;
    (1.0..=1_000.0).contains(&rate).then_some(rate)
}

/// A line without its codes, as `{y:i}` and `{c:$0000ff}`, and without the slash that some players take for italics.
fn uncoded(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let code = after.split_once('}').filter(|(code, _)| {
            code.split_once(':').is_some_and(|(name, _)| {
                name.len() == 1 && name.bytes().all(|b| b.is_ascii_alphabetic())
            })
        });
        rest = match code {
            Some((_, after)) => after,
            None => {
                text.push('{');
                after
            }
        };
    }
    text.push_str(rest);
    text.strip_prefix('/').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_words_of_a_line() {
        assert_eq!(frames(" {25}{75}첫 대사|둘째\r"), Some((25, Some(75), "첫 대사|둘째")));
        assert_eq!(frames("{25}{}x"), Some((25, None, "x")));
        for line in ["{a}{1}x", "{1}x", "{1} {2}x", "{}{1}x", "{1}{2", "{9999999999999}{1}x"] {
            assert_eq!(frames(line), None, "{line}");
        }
        assert_eq!((rate(" 23,976"), rate("0"), rate("1 첫")), (Some(23.976), None, None));
        for (line, text) in
            [("{y:i}{c:$0000ff}글", "글"), ("{중략} 글{1}", "{중략} 글{1}"), ("/글", "글")]
        {
            assert_eq!(uncoded(line), text);
        }
    }
}
