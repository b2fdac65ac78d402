//! Reads every fixture and compares what comes out with the golden text beside it.
//!
//! A case is a file `fixtures/<format>/<case>` at the root of the workspace; beside it stands
//! `<case>.expected`. `UPDATE_EXPECT=1 cargo test -p madang-extract --test fixtures` writes the
//! expectations; read the difference before you commit it. Cases in `fixtures/locked` are read with the passwords in
//! its file `passwords`, as a pipeline gives them.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use madang_document::content::{Origin, WarningKind};
use madang_document::metadata::Value;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::formats::FORMATS;
use madang_extract::naming::{kind, names_its_content};
use madang_extract::order::Order;
use madang_extract::passwords::Passwords;

/// Folders under `fixtures/` that hold no cases: the scripts that make them, and what a first start drops.
const NOT_CASES: [&str; 4] = ["make", "drop", "data-v1", "data-v2"];

/// The file of passwords in a folder of cases.
const PASSWORDS: &str = "passwords";

#[test]
fn every_fixture_reads_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let (cases, expectations) = files();
    let mut wrong = Vec::new();
    for case in &cases {
        let actual = read(case);
        let golden = expectation_of(case);
        if update {
            fs::write(&golden, &actual).unwrap();
            continue;
        }
        match fs::read_to_string(&golden) {
            Err(_) => wrong.push(format!("{}: there is no {}", case.display(), golden.display())),
            Ok(expected) => wrong.extend(difference(case, &expected, &actual)),
        }
    }
    for golden in expectations {
        if !cases.iter().any(|case| expectation_of(case) == golden) {
            wrong.push(format!("{}: there is no fixture of this name", golden.display()));
        }
    }
    assert!(!cases.is_empty(), "no fixture under {}", root().display());
    assert!(wrong.is_empty(), "{}\n(UPDATE_EXPECT=1 writes the expectations)", wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_has_a_fixture() {
    let (cases, expectations) = files();
    // While expectations are being written they cannot be read.
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let texts: Vec<String> = match update {
        true => cases.iter().map(|case| read(case)).collect(),
        false => expectations.iter().map(|golden| fs::read_to_string(golden).unwrap()).collect(),
    };
    let mut read = BTreeSet::new();
    for text in &texts {
        read.extend(text.lines().filter_map(|l| l.strip_prefix("format: ")).map(str::to_owned));
    }
    let bare: Vec<_> =
        FORMATS.iter().map(|f| f.name).filter(|name| !read.contains(*name)).collect();
    assert!(bare.is_empty(), "rows without a fixture that they read: {bare:?}");
}

/// Which part of a file each property comes from, over all fixtures; `>` where parts disagree, what is trusted most first.
#[test]
fn every_property_says_where_it_comes_from() {
    let mut found = BTreeSet::new();
    for case in files().0 {
        for document in documents(&case) {
            for (name, claims) in document.content.metadata.all() {
                let parts = claims.iter().map(|stated| stated.part_name().unwrap_or("-"));
                let parts = parts.collect::<Vec<_>>().join(" > ");
                let name = if name.starts_with("office.") { "office.*" } else { name };
                found.insert(format!("{} {name}: {parts}", document.format));
            }
        }
    }
    let nameless: Vec<&String> =
        found.iter().filter(|line| line.split(' ').any(|part| part == "-")).collect();
    assert!(nameless.is_empty(), "a property of which no part is told: {nameless:?}");
    let actual = found.into_iter().map(|line| line + "\n").collect::<String>();
    let golden = root().join("parts.expected");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&golden, &actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(&golden).unwrap();
    let difference = difference(&golden, &expected, &actual);
    assert!(difference.is_none(), "{}", difference.unwrap());
}

/// Copies are not read again under another name, as long as it is of the same kind.
#[test]
fn what_is_read_depends_on_no_more_of_the_name_than_is_said() {
    let (cases, _) = files();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.file_name().and_then(|name| name.to_str()).unwrap();
        let (_, extension) = name.rsplit_once('.').unwrap_or_default();
        // Not the first letter of a name, nor its length.
        let other = format!("다른 이름으로 저장한 사본.{}", extension.to_uppercase());
        if kind(name) != kind(&other) {
            continue;
        }
        let [one, other] = [name, other.as_str()].map(|name| named(case, name));
        let format = one.lines().find_map(|line| line.strip_prefix("format: ")).unwrap();
        if one != other && !names_its_content(format) {
            wrong.extend(difference(case, &one, &other));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_that_tells_its_name_is_one() {
    let named = FORMATS.iter().filter(|format| names_its_content(format.name)).count();
    assert_eq!(named, 10);
}

#[test]
fn every_reason_of_a_fixture_is_told_in_korean() {
    let mut english_only = Vec::new();
    for case in files().0 {
        let reasons = documents(&case).into_iter().flat_map(|document| {
            let warnings = document.content.warnings.into_iter().map(|warning| warning.reason);
            document.reason.into_iter().chain(warnings).collect::<Vec<_>>()
        });
        for reason in reasons {
            let korean = reason.korean();
            if reason.is_said() || !korean.chars().any(|c| ('가'..='힣').contains(&c)) {
                english_only.push(format!("{}: {reason}", case.display()));
            }
        }
    }
    assert!(english_only.is_empty(), "{}", english_only.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The cases and the expectations, each sorted by path.
fn files() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut cases, mut expectations) = (Vec::new(), Vec::new());
    for folder in list(&root()) {
        if !folder.is_dir() || NOT_CASES.iter().any(|name| folder.ends_with(name)) {
            continue;
        }
        for file in list(&folder) {
            if file.file_name().is_some_and(|name| name == "README.md" || name == PASSWORDS) {
                continue;
            }
            let golden = file.extension().is_some_and(|e| e == "expected");
            if golden { expectations.push(file) } else { cases.push(file) }
        }
    }
    (cases, expectations)
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn expectation_of(case: &Path) -> PathBuf {
    let mut name = case.as_os_str().to_owned();
    name.push(".expected");
    name.into()
}

/// The golden text of a case.
fn read(case: &Path) -> String {
    named(case, case.file_name().and_then(|name| name.to_str()).unwrap())
}

/// The same under another name.
fn named(case: &Path, name: &str) -> String {
    let documents = documents_named(case, name, false);
    let shown = match documents.iter().any(|document| document.content.likeness) {
        true => documents_named(case, name, true),
        false => Vec::new(),
    };
    let shown = |document: &Extraction| shown.iter().find(|it| it.member == document.member);
    let golden = |document| golden(document, shown(document));
    documents.iter().map(golden).collect::<Vec<_>>().join("\n")
}

/// Extracts a case; the object first, then its members in the order of delivery.
fn documents(case: &Path) -> Vec<Extraction> {
    documents_named(case, case.file_name().and_then(|name| name.to_str()).unwrap(), false)
}

/// The same under another name, their likenesses made into previews or only told of.
fn documents_named(case: &Path, name: &str, likeness: bool) -> Vec<Extraction> {
    let bytes = fs::read(case).unwrap();
    let kept = RefCell::new(Vec::<Extraction>::new());
    let mut order = Order { likeness, ..Order::named(name) };
    if let Ok(list) = fs::read(case.with_file_name(PASSWORDS)) {
        order.options.passwords = Passwords::parse(&list).unwrap();
    }
    extract(&bytes, &order, &Engines::media().unwrap(), &kept);
    let mut documents = kept.into_inner();
    documents.rotate_right(1);
    assert_eq!(documents[0].member, None, "{}: the object comes last", case.display());
    documents
}

/// `shown` is the same document when somebody looks at its likeness.
fn golden(document: &Extraction, shown: Option<&Extraction>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| writeln!(text, "{name}: {}", indented(value)).unwrap();
    if let Some(member) = &document.member {
        line("member", &member.to_string());
    }
    line("media type", document.media_type.as_str());
    line("format", &document.format);
    line("outcome", document.outcome.as_str());
    document.reason.iter().for_each(|reason| line("reason", &reason.english()));
    document.language.iter().for_each(|language| line("language", language));
    let content = &document.content;
    for (name, value) in content.metadata.iter() {
        line(&format!("  {name}"), &plain(value));
    }
    for segment in &content.segments {
        let place = segment.locator.fragment().unwrap_or_else(|| "-".into());
        let origin = match segment.origin {
            Origin::Native => "",
            Origin::Ocr => " ocr",
            Origin::Speech => " speech",
            Origin::Subtitle => " subtitle",
        };
        writeln!(text, "[{place}{origin}] {}", indented(&segment.text)).unwrap();
    }
    for member in &content.members {
        let size = member.size.map_or("-".into(), |size| size.to_string());
        let outcome = member.outcome.map_or("unopened", |outcome| outcome.as_str());
        writeln!(text, "holds: {} ({size} bytes, {outcome})", member.path).unwrap();
    }
    let shown = shown.filter(|_| content.likeness).map(|shown| shown.content.previews.as_slice());
    let previews = content.previews.iter().map(|preview| ("preview", preview));
    let likeness = shown.unwrap_or_default().iter().map(|preview| ("likeness", preview));
    for (what, preview) in previews.chain(likeness) {
        let place = preview.locator.fragment().unwrap_or_else(|| "-".into());
        let (width, height) = (preview.raster.width(), preview.raster.height());
        writeln!(text, "{what}: [{place}] {width}x{height}").unwrap();
    }
    if shown.is_some_and(<[_]>::is_empty) {
        writeln!(text, "likeness: nothing to see").unwrap();
    }
    for warning in &content.warnings {
        let kind = match warning.kind {
            WarningKind::Note => "note",
            WarningKind::Lost => "lost",
            WarningKind::Cut => "cut",
        };
        writeln!(text, "{kind}: {}", indented(&warning.reason.english())).unwrap();
    }
    text
}

/// Further lines of a value stand indented, so that no text can pass for another line of the golden text.
fn indented(value: &str) -> String {
    value.replace('\n', "\n    ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(n) => n.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::List(list) => list.iter().map(plain).collect::<Vec<_>>().join(" | "),
    }
}

/// The first line that differs.
fn difference(case: &Path, expected: &str, actual: &str) -> Option<String> {
    if expected == actual {
        return None;
    }
    let (mut e, mut a) = (expected.lines(), actual.lines());
    for number in 1.. {
        let (expected, actual) = (e.next(), a.next());
        if expected != actual || expected.is_none() {
            let shown = |line: Option<&str>| line.unwrap_or("(end)").to_owned();
            return Some(format!(
                "{}: line {number} of the expectation\n  expected: {}\n  actual:   {}",
                case.display(),
                shown(expected),
                shown(actual)
            ));
        }
    }
    None
}
