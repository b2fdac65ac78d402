//! What is locked: closed without the right password, open with it, and harmless when it is damaged or asks for too much.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};

use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;
use madang_extract::passwords::Passwords;
use madang_extract::sink::Sink;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/locked")
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The object last, its members before it.
fn read(bytes: &[u8], name: &str, passwords: &str) -> Vec<Extraction> {
    let mut order = Order::named(name);
    if !passwords.is_empty() {
        order.options.passwords = Passwords::parse(passwords.as_bytes()).unwrap();
    }
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes.to_vec(), &order, &Engines::none(), &kept);
    kept.into_inner()
}

fn own(documents: &[Extraction]) -> (Outcome, String) {
    let own = documents.last().unwrap();
    (own.outcome, own.reason.as_ref().map(Reason::english).unwrap_or_default())
}

#[test]
fn what_is_locked_stays_closed_and_says_what_was_tried() {
    for (name, what) in [
        ("report.hwp", "the document needs a password to open"),
        ("report-97.hwp", "the document needs a password to open"),
        ("report.hwpx", "the document needs a password to open"),
        ("old.odt", "the document needs a password to open"),
        ("whole.odt", "the document needs a password to open"),
        ("words.xlsx", "the document needs a password to open"),
        ("cryptoapi.doc", "the document needs a password to open"),
        ("cryptoapi.xls", "the workbook needs a password to open"),
        ("obfuscated.xls", "the workbook needs a password to open"),
        ("briefing.ppt", "the presentation needs a password to open"),
        ("rc4-128.pdf", "the document needs a password to open"),
        ("aes-256.pdf", "the document needs a password to open"),
        ("names.7z", "the names of the members are encrypted (AES-256)"),
    ] {
        let bytes = fixture(name);
        for (passwords, tried) in [
            ("", String::new()),
            ("한 번", ": the given password does not open it".into()),
            ("one\ntwo", ": none of 2 given passwords opens it".into()),
        ] {
            let expected = (Outcome::Encrypted, format!("{what}{tried}"));
            assert_eq!(own(&read(&bytes, name, passwords)), expected, "{name}");
        }
    }
}

/// The file with the dictionary of its encryption in the trailer itself, as MuPDF writes it. The trailer stands behind
/// the table, so that no place moves.
fn with_encryption_in_the_trailer(bytes: &[u8]) -> Vec<u8> {
    let find = |sought: &[u8]| bytes.windows(sought.len()).rposition(|w| w == sought);
    let at = find(b"/Encrypt ").unwrap();
    let end = at + bytes[at..].iter().position(|b| *b == b'R').unwrap() + 1;
    let number = String::from_utf8_lossy(&bytes[at + 9..end]).replace(" 0 R", "");
    let head = format!("\n{number} 0 obj\n");
    let start = find(head.as_bytes()).unwrap() + head.len();
    let length = bytes[start..].windows(7).position(|w| w == b"\nendobj").unwrap();
    [&bytes[..at], b"/Encrypt", &bytes[start..start + length], &bytes[end..]].concat()
}

#[test]
fn a_pdf_whose_trailer_says_how_it_is_encrypted_opens_as_others() {
    let locked = ["rc4-40", "rc4-128", "aes-128", "aes-256", "aes-256-r5", "owner", "owner-rc4"];
    let locked = locked.iter().map(|name| fixture(&format!("{name}.pdf")));
    let open = fs::read(folder().join("../pdf/empty_password.pdf")).unwrap();
    for bytes in locked.chain([open]) {
        let direct = with_encryption_in_the_trailer(&bytes);
        // The table is damaged, and something stands before the header.
        let cut = direct.windows(9).rposition(|w| w == b"startxref").unwrap();
        let shifted = [b"HTTP/1.1 200 OK\n".as_slice(), &direct].concat();
        for changed in [&direct, &direct[..cut].to_vec(), &shifted] {
            let passwords = "sesame-2026\n열려라 참깨";
            let text = |bytes: &[u8]| {
                let documents = read(bytes, "x.pdf", passwords);
                let own = documents.last().unwrap();
                let segments = own.content.segments.iter().map(|it| it.text.clone());
                (own.outcome, segments.collect::<Vec<_>>(), documents.len())
            };
            let ((outcome, segments, members), expected) = (text(changed), text(&bytes));
            assert_eq!((segments, members), (expected.1, expected.2));
            assert!(matches!(outcome, Outcome::Ok | Outcome::Partial), "{outcome:?}");
        }
    }
    let other = with_encryption_in_the_trailer(&fixture("other.pdf"));
    let expected = "the document needs a password to open: the given password does not open it";
    assert_eq!(own(&read(&other, "x.pdf", "한 번")), (Outcome::Encrypted, expected.into()));
}

