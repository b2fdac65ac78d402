//! The formats in which one notice lies about find each other, and what an older stage looked at is looked at anew.

use madang_document::id::DocumentId;
use madang_tests::ground::scenario::{Scenario, said};
use madang_tests::ground::service::Service;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// A notice about something, of some fifty lines that no other notice has.
fn notice(about: &str) -> Vec<String> {
    (1..50u32)
        .map(|n| {
            let number = n.wrapping_mul(2_654_435_761) ^ about.chars().map(u32::from).sum::<u32>();
            format!("{about} 제{n}조 관리번호 {number}호는 {}일 안에 처리한다", number % 97)
        })
        .collect()
}

fn relations(answer: &Value) -> Vec<(&str, &str)> {
    let all = answer["similar"].as_array().unwrap().iter();
    all.map(|one| (one["path"].as_str().unwrap(), one["relation"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_renditions_of_a_notice_find_each_other() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("flood", "6110000");
    let (one, other) = (notice("수문"), notice("청사"));
    let text = one.join("\n");
    let page = format!("<html><body><h1>수문</h1><p>{}</p></body></html>", one.join("</p><p>"));
    let rich: String = text.chars().map(|c| format!("\\u{}?", u32::from(c) as i16)).collect();
    // As a reader of a scan might give it: every thirtieth letter is another one.
    let scan: String =
        (0..).zip(text.chars()).map(|(n, c)| if n % 30 == 7 { '뷁' } else { c }).collect();
    scenario.write("drop/press/공고.txt", &text);
    scenario.write("drop/press/공고.html", &page);
    scenario.write("drop/press/다른 공고.txt", other.join("\n"));
    scenario.write("drop/flood/공고.rtf", format!("{{\\rtf1\\ansi\\uc1 {rich}}}"));
    scenario.write("drop/flood/스캔.txt", &scan);
    scenario.write("drop/flood/사본.txt", &text);
    // Of the same template, about something else.
    scenario.write("drop/flood/형제.txt", text.replace("수문", "교량"));
    scenario.once(&[]);

    // As if no stage had looked at one of them.
    let mut conn = SqliteConnectOptions::new()
        .filename(scenario.path("data/ledger.db"))
        .connect()
        .await
        .unwrap();
    let query = "UPDATE document SET stages = NULL WHERE path = (SELECT id FROM path WHERE path = '공고.html')";
    assert_eq!(sqlx::query(query).execute(&mut conn).await.unwrap().rows_affected(), 1);
    conn.close().await.unwrap();
    let again = scenario.succeed(&["queue", "redrive", "--stage", "text_fingerprint"]);
    assert!(again.contains("1 job is ready again"), "{again}");
    let refused = scenario.run(&["queue", "redrive", "--stage", "fingerprint"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("text_fingerprint, picture_fingerprint"), "{}", said(&refused));
    let all =
        scenario.succeed(&["queue", "redrive", "--stage", "text_fingerprint", "--below", "9"]);
    assert!(all.contains("6 jobs are ready again"), "{all}");
    scenario.once(&[]);

    let service = Service::start(&scenario, &[]).await;
    service.settled(7).await;
    let similar = async |store: &str, path: &str| {
        let id = DocumentId::new(store, path, None);
        service.get(&format!("/v1/documents/{id}/similar")).await
    };
    let found = similar("press", "공고.txt").await;
    let mut found = relations(&found);
    assert_eq!(found.first(), Some(&("사본.txt", "copy")), "{found:?}");
    found.sort_unstable();
    let all = [
        ("공고.html", "rendition"),
        ("공고.rtf", "rendition"),
        ("사본.txt", "copy"),
        ("스캔.txt", "rendition"),
        ("형제.txt", "alike"),
    ];
    assert_eq!(found, all);
    assert_eq!(relations(&similar("press", "다른 공고.txt").await), []);
    service.stop().await;
}
