//! Words that only a picture says, through the real binary and its sandbox.

use madang_tests::ground::binary::workspace;
use madang_tests::ground::scenario::{ADMIN, Scenario, lines};
use madang_tests::ground::service::Service;
use serde_json::Value;

/// The segments of the object itself.
fn segments(scenario: &Scenario, name: &str, options: &[&str]) -> (Value, Vec<Value>) {
    let file = workspace().join("fixtures").join(name);
    let mut arguments = vec!["extract", "--json"];
    arguments.extend(options);
    arguments.push(file.to_str().unwrap());
    let documents = lines(&scenario.succeed(&arguments));
    let own = documents.first().unwrap().clone();
    let segments = own["segments"].as_array().unwrap().clone();
    (own, segments)
}

#[test]
fn the_word_on_page_three_of_a_scan_is_found_with_its_place() {
    let scenario = Scenario::new();
    let (document, read) = segments(&scenario, "pdf/scanned-words.pdf", &[]);
    assert_eq!(document["outcome"], "ok", "{document}");
    let found: Vec<&Value> =
        read.iter().filter(|it| it["text"].as_str().unwrap().contains("배수펌프장")).collect();
    let [found] = found.as_slice() else { panic!("{read:?}") };
    assert_eq!((&found["origin"], &found["locator"]["page"]["number"]), (&"ocr".into(), &3.into()));
    let bounds = &found["locator"]["page"]["bounds"];
    // In points of a page of 480 times 307.
    let edge = |name: &str| bounds[name].as_f64().unwrap();
    assert!((40.0..70.0).contains(&edge("left")) && edge("right") < 480.0, "{bounds}");
    assert!((85.0..110.0).contains(&edge("top")) && edge("bottom") < 130.0, "{bounds}");
    let (document, read) = segments(&scenario, "pdf/scanned-words.pdf", &["--ocr", "never"]);
    assert_eq!((document["outcome"].as_str(), read.len()), (Some("empty"), 0), "{document}");
}

#[test]
fn a_photograph_of_a_notice_says_what_it_says() {
    let (document, read) = segments(&Scenario::new(), "png/scanned-words.png", &[]);
    assert_eq!(read[0]["text"], "지하차도 침수 대응 안내", "{document}");
    assert!(read[0]["confidence"].as_f64().unwrap() > 0.8);
    assert!(document.to_string().contains("tesseract 5"), "{document}");
    // Each word is told with its place: first and last character, four edges in order, and how sure the engine was.
    let words = read[0]["words"].as_array().unwrap();
    let said: Vec<(u64, u64)> =
        words.iter().map(|word| (word[0].as_u64().unwrap(), word[1].as_u64().unwrap())).collect();
    assert_eq!(said, [(0, 4), (5, 7), (8, 10), (11, 13)], "{document}");
    let edge = |word: &Value, n: usize| word[n].as_f64().unwrap();
    assert!(words.windows(2).all(|pair| edge(&pair[0], 4) < edge(&pair[1], 2)), "{words:?}");
    assert!(words.iter().all(|word| edge(word, 3) < edge(word, 5) && edge(word, 6) > 0.5));
}

/// Few letters, and large: what a film shows before it begins.
#[test]
fn a_title_alone_on_its_ground_is_read() {
    let scenario = Scenario::new();
    for (name, said) in
        [("png/title-words.png", "수문개방절차"), ("png/title-light-words.png", "침수 대응 훈련")]
    {
        let (document, read) = segments(&scenario, name, &[]);
        let texts: Vec<&str> = read.iter().map(|it| it["text"].as_str().unwrap()).collect();
        assert_eq!(texts, [said], "{name}: {document}");
    }
}

