//! Documents as they are looked at: films in ranges, pages as pictures.

use std::io::{Cursor, Write as _};

use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn address(path: &str, inner: Option<&str>, what: &str) -> String {
    let id = DocumentId::new("press", path, inner.map(InnerPath::of).as_ref());
    format!("/v1/documents/{id}/{what}")
}

/// In an archive, too, where each range has it unpacked as far as the range goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_film_is_played_wherever_it_lies() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let film = fixture("mp4/subtitles.mp4");
    scenario.write("drop/press/film.mp4", &film);
    scenario.write("drop/press/outer.zip", zipped(&[("film.mp4", &film), ("a.txt", b"a")]));
    let service = Service::start(&scenario, &[]).await;
    service.settled(2).await;
    madang_store::tls::provide();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for media in
        [address("film.mp4", None, "media"), address("outer.zip", Some("film.mp4"), "media")]
    {
        let ask = async |range: Option<&str>| {
            let request = client.get(format!("{}{media}", service.url)).bearer_auth(ADMIN);
            let request = match range {
                Some(range) => request.header("range", range),
                None => request,
            };
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap())
        };
        let (status, headers, bytes) = ask(None).await;
        assert_eq!((status, bytes[..] == film[..]), (200, true), "{media}");
        assert_eq!(headers["content-type"], "video/mp4");
        assert_eq!(headers["accept-ranges"], "bytes");
        for part in [0..1, 100..2100, film.len() - 5..film.len()] {
            let (status, headers, bytes) =
                ask(Some(&format!("bytes={}-{}", part.start, part.end - 1))).await;
            assert_eq!((status, bytes[..] == film[part.clone()]), (206, true), "{media} {part:?}");
            let told = format!("bytes {}-{}/{}", part.start, part.end - 1, film.len());
            assert_eq!(headers["content-range"].to_str().unwrap(), told);
        }
        let beyond = format!("bytes={}-", film.len());
        assert_eq!(ask(Some(&beyond)).await.0, 416);
    }
    service.stop().await;
}

/// The sides of a JPEG file.
fn sides(jpeg: &[u8]) -> (u32, u32) {
    // Its first frame header (ITU-T T.81, B.2.2).
    let mut at = 2;
    loop {
        let side = |n: usize| u32::from(jpeg[at + n]) << 8 | u32::from(jpeg[at + n + 1]);
        match jpeg[at + 1] {
            0xC0..=0xC2 => return (side(7), side(5)),
            _ => at += 2 + side(2) as usize,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_drawn_for_whoever_looks_at_them() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "5360000");
    let pdf = fixture("pdf/by_libreoffice.pdf");
    scenario.write("drop/press/plan.pdf", &pdf);
    scenario.write("drop/press/outer.zip", zipped(&[("plan.pdf", &pdf)]));
    scenario.write("drop/press/photo.jpg", fixture("jpeg/photo.jpg"));
    let service = Service::start(&scenario, &[]).await;
    service.settled(3).await;
    service.indexed().await;
    let get = async |path: &str| service.ask("GET", path, ADMIN, Vec::new()).await;
    for page in
        [address("plan.pdf", None, "page/1"), address("outer.zip", Some("plan.pdf"), "page/1")]
    {
        let answer = get(&page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        let (width, height) = sides(&answer.bytes);
        assert_eq!((height, width), (1754, 1240), "A4");
        let larger = get(&format!("{page}?zoom=2")).await;
        let (_, height) = sides(&larger.bytes);
        assert!((3500..=3508).contains(&height), "{height}");
    }
    assert_eq!(get(&address("plan.pdf", None, "page/2")).await.status, 404, "it has one page");
    let photo = get(&address("photo.jpg", None, "page/1")).await;
    assert_eq!(photo.status, 200, "{}", photo.text());
    // Where its words stand is known to the page of the document.
    let plan = DocumentId::new("press", "plan.pdf", None);
    let shown = get(&format!("/documents/{plan}?q=%EA%B4%80%EC%B8%A1%EC%86%8C")).await.text();
    assert!(shown.contains("<rect class=\"spot now\" id=\"hit-1\""), "{shown}");
    service.stop().await;
}
