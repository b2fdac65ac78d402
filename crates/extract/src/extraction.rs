use madang_document::blob_id::BlobId;
use madang_document::content::{Content, WarningKind};
use madang_document::inner_path::InnerPath;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use serde::{Deserialize, Serialize};

/// One document as it comes out of extraction: the object itself, or one of its members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// The way inside the object; none for the object itself.
    pub member: Option<InnerPath>,
    /// Size in bytes, of a member once unpacked.
    pub size: u64,
    /// SHA-256 of a member's bytes; none for the object itself, which its reader hashes on the way in.
    pub sha256: Option<BlobId>,
    /// The row of the table of formats; `none` if no row matched.
    pub format: String,
    /// The version of that row.
    pub format_version: u32,
    /// By content first.
    pub media_type: MediaType,
    /// Language of the text.
    pub language: Option<String>,
    /// How reading it ended.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<Reason>,
    /// What was read.
    pub content: Content,
}

/// The outcome that a content means, and the reason if it is not [`Outcome::Ok`].
///
/// Media files without text are read whole all the same; a document without text is empty.
pub fn outcome_of(content: &Content, kind: Kind) -> (Outcome, Option<Reason>) {
    let first = |kind: WarningKind| {
        content.warnings.iter().find(|w| w.kind == kind).map(|w| w.reason.clone())
    };
    if let Some(reason) = first(WarningKind::Cut) {
        return (Outcome::Limit, Some(reason));
    }
    // What is damaged before what nobody reads: of the first another copy has more.
    let damaged = content.warnings.iter().find(|it| {
        it.kind == WarningKind::Lost && !matches!(it.reason.kind.word(), "method" | "encrypted")
    });
    let damaged = damaged.map(|it| it.reason.clone());
    if let Some(reason) = damaged.or_else(|| first(WarningKind::Lost)) {
        return (Outcome::Partial, Some(reason));
    }
    let textual = matches!(kind, Kind::Document | Kind::Table | Kind::Text | Kind::Mail);
    if textual && content.segments.is_empty() && content.members.is_empty() {
        return (Outcome::Empty, Some(ReasonKind::NoText.into()));
    }
    (Outcome::Ok, None)
}
