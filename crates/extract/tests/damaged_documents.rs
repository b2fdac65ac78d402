//! Damages every fixture of some formats, byte by byte and cut by cut: reading must neither panic nor deliver more than
//! the limits allow, whatever the outcome.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;
use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::order::Order;
use madang_extract::sink::Sink;

/// Small limits, so that a test reaches them. Pictures have no pixel to decode: this is about text.
fn limits() -> Limits {
    Limits { text: 20_000, segments: 50, pixels: 0, ..Limits::default() }
}

/// The object and its members.
fn read(bytes: &[u8], name: &str) -> Vec<Extraction> {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let order = Order { limits: limits(), ..Order::named(name) };
    extract(&bytes.to_vec(), &order, &Engines::none(), &kept);
    kept.into_inner()
}

fn hold(name: &str, place: &str, documents: &[Extraction]) {
    assert!(!documents.is_empty(), "{name}, {place}: nothing was delivered");
    for document in documents {
        let text: usize = document.content.segments.iter().map(|s| s.text.len()).sum();
        assert!(text <= 20_000, "{name}, {place}: {text} bytes of text");
        assert!(document.content.segments.len() <= 50, "{name}, {place}");
        assert!(document.outcome != Outcome::Crashed, "{name}, {place}");
    }
}

fn damage_each(folder: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let mut files: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|e| e != "expected" && e != "md"));
    files.sort();
    assert!(!files.is_empty(), "no fixture in {}", path.display());
    for (n, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let whole = fs::read(file).unwrap();
        // A prime distance that gives some three hundred places, starting elsewhere in each file.
        let step =
            [3, 7, 13, 37, 97, 499].into_iter().find(|s| whole.len() / s < 300).unwrap_or(997);
        for at in (n % step..whole.len()).step_by(step) {
            let mut broken = whole.clone();
            // Another bit each time, and now and then all of them.
            broken[at] ^= if at % 7 == 0 { 0xFF } else { 1 << (at % 8) };
            hold(name, &format!("byte {at}"), &read(&broken, name));
        }
        for length in (0..whole.len()).step_by((whole.len() / 100).max(1)) {
            hold(name, &format!("cut at {length}"), &read(&whole[..length], name));
        }
    }
}

/// Small bytes that would grow without bound: each is read in bounded memory, and soon.
#[test]
fn bombs() {
    let deep = "{".repeat(2_000_000);
    let wide = "{\\rtf1 {\\*\\shppict{\\pict\\pngblip 89}}".repeat(20_000);
    let notes = format!("{{\\rtf1 {}", "{\\footnote x".repeat(50_000));
    let frames = format!("<html>{}", "<iframe srcdoc='&lt;p&gt;x'></iframe>".repeat(50_000));
    let words = format!("Subject: {}\nFrom: a@b\n\nx", "=?euc-kr?B?yLg=?= ".repeat(50_000));
    for (name, bytes) in [
        ("deep.rtf", format!("{{\\rtf1 {deep}x")),
        ("wide.rtf", wide),
        ("notes.rtf", notes),
        ("frames.html", frames),
        ("words.eml", words),
        ("deep.ics", format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\n".repeat(100_000))),
        ("syncs.smi", format!("<SAMI>{}", "<SYNC Start=1>x".repeat(50_000))),
    ] {
        hold(name, "whole", &read(bytes.as_bytes(), name));
    }
}

/// The object, which is delivered last, and the kinds of reasons that it is told with.
fn told(bytes: &[u8], name: &str) -> (Extraction, Vec<ReasonKind>) {
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes.to_vec(), &Order::named(name), &Engines::none(), &kept);
    let object = kept.into_inner().pop().unwrap();
    let kinds = object.content.warnings.iter().map(|it| it.reason.kind.clone()).collect();
    (object, kinds)
}

