use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use madang_catalog::folder::FolderRegistry;
use madang_catalog::license::License;
use madang_catalog::registry::{Registry, RegistryError};
use madang_document::entry::Entry;
use madang_document::principal::Scope;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Completion, Jobs, PriorityClass, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{NoteKind, Notes, Redo};
use madang_ledger::objects::Objects;
use madang_ledger::outbox::Outbox;
use madang_pipeline::cataloguer::rebuild;
use madang_pipeline::follow::{Follower, Progress};
use madang_pipeline::relay::Relay;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use crate::house::{House, declared, worker};

/// Takes entries, and remembers which in which version.
#[derive(Default)]
struct Taking(Mutex<BTreeMap<String, u64>>);

#[async_trait]
impl Registry for Taking {
    fn name(&self) -> &str {
        "taking"
    }

    async fn put(&self, entries: &[Entry]) -> Result<(), RegistryError> {
        let mut taken = self.0.lock().unwrap();
        taken.extend(entries.iter().map(|entry| (entry.draft.id.clone(), entry.version)));
        Ok(())
    }

    async fn version_of(&self, id: &str) -> Result<Option<u64>, RegistryError> {
        Ok(self.0.lock().unwrap().get(id).copied())
    }
}

/// One entry's row cannot be read: other registries get the others, whether they are caught up with by what the outbox
/// tells or by all that there is, and a rebuild makes it anew.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_cannot_be_read_stops_no_relay_and_is_made_anew() {
    let house = House::new().await;
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let documents = house.drop(0, 0..5).await;
    let series = declared(&house, License::Kogl1);
    rebuild(&ledger, &series).await.unwrap();
    house.write("UPDATE entry SET body = x'0badc0de' WHERE rowid = 2").await;
    let rows = house.ledger.entries(&Scope::All, false, None, 9).await.unwrap();
    let (entries, bad) = rows.parted();
    let bad: Vec<String> = bad.into_iter().map(|(id, _)| id).collect();
    assert_eq!((entries.len(), bad.len()), (5, 1), "of five documents and their folder");

    let registry = Arc::new(Taking::default());
    let relay = || Relay::new(Arc::clone(&ledger), Arc::clone(&registry) as _);
    let head = house.ledger.last_event().await.unwrap();
    assert_eq!(relay().step(head).await.unwrap(), Progress::Done(head));
    let taken = registry.0.lock().unwrap().len();
    assert_eq!(taken, 5);
    let notes = async || {
        let notes = house.ledger.notes(&Scope::All, None, 9).await.unwrap().readable();
        notes
            .into_iter()
            .map(|note| (note.kind, note.by.to_string(), note.subject))
            .collect::<Vec<_>>()
    };
    let note = (NoteKind::EntryUnreadable, "registry/taking".to_owned(), bad[0].clone());
    assert_eq!(notes().await, std::slice::from_ref(&note));

    // The outbox tells of it no more.
    registry.0.lock().unwrap().clear();
    house.write("UPDATE reader SET seq = 0 WHERE name = 'registry/taking'").await;
    house
        .write("INSERT INTO trimmed SELECT kind, agency, max(seq) FROM outbox GROUP BY 1, 2")
        .await;
    house.write("DELETE FROM outbox").await;
    // What this one passes over it notes by itself.
    house.write("DELETE FROM note").await;
    let mut late = relay();
    assert_eq!(late.step(head).await.unwrap(), Progress::More);
    assert_eq!(registry.0.lock().unwrap().len(), 5);
    assert_eq!(notes().await, [note]);

    rebuild(&ledger, &series).await.unwrap();
    let whole = house.ledger.entries(&Scope::All, false, None, 9).await.unwrap().readable();
    assert_eq!(whole.len(), 6);
    let head = house.ledger.last_event().await.unwrap();
    assert_eq!(late.step(head).await.unwrap(), Progress::Done(head));
    assert_eq!(registry.version_of(&bad[0]).await.unwrap(), Some(2));
    assert!(notes().await.is_empty(), "it is done");

    // Nor does one stay whose document is gone.
    house.write("UPDATE entry SET body = x'0badc0de' WHERE document IS NOT NULL").await;
    let paths: Vec<String> = documents.iter().map(|one| one.object.path.clone()).collect();
    house.ledger.vanish("press0", &paths[..1]).await.unwrap();
    for claim in house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap()
    {
        let gone = Completion {
            ticket: claim.ticket,
            verdict: Verdict::Deleted,
            documents: Vec::new(),
            key: None,
            again: false,
            actor: "test".into(),
        };
        house.ledger.complete(&[gone]).await.unwrap();
    }
    rebuild(&ledger, &series).await.unwrap();
    let left = house.ledger.entries(&Scope::All, false, None, 9).await.unwrap();
    assert_eq!((left.len(), left.readable().len()), (5, 5));
}

/// A folder stands in the place of one entry: the others go through, it is noted with what to do, and done again it is
/// written.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_taken_in_a_registry_stops_no_relay() {
    let house = House::new().await;
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    house.drop(0, 0..5).await;
    rebuild(&ledger, &declared(&house, License::Kogl1)).await.unwrap();
    let ids: Vec<String> = house
        .ledger
        .entries(&Scope::All, false, None, 9)
        .await
        .unwrap()
        .parted()
        .0
        .into_iter()
        .map(|entry| entry.draft.id)
        .collect();

    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join(&ids[0][..2]).join(format!("{}.jsonld", ids[0]));
    std::fs::create_dir_all(&taken).unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let registry = FolderRegistry::new("exchange", store, Path::default(), "https://x.go.kr");
    let registry = Arc::new(registry);
    let mut relay = Relay::new(Arc::clone(&ledger), Arc::clone(&registry) as _);
    let head = house.ledger.last_event().await.unwrap();
    assert_eq!(relay.step(head).await.unwrap(), Progress::Done(head));
    let written = async || {
        let mut written = Vec::new();
        for id in &ids {
            written.push(registry.version_of(id).await.unwrap().is_some());
        }
        written
    };
    assert_eq!(written().await, [false, true, true, true, true, true]);
    let notes = house.ledger.notes(&Scope::All, None, 9).await.unwrap().readable();
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!((note.kind, &note.subject), (NoteKind::EntryRefused, &ids[0]));
    for words in ["move away what stands in its place", "Is a directory"] {
        assert!(note.reason.contains(words), "{}", note.reason);
    }

    std::fs::remove_dir(&taken).unwrap();
    house.ledger.redo(&Redo::One(note.id), &Scope::All, "operator").await.unwrap();
    let head = house.ledger.last_event().await.unwrap();
    assert_eq!(relay.step(head).await.unwrap(), Progress::Done(head));
    assert_eq!(written().await, [true; 6]);
    assert_eq!(house.ledger.notes(&Scope::All, None, 9).await.unwrap().len(), 0);
}
