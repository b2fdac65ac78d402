//! A random walk of sources, workers and an operator beside a model of one row per path: after each step
//! the ledger says what the model says, and in the end every live path has exactly one live set of documents.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test panics as the test itself does"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::entry::Draft;
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::conformance::sample::{
    Hand, LEASE, NOBODY, NODE, PIPELINE, START, STORE, Trial, chained, deleted, done, failure, id,
    only, our_partition, ours, quarantined, queue, sighting, stored, their_partition, theirs,
    worker,
};
use madang_ledger::documents::Stored;
use madang_ledger::jobs::{Claim, Completed, JobState, PriorityClass, Redrive, Task};
use madang_ledger::objects::Balance;
use madang_ledger::reader::Reader;
use madang_ledger::reprocessing::Which;
use madang_ledger::sqlite::{Durability, SqliteLedger};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    See(usize, u8),
    Vanish(usize),
    Claim(u128, u32),
    /// By the place in the list of all claims ever made: most are stale by then.
    Complete(prop::sample::Index, Verdict),
    Fail(prop::sample::Index, bool),
    Renew(prop::sample::Index),
    Wait(i64),
    Sweep,
    Restart,
    RetryNow(usize),
    Drop(usize),
    Redrive,
    Pause(bool),
    /// The agency's code is corrected, in batches of so many paths.
    Reassign(bool, u32),
    /// What is declared of the pipeline changes.
    Declare(u8),
    /// The cataloguer comes as far as it can, in pages of so many.
    Catalogue(u32),
    /// The text of a path's document is lost.
    Lose(usize),
    /// The operator wants two paths read again.
    Reprocess(usize, usize),
}

#[derive(Clone, Copy, Debug)]
enum Verdict {
    Read { members: u8 },
    Quarantined,
    Gone,
}

const PATHS: [&str; 4] = ["a", "b/c", "보고서.hwp", "it's"];
const MEMBERS: [&str; 2] = ["m", "n"];

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    let path = || 0..PATHS.len();
    let verdict = prop_oneof![
        4 => (0..=2u8).prop_map(|members| Verdict::Read { members }),
        2 => Just(Verdict::Quarantined),
        1 => Just(Verdict::Gone),
    ];
    prop_oneof![
        6 => (path(), 1..4u8).prop_map(|(path, version)| Step::See(path, version)),
        3 => path().prop_map(Step::Vanish),
        6 => (1..4u128, 1..4u32).prop_map(|(worker, limit)| Step::Claim(worker, limit)),
        8 => (index(), verdict).prop_map(|(claim, verdict)| Step::Complete(claim, verdict)),
        2 => (index(), any::<bool>()).prop_map(|(claim, crashed)| Step::Fail(claim, crashed)),
        2 => index().prop_map(Step::Renew),
        4 => (1..20_000i64).prop_map(Step::Wait),
        2 => Just(Step::Sweep),
        1 => Just(Step::Restart),
        2 => path().prop_map(Step::RetryNow),
        1 => path().prop_map(Step::Drop),
        1 => Just(Step::Redrive),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => (any::<bool>(), 1..4u32).prop_map(|(ours, limit)| Step::Reassign(ours, limit)),
        2 => (0..4u8).prop_map(Step::Declare),
        4 => (1..4u32).prop_map(Step::Catalogue),
        2 => path().prop_map(Step::Lose),
        2 => (path(), path()).prop_map(|(one, other)| Step::Reprocess(one, other)),
    ]
}

/// A path as the model sees it.
#[derive(Debug)]
struct Row {
    version: String,
    live: bool,
    task: Task,
    state: JobState,
    /// Whether nobody waits for it.
    background: bool,
    job: i64,
    fence: i64,
    lease_until: Timestamp,
    run_at: Timestamp,
    crashes: u32,
    /// Whether it was ever read.
    read: bool,
    /// Whether its documents must be told even if they are the same.
    tell: bool,
    /// Inner paths of its live documents.
    documents: BTreeSet<Option<&'static str>>,
}

struct Walk {
    ledger: Trial,
    hand: Hand,
    now: Timestamp,
    paused: bool,
    agency: Agency,
    /// What is declared of the pipeline.
    declaration: u8,
    /// What the cataloguer made its entries under.
    declared: Option<u8>,
    rows: BTreeMap<&'static str, Row>,
    claims: Vec<Claim>,
}

