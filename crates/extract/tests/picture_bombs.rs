//! Pictures that promise more than anybody wants to decode: each ends in bounded time, with what its head says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, looks at the clock, and reads fixtures from the disk"
)]

use std::cell::RefCell;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use madang_document::metadata;
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

/// Debug builds on a busy machine take their time; hours they are not.
const SOON: Duration = Duration::from_secs(60);

fn read(name: &str, bytes: &Vec<u8>) -> Extraction {
    read_by(&Engines::none(), name, bytes)
}

fn read_by(engines: &Engines, name: &str, bytes: &Vec<u8>) -> Extraction {
    let start = Instant::now();
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(bytes, &Order::named(name), engines, &kept);
    assert!(start.elapsed() < SOON, "{name}: {:?}", start.elapsed());
    kept.into_inner().pop().unwrap()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [length.as_slice(), kind, data, &sum.sum().to_be_bytes()].concat()
}

/// 30,000 by 30,000 pixels of four bytes, all alike: 3.6 GB in a few bytes.
#[test]
fn a_flood_of_pixels_is_not_decoded() {
    let side = 30_000u32;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let row = vec![0; 1 + 4 * side as usize];
    // As many rows as make the point: nobody comes to the end of them.
    for _ in 0..2_000 {
        packed.write_all(&row).unwrap();
    }
    let head = [side.to_be_bytes().as_slice(), &side.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let file = [
        b"\x89PNG\r\n\x1A\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"IDAT", &packed.finish().unwrap()),
        chunk(b"IEND", b""),
    ];
    let document = read("flood.png", &file.concat());
    assert_eq!(document.content.metadata.integer(metadata::WIDTH), Some(30_000));
    assert!(document.content.previews.is_empty());
    assert_eq!(document.outcome, Outcome::Limit);
}

/// Pixels of two colours by turns, in codes of three bits: the table is cleared before it grows (GIF89a, appendix F).
fn pixels_of_gif(count: u32) -> Vec<u8> {
    let codes = (0..count / 2).flat_map(|_| [4u8, 0, 1]).chain([5]);
    let bits: Vec<u8> = codes.flat_map(|code| (0..3).map(move |bit| code >> bit & 1)).collect();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks(8).map(byte).collect()
}

/// 10,000 frames: all are counted, one is shown.
#[test]
fn a_film_of_frames_is_counted_and_not_played() {
    let mut file = b"GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xFF\xFF\xFF".to_vec();
    let pixels = pixels_of_gif(64);
    for _ in 0..10_000 {
        file.extend(b"\x21\xF9\x04\0\x0A\0\0\0");
        file.extend(b"\x2C\0\0\0\0\x08\0\x08\0\0\x02");
        file.push(pixels.len() as u8);
        file.extend(&pixels);
        file.push(0);
    }
    file.push(0x3B);
    let document = read("film.gif", &file);
    assert_eq!(document.content.metadata.integer(metadata::FRAMES), Some(10_000));
    assert_eq!(document.content.metadata.number(metadata::DURATION), Some(1_000.0));
    assert!(document.content.previews.len() <= 1);
    assert_eq!(
        document.outcome,
        Outcome::Ok,
        "nothing of it is left out: one frame is shown of any"
    );
}

fn entry(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    let (tag, kind) = (tag.to_le_bytes(), kind.to_le_bytes());
    [tag.as_slice(), &kind, &count.to_le_bytes(), &value.to_le_bytes()].concat()
}

fn tiff(entries: &[Vec<u8>], next: u32) -> Vec<u8> {
    let count = (entries.len() as u16).to_le_bytes();
    [b"II*\0\x08\0\0\0", count.as_slice(), &entries.concat(), &next.to_le_bytes()].concat()
}

/// Directories that lead back to the first, and into each other by every tag that leads anywhere.
#[test]
fn directories_in_a_circle_are_walked_once() {
    let size = [entry(256, 4, 1, 9), entry(257, 4, 1, 9)];
    let leads = [330, 0x8769, 0x8825].map(|tag| entry(tag, 4, 1, 8));
    let file = tiff(&[size.to_vec(), leads.to_vec()].concat(), 8);
    for name in ["circle.tif", "circle.dng"] {
        let document = read(name, &file);
        assert_eq!(document.content.metadata.integer(metadata::WIDTH), Some(9), "{name}");
    }
    let document = read("circle.tif", &file);
    assert!(
        document
            .content
            .warnings
            .iter()
            .any(|warning| { warning.reason.english().contains("circle") })
    );
}

/// Values that say that they have four thousand million numbers.
#[test]
fn values_without_end_are_not_held() {
    let size = [entry(256, 4, 1, 9), entry(257, 4, 1, 9)];
    let long =
        [270, 700, 33723, 34377, 34675, 330, 34735, 33550].map(|tag| entry(tag, 12, u32::MAX, 8));
    let file = tiff(&[size.to_vec(), long.to_vec()].concat(), 0);
    let document = read("long.tif", &file);
    assert_eq!(document.content.metadata.integer(metadata::WIDTH), Some(9));
    assert!(!document.content.warnings.is_empty());
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), body].concat()
}

