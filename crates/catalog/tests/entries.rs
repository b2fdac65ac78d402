//! From a document to its entry and its JSON-LD.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use madang_catalog::license::License;
use madang_catalog::series::{Disclosure, Grade, Material, Series, Share};
use madang_catalog::{asset, jsonld, series};
use madang_document::blob_id::BlobId;
use madang_document::document::{Document, Provenance};
use madang_document::entry::{Draft, Entry};
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::metadata::{self, Metadata};
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;

fn sample_series() -> Series {
    Series {
        pipeline: "press".into(),
        agency: "1741000".parse().unwrap(),
        agency_name: Some("행정안전부".into()),
        title: "보도자료".into(),
        description: None,
        department: Some("대변인실".into()),
        telephone: Some("+82-44-205-0000".into()),
        brm: Some("BR 0001".into()),
        keywords: vec!["보도".into()],
        hold_basis: Some("공공기록물법".into()),
        collect_method: None,
        license: License::Kogl1,
        disclosure: Disclosure::Public,
        share: Share::Joint,
        grade: Grade::Sensitive,
        material: None,
    }
}

#[test]
fn an_entry_says_the_grade_that_is_declared() {
    for (grade, code) in [(Grade::Classified, "C"), (Grade::Sensitive, "S"), (Grade::Open, "O")] {
        let declared = Series { grade, ..sample_series() };
        let folder = series::entry(&declared, &Extent::default());
        let body: serde_json::Value = serde_json::from_str(&folder.body).unwrap();
        assert_eq!(body["krd:securityGrade"], code);
    }
}

fn sample_document() -> Document {
    let mut metadata = Metadata::default();
    metadata.set(metadata::TITLE, "침수 현장 사진");
    for personal in [
        metadata::AUTHOR,
        metadata::CAPTION_WRITER,
        metadata::CAMERA_OWNER,
        metadata::CAMERA_SERIAL,
        metadata::LENS_SERIAL,
    ] {
        metadata.set(personal, "홍길동");
    }
    metadata.set(metadata::GPS_LATITUDE, 37.5665);
    metadata.set(metadata::TAKEN_AT, "2026-07-14T09:30:00");
    metadata.set(metadata::WIDTH, 4000u32);
    let object = ObjectRef {
        store: "drop".into(),
        path: "press/침수.jpg".into(),
        version: "1-2-3".into(),
        size: 10,
    };
    Document {
        id: DocumentId::new(&object.store, &object.path, None),
        agency: "1741000".parse().unwrap(),
        pipeline: "press".into(),
        object,
        object_modified: Some(Timestamp(0)),
        parent: None,
        inner: None,
        size: Some(10),
        sha256: Some(BlobId::of(b"x")),
        media_type: MediaType::new("image/jpeg"),
        language: Some("ko".into()),
        outcome: Outcome::Ok,
        reason: None,
        metadata,
        members: vec![],
        warnings: vec![],
        segments: 0,
        characters: 0,
        text: None,
        wordless: None,
        preview: Some(BlobId::of(b"y").into()),
        previews: Vec::new(),
        likeness: false,
        annotations: Vec::new(),
        provenance: Provenance { format: "jpeg".into(), format_version: 1 },
    }
}

/// Whoever harvests an entry reads why nothing could be read of its document in his own language.
#[test]
fn why_a_document_was_not_read_is_told_in_both_languages() {
    let told = |reason: Reason| {
        let mut document = sample_document();
        document.outcome = Outcome::Encrypted;
        document.reason = Some(reason);
        let body = asset::entry(&document, &sample_series()).body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["krd:extractReason"].clone()
    };
    let expected = serde_json::json!([
        { "@language": "ko", "@value": "암호가 있어야 열 수 있습니다" },
        { "@language": "en", "@value": "it needs a password to open" },
    ]);
    assert_eq!(told(ReasonKind::Password.into()), expected);
    // What an earlier version read has no other words.
    let english = serde_json::json!({ "@language": "en", "@value": "locked" });
    assert_eq!(told("locked".into()), english);
}