impl Walk {
    async fn take(&mut self, step: &Step) {
        match step {
            Step::See(path, version) => self.see(PATHS[*path], &format!("v{version}")).await,
            Step::Vanish(path) => self.vanish(PATHS[*path]).await,
            Step::Claim(by, limit) => self.claim(*by, *limit).await,
            Step::Complete(claim, verdict) if !self.claims.is_empty() => {
                let claim = claim.get(&self.claims).clone();
                self.complete(&claim, *verdict).await;
            }
            Step::Fail(claim, crashed) if !self.claims.is_empty() => {
                let claim = claim.get(&self.claims).clone();
                self.fail(&claim, *crashed).await;
            }
            Step::Renew(claim) if !self.claims.is_empty() => {
                let claim = claim.get(&self.claims).clone();
                self.renew(&claim).await;
            }
            Step::Complete(..) | Step::Fail(..) | Step::Renew(_) => {}
            Step::Wait(ms) => self.wait(*ms),
            Step::Sweep => self.take_back(false).await,
            Step::Restart => self.take_back(true).await,
            Step::RetryNow(path) => self.retry_now(PATHS[*path]).await,
            Step::Drop(path) => self.drop_job(PATHS[*path]).await,
            Step::Redrive => self.redrive().await,
            Step::Pause(paused) => {
                self.ledger.pause(PIPELINE, *paused, "key:1").await.unwrap();
                self.paused = *paused;
            }
            Step::Reassign(true, limit) => self.reassign(ours(), *limit).await,
            Step::Reassign(false, limit) => self.reassign(theirs(), *limit).await,
            Step::Declare(declaration) => self.declaration = *declaration,
            Step::Catalogue(page) => self.catalogue(*page).await,
            Step::Lose(path) => self.lose(PATHS[*path]).await,
            Step::Reprocess(one, other) => self.reprocess([PATHS[*one], PATHS[*other]]).await,
        }
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        self.hand.set(self.now);
    }

    async fn reassign(&mut self, agency: Agency, limit: u32) {
        self.ledger.open_queue(&queue(PIPELINE, agency.clone())).await.unwrap();
        let mut moved = 0;
        loop {
            let batch = self.ledger.reassign(PIPELINE, &agency, limit).await.unwrap().paths;
            assert!(batch <= u64::from(limit));
            moved += batch;
            if batch == 0 {
                break;
            }
        }
        let expected = if agency == self.agency { 0 } else { self.rows.len() as u64 };
        assert_eq!(moved, expected);
        self.agency = agency;
    }

    /// As the cataloguer does: walks over what is there if what is declared changed, then follows the outbox.
    async fn catalogue(&mut self, page: u32) {
        let declared = self.ledger.declared(PIPELINE).await.unwrap();
        assert_eq!(declared, self.declared.map(|n| BlobId::of(&[n])));
        if self.declared != Some(self.declaration) {
            let mut after = None;
            loop {
                let ids = self.ledger.ids_of(PIPELINE, after, page).await.unwrap();
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                self.write_entries(&stored(&self.ledger, &ids).await).await;
            }
            self.ledger.declare(PIPELINE, BlobId::of(&[self.declaration])).await.unwrap();
            self.declared = Some(self.declaration);
        }
        loop {
            let after = self.ledger.cursor(&Reader::Cataloguer).await.unwrap();
            let changes = self.ledger.document_changes(after, page).await.unwrap().readable();
            let Some(last) = changes.last() else { break };
            let ids: Vec<DocumentId> = changes.iter().map(|change| change.document).collect();
            let stored = self.ledger.documents(&ids).await.unwrap().readable();
            self.write_entries(&stored).await;
            self.ledger.advance(&Reader::Cataloguer, last.seq).await.unwrap();
        }
    }

