use madang_document::outcome::Outcome;
use madang_document::principal::Role;
use madang_ledger::audit::Audit;

use crate::house::{A, B, Paper, pipeline};
use crate::reply::{get, post};
use crate::rig::{Rig, paper, rig};

/// Files are chosen by what is asked for, never beyond the key's agencies.
#[tokio::test]
async fn files_are_chosen_within_the_agencies_of_the_key() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    for n in 0..5 {
        house.take(&paper(A, &format!("1741000/{n}.pdf"), "공개", "가")).await;
    }
    let cut =
        Paper { outcome: Outcome::Partial, ..paper(B, "6110000/깨진/cut.hwp", "남의", "나") };
    let hidden = house.take(&cut).await;
    let chosen = async |key: &str, query: &str| {
        let (mut names, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/reprocess?limit=2{query}{after}");
            let page = get(&house, key, &path).await.json();
            let objects = page["objects"].as_array().unwrap().clone();
            assert!(objects.len() <= 2, "{page}");
            names.extend(objects.iter().map(|one| one["name"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return names,
            }
        }
    };
    assert_eq!(chosen(&admin, "").await.len(), 6);
    assert_eq!(chosen(&only_a, "").await.len(), 5);
    assert_eq!(chosen(&only_a, &format!("&agency={B}")).await.len(), 0);
    // One that is misspelled, or another agency's, is none: the answer is the same.
    for (key, name) in [(&only_a, pipeline(B)), (&admin, "nosuch".into())] {
        let reply = get(&house, key, &format!("/v1/reprocess?pipeline={name}")).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.body);
        assert_eq!(key == &only_a && reply.body.contains(&pipeline(A)), key == &only_a);
    }
    assert_eq!(chosen(&admin, "&outcome=partial").await, ["6110000/깨진/cut.hwp"]);
    assert_eq!(chosen(&only_b, "&glob=**%2F*.hwp").await.len(), 1);
    assert_eq!(chosen(&admin, "&glob=1741000%2F%5B03%5D.pdf").await.len(), 2);
    for wrong in
        ["format=hwp99", "outcome=fine", "since=yesterday", "glob=%5B", "agency=1", "outdated=2"]
    {
        let reply = get(&house, &admin, &format!("/v1/reprocess?{wrong}")).await;
        assert_eq!(reply.status, 400, "{wrong}: {}", reply.body);
    }
    // All of A is read again, and nothing of B.
    // Who says nothing is asked what he means: most often a variable was empty.
    for nothing in ["{}", "", r#"{"agency": [], "outdated": false}"#] {
        let reply = post(&house, &only_a, "/v1/reprocess", nothing).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
        assert!(reply.body.contains("**"), "the cure: {}", reply.body);
    }
    let all = r#"{"glob": "**", "outcome": "ok"}"#;
    let reply = post(&house, &only_a, "/v1/reprocess", all).await;
    assert_eq!(reply.json()["jobs"], 5, "{}", reply.body);
    let acts = house.ledger.acts(0, 99).await.unwrap();
    let act = acts.iter().find(|row| row.act.action == "documents.reprocess").unwrap();
    let detail: serde_json::Value = serde_json::from_str(&act.act.detail).unwrap();
    assert_eq!(detail, serde_json::json!({"glob": "**", "outcome": "ok", "jobs": 5}));
    assert_eq!(chosen(&admin, "").await, ["6110000/깨진/cut.hwp"]);
    assert_eq!(post(&house, &only_a, "/v1/reprocess", all).await.json()["jobs"], 0);
    let tried = post(&house, &only_a, &format!("/v1/documents/{hidden}/trial"), "").await;
    assert_eq!(tried.status, 404, "{}", tried.body);
}

/// What a text would say is told to those only who may read what it says.
#[tokio::test]
async fn a_trial_tells_texts_to_whoever_may_read_them() {
    let Rig { house, admin, .. } = rig().await;
    let id = house.take(&paper(A, "1741000/plan.pdf", "제목", "먼저 읽은 글")).await;
    let operator = house.key("operator", &[Role::Operate], &[]).await;
    let path = format!("/v1/documents/{id}/trial");
    let tried = post(&house, &admin, &path, "").await.json();
    assert_eq!((&tried["state"], &tried["documents"]), (&"changed".into(), &1.into()), "{tried}");
    let change = &tried["changes"][0];
    assert!(change["kinds"].as_array().unwrap().contains(&"text".into()), "{change}");
    assert_eq!(
        change["text"]["lines"],
        serde_json::json!(["@@ -1,1 +1,1 @@", "-먼저 읽은 글", "+다시 읽은 글"])
    );
    let reply = post(&house, &operator, &path, "").await;
    assert_eq!(reply.json()["changes"][0]["kinds"], change["kinds"]);
    assert_eq!(reply.json()["changes"][0]["text"], serde_json::Value::Null);
    assert!(!reply.body.contains("읽은 글"), "{}", reply.body);
    // Nothing was recorded.
    assert_eq!(get(&house, &admin, &format!("/v1/documents/{id}")).await.json()["revision"], 1);
}

/// Why a file cannot be tried is told in both languages, and what passes is told apart from what stays.
#[tokio::test]
async fn what_keeps_a_file_from_being_tried_is_told_in_both_languages() {
    let Rig { house, admin, .. } = rig().await;
    let tried = async |name: &str| {
        let id = house.take(&paper(A, &format!("1741000/{name}.txt"), "제목", "글")).await;
        post(&house, &admin, &format!("/v1/documents/{id}/trial"), "").await
    };
    for (name, kind, ko) in [("gone", "gone", "저장소에"), ("unread", "store", "받지 못했습니다")]
    {
        let told = tried(name).await.json();
        assert_eq!((&told["state"], &told["reason_kind"]), (&name.into(), &kind.into()), "{told}");
        assert!(told["reason_ko"].as_str().unwrap().contains(ko), "{told}");
        assert!(told["reason"].as_str().unwrap().is_ascii(), "{told}");
    }
    let away = tried("away").await;
    assert_eq!((away.status.as_u16(), away.header("retry-after")), (503, "5"), "{}", away.body);
    // Whoever had no turn is told for how long, by a word of its own, and may ask again at once.
    let busy = tried("busy").await;
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (503, "1"), "{}", busy.body);
    let told = busy.json();
    assert_eq!(told["type"], "urn:madang:problem:busy");
    assert!(told["detail"].as_str().unwrap().contains("within 60 seconds"), "{told}");
    let ko = told["detail_ko"].as_str().unwrap();
    assert!(ko.contains("60초") && !ko.contains(|c: char| c.is_ascii_alphabetic()), "{told}");
    let idle = tried("idle").await;
    assert_eq!(idle.status.as_u16(), 409, "{}", idle.body);
    let told = idle.json()["detail_ko"].as_str().unwrap().replace("`madang up`", "");
    assert!(!told.contains(|c: char| c.is_ascii_alphabetic()), "{told}");
}
