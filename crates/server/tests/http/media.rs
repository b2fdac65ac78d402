use madang_document::content::Origin;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;

use crate::house::{A, B, Paper, STORE};
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
        let heading = if origin == Origin::Ocr {
            "<h2>화면 글자 "
        } else {
            "<h2>말소리 받아쓰기 "
        };
        assert!(shown.contains(heading), "{path}: {shown}");
    }
    for (path, origin, ko, en) in [
        ("1741000/chapters.mkv", Origin::Native, "장 목록", "Chapters"),
        ("1741000/subtitles.mkv", Origin::Subtitle, "자막", "Subtitles"),
    ] {
        let id = house.take(&film(path, "video/x-matroska", origin)).await;
        for (language, heading) in [("ko", ko), ("en", en)] {
            let shown = page(&house, &only_a, &format!("/documents/{id}?hl={language}")).await.body;
            assert!(shown.contains(&format!("<h2>{heading} ")), "{shown}");
        }
    }
}

/// Subtitles lie beside a film under its name: each page tells of the other, and the film is shown with them, to nobody who may
/// not see both.
#[tokio::test]
async fn a_film_is_shown_with_the_subtitles_beside_it() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let time = |start_ms| Locator::Time { start_ms, end_ms: start_ms + 2000 };
    let heard = |path, media_type| Paper { pieces: Vec::new(), ..film(path, media_type) };
    let written = |agency, path, media_type| Paper {
        pieces: vec![
            (time(65_000), "대피소로 이동".to_owned()),
            (time(1000), "침수 확인".to_owned()),
        ],
        media_type,
        ..paper(agency, path, "자막", "")
    };
    let srt = "application/x-subrip";
    let movie = house.take(&heard("1741000/훈련.mp4", "video/mp4")).await;
    let address = format!("/v1/documents/{movie}/captions");
    assert_eq!(get(&house, &only_a, &address).await.status, 404);
    let subtitles = house.take(&written(A, "1741000/훈련.ko.srt", srt)).await;
    let captions = get(&house, &only_a, &address).await;
    let cues = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n침수 확인\n\n00:01:05.000 --> 00:01:07.000\n대피소로 이동\n";
    assert_eq!((captions.status.as_u16(), &*captions.body), (200, cues));
    let of_file = get(&house, &only_a, &format!("/v1/documents/{subtitles}/captions")).await;
    assert_eq!((of_file.status.as_u16(), &*of_file.body), (200, cues));

    for (language, link, back) in [("ko", "자막: ", "영상: "), ("en", "Subtitles: ", "Film: ")]
    {
        let shown = page(&house, &only_a, &format!("/documents/{movie}?hl={language}")).await.body;
        let told = format!("{link}<a href=\"/documents/{subtitles}\"><bdi>훈련.ko.srt</bdi></a>");
        assert!(shown.contains(&told), "{shown}");
        assert!(shown.contains(&format!("<track kind=\"captions\" src=\"{address}\"")), "{shown}");
        let rows = shown.split("class=\"transcript\"").nth(1).unwrap();
        let (one, other) = (rows.find("침수 확인").unwrap(), rows.find("대피소로").unwrap());
        assert!(one < other, "in the order of time: {rows}");
        // Where a search found it in the file, the film is played from there.
        let there = format!("/documents/{subtitles}?at=t%3D65%2C67&hl={language}");
        let shown = page(&house, &only_a, &there).await.body;
        let told = format!("{back}<a href=\"/documents/{movie}\"><bdi>훈련.mp4</bdi></a>");
        assert!(shown.contains(&told), "{shown}");
        assert!(
            shown.contains(&format!("src=\"/v1/documents/{movie}/media#t=65.000\"")),
            "{shown}"
        );
        assert!(shown.contains(&format!("src=\"/v1/documents/{subtitles}/captions\"")), "{shown}");
        assert!(shown.contains("data-ms=\"65000\""), "{shown}");
    }
    // What stands in the subtitles is found on the page of the film, too.
    let there =
        page(&house, &only_a, &format!("/documents/{movie}?q=%EB%8C%80%ED%94%BC%EC%86%8C")).await;
    assert!(there.body.contains("/media#t=65.000\""), "{}", there.body);

    let talk = Paper {
        pieces: vec![(time(30_000), "들린 말".to_owned())],
        origin: Origin::Speech,
        ..heard("1741000/말.mp4", "video/mp4")
    };
    let talk = house.take(&talk).await;
    house.take(&written(A, "1741000/말.vtt", "text/vtt")).await;
    let shown = page(&house, &only_a, &format!("/documents/{talk}")).await.body;
    assert!(shown.contains("<h2>시간별 글 "), "{shown}");
    let at = |text: &str| shown.find(text).unwrap();
    assert!(at("침수 확인") < at("들린 말") && at("들린 말") < at("대피소로"), "{shown}");
    assert!(shown.contains("label=\"자막\""), "people wrote those: {shown}");

    // Sound has them beside its player; of a film that browsers do not play there is the way to it.
    let sound = house.take(&heard("1741000/방송.mp3", "audio/mpeg")).await;
    let lyrics = house.take(&written(A, "1741000/방송.lrc", "text/x-lrc")).await;
    let shown = page(&house, &only_a, &format!("/documents/{sound}")).await.body;
    assert!(
        shown.contains(&format!("/documents/{lyrics}\"")) && shown.contains("침수 확인"),
        "{shown}"
    );
    let shown = page(&house, &only_a, &format!("/documents/{lyrics}")).await.body;
    assert!(
        shown.contains(&format!(
            "<audio id=\"media\" controls preload=\"metadata\" src=\"/v1/documents/{sound}/media\""
        )),
        "{shown}"
    );
    let old = house.take(&heard("1741000/옛.avi", "video/x-msvideo")).await;
    let beside = house.take(&written(A, "1741000/옛.smi", "application/x-sami")).await;
    let shown = page(&house, &only_a, &format!("/documents/{beside}")).await.body;
    assert!(
        shown.contains(&format!("/documents/{old}\"")) && !shown.contains("id=\"media\""),
        "{shown}"
    );

    // Not what is called so and is none, not what another agency has there, not what is withdrawn.
    let theirs = house.take(&heard("1741000/둘.mp4", "video/mp4")).await;
    house.take(&written(A, "1741000/둘.srt", "text/plain")).await;
    house.take(&written(B, "1741000/둘.vtt", "text/vtt")).await;
    house.withdraw("1741000/훈련.ko.srt").await;
    for (key, id) in [(&only_a, theirs), (&admin, theirs), (&only_a, movie), (&admin, movie)] {
        let shown = page(&house, key, &format!("/documents/{id}")).await.body;
        assert!(!shown.contains("자막: ") && !shown.contains("<track"), "{shown}");
        assert_eq!(get(&house, key, &format!("/v1/documents/{id}/captions")).await.status, 404);
    }
    let hidden = get(&house, &only_b, &address).await;
    assert_eq!(hidden.status, 404);
}
