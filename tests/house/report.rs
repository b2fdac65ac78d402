//! `madang extract --report`: figures instead of texts.

use std::process::Output;

use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, said};
use serde_json::Value;

/// Runs a report into the folder `figures`, in the language of this locale.
fn report(scenario: &Scenario, locale: &str, arguments: &[&str]) -> Output {
    let mut command = scenario.command(&["extract", "--report", "figures"]);
    command.args(arguments).env_remove("LC_MESSAGES").env("LC_ALL", locale);
    command.output().expect("the binary starts")
}

fn read(scenario: &Scenario, name: &str) -> String {
    let path = scenario.path("figures").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn figures(scenario: &Scenario) -> Value {
    serde_json::from_str(&read(scenario, "report.json")).unwrap()
}

/// The row of this name in one of the tables.
fn row<'a>(figures: &'a Value, table: &str, name: &str) -> &'a Value {
    let rows = figures[table].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {rows:?}"))
}

const HOSTILE: &str = "<script>alert(1)</script>&\u{202e}\n";

/// A collection of two folders: text, a table of HWP, a broken file, one with a password, one that is in no format that
/// is read; and what should be read of two of them.
fn collection() -> Scenario {
    let scenario = Scenario::new();
    scenario.write("all/notes/one.txt", "침수 대응 계획을 다시 세운다");
    scenario.write("all/notes/two.txt", "비상발전기 점검 결과 보고");
    scenario.write(&format!("all/notes/{}.docx", HOSTILE.replace('/', "|")), b"PK\x03\x04 cut");
    scenario.write("all/forms/table.hwp", fixture("hwp5/table.hwp"));
    scenario.write("all/forms/odd.arj", [0x60, 0xEA, 0x1B, 0, 0x1E, 1, 2, 3]);
    scenario.write("texts/notes/one.txt.txt", "침수 대응 계획을 다시 세운다");
    scenario.write("texts/notes/two.txt.a.ref.txt", "비상발전기 점검 결과 그리고 다른 글");
    scenario.write("texts/notes/two.txt.b.ref.txt", "비상발전기 점검 결과");
    scenario
}

#[test]
fn a_report_counts_every_file_and_names_what_went_wrong() {
    let scenario = collection();
    let output = report(&scenario, "C.UTF-8", &["--reference", "texts", "all"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("5 files, ") && said(&output).contains("figures/report.html"));
    let figures = figures(&scenario);
    let total = &figures["total"];
    assert_eq!((&total["files"], &total["scored"]), (&Value::from(5), &Value::from(2)), "{total}");
    let notes = row(&figures, "folders", "notes");
    assert_eq!((&notes["files"], &notes["outcomes"]["ok"]), (&3.into(), &2.into()), "{notes}");
    // Two of the words that are read are not in the nearer reference, of which all are read.
    let f1 = |path: &str| {
        let files = figures["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path).unwrap()["f1"].clone()
    };
    assert_eq!(f1("all/notes/one.txt"), 1.0);
    assert!((f1("all/notes/two.txt").as_f64().unwrap() - 6.0 / 7.0).abs() < 1e-9);
    assert_eq!(f1("all/forms/table.hwp"), Value::Null);
    let text = row(&figures, "formats", "text");
    assert_eq!((&text["files"], &text["characters"]), (&2.into(), &(16 + 14).into()), "{text}");
    assert!((text["f1"].as_f64().unwrap() - (1.0 + 6.0 / 7.0) / 2.0).abs() < 1e-9, "{text}");
    let hwp = row(&figures, "formats", "hwp5");
    for spent in ["cpu_ms", "mean_ms", "p50_ms", "p95_ms", "bytes_per_cpu_second"] {
        assert!(hwp[spent].as_f64().unwrap() > 0.0, "{spent}: {hwp}");
    }
    assert_eq!(figures["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(figures["command"], "madang extract --report figures --reference texts all");

    let text = read(&scenario, "report.txt");
    for expected in
        ["By format", "By folder", "Slowest files", "Not read whole", "damaged", "unsupported"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // The folder names nobody and hides nothing.
    let page = read(&scenario, "report.html");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;|script&gt;&amp;"), "{page}");
    assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
    assert!(page.contains("<html lang=\"en\">") && page.contains("default-src 'none'"));
    assert!(!text.contains('\u{202e}') && !read(&scenario, "report.json").contains('\u{202e}'));
}

#[test]
fn a_report_is_in_the_language_of_the_locale_and_takes_the_place_of_an_earlier_one() {
    let scenario = collection();
    // Neither the report itself nor the texts that should be read are read.
    scenario.write("all/texts/notes/one.txt.txt", "침수 대응 계획을 다시 세운다");
    for left_out in [1, 4] {
        let arguments = ["--reference", "all/texts", "all"];
        let mut command = scenario.command(&["extract", "--report", "all/figures"]);
        command.args(arguments).env("LC_ALL", "ko_KR.UTF-8");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("파일 5개"), "{}", said(&output));
        let json = std::fs::read_to_string(scenario.path("all/figures/report.json")).unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["left_out"], left_out);
    }
    let page = std::fs::read_to_string(scenario.path("all/figures/report.html")).unwrap();
    for expected in [
        "<html lang=\"ko\">",
        "읽기 보고서",
        "형식별",
        "다 읽지 못한 파일",
        "손상",
        "읽지 못합니다",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("Reading report") && !page.contains("cannot"), "{page}");
}

#[test]
fn a_report_that_cannot_be_made_is_refused_before_anything_is_read() {
    let scenario = collection();
    scenario.write("full/notes.md", "mine");
    std::fs::create_dir(scenario.path("empty")).unwrap();
    for (arguments, told) in [
        (
            &["--report", "full", "all"] as &[&str],
            "full holds other things than a report (notes.md)",
        ),
        (&["--report", "all/notes/one.txt", "all"], "all/notes/one.txt is no folder"),
        (&["--report", "all/notes/one.txt/figures", "all"], "cannot take a report"),
        (&["--report", "figures", "empty"], "there is no file to report on"),
        (
            &["--report", "figures", "texts", "--reference", "texts"],
            "name another folder for the report",
        ),
        (&["--report", "figures", "all", "--reference", "nowhere"], "nowhere cannot be listed"),
        (&["--report", "figures", "--json", "all"], "cannot be used with"),
        (&["--reference", "texts", "all"], "--report"),
    ] {
        let output = scenario.run(&[&["extract"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
        assert!(!scenario.path("figures").exists(), "{arguments:?} made a folder");
    }
    assert_eq!(std::fs::read_to_string(scenario.path("full/notes.md")).unwrap(), "mine");
}

#[test]
fn a_report_says_what_is_missing_in_it() {
    let scenario = collection();
    std::fs::create_dir(scenario.path("figures")).unwrap();
    let output = report(&scenario, "C", &["all", "nowhere", "all/notes/one.txt"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let figures = figures(&scenario);
    assert_eq!((&figures["missing"], &figures["total"]["files"]), (&1.into(), &6.into()));
    assert_eq!(row(&figures, "folders", "all")["files"], 5);
    assert!(read(&scenario, "report.txt").contains("missing here: 1."));
    assert!(!read(&scenario, "report.html").contains("F1"), "there is nothing to compare with");
}
