//! Lyrics in ID3v2 tags (id3.org: 2.2, 2.3 and 2.4), where whole speeches stand, too. FFmpeg knows neither those of
//! version 2.2 nor those with times, and gives the bytes of Korean programs as Latin-1.

use std::io::Read;

use madang_document::content::{Content, Origin, Segment};
use madang_document::locator::Locator;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::media_io::tags::Tags;
use crate::blob::{Blob, read_range};
use crate::encoding::decode;

/// Bytes of a tag that are read: covers stand in it, but lyrics before or behind them.
const TAG_MOST: u64 = 16 << 20;

/// Frames of a tag that are walked.
const FRAMES_MOST: usize = 10_000;

/// Bytes of one frame of lyrics.
const LYRICS_MOST: u64 = 1 << 20;

/// Bytes of all of them together, those included that are no lyrics: a few bytes unpack to many.
const ALL_MOST: u64 = 4 << 20;

/// Lyrics of one file that are kept: a song has them in a few languages.
const LYRICS_COUNT: usize = 50;

/// The header of a tag, and of a frame from version 2.3 on.
const HEADER: usize = 10;

/// A text for the whole, or the pieces of one, each with the millisecond at which it begins.
#[derive(Debug, PartialEq, Eq)]
enum Lyrics {
    Whole(String),
    Timed(Vec<(u64, String)>),
}

/// What reads the data of a frame.
type Reader = fn(&[u8]) -> Option<Lyrics>;

/// Adds the lyrics in the tag that the file begins with. Gives whether there are any.
pub(super) fn read(blob: &dyn Blob, content: &mut Content) -> bool {
    let head = read_range(blob, 0, HEADER as u64).unwrap_or_default();
    let Some((_, size)) = tag_head(&head) else { return false };
    let tag = read_range(blob, 0, (HEADER as u64 + size).min(TAG_MOST)).unwrap_or_default();
    let (all, is_cut) = lyrics(&tag);
    if is_cut {
        content.cut(ReasonKind::LimitReached.of(Noun::Text));
    }
    for lyrics in &all {
        match lyrics {
            // The same words with their times are more.
            Lyrics::Whole(text) => {
                if !all.iter().any(|other| is_timed(other, text)) {
                    content.push_text(text.as_str(), Locator::Whole {});
                }
            }
            Lyrics::Timed(lines) => {
                for (n, (start_ms, text)) in lines.iter().enumerate() {
                    let next = lines.get(n + 1).map_or(*start_ms, |(next, _)| *next);
                    let (start_ms, end_ms) = (*start_ms, next.max(*start_ms));
                    content.segments.push(Segment {
                        text: text.clone(),
                        locator: Locator::Time { start_ms, end_ms },
                        origin: Origin::Subtitle,
                        confidence: None,
                        words: Vec::new(),
                    });
                }
            }
        }
    }
    !all.is_empty()
}

/// Whether the words of `text` are these, with their times.
fn is_timed(lyrics: &Lyrics, text: &str) -> bool {
    let Lyrics::Timed(lines) = lyrics else { return false };
    let timed = lines.iter().flat_map(|(_, line)| line.split_whitespace());
    timed.flat_map(str::chars).eq(text.split_whitespace().flat_map(str::chars))
}

/// Flags and size of the tag whose header this is.
fn tag_head(head: &[u8]) -> Option<([u8; 2], u64)> {
    let [b'I', b'D', b'3', version, _, flags, size @ ..] = head else { return None };
    Some(([*version, *flags], u64::from(seven_bits(size.first_chunk()?))))
}

/// A number of which each byte has seven bits, so that none looks like the start of a frame of sound.
fn seven_bits(bytes: &[u8; 4]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 7 | u32::from(byte & 0x7F))
}

