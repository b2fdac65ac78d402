use axum::http::header;
use axum::response::{IntoResponse, Response};
use madang_document::locale::Locale;
use madang_document::principal::Principal;
use madang_document::shown::Shown;
use maud::html;

use crate::pages::layout::Layout;
use crate::pages::words::Words;
use crate::problem::Problem;

/// A problem as a page, with the status and the headers that the problem has for programs.
/// It stands in the same frame as the page that was asked for.
pub(crate) fn page(
    problem: &Problem,
    locale: Locale,
    (here, principal): (&str, Option<&Principal>),
) -> Response {
    let words = Words(locale);
    let moved_to = problem.moved_to.as_ref();
    let title = match problem.status.as_u16() {
        410 if moved_to.is_some_and(|there| there.is_moved) => {
            words.say("파일의 이름이나 폴더가 바뀌었습니다", "The file was renamed or moved")
        }
        410 if moved_to.is_some() => {
            words.say("같은 파일이 다른 곳에 있습니다", "The same file is elsewhere")
        }
        401 => words.say("로그인이 필요합니다", "Sign-in needed"),
        403 => words.say("권한이 없습니다", "Not allowed"),
        404 => words.say("찾을 수 없습니다", "Not found"),
        410 => words.say("더 이상 없습니다", "Gone"),
        400..=499 => words.say("요청을 처리할 수 없습니다", "The request cannot be taken"),
        _ => words.say("지금은 할 수 없습니다", "Not possible now"),
    };
    let main = html! {
        section.notice {
            p.code { (problem.status.as_u16()) }
            h1 { (title) }
            @match moved_to {
                Some(there) => {
                    p { (words.say("이 주소의 문서는 회수되었습니다. 지금은 여기에 있습니다.", "The document of this address was withdrawn. It is here now.")) }
                    p { a.button href=(format!("/documents/{}", there.id)) { bdi { (Shown::new(&there.name)) } } }
                }
                None => p { (Shown::new(problem.detail.say(locale))) },
            }
            p { a href="/" { (words.say("처음으로", "To the start")) }
                @if problem.status == 401 { " · " a href="/sign-in" { (words.say("로그인", "Sign in")) } } }
        }
    };
    let layout = Layout { locale, title: &Shown::new(title), here, principal, scripts: &[] };
    let mut page = layout.page(main);
    *page.status_mut() = problem.status;
    let said = problem.clone().into_response();
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = said.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}
