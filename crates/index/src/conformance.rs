//! What every implementation of [`Index`] must do, as plain functions that panic where it does not. A backend's test
//! is a list of calls, each with an index of its own that is empty:
//!
//! ```ignore
//! conformance::upsert_replaces(&index);
//! ```
//!
//! [`Index`]: crate::index::Index

// A conformance function is a test that happens to be public: it reports by panicking.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::content::{Origin, Segment};
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::{Principal, Role, Scope};
use madang_document::timestamp::Timestamp;
use unicode_normalization::UnicodeNormalization;

use crate::index::{Index, IndexError};
use crate::query::{Facet, Hits, Query, SearchError, Sort};
use crate::record::{Change, Record};
use crate::scoped_searcher::ScopedSearcher;

/// An agency whose code ends in this digit.
pub fn agency(digit: u8) -> Agency {
    format!("174100{}", digit % 10).parse().unwrap()
}

/// The partition of [`agency`].
pub fn partition(digit: u8) -> Partition {
    Partition::of(agency(digit))
}

/// Who sees these agencies and may search.
pub fn reader(agencies: &[Agency]) -> Principal {
    Principal {
        name: "key:conformance".into(),
        roles: [Role::Search].into(),
        agencies: Scope::Only(agencies.iter().cloned().collect()),
    }
}

/// A text document at this path in partition 0, with one segment per text, each a page.
pub fn record(path: &str, pages: &[&str]) -> Record {
    let pages = pages.iter().zip(1..).map(|(text, number)| Segment {
        text: (*text).to_owned(),
        locator: Locator::page(number),
        origin: Origin::Native,
        confidence: None,
    });
    Record {
        id: DocumentId::new("conformance", path, None),
        partition: partition(0),
        pipeline: "press".into(),
        path: path.into(),
        title: path.rsplit('/').next().unwrap_or(path).into(),
        keywords: String::new(),
        media_type: MediaType::new("application/pdf"),
        kind: Kind::Document,
        language: Some("ko".into()),
        outcome: Outcome::Ok,
        date: None,
        size: 1000,
        segments: pages.collect(),
    }
}

/// Puts a record, at revision 1.
pub fn put(record: Record) -> Change {
    put_at(1, record)
}

fn put_at(revision: u64, record: Record) -> Change {
    Change::Put { revision, record: Box::new(record) }
}

fn delete_at(revision: u64, path: &str) -> Change {
    Change::Delete { revision, id: DocumentId::new("conformance", path, None) }
}

fn fill(index: &Arc<dyn Index>, records: impl IntoIterator<Item = Record>) {
    let changes: Vec<Change> = records.into_iter().map(put).collect();
    index.apply(&partition(0), &changes, 1).unwrap();
}

/// A query for this text, twenty hits to a page.
pub fn ask(text: &str) -> Query {
    Query { text: text.into(), limit: 20, ..Query::default() }
}

fn answer(index: &Arc<dyn Index>, query: &Query) -> Hits {
    index.search(&index.partitions().unwrap(), query).unwrap()
}

fn paths(hits: &Hits) -> Vec<&str> {
    hits.hits.iter().map(|hit| hit.path.as_str()).collect()
}

/// The paths that a query finds, in order of the alphabet.
#[track_caller]
fn finds(index: &Arc<dyn Index>, query: &Query, expected: &[&str]) {
    let hits = answer(index, query);
    let found: BTreeSet<&str> = paths(&hits).into_iter().collect();
    assert_eq!(found, expected.iter().copied().collect(), "{query:?}");
    assert_eq!(hits.total, expected.len() as u64, "{query:?}");
}

/// A second record of an id replaces the first, in a later batch and in the same one.
pub fn upsert_replaces(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로 정비 계획"])]);
    fill(index, [record("a", &["하수도 점검"]), record("a", &["상수도 점검"])]);
    finds(index, &ask("도로"), &[]);
    finds(index, &ask("하수도"), &[]);
    finds(index, &ask("상수도"), &["a"]);
    let census = index.verify(&partition(0)).unwrap();
    assert_eq!(census.ids, [DocumentId::new("conformance", "a", None)]);
    assert_eq!(census.doubled, []);
}

