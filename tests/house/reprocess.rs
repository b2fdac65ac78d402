//! Files are read again because a reader is better than it was.

use std::time::{Duration, Instant};

use madang_document::id::DocumentId;
use madang_tests::ground::process::{readers, signal};
use madang_tests::ground::random::Random;
use madang_tests::ground::scenario::{ADMIN, Scenario, lines, said};
use madang_tests::ground::service::Service;
use madang_wait::{until, until_within};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// As if an older Madang had read these files.
async fn read_by_an_older_one(scenario: &Scenario, paths: &[&str]) {
    let file = scenario.path("data/ledger.db");
    let mut conn = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    for path in paths {
        let query = "UPDATE document SET format_version = 0, outcome = 'partial'
                     WHERE path = (SELECT id FROM path WHERE path = ?)";
        let done = sqlx::query(query).bind(*path).execute(&mut conn).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{path}");
    }
    conn.close().await.unwrap();
}

fn counts(output: &str) -> serde_json::Value {
    lines(output).pop().unwrap()["counts"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_reader_read_is_tried_and_then_read_again() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("flood", "6110000");
    for name in ["press/2025/a.txt", "press/2026/b.txt", "flood/c.txt", "flood/d.txt"] {
        scenario.write(&format!("drop/{name}"), format!("다시 읽을 글 {name}"));
    }
    scenario.once(&[]);
    read_by_an_older_one(&scenario, &["2025/a.txt", "2026/b.txt", "c.txt"]).await;
    scenario.remove("drop/flood/c.txt");
    let before = scenario.changes().len();

    // No service runs: the command itself tries them, and records nothing.
    let tried = scenario.succeed(&["reprocess", "--outdated", "--dry-run"]);
    assert!(tried.contains("2025/a.txt: outcome, reader"), "{tried}");
    assert!(
        tried.contains("outcome: partial → ok") && tried.contains("reader: text/0 →"),
        "{tried}"
    );
    assert!(tried.contains("c.txt: gone"), "{tried}");
    assert!(tried.contains("3 files: unchanged 0, text changed 0, outcome changed 2"), "{tried}");
    let tried = scenario.succeed(&["reprocess", "--path", "2026/*", "--dry-run", "--json"]);
    assert_eq!(counts(&tried)["files"], 1, "{tried}");
    assert_eq!(lines(&tried)[0]["changes"][0]["outcome"]["from"], "partial", "{tried}");
    let tried = scenario.succeed(&["reprocess", "--agency", "6110000", "--dry-run", "--json"]);
    let told = counts(&tried);
    assert_eq!(
        (&told["files"], &told["unchanged"], &told["original_gone"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!(scenario.changes().len(), before, "nothing was recorded");
    let tried = scenario.succeed(&["reprocess", "--media", "video", "--dry-run", "--json"]);
    assert_eq!(counts(&tried)["files"], 0, "{tried}");
    let wrongs = [
        ["--format", "hwp99"],
        ["--outcome", "fine"],
        ["--since", "yesterday"],
        ["--media", "audio/mpeg"],
    ];
    for wrong in wrongs {
        let refused = scenario.run(&["reprocess", wrong[0], wrong[1], "--yes"]);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {}", said(&refused));
    }
    let refused = scenario.run(&["reprocess", "--path", "[", "--yes"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("--path") && said(&refused).contains("'2026/**/*.hwp'"));
    assert!(!said(&refused).contains("`glob`"), "{}", said(&refused));
    // Nobody meant all files, not even with --yes.
    for none in [&["reprocess"][..], &["reprocess", "--yes"]] {
        let refused = scenario.run(none);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains("reprocess --outdated --dry-run"), "{}", said(&refused));
    }
    // Where files lie is no choice of files.
    let refused = scenario.run(&["reprocess", "--outdated", "--yes", "pipelines/press.toml"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("--pipeline NAME"), "{}", said(&refused));
    // Nobody is there to be asked.
    let refused = scenario.run(&["reprocess", "--pipeline", "press"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("2 files fit") && said(&refused).contains("--yes"));

    let service = Service::start(&scenario, &[]).await;
    let tried = scenario.succeed(&["reprocess", "--outdated", "--dry-run"]);
    assert!(tried.contains("outcome changed 2"), "{tried}");
    let refused = scenario.run(&["reprocess", "--outdated", "--dry-run", "pipelines/press.toml"]);
    assert!(said(&refused).contains("a service runs"), "{}", said(&refused));
    let done = scenario.succeed(&["reprocess", "--outdated", "--pipeline", "press", "--yes"]);
    assert!(done.contains("2 files are read again"), "{done}");
    until("both were read again", async || {
        let tried =
            scenario.succeed(&["reprocess", "--outdated", "--pipeline", "press", "--dry-run"]);
        let balance = service.balance().await;
        (tried.contains("0 files") && balance.in_flight == 0).then_some(())
    })
    .await;
    service.indexed().await;
    // What comes out the same is no news.
    let revisions = async || {
        let mut revisions = Vec::new();
        for path in ["2025/a.txt", "2026/b.txt"] {
            let id = DocumentId::new("press", path, None);
            revisions.push(service.get(&format!("/v1/documents/{id}")).await["revision"].clone());
        }
        revisions
    };
    let before = revisions().await;
    assert_eq!(before, [2, 2]);
    let done = scenario.succeed(&["reprocess", "--pipeline", "press", "--yes", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&done).unwrap()["jobs"], 2, "{done}");
    until("both were read once more", async || {
        (service.balance().await.in_flight == 0).then_some(())
    })
    .await;
    assert_eq!(revisions().await, before);
    assert!(scenario.succeed(&["queue"]).contains("received 4"));
    service.stop().await;
}

/// A slow file that one agency tries keeps no other agency waiting, and is not read on when nobody waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_trial_holds_up_no_other_agency_and_ends_with_whoever_asked_for_it() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "5360000");
    let mut random = Random::seeded("trials");
    let long: String = (0..400_000).map(|_| random.word() + " ").collect();
    scenario.write("drop/press/long.txt", long);
    scenario.write("drop/other/short.txt", "짧은 글");
    let service = Service::start(&scenario, &[]).await;
    service.settled(2).await;
    let trial = |pipeline: &str, path: &str| {
        format!("/v1/documents/{}/trial", DocumentId::new(pipeline, path, None))
    };
    let asked = service.begin("POST", &trial("press", "long.txt"), ADMIN).await;
    let child = until("a child reads it", async || readers(service.pid()).pop()).await;
    // As slow as can be, until its silence is noticed.
    signal(child, "STOP");
    let begun = Instant::now();
    let answer = service.ask("POST", &trial("other", "short.txt"), ADMIN, Vec::new()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["state"], "unchanged");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(readers(service.pid()), [child]);
    drop(asked);
    until_within(Duration::from_secs(4), "the child ends", async || {
        readers(service.pid()).is_empty()
    })
    .await;
    service.stop().await;
}
