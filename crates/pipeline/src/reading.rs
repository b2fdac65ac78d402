use madang_document::document::{Document, Provenance};
use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::outcome::Outcome;
use madang_extract::extraction::Extraction;
use madang_ledger::jobs::Claim;

/// The document that an extraction is, but for its text and preview, which are kept with those of the whole object.
pub fn document(claim: &Claim, extraction: Extraction) -> Document {
    let store = &claim.object.store;
    let path = &claim.object.path;
    let own = extraction.member.is_none();
    let segments = &extraction.content.segments;
    Document {
        id: DocumentId::new(store, path, extraction.member.as_ref()),
        agency: claim.agency.clone(),
        pipeline: claim.pipeline.clone(),
        object: claim.object.clone(),
        object_modified: claim.modified,
        parent: extraction
            .member
            .as_ref()
            .map(|inner| DocumentId::new(store, path, inner.parent().as_ref())),
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
        text: None,
        preview: None,
        provenance: Provenance {
            format: extraction.format,
            format_version: extraction.format_version,
        },
    }
}

/// The document of an object of which nothing could be read: it too is catalogued, with its outcome.
pub fn unread(claim: &Claim, outcome: Outcome, reason: &str) -> Document {
    let extraction = unread_extraction(claim.object.size, outcome, reason);
    let mut document = document(claim, extraction);
    document.metadata = Metadata::default();
    document
}

fn unread_extraction(size: u64, outcome: Outcome, reason: &str) -> Extraction {
    Extraction {
        member: None,
        size,
        sha256: None,
        format: "none".into(),
        format_version: 0,
        media_type: MediaType::new(MediaType::UNKNOWN),
        language: None,
        outcome,
        reason: Some(reason.to_owned()),
        content: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::inner_path::InnerPath;
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

    #[test]
    fn the_parent_is_the_container() {
        let of = |member: Option<InnerPath>| {
            let mut extraction = unread_extraction(9, Outcome::Ok, "");
            extraction.member = member;
            document(&claim(), extraction)
        };
        let object = of(None);
        let tar = of(Some(InnerPath::of("d/in.tar")));
        let inside = of(Some(InnerPath::of("d/in.tar").join("folder/b.txt")));
        let beside = of(Some(InnerPath::of("d/in.tar/c.txt")));
        assert_eq!(object.parent, None);
        assert_eq!(tar.parent, Some(object.id));
        assert_eq!(inside.parent, Some(tar.id));
        assert_eq!(beside.parent, Some(object.id));
    }
}
