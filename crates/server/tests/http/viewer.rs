use madang_catalog::asset;
use madang_catalog::series::{Material, Series};
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_ledger::documents::Documents;
use madang_ledger::entries::Entries;

use crate::house::{A, Paper, STORE, Shows};
use crate::reply::{get, page, request, send};
use crate::rig::{Rig, paper, rig};

/// 침수
const FLOOD: &str = "%EC%B9%A8%EC%88%98";

fn papers<'a>(path: &'a str, media_type: &'a str, pieces: Vec<(Locator, &str)>) -> Paper<'a> {
    let pieces = pieces.into_iter().map(|(locator, text)| (locator, text.to_owned())).collect();
    Paper { media_type, pieces, preview: None, ..paper(A, path, "현장", "") }
}

/// What is asked of a page on the way from one match to the next.
#[tokio::test]
async fn the_words_searched_for_are_marked_and_lead_from_one_to_the_next() {
    let Rig { house, admin, .. } = rig().await;
    let place = |number| Locator::Paragraph { number };
    let pieces = vec![
        (place(1), "맑음"),
        (place(2), "새터 <침수> 현장"),
        (place(3), "비"),
        (place(4), "침수된 도로"),
    ];
    let id = house.take(&papers("1741000/a.hwp", "application/x-hwp", pieces)).await;

    let found = get(&house, &admin, &format!("/v1/search?q={FLOOD}")).await.json();
    let address = found["hits"][0]["url"].as_str().unwrap().to_owned();
    assert!(
        address.starts_with(&format!("/documents/{id}?q={FLOOD}&at=paragraph%3D")),
        "{address}"
    );
    let first = page(&house, &admin, &format!("/documents/{id}?q={FLOOD}")).await.body;
    assert!(first.contains("<b>1</b> / 2"), "{first}");
    assert!(
        first.contains("&lt;<mark id=\"hit-1\" class=\"now\" data-hit=\"1\">침수</mark>&gt;"),
        "{first}"
    );
    assert!(first.contains("<mark id=\"hit-2\" data-hit=\"2\">침수</mark>된"), "{first}");
    assert!(first.contains(&format!("href=\"/?q={FLOOD}\"")), "the way back: {first}");
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(next, format!("/documents/{id}?q={FLOOD}&amp;hit=2#hit-2"));
    let second = page(&house, &admin, &format!("/documents/{id}?q={FLOOD}&hit=2")).await.body;
    assert!(second.contains("<b>2</b> / 2"), "{second}");
    assert!(second.contains("<mark id=\"hit-2\" class=\"now\""), "{second}");
    // Opened at a place, the match there is the one that is shown.
    let at = format!("/documents/{id}?q={FLOOD}&at=paragraph%3D4&hl=en");
    let at = page(&house, &admin, &at).await.body;
    assert!(at.contains("<b>2</b> / 2") && at.contains("Results for ‘침수’"), "{at}");
    // Nothing is marked that was not asked for, and a query that nobody can read costs no page.
    for plain in [format!("/documents/{id}"), format!("/documents/{id}?q=*")] {
        let plain = page(&house, &admin, &plain).await;
        assert_eq!(plain.status, 200);
        assert!(!plain.body.contains("<mark") && !plain.body.contains("hitnav"), "{}", plain.body);
    }
}

#[tokio::test]
async fn a_film_is_opened_at_the_second_of_a_match() {
    let Rig { house, admin, .. } = rig().await;
    let time = |start_ms| Locator::Time { start_ms, end_ms: start_ms + 4000 };
    let said = vec![(time(2000), "비가 옵니다."), (time(65_500), "침수 확인")];
    let id = house.take(&papers("1741000/a.mp4", "video/mp4", said.clone())).await;
    let shown = page(&house, &admin, &format!("/documents/{id}?q={FLOOD}")).await.body;
    assert!(shown.contains(&format!("src=\"/v1/documents/{id}/media#t=65.500\"")), "{shown}");
    assert!(shown.contains("<video id=\"media\" controls"), "{shown}");
    let row = shown.split("data-ms=\"65500\"").nth(1).unwrap().split("</a>").next().unwrap();
    assert!(row.contains("aria-current=\"true\"") && row.contains("1:05"), "{row}");
    assert!(row.contains("data-hit=\"1\">침수</mark> 확인"), "{row}");
    // Without a script each row loads the page at its second.
    assert!(
        shown.contains(&format!("/documents/{id}?q={FLOOD}&amp;at=t%3D2%2C6\" data-ms=\"2000\""))
    );
    let there = page(&house, &admin, &format!("/documents/{id}?at=t%3D2%2C6")).await.body;
    assert!(there.contains("/media#t=2.000\""), "{there}");
    let plain = page(&house, &admin, &format!("/documents/{id}")).await.body;
    assert!(plain.contains("/media\""), "from the start: {plain}");

    let sound = house.take(&papers("1741000/a.mp3", "audio/mpeg", said.clone())).await;
    let shown = page(&house, &admin, &format!("/documents/{sound}")).await.body;
    assert!(shown.contains("<audio id=\"media\" controls"), "{shown}");
    // What browsers cannot play is told, and its text is there all the same.
    let old = house.take(&papers("1741000/a.avi", "video/x-msvideo", said)).await;
    for (language, told) in [("ko", "재생할 수 없습니다"), ("en", "cannot play this format")]
    {
        let shown = page(&house, &admin, &format!("/documents/{old}?hl={language}")).await.body;
        assert!(shown.contains(told) && !shown.contains("<video"), "{shown}");
        assert!(shown.contains("침수 확인"), "{shown}");
    }
}

