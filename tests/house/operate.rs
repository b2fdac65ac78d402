//! What the operator does: pause, retry, drop, redrive, release.

use std::net::TcpStream;
use std::path::Path;

use madang_tests::ground::binary::{fixture, madang};
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_reads_nothing_and_a_resumed_one_goes_on() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "1741000");
    let service = Service::start(&scenario, &[]).await;
    scenario.succeed(&["queue", "pause", "press"]);
    scenario.write("drop/press/a.txt", "멈춘 줄의 글 pausedqueue");
    scenario.write("drop/other/b.txt", "다른 줄의 글 otherqueue");
    // The other queue goes on: so the workers had their chance at both.
    service.finds("otherqueue", &["b.txt"]).await;
    let balance = until("the file is seen", async || {
        let balance = service.balance().await;
        (balance.received == 2).then_some(balance)
    })
    .await;
    assert_eq!(balance.in_flight, 1);
    assert!(service.found("pausedqueue").await.is_empty());
    let queues = service.get("/v1/queues").await;
    let press = queues["queues"].as_array().unwrap().iter().find(|q| q["name"] == "press").unwrap();
    assert_eq!((&press["paused"], &press["ready"]), (&true.into(), &1.into()), "{press}");
    scenario.succeed(&["queue", "resume", "press"]);
    service.finds("pausedqueue", &["a.txt"]).await;
    assert_eq!(service.settled(2).await.done, 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_files_whose_folder_is_gone_are_released_and_no_longer_found() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..300 {
        scenario
            .write(&format!("drop/press/{n}.txt"), format!("삼백 글 가운데 하나 threehundred {n}"));
    }
    let service = Service::start(&scenario, &[]).await;
    service.settled(300).await;
    let total = async || service.search("threehundred").await["total"].as_u64().unwrap();
    until("all are found", async || (total().await == 300).then_some(())).await;
    std::fs::remove_dir_all(scenario.path("drop/press")).unwrap();
    until("the disappearance is held", async || {
        let queues = service.get("/v1/queues").await;
        (queues["queues"][0]["held"]["missing"] == 300).then_some(())
    })
    .await;
    assert_eq!(total().await, 300);
    // The folder itself is gone: it may only be away, and the operator says that it is not.
    let refused = scenario.run(&["queue", "release", "press"]);
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("300 of 300") && told.contains("--yes"), "{told}");
    assert!(scenario.succeed(&["queue"]).contains("the source is away"));
    scenario.succeed(&["queue", "release", "press", "--yes"]);
    until("none is found", async || (total().await == 0).then_some(())).await;
    let balance = service.balance().await;
    assert_eq!((balance.received, balance.deleted, balance.in_flight), (300, 300, 0));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_set_aside_with_their_reason_retried_dropped_and_redriven() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for (name, from) in [("cut.hwpx", "hwpx/cut-early.hwpx"), ("head.pdf", "pdf/header_only.pdf")] {
        scenario.write(&format!("drop/press/{name}"), fixture(from));
    }
    scenario.write("drop/press/good.txt", "멀쩡한 글 undamaged");
    let service = Service::start(&scenario, &[]).await;
    let cut = service.quarantined("cut.hwpx").await;
    let head = service.quarantined("head.pdf").await;
    for job in [&cut, &head] {
        assert_eq!(job["failure"]["kind"], "corrupt", "{job}");
        assert!(job["failure"]["message"].as_str().is_some_and(|text| text.len() > 10), "{job}");
    }
    // One bad file never blocks another.
    service.finds("undamaged", &["good.txt"]).await;
    // It has its entry all the same, with its outcome.
    let id = cut["document"].as_str().unwrap();
    assert_eq!(service.get(id).await["outcome"], "corrupt");
    let listed = scenario.succeed(&["queue", "ls", "--state", "quarantined"]);
    assert!(listed.contains("cut.hwpx") && listed.contains("corrupt"), "{listed}");

    // A retry reads it again, and it is still damaged.
    let number = |job: &serde_json::Value| job["id"].as_i64().unwrap().to_string();
    let before = cut["done_at"].clone();
    scenario.succeed(&["queue", "retry", &number(&cut)]);
    until("it was read again", async || {
        let job = service.get(&format!("/v1/jobs/{}", number(&cut))).await;
        (job["state"] == "quarantined" && job["done_at"] != before).then_some(())
    })
    .await;

    // All at once.
    let before = service.quarantined("head.pdf").await["done_at"].clone();
    let redriven = scenario.succeed(&["queue", "redrive", "--reason", "corrupt"]);
    assert!(redriven.contains('2'), "{redriven}");
    until("both were read again", async || {
        let job = service.get(&format!("/v1/jobs/{}", number(&head))).await;
        (job["state"] == "quarantined" && job["done_at"] != before).then_some(())
    })
    .await;
    service.quarantined("cut.hwpx").await;

    // Mended, it is read; dropped, the other counts as deleted.
    scenario.write("drop/press/cut.hwpx", fixture("hwpx/plain.hwpx"));
    until("the mended file is read", async || (service.balance().await.done == 2).then_some(()))
        .await;
    scenario.succeed(&["queue", "drop", &number(&head)]);
    let balance = service.settled(3).await;
    assert_eq!((balance.done, balance.quarantined, balance.deleted), (2, 0, 1));
    let again =
        service.ask("POST", &format!("/v1/jobs/{}/drop", number(&head)), ADMIN, Vec::new()).await;
    assert_eq!(again.status, 409, "{}", again.text());
    service.stop().await;
}

