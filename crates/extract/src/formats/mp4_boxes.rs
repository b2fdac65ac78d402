//! What the boxes of MP4, QuickTime and 3GPP say that FFmpeg passes by: lists of keywords, descriptions of other makers,
//! packets of XMP.

use std::collections::HashSet;

use madang_document::metadata::{self, Metadata};

use super::iso_boxes::{BOXES_MOST, boxes, each, within};
use super::keywords::keywords;
use super::xmp;
use crate::blob::{Blob, read_range};
use crate::encoding::decode;

/// Boxes that are walked on the top.
const TOP_MOST: usize = 100;

/// Bytes of user data that are read: covers stand in it, too.
const USER_DATA_MOST: u64 = 16 << 20;

/// Bytes of one text.
const TEXT_MOST: usize = 64 * 1024;

/// Keywords that are kept.
const KEYWORDS_MOST: usize = 1_000;

/// Packets of XMP that are kept: a file has one.
const PACKETS_MOST: usize = 4;

/// The box of a packet of XMP on the top (XMP specification part 3, section 1.2.7.1).
const XMP: [u8; 16] = 0xBE7A_CFCB_97A9_42E8_9C71_9994_91E3_AFAC_u128.to_be_bytes();

/// Texts of QuickTime's user data, and of items of iTunes, that FFmpeg has no name for.
const TEXTS: &[([u8; 4], &str)] = &[(*b"\xA9des", metadata::DESCRIPTION)];

/// Texts of 3GPP's user data (TS 26.244, section 8).
const ASSETS: &[([u8; 4], &str)] = &[
    (*b"titl", metadata::TITLE),
    (*b"dscp", metadata::DESCRIPTION),
    (*b"auth", metadata::AUTHOR),
    (*b"perf", "tag.artist"),
];

/// Keys of QuickTime's metadata, and items of iTunes, that hold keywords.
const KEYS: [&[u8]; 2] = [b"com.apple.quicktime.keywords", b"keywords"];
const ITEMS: [[u8; 4]; 2] = [*b"keyw", *b"\xA9key"];

/// What the boxes say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mp4Boxes {
    keywords: Vec<String>,
    /// The same, to know one that comes again.
    known: HashSet<String>,
    texts: Vec<(&'static str, String)>,
    packets: Vec<Vec<u8>>,
}

/// Whether a file has its index (`moov`). A recording that was not ended has none, and neither has a file that was cut off and
/// whose index would stand at its end.
pub(super) fn has_index(blob: &dyn Blob) -> bool {
    let mut found = false;
    each(blob, 0, blob.len(), TOP_MOST, &mut |kind, _, _| found |= &kind == b"moov");
    found
}

/// Where the descriptions of the samples of a track stand in it.
const DESCRIPTIONS: [[u8; 4]; 4] = [*b"mdia", *b"minf", *b"stbl", *b"stsd"];

/// Descriptions of samples that are scrambled: of Common Encryption and its kin (ISO 14496-12, section 8.12), and FairPlay's.
const SCRAMBLED: [&[u8; 4]; 8] =
    [b"encv", b"enca", b"enct", b"encs", b"encm", b"drms", b"drmi", b"drmt"];

/// Descriptions of one track that are looked at: there are as many as encodings in it.
const DESCRIPTIONS_MOST: usize = 16;

/// Of each track, in their order, whether it is scrambled by a rights management system. What its samples decode to is noise.
pub(super) fn scrambled(blob: &dyn Blob) -> Vec<bool> {
    // Of several indexes the first counts, as to FFmpeg.
    let mut index = None;
    each(blob, 0, blob.len(), TOP_MOST, &mut |kind, from, to| {
        if &kind == b"moov" {
            index.get_or_insert((from, to));
        }
    });
    let mut tracks = Vec::new();
    within(blob, index.unwrap_or_default(), &[*b"trak"], &mut |from, to| {
        let mut is_scrambled = false;
        within(blob, (from, to), &DESCRIPTIONS, &mut |from, to| {
            // Behind version, flags and a count.
            each(blob, from.saturating_add(8), to, DESCRIPTIONS_MOST, &mut |kind, _, _| {
                is_scrambled |= SCRAMBLED.contains(&&kind);
            });
        });
        tracks.push(is_scrambled);
    });
    tracks
}

