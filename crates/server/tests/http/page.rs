use axum::body::Body;
use axum::http::Request;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::shown::is_misleading;

use crate::house::{self, A, Paper};
use crate::reply::{get, page, request, send};
use crate::rig::{Rig, paper, rig};

#[tokio::test]
async fn hostile_content_stays_text() {
    let Rig { house, admin, .. } = rig().await;
    let path = "1741000/a\"><img src=x onerror=alert(1)>\u{202e}fdp.txt";
    let path = &format!("{path}\u{200f}\u{2028}\u{9b}");
    let title = "<script>alert(1)</script>";
    let text = "침수 <b onmouseover=alert(1)>대책</b> </p><script>alert(2)</script> 끝";
    let id = house.take(&paper(A, path, title, text)).await;
    for address in [
        "/?q=%EC%B9%A8%EC%88%98".to_owned(),
        format!("/documents/{id}"),
        "/queues?state=done".to_owned(),
        "/?q=%22%3E%3Cscript%3Ealert(3)%3C/script%3E".to_owned(),
        "/drop".to_owned(),
    ] {
        let reply = page(&house, &admin, &address).await;
        assert_eq!(reply.status, 200, "{address}: {}", reply.body);
        for bad in ["<script>", "<img src=x", "<b onmouseover", "<공지>"] {
            assert!(!reply.body.contains(bad), "{address} holds {bad}");
        }
        let hidden = reply.body.chars().find(|c| is_misleading(*c) && *c != '\n');
        assert_eq!(hidden, None, "{address}");
        assert!(!reply.body.contains(" style=") && !reply.body.contains("javascript:"));
    }
    let found = page(&house, &admin, "/?q=%EC%B9%A8%EC%88%98").await.body;
    assert!(found.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the title is shown as text");
    assert!(found.contains("<mark>침수</mark> &lt;b onmouseover"), "{found}");
    assert!(
        found.contains(&format!("/documents/{id}?q=%EC%B9%A8%EC%88%98&amp;at=page%3D3#page=3"))
    );
    let json = get(&house, &admin, "/v1/search?q=%EC%B9%A8%EC%88%98").await.json();
    assert_eq!(json["hits"][0]["title"], title);

    let original = get(&house, &admin, &format!("/v1/documents/{id}/original")).await;
    assert_eq!(original.body, title);
    assert!(original.header("content-disposition").starts_with("attachment; "));
    assert!(!original.header("content-disposition").contains("%E2%80%AE"));
    assert_eq!(original.header("content-security-policy"), "sandbox; default-src 'none'");
    let headers = [("authorization", &*format!("Bearer {admin}")), ("range", "bytes=1-6")];
    let address = format!("/v1/documents/{id}/original");
    let part = send(&house, request("GET", &address, &headers)).await;
    assert_eq!((part.status.as_u16(), part.body.as_str()), (206, "script"));
    assert_eq!(part.header("content-range"), format!("bytes 1-6/{}", title.len()));
}

#[tokio::test]
async fn problems_are_json_for_programs_and_pages_for_people() {
    let Rig { house, admin, .. } = rig().await;
    for (path, status, word) in [
        ("/v1/nothing", 404, "no such address"),
        ("/v1/search?agncy=1741000", 400, "did you mean `agency`"),
        ("/v1/jobs?state=broken", 400, "`quarantined`"),
        ("/v1/documents/not-an-id", 404, "no such document"),
        ("/v1/queues/x/pause", 405, "method"),
    ] {
        let reply = get(&house, &admin, path).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{path}: {problem}");
        let shown = page(&house, &admin, path).await;
        assert_eq!(shown.status, status, "{path}");
        assert!(shown.header("content-type").starts_with("text/html"));
        assert!(shown.body.contains("<h1>"));
    }
    let foreign = Request::builder().uri("/healthz").header("host", "evil.example:8484");
    let reply = send(&house, foreign.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 421);
}

#[tokio::test]
async fn pages_say_things_as_people_do() {
    let Rig { house, admin, .. } = rig().await;
    let empty = Paper { outcome: Outcome::Empty, ..paper(A, "1741000/empty.txt", "", "") };
    let empty = Paper { pieces: vec![], ..empty };
    let id = house.take(&empty).await;
    let english = |path: &str| format!("{path}{}hl=en", if path.contains('?') { "&" } else { "?" });

    // B16: a file without a byte is told as that.
    let shown = page(&house, &admin, &english(&format!("/documents/{id}"))).await.body;
    assert!(shown.contains("The file is empty (0 bytes)"), "{shown}");
    assert!(!shown.contains("text recognition"), "{shown}");
    // B20: one document is one document; an error page speaks one language; the icon is there.
    let found = page(&house, &admin, &english("/?q=empty")).await.body;
    assert!(found.contains("1 document ·") && !found.contains("1 documents"), "{found}");
    let missing = page(&house, &admin, "/documents/nothing").await.body;
    assert!(
        missing.contains("찾는 문서가 없거나") && !missing.contains("There is no"),
        "{missing}"
    );
    let icon = send(&house, request("GET", "/favicon.ico", &[])).await;
    assert_eq!(icon.status, 303);
    let picture = send(&house, request("GET", icon.header("location"), &[])).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    // B19: a list of terms holds groups of terms and nothing else.
    let queues = page(&house, &admin, "/queues").await.body;
    let sum = queues.split("<dl class=\"sum\">").nth(1).unwrap().split("</dl>").next().unwrap();
    assert_eq!(sum.matches("<div").count(), sum.matches("<dt>").count(), "{sum}");
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_read_as_people_read_it() {
    let Rig { house, admin, .. } = rig().await;
    let key = object_key::from_bytes(b"1741000/\xba\xb8\xb0\xed\xbc\xad.pdf");
    let id = house.take(&paper(A, &key, "", "침수")).await;
    for address in
        [format!("/documents/{id}"), "/?q=%EC%B9%A8%EC%88%98".into(), "/queues?state=done".into()]
    {
        let shown = page(&house, &admin, &address).await.body;
        assert!(shown.contains("보고서.pdf"), "{address}: {shown}");
    }
    let original = get(&house, &admin, &format!("/v1/documents/{id}/original")).await;
    assert!(original.header("content-disposition").contains("%EB%B3%B4%EA%B3%A0%EC%84%9C.pdf"));
    // Programs get the key, which gives the bytes back.
    let answer = get(&house, &admin, &format!("/v1/documents/{id}")).await.json();
    assert_eq!(answer["path"], key);
}

/// B10: what was asked for stays, and the cure stands at the field.
#[tokio::test]
async fn a_wrong_date_costs_neither_the_query_nor_the_form() {
    let Rig { house, admin, .. } = rig().await;
    house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    let asked = "q=%EC%B9%A8%EC%88%98&kind=document&path=press&sort=newest";
    let shown = page(&house, &admin, &format!("/?{asked}&from=zz%22")).await;
    assert_eq!(shown.status, 400, "{}", shown.body);
    let form =
        shown.body.split("<form class=\"search\"").nth(1).unwrap().split("</form>").next().unwrap();
    for kept in [
        r#"value="침수""#,
        r#"name="from" value="zz&quot;""#,
        r#"name="path" value="press""#,
        r#"name="kind" value="document""#,
        r#"value="newest" selected"#,
        "<details open>",
    ] {
        assert!(form.contains(kept), "{kept}: {form}");
    }
    let field = form.split("name=\"from\"").nth(1).unwrap().split("</label>").next().unwrap();
    assert!(field.contains(r#"aria-invalid="true" aria-describedby="from-wrong""#), "{field}");
    assert!(field.contains(r#"id="from-wrong" role="alert""#) && field.contains("2026-07-14"));
    assert!(!form.contains("to-wrong"), "only what is wrong: {form}");
    assert_eq!(shown.body.matches("role=\"alert\"").count(), 1, "told once: {}", shown.body);
    assert!(
        shown.body.contains("/?q=%EC%B9%A8%EC%88%98&amp;path=press"),
        "filters can be taken away"
    );

    // The other field, the other language, and both at once.
    let both = page(&house, &admin, &format!("/?{asked}&from=1&to=2026-13&hl=en")).await.body;
    assert!(both.contains("from-wrong") && both.contains("to-wrong"), "{both}");
    assert!(both.contains("That is no date.") && !both.contains("적어 주세요"), "{both}");
    // What has no field is told under the form.
    let sorted = page(&house, &admin, "/?q=%EC%B9%A8%EC%88%98&sort=best").await;
    assert_eq!(sorted.status, 400);
    assert!(sorted.body.contains(r#"value="침수""#) && sorted.body.contains("`newest`"));
    // Dates are read as people write them.
    for date in ["2026.7.14", "2026.+7.+14.", "2026%EB%85%84+7%EC%9B%94"] {
        assert_eq!(page(&house, &admin, &format!("/?{asked}&from={date}")).await.status, 200);
    }
    // Programs are told as ever.
    let told = get(&house, &admin, "/v1/search?from=zz").await;
    assert_eq!(told.status, 400);
    assert!(told.json()["detail"].as_str().unwrap().contains("2026-11-23"), "{}", told.body);
}

/// On a phone the filters are asked for above the hits; without a script, too.
#[tokio::test]
async fn filters_are_asked_for_before_the_hits() {
    let Rig { house, admin, .. } = rig().await;
    house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    let shown = page(&house, &admin, "/?q=%EC%B9%A8%EC%88%98").await.body;
    let opener = shown.find(r#"popovertarget="facets""#).unwrap();
    assert!(opener < shown.find("<ol class=\"hits\">").unwrap(), "{shown}");
    let sheet = shown.split("<aside").nth(1).unwrap();
    let head = sheet.split('>').next().unwrap();
    assert!(head.contains("id=\"facets\"") && head.contains("popover"), "{head}");
    assert!(sheet.contains(r#"popovertargetaction="hide""#), "it can be closed: {sheet}");
    let nothing = page(&house, &admin, "/?q=nothing").await.body;
    assert!(!nothing.contains("popovertarget"), "nothing to choose from: {nothing}");
}

/// What a document says of itself is told in the words of the page.
#[tokio::test]
async fn properties_have_names_in_both_languages() {
    let Rig { house, admin, .. } = rig().await;
    let id = house.take(&paper(A, "1741000/a.pdf", "침수 대책", "침수")).await;
    for (language, name) in [("ko", "제목"), ("en", "Title")] {
        let shown = page(&house, &admin, &format!("/documents/{id}?hl={language}")).await.body;
        assert!(shown.contains(&format!("<dt>{name}</dt><dd><bdi>침수 대책")), "{shown}");
        assert!(!shown.contains("<dt>title</dt>"), "{shown}");
    }
}

/// Why a document was not read whole is told in the reader's language, and by the API in both.
#[tokio::test]
async fn a_reason_is_told_in_the_readers_language() {
    let Rig { house, only_a, .. } = rig().await;
    let torn = Paper { outcome: Outcome::Partial, ..paper(A, "1741000/torn.zip", "가", "침수") };
    let id = house.take(&torn).await;
    let english = "a.txt: damaged after 7 bytes: the check sum does not match";
    let korean = "a.txt: 앞 7바이트 다음이 손상되었습니다: 체크섬이 맞지 않습니다";
    for (language, told, other) in [("ko", korean, english), ("en", english, korean)] {
        let shown = page(&house, &only_a, &format!("/documents/{id}?hl={language}")).await.body;
        assert_eq!(shown.matches(told).count(), 2, "the reason and the warning: {shown}");
        assert!(!shown.contains(other), "{shown}");
    }
    let answer = get(&house, &only_a, &format!("/v1/documents/{id}")).await.json();
    assert_eq!(answer["reason"], english);
    assert_eq!((&answer["reason_ko"], &answer["reason_kind"]), (&korean.into(), &"damaged".into()));
    let warning = &answer["warnings"][0];
    assert_eq!((&warning["kind"], &warning["message"]), (&"lost".into(), &english.into()));
    assert_eq!(warning["message_ko"], korean);
    let receipt = get(&house, &only_a, &format!("/v1/receipts/{id}")).await.json();
    assert_eq!((&receipt["reason"], &receipt["reason_ko"]), (&english.into(), &korean.into()));
}

/// B5: a waiting file has its page, and is told apart from one that is not there.
#[tokio::test]
async fn a_file_that_waits_has_its_page() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    house.see(A, "1741000/2026/waits.pdf", 3).await;
    let id = DocumentId::new(house::STORE, "1741000/2026/waits.pdf", None);
    let shown = page(&house, &only_a, &format!("/documents/{id}?hl=en")).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("waits.pdf") && shown.body.contains("it waits for its turn"));
    let answer = get(&house, &only_a, &format!("/v1/documents/{id}")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["state"].as_str()), (202, Some("received")));
    let text = get(&house, &only_a, &format!("/v1/documents/{id}/text")).await;
    assert_eq!(text.status, 404);
    assert!(text.json()["type"].as_str().unwrap().ends_with(":unread"), "{}", text.body);

    // To whom it is hidden it is what is not there.
    let nothing = DocumentId::new(house::STORE, "1741000/2026/nothing.pdf", None);
    for path in ["/documents/{}", "/v1/documents/{}", "/v1/documents/{}/text"] {
        let hidden = get(&house, &only_b, &path.replace("{}", &id.to_string())).await;
        let missing = get(&house, &only_b, &path.replace("{}", &nothing.to_string())).await;
        assert_eq!((hidden.status, hidden.body), (missing.status, missing.body), "{path}");
    }
}

/// A row of the ledger that cannot be read back is missing from a page, and no page is missing for it.
#[tokio::test]
async fn a_bad_row_costs_no_page() {
    let Rig { house, admin, .. } = rig().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let path = format!("1741000/{n}.pdf");
        ids.push(house.take(&paper(A, &path, "가", "침수")).await);
    }
    // The second lies in the first; the third is one that cannot be read back.
    house.write("UPDATE document SET parent = (SELECT id FROM document ORDER BY rowid LIMIT 1) WHERE rowid > 1").await;
    house.write("UPDATE document SET body = x'0badc0de' WHERE rowid = 3").await;
    house.write("UPDATE entry SET body = x'0badc0de' WHERE rowid = 3").await;
    house.write("UPDATE job SET agency = 'nobody' WHERE id = 3").await;
    let whole = get(&house, &admin, &format!("/v1/documents/{}", ids[0])).await.json();
    assert_eq!(whole["members"].as_array().map(Vec::len), Some(1), "{whole}");
    for path in ["/", "/?q=%EC%B9%A8%EC%88%98", "/queues?state=done"] {
        let shown = page(&house, &admin, path).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.body);
    }
    assert_eq!(page(&house, &admin, &format!("/documents/{}", ids[0])).await.status, 200);
    let catalog = get(&house, &admin, "/v1/catalog?limit=1").await;
    assert_eq!(catalog.status, 200, "{}", catalog.body);
    // Every page of a list leads to the next, the one of the bad row too.
    let mut after = String::new();
    let mut met = Vec::new();
    for _ in 0..4 {
        let jobs = get(&house, &admin, &format!("/v1/jobs?limit=1{after}")).await.json();
        met.extend(jobs["jobs"].as_array().unwrap().iter().map(|job| job["id"].clone()));
        let Some(next) = jobs["next"].as_i64() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(met, [2, 1], "newest change first");
    let receipt = get(&house, &admin, &format!("/v1/receipts/{}", ids[1])).await;
    assert_eq!(receipt.status, 200, "{}", receipt.body);
}