    async fn write_entries(&self, stored: &[Stored]) {
        let (gone, live): (Vec<_>, Vec<_>) = stored.iter().partition(|stored| stored.withdrawn);
        let drafts: Vec<Draft> = live
            .iter()
            .map(|stored| {
                let (id, agency) = (stored.document.id, stored.document.agency.clone());
                Draft::new(
                    id.to_string(),
                    Some(id),
                    agency,
                    self.entry(&stored.document.object.version),
                )
            })
            .collect();
        self.ledger.put_entries(&drafts).await.unwrap();
        let gone: Vec<String> = gone.iter().map(|stored| stored.document.id.to_string()).collect();
        self.ledger.withdraw_entries(&gone).await.unwrap();
    }

    /// What an entry says: what was read, and what is declared.
    fn entry(&self, version: &str) -> String {
        format!("{{\"version\":\"{version}\",\"declared\":{}}}", self.declaration)
    }

    async fn lose(&mut self, path: &str) {
        let driven = self.ledger.reread(id(path), "its text is lost").await.unwrap();
        let now = self.now;
        let row = self.rows.get_mut(path).filter(|row| row.read && row.task == Task::Extract);
        let Some(row) = row else {
            assert!(!driven);
            return;
        };
        assert_eq!(driven, row.state == JobState::Done, "{row:?}");
        row.tell |= matches!(row.state, JobState::Ready | JobState::Leased | JobState::Done);
        if driven {
            (row.state, row.run_at, row.crashes) = (JobState::Ready, now, 0);
            row.background = false;
        }
    }

    async fn reprocess(&mut self, paths: [&str; 2]) {
        let driven =
            self.ledger.reprocess(&paths.map(id), "key:1", &serde_json::Value::Null).await.unwrap();
        let mut expected = 0;
        for path in paths {
            let Some(row) = self.rows.get_mut(path) else { continue };
            let read = matches!(row.state, JobState::Done | JobState::Quarantined);
            if read && row.live && row.task == Task::Extract {
                expected += 1;
                (row.state, row.run_at, row.crashes) = (JobState::Ready, self.now, 0);
                row.background = true;
            }
        }
        assert_eq!(driven, expected);
        let chosen = self.ledger.chosen(&Which::default(), None, 99).await.unwrap();
        let read = self.rows.iter().filter(|(_, row)| {
            let read = matches!(row.state, JobState::Done | JobState::Quarantined);
            row.live && row.task == Task::Extract && read && !row.documents.is_empty()
        });
        let mut expected: Vec<_> = read.map(|(path, _)| id(path)).collect();
        let mut chosen: Vec<_> = chosen.into_iter().map(|one| one.document).collect();
        expected.sort();
        chosen.sort();
        assert_eq!(chosen, expected);
    }

    async fn see(&mut self, path: &'static str, version: &str) {
        let mut sighting = sighting(path, version);
        sighting.agency = self.agency.clone();
        let seen = self.ledger.see(&[sighting]).await.unwrap();
        let before = self.rows.remove(path);
        let told = (seen.received, seen.changed, seen.known);
        if let Some(row) = before {
            if row.live && row.version == version {
                assert_eq!(told, (0, 0, 1));
                self.rows.insert(path, row);
                return;
            }
            assert_eq!(told, (0, 1, 0));
            self.enqueue(path, version, Task::Extract, true, Some(row)).await;
        } else {
            assert_eq!(told, (1, 0, 0));
            self.enqueue(path, version, Task::Extract, true, None).await;
        }
    }

    async fn vanish(&mut self, path: &'static str) {
        let gone = self.ledger.vanish(STORE, &[path.to_owned()]).await.unwrap();
        match self.rows.remove(path) {
            Some(row) if row.live => {
                assert_eq!(gone, 1);
                let version = row.version.clone();
                self.enqueue(path, &version, Task::Delete, false, Some(row)).await;
            }
            row => {
                assert_eq!(gone, 0);
                self.rows.extend(row.map(|row| (path, row)));
            }
        }
    }

    async fn enqueue(
        &mut self,
        path: &'static str,
        version: &str,
        task: Task,
        live: bool,
        former: Option<Row>,
    ) {
        let job = self.ledger.standing_of(id(path), &Scope::All).await.unwrap().unwrap().job;
        assert_eq!((job.task, job.state, job.attempt), (task, JobState::Ready, 0));
        let row = Row {
            version: version.to_owned(),
            live,
            task,
            state: JobState::Ready,
            background: false,
            job: job.id,
            fence: 0,
            lease_until: self.now,
            run_at: self.now,
            crashes: 0,
            read: former.as_ref().is_some_and(|row| row.read),
            tell: former.as_ref().is_some_and(|row| row.tell),
            documents: former.map(|row| row.documents).unwrap_or_default(),
        };
        self.rows.insert(path, row);
    }

