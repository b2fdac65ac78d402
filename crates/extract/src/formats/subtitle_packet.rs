//! The text of one packet of an embedded subtitle track.

use super::subtitle;

/// Whether packets of this codec (FFmpeg's name) hold text.
pub(super) fn is_text(codec: &str) -> bool {
    matches!(codec, "mov_text" | "subrip" | "srt" | "text" | "webvtt" | "ass" | "ssa")
}

/// The text, without its formatting; empty if there is none.
pub(super) fn text(codec: &str, data: &[u8]) -> String {
    match codec {
        "mov_text" => plain(&String::from_utf8_lossy(timed_text(data))),
        "ass" | "ssa" => styled(&String::from_utf8_lossy(data)),
        _ => plain(&super::korean_bytes::tag_text(data)),
    }
}

/// The text of a sample of timed text: its length, then UTF-8, then boxes of styles (ETSI TS 126 245,
/// section 5.17).
fn timed_text(data: &[u8]) -> &[u8] {
    let [a, b, rest @ ..] = data else { return &[] };
    let length = usize::from(u16::from_be_bytes([*a, *b]));
    rest.get(..length).unwrap_or(rest)
}

/// The last of the nine fields that an event has in a packet, without its override blocks
/// (Matroska, codec mapping S_TEXT/ASS).
fn styled(event: &str) -> String {
    unstyled(event.splitn(9, ',').nth(8).unwrap_or_default())
}

/// The text of an event without its override blocks and what is drawn between them, and with its line ends.
pub(super) fn unstyled(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_drawn = false;
    while let Some((before, block)) = rest.split_once('{') {
        // Numbers of a drawing are no words.
        plain.push_str(if is_drawn { "" } else { before });
        let (block, after) = block.split_once('}').unwrap_or((block, ""));
        is_drawn = draws(block).unwrap_or(is_drawn);
        rest = after;
    }
    plain.push_str(if is_drawn { "" } else { rest });
    plain.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ").trim().to_owned()
}

/// Whether what follows an override block is drawn, if the block says so: `\p` with a number, which is nought where words go on.
fn draws(block: &str) -> Option<bool> {
    let number = |rest: &str| rest.chars().next().and_then(|c| c.to_digit(10));
    block.split("\\p").skip(1).filter_map(number).last().map(|number| number > 0)
}

/// Without the tags that SubRip and WebVTT know.
fn plain(text: &str) -> String {
    subtitle::plain(text).replace("\r\n", "\n").replace('\0', "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_text_and_drops_the_styles() {
        for (codec, data, expected) in [
            ("mov_text", "\0\x06자막\0\0\0\x0Cstyl", "자막"),
            ("mov_text", "\0", ""),
            (
                "subrip",
                "<i>안녕</i> 1 < 2\r\n<font color=\"red\">하세요</font>",
                "안녕 1 < 2\n하세요",
            ),
            ("ass", r"0,0,Default,,0,0,0,,{\i1}첫 줄{\i0}\N둘째, 줄", "첫 줄\n둘째, 줄"),
            ("ass", "0,0", ""),
            ("ass", r"0,0,,,,,,,이동{\pos(1,2)\p1}m 0 0 l 1 1{\b1}2 2{\p0\b0} 끝", "이동 끝"),
            ("ass", r"0,0,,,,,,,{\p4}m 0 0", ""),
        ] {
            assert_eq!(text(codec, data.as_bytes()), expected, "{codec} {data:?}");
        }
    }
}
