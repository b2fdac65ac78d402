use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use madang_document::condition::Condition;
use madang_document::headway::Headway;
use madang_document::id::DocumentId;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::locale::Locale;
use madang_document::shown::Shown;
use madang_ledger::held::Held;
use madang_ledger::jobs::{Job, JobState, Task};
use madang_ledger::notes::{Note, NoteKind};
use madang_ledger::objects::Balance;
use madang_ledger::queue::Queue;
use maud::{Markup, html};

use crate::address::{percent, query_string};
use crate::caller::{Caller, Manner};
use crate::conditions;
use crate::count::count;
use crate::jobs::{filter, kinds, next};
use crate::left_out;
use crate::notes;
use crate::pages::layout::Layout;
use crate::pages::question::Question;
use crate::pages::remark::{reason, remark};
use crate::pages::typed::typed;
use crate::pages::words::{Words, minute, name, size};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::queues::{first_held, visible as visible_queues};
use crate::recognition::{headway_of, running};
use crate::server::Server;
use crate::shortfall::Shortfall;

/// What the page can be asked with: which jobs to list.
pub(crate) const PARAMETERS: &[&str] = &["state", "queue", "limit", "after"];

/// What is left out: how much of it the page lists.
const LEFT_OUT: u32 = 100;

/// What was passed over: how much of it the page lists.
const NOTED: u32 = 100;

/// `GET /queues`
pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    uri: Uri,
) -> Result<Response, Problem> {
    let words = Words(manner.locale);
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let scope = &caller.principal.agencies;
    let balance = server.ledger.balance(scope).await?;
    let mut queues = Vec::new();
    for queue in visible_queues(&server, scope).await? {
        let first = first_held(&server, &queue).await?;
        queues.push((queue, first));
    }
    let left_out = server.ledger.left_outs(scope, None, LEFT_OUT).await?.readable();
    let noted = server.ledger.notes(scope, None, NOTED).await?.readable();
    let shortfall = Shortfall::of(&server, &caller.principal).await;
    let all_noted = server.ledger.count_notes(scope).await?;
    let (mut filter, after, limit) = filter(&parameters, &caller, server.now())?;
    // What needs the operator comes first.
    let state = *filter.state.get_or_insert(JobState::Quarantined);
    let jobs = server.ledger.jobs(&filter, after, limit).await?;
    let asked = parameters.one("state")?;
    let queue = filter.queue.as_deref().unwrap_or_default();
    let further = next(&jobs, limit).map(|after| {
        let after = after.to_string();
        let limit = parameters.one("limit").ok().flatten().unwrap_or_default();
        let pairs = [
            ("state", asked.unwrap_or(state.as_str())),
            ("queue", queue),
            ("limit", limit),
            ("after", &after),
        ];
        format!("/queues{}#jobs", query_string(&pairs))
    });
    let jobs: Vec<(Job, Option<Headway>)> = jobs
        .readable()
        .into_iter()
        .map(|job| {
            let headway = headway_of(&server, &job);
            (job, headway)
        })
        .collect();
    let running = running(&server, scope).await?;
    let main = html! {
        h1 { (words.say("작업", "Queues")) }
        p #live .faint role="status"
            data-live=(words.say("실시간", "Live")) data-lost=(words.say("연결 끊김 — 다시 잇는 중", "Disconnected — trying again")) {}
        (condition_list(words, &conditions::of(&server, scope)))
        (balance_panel(words, &balance))
        (running_list(words, &running))
        (queue_table(words, &queues, &|queue| conditions::is_away(&server, &queue.name), &|queue| server.sources.declares(&queue.name)))
        (noted_list(words, all_noted, &noted))
        (shortfall_list(words, shortfall))
        (left_out_list(words, balance.left_out, &left_out))
        section #jobs {
            h2 { (words.say("작업 목록", "Jobs")) }
            (state_tabs(words, state, queue))
            (job_list(words, &jobs))
            @if let Some(further) = further { p.pager { a href=(further) rel="next" { (words.say("다음", "Next page")) " →" } } }
            @if state == JobState::Quarantined && !jobs.is_empty() { (redrive(words, &queues, queue)) }
        }
    };
    let layout = Layout {
        locale: manner.locale,
        title: &Shown::new(words.say("작업", "Queues")),
        here: uri.path_and_query().map_or("/queues", |here| here.as_str()),
        principal: Some(&caller.principal),
        scripts: &["queues.js"],
    };
    Ok(layout.page(main))
}