/// What a file beside a document claims narrows what is declared of its folder, and never widens it; what a file says of
/// itself does neither.
#[test]
fn a_claim_beside_a_document_only_narrows() {
    let told = |series: &Series, license: &str, disclosure: &str, is_beside: bool| {
        let mut document = sample_document();
        for (name, value) in [(metadata::LICENSE, license), (metadata::DISCLOSURE, disclosure)] {
            let part = match is_beside {
                true => metadata::Part::Beside("침수.jpg.meta.yml".into()),
                false => metadata::Part::Inside("XMP".into()),
            };
            let stated = metadata::Stated { value: value.into(), part: Some(part) };
            document.metadata.add(name, stated);
        }
        let body = asset::entry(&document, series).body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let license = body["dcat:distribution"][0]["dct:license"].clone();
        (license, body["dct:accessRights"]["@id"].as_str().unwrap().to_owned())
    };
    let license = |license| {
        let body = asset::entry(&sample_document(), &Series { license, ..sample_series() }).body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["dcat:distribution"][0]["dct:license"].clone()
    };
    let open = sample_series();
    let shut =
        Series { license: License::Kogl4, disclosure: Disclosure::Closed, ..sample_series() };
    for (series, claimed, is_beside, expected) in [
        (&open, ("KOGL-4", "closed"), true, (License::Kogl4, "reg:code/access/closed")),
        (&open, ("KOGL-0", "partial"), true, (License::Kogl1, "reg:code/access/part")),
        (&open, ("CC BY 4.0", "somehow"), true, (License::Undeclared, "reg:code/access/closed")),
        (&open, ("KOGL-4", "closed"), false, (License::Kogl1, "reg:code/access/public")),
        (&shut, ("KOGL-0", "public"), true, (License::Kogl4, "reg:code/access/closed")),
    ] {
        let told = told(series, claimed.0, claimed.1, is_beside);
        assert_eq!(told, (license(expected.0), expected.1.to_owned()), "{claimed:?}");
    }
}

/// An entry names the preview that is kept. What is made of a likeness when somebody looks at it may come to nothing.
/// What others harvest is what the page shows: what stands beside the document first, and days of Korea.
#[test]
fn what_stands_beside_a_document_reaches_its_entry() {
    let body = |document: &Document| -> serde_json::Value {
        serde_json::from_str(&asset::entry(document, &sample_series()).body).unwrap()
    };
    let mut document = sample_document();
    document.metadata.set(metadata::TAKEN_AT, "2023-02-04T16:00:00Z");
    document.metadata.set(metadata::KEYWORDS, vec!["낱말".to_owned(), "보도".to_owned()]);
    let own = body(&document);
    assert_eq!(own["dct:temporal"]["dcat:startDate"]["@value"], "2023-02-05");
    let words = |body: &serde_json::Value| -> Vec<String> {
        let words = body["dcat:keyword"].as_array().unwrap().iter();
        words.map(|word| word["@value"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&own), ["보도", "낱말"]);
    // The author that a file names is personal data, and stays inside.
    assert!(own["dct:creator"].is_null() && !own.to_string().contains("홍길동"), "{own}");

    let part = Some(metadata::Part::Beside("침수.jpg.meta.yml".into()));
    let mut beside = Metadata::default();
    let several = |texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).into());
        metadata::Value::List(texts.collect())
    };
    for (name, value) in [
        (metadata::DATE, "2026-07-31".into()),
        (metadata::KEYWORDS, several(&["침수", "배수펌프장"])),
        (metadata::AUTHOR, several(&["홍길동", "김영희"])),
        (metadata::PUBLISHER, "하천과".into()),
        (metadata::IDENTIFIER, "하천-123".into()),
        (metadata::LANGUAGE, "en".into()),
        (metadata::COVERAGE, "안양천".into()),
    ] {
        beside.add(name, metadata::Stated { value, part: part.clone() });
    }
    document.metadata.trust(beside);
    let theirs = body(&document);
    assert_eq!(theirs["dct:temporal"]["dcat:startDate"]["@value"], "2026-07-31");
    assert_eq!(words(&theirs), ["보도", "침수", "배수펌프장"]);
    assert_eq!(theirs["dct:creator"][1]["foaf:name"]["@value"], "김영희");
    assert_eq!(theirs["adms:identifier"][0]["skos:notation"], "하천-123");
    let attributed = &theirs["prov:qualifiedAttribution"][0];
    assert_eq!(attributed["prov:agent"]["foaf:name"]["@value"], "하천과");
    assert_eq!(theirs["dct:publisher"]["dct:identifier"], "1741000", "the agency answers for it");
    assert!(theirs["dct:language"]["@id"].as_str().unwrap().ends_with("/ENG"), "{theirs}");
    assert_eq!(theirs["krd:coverage"]["@value"], "안양천");
}

