//! Tags of audio and video files (ID3, Vorbis comments, QuickTime, RIFF) under the words of
//! [`madang_document::metadata`].

use madang_document::metadata::{self, At, Metadata};

use super::keywords::keywords;
use super::korean_bytes::tag_text;
use super::media_io::tags::Tags;
use crate::encoding::decode;

/// FFmpeg's name of a tag, lower case, and its name here.
const NAMES: &[(&str, &str)] = &[
    ("title", metadata::TITLE),
    ("description", metadata::DESCRIPTION),
    ("synopsis", metadata::DESCRIPTION),
    ("com.apple.quicktime.title", metadata::TITLE),
    ("com.apple.quicktime.displayname", metadata::TITLE),
    ("com.apple.quicktime.description", metadata::DESCRIPTION),
    ("com.apple.quicktime.information", metadata::DESCRIPTION),
    ("com.apple.quicktime.comment", "tag.comment"),
    ("com.apple.quicktime.author", metadata::AUTHOR),
    ("com.apple.quicktime.artist", "tag.artist"),
    ("com.apple.quicktime.copyright", metadata::COPYRIGHT),
    ("com.apple.quicktime.software", metadata::PRODUCER),
    ("copyright", metadata::COPYRIGHT),
    ("encoder", metadata::PRODUCER),
    ("encoded_by", "tag.encoded_by"),
    ("artist", "tag.artist"),
    ("album", "tag.album"),
    ("album_artist", "tag.album_artist"),
    ("composer", "tag.composer"),
    ("genre", "tag.genre"),
    ("track", "tag.track"),
    ("disc", "tag.disc"),
    ("date", "tag.date"),
    ("year", "tag.date"),
    ("comment", "tag.comment"),
    ("language", "tag.language"),
    ("publisher", "tag.publisher"),
    ("make", metadata::CAMERA_MAKE),
    ("com.apple.quicktime.make", metadata::CAMERA_MAKE),
    ("com.android.manufacturer", metadata::CAMERA_MAKE),
    ("model", metadata::CAMERA_MODEL),
    ("com.apple.quicktime.model", metadata::CAMERA_MODEL),
    ("com.android.model", metadata::CAMERA_MODEL),
    ("creation_time", metadata::CREATED),
    // Has an offset where `creation_time` is in UTC, so it may stand beside it.
    ("com.apple.quicktime.creationdate", metadata::TAKEN_AT),
];

/// Names under which keywords stand as one text (iTunes, QuickTime; Matroska; ASF).
const KEYWORDS: [&str; 4] = ["keywords", "com.apple.quicktime.keywords", "keyword", "wm/keywords"];

/// Tags of a stream that say something of the whole file; the others name tracks and handlers.
const STREAM_NAMES: [&str; 2] = ["creation_time", "encoder"];

/// Names under which the place stands (QuickTime; 3GPP TS 26.244, section 8.2).
const PLACES: [&str; 3] = ["com.apple.quicktime.location.iso6709", "location", "location-eng"];

/// Names under which lyrics stand (ID3, QuickTime; Vorbis comments and Matroska; ASF).
const LYRICS: [&str; 4] = ["lyrics", "unsyncedlyrics", "unsynced lyrics", "wm/lyrics"];

/// Sets what the tags of the file say.
pub(super) fn read(tags: &Tags, metadata: &mut Metadata) {
    for (name, value) in tags {
        let name = name.to_lowercase();
        let value = tag_text(value);
        if PLACES.contains(&name.as_str()) {
            set_place(&value, metadata);
        }
        set(&name, value, metadata.at(part_of(&name)));
    }
}

/// Names of RIFF's list of information (Multimedia Programming Interface and Data Specifications 1.0) that FFmpeg hands on as they
/// are. They mean something else in other files: what Vorbis comments call `ISRC` is the number of a recording.
const RIFF_NAMES: &[(&str, &str)] = &[("isbj", metadata::DESCRIPTION), ("isrc", metadata::SOURCE)];

/// Keywords among them.
const RIFF_KEYWORDS: &str = "ikey";

/// Sets what only tags of RIFF say.
pub(super) fn read_riff(tags: &Tags, metadata: &mut Metadata) {
    for (name, value) in tags {
        let name = name.to_lowercase();
        let mut metadata = metadata.at("tags");
        if name == RIFF_KEYWORDS {
            metadata.add(metadata::KEYWORDS, keywords(&tag_text(value)));
        }
        if let Some((_, known)) = RIFF_NAMES.iter().find(|(tag, _)| *tag == name) {
            metadata.add(known, tag_text(value));
        }
    }
}

