use std::ffi::OsString;
use std::fs::{File, FileType};
use std::hint::black_box;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use madang_document::content::{Content, Warning};
use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::shown::Shown;
use madang_document::{metadata as meta, object_key, term};
use madang_extract::extraction::Extraction;
use madang_extract::left_alone::{LeftAlone, say_why};
use madang_extract::options::{Ocr, Options, Speech};
use madang_extract::passwords::Passwords;
use madang_extract::sidecar::Sidecar;
use madang_pipeline::besides::closed;
use madang_pipeline::jpeg_file::jpeg_file;
use madang_pipeline::password_file;
use madang_sandbox::input::{Input, Ranges};
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::{RunError, run as run_child};
use madang_sandbox::run_report::RunReport;
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;
use rustix::fs::OFlags;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::arguments::Extract;
use crate::beside::Surroundings;
use crate::configuration::Configuration;
use crate::failure::{Failure, USAGE};
use crate::terminal::{line, out_json, out_text, short_path, shown};
use crate::terminal_locale::{reason_in, say, terminal_locale};
use crate::{backends, engines, models};

/// Files up to this size are read whole, larger ones by ranges: as in a service.
const WHOLE: u64 = madang_pipeline::fetch::WHOLE;

/// `madang extract`.
pub(crate) fn run(command: &Extract) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let limits = limits(&configuration, command.no_previews);
    let engines = engines_of(command, &configuration)?;
    let options = options(command.password_file.as_deref(), command.ocr, command.speech)?;
    let (mut files, missing) = files(&command.paths);
    leave_out(command.password_file.as_deref(), &mut files);
    if files.is_empty() && missing == 0 {
        return Err(Failure::usage("there is no file to read"));
    }
    // Only where the text itself does not go to the same terminal.
    let bar = bar(files.len(), !std::io::stdout().is_terminal());
    let mut unread = 0;
    let jobs = command.jobs.unwrap_or(1);
    let surroundings = surroundings(command);
    let terms = Terms {
        limits: &limits,
        options: &options,
        surroundings: &surroundings,
        engines: &engines,
        encodes: false,
    };
    let printed = each(&files, jobs, &terms, &bar, &mut |path, answer| {
        unread += u64::from(answer.is_unread());
        bar.suspend(|| print(path, &answer, command.json))
    });
    bar.finish_and_clear();
    printed?;
    match exit_code(missing, unread, command.json) {
        0 => Ok(()),
        code => Err(Failure::Silent(code)),
    }
}

/// What each file is read under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) limits: &'a ChildLimits,
    pub(crate) options: &'a Options,
    /// Where what describes it lies.
    pub(crate) surroundings: &'a Surroundings,
    /// What the loader of engines is told.
    pub(crate) engines: &'a [OsString],
    /// Whether previews are encoded as a service does it, so that what that takes counts.
    pub(crate) encodes: bool,
}

/// What a file may cost, with previews or without.
pub(crate) fn limits(configuration: &Configuration, without_previews: bool) -> ChildLimits {
    let mut limits = configuration.limits();
    if without_previews {
        limits.extract.preview = 0;
    }
    limits
}

/// What the loader of engines is told: the model that the command names, or that of the configuration.
pub(crate) fn engines_of(
    command: &Extract,
    configuration: &Configuration,
) -> Result<Vec<OsString>, Failure> {
    let model = match &command.model {
        Some(model) => Some(models::named("--model", model)?),
        None => models::speech_model(configuration, &configuration.data(None))?,
    };
    Ok(engines::arguments(model.as_deref()))
}

/// Where what describes the files lies.
pub(crate) fn surroundings(command: &Extract) -> Surroundings {
    match command.no_sidecars {
        true => Surroundings::none(),
        false => Surroundings::of(&command.paths),
    }
}

