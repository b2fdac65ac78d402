use madang_document::partition::Partition;
use madang_index::index::Index;

use crate::house::{A, B};
use crate::reply::{get, page};
use crate::rig::{Rig, paper, rig};

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
