use madang_document::annotation::Annotation;
use madang_document::content::{Warning, WarningKind};
use madang_document::document::Document;
use madang_document::headway::Headway;
use madang_document::inner_path::InnerPath;
use madang_document::locator::Locator;
use madang_document::object_key;
use madang_document::reason::Reason;
use madang_document::term;
use madang_ledger::documents::Stored;
use serde::Serialize;
use utoipa::ToSchema;

use crate::recognition::HeadwayAnswer;
use crate::sentence::{Sentence, awaits_recognition, korean};

/// A document: metadata and outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentAnswer {
    /// Deterministic id.
    id: String,
    /// Title, else name.
    title: String,
    /// Path in the store, with `!/` and the inner path for members; a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// The store's configured name.
    store: String,
    /// The store's word for the version.
    version: String,
    /// When the store says that the object was last changed, RFC 3339.
    modified: Option<String>,
    /// Institution code.
    agency: String,
    /// The pipeline that took it.
    pipeline: String,
    /// The document it lies in.
    parent: Option<String>,
    /// Size in bytes.
    size: Option<u64>,
    /// SHA-256 of the bytes, if they were read whole.
    sha256: Option<String>,
    /// Media type.
    media_type: String,
    /// Its family.
    kind: &'static str,
    /// Language of the text.
    language: Option<String>,
    /// How reading it ended.
    outcome: &'static str,
    /// The same as a sentence.
    sentence: Sentence,
    /// Whether what its pages, pictures or sound say is still to be recognised: its text and outcome are not the last.
    awaits_recognition: bool,
    /// How far that has come; null where it is not under way.
    progress: Option<HeadwayAnswer>,
    /// Why it was not read whole, in English.
    reason: Option<String>,
    /// The same in Korean; null where there are only English words, as of what an earlier version read.
    reason_ko: Option<String>,
    /// Its family, as in `damaged`.
    reason_kind: Option<&'static str>,
    /// Properties by name: of each the value that is trusted most.
    #[schema(value_type = Object)]
    metadata: serde_json::Value,
    /// The same, those of Dublin Core first, each with its term, with the `part` of the file or the file `beside` it
    /// that says so, and with what others say (`also`).
    #[schema(value_type = Vec<Object>)]
    properties: serde_json::Value,
    /// Further pictures, each at its place: of a film the sheet of all frames that were taken, and these.
    previews: Vec<PreviewAnswer>,
    /// What was odd, lost or cut.
    warnings: Vec<WarningAnswer>,
    /// What it holds, opened members with their ids.
    members: Vec<MemberAnswer>,
    /// Pieces of text.
    segments: u64,
    /// Unicode scalar values in them.
    characters: u64,
    /// What read it, as in `hwp5/3`.
    format: String,
    /// What the stages found out about it: of each the name and version of the stage and its finding.
    #[schema(value_type = Vec<Object>)]
    annotations: Vec<Annotation>,
    /// Grows when the document changes.
    revision: u64,
    /// Where more is.
    links: Links,
}

/// A further picture of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewAnswer {
    /// Where in the document it was taken; `whole` for a sheet that shows all of them.
    #[schema(value_type = Object)]
    locator: Locator,
    /// Its address.
    picture: String,
}

/// Something odd, lost or cut.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningAnswer {
    /// `note` (nothing was lost), `lost` (a part could not be read) or `cut` (a limit cut the content).
    kind: &'static str,
    /// What it is, in English.
    message: String,
    /// The same in Korean; null where there are only English words.
    message_ko: Option<String>,
    /// The family of the reason, as in `damaged`.
    reason_kind: &'static str,
}

/// A line in the list of what a document holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberAnswer {
    /// Its document, if it was opened.
    pub(crate) id: Option<String>,
    /// The path inside.
    pub(crate) path: String,
    /// Size in bytes once unpacked.
    pub(crate) size: Option<u64>,
    /// How reading it ended.
    pub(crate) outcome: Option<&'static str>,
}

