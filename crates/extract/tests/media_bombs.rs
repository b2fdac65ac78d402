//! Films that claim more than they are: indexes of billions, boxes in boxes, edits without end, elements without size,
//! playlists in the place of subtitles. Each ends as what it is, soon, with no more memory than its bytes are worth.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::cell::RefCell;

use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::order::Order;

fn read_within(name: &str, bytes: &[u8], limits: Limits) -> (Outcome, Extraction) {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let order = Order { limits, ..Order::named(name) };
    let outcome = extract(&bytes.to_vec(), &order, &Engines::media().unwrap(), &kept);
    let peak = peak_mib();
    assert!(peak < 900, "{name}: {peak} MiB");
    (outcome, kept.into_inner().pop().unwrap())
}

fn read(name: &str, bytes: &[u8]) -> (Outcome, Extraction) {
    read_within(name, bytes, Limits::default())
}

/// Most memory that this process has held, MiB.
#[allow(clippy::disallowed_methods, reason = "a test looks at itself")]
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), &body].concat()
}

fn numbers(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// What a track says of its samples.
struct Samples {
    /// Durations: how often which.
    times: Vec<u32>,
    /// Size of all, and their number.
    sizes: [u32; 2],
    /// Samples in a chunk.
    in_chunk: u32,
    /// Edits: how many that each show all.
    edits: u32,
    /// Handler and the entry that describes the samples.
    kind: [u8; 4],
    described: Vec<u8>,
}

/// A film of 16 times 16 pixels in MJPEG.
fn pictures() -> Samples {
    let mut entry = vec![0; 78];
    entry[7] = 1;
    entry[24..28].copy_from_slice(&[0, 16, 0, 16]);
    let described = boxed(b"jpeg", &[&entry]);
    Samples { times: vec![1, 1], sizes: [4, 1], in_chunk: 1, edits: 0, kind: *b"vide", described }
}

/// Subtitles.
fn words() -> Samples {
    let mut entry = vec![0; 8 + 30];
    entry[7] = 1;
    let described = boxed(b"tx3g", &[&entry]);
    Samples { kind: *b"text", described, ..pictures() }
}

fn film(samples: &Samples, media: &[u8]) -> Vec<u8> {
    let start = boxed(b"ftyp", &[b"isom\0\0\0\0isom"]);
    let data = boxed(b"mdat", &[media]);
    let at = start.len() as u32 + 8;
    let Samples { times, sizes, in_chunk, edits, kind, described } = samples;
    let flags = [0u8; 4];
    let table = boxed(
        b"stbl",
        &[
            &boxed(b"stsd", &[&flags, &numbers(&[1]), described]),
            &boxed(b"stts", &[&flags, &numbers(&[times.len() as u32 / 2]), &numbers(times)]),
            &boxed(b"stsc", &[&flags, &numbers(&[1, 1, *in_chunk, 1])]),
            &boxed(b"stsz", &[&flags, &numbers(sizes)]),
            &boxed(b"stco", &[&flags, &numbers(&[1, at])]),
        ],
    );
    let data_place = boxed(
        b"dinf",
        &[&boxed(b"dref", &[&flags, &numbers(&[1]), &boxed(b"url ", &[&[0, 0, 0, 1]])])],
    );
    let handler = boxed(b"hdlr", &[&[0; 8], kind, &[0; 13]]);
    let header = boxed(b"mdhd", &[&flags, &numbers(&[0, 0, 1000, 1000, 0x55C4_0000])]);
    let media = boxed(b"mdia", &[&header, &handler, &boxed(b"minf", &[&data_place, &table])]);
    let each = numbers(&[1000, 0, 0x0001_0000]).repeat(*edits as usize);
    let edits = boxed(b"edts", &[&boxed(b"elst", &[&flags, &numbers(&[*edits]), &each])]);
    let mut track_header = vec![0u8; 84];
    track_header[3] = 3;
    track_header[15] = 1;
    let track = boxed(b"trak", &[&boxed(b"tkhd", &[&track_header]), &edits, &media]);
    let mut movie = vec![0u8; 100];
    movie[14..16].copy_from_slice(&1000u16.to_be_bytes());
    movie[18..20].copy_from_slice(&1000u16.to_be_bytes());
    [start, data, boxed(b"moov", &[&boxed(b"mvhd", &[&movie]), &track])].concat()
}

#[test]
fn an_index_of_billions_is_not_built() {
    for (times, sizes, in_chunk) in [
        (vec![u32::MAX, 1], [4, u32::MAX], u32::MAX),
        (vec![u32::MAX, 1], [0, u32::MAX], 1),
        ([u32::MAX, 1].repeat(1000), [1, 80_000_000], 80_000_000),
        (vec![1, u32::MAX], [1, u32::MAX], 0),
    ] {
        let bomb = film(&Samples { times, sizes, in_chunk, ..pictures() }, &[0x55; 64]);
        let (outcome, document) = read("bomb.mp4", &bomb);
        assert!(
            matches!(outcome, Outcome::Corrupt | Outcome::Limit | Outcome::Partial),
            "{outcome:?} {:?}",
            document.reason
        );
    }
}

#[test]
fn boxes_in_boxes_end() {
    let boxes = (1..=100_000u32).rev().flat_map(|left| [(left * 8).to_be_bytes(), *b"moov"]);
    let bomb = [boxed(b"ftyp", &[b"isom\0\0\0\0isom"]), boxes.flatten().collect()].concat();
    let (outcome, _) = read("nested.mp4", &bomb);
    assert_eq!(outcome, Outcome::Corrupt);
}

#[test]
fn edits_that_show_all_again_and_again_are_no_longer_than_the_file() {
    let bomb = film(
        &Samples {
            times: vec![100_000, 1],
            sizes: [1, 100_000],
            in_chunk: 100_000,
            edits: 100_000,
            ..pictures()
        },
        &[0x55; 64],
    );
    let (outcome, document) = read("edits.mp4", &bomb);
    assert!(
        matches!(outcome, Outcome::Ok | Outcome::Corrupt | Outcome::Limit | Outcome::Partial),
        "{outcome:?} {:?}",
        document.reason
    );
}

#[test]
fn elements_without_a_size_end() {
    let element = |id: &[u8], body: &[u8]| {
        let size = (body.len() as u64 | 1 << 56).to_be_bytes();
        [id, &size, body].concat()
    };
    let unknown = |id: &[u8], body: &[u8]| {
        [id, &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], body].concat()
    };
    let head = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska"));
    let mut clusters = Vec::new();
    for _ in 0..50_000 {
        clusters.extend(unknown(&[0x1F, 0x43, 0xB6, 0x75], &element(&[0xE7], &[0])));
    }
    let segment = unknown(&[0x18, 0x53, 0x80, 0x67], &clusters);
    let (outcome, _) = read("unknown.mkv", &[head.clone(), segment].concat());
    assert!(matches!(outcome, Outcome::Corrupt | Outcome::Partial | Outcome::Ok), "{outcome:?}");
    // One in the other.
    let nested =
        [0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF].repeat(50_000);
    let (outcome, _) = read("nested.mkv", &[head, nested].concat());
    assert!(matches!(outcome, Outcome::Corrupt | Outcome::Partial), "{outcome:?}");
}

