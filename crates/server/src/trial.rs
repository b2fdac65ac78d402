use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use madang_document::content::Warning;
use madang_document::document::{Document, are_same, reasons_agree};
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::principal::Role;
use madang_document::reason::Reason;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::difference::{
    COMPARED, ChangeKind, FromTo, PropertyChange, TextChange, change, properties, text, turn,
};
use crate::documents::visible;
use crate::ports::{TrialError, Tried};
use crate::problem::Problem;
use crate::sentence::korean;
use crate::server::Server;
use crate::wire::json;

/// Lines of the difference of a text that are shown.
const LINES: usize = 40;
/// Documents of one file of which it is shown what would change.
const SHOWN: usize = 20;

/// `POST /v1/documents/{id}/trial`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let asked = visible(&server, &caller, &id).await?.document;
    // A member is read with the file around it.
    let own = DocumentId::new(&asked.object.store, &asked.object.path, None);
    let object = match asked.id == own {
        true => asked,
        false => visible(&server, &caller, &own.to_string()).await?.document,
    };
    let mut answer = TrialAnswer {
        id: own.to_string(),
        name: object_key::readable(&object.object.path).into_owned(),
        path: object.object.path.clone(),
        state: TrialState::Unchanged,
        reason: None,
        reason_ko: None,
        reason_kind: None,
        documents: 0,
        changes: Vec::new(),
    };
    let tried = match server.trials.read(server.ledger.as_ref(), &object).await {
        Ok(tried) => tried,
        Err(error) => {
            let (state, reason) = match error {
                TrialError::Gone(reason) => (TrialState::Gone, reason),
                TrialError::Unread(reason) => (TrialState::Unread, reason),
                TrialError::NoService => return Err(no_service()),
                TrialError::Busy(waited) => return Err(busy(waited)),
                TrialError::Unavailable(cause) => return Err(Problem::unavailable(&cause)),
            };
            answer.state = state;
            answer.reason = Some(reason.english());
            answer.reason_ko = korean(&reason);
            answer.reason_kind = Some(reason.kind.word());
            return Ok(json(&answer));
        }
    };
    let former = server.ledger.documents_of(own).await?.readable();
    let former: Vec<Document> = former.into_iter().map(|stored| stored.document).collect();
    // Whoever may not read texts is told that one would change, and not what it says.
    let reads = caller.principal.may(Role::Search);
    for (before, after) in pairs(&former, &tried) {
        let Some(mut change) = ChangeAnswer::between(before, after) else { continue };
        answer.documents += 1;
        if answer.changes.len() >= SHOWN {
            answer.state = TrialState::Changed;
            continue;
        }
        match (reads, change.kinds.contains(&ChangeKind::Text)) {
            (true, true) => {
                // Its own words are in memory in any case; those of before only when it is its turn.
                let turn = turn(&server.comparing).await?;
                if let Some(before) = text_before(&server, before).await {
                    change.text = changed_text(turn, before, after).await?;
                }
            }
            (false, _) => change.metadata.clear(),
            (true, false) => {}
        }
        answer.state = TrialState::Changed;
        answer.changes.push(change);
    }
    Ok(json(&answer))
}

/// 409: trying again does not help until somebody starts one.
fn no_service() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no-trial",
        "이 데이터 폴더에서 서비스가 돌지 않아 다시 읽어 볼 수 없습니다. `madang up`으로 시작하세요.",
        "No service runs on this data folder, so nothing can be read again; start it with `madang up`.",
    )
}

/// 503: it had no turn. Whoever asks again at once is as good as first in the line.
fn busy(waited: Duration) -> Problem {
    let seconds = waited.as_secs();
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        format!(
            "먼저 읽어 보는 파일이 {seconds}초 안에 하나도 끝나지 않아 차례가 오지 않았습니다. 큰 파일은 몇 분에서 한 시간까지 걸립니다. 곧바로 다시 시도해 주세요."
        ),
        format!(
            "None of the files that are being tried before it ended within {seconds} seconds, so that it had no turn: a large \
             file takes minutes, up to an hour. Try again at once."
        ),
    );
    problem.retry_after = Some(1);
    problem
}

/// The text of a document as it was read before; none if it cannot be compared.
async fn text_before(server: &Server, document: Option<&Document>) -> Option<String> {
    let Some(blob) = document.and_then(|document| document.text) else {
        return Some(String::new());
    };
    let opened = server.blobs.open(&blob).await.ok()?;
    if opened.size > COMPARED {
        return None;
    }
    let segments = server.blobs.read_text(&blob).await.ok()?;
    Some(text(&segments))
}