/// Frames of text, of 2.2 and from 2.3 on, and FFmpeg's names of the same tags.
const TEXTS: &[(&[u8], &[u8], &str)] = &[
    (b"TT2", b"TIT2", "title"),
    (b"TP1", b"TPE1", "artist"),
    (b"TP2", b"TPE2", "album_artist"),
    (b"TAL", b"TALB", "album"),
    (b"TCM", b"TCOM", "composer"),
    (b"TRK", b"TRCK", "track"),
    (b"TPA", b"TPOS", "disc"),
    (b"TYE", b"TYER", "date"),
    (b"TYE", b"TDRC", "date"),
    (b"TCR", b"TCOP", "copyright"),
    (b"TPB", b"TPUB", "publisher"),
    (b"TLA", b"TLAN", "language"),
    (b"TEN", b"TENC", "encoded_by"),
    (b"TSS", b"TSSE", "encoder"),
];

/// Bytes of one text, and values in it.
const TEXT_MOST: u64 = 64 << 10;
const VALUES_MOST: usize = 100;

/// What the tags say of a file in which FFmpeg finds no sound, under its names: the one at the start, and behind it the old one of
/// 128 bytes at the end.
pub(super) fn tags(blob: &dyn Blob) -> Tags {
    let head = read_range(blob, 0, HEADER as u64).unwrap_or_default();
    let mut found = Tags::new();
    if let Some((_, size)) = tag_head(&head) {
        let tag = read_range(blob, 0, (HEADER as u64 + size).min(TAG_MOST)).unwrap_or_default();
        let mut left = ALL_MOST;
        walk(&tag, &mut |frame| {
            if let Some((name, text)) = text_of(frame, left, Comment::Plain) {
                left = left.saturating_sub(text.len() as u64);
                found.push((name.to_owned(), text.into_bytes()));
            }
            left > 0
        });
        if !found.iter().any(|(name, _)| name == "comment") {
            found.extend(described_comments(blob));
        }
    }
    let last = blob.len().checked_sub(128).and_then(|at| read_range(blob, at, 128).ok());
    if let Some([b'T', b'A', b'G', rest @ ..]) = last.as_deref() {
        for (name, from, length) in [
            ("title", 0, 30),
            ("artist", 30, 30),
            ("album", 60, 30),
            ("date", 90, 4),
            ("comment", 94, 28),
        ] {
            let field = rest.get(from..from + length).unwrap_or_default();
            let text = field.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
            if !text.is_empty() && !found.iter().any(|(other, _)| other == name) {
                found.push((name.to_owned(), text.to_vec()));
            }
        }
    }
    found
}

/// The first comment that a tag at the start of a file calls by a name of its own, as some programs do with every comment
/// (`ID3v1 Comment`). What players keep for themselves under such names is none.
pub(super) fn described_comments(blob: &dyn Blob) -> Tags {
    let head = read_range(blob, 0, HEADER as u64).unwrap_or_default();
    let Some((_, size)) = tag_head(&head) else { return Tags::new() };
    let tag = read_range(blob, 0, (HEADER as u64 + size).min(TAG_MOST)).unwrap_or_default();
    let (mut found, mut left) = (Tags::new(), ALL_MOST);
    walk(&tag, &mut |frame| {
        if !COMMENTS.contains(&frame.id) {
            return true;
        }
        let comment = text_of(frame, left, Comment::Described);
        found.extend(comment.map(|(name, text)| (name.to_owned(), text.into_bytes())));
        left = left.saturating_sub(TEXT_MOST);
        found.is_empty() && left > 0
    });
    found
}

/// Frames of comments, of ID3v2.2 and of what came after.
const COMMENTS: [&[u8]; 2] = [b"COM", b"COMM"];

/// Which comments are wanted: those without a description, or those with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comment {
    Plain,
    Described,
}

impl Comment {
    /// Whether a comment of this description is wanted. Players keep numbers under names of theirs, which begin alike: iTunes,
    /// MusicMatch, MediaMonkey.
    fn takes(self, description: &str) -> bool {
        let players = ["iTun", "MusicMatch", "Songs-DB"];
        let is_of_a_player = players.iter().any(|name| description.starts_with(name));
        match self {
            Comment::Plain => description.is_empty(),
            Comment::Described => !description.is_empty() && !is_of_a_player,
        }
    }
}

