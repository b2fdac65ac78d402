//! Files that describe others: what they say is found under the file that they describe, whichever came first, and goes
//! with them.

use std::collections::HashMap;

use madang_document::id::DocumentId;
use madang_servers::bucket::Bucket;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{ADMIN, Scenario, Summary, said};
use madang_tests::ground::service::Service;
use madang_wait::until;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde_json::{Value, json};

/// The document of the one path that a search finds.
fn shown(scenario: &Scenario, query: &str) -> Value {
    let hits = scenario.search(query)["hits"].clone();
    let [hit] = hits.as_array().unwrap().as_slice() else { panic!("{query}: {hits}") };
    let answer = scenario.succeed(&["show", hit["id"].as_str().unwrap(), "--json"]);
    serde_json::from_str(&answer).unwrap()
}

/// What is said of a property, each with where it comes from.
fn claims(document: &Value, name: &str) -> Vec<(Value, Value)> {
    let properties = document["properties"].as_array().unwrap_or_else(|| panic!("{document}"));
    let Some(property) = properties.iter().find(|property| property["name"] == name) else {
        return Vec::new();
    };
    let also = property["also"].as_array().cloned().unwrap_or_default();
    let all = std::iter::once(property.clone()).chain(also);
    let from = |claim: &Value| match claim.get("beside") {
        Some(name) => json!({ "beside": name }),
        None => claim.get("part").cloned().unwrap_or_default(),
    };
    all.map(|claim| (claim["value"].clone(), from(&claim))).collect()
}

fn beside(name: &str) -> Value {
    json!({ "beside": name })
}

/// A folder as an agency keeps it: sidecars of every kind, a table in CP949 and one in an archive's layout.
fn drop_all(scenario: &Scenario) {
    let hwpx = fixture("hwpx/table.hwpx");
    scenario.write("drop/press/보고/결과.hwpx", &hwpx);
    scenario.write(
        "drop/press/보고/결과.hwpx.meta.yml",
        "제목: 소양강댐 방류 결과\n작성자: [홍길동, 김영희]\n주제: 방류경보\n부서: 물관리과\n공개: 비공개\n문서 등급: 대외\n",
    );
    scenario.write("drop/press/보고/안내.txt", "둑길을 따라 걷는다");
    scenario.write(
        "drop/press/보고/안내.txt.meta.json",
        r#"{"title": "둑길 안내", "dc": {"date": "2026. 7. 14."}}"#,
    );
    scenario.write("drop/press/사진/IMG_1.jpg", fixture("jpeg/photo.jpg"));
    let packet = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r" xmlns:dc="d"><rdf:Description>
        <dc:title><rdf:Alt><rdf:li>물넘이 전경</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"#;
    scenario.write("drop/press/사진/IMG_1.xmp", packet);
    let table = "파일명,제목,담당부서\r\n보고/결과.hwpx,표의 제목,하천과\r\n사진/IMG_1.jpg,표의 사진,하천과\r\n";
    let (table, _, _) = encoding_rs::EUC_KR.encode(table);
    scenario.write("drop/press/manifest.csv", table);
    scenario.write("drop/press/이관/objects/옛글.txt", "옛날에 적은 글이다");
    scenario.write(
        "drop/press/이관/metadata/metadata.csv",
        "filename,dc.title,dc.identifier\nobjects/옛글.txt,토지대장 사본,제1912-3호\n",
    );
    // As a disk of Windows has them.
    scenario.write("drop/press/옛것/A.TXT", "오래된 디스크의 글");
    scenario.write("drop/press/옛것/A.TXT.META.YML", "제목: 큰 글자 이름\n");
    scenario.write("drop/press/옛것/MANIFEST.CSV", "FILENAME,TITLE,SUBJECT\nA.TXT,표 제목,둠벙\n");
    // A table of people, whatever it is called.
    scenario.write("drop/press/명부/manifest.csv", "이름,나이\n갑돌이,31\n");
}

const DROPPED: Summary =
    Summary { received: 13, indexed: 13, quarantined: 0, deleted: 0, in_flight: 0, members: 0 };

