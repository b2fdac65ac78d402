//! Rules about the repository's own files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use madang_tests::ground::binary::workspace;

use super::imports::{Module, arrows, circle, names, paths};

/// Which crate may stand on which (the drawing of the house: arrows point down only).
const EDGES: [(&str, &[&str]); 11] = [
    ("document", &[]),
    ("extract", &["document"]),
    ("recognition", &["document", "extract"]),
    ("store", &["document"]),
    ("ledger", &["document"]),
    ("index", &["document"]),
    ("catalog", &["document"]),
    ("sandbox", &["document", "extract"]),
    ("pipeline", &["document", "extract", "store", "ledger", "index", "catalog", "sandbox"]),
    ("server", &["document", "store", "ledger", "index", "catalog"]),
    (
        "cli",
        &[
            "document",
            "extract",
            "recognition",
            "store",
            "ledger",
            "index",
            "catalog",
            "sandbox",
            "pipeline",
            "server",
        ],
    ),
];

fn manifest(path: &Path) -> toml::Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// Every table of dependencies of a manifest, with its name.
fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Table)> {
    let mut tables = Vec::new();
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    for kind in kinds {
        if let Some(table) = manifest.get(kind).and_then(|table| table.as_table()) {
            tables.push((kind.to_owned(), table.clone()));
        }
    }
    if let Some(targets) = manifest.get("target").and_then(|targets| targets.as_table()) {
        for (target, of) in targets {
            for kind in kinds {
                if let Some(table) = of.get(kind).and_then(|table| table.as_table()) {
                    tables.push((format!("target.{target}.{kind}"), table.clone()));
                }
            }
        }
    }
    tables
}

#[test]
fn crates_stand_only_on_those_below() {
    let crates: BTreeSet<String> = std::fs::read_dir(workspace().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let declared: BTreeSet<String> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(crates, declared, "a crate has no row in the table of edges, or a row has no crate");
    for (name, below) in EDGES {
        let manifest = manifest(&workspace().join("crates").join(name).join("Cargo.toml"));
        assert_eq!(manifest["package"]["name"].as_str(), Some(format!("madang-{name}").as_str()));
        for (kind, table) in dependencies(&manifest) {
            for dependency in table.keys().filter_map(|key| key.strip_prefix("madang-")) {
                // Services for tests, and how they wait: no part of the house, and so in the tests of a crate only.
                if ["servers", "wait"].contains(&dependency) && kind == "dev-dependencies" {
                    continue;
                }
                assert!(
                    below.contains(&dependency),
                    "{name} must not stand on {dependency} ({kind})"
                );
            }
        }
    }
}

#[test]
fn no_two_files_import_each_other() {
    for (name, _) in EDGES {
        let root = workspace().join("crates").join(name).join("src");
        let files = sources(&root).into_iter().map(|file| {
            let below = file.strip_prefix(&root).unwrap().with_extension("");
            let names = below.iter().map(|part| part.to_str().unwrap().to_owned());
            let is_root = ["lib", "main"].iter().any(|root| below.as_os_str() == *root);
            let module: Module = if is_root { Vec::new() } else { names.collect() };
            (module, std::fs::read_to_string(&file).unwrap())
        });
        let files: BTreeMap<Module, String> = files.collect();
        let arrows = arrows(&files);
        assert_eq!(files.len(), sources(&root).len(), "{name}: two files are one module");
        let Some(circle) = circle(&arrows) else { continue };
        let file = |module: &Module| match module.as_slice() {
            [] => "the root".to_owned(),
            names => format!("{}.rs", names.join("/")),
        };
        let circle: Vec<String> = circle.iter().map(file).collect();
        panic!(
            "{name}: {}: open the circle (a word of its own file, or hand in a value)",
            circle.join(" imports ")
        );
    }
}

#[test]
fn versions_stand_in_the_root_only() {
    let tests = ["tests/Cargo.toml", "tests/servers/Cargo.toml", "tests/wait/Cargo.toml"];
    let mut manifests: Vec<PathBuf> = tests.map(|path| workspace().join(path)).into();
    for (name, _) in EDGES {
        manifests.push(workspace().join("crates").join(name).join("Cargo.toml"));
    }
    for path in manifests {
        for (kind, table) in dependencies(&manifest(&path)) {
            for (name, value) in table {
                let inherited = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                assert!(inherited, "{path:?}: {kind}: write `{name}.workspace = true`");
            }
        }
    }
}

/// Packages whose crate has another name than theirs.
const CALLED: [(&str, &str); 2] = [("kamadak-exif", "exif"), ("md-5", "md5")];

#[test]
fn every_dependency_is_used() {
    let mut looked = 0;
    let mut packages: Vec<PathBuf> =
        EDGES.map(|(name, _)| workspace().join("crates").join(name)).into();
    packages.extend(["tests", "tests/servers", "tests/wait"].map(|name| workspace().join(name)));
    for package in packages {
        let files: Vec<String> = if package.join("src").is_dir() {
            let folders = ["src", "tests", "benches", "examples"].map(|name| package.join(name));
            let there = folders.iter().filter(|folder| folder.is_dir());
            there.flat_map(|folder| sources(folder)).collect::<Vec<_>>()
        } else {
            sources(&package)
        }
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
        for (kind, table) in dependencies(&manifest(&package.join("Cargo.toml"))) {
            for dependency in table.keys() {
                let called = CALLED.iter().find(|(package, _)| package == dependency);
                let called =
                    called.map_or(dependency.replace('-', "_"), |(_, name)| (*name).into());
                assert!(
                    files.iter().any(|text| names(text, &called)),
                    "{}: nothing uses {dependency} ({kind})",
                    package.display()
                );
                looked += 1;
            }
        }
    }
    assert!(looked > 100, "only {looked} dependencies were looked at");
}

#[test]
fn the_pure_crates_touch_nothing() {
    // Words of the outer world, in the order of the design's list of what these crates never do.
    const BANNED: [&[&str]; 8] = [
        &["std", "fs"],
        &["std", "net"],
        &["std", "env"],
        &["std", "process"],
        &["SystemTime"],
        &["Instant", "now"],
        &["tokio"],
        &["std", "thread"],
    ];
    let is_banned = |path: &[&str]| {
        BANNED.iter().any(|banned| path.windows(banned.len()).any(|part| part == *banned))
    };
    assert!(is_banned(&["std", "fs", "read"]) && is_banned(&["std", "time", "SystemTime"]));
    assert!(!is_banned(&["std", "time", "Duration"]));
    let mut looked = 0;
    for name in ["document", "extract"] {
        for file in sources(&workspace().join("crates").join(name).join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            looked += 1;
            let found = paths(before_tests(&text));
            let found = found.iter().find(|path| is_banned(path));
            assert!(found.is_none(), "{}: uses {}", file.display(), found.unwrap().join("::"));
        }
    }
    assert!(looked > 30, "only {looked} files were looked at");
}

/// What stands before the test module, which closes a file by our custom.
fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_format_has_fixtures() {
    assert!(madang_extract::formats::FORMATS.len() > 10);
    let mut read: BTreeSet<String> = BTreeSet::new();
    for path in everything(&workspace().join("fixtures")) {
        if path.ends_with(".expected") {
            let golden = std::fs::read_to_string(workspace().join("fixtures").join(&path)).unwrap();
            read.extend(
                golden.lines().filter_map(|line| line.strip_prefix("format: ")).map(str::to_owned),
            );
        }
    }
    for format in madang_extract::formats::FORMATS {
        assert!(read.contains(format.name), "no fixture is read by `{}`: {read:?}", format.name);
    }
}

#[test]
fn every_declared_pipeline_loads() {
    let folder = workspace().join("pipelines");
    let mut loaded = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        madang_pipeline::declaration::parse(&text, &name, &workspace())
            .unwrap_or_else(|error| panic!("{error:?}"));
        loaded += 1;
    }
    assert!(loaded > 0, "{} declares nothing", folder.display());
}