/// A deleted document is gone; deleting what is not there changes nothing; put after delete stays.
pub fn delete_removes(index: &Arc<dyn Index>) {
    let [a, b] = ["a", "b"].map(|path| record(path, &["도로 정비"]));
    fill(index, [a, b.clone()]);
    let changes = [delete_at(1, "a"), delete_at(1, "none"), delete_at(1, "b"), put(b)];
    index.apply(&partition(0), &changes, 2).unwrap();
    finds(index, &ask("도로"), &["b"]);
    assert_eq!(index.verify(&partition(0)).unwrap().ids.len(), 1);
}

/// The checkpoint is that of the last commit, also of an empty one; an index that was never written has none.
pub fn checkpoint_is_of_the_last_commit(index: &Arc<dyn Index>) {
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), None);
    assert_eq!(index.partitions().unwrap(), []);
    index.apply(&partition(0), &[], 7).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(7));
    index.apply(&partition(0), &[put(record("a", &["도로"]))], 9).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(9));
    assert_eq!(index.checkpoint(&partition(1)).unwrap(), None);
    assert_eq!(index.partitions().unwrap(), [partition(0)]);
}

/// The same changes again leave the same documents.
pub fn apply_is_idempotent(index: &Arc<dyn Index>) {
    let changes =
        [put(record("a", &["도로 정비"])), put(record("b", &["도로 점검"])), delete_at(1, "a")];
    for _ in 0..3 {
        index.apply(&partition(0), &changes, 5).unwrap();
        finds(index, &ask("도로"), &["b"]);
        assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(5));
        assert_eq!(index.verify(&partition(0)).unwrap().doubled, []);
    }
}

/// A lower revision changes nothing, whatever it would do and in whatever batch it comes; an equal one does.
pub fn versions_never_go_back(index: &Arc<dyn Index>) {
    let apply = |changes: &[Change]| index.apply(&partition(0), changes, 1).unwrap();
    apply(&[put_at(5, record("a", &["도로 정비"]))]);
    apply(&[put_at(4, record("a", &["하천 정비"]))]);
    finds(index, &ask("도로"), &["a"]);
    finds(index, &ask("하천"), &[]);
    apply(&[delete_at(4, "a")]);
    finds(index, &ask("도로"), &["a"]);
    apply(&[put_at(5, record("a", &["하수도 정비"]))]);
    finds(index, &ask("하수도"), &["a"]);
    // In one batch, too, the order does not matter.
    apply(&[put_at(7, record("a", &["상수도 정비"])), put_at(6, record("a", &["도로"]))]);
    finds(index, &ask("상수도"), &["a"]);
    apply(&[delete_at(9, "a"), put_at(8, record("a", &["도로"]))]);
    finds(index, &ask(""), &[]);
    // A put that was on its way while the document was deleted.
    apply(&[put_at(8, record("a", &["도로"]))]);
    finds(index, &ask(""), &[]);
    // Nor one of a document that was deleted before the index had heard of it.
    apply(&[delete_at(3, "b")]);
    apply(&[put_at(2, record("b", &["도로"]))]);
    finds(index, &ask(""), &[]);
    apply(&[put_at(10, record("a", &["도로"])), put_at(3, record("b", &["도로"]))]);
    finds(index, &ask("도로"), &["a", "b"]);
    assert_eq!(index.verify(&partition(0)).unwrap().doubled, []);
}

/// The checkpoint does not go back: what a slower caller had in hand is no news, and the next one need not repeat it.
pub fn the_checkpoint_does_not_go_back(index: &Arc<dyn Index>) {
    index.apply(&partition(0), &[put(record("a", &["도로"]))], 9).unwrap();
    index.apply(&partition(0), &[put(record("b", &["도로"]))], 7).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(9));
    finds(index, &ask("도로"), &["a", "b"]);
    index.clear(&partition(0)).unwrap();
    index.apply(&partition(0), &[], 3).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(3));
}

/// While a partition is built (its checkpoint is 0), what it has is found and the answer says that it is not all.
pub fn what_is_being_built_is_missing(index: &Arc<dyn Index>) {
    index.apply(&partition(0), &[put(record("a", &["도로"]))], 0).unwrap();
    let other = Record { partition: partition(1), ..record("b", &["도로"]) };
    index.apply(&partition(1), &[put(other)], 4).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, [partition(0)]);
    finds(index, &ask("도로"), &["a", "b"]);
    let elsewhere = Query { agencies: vec![agency(1)], ..ask("도로") };
    assert_eq!(answer(index, &elsewhere).missing, []);
    index.apply(&partition(0), &[], 4).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, []);

    // From the moment it is cleared, before anything is built.
    index.clear(&partition(0)).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, [partition(0)]);
    index.apply(&partition(0), &[], 5).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, []);
}

