//! Damages every fixture of HWP 3, HWP 5, HWPX and HWPML, byte by byte and cut by cut: reading must neither panic nor
//! deliver more than the limits allow, whatever the outcome.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::RefCell;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::order::Order;

/// Small limits, so that a test reaches them. Pictures have no pixel to decode: this is about text.
fn limits() -> Limits {
    Limits { text: 20_000, segments: 50, pixels: 0, ..Limits::default() }
}

fn read(bytes: Vec<u8>, name: &str) -> Extraction {
    read_within(&bytes, name, limits())
}

fn read_within(bytes: &[u8], name: &str, limits: Limits) -> Extraction {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let order = Order { limits, ..Order::named(name) };
    extract(&bytes, &order, &Engines::none(), &kept);
    // A package whose media type is damaged is an archive with members; the object comes last.
    let document = kept.into_inner().pop();
    document.unwrap_or_else(|| panic!("{name}: nothing was delivered"))
}

fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "hwp" || e == "hwpx"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no fixture in {}", folder.display());
    let named = |path: &std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
    };
    files.iter().map(named).collect()
}

const STEP: usize = 37;

fn damage_each(folder: &str) {
    for (n, (name, whole)) in fixtures(folder).into_iter().enumerate() {
        // Every thirty-seventh byte, starting elsewhere in each file: all of them take a minute and found no more.
        for at in (n % STEP..whole.len()).step_by(STEP) {
            let mut broken = whole.clone();
            // Another bit each time, and now and then all of them.
            broken[at] ^= if at % 7 == 0 { 0xFF } else { 1 << (at % 8) };
            let document = read(broken, &name);
            let text: usize = document.content.segments.iter().map(|s| s.text.len()).sum();
            assert!(text <= 20_000, "{name}, byte {at}: {text} bytes of text");
            assert!(document.outcome != Outcome::Crashed, "{name}, byte {at}");
        }
        for length in (0..whole.len()).step_by(257) {
            let document = read(whole[..length].to_vec(), &name);
            assert!(document.content.segments.len() <= 50, "{name}, cut at {length}");
        }
    }
}

#[test]
fn hwp3() {
    damage_each("hwp3");
}

#[test]
fn hwp5() {
    damage_each("hwp5");
}

#[test]
fn hwpx() {
    damage_each("hwpx");
}

#[test]
fn hwpml() {
    damage_each("hwpml");
}

#[test]
fn limits_hold() {
    let (name, whole) = fixtures("hwp5").into_iter().find(|(name, _)| name == "plain.hwp").unwrap();
    for limits in [Limits { text: 100, ..limits() }, Limits { unpacked: 100, ..limits() }] {
        assert_eq!(read_within(&whole, &name, limits).outcome, Outcome::Limit);
    }
}

/// Of a protected document that is cut nothing is left but the notice, which is none of its text.
#[test]
fn a_notice_is_no_text_wherever_its_file_ends() {
    let told = |bytes: &[u8], name: &str| {
        let document = read_within(bytes, name, Limits::default());
        let text = document.content.text();
        assert!(!text.contains("상위 버전"), "{name}: {text}");
        document.outcome
    };
    let named = |folder, name| {
        let fixtures = fixtures(folder);
        fixtures.into_iter().find(|(found, _)| found == name).unwrap().1
    };
    let package = named("hwpx", "notice.hwpx");
    let cuts = (0..package.len()).map(|end| told(&package[..end], "notice.hwpx"));
    assert!(cuts.filter(|outcome| *outcome == Outcome::Drm).count() > 100);

    // What the word processor keeps for a preview is the notice, too.
    let preview: Vec<u8> = "이 문서는 상위 버전의 배포용 문서입니다."
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, folder) in [("notice.hwp", "BodyText"), ("distribution.hwp", "ViewText")] {
        let path = format!("/{folder}/Section0");
        let whole = named("hwp5", name);
        let open = || cfb::CompoundFile::open(Cursor::new(whole.clone())).unwrap();
        let mut section = Vec::new();
        open().open_stream(&path).unwrap().read_to_end(&mut section).unwrap();
        let mut outcomes = Vec::new();
        for end in (0..section.len()).step_by(if folder == "ViewText" { 16 } else { 1 }) {
            let mut file = open();
            let mut stream = file.create_stream(&path).unwrap();
            stream.write_all(&section[..end]).unwrap();
            drop(stream);
            file.create_stream("/PrvText").unwrap().write_all(&preview).unwrap();
            let bytes = file.into_inner().into_inner();
            outcomes.push(told(&bytes, name));
        }
        assert!(outcomes.contains(&Outcome::Corrupt), "{name}: {outcomes:?}");
    }
}
