use madang_document::annotation::{Annotation, Finding};
use madang_document::fingerprint::Fingerprint;
use madang_document::opening::Opening;
use madang_document::outcome::Outcome;

use crate::house::{A, B, Paper};
use crate::reply::{get, page};
use crate::rig::{Rig, paper, rig};

fn text(bits: u64) -> Vec<Annotation> {
    about("교량", bits)
}

/// A text of the same template about something.
fn about(subject: &str, bits: u64) -> Vec<Annotation> {
    let text = format!(
        "{subject}일제점검을다음과같이실시함을공고합니다{subject}관리자는협조하시기바랍니다"
    );
    let fingerprint = Fingerprint::new([bits, 0, 0, 0]);
    let finding = Finding::Text { fingerprint, shingles: 100, opening: Opening::of(text.chars()) };
    vec![Annotation { stage: "text_fingerprint".into(), version: 1, finding }]
}

/// Of a text that has nothing in common with those of [`text`].
fn other(bits: u64) -> Vec<Annotation> {
    let mut said = text(bits);
    let fingerprint = Fingerprint::new([bits, u64::MAX, u64::MAX, u64::MAX]);
    said[0].finding = Finding::Text { fingerprint, shingles: 100, opening: Opening::default() };
    said
}

fn like<'a>(agency: &'a str, path: &'a str, bits: u64) -> Paper<'a> {
    Paper { annotations: text(bits), ..paper(agency, path, path, "글") }
}

/// The same text for every path: only how it was read differs.
fn like_at<'a>(path: &'a str, title: &'a str) -> Paper<'a> {
    Paper { title, ..like(A, path, 0) }
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
    // The page for people leads there, in the frame of all pages, and in both languages.
    let link = format!("href=\"/documents/{new}\"");
    for (key, language, told) in [
        (&only_a, "ko", "파일의 이름이나 폴더가 바뀌었습니다"),
        (&only_a, "en", "The file was renamed or moved"),
        (&admin, "ko", "파일의 이름이나 폴더가 바뀌었습니다"),
    ] {
        let shown = page(&house, key, &format!("/documents/{id}?hl={language}")).await;
        assert_eq!(shown.status, 410);
        let shown = shown.body;
        assert!(shown.contains(told) && shown.contains(&link), "{shown}");
        assert!(shown.contains("<nav ") && shown.contains("action=\"/sign-out\""), "{shown}");
    }
    // Another copy is no move, and nobody learns of one that is not his.
    let other = house.take(&paper(A, "1741000/하나.hwp", "고시", "다른 글")).await;
    let copy = house.take(&paper(B, "6110000/하나.hwp", "고시", "다른 글")).await;
    house.withdraw("1741000/하나.hwp").await;
    let shown = page(&house, &admin, &format!("/documents/{other}")).await.body;
    assert!(shown.contains("같은 파일이 다른 곳에 있습니다"), "{shown}");
    assert!(shown.contains(&format!("href=\"/documents/{copy}\"")), "{shown}");
    let shown = page(&house, &only_a, &format!("/documents/{other}")).await.body;
    assert!(!shown.contains(&copy.to_string()) && shown.contains("회수된"), "{shown}");
}