/// FFmpeg's name of what a frame of text says, and that.
fn text_of(frame: &Frame<'_>, left: u64, comment: Comment) -> Option<(&'static str, String)> {
    let known = TEXTS.iter().find(|(old, new, _)| [*old, *new].contains(&frame.id));
    let name = known.map(|(.., name)| *name);
    let name = name.or(COMMENTS.contains(&frame.id).then_some("comment"))?;
    let data = frame.data(left.min(TEXT_MOST))?;
    let (coding, rest) = data.split_first()?;
    let coding = Coding::of(*coding)?;
    let text = match name {
        // A language and a description.
        "comment" => {
            let (about, text) = coding.split(rest.get(3..)?);
            text.filter(|_| comment.takes(&coding.text(about)))?
        }
        _ => rest,
    };
    // In 2.4 several values stand behind one another.
    let (mut values, mut rest) = (Vec::new(), Some(text));
    while let Some(bytes) = rest.filter(|bytes| !bytes.is_empty() && values.len() < VALUES_MOST) {
        let (value, behind) = coding.split(bytes);
        values.push(coding.text(value).trim().to_owned());
        rest = behind;
    }
    values.retain(|value| !value.is_empty());
    (!values.is_empty()).then(|| (name, values.join(", ")))
}

/// All lyrics of a tag, each once, as far as the tag is whole; and whether there may be more of them than are read.
fn lyrics(tag: &[u8]) -> (Vec<Lyrics>, bool) {
    let (mut found, mut is_cut) = (Vec::new(), false);
    let mut left = ALL_MOST;
    walk(tag, &mut |frame| {
        let read: Option<Reader> = match frame.id {
            b"USLT" | b"ULT" => Some(whole),
            b"SYLT" | b"SLT" => Some(timed),
            _ => None,
        };
        if let Some(read) = read
            && let Some(data) = frame.data(left.min(LYRICS_MOST))
        {
            is_cut |= data.len() as u64 >= left.min(LYRICS_MOST);
            left = left.saturating_sub(data.len() as u64);
            let lyrics = read(&data);
            if let Some(lyrics) = lyrics.filter(|lyrics| !found.contains(lyrics)) {
                found.push(lyrics);
            }
        }
        found.len() < LYRICS_COUNT && left > 0
    });
    (found, is_cut)
}

/// Hands out the frames of a tag one by one, as far as it is whole, until one is the last that is wanted.
fn walk(tag: &[u8], each: &mut dyn FnMut(&Frame<'_>) -> bool) {
    let Some(([version @ 2..=4, flags], _)) = tag_head(tag) else { return };
    let body = tag.get(HEADER..).unwrap_or_default();
    // Before 2.4 the tag as a whole is unsynchronised, from then on each frame by itself.
    let joined = (flags & 0x80 != 0 && version < 4).then(|| synchronised(body));
    let mut rest = joined.as_deref().unwrap_or(body);
    // In 2.2 the same flag says that the tag is compressed, and no way to do that was ever said.
    if flags & 0x40 != 0 {
        let Some(frames) = behind_extended_header(version, rest) else { return };
        rest = frames;
    }
    for _ in 0..FRAMES_MOST {
        let Some((frame, behind)) = Frame::first(version, rest) else { break };
        if !each(&frame) {
            break;
        }
        rest = behind;
    }
}

fn behind_extended_header(version: u8, body: &[u8]) -> Option<&[u8]> {
    let size = body.first_chunk()?;
    let size = match version {
        // Without the four bytes that say it.
        3 => u32::from_be_bytes(*size).checked_add(4)?,
        4 => seven_bits(size),
        _ => return None,
    };
    body.get(usize::try_from(size).ok()?..)
}

/// Takes back what unsynchronisation put in: a zero behind every 0xFF.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut last = 0;
    let kept = bytes.iter().filter(|byte| {
        let put_in = last == 0xFF && **byte == 0;
        last = **byte;
        !put_in
    });
    kept.copied().collect()
}