/// The part that a tag is: a long description stands beside a short one, so it is a part of its own.
fn part_of(name: &str) -> &str {
    match name {
        "synopsis" | "com.apple.quicktime.information" => name,
        _ => "tags",
    }
}

/// Sets what the tags of a stream say and those of the file did not: an OGG file has its tags there.
pub(super) fn read_stream(tags: &Tags, metadata: &mut Metadata) {
    // Only Vorbis comments carry an artist; a title alone is the name of a track.
    let of_the_work = tags.iter().any(|(name, _)| name.eq_ignore_ascii_case("artist"));
    for (name, value) in tags {
        let name = name.to_lowercase();
        if of_the_work || STREAM_NAMES.contains(&name.as_str()) {
            set(&name, tag_text(value), metadata.at("tags of a stream"));
        }
    }
}

/// The lyrics among the tags, each text once. Their names end in a description and a language (FFmpeg, of ID3).
pub(super) fn lyrics(tags: &Tags) -> impl Iterator<Item = String> {
    let is_lyrics = |name: &str| {
        let name = name.to_lowercase();
        LYRICS.contains(&name.as_str()) || name.starts_with("lyrics-")
    };
    let all = tags.iter().filter(move |(name, _)| is_lyrics(name));
    all.map(|(_, value)| narrow_text(value).replace("\r\n", "\n").replace('\r', "\n"))
}

/// A long text as somebody's encoding: FFmpeg gives bytes that it takes for Latin-1 as letters of that.
fn narrow_text(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let narrow: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    decode(narrow.as_deref().unwrap_or(value)).text
}

/// The name among the tags of an attached file.
pub(super) fn file_name(tags: &Tags) -> Option<String> {
    let (_, value) = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case("filename"))?;
    Some(tag_text(value))
}

/// The language among the tags of a stream (ISO 639-2), unless it says that there is none.
pub(super) fn language(tags: &Tags) -> Option<String> {
    let (_, value) = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case("language"))?;
    Some(tag_text(value)).filter(|code| !code.is_empty() && code != "und")
}

/// The title among the tags of a chapter or of a stream.
pub(super) fn title(tags: &Tags) -> Option<String> {
    let (_, value) = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case("title"))?;
    Some(tag_text(value))
}

fn set(name: &str, value: String, mut metadata: At<'_>) {
    if KEYWORDS.contains(&name) {
        metadata.add(metadata::KEYWORDS, keywords(&value));
        return;
    }
    let Some((_, name)) = NAMES.iter().find(|(tag, _)| *tag == name) else { return };
    // Cameras without a clock write the epoch of QuickTime or of Unix.
    // Of a chunk of broadcasters FFmpeg hands on the time without its day.
    let no_time = ["1904-01-01", "1970-01-01", "0000-"].iter().any(|t| value.starts_with(t))
        || !value.contains('-');
    if !(no_time && *name == metadata::CREATED) {
        metadata.add(name, value.replace(".000000Z", "Z"));
    }
}

/// A place such as `+37.5665+126.9780+038.000/` (ISO 6709, annex H).
fn set_place(place: &str, metadata: &mut Metadata) {
    let mut metadata = metadata.at("tags");
    let mut numbers = Vec::new();
    let mut rest = place.trim_end_matches('/');
    while let Some(sign) = rest.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let digits = rest.get(1..).unwrap_or_default();
        let end = digits.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(digits.len());
        let Ok(number) = digits.get(..end).unwrap_or_default().parse::<f64>() else { break };
        numbers.push(if sign == '-' { -number } else { number });
        rest = digits.get(end..).unwrap_or_default();
    }
    if let [latitude, longitude, height @ ..] = numbers.as_slice()
        && latitude.abs() <= 90.0
        && longitude.abs() <= 180.0
    {
        metadata.set(metadata::GPS_LATITUDE, *latitude);
        metadata.set(metadata::GPS_LONGITUDE, *longitude);
        metadata.set_some(metadata::GPS_ALTITUDE, height.first().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_places() {
        for (place, expected) in [
            ("+37.5665+126.9780+038.000/", Some((37.5665, 126.978, Some(38.0)))),
            ("-33.8688+151.2093/", Some((-33.8688, 151.2093, None))),
            ("+99.0+10.0/", None),
            ("Seoul", None),
        ] {
            let mut metadata = Metadata::default();
            set_place(place, &mut metadata);
            let found = metadata.number(metadata::GPS_LATITUDE).map(|latitude| {
                let longitude = metadata.number(metadata::GPS_LONGITUDE).unwrap();
                (latitude, longitude, metadata.number(metadata::GPS_ALTITUDE))
            });
            assert_eq!(found, expected, "{place}");
        }
    }
}
