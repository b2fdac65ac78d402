use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use madang_document::blob_part::BlobPart;
use madang_document::content::Member;
use madang_document::document::{self, Document};
use madang_document::object_key;
use madang_document::reason::Reason;
use madang_document::timestamp::Timestamp;
use madang_ledger::documents::Stored;
use madang_store::blobs::BlobError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::difference::{
    COMPARED, ChangeKind, PropertyChange, TextChange, change, properties, text, turn,
};
use crate::documents::visible;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::sentence::{Sentence, korean};
use crate::server::Server;
use crate::wire::json;

/// Lines of the difference of two texts that are shown.
const LINES: usize = 400;
/// Members that are named of those that came, and of those that went.
const NAMED: usize = 100;

/// What is told at a glance of what a document is or was.
pub(crate) struct Glance {
    pub(crate) revision: u64,
    /// None for the oldest that is known.
    pub(crate) since: Option<Timestamp>,
    /// None for the present one.
    pub(crate) until: Option<Timestamp>,
    /// None for the oldest that is known.
    pub(crate) why: Option<Why>,
    pub(crate) changed: Vec<ChangeKind>,
    pub(crate) outcome: &'static str,
    pub(crate) characters: u64,
    /// Where its file lay: the store, and the path in it.
    pub(crate) place: (String, String),
}

/// All that a document is and was at a glance, newest first.
pub(crate) async fn glances(server: &Server, stored: &Stored) -> Result<Vec<Glance>, Problem> {
    let former = server.ledger.glances(stored.document.id).await?;
    let present = &stored.document;
    let mut glances = Vec::with_capacity(former.len() + 1);
    let mut newer = Glance {
        revision: stored.revision,
        since: None,
        until: None,
        why: None,
        changed: Vec::new(),
        outcome: present.outcome.as_str(),
        characters: present.characters,
        place: (present.object.store.clone(), present.object.path.clone()),
    };
    let mut reader = present.provenance.clone();
    for before in former {
        newer.since = Some(before.until);
        newer.why = Some(Why::by(
            before.is_new_file,
            newer.place != (before.store.clone(), before.path.clone()),
        ));
        newer.changed = before.changed.into_iter().map(ChangeKind::from).collect();
        if before.provenance != reader {
            newer.changed.push(ChangeKind::Reader);
        }
        reader = before.provenance;
        let older = Glance {
            revision: before.revision,
            since: None,
            until: Some(before.until),
            why: None,
            changed: Vec::new(),
            outcome: before.outcome.as_str(),
            characters: before.characters,
            place: (before.store, before.path),
        };
        glances.push(std::mem::replace(&mut newer, older));
    }
    glances.push(newer);
    Ok(glances)
}

/// What a document is, and what it was.
pub(crate) struct History {
    /// Newest first, the present one before the others.
    versions: Vec<Revised>,
}

/// One of them.
struct Revised {
    revision: u64,
    /// None for the present one.
    until: Option<Timestamp>,
    document: Document,
}

impl History {
    /// The history of a document that whoever asks may see.
    pub(crate) async fn of(server: &Server, stored: Stored) -> Result<History, Problem> {
        let former = server.ledger.versions(stored.document.id).await?;
        let Stored { revision, document, .. } = stored;
        let mut versions = vec![Revised { revision, until: None, document }];
        versions.extend(former.into_iter().map(|version| Revised {
            revision: version.revision,
            until: Some(version.until),
            document: version.document,
        }));
        Ok(History { versions })
    }

    /// What the document is or was.
    pub(crate) fn document(&self, place: usize) -> Option<&Document> {
        self.versions.get(place).map(|known| &known.document)
    }

    fn id(&self) -> String {
        self.versions.first().map(|known| known.document.id.to_string()).unwrap_or_default()
    }

    /// All of them as they are answered: since when, and what changed, the one before says.
    pub(crate) fn answers(&self) -> Vec<VersionAnswer> {
        let places = 0..self.versions.len();
        places.filter_map(|place| self.answer(place)).collect()
    }

    fn answer(&self, place: usize) -> Option<VersionAnswer> {
        let known = self.versions.get(place)?;
        Some(VersionAnswer::new(known, self.versions.get(place + 1)))
    }

    /// Places of the two that are to be compared: without any the last change.
    pub(crate) fn chosen(&self, parameters: &Parameters) -> Result<(usize, usize), Problem> {
        let place = |name: &str| match parameters.one(name)? {
            None => Ok(None),
            Some(_) => {
                let revision = parameters.number(name, 0, 0..=u64::MAX)?;
                self.at(revision).map(Some).ok_or_else(none_such)
            }
        };
        let to = place("to")?.unwrap_or(0);
        let from = place("from")?.unwrap_or(to.saturating_add(1));
        if from >= self.versions.len() {
            return Err(none_before());
        }
        Ok((from, to))
    }

