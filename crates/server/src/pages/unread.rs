use axum::response::Response;
use madang_document::principal::Role;
use maud::html;

use crate::caller::{Caller, Manner};
use crate::count::count;
use crate::pages::layout::Layout;
use crate::pages::remark::reason;
use crate::pages::words::{Words, minute_of, name, whole_name};
use crate::receipts::{Receipt, Stage};

/// The page of a document whose file was received and not read yet: its receipt.
pub(crate) fn page(caller: &Caller, manner: Manner, here: &str, receipt: &Receipt) -> Response {
    let words = Words(manner.locale);
    let title = name(receipt.path.rsplit('/').next().unwrap_or_default());
    let good = !matches!(
        receipt.state,
        Stage::Quarantined | Stage::WaitingForRetry | Stage::Discarded | Stage::Deleted
    );
    let may_follow = caller.principal.may(Role::Drop) || caller.principal.may(Role::Operate);
    let headway = receipt.progress.as_ref().map(|progress| &progress.sentence);
    let more = [
        headway,
        receipt.estimate.as_ref(),
        receipt.outcome_sentence.as_ref(),
        receipt.advice.as_ref(),
    ];
    let main = html! {
        article.document {
            header {
                h1 { bdi { (title) } }
                p.path { bdi { (whole_name(&receipt.path)) } }
                p class=(if good { "outcome" } else { "outcome warn" }) role="status" {
                    strong { (receipt.sentence.say(words.0)) }
                    @for sentence in more.into_iter().flatten() { " " (sentence.say(words.0)) }
                }
                @if let Some(why) = &receipt.why { div.faint { (reason(words, why)) } }
                ul.actions {
                    li { a.button href=(here) { (words.say("다시 보기", "Look again")) } }
                    @if may_follow {
                        li { a href=(format!("/v1/receipts/{}", receipt.id)) { (words.say("접수증 (JSON)", "Receipt (JSON)")) } }
                    }
                }
            }
            div.facts-panel {
                dl {
                    dt { (words.say("기관", "Agency")) } dd { (words.agency(&receipt.agency)) }
                    dt { (words.say("수집 폴더", "Pipeline")) } dd { bdi { (name(&receipt.pipeline)) } }
                    @if let Some(seen) = receipt.seen_at.as_deref().and_then(minute_of) {
                        dt { (words.say("접수한 때", "Received")) } dd { (seen) }
                    }
                    @if receipt.attempts > 0 {
                        dt { (words.say("시도", "Attempts")) } dd { (count(u64::from(receipt.attempts))) }
                    }
                    @if let Some(next) = receipt.next_attempt.as_deref().and_then(minute_of) {
                        dt { (words.say("다음 시도", "Next attempt")) } dd { (next) }
                    }
                }
            }
        }
    };
    let layout = Layout {
        locale: manner.locale,
        title: &title,
        here,
        principal: Some(&caller.principal),
        scripts: &[],
    };
    layout.page(main)
}