/// One hit for the renditions of a work, as far as whoever asks may see them; programs get every document unless they ask.
#[tokio::test]
async fn renditions_of_a_work_are_one_hit() {
    let Rig { house, admin, only_a, .. } = rig().await;
    // The bytes of a paper are its title.
    let notices = [
        (A, "1741000/notice.hwp", "교량점검 하나", 0),
        (A, "1741000/notice.pdf", "교량점검 둘", 3),
        (B, "6110000/notice.hwpx", "교량점검 셋", 1),
    ];
    for (agency, path, title, bits) in notices {
        house.take(&Paper { title, ..like(agency, path, bits) }).await;
    }
    let alone = paper(A, "1741000/other.hwp", "교량점검", "교량점검 말고 다른 글");
    house.take(&alone).await;
    let search = |key: String, path: String| {
        let house = &house;
        async move { get(house, &key, &path).await }
    };
    let parsed = |body: &str| -> serde_json::Value { serde_json::from_str(body).unwrap() };
    let path = "/v1/search?q=%EA%B5%90%EB%9F%89%EC%A0%90%EA%B2%80";
    let all = parsed(&search(only_a.clone(), path.to_owned()).await.body);
    assert_eq!((&all["total"], &all["folded"]), (&3.into(), &0.into()), "{all}");
    assert_eq!(all["hits"].as_array().unwrap().len(), 3, "{all}");
    for (key, others, folded) in [(&only_a, 1, 1), (&admin, 2, 2)] {
        let works = parsed(&search(key.clone(), format!("{path}&renditions=fold")).await.body);
        assert_eq!(works["folded"], folded, "{works}");
        let hits = works["hits"].as_array().unwrap();
        assert_eq!(hits.len(), 2, "{works}");
        let mut counts: Vec<usize> =
            hits.iter().map(|hit| hit["renditions"].as_array().unwrap().len()).collect();
        counts.sort_unstable();
        assert_eq!(counts, [0, others], "{works}");
    }
    let page = path.replace("/v1/search", "/");
    let shown = search(only_a.clone(), page.clone()).await.body;
    assert!(
        shown.contains("같은 글 1건 더") && shown.contains("같은 글 1건을 접었습니다"),
        "{shown}"
    );
    assert_eq!(shown.matches("class=\"hit\"").count(), 2, "{shown}");
    let shown = search(only_a.clone(), format!("{page}&renditions=all")).await.body;
    assert_eq!(shown.matches("class=\"hit\"").count(), 3, "{shown}");
    let refused = search(only_a.clone(), format!("{path}&renditions=some")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("`fold`"), "{}", refused.body);
}

/// Notices of one template are each a hit of its own, however near their fingerprints are; their pages name each other.
#[tokio::test]
async fn another_notice_of_the_same_template_is_not_folded() {
    let Rig { house, only_a, .. } = rig().await;
    let mut ids = Vec::new();
    for (path, title, subject, bits) in [
        ("1741000/walls.pdf", "일제점검 하나", "옹벽", 0),
        ("1741000/farms.pdf", "일제점검 둘", "축사", 3),
        ("1741000/walls.hwp", "일제점검 셋", "옹벽", 7),
    ] {
        let annotations = about(subject, bits);
        ids.push(house.take(&Paper { annotations, ..paper(A, path, title, "글") }).await);
    }
    let query = "q=%EC%9D%BC%EC%A0%9C%EC%A0%90%EA%B2%80&facets=renditions&renditions=fold";
    let found = get(&house, &only_a, &format!("/v1/search?{query}")).await.json();
    assert_eq!(
        (&found["folded"], found["hits"].as_array().unwrap().len()),
        (&1.into(), 2),
        "{found}"
    );
    let hits = found["hits"].as_array().unwrap();
    assert!(hits.iter().any(|hit| hit["id"] == ids[1].to_string()), "{found}");
    let mut counts: Vec<String> = found["facets"]["renditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["value"].as_str().unwrap(), one["count"]))
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, ["one 1", "several 2"], "{found}");
    let similar = get(&house, &only_a, &format!("/v1/documents/{}/similar", ids[0])).await.json();
    let relations: Vec<&str> = similar["similar"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["relation"].as_str().unwrap())
        .collect();
    assert_eq!(relations, ["rendition", "alike"], "{similar}");
    for (language, word) in [("ko", "비슷한 글"), ("en", "Similar text")] {
        let shown = page(&house, &only_a, &format!("/documents/{}?hl={language}", ids[1])).await;
        assert_eq!(shown.body.matches(&format!("{word}</span>")).count(), 2, "{}", shown.body);
    }
}