/// A table of places whose numbers have no width: each entry promises 65,535 pieces and takes eight bytes.
#[test]
fn pieces_without_a_width_are_not_counted_to_the_end() {
    let entries = [0, 1, 0, 0, 0xFF, 0xFF].repeat(60_000);
    let table = [&[0, 0, 0, 0, 0, 0, 0xEA, 0x60], entries.as_slice()].concat();
    let meta = [vec![0; 4], boxed(b"iloc", &table)].concat();
    let file = [boxed(b"ftyp", b"heic\0\0\0\0mif1"), boxed(b"meta", &meta)].concat();
    assert_eq!(read("pieces.heic", &file).outcome, Outcome::Corrupt);
}

/// 2^31 by 2^31 samples, 16,384 to a pixel.
#[test]
fn samples_without_end_are_not_decoded() {
    let numbers = [0x7FFF_FFFFu32, 0x7FFF_FFFF, 0, 0, 64, 64, 0, 0];
    let numbers: Vec<u8> = numbers.into_iter().flat_map(u32::to_be_bytes).collect();
    let samples = [7, 1, 1].repeat(16_384);
    let length = ((38 + samples.len()) as u16).to_be_bytes();
    let size = [&[0xFF, 0x51], length.as_slice(), &[0, 0], &numbers, &[0x40, 0], &samples].concat();
    let file = [b"\xFF\x4F".as_slice(), &size, &[0xFF, 0x90, 0, 10, 0, 0]].concat();
    let document = read("samples.j2k", &file);
    assert!(document.content.previews.is_empty());
    assert_eq!(document.outcome, Outcome::Limit);
}

/// A picture in boxes: items of a kind with their properties (from 1) and bytes, of which the last is the picture, and what the
/// last refers to.
fn heif(properties: &[Vec<u8>], items: &[(&[u8; 4], &[u8], &[u8])], refers: &[u16]) -> Vec<u8> {
    let last = items.len() as u16;
    let (mut kinds, mut has, mut places, mut data) = (vec![], vec![], vec![], vec![]);
    for (id, (kind, own, bytes)) in (1u16..).zip(items) {
        let id = id.to_be_bytes();
        kinds
            .extend(boxed(b"infe", &[&[2, 0, 0, 0], id.as_slice(), &[0; 2], *kind, &[0]].concat()));
        has.extend([id.as_slice(), &[own.len() as u8], own].concat());
        let (at, length) = (data.len() as u32, bytes.len() as u32);
        let place = [id.as_slice(), &[0, 1, 0, 0, 0, 1], &at.to_be_bytes(), &length.to_be_bytes()];
        places.extend(place.concat());
        data.extend_from_slice(bytes);
    }
    let count = last.to_be_bytes();
    let to: Vec<u8> = refers.iter().flat_map(|id| id.to_be_bytes()).collect();
    let reference = [count.as_slice(), &(refers.len() as u16).to_be_bytes(), &to].concat();
    let whose = [&[0; 6], count.as_slice(), &has].concat();
    let meta = [
        vec![0; 4],
        boxed(b"pitm", &[&[0; 4], count.as_slice()].concat()),
        boxed(b"iinf", &[&[0; 4], count.as_slice(), &kinds].concat()),
        boxed(b"iref", &[vec![0; 4], boxed(b"dimg", &reference)].concat()),
        boxed(b"iprp", &[boxed(b"ipco", &properties.concat()), boxed(b"ipma", &whose)].concat()),
        boxed(b"iloc", &[&[1, 0, 0, 0, 0x44, 0], count.as_slice(), &places].concat()),
        boxed(b"idat", &data),
    ];
    [boxed(b"ftyp", b"heic\0\0\0\0mif1"), boxed(b"meta", &meta.concat())].concat()
}

fn size(width: u32, height: u32) -> Vec<u8> {
    boxed(b"ispe", &[[0; 4], width.to_be_bytes(), height.to_be_bytes()].concat())
}