/// Reads every file in a child of its own, so many at the same time, and hands the answers to `take` in the order of
/// the files.
///
/// # Errors
/// When no zygote can be started, and what `take` says.
pub(crate) fn each(
    files: &[PathBuf],
    jobs: u32,
    terms: &Terms<'_>,
    bar: &indicatif::ProgressBar,
    take: &mut dyn FnMut(&Path, Answer) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let zygote = Zygote::start_with(Path::new("/proc/self/exe"), terms.engines.to_vec())?;
    let jobs = usize::try_from(jobs).unwrap_or(usize::MAX).min(files.len().max(1));
    let next = Mutex::new(files.iter().enumerate());
    let (finished, answers) = mpsc::sync_channel(jobs * 2);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (next, finished, zygote) = (&next, finished.clone(), &zygote);
            scope.spawn(move || {
                loop {
                    let file = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((n, path)) = file else { return };
                    if finished.send((n, extract(zygote, path, terms))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(finished);
        // Whoever finished first: a file holds back the answers of at most the others in work, plus what the
        // channel holds.
        let mut waiting = std::collections::BTreeMap::new();
        let mut due = 0;
        for (n, answer) in answers {
            waiting.insert(n, answer);
            while let Some(answer) = waiting.remove(&due) {
                if let Some(path) = files.get(due) {
                    take(path, answer)?;
                }
                bar.inc(1);
                due += 1;
            }
        }
        Ok(())
    })
}

/// What is wanted of each file: the passwords that it may be tried with, and whether pictures and sound are recognised.
pub(crate) fn options(
    password_file: Option<&Path>,
    ocr: Ocr,
    speech: Speech,
) -> Result<Options, Failure> {
    let passwords = match password_file {
        None => Passwords::none(),
        Some(file) => password_file::read(file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?,
    };
    Ok(Options { ocr, speech, passwords, ..Options::default() })
}

/// Takes the file of passwords out of what is read, by whatever name it lies there: its text would be printed.
pub(crate) fn leave_out(password_file: Option<&Path>, files: &mut Vec<PathBuf>) {
    let id = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let Some(own) = password_file.and_then(id) else { return };
    files.retain(|file| {
        let other = id(file) != Some(own);
        if !other {
            let told = say(
                terminal_locale(),
                "읽지 않습니다: 암호 파일입니다",
                "left out: the file of passwords",
            );
            line(&shown!("madang: {}: {told}", name(file)));
        }
        other
    });
}

/// What a script is told. Where each file has its line of JSON, the line tells how it ended.
fn exit_code(missing: usize, unread: u64, as_json: bool) -> u8 {
    match (missing, unread) {
        (0, 0) => 0,
        (0, _) if as_json => 0,
        (0, _) => UNREAD,
        _ => USAGE,
    }
}

/// The exit code when nothing could be read of a file.
const UNREAD: u8 = 1;

/// A bar for so many files, if it is `wanted` and there is a terminal for it.
pub(crate) fn bar(files: usize, wanted: bool) -> indicatif::ProgressBar {
    let bar = match wanted && std::io::stderr().is_terminal() && files > 1 {
        true => indicatif::ProgressBar::new(files as u64),
        false => indicatif::ProgressBar::hidden(),
    };
    let style = "{spinner} {bar:30} {pos}/{len} files  {per_sec}  {elapsed}";
    if let Ok(style) = indicatif::ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// The files below these paths, sorted, and how many paths were not there: those are reported, and so is what lies
/// in a folder and is no file. Links are not followed.
pub(crate) fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, usize) {
    let mut files = Vec::new();
    let mut missing = 0;
    for path in paths {
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let mut below = Vec::new();
                let mut folders = vec![path.clone()];
                while let Some(folder) = folders.pop() {
                    match std::fs::read_dir(&folder) {
                        Ok(entries) => {
                            for entry in entries.flatten() {
                                match entry.file_type() {
                                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                                    Ok(kind) if kind.is_file() => below.push(entry.path()),
                                    Ok(kind) => line(&left_out(&entry.path(), kind)),
                                    Err(error) => {
                                        line(&shown!("madang: {}: {error}", name(&entry.path())));
                                    }
                                }
                            }
                        }
                        Err(error) => {
                            line(&shown!("madang: {}: {error}", name(&folder)));
                            missing += 1;
                        }
                    }
                }
                below.sort();
                files.extend(below);
            }
            Ok(_) => files.push(path.clone()),
            Err(error) => {
                line(&shown!("madang: {}: {error}", name(path)));
                missing += 1;
            }
        }
    }
    (files, missing)
}

/// The line of what lies in a folder and is no file.
fn left_out(path: &Path, kind: FileType) -> Shown {
    let locale = terminal_locale();
    match locale {
        Locale::Korean => {
            shown!("madang: {}: 읽지 않습니다: {}입니다", name(path), kind_of(kind, locale))
        }
        Locale::English => shown!("madang: {}: left out: {}", name(path), kind_of(kind, locale)),
    }
}

/// What a path that is neither file nor folder is.
fn kind_of(kind: FileType, locale: Locale) -> &'static str {
    let (ko, en) = match () {
        () if kind.is_symlink() => ("따라가지 않는 링크", "a link, which is not followed"),
        () if kind.is_fifo() => ("이름 있는 파이프", "a named pipe"),
        () if kind.is_socket() => ("소켓", "a socket"),
        () if kind.is_block_device() || kind.is_char_device() => ("장치", "a device"),
        () => ("파일이 아닌 것", "no file"),
    };
    say(locale, ko, en)
}