/// When a partition is damaged, the others answer as if it were not there and the answer names it; it says so
/// itself, and works again when it is cleared.
///
/// `damage` damages what is stored of a partition and gives the index as it is opened anew.
pub fn damage_stays_in_its_partition(
    index: Arc<dyn Index>,
    damage: impl Fn(Arc<dyn Index>, &Partition) -> Arc<dyn Index>,
) {
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
    let index = &damage(index, &partition(1));

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

/// A record of another partition is refused, and then nothing of the batch is there.
pub fn a_record_of_another_partition_is_refused(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로"])]);
    let foreign = Record { partition: partition(1), ..record("b", &["도로"]) };
    let batch = [put(record("c", &["도로"])), put(foreign)];
    let refused = index.apply(&partition(0), &batch, 8);
    assert!(matches!(refused, Err(IndexError::Refused(_))), "{refused:?}");
    finds(index, &ask("도로"), &["a"]);
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(1));
}

/// A cleared index is empty and has no checkpoint; others stay; it can be filled anew.
pub fn clear_removes_one_partition(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로"])]);
    let other = Record { partition: partition(1), ..record("b", &["도로"]) };
    index.apply(&partition(1), &[put(other)], 3).unwrap();
    index.clear(&partition(0)).unwrap();
    index.clear(&partition(0)).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), None);
    assert_eq!(index.partitions().unwrap(), [partition(0), partition(1)], "it is to be built anew");
    finds(index, &ask("도로"), &["b"]);
    fill(index, [record("c", &["도로"])]);
    finds(index, &ask("도로"), &["b", "c"]);
}

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

/// Filters narrow; several values of one are alternatives.
pub fn filters_narrow(index: &Arc<dyn Index>) {
    let day = |text: &str| Timestamp::parse_start(text);
    fill(
        index,
        [
            Record { date: day("2025-03-01"), ..record("b/press/1.pdf", &["도로"]) },
            Record {
                date: day("2026-01-01"),
                kind: Kind::Table,
                media_type: MediaType::new("text/csv"),
                pipeline: "budget".into(),
                ..record("b/budget/2.csv", &["도로"])
            },
            Record {
                language: Some("en".into()),
                outcome: Outcome::Partial,
                ..record("b/press2/3.pdf", &["도로"])
            },
            Record { date: day("2026-06-01"), ..record("b/press/a.zip!/in/4.pdf", &["도로"]) },
        ],
    );
    let [one, two, three, four] =
        ["b/press/1.pdf", "b/budget/2.csv", "b/press2/3.pdf", "b/press/a.zip!/in/4.pdf"];
    let all = ask("도로");
    let path = |path: &str| Query { path: Some(path.into()), ..all.clone() };
    for (query, expected) in [
        (all.clone(), vec![one, two, three, four]),
        (Query { kinds: vec![Kind::Table], ..all.clone() }, vec![two]),
        (
            Query { kinds: vec![Kind::Table, Kind::Document], ..all.clone() },
            vec![one, two, three, four],
        ),
        (Query { media_types: vec![MediaType::new("text/csv")], ..all.clone() }, vec![two]),
        (Query { languages: vec!["en".into()], ..all.clone() }, vec![three]),
        (Query { outcomes: vec![Outcome::Partial], ..all.clone() }, vec![three]),
        (Query { pipelines: vec!["budget".into()], ..all.clone() }, vec![two]),
        (
            Query { pipelines: vec!["budget".into()], kinds: vec![Kind::Document], ..all.clone() },
            vec![],
        ),
        (Query { agencies: vec![agency(3)], ..all.clone() }, vec![]),
        (path("b"), vec![one, two, three, four]),
        (path("b/press"), vec![one, four]),
        (path("/b/press/"), vec![one, four]),
        (path("b/press/a.zip"), vec![four]),
        (path("b/press/a.zip!/in"), vec![four]),
        (path("b/press/1.pdf"), vec![one]),
        (path("press"), vec![]),
        (Query { from: day("2026"), ..all.clone() }, vec![two, four]),
        (Query { to: day("2026"), ..all.clone() }, vec![one]),
        (Query { from: day("2026"), to: day("2026-02"), ..all.clone() }, vec![two]),
        (Query { text: String::new(), kinds: vec![Kind::Table], ..all.clone() }, vec![two]),
    ] {
        finds(index, &query, &expected);
    }
}