/// What would change of a text; none if nothing would, or if it is too long to be compared.
async fn changed_text(
    turn: OwnedSemaphorePermit,
    before: String,
    after: Option<&Tried>,
) -> Result<Option<TextChange>, Problem> {
    let segments = after.map(|tried| tried.segments.as_slice()).unwrap_or_default();
    if segments.iter().map(|segment| segment.text.len() as u64).sum::<u64>() > COMPARED {
        return Ok(None);
    }
    change(turn, before, text(segments), LINES).await
}

/// What was beside what would be, by the way inside the object: the object itself first.
fn pairs<'a>(
    former: &'a [Document],
    tried: &'a [Tried],
) -> Vec<(Option<&'a Document>, Option<&'a Tried>)> {
    let key = |document: &Document| document.inner.as_ref().map(ToString::to_string);
    let before: BTreeMap<_, _> = former.iter().map(|one| (key(one), one)).collect();
    let after: BTreeMap<_, _> = tried.iter().map(|one| (key(&one.document), one)).collect();
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter().map(|key| (before.get(key).copied(), after.get(key).copied())).collect()
}

/// What reading a file again would change. Nothing was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialAnswer {
    /// The file's document.
    id: String,
    /// Path in the store, as a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// What it comes to.
    state: TrialState,
    /// Why it could not be read, in English.
    reason: Option<String>,
    /// The same in Korean; null where there are only English words.
    reason_ko: Option<String>,
    /// Its family, as in `store`.
    reason_kind: Option<&'static str>,
    /// How many documents would change: the file and its members.
    documents: u64,
    /// What would change of them; of the first twenty.
    changes: Vec<ChangeAnswer>,
}

/// What a trial comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrialState {
    /// Nothing would change.
    Unchanged,
    /// Something would.
    Changed,
    /// The file is gone, or another one since.
    Gone,
    /// Its store does not give it, or no reader could be started.
    Unread,
}

/// What would change of a document.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChangeAnswer {
    /// The document.
    id: String,
    /// The way inside the file; null for the file itself.
    member: Option<String>,
    /// Which of it.
    kinds: Vec<ChangeKind>,
    /// What read it and what would, as in `hwp5/3`.
    reader: FromTo,
    /// How reading it ended and would end.
    outcome: FromTo,
    /// Why it ended so and would, if there is a reason, in English.
    reason: FromTo,
    /// The same in Korean; null where there are only English words.
    reason_ko: FromTo,
    /// Characters of its text.
    characters: FromTo,
    /// Properties that would change.
    metadata: Vec<PropertyChange>,
    /// What would change of its text; null where nothing does, or the key may not read texts.
    text: Option<TextChange>,
}

/// Whether two lists of warnings say the same.
fn warn_alike(these: &[Warning], those: &[Warning]) -> bool {
    let is_same = |(one, other): (&Warning, &Warning)| {
        one.kind == other.kind && one.reason.says_the_same(&other.reason)
    };
    these.len() == those.len() && these.iter().zip(those).all(is_same)
}

impl ChangeAnswer {
    /// What would change of a document, its text's words apart; none if nothing does.
    fn between(before: Option<&Document>, after: Option<&Tried>) -> Option<ChangeAnswer> {
        let to = after.map(|tried| &tried.document);
        let known = before.or(to)?;
        let mut kinds = Vec::new();
        let mut metadata = Vec::new();
        match (before, after) {
            (Some(from), Some(after)) => {
                let to = &after.document;
                let mut note = |kind, differs: bool| {
                    if differs {
                        kinds.push(kind);
                    }
                };
                note(ChangeKind::Outcome, from.outcome != to.outcome);
                note(ChangeKind::Reason, !reasons_agree(from.reason.as_ref(), to.reason.as_ref()));
                // Another word of a table about the same file is no change of what is in it.
                note(ChangeKind::Members, !are_same(&from.members, &to.members));
                note(ChangeKind::Warnings, !warn_alike(&from.warnings, &to.warnings));
                note(ChangeKind::Text, from.text_id() != to.wordless.or(after.text));
                let told = |document: &Document| {
                    let Document { metadata, language, media_type, size, sha256, .. } =
                        document.clone();
                    (metadata, language, media_type, size, sha256)
                };
                note(ChangeKind::Metadata, told(from) != told(to));
                note(ChangeKind::Preview, shows_otherwise(from, after));
                note(ChangeKind::Reader, from.provenance != to.provenance);
                metadata = properties(&from.metadata, &to.metadata);
            }
            (None, Some(_)) => kinds.extend([ChangeKind::Added, ChangeKind::Text]),
            (Some(_), None) => kinds.extend([ChangeKind::Removed, ChangeKind::Text]),
            (None, None) => {}
        }
        if kinds.is_empty() {
            return None;
        }
        let pair =
            |of: &dyn Fn(&Document) -> String| FromTo { from: before.map(of), to: to.map(of) };
        let why = |told: &dyn Fn(&Reason) -> Option<String>| {
            let of = |one: Option<&Document>| one.and_then(|one| told(one.reason.as_ref()?));
            FromTo { from: of(before), to: of(to) }
        };
        Some(ChangeAnswer {
            id: known.id.to_string(),
            member: known.inner.as_ref().map(ToString::to_string),
            reader: pair(&|one| {
                format!("{}/{}", one.provenance.format, one.provenance.format_version)
            }),
            outcome: pair(&|one| one.outcome.as_str().to_owned()),
            reason: why(&|reason| Some(reason.english())),
            reason_ko: why(&korean),
            characters: pair(&|one| one.characters.to_string()),
            kinds,
            metadata,
            text: None,
        })
    }
}

