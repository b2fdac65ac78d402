use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use madang_document::content::{Warning, WarningKind};
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_extract::blob::Blob;
use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::language::language;
use madang_extract::left_alone::LeftAlone;
use madang_extract::limits::Limits as ExtractLimits;
use madang_extract::options::Options;
use madang_extract::order::Order;
use madang_extract::sink::Sink;
use madang_sandbox::input::Input;
use madang_sandbox::kit::Kit;
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::run;
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::serve::serve_with;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;
use rustix::time::{ClockId, clock_gettime};

use crate::{Arguments, Failure, spread};

/// Larger files are left out: a service reads them by ranges.
const WHOLE: u64 = 64 << 20;

/// What the files of one format cost, in all.
#[derive(Default)]
struct Row {
    files: usize,
    bytes: u64,
    user: f64,
    kernel: f64,
    faults: u64,
    forked: Vec<f64>,
    first: Vec<f64>,
    split: Split,
}

/// Microseconds of the processor inside the children.
#[derive(Clone, Copy, Debug, Default)]
struct Split {
    probe: f64,
    parse: f64,
    preview: f64,
    language: f64,
}

/// Prints a row for each format, the dearest first.
pub(crate) fn print(asked: &Arguments) -> Result<(), Failure> {
    let mut files = Vec::new();
    list(&asked.folder, &mut files)?;
    files.sort();
    let real = Zygote::start(&asked.binary)?;
    let own = Zygote::start(Path::new("/proc/self/exe"))?;
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for path in &files {
        let bytes = fs::read(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(cost) = once(&real, &name, &bytes)? else { continue };
        let split = once(&own, &name, &bytes)?.and_then(|split| split.split).unwrap_or_default();
        let row = rows.entry(cost.format).or_default();
        row.files += 1;
        row.bytes += bytes.len() as u64;
        row.user += cost.user;
        row.kernel += cost.kernel;
        row.faults += cost.faults;
        row.forked.push(cost.forked);
        row.first.extend(cost.first);
        row.split.probe += split.probe;
        row.split.parse += split.parse;
        row.split.preview += split.preview;
        row.split.language += split.language;
    }
    println!(
        "{:12} {:>6} {:>8} | {:>7} {:>7} {:>7} | {:>7} {:>7} {:>7} {:>7} | {:>7} {:>7} | {:>6}",
        "format",
        "files",
        "kB each",
        "user",
        "kernel",
        "faults",
        "probe",
        "parse",
        "preview",
        "language",
        "forked",
        "first",
        "share"
    );
    let all: f64 = rows.values().map(|row| row.user + row.kernel).sum();
    let mut rows: Vec<(String, Row)> = rows.into_iter().collect();
    rows.sort_by(|(_, a), (_, b)| (b.user + b.kernel).total_cmp(&(a.user + a.kernel)));
    for (format, row) in rows {
        let n = row.files as f64;
        println!(
            "{format:12} {:6} {:8.1} | {:7.2} {:7.2} {:7.0} | {:7.2} {:7.2} {:7.2} {:7.2} | {:7.2} {:7.2} | {:5.1}%",
            row.files,
            row.bytes as f64 / 1e3 / n,
            row.user / 1e3 / n,
            row.kernel / 1e3 / n,
            row.faults as f64 / n,
            row.split.probe / 1e3 / n,
            row.split.parse / 1e3 / n,
            row.split.preview / 1e3 / n,
            row.split.language / 1e3 / n,
            spread::of(row.forked.into_iter()).median(),
            spread::of(row.first.into_iter()).median(),
            (row.user + row.kernel) * 100.0 / all,
        );
    }
    println!(
        "CPU ms of a child on average; forked and first (word about the bytes): ms after the order, median"
    );
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            list(&entry.path(), files)?;
        } else if metadata.is_file() && metadata.len() <= WHOLE {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// What one child cost.
struct Cost {
    format: String,
    user: f64,
    kernel: f64,
    faults: u64,
    forked: f64,
    first: Option<f64>,
    /// Where it was a child of this program.
    split: Option<Split>,
}

fn once(zygote: &Zygote, name: &str, bytes: &[u8]) -> Result<Option<Cost>, Failure> {
    let input = Input::Memory(SealedFile::from_bytes(bytes)?);
    let (limits, options) = (ChildLimits::default(), Options::default());
    let request = Request {
        name,
        limits: &limits,
        options: &options,
        sidecars: &[],
        pace: Pace::Whole,
        left_alone: &LeftAlone::Nothing,
    };
    let mut object = None;
    let verdict = run(zygote, &request, input, &Watch::default(), &mut |extraction| {
        if extraction.member.is_none() {
            let said =
                extraction.content.warnings.iter().find_map(|said| read(&said.reason.english()));
            object = Some((extraction.format, said));
        }
    })?;
    let (Some(verdict), Some((format, split))) = (verdict, object) else { return Ok(None) };
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Some(Cost {
        format,
        user: verdict.usage.user_us as f64,
        kernel: verdict.usage.system_us as f64,
        faults: verdict.usage.faults,
        forked: ms(verdict.stages.forked),
        first: verdict.stages.detected.map(ms),
        split,
    }))
}

/// The zygote of this program, whose children say what they spend their time on.
pub(crate) fn serve(kit: Kit) -> ExitCode {
    let ended = serve_with(kit, Engines::media, measured);
    ExitCode::from(u8::try_from(ended).unwrap_or(1))
}

/// The extraction, which says as a warning of the object what it spent its time on. What a preview costs is the
/// difference to an extraction that may decode no pixel.
fn measured(blob: &dyn Blob, order: &Order, engines: &Engines, sink: &dyn Sink) -> Outcome {
    let plain =
        Order { limits: ExtractLimits { pixels: 0, ..order.limits.clone() }, ..order.clone() };
    let nobody = Stamps { began: now(), ..Stamps::default() };
    extract(blob, &plain, engines, &nobody);
    let without = now() - nobody.began - *nobody.language.borrow();
    let stamps = Stamps { began: now(), to: Some(sink), without, ..Stamps::default() };
    extract(blob, order, engines, &stamps)
}

/// A sink that notes when what comes.
#[derive(Default)]
struct Stamps<'a> {
    began: f64,
    without: f64,
    /// What this sink took itself.
    own: Cell<f64>,
    detected: Cell<f64>,
    language: RefCell<f64>,
    to: Option<&'a dyn Sink>,
}

