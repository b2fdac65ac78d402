use super::ground::Ground;
use super::sample::{answer, ask, partition, put, put_at, record};
use crate::index::IndexError;
use crate::query::{Hits, SearchError};
use crate::record::Record;

/// When a partition is damaged, the others answer as if it were not there and the answer names it; it says so
/// itself, and works again when it is cleared.
pub fn damage_stays_in_its_partition(ground: &mut dyn Ground) {
    let index = ground.index();
    for digit in 0..3 {
        let records = (0..20).map(|n| {
            let text = format!("도로 정비 계획 {n} 안전 점검");
            let path = format!("{digit}/{n}");
            put(Record { partition: partition(digit), ..record(&path, &[text.as_str()]) })
        });
        index.apply(&partition(digit), &records.collect::<Vec<_>>(), 5).unwrap();
    }
    let queries = ["도로 점검", "\"정비 계획\"", "정*", ""].map(ask);
    let others = [partition(0), partition(2)];
    let expected = queries.clone().map(|query| index.search(&others, &query).unwrap());
    drop(index);
    let index = &ground.damage(&partition(1));

    assert!(matches!(index.checkpoint(&partition(1)), Err(IndexError::Damaged { .. })));
    let late = put_at(2, Record { partition: partition(1), ..record("1/0", &["도로"]) });
    let late = index.apply(&partition(1), &[late], 6);
    assert!(matches!(late, Err(IndexError::Damaged { .. })), "{late:?}");
    assert!(matches!(index.verify(&partition(1)), Err(IndexError::Damaged { .. })));
    assert_eq!(index.partitions().unwrap(), [partition(0), partition(1), partition(2)]);
    for (query, expected) in queries.iter().zip(expected) {
        let expected = Hits { missing: vec![partition(1)], ..expected };
        assert_eq!(answer(index, query), expected, "{query:?}");
    }
    let refused = index.search(&[partition(1)], &ask("도로"));
    let Err(SearchError::Rebuild { partitions, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(partitions, [partition(1)]);
    index.apply(&partition(0), &[], 6).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(6));

    index.clear(&partition(1)).unwrap();
    let anew = Record { partition: partition(1), ..record("1/0", &["도로"]) };
    index.apply(&partition(1), &[put(anew)], 6).unwrap();
    let hits = answer(index, &ask("도로"));
    assert_eq!((hits.total, hits.missing), (41, vec![]));
}
