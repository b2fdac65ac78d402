use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madang_document::locale::Locale;
use madang_document::principal::{Principal, Role};
use madang_document::shown::Shown;
use maud::{DOCTYPE, Markup, html};

use crate::asset;
use crate::caller::code;
use crate::pages::words::Words;

/// The frame of a page.
pub(crate) struct Layout<'a> {
    pub(crate) locale: Locale,
    pub(crate) title: &'a Shown,
    /// The path and query of this page, for the link to the other language.
    pub(crate) here: &'a str,
    /// Whoever signed in; none before.
    pub(crate) principal: Option<&'a Principal>,
    /// The scripts of the page.
    pub(crate) scripts: &'a [&'static str],
}

impl Layout<'_> {
    /// A whole page around its main part.
    pub(crate) fn page(&self, main: Markup) -> Response {
        let words = Words(self.locale);
        let page = html! {
            (DOCTYPE)
            html lang=(code(self.locale)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // The header says no-referrer to all. A form sent under it has `Origin: null` where the
                    // browser has no Sec-Fetch-Site (plain http), and would be refused as cross-site; under
                    // this policy other sites still learn nothing.
                    meta name="referrer" content="same-origin";
                    title { (self.title) " · " (words.say("마당", "Madang")) }
                    link rel="icon" href=(asset::address("mark.svg")) type="image/svg+xml";
                    link rel="stylesheet" href=(asset::address("madang.css"));
                    @for script in self.scripts {
                        script src=(asset::address(script)) defer {}
                    }
                }
                body {
                    a.skip href="#main" { (words.say("본문으로", "Skip to content")) }
                    header.top { div.wide { (self.navigation()) } }
                    main #main .wide { (main) }
                    footer.bottom { div.wide {
                        a href="/openapi.json" { "API" }
                        (self.language())
                    } }
                }
            }
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_LANGUAGE, HeaderValue::from_static(code(self.locale))),
        ];
        (StatusCode::OK, headers, page.into_string()).into_response()
    }

    fn navigation(&self) -> Markup {
        let words = Words(self.locale);
        let here = self.here.split('?').next().unwrap_or_default();
        let rooms = [
            ("/", words.say("검색", "Search"), Role::Search),
            ("/drop", words.say("올리기", "Drop"), Role::Drop),
            ("/queues", words.say("작업", "Queues"), Role::Operate),
        ];
        html! {
            a.brand href="/" {
                img src=(asset::address("mark.svg")) alt="" width="24" height="24";
                (words.say("마당", "Madang"))
            }
            @if let Some(principal) = self.principal {
                nav aria-label=(words.say("주요 메뉴", "Main")) {
                    @for (path, name, role) in rooms {
                        @if principal.may(role) {
                            a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
                        }
                    }
                }
                form.out method="post" action="/sign-out" {
                    button.quiet title=(Shown::new(&principal.name)) { (words.say("로그아웃", "Sign out")) }
                }
            }
        }
    }

    fn language(&self) -> Markup {
        let (other, name) = match self.locale {
            Locale::Korean => (Locale::English, "English"),
            Locale::English => (Locale::Korean, "한국어"),
        };
        let (path, query) = self.here.split_once('?').unwrap_or((self.here, ""));
        let rest = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("hl="));
        let rest: String = rest.map(|pair| format!("&{pair}")).collect();
        let code = code(other);
        html! { a href=(format!("{path}?hl={code}{rest}")) hreflang=(code) lang=(code) { (name) } }
    }
}
