use madang_document::id::DocumentId;
use madang_document::locator::Locator;

use crate::house::{A, House, Paper};
use crate::reply::{get, page};
use crate::rig::{Rig, paper, rig};

/// Reads a file once more, which comes to this.
async fn again(house: &House, id: DocumentId, paper: &Paper<'_>) {
    use madang_ledger::reprocessing::Reprocessing;
    assert_eq!(house.ledger.reprocess(&[id], "test", &serde_json::Value::Null).await.unwrap(), 1);
    house.take(paper).await;
}

const PATH: &str = "1741000/plan.pdf";

#[tokio::test]
async fn versions_are_shown_as_text_and_scoped_as_their_document() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let bad = "<script>alert(1)</script>";
    let id = house.take(&paper(A, PATH, "앞 제목", &format!("첫 줄\n{bad} 옛\n끝"))).await;
    let before = page(&house, &only_a, &format!("/documents/{id}")).await.body;
    assert!(!before.contains("id=\"versions\""), "it was never another one");
    let title = "뒤 <b>제목</b>\u{202e}";
    again(&house, id, &paper(A, PATH, title, &format!("첫 줄\n{bad} 새\u{1b}[2K\n끝"))).await;

    let shown = page(&house, &only_a, &format!("/documents/{id}")).await.body;
    assert!(shown.contains("id=\"versions\"") && shown.contains("이력"), "{shown}");
    assert!(shown.contains("바뀐 것: 본문, 속성"), "{shown}");
    assert!(shown.contains("href=\"?from=1&amp;to=2#versions\""), "{shown}");
    assert!(!shown.contains("<div class=\"comparison\">"), "nobody asked");
    for address in ["?from=1&to=2", "?from=1", "?to=2"] {
        let shown = page(&house, &only_a, &format!("/documents/{id}{address}")).await;
        assert_eq!(shown.status, 200);
        let shown = shown.body;
        assert!(shown.contains("<details open"), "{shown}");
        assert!(shown.contains("<del>− &lt;script&gt;alert(1)&lt;/script&gt; 옛</del>"), "{shown}");
        assert!(shown.contains("옛</del><ins>+ &lt;script&gt;"), "{shown}");
        assert!(shown.contains("새␛[2K</ins>"), "{shown}");
        assert!(shown.contains("뒤 &lt;b&gt;제목&lt;/b&gt;\\u{202e}"), "{shown}");
        assert!(!shown.contains(bad) && !shown.contains("<b>제목"), "{shown}");
    }
    // What is not there is told, and the document is shown all the same.
    for wrong in ["?from=7", "?from=x"] {
        let shown = page(&house, &only_a, &format!("/documents/{id}{wrong}")).await;
        assert_eq!(shown.status, 200, "{wrong}");
        assert!(shown.body.contains("role=\"alert\"") && shown.body.contains("첫 줄"), "{wrong}");
    }
    let english = page(&house, &only_a, &format!("/documents/{id}?from=1&hl=en")).await.body;
    assert!(english.contains("changed: text, properties"), "{english}");

    for path in ["", "/versions", "/versions/compare", "/versions/compare?from=1&to=2"] {
        let path = format!("/v1/documents/{id}{path}");
        assert_eq!(get(&house, &only_a, &path).await.status, 200, "{path}");
        let absent = path.replace(&id.to_string(), "00000000-0000-5000-8000-000000000000");
        let (hidden, missing) =
            (get(&house, &only_b, &path).await, get(&house, &only_b, &absent).await);
        assert_eq!((hidden.status.as_u16(), hidden.body), (404, missing.body), "{path}");
    }
    assert_eq!(page(&house, &only_b, &format!("/documents/{id}?from=1")).await.status, 404);
    let keyless = get(&house, "madang_no_key", &format!("/v1/documents/{id}/versions")).await;
    assert_eq!(keyless.status, 401);
    assert_eq!(get(&house, &admin, &format!("/v1/documents/{id}")).await.json()["revision"], 2);
}

#[tokio::test]
async fn what_cannot_be_compared_is_told() {
    let Rig { house, admin, .. } = rig().await;
    let id = house.take(&paper(A, PATH, "제목", "같은 글")).await;
    let compared = async |query: &str| {
        let reply =
            get(&house, &admin, &format!("/v1/documents/{id}/versions/compare{query}")).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    // The same words on another page of the document.
    let moved = Paper {
        pieces: vec![(Locator::page(4), "같은 글".to_owned())],
        ..paper(A, PATH, "제목", "")
    };
    again(&house, id, &moved).await;
    let told = compared("").await;
    assert_eq!((&told["text_state"], &told["kinds"][0]), (&"places".into(), &"text".into()));
    let nothing = Paper { pieces: vec![], ..paper(A, PATH, "제목", "") };
    again(&house, id, &nothing).await;
    let told = compared("").await;
    assert_eq!(told["text_state"], "changed");
    assert_eq!(told["text"]["lines"], serde_json::json!(["@@ -1,1 +1,0 @@", "-같은 글"]));
    let same = compared("?from=3&to=3").await;
    assert_eq!((&same["text_state"], &same["kinds"]), (&"same".into(), &serde_json::json!([])));

    // One that is longer than is taken into memory, and one that is lost.
    let long = "가".repeat(11 << 20);
    again(&house, id, &paper(A, PATH, "제목", &long)).await;
    assert_eq!(compared("").await["text_state"], "too_long");
    std::fs::remove_dir_all(house.folder.path().join("blobs")).unwrap();
    std::fs::create_dir(house.folder.path().join("blobs")).unwrap();
    let told = compared("?from=2&to=3").await;
    assert_eq!((&told["text_state"], &told["text"]), (&"lost".into(), &serde_json::Value::Null));
    assert_eq!(told["text_sentence"]["ko"], "본문이 없어져 비교할 수 없습니다.");
    assert_eq!(told["text_sentence"]["en"], "A text is lost, so that it cannot be compared.");
    assert_eq!(told["to"]["why_sentence"]["ko"], "같은 파일을 다시 읽었습니다.");
    assert_eq!(told["from"]["outcome"], "ok");
    assert_eq!(told["from"]["sentence"]["en"], "Read completely.");
    let shown = page(&house, &admin, &format!("/documents/{id}?from=2&to=3")).await.body;
    assert!(shown.contains("본문이 없어져 비교할 수 없습니다"), "{shown}");
}
