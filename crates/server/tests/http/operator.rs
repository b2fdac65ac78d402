use std::time::Duration;

use madang_document::condition::{Condition, Kind, Subject};
use madang_document::headway::{Headway, Stretch};
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_ledger::jobs::{Jobs, PriorityClass};
use madang_ledger::left_out::LeftOuts;
use madang_ledger::notes::{By, NewNote, NoteKind, Notes};
use madang_ledger::objects::Objects;
use madang_ledger::outbox::Outbox;
use madang_ledger::worker::Worker;
use serde_json::Value::Null;

use crate::house::{self, A, B, Paper, pipeline};
use crate::reply::{get, page, percent, post, request, send};
use crate::rig::{Rig, paper, rig};

#[tokio::test]
async fn the_operator_retries_and_redrives() {
    let Rig { house, only_a, .. } = rig().await;
    let broken =
        Paper { outcome: Outcome::Timeout, ..paper(A, "1741000/slow.pdf", "느린 문서", "가") };
    house.take(&broken).await;
    let bearer = format!("Bearer {only_a}");
    let post = |path: &str| request("POST", path, &[("authorization", &bearer)]);
    let jobs = get(&house, &only_a, "/v1/jobs?state=quarantined").await.json();
    assert_eq!(jobs["jobs"][0]["failure"]["kind"], "timeout");
    let page = page(&house, &only_a, "/queues").await.body;
    assert!(page.contains("1741000/slow.pdf") && page.contains("시간 초과"));
    let reply = send(&house, post("/v1/jobs/redrive")).await;
    assert_eq!((reply.status.as_u16(), reply.json()["jobs"].as_u64()), (200, Some(1)));
    let job = jobs["jobs"][0]["id"].as_i64().unwrap();
    assert_eq!(get(&house, &only_a, &format!("/v1/jobs/{job}")).await.json()["state"], "ready");
    // Whatever the table of queues has a column for can be asked for.
    for (state, jobs) in [("ready", 1), ("waiting", 0)] {
        let reply = get(&house, &only_a, &format!("/v1/jobs?state={state}")).await.json();
        assert_eq!(reply["jobs"].as_array().map(Vec::len), Some(jobs), "{state}: {reply}");
    }
    let reply = send(&house, post(&format!("/v1/jobs/{job}/drop"))).await;
    assert_eq!(reply.status, 409, "a ready job is not dropped: {}", reply.body);
    let nothing = send(&house, post(&format!("/v1/queues/{}/release", pipeline(A)))).await;
    assert_eq!(nothing.status, 409);

    let metrics = get(&house, &only_a, "/metrics").await.body;
    assert!(
        metrics.contains("madang_jobs{queue=\"press-1741000\",state=\"ready\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("madang_balance_holds 1"));
    assert!(!metrics.contains("madang_http_requests_total"), "only for who may see everything");
}

/// The job of what was read but for something is done: it is led to all the same, by whoever may see it, and told how it is
/// read again.
#[tokio::test]
async fn what_was_read_but_for_something_is_led_to() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let notes = vec![ReasonKind::LeftAlone];
    let path = "1741000/deadly.pdf";
    let deadly =
        Paper { outcome: Outcome::Partial, notes, ..paper(A, path, "남겨 둔 문서", "가") };
    house.take(&deadly).await;
    for (key, left_alone) in [(&only_a, 1), (&only_b, 0)] {
        let queues = get(&house, key, "/v1/queues").await.json();
        let expected = serde_json::json!({ "left_alone": left_alone, "doubtful": 0 });
        assert_eq!(queues["shortfall"], expected);
        let found = get(&house, key, "/v1/search?reason=left_alone").await.json();
        assert_eq!(found["total"], left_alone, "{found}");
        let listed = page(&house, key, "/queues").await.body;
        assert_eq!(listed.contains("href=\"/?reason=left_alone\""), left_alone == 1);
    }
    let shown = page(&house, &only_a, "/?reason=left_alone").await.body;
    assert!(shown.contains("남겨 둔 문서") && shown.contains("빼기: 남겨 둔 것이 있음"), "{shown}");
    let jobs = get(&house, &only_a, "/v1/jobs?state=done").await.json();
    let job = jobs["jobs"].as_array().unwrap().iter().find(|job| job["path"] == path).unwrap();
    let bearer = format!("Bearer {only_a}");
    let retry = format!("/v1/jobs/{}/retry", job["id"]);
    let reply = send(&house, request("POST", &retry, &[("authorization", &bearer)])).await;
    assert_eq!(reply.status, 409);
    assert!(reply.body.contains("madang reprocess"), "{}", reply.body);
    let unknown = get(&house, &only_a, "/v1/jobs?state=bla").await;
    assert!(unknown.body.contains("`waiting`"), "{}", unknown.body);
}

/// What is recognised just now is named with how far that has come, to those who may see it.
#[tokio::test]
async fn what_is_in_work_is_named_with_how_far_it_has_come() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    house.see_all(A, &["quick.txt".to_owned(), "scan.pdf".to_owned()]).await;
    let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
    let claims = house
        .ledger
        .claim(&worker, None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    let scan = claims.iter().find(|claim| claim.object.path == "scan.pdf").unwrap().ticket.job;
    let say = |done| {
        let headway = Headway::new(Stretch::Pages, done, Some(40));
        house.recognised.0.lock().unwrap().insert(scan, headway);
    };
    say(3);
    let queues = get(&house, &only_a, "/v1/queues").await.json();
    let running = queues["running"].as_array().unwrap();
    assert_eq!(running.len(), 2, "{queues}");
    assert_eq!((&running[0]["path"], &running[0]["job"]), (&"scan.pdf".into(), &scan.into()));
    assert_eq!(running[0]["progress"]["sentence"]["ko"], "40쪽 가운데 3쪽 인식함");
    assert_eq!((&running[1]["path"], &running[1]["progress"]), (&"quick.txt".into(), &Null));
    say(4);
    let job = get(&house, &only_a, &format!("/v1/jobs/{scan}")).await.json();
    let progress = &job["progress"];
    assert_eq!((&progress["done"], &progress["all"]), (&4.into(), &40.into()), "{job}");
    assert_eq!(progress["counted"], "pages");
    let shown = page(&house, &only_a, "/queues?state=leased").await.body;
    assert!(shown.contains("지금 읽는 것"), "{shown}");
    let told = format!("<strong data-headway=\"{scan}\">40쪽 가운데 4쪽 인식함</strong>");
    assert_eq!(shown.matches(&told).count(), 2, "in work, and in the list of jobs: {shown}");
    // Another agency's is nobody's business.
    let hidden = get(&house, &only_b, "/v1/queues").await.json();
    assert_eq!(hidden["running"].as_array().map(Vec::len), Some(0), "{hidden}");
    assert!(!page(&house, &only_b, "/queues").await.body.contains("scan.pdf"));
}

/// To release what is out of sight because its folder is would withdraw all of it: the operator is told so first.
#[tokio::test]
async fn what_is_held_of_a_source_that_is_away_is_released_only_for_good() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let name = pipeline(A);
    house.ledger.hold_back(&name, 40, 40).await.unwrap();
    let away = Condition {
        kind: Kind::SourceAway,
        subject: Subject::of(&name, &A.parse().unwrap()),
        since: house::now(),
        message: "no such folder".into(),
    };
    house.board.0.lock().unwrap().push(away);
    let release = async |key: &str, query: &str| {
        let bearer = format!("Bearer {key}");
        let path = format!("/v1/queues/{name}/release{query}");
        send(&house, request("POST", &path, &[("authorization", &bearer)])).await
    };
    let held =
        async || get(&house, &only_a, "/v1/queues").await.json()["queues"][0]["held"].clone();
    assert_eq!(held().await["away"], true);
    let listed = page(&house, &only_a, "/queues?hl=en").await.body;
    assert!(listed.contains("The source is away") && listed.contains("release?gone=true"));
    for (query, status) in [("", 409), ("?gone=false", 409), ("?gone=yes", 400), ("?all=true", 400)]
    {
        let refused = release(&only_a, query).await;
        assert_eq!(refused.status, status, "{query}: {}", refused.body);
        assert_eq!(status == 409, refused.body.contains("40 of 40"), "{}", refused.body);
    }
    assert_eq!(release(&only_b, "?gone=true").await.status, 404);
    assert_eq!(held().await["released"], false);
    let released = release(&only_a, "?gone=true").await;
    assert_eq!((released.status.as_u16(), released.json()["withdraws"].as_u64()), (200, Some(40)));
    assert_eq!(held().await["released"], true, "whichever process lists the source next reads it");

    // One that is there is released as ever.
    house.board.0.lock().unwrap().clear();
    house.ledger.end_hold(&name).await.unwrap();
    house.ledger.hold_back(&name, 12, 20).await.unwrap();
    let page = page(&house, &only_a, "/queues?hl=en").await.body;
    assert!(page.contains("Mass disappearance held") && !page.contains("gone=true"));
    assert_eq!(release(&only_a, "").await.json()["withdraws"], 12);
}