    /// Where the version stands that had a revision. Not each revision is a version: what is only told once more, or moves to
    /// another pipeline, has the next number and is the same; an address with a number that was the last one once still
    /// leads to what it led to.
    fn at(&self, revision: u64) -> Option<usize> {
        let place = self.versions.iter().rposition(|known| known.revision >= revision)?;
        let is_oldest = place + 1 == self.versions.len();
        // Which numbers the oldest had before its last one nobody knows.
        let is_known = !is_oldest || self.versions.get(place)?.revision == revision;
        is_known.then_some(place)
    }
}

fn none_such() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-version",
        "그런 버전이 없습니다. 지난 버전은 다섯 개까지, 따로 정하지 않으면 1년 동안 남습니다.",
        "There is no such version. The last five are kept, for a year unless set otherwise.",
    )
}

fn none_before() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-version",
        "그 앞의 버전이 없습니다. 바뀐 적이 없거나, 앞의 버전이 더는 남아 있지 않습니다.",
        "There is no version before it: it never changed, or none before it is kept any more.",
    )
}

/// What a comparison is asked with.
pub(crate) const PARAMETERS: &[&str] = &["from", "to"];

/// `GET /v1/documents/{id}/versions`
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let history = History::of(&server, visible(&server, &caller, &id).await?).await?;
    Ok(json(&VersionList { id: history.id(), versions: history.answers() }))
}

/// `GET /v1/documents/{id}/versions/compare`
pub(crate) async fn compare(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let history = History::of(&server, visible(&server, &caller, &id).await?).await?;
    let (from, to) = history.chosen(&parameters)?;
    Ok(json(&compared(&server, &history, from, to).await?))
}

/// What differs between two of them. One at a time: both texts are in memory.
pub(crate) async fn compared(
    server: &Server,
    history: &History,
    from: usize,
    to: usize,
) -> Result<Comparison, Problem> {
    let (Some(before), Some(after)) = (history.versions.get(from), history.versions.get(to)) else {
        return Err(none_such());
    };
    let (Some(from), Some(to)) = (history.answer(from), history.answer(to)) else {
        return Err(none_such());
    };
    let (before, after) = (&before.document, &after.document);
    let (text_state, text) = compared_texts(server, before.text, after.text).await?;
    Ok(Comparison {
        id: history.id(),
        from,
        to,
        kinds: kinds(before, after),
        metadata: properties(&before.metadata, &after.metadata),
        members: MembersChange::between(&before.members, &after.members),
        text_state,
        text_sentence: text_state.sentence(),
        text,
    })
}

async fn compared_texts(
    server: &Server,
    before: Option<BlobPart>,
    after: Option<BlobPart>,
) -> Result<(TextState, Option<TextChange>), Problem> {
    if before.map(|text| text.hash()) == after.map(|text| text.hash()) {
        return Ok((TextState::Same, None));
    }
    let turn = turn(&server.comparing).await?;
    let (before, after) = match (kept(server, before).await?, kept(server, after).await?) {
        (Kept::Text(before), Kept::Text(after)) => (before, after),
        (Kept::Lost, _) | (_, Kept::Lost) => return Ok((TextState::Lost, None)),
        (Kept::TooLong, _) | (_, Kept::TooLong) => return Ok((TextState::TooLong, None)),
    };
    let told = change(turn, before, after, LINES).await?;
    let state = if told.is_some() { TextState::Changed } else { TextState::Places };
    Ok((state, told))
}

/// A text that is to be compared.
enum Kept {
    Text(String),
    TooLong,
    Lost,
}

async fn kept(server: &Server, blob: Option<BlobPart>) -> Result<Kept, Problem> {
    let Some(blob) = blob else { return Ok(Kept::Text(String::new())) };
    let read = async || -> Result<Kept, BlobError> {
        if server.blobs.open(&blob).await?.size > COMPARED {
            return Ok(Kept::TooLong);
        }
        Ok(Kept::Text(text(&server.blobs.read_text(&blob).await?)))
    };
    match read().await {
        Err(error) if BlobError::is_lasting(&error) => Ok(Kept::Lost),
        read => Ok(read?),
    }
}

/// Which parts of what was read differ, and whether something else read it.
fn kinds(before: &Document, after: &Document) -> Vec<ChangeKind> {
    let mut kinds: Vec<ChangeKind> =
        after.differences(before).into_iter().map(ChangeKind::from).collect();
    if before.provenance != after.provenance {
        kinds.push(ChangeKind::Reader);
    }
    kinds
}