#[test]
fn what_lies_beside_a_file_is_found_under_it() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "disclosure = \"public\"\nshare = \"joint\"\n");
    drop_all(&scenario);
    let output = scenario.run(&["up", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(Summary::of(&String::from_utf8_lossy(&output.stdout)), DROPPED);
    assert!(said(&output).contains("7 describe other files"), "{}", said(&output));

    // By the words of the sidecars, and none of them is a hit.
    assert_eq!(scenario.found("소양강댐"), ["보고/결과.hwpx"]);
    assert_eq!(scenario.found("방류경보"), ["보고/결과.hwpx"]);
    assert_eq!(scenario.found("물넘이"), ["사진/IMG_1.jpg"]);
    assert_eq!(scenario.found("토지대장"), ["이관/objects/옛글.txt"]);
    assert_eq!(scenario.found("갑돌이"), ["명부/manifest.csv"]);
    assert_eq!(scenario.found("").len(), 6);
    assert_eq!(scenario.live_entries().len(), 6 + 1, "one for each, and the folder's");
    let old = shown(&scenario, "둠벙");
    let titles = claims(&old, "title");
    assert_eq!(titles[0], (json!("큰 글자 이름"), beside("A.TXT.META.YML")));
    assert_eq!(titles[1], (json!("표 제목"), beside("MANIFEST.CSV")));

    let report = shown(&scenario, "소양강댐");
    let titles = claims(&report, "title");
    assert_eq!(titles[0], (json!("소양강댐 방류 결과"), beside("결과.hwpx.meta.yml")));
    assert_eq!(titles[1], (json!("표의 제목"), beside("manifest.csv")));
    assert_eq!(report["title"], "소양강댐 방류 결과");
    assert_eq!(report["metadata"]["title"], "소양강댐 방류 결과");
    assert_eq!(report["properties"][0]["term"], "dcterms:title");
    assert_eq!(claims(&report, "author")[0].0, json!(["홍길동", "김영희"]));
    let department = claims(&report, "department");
    assert_eq!(department[0], (json!("물관리과"), beside("결과.hwpx.meta.yml")));
    assert_eq!(department[1], (json!("하천과"), beside("manifest.csv")));
    assert_eq!(claims(&report, "own.문서 등급")[0].0, "대외");
    let own = claims(&report, "format_version");
    assert!(own.iter().all(|(_, part)| part == "version.xml"), "{own:?}");
    let photo = shown(&scenario, "물넘이");
    let titles: Vec<Value> = claims(&photo, "title").into_iter().map(|(_, from)| from).collect();
    assert_eq!(titles[..2], [beside("IMG_1.xmp"), beside("manifest.csv")]);
    let old = shown(&scenario, "토지대장");
    let id = (json!("제1912-3호"), beside("이관/metadata/metadata.csv"));
    assert_eq!(claims(&old, "dc.identifier"), [id]);

    // A claim narrows what is declared of the folder.
    let rights = |document: &Value| {
        let entry = scenario.succeed(&["catalog", "show", document["id"].as_str().unwrap()]);
        let entry: Value = serde_json::from_str(&entry).unwrap();
        let text = entry.to_string();
        ["closed", "part", "public"]
            .into_iter()
            .find(|word| text.contains(&format!("code/access/{word}")))
            .unwrap_or_else(|| panic!("{entry}"))
    };
    assert_eq!((rights(&report), rights(&old)), ("closed", "public"));

    // Nothing is news to a second run.
    let changes = scenario.changes();
    assert_eq!(scenario.once(&[]), DROPPED);
    assert_eq!(scenario.changes(), changes);
    scenario.succeed(&["index", "rebuild"]);
    scenario.succeed(&["index", "verify"]);
    assert_eq!(scenario.found("").len(), 6);
    scenario.succeed(&["catalog", "rebuild"]);
    assert_eq!(scenario.live_entries().len(), 6 + 1);
}

/// Whatever is said, not understood, broken off, hidden behind others or too much to be read: nothing becomes wider by it.
#[test]
fn no_sidecar_widens_what_is_declared_or_said_elsewhere() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "disclosure = \"public\"\nshare = \"joint\"\n");
    let closed = |name: &str| format!("{name},closed,KOGL-4\n");
    let table = ["many", "over"].map(|name| closed(&format!("w/{name}.txt"))).concat();
    scenario.write("drop/press/manifest.csv", format!("filename,disclosure,license\n{table}"));
    scenario.write("drop/press/w/manifest.csv", "filename,title\nmany.txt,많다\n");
    // Seven that say nothing, and a table: the one that closes is the ninth.
    let packet = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"r\"/></x:xmpmeta>";
    for end in ["meta.yml", "meta.yaml", "meta.json"] {
        scenario.write(&format!("drop/press/w/many.txt.{end}"), "{\"title\": \"x\"}\n");
    }
    for name in ["many.txt.xmp", "many.txt.XMP", "many.xmp", "many.XMP"] {
        scenario.write(&format!("drop/press/w/{name}"), packet);
    }
    let sidecars = [
        ("over", "공개: 공개\nlicense: KOGL-1\n"),
        ("colon", "제목: 계획: 둘\n공개: 비공개\n"),
        ("clause", "공개: \"비공개(제9조제1항제5호)\"\n"),
        ("twice", "공개: 공개\n공개구분: 비공개\n"),
        ("list", "disclosure: [public, closed]\n"),
        ("bytes", "title: a\0b\ndisclosure: closed\n"),
        ("open", "공개: 공개\n"),
    ];
    for (name, sidecar) in sidecars {
        scenario.write(&format!("drop/press/w/{name}.txt.meta.yml"), sidecar);
    }
    let names = sidecars.map(|(name, _)| name);
    for name in names.iter().chain(&["many"]) {
        scenario.write(&format!("drop/press/w/{name}.txt"), format!("글월 word{name}"));
    }
    let summary = scenario.once(&[]);
    assert!(summary.holds() && summary.in_flight == 0, "{summary:?}");
    let access = |name: &str| {
        let document = shown(&scenario, &format!("word{name}"));
        let entry = scenario.succeed(&["catalog", "show", document["id"].as_str().unwrap()]);
        let words = ["closed", "part", "public"];
        let found = words.into_iter().find(|word| entry.contains(&format!("code/access/{word}")));
        (name.to_owned(), found.unwrap_or("none"))
    };
    for name in names.iter().chain(&["many"]) {
        let expected = if *name == "open" { "public" } else { "closed" };
        assert_eq!(access(name), ((*name).to_owned(), expected));
    }
    assert_eq!(scenario.found("").len(), names.len() + 1, "no sidecar is a hit");
}