/// Whatever their codec, in tiles or turned by what their boxes say, on a clear ground, and with the lowest bit first.
#[test]
fn pictures_of_telephones_archives_and_fax_machines_are_read() {
    let scenario = Scenario::new();
    for name in [
        "heif/words.heic",
        "heif/words.avif",
        "heif/tiles-turned.heic",
        "heif/clear-ground.heic",
        "jpeg2000/words.jp2",
        "jpeg_xl/words.jxl",
        "tiff/fax-1d.tif",
        "tiff/fax-2d.tif",
        "tiff/fax-g4-low-bit-first.tif",
        "tiff/fax-huffman.tif",
    ] {
        let (document, read) = segments(&scenario, name, &[]);
        let texts: Vec<&str> = read.iter().map(|it| it["text"].as_str().unwrap()).collect();
        assert_eq!(
            texts,
            ["지하차도 침수 대응 안내", "배수펌프장 점검 결과"],
            "{name}: {document}"
        );
        assert_eq!(document["outcome"], "ok", "{document}");
        let left = read[0]["locator"]["page"]["bounds"]["left"].as_f64().unwrap();
        assert!((30.0..60.0).contains(&left), "{name}: {read:?}");
    }
}

#[test]
fn a_scan_with_a_number_on_it_is_read_all_the_same() {
    let scenario = Scenario::new();
    let (document, read) = segments(&scenario, "pdf/numbered-scan.pdf", &[]);
    let texts: Vec<&str> = read.iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert_eq!(texts.first(), Some(&"Received 2026-0914, page 3"), "{document}");
    assert!(texts.iter().any(|text| text.contains("배수펌프장")), "{texts:?}");
    // What the page says in words is not told once more.
    assert_eq!(texts.iter().filter(|text| text.contains("Received")).count(), 1, "{texts:?}");
}