/// A worker that finds a file missing knows nothing of the others: it must not say that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_worker_misses_waits_with_the_many_for_the_operators_word() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    scenario.succeed(&["queue", "pause", "press"]);
    for n in 0..20 {
        scenario.write(&format!("drop/press/in/{n}.txt"), format!("스무 글 가운데 하나 twenty{n}"));
    }
    until("all are seen", async || (service.balance().await.received == 20).then_some(())).await;
    // As when a mount is lost: the files themselves stay as they are.
    std::fs::rename(scenario.path("drop/press/in"), scenario.path("elsewhere")).unwrap();
    let queue = async || service.get("/v1/queues").await["queues"][0].clone();
    until("the disappearance is held", async || {
        (queue().await["held"]["missing"] == 20).then_some(())
    })
    .await;
    scenario.succeed(&["queue", "resume", "press"]);
    until("the workers have missed them all", async || {
        let queue = queue().await;
        let deleted = service.balance().await.deleted;
        assert_eq!(deleted, 0, "nobody said that they are gone");
        (queue["waiting"] == 20).then_some(())
    })
    .await;
    assert_eq!(service.balance().await.in_flight, 20);
    let jobs = service.jobs("ready").await;
    for job in &jobs {
        assert_eq!(
            (&job["failure"]["kind"], &job["attempt"]),
            (&"gone".into(), &0.into()),
            "{job}"
        );
    }
    let receipt = service.get(jobs[0]["receipt"].as_str().unwrap()).await;
    assert_eq!(receipt["state"], "waiting_for_retry", "{receipt}");

    // They are back, and are read.
    std::fs::rename(scenario.path("elsewhere"), scenario.path("drop/press/in")).unwrap();
    until("the hold ends by itself", async || queue().await["held"].is_null().then_some(())).await;
    for job in &jobs {
        service.post(&format!("/v1/jobs/{}/retry", job["id"])).await;
    }
    assert_eq!(service.settled(20).await.done, 20);
    service.stop().await;
}

