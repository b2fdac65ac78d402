use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use madang_document::content::{Member, Warning, WarningKind};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::metadata::{DISCLOSURE, Metadata, Part, Stated};
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::sidecar::{self, Beside, Described, spellings};
use madang_document::sidecar_fault::SidecarFault;
use madang_document::told::Told;
use madang_extract::sidecar::{MOST, Sidecar};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::Claim;
use madang_ledger::ledger::Ledger;
use madang_store::error::StoreError;
use madang_store::store::Store;

use crate::together::Together;

/// Tables that are kept in memory, for the other files of their folders.
const KEPT: usize = 8;
/// Sidecars of one file that are read: those that are trusted most.
const MOST_BESIDE: usize = 8;
/// Files beside an XMP packet that have its name, and paths told to the ledger at once.
const PAGE: u32 = 500;

/// What lies beside objects and describes them.
#[derive(Debug, Default)]
pub(crate) struct Besides {
    tables: Mutex<VecDeque<(ObjectRef, Arc<[u8]>)>>,
    current: Together<Vec<StorePath>, There>,
}

/// A store and a path in it. A store is called as the pipeline is that takes from it.
type StorePath = (String, String);

/// What is there of some paths of a store.
#[derive(Debug, Default)]
struct There {
    objects: Vec<ObjectRef>,
    /// What cannot be taken.
    left_out: BTreeSet<String>,
}

/// What describes an object.
#[derive(Debug, Default)]
pub struct Describing {
    /// Those that are trusted most first.
    pub sidecars: Vec<Sidecar>,
    /// What is there and is not read, with why. It may say that the object is closed.
    pub unread: Vec<Unread>,
    /// What is to be told of the sidecars that were put aside, if the object is read without them.
    put_aside: Option<Unread>,
}

/// A sidecar that is there and is not read.
#[derive(Debug)]
pub struct Unread {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

impl Unread {
    /// The reader died while it read a file with these sidecars, and did not without them. Of which of them it died
    /// nobody knows: the first is named.
    fn broke(first: String, outcome: Outcome) -> Unread {
        Unread { name: first, reason: ReasonKind::BesideBroke(outcome.as_str().into()).into() }
    }

    /// Whether it may say that the object is closed. An XMP packet has no word for it; but where only the first of several
    /// is named, another may.
    fn may_close(&self) -> bool {
        let is_it_alone = matches!(&self.reason.kind, ReasonKind::BesideFault { what, .. }
            if matches!(**what, SidecarFault::Denied | SidecarFault::Unreadable(_) | SidecarFault::NoFile));
        !(is_it_alone && matches!(sidecar::described(&self.name), Some(Described::Stem(_))))
    }
}

impl Describing {
    /// Notes that one is there and is not read, and why.
    pub fn unread(&mut self, name: &str, what: SidecarFault) {
        let reason =
            ReasonKind::BesideFault { file: name.into(), line: None, what: Box::new(what) }.into();
        self.unread.push(Unread { name: name.to_owned(), reason });
    }

    /// Whether no further one is read.
    pub fn is_full(&self) -> bool {
        self.sidecars.len() >= MOST_BESIDE
    }

    /// Notes that one is not read because so many are.
    pub fn one_too_many(&mut self, name: &str) {
        self.unread(name, SidecarFault::OneTooMany(MOST_BESIDE as u64));
    }

    /// Whether the object is to be read once more, without the sidecars: a file is read, whatever is said of it. `died`
    /// is how its reader died; none of a reading that ended. Asked after every reading, until it says no.
    pub fn once_more(&mut self, died: Option<Outcome>) -> bool {
        let put_aside = self.put_aside.take();
        match (died, self.sidecars.first(), put_aside) {
            (Some(outcome), Some(first), _) => {
                self.put_aside = Some(Unread::broke(first.name.clone(), outcome));
                self.sidecars.clear();
                true
            }
            (None, _, Some(unread)) => {
                self.unread.insert(0, unread);
                false
            }
            // It dies of itself, or nothing died.
            (Some(_), None, _) | (None, _, None) => false,
        }
    }