/// Each frame leads to its moment, also where nothing is said; of a film that nobody plays it is opened.
#[tokio::test]
async fn the_frames_of_a_film_lead_to_their_moments() {
    let Rig { house, admin, .. } = rig().await;
    let time = |start_ms| Locator::Time { start_ms, end_ms: start_ms };
    let further = || {
        vec![
            (Locator::Whole {}, b"the sheet".to_vec()),
            (time(4000), b"one".to_vec()),
            (time(65_500), b"two".to_vec()),
        ]
    };
    let said = vec![(Locator::Time { start_ms: 9000, end_ms: 12_000 }, "침수 확인")];
    let film = Paper { further: further(), ..papers("1741000/a.mp4", "video/mp4", said.clone()) };
    let id = house.take(&film).await;
    let shown = page(&house, &admin, &format!("/documents/{id}?q={FLOOD}")).await.body;
    let strip = shown.split("class=\"frames\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert_eq!(strip.matches("<a ").count(), 2, "the sheet is no frame: {strip}");
    let second =
        format!("href=\"/documents/{id}?q={FLOOD}&amp;at=t%3D65.5%2C65.5\" data-ms=\"65500\"");
    assert!(strip.contains(&second), "{strip}");
    assert!(strip.contains(&format!("src=\"/v1/documents/{id}/preview?number=3\"")), "{strip}");
    assert!(strip.contains("<b>1:05</b>"), "{strip}");
    // The match is at nine seconds, of which the first frame is seen.
    let first = strip.split("data-ms=\"4000\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(first.contains("aria-current=\"true\""), "{strip}");
    // Without a script the page opens there, whatever else was searched for.
    let there = format!("/documents/{id}?q={FLOOD}&at=t%3D65.5%2C65.5");
    let there = page(&house, &admin, &there).await.body;
    assert!(there.contains("/media#t=65.500\""), "{there}");

    let old = Paper { further: further(), ..papers("1741000/a.avi", "video/x-msvideo", said) };
    let old = house.take(&old).await;
    let shown = page(&house, &admin, &format!("/documents/{old}")).await.body;
    assert!(
        shown.contains(&format!("<a href=\"/v1/documents/{old}/preview?number=2\"")),
        "{shown}"
    );
    let none = house.take(&papers("1741000/b.mp4", "video/mp4", Vec::new())).await;
    assert!(!page(&house, &admin, &format!("/documents/{none}")).await.body.contains("frames"));
}

#[tokio::test]
async fn a_sheet_is_a_grid_with_the_cell_of_the_match() {
    let Rig { house, admin, .. } = rig().await;
    let mut rows: Vec<(Locator, String)> = vec![];
    for row in 1..=450u32 {
        let locator = Locator::Cell { sheet: "7월".into(), row, column: 1 };
        let text = match row {
            1 => "번호\t위치\t피해".to_owned(),
            430 => "430\t<새터>\t침수".to_owned(),
            _ => format!("{row}\t가온\t없음"),
        };
        rows.push((locator, text));
    }
    let rows = rows.iter().map(|(locator, text)| (locator.clone(), text.as_str())).collect();
    let id = house.take(&papers("1741000/a.csv", "text/csv", rows)).await;
    // The match names its own cell, and not the first one of its row.
    let found = get(&house, &admin, &format!("/v1/search?q={FLOOD}")).await.json();
    assert_eq!(found["hits"][0]["locator"]["cell"]["column"], 3, "{found}");
    let address = found["hits"][0]["url"].as_str().unwrap().split('#').next().unwrap().to_owned();
    let shown = page(&house, &admin, &address).await.body;
    assert!(shown.contains("<table class=\"grid\">"), "{shown}");
    assert!(shown.contains("<td>&lt;새터&gt;</td><td class=\"cell-now\"><mark"), "{shown}");
    assert!(shown.contains("<th scope=\"col\" class=\"on\">C</th>"), "{shown}");
    assert!(shown.contains("401–450 / 450") && shown.contains(">위치</td>"), "{shown}");
    let first = page(&house, &admin, &format!("/documents/{id}")).await.body;
    assert!(first.contains("1–200 / 450") && !first.contains("cell-now"), "{first}");
}