/// What keeps the service from its work, with the cure.
fn condition_list(words: Words, conditions: &[Condition]) -> Markup {
    html! {
        section #conditions {
            @for condition in conditions {
                div.alert role="alert" {
                    p {
                        @if !condition.subject.name.is_empty() { strong { bdi { (name(&condition.subject.name)) } ": " } }
                        (conditions::sentence(condition.kind).say(words.0)) " "
                        (conditions::cure(condition.kind).say(words.0))
                    }
                    div.faint {
                        (words.say("시작: ", "since ")) time datetime=(condition.since) { (minute(condition.since)) }
                        @if !condition.message.is_empty() { " " (remark(words, &condition.message)) }
                    }
                }
            }
        }
    }
}

/// Conservation as a sum that a person can check.
fn balance_panel(words: Words, balance: &Balance) -> Markup {
    let holds = balance.holds();
    // The signs of the sum are drawn by the style sheet: a list of terms holds terms and nothing between them.
    let figure = |sign: Option<&str>, id: &str, name: &str, n: u64| {
        html! { div.figure data-sign=[sign] { dt { (name) } dd data-balance=(id) { (count(n)) } } }
    };
    html! {
        section.balance aria-labelledby="balance" {
            h2 #balance { (words.say("수지 (파일 수)", "Balance, in files"))
                " " span.badge.good data-holds="true" hidden[!holds] { (words.say("맞음", "holds")) }
                " " span.badge.bad data-holds="false" hidden[holds] { (words.say("어긋남", "does not hold")) }
            }
            dl.sum {
                (figure(None, "received", words.say("받음", "Received"), balance.received))
                (figure(Some("="), "done", words.say("완료", "Done"), balance.done))
                (figure(Some("+"), "quarantined", words.say("격리", "Quarantined"), balance.quarantined))
                (figure(Some("+"), "deleted", words.say("삭제", "Deleted"), balance.deleted))
                (figure(Some("+"), "in_flight", words.say("처리 중", "In flight"), balance.in_flight))
            }
            p.faint {
                (words.say("압축 파일·메일 안의 파일 ", "Files inside archives and mails: "))
                span data-balance="members" { (count(balance.members)) }
                " · "
                (words.say("완료 가운데 다른 파일을 설명하는 것 ", "of what is done, files that describe others: "))
                span data-balance="sidecars" { (count(balance.sidecars)) }
                " · "
                (words.say("받지 않은 것 ", "left out: "))
                a href="#left-out" data-balance="left_out" { (count(balance.left_out)) }
            }
        }
    }
}