#[test]
fn nothing_is_called_by_an_empty_name() {
    let empty =
        ["common", "core", "util", "utils", "types", "helper", "helpers", "manager", "misc"];
    for path in tracked() {
        let path = Path::new(&path);
        let code = path.extension().is_some_and(|extension| extension == "rs");
        for part in path.components().map(|part| part.as_os_str().to_string_lossy()) {
            let name = part.strip_suffix(".rs").unwrap_or(&part);
            assert!(!(code && empty.contains(&name)), "{}: name the noun", path.display());
        }
    }
}

#[test]
fn no_tracked_file_is_large() {
    for path in tracked() {
        let file = workspace().join(&path);
        let size = std::fs::symlink_metadata(&file).map_or(0, |metadata| metadata.len());
        assert!(
            size <= 2 << 20,
            "{path} has {size} bytes: make it smaller, or make it when it is needed"
        );
    }
}

/// How many places of a crate put a reason together as a sentence in English, which no other language is made of: only
/// ever fewer. What stands in the ledger of earlier versions, or of a later one, is said as it stands there.
const SAID: [(&str, usize); 11] = [
    ("document", 0),
    ("extract", 0),
    ("recognition", 0),
    ("store", 0),
    ("ledger", 2),
    ("index", 0),
    ("catalog", 0),
    ("sandbox", 0),
    ("pipeline", 0),
    ("server", 0),
    ("cli", 0),
];

/// Files of the store that name the working folder, from which a path is looked up: clippy can ban functions (clippy.toml
/// of that crate), and no constant that is handed to one. Each opens what an operator named, and nothing of a drop.
const FROM_THE_WORKING_FOLDER: [&str; 4] =
    ["beneath.rs", "closed.rs", "mounts.rs", "plain_files.rs"];

#[test]
fn the_store_looks_up_no_other_paths() {
    let sources = sources(&workspace().join("crates/store/src"));
    let found = sources.into_iter().filter(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let mut words = before_tests(&text).split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == "CWD")
    });
    let mut found: Vec<_> =
        found.map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
    found.sort();
    assert_eq!(found, FROM_THE_WORKING_FOLDER);
}

