//! Files that are locked, damaged or meant to do harm, through the real sandbox.

use std::io::{Read, Write};

use madang_ledger::jobs::JobState;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, lines, paths};
use serde_json::Value;

/// The lines of `madang extract --json` over these files.
fn extract(scenario: &Scenario, files: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["extract", "--json"];
    arguments.extend(files);
    lines(&scenario.succeed(&arguments))
}

fn zip_of(name: &str, bytes: impl Read) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    writer.start_file(name, options).unwrap();
    std::io::copy(&mut { bytes }, &mut writer).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn each_has_its_documented_outcome() {
    let scenario = Scenario::new();
    let cases = [
        ("locked.hwp", "hwp5/password.hwp", "encrypted"),
        ("locked.hwpx", "hwpx/encrypted.hwpx", "encrypted"),
        ("managed.hwp", "hwp5/rights-managed.hwp", "drm"),
        ("locked.pdf", "pdf/password.pdf", "encrypted"),
        ("locked.docx", "office_encrypted/password.docx", "encrypted"),
        ("short.docx", "docx/cut-short.docx", "partial"),
        ("early.hwpx", "hwpx/cut-early.hwpx", "corrupt"),
        ("header.pdf", "pdf/header_only.pdf", "corrupt"),
        ("cut.pdf", "pdf/truncated.pdf", "partial"),
        ("old.hwp", "recognised/hwp2.hwp", "unsupported"),
    ];
    for (name, from, _) in cases {
        scenario.write(name, fixture(from));
    }
    for (name, _, outcome) in cases {
        let lines = extract(&scenario, &[name]);
        // Members follow their file.
        let line = &lines[0];
        assert_eq!((&line["path"], &line["member"]), (&name.into(), &Value::Null), "{lines:?}");
        assert_eq!(line["outcome"], outcome, "{line}");
        if outcome != "partial" {
            assert!(line["error"].as_str().is_some_and(|why| !why.is_empty()), "{line}");
        }
    }
}

#[test]
fn a_bomb_of_a_gibibyte_is_stopped_at_a_limit() {
    let scenario = Scenario::new();
    let bomb = zip_of("zeros.txt", std::io::repeat(0).take(1 << 30));
    assert!(bomb.len() < 8 << 20, "{} bytes are no bomb", bomb.len());
    // A bomb in an archive in an archive.
    let nested = zip_of("inner.zip", bomb.as_slice());
    scenario.write("bomb.zip", &bomb);
    scenario.write("nested.zip", &nested);
    for file in ["bomb.zip", "nested.zip"] {
        let lines = extract(&scenario, &[file]);
        let told = lines.iter().any(|line| line["outcome"] == "limit")
            || lines.iter().any(|line| line["warnings"].to_string().contains("limit"));
        assert!(told, "{file}: {lines:?}");
        let text: usize = lines.iter().filter_map(|line| line["text"].as_str()).map(str::len).sum();
        assert!(text < 70 << 20, "{file}: {text} bytes of text");
    }
    // And the service that is given one goes on to the next file.
    scenario.write("drop/bomb.zip", &bomb);
    scenario.write("drop/plain.txt", "폭탄 곁의 글 beside");
    let summary = scenario.once(&["drop"]);
    assert_eq!((summary.received, summary.in_flight), (2, 0), "{summary:?}");
    assert_eq!(scenario.found("beside"), ["plain.txt"]);
}