/// Facets count all matches, not those of the page, most frequent first.
pub fn facets_count_all_matches(index: &Arc<dyn Index>) {
    fill(
        index,
        (0..7).map(|n| Record {
            kind: if n < 4 { Kind::Document } else { Kind::Table },
            language: (n < 2).then(|| "ko".to_owned()),
            date: Timestamp::parse_start(if n < 3 { "2026-01-01" } else { "2025-12-31" }),
            ..record(&format!("{n}"), &[if n == 6 { "하천" } else { "도로" }])
        }),
    );
    let wanted = vec![
        Facet::Year,
        Facet::Kind,
        Facet::Language,
        Facet::Outcome,
        Facet::Pipeline,
        Facet::MediaType,
        Facet::Agency,
    ];
    let hits = answer(index, &Query { limit: 0, facets: wanted.clone(), ..ask("도로") });
    assert_eq!((hits.total, hits.hits.len(), hits.next), (6, 0, None));
    let facet = |facet: Facet| {
        let found = hits.facets.iter().find(|(name, _)| *name == facet).unwrap();
        let counts: Vec<String> = found.1.iter().map(|(v, n)| format!("{v} {n}")).collect();
        counts.join(", ")
    };
    assert_eq!(hits.facets.len(), wanted.len());
    assert_eq!(facet(Facet::Kind), "document 4, table 2");
    assert_eq!(facet(Facet::Language), "ko 2");
    assert_eq!(facet(Facet::Year), "2025 3, 2026 3");
    assert_eq!(facet(Facet::Outcome), "ok 6");
    assert_eq!(facet(Facet::Pipeline), "press 6");
    assert_eq!(facet(Facet::MediaType), "application/pdf 6");
    assert_eq!(facet(Facet::Agency), "1741000 6");
}

/// A text, what is asked of it, and whether that finds it.
const LANGUAGE_CASES: &[(&str, &str, bool)] = &[
    // Particles and endings.
    ("개인정보를 보호하여야 한다", "개인정보", true),
    ("개인정보 보호", "개인정보를", true),
    ("개인정보가 유출되었다", "개인정보의 유출", true),
    ("위원회에서는 심의하였다", "위원회 심의", true),
    ("장애인 복지", "장애인을", true),
    ("장애인의 복지", "장애인", true),
    ("하수도 정비", "하수도를 정비", true),
    // Spacing.
    ("데이터기반행정 활성화", "데이터 기반 행정", true),
    ("데이터 기반 행정 활성화", "데이터기반행정", true),
    ("데이터 기반행정을 위한", "데이터기반 행정", true),
    ("데이터\n기반 행정", "데이터기반행정", true),
    // Part of a compound.
    ("대한민국정부조직법령", "정부조직", true),
    // Not everything that shares a syllable or a bigram.
    ("정보화 시스템", "정비", false),
    ("도로 공사", "하천 하수도", false),
    ("행정안전부 공고", "개인정보보호위원회", false),
    // A part of several words is enough, one of many is not.
    ("하천 정비 공사 발주 계획", "하천 정비 공사 입찰 계획", true),
    ("하천 보고서", "하천 정비 공사 입찰 계획", false),
    // Question words.
    ("예산은 국회가 확정한다", "예산은 누가 확정하나요", true),
    // Latin, digits, width, mixed scripts.
    ("The new regulations apply", "Regulation", true),
    ("AI반도체를 수출", "AI 반도체", true),
    ("ＡＩ 반도체", "ai", true),
    ("2026년도 예산안", "2026년", true),
    ("제15조의2", "15조", true),
    ("大韓民國 憲法", "憲法", true),
    ("東京タワー", "タワー", true),
    // Phrases.
    ("데이터 기반 행정", "\"데이터기반 행정\"", true),
    ("데이터를 기반으로 행정", "\"데이터 기반\"", true),
    ("기반 데이터 행정", "\"데이터 기반\"", false),
    ("데이터와 넓은 기반", "\"데이터 기반\"", false),
    ("이법은", "\"이 법\"", true),
    ("Act on open data", "\"open data\"", true),
    ("data that is open", "\"open data\"", false),
    ("안전 점검", "“안전 점검”", true),
    // Prefixes.
    ("개인정보보호법", "개인정*", true),
    ("개발정보", "개인정*", false),
    ("regulatory framework", "regula*", true),
    ("the regulations", "regulations*", true),
    // Without.
    ("도로 정비", "도로 -공사", true),
    ("도로 공사", "도로 -공사", false),
    ("도로공사", "도로 -공사", false),
    ("도로 정비 사업", "도로 -\"정비 사업\"", false),
    ("도로 정비", "-공사", true),
    ("도로 공사", "-공사", false),
    ("도로 공사장", "도로 -공사*", false),
    // Nothing to search by.
    ("도로", "!?", false),
    ("도로", "", true),
];