#[test]
fn a_pdf_whose_encryption_leads_to_nothing_opens_as_one_without() {
    let pdf = |name: &str| fs::read(folder().join("../pdf").join(name)).unwrap();
    let text = |bytes: &[u8]| {
        let documents = read(bytes, "x.pdf", "");
        let own = documents.last().unwrap();
        let segments = own.content.segments.iter().map(|it| it.text.clone());
        (own.outcome, segments.collect::<Vec<_>>())
    };
    let whole = pdf("report.pdf");
    let expected = text(&whole);
    assert_eq!(expected.0, Outcome::Ok);
    let at = whole.windows(7).rposition(|w| w == b"trailer").unwrap();
    let at = at + whole[at..].windows(2).position(|w| w == b"<<").unwrap() + 2;
    for said in ["/Encrypt 99999 0 R ", "/Encrypt null ", "/Encrypt 7 ", "/Encrypt []"] {
        let bytes = [&whole[..at], said.as_bytes(), &whole[at..]].concat();
        assert_eq!(text(&bytes), expected, "{said}");
    }
    // What is encrypted indeed stays locked where only its table is lost.
    let mut locked = fixture("rc4-128.pdf");
    let at = locked.windows(9).rposition(|w| w == b"startxref").unwrap();
    locked.splice(at.., *b"startxref\n7\n%%EOF\n");
    assert_eq!(text(&locked).0, Outcome::Encrypted);
}

#[test]
fn members_that_stay_closed_say_so_each_by_itself() {
    let documents = read(&fixture("aes.zip"), "aes.zip", "sesame-2026");
    let told: Vec<_> = documents
        .iter()
        .filter_map(|it| {
            Some((
                it.member.as_ref()?.to_string(),
                it.outcome,
                it.reason.as_ref().map(Reason::english),
            ))
        })
        .collect();
    let closed = Some("the member is encrypted (AES): the given password does not open it".into());
    assert_eq!(
        told,
        [
            ("공개.txt".into(), Outcome::Ok, None),
            ("비밀.txt".into(), Outcome::Encrypted, closed.clone()),
            ("기록.txt".into(), Outcome::Ok, None),
            ("남의 것.txt".into(), Outcome::Encrypted, closed.clone()),
            ("묶음.txt".into(), Outcome::Encrypted, closed),
        ]
    );
}

/// A head of ZipCrypto lets every hundredth password pass: what comes out tells.
#[test]
fn a_wrong_password_of_a_korean_archive_is_no_damage() {
    for (name, ways) in
        [("members.egg", &["ZipCrypto", "AES-128", "AES-256"][..]), ("members.alz", &["ZipCrypto"])]
    {
        let bytes = fixture(name);
        let mut closed = 0;
        // Keys of AES take their time.
        let batches = if ways.len() == 1 { 4 } else { 1 };
        for batch in 0..batches {
            let passwords: String = (0..100).map(|n| format!("wrong {batch} {n}\n")).collect();
            for document in read(&bytes, name, &passwords) {
                let Some(member) = document.member else { continue };
                let reason = document.reason.as_ref().map(Reason::english).unwrap_or_default();
                match document.outcome {
                    Outcome::Encrypted if reason.contains("which is not read") => {
                        assert_eq!(member.to_string(), "lea-256.txt", "{name}: {reason}");
                    }
                    Outcome::Encrypted => {
                        let told = |way: &&str| {
                            reason
                                == format!(
                                    "the member is encrypted ({way}): none of 100 given passwords opens it"
                                )
                        };
                        assert!(ways.iter().any(told), "{name} {member}: {reason}");
                        closed += 1;
                    }
                    Outcome::Ok => assert_eq!(member.to_string(), "공개.txt", "{name}"),
                    Outcome::Unsupported => {
                        assert!(member.to_string() != "lea-256.txt" && reason.contains("not read"));
                    }
                    other => panic!("{name} {member}: {other}, {reason}"),
                }
            }
        }
        let locked = if ways.len() == 1 { 4 } else { 7 };
        assert_eq!(closed, batches * locked, "{name}");
    }
}

#[test]
fn a_document_for_distribution_opens_without_a_password() {
    for (name, plain) in [("distribution", "objects"), ("distribution-older", "plain")] {
        let [sealed, plain] = [name, plain].map(|name| {
            let path = folder().join(format!("../hwpx/{name}.hwpx"));
            let mut documents = read(&fs::read(path).unwrap(), "report.hwpx", "");
            documents.last_mut().unwrap().size = 0;
            documents
        });
        assert_eq!(sealed, plain, "{name}");
    }
}

#[test]
fn the_password_that_opened_one_member_is_tried_first_on_the_next() {
    // Ninety-nine that open nothing: with them each member would cost a hundred keys.
    let mut passwords: String = (0..99).map(|n| format!("wrong {n}\n")).collect();
    passwords.push_str("열려라 참깨");
    let documents = read(&fixture("aes.zip"), "aes.zip", &passwords);
    let opened = documents.iter().filter(|it| it.outcome == Outcome::Ok).count();
    // The open one, two of this password, and the archive itself.
    assert_eq!(opened, 4);
}

/// Takes documents as long as there is time for so many tries.
struct Hurried {
    documents: RefCell<Vec<Extraction>>,
    tries: Cell<u32>,
}

impl Sink for Hurried {
    fn detected(&self, _: &Detected) {}

    fn progress(&self, _: u32) {}

    fn engines_wanted(&self) {}

    fn has_time(&self) -> bool {
        let left = self.tries.get();
        self.tries.set(left.saturating_sub(1));
        left > 0
    }