    async fn claim(&mut self, by: u128, limit: u32) {
        let claims =
            self.ledger.claim(&worker(by), None, PriorityClass::Any, limit, LEASE).await.unwrap();
        let now = self.now;
        let paused = self.paused;
        let mut due: Vec<(u8, Timestamp, i64)> = self
            .rows
            .values()
            .filter(|row| !paused && row.state == JobState::Ready && row.run_at <= now)
            .map(|row| {
                let first = match row.task {
                    Task::Delete => 1,
                    Task::Extract if row.background => 4,
                    Task::Extract => 3,
                };
                (first, row.run_at, row.job)
            })
            .collect();
        due.sort();
        due.truncate(limit as usize);
        let due: Vec<i64> = due.into_iter().map(|(.., job)| job).collect();
        let claimed: Vec<i64> = claims.iter().map(|claim| claim.ticket.job).collect();
        assert_eq!(claimed, due);
        for claim in &claims {
            let row = self.rows.get_mut(claim.object.path.as_str()).unwrap();
            assert!(claim.ticket.fence > row.fence, "a fence went back");
            assert_eq!((claim.task, claim.crashes), (row.task, row.crashes));
            assert_eq!(claim.object.version, row.version);
            row.state = JobState::Leased;
            row.fence = claim.ticket.fence;
            row.lease_until = now.plus_ms(LEASE.as_millis() as i64);
        }
        self.claims.extend(claims);
    }

    /// The path's row, if this claim is the one that holds its job.
    fn holder(&mut self, claim: &Claim) -> Option<&mut Row> {
        let row = self.rows.get_mut(claim.object.path.as_str()).unwrap();
        let held = row.state == JobState::Leased
            && (row.job, row.fence) == (claim.ticket.job, claim.ticket.fence);
        held.then_some(row)
    }

    async fn complete(&mut self, claim: &Claim, verdict: Verdict) {
        // A deletion is only ever completed as one.
        let verdict = if claim.task == Task::Delete { Verdict::Gone } else { verdict };
        let completion = match verdict {
            Verdict::Read { members } => done(claim, &MEMBERS[..usize::from(members)]),
            Verdict::Quarantined => quarantined(claim, failure(FailureKind::Timeout, true)),
            Verdict::Gone => deleted(claim),
        };
        let answers = self.ledger.complete(&[completion]).await.unwrap();
        let Some(row) = self.holder(claim) else {
            assert_eq!(answers, [Completed::Stale]);
            return;
        };
        assert!(matches!(answers[..], [Completed::Applied { .. }]), "{answers:?}");
        if std::mem::take(&mut row.tell) && !matches!(verdict, Verdict::Gone) {
            assert!(matches!(answers[..], [Completed::Applied { seq: Some(_) }]), "not told again");
        }
        row.read |= !matches!(verdict, Verdict::Gone);
        row.documents.clear();
        match verdict {
            Verdict::Read { members } => {
                row.state = JobState::Done;
                row.documents.insert(None);
                row.documents.extend(MEMBERS.iter().take(usize::from(members)).map(|m| Some(*m)));
            }
            Verdict::Quarantined => {
                row.state = JobState::Quarantined;
                row.crashes += 1;
                row.documents.insert(None);
            }
            Verdict::Gone => {
                row.live = false;
                row.state =
                    if claim.task == Task::Delete { JobState::Done } else { JobState::Cancelled };
            }
        }
    }

    async fn fail(&mut self, claim: &Claim, crashed: bool) {
        let at = self.now.plus_ms(5_000);
        let answer = self
            .ledger
            .retry(claim.ticket, at, &failure(FailureKind::Read, crashed))
            .await
            .unwrap();
        match self.holder(claim) {
            None => assert_eq!(answer, Completed::Stale),
            Some(row) => {
                assert_eq!(answer, Completed::Applied { seq: None });
                row.state = JobState::Ready;
                row.run_at = at;
                row.crashes += u32::from(crashed);
            }
        }
    }