/// Of the hits of one work that one is shown which was read best, in the place of the first.
#[tokio::test]
async fn what_was_read_best_stands_for_the_work() {
    let Rig { house, only_a, .. } = rig().await;
    let scanned = || vec![("ocr.quality", 0.9.into())];
    // What says the words more often comes first.
    for (name, title, outcome, properties) in [
        ("cut.mp3", "교량점검 교량점검 교량점검", Outcome::Partial, vec![]),
        ("scan.pdf", "교량점검 교량점검", Outcome::Ok, scanned()),
        ("whole.hwp", "교량점검 하나를 알립니다", Outcome::Ok, vec![]),
        ("other.hwp", "교량점검 둘을 아주 길게 알려 드립니다", Outcome::Ok, vec![]),
    ] {
        let path = format!("1741000/{name}");
        house.take(&Paper { outcome, properties, ..like_at(&path, title) }).await;
    }
    let path = "/v1/search?q=%EA%B5%90%EB%9F%89%EC%A0%90%EA%B2%80";
    let names = |body: &serde_json::Value| -> Vec<String> {
        let hits = body["hits"].as_array().unwrap().iter();
        hits.map(|hit| hit["path"].as_str().unwrap().replace("1741000/", "")).collect()
    };
    let all = get(&house, &only_a, path).await.json();
    assert_eq!(names(&all)[0], "cut.mp3", "{all}");
    let folded = get(&house, &only_a, &format!("{path}&renditions=fold")).await.json();
    assert_eq!(names(&folded), ["whole.hwp"], "{folded}");
    assert_eq!(folded["folded"], 3, "{folded}");
    assert_eq!(folded["hits"][0]["renditions"].as_array().unwrap().len(), 3, "{folded}");
    // Where nothing whole is among the hits, what was recognised comes before what lacks something.
    house.withdraw("1741000/whole.hwp").await;
    house.withdraw("1741000/other.hwp").await;
    let folded = get(&house, &only_a, &format!("{path}&renditions=fold")).await.json();
    assert_eq!(folded["hits"][0]["path"], "1741000/scan.pdf", "{folded}");
}

/// Hits are counted by whether others say the same, as far as whoever asks may see them, and chosen by it.
#[tokio::test]
async fn hits_are_counted_and_chosen_by_whether_they_have_renditions() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    // The bytes of a paper are its title.
    for (agency, path, title, annotations) in [
        (A, "1741000/notice.hwp", "교량점검 하나", text(0)),
        (A, "1741000/notice.pdf", "교량점검 둘", text(3)),
        (A, "1741000/alone.pdf", "교량점검 셋", other(0)),
        (B, "6110000/alone.hwpx", "교량점검 넷", other(7)),
    ] {
        house.take(&Paper { annotations, ..paper(agency, path, title, "글") }).await;
    }
    // What has no fingerprint has a copy, or none.
    for (agency, path, title) in [
        (A, "1741000/bare.hwp", "교량점검"),
        (B, "6110000/bare.hwp", "교량점검"),
        (A, "1741000/lone.hwp", "교량점검 뿐"),
    ] {
        house.take(&paper(agency, path, title, "글")).await;
    }
    let search = "/v1/search?q=%EA%B5%90%EB%9F%89%EC%A0%90%EA%B2%80&facets=renditions,kind";
    let counts = |body: &serde_json::Value| -> Vec<(String, u64)> {
        let counts = body["facets"]["renditions"].as_array().unwrap().iter();
        let count = |it: &serde_json::Value| {
            (it["value"].as_str().unwrap().to_owned(), it["count"].as_u64().unwrap())
        };
        let mut counts: Vec<(String, u64)> = counts.map(count).collect();
        counts.sort_unstable();
        counts
    };
    let told = |counts: &[(&str, u64)]| -> Vec<(String, u64)> {
        counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
    };
    // Of one of A there is another in B alone, which changes nothing for A; whoever sees both is told of it.
    for (key, one, several) in [(&only_a, 3, 2), (&only_b, 2, 0), (&admin, 1, 6)] {
        let all = get(&house, key, search).await.json();
        let expected = [("one", one), ("several", several)];
        let expected: Vec<(&str, u64)> = expected.into_iter().filter(|(_, n)| *n > 0).collect();
        assert_eq!(counts(&all), told(&expected), "{all}");
        let of = serde_json::json!({"hits": one + several, "of": one + several});
        assert_eq!(all["compared"], of, "{all}");
        for (word, count) in [("one", one), ("several", several)] {
            let chosen = get(&house, key, &format!("{search}&renditions={word}")).await.json();
            assert_eq!((&chosen["total"], &chosen["compared"]), (&count.into(), &of), "{chosen}");
            let expected: &[(&str, u64)] = if count == 0 { &[] } else { &[(word, count)] };
            assert_eq!(counts(&chosen), told(expected), "{chosen}");
            // Other facets count what is chosen.
            let kinds = chosen["facets"]["kind"].as_array().unwrap().iter();
            assert_eq!(kinds.map(|kind| kind["count"].as_u64().unwrap()).sum::<u64>(), count);
        }
    }
    // Page by page they are the same, and a page belongs to its choice.
    let path = format!("{search}&limit=1&renditions=several");
    let first = get(&house, &only_a, &path).await.json();
    let next = first["next"].as_str().unwrap();
    let second = get(&house, &only_a, &format!("{path}&after={next}")).await.json();
    assert_eq!((&second["total"], &second["next"]), (&2.into(), &serde_json::Value::Null));
    assert_ne!(first["hits"][0]["id"], second["hits"][0]["id"]);
    let others = format!("{search}&limit=1&renditions=one&after={next}");
    assert_eq!(get(&house, &only_a, &others).await.status, 400);
    // Both words ask for all, as none does; they stand beside the word for how they are shown.
    let both = get(&house, &only_a, &format!("{search}&renditions=one,several")).await.json();
    assert_eq!(both["total"], 5, "{both}");
    let folded = get(&house, &only_a, &format!("{search}&renditions=several,fold")).await.json();
    assert_eq!((&folded["total"], &folded["folded"]), (&2.into(), &1.into()), "{folded}");
    let plain = get(&house, &only_a, &search.replace("renditions,", "")).await.json();
    assert!(plain["compared"].is_null() && plain["facets"]["renditions"].is_null(), "{plain}");
    for wrong in ["renditions=all,fold", "renditions=two"] {
        assert_eq!(get(&house, &only_a, &format!("{search}&{wrong}")).await.status, 400);
    }
    // What is withdrawn is beside nothing from then on, also while the index has it still; what comes is at once.
    house.withdraw("1741000/notice.pdf").await;
    let late = paper(A, "1741000/late.hwp", "다른 말", "글");
    house.take(&Paper { annotations: other(1), ..late }).await;
    let later = get(&house, &only_a, search).await.json();
    assert_eq!(counts(&later), told(&[("one", 4), ("several", 1)]), "{later}");
}