    fn document(&self, extraction: Extraction) {
        self.documents.borrow_mut().push(extraction);
    }
}

#[test]
fn a_list_that_is_too_long_for_the_time_ends_with_what_was_tried() {
    for name in
        ["report.hwpx", "old.odt", "whole.odt", "words.xlsx", "aes-256.pdf", "names.7z", "aes.zip"]
    {
        let bytes = fixture(name);
        let mut order = Order::named(name);
        order.options.passwords = Passwords::parse(b"1\n2\n3\n4\n5").unwrap();
        let sink = Hurried { documents: RefCell::default(), tries: Cell::new(2) };
        extract(&bytes, &order, &Engines::none(), &sink);
        let documents = sink.documents.into_inner();
        let locked = documents.iter().find(|it| it.outcome == Outcome::Encrypted);
        let reason = locked.and_then(|it| it.reason.as_ref()).unwrap_or_else(|| panic!("{name}"));
        let (english, korean) = (reason.english(), reason.korean());
        assert!(english.contains("2 of 5 given passwords were tried"), "{name}: {english}");
        assert!(korean.contains("5개 가운데 2개"), "{name}: {korean}");
    }
}

#[test]
fn a_key_that_takes_hours_is_not_made() {
    for (name, told) in [
        ("endless.odt", "0 of 2 given passwords were tried"),
        ("endless.docx", "0 of 2 given passwords were tried"),
        ("much-memory.odt", "0 of 2 given passwords were tried"),
        ("long-salt.odt", "the document needs a password to open"),
    ] {
        let (outcome, reason) = own(&read(&fixture(name), name, "sesame-2026\n열려라 참깨"));
        assert!(outcome == Outcome::Encrypted && reason.contains(told), "{name}: {reason}");
        // Nobody is told of passwords that nobody gave.
        let (_, reason) = own(&read(&fixture(name), name, ""));
        assert_eq!(reason, "the document needs a password to open", "{name}");
    }
}

#[test]
fn an_archive_whose_members_nothing_opens_is_not_tried_for_ever() {
    // One member, a hundred times in the archive and in its table of contents.
    let one = fixture("zipcrypto-cp949.zip");
    let table = one.windows(4).rposition(|mark| mark == b"PK\x01\x02").unwrap();
    let end = one.windows(4).rposition(|mark| mark == b"PK\x05\x06").unwrap();
    let begin = u32::from_le_bytes(one[table + 42..table + 46].try_into().unwrap()) as usize;
    let (mut many, mut records) = (Vec::new(), Vec::new());
    for n in 0..100u8 {
        let mut record = one[table..end].to_vec();
        // The name: two digits at its start. Where its head stands.
        record[46..48].copy_from_slice(&[b'0' + n / 10, b'0' + n % 10]);
        record[42..46].copy_from_slice(&(many.len() as u32).to_le_bytes());
        records.extend(record);
        many.extend(&one[begin..table]);
    }
    let start = (many.len() as u32).to_le_bytes();
    let size = (records.len() as u32).to_le_bytes();
    many.extend(records);
    let mut tail = one[end..].to_vec();
    tail[8..10].copy_from_slice(&100u16.to_le_bytes());
    tail[10..12].copy_from_slice(&100u16.to_le_bytes());
    tail[12..16].copy_from_slice(&size);
    tail[16..20].copy_from_slice(&start);
    many.extend(tail);
    let documents = read(&many, "many.zip", "one\ntwo");
    let (members, own): (Vec<_>, Vec<_>) = documents.iter().partition(|it| it.member.is_some());
    let own = own[0].reason.as_ref().map(Reason::english).unwrap();
    assert!(own.contains("all 100 members") && own.contains("none of 2 given"), "{own}");
    let reasons: Vec<String> =
        members.iter().filter_map(|it| it.reason.as_ref().map(Reason::english)).collect();
    let tried = reasons.iter().filter(|it| it.contains("none of 2 given passwords")).count();
    let passed = reasons.iter().filter(|it| it.contains("were not tried")).count();
    assert_eq!((tried, passed), (50, 50), "{reasons:?}");
}

#[test]
fn damage_is_never_worse_than_damage() {
    let passwords = "sesame-2026\n열려라 참깨";
    for name in [
        "report.hwp",
        "report-97.hwp",
        "report.hwpx",
        "old.odt",
        "whole.odt",
        "cryptoapi.doc",
        "cryptoapi.xls",
        "obfuscated.xls",
        "briefing.ppt",
        "rc4-40.pdf",
        "aes-256.pdf",
        "aes.zip",
        "zipcrypto.zip",
        "members.egg",
        "solid.egg",
        "members.alz",
    ] {
        let bytes = fixture(name);
        let step = (bytes.len() / 9).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut damaged = bytes.clone();
            let end = (at + 16).min(damaged.len());
            damaged[at..end].iter_mut().for_each(|byte| *byte = !*byte);
            assert!(!read(&damaged, name, passwords).is_empty(), "{name} at {at}");
            assert!(!read(&bytes[..at], name, passwords).is_empty(), "{name} up to {at}");
        }
    }
}