/// Addresses that belong to a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Links {
    /// The text with its places.
    text: Option<String>,
    /// A picture. Where it is a likeness that the file stores of itself, it is made when it is first asked for, and 404
    /// says that there is nothing to see on it.
    preview: Option<String>,
    /// The file; of a member, what it is once taken out of the file around it.
    original: String,
    /// The catalogue entry.
    entry: String,
    /// The page for people.
    page: String,
}

/// The members of a document: those that are documents, then those that are only listed.
pub(crate) fn members(document: &Document, opened: &[Stored]) -> Vec<MemberAnswer> {
    let mut lines: Vec<MemberAnswer> = Vec::new();
    for stored in opened {
        let member = &stored.document;
        lines.push(MemberAnswer {
            id: Some(member.id.to_string()),
            path: member.inner.as_ref().map(|inner| inner.last().to_owned()).unwrap_or_default(),
            size: member.size,
            outcome: Some(member.outcome.as_str()),
        });
    }
    let known: std::collections::BTreeSet<&str> = opened
        .iter()
        .filter_map(|stored| stored.document.inner.as_ref())
        .map(InnerPath::last)
        .collect();
    let mut listed = Vec::new();
    for member in &document.members {
        if !known.contains(member.path.as_str()) {
            listed.push(MemberAnswer {
                id: None,
                path: member.path.clone(),
                size: member.size,
                outcome: member.outcome.map(|outcome| outcome.as_str()),
            });
        }
    }
    lines.extend(listed);
    lines
}

impl WarningAnswer {
    fn new(warning: &Warning) -> WarningAnswer {
        WarningAnswer {
            kind: match warning.kind {
                WarningKind::Note => "note",
                WarningKind::Lost => "lost",
                WarningKind::Cut => "cut",
            },
            message: warning.reason.english(),
            message_ko: korean(&warning.reason),
            reason_kind: warning.reason.kind.word(),
        }
    }
}

impl DocumentAnswer {
    /// Of the document, of its members that are documents, and of how far its recognising has come.
    pub(crate) fn new(
        stored: Stored,
        opened: Vec<Stored>,
        headway: Option<Headway>,
    ) -> DocumentAnswer {
        let d = stored.document;
        let at = |what: &str| format!("/v1/documents/{}/{what}", d.id);
        DocumentAnswer {
            previews: (1..)
                .zip(&d.previews)
                .map(|(number, preview): (usize, _)| PreviewAnswer {
                    locator: preview.locator.clone(),
                    picture: at(&format!("preview?number={number}")),
                })
                .collect(),
            links: Links {
                text: d.text.map(|_| at("text")),
                preview: (d.preview.is_some() || d.likeness).then(|| at("preview")),
                original: at("original"),
                entry: format!("/v1/catalog/entries/{}", d.id),
                page: format!("/documents/{}", d.id),
            },
            id: d.id.to_string(),
            title: d.title().into_owned(),
            name: object_key::readable(&d.path()).into_owned(),
            path: d.path(),
            modified: d.object_modified.map(|moment| moment.to_string()),
            agency: d.agency.to_string(),
            parent: d.parent.map(|parent| parent.to_string()),
            size: d.size,
            sha256: d.sha256.map(|sha256| sha256.to_string()),
            kind: d.media_type.kind().as_str(),
            media_type: d.media_type.to_string(),
            outcome: d.outcome.as_str(),
            sentence: Sentence::of_document(&d),
            awaits_recognition: awaits_recognition(&d),
            progress: headway.map(HeadwayAnswer::from),
            members: members(&d, &opened),
            segments: d.segments,
            characters: d.characters,
            format: format!("{}/{}", d.provenance.format, d.provenance.format_version),
            annotations: d.annotations,
            revision: stored.revision,
            pipeline: d.pipeline,
            language: d.language,
            reason: d.reason.as_ref().map(Reason::english),
            reason_ko: d.reason.as_ref().and_then(korean),
            reason_kind: d.reason.as_ref().map(|reason| reason.kind.word()),
            metadata: serde_json::json!(d.metadata.plain()),
            properties: serde_json::json!(term::properties(&d.metadata)),
            warnings: d.warnings.iter().map(WarningAnswer::new).collect(),
            store: d.object.store,
            version: d.object.version,
        }
    }
}