/// What is in work, and how far recognising has come in it.
fn running_list(words: Words, running: &[(Job, Option<Headway>)]) -> Markup {
    html! {
        section #running {
            @if !running.is_empty() {
                h2 { (words.say("지금 읽는 것", "Being read now")) }
                ul.jobs {
                    @for (job, headway) in running {
                        @let id = DocumentId::new(&job.object.store, &job.object.path, None);
                        li {
                            p.path { a href=(format!("/documents/{id}")) { bdi { (name(&job.object.path)) } } }
                            ul.facts {
                                li { bdi { (Shown::new(&job.queue)) } }
                                li { (words.task(job.task)) }
                                li { (size(job.object.size)) }
                                (headway_fact(words, job, *headway))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How far recognising has come in a job, kept current by the script of the page.
fn headway_fact(words: Words, job: &Job, headway: Option<Headway>) -> Markup {
    html! {
        @if let Some(headway) = headway { li { strong data-headway=(job.id) { (headway.text(words.0)) } } }
    }
}

fn queue_table(
    words: Words,
    queues: &[(Queue, Vec<String>)],
    is_away: &dyn Fn(&Queue) -> bool,
    is_declared: &dyn Fn(&Queue) -> bool,
) -> Markup {
    let columns = [
        ("ready", words.say("대기", "Ready")),
        ("leased", words.say("처리 중", "In work")),
        ("waiting", words.say("재시도 대기", "Retry later")),
        ("quarantined", words.say("격리", "Quarantined")),
        ("done", words.say("끝낸 작업", "Jobs done")),
        ("last_minute", words.say("분당 작업", "Jobs a minute")),
    ];
    html! {
        section #queues {
            h2 { (words.say("작업 줄", "Queues")) }
            @if queues.is_empty() { p.empty { (words.say("아직 작업 줄이 없습니다.", "There is no queue yet.")) } }
            @else {
                div.scroll tabindex="0" role="region" aria-label=(words.say("작업 줄 표", "Table of queues")) { table.queues {
                    thead { tr {
                        th scope="col" { (words.say("이름", "Name")) }
                        @for (_, name) in columns { th.number scope="col" { (name) } }
                        th scope="col" { (words.say("조작", "Act")) }
                    } }
                    tbody {
                        @for (queue, first) in queues { (queue_row(words, queue, first, is_away(queue), is_declared(queue))) }
                    }
                } }
                p.faint { (words.say(
                    "작업 수를 셉니다. 파일이 바뀌거나 지워질 때마다 작업이 하나씩 더 생깁니다.",
                    "Counted in jobs: each change of a file, and its end, is one more.",
                )) }
            }
        }
    }
}

/// The files of a mass disappearance, as far as they are known by name.
fn held_files(words: Words, held: &Held, first: &[String]) -> Markup {
    let rest = held.missing.saturating_sub(first.len() as u64);
    html! {
        @if !first.is_empty() {
            details {
                summary { (words.say("사라진 파일", "Files that are gone")) }
                ul.held {
                    @for key in first { li { bdi { (name(key)) } } }
                    @if rest > 0 {
                        li.faint {
                            @match words.0 {
                                Locale::Korean => { "그 밖 " (count(rest)) "건" },
                                Locale::English => { "and " (count(rest)) " more" },
                            }
                        }
                    }
                }
            }
        }
    }
}

fn queue_row(words: Words, queue: &Queue, first: &[String], away: bool, declared: bool) -> Markup {
    let act = |verb: &str| format!("/v1/queues/{}/{verb}", percent(&queue.name, b""));
    let jobs = |state: JobState| {
        let pairs = [("state", state.as_str()), ("queue", queue.name.as_str())];
        format!("/queues{}#jobs", query_string(&pairs))
    };
    html! {
        tr data-queue=(queue.name) {
            th scope="row" {
                bdi { (Shown::new(&queue.name)) }
                " " span.faint { (words.agency(queue.agency.as_str())) }
                " " span.badge.bad data-paused="true" hidden[!queue.paused] { (words.say("멈춤", "paused")) }
                @if !declared {
                    p.warn {
                        (words.say(
                            "이 파이프라인은 지금 선언되어 있지 않습니다. 읽은 문서는 그대로 검색되고, 기다리는 파일은 다시 선언될 때까지 기다립니다.",
                            "This pipeline is not declared at present. What was read stays found, and what waits does so until it is declared again.",
                        ))
                    }
                }
                @if let Some(held) = &queue.held {
                    p.warn {
                        @if away {
                            (words.say("수집 폴더가 없어 보이지 않는 파일: ", "The source is away, and with it files: "))
                        } @else {
                            (words.say("대량 삭제 보류: ", "Mass disappearance held: "))
                        }
                        (count(held.missing)) " / " (count(held.known)) " · " (minute(held.since))
                        @if away {
                            br;
                            (words.say(
                                "다시 연결하면 저절로 이어집니다. 영영 없어졌을 때만 아래 단추를 누르세요.",
                                "Mount it, and all goes on by itself; release only if it is gone for good.",
                            ))
                        }
                    }
                    (held_files(words, held, first))
                }
            }
            td.number data-label=(words.say("대기", "Ready")) { span data-count="ready" { (count(queue.ready)) } }
            td.number data-label=(words.say("처리 중", "In work")) { span data-count="leased" { (count(queue.leased)) } }
            td.number data-label=(words.say("재시도 대기", "Retry later")) { span data-count="waiting" { (count(queue.waiting)) } }
            td.number data-label=(words.say("격리", "Quarantined")) { a data-count="quarantined" href=(jobs(JobState::Quarantined)) { (count(queue.quarantined)) } }
            td.number data-label=(words.say("끝낸 작업", "Jobs done")) { a data-count="done" href=(jobs(JobState::Done)) { (count(queue.done)) } }
            td.number data-label=(words.say("분당 작업", "Jobs a minute")) { span data-count="last_minute" { (count(queue.last_minute)) } }
            td.acts {
                form method="post" action=(act("pause")) data-paused="false" hidden[queue.paused] {
                    button { (words.say("멈추기", "Pause")) }
                }
                form method="post" action=(act("resume")) data-paused="true" hidden[!queue.paused] {
                    button.primary { (words.say("다시 시작", "Resume")) }
                }
                @if let Some(held) = &queue.held {
                    (Question {
                        id: &format!("release-{}", queue.name),
                        act: match away {
                            true => words.say("영영 없어졌음", "It is gone for good"),
                            false => words.say("정말 지워졌음", "They are really gone"),
                        },
                        asked: html! {
                            @match words.0 {
                                Locale::Korean => { "사라진 파일 " (count(held.missing)) "건이 정말 지워졌나요?" },
                                Locale::English => { "Are these " (count(held.missing)) " files really gone?" },
                            }
                        },
                        then: words.say(
                            "그 문서들이 검색과 데이터 목록에서 빠집니다. 폴더나 디스크가 연결되지 않았을 뿐이라면 그만두고 다시 연결하세요.",
                            "Their documents leave the search and the catalogue. If the folder or its disk is only not connected, cancel and connect it again.",
                        ),
                        address: &act(if away { "release?gone=true" } else { "release" }),
                    }.ask(words))
                }
            }
        }
    }
}

/// What was read, and of which something was not, each with the search that lists it.
fn shortfall_list(words: Words, shortfall: Option<Shortfall>) -> Markup {
    let Some(shortfall) = shortfall else {
        return html! {
            section #shortfall {
                p.faint { (words.say(
                    "색인에 물을 수 없어, 읽었으나 확인할 문서가 있는지 지금은 알 수 없습니다.",
                    "The index cannot be asked just now, so that it is not known which documents are to be looked at.",
                )) }
            }
        };
    };
    let rows = [
        (
            shortfall.left_alone,
            "/?reason=left_alone",
            words.say("읽지 않고 남겨 둔 것이 있는 문서", "Something in it was left alone"),
            words.say(
                "읽던 프로그램이 멈춘 그림·쪽·소리·영상을 빼고 읽었습니다. 문서에 적힌 한도를 올리고 운영자가 `madang reprocess --outcome partial`을 실행하면 다시 읽습니다.",
                "A picture, a page, sound or film over which a reader ended was left out. Raise the limit that the document names; `madang reprocess --outcome partial` has it read again.",
            ),
        ),
        (
            shortfall.doubtful,
            "/?ocr=doubtful",
            words.say("문자 인식이 잘못된 듯한 문서", "Words were probably recognised badly"),
            words.say(
                "적힌 낱말이 검색되지 않을 수 있으니 그림과 견주어 확인하세요.",
                "A search may miss what is written there: compare it with the picture.",
            ),
        ),
    ];
    html! {
        section #shortfall {
            @if rows.iter().any(|(n, ..)| *n > 0) {
                h2 { (words.say("읽었으나 확인할 문서", "Read, and to be looked at")) }
                ul.jobs {
                    @for (n, address, name, cure) in rows {
                        @if n > 0 {
                            li {
                                p { a href=(address) { (name) } " " span.count { (count(n)) } }
                                p.faint { (typed(cure)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What was passed over so that the rest could go on, with the button that has it done again.
fn noted_list(words: Words, all: u64, noted: &[Note]) -> Markup {
    html! {
        section #noted {
            @if !noted.is_empty() {
                h2 { (words.say("넘어간 것", "Passed over")) " " span.count { (count(all)) } }
                ul.jobs { @for note in noted { li { (note_card(words, note)) } } }
                @if all > noted.len() as u64 {
                    p.pager { a href="/v1/notes" { (words.say("모두 보기 (JSON)", "All of them (JSON)")) } }
                }
                form.redrive method="post" action="/v1/notes/redo" {
                    label { (words.say("사유", "Reason"))
                        select name="kind" {
                            option value="" { (words.say("모두", "all")) }
                            @for kind in NoteKind::ALL { option value=(kind.as_str()) { (notes::title(kind).say(words.0)) } }
                        }
                    }
                    button { (words.say("넘어간 것 한꺼번에 다시 하기", "Do all of them again")) }
                }
            }
        }
    }
}

fn note_card(words: Words, note: &Note) -> Markup {
    html! {
        div.job {
            div {
                p.path {
                    @if note.subject.parse::<DocumentId>().is_ok() {
                        a href=(format!("/documents/{}", note.subject)) { bdi { (Shown::new(&note.subject)) } }
                    } @else { bdi { (name(&note.subject)) } }
                }
                p { (notes::sentence(note.kind).say(words.0)) }
                ul.facts {
                    li { "#" (note.id) }
                    li { bdi { (Shown::new(&words.by(&note.by))) } }
                    li { time datetime=(note.since) { (minute(note.since)) } }
                    @if note.tries > 0 { li { (words.say("다시 읽음 ", "read again ")) (note.tries) } }
                }
                (remark(words, &note.reason))
            }
            div.acts {
                form method="post" action=(format!("/v1/notes/{}/redo", note.id)) {
                    button { (words.say("다시 하기", "Do it again")) }
                }
            }
        }
    }
}

/// What lies in the sources and is not taken: nothing disappears without a word.
fn left_out_list(words: Words, all: u64, left_out: &[(String, LeftOut)]) -> Markup {
    html! {
        section #left-out {
            @if !left_out.is_empty() {
                h2 { (words.say("받지 않은 것", "Left out")) " " span.count { (count(all)) } }
                ul.jobs {
                    @for (pipeline, one) in left_out {
                        li {
                            p.path { bdi { (name(&one.key)) } }
                            p { (left_out::sentence(one).say(words.0)) }
                            ul.facts { li { bdi { (Shown::new(pipeline)) } } }
                            // Of the others the sentence says all there is.
                            @if matches!(one.kind, LeftOutKind::Closed | LeftOutKind::Unreadable) {
                                (remark(words, &one.reason))
                            }
                        }
                    }
                }
                @if all > left_out.len() as u64 {
                    p.pager { a href="/v1/left-out" { (words.say("모두 보기 (JSON)", "All of them (JSON)")) } }
                }
            }
        }
    }
}

fn state_tabs(words: Words, chosen: JobState, queue: &str) -> Markup {
    html! {
        nav.tabs aria-label=(words.say("상태", "State")) {
            @for state in [JobState::Quarantined, JobState::Ready, JobState::Leased, JobState::Done, JobState::Cancelled] {
                @let link = format!("/queues{}#jobs", query_string(&[("state", state.as_str()), ("queue", queue)]));
                a href=(link) aria-current=[(state == chosen).then_some("true")] { (words.state(state)) }
            }
            @if !queue.is_empty() {
                a.quiet href=(format!("/queues?state={}#jobs", chosen.as_str())) { bdi { (Shown::new(queue)) } " ×" }
            }
        }
    }
}

fn job_list(words: Words, jobs: &[(Job, Option<Headway>)]) -> Markup {
    html! {
        @if jobs.is_empty() { p.empty { (words.say("여기에는 작업이 없습니다.", "There is no job here.")) } }
        ul.jobs { @for (job, headway) in jobs { li { (job_card(words, job, *headway)) } } }
    }
}

fn job_card(words: Words, job: &Job, headway: Option<Headway>) -> Markup {
    let id = DocumentId::new(&job.object.store, &job.object.path, None);
    html! {
        div.job {
            div {
                p.path {
                    a href=(format!("/documents/{id}")) { bdi { (name(&job.object.path)) } }
                }
                @if let Some(failure) = &job.failure {
                    p { span.warn { (words.failure(failure.kind)) } " " (failure.kind.sentence(words.0)) }
                    (reason(words, &failure.reason))
                }
                ul.facts {
                    li { "#" (job.id) }
                    li { bdi { (Shown::new(&job.queue)) } }
                    li { (words.task(job.task)) }
                    li { (size(job.object.size)) }
                    (headway_fact(words, job, headway))
                    @if job.attempt > 0 { li { (words.say("시도 ", "attempt ")) (job.attempt) } }
                    @if job.crashes > 0 { li.warn { (words.say("읽다가 멈춤 ", "crashes ")) (job.crashes) } }
                    @match (job.state, job.done_at) {
                        (JobState::Ready, _) => li { (words.say("예정 ", "due ")) time datetime=(job.run_at) { (minute(job.run_at)) } },
                        (_, Some(moment)) => li { time datetime=(moment) { (minute(moment)) } },
                        _ => {},
                    }
                }
            }
            div.acts {
                @if may_retry(job) {
                    form method="post" action=(format!("/v1/jobs/{}/retry", job.id)) {
                        button { (words.say("다시 시도", "Retry")) }
                    }
                }
                @if job.state == JobState::Quarantined {
                    (Question {
                        id: &format!("discard-{}", job.id),
                        act: words.say("버리기", "Discard"),
                        asked: html! {
                            (words.say("이 작업을 버릴까요?", "Discard this job?")) br; bdi { (name(&job.object.path)) }
                        },
                        then: words.say(
                            "문서는 검색과 데이터 목록에서 빠지고, 파일은 제자리에 남습니다. ‘취소’ 목록에서 다시 시도할 수 있습니다.",
                            "Its document leaves the search and the catalogue, and its file stays where it is. It can be retried from the list of cancelled jobs.",
                        ),
                        address: &format!("/v1/jobs/{}/drop", job.id),
                    }.ask(words))
                }
            }
        }
    }
}

/// Whether trying again is of use: it is set aside or was discarded, or waits after a failure.
fn may_retry(job: &Job) -> bool {
    match job.state {
        JobState::Quarantined => true,
        JobState::Ready => job.failure.is_some(),
        JobState::Cancelled => job.task == Task::Extract && job.failure.is_some(),
        JobState::Leased | JobState::Done => false,
    }
}

fn redrive(words: Words, queues: &[(Queue, Vec<String>)], queue: &str) -> Markup {
    html! {
        form.redrive method="post" action="/v1/jobs/redrive" {
            label { (words.say("작업 줄", "Queue"))
                select name="queue" {
                    option value="" { (words.say("모두", "all")) }
                    @for (one, _) in queues { option value=(one.name) selected[one.name == queue] { (Shown::new(&one.name)) } }
                }
            }
            label { (words.say("사유", "Reason"))
                select name="kind" {
                    option value="" { (words.say("모두", "all")) }
                    @for kind in kinds() {
                        option value=(kind.as_str()) { (words.failure(kind)) }
                    }
                }
            }
            button { (words.say("격리된 작업 한꺼번에 다시 시도", "Redrive quarantined jobs")) }
        }
    }
}