impl Sink for Stamps<'_> {
    fn detected(&self, detected: &Detected) {
        self.detected.set(now());
        if let Some(to) = self.to {
            to.detected(detected);
        }
    }

    fn progress(&self, units: u32) {
        if let Some(to) = self.to {
            to.progress(units);
        }
    }

    fn engines_wanted(&self) {
        if let Some(to) = self.to {
            to.engines_wanted();
        }
    }

    fn document(&self, mut extraction: Extraction) {
        let began = now();
        language(extraction.content.segments.iter().map(|segment| segment.text.as_str()));
        let took = now() - began;
        *self.language.borrow_mut() += took;
        let Some(to) = self.to else { return };
        if extraction.member.is_none() {
            let probe = self.detected.get() - self.began;
            let all = began - self.began - self.own.get();
            let preview = (all - self.without).max(0.0);
            let language = *self.language.borrow();
            let parse = (all - probe - preview - language).max(0.0);
            let reason = Reason::said(format!("{SAID} {probe} {parse} {preview} {language}"));
            extraction.content.warnings = vec![Warning { kind: WarningKind::Note, reason }];
        }
        to.document(extraction);
        self.own.set(self.own.get() + now() - began);
    }
}

const SAID: &str = "microseconds:";

fn read(message: &str) -> Option<Split> {
    let mut numbers =
        message.strip_prefix(SAID)?.split_whitespace().filter_map(|n| n.parse::<f64>().ok());
    Some(Split {
        probe: numbers.next()?,
        parse: numbers.next()?,
        preview: numbers.next()?,
        language: numbers.next()?,
    })
}

/// Microseconds of the processor that this thread has used.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}
