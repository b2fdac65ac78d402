use madang_document::shown::Shown;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::facts::{facts, remarks, summary};
use super::findings::Findings;
use super::labels::{Labels, ms, score};
use super::measured::Measured;
use super::row::Row;
use super::text::rest;
use crate::terminal::{short_path, short_reason};

/// Files of a list.
const SLOWEST: usize = 20;
const FAILED: usize = 500;

const STYLE: &str = include_str!("report.css");

/// A report as a page that stands by itself: no script, nothing loaded, and every word of a file escaped.
pub(crate) fn page(labels: Labels, findings: &Findings) -> String {
    let title = labels.say("읽기 보고서", "Reading report");
    let page = html! {
        (DOCTYPE)
        html lang=(labels.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="referrer" content="no-referrer";
                title { (title) " · " (labels.say("마당", "Madang")) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 { (title) }
                p.lead { (summary(labels, findings)) }
                section { dl {
                    @for (name, said) in facts(labels, findings) { div { dt { (name) } dd { (said) } } }
                } }
                @for remark in remarks(labels, findings) { p.note { (remark) } }
                (figures(labels, findings, labels.say("형식별", "By format"), labels.say("형식", "format"), &findings.formats))
                @if findings.folders.len() > 1 {
                    (figures(labels, findings, labels.say("폴더별", "By folder"), labels.say("폴더", "folder"), &findings.folders))
                }
                (slowest(labels, findings))
                (failed(labels, findings))
                (furthest(labels, findings))
            } }
        }
    };
    page.into_string()
}

fn figures(
    labels: Labels,
    findings: &Findings,
    title: &'static str,
    first: &'static str,
    rows: &[Row],
) -> Markup {
    let scored = findings.circumstances.has_references;
    let outcomes = findings.outcomes();
    let row = |name: &str, row: &Row| {
        html! { tr {
            th scope="row" { (short_path(name)) }
            @for cell in labels.cells(row, &outcomes, scored) { td.n { (cell) } }
        } }
    };
    let heads = labels.heads(first, &outcomes, scored);
    html! { section {
        h2 { (title) }
        div.scroll { table {
            thead { tr { @for (n, head) in heads.iter().enumerate() {
                th.n[n > 0] scope="col" { (head) }
            } } }
            tbody { @for one in rows { (row(&one.name, one)) } }
            tfoot { (row(labels.say("모두", "all"), &findings.total)) }
        } }
    } }
}

fn slowest(labels: Labels, findings: &Findings) -> Markup {
    let heads = [labels.say("파일", "file"), labels.say("형식", "format"), "CPU ms"];
    list(
        labels.say("가장 오래 걸린 파일", "Slowest files"),
        heads,
        &findings.slowest(SLOWEST),
        |file| {
            html! { td { (Shown::new(&file.format)) } td.n { (ms(file.cpu_us)) } }
        },
    )
}

fn failed(labels: Labels, findings: &Findings) -> Markup {
    let mut failed = findings.failed();
    let all = failed.len();
    failed.truncate(FAILED);
    let heads =
        [labels.say("파일", "file"), labels.say("결과", "outcome"), labels.say("까닭", "reason")];
    let title = labels.say("다 읽지 못한 파일", "Not read whole");
    html! {
        (list(title, heads, &failed, |file| html! {
            td { (labels.outcome(file.outcome)) }
            td { (short_reason(labels.reason(file))) }
        }))
        @if let Some(rest) = rest(labels, all, FAILED) { p.note { (rest) } }
    }
}

fn furthest(labels: Labels, findings: &Findings) -> Markup {
    let heads = [labels.say("파일", "file"), labels.say("형식", "format"), "F1"];
    let title = labels.say("기준과 가장 먼 파일", "Furthest from their reference");
    list(title, heads, &findings.furthest(SLOWEST), |file| {
        html! { td { (Shown::new(&file.format)) } td.n { (score(file.f1)) } }
    })
}

/// A table of files, if there are any.
fn list(
    title: &'static str,
    heads: [&'static str; 3],
    files: &[&Measured],
    cells: impl Fn(&Measured) -> Markup,
) -> Markup {
    html! { @if !files.is_empty() { section {
        h2 { (title) }
        div.scroll { table {
            thead { tr { @for head in heads {
                th.n[matches!(head, "F1" | "CPU ms")] scope="col" { (head) }
            } } }
            tbody { @for file in files {
                tr { th.path scope="row" { (short_path(&file.path)) } (cells(file)) }
            } }
        } }
    } } }
}