/// A path as a line shows it.
fn name(path: &Path) -> Shown {
    short_path(&object_key::from_bytes(path.as_os_str().as_bytes()))
}

/// What one file gave.
pub(crate) struct Answer {
    /// The file itself first, then its members.
    pub(crate) extractions: Vec<Extraction>,
    /// Why nothing could be read at all.
    pub(crate) unread: Option<Reason>,
    elapsed_ms: u64,
    /// Time of the processor in microseconds: of the children, of their zygote for them, and of this process for
    /// handing over the bytes and taking the answers.
    pub(crate) cpu_us: u64,
    /// Bytes of it that were read, where it was read by ranges.
    pub(crate) fetched: Option<u64>,
}

impl Answer {
    /// Whether nothing could be read of the file itself. What needs a password, or has no reader, was recognised.
    fn is_unread(&self) -> bool {
        let own = self.extractions.iter().find(|extraction| extraction.member.is_none());
        // Of what was cut at a limit there is a part, most often.
        let is_nothing = |own: &Extraction| {
            let Content { segments, members, .. } = &own.content;
            own.outcome == Outcome::Limit && segments.is_empty() && members.is_empty()
        };
        self.unread.is_some() || own.is_some_and(|own| is_unread(own.outcome) || is_nothing(own))
    }
}

fn is_unread(outcome: Outcome) -> bool {
    outcome == Outcome::Corrupt || outcome.is_death()
}

fn extract(zygote: &Zygote, path: &Path, terms: &Terms<'_>) -> Answer {
    let start = Instant::now();
    let began = own_cpu_us();
    let mut cpu_us = 0;
    let mut as_is = |left_alone: &LeftAlone| {
        let mut describing = terms.surroundings.describing(path);
        loop {
            let read = read(zygote, path, terms, &describing.sidecars, left_alone);
            cpu_us += read.cpu_us();
            if !describing.once_more(read.died()) {
                break (read, describing);
            }
        }
    };
    let (mut left_alone, mut cause) = (LeftAlone::Nothing, None);
    // As the service does at last.
    let (mut read, describing) = loop {
        let (read, describing) = as_is(&left_alone);
        match read.leaves_alone(&left_alone) {
            Some(more) => {
                left_alone = more;
                cause = read.ended.ok().flatten().and_then(|report| report.reason);
            }
            None => break (read, describing),
        }
    };
    for extraction in &mut read.extractions {
        let Content { metadata, warnings, .. } = &mut extraction.content;
        closed(metadata, extraction.member.is_none().then_some(warnings), &describing.unread);
        let warnings = extraction.content.warnings.iter_mut().map(|warning| &mut warning.reason);
        if let Some(cause) = &cause {
            say_why(warnings.chain(&mut extraction.reason), cause);
        }
    }
    if terms.encodes {
        for preview in read.extractions.iter().filter_map(|it| it.content.previews.first()) {
            black_box(jpeg_file(&preview.raster));
        }
    }
    let report = read.ended.as_ref().ok().and_then(Option::as_ref);
    let fetched = report.and_then(|report| report.fetched);
    Answer {
        fetched,
        extractions: read.extractions,
        unread: read.ended.err(),
        elapsed_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        cpu_us: cpu_us.saturating_add(own_cpu_us().saturating_sub(began)),
    }
}

/// What one reading of a file gave.
struct Read {
    /// The file itself first, then its members.
    extractions: Vec<Extraction>,
    ended: Result<Option<RunReport>, Reason>,
}

impl Read {
    /// How its reader died, if it did.
    fn died(&self) -> Option<Outcome> {
        let report = self.ended.as_ref().ok().and_then(Option::as_ref);
        report.and_then(RunReport::death)
    }

    /// What is left alone in another reading, if its reader died, and something else can be.
    fn leaves_alone(&self, before: &LeftAlone) -> Option<LeftAlone> {
        let report = self.ended.as_ref().ok().and_then(Option::as_ref);
        let died = report.filter(|report| report.died)?;
        before.after_death(died.look)
    }

    /// Time of the processor of its children and of their zygote for them.
    fn cpu_us(&self) -> u64 {
        let report = self.ended.as_ref().ok().and_then(Option::as_ref);
        report.map(|report| report.usage).unwrap_or_default().cpu_us()
    }
}