/// What a document is and was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionList {
    /// The document.
    id: String,
    /// What it is, then what it was, newest first.
    versions: Vec<VersionAnswer>,
}

/// What a document is or was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionAnswer {
    /// By which it is asked for: the last revision of the document that was this.
    pub(crate) revision: u64,
    /// When it was recorded, RFC 3339; null for the oldest that is known.
    pub(crate) since: Option<String>,
    /// When something else was; null for what it is.
    pub(crate) until: Option<String>,
    /// When the store says that the file was last changed, RFC 3339.
    pub(crate) modified: Option<String>,
    /// Why it became that; null for the oldest that is known.
    pub(crate) why: Option<Why>,
    /// The same in words.
    pub(crate) why_sentence: Option<Sentence>,
    /// What changed with it; empty for the oldest that is known.
    pub(crate) changed: Vec<ChangeKind>,
    /// SHA-256 of its bytes, if they were read whole.
    pub(crate) sha256: Option<String>,
    /// The store that its file lay in.
    pub(crate) store: String,
    /// The path that it had there.
    pub(crate) path: String,
    /// The same as people read it.
    pub(crate) name: String,
    /// Size in bytes.
    pub(crate) size: Option<u64>,
    /// Media type.
    pub(crate) media_type: String,
    /// Language of the text.
    pub(crate) language: Option<String>,
    /// How reading it ended.
    pub(crate) outcome: &'static str,
    /// What that means, and what to do.
    pub(crate) sentence: Sentence,
    /// Why it was not read whole, in English.
    pub(crate) reason: Option<String>,
    /// The same in Korean; null where there are only English words.
    pub(crate) reason_ko: Option<String>,
    /// What read it, as in `hwp5/3`.
    pub(crate) format: String,
    /// Pieces of text.
    pub(crate) segments: u64,
    /// Unicode scalar values in them.
    pub(crate) characters: u64,
}

/// Why a document became another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// Its file is another one.
    NewFile,
    /// The same file lies elsewhere: it was renamed or moved.
    Moved,
    /// The same file was read again: by another reader, under other terms, or with what describes it.
    ReadAgain,
}

impl VersionAnswer {
    fn new(known: &Revised, before: Option<&Revised>) -> VersionAnswer {
        let d = &known.document;
        let why = before.map(|before| {
            let place =
                |document: &Document| (document.object.store.clone(), document.object.path.clone());
            let is_elsewhere = place(d) != place(&before.document);
            Why::by(d.is_of_another_file(&before.document), is_elsewhere)
        });
        VersionAnswer {
            revision: known.revision,
            since: before.and_then(|before| before.until).map(|at| at.to_string()),
            until: known.until.map(|at| at.to_string()),
            modified: d.object_modified.map(|at| at.to_string()),
            why,
            why_sentence: why.map(Why::sentence),
            changed: before.map(|before| kinds(&before.document, d)).unwrap_or_default(),
            sha256: d.sha256.map(|hash| hash.to_string()),
            store: d.object.store.clone(),
            path: d.object.path.clone(),
            name: object_key::readable(&d.object.path).into_owned(),
            size: d.size,
            media_type: d.media_type.to_string(),
            language: d.language.clone(),
            outcome: d.outcome.as_str(),
            sentence: Sentence::of_document(d),
            reason: d.reason.as_ref().map(Reason::english),
            reason_ko: d.reason.as_ref().and_then(korean),
            format: format!("{}/{}", d.provenance.format, d.provenance.format_version),
            segments: d.segments,
            characters: d.characters,
        }
    }
}

impl Why {
    fn by(is_new_file: bool, is_elsewhere: bool) -> Why {
        match (is_elsewhere, is_new_file) {
            (true, _) => Why::Moved,
            (false, true) => Why::NewFile,
            (false, false) => Why::ReadAgain,
        }
    }

    /// It in words.
    fn sentence(self) -> Sentence {
        match self {
            Why::NewFile => Sentence::new("파일이 바뀌었습니다.", "The file changed."),
            Why::Moved => Sentence::new(
                "파일의 이름이나 폴더가 바뀌었습니다.",
                "The file was renamed or moved.",
            ),
            Why::ReadAgain => {
                Sentence::new("같은 파일을 다시 읽었습니다.", "The same file was read again.")
            }
        }
    }
}

