use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use madang_catalog::license::License;
use madang_document::principal::Scope;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Completion, JobFilter, JobState, Jobs, PriorityClass, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Objects;
use madang_pipeline::cataloguer::{Cataloguer, rebuild};
use madang_pipeline::declaration::parse;
use madang_pipeline::follow::{Follower, Progress, Way, follow};
use madang_pipeline::heads;
use madang_pipeline::series;
use madang_wait::until;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::house::{House, declared, worker};

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_folder_is_written_by_its_cataloguer_alone_when_it_is_asked_to() {
    let house = House::new().await;
    house.drop(0, 0..5).await;
    let text = "name = \"press0\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
    let series = parse(text, "press.toml", house.root.path()).unwrap().series;
    let all = Arc::new(HashMap::from([("press0".to_owned(), series.clone())]));
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let flush = Arc::new(Notify::new());
    let mut cataloguer = Cataloguer::new(Arc::clone(&ledger), all, Arc::clone(&flush));
    let head = heads::heads(ledger.as_ref()).await.unwrap().documents;
    while cataloguer.step(head).await.unwrap() == Progress::More {}
    // Files may come: it is put off. To ask whether it is written does not write it.
    let fresh = async || series::are_fresh(ledger.as_ref(), &[&series]).await.unwrap();
    let seq = ledger.last_seq().await.unwrap();
    assert!(!fresh().await);
    assert_eq!(ledger.last_seq().await.unwrap(), seq);
    flush.notify_one();
    cataloguer.asked().await;
    assert_eq!(cataloguer.step(head).await.unwrap(), Progress::Done(head));
    assert!(fresh().await);
    assert_eq!(ledger.last_seq().await.unwrap(), seq + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_declaration_changes_the_entries_and_reads_no_file() {
    let house = House::new().await;
    let documents = house.drop(0, 0..30).await;
    let declared = |license: License| declared(&house, license);
    let live =
        async || house.ledger.entries(&Scope::All, false, None, 100).await.unwrap().readable();
    for (license, version) in [(License::Kogl1, 1), (License::Kogl1, 1), (License::Kogl4, 2)] {
        let stop = CancellationToken::new();
        let way = Way { stop: stop.clone(), ..house.way() };
        let cataloguer =
            Cataloguer::new(Arc::clone(&house.ledger) as _, declared(license), Arc::default());
        let running = tokio::spawn(follow(cataloguer, way));
        let word = format!("{license:?}").replace("Kogl", "KOGL-");
        until(&format!("every entry says {word} in version {version}"), async || {
            let entries = live().await;
            let assets = entries.iter().filter(|entry| entry.draft.document.is_some());
            let said = assets.clone().filter(|entry| entry.version == version);
            let folder = entries.iter().any(|entry| entry.draft.id == "series-press0");
            assets.count() == documents.len() && said.count() == documents.len() && folder
        })
        .await;
        stop.cancel();
        running.await.unwrap();
    }
    let done = JobFilter { state: Some(JobState::Done), ..JobFilter::default() };
    let jobs = house.ledger.jobs(&done, None, 100).await.unwrap().readable();
    assert!(jobs.iter().all(|job| job.attempt == 1), "no file was read again");

    let shared = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    // Made anew, nothing changes; and what nobody has any more goes.
    let series = declared(License::Kogl4);
    // The folder's own entry is written when it has been quiet for a while: by now, or by this.
    rebuild(&shared, &series).await.unwrap();
    assert_eq!(rebuild(&shared, &series).await.unwrap(), 0);
    house.ledger.vanish("press0", &["3.txt".to_owned()]).await.unwrap();
    let claims = house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    let gone = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        key: None,
        again: false,
        actor: "test".into(),
    };
    house.ledger.complete(&[gone]).await.unwrap();
    assert!(rebuild(&shared, &series).await.unwrap() > 0);
    assert!(live().await.iter().all(|entry| entry.draft.document != Some(documents[3].id)));
}