#[test]
fn sound_in_recordings_of_fixed_cameras_is_a_finding() {
    let found = |material, media_type: &str, has_sound: bool| {
        let mut document = sample_document();
        document.media_type = MediaType::new(media_type);
        document.metadata.set(metadata::AUDIO_PRESENT, has_sound);
        let body = asset::entry(&document, &Series { material, ..sample_series() }).body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["krd:finding"][0][0]["@value"].as_str().map(str::to_owned)
    };
    let cctv = Some(Material::FixedCctv);
    let finding = found(cctv, "video/mp4", true).unwrap();
    assert!(finding.contains("제25조제5항"), "{finding}");
    assert_eq!(found(cctv, "video/mp4", false), None);
    assert_eq!(found(cctv, "audio/mpeg", true), None);
    assert_eq!(found(None, "video/mp4", true), None);
}

#[test]
fn an_entry_promises_no_picture_that_may_not_be_there() {
    let parts = |document: &Document| {
        let body = asset::entry(document, &sample_series()).body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["dcat:distribution"].as_array().unwrap().len()
    };
    let kept = sample_document();
    let likeness = Document { preview: None, likeness: true, ..sample_document() };
    assert_eq!((parts(&kept), parts(&likeness)), (2, 1));
}

fn entry(draft: Draft) -> Entry {
    Entry {
        draft,
        version: 2,
        withdrawn: false,
        issued: Timestamp(1_780_000_000_000),
        modified: Timestamp(1_780_000_001_000),
    }
}

#[test]
fn reads_back_what_it_renders() {
    let extent = Extent { objects: 3, bytes: 12, media_types: vec![("image/jpeg".into(), 3)] };
    for draft in [
        asset::entry(&sample_document(), &sample_series()),
        series::entry(&sample_series(), &extent),
    ] {
        let entry = entry(draft);
        let rendered = jsonld::render(&entry, "https://registry.example.go.kr");
        let text = serde_json::to_string_pretty(&rendered).unwrap();
        let back = jsonld::parse(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(back, entry);
    }
}

#[test]
fn personal_data_and_places_stay_inside() {
    let body = asset::entry(&sample_document(), &sample_series()).body;
    assert!(body.contains("침수 현장 사진") && body.contains("2026-07-14"), "{body}");
    assert!(!body.contains("홍길동") && !body.contains("37.5665"), "{body}");
}

#[test]
fn the_same_content_has_the_same_hash_however_the_file_was_touched() {
    let first = asset::entry(&sample_document(), &sample_series());
    let mut touched = sample_document();
    touched.object.version = "1-2-4".into();
    touched.object_modified = Some(Timestamp(99));
    assert_eq!(asset::entry(&touched, &sample_series()), first);
    touched.sha256 = Some(BlobId::of(b"other bytes"));
    assert_ne!(asset::entry(&touched, &sample_series()).content_hash, first.content_hash);
}

#[test]
fn a_page_of_the_catalogue_names_the_next() {
    let entries = [entry(asset::entry(&sample_document(), &sample_series()))];
    let page = jsonld::catalog(
        &entries,
        "https://registry.example.go.kr",
        "행정안전부",
        "api:catalog",
        Some("api:catalog?after=x"),
    );
    let text = page.to_string();
    assert!(text.contains(r#""hydra:next":{"@id":"api:catalog?after=x"}"#), "{text}");
    assert!(text.contains("dcat:Catalog") && text.contains("dcat:inSeries"), "{text}");
}