#[test]
fn reasons_are_values_and_no_sentences() {
    assert_eq!(SAID.map(|(name, _)| name), EDGES.map(|(name, _)| name));
    for (name, allowed) in SAID {
        let root = workspace().join("crates").join(name).join("src");
        // The types themselves, with the way in for sentences.
        let are_values = |file: &PathBuf| {
            !["reason.rs", "sidecar_fault.rs"].iter().any(|name| file.ends_with(name))
        };
        let files = sources(&root).into_iter().filter(are_values);
        let found: Vec<String> = files
            .flat_map(|file| {
                let text = std::fs::read_to_string(&file).unwrap();
                sentences(before_tests(&text))
                    .into_iter()
                    .map(|line| format!("{}:{line}", file.display()))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert!(
            found.len() == allowed,
            "{name}: {} reasons are sentences in English, where {allowed} are known. More: say them as a `ReasonKind`. \
             Fewer: write the new number down.\n{}",
            found.len(),
            found.join("\n")
        );
    }
}

/// The lines on which a reason is given as a sentence.
fn sentences(text: &str) -> Vec<usize> {
    const TAKE_ONE: [&str; 13] = [
        ".note(",
        ".lost(",
        ".cut(",
        "ExtractError::Encrypted(",
        "ExtractError::Drm(",
        "ExtractError::Unsupported(",
        "ExtractError::Corrupt(",
        "ExtractError::Limit(",
        "ExtractError::corrupt(",
        "Refusal::corrupt(",
        "Refusal::limit(",
        "UnpackError::Closed(",
        "End::Damaged(",
    ];
    /// Ways into an error, which becomes a reason where a function gives one.
    const TAKE_ERROR: [&str; 4] = ["map_err(", "ok_or(", "ok_or_else(", "Err("];
    let mut lines = Vec::new();
    let gives_reasons = text.contains(", Reason>");
    for way in TAKE_ERROR.iter().filter(|_| gives_reasons) {
        for (at, _) in text.match_indices(way) {
            let given = text[at + way.len()..].trim_start();
            // Behind the head of a closure.
            let given = given.strip_prefix('|').and_then(|rest| rest.split_once('|'));
            let given = given.map_or(&text[at + way.len()..], |(_, given)| given).trim_start();
            if given.starts_with('"') || given.starts_with("format!(") {
                lines.push(text[..at].matches('\n').count() + 1);
            }
        }
    }
    for way in
        TAKE_ONE.iter().chain(&["Reason::said(", "ReasonKind::Said(", "SidecarFault::Other("])
    {
        for (at, _) in text.match_indices(way) {
            // Others than a content note and lose things, too.
            if way.starts_with('.') && !text[..at].trim_end().ends_with("content") {
                continue;
            }
            let given = text[at + way.len()..].trim_start().trim_start_matches('&');
            let is_text = given.starts_with('"')
                || given.starts_with("format!(")
                || given.split(';').next().is_some_and(|given| given.contains(".to_string()"));
            if !TAKE_ONE.contains(way) || is_text {
                lines.push(text[..at].matches('\n').count() + 1);
            }
        }
    }
    lines
}

#[test]
fn a_reason_that_is_a_sentence_is_found() {
    let found = |text: &str| sentences(text).len();
    assert_eq!(found(r#"content.lost("a page is torn");"#), 1);
    assert_eq!(found("content.cut(format!(\n\"{n} pages\"));"), 1);
    assert_eq!(found("content\n.note(\n    format!(\"{n} pages\"));"), 1);
    assert_eq!(found(r#"ExtractError::Limit("too much".into())"#), 1);
    assert_eq!(found(r#"Reason::said(message)"#), 1);
    assert_eq!(found("SidecarFault::Other(what)"), 1);
    assert_eq!(found("content.cut(limit.to_string());"), 1);
    assert_eq!(found("content.lost(ReasonKind::Damaged.of(Noun::Pixels));"), 0);
    assert_eq!(found(r#"By::lost("a"); note.lost("a")"#), 0);
    let gives = |body: &str| found(&format!("fn page() -> Result<Page, Reason> {{ {body} }}"));
    assert_eq!(gives(r#"find().map_err(|_| "it is missing".to_owned())?"#), 1);
    assert_eq!(gives(r#"find().ok_or("it is missing")?"#), 1);
    assert_eq!(gives(r#"find().ok_or_else(|| format!("{n} is missing"))?"#), 1);
    assert_eq!(gives(r#"return Err("it is missing".into());"#), 1);
    assert_eq!(gives("find().map_err(|_| ReasonKind::Missing.of(Noun::Pages))?"), 0);
    assert_eq!(found(r#"fn page() -> Result<Page, String> { find().ok_or("no")? }"#), 0);
}

/// The files that git tracks; where there is no git (a source archive), every file that is not built.
fn tracked() -> Vec<String> {
    let listed = Command::new("git").arg("-C").arg(workspace()).args(["ls-files", "-z"]).output();
    let files: Vec<String> = match listed {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout)
            .expect("UTF-8")
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => everything(&workspace()),
    };
    assert!(files.len() > 100, "only {} files are tracked", files.len());
    files
}

fn everything(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "data" && !name.starts_with('.') {
                open.push(path);
            } else if path.is_file() {
                files.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    files
}
