//! What the same bytes came to before: of copies, of files that were renamed or put back, only the first is read.
//!
//! Nothing is kept for it besides the documents themselves. What may be taken again is found by a key that stands for
//! all that reading depends on; it is taken as the documents of another object, and its blobs are written once more, as
//! those of every reading are: a sweep that is under way removes nothing that is named only now.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::blob_part::BlobPart;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::media_type::Kind;
use madang_extract::formats::FORMATS;
use madang_extract::naming::{kind, names_its_content};
use madang_extract::options::Options;
use madang_extract::stages::STAGES;
use madang_ledger::jobs::Claim;
use madang_sandbox::limits::ChildLimits;
use madang_store::blobs::{BlobError, Blobs};

/// This Madang, all its formats and all its stages with their versions; the same for every file.
static READERS: LazyLock<String> = LazyLock::new(|| {
    let formats = FORMATS.iter().map(|format| format!(" {}/{}", format.name, format.version));
    let stages = STAGES.iter().map(|stage| format!(" {}/{}", stage.name, stage.version));
    env!("CARGO_PKG_VERSION").to_owned() + &formats.chain(stages).collect::<String>()
});

/// What reads: another one may come to something else.
pub(crate) fn readers() -> &'static str {
    &READERS
}

/// The keys of these bytes in an agency under the terms of a pipeline: the one for what does not depend on the whole name, and the
/// one for what does. Of another agency nothing is taken: a scan that is known within a second would tell whoever drops it that
/// somebody else holds it. All formats and their versions stand in them, not the one that read it: which one it is today
/// nobody knows without looking.
pub(crate) fn keys(
    hash: BlobId,
    (agency, name): (&Agency, &str),
    limits: &ChildLimits,
    options: &Options,
) -> Result<[BlobId; 2], serde_json::Error> {
    let ChildLimits { memory, cpu, wall, silence, extract } = limits;
    let limits = (memory, cpu, wall, silence, extract);
    let terms = serde_json::to_string(&(&*READERS, agency, hash, limits, options, kind(name)))?;
    let named = serde_json::to_string(&(&terms, name))?;
    Ok([BlobId::of(terms.as_bytes()), BlobId::of(named.as_bytes())])
}

/// The key under which these documents of an object that was read to its end may be taken again for the same bytes; none
/// if another reading might come to something else.
pub(crate) fn key_of(keys: &[BlobId; 2], documents: &[Document]) -> Option<BlobId> {
    let [any_name, this_name] = keys;
    let own = documents.iter().find(|document| document.inner.is_none())?;
    let lasting = |document: &Document| {
        // With more time or memory it would have been read; and what reads sound and film is found when it is wanted.
        let media = matches!(document.media_type.kind(), Kind::Audio | Kind::Video);
        !document.outcome.is_death() && !media
    };
    if !documents.iter().all(lasting) {
        return None;
    }
    Some(if names_its_content(&own.provenance.format) { *this_name } else { *any_name })
}

/// Documents that other bytes of the same content came to, as those of the object of a claim.
pub(crate) fn of_claim(claim: &Claim, documents: Vec<Document>) -> Vec<Document> {
    let (store, path) = (&claim.object.store, &claim.object.path);
    let of = |before: Document| Document {
        id: DocumentId::new(store, path, before.inner.as_ref()),
        agency: claim.agency.clone(),
        pipeline: claim.pipeline.clone(),
        object: claim.object.clone(),
        object_modified: claim.modified,
        parent: before
            .inner
            .as_ref()
            .map(|inner| DocumentId::new(store, path, inner.parent().as_ref())),
        ..before
    };
    let mut documents: Vec<Document> = documents.into_iter().map(of).collect();
    // As they come from a child: the object itself last.
    documents.sort_by(|a, b| (a.inner.is_none(), &a.inner).cmp(&(b.inner.is_none(), &b.inner)));
    documents
}

/// Takes what the bytes of the object of a claim came to `before`, with its blobs held against their hashes and written
/// once more.
///
/// # Errors
/// When a blob is gone, or cannot be written: the object is read then.
pub(crate) async fn take(
    blobs: &Blobs,
    claim: &Claim,
    before: Vec<Document>,
) -> Result<Vec<Document>, BlobError> {
    let parts = before.iter().flat_map(Document::blobs);
    let names: BTreeSet<BlobId> = parts.map(|part| part.blob).collect();
    for name in names {
        let bytes = blobs.read(&BlobPart::from(name)).await?;
        blobs.keep(bytes.into()).await?;
    }
    Ok(of_claim(claim, before))
}

