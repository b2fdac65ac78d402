use madang_document::content::Origin;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;

use crate::house::{A, Paper, STORE};
use crate::reply::{Reply, get, page, request, send};
use crate::rig::{Rig, paper, rig};

fn film<'a>(path: &'a str, media_type: &'a str) -> Paper<'a> {
    Paper { media_type, ..paper(A, path, "0123456789", "침수") }
}

#[tokio::test]
async fn a_film_is_handed_out_in_ranges_under_a_type_of_ours() {
    let Rig { house, only_a, .. } = rig().await;
    let id = house.take(&film("1741000/a.mov", "video/quicktime")).await;
    let address = format!("/v1/documents/{id}/media");
    let key = format!("Bearer {only_a}");
    let ask = async |headers: &[(&str, &str)]| -> Reply {
        let headers: Vec<_> =
            [("authorization", &*key)].iter().chain(headers).copied().collect::<Vec<_>>();
        send(&house, request("GET", &address, &headers)).await
    };
    let whole = ask(&[]).await;
    assert_eq!((whole.status.as_u16(), &*whole.body), (200, "0123456789"));
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-length", "10"),
        ("accept-ranges", "bytes"),
        ("content-disposition", "inline"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    let tag = whole.header("etag").to_owned();
    for (headers, status, body, range) in [
        (vec![("range", "bytes=2-4")], 206, "234", "bytes 2-4/10"),
        (vec![("range", "bytes=7-")], 206, "789", "bytes 7-9/10"),
        (vec![("range", "bytes=-2")], 206, "89", "bytes 8-9/10"),
        (vec![("range", "bytes=10-")], 416, "", "bytes */10"),
        (vec![("range", "bytes=0-1,3-4")], 200, "0123456789", ""),
        (vec![("range", "bytes=2-4"), ("if-range", &*tag)], 206, "234", "bytes 2-4/10"),
        (vec![("range", "bytes=2-4"), ("if-range", "\"other\"")], 200, "0123456789", ""),
        (vec![("if-none-match", &*tag)], 304, "", ""),
    ] {
        let part = ask(&headers).await;
        assert_eq!((part.status.as_u16(), &*part.body), (status, body), "{headers:?}");
        assert_eq!(part.header("content-range"), range, "{headers:?}");
    }
    // The file itself stays what is never opened, and its ranges know its version, too.
    let original = format!("/v1/documents/{id}/original");
    let headers = [("authorization", &*key), ("range", "bytes=2-4"), ("if-range", "\"other\"")];
    let reply = send(&house, request("GET", &original, &headers)).await;
    assert_eq!((reply.status.as_u16(), &*reply.body), (200, "0123456789"));
    assert!(reply.header("content-disposition").starts_with("attachment; "));
    assert_eq!((reply.header("etag"), reply.header("content-type")), (&*tag, "video/quicktime"));
}

#[tokio::test]
async fn nothing_else_is_opened_in_a_browser() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let id = house.take(&film("1741000/a.mp4", "video/mp4")).await;
    let nothing = DocumentId::new(STORE, "1741000/nothing.mp4", None);
    let media = |id: DocumentId| format!("/v1/documents/{id}/media");
    let hidden = get(&house, &only_b, &media(id)).await;
    let missing = get(&house, &only_b, &media(nothing)).await;
    assert_eq!(hidden.status, 404);
    assert_eq!((hidden.status, hidden.body), (missing.status, missing.body));
    let unnamed = send(&house, request("GET", &media(id), &[])).await;
    assert_eq!(unnamed.status, 401);
    for (path, media_type) in [
        ("1741000/a.avi", "video/x-msvideo"),
        ("1741000/a.svg", "image/svg+xml"),
        ("1741000/a.html", "text/html"),
        ("1741000/a.pdf", "application/pdf"),
        ("1741000/a.mpg", "video/x-whatever"),
    ] {
        let id = house.take(&film(path, media_type)).await;
        let refused = get(&house, &only_a, &media(id)).await;
        assert_eq!(refused.status, 404, "{media_type}");
        assert_eq!(refused.header("content-type"), "application/problem+json", "{media_type}");
    }
}

#[tokio::test]
async fn only_the_page_of_a_document_plays_anything() {
    let Rig { house, only_a, .. } = rig().await;
    let id = house.take(&film("1741000/a.mp4", "video/mp4")).await;
    let shown = page(&house, &only_a, &format!("/documents/{id}")).await;
    assert!(shown.header("content-security-policy").contains("media-src 'self'"));
    assert!(shown.header("content-security-policy").starts_with("default-src 'none'"));
    for address in ["/", "/drop", "/queues", "/documents/nothing"] {
        let other = page(&house, &only_a, address).await;
        let policy = other.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("media-src"),
            "{address}"
        );
    }
}

/// The captions are ours: of subtitles or speech, under one media type, for whoever may see the film.
#[tokio::test]
async fn a_film_has_captions_of_what_is_said_in_it() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let time = Locator::Time { start_ms: 2000, end_ms: 4500 };
    let said = "<script>침수</script> --> &";
    let film = |path, media_type, origin| {
        let pieces = vec![(time.clone(), said.to_owned())];
        Paper { pieces, origin, ..film(path, media_type) }
    };
    let id = house.take(&film("1741000/a.mp4", "video/mp4", Origin::Speech)).await;
    let address = format!("/v1/documents/{id}/captions");
    let captions = get(&house, &only_a, &address).await;
    assert_eq!(
        (captions.status.as_u16(), &*captions.body),
        (
            200,
            "WEBVTT\n\n00:00:02.000 --> 00:00:04.500\n&lt;script&gt;침수&lt;/script&gt; --&gt; &amp;\n"
        )
    );
    for (name, value) in [
        ("content-type", "text/vtt; charset=utf-8"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(captions.header(name), value, "{name}");
    }
    let shown = page(&house, &only_a, &format!("/documents/{id}?hl=en")).await.body;
    let track = shown.split("<track ").nth(1).unwrap().split('>').next().unwrap();
    assert!(track.contains(&format!("kind=\"captions\" src=\"{address}\"")), "{track}");
    assert!(track.contains("label=\"Automatic transcript\""), "{track}");

    let nothing = DocumentId::new(STORE, "1741000/nothing.mp4", None);
    let hidden = get(&house, &only_b, &address).await;
    let missing = get(&house, &only_b, &format!("/v1/documents/{nothing}/captions")).await;
    assert_eq!(hidden.status, 404);
    assert_eq!((hidden.status, hidden.body), (missing.status, missing.body));
    assert_eq!(send(&house, request("GET", &address, &[])).await.status, 401);
    // Words on signs are no captions, and nothing is made for what is not played.
    for (path, media_type, origin) in [
        ("1741000/sign.mp4", "video/mp4", Origin::Ocr),
        ("1741000/a.avi", "video/x-msvideo", Origin::Speech),
        ("1741000/a.mp3", "audio/mpeg", Origin::Speech),
    ] {
        let id = house.take(&film(path, media_type, origin)).await;
        let none = get(&house, &only_a, &format!("/v1/documents/{id}/captions")).await;
        assert_eq!(none.status, 404, "{path}");
        let shown = page(&house, &only_a, &format!("/documents/{id}")).await.body;
        assert!(!shown.contains("<track"), "{path}");
        assert_eq!(shown.contains("<h2>화면 글자 "), origin == Origin::Ocr, "{path}");
    }
}
