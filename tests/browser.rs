//! People's way through the pages, in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use madang_document::id::DocumentId;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::Scenario;
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::common::log::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;

/// The process of chromedriver. It ends with this, and its browser with it.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked, not killed: it takes its browser along. If it is gone already, there is nothing to do.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// A driver and the browser that it drives.
struct Browser {
    driver: Driver,
    page: WebDriver,
    _profile: TempDir,
    pictures: PathBuf,
}

impl Browser {
    async fn start() -> Browser {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("chromedriver: {error}; install it with `apt-get install chromium chromium-driver`")
            });
        let driver = Driver(driver);
        let profile = tempfile::Builder::new().prefix("madang-browser-").tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--accept-lang=ko",
            "--window-size=1200,900",
        ] {
            wanted.add_arg(argument).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let address = format!("http://127.0.0.1:{port}");
        madang_store::tls::provide();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        until("chromedriver answers", || {
            let status = client.get(format!("{address}/status")).send();
            async move { status.await.ok() }
        })
        .await;
        let page = WebDriver::new(&address, wanted).await.expect("a browser (package chromium)");
        let pictures = std::env::temp_dir().join(format!("madang-pictures-{}", std::process::id()));
        std::fs::create_dir_all(&pictures).unwrap();
        println!("screenshots: {}", pictures.display());
        Browser { driver, page, _profile: profile, pictures }
    }

    /// The first element that this selector finds and that is shown, waited for.
    async fn see(&self, selector: &str) -> WebElement {
        until(&format!("`{selector}` is shown"), async || {
            let element = self.page.find(By::Css(selector)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(element)
        })
        .await
    }

    /// Shows the page as a phone does, 390 pixels wide, or as a desk does again.
    async fn on_a_phone(&self, phone: bool) {
        let (command, size) = match phone {
            true => (
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true }),
            ),
            false => ("Emulation.clearDeviceMetricsOverride", json!({})),
        };
        self.page.cdp().send_raw(command, size).await.unwrap();
    }

    /// Signs in, with the link that the service printed.
    async fn sign_in(&self, service: &Service) {
        self.page.goto(&service.sign_in_link().await).await.unwrap();
        self.see("input#q").await;
    }

    /// Waits until the text of an element says this.
    async fn says(&self, selector: &str, words: &str) {
        until(&format!("`{selector}` says {words}"), async || {
            let element = self.page.find(By::Css(selector)).await.ok()?;
            element.text().await.ok().filter(|text| text.contains(words))
        })
        .await;
    }

    async fn text(&self, selector: &str) -> String {
        self.see(selector).await.text().await.unwrap()
    }

    async fn picture(&self, name: &str) {
        let file = self.pictures.join(format!("{name}.png"));
        self.page.screenshot(Path::new(&file)).await.unwrap();
    }

    /// That no page so far complained: a script that failed, a refused load, a violated policy.
    async fn quiet(&self) {
        self.quiet_but(|_| false).await;
    }

    /// As [`quiet`](Self::quiet), but for messages that are `expected`.
    async fn quiet_but(&self, expected: impl Fn(&str) -> bool) {
        let said = self.page.browser_log().await.unwrap();
        let loud: Vec<_> = said
            .iter()
            .filter(|entry| matches!(entry.level.as_str(), "SEVERE" | "WARNING"))
            .filter(|entry| !expected(&entry.message))
            .collect();
        assert!(loud.is_empty(), "{loud:?}");
    }

    async fn end(self) {
        let Browser { driver, page, _profile, .. } = self;
        page.quit().await.unwrap();
        drop(driver);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_searches_drops_and_watches() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/점검.txt", fixture("text/utf8.txt"));
    scenario.write("drop/press/안내.eml", fixture("eml/attachments.eml"));
    let service = Service::start(&scenario, &[]).await;
    service.settled(2).await;
    until("the text is found", async || (service.found("안전점검").await.len() >= 2).then_some(()))
        .await;
    let browser = Browser::start().await;

    // Who is not signed in is led to the door, and the printed link opens it once.
    browser.page.goto(&service.url).await.unwrap();
    browser.see("input#key").await;
    let link = service.sign_in_link().await;
    browser.page.goto(&link).await.unwrap();
    let field = browser.see("input#q").await;
    browser.picture("1-search").await;

    // A Korean word, without its particle, in a file that has it with one.
    field.send_keys("교량을").await.unwrap();
    browser.see("form.search button.primary").await.click().await.unwrap();
    let marked = browser.text("article.hit mark").await;
    assert!(marked.contains("교량"), "{marked}");
    browser.picture("2-hits").await;
    let title = browser.text("article.hit h2").await;
    browser.see("article.hit h2 a").await.click().await.unwrap();
    browser.see("article.document").await;
    assert_eq!(browser.text("article.document h1").await, title);
    let text = browser.text("div.viewer-main").await;
    assert!(text.contains("교량 120개소"), "{text}");
    let now = browser.text("mark.now").await;
    assert!(now.contains("교량"), "{now}");
    let address = browser.page.current_url().await.unwrap();
    assert!(address.fragment().is_some_and(|place| place.starts_with("paragraph=")), "{address}");
    browser.picture("3-document").await;
    browser.quiet().await;

    // The queue page, and a damaged file that comes while it is open.
    browser.page.goto(format!("{}/queues", service.url)).await.unwrap();
    let count = "[data-queue=press] [data-count=quarantined]";
    assert_eq!(browser.text(count).await, "0");
    until("the page is live", async || browser.text("#live").await.starts_with('●').then_some(()))
        .await;
    scenario.write("drop/press/잘린 문서.hwpx", fixture("hwpx/cut-early.hwpx"));
    until("the page counts it without being loaded again", async || {
        (browser.text(count).await == "1").then_some(())
    })
    .await;
    assert_eq!(browser.text("[data-balance=quarantined]").await, "1");
    // The live page may have drawn it anew in between.
    until("the count is clicked", async || browser.see(count).await.click().await.ok()).await;
    let job = until("the job is listed", async || {
        let job = browser.page.find(By::Css("#jobs .job")).await.ok()?;
        job.text().await.ok().filter(|text| text.contains("잘린 문서.hwpx"))
    })
    .await;
    assert!(job.contains("손상되어 읽지 못했습니다"), "the reason is told: {job}");
    // What the reader said of it, in the language of the page.
    let said = until("the reason is there", async || {
        // The list may be drawn anew between the two steps.
        let remark = browser.page.find(By::Css("#jobs .job span.remark")).await.ok()?;
        remark.text().await.ok()
    })
    .await;
    assert!(said.contains("ZIP"), "{said}");
    assert!(said.chars().any(|c| ('가'..='힣').contains(&c)), "it is in Korean: {said}");
    browser.picture("4-queues").await;
    browser.quiet().await;

    // A file given to the drop page, and its receipt until it can be found.
    browser.page.goto(format!("{}/drop", service.url)).await.unwrap();
    browser.see("#zone").await;
    let file = scenario.write_now("떨군 글.txt", "누리집에서 떨군 글 throughthepage");
    let input = browser.page.find(By::Css("input#files")).await.unwrap();
    input.send_keys(file.to_str().unwrap()).await.unwrap();
    until("the receipt says that it can be found", async || {
        let state = browser.text("#receipts .receipt .state").await;
        state.contains("검색됩니다").then_some(()).filter(|()| state.contains("읽었고"))
    })
    .await;
    let receipt = browser.text("#receipts .receipt").await;
    assert!(receipt.contains("떨군 글.txt"), "{receipt}");
    browser.picture("5-receipt").await;
    assert_eq!(service.found("throughthepage").await, ["떨군 글.txt"]);
    browser.quiet().await;

    // Another file of that name: the page asks first, and does what it is told.
    for (choice, word, kept) in [("skip", "skippedtext", false), ("replace", "replacedtext", true)]
    {
        let file = scenario.write_now("떨군 글.txt", format!("누리집에서 다시 떨군 글 {word}"));
        input.send_keys(file.to_str().unwrap()).await.unwrap();
        browser.see("#receipts .receipt:first-child fieldset.choices").await;
        let stands = service.found("throughthepage").await;
        assert_eq!(stands, ["떨군 글.txt"], "nothing is replaced before somebody says so");
        browser.picture(&format!("6-{choice}")).await;
        let button = match choice {
            "replace" => "#receipts .receipt:first-child .choices button.danger",
            _ => "#receipts .receipt:first-child .choices button:last-of-type",
        };
        browser.see(button).await.click().await.unwrap();
        // One that is read says that it will be found in a moment: that is not yet.
        let said = if kept { "읽었고 검색됩니다" } else { "건너" };
        until(&format!("{choice} is done"), async || {
            let state = browser.text("#receipts .receipt:first-child .state").await;
            state.contains(said).then_some(())
        })
        .await;
        assert_eq!(service.found(word).await.len(), usize::from(kept), "{choice}");
    }
    assert!(service.found("throughthepage").await.is_empty(), "it was replaced");
    // Chrome itself remarks on each answer of 412.
    browser.quiet_but(|message| message.contains("412")).await;

    // The link was for one use.
    browser.page.delete_all_cookies().await.unwrap();
    browser.page.goto(&link).await.unwrap();
    browser.see("input#key").await;
    browser.end().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_for_all_is_about_what_was_chosen_at_once() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    let browser = Browser::start().await;
    browser.sign_in(&service).await;
    browser.page.goto(format!("{}/drop", service.url)).await.unwrap();
    browser.see("#zone").await;
    let choose = async |names: &[&str], text: &str| {
        let files = names.iter().map(|name| scenario.write_now(name, format!("{name} {text}")));
        let files: Vec<String> = files.map(|file| file.to_str().unwrap().to_owned()).collect();
        let input = browser.page.find(By::Css("input#files")).await.unwrap();
        input.send_keys(files.join("\n")).await.unwrap();
    };
    let newest = "#receipts .receipt:first-child";
    let before = "#receipts .receipt:nth-child(2)";

    choose(&["하나.txt", "둘.txt"], "firsttext").await;
    browser.says("#summary", "2 / 2").await;
    choose(&["하나.txt", "둘.txt"], "secondtext").await;
    browser.see(&format!("{newest} fieldset.choices")).await;
    browser.see(&format!("{before} fieldset.choices")).await;
    browser.see(&format!("{before} .choices input")).await.click().await.unwrap();
    browser.picture("7-all").await;
    browser.see(&format!("{before} .choices button.danger")).await.click().await.unwrap();
    browser.says("#summary", "4 / 4").await;
    until("both are replaced", async || {
        (service.found("secondtext").await.len() == 2).then_some(())
    })
    .await;

    // What comes later is asked about anew.
    choose(&["하나.txt"], "thirdtext").await;
    browser.see(&format!("{newest} fieldset.choices")).await;
    assert_eq!(service.found("secondtext").await.len(), 2, "nothing is replaced unasked");
    browser.see(&format!("{newest} .choices button:last-of-type")).await.click().await.unwrap();
    browser.says("#summary", "4 / 5 · 건너뜀 1").await;

    // What the pipeline leaves out is no failure, and sending it again would change nothing.
    choose(&[".숨김.txt"], "hiddentext").await;
    browser.says("#summary", "4 / 6 · 건너뜀 1 · 받지 않음 1").await;
    let told = browser.text(newest).await;
    assert!(told.contains("받지 않음") && told.contains("받지 않는 이름"), "{told}");
    let told = told.replace(".숨김.txt", "");
    assert!(!told.contains(|c: char| c.is_ascii_alphabetic()), "in one language: {told}");
    let buttons = browser.page.find_all(By::Css(format!("{newest} button"))).await.unwrap();
    assert!(buttons.is_empty(), "nothing to press");
    browser.picture("8-left-out").await;
    browser.on_a_phone(true).await;
    browser.picture("8-left-out-phone").await;

    // Chrome itself remarks on each answer of 412 and 422.
    browser.quiet_but(|message| message.contains("412") || message.contains("422")).await;
    browser.end().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_questions_open_by_themselves() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/점검.txt", fixture("text/utf8.txt"));
    scenario.write("drop/press/잘린 문서.hwpx", fixture("hwpx/cut-early.hwpx"));
    let service = Service::start(&scenario, &[]).await;
    service.settled(2).await;
    until("the text is found", async || {
        (!service.found("안전점검").await.is_empty()).then_some(())
    })
    .await;
    let browser = Browser::start().await;
    browser.sign_in(&service).await;
    let shown = async |selector: &str| {
        browser.page.find(By::Css(selector)).await.unwrap().is_displayed().await.unwrap()
    };

    // On a desk the filters stand beside the hits; on a phone they are asked for above them.
    let search = format!("{}/?q=%EC%95%88%EC%A0%84%EC%A0%90%EA%B2%80", service.url);
    browser.page.goto(&search).await.unwrap();
    browser.see("aside.facets a").await;
    assert!(!shown("button.narrow").await && !shown(".facets-head").await);
    browser.picture("9-desk").await;
    browser.on_a_phone(true).await;
    browser.see("button.narrow").await;
    assert!(!shown("aside.facets").await, "folded");
    let top = async |selector: &str| browser.see(selector).await.rect().await.unwrap().y;
    assert!(top("button.narrow").await < top("ol.hits").await);
    browser.picture("9-phone").await;
    browser.see("button.narrow").await.click().await.unwrap();
    browser.see("aside.facets a").await;
    browser.picture("9-phone-open").await;
    browser.see("aside.facets .facets-head button").await.click().await.unwrap();
    assert!(!shown("aside.facets").await, "closed again");

    // A wrong date: all that was asked for stays.
    browser.page.goto(&format!("{search}&from=zz")).await.unwrap();
    browser.see("#from-wrong").await;
    let field = browser.see("input#q").await;
    assert_eq!(field.prop("value").await.unwrap().as_deref(), Some("안전점검"));
    browser.picture("10-date-phone").await;
    browser.on_a_phone(false).await;
    browser.picture("10-date").await;

    // To discard is asked about. The safe answer has the focus.
    browser.page.goto(format!("{}/queues", service.url)).await.unwrap();
    let opener = "#jobs .job button.danger";
    browser.see(opener).await.click().await.unwrap();
    let question = browser.text("#jobs .question").await;
    assert!(question.contains("버릴까요") && question.contains("잘린 문서.hwpx"), "{question}");
    browser.picture("11-discard").await;
    browser.on_a_phone(true).await;
    browser.picture("11-discard-phone").await;
    browser.on_a_phone(false).await;
    let focused = browser.page.active_element().await.unwrap();
    focused.click().await.unwrap();
    assert!(!shown("#jobs .question").await, "nothing was done");
    assert_eq!(service.jobs("quarantined").await.len(), 1);
    browser.see(opener).await.click().await.unwrap();
    browser.see("#jobs .question form button").await.click().await.unwrap();
    until("it is discarded", async || service.jobs("quarantined").await.is_empty().then_some(()))
        .await;
    // A session that has ended costs nothing of what was chosen: the way in stands beside it.
    browser.page.goto(format!("{}/drop", service.url)).await.unwrap();
    browser.see("#pipeline").await;
    let cookies = browser.page.get_all_cookies().await.unwrap();
    browser.page.delete_all_cookies().await.unwrap();
    let chosen = scenario.write_now("늦은 글.txt", "늦게 온 글").display().to_string();
    browser.page.find(By::Css("#files")).await.unwrap().send_keys(chosen).await.unwrap();
    let way_in = browser.see("#receipts a[href^='/sign-in']").await;
    assert_eq!(way_in.text().await.unwrap(), "로그인");
    browser.picture("12-signed-out").await;

    // An act that the service does not hear leads nowhere.
    for cookie in cookies {
        browser.page.add_cookie(cookie).await.unwrap();
    }
    let queues = format!("{}/queues", service.url);
    browser.page.goto(&queues).await.unwrap();
    let live = async |mark: &str| {
        until("it says whether it hears", async || {
            browser.text("#live").await.starts_with(mark).then_some(())
        })
        .await;
    };
    live("●").await;
    service.kill();
    live("○").await;
    browser.see("#queues form button").await.click().await.unwrap();
    assert_eq!(browser.page.current_url().await.unwrap().as_str(), queues);
    browser.see("#queues form button").await;
    browser.picture("13-lost").await;
    let expected = ["400", "401", "ERR_", "/v1/events"];
    browser.quiet_but(|message| expected.iter().any(|one| message.contains(one))).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_seen_where_it_stands() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/현장.mp4", fixture("mp4/subtitles.mp4"));
    scenario.write("drop/press/장면.mp4", fixture("mp4/seen-words.mp4"));
    scenario.write("drop/press/정비 계획.pdf", fixture("pdf/by_libreoffice.pdf"));
    let rows: String = (2..=450)
        .map(|n| match n {
            430 => "430,새터 지하보도,40\n".to_owned(),
            n => format!("{n},가온,0\n"),
        })
        .collect();
    scenario.write("drop/press/접수.csv", format!("번호,위치,깊이\n{rows}"));
    let paragraphs: String = (1..=80)
        .map(|n| match n % 30 {
            5 => "둔치주차장을 막았다.\n\n".to_owned(),
            _ => format!("{n}번째 단락\n\n"),
        })
        .collect();
    scenario.write("drop/press/일지.txt", paragraphs);
    let service = Service::start(&scenario, &[]).await;
    service.settled(5).await;
    let browser = Browser::start().await;
    browser.sign_in(&service).await;
    let open = async |word: &str, title: &str| {
        until(&format!("{word} is found"), async || {
            (!service.found(word).await.is_empty()).then_some(())
        })
        .await;
        browser
            .page
            .goto(format!("{}/?q={word}&kind=document,table,text,video", service.url))
            .await
            .unwrap();
        let hits = browser.page.find_all(By::Css("article.hit h2 a")).await.unwrap();
        for hit in hits {
            if hit.text().await.unwrap().contains(title) {
                hit.click().await.unwrap();
                break;
            }
        }
        browser.see("article.document").await;
    };
    let press = async |key: &str| {
        let body = browser.page.find(By::Css("body")).await.unwrap();
        body.send_keys(key).await.unwrap();
    };
    // Whether an element is in sight, below the head that stays there.
    let in_sight = async |selector: &str| {
        let script = "const of = (s) => document.querySelector(s).getBoundingClientRect(); \
            const it = of(arguments[0]); const head = of('.viewer-head'); \
            return it.top >= head.bottom - 2 && it.bottom <= innerHeight;";
        let answer = browser.page.execute(script, vec![json!(selector)]).await.unwrap();
        answer.json().as_bool().unwrap()
    };

    // From match to match, by keys and without loading the page again, and round from the last to the first.
    open("둔치주차장", "일지").await;
    browser.says(".hitnav b", "1").await;
    browser.page.execute("window.same = true", vec![]).await.unwrap();
    for number in ["2", "3", "1"] {
        press("n").await;
        browser.says(".hitnav b", number).await;
        let mark = format!("mark.now[data-hit='{number}']");
        until("it is in sight", async || in_sight(&mark).await.then_some(())).await;
    }
    press("p").await;
    browser.says(".hitnav b", "3").await;
    let same = browser.page.execute("return window.same === true", vec![]).await.unwrap();
    assert_eq!(same.json(), &json!(true));
    assert_eq!(browser.page.current_url().await.unwrap().fragment(), Some("hit-3"));
    browser.picture("14-matches").await;
    // The list of keys, and back to the results as they were, with the filter.
    press("?").await;
    browser.see("#keys").await;
    press("?").await;
    press("u").await;
    browser.see("article.hit").await;
    let back = browser.page.current_url().await.unwrap();
    assert!(back.query().is_some_and(|query| query.contains("kind=")), "{back}");

    // The film stands at the second of the subtitle, and goes to the one that is pressed.
    open("지하차도", "점검 영상").await;
    let now = async || {
        let now =
            browser.page.execute("return document.querySelector('#media').currentTime", vec![]);
        now.await.unwrap().json().as_f64().unwrap()
    };
    until("the film is at the match", async || ((now().await - 0.1).abs() < 0.05).then_some(()))
        .await;
    assert!(in_sight("#media").await);
    browser.picture("15-film").await;
    browser.see(".transcript a[data-ms='1000']").await.click().await.unwrap();
    until("the film has gone there", async || (now().await >= 0.99).then_some(())).await;
    let told = browser.page.find(By::Css("#unplayed")).await.unwrap();
    assert!(!told.is_displayed().await.unwrap(), "it is played");

    // A press on a frame goes to its moment, with the mouse or the keys.
    let film = DocumentId::new("press", "장면.mp4", None);
    browser.page.goto(format!("{}/documents/{film}", service.url)).await.unwrap();
    let frames = browser.page.find_all(By::Css(".frames a[data-ms]")).await.unwrap();
    let [.., before, last] = frames.as_slice() else { panic!("{} frames", frames.len()) };
    for (frame, enter) in [(last, false), (before, true)] {
        let ms: f64 = frame.attr("data-ms").await.unwrap().unwrap().parse().unwrap();
        match enter {
            true => frame.send_keys(Key::Enter).await.unwrap(),
            false => frame.click().await.unwrap(),
        }
        let there = async || (now().await >= ms / 1000.0 - 0.01).then_some(());
        until("the film has gone to the frame", there).await;
        browser.page.execute("document.querySelector('#media').pause()", vec![]).await.unwrap();
        let is_lit = async || frame.attr("aria-current").await.unwrap();
        until("the frame is lit", async || is_lit().await).await;
    }
    let drawn = "return Array.from(document.querySelectorAll('.frames img')).slice(0, 2).every(it => it.naturalWidth > 0)";
    until("the frames are seen", async || {
        let drawn = browser.page.execute(drawn, vec![]).await.unwrap();
        drawn.json().as_bool().unwrap().then_some(())
    })
    .await;
    browser.picture("15-frames").await;
    browser.on_a_phone(true).await;
    let over = "return document.documentElement.scrollWidth";
    let over = browser.page.execute(over, vec![]).await.unwrap();
    assert_eq!(over.json(), &json!(390), "only the strip itself goes sideways");
    browser.picture("15-frames-phone").await;
    browser.on_a_phone(false).await;

    // The row of a sheet, its cell, and the head above it.
    open("지하보도", "접수").await;
    let cell = browser.text("td.cell-now").await;
    assert_eq!(cell, "새터 지하보도");
    until("it is in sight", async || in_sight("td.cell-now").await.then_some(())).await;
    assert!(in_sight("tr.head th").await, "the head stays");
    browser.picture("16-sheet").await;

    // A page of a PDF with the box of the match.
    open("관측소", "정비 계획").await;
    browser.see(".leaf rect.now").await;
    until("the page is there", async || {
        let drawn = "const page = document.querySelector('.leaf img'); return page.complete && page.naturalWidth > 1000";
        let drawn = browser.page.execute(drawn, vec![]).await.unwrap();
        drawn.json().as_bool().unwrap().then_some(())
    })
    .await;
    until("the box is in sight", async || in_sight(".leaf rect.now").await.then_some(())).await;
    browser.picture("17-page").await;
    browser.on_a_phone(true).await;
    for (word, title) in [("관측소", "정비 계획"), ("지하차도", "점검 영상"), ("지하보도", "접수")]
    {
        open(word, title).await;
        // What sticks out makes the window of a phone wider, too.
        let over = browser.page.execute("return document.documentElement.scrollWidth", vec![]);
        assert_eq!(over.await.unwrap().json(), &json!(390), "{title}: nothing sticks out");
        browser.picture(&format!("18-{word}")).await;
    }
    browser.on_a_phone(false).await;
    browser.quiet().await;
    browser.end().await;
    service.stop().await;
}