#[tokio::test]
async fn readiness_says_in_words_what_is_wrong_and_names_nothing() {
    let Rig { house, admin, only_a, only_b, .. } = rig().await;
    assert_eq!(send(&house, request("GET", "/readyz", &[])).await.body, "ok\n");
    let away = Condition {
        kind: Kind::SourceAway,
        subject: Subject::of(&pipeline(A), &A.parse().unwrap()),
        since: house::now(),
        message: "/srv/drop/secret: no such folder".into(),
    };
    house.board.0.lock().unwrap().push(away);
    let told = send(&house, request("GET", "/readyz", &[])).await;
    assert_eq!(told.status, 200, "what ails one agency must not take the others off the air");
    assert!(told.body.contains("A source cannot be read"), "{}", told.body);

    let full = Condition {
        kind: Kind::DiskLow,
        subject: Subject::service(),
        since: house::now(),
        message: "/srv/data has 12 MiB left".into(),
    };
    house.board.0.lock().unwrap().push(full);
    let told = send(&house, request("GET", "/readyz", &[])).await;
    assert_eq!(told.status, 503);
    assert!(told.body.contains("disk of the data folder is almost full"), "{}", told.body);
    for secret in ["/srv", "press-", "1741000", "MiB"] {
        assert!(!told.body.contains(secret), "{}", told.body);
    }

    // Who may see the agency is told which source, who may not is told of the disk alone.
    for (key, words) in [(&admin, 2), (&only_a, 2), (&only_b, 1)] {
        let queues = get(&house, key, "/v1/queues").await.json();
        assert_eq!(queues["conditions"].as_array().unwrap().len(), words);
        let metrics = get(&house, key, "/metrics").await.body;
        assert_eq!(metrics.matches("madang_condition{").count(), words, "{metrics}");
        let shown = page(&house, key, "/queues").await.body;
        assert!(shown.contains("빈 공간이 거의 없습니다"), "{shown}");
        assert_eq!(shown.contains("/srv/drop/secret"), words == 2);
    }
    house.board.0.lock().unwrap().clear();
    assert_eq!(send(&house, request("GET", "/readyz", &[])).await.status, 200);
}