/// A frame as it stands in the tag.
struct Frame<'a> {
    id: &'a [u8],
    flags: u8,
    version: u8,
    stored: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first frame of these, and what follows it; none in the padding and where the tag is cut.
    fn first(version: u8, frames: &'a [u8]) -> Option<(Frame<'a>, &'a [u8])> {
        let (id, size, flags, rest) = match (version, frames) {
            (2, [_, _, _, a, b, c, rest @ ..]) => {
                (frames.get(..3)?, u32::from_be_bytes([0, *a, *b, *c]), 0, rest)
            }
            (_, [_, _, _, _, a, b, c, d, _, flags, rest @ ..]) => {
                let size = [*a, *b, *c, *d];
                let plain = u32::from_be_bytes(size);
                // iTunes wrote plain sizes into 2.4: such a one leads to the next frame, the other into the middle of this.
                let size = match version {
                    4 if !leads(rest, seven_bits(&size)) && leads(rest, plain) => plain,
                    4 => seven_bits(&size),
                    _ => plain,
                };
                (frames.get(..4)?, size, *flags, rest)
            }
            _ => return None,
        };
        if !is_id(id) {
            return None;
        }
        let (stored, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        Some((Frame { id, flags, version, stored }, rest))
    }

    /// What it holds, at most so many bytes; nothing of one that is encrypted.
    fn data(&self, most: u64) -> Option<Vec<u8>> {
        let Frame { flags, version, .. } = *self;
        let is = |flag: u8| flags & flag != 0;
        let size = |is_there: bool| if is_there { 4 } else { 0 };
        let (before, packed, encrypted) = match version {
            // Compressed, with its size before it; encrypted; of a group.
            3 => (size(is(0x80)) + usize::from(is(0x20)), is(0x80), is(0x40)),
            // Of a group; compressed; encrypted; unsynchronised; with its size.
            4 => (size(is(0x01)) + usize::from(is(0x40)), is(0x08), is(0x04)),
            _ => (0, false, false),
        };
        if encrypted {
            return None;
        }
        let stored = self.stored.get(before..)?;
        let joined = (version == 4 && flags & 0x02 != 0).then(|| synchronised(stored));
        let bytes = joined.as_deref().unwrap_or(stored);
        let mut data = Vec::new();
        let read = match packed {
            true => flate2::read::ZlibDecoder::new(bytes).take(most).read_to_end(&mut data),
            false => bytes.take(most).read_to_end(&mut data),
        };
        // What came before the damage is kept.
        let _ = read;
        Some(data)
    }
}

/// Whether a frame of this size ends where another begins, or the padding, or nothing.
fn leads(rest: &[u8], size: u32) -> bool {
    let behind = usize::try_from(size).ok().and_then(|size| rest.get(size..));
    behind.is_some_and(|behind| behind.get(..4).is_none_or(|id| is_id(id) || id == [0; 4]))
}

fn is_id(id: &[u8]) -> bool {
    id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Encoding, language, a description, the text.
fn whole(data: &[u8]) -> Option<Lyrics> {
    let [encoding, _, _, _, rest @ ..] = data else { return None };
    let coding = Coding::of(*encoding)?;
    let (about, text) = coding.split(rest);
    // Programs that know no description leave out the end of it, too.
    let text = lines(&coding.text(text.unwrap_or(about)));
    (!text.is_empty()).then_some(Lyrics::Whole(text))
}

/// Encoding, language, the unit of the times, what it is, a description; then pieces, each with its time.
fn timed(data: &[u8]) -> Option<Lyrics> {
    let [encoding, _, _, _, unit, _, rest @ ..] = data else { return None };
    let coding = Coding::of(*encoding)?;
    let mut rest = coding.split(rest).1?;
    // A new line begins with a line feed (ID3v2.4 frames, section 4.9); syllables follow each other.
    let mut lines_found: Vec<(u64, String)> = Vec::new();
    while let (piece, Some([a, b, c, d, behind @ ..])) = coding.split(rest) {
        let text = coding.text(piece);
        let start_ms = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
        match lines_found.last_mut().filter(|_| !text.starts_with(['\n', '\r'])) {
            Some((_, line)) => line.push_str(&text),
            None => lines_found.push((start_ms, text)),
        }
        rest = behind;
    }
    let lines_found = lines_found.into_iter().map(|(start, line)| (start, lines(&line)));
    let mut kept: Vec<(u64, String)> = lines_found.filter(|(_, line)| !line.is_empty()).collect();
    kept.sort_by_key(|(start_ms, _)| *start_ms);
    // The other unit is frames of MPEG, of which only the sound knows how long they are.
    match (kept.is_empty(), unit) {
        (true, _) => None,
        (false, 2) => Some(Lyrics::Timed(kept)),
        (false, _) => {
            let texts: Vec<String> = kept.into_iter().map(|(_, line)| line).collect();
            Some(Lyrics::Whole(texts.join("\n")))
        }
    }
}

/// A text with its line ends as they are here.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\0'], "\n").trim().to_owned()
}