/// What differs between two versions of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    /// The document.
    id: String,
    /// The one.
    pub(crate) from: VersionAnswer,
    /// The other.
    pub(crate) to: VersionAnswer,
    /// Which parts differ.
    pub(crate) kinds: Vec<ChangeKind>,
    /// Properties that differ.
    pub(crate) metadata: Vec<PropertyChange>,
    /// What came into an archive, a mail or a compound document, or left it; null if it has the same in it.
    pub(crate) members: Option<MembersChange>,
    /// What became of the text.
    pub(crate) text_state: TextState,
    /// The same in words.
    pub(crate) text_sentence: Sentence,
    /// What differs of the text, if it is `changed`.
    pub(crate) text: Option<TextChange>,
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TextState {
    /// It is the same.
    Same,
    /// It is another one.
    Changed,
    /// The words are the same, and not where they stand or who read them.
    Places,
    /// One of both is too long to be compared.
    TooLong,
    /// One of both is lost.
    Lost,
}

impl TextState {
    /// It in words.
    fn sentence(self) -> Sentence {
        let (ko, en) = match self {
            TextState::Same => ("본문은 같습니다.", "The text is the same."),
            TextState::Changed => ("본문이 다릅니다.", "The text differs."),
            TextState::Places => (
                "본문의 글은 같고, 놓인 자리가 다릅니다.",
                "The words of the text are the same, and stand elsewhere.",
            ),
            TextState::TooLong => {
                ("본문이 너무 길어 비교할 수 없습니다.", "The text is too long to be compared.")
            }
            TextState::Lost => (
                "본문이 없어져 비교할 수 없습니다.",
                "A text is lost, so that it cannot be compared.",
            ),
        };
        Sentence::new(ko, en)
    }
}

/// What came into a document or left it, by their paths inside.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MembersChange {
    /// What is not in it any more; of the first hundred.
    pub(crate) removed: Vec<String>,
    /// What is new in it; of the first hundred.
    pub(crate) added: Vec<String>,
    /// How many are of another size, or ended otherwise.
    pub(crate) changed: u64,
    /// Whether there are more than are named.
    pub(crate) cut: bool,
}

impl MembersChange {
    fn between(before: &[Member], after: &[Member]) -> Option<MembersChange> {
        if document::are_same(before, after) {
            return None;
        }
        let (before, after) = (by_path(before), by_path(after));
        let (removed, left) = missing(&before, &after);
        let (added, right) = missing(&after, &before);
        let both = before.iter().filter_map(|(path, member)| Some((member, after.get(path)?)));
        let changed =
            both.filter(|(before, after)| !document::is_same(before, after)).count() as u64;
        Some(MembersChange { removed, added, changed, cut: left || right })
    }
}

type ByPath<'a> = BTreeMap<&'a str, &'a Member>;

fn by_path(members: &[Member]) -> ByPath<'_> {
    members.iter().map(|member| (member.path.as_str(), member)).collect()
}

/// The first of those that the others have not, and whether there are more.
fn missing(these: &ByPath<'_>, others: &ByPath<'_>) -> (Vec<String>, bool) {
    let mut names = these.keys().filter(|path| !others.contains_key(*path));
    let first = names.by_ref().take(NAMED).map(|path| (*path).to_owned()).collect();
    (first, names.next().is_some())
}

#[cfg(test)]
mod tests {
    use madang_document::metadata::Metadata;
    use madang_document::told::Told;

    use super::*;

    fn member(path: &str, size: u64) -> Member {
        Member { path: path.into(), size: Some(size), outcome: None, told: None }
    }

    #[test]
    fn members_that_came_and_went_are_named() {
        let before = [member("a", 1), member("b", 1), member("c", 1)];
        let after = [member("c", 2), member("d", 1), member("a", 1)];
        assert_eq!(MembersChange::between(&before, &before), None);
        let mut told = before.clone();
        told[0].told = Some(Told::of("m.csv", &Metadata::default(), []));
        assert_eq!(
            MembersChange::between(&before, &told),
            None,
            "another word about the same file"
        );
        told[1].size = Some(2);
        assert_eq!(MembersChange::between(&before, &told).unwrap().changed, 1);
        let told = MembersChange::between(&before, &after).unwrap();
        let expected = MembersChange {
            removed: vec!["b".into()],
            added: vec!["d".into()],
            changed: 1,
            cut: false,
        };
        assert_eq!(told, expected);
        let many: Vec<Member> = (0..=NAMED).map(|n| member(&format!("{n}"), 1)).collect();
        let told = MembersChange::between(&[], &many).unwrap();
        assert!(told.cut && told.added.len() == NAMED && told.removed.is_empty());
        assert!(!MembersChange::between(&many[1..], &[]).unwrap().cut);
    }
}