/// Fault 16: what cannot be taken has a name, a reason and a cure, and is counted.
#[tokio::test]
async fn what_is_left_out_is_told_with_its_cure() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let left_out =
        |key: &str, kind, reason: &str| LeftOut { key: key.into(), kind, reason: reason.into() };
    let pipe = object_key::from_bytes(b"1741000/\xba\xb8.pipe");
    let of_a = [
        left_out("1741000/link\u{202e}.hwp", LeftOutKind::Link, "points to /etc/passwd"),
        left_out(&pipe, LeftOutKind::Fifo, "a named pipe"),
    ];
    house.ledger.leave_out(&pipeline(A), &of_a).await.unwrap();
    let of_b = [left_out("6110000/deep", LeftOutKind::TooLong, "4,200 bytes")];
    house.ledger.leave_out(&pipeline(B), &of_b).await.unwrap();

    for (key, expected) in [(&admin, 3), (&only_a, 2), (&only_b, 1)] {
        let told = get(&house, key, "/v1/left-out").await.json();
        assert_eq!(told["left_out"].as_array().unwrap().len(), expected);
        let balance = get(&house, key, "/v1/ledger/balance").await.json();
        assert_eq!(balance["left_out"], expected);
        assert_eq!(
            (balance["received"].as_u64(), balance["holds"].as_bool()),
            (Some(0), Some(true))
        );
    }
    let page_one = get(&house, &only_a, "/v1/left-out?limit=1").await.json();
    assert_eq!(page_one["left_out"][0]["kind"], "link");
    let after = percent(page_one["next"].as_str().unwrap());
    let rest = get(&house, &only_a, &format!("/v1/left-out?after={after}")).await.json();
    assert_eq!(rest["left_out"].as_array().unwrap().len(), 1);
    assert_eq!(rest["left_out"][0]["name"], "1741000/보.pipe");
    assert_eq!(rest["left_out"][0]["path"], pipe);
    assert!(rest["left_out"][0]["sentence"]["ko"].as_str().unwrap().contains("파이프"));
    assert_eq!(get(&house, &only_a, "/v1/left-out?after=x").await.status, 400);

    let shown = page(&house, &only_a, "/queues").await.body;
    assert!(shown.contains("링크는 따라가지 않습니다") && shown.contains("보.pipe"), "{shown}");
    assert!(!shown.contains('\u{202e}') && !shown.contains("6110000/deep"));
}