/// Sidecar first or file first, changed and removed, also while nobody looks.
#[test]
fn what_a_sidecar_says_comes_changes_and_goes_with_it() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let title = |expected: &str| {
        let document = shown(&scenario, "첫글입니다");
        assert_eq!(document["title"], expected, "{document}");
        document
    };
    scenario.write("drop/press/a.txt.meta.yml", "title: 앞선 제목\n");
    assert_eq!(scenario.once(&[]).indexed, 1);
    assert!(scenario.found("").is_empty(), "it describes what is not there yet");
    scenario.write("drop/press/a.txt", "첫글입니다");
    assert_eq!(scenario.once(&[]).indexed, 2);
    title("앞선 제목");

    scenario.write("drop/press/a.txt.meta.yml", "title: 바뀐 제목이다\n");
    let summary = scenario.once(&[]);
    assert!(summary.holds() && summary.indexed == 2, "{summary:?}");
    title("바뀐 제목이다");
    assert_eq!(scenario.found("바뀐").len(), 1, "the index follows");
    assert!(scenario.found("앞선").is_empty());

    // A table comes later and says less; then the sidecar goes, then the row.
    scenario.write("drop/press/manifest.csv", "filename,title,subject\na.txt,표 제목,나들목\n");
    assert_eq!(scenario.once(&[]).indexed, 3);
    assert_eq!(claims(&title("바뀐 제목이다"), "keywords")[0].1, beside("manifest.csv"));
    scenario.remove("drop/press/a.txt.meta.yml");
    let summary = scenario.once(&[]);
    assert_eq!((summary.indexed, summary.deleted, summary.holds()), (2, 1, true), "{summary:?}");
    title("표 제목");
    scenario.write("drop/press/manifest.csv", "filename,title,subject\nb.txt,다른 것,나들목\n");
    scenario.once(&[]);
    assert_eq!(claims(&title("a.txt"), "title"), []);
    scenario.write("drop/press/manifest.csv", "filename,title,subject\na.txt,또 표 제목,나들목\n");
    scenario.once(&[]);
    title("또 표 제목");
    // No longer one that describes: it is a table like any other, and is to be found.
    scenario.write("drop/press/manifest.csv", "이름,나이\n갑돌이,31\n");
    scenario.once(&[]);
    title("a.txt");
    assert_eq!(scenario.found("갑돌이"), ["manifest.csv"]);
    // And what describes files again is not.
    scenario.write("drop/press/manifest.csv", "filename,title,subject\na.txt,끝 제목,나들목\n");
    scenario.once(&[]);
    title("끝 제목");
    assert!(scenario.found("갑돌이").is_empty());
    scenario.remove("drop/press/manifest.csv");
    scenario.once(&[]);
    title("a.txt");
    assert_eq!(scenario.live_entries().len(), 2);
}