/// The one file that a worker misses is withdrawn by its source, told by the worker, as soon as that is sure.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_file_that_a_worker_misses_is_withdrawn_by_its_source() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    scenario.succeed(&["queue", "pause", "press"]);
    scenario.write("drop/press/one.txt", "곧 없어질 글");
    until("it is seen", async || (service.balance().await.received == 1).then_some(())).await;
    scenario.succeed(&["queue", "resume", "press"]);
    scenario.remove("drop/press/one.txt");
    let balance = service.settled(1).await;
    assert!(balance.deleted + balance.done == 1, "{balance:?}");
    until("it is withdrawn", async || (service.balance().await.deleted == 1).then_some(())).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_disappearance_is_held_until_the_operator_releases_it() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..12 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("열두 글 가운데 하나 mass{n}"));
    }
    let service = Service::start(&scenario, &[]).await;
    service.settled(12).await;
    service.finds("mass7", &["7.txt"]).await;
    let id = service.search("mass7").await["hits"][0]["id"].as_str().unwrap().to_owned();

    let entry = format!("/v1/catalog/entries/{id}");
    until("it has its entry", async || {
        (service.ask("GET", &entry, ADMIN, Vec::new()).await.status == 200).then_some(())
    })
    .await;

    // The mount is lost: an empty folder stands in its place.
    std::fs::rename(scenario.path("drop/press"), scenario.path("elsewhere")).unwrap();
    std::fs::create_dir(scenario.path("drop/press")).unwrap();
    let held = until("the disappearance is held", async || {
        let queues = service.get("/v1/queues").await;
        let held = queues["queues"][0]["held"].clone();
        (!held.is_null()).then_some(held)
    })
    .await;
    assert_eq!((&held["missing"], &held["known"]), (&12.into(), &12.into()), "{held}");
    assert_eq!(held["first"].as_array().map(Vec::len), Some(12), "its files are named: {held}");
    assert_eq!(service.found("mass7").await, ["7.txt"]);
    assert_eq!(service.balance().await.deleted, 0);
    assert!(scenario.succeed(&["queue"]).contains("queue release"));
    // What was written now would lie under the mount when it is back: nobody would see it, and it would be deleted.
    let put = async || service.ask("PUT", "/v1/drop/press/new.txt", ADMIN, b"new".to_vec()).await;
    let answer = put().await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("12 of 12") && answer.text().contains("drop-held"));
    assert_eq!(std::fs::read_dir(scenario.path("drop/press")).unwrap().count(), 0);

    scenario.succeed(&["queue", "release", "press"]);
    let balance = until("the files are withdrawn", async || {
        let balance = service.balance().await;
        (balance.deleted == 12).then_some(balance)
    })
    .await;
    assert_eq!((balance.received, balance.in_flight), (12, 0));
    service.finds("mass7", &[]).await;
    until("its entry says that it is gone", async || {
        (service.ask("GET", &entry, ADMIN, Vec::new()).await.status == 410).then_some(())
    })
    .await;
    let queues = service.get("/v1/queues").await;
    assert!(queues["queues"][0]["held"].is_null(), "{queues}");
    let answer = put().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    // What is dropped into the new folder is heard.
    scenario.write_now("drop/press/after.txt", "새 폴더에 놓인 글 afterwards");
    service.finds("afterwards", &["after.txt"]).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_silence_nobody_even_with_few_descriptors() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let few = "ulimit -n 64; exec \"$0\" \"$@\"";
    let binary = madang();
    let arguments = ["-c", few, binary.to_str().unwrap(), "up", "--listen", "127.0.0.1:0"];
    let service = Service::spawn(&scenario, scenario.command_of(Path::new("sh"), &arguments)).await;
    let address = service.url.strip_prefix("http://").unwrap();
    // More than it may ever have open, each of which says nothing.
    let idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
    for path in ["/healthz", "/readyz", "/v1/queues"] {
        let answer = service.ask("GET", path, ADMIN, Vec::new()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    // What is dropped meanwhile is found: the service has kept descriptors for itself.
    scenario.write_now("drop/press/a.txt", "줄 선 사람들 사이의 글 inthecrowd");
    service.finds("inthecrowd", &["a.txt"]).await;
    assert_eq!(idle.len(), 200);
    service.stop().await;
}