impl Mp4Boxes {
    /// Reads them, as far as they are whole. Neither sound nor pictures are read.
    pub(super) fn read(blob: &dyn Blob) -> Mp4Boxes {
        let mut found = Mp4Boxes::default();
        each(blob, 0, blob.len(), TOP_MOST, &mut |kind, from, to| match &kind {
            b"moov" => {
                each(blob, from, to, BOXES_MOST, &mut |kind, from, to| {
                    let bytes = || read_range(blob, from, (to - from).min(USER_DATA_MOST));
                    match &kind {
                        b"udta" => found.user_data(&bytes().unwrap_or_default()),
                        b"meta" => found.meta(&bytes().unwrap_or_default()),
                        _ => {}
                    }
                });
            }
            b"uuid" => {
                let bytes = read_range(blob, from, (to - from).min(xmp::MOST as u64));
                if let Some(packet) = bytes.unwrap_or_default().strip_prefix(&XMP) {
                    found.packet(packet);
                }
            }
            _ => {}
        });
        found
    }

    /// Adds the keywords: a list, where FFmpeg gives the first of them.
    pub(super) fn add_keywords(&self, metadata: &mut Metadata) {
        let words: Vec<&str> = self.keywords.iter().map(String::as_str).collect();
        metadata.at("tags").add(metadata::KEYWORDS, words);
    }

    /// Adds the rest, behind what FFmpeg gives.
    pub(super) fn add_rest(&self, metadata: &mut Metadata) {
        for (name, text) in &self.texts {
            metadata.at("udta").add(name, text.as_str());
        }
        for packet in &self.packets {
            xmp::read(packet, "XMP", metadata);
        }
    }

    fn user_data(&mut self, bytes: &[u8]) {
        for (kind, body) in boxes(bytes) {
            if let Some((_, name)) = TEXTS.iter().find(|(text, _)| *text == kind) {
                self.text(name, user_text(body));
            } else if let Some((_, name)) = ASSETS.iter().find(|(asset, _)| *asset == kind) {
                // Version and flags, and the language.
                self.text(name, body.get(6..).map(asset_text));
            } else {
                match &kind {
                    b"meta" => self.meta(body),
                    b"XMP_" => self.packet(body),
                    b"\xA9key" => {
                        self.words(user_text(body).map(|text| keywords(&text)).unwrap_or_default());
                    }
                    b"kywd" => self.words(asset_keywords(body)),
                    _ => {}
                }
            }
        }
    }

    /// Items under names of four letters (iTunes), or under numbers of a list of keys (QuickTime File Format,
    /// Metadata).
    fn meta(&mut self, body: &[u8]) {
        // ISO 14496-12 has version and flags before the boxes, QuickTime has not.
        let is_bare = body.get(4..8) == Some(b"hdlr");
        let body = if is_bare { Some(body) } else { body.get(4..) }.unwrap_or_default();
        let keys = boxes(body).find(|(kind, _)| kind == b"keys");
        let keys: Vec<&[u8]> = keys.map(|(_, body)| keys_of(body)).unwrap_or_default();
        let items = boxes(body).filter(|(kind, _)| kind == b"ilst");
        for (kind, item) in items.flat_map(|(_, body)| boxes(body)) {
            let number = usize::try_from(u32::from_be_bytes(kind)).ok();
            let key = number.and_then(|number| keys.get(number.checked_sub(1)?));
            let values = || boxes(item).filter(|(kind, _)| kind == b"data").map(|(_, body)| body);
            if ITEMS.contains(&kind) || key.is_some_and(|key| KEYS.contains(key)) {
                for value in values() {
                    self.words(value_text(value).map(|text| keywords(&text)).unwrap_or_default());
                }
            } else if let Some((_, name)) = TEXTS.iter().find(|(text, _)| *text == kind) {
                self.text(name, values().next().and_then(value_text));
            }
        }
    }

    fn text(&mut self, name: &'static str, text: Option<String>) {
        self.texts.extend(text.map(|text| (name, text)));
    }

    fn words(&mut self, words: Vec<String>) {
        for word in words {
            if self.keywords.len() < KEYWORDS_MOST && self.known.insert(word.clone()) {
                self.keywords.push(word);
            }
        }
    }

