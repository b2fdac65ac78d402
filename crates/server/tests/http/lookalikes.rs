use madang_document::annotation::{Annotation, Finding};
use madang_document::fingerprint::Fingerprint;

use crate::house::{A, B, Paper};
use crate::reply::get;
use crate::rig::{Rig, paper, rig};

fn text(bits: u64) -> Vec<Annotation> {
    let finding = Finding::Text { fingerprint: Fingerprint::new([bits, 0, 0, 0]), shingles: 100 };
    vec![Annotation { stage: "text_fingerprint".into(), version: 1, finding }]
}

fn like<'a>(agency: &'a str, path: &'a str, bits: u64) -> Paper<'a> {
    Paper { annotations: text(bits), ..paper(agency, path, path, "글") }
}

/// What another agency holds is absent, whatever is asked: neither found nor counted, nor in the place of something else.
#[tokio::test]
async fn what_looks_alike_is_told_as_far_as_whoever_asks_may_see() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let id = house.take(&like(A, "1741000/a.hwp", 0)).await;
    let near = house.take(&like(A, "1741000/a.pdf", 7)).await;
    let path = format!("/v1/documents/{id}/similar");
    let alone = get(&house, &only_a, &path).await.body;
    let hidden = house.take(&like(B, "6110000/a.pdf", 1)).await;
    let similar = |body: &str| -> Vec<String> {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let all = body["similar"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(similar(&alone), [near.to_string()]);
    let shown: serde_json::Value = serde_json::from_str(&alone).unwrap();
    let one = &shown["similar"][0];
    assert_eq!(
        (&one["relation"], &one["title"]),
        (&"rendition".into(), &"1741000/a.pdf".into()),
        "{one}"
    );
    assert_eq!((&one["agency"], &one["here"]), (&A.into(), &serde_json::Value::Null), "{one}");
    for limit in ["", "?limit=1", "?limit=100"] {
        let seen = get(&house, &only_a, &format!("{path}{limit}")).await;
        assert_eq!((seen.status.as_u16(), seen.body.as_str()), (200, alone.as_str()), "{limit}");
    }
    let all = get(&house, &admin, &path).await.body;
    assert_eq!(similar(&all), [hidden.to_string(), near.to_string()]);
    let absent = path.replace(&id.to_string(), "00000000-0000-5000-8000-000000000000");
    let (refused, missing) =
        (get(&house, &only_b, &path).await, get(&house, &only_b, &absent).await);
    assert_eq!((refused.status.as_u16(), refused.body), (404, missing.body));
    assert_eq!(get(&house, &only_a, &format!("{path}?limit=0")).await.status, 400);
    // Its page names them, and nobody else's.
    let page = format!("/documents/{id}");
    let (own, whole) = (get(&house, &only_a, &page).await, get(&house, &admin, &page).await);
    assert!(
        own.body.contains("id=\"renditions\"") && own.body.contains(&near.to_string()),
        "{}",
        own.body
    );
    assert!(!own.body.contains(&hidden.to_string()) && whole.body.contains(&hidden.to_string()));
    let lonely = house.take(&paper(A, "1741000/b.hwp", "홀로", "다른 글")).await;
    let lonely = get(&house, &only_a, &format!("/documents/{lonely}")).await.body;
    assert!(!lonely.contains("renditions"), "{lonely}");
    // The document itself shows what the stages found.
    let document = get(&house, &only_a, &format!("/v1/documents/{near}")).await.body;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let said = &document["annotations"][0];
    assert_eq!(
        (&said["stage"], &said["version"]),
        (&"text_fingerprint".into(), &1.into()),
        "{said}"
    );
}

/// Its former address tells where a file is that was moved, to those who may see it there.
#[tokio::test]
async fn a_file_that_was_moved_is_found_by_its_former_address() {
    let Rig { house, admin, only_a, .. } = rig().await;
    // The bytes of a paper are those of its title.
    let of = |agency, path| paper(agency, path, "공고", "같은 글");
    let id = house.take(&of(A, "1741000/옛/공고.hwp")).await;
    let theirs = house.take(&of(B, "6110000/공고.hwp")).await;
    house.withdraw("1741000/옛/공고.hwp").await;
    let path = format!("/v1/documents/{id}");
    let alone = get(&house, &only_a, &path).await;
    assert_eq!(alone.status, 410);
    assert!(!alone.body.contains("moved_to"), "{}", alone.body);
    let seen = get(&house, &admin, &path).await.body;
    assert!(seen.contains(&format!("\"moved_to\":\"{theirs}\"")), "{seen}");
    let new = house.take(&of(A, "1741000/새/공고.hwp")).await;
    let moved = get(&house, &only_a, &path).await;
    assert_eq!(moved.status, 410);
    let body: serde_json::Value = serde_json::from_str(&moved.body).unwrap();
    assert_eq!(body["moved_to"], new.to_string());
    assert!(body["detail_ko"].as_str().unwrap().contains("1741000/새/공고.hwp"), "{body}");
}