/// A PDF of one page that says something, and shows a picture of so many black pixels to a side.
fn with_a_picture(side: usize) -> Vec<u8> {
    let text = b"BT /F 12 Tf 72 700 Td (Received 2026-0914) Tj ET q 400 0 0 400 72 72 cm /I Do Q";
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::copy(&mut std::io::repeat(0).take((side * side) as u64), &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    let streams = [
        (String::new(), text.to_vec()),
        (
            format!(
                "/Type/XObject/Subtype/Image/Width {side}/Height {side}/BitsPerComponent 8\
                 /ColorSpace/DeviceGray/Filter/FlateDecode"
            ),
            packed,
        ),
    ];
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources\
          <</Font<</F 4 0 R>>/XObject<</I 6 0 R>>>>>>"
            .to_vec(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ];
    for (said, bytes) in streams {
        let mut object = format!("<<{said}/Length {}>>\nstream\n", bytes.len()).into_bytes();
        object.extend(bytes);
        object.extend(b"\nendstream");
        objects.push(object);
    }
    let (mut file, mut places) = (b"%PDF-1.7\n".to_vec(), String::new());
    for (n, object) in (1..).zip(&objects) {
        places.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{n} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let (at, count) = (file.len(), objects.len() + 1);
    file.extend(format!("xref\n0 {count}\n0000000000 65535 f \n{places}").bytes());
    file.extend(format!("trailer<</Root 1 0 R/Size {count}>>\nstartxref\n{at}\n%%EOF\n").bytes());
    file
}

/// A reader that dies over what a document shows costs that, and not what it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_dies_of_a_picture_costs_no_words() {
    let scenario = Scenario::new();
    scenario.write("madang.toml", "[limits]\nmemory_mib = 160\n");
    scenario.write("drop/picture.pdf", with_a_picture(10_200));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("in.pdf", options).unwrap();
    archive.write_all(&with_a_picture(10_201)).unwrap();
    archive.start_file("scan.png", options).unwrap();
    archive.write_all(&fixture("png/scanned-words.png")).unwrap();
    archive.start_file("beside.txt", options).unwrap();
    archive.write_all("곁의 글 beside".as_bytes()).unwrap();
    scenario.write("drop/archive.zip", archive.finish().unwrap().into_inner());
    let summary = scenario.once(&["drop"]);
    assert_eq!((summary.received, summary.quarantined), (2, 0), "{summary:?}");
    for job in scenario.jobs().await.into_values() {
        assert_eq!((job.state, job.attempt, job.crashes), (JobState::Done, 3, 2), "{job:?}");
    }
    let mut found = scenario.found("Received");
    found.sort();
    assert_eq!(found, ["archive.zip!/in.pdf", "picture.pdf"]);
    assert_eq!(scenario.found("beside"), ["archive.zip!/beside.txt"]);
    // What lies beside it is looked at all the same.
    assert_eq!(scenario.found("지하차도"), ["archive.zip!/scan.png"]);
    // Their jobs are done, so that the list of what failed has none of them.
    let left_alone = ["search", "", "--reason", "left_alone", "--json"];
    let left_alone = serde_json::from_str(&scenario.succeed(&left_alone)).unwrap();
    assert_eq!(paths(&left_alone), found);
    let queues = scenario.succeed(&["queue"]);
    assert!(queues.contains("left alone 2 (madang search '' --reason left_alone)"), "{queues}");
    let documents = extract(&scenario, &["drop/picture.pdf", "drop/archive.zip"]);
    for document in &documents {
        let of = format!("{} {}", document["path"], document["member"]);
        let is_pdf = of.contains(".pdf");
        let outcome = if is_pdf { "partial" } else { "ok" };
        assert_eq!(document["outcome"], outcome, "{document}");
        assert_eq!(document.to_string().contains("page 1 was left alone"), is_pdf, "{document}");
        // And what its reader died of.
        assert_eq!(document.to_string().contains("160 MiB"), is_pdf, "{document}");
    }
    assert_eq!(documents.len(), 5);
}

#[test]
fn a_picture_of_a_trillion_pixels_costs_nothing() {
    let scenario = Scenario::new();
    // A PNG header that promises 1,000,000 by 1,000,000 pixels (PNG, section 11.2.2).
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(1_000_000u32.to_be_bytes());
    header.extend(1_000_000u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    png.extend(13u32.to_be_bytes());
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png.extend(12u32.to_be_bytes());
    png.write_all(b"IDAT\x78\x9c\x63\x00\x00\x00\x01\x00\x01\0\0\0\0\0\0\0").unwrap();
    scenario.write("flood.png", png);
    let lines = extract(&scenario, &["flood.png"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let outcome = lines[0]["outcome"].as_str().unwrap();
    assert!(["ok", "limit", "partial", "corrupt", "empty"].contains(&outcome), "{}", lines[0]);
    let elapsed = &lines[0]["elapsed_ms"];
    assert!(elapsed.as_f64().is_some(), "{}", lines[0]);
}

/// CRC-32 (ISO 3309), as PNG wants it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}