/// An AVI file whose stream of texts holds this as its subtitles.
fn avi(subtitles: &[u8]) -> Vec<u8> {
    fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let padding = vec![0; body.len() & 1];
        [kind.as_slice(), &(body.len() as u32).to_le_bytes(), body, &padding].concat()
    }
    let list = |kind: &[u8; 4], parts: &[&[u8]]| {
        chunk(b"LIST", &[kind.as_slice(), &parts.concat()].concat())
    };
    let stream = |kind: &[u8; 4], codec: &[u8; 4], format: &[u8]| {
        let mut head = [kind.as_slice(), codec].concat();
        head.resize(56, 0);
        head[20..24].copy_from_slice(&1u32.to_le_bytes());
        head[24..28].copy_from_slice(&25u32.to_le_bytes());
        head[32..36].copy_from_slice(&1u32.to_le_bytes());
        list(b"strl", &[&chunk(b"strh", &head), &chunk(b"strf", format)])
    };
    let mut picture = vec![0u8; 40];
    picture[0] = 40;
    picture[4..6].copy_from_slice(&[16, 0]);
    picture[8..10].copy_from_slice(&[16, 0]);
    picture[12..20].copy_from_slice(b"\x01\0\x18\0MJPG");
    let mut main = vec![0u8; 56];
    main[24] = 2;
    let headers = list(
        b"hdrl",
        &[
            &chunk(b"avih", &main),
            &stream(b"vids", b"MJPG", &picture),
            &stream(b"txts", b"\0\0\0\0", &[]),
        ],
    );
    let name: Vec<u8> = "subs\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let packed = [
        b"GAB2\0\x02\0".as_slice(),
        &(name.len() as u32).to_le_bytes(),
        &name,
        &4u16.to_le_bytes(),
        &(subtitles.len() as u32).to_le_bytes(),
        subtitles,
    ]
    .concat();
    let movie = list(b"movi", &[&chunk(b"01tx", &packed), &chunk(b"00dc", &[0xFF; 8])]);
    let body = [b"AVI ".as_slice(), &headers, &movie].concat();
    [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
}