    fn packet(&mut self, packet: &[u8]) {
        if self.packets.len() < PACKETS_MOST {
            self.packets.push(packet.get(..xmp::MOST).unwrap_or(packet).to_vec());
        }
    }
}

/// The keys, in the order of their numbers.
fn keys_of(body: &[u8]) -> Vec<&[u8]> {
    // Version and flags, and the count. A key looks like a box: its kind is its name space.
    boxes(body.get(8..).unwrap_or_default()).map(|(_, key)| key).collect()
}

/// The value of an item: its type, its locale, the text.
fn value_text(value: &[u8]) -> Option<String> {
    let [0, 0, 0, kind, _, _, _, _, text @ ..] = value else { return None };
    let text = shortened(text);
    match kind {
        2 => Some(encoding_rs::UTF_16BE.decode(text).0.into_owned()),
        // Of an unknown type (0), and UTF-8.
        0 | 1 => Some(decode(text).text),
        _ => None,
    }
}

/// A text of QuickTime's user data: length and language, then the text in the code of that, or in UTF-8.
fn user_text(body: &[u8]) -> Option<String> {
    let [a, b, _, _, rest @ ..] = body else { return None };
    let text = rest.get(..usize::from(u16::from_be_bytes([*a, *b])))?;
    Some(decode(text).text)
}

/// A text of 3GPP: UTF-8, or UTF-16 with its mark, up to a NUL.
fn asset_text(bytes: &[u8]) -> String {
    let bytes = shortened(bytes);
    let text = match bytes {
        [0xFE, 0xFF, ..] => encoding_rs::UTF_16BE.decode(bytes).0.into_owned(),
        _ => decode(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).text,
    };
    text.split('\0').next().unwrap_or_default().to_owned()
}