    /// Whether nothing is there.
    pub(crate) fn is_nothing(&self) -> bool {
        self.sidecars.is_empty() && self.unread.is_empty()
    }
}

/// Tells of a document what was not read of all that describes it, and has it count as closed where that may say so.
pub(crate) fn close(document: &mut Document, unread: &[Unread]) {
    let warnings = document.inner.is_none().then_some(&mut document.warnings);
    closed(&mut document.metadata, warnings, unread);
}

/// The same of the properties of a document, and of the warnings of one that is the object itself.
pub fn closed(metadata: &mut Metadata, warnings: Option<&mut Vec<Warning>>, unread: &[Unread]) {
    if let Some(first) = unread.iter().find(|unread| unread.may_close()) {
        let mut said = Metadata::default();
        let part = Some(Part::Beside(first.name.clone()));
        said.add(DISCLOSURE, Stated { value: "closed".into(), part });
        // First of all: what the file says of itself may not stand for it.
        metadata.trust(said);
    }
    if let Some(warnings) = warnings {
        let note =
            |unread: &Unread| Warning { kind: WarningKind::Note, reason: unread.reason.clone() };
        warnings.extend(unread.iter().take(MOST_BESIDE).map(note));
    }
}

/// Why it is not known what describes an object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BesideError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Besides {
    /// What describes an object, as the ledger knows it now: whatever comes later has the object read anew. What is gone
    /// meanwhile describes nothing.
    ///
    /// # Errors
    /// When the ledger or the store does not answer.
    pub(crate) async fn of(
        &self,
        ledger: &dyn Ledger,
        store: &dyn Store,
        object: &ObjectRef,
    ) -> Result<Describing, BesideError> {
        if sidecar::described(&object.path).is_some() {
            return Ok(Describing::default());
        }
        let candidates = sidecar::candidates(&object.path);
        let paths =
            candidates.iter().flat_map(|(_, one)| [Some(one.path.as_str()), one.own_folder()]);
        let places: Vec<StorePath> =
            paths.flatten().map(|path| (object.store.clone(), path.to_owned())).collect();
        let There { objects, left_out } =
            self.current.ask(places, |all| there(ledger, all)).await?;
        let mut current: HashMap<String, ObjectRef> =
            objects.into_iter().map(|object| (object.path.clone(), object)).collect();
        let mut all = Describing::default();
        for (spelled, candidate) in candidates {
            let name = candidate.shown(&spelled).to_owned();
            // Whatever it was before: what stands there now is what counts, or in the place of its folder.
            let stands = [Some(candidate.path.as_str()), candidate.own_folder()];
            if let Some(there) = stands.into_iter().flatten().find(|path| left_out.contains(*path))
            {
                all.unread(sidecar::shown(there, &spelled), SidecarFault::NoFile);
                continue;
            }
            let Some(beside) = current.remove(&candidate.path) else { continue };
            if all.is_full() {
                all.one_too_many(&name);
                break;
            }
            let bytes = match self.bytes(store, &beside, &candidate).await {
                Ok(bytes) => bytes,
                Err(StoreError::Gone(_)) => continue,
                Err(StoreError::Denied { .. }) => {
                    all.unread(&name, SidecarFault::Denied);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            all.sidecars.push(Sidecar { name, size: beside.size, row: candidate.row, bytes });
        }
        Ok(all)
    }

    /// The bytes of a sidecar; none if it is too large.
    async fn bytes(
        &self,
        store: &dyn Store,
        beside: &ObjectRef,
        candidate: &Beside,
    ) -> Result<Arc<[u8]>, StoreError> {
        if beside.size > MOST {
            return Ok(Arc::default());
        }
        if let Some(bytes) = self.kept(beside) {
            return Ok(bytes);
        }
        let pinned = store.open(beside).await?;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < beside.size {
            let at = bytes.len() as u64;
            let piece = pinned.read(at, beside.size - at).await?;
            if piece.is_empty() {
                return Err(StoreError::Gone("it became shorter while it was read".into()));
            }
            bytes.extend_from_slice(&piece);
        }
        pinned.unchanged().await?;
        let bytes = Arc::from(bytes);
        if candidate.row.is_some() {
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            if tables.len() >= KEPT {
                tables.pop_front();
            }
            tables.push_back((beside.clone(), Arc::clone(&bytes)));
        }
        Ok(bytes)
    }

    fn kept(&self, beside: &ObjectRef) -> Option<Arc<[u8]>> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.iter().find(|(object, _)| object == beside).map(|(_, bytes)| Arc::clone(bytes))
    }
}

/// Of each of these lists what is there.
async fn there(ledger: &dyn Ledger, all: Vec<Vec<StorePath>>) -> Result<Vec<There>, LedgerError> {
    // Files of one folder have the same tables.
    let places: BTreeSet<(&str, &str)> =
        all.iter().flatten().map(|(store, path)| (store.as_str(), path.as_str())).collect();
    let places: Vec<(&str, &str)> = places.into_iter().collect();
    let (there, left_out) =
        futures::try_join!(ledger.current(&places), ledger.left_out_at(&places))?;
    let left_out: BTreeSet<StorePath> = left_out.into_iter().collect();
    let there: HashMap<(&str, &str), &ObjectRef> = there
        .iter()
        .map(|object| ((object.store.as_str(), object.path.as_str()), object))
        .collect();
    let of =
        |(store, path): &StorePath| there.get(&(store.as_str(), path.as_str())).copied().cloned();
    let there = |places: &Vec<StorePath>| There {
        objects: places.iter().filter_map(of).collect(),
        left_out: places.iter().filter(|&place| left_out.contains(place)).map(path_of).collect(),
    };
    Ok(all.iter().map(there).collect())
}

fn path_of((_, path): &StorePath) -> String {
    path.clone()
}

/// Has the files read anew that the object of a claim describes, or described before; `read` is what it is now, none if
/// it is gone. Of those that a table describes only the ones that it tells something else. Comes before the record of what
/// it is: if that fails, it comes again.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn read_described(
    ledger: &dyn Ledger,
    claim: &Claim,
    read: Option<&Document>,
) -> Result<(), LedgerError> {
    let ObjectRef { store, path, .. } = &claim.object;
    let Some(described) = sidecar::described(path) else { return Ok(()) };
    let former = match ledger.document(DocumentId::new(store, path, None)).await {
        Err(error) if error.is_of_the_act() => None,
        former => former?.map(|stored| stored.document),
    };
    let of_now = read.filter(|document| document.is_sidecar());
    let of_before = former.as_ref().filter(|document| document.is_sidecar());
    if of_now.is_none() && of_before.is_none() {
        return Ok(());
    }
    let rows = |document: Option<&Document>| document.map_or(Vec::new(), |one| one.members.clone());
    let (paths, told): (Vec<String>, HashMap<String, Told>) = match described {
        Described::File(path) => (spellings(&path), HashMap::new()),
        Described::Stem(stem) => (of_stem(ledger, &claim.pipeline, stem).await?, HashMap::new()),
        Described::Folder(folder) => {
            let (now, before) = (rows(of_now), rows(of_before));
            (named(&folder, now.iter().chain(&before)), told(&folder, &now))
        }
    };
    for page in paths.chunks(PAGE as usize) {
        if told.is_empty() {
            ledger.read_anew(store, page, path).await?;
        } else {
            let changed = told_otherwise(ledger, &claim.object, page, &told).await?;
            ledger.read_anew(store, &changed, path).await?;
        }
    }
    Ok(())
}

