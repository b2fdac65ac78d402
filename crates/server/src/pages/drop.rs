use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use madang_document::shown::Shown;
use maud::html;

use crate::caller::{Caller, Manner};
use crate::drop::visible_targets;
use crate::pages::layout::Layout;
use crate::pages::words::{Words, size};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::Server;

/// `GET /drop`: the one page that needs its script, because a form cannot send folders or `PUT`.
pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    uri: Uri,
) -> Result<Response, Problem> {
    Parameters::read(&uri, &[])?;
    let words = Words(manner.locale);
    let targets = visible_targets(&server, &caller);
    let most = server.settings.limits.upload;
    let main = html! {
        h1 { (words.say("올리기", "Drop")) }
        @if targets.is_empty() {
            p.empty { (words.say("올릴 수 있는 수집 폴더가 없습니다.", "No pipeline takes uploads.")) }
        } @else {
            div #drop
                data-locale=(crate::caller::code(manner.locale))
                data-most=(most)
                data-too-large=(words.say("너무 큽니다", "too large"))
                data-waiting=(words.say("기다림", "waiting"))
                data-sending=(words.say("올리는 중", "sending"))
                data-failed=(words.say("실패", "failed"))
                data-signed-out=(words.say("로그인이 끝났습니다. 새 창에서 로그인한 뒤 다시 올리세요.", "You are signed out. Sign in in a new window, then send it again."))
                data-sign-in=(words.say("로그인", "Sign in"))
                data-retry=(words.say("다시 올리기", "Send again"))
                data-exists=(words.say("같은 이름의 파일이 이미 있습니다.", "A file of that name is there already."))
                data-replace=(words.say("바꾸기", "Replace"))
                data-both=(words.say("둘 다 두기", "Keep both"))
                data-skip=(words.say("건너뛰기", "Skip"))
                data-all=(words.say("모두 이렇게", "the same for all"))
                data-left-out=(words.say("받지 않음", "left out"))
                data-skipped=(words.say("건너뜀", "skipped"))
                data-open=(words.say("문서 보기", "Open"))
                data-lost=(words.say("연결이 끊겼습니다", "the connection was lost")) {
                label.field for="pipeline" { (words.say("수집 폴더", "Pipeline")) }
                select #pipeline name="pipeline" {
                    @for target in &targets {
                        option value=(target.pipeline) {
                            (Shown::new(&target.title)) " (" (Shown::new(&target.pipeline)) ", " (words.agency(target.agency.as_str())) ")"
                        }
                    }
                }
                div #zone .zone {
                    p { (words.say("파일이나 폴더를 여기에 끌어다 놓으세요.", "Drag files or folders here.")) }
                    div.line {
                        label.button { (words.say("파일 고르기", "Choose files")) input #files .hidden type="file" multiple; }
                        label.button { (words.say("폴더 고르기", "Choose a folder")) input #folder .hidden type="file" multiple webkitdirectory; }
                    }
                    p.faint { (words.say("파일 하나의 한도 ", "At most ")) (size(most)) (words.say("", " each")) }
                }
                p #summary .faint role="status" {}
                ol #receipts .receipts aria-label=(words.say("접수증", "Receipts")) {}
            }
            noscript { p.alert {
                (words.say("이 쪽은 자바스크립트가 필요합니다. 없이는 ", "This page needs JavaScript. Without it: "))
                code { "curl -T FILE -H 'Authorization: Bearer madang_…' " (server.settings.base_url) "/v1/drop/PIPELINE/FILE" }
            } }
        }
    };
    let layout = Layout {
        locale: manner.locale,
        title: &Shown::new(words.say("올리기", "Drop")),
        here: "/drop",
        principal: Some(&caller.principal),
        scripts: &["drop.js"],
    };
    Ok(layout.page(main))
}