/// Without a service, too, up to the folder that is named.
#[test]
fn what_lies_beside_a_file_is_read_without_a_service() {
    let scenario = Scenario::new();
    drop_all(&scenario);
    let read = |arguments: &[&str]| -> HashMap<String, Value> {
        let said = scenario.succeed(&[&["extract", "--json"], arguments].concat());
        let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let own = lines.filter(|line| line["member"].is_null());
        own.map(|line| (line["path"].as_str().unwrap().to_owned(), line)).collect()
    };
    let report = "drop/press/보고/결과.hwpx";
    let all = read(&["drop/press"]);
    let titles = claims(&all[report], "title");
    assert_eq!(titles[0], (json!("소양강댐 방류 결과"), beside("결과.hwpx.meta.yml")));
    assert_eq!(titles[1], (json!("표의 제목"), beside("manifest.csv")));
    assert_eq!(all[report]["metadata"]["disclosure"], "closed");
    assert_eq!(all["drop/press/옛것/A.TXT"]["title"], "큰 글자 이름");
    assert_eq!(all["drop/press/이관/objects/옛글.txt"]["title"], "토지대장 사본");
    assert_eq!(all["drop/press/사진/IMG_1.jpg"]["title"], "물넘이 전경");
    // Of the file alone: what lies in its own folder.
    let alone = claims(&read(&[report])[report], "title");
    assert_eq!(alone[0], (json!("소양강댐 방류 결과"), beside("결과.hwpx.meta.yml")));
    assert!(alone.iter().all(|(_, from)| *from != beside("manifest.csv")), "{alone:?}");
    let without = read(&["--no-sidecars", "drop/press"]);
    assert!(claims(&without[report], "title").iter().all(|(_, from)| from.get("beside").is_none()));
    assert_eq!(without[report]["metadata"].get("disclosure"), None);
}

/// Of the files of a table only those are read anew of which it says something else.
#[test]
fn a_changed_row_has_its_own_file_read_anew() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let once = || {
        let mut command = scenario.command(&["up", "--once"]);
        let output = command.env("RUST_LOG", "madang=debug,warn").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output).lines().filter(|line| line.contains("it was read")).count()
    };
    let names = ["a", "b", "c", "d", "e"];
    let table = |rows: &[(&str, &str)]| {
        let rows = rows.iter().map(|(name, title)| format!("{name}.txt,{title}\n"));
        let table = format!("filename,title\n{}", rows.collect::<String>());
        scenario.write("drop/press/manifest.csv", table);
    };
    for name in names {
        scenario.write(&format!("drop/press/{name}.txt"), format!("글월 word{name}"));
    }
    table(&[("a", "하나"), ("b", "둘"), ("c", "셋"), ("d", "넷"), ("e", "다섯")]);
    once();
    let titles = |expected: [&str; 5]| {
        let found = names.map(|name| shown(&scenario, &format!("word{name}"))["title"].clone());
        assert_eq!(found, expected);
    };
    titles(["하나", "둘", "셋", "넷", "다섯"]);
    // One row changed, one moved, one gone: the table and two files.
    table(&[("b", "둘"), ("a", "하나"), ("c", "바뀐 셋"), ("d", "넷")]);
    assert_eq!(once(), 3);
    titles(["하나", "둘", "바뀐 셋", "넷", "e.txt"]);
    // Written once more: only the table itself is read.
    table(&[("b", "둘"), ("a", "하나"), ("c", "바뀐 셋"), ("d", "넷")]);
    assert_eq!(once(), 1);
    scenario.remove("drop/press/manifest.csv");
    assert_eq!(once(), 4);
    titles(["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"]);
}