/// What was passed over has a name, a reason and a cure, and is done again for who may see it.
#[tokio::test]
async fn what_was_passed_over_is_told_and_done_again() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let id = house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    let note = |by: &str, kind, subject: &str, agency: &str| NewNote {
        by: By::parse(by).unwrap(),
        kind,
        subject: subject.into(),
        agency: Some(agency.parse().unwrap()),
        reason: "odd\u{202e}".into(),
        tries: 5,
    };
    for noted in [
        note("index/1741000", NoteKind::TextLost, &id.to_string(), A),
        note("source/b", NoteKind::ObjectRefused, "6110000/b.pdf", B),
    ] {
        house.ledger.note(&noted).await.unwrap();
    }
    for (key, expected) in [(&admin, 2), (&only_a, 1), (&only_b, 1)] {
        let told = get(&house, key, "/v1/notes").await.json();
        assert_eq!(told["notes"].as_array().unwrap().len(), expected);
        assert_eq!(get(&house, key, "/v1/queues").await.json()["noted"], expected);
    }
    let told = get(&house, &only_a, "/v1/notes?limit=1").await.json();
    let first = &told["notes"][0];
    assert_eq!((&first["kind"], &first["tries"]), (&"text_lost".into(), &5.into()));
    assert!(first["sentence"]["ko"].as_str().unwrap().contains("다시"));
    assert_eq!(told["next"], first["id"]);
    let rest = get(&house, &only_a, &format!("/v1/notes?after={}", told["next"])).await.json();
    assert!(rest["notes"].as_array().unwrap().is_empty() && rest["next"].is_null());
    assert_eq!(get(&house, &only_a, "/v1/notes?after=x").await.status, 400);
    let shown = page(&house, &only_a, "/queues").await.body;
    assert!(shown.contains(&format!("/v1/notes/{}/redo", first["id"])), "{shown}");
    assert!(!shown.contains('\u{202e}') && !shown.contains("6110000/b.pdf"));
    let titled = r#"<option value="text_lost">글이 사라짐</option>"#;
    assert!(shown.contains(titled), "the kinds stand there in words: {shown}");

    let redo = format!("/v1/notes/{}/redo", first["id"]);
    assert_eq!(post(&house, &only_b, &redo, "").await.status, 404, "hidden");
    let before = house.ledger.last_seq().await.unwrap();
    assert_eq!(post(&house, &only_a, &redo, "").await.status, 200);
    assert_eq!(house.ledger.last_seq().await.unwrap(), before + 1, "its readers are told again");
    let many = post(&house, &admin, "/v1/notes/redo", r#"{"kind":"object_refused"}"#).await;
    assert_eq!(many.json()["notes"], 1);
    assert_eq!(post(&house, &admin, "/v1/notes/redo", "").await.json()["notes"], 2);
    assert_eq!(post(&house, &admin, "/v1/notes/redo", r#"{"kind":"x"}"#).await.status, 400);
}

/// What stands on a page outside of what is marked as being in English.
fn korean(page: &str) -> String {
    let mut parts = page.split("<details class=\"remark\">");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once("</details>").unwrap().1)
}

/// Who reads Korean is told in Korean; what programs said stands folded behind it.
#[tokio::test]
async fn a_korean_page_of_queues_speaks_korean() {
    let Rig { house, admin, .. } = rig().await;
    let broken = Paper {
        outcome: Outcome::Corrupt,
        ..paper(A, "1741000/깨진 문서.pdf", "깨진", "가")
    };
    house.take(&broken).await;
    let note = NewNote {
        by: By::parse("index/1741000").unwrap(),
        kind: NoteKind::RecordRefused,
        subject: "1741000/가.pdf".into(),
        agency: Some(A.parse().unwrap()),
        reason: "the record has no title".into(),
        tries: 0,
    };
    house.ledger.note(&note).await.unwrap();
    let left_out =
        |key: &str, kind, reason: &str| LeftOut { key: key.into(), kind, reason: reason.into() };
    let left_out = [
        left_out("1741000/잠김", LeftOutKind::Unreadable, "permission denied"),
        left_out("1741000/관", LeftOutKind::Fifo, "a named pipe holds nothing"),
    ];
    house.ledger.leave_out(&pipeline(A), &left_out).await.unwrap();
    house.board.0.lock().unwrap().push(Condition {
        kind: Kind::SourceAway,
        subject: Subject::of(&pipeline(A), &A.parse().unwrap()),
        since: house::now(),
        message: "no such folder".into(),
    });
    let english = ["could not read", "has no title", "permission denied", "no such folder"];
    let shown = page(&house, &admin, "/queues").await.body;
    let told = korean(&shown);
    for words in english {
        assert!(shown.contains(words), "{words} is there for who looks: {shown}");
        assert!(!told.contains(words), "{words}: {told}");
    }
    assert!(!shown.contains("a named pipe"), "the sentence says it already: {shown}");
    assert!(told.contains("파일이 손상되어 읽지 못했습니다"), "why, as a sentence: {told}");
    assert!(told.contains("<li>읽기</li>") && told.contains("색인 1741000"), "{told}");
    // In English it stands where it is read.
    let shown = page(&house, &admin, "/queues?hl=en").await.body;
    assert!(!shown.contains("<details class=\"remark\">"), "{shown}");
    assert!(english.iter().all(|words| shown.contains(words)), "{shown}");
}

/// One path of thousands of characters does not hide all the others.
#[tokio::test]
async fn a_very_long_path_is_shortened_in_lists() {
    let Rig { house, admin, .. } = rig().await;
    let deep = format!("1741000/{}끝.hwp", "깊은 폴더/".repeat(733));
    let one = LeftOut { key: deep.clone(), kind: LeftOutKind::TooLong, reason: "too long".into() };
    house.ledger.leave_out(&pipeline(A), &[one]).await.unwrap();
    let shown = page(&house, &admin, "/queues").await.body;
    let path = shown.split("<p class=\"path\"><bdi>").nth(1).unwrap().split('<').next().unwrap();
    assert!(path.chars().count() <= 200, "{path}");
    assert!(path.starts_with("1741000/깊은") && path.contains('…') && path.ends_with("끝.hwp"));
    let told = get(&house, &admin, "/v1/left-out").await.json();
    assert_eq!(told["left_out"][0]["name"], deep, "programs get all of it");
}

/// What cannot be taken back by a glance is asked about first, and the question works without a script.
#[tokio::test]
async fn what_takes_something_away_is_asked_about() {
    let Rig { house, admin, .. } = rig().await;
    let broken =
        Paper { outcome: Outcome::Timeout, ..paper(A, "1741000/slow.pdf", "느린", "가") };
    house.take(&broken).await;
    house.ledger.hold_back(&pipeline(A), 1200, 2000).await.unwrap();
    let job =
        get(&house, &admin, "/v1/jobs?state=quarantined").await.json()["jobs"][0]["id"].clone();
    for (language, named, count) in
        [("ko", "slow.pdf", "1,200건"), ("en", "slow.pdf", "1,200 files")]
    {
        let shown = page(&house, &admin, &format!("/queues?hl={language}")).await.body;
        for (id, address, names) in [
            (format!("discard-{job}"), format!("/v1/jobs/{job}/drop"), named),
            (
                format!("release-{}", pipeline(A)),
                format!("/v1/queues/{}/release", pipeline(A)),
                count,
            ),
        ] {
            let opener = format!(r#"<button class="danger" type="button" popovertarget="{id}">"#);
            let question = format!(r#"<div class="question" id="{id}" popover role="dialog""#);
            let (before, rest) = shown.split_once(&question).unwrap();
            assert!(before.ends_with("</button>") && before.contains(&opener), "{before}");
            let question = rest.split("</form></div></div>").next().unwrap();
            assert!(question.contains(names), "it says what it is about: {question}");
            let form = format!(r#"<form method="post" action="{address}">"#);
            assert!(question.contains(&form), "{question}");
            assert_eq!(shown.matches(&form).count(), 1, "there is no other way: {shown}");
        }
    }
}

/// Who is to say whether files are really gone is told which they are.
#[tokio::test]
async fn a_held_disappearance_names_its_files() {
    let Rig { house, admin, .. } = rig().await;
    let paths: Vec<String> = (10..35).map(|n| format!("1741000/보고 {n}.hwp")).collect();
    house.see_all(A, &paths).await;
    // All of it: what the ledger knows. A part of it: what the source misses.
    for (missing, known, name, rest) in
        [(25, 25, "1741000/보고 10.hwp", "5"), (1200, 2000, "1741000/사라진 글 1.hwp", "1,180")]
    {
        house.ledger.hold_back(&pipeline(A), missing, known).await.unwrap();
        for (language, more) in
            [("ko", format!("그 밖 {rest}건")), ("en", format!("and {rest} more"))]
        {
            let shown = page(&house, &admin, &format!("/queues?hl={language}")).await.body;
            let files = shown.split("<ul class=\"held\">").nth(1).unwrap();
            let files = files.split("</ul>").next().unwrap();
            assert_eq!(files.matches("<bdi>").count(), 20, "{files}");
            assert!(
                files.contains(&format!("<bdi>{name}</bdi>")) && files.contains(&more),
                "{files}"
            );
        }
        let told = get(&house, &admin, "/v1/queues").await.json();
        let held =
            &told["queues"].as_array().unwrap().iter().find(|q| q["name"] == pipeline(A)).unwrap()
                ["held"];
        assert_eq!(
            (held["first"].as_array().unwrap().len(), &held["first"][0]),
            (20, &name.into())
        );
    }
    house.ledger.end_hold(&pipeline(A)).await.unwrap();
    assert!(!page(&house, &admin, "/queues").await.body.contains("사라진 파일"));
}

#[tokio::test]
async fn what_the_operator_discarded_is_not_said_to_be_gone_and_can_be_retried() {
    let Rig { house, admin, .. } = rig().await;
    let broken =
        Paper { outcome: Outcome::Timeout, ..paper(A, "1741000/slow.pdf", "느린", "가") };
    let id = house.take(&broken).await;
    let jobs = get(&house, &admin, "/v1/jobs?state=quarantined").await.json();
    let job = jobs["jobs"][0]["id"].as_i64().unwrap();
    assert_eq!(post(&house, &admin, &format!("/v1/jobs/{job}/drop"), "").await.status, 200);
    let document = get(&house, &admin, &format!("/v1/documents/{id}")).await;
    assert_eq!(document.status, 410);
    assert!(document.body.contains("discarded by the operator"), "{}", document.body);
    let receipt = get(&house, &admin, &format!("/v1/receipts/{id}")).await.json();
    assert_eq!(receipt["state"], "discarded", "{receipt}");
    assert!(receipt["sentence"]["en"].as_str().unwrap().contains("discarded by the operator"));
    let listed = page(&house, &admin, "/queues?state=cancelled").await.body;
    assert!(listed.contains(&format!("/v1/jobs/{job}/retry")), "{listed}");
    assert_eq!(post(&house, &admin, &format!("/v1/jobs/{job}/retry"), "").await.status, 200);
    assert_eq!(get(&house, &admin, &format!("/v1/jobs/{job}")).await.json()["state"], "ready");
}