#[test]
fn a_playlist_in_the_place_of_subtitles_opens_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for list in [
        format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nfile://{path}\n#EXT-X-ENDLIST\n"),
        format!("#EXTM3U\n#EXTINF:1.0,\nconcat:{path}|{path}\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile {path}\n"),
        format!("<?xml version=\"1.0\"?><MPD><BaseURL>file://{path}</BaseURL></MPD>"),
    ] {
        let (_, document) = read("playlist.avi", &avi(list.as_bytes()));
        let text = document.content.text();
        assert!(!text.contains("madang-extract"), "{text}");
        assert_eq!(document.format, "avi");
        // By itself it is a text, whatever it is called.
        for name in ["list.m3u8", "list.mpd", "list.mp4", "list.ffconcat"] {
            let (_, document) = read(name, list.as_bytes());
            assert!(!document.content.text().contains("madang-extract"), "{name}");
            assert!(
                !document.content.metadata.all().any(|(name, _)| name == "container"),
                "{name}"
            );
        }
    }
    // Subtitles that are some are read from the same place.
    let (_, document) =
        read("subtitles.avi", &avi("1\n00:00:00,000 --> 00:00:01,000\n자막입니다\n\n".as_bytes()));
    assert!(document.content.text().contains("자막입니다"), "{:?}", document.content);
}

#[test]
fn a_million_subtitles_are_cut() {
    let count = 1_000_000;
    let text = [&[0, 6][..], "자막".as_bytes()].concat();
    let samples = Samples { times: vec![count, 1], sizes: [8, count], in_chunk: count, ..words() };
    let bomb = film(&samples, &text.repeat(count as usize));
    let limits = Limits { segments: 1000, ..Limits::default() };
    let (outcome, document) = read_within("subtitles.mp4", &bomb, limits);
    assert_eq!(outcome, Outcome::Limit, "{:?}", document.content.warnings);
    assert!(document.content.segments.len() <= 1001);
    let limits = Limits { text: 5000, ..Limits::default() };
    let (outcome, document) = read_within("subtitles.mp4", &bomb, limits);
    assert_eq!(outcome, Outcome::Limit);
    assert!(document.content.text().len() < 7000);
}

/// A copy that broke off, a card that was pulled out: what is there is told, and that it is not all.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads its cases")]
fn what_ends_before_its_own_end_is_not_whole() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    for name in [
        "jpeg/photo.jpg",
        "png/scanned-words.png",
        "gif/animated.gif",
        "webp/animated.webp",
        "heif/words.heic",
        "heif/words.avif",
        "jpeg2000/words.jp2",
        "mp4/seen-words.mp4",
        "matroska/clip.webm",
        "matroska/subrip.mkv",
        "wav/speech.wav",
        "bmp/true_colour.bmp",
        "bmp/bilevel.bmp",
        "tiff/iptc.tif",
        "tiff/photoshop.tif",
        "tiff/scanned-words.tif",
        "tiff/big.tif",
        "tiff/orthophoto.tif",
        "jpeg2000/bare.j2k",
        "avi/clip.avi",
    ] {
        let whole = std::fs::read(fixtures.join(name)).unwrap();
        assert_eq!(read(name, &whole).0, Outcome::Ok, "{name}");
        let cut = &whole[..whole.len() - whole.len() / 8];
        let (outcome, document) = read(name, cut);
        assert_eq!(outcome, Outcome::Partial, "{name}: {:?}", document.content.warnings);
        let is_told = |warning: &madang_document::content::Warning| {
            warning.reason.english().contains("the file ends too early")
        };
        assert!(document.content.warnings.iter().any(is_told), "{name}");
        // What somebody hung on it takes nothing away.
        let (outcome, _) = read(name, &[&whole[..], &[0; 64]].concat());
        assert_eq!(outcome, Outcome::Ok, "{name}, with more behind it");
    }
}