#[tokio::test]
async fn a_page_is_seen_with_the_place_of_the_match() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let pieces = vec![(Locator::page(1), "맑음"), (Locator::page(2), "새터 침수대책")];
    let id = house.take(&papers("1741000/a.pdf", "application/pdf", pieces)).await;
    *house.likenesses.shows.lock().unwrap() = Shows::Picture(b"a page");

    let picture = get(&house, &only_a, &format!("/v1/documents/{id}/page/2")).await;
    assert_eq!((picture.status.as_u16(), &*picture.body), (200, "a page 2 1754"));
    assert_eq!(picture.header("content-type"), "image/jpeg");
    assert_eq!(picture.header("madang-page-points"), "600.00 800.00");
    assert_eq!(picture.header("content-security-policy"), "sandbox; default-src 'none'");
    let larger = get(&house, &only_a, &format!("/v1/documents/{id}/page/2?zoom=2")).await;
    assert_eq!(larger.body, "a page 2 3508");
    let known = [
        ("authorization", &*format!("Bearer {only_a}")),
        ("if-none-match", picture.header("etag")),
    ];
    let address = format!("/v1/documents/{id}/page/2");
    assert_eq!(send(&house, request("GET", &address, &known)).await.status, 304);
    for none in ["0", "3", "x", "4294967296"] {
        let none = get(&house, &only_a, &format!("/v1/documents/{id}/page/{none}")).await;
        assert_eq!(none.status, 404, "{}", none.body);
    }
    let nothing = DocumentId::new(STORE, "1741000/nothing.pdf", None);
    let hidden = get(&house, &only_b, &address).await;
    let missing = get(&house, &only_b, &format!("/v1/documents/{nothing}/page/2")).await;
    assert_eq!((hidden.status, hidden.body), (missing.status, missing.body));

    let shown = page(&house, &only_a, &format!("/documents/{id}?q={FLOOD}")).await.body;
    assert!(shown.contains(&format!("<img src=\"/v1/documents/{id}/page/2\"")), "{shown}");
    assert!(shown.contains("viewBox=\"0 0 600.00 800.00\""), "{shown}");
    assert!(
        shown.contains(
            "<rect class=\"spot now\" id=\"hit-1\" x=\"100.00\" y=\"200.00\" width=\"20.00\" height=\"12.00\""
        ),
        "{shown}"
    );
    assert!(shown.contains("<b>2</b> / 2쪽") && shown.contains("page=1"), "{shown}");
    // One leaf back, and the text alone.
    let before = page(&house, &only_a, &format!("/documents/{id}?q={FLOOD}&page=1")).await.body;
    assert!(before.contains("/page/1\"") && before.contains("맑음"), "{before}");
    let text = page(&house, &only_a, &format!("/documents/{id}?q={FLOOD}&view=text")).await.body;
    assert!(!text.contains("/page/2\"") && text.contains("<mark id=\"hit-1\""), "{text}");
}