#[test]
fn recipients_beyond_those_that_are_read_are_told() {
    for (all, is_cut) in [(1_500, false), (10_500, true)] {
        let to: Vec<String> = (0..all).map(|n| format!("u{n}@a.kr")).collect();
        let mail = format!("From: a@b.kr\nTo: {}\nSubject: s\n\nbody\n", to.join(",\n "));
        let (object, kinds) = told(mail.as_bytes(), "many.eml");
        let text = object.content.text();
        assert_eq!(text.matches("@a.kr").count(), all.min(10_000), "{all}");
        let first =
            ReasonKind::OnlyFirst { first: 10_000, of: Some(all as u64), unit: Unit::Recipients };
        assert_eq!(kinds.contains(&first), is_cut, "{all}");
    }
}

/// A message with so many recipients, and with messages that lie so deep in one another.
fn message(recipients: u32, deep: usize) -> Vec<u8> {
    fn object(
        file: &mut cfb::CompoundFile<Cursor<Vec<u8>>>,
        folder: &str,
        header: usize,
        text: &str,
    ) {
        let stream = |name: &str| format!("{folder}{name}");
        let mut put = |name: String, bytes: &[u8]| {
            file.create_stream(name).unwrap().write_all(bytes).unwrap();
        };
        put(stream("__properties_version1.0"), &vec![0; header]);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        put(stream("__substg1.0_3001001F"), &wide);
        put(stream("__substg1.0_1000001F"), &wide);
    }
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    object(&mut file, "/", 32, "outer body");
    for n in 0..recipients {
        let folder = format!("/__recip_version1.0_#{n:08X}/");
        file.create_storage(&folder).unwrap();
        object(&mut file, &folder, 8, &format!("u{n}@a.kr"));
    }
    let mut folder = "/".to_owned();
    for _ in 0..deep {
        folder += "__attach_version1.0_#00000000/";
        file.create_storage(&folder).unwrap();
        object(&mut file, &folder, 8, "attached");
        folder += "__substg1.0_3701000D/";
        file.create_storage(&folder).unwrap();
        object(&mut file, &folder, 24, "inner body");
    }
    file.into_inner().into_inner()
}

#[test]
fn recipients_of_outlook_beyond_those_that_are_read_are_told() {
    let (object, kinds) = told(&message(5_010, 0), "many.msg");
    assert_eq!(object.content.text().matches("@a.kr").count(), 5_000);
    let first = ReasonKind::OnlyFirst { first: 5_000, of: Some(5_010), unit: Unit::Recipients };
    assert!(kinds.contains(&first), "{kinds:?}");
}

#[test]
fn messages_deep_in_one_another_cost_no_more_than_those_that_are_opened() {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let started = std::time::Instant::now();
    extract(&message(0, 150), &Order::named("deep.msg"), &Engines::none(), &kept);
    let documents = kept.into_inner();
    assert_eq!(documents.len(), 1 + Limits::default().depth as usize);
    assert!(documents.last().unwrap().content.text().contains("outer body"));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn sheets_that_are_one_part_are_read_once() {
    let sheets = "<sheet name='s' r:id='r1'/>".repeat(5_000);
    let mut book = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("xl/workbook.xml", format!("<workbook xmlns:r='r'><sheets>{sheets}</sheets></workbook>")),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id='r1' Target='worksheets/sheet1.xml' \
             Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet'/>\
             </Relationships>"
                .to_owned(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            "<worksheet><sheetData><row r='1'><c r='A1' t='str'><v>cell</v></c></row></sheetData></worksheet>"
                .to_owned(),
        ),
    ] {
        book.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        book.write_all(part.as_bytes()).unwrap();
    }
    let (object, kinds) = told(&book.finish().unwrap().into_inner(), "one.xlsx");
    assert_eq!(object.content.text().matches("cell").count(), 1);
    assert_eq!(object.outcome, Outcome::Partial);
    assert!(kinds.contains(&ReasonKind::NotThere) && kinds.len() < 100, "{}", kinds.len());
}

