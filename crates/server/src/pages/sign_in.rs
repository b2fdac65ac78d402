use axum::http::StatusCode;
use axum::response::Response;
use madang_document::locale::Locale;
use madang_document::shown::Shown;
use maud::html;

use crate::pages::layout::Layout;
use crate::pages::words::Words;
use crate::wire::Said;

/// Why a sign-in failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// The link is unknown, used or too old.
    Link,
    /// No such key.
    Key,
}

/// The two ways in: the link that the server printed, or an API key.
pub(crate) fn page(locale: Locale, next: &str, refusal: Option<Refusal>) -> Response {
    let words = Words(locale);
    let title = words.say("로그인", "Sign in");
    let refused = refusal.map(|refusal| match refusal {
        Refusal::Link => words.say(
            "이 로그인 주소는 이미 쓰였거나 기한이 지났습니다. 서버를 다시 시작하면 새 주소를 출력합니다.",
            "This sign-in link was used already or is too old. The server prints a new one when it starts.",
        ),
        Refusal::Key => words.say(
            "그런 API 키가 없거나 폐기되었습니다.",
            "There is no such API key, or it was revoked.",
        ),
    });
    let main = html! {
        section.notice {
            h1 { (title) }
            @if let Some(refused) = refused { p.alert role="alert" { (refused) } }
            p { (words.say(
                "서버를 시작할 때 터미널에 나온 로그인 주소(/sign-in?token=…)를 여세요. 한 번만 쓸 수 있습니다.",
                "Open the sign-in link (/sign-in?token=…) that the server printed when it started. It works once.",
            )) }
            form.stack method="post" action="/sign-in" {
                label for="key" { (words.say("또는 API 키", "Or an API key")) }
                input #key name="key" type="password" autocomplete="current-password" required
                    placeholder="madang_…" spellcheck="false";
                input type="hidden" name="next" value=(next);
                button.primary { (words.say("로그인", "Sign in")) }
            }
            p.faint { (words.say("이미 로그인했다면 ", "Signed in already? "))
                a href=(next) { (words.say("계속", "Go on")) } }
        }
    };
    let layout = Layout {
        locale,
        title: &Shown::new(title),
        here: "/sign-in",
        principal: None,
        scripts: &[],
    };
    let mut page = layout.page(main);
    if refusal.is_some() {
        *page.status_mut() = StatusCode::UNAUTHORIZED;
        // Our own words: without the mark the outermost layer would put a page of its own in its place.
        page.extensions_mut().insert(Said);
    }
    page
}
