use madang_document::counted::counted;
use madang_document::shown::Shown;

use super::findings::{Circumstances, Findings};
use super::labels::{Labels, megabytes};

/// How a report came about: what each line is called, and what it says.
pub(crate) fn facts(labels: Labels, findings: &Findings) -> Vec<(&'static str, Shown)> {
    let Circumstances { version, machine, command, begun, wall_seconds, jobs, .. } =
        &findings.circumstances;
    let say = |ko, en| labels.say(ko, en);
    vec![
        (say("마당", "Madang"), Shown::new(version)),
        (say("날짜", "Date"), Shown::new(&labels.moment(*begun))),
        (say("명령", "Command"), Shown::new(command)),
        (
            say("컴퓨터", "Machine"),
            Shown::new(&format!(
                "{}, {} {}, {:.1} GB; {}",
                machine.processor,
                machine.cores,
                say("코어", if machine.cores == 1 { "core" } else { "cores" }),
                machine.memory as f64 / 1e9,
                machine.system
            )),
        ),
        (
            say("걸린 시간", "Time"),
            Shown::new(&match labels.code() {
                "ko" => format!("{wall_seconds:.1}초, 한 번에 {jobs}개씩"),
                _ => format!("{wall_seconds:.1} s, {jobs} at a time"),
            }),
        ),
    ]
}

/// What has to be known to read the figures.
pub(crate) fn remarks(labels: Labels, findings: &Findings) -> Vec<Shown> {
    let Circumstances { optimised, left_out, missing, has_references, .. } = findings.circumstances;
    let say = |ko: String, en: String| if labels.code() == "ko" { ko } else { en };
    let mut remarks = Vec::new();
    if !optimised {
        remarks.push(say(
            "속도를 위해 빌드한 프로그램이 아니므로 시간은 뜻이 없습니다.".into(),
            "This program was not built for speed: its times mean nothing.".into(),
        ));
    }
    if missing > 0 {
        remarks.push(say(
            format!("없거나 열 수 없는 경로 {missing}개는 빠져 있습니다."),
            format!(
                "Paths that are not there or cannot be listed, and are missing here: {missing}."
            ),
        ));
    }
    if left_out > 0 {
        remarks.push(say(
            format!("보고서 폴더나 기준 폴더에 있는 파일 {left_out}개는 빼 두었습니다."),
            format!(
                "Files in the folder of the report or of the references were left out: {left_out}."
            ),
        ));
    }
    if has_references && findings.total.scored == 0 {
        remarks
            .push(say("기준 글이 있는 파일이 없습니다.".into(), "No file has a reference.".into()));
    }
    remarks.push(say(
        "CPU는 파일을 읽는 프로세스, 그 프로세스를 만드는 일, 바이트를 건네고 답을 받는 일에 든 시간이며 프로그램의 \
         시작은 들어 있지 않습니다. MB는 백만 바이트입니다."
            .into(),
        "CPU is what the process that reads a file uses, what making it takes, and what handing over the bytes and \
         taking the answer takes; the start of the program is not in it. An MB is a million bytes."
            .into(),
    ));
    if has_references {
        remarks.push(say(
            "F1은 가장 가까운 기준 글과 견준 낱말(글자와 숫자의 이음)의 F1 평균이며, 읽지 못한 파일은 0입니다.".into(),
            "F1 is the mean token F1 against the nearest reference; a file that was not read has 0.".into(),
        ));
    }
    remarks.iter().map(|remark| Shown::new(remark)).collect()
}

/// All of it in one line.
pub(crate) fn summary(labels: Labels, findings: &Findings) -> Shown {
    let total = &findings.total;
    let ended: Vec<String> = findings
        .outcomes()
        .into_iter()
        .map(|outcome| {
            let count = total.outcomes.get(&outcome).copied().unwrap_or_default();
            format!("{} {count}", labels.outcome(outcome))
        })
        .collect();
    let (files, ended) = (total.files, ended.join(", "));
    let megabytes = megabytes(total.bytes as f64);
    Shown::new(&match labels.code() {
        "ko" => format!("파일 {files}개, {megabytes:.1} MB: {ended}"),
        _ => format!("{}, {megabytes:.1} MB: {ended}", counted(files, "file", "files")),
    })
}