/// Each member is packed from its head to the end of the file, the heads of all others included.
#[test]
fn members_that_lie_over_one_another_are_not_read_again_and_again() {
    const MEMBERS: usize = 200;
    let data = b"words ".repeat(2_000);
    let (mut heads, mut places) = (Vec::new(), Vec::new());
    let name = |n: usize| format!("{n:04}.txt");
    let whole = (MEMBERS - 1) * 38 + data.len();
    for n in 0..MEMBERS {
        let size = u32::try_from(whole - n * 38).unwrap();
        places.push((heads.len(), size));
        heads.extend(b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0");
        heads.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        heads.extend([8, 0, 0, 0]);
        heads.extend(name(n).as_bytes());
    }
    let mut archive = [heads, data].concat();
    let table = archive.len();
    for (n, (place, size)) in places.iter().enumerate() {
        archive.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0");
        archive.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        archive.extend([8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        archive.extend(u32::try_from(*place).unwrap().to_le_bytes());
        archive.extend(name(n).as_bytes());
    }
    let length = u32::try_from(archive.len() - table).unwrap();
    let count = u16::try_from(MEMBERS).unwrap().to_le_bytes();
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend([length.to_le_bytes(), u32::try_from(table).unwrap().to_le_bytes()].concat());
    archive.extend([0, 0]);
    let (object, kinds) = told(&archive, "over.zip");
    let members = &object.content.members;
    let refused = members.iter().filter(|member| member.outcome == Some(Outcome::Corrupt)).count();
    assert_eq!((members.len(), refused), (104, 100));
    assert!(kinds.contains(&ReasonKind::Overlaps), "{kinds:?}");
}

#[test]
fn a_field_that_is_too_long_is_cut_and_the_mail_is_read() {
    let mail =
        format!("From: a@b.kr\nSubject: {}\nTo: c@d.kr\n\nthe body\n", "가나다 ".repeat(300_000));
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&mail.into_bytes(), &Order::named("long.eml"), &Engines::none(), &kept);
    let object = kept.into_inner().pop().unwrap();
    let text = object.content.text();
    assert!(text.contains("the body") && text.contains("c@d.kr"), "{}", text.len());
    assert!(text.len() < 3 << 20, "{}", text.len());
    assert_eq!(object.outcome, Outcome::Limit);
}

/// Whoever watches a reader believes one that says nothing to stand still.
#[test]
fn a_text_of_empty_lines_is_read_with_progress() {
    struct Steps(Cell<u32>);
    impl Sink for Steps {
        fn detected(&self, _: &Detected) {}
        fn engines_wanted(&self) {}
        fn progress(&self, _: u32) {
            self.0.set(self.0.get() + 1);
        }
        fn document(&self, document: Extraction) {
            assert_eq!(document.content.text(), "end");
        }
    }
    let steps = |lines: usize| {
        let steps = Steps(Cell::new(0));
        let text = [vec![b'\n'; lines], b"end".to_vec()].concat();
        extract(&text, &Order::named("lines.txt"), &Engines::none(), &steps);
        steps.0.get()
    };
    assert!(steps(1 << 21) >= steps(10) + 16);
}

#[test]
fn rtf() {
    damage_each("rtf");
}

#[test]
fn epub() {
    damage_each("epub");
}

#[test]
fn msg() {
    damage_each("msg");
}

#[test]
fn tnef() {
    damage_each("tnef");
}

#[test]
fn calendar() {
    damage_each("calendar");
}

#[test]
fn eml() {
    damage_each("eml");
}

#[test]
fn card() {
    damage_each("card");
}

#[test]
fn sami() {
    damage_each("sami");
}

#[test]
fn ass() {
    damage_each("ass");
}

#[test]
fn microdvd() {
    damage_each("microdvd");
}

#[test]
fn lrc() {
    damage_each("lrc");
}

#[test]
fn ttml() {
    damage_each("ttml");
}

#[test]
fn html() {
    damage_each("html");
}

#[test]
fn sqlite() {
    damage_each("sqlite");
}

#[test]
fn dbf() {
    damage_each("dbf");
}

#[test]
fn parquet() {
    damage_each("parquet");
}

#[test]
fn latex() {
    damage_each("latex");
}

#[test]
fn asciidoc() {
    damage_each("asciidoc");
}