    async fn renew(&mut self, claim: &Claim) {
        let now = self.now;
        let lost = self.ledger.renew(&[claim.ticket], LEASE).await.unwrap();
        match self.holder(claim) {
            None => assert_eq!(lost, [claim.ticket]),
            Some(row) => {
                assert!(lost.is_empty());
                row.lease_until = now.plus_ms(LEASE.as_millis() as i64);
            }
        }
    }

    async fn take_back(&mut self, all: bool) {
        let taken = match all {
            true => self.ledger.release(NODE).await.unwrap(),
            false => self.ledger.sweep(NOBODY).await.unwrap(),
        };
        let mut ended = 0;
        for row in self.rows.values_mut() {
            if row.state == JobState::Leased && (all || row.lease_until <= self.now) {
                ended += 1;
                row.state = JobState::Ready;
                row.run_at = self.now;
                row.crashes += u32::from(!all);
            }
        }
        assert_eq!(taken, ended);
    }

    async fn retry_now(&mut self, path: &str) {
        let Some(row) = self.rows.get_mut(path) else { return };
        let answer = self.ledger.retry_now(row.job, "key:1").await;
        // A discarded one, too; one that is cancelled because its file was gone has nothing to read.
        let fits = matches!(row.state, JobState::Ready | JobState::Quarantined)
            || (row.state == JobState::Cancelled && row.live);
        assert_eq!(answer.is_ok(), fits, "{answer:?} {row:?}");
        if fits {
            (row.state, row.run_at, row.crashes) = (JobState::Ready, self.now, 0);
            row.background = false;
        }
    }

    async fn drop_job(&mut self, path: &str) {
        let Some(row) = self.rows.get_mut(path) else { return };
        let answer = self.ledger.drop_job(row.job, "key:1").await;
        assert_eq!(answer.is_ok(), row.state == JobState::Quarantined, "{answer:?} {row:?}");
        if answer.is_ok() {
            row.state = JobState::Cancelled;
            row.documents.clear();
        }
    }

    async fn redrive(&mut self) {
        let which = Redrive::Quarantined { queue: None, kind: None };
        let driven = self.ledger.redrive(&which, "key:1").await.unwrap();
        let mut waiting = 0;
        for row in self.rows.values_mut().filter(|row| row.state == JobState::Quarantined) {
            waiting += 1;
            (row.state, row.run_at, row.crashes) = (JobState::Ready, self.now, 0);
            row.background = false;
        }
        assert_eq!(driven, waiting);
    }

    /// The ledger says what the model says. That the balance of the one agency is the balance of all is asked where a
    /// row may have been left with the other.
    async fn agrees(&self, step: Option<&Step>) {
        let mut expected = Balance::default();
        for row in self.rows.values() {
            expected.received += 1;
            expected.members += row.documents.iter().filter(|inner| inner.is_some()).count() as u64;
            *match (row.state, row.task) {
                (JobState::Ready | JobState::Leased, _) => &mut expected.in_flight,
                (JobState::Quarantined, _) => &mut expected.quarantined,
                (JobState::Done, Task::Extract) => &mut expected.done,
                (JobState::Done, Task::Delete) | (JobState::Cancelled, _) => &mut expected.deleted,
            } += 1;
        }
        assert_eq!(self.ledger.balance(&Scope::All).await.unwrap(), expected);
        if matches!(step, None | Some(Step::See(..) | Step::Reassign(..) | Step::Vanish(..))) {
            let mine = only([self.agency.clone()]);
            assert_eq!(self.ledger.balance(&mine).await.unwrap(), expected, "not all moved");
        }
        let live = self.rows.iter().filter(|(_, row)| row.live).map(|(path, _)| *path);
        let known = self.ledger.known(PIPELINE, None, 99).await.unwrap();
        assert_eq!(known.iter().map(|k| k.path.as_str()).collect::<Vec<_>>(), Vec::from_iter(live));
    }