/// Version and flags, the language, a count, then each with its length (TS 26.244, section 8.9).
fn asset_keywords(body: &[u8]) -> Vec<String> {
    let Some([count, rest @ ..]) = body.get(6..) else { return Vec::new() };
    let mut rest = rest;
    let mut words = Vec::new();
    for _ in 0..*count {
        let Some((length, behind)) = rest.split_first() else { break };
        let Some((word, behind)) = behind.split_at_checked(usize::from(*length)) else { break };
        words.push(asset_text(word).trim().to_owned());
        rest = behind;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn shortened(text: &[u8]) -> &[u8] {
    text.get(..TEXT_MOST).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&(body.len() as u32 + 8).to_be_bytes(), kind, &body].concat()
    }

    fn value(text: &str) -> Vec<u8> {
        boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()])
    }

    fn itunes() -> Vec<u8> {
        let words = boxed(b"keyw", &[&value("침수"), &value("배수펌프, 하천")]);
        let about = boxed(b"\xA9des", &[&value("훈련 현장")]);
        boxed(b"meta", &[&[0; 4], &boxed(b"hdlr", &[&[0; 24]]), &boxed(b"ilst", &[&words, &about])])
    }

    fn quicktime() -> Vec<u8> {
        let key = |name: &str| boxed(b"mdta", &[name.as_bytes()]);
        let keys = [key("com.apple.quicktime.title"), key("com.apple.quicktime.keywords")].concat();
        let keys = boxed(b"keys", &[&[0, 0, 0, 0, 0, 0, 0, 2], &keys]);
        let title = boxed(&[0, 0, 0, 1], &[&value("제목")]);
        let words = boxed(&[0, 0, 0, 2], &[&value("을지연습"), &value("침수")]);
        let items = boxed(b"ilst", &[&title, &words]);
        boxed(b"meta", &[&boxed(b"hdlr", &[&[0; 24]]), &keys, &items])
    }

    #[test]
    fn scrambled_tracks_are_known_by_their_descriptions() {
        for (entry, expected) in
            [(b"drms", true), (b"encv", true), (b"mp4a", false), (b"avc1", false)]
        {
            let mut film = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &boxed(entry, &[&[0; 28]])]);
            for kind in [b"stbl", b"minf", b"mdia", b"trak", b"moov"] {
                film = boxed(kind, &[&film]);
            }
            film.extend(boxed(b"mdat", &[&[0; 16]]));
            assert_eq!(scrambled(&film.as_slice()), [expected], "{entry:?}");
            let twice = [film.as_slice(), &film].concat();
            assert_eq!(scrambled(&twice.as_slice()), [expected], "the first index counts");
            for cut in 0..film.len() {
                assert!(scrambled(&film.get(..cut).unwrap()).len() <= 1, "{cut}");
            }
        }
    }

    fn asset() -> Vec<u8> {
        let wide: Vec<u8> = "\u{FEFF}방재\0".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let word = "수방\0".as_bytes();
        let words = [&[2, word.len() as u8], word, &[wide.len() as u8], &wide].concat();
        let head = [0, 0, 0, 0, 0x2D, 0xF2];
        let about = boxed(b"dscp", &[&head, "펌프장\0".as_bytes()]);
        [boxed(b"kywd", &[&head, &words]), about].concat()
    }

    fn packet() -> &'static [u8] {
        b"<rdf:Description dc:rights='KOGL'/>"
    }

    fn film(in_moov: &[&[u8]]) -> Vec<u8> {
        let media = boxed(b"mdat", &[&[0x55; 100]]);
        [boxed(b"ftyp", &[b"isom"]), media, boxed(b"moov", in_moov)].concat()
    }

    #[test]
    fn reads_keywords_and_descriptions_of_every_maker() {
        let cp949 = encoding_rs::EUC_KR.encode("양수기 점검 결과").0.into_owned();
        let old = boxed(b"\xA9des", &[&[0, cp949.len() as u8, 0, 23], &cp949]);
        for (file, words, about) in [
            (
                film(&[&boxed(b"udta", &[&itunes()])]),
                vec!["침수", "배수펌프", "하천"],
                Some("훈련 현장"),
            ),
            (film(&[&quicktime()]), vec!["을지연습", "침수"], None),
            (film(&[&boxed(b"udta", &[&asset()])]), vec!["수방", "방재"], Some("펌프장")),
            (film(&[&boxed(b"udta", &[&old, &[0; 4]])]), vec![], Some("양수기 점검 결과")),
        ] {
            let found = Mp4Boxes::read(&file);
            assert_eq!(found.keywords, words);
            let texts: Vec<&str> = found.texts.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(texts, about.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn finds_packets_of_xmp() {
        let in_user_data = film(&[&boxed(b"udta", &[&boxed(b"XMP_", &[packet()])])]);
        let on_top = [film(&[]), boxed(b"uuid", &[&XMP, packet()])].concat();
        for file in [in_user_data, on_top] {
            let mut metadata = Metadata::default();
            Mp4Boxes::read(&file).add_rest(&mut metadata);
            assert_eq!(metadata.text(metadata::COPYRIGHT), Some("KOGL"));
        }
    }

    #[test]
    fn hostile_boxes_end() {
        let whole = film(&[&boxed(b"udta", &[&itunes(), &asset()]), &quicktime()]);
        for cut in 0..whole.len() {
            Mp4Boxes::read(&&whole[..cut]);
        }
        for at in 0..whole.len() - 4 {
            for byte in [0, 0x7F, 0xFF] {
                let mut broken = whole.clone();
                broken[at..at + 4].fill(byte);
                assert!(Mp4Boxes::read(&broken).keywords.len() < 20);
            }
        }
        let long = [&[0, 0, 0, 1], b"moov".as_slice(), &[0xFF; 8]].concat();
        assert_eq!(Mp4Boxes::read(&long), Mp4Boxes::default());
        let words: String = (0..5_000).map(|n| format!("{n},")).collect();
        let items: Vec<u8> = boxed(b"keyw", &[&value(&words)]).repeat(50);
        let many = boxed(b"meta", &[&[0; 4], &boxed(b"ilst", &[&items])]);
        let found = Mp4Boxes::read(&film(&[&boxed(b"udta", &[&many])]));
        assert_eq!(found.keywords.len(), KEYWORDS_MOST);
        let packets = boxed(b"XMP_", &[packet()]).repeat(1_000);
        let found = Mp4Boxes::read(&film(&[&boxed(b"udta", &[&packets])]));
        assert_eq!(found.packets.len(), PACKETS_MOST);
    }
}
