//! A full disk.

use std::path::Path;
use std::time::Duration;

use madang_tests::ground::mount::Mount;
use madang_tests::ground::random::Random;
use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;
use madang_wait::{until, until_within};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_loses_nothing() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let mut random = Random::seeded("disk");
    let mut words = Vec::new();
    // 120 files of 64 KiB that no compression makes small: their texts alone are more than the disk holds.
    for n in 0..120 {
        let word = random.word();
        let body: Vec<String> = (0..6000).map(|_| random.word()).collect();
        scenario.write(&format!("drop/press/{n}.txt"), format!("{word}\n{}", body.join(" ")));
        words.push(word);
    }
    let mount = Mount::small(&scenario.path("data"), "4m");
    let mut service = Service::start(&scenario, &[]).await;
    let told = until_within(Duration::from_secs(90), "it says that the disk is full", || {
        let said = service.said();
        async move { said.lines().find(|line| is_full(line)).map(str::to_owned) }
    })
    .await;
    println!("told: {told}");
    assert!(service.ended().is_none(), "a full disk ends nothing:\n{}", service.said());

    mount.resize("400m");
    let balance = service.settled(120).await;
    assert_eq!((balance.received, balance.done, balance.quarantined), (120, 120, 0));
    for (n, word) in words.iter().enumerate() {
        let path = format!("{n}.txt");
        until(&format!("{path} is found"), async || {
            (service.found(word).await == [path.as_str()]).then_some(())
        })
        .await;
    }
    service.stop().await;
    scenario.succeed(&["index", "verify"]);
    let attempts = scenario.jobs().await.into_values().map(|job| (job.attempt, job.crashes));
    assert!(attempts.into_iter().all(|counted| counted == (1, 0)), "no file is to blame");
    drop(mount);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_while_the_disk_is_full_is_read_once_there_is_room() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/before.txt", "미리 놓인 글 beforehand");
    let mount = Mount::small(&scenario.path("data"), "64m");
    let service = Service::start(&scenario, &[]).await;
    service.finds("beforehand", &["before.txt"]).await;

    let filled = std::time::Instant::now();
    fill(&scenario.path("data/ballast"));
    let told = until("it is not ready, and says why", async || {
        let answer = service.ask("GET", "/readyz", ADMIN, Vec::new()).await;
        (answer.status == 503).then_some(answer.text())
    })
    .await;
    println!("not ready {:?} after the disk was full", filled.elapsed());
    assert!(told.contains("almost full"), "{told}");
    let mut random = Random::seeded("dropped into a full disk");
    let mut words = Vec::new();
    for n in 0..20 {
        let word = random.word();
        let body: Vec<String> = (0..6000).map(|_| random.word()).collect();
        scenario.write_now(&format!("drop/press/{n}.txt"), format!("{word}\n{}", body.join(" ")));
        words.push(word);
    }
    // Every file was looked at: what could be recorded is, and of the rest the ledger has said no.
    until("the ledger takes no more", async || {
        let queues = service.get("/v1/queues").await;
        let conditions = queues["conditions"].as_array().unwrap().iter();
        let kinds: Vec<&str> = conditions.map(|one| one["kind"].as_str().unwrap()).collect();
        kinds.contains(&"ledger_unwritable").then_some(())
    })
    .await;
    assert!(service.balance().await.done < 21, "nothing was full");

    std::fs::remove_file(scenario.path("data/ballast")).unwrap();
    let freed = std::time::Instant::now();
    let balance = service.settled(21).await;
    println!("all read {:?} after there was room", freed.elapsed());
    assert_eq!((balance.received, balance.done, balance.quarantined), (21, 21, 0));
    until("it is ready again", async || {
        (service.ask("GET", "/readyz", ADMIN, Vec::new()).await.status == 200).then_some(())
    })
    .await;
    for (n, word) in words.iter().enumerate() {
        service.finds(word, &[&format!("{n}.txt")]).await;
    }
    service.stop().await;
    scenario.succeed(&["index", "verify"]);
    let attempts = scenario.jobs().await.into_values().map(|job| (job.attempt, job.crashes));
    assert!(attempts.into_iter().all(|counted| counted == (1, 0)), "no file is to blame");
    drop(mount);
}

/// Writes to a file until there is no room for another byte.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    let mut size = 1 << 20;
    while size > 0 {
        match std::io::Write::write(&mut file, &vec![1; size]) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
                size /= 2;
            }
        }
    }
}

/// What a service could not bring over from the log of its ledger when its disk was full stays there, as after a kill. The
/// next one needs room for its first write.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_ended_on_a_full_disk_starts_on_it() {
    for killed in [false, true] {
        let scenario = Scenario::new();
        scenario.pipeline("press", "1741000");
        scenario.write("drop/press/a.txt", "먼저 온 글 earlytext");
        let mount = Mount::small(&scenario.path("data"), "6m");
        let service = Service::start(&scenario, &[]).await;
        service.finds("earlytext", &["a.txt"]).await;
        fill(&scenario.path("data/ballast"));
        match killed {
            true => service.kill(),
            false => service.stop().await,
        }
        assert!(scenario.path("data/ledger.db-wal").metadata().is_ok_and(|log| log.len() > 0));

        let service = Service::start_unready(&scenario).await;
        // It may answer before it has opened what it searches.
        service.finds("earlytext", &["a.txt"]).await;
        service.stop().await;
        drop(mount);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_starts_on_a_full_disk_and_writes_its_key_when_there_is_room() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/a.txt", "먼저 온 글 earlytext");
    let mount = Mount::small(&scenario.path("data"), "4m");
    scenario.once(&[]);
    fill(&scenario.path("data/ballast"));
    assert!(!scenario.path("data/local.key").exists());

    let service = Service::start_unready(&scenario).await;
    let answer = service.ask("GET", "/readyz", ADMIN, Vec::new()).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("disk"), "{}", answer.text());
    service.finds("earlytext", &["a.txt"]).await;
    assert!(service.said().contains("Make room on that disk"), "{}", service.said());

    mount.resize("400m");
    let key = until("the key is written", async || {
        let key = std::fs::read_to_string(scenario.path("data/local.key")).ok()?;
        key.ends_with('\n').then(|| key.trim().to_owned())
    })
    .await;
    service.is_ready().await;
    assert_eq!(service.ask("GET", "/v1/queues", &key, Vec::new()).await.status, 200);
    until("the address is written", async || {
        scenario.path("data/service.url").exists().then_some(())
    })
    .await;
    // The command line finds its way with both.
    let output = scenario.command(&["queue"]).env_remove("MADANG_ADMIN_KEY").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    service.stop().await;
    drop(mount);
}

/// Whether a line says that there is no space, in the words of the kernel or of SQLite.
fn is_full(line: &str) -> bool {
    let line = line.to_lowercase();
    ["no space left", "disk is full", "storage full", "free some space"]
        .iter()
        .any(|w| line.contains(w))
}