fn read(
    zygote: &Zygote,
    path: &Path,
    terms: &Terms<'_>,
    sidecars: &[Sidecar],
    left_alone: &LeftAlone,
) -> Read {
    let mut extractions = Vec::new();
    let mut own = None;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Terms { limits, options, .. } = *terms;
    let request = Request { name: &name, limits, options, sidecars, pace: Pace::Whole, left_alone };
    let ended =
        input(path).and_then(|input| {
            let ended = run_child(zygote, &request, input, &Watch::default(), &mut |extraction| {
                match extraction.member {
                    None => own = Some(extraction),
                    Some(_) => extractions.push(extraction),
                }
            });
            ended.map_err(|error| match error {
                RunError::Unborn(error) => ReasonKind::NoReaderAnswered(Quote::of(&error)).into(),
                RunError::BrokenOff(error) => ReasonKind::NotGiven(Quote::of(&error)).into(),
            })
        });
    extractions.sort_by(|a, b| a.member.cmp(&b.member));
    extractions.splice(0..0, own);
    Read { extractions, ended }
}

/// Time of the processor that this thread has used, microseconds.
fn own_cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000).unwrap_or_default()
}

/// The bytes of a file, or why there are none.
fn input(path: &Path) -> Result<Input, Reason> {
    let not_opened = |error: std::io::Error| ReasonKind::NotOpened(Quote::of(&error));
    let (file, size) = open(path).map_err(not_opened)?.ok_or(ReasonKind::NoFile)?;
    if size > WHOLE {
        return Ok(Input::Ranges(Box::new(FileRanges { file, size })));
    }
    Ok(Input::Memory(whole(file).map_err(not_opened)?))
}

/// A file and its size; none if it is no file.
fn open(path: &Path) -> std::io::Result<Option<(File, u64)>> {
    // Without waiting: a pipe that nobody writes to would hold the command for ever.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

fn whole(mut file: File) -> std::io::Result<SealedFile> {
    let mut sealed = SealedFile::create()?;
    std::io::copy(&mut std::io::Read::take(&mut file, WHOLE), &mut sealed)?;
    sealed.seal()
}

struct FileRanges {
    file: File,
    size: u64,
}

impl Ranges for FileRanges {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, offset: u64, length: u32) -> std::io::Result<Vec<u8>> {
        let mut buffer = vec![0; length as usize];
        let n = self.file.read_at(&mut buffer, offset)?;
        buffer.truncate(n);
        Ok(buffer)
    }
}

/// What is told of a file besides its outcome, at most so much.
const NOTES: usize = 5;

fn print(path: &Path, answer: &Answer, as_json: bool) -> Result<(), Failure> {
    let shown = name(path);
    let key = object_key::from_bytes(path.as_os_str().as_bytes());
    let locale = terminal_locale();
    if let Some(reason) = &answer.unread {
        let said = reason_in(locale, reason);
        line(&shown!("madang: {shown}: {said}"));
        if as_json {
            return out_json(&unread(&key, reason, answer.elapsed_ms));
        }
        return Ok(());
    }
    for extraction in &answer.extractions {
        if as_json {
            out_json(&object(&key, extraction, answer.elapsed_ms))?;
            continue;
        }
        let title = match &extraction.member {
            Some(member) => shown!("{shown}!/{member}"),
            None => shown.clone(),
        };
        match &extraction.reason {
            Some(reason) => {
                let reason = reason_in(locale, reason);
                line(&match locale {
                    Locale::Korean => {
                        shown!("madang: {title}: {}: {reason}", extraction.outcome.label(locale))
                    }
                    Locale::English => shown!("madang: {title}: {}: {reason}", extraction.outcome),
                });
            }
            None if answer.extractions.len() > 1 => line(&shown!("madang: {title}")),
            None => {}
        }
        let told = extraction.reason.as_ref();
        let noted = extraction.content.warnings.iter().map(|warning| &warning.reason);
        let mut noted = noted.filter(|reason| Some(*reason) != told);
        for reason in noted.by_ref().take(NOTES) {
            line(&shown!("madang: {title}: {}", reason_in(locale, reason)));
        }
        let rest = noted.count();
        if rest > 0 {
            line(&match locale {
                Locale::Korean => shown!("madang: {title}: 그 밖 {rest}건 (--json에 모두)"),
                Locale::English => shown!("madang: {title}: and {rest} more (--json tells all)"),
            });
        }
        let text = extraction.content.text();
        if !text.is_empty() {
            out_text(&text)?;
        }
    }
    Ok(())
}