/// Whatever is wrong with a sidecar is told with file, line and cure, and costs its file nothing.
#[test]
fn a_bad_sidecar_costs_its_file_nothing() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for (name, sidecar) in [
        ("a", "title: ok\nsubject: [x\n".to_owned()),
        ("b", "작성일: 어제\n제목: 둘째\n".to_owned()),
        ("c", format!("a: &a [{}]\nb: *a\n", "x,".repeat(1000))),
        ("d", "[".repeat(200_000)),
        ("e", "x".repeat((1 << 20) + 1)),
        ("f", String::new()),
    ] {
        scenario.write(&format!("drop/press/{name}.txt"), format!("글자들 {name}{name}{name}"));
        scenario.write(&format!("drop/press/{name}.txt.meta.yml"), sidecar);
    }
    let summary = scenario.once(&[]);
    assert_eq!(
        (summary.received, summary.in_flight, summary.holds()),
        (12, 0, true),
        "{summary:?}"
    );
    let mut told = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let document = shown(&scenario, &name.repeat(3));
        assert_eq!(
            (&document["outcome"], &document["path"]),
            (&json!("ok"), &json!(format!("{name}.txt")))
        );
        let warnings = document["warnings"].as_array().unwrap();
        told.extend(warnings.iter().map(|warning| warning["message"].as_str().unwrap().to_owned()));
    }
    for (n, start) in [
        "a.txt.meta.yml, line 3: it is no YAML",
        "b.txt.meta.yml, line 1: `작성일` cannot be `어제`; write",
        "c.txt.meta.yml, line 2: what is named by an anchor is not read; write",
        "d.txt.meta.yml, line 1: ",
        "e.txt.meta.yml: it has 1048577 bytes",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(told[n].starts_with(start) && told[n].contains("; "), "{told:#?}");
    }
    assert_eq!(told.len(), 5, "{told:#?}");
    assert_eq!(shown(&scenario, "bbb")["title"], "둘째");
    assert_eq!(scenario.found("").len(), 6, "none of them is a document for itself");
}

