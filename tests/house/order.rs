//! What an operator declares reaches the reader of a file.

use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::Scenario;
use serde_json::Value;

const NOT_INSTALLED: &str = "text recognition is not installed";

/// The warnings of the one document that a pipeline with these lines of `[extract]` makes of a fixture.
fn warnings(extract: &str, path: &str) -> Vec<String> {
    let scenario = Scenario::new();
    let name = path.rsplit('/').next().unwrap();
    scenario.pipeline("scans", "1741000");
    let declaration = scenario.path("pipelines/scans.toml");
    let mut text = std::fs::read_to_string(&declaration).unwrap();
    text.push_str(&format!("\n[extract]\n{extract}\n"));
    std::fs::write(&declaration, text).unwrap();
    scenario.write(&format!("drop/scans/{name}"), fixture(path));
    // As on a machine that has no data of Tesseract.
    let once = scenario.command(&["up", "--once"]).env("TESSDATA_PREFIX", "/nowhere").output();
    assert!(once.unwrap().status.success());
    let hits = scenario.search(name.split('.').next().unwrap())["hits"].clone();
    let id = hits[0]["id"].as_str().unwrap_or_else(|| panic!("{name} is not found: {hits}"));
    let shown: Value = serde_json::from_str(&scenario.succeed(&["show", id, "--json"])).unwrap();
    let warnings = shown["warnings"].as_array().cloned().unwrap_or_default();
    warnings.iter().map(|warning| warning["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_a_pipeline_wants_reaches_the_reader() {
    for (extract, file, noted) in [
        ("ocr = \"auto\"", "pdf/scan.pdf", true),
        ("ocr = \"never\"", "pdf/scan.pdf", false),
        ("ocr = \"always\"\nocr_languages = [\"kor\", \"eng\"]", "png/palette.png", true),
        ("ocr = \"auto\"", "png/palette.png", false),
    ] {
        let warnings = warnings(extract, file);
        let found = warnings.iter().any(|warning| warning.contains(NOT_INSTALLED));
        assert_eq!(found, noted, "{extract}, {file}: {warnings:?}");
    }
}

#[test]
fn extract_obeys_the_limits_of_the_configuration() {
    let scenario = Scenario::new();
    scenario.write("long.txt", "한 줄의 글\n\n".repeat(200_000));
    let outcome = |arguments: &[&str]| {
        let line = scenario.succeed(arguments);
        let line: Value = serde_json::from_str(line.trim()).unwrap();
        line["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&["extract", "--json", "long.txt"]), "ok");
    scenario.write("small.toml", "[limits]\ntext_mib = 1\n");
    let named = ["extract", "--json", "--config", "small.toml", "long.txt"];
    assert_eq!(outcome(&named), "limit");
    scenario.write("madang.toml", "[limits]\ntext_mib = 1\n");
    assert_eq!(outcome(&["extract", "--json", "long.txt"]), "limit");
}