/// How the texts of a frame are encoded.
#[derive(Clone, Copy)]
enum Coding {
    /// Latin-1 by the letter; what else it may be is weighed.
    Narrow,
    Utf16,
    Utf16Be,
    Utf8,
}

impl Coding {
    fn of(byte: u8) -> Option<Coding> {
        match byte {
            0 => Some(Coding::Narrow),
            1 => Some(Coding::Utf16),
            2 => Some(Coding::Utf16Be),
            3 => Some(Coding::Utf8),
            _ => None,
        }
    }

    /// The text up to its end, and what follows that; nothing if it ends with the data.
    fn split(self, bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
        let width = match self {
            Coding::Narrow | Coding::Utf8 => 1,
            Coding::Utf16 | Coding::Utf16Be => 2,
        };
        let end = bytes.chunks_exact(width).position(|unit| unit.iter().all(|byte| *byte == 0));
        let Some(end) = end.map(|end| end * width) else { return (bytes, None) };
        (bytes.get(..end).unwrap_or_default(), bytes.get(end + width..))
    }

    fn text(self, bytes: &[u8]) -> String {
        let text = match self {
            Coding::Narrow | Coding::Utf8 => return decode(bytes).text,
            Coding::Utf16 if bytes.starts_with(&[0xFE, 0xFF]) => {
                encoding_rs::UTF_16BE.decode(bytes)
            }
            Coding::Utf16 => encoding_rs::UTF_16LE.decode(bytes),
            Coding::Utf16Be => encoding_rs::UTF_16BE.decode(bytes),
        };
        text.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tag: &[u8]) -> Vec<Lyrics> {
        lyrics(tag).0
    }

    const SONG: &str = "시민의 노래 1절\n우리 마당에 비가 내리면";

    fn sizes(version: u8, size: usize) -> Vec<u8> {
        let size = size as u32;
        match version {
            2 => size.to_be_bytes()[1..].to_vec(),
            3 => size.to_be_bytes().to_vec(),
            _ => [21, 14, 7, 0].map(|shift| (size >> shift) as u8 & 0x7F).to_vec(),
        }
    }

    fn frame(version: u8, id: &str, flags: u8, data: &[u8]) -> Vec<u8> {
        let flags = if version == 2 { vec![] } else { vec![0, flags] };
        [id.as_bytes(), &sizes(version, data.len()), &flags, data].concat()
    }

    fn tag(version: u8, flags: u8, frames: &[u8]) -> Vec<u8> {
        [b"ID3", [version, 0, flags].as_slice(), &sizes(4, frames.len()), frames].concat()
    }

    fn utf_16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// The text of a frame in each encoding, with a description before it.
    fn texts() -> Vec<Vec<u8>> {
        let be: Vec<u8> = SONG.encode_utf16().flat_map(u16::to_be_bytes).collect();
        vec![
            [b"\0kor\0", &encoding_rs::EUC_KR.encode(SONG).0[..]].concat(),
            [b"\x01kor\xFF\xFE\0\0\xFF\xFE".as_slice(), &utf_16(SONG)].concat(),
            [b"\x01kor\xFF\xFEa\0\0\0\xFE\xFF".as_slice(), &be].concat(),
            [b"\x02kor\0\0".as_slice(), &be].concat(),
            [b"\x03korabout\0", SONG.as_bytes()].concat(),
            [b"\x03kor", SONG.as_bytes()].concat(),
        ]
    }