/// Beside the hits it is counted how many have copies or renditions, and a click leaves these.
#[tokio::test]
async fn the_page_of_a_search_counts_what_has_renditions() {
    let Rig { house, only_a, .. } = rig().await;
    for (path, title, annotations) in [
        ("1741000/notice.hwp", "교량점검 하나", text(0)),
        ("1741000/notice.pdf", "교량점검 둘", text(3)),
        ("1741000/alone.pdf", "교량점검 셋", other(0)),
    ] {
        house.take(&Paper { annotations, ..paper(A, path, title, "글") }).await;
    }
    let address = "/?q=%EA%B5%90%EB%9F%89%EC%A0%90%EA%B2%80";
    for (language, heading, one, several) in [
        ("ko", "같은 글·파일", "하나뿐인 문서", "같은 것이 더 있는 문서"),
        ("en", "Copies and renditions", "Stands alone", "Has copies or renditions"),
    ] {
        let shown = page(&house, &only_a, &format!("{address}&hl={language}")).await.body;
        let list = shown.split(heading).nth(1).unwrap();
        for (word, name, count) in [("one", one, 1), ("several", several, 2)] {
            let link = list.split(&format!("renditions={word}\"")).nth(1).unwrap();
            let link = link.split("</a>").next().unwrap();
            assert!(link.contains(name), "{link}");
            assert!(link.contains(&format!("class=\"count\">{count}<")), "{link}");
        }
        let chosen = format!("{address}&renditions=several&hl={language}");
        let chosen = page(&house, &only_a, &chosen).await.body;
        // Both are one hit on a page, and the choice can be taken back.
        assert_eq!(chosen.matches("class=\"hit\"").count(), 1, "{chosen}");
        let taken_back = chosen.split("class=\"chosen\"").nth(1).unwrap();
        assert!(taken_back.split("</ul>").next().unwrap().contains(several), "{chosen}");
        assert!(chosen.contains("name=\"renditions\" value=\"several\""), "{chosen}");
    }
}
