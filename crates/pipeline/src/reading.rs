use madang_document::blob_id::BlobId;
use madang_document::document::{Document, Provenance};
use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::outcome::Outcome;
use madang_extract::extraction::Extraction;
use madang_ledger::jobs::Claim;

/// The document that an extraction is, once its text and preview are blobs. Its parent is the object for now;
/// [`find_parents`] knows better when all members are there.
pub fn document(
    claim: &Claim,
    extraction: Extraction,
    text: Option<BlobId>,
    preview: Option<BlobId>,
) -> Document {
    let store = &claim.object.store;
    let path = &claim.object.path;
    let own = extraction.member.is_none();
    let segments = &extraction.content.segments;
    Document {
        id: DocumentId::new(store, path, extraction.member.as_deref()),
        agency: claim.agency.clone(),
        pipeline: claim.pipeline.clone(),
        object: claim.object.clone(),
        object_modified: claim.modified,
        parent: (!own).then(|| DocumentId::new(store, path, None)),
        inner: extraction.member,
        size: Some(if own { claim.object.size } else { extraction.size }),
        sha256: extraction.sha256,
        media_type: extraction.media_type,
        language: extraction.language,
        outcome: extraction.outcome,
        reason: extraction.reason,
        segments: segments.len() as u64,
        characters: segments.iter().map(|segment| segment.text.chars().count() as u64).sum(),
        metadata: extraction.content.metadata,
        members: extraction.content.members,
        warnings: extraction.content.warnings,
        text,
        preview,
        provenance: Provenance {
            format: extraction.format,
            format_version: extraction.format_version,
        },
    }
}

/// The document of an object of which nothing could be read: it too is catalogued, with its outcome.
pub fn unread(claim: &Claim, outcome: Outcome, reason: &str) -> Document {
    let extraction = Extraction {
        member: None,
        size: claim.object.size,
        sha256: None,
        format: "none".into(),
        format_version: 0,
        media_type: MediaType::new(MediaType::UNKNOWN),
        language: None,
        outcome,
        reason: Some(reason.to_owned()),
        content: Default::default(),
    };
    let mut document = document(claim, extraction, None, None);
    document.metadata = Metadata::default();
    document
}

/// Gives each member of a nested archive that archive as its parent: the longest other inner path that is the
/// beginning of its own.
pub fn find_parents(documents: &mut [Document]) {
    let mut inner: Vec<(String, DocumentId)> = documents
        .iter()
        .filter_map(|document| Some((document.inner.clone()?, document.id)))
        .collect();
    inner.sort();
    for document in documents {
        let Some(own) = &document.inner else { continue };
        let mut folder = own.as_str();
        while let Some((shorter, _)) = folder.rsplit_once('/') {
            folder = shorter;
            if let Ok(at) = inner.binary_search_by(|(path, _)| path.as_str().cmp(folder))
                && let Some((_, id)) = inner.get(at)
            {
                document.parent = Some(*id);
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::object::ObjectRef;
    use madang_ledger::jobs::{Task, Ticket};

    fn claim() -> Claim {
        Claim {
            ticket: Ticket { job: 1, fence: 1 },
            task: Task::Extract,
            object: ObjectRef {
                store: "s".into(),
                path: "a.zip".into(),
                version: "1".into(),
                size: 9,
            },
            modified: None,
            pipeline: "p".into(),
            agency: "1741000".parse().unwrap(),
            attempt: 1,
            crashes: 0,
        }
    }

    fn member(path: &str) -> Document {
        let mut document = unread(&claim(), Outcome::Ok, "");
        document.inner = Some(path.into());
        document.id = DocumentId::new("s", "a.zip", Some(path));
        document.parent = Some(DocumentId::new("s", "a.zip", None));
        document
    }

    #[test]
    fn the_parent_is_the_nearest_archive() {
        let mut documents = [
            member("in.tar"),
            member("in.tar/folder/b.txt"),
            member("in.tarx/c.txt"),
            member("d/e"),
        ];
        find_parents(&mut documents);
        let parents: Vec<_> = documents.iter().map(|document| document.parent.unwrap()).collect();
        let object = DocumentId::new("s", "a.zip", None);
        let tar = DocumentId::new("s", "a.zip", Some("in.tar"));
        assert_eq!(parents, [object, tar, object, object]);
    }
}
