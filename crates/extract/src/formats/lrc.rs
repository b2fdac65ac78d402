//! Lyrics with the times at which they are sung (LRC).

use madang_document::content::Content;
use madang_document::metadata::TITLE;
use madang_document::reason_kind::ReasonKind;

use super::subtitle::{cue, time};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "lrc",
    version: 1,
    media_types: &["text/x-lrc"],
    // Lines of logs begin with a time in brackets, too: the name is believed.
    sniff: |probe| {
        let has_times = |text: &str| text.lines().any(|line| !Line::of(line).times.is_empty());
        match probe.extension == "lrc" && probe.text().is_some_and(has_times) {
            true => Match::Magic,
            false => Match::No,
        }
    },
    media_type: |_| "text/x-lrc",
    extract,
};

/// Times of one line that are read: a refrain is sung a few times.
const MOST_TIMES: usize = 100;
/// Times of one file that are read, each with the words of its line.
const MOST_CUES: usize = 100_000;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let mut cues: Vec<(u64, String)> = Vec::new();
    let mut earlier = 0i64;
    for line in decoded.text.lines() {
        let Line { times, text, tag } = Line::of(line);
        match tag {
            Some(("ti", title)) => content.metadata.at("ti").add(TITLE, title),
            Some(("ar", artist)) => content.metadata.at("ar").set("tag.artist", artist),
            Some(("al", album)) => content.metadata.at("al").set("tag.album", album),
            Some(("offset", ms)) => earlier = ms.parse().unwrap_or_default(),
            _ => {}
        }
        // A line without a time is sung with the one before it.
        let before = cues.last().map_or(0, |(ms, _)| *ms);
        let times = if times.is_empty() && tag.is_none() { vec![before] } else { times };
        let text = without_word_times(text);
        let room = MOST_CUES.saturating_sub(cues.len());
        cues.extend(times.into_iter().take(room).map(|ms| (ms, text.clone())));
    }
    let cues = in_order(cues, earlier);
    for (n, (start, text)) in cues.iter().enumerate() {
        let end = cues.iter().skip(n + 1).map(|(next, _)| *next).find(|next| next > start);
        cue(&mut content, text, *start, end.unwrap_or(*start));
    }
    if content.segments.is_empty() {
        content.note(ReasonKind::NoCue);
        super::text::read_lines(&decoded.text, &mut content, context.limits.text, context);
    }
    Ok(content)
}

/// The cues in the order in which they are sung, so many milliseconds earlier.
fn in_order(mut cues: Vec<(u64, String)>, earlier: i64) -> Vec<(u64, String)> {
    for (start, _) in &mut cues {
        *start = start.saturating_add_signed(earlier.saturating_neg());
    }
    cues.sort_by_key(|(start, _)| *start);
    cues
}

/// What a line is made of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line<'a> {
    /// When it is sung, in milliseconds.
    times: Vec<u64>,
    text: &'a str,
    /// What it says of the song instead.
    tag: Option<(&'a str, &'a str)>,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Line<'a> {
        let mut read = Line { text: line.trim(), ..Line::default() };
        while let Some((inside, rest)) =
            read.text.strip_prefix('[').and_then(|it| it.split_once(']'))
        {
            if let Some(ms) = clock(inside) {
                if read.times.len() < MOST_TIMES {
                    read.times.push(ms);
                }
                read.text = rest.trim_start();
                continue;
            }
            let tag = inside.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
            read.tag = tag.filter(|_| read.times.is_empty() && rest.trim().is_empty());
            break;
        }
        read
    }
}

/// A time such as `01:02.50`, with at least minutes and seconds.
fn clock(text: &str) -> Option<u64> {
    let is_clock =
        text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b));
    // Some write a colon before the hundredths, too.
    let (minutes, seconds) = text.split_once(':').filter(|_| is_clock)?;
    time(&format!("{minutes}:{}", seconds.replacen(':', ".", 1)))
}

/// The words without the times that stand before each, as `<00:12.50>`.
fn without_word_times(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        words.push_str(before);
        rest = match after.split_once('>').filter(|(inside, _)| clock(inside).is_some()) {
            Some((_, after)) => after,
            None => {
                words.push('<');
                after
            }
        };
    }
    words.push_str(rest);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_words_and_tags_of_a_line() {
        let line = Line::of("[00:15.00][01:45:5] 둘째 [후렴]\r");
        assert_eq!(line, Line { times: vec![15_000, 105_500], text: "둘째 [후렴]", tag: None });
        assert_eq!(Line::of("[ti: 노래]").tag, Some(("ti", "노래")));
        for line in ["[후렴] 글", "[12] 글", "[a:b] 글", "글 [00:01]", "[:]"] {
            let Line { times, text, .. } = Line::of(line);
            assert_eq!((times.as_slice(), text), (&[][..], line), "{line}");
        }
        assert_eq!(without_word_times("<00:01.2>첫 <00:02>소절 <3>"), "첫 소절 <3>");
    }

    #[test]
    fn cues_are_moved_and_sorted() {
        let cues = vec![(45_000, "나".to_owned()), (300, "가".to_owned())];
        assert_eq!(in_order(cues, 500), [(0, "가".to_owned()), (44_500, "나".to_owned())]);
    }
}