/// Korean as people write it.
pub fn language(index: &Arc<dyn Index>) {
    for (text, query, found) in LANGUAGE_CASES {
        fill(index, [record("a", &[text])]);
        let spelt_apart: String = query.nfd().collect();
        for query in [*query, &spelt_apart] {
            let hits = answer(index, &ask(query));
            assert_eq!(hits.total, u64::from(*found), "`{query}` in `{text}`");
            assert_eq!(hits.hits.len() as u64, hits.total);
        }
        let spelt_apart: String = text.nfd().collect();
        fill(index, [record("a", &[&spelt_apart])]);
        assert_eq!(
            answer(index, &ask(query)).total,
            u64::from(*found),
            "`{query}` in NFD `{text}`"
        );
    }
}

/// Questions typed without spaces find what they find with them, and show where.
pub fn questions_without_spaces(index: &Arc<dyn Index>) {
    let texts = [
        "국회는 정부가 낸 예산을 심의하여 확정한다. 예산이 확정되지 않으면 정부는 지난해에 준하여 집행한다.",
        "지하차도 침수 사고가 나면 먼저 차량을 막고 배수 펌프를 돌린다.",
        "개인정보를 처리하는 기관은 보호 책임자를 둔다. 유출된 때에는 정보 주체에게 알린다.",
        "위원회는 위원장을 포함하여 열 명의 위원으로 구성하고 임기는 삼 년으로 한다.",
        "비상발전기는 정전이 되면 십 초 안에 돌아야 한다. 매월 안전 상태를 점검하고 결과를 적는다.",
        "도서관은 저녁에도 열람실을 열고 어린이에게 책을 읽어 준다.",
    ];
    fill(index, texts.iter().zip(0..).map(|(text, n)| record(&format!("{n}"), &[text])));
    for (question, expected, marked) in [
        ("예산은누가심의하여확정하나요", "0", "예산"),
        ("지하차도에서침수사고가났을때", "1", "침수"),
        ("개인정보가유출되면누구에게알려야하나요", "2", "개인정보"),
        ("위원회위원장의임기는몇년인가", "3", "임기"),
        ("비상발전기는정전때얼마안에돌아야하나", "4", "비상발전기"),
        ("도서관열람실은저녁에도여는가", "5", "도서관"),
        // A short run, joined or misspelt: not what was typed, but the nearest there is.
        ("지하차도침수", "1", "지하차도"),
        ("비상발전깅", "4", "비상발전"),
    ] {
        let hits = answer(index, &ask(question));
        assert_eq!(paths(&hits).first(), Some(&expected), "{question}: {hits:?}");
        let snippet = &hits.hits[0].snippet;
        let chars: Vec<char> = snippet.text.chars().collect();
        let marks = snippet.highlights.iter().map(|(from, to)| &chars[*from..*to]);
        let marks: Vec<String> = marks.map(String::from_iter).collect();
        assert!(marks.iter().any(|mark| mark.starts_with(marked)), "{question}: {marks:?}");
    }
}