/// Its own receipt and page say so, too, with the line and the cure; so do those of a table.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_sidecar_says_so_itself() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    for (name, bytes, line) in [
        ("a.txt.meta.yml", "title: ok\nsubject: [x\n", "line 3"),
        ("manifest.csv", "filename,title,created\na.txt,하나,\nb.txt,둘,어제\n", "line 3"),
    ] {
        let path = format!("/v1/drop/press/{name}");
        let answer = service.ask("PUT", &path, ADMIN, bytes.into()).await;
        let receipt = until("the sidecar is read", async || {
            let receipt = service.get(answer.location.as_ref().unwrap()).await;
            (receipt["state"] == "described").then_some(receipt)
        })
        .await;
        assert_eq!(receipt["outcome"], "partial", "{receipt}");
        let reason = receipt["reason"].as_str().unwrap();
        assert!(reason.contains(line) && reason.contains("; "), "{reason}");
        let sentence = receipt["outcome_sentence"]["ko"].as_str().unwrap();
        let id = receipt["id"].as_str().unwrap();
        let page = service.ask("GET", &format!("/documents/{id}"), ADMIN, Vec::new()).await;
        let page = page.text();
        assert!(page.contains(sentence) && page.contains("3번째 줄"), "{page}");
        assert!(!page.contains("모두 읽었습니다"), "{page}");
        // Nothing of what it names is there: no link leads to it.
        let a = DocumentId::new("press", "a.txt", None);
        assert!(page.contains("a.txt</bdi> <span class=\"faint\">여기 없음"), "{page}");
        assert!(!page.contains(&a.to_string()), "{page}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_sidecar_has_its_receipt_and_describes_its_file() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    let put = async |path: &str, bytes: Vec<u8>| {
        let answer = service.ask("PUT", &format!("/v1/drop/press/{path}"), ADMIN, bytes).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.location.clone().expect("the receipt's address")
    };
    let file = put("a.txt", "올린 글이다 uploaded".into()).await;
    until("the file is found", async || {
        (service.get(&file).await["state"] == "indexed").then_some(())
    })
    .await;
    let sidecar = put("a.txt.meta.yml", "title: 올린 제목\n".into()).await;
    let receipt = until("the sidecar is read", async || {
        let receipt = service.get(&sidecar).await;
        (receipt["state"] == "described").then_some(receipt)
    })
    .await;
    assert_eq!((&receipt["describes"], &receipt["searchable"]), (&json!("a.txt"), &json!(false)));
    assert_eq!(receipt["catalogued"], false, "{receipt}");
    let document = until("the file is read anew", async || {
        let id = service.get(&file).await["id"].as_str().unwrap().to_owned();
        let document = service.get(&format!("/v1/documents/{id}")).await;
        (document["title"] == "올린 제목").then_some(document)
    })
    .await;
    assert_eq!(claims(&document, "title"), [(json!("올린 제목"), beside("a.txt.meta.yml"))]);
    // The page of the file says where its title comes from, that of the sidecar whom it describes.
    let page = async |id: &str| {
        let page = service.ask("GET", &format!("/documents/{id}"), ADMIN, Vec::new()).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page.text()
    };
    let id = document["id"].as_str().unwrap();
    assert!(page(id).await.contains("a.txt.meta.yml"));
    let own = page(receipt["id"].as_str().unwrap()).await;
    assert!(own.contains(&format!("/documents/{id}")), "{own}");
    until("the index follows", async || {
        let hits = service.search("").await["hits"].clone();
        (hits.as_array().unwrap().len() == 1 && hits[0]["title"] == "올린 제목").then_some(())
    })
    .await;
    let balance = service.get("/v1/ledger/balance").await;
    assert_eq!((&balance["received"], &balance["sidecars"]), (&json!(2), &json!(1)), "{balance}");
    assert_eq!(balance["holds"], true);
    // It goes while the service runs.
    scenario.remove("drop/press/a.txt.meta.yml");
    until("the title goes with it", async || {
        (service.get(&format!("/v1/documents/{id}")).await["title"] == "a.txt").then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_has_sidecars_like_a_folder() {
    let bucket = Bucket::start().await;
    let client = bucket.client();
    let scenario = Scenario::new();
    scenario.write("madang.toml", bucket.configuration());
    let put = async |key: &str, bytes: &str| {
        let bytes = PutPayload::from(bytes.as_bytes().to_vec());
        client.put(&Path::parse(key).unwrap(), bytes).await.unwrap();
    };
    let once = || {
        let source = ["s3://drop/자료", "--config", "madang.toml"];
        tokio::task::block_in_place(|| scenario.once(&source))
    };
    put("자료/a.txt", "통에 든 첫 글").await;
    put("자료/b.txt", "통에 든 둘째 글").await;
    put("자료/b.txt.meta.yml", "title: 둘째 제목\n").await;
    put("자료/manifest.csv", "filename,title\na.txt,첫째 제목\n").await;
    assert_eq!(once(), Summary { received: 4, indexed: 4, ..Summary::default() });
    let title =
        |query: &str| tokio::task::block_in_place(|| shown(&scenario, query)["title"].clone());
    assert_eq!((title("첫"), title("둘째")), (json!("첫째 제목"), json!("둘째 제목")));
    put("자료/b.txt.meta.yml", "title: 둘째의 새 제목\n").await;
    client.delete(&Path::parse("자료/manifest.csv").unwrap()).await.unwrap();
    assert_eq!(once(), Summary { received: 4, indexed: 3, deleted: 1, ..Summary::default() });
    assert_eq!((title("첫"), title("둘째")), (json!("a.txt"), json!("둘째의 새 제목")));
}

/// What has the name of a sidecar and is no file may have been meant to say that a file is closed.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_place_of_a_sidecar_closes_what_that_would_describe() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "disclosure = \"public\"\nshare = \"joint\"\n");
    scenario.write("outside.yml", "제목: 바깥의 것\n");
    for name in ["link", "pipe", "folder", "packet", "plain", "표/하나", "묶음/하나", "late"]
    {
        scenario.write(&format!("drop/press/{name}.txt"), format!("{name}의 글"));
    }
    let place = |name: &str| scenario.path(&format!("drop/press/{name}"));
    let link = |name: &str| std::os::unix::fs::symlink(scenario.path("outside.yml"), place(name));
    link("link.txt.meta.yml").unwrap();
    link("표/manifest.csv").unwrap();
    // Where a table may lie that nobody sees.
    std::fs::create_dir(scenario.path("elsewhere")).unwrap();
    let link_folder = |name: &str| {
        std::os::unix::fs::symlink(scenario.path("elsewhere"), place(name)).unwrap();
    };
    link_folder("묶음/metadata");
    // A packet has no word for it.
    link("packet.xmp").unwrap();
    let made =
        std::process::Command::new("mkfifo").arg(place("pipe.txt.meta.yaml")).status().unwrap();
    assert!(made.success());
    std::fs::create_dir(place("folder.txt.meta.json")).unwrap();
    scenario.write("drop/press/folder.txt.meta.json/inside.txt", "안에 든 글");
    let service = Service::start(&scenario, &[]).await;
    let id = |name: &str| DocumentId::new("press", &format!("{name}.txt"), None);
    let rights = async |name: &str| {
        let entry = format!("/v1/catalog/entries/{}", id(name));
        let text = service.ask("GET", &entry, ADMIN, Vec::new()).await.text();
        let words = ["closed", "public"].into_iter();
        words.map(str::to_owned).find(|word| text.contains(&format!("code/access/{word}")))
    };
    let becomes = async |name: &str, word: &str| {
        until(&format!("{name} is {word}"), async || rights(name).await.as_deref() == Some(word))
            .await;
    };
    for (name, word) in [
        ("link", "closed"),
        ("pipe", "closed"),
        ("folder", "closed"),
        ("표/하나", "closed"),
        ("묶음/하나", "closed"),
        ("packet", "public"),
    ] {
        becomes(name, word).await;
        let document = service.get(&format!("/v1/documents/{}", id(name))).await;
        let warning = &document["warnings"][0];
        assert!(warning["message"].as_str().unwrap().contains("it is no file"), "{document}");
        assert!(warning["message_ko"].as_str().unwrap().contains("파일이 아닙니다"), "{document}");
    }
    for name in ["plain", "late", "folder.txt.meta.json/inside"] {
        becomes(name, "public").await;
    }
    let left_out = service.get("/v1/left-out").await;
    let folder = left_out["left_out"].as_array().unwrap().iter();
    let folder: Vec<&Value> = folder.filter(|one| one["kind"] == "folder").collect();
    assert_eq!(folder.len(), 1, "{left_out}");
    assert_eq!(folder[0]["path"], "folder.txt.meta.json");
    // What keeps many files closed is told where it stands, too.
    for (path, closes) in [
        ("folder.txt.meta.json", true),
        ("link.txt.meta.yml", true),
        ("packet.xmp", false),
        ("묶음/metadata", true),
        ("표/manifest.csv", true),
    ] {
        let all = left_out["left_out"].as_array().unwrap();
        let one = all.iter().find(|one| one["path"] == path).unwrap();
        let words = [("en", "counts as closed"), ("ko", "비공개로 칩니다")];
        for (language, word) in words {
            let told = one["sentence"][language].as_str().unwrap();
            assert_eq!(told.contains(word), closes, "{one}");
        }
    }

    // It comes and goes while the service runs.
    link("late.txt.meta.yml").unwrap();
    becomes("late", "closed").await;
    std::fs::remove_file(place("묶음/metadata")).unwrap();
    becomes("묶음/하나", "public").await;
    link_folder("묶음/METADATA");
    becomes("묶음/하나", "closed").await;
    std::fs::remove_file(place("묶음/METADATA")).unwrap();
    std::fs::create_dir(place("plain.txt.meta.yml")).unwrap();
    becomes("plain", "closed").await;
    std::fs::remove_file(place("link.txt.meta.yml")).unwrap();
    std::fs::remove_file(place("pipe.txt.meta.yaml")).unwrap();
    std::fs::remove_file(place("표/manifest.csv")).unwrap();
    std::fs::remove_dir(place("plain.txt.meta.yml")).unwrap();
    std::fs::rename(place("folder.txt.meta.json"), place("another")).unwrap();
    for name in ["link", "pipe", "표/하나", "묶음/하나", "plain", "folder"] {
        becomes(name, "public").await;
    }
    // Also while none runs.
    service.stop().await;
    std::fs::remove_file(place("late.txt.meta.yml")).unwrap();
    link("link.txt.meta.yml").unwrap();
    let service = Service::start(&scenario, &[]).await;
    let rights = async |name: &str, word: &str| {
        until(&format!("{name} is {word}"), async || {
            let entry = service.get(&format!("/v1/catalog/entries/{}", id(name))).await;
            entry.to_string().contains(&format!("code/access/{word}"))
        })
        .await;
    };
    rights("late", "public").await;
    rights("link", "closed").await;
    service.stop().await;
}