    #[test]
    fn reads_every_version_and_encoding() {
        for version in [2, 3, 4] {
            let id = if version == 2 { "ULT" } else { "USLT" };
            let title = frame(version, if version == 2 { "TT2" } else { "TIT2" }, 0, b"\x03x");
            for text in texts() {
                let frames = [title.clone(), frame(version, id, 0, &text), vec![0; 20]].concat();
                let found = said(&tag(version, 0, &frames));
                assert_eq!(found, [Lyrics::Whole(SONG.into())], "{version} {text:?}");
            }
        }
    }

    #[test]
    fn reads_several_languages_once_each() {
        let in_english = b"\x03eng\0When it rains".as_slice();
        let all = [texts().remove(4), in_english.to_vec(), texts().remove(0)];
        let frames: Vec<u8> = all.iter().flat_map(|text| frame(3, "USLT", 0, text)).collect();
        let found = said(&tag(3, 0, &frames));
        let expected = [Lyrics::Whole(SONG.into()), Lyrics::Whole("When it rains".into())];
        assert_eq!(found, expected);
    }

    #[test]
    fn tells_what_tags_say_where_there_is_no_sound() {
        let texts = |file: &[u8]| -> Vec<(String, String)> {
            let all = tags(&file.to_vec()).into_iter();
            all.map(|(name, text)| (name, String::from_utf8_lossy(&text).into_owned())).collect()
        };
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let korean = encoding_rs::EUC_KR.encode("시민의 노래").0;
        let frames = [
            frame(3, "TIT2", 0, &[b"\0", &korean[..]].concat()),
            frame(3, "TPE1", 0, b"\x03one\0two\0"),
            frame(3, "COMM", 0, b"\0engiTunNORM\0 0001"),
            frame(3, "COMM", 0, b"\0eng\0recorded outside"),
            frame(3, "TXXX", 0, b"\0own\0value"),
        ]
        .concat();
        let named =
            |name: &str| frame(3, "COMM", 0, &[b"\0kor", name.as_bytes(), b"\0of a day"].concat());
        for (comments, expected) in [
            (vec![named("ID3v1 Comment"), named("other")], Some("of a day")),
            (vec![named("iTunSMPB"), named("MusicMatch_Mood"), named("Songs-DB_Custom1")], None),
            (vec![named("about"), frame(3, "COMM", 0, b"\0eng\0plain")], Some("plain")),
        ] {
            let found = texts(&tag(3, 0, &comments.concat()));
            let comments: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(comments, expected.into_iter().collect::<Vec<_>>());
        }
        let old: Vec<u8> = [b"TAG".as_slice(), &[b'x'; 30], &[0; 60], b"1999", &[0; 31]].concat();
        let whole = [tag(3, 0, &frames), vec![0; 40], old].concat();
        let expected = pairs(&[
            ("title", "시민의 노래"),
            ("artist", "one, two"),
            ("comment", "recorded outside"),
            ("date", "1999"),
        ]);
        assert_eq!(texts(&whole), expected);
        let two = tag(2, 0, &frame(2, "TT2", 0, b"\0Sound check"));
        assert_eq!(texts(&two), pairs(&[("title", "Sound check")]));
        for cut in 0..whole.len() {
            texts(&whole[..cut]);
        }
    }

    fn unsynchronised(bytes: &[u8]) -> Vec<u8> {
        let put = |byte: &u8| if *byte == 0xFF { vec![0xFF, 0] } else { vec![*byte] };
        bytes.iter().flat_map(put).collect()
    }