/// The line of a document.
fn object(path: &str, extraction: &Extraction, elapsed_ms: u64) -> Value {
    let content = &extraction.content;
    json!({
        "path": path,
        "name": object_key::readable(path),
        "member": extraction.member,
        "media_type": extraction.media_type,
        "format": extraction.format,
        "outcome": extraction.outcome,
        "error": extraction.reason.as_ref().map(Reason::english),
        "reason_ko": extraction.reason.as_ref().and_then(korean),
        "reason_kind": extraction.reason.as_ref().map(|reason| reason.kind.word()),
        "language": extraction.language,
        "title": content.metadata.text(meta::TITLE),
        "text": content.text(),
        "metadata": content.metadata.plain(),
        "properties": term::properties(&content.metadata),
        "segments": content.segments,
        "members": content.members,
        "warnings": content.warnings.iter().map(warning).collect::<Vec<_>>(),
        "annotations": extraction.annotations,
        "elapsed_ms": elapsed_ms,
    })
}

/// A reason in Korean; none where there are only English words, as in the answers of a service.
pub(crate) fn korean(reason: &Reason) -> Option<String> {
    (!reason.is_said()).then(|| reason.korean())
}

fn warning(warning: &Warning) -> Value {
    json!({
        "kind": warning.kind,
        "message": warning.reason.english(),
        "message_ko": korean(&warning.reason),
        "reason_kind": warning.reason.kind.word(),
    })
}

/// The line of a file whose bytes could not be had: every file has one.
fn unread(path: &str, reason: &Reason, elapsed_ms: u64) -> Value {
    json!({
        "path": path, "name": object_key::readable(path), "member": null, "media_type": madang_document::media_type::MediaType::UNKNOWN,
        // No outcome of reading: nobody looked at the bytes, so that they are not called damaged.
        "format": "none", "outcome": "unread", "error": reason.english(),
        "reason_ko": korean(reason), "reason_kind": reason.kind.word(), "language": null, "title": null,
        "text": "", "metadata": {}, "properties": [], "segments": [], "members": [], "warnings": [], "annotations": [],
        "elapsed_ms": elapsed_ms,
    })
}

#[cfg(test)]
mod tests {
    use madang_document::media_type::MediaType;

    use super::*;

    #[test]
    fn a_script_is_told_of_what_could_not_be_read() {
        for (missing, unread, as_json, code) in [
            (0, 0, false, 0),
            (0, 2, false, 1),
            // Its line says so.
            (0, 2, true, 0),
            (1, 0, false, 2),
            (1, 1, true, 2),
        ] {
            assert_eq!(exit_code(missing, unread, as_json), code, "{missing} {unread} {as_json}");
        }
        let unread: Vec<&str> =
            Outcome::ALL.into_iter().filter(|one| is_unread(*one)).map(Outcome::as_str).collect();
        assert_eq!(unread, ["corrupt", "timeout", "memory", "crashed"]);
    }

    /// Every line has the same fields, and its reason in both languages with its kind.
    #[test]
    fn a_line_tells_its_reason_in_both_languages() {
        let reason: Reason = ReasonKind::Password.into();
        let mut extraction = Extraction {
            member: None,
            size: 1,
            sha256: None,
            format: "pdf".into(),
            format_version: 1,
            media_type: MediaType::new(MediaType::UNKNOWN),
            language: None,
            outcome: Outcome::Encrypted,
            reason: Some(reason.clone()),
            content: Content::default(),
            annotations: Vec::new(),
        };
        let line = object("a.pdf", &extraction, 1);
        assert_eq!(line["error"], reason.english());
        assert_eq!(line["reason_ko"], reason.korean());
        assert_eq!(line["reason_kind"], "encrypted");
        // Of a file that cannot be opened nobody knows whether it is damaged.
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let unread = unread("a.pdf", &ReasonKind::NotOpened(Quote::of(&denied)).into(), 1);
        assert_eq!(
            (&unread["outcome"], &unread["reason_kind"]),
            (&"unread".into(), &"store".into())
        );
        assert!(unread["error"].as_str().unwrap().contains("cannot be opened"), "{unread}");
        let korean = unread["reason_ko"].as_str().unwrap();
        assert!(korean.contains("열 수 없어") && korean.contains("권한이 없습니다"), "{korean}");
        let fields = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields(&line), fields(&unread));

        extraction.reason = None;
        let line = object("a.pdf", &extraction, 1);
        assert!(line["reason_ko"].is_null() && line["reason_kind"].is_null(), "{line}");
        extraction.reason = Some("page 3: cut".into());
        assert!(object("a.pdf", &extraction, 1)["reason_ko"].is_null());
    }
}