/// A document is found by its title, its keywords and the words of its name; the title comes first.
pub fn names_are_found(index: &Arc<dyn Index>) {
    fill(
        index,
        [
            Record {
                title: "풍수해 보험".into(), ..record("x/1.pdf", &["전혀 다른 글"])
            },
            Record {
                keywords: "김행정, 재난".into(), ..record("x/2.pdf", &["전혀 다른 글"])
            },
            record("x/2026년_침수 대책(안).hwp", &["전혀 다른 글"]),
            record("x/4.pdf", &["이 글에는 풍수해 보험이라는 말이 있고 다른 말도 많이 있다"]),
        ],
    );
    finds(index, &ask("재난"), &["x/2.pdf"]);
    finds(index, &ask("침수 대책"), &["x/2026년_침수 대책(안).hwp"]);
    let hits = answer(index, &ask("풍수해 보험"));
    assert_eq!(paths(&hits), ["x/1.pdf", "x/4.pdf"]);
    assert!(hits.hits[0].score > hits.hits[1].score);
    // Found elsewhere than in the text: the passage is how the text begins, and nothing is highlighted.
    assert_eq!(hits.hits[0].snippet.text, "전혀 다른 글");
    assert_eq!(hits.hits[0].snippet.highlights, []);
    assert_eq!(hits.hits[0].locator, Locator::Whole {});
}

/// Hits carry what was put in.
pub fn hits_carry_the_record(index: &Arc<dyn Index>) {
    let full = Record {
        date: Timestamp::parse("2026-02-03T04:05:06.789Z"),
        outcome: Outcome::Partial,
        size: u64::MAX,
        ..record("b/제목.hwp", &["도로 정비"])
    };
    let bare = Record {
        language: None,
        title: String::new(),
        segments: Vec::new(),
        ..record("b/그림.png", &[])
    };
    fill(index, [full.clone(), bare.clone()]);
    for expected in [full, bare] {
        let query = Query { path: Some(expected.path.clone()), ..ask("") };
        let hits = answer(index, &query);
        let [hit] = hits.hits.as_slice() else { panic!("{hits:?}") };
        assert_eq!(hit.id, expected.id);
        assert_eq!(hit.title, expected.title);
        assert_eq!(hit.path, expected.path);
        assert_eq!(hit.agency, expected.partition.agency);
        assert_eq!(hit.pipeline, expected.pipeline);
        assert_eq!(hit.media_type, expected.media_type);
        assert_eq!(hit.language, expected.language);
        assert_eq!(hit.outcome, expected.outcome);
        assert_eq!(hit.date, expected.date);
        assert_eq!(hit.size, expected.size);
        assert_eq!(hit.snippet.text.is_empty(), expected.segments.is_empty());
    }
}

/// By date both ways, documents without one last; blank text is newest first.
pub fn sorts_by_date(index: &Arc<dyn Index>) {
    let dated = |path: &str, date: Option<&str>| Record {
        date: date.and_then(Timestamp::parse_start),
        ..record(path, &["도로"])
    };
    fill(
        index,
        [
            dated("none", None),
            dated("1969", Some("1969-05-01")),
            dated("2026", Some("2026")),
            dated("2001", Some("2001")),
        ],
    );
    let order = |query: Query| paths(&answer(index, &query)).join(" ");
    assert_eq!(order(Query { sort: Sort::Newest, ..ask("도로") }), "2026 2001 1969 none");
    assert_eq!(order(Query { sort: Sort::Oldest, ..ask("도로") }), "1969 2001 2026 none");
    assert_eq!(order(ask(" ")), "2026 2001 1969 none");
}

/// Pages follow each other without gaps or doubles, also among equals and over several agencies.
pub fn pages_without_gaps_or_doubles(index: &Arc<dyn Index>) {
    for digit in 0..3u8 {
        let records = (0..17).map(|n| {
            put(Record {
                partition: partition(digit),
                date: (n % 4 > 0).then_some(Timestamp(i64::from(n % 3))),
                ..record(&format!("{digit}/{n}"), &[if n % 5 == 0 { "도로 도로" } else { "도로" }])
            })
        });
        index.apply(&partition(digit), &records.collect::<Vec<_>>(), 1).unwrap();
    }
    for (text, sort) in
        [("도로", Sort::Score), ("도로", Sort::Newest), ("도로", Sort::Oldest), ("", Sort::Score)]
    {
        let whole = answer(index, &Query { sort, limit: 100, ..ask(text) });
        assert_eq!((whole.total, whole.hits.len(), &whole.next), (51, 51, &None));
        for limit in [1, 7, 17, 50, 51] {
            let mut query = Query { sort, limit, ..ask(text) };
            let mut seen = Vec::new();
            loop {
                let page = answer(index, &query);
                assert_eq!(page.total, 51);
                seen.extend(page.hits);
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, whole.hits, "{text} {sort:?} {limit}");
        }
    }
}