/// Whether another picture would be shown, as far as that is known without making one: what shows a likeness shows the
/// same that was made of it when it was read.
fn shows_otherwise(from: &Document, after: &Tried) -> bool {
    match (from.preview, after.preview) {
        (Some(before), Some(after)) => before.hash() != after,
        (before, now) => {
            let shown = before.is_some() || from.likeness;
            shown != (now.is_some() || after.document.likeness)
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_document::blob_id::BlobId;
    use madang_document::content::{Member, Origin, Segment, WarningKind};
    use madang_document::document::Provenance;
    use madang_document::inner_path::InnerPath;
    use madang_document::locator::Locator;
    use madang_document::media_type::MediaType;
    use madang_document::metadata::{Metadata, TITLE};
    use madang_document::object::ObjectRef;
    use madang_document::outcome::Outcome;
    use madang_document::reason_kind::ReasonKind;
    use madang_document::sidecar_fault::SidecarFault;
    use madang_document::told::Told;
    use tokio::sync::Semaphore;

    use super::*;

    fn document(inner: Option<&str>) -> Document {
        let inner = inner.map(InnerPath::of);
        let (store, path) = ("s".to_owned(), "a.zip".to_owned());
        Document {
            id: DocumentId::new(&store, &path, inner.as_ref()),
            agency: "1741000".parse().unwrap(),
            pipeline: "p".into(),
            object: ObjectRef { store, path, version: "1".into(), size: 9 },
            object_modified: None,
            parent: None,
            inner,
            size: Some(9),
            sha256: None,
            media_type: MediaType::new("text/plain"),
            language: None,
            outcome: Outcome::Ok,
            reason: None,
            metadata: Metadata::default(),
            members: Vec::new(),
            warnings: Vec::new(),
            segments: 1,
            characters: 1,
            text: Some(BlobId::of(b"old").into()),
            wordless: None,
            preview: None,
            previews: Vec::new(),
            likeness: false,
            annotations: Vec::new(),
            provenance: Provenance { format: "text".into(), format_version: 1 },
        }
    }

    fn tried(document: Document) -> Tried {
        let text = document.text.map(|text| text.hash());
        let document = Document { text: None, preview: None, ..document };
        Tried { document, segments: Vec::new(), text, preview: None }
    }

    #[test]
    fn what_would_change_is_told_by_its_kind() {
        let former = document(None);
        let same = tried(former.clone());
        assert_eq!(ChangeAnswer::between(Some(&former), Some(&same)), None);
        let kinds = |change: &dyn Fn(&mut Tried)| {
            let mut after = tried(former.clone());
            change(&mut after);
            ChangeAnswer::between(Some(&former), Some(&after)).unwrap()
        };
        let told = kinds(&|after| after.document.reason = Some(ReasonKind::Damaged.into()));
        assert_eq!(told.kinds, [ChangeKind::Reason]);
        let reason = Reason::from(ReasonKind::Damaged);
        assert_eq!((told.reason.from, told.reason.to), (None, Some(reason.english())));
        assert_eq!((told.reason_ko.from, told.reason_ko.to), (None, Some(reason.korean())));
        let told = kinds(&|after| after.document.reason = Some("page 3: cut".into()));
        assert_eq!((told.reason.to, told.reason_ko.to), (Some("page 3: cut".into()), None));
        let told = kinds(&|after| after.document.outcome = Outcome::Partial);
        assert_eq!(told.kinds, [ChangeKind::Outcome]);
        assert_eq!(
            (told.outcome.from, told.outcome.to),
            (Some("ok".into()), Some("partial".into()))
        );
        let told = kinds(&|after| after.text = Some(BlobId::of(b"new")));
        assert_eq!(told.kinds, [ChangeKind::Text]);
        // That it is told where its words stand, or otherwise, is no other text.
        let mut placed = tried(former.clone());
        placed.text = Some(BlobId::of(b"old, with places"));
        placed.document.wordless = Some(BlobId::of(b"old"));
        assert_eq!(ChangeAnswer::between(Some(&former), Some(&placed)), None);
        let told = kinds(&|after| after.document.wordless = Some(BlobId::of(b"new")));
        assert_eq!(told.kinds, [ChangeKind::Text]);
        let told = kinds(&|after| after.preview = Some(BlobId::of(b"new")));
        assert_eq!(told.kinds, [ChangeKind::Preview]);
        let told = kinds(&|after| after.document.likeness = true);
        assert_eq!(told.kinds, [ChangeKind::Preview]);
        let pictured = Document { preview: Some(BlobId::of(b"jpeg").into()), ..former.clone() };
        let mut likeness = tried(former.clone());
        assert!(shows_otherwise(&pictured, &likeness), "it is gone");
        likeness.document.likeness = true;
        assert!(!shows_otherwise(&pictured, &likeness), "it is made when somebody looks");
        let told = kinds(&|after| after.document.provenance.format_version = 2);
        assert_eq!((told.kinds, told.reader.to), (vec![ChangeKind::Reader], Some("text/2".into())));
        let told = kinds(&|after| after.document.metadata.set(TITLE, "제목"));
        assert_eq!(told.kinds, [ChangeKind::Metadata]);
        let expected =
            PropertyChange { property: TITLE.into(), from: None, to: Some("제목".into()) };
        assert_eq!(told.metadata, [expected]);
    }

    #[test]
    fn what_a_table_tells_of_a_member_and_a_new_form_of_the_same_words_are_no_change() {
        let mut former = document(None);
        let path = "a.txt".into();
        former.members = vec![Member { path, size: Some(1), outcome: None, told: None }];
        let why = |what| {
            ReasonKind::BesideFault { file: "m.csv".into(), line: Some(2), what: Box::new(what) }
                .into()
        };
        let fault = SidecarFault::ListForWord;
        let kind = WarningKind::Note;
        let reason: Reason = why(SidecarFault::Other(fault.sentence().1.into()));
        former.warnings = vec![Warning { kind, reason: reason.clone() }];
        former.reason = Some(reason);
        let mut after = former.clone();
        after.members[0].told = Some(Told::of("m.csv", &Metadata::default(), []));
        let reason: Reason = why(fault);
        after.warnings = vec![Warning { kind, reason: reason.clone() }];
        after.reason = Some(reason);
        assert_eq!(ChangeAnswer::between(Some(&former), Some(&tried(after.clone()))), None);
        after.members[0].size = Some(2);
        after.warnings.clear();
        after.reason = None;
        let told = ChangeAnswer::between(Some(&former), Some(&tried(after))).unwrap();
        assert_eq!(told.kinds, [ChangeKind::Reason, ChangeKind::Members, ChangeKind::Warnings]);
    }

    /// A thread that compares long texts answers nobody else meanwhile.
    #[tokio::test]
    async fn texts_are_compared_where_nobody_waits_behind_them() {
        let turns = Arc::new(Semaphore::new(1));
        let mut after = tried(document(None));
        let segment = |text: &str| Segment {
            text: text.into(),
            locator: Locator::Whole {},
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        };
        after.segments = vec![segment("new")];
        let turn = turn(&turns).await.unwrap();
        let compared = changed_text(turn, "old".into(), Some(&after));
        let mut compared = std::pin::pin!(compared);
        tokio::select! {
            biased;
            _ = &mut compared => panic!("it was compared by whoever asked"),
            () = std::future::ready(()) => {}
        }
        let told = compared.await.unwrap().unwrap();
        assert_eq!(told.lines, ["@@ -1,1 +1,1 @@", "-old", "+new"]);
        drop(turns.acquire().await.unwrap());
    }

    #[test]
    fn members_come_and_go() {
        let former = [document(None), document(Some("gone"))];
        let after = [tried(document(Some("new"))), tried(document(None))];
        let told: Vec<_> = pairs(&former, &after)
            .into_iter()
            .filter_map(|(before, after)| ChangeAnswer::between(before, after))
            .map(|change| (change.member, change.kinds))
            .collect();
        let expected = [
            (Some("gone".to_owned()), vec![ChangeKind::Removed, ChangeKind::Text]),
            (Some("new".to_owned()), vec![ChangeKind::Added, ChangeKind::Text]),
        ];
        assert_eq!(told, expected);
    }
}
