//! The likeness that a document stores of itself, made into a preview for whoever looks at it.

use std::io::{Cursor, Read as _, Write as _};

use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::until;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A Word document with this thumbnail.
fn with_thumbnail(picture: &[u8]) -> Vec<u8> {
    let mut package = ZipArchive::new(Cursor::new(fixture("docx/words.docx"))).unwrap();
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for n in 0..package.len() {
        let mut part = package.by_index(n).unwrap();
        let (name, mut bytes) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut bytes).unwrap();
        parts.push((name, bytes));
    }
    parts.push(("docProps/thumbnail.jpeg".into(), picture.to_vec()));
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zipped(&parts)
}

/// A picture of one white pixel: nothing to see.
const BLANK: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

fn id(path: &str, inner: Option<&str>) -> DocumentId {
    DocumentId::new("press", path, inner.map(InnerPath::of).as_ref())
}

fn preview(id: DocumentId) -> String {
    format!("/v1/documents/{id}/preview")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_likeness_is_shown_to_whoever_may_see_the_document_as_it_was_read() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "5360000");
    let hwpx = fixture("hwpx/previewed.hwpx");
    let photo = with_thumbnail(&fixture("jpeg/photo.jpg"));
    let outer = zipped(&[
        ("previewed.hwpx", &hwpx),
        ("words.docx", &photo),
        ("blank.docx", &with_thumbnail(BLANK)),
    ]);
    scenario.write("drop/press/outer.zip", &outer);
    scenario.write("drop/press/own.hwpx", &hwpx);
    for name in ["changes.docx", "goes.docx"] {
        scenario.write(&format!("drop/press/{name}"), &photo);
    }
    let service = Service::start(&scenario, &[]).await;
    service.settled(4).await;
    let get = async |path: &str| service.ask("GET", path, ADMIN, Vec::new()).await;

    // Nothing was kept of them: they are made now, of the file and of members alike.
    let mut shown = Vec::new();
    for (path, inner) in [
        ("own.hwpx", None),
        ("outer.zip", Some("previewed.hwpx")),
        ("outer.zip", Some("words.docx")),
    ] {
        let id = id(path, inner);
        let told = service.get(&format!("/v1/documents/{id}")).await;
        assert_eq!(told["links"]["preview"], preview(id), "{path} {inner:?}");
        let first = get(&preview(id)).await;
        assert_eq!(first.status, 200, "{path} {inner:?}: {}", first.text());
        assert!(first.bytes.starts_with(&[0xFF, 0xD8, 0xFF]), "{path} {inner:?}");
        let again = get(&preview(id)).await;
        assert!(again.bytes == first.bytes, "{path} {inner:?}");
        let page = get(&format!("/documents/{id}")).await.text();
        assert!(page.contains(&preview(id)), "{path} {inner:?}");
        shown.push(first.bytes);
    }
    assert!(shown[0] == shown[1] && shown[1] != shown[2], "the same document, and another one");

    // Whoever may not see the document learns nothing by its picture.
    let made =
        scenario.succeed(&["key", "new", "theirs", "--roles", "search", "--agencies", "5360000"]);
    let key = made.lines().last().unwrap().trim().to_owned();
    let theirs = service.ask("GET", &preview(id("own.hwpx", None)), &key, Vec::new()).await;
    let absent = service.ask("GET", &preview(id("no.hwpx", None)), &key, Vec::new()).await;
    assert_eq!((theirs.status, absent.status), (404, 404));
    assert_eq!(theirs.text(), absent.text());

    // There is nothing to see: known as soon as somebody looks, and then the page leaves no place for it.
    let blank = id("outer.zip", Some("blank.docx"));
    let page = format!("/documents/{blank}");
    assert!(get(&page).await.text().contains(&preview(blank)));
    assert_eq!(get(&preview(blank)).await.status, 404);
    assert!(!get(&page).await.text().contains(&preview(blank)));

    // A file that is another one, or gone, before its change was read: never the picture of what nobody read.
    service.post("/v1/queues/press/pause").await;
    scenario.write("drop/press/changes.docx", with_thumbnail(&fixture("jpeg/cmyk.jpg")));
    let changed = get(&preview(id("changes.docx", None))).await;
    assert_eq!(changed.status, 404, "{}", changed.text());
    scenario.remove("drop/press/goes.docx");
    assert_eq!(get(&preview(id("goes.docx", None))).await.status, 404);
    service.post("/v1/queues/press/resume").await;
    let changed = until("the new file is read, and shown", async || {
        let changed = get(&preview(id("changes.docx", None))).await;
        (changed.status == 200).then_some(changed)
    });
    assert!(changed.await.bytes != shown[2], "it is that of the new file");
    service.stop().await;
}