/// What has a preview and no picture of its page, as a drawing of Photoshop, shows that; and each picture is opened by itself.
#[tokio::test]
async fn a_picture_is_shown_as_large_as_there_is_one() {
    let Rig { house, admin, .. } = rig().await;
    let psd = Paper {
        preview: Some(b"\xff\xd8\xff\xd9".to_vec()),
        ..papers("1741000/a.psd", "image/vnd.adobe.photoshop", Vec::new())
    };
    let id = house.take(&psd).await;
    for (language, told, name) in [
        ("ko", "파일에 담긴 미리보기를 보여 드립니다", "그림 보기"),
        ("en", "The preview that is stored in the file is shown", ">Picture<"),
    ] {
        let shown = page(&house, &admin, &format!("/documents/{id}?hl={language}")).await.body;
        let leaf =
            shown.split("class=\"leaf-panel\"").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(leaf.contains(told) && leaf.contains(name), "{leaf}");
        assert!(leaf.contains(&format!("<img src=\"/v1/documents/{id}/preview\"")), "{leaf}");
        assert!(!leaf.contains("쪽 보기") && !leaf.contains("글자만 보여"), "{leaf}");
    }
    let bare = house.take(&papers("1741000/b.psd", "image/vnd.adobe.photoshop", Vec::new())).await;
    let shown = page(&house, &admin, &format!("/documents/{bare}")).await.body;
    assert!(shown.contains("글자만 보여 드립니다") && !shown.contains("/preview\""), "{shown}");

    *house.likenesses.shows.lock().unwrap() = Shows::Picture(b"a page");
    let pieces = vec![(Locator::page(1), "맑음"), (Locator::page(2), "침수")];
    let scan = house.take(&papers("1741000/a.pdf", "application/pdf", pieces)).await;
    let photo = house.take(&papers("1741000/a.jpg", "image/jpeg", Vec::new())).await;
    for (id, number, name, pages) in [(scan, 2, "쪽 보기", true), (photo, 1, "그림 보기", false)]
    {
        let shown = page(&house, &admin, &format!("/documents/{id}?page={number}")).await.body;
        let whole = format!("href=\"/v1/documents/{id}/page/{number}?zoom=2\" target=\"_blank\"");
        assert_eq!(shown.matches(&whole).count(), 2, "the picture and its button: {shown}");
        assert!(shown.contains("크게 보기") && shown.contains(name), "{shown}");
        assert_eq!(shown.contains("<kbd>[</kbd> <kbd>]</kbd>"), pages, "{shown}");
    }
}

/// Where there is no picture the text of the page stands in its place, and one sentence says why.
#[tokio::test]
async fn a_page_without_a_picture_is_read() {
    for (shows, told) in [
        (Shows::Nothing, "그림으로 보여 드릴 수 없어"),
        (Shows::Gone, "원본 파일이 없어졌거나 바뀌었습니다"),
    ] {
        let Rig { house, admin, .. } = rig().await;
        let pieces = vec![(Locator::page(1), "새터 침수")];
        let id = house.take(&papers("1741000/a.pdf", "application/pdf", pieces)).await;
        *house.likenesses.shows.lock().unwrap() = shows;
        let shown = page(&house, &admin, &format!("/documents/{id}?q={FLOOD}")).await.body;
        assert!(shown.contains(told) && !shown.contains("<rect"), "{shown}");
        assert!(shown.contains("<details class=\"leaf-text\" open>"), "{shown}");
        assert!(shown.contains("<mark id=\"hit-1\" class=\"now\""), "{shown}");
    }
}

/// What is seen or spoken in a document is read later: that it waits is told until then.
#[tokio::test]
async fn words_that_are_still_to_be_recognised_are_told() {
    let Rig { house, admin, .. } = rig().await;
    let scan = |path, notes| Paper {
        outcome: Outcome::Empty,
        notes,
        ..papers(path, "application/pdf", Vec::new())
    };
    let waits = house.take(&scan("1741000/a.pdf", vec![ReasonKind::RecognitionWaits])).await;
    let read = house.take(&scan("1741000/b.pdf", Vec::new())).await;
    for (language, label, told, none, none_yet) in [
        (
            "ko",
            "인식 대기",
            "그림이나 소리에 담긴 글은 아직 읽지 않았습니다.",
            "글자가 없습니다",
            "글자를 아직 인식하지 않았습니다",
        ),
        (
            "en",
            "recognition waits",
            "is still to be read, after other files",
            "There is no text",
            "Its text is not recognised yet",
        ),
    ] {
        let told_of = async |id: DocumentId| {
            page(&house, &admin, &format!("/documents/{id}?hl={language}")).await.body
        };
        let shown = told_of(waits).await;
        assert!(shown.contains(label) && shown.contains(told), "{shown}");
        // It is looked at again until it is read, and nobody is told before that there is nothing.
        assert!(shown.contains(none_yet) && !shown.contains(none), "{shown}");
        assert!(
            shown.contains("id=\"recognition\"") && shown.contains("recognition.js"),
            "{shown}"
        );
        let shown = told_of(read).await;
        assert!(!shown.contains(label) && !shown.contains(told), "{shown}");
        assert!(shown.contains(none) && !shown.contains("recognition.js"), "{shown}");
        for (id, awaits) in [(waits, true), (read, false)] {
            let answer = get(&house, &admin, &format!("/v1/documents/{id}")).await.json();
            assert_eq!(answer["awaits_recognition"], awaits, "{answer}");
            assert!(answer["progress"].is_null(), "nothing is under way: {answer}");
        }
        let receipt = get(&house, &admin, &format!("/v1/receipts/{waits}")).await.json();
        assert!(!receipt.to_string().contains(none), "{receipt}");
        assert!(
            receipt["outcome_sentence"][language].as_str().unwrap().contains(told),
            "{receipt}"
        );
    }
}

