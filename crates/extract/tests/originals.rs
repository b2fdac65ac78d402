//! Every member that is read can be had by itself, as the bytes that it was: whoever asks for one is given what was hashed
//! when it was read, whatever container it lies in and however deep.
//!
//! Each member of each fixture is asked for, as the sandbox asks. A format that holds members has its line in
//! [`CONTAINERS`], and a fixture.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use madang_document::blob_id::BlobId;
use madang_document::inner_path::InnerPath;
use madang_extract::blob::{Blob, read_range};
use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;
use madang_extract::passwords::Passwords;
use madang_extract::sink::{Sink, Wanted};

/// Every format of the table that holds members: archives, packed files, mail, documents with files or pictures in them.
const CONTAINERS: [&str; 39] = [
    "7z",
    "alz",
    "bzip2",
    "cab",
    "calendar",
    "compress",
    "doc",
    "docx",
    "egg",
    "eml",
    "epub",
    "gzip",
    "hwp3",
    "hwp5",
    "hwpml",
    "hwpx",
    "iso9660",
    "iwork",
    "lzma",
    "matroska",
    "mbox",
    "msg",
    "odf",
    "office_encrypted",
    "pdf",
    "pkcs7",
    "ppt",
    "pptx",
    "pst",
    "rar",
    "rtf",
    "tar",
    "tnef",
    "word_xml",
    "xls",
    "xlsx",
    "xz",
    "zip",
    "zstd",
];

/// Who asks for one member, as the sandbox does.
struct Asking<'a> {
    member: &'a InnerPath,
    given: RefCell<Vec<BlobId>>,
}

impl Sink for Asking<'_> {
    fn detected(&self, _: &Detected) {}

    fn engines_wanted(&self) {}

    fn progress(&self, _: u32) {}

    fn wanted(&self, member: &InnerPath) -> Wanted {
        Wanted::of(member, self.member)
    }

    fn bytes(&self, member: &dyn Blob) {
        let bytes = read_range(member, 0, member.len()).unwrap();
        self.given.borrow_mut().push(BlobId::of(&bytes));
    }

    fn document(&self, _: Extraction) {}
}

#[test]
fn every_container_gives_each_of_its_members_by_itself() {
    let mut members: BTreeMap<String, usize> = BTreeMap::new();
    let engines = Engines::media().unwrap();
    let mut wrong = Vec::new();
    for case in cases() {
        let order = order(&case);
        let bytes = fs::read(&case).unwrap();
        let read = RefCell::new(Vec::<Extraction>::new());
        extract(&bytes, &order, &engines, &read);
        let read = read.into_inner();
        let format = |member: Option<InnerPath>| {
            let document = read.iter().find(|document| document.member == member);
            document.map(|document| document.format.clone()).unwrap_or_default()
        };
        let mut paths = BTreeSet::new();
        for document in &read {
            let Some(member) = &document.member else { continue };
            if !paths.insert(member.to_string()) {
                wrong.push(format!("{}: two members are {member}", case.display()));
            }
            // What could not be opened has no bytes.
            let Some(known) = document.sha256 else { continue };
            let asking = Asking { member, given: RefCell::default() };
            extract(&bytes, &order, &engines, &asking);
            if asking.given.into_inner() != [known] {
                wrong.push(format!("{}: {member} is not given as it was read", case.display()));
            }
            *members.entry(format(member.parent())).or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let found: Vec<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(found, CONTAINERS, "formats of which a fixture holds a member that is read");
}

fn order(case: &Path) -> Order {
    let mut order = Order::named(case.file_name().unwrap().to_str().unwrap());
    if let Ok(list) = fs::read(case.with_file_name("passwords")) {
        order.options.passwords = Passwords::parse(&list).unwrap();
    }
    order
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let list = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let not_cases = ["make", "drop", "data-v1", "data-v2"];
    let folders = list(&root)
        .into_iter()
        .filter(|folder| folder.is_dir() && !not_cases.iter().any(|name| folder.ends_with(name)));
    let mut cases: Vec<PathBuf> = folders.flat_map(|folder| list(&folder)).collect();
    cases.retain(|case| {
        let name = case.file_name().unwrap().to_str().unwrap();
        !name.ends_with(".expected") && name != "README.md" && name != "passwords"
    });
    cases.sort();
    assert!(!cases.is_empty(), "no fixture under {}", root.display());
    cases
}
