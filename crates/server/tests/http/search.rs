use madang_document::partition::Partition;
use madang_index::index::Index;

use crate::house::{A, B};
use crate::reply::{get, page};
use crate::rig::{Rig, paper, rig};

/// Waiting does not mend an index that nobody can read: whoever asks is told whose it is, and what does.
#[tokio::test]
async fn a_search_that_only_a_damaged_index_could_answer_names_the_agency_and_the_cure() {
    let Rig { house, admin, only_b, .. } = rig().await;
    house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    house.take(&paper(B, "6110000/b.pdf", "나", "침수")).await;
    std::fs::remove_file(house.folder.path().join("index").join(B).join("meta.json")).unwrap();
    house.index.apply(&Partition::of(B.parse().unwrap()), &[], 99).unwrap_err();
    assert_eq!(
        get(&house, &admin, "/v1/search?q=x").await.json()["missing"],
        serde_json::json!([B])
    );
    let refused = get(&house, &only_b, "/v1/search?q=x").await;
    assert_eq!(refused.status, 503);
    let problem = refused.json();
    for detail in ["detail", "detail_ko"] {
        let told = problem[detail].as_str().unwrap();
        assert!(told.contains(B) && told.contains("madang index rebuild"), "{told}");
        assert!(!told.contains(A), "{told}");
    }
}

/// An index that is being built anew is named, to whom may see its agency; the others answer.
#[tokio::test]
async fn a_search_names_what_is_missing_from_it() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    house.take(&paper(B, "6110000/b.pdf", "나", "침수")).await;
    let of_b = Partition::of(B.parse().unwrap());
    house.index.clear(&of_b).unwrap();
    house.index.apply(&of_b, &[], 0).unwrap();
    for (key, total, missing) in [(&admin, 1, vec![B]), (&only_a, 1, vec![]), (&only_b, 0, vec![B])]
    {
        let found = get(&house, key, "/v1/search?q=%EC%B9%A8%EC%88%98").await.json();
        assert_eq!(found["total"], total);
        assert_eq!(found["missing"], serde_json::json!(missing));
        for (language, words) in [("ko", "결과에서 빠진 기관"), ("en", "Not in the results")]
        {
            let address = format!("/?q=%EC%B9%A8%EC%88%98&hl={language}");
            let shown = page(&house, key, &address).await.body;
            assert_eq!(shown.contains(words), !missing.is_empty(), "{shown}");
        }
    }
}