/// Drops a fixture.
fn drop_file(scenario: &Scenario, name: &str) {
    let bytes = std::fs::read(workspace().join("fixtures").join(name)).unwrap();
    let (_, name) = name.rsplit_once('/').unwrap();
    scenario.write(&format!("drop/{name}"), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_of_a_fax_is_found_and_looked_at() {
    let scenario = Scenario::new();
    drop_file(&scenario, "tiff/scanned-words.tif");
    let service = Service::start(&scenario, &["drop"]).await;
    service.finds("배수펌프장", &["scanned-words.tif"]).await;
    let answer = service.search("배수펌프장").await;
    let hit = &answer["hits"][0];
    assert_eq!(hit["locator"]["page"]["number"], 3, "{hit}");
    let top = hit["locator"]["page"]["bounds"]["top"].as_f64().unwrap();
    assert!((170.0..220.0).contains(&top), "{hit}");
    let id = hit["document"].as_str().or(hit["id"].as_str()).unwrap();
    let ask = async |number: u32| {
        let path = format!("/v1/documents/{id}/page/{number}");
        service.ask("GET", &path, ADMIN, Vec::new()).await
    };
    let (first, third) = (ask(1).await, ask(3).await);
    assert_eq!((first.status, third.status), (200, 200), "{}", third.text());
    assert_ne!(first.bytes, third.bytes, "another page is another picture");
    assert_eq!(ask(4).await.status, 404);
    service.stop().await;
}

#[test]
fn what_stands_in_a_film_is_found_at_its_time() {
    let scenario = Scenario::new();
    drop_file(&scenario, "mp4/seen-words.mp4");
    scenario.once(&["drop"]);
    let place = |query: &str| {
        let answer = scenario.search(query);
        let hits = answer["hits"].as_array().unwrap();
        let [hit] = hits.as_slice() else { panic!("{query}: {answer}") };
        let time = &hit["locator"]["time"];
        (time["start_ms"].as_u64().unwrap(), time["end_ms"].as_u64().unwrap())
    };
    assert_eq!(place("역류방지밸브"), (30_000, 45_000));
    // The title of both slides is one place.
    assert_eq!(place("개방 훈련"), (15_000, 45_000));
    let (_, read) = segments(&scenario, "mp4/seen-words.mp4", &[]);
    assert_eq!(read.len(), 3, "nothing is read twice, and nothing in a view: {read:?}");
    let (_, read) = segments(&scenario, "mp4/seen-words.mp4", &["--ocr", "never"]);
    assert!(read.is_empty(), "{read:?}");
}

#[test]
fn each_slide_of_a_short_film_is_read_and_stands_until_the_next() {
    let scenario = Scenario::new();
    let (document, read) = segments(&scenario, "mp4/slides.mp4", &[]);
    assert_eq!(document["metadata"]["key_frames"], serde_json::json!([0.0, 12.0]), "as they look");
    let place = |word: &str| {
        let said = read.iter().find(|it| it["text"].to_string().contains(word));
        let time = &said.unwrap_or_else(|| panic!("{word}: {read:?}"))["locator"]["time"];
        (time["start_ms"].as_u64().unwrap(), time["end_ms"].as_u64().unwrap())
    };
    assert_eq!(place("구명조끼"), (0, 6_000));
    assert_eq!(place("물깊이"), (6_000, 12_000));
    assert_eq!(place("물놀이"), (0, 12_000), "the title of both is one place");
    assert_eq!(place("표충사"), (12_000, 18_000));
}

#[test]
fn latin_words_in_a_line_of_hangul_are_no_digits() {
    let scenario = Scenario::new();
    let film = "drop/5360000/flood/2026-07 집중호우/배수펌프장 가동 교육 영상.mp4";
    let (_, read) = segments(&scenario, film, &[]);
    let said: Vec<&str> = read.iter().filter_map(|it| it["text"].as_str()).collect();
    for step in ["1단계 Step 1", "2단계 Step 2", "3단계 Step 3", "4단계 Step 4"] {
        assert!(said.contains(&step), "{said:?}");
    }
}

#[test]
fn numbers_over_the_bars_of_a_chart_are_read() {
    let scenario = Scenario::new();
    let chart = "drop/1741000/press/2026-10/공동활용 데이터 등록 건수.png";
    let (_, read) = segments(&scenario, chart, &[]);
    let said: Vec<&str> = read.iter().filter_map(|it| it["text"].as_str()).collect();
    for number in ["9,200", "11,800", "14,100", "16,900", "18,420"] {
        assert!(said.contains(&number), "{said:?}");
    }
}

#[test]
fn slides_of_a_film_without_key_frames_are_read_between() {
    let scenario = Scenario::new();
    let (_, read) = segments(&scenario, "mp4/one-key.mp4", &[]);
    let starts = ["구명조끼", "물깊이", "표충사"].map(|word| {
        let said = read.iter().find(|it| it["text"].to_string().contains(word));
        let said = said.unwrap_or_else(|| panic!("{word}: {read:?}"));
        said["locator"]["time"]["start_ms"].as_u64().unwrap()
    });
    // As near as two looks are.
    assert_eq!(starts, [0, 6_500, 13_500]);
}

#[test]
fn what_a_picture_in_a_document_says_is_found_in_it() {
    let scenario = Scenario::new();
    let documents = [
        ("docx/seen-words.docx", "word/media/image1.png"),
        ("hwp5/seen-words.hwp", "BinData/BIN0001.png"),
        ("hwpx/seen-words.hwpx", "BinData/image1.png"),
        ("pptx/seen-words.pptx", "ppt/media/image1.png"),
    ];
    for (document, _) in documents {
        drop_file(&scenario, document);
    }
    scenario.once(&["drop"]);
    let answer = scenario.search("\"함께 살펴봅니다\"");
    let hits = answer["hits"].as_array().unwrap();
    let mut found: Vec<String> = hits.iter().map(|hit| hit.to_string()).collect();
    found.sort();
    assert_eq!(found.len(), documents.len(), "{answer}");
    for (document, member) in documents {
        let (_, name) = document.rsplit_once('/').unwrap();
        let here = found.iter().filter(|hit| hit.contains(name) && hit.contains(member));
        assert_eq!(here.count(), 1, "{document}: {answer}");
    }
}

#[test]
fn what_is_probably_read_badly_is_listed() {
    let scenario = Scenario::new();
    drop_file(&scenario, "png/scanned-words.png");
    drop_file(&scenario, "png/coarse-words.png");
    scenario.write("drop/a.txt", "지하차도 침수 대응");
    scenario.once(&["drop"]);
    let listed = |how: &str| {
        let answer = scenario.succeed(&["search", "", "--ocr", how, "--json"]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let hits = answer["hits"].as_array().unwrap().clone();
        hits.iter().map(|hit| hit["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("doubtful"), ["coarse-words.png"]);
    assert_eq!(listed("good"), ["scanned-words.png"]);
    let refused = scenario.run(&["search", "", "--ocr", "badly"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("doubtful"));
}