/// A cursor of another query, one that is none, too long a page and too deep a one are refused with the cure.
pub fn bad_pages_are_refused(index: &Arc<dyn Index>) {
    fill(index, (0..3).map(|n| record(&format!("{n}"), &["도로 정비"])));
    let next = answer(index, &Query { limit: 1, ..ask("도로") }).next.unwrap();
    let refused = |query: Query, cure: &str| match index.search(&[partition(0)], &query) {
        Err(SearchError::Query(fault)) => assert!(fault.to_string().contains(cure), "{fault}"),
        other => panic!("{query:?}: {other:?}"),
    };
    let after =
        |text: &str, after: &str| Query { after: Some(after.into()), limit: 1, ..ask(text) };
    assert_eq!(answer(index, &after("도로", &next)).hits.len(), 1);
    refused(after("정비", &next), "begin again");
    refused(Query { sort: Sort::Newest, ..after("도로", &next) }, "begin again");
    refused(after("도로", "nonsense"), "begin again");
    refused(Query { limit: 101, ..ask("도로") }, "at most 100");
    refused(ask("*로"), "cannot begin with");
    refused(ask(&"가".repeat(5000)), "shorten");
}

/// The passage of a hit is the one that answers, its locator is true of it, and the words are highlighted.
pub fn passages(index: &Arc<dyn Index>) {
    fill(index, [record("c", &["지하차도가 잠겼고 비상발전기를 돌렸다"])]);
    for word in ["지하차도", "비상발전기"] {
        let hits = answer(index, &ask(word));
        let snippet = &hits.hits[0].snippet;
        let (from, to) = snippet.highlights[0];
        let marked: String = snippet.text.chars().skip(from).take(to - from).collect();
        assert_eq!(marked, word);
    }
    index.clear(&partition(0)).unwrap();
    let filler = "아무 상관 없는 문장이 길게 이어진다. ".repeat(200);
    let pages = [
        format!("{filler} 개인정보에 관한 머리말."),
        format!("{filler} 이 쪽에는 개인정보를 안전하게 보호하는 방법이 적혀 있다. {filler}"),
        format!("{filler} 보호 구역 안내. {filler}"),
    ];
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    fill(index, [record("a", &pages), record("b", &["데이터 기반 행정을 활성화한다"])]);
    let passage = |text: &str| {
        let hits = answer(index, &ask(text));
        let [hit] = hits.hits.as_slice() else { panic!("{text}: {hits:?}") };
        let snippet = &hit.snippet;
        let chars: Vec<char> = snippet.text.chars().collect();
        assert!(chars.len() <= 180, "{}", snippet.text);
        let mut end = 0;
        let marked: Vec<String> = snippet
            .highlights
            .iter()
            .map(|(from, to)| {
                assert!(*from >= end && from < to, "{:?}", snippet.highlights);
                end = *to;
                chars[*from..*to].iter().collect()
            })
            .collect();
        (snippet.text.clone(), marked.join("|"), hit.locator.clone())
    };
    let (text, marked, locator) = passage("개인정보 보호 방법");
    assert!(text.contains("개인정보를 안전하게 보호하는 방법이 적혀 있다."), "{text}");
    assert_eq!(marked, "개인정보|보호|방법");
    assert_eq!(locator, Locator::page(2));
    assert_eq!(passage("보호구역").2, Locator::page(3));
    for (query, expected) in [
        ("데이터기반행정", "데이터 기반 행정"),
        ("데이터 행정", "데이터|행정"),
        ("\"기반 행정\"", "기반 행정"),
        ("활성*", "활성"),
        ("데이터 -없는말", "데이터"),
    ] {
        let (text, marked, locator) = passage(query);
        assert_eq!(text, "데이터 기반 행정을 활성화한다", "{query}");
        assert_eq!(marked, expected, "{query}");
        assert_eq!(locator, Locator::page(1));
    }
}