/// What is probably recognised badly is told where it is read, and where it is found.
#[tokio::test]
async fn words_that_are_probably_read_badly_are_told() {
    let Rig { house, admin, .. } = rig().await;
    let scan = |path, right: f64, pages: Option<&str>| {
        let mut properties = vec![(metadata::OCR_QUALITY, right.into())];
        properties.extend(pages.map(|pages| (metadata::OCR_DOUBTFUL, pages.into())));
        let pieces = vec![(Locator::page(1), "침수 예산"), (Locator::page(2), "침수")];
        // The bytes of a paper are those of its title.
        Paper { properties, title: path, ..papers(path, "application/pdf", pieces) }
    };
    let one = house.take(&scan("1741000/one.pdf", 0.3, Some("1"))).await;
    let two = house.take(&scan("1741000/two.pdf", 0.9, Some("1, 2"))).await;
    let all = house.take(&scan("1741000/all.pdf", 0.4, None)).await;
    let good = house.take(&scan("1741000/good.pdf", 0.95, None)).await;
    for (language, told, of_one, of_two, mark) in [
        ("ko", "문자 인식이 잘못되었을 수 있습니다", "(1쪽)", "(1쪽, 2쪽)", "잘못 인식된 듯함"),
        ("en", "were probably read badly", "(page 1)", "(pages 1, 2)", "probably read badly</li>"),
    ] {
        let shown = async |id: DocumentId| {
            page(&house, &admin, &format!("/documents/{id}?hl={language}")).await.body
        };
        let (one, two, all, good) =
            (shown(one).await, shown(two).await, shown(all).await, shown(good).await);
        assert!(one.contains(told) && one.contains(of_one), "{one}");
        assert!(one.contains(&format!("<bdi>{}</bdi>", &of_one[1..of_one.len() - 1])), "{one}");
        assert!(two.contains(told) && two.contains(of_two), "{two}");
        assert!(all.contains(told) && !all.contains(&format!("{told} (")), "{all}");
        assert!(!good.contains(told) && !good.contains("class=\"caution\""), "{good}");
        let hits = page(&house, &admin, &format!("/?q={FLOOD}&hl={language}")).await.body;
        assert_eq!(hits.matches(mark).count(), 3, "{hits}");
    }
}

/// What the catalogue says that somebody has to look at stands on the page, too, and what makes speech known.
#[tokio::test]
async fn what_is_to_be_checked_is_told() {
    let Rig { house, admin, .. } = rig().await;
    let film = |path, sound: bool, notes| Paper {
        properties: vec![(metadata::AUDIO_PRESENT, sound.into())],
        notes,
        ..papers(path, "video/mp4", Vec::new())
    };
    let loud = house.take(&film("1741000/loud.mp4", true, vec![ReasonKind::NotTranscribed])).await;
    let mute = house.take(&film("1741000/mute.mp4", false, Vec::new())).await;
    let series = || Series {
        pipeline: "cctv".into(),
        agency: A.parse().unwrap(),
        agency_name: None,
        title: "영상".into(),
        description: None,
        department: None,
        telephone: None,
        brm: None,
        keywords: Vec::new(),
        hold_basis: None,
        collect_method: None,
        license: Default::default(),
        disclosure: Default::default(),
        share: Default::default(),
        grade: Default::default(),
        material: Some(Material::FixedCctv),
    };
    for id in [loud, mute] {
        let document = house.ledger.document(id).await.unwrap().unwrap().document;
        house.ledger.put_entries(&[asset::entry(&document, &series())]).await.unwrap();
    }
    for (language, told, cure) in [
        ("ko", "확인 필요: ", "말소리는 받아쓰지 않아 검색되지 않습니다."),
        ("en", "To be checked: ", "What is spoken is not written down"),
    ] {
        let shown = async |id: DocumentId| {
            page(&house, &admin, &format!("/documents/{id}?hl={language}")).await.body
        };
        let (loud, mute) = (shown(loud).await, shown(mute).await);
        assert!(loud.contains(told) && loud.contains("25"), "{loud}");
        assert!(loud.contains(cure) && loud.contains("madang reprocess --media video"), "{loud}");
        assert!(!mute.contains("class=\"caution\""), "{mute}");
    }
}