/// Has the files read anew that something may describe, which cannot be taken (`left_out`), or could not and is gone:
/// of those that it describes the ones that are told otherwise, or are being read just now. Comes behind the record of it: who
/// reads meanwhile is told rightly, or read anew.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn read_beside(
    ledger: &dyn Ledger,
    store: &str,
    key: &str,
    left_out: bool,
) -> Result<(), LedgerError> {
    let Some(described) = sidecar::described_unseen(key) else { return Ok(()) };
    let (paths, mut after) = match described {
        Described::File(path) => (spellings(&path), None),
        Described::Stem(stem) => (of_stem(ledger, store, stem).await?, None),
        Described::Folder(folder) => (Vec::new(), Some((folder.clone(), folder))),
    };
    // As it is told to a file beside it, and to one in another folder.
    let (_, name) = key.rsplit_once('/').unwrap_or(("", key));
    let names = [Quote::new(name), Quote::new(key)];
    let is_it = |reason: &ReasonKind| {
        matches!(reason, ReasonKind::BesideFault { file, what, .. }
            if names.contains(file) && **what == SidecarFault::NoFile)
    };
    let as_it_is = |document: &Document| {
        let is_told = document.warnings.iter().any(|warning| is_it(&warning.reason.kind));
        is_told == left_out
    };
    for page in paths.chunks(PAGE as usize) {
        anew(ledger, store, page, key, as_it_is).await?;
    }
    while let Some((folder, last)) = after.take() {
        let known = ledger.known(store, Some(&last), PAGE).await?;
        let is_last = known.len() < PAGE as usize;
        let paths: Vec<String> = known.into_iter().map(|known| known.path).collect();
        let below: Vec<String> =
            paths.iter().filter(|path| path.starts_with(&folder)).cloned().collect();
        anew(ledger, store, &below, key, as_it_is).await?;
        after = match paths.last() {
            Some(last) if !is_last && last.starts_with(&folder) => Some((folder, last.clone())),
            _ => None,
        };
    }
    Ok(())
}