#[cfg(test)]
mod tests {
    use madang_document::document::Provenance;
    use madang_document::inner_path::InnerPath;
    use madang_document::media_type::MediaType;
    use madang_document::object::ObjectRef;
    use madang_document::outcome::Outcome;
    use madang_document::timestamp::Timestamp;
    use madang_extract::options::Ocr;
    use madang_ledger::jobs::{Task, Ticket};

    use super::*;
    use crate::reading::unread;

    fn claim(path: &str, agency: &str) -> Claim {
        Claim {
            ticket: Ticket { job: 1, fence: 1 },
            task: Task::Extract,
            object: ObjectRef {
                store: "s".into(),
                path: path.into(),
                version: path.into(),
                size: 9,
            },
            modified: Some(Timestamp(path.len() as i64)),
            pipeline: agency.into(),
            agency: agency.parse().unwrap(),
            attempt: 1,
            crashes: 0,
        }
    }

    fn document(claim: &Claim, inner: Option<&str>, format: &str) -> Document {
        let inner = inner.map(InnerPath::of);
        let (store, path) = (&claim.object.store, &claim.object.path);
        Document {
            id: DocumentId::new(store, path, inner.as_ref()),
            parent: inner.as_ref().map(|_| DocumentId::new(store, path, None)),
            inner,
            media_type: MediaType::new("text/plain"),
            provenance: Provenance { format: format.into(), format_version: 1 },
            ..unread(claim, Outcome::Ok, "".into())
        }
    }

    #[test]
    fn the_key_stands_for_all_that_reading_depends_on() {
        let (limits, options) = (ChildLimits::default(), Options::default());
        let hash = BlobId::of(b"bytes");
        let (ours, theirs) = ("1741000".parse().unwrap(), "6110000".parse().unwrap());
        let keys = |hash, name, limits: &ChildLimits, options: &Options| {
            keys(hash, (&ours, name), limits, options)
        };
        let [plain, named] = keys(hash, "a.hwp", &limits, &options).unwrap();
        assert_ne!(plain, named);
        let [copy, other] = keys(hash, "사본.HWP", &limits, &options).unwrap();
        assert_eq!(plain, copy);
        assert_ne!(named, other);
        let mut less = limits.clone();
        less.extract.pages = 3;
        let mut sooner = limits.clone();
        sooner.memory /= 2;
        let never = Options { ocr: Ocr::Never, ..options.clone() };
        let german = Options { ocr_languages: vec!["deu".into()], ..options.clone() };
        for (what, keys) in [
            ("agency", super::keys(hash, (&theirs, "a.hwp"), &limits, &options)),
            ("bytes", keys(BlobId::of(b"other"), "a.hwp", &limits, &options)),
            ("extension", keys(hash, "a.hwpx", &limits, &options)),
            ("limits of extraction", keys(hash, "a.hwp", &less, &options)),
            ("limits of the child", keys(hash, "a.hwp", &sooner, &options)),
            ("options", keys(hash, "a.hwp", &limits, &never)),
            ("languages", keys(hash, "a.hwp", &limits, &german)),
        ] {
            assert_ne!(plain, keys.unwrap()[0], "{what}");
        }
    }

    #[test]
    fn what_might_come_to_something_else_is_not_taken_again() {
        let claim = claim("a.zip", "1741000");
        let keys = [BlobId::of(b"any"), BlobId::of(b"this")];
        let own = document(&claim, None, "zip");
        let member = document(&claim, Some("m"), "csv");
        assert_eq!(key_of(&keys, &[member.clone(), own.clone()]), Some(keys[0]));
        assert_eq!(key_of(&keys, &[document(&claim, None, "csv")]), Some(keys[1]));
        assert_eq!(key_of(&keys, std::slice::from_ref(&member)), None, "not all of it");
        for outcome in Outcome::ALL {
            let died = matches!(outcome, Outcome::Timeout | Outcome::Memory | Outcome::Crashed);
            let member = Document { outcome, ..member.clone() };
            assert_eq!(key_of(&keys, &[member, own.clone()]).is_none(), died, "{outcome}");
        }
        let film = Document { media_type: MediaType::new("video/mp4"), ..member };
        assert_eq!(key_of(&keys, &[film, own]), None);
    }

    #[test]
    fn what_is_taken_is_of_the_claim_in_all_that_is_not_its_content() {
        let (theirs, ours) = (claim("b/old.zip", "6110000"), claim("a.zip", "1741000"));
        let read =
            |claim: &Claim| vec![document(claim, Some("m"), "text"), document(claim, None, "zip")];
        let mut before = read(&theirs);
        before.reverse();
        assert_eq!(of_claim(&ours, before), read(&ours));
    }
}