/// 256 by 256 tiles, 65,535 by 65,535 pixels: of a size that nobody decodes, in tiles that do not cover them, of a
/// size that the tiles alone have, and of tiles that are the grid itself.
#[test]
fn grids_without_end_are_not_decoded() {
    let engines = Engines::media().unwrap();
    let grid = |side: u16, count: u8| {
        let side = side.to_be_bytes();
        [&[0, 0, count - 1, count - 1], side.as_slice(), &side].concat()
    };
    let parameters = boxed(b"hvcC", &[1; 23]);
    let tile: (&[u8; 4], &[u8], &[u8]) = (b"hvc1", &[1, 2], &[0xFF; 64]);
    let of = |tile_side, side: u16, count| {
        let properties =
            [parameters.clone(), size(tile_side, tile_side), size(side.into(), side.into())];
        let body = grid(side, count);
        let tiles = vec![1; usize::from(count) * usize::from(count)];
        heif(&properties, &[tile, (b"grid", &[3], &body)], &tiles)
    };
    for (name, file, outcome) in [
        ("large.heic", of(256, 65_535, 255), Outcome::Limit),
        ("uncovered.heic", of(16, 9_000, 2), Outcome::Partial),
        ("covered-twice.heic", of(9_000, 9_000, 200), Outcome::Partial),
        ("outside.heic", of(9_999, 10_000, 2), Outcome::Limit),
        ("broken-tiles.heic", of(64, 6_400, 100), Outcome::Partial),
    ] {
        let document = read_by(&engines, name, &file);
        assert_eq!(document.outcome, outcome, "{name}: {:?}", document.content.warnings);
        assert!(document.content.previews.is_empty(), "{name}");
    }
    let body = grid(100, 1);
    for kind in [b"grid", b"iden"] {
        let file = heif(&[size(100, 100)], &[(kind, &[1], &body)], &[1]);
        assert_eq!(read_by(&engines, "itself.heic", &file).outcome, Outcome::Partial);
    }
}

/// Items whose bytes lie behind the end, and tiles of which the last are missing.
#[test]
fn pictures_that_end_early_say_so() {
    let engines = Engines::media().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let whole = |name: &str| fs::read(folder.join(name)).unwrap();
    let tiles = whole("heif/tiles-turned.heic");
    assert_eq!(read_by(&engines, "whole.heic", &tiles).outcome, Outcome::Ok);
    let cut = read_by(&engines, "cut.heic", &tiles[..tiles.len() - 700].to_vec());
    assert_eq!((cut.outcome, cut.content.previews.len()), (Outcome::Partial, 1));
    for name in ["heif/words.heic", "heif/words.avif", "jpeg_xl/words.jxl", "tiff/fax-2d.tif"] {
        let whole = whole(name);
        for part in [2, 4, 30] {
            let cut = whole[..whole.len() - whole.len() / part].to_vec();
            let document = read_by(&engines, name, &cut);
            let told = !document.content.warnings.is_empty() || document.reason.is_some();
            assert!(told, "{name} but for 1/{part}: {:?}", document.outcome);
        }
        // Any byte may be another.
        for at in (0..whole.len()).step_by(whole.len() / 40) {
            let mut broken = whole.clone();
            broken[at] ^= 0x55;
            read_by(&engines, name, &broken);
        }
    }
}

/// 60,000 by 60,000 in a file of JPEG XL and one of JPEG 2000 with a few bytes.
#[test]
fn large_sheets_are_not_decoded() {
    let numbers = [60_000u32, 60_000, 0, 0, 60_000, 60_000, 0, 0];
    let numbers: Vec<u8> = numbers.into_iter().flat_map(u32::to_be_bytes).collect();
    let size = [&[0xFF, 0x51, 0, 41, 0, 0], numbers.as_slice(), &[0, 1, 7, 1, 1]].concat();
    let file = [b"\xFF\x4F".as_slice(), &size, &[0xFF, 0x90, 0, 10, 0, 0]].concat();
    assert_eq!(read("sheet.j2k", &file).outcome, Outcome::Limit);
    let sides = [(0, 1), (2, 2), (59_999, 18), (0, 3), (2, 2), (59_999, 18), (1, 1)];
    let bits: Vec<u8> = sides
        .iter()
        .flat_map(|(number, width)| (0..*width).map(move |n| (number >> n & 1) as u8))
        .collect();
    let bytes =
        bits.chunks(8).map(|bits| (0..).zip(bits).fold(0, |byte, (n, bit)| byte | bit << n));
    let file: Vec<u8> = [0xFF, 0x0A].into_iter().chain(bytes).chain([0; 32]).collect();
    assert_eq!(read("sheet.jxl", &file).outcome, Outcome::Limit);
}