/// The live documents of these paths, by their paths. Whatever of them is being read just now is read anew: first of all, so that
/// nothing ends unseen while the documents are looked at.
async fn broken_off(
    ledger: &dyn Ledger,
    store: &str,
    paths: &[String],
    by: &str,
) -> Result<HashMap<String, Document>, LedgerError> {
    ledger.break_off(store, paths, by).await?;
    let ids: Vec<DocumentId> =
        paths.iter().map(|path| DocumentId::new(store, path, None)).collect();
    let known = ledger.documents(&ids).await?.readable();
    let live = known.into_iter().filter(|stored| !stored.withdrawn);
    Ok(live.map(|stored| (stored.document.object.path.clone(), stored.document)).collect())
}

/// Has those of these files read anew that `as_it_is` does not find as they are to be, and whatever of them is being read.
async fn anew(
    ledger: &dyn Ledger,
    store: &str,
    paths: &[String],
    by: &str,
    as_it_is: impl Fn(&Document) -> bool,
) -> Result<(), LedgerError> {
    let known = broken_off(ledger, store, paths, by).await?;
    let stays = |path: &String| known.get(path).is_some_and(&as_it_is);
    let describes = |path: &String| sidecar::described(path).is_some();
    let changed: Vec<String> =
        paths.iter().filter(|path| !stays(path) && !describes(path)).cloned().collect();
    ledger.read_anew(store, &changed, by).await?;
    Ok(())
}

/// Those of these paths that a table tells something else now than what stands in their documents. What the table said
/// before does not count: a file may have been read when another version of it was there, or none, and nobody remembers.
/// Whatever is being read just now is of before, and what it comes to is not known: it is read anew in any case, and first
/// of all, so that nothing ends unseen while the documents are looked at.
async fn told_otherwise(
    ledger: &dyn Ledger,
    table: &ObjectRef,
    paths: &[String],
    told: &HashMap<String, Told>,
) -> Result<Vec<String>, LedgerError> {
    let known = broken_off(ledger, &table.store, paths, &table.path).await?;
    let is_the_same = |path: &String| {
        let beside = Beside { path: table.path.clone(), row: None };
        let document = known.get(path)?;
        let reasons = document.warnings.iter().map(|warning| &warning.reason);
        let has = Told::of(beside.shown(path), &document.metadata, reasons);
        Some(*told.get(path)? == has)
    };
    Ok(paths.iter().filter(|path| is_the_same(path) != Some(true)).cloned().collect())
}

/// The live paths that an XMP packet of this name describes.
async fn of_stem(
    ledger: &dyn Ledger,
    pipeline: &str,
    stem: String,
) -> Result<Vec<String>, LedgerError> {
    let before = format!("{stem}.");
    let by = Described::Stem(stem.clone());
    let mut paths = vec![stem];
    let mut after = before.clone();
    loop {
        let known = ledger.known(pipeline, Some(&after), PAGE).await?;
        let is_last = known.len() < PAGE as usize;
        for path in known.into_iter().map(|known| known.path) {
            if !path.starts_with(&before) {
                return Ok(paths);
            }
            after.clone_from(&path);
            if sidecar::is_described(&path, &by) && sidecar::described(&path).is_none() {
                paths.push(path);
            }
        }
        if is_last {
            return Ok(paths);
        }
    }
}

/// The paths that the rows of a table name, in either spelling.
fn named<'a>(folder: &str, rows: impl Iterator<Item = &'a Member>) -> Vec<String> {
    let mut paths: BTreeSet<String> = rows.flat_map(|row| of_row(folder, row)).collect();
    paths.retain(|path| sidecar::described(path).is_none());
    paths.into_iter().collect()
}

/// What the rows of a table tell of the paths that they name, in either spelling.
fn told(folder: &str, rows: &[Member]) -> HashMap<String, Told> {
    let told = |row: &Member| Some((of_row(folder, row), row.told?));
    let all = rows.iter().filter_map(told);
    all.flat_map(|(paths, told)| paths.into_iter().map(move |path| (path, told))).collect()
}

