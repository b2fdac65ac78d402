use std::collections::BTreeSet;
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::media_type::MediaType;

use super::sample::{agency, ask, partition, put, reader, record};
use crate::index::Index;
use crate::query::{Facet, Query};
use crate::record::Record;
use crate::scoped_searcher::ScopedSearcher;

/// A principal sees the agencies of its scope, and a filter by agency only narrows that.
pub fn scope_isolates(index: &Arc<dyn Index>) {
    for digit in 0..3 {
        let owner = partition(digit);
        let one =
            Record { partition: owner.clone(), ..record(&format!("{digit}"), &["비밀 도로"]) };
        index.apply(&owner, &[put(one)], 1).unwrap();
    }
    let searcher = ScopedSearcher::new(Arc::clone(index));
    let search = |scope: &[Agency], query: &Query| {
        let hits = searcher.search(&reader(scope), query).unwrap();
        let seen: Vec<String> = hits.hits.iter().map(|hit| hit.agency.to_string()).collect();
        assert_eq!(hits.total, seen.len() as u64);
        seen.into_iter().collect::<BTreeSet<String>>()
    };
    let facets = Query { facets: vec![Facet::Agency], ..ask("비밀") };
    let set = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(search(&[], &facets), set(&[]));
    assert_eq!(search(&[agency(1)], &facets), set(&["1741001"]));
    assert_eq!(search(&[agency(0), agency(2)], &facets), set(&["1741000", "1741002"]));
    let narrowed = Query { agencies: vec![agency(1), agency(2)], ..facets.clone() };
    assert_eq!(search(&[agency(0), agency(2)], &narrowed), set(&["1741002"]));
    let hits = searcher.search(&reader(&[agency(2)]), &facets).unwrap();
    assert_eq!(hits.facets, [(Facet::Agency, vec![("1741002".to_owned(), 1)])]);
    let blank = Query { text: String::new(), ..facets };
    assert_eq!(search(&[agency(1)], &blank), set(&["1741001"]));
}

/// Documents of an agency that may not be seen change nothing of an answer: not the hits, nor scores, order,
/// counts, facets, expansions of a prefix or the cursor.
pub fn hidden_documents_change_nothing(index: &Arc<dyn Index>) {
    let seen = ["도로 정비 계획", "도로 점검 결과 도로", "하천 정비 공사", "정보화 계획"];
    for (n, text) in seen.iter().enumerate() {
        let owner = partition((n % 2) as u8);
        let one = Record { partition: owner.clone(), ..record(&format!("open/{n}"), &[text]) };
        index.apply(&owner, &[put(one)], n as u64 + 1).unwrap();
    }
    let queries =
        ["도로", "도로 정비", "정*", "\"정비 계획\"", "계획 -하천", ""].map(|text| Query {
            limit: 1,
            first: 9,
            facets: vec![Facet::Agency, Facet::Kind, Facet::MediaType, Facet::Year],
            ..ask(text)
        });
    let scope = reader(&[agency(0), agency(1)]);
    let searcher = ScopedSearcher::new(Arc::clone(index));
    let ask_all = || queries.clone().map(|query| searcher.search(&scope, &query).unwrap());
    let before = ask_all();
    assert!(before.iter().all(|hits| hits.total > 0), "{before:?}");
    let hidden = (0..40).map(|n| {
        let text = "정비 도로 정류장 정보 계획 하천 ".repeat(n % 5 + 1);
        put(Record {
            partition: partition(2),
            media_type: MediaType::new("text/plain"),
            ..record(&format!("hidden/{n}"), &[text.as_str()])
        })
    });
    index.apply(&partition(2), &hidden.collect::<Vec<_>>(), 1).unwrap();
    assert_eq!(before, ask_all());
}
