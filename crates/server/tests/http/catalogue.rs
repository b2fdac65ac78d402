use madang_ledger::entries::Entries;

use crate::house::A;
use crate::reply::get;
use crate::rig::{Rig, paper, rig};

#[tokio::test]
async fn the_catalogue_is_paged_and_keeps_tombstones() {
    let Rig { house, admin, .. } = rig().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let path = format!("1741000/{n}.pdf");
        ids.push(house.take(&paper(A, &path, &format!("문서 {n}"), "침수")).await);
    }
    let first = get(&house, &admin, "/v1/catalog?limit=2").await;
    assert_eq!(first.header("content-type"), "application/ld+json");
    let catalog = &first.json()["@graph"][0];
    assert_eq!(catalog["dcat:dataset"].as_array().unwrap().len(), 2);
    let next = catalog["hydra:view"]["hydra:next"]["@id"].as_str().unwrap().to_owned();
    let next =
        get(&house, &admin, next.strip_prefix("http://127.0.0.1:8484").unwrap()).await.json();
    assert_eq!(next["@graph"][0]["dcat:dataset"].as_array().unwrap().len(), 1);

    let changes = get(&house, &admin, "/v1/catalog/changes?limit=2").await.json();
    assert_eq!(changes["changes"].as_array().unwrap().len(), 2);
    let rest = get(&house, &admin, changes["next"].as_str().unwrap()).await.json();
    assert_eq!(rest["changes"].as_array().unwrap().len(), 1);

    let gone = ids[0].to_string();
    house.ledger.withdraw_entries(std::slice::from_ref(&gone)).await.unwrap();
    let tombstone = get(&house, &admin, &format!("/v1/catalog/entries/{gone}")).await;
    assert_eq!(tombstone.status, 410);
    assert!(tombstone.body.contains("concept-status/WITHDRAWN"), "{}", tombstone.body);
}