/// The paths that a row of a table names, in either spelling.
fn of_row(folder: &str, row: &Member) -> Vec<String> {
    spellings(&row.path).into_iter().map(|path| format!("{folder}{path}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use madang_document::timestamp::Timestamp;
    use madang_ledger::jobs::{Completed, Completion, Jobs, PriorityClass, Task, Ticket, Verdict};
    use madang_ledger::objects::{Objects, Sighting};
    use madang_ledger::queue::QueueDeclaration;
    use madang_ledger::sqlite::{Durability, SqliteLedger};
    use madang_ledger::worker::Worker;
    use unicode_normalization::UnicodeNormalization;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_file_is_read_once_more_without_what_describes_it_if_its_reader_died() {
        let sidecar = |name: &str| Sidecar { name: name.into(), ..Sidecar::default() };
        let described = || Describing {
            sidecars: vec![sidecar("a.meta.yml"), sidecar("manifest.csv")],
            ..Describing::default()
        };
        let died = Some(Outcome::Memory);
        // How the readings end, whether there is another one after each, and whether the sidecars are blamed.
        for (mut describing, readings, blamed) in [
            (described(), vec![(None, false)], false),
            (described(), vec![(died, true), (None, false)], true),
            (described(), vec![(died, true), (died, false)], false),
            (Describing::default(), vec![(died, false)], false),
        ] {
            for (died, again) in &readings {
                assert_eq!(describing.once_more(*died), *again, "{readings:?}");
            }
            assert_eq!(describing.sidecars.is_empty(), readings != [(None, false)]);
            let unread: Vec<_> = describing.unread.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(unread, if blamed { vec!["a.meta.yml"] } else { vec![] }, "{readings:?}");
        }
    }

    #[test]
    fn what_is_not_read_closes_whatever_else_is_said() {
        let claim = claim();
        let unread = ["b.txt.meta.yml", "manifest.csv"].map(|name| Unread {
            name: name.into(),
            reason: ReasonKind::BesideBroke("crashed".into()).into(),
        });
        for (said, part) in [
            ("closed", Part::Inside("XMP".into())),
            ("public", Part::Beside("b.txt.meta.yml".into())),
            ("public", Part::Beside("other.csv".into())),
        ] {
            let mut document = crate::reading::unread(&claim, Outcome::Ok, "".into());
            document.metadata.add(DISCLOSURE, Stated { value: said.into(), part: Some(part) });
            close(&mut document, &unread);
            let first = document.metadata.stated(DISCLOSURE).first().unwrap();
            assert_eq!(
                (&first.value, first.part_name()),
                (&"closed".into(), Some("b.txt.meta.yml"))
            );
            assert!(first.is_beside());
            assert_eq!(document.warnings.len(), 2);
        }
    }

    #[test]
    fn a_packet_that_is_not_read_is_told_and_closes_nothing() {
        let close_by = |name: &str, what: SidecarFault| {
            let mut describing = Describing::default();
            describing.unread(name, what);
            let mut document = crate::reading::unread(&claim(), Outcome::Ok, "".into());
            close(&mut document, &describing.unread);
            assert_eq!(document.warnings.len(), 1, "{name}");
            !document.metadata.stated(DISCLOSURE).is_empty()
        };
        for (name, what, is_closed) in [
            ("b.xmp", SidecarFault::NoFile, false),
            ("b.txt.XMP", SidecarFault::Denied, false),
            // What comes behind it is not read either.
            ("b.xmp", SidecarFault::OneTooMany(8), true),
            ("b.txt.meta.yml", SidecarFault::NoFile, true),
            ("manifest.csv", SidecarFault::NoFile, true),
        ] {
            assert_eq!(close_by(name, what), is_closed, "{name}");
        }
    }

    fn worker() -> Worker {
        Worker { node: Uuid::nil(), process: Uuid::nil() }
    }

    fn claim() -> Claim {
        let (store, path, version) = ("s".to_owned(), "b.txt".to_owned(), "1".to_owned());
        Claim {
            ticket: Ticket { job: 1, fence: 1 },
            task: Task::Extract,
            object: ObjectRef { store, path, version, size: 9 },
            modified: None,
            pipeline: "p".into(),
            agency: "1741000".parse().unwrap(),
            attempt: 1,
            crashes: 0,
        }
    }

    /// What was told to a file counts, and not what its table said before: nobody knows which version of the table was
    /// there when the file was read.
    #[tokio::test]
    async fn a_table_has_those_read_anew_that_it_tells_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(|| Timestamp(1));
        let file = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open_with(&file, clock, Durability::Process).await.unwrap();
        let (name, agency) = ("p".to_owned(), "1741000".parse().unwrap());
        let queue = QueueDeclaration { name, agency, weight: 1 };
        ledger.open_queue(&queue).await.unwrap();
        let paths = ["same", "changed", "untold", "underway", "gone row", "more", "manifest.csv"];
        let sighting = |path: &&str| Sighting {
            object: ObjectRef { path: (*path).into(), ..claim().object },
            pipeline: "p".into(),
            agency: "1741000".parse().unwrap(),
            modified: None,
            priority: 1,
        };
        ledger.see(&paths.iter().map(sighting).collect::<Vec<_>>()).await.unwrap();
        let claims = ledger
            .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(30))
            .await
            .unwrap();
        let of = |path: &str| claims.iter().find(|claim| claim.object.path == path).unwrap();
        let read = |path: &str, said: &[(&str, &str)]| {
            let mut document = crate::reading::unread(of(path), Outcome::Ok, "".into());
            for (by, value) in said {
                let part = Some(Part::Beside((*by).into()));
                document.metadata.add("title", Stated { value: (*value).into(), part });
            }
            document
        };
        let complete = async |document: Document| {
            let ticket = of(&document.object.path).ticket;
            let (verdict, actor) = (Verdict::Done, "worker".into());
            let documents = vec![document];
            let one = Completion { ticket, verdict, documents, key: None, again: false, actor };
            assert_ne!(ledger.complete(&[one]).await.unwrap(), [Completed::Stale]);
        };
        let row = |path: &str, title: &str| {
            let mut said = Metadata::default();
            let part = Some(Part::Beside("manifest.csv".into()));
            said.add("title", Stated { value: title.into(), part });
            let told = Some(Told::of("manifest.csv", &said, []));
            Member { path: path.into(), size: None, outcome: None, told }
        };
        let table = |rows: &[(&str, &str)]| {
            let mut table = read("manifest.csv", &[]);
            table.provenance.format = sidecar::FORMAT.into();
            table.members = rows.iter().map(|(path, title)| row(path, title)).collect();
            table
        };
        complete(read("same", &[("a.meta.yml", "own"), ("manifest.csv", "s")])).await;
        complete(read("changed", &[("manifest.csv", "c")])).await;
        // It was read when the table that stands in the ledger was not in its folder any more.
        complete(read("untold", &[])).await;
        complete(read("gone row", &[("manifest.csv", "g")])).await;
        complete(read("more", &[("manifest.csv", "m"), ("a/manifest.csv", "x")])).await;
        let rows = [("same", "s"), ("changed", "c"), ("untold", "u"), ("underway", "w")];
        complete(table(&[&rows[..], &[("gone row", "g"), ("more", "m")]].concat())).await;

        let now =
            [("same", "s"), ("changed", "d"), ("untold", "u"), ("underway", "w"), ("more", "m")];
        let now = table(&now);
        read_described(&ledger, of("manifest.csv"), Some(&now)).await.unwrap();
        let anew = async || {
            let again = ledger
                .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(30))
                .await
                .unwrap();
            again.into_iter().map(|claim| claim.object.path).collect::<BTreeSet<String>>()
        };
        let expected = ["changed", "gone row", "underway", "untold"].map(str::to_owned);
        assert_eq!(anew().await, BTreeSet::from(expected));
        // It is gone: all that it told anything.
        read_described(&ledger, of("manifest.csv"), None).await.unwrap();
        assert_eq!(anew().await.len(), 6);
    }

    #[test]
    fn rows_name_paths_in_either_spelling() {
        let row = |path: &str| Member { path: path.into(), size: None, outcome: None, told: None };
        assert_eq!(named("a/", [row("b.pdf"), row("b.pdf.meta.yml")].iter()), ["a/b.pdf"]);
        let both = named("", [row("글.hwp")].iter());
        assert_eq!(both.len(), 2);
        assert!(both.iter().all(|path| path.nfc().eq("글.hwp".chars())), "{both:?}");
    }
}
