//! Words that only a picture says, through the real binary and its sandbox.

use madang_tests::ground::binary::workspace;
use madang_tests::ground::scenario::{Scenario, lines};
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
}
