use std::sync::Arc;

use madang_document::id::DocumentId;
use madang_document::legibility::Legibility;
use madang_document::locator::Locator;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::sample::{agency, answer, ask, fill, finds, partition, paths, put, record};
use crate::index::Index;
use crate::query::{Among, Facet, Query, SearchError, Sort};
use crate::record::Record;

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
                legibility: Some(Legibility::Doubtful),
                reasons: vec!["damaged", "left_alone"],
                ..record("b/press2/3.pdf", &["도로"])
            },
            Record {
                date: day("2026-06-01"),
                legibility: Some(Legibility::Good),
                ..record("b/press/a.zip!/in/4.pdf", &["도로"])
            },
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
        (Query { legibilities: vec![Legibility::Doubtful], ..all.clone() }, vec![three]),
        (Query { legibilities: Legibility::ALL.into(), ..all.clone() }, vec![three, four]),
        (Query { reasons: vec!["left_alone".into()], ..all.clone() }, vec![three]),
        (Query { reasons: vec!["left".into()], ..all.clone() }, vec![]),
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

/// The first of all hits are named as they stand on the pages, whatever page is asked for; and a search among some documents
/// finds those of them that match, whatever chose them.
pub fn the_first_hits_are_named_and_chosen_among(index: &Arc<dyn Index>) {
    for digit in 0..2u8 {
        let records = (0..9).map(|n| {
            let text = if n == 8 { "하천" } else { "도로" };
            put(Record { partition: partition(digit), ..record(&format!("{digit}/{n}"), &[text]) })
        });
        index.apply(&partition(digit), &records.collect::<Vec<_>>(), 1).unwrap();
    }
    let whole = answer(index, &Query { limit: 100, ..ask("도로") });
    let all: Vec<DocumentId> = whole.hits.iter().map(|hit| hit.id).collect();
    assert_eq!((all.len(), whole.first.len()), (16, 0));
    let second = answer(index, &Query { limit: 3, ..ask("도로") }).next;
    for after in [None, second] {
        for (first, limit) in [(5, 3), (3, 5), (99, 3), (7, 0)] {
            let after = after.clone().filter(|_| limit > 0);
            let query = Query { first, limit, after: after.clone(), ..ask("도로") };
            let hits = answer(index, &query);
            assert_eq!(hits.first, all[..first.min(16)], "{first} {limit} {after:?}");
            let begin = if after.is_some() { 3 } else { 0 };
            let page: Vec<DocumentId> = hits.hits.iter().map(|hit| hit.id).collect();
            assert_eq!(page, all[begin..begin + limit], "{first} {limit} {after:?}");
            assert_eq!((hits.total, hits.next.is_some()), (16, limit > 0));
        }
    }
    let unmatched = record("0/8", &[]).id;
    let among = |ids: Vec<DocumentId>| Query {
        among: Some(Among { ids, by: "choice" }),
        limit: 1,
        facets: vec![Facet::Agency],
        ..ask("도로")
    };
    let chosen = among(vec![all[9], unmatched, all[2]]);
    let hits = answer(index, &chosen);
    assert_eq!((hits.total, hits.hits[0].id), (2, all[2]));
    let counted: u64 = hits.facets[0].1.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, 2);
    // By the next page the choice may have come to other documents.
    let next = Query { after: hits.next, ..among(vec![all[9], all[11], all[2]]) };
    assert_eq!(answer(index, &next).hits[0].id, all[9]);
    assert_eq!(answer(index, &among(vec![])).total, 0);
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