    /// All is worked off: what a quiet night would leave.
    async fn settle(&mut self) {
        self.take(&Step::Pause(false)).await;
        self.redrive().await;
        self.take_back(true).await;
        self.wait(60_000);
        loop {
            let known = self.claims.len();
            self.claim(1, 3).await;
            let fresh = self.claims[known..].to_vec();
            if fresh.is_empty() {
                break;
            }
            for claim in &fresh {
                self.complete(claim, Verdict::Read { members: 1 }).await;
            }
        }
        self.catalogue(99).await;
    }

    /// What an index that followed the outbox holds is what the ledger holds is what the model holds.
    async fn is_whole(&self) {
        let mut expected = BTreeSet::new();
        for (path, row) in &self.rows {
            let dropped = row.state == JobState::Cancelled;
            assert_eq!(row.documents.is_empty(), !row.live || dropped, "{path}: {row:?}");
            expected.extend(
                row.documents
                    .iter()
                    .map(|inner| DocumentId::new(STORE, path, inner.map(InnerPath::of).as_ref())),
            );
        }
        let partition = Partition::of(self.agency.clone());
        let ids = self.ledger.ids_after(&partition, None, 999).await.unwrap();
        let stored = stored(&self.ledger, &ids).await;
        assert_eq!(stored.iter().map(|s| s.document.id).collect::<BTreeSet<_>>(), expected);
        for stored in &stored {
            let row = &self.rows[stored.document.object.path.as_str()];
            assert_eq!(stored.document.object.version, row.version, "an older version won");
        }
        for followed in [our_partition(), their_partition()] {
            let mut index = BTreeSet::new();
            for change in self.ledger.changes(&followed, 0, 9999).await.unwrap().readable() {
                if change.withdrawn {
                    index.remove(&change.document);
                } else {
                    index.insert(change.document);
                }
            }
            let expected = if followed == partition { expected.clone() } else { BTreeSet::new() };
            assert_eq!(index, expected, "the outbox tells {followed} another story");
        }
        self.is_catalogued(&stored).await;
        chained(&self.ledger).await;
    }

    /// Every live document has its entry, which says what is declared by now and nothing else has one; and whoever
    /// harvests the events of an agency has the same.
    async fn is_catalogued(&self, stored: &[Stored]) {
        let expected: BTreeMap<String, (Agency, String)> = stored
            .iter()
            .map(|stored| {
                let entry = self.entry(&stored.document.object.version);
                (stored.document.id.to_string(), (self.agency.clone(), entry))
            })
            .collect();
        let entries = self.ledger.entries(&Scope::All, false, None, 999).await.unwrap().readable();
        let entries: BTreeMap<_, _> = entries
            .into_iter()
            .map(|entry| (entry.draft.id, (entry.draft.agency, entry.draft.body)))
            .collect();
        assert_eq!(entries, expected);
        for agency in [ours(), theirs()] {
            let mut harvest = BTreeMap::new();
            let events =
                self.ledger.events(&only([agency.clone()]), 0, 9999).await.unwrap().readable();
            for event in events {
                let former = harvest.insert(event.entry.clone(), (event.version, event.withdrawn));
                assert!(former.is_none_or(|(version, _)| version < event.version), "{event:?}");
            }
            harvest.retain(|_, (_, withdrawn)| !*withdrawn);
            let held: BTreeSet<&String> = harvest.keys().collect();
            let theirs: BTreeSet<&String> = match agency == self.agency {
                true => expected.keys().collect(),
                false => BTreeSet::new(),
            };
            assert_eq!(held, theirs, "the events tell {agency} another story");
        }
    }
}

async fn walk(steps: &[Step]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let ledger = Trial::new(Arc::new(ledger), hand.clone());
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    let mut walk = Walk {
        ledger,
        hand,
        now: START,
        paused: false,
        agency: ours(),
        declaration: 0,
        declared: None,
        rows: BTreeMap::new(),
        claims: Vec::new(),
    };
    for step in steps {
        walk.take(step).await;
        walk.agrees(Some(step)).await;
    }
    walk.settle().await;
    walk.agrees(None).await;
    walk.is_whole().await;
}

/// Walks of forty steps on average. `PROPTEST_CASES` asks for more, say before a release.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_agrees_with_the_model(steps in prop::collection::vec(step(), 1..80)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(walk(&steps));
    }
}
