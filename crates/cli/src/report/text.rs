use madang_document::shown::Shown;

use super::facts::{facts, remarks, summary};
use super::findings::Findings;
use super::labels::{Labels, ms, score};
use super::measured::Measured;
use super::row::Row;
use crate::terminal::{short_path, short_reason, table};

/// Files of a list.
const SLOWEST: usize = 20;
const FAILED: usize = 200;

/// A report as plain text.
pub(crate) fn text(labels: Labels, findings: &Findings) -> String {
    let mut lines: Vec<Shown> = vec![labels.say("읽기 보고서", "Reading report").into()];
    lines.push(summary(labels, findings));
    lines.push("".into());
    let facts = facts(labels, findings).into_iter();
    lines.extend(facts.map(|(name, said)| Shown::new(&format!("{name}: {said}"))));
    lines.extend(remarks(labels, findings));

    let scored = findings.circumstances.has_references;
    let outcomes = findings.outcomes();
    let mut figures = |title: &'static str, first: &'static str, rows: &[Row]| {
        let heads = labels.heads(first, &outcomes, scored);
        let cells = |name: &str, row: &Row| {
            let figures = labels.cells(row, &outcomes, scored).into_iter().map(Shown::from);
            std::iter::once(short_path(name)).chain(figures).collect()
        };
        let mut all: Vec<Vec<Shown>> = rows.iter().map(|row| cells(&row.name, row)).collect();
        all.push(cells(labels.say("모두", "all"), &findings.total));
        section(&mut lines, title, table(&heads, &all));
    };
    figures(labels.say("형식별", "By format"), labels.say("형식", "format"), &findings.formats);
    if findings.folders.len() > 1 {
        figures(labels.say("폴더별", "By folder"), labels.say("폴더", "folder"), &findings.folders);
    }

    let file = labels.say("파일", "file");
    let format = labels.say("형식", "format");
    let slowest = findings.slowest(SLOWEST);
    let rows = rows(&slowest, |file| vec![ms(file.cpu_us).into(), Shown::new(&file.format)]);
    let title = labels.say("가장 오래 걸린 파일", "Slowest files");
    section(&mut lines, title, table(&["CPU ms", format, file], &rows));

    let failed = findings.failed();
    if !failed.is_empty() {
        let cells = |file: &Measured| {
            vec![labels.outcome(file.outcome).into(), short_reason(labels.reason(file))]
        };
        let shown: Vec<&Measured> = failed.iter().take(FAILED).copied().collect();
        let rows: Vec<Vec<Shown>> = shown
            .iter()
            .map(|file| std::iter::once(short_path(&file.path)).chain(cells(file)).collect())
            .collect();
        let heads = [file, labels.say("결과", "outcome"), labels.say("까닭", "reason")];
        section(
            &mut lines,
            labels.say("다 읽지 못한 파일", "Not read whole"),
            table(&heads, &rows),
        );
        lines.extend(rest(labels, failed.len(), FAILED));
    }

    let furthest = findings.furthest(SLOWEST);
    if !furthest.is_empty() {
        let rows =
            self::rows(&furthest, |file| vec![score(file.f1).into(), Shown::new(&file.format)]);
        let title = labels.say("기준과 가장 먼 파일", "Furthest from their reference");
        section(&mut lines, title, table(&["F1", format, file], &rows));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// How many of a list are not shown.
pub(crate) fn rest(labels: Labels, all: usize, shown: usize) -> Option<Shown> {
    let more = all.checked_sub(shown).filter(|more| *more > 0)?;
    Some(Shown::new(&match labels.code() {
        "ko" => format!("그 밖에 {more}개는 report.json에 있습니다"),
        _ => format!("and {more} more, in report.json"),
    }))
}

fn section(lines: &mut Vec<Shown>, title: &'static str, table: Vec<Shown>) {
    lines.extend(["".into(), title.into(), "".into()]);
    lines.extend(table);
}

/// The cells of each file, and its path behind them.
fn rows(files: &[&Measured], cells: impl Fn(&Measured) -> Vec<Shown>) -> Vec<Vec<Shown>> {
    let row = |file: &&Measured| {
        let mut row = cells(file);
        row.push(short_path(&file.path));
        row
    };
    files.iter().map(row).collect()
}