    #[test]
    fn takes_back_unsynchronisation_compression_and_what_stands_before() {
        use std::io::Write;
        let text = texts().remove(1);
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&text).unwrap();
        let packed = packed.finish().unwrap();
        let size = (text.len() as u32).to_be_bytes();
        let joined = |parts: &[&[u8]]| parts.concat();
        let plain_size = [b"USLT", size.as_slice(), &[0, 0], &text].concat();
        let long = [b"\x03kor\0".as_slice(), "가".repeat(100).as_bytes()].concat();
        let length = (long.len() as u32).to_be_bytes();
        let by_itunes = [b"USLT".as_slice(), &length, &[0, 0], &long].concat();
        for (found, expected) in [
            (tag(3, 0x80, &unsynchronised(&plain_size)), SONG.to_owned()),
            (tag(4, 0x80, &frame(4, "USLT", 2, &unsynchronised(&text))), SONG.to_owned()),
            (tag(3, 0, &frame(3, "USLT", 0x80, &joined(&[&size, &packed]))), SONG.to_owned()),
            (
                tag(4, 0, &frame(4, "USLT", 9, &joined(&[&sizes(4, text.len()), &packed]))),
                SONG.into(),
            ),
            (tag(3, 0x40, &joined(&[&[0, 0, 0, 6], &[0; 6], &plain_size])), SONG.to_owned()),
            (
                tag(4, 0x40, &joined(&[&[0, 0, 0, 6], &[1, 0], &frame(4, "USLT", 0, &text)])),
                SONG.into(),
            ),
            (tag(4, 0, &by_itunes), "가".repeat(100)),
        ] {
            assert_eq!(said(&found), [Lyrics::Whole(expected)]);
        }
        assert_eq!(said(&tag(3, 0, &frame(3, "USLT", 0x40, &text))), []);
    }

    #[test]
    fn reads_lines_with_their_times() {
        let piece = |text: &str, ms: u32| [text.as_bytes(), &[0], &ms.to_be_bytes()].concat();
        let pieces = [piece("\n시민의 ", 500), piece("노래", 900), piece("\n비가", 2000)].concat();
        let data = |unit: u8| [b"\x03kor", [unit, 1, 0].as_slice(), &pieces].concat();
        let lines = vec![(500, "시민의 노래".to_owned()), (2000, "비가".to_owned())];
        assert_eq!(said(&tag(4, 0, &frame(4, "SYLT", 0, &data(2)))), [Lyrics::Timed(lines)]);
        let frames = said(&tag(4, 0, &frame(4, "SYLT", 0, &data(1))));
        assert_eq!(frames, [Lyrics::Whole("시민의 노래\n비가".into())]);

        let words = frame(4, "USLT", 0, "\x03kor\0시민의 노래\n비가".as_bytes());
        let both = tag(4, 0, &[words, frame(4, "SYLT", 0, &data(2))].concat());
        let mut content = Content::default();
        assert!(read(&both, &mut content));
        let places: Vec<_> = content.segments.iter().map(|segment| &segment.locator).collect();
        let time = |start_ms, end_ms| Locator::Time { start_ms, end_ms };
        assert_eq!(places, [&time(500, 2000), &time(2000, 2000)]);
    }

    #[test]
    fn hostile_tags_end() {
        let good = frame(3, "USLT", 0, &texts().remove(0));
        let whole = tag(3, 0, &good.repeat(3));
        for cut in 0..whole.len() {
            assert!(said(&whole[..cut]).len() <= 1);
        }
        let lying = [b"USLT\xFF\xFF\xFF\xFF\0\0".as_slice(), &good].concat();
        assert_eq!(said(&tag(3, 0, &lying)), []);
        assert_eq!(said(&tag(4, 0x40, &[0x7F; 40])), []);
        let empty = frame(3, "USLT", 0, b"").repeat(50_000);
        assert_eq!(said(&tag(3, 0, &empty)), []);
        let many: Vec<u8> = (0..200)
            .flat_map(|n| frame(3, "USLT", 0, format!("\x03kor\0{n}").as_bytes()))
            .collect();
        assert_eq!(said(&tag(3, 0, &many)).len(), LYRICS_COUNT);
        let long = [b"\x03kor\0".as_slice(), &vec![b'a'; 3 << 20]].concat();
        let found = said(&tag(3, 0, &frame(3, "USLT", 0, &long)));
        let [Lyrics::Whole(text)] = found.as_slice() else { panic!() };
        assert!(text.len() as u64 <= LYRICS_MOST);
        let of_long = |long: &[u8]| {
            let mut content = Content::default();
            read(&tag(3, 0, &frame(3, "USLT", 0, long)), &mut content);
            content.warnings.len()
        };
        assert_eq!((of_long(&long), of_long(&long[..1000])), (1, 0), "what is cut is told");
        let claimed = [b"ID3\x03\0\0\x7F\x7F\x7F\x7F".as_slice(), &good].concat();
        let mut content = Content::default();
        assert!(read(&claimed, &mut content));
    }
}
