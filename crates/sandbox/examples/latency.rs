//! Where the time of one run goes: a table of stages, of the processor (on average) and of page faults, for objects of
//! one kind each. This binary is its own zygote.
//!
//! ```text
//! cargo run --release -p madang-sandbox --example latency            texts of 1 kB and 64 KiB
//! cargo run --release -p madang-sandbox --example latency FILE…      these files, too
//! ```
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use madang_extract::engines::Engines;
use madang_extract::left_alone::LeftAlone;
use madang_extract::options::Options;
use madang_sandbox::input::Input;
use madang_sandbox::kit::Kit;
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::run;
use madang_sandbox::run_report::RunReport;
use madang_sandbox::sealed_file::SealedFile;
use madang_sandbox::serve::serve;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;

/// Runs of each object.
const RUNS: usize = 400;

/// One run: its verdict, and how long all of it took for the caller.
struct Run {
    verdict: RunReport,
    whole: Duration,
}

fn main() -> std::io::Result<()> {
    if let Some(kit) = Kit::asked(std::env::args_os().skip(1)) {
        std::process::exit(serve(kit, Engines::media));
    }
    let line = "데이터기반행정 활성화를 위한 안내문\n";
    let mut objects = vec![
        ("1 kB.txt".to_owned(), line.repeat(20).into_bytes()),
        ("64 KiB.txt".to_owned(), line.repeat(1300).into_bytes()),
        ("1 kB.srt".to_owned(), subtitles().into_bytes()),
    ];
    for path in std::env::args().skip(1) {
        let name = Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        objects.push((name, std::fs::read(&path)?));
    }
    let zygote = Zygote::start(Path::new("/proc/self/exe"))?;
    println!(
        "{:24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "p50 / p99, ms",
        "forked",
        "detected",
        "answered",
        "reaped",
        "whole",
        "user",
        "system",
        "rss MiB",
        "faults"
    );
    for (name, bytes) in &objects {
        let runs = (0..RUNS).map(|_| once(&zygote, name, bytes)).collect::<Result<Vec<_>, _>>()?;
        for share in [50, 99] {
            let ms =
                |of: &dyn Fn(&Run) -> Duration| at(&runs, share, &|r| of(r).as_secs_f64() * 1e3);
            let label = if share == 50 { name.as_str() } else { "  p99" };
            println!(
                "{:24} {:9.3} {:9.3} {:9.3} {:9.3} {:9.3} {:9.3} {:9.3} {:9.1} {:7.0}",
                label.chars().take(24).collect::<String>(),
                ms(&|r| r.verdict.stages.forked),
                ms(&|r| r.verdict.stages.detected.unwrap_or_default()),
                ms(&|r| r.verdict.stages.answered.unwrap_or_default()),
                ms(&|r| r.verdict.stages.reaped),
                ms(&|r| r.whole),
                mean(&runs, &|r| r.verdict.usage.user_us),
                mean(&runs, &|r| r.verdict.usage.system_us),
                at(&runs, share, &|r| r.verdict.usage.peak_rss as f64 / f64::from(1 << 20)),
                at(&runs, share, &|r| r.verdict.usage.faults as f64),
            );
        }
    }
    Ok(())
}

fn once(zygote: &Zygote, name: &str, bytes: &[u8]) -> std::io::Result<Run> {
    let start = Instant::now();
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
    let verdict = run(zygote, &request, input, &Watch::default(), &mut |_| {})
        .map_err(std::io::Error::other)?;
    let whole = start.elapsed();
    match verdict {
        Some(verdict) if !verdict.died => Ok(Run { verdict, whole }),
        other => Err(std::io::Error::other(format!("{name}: {other:?}"))),
    }
}

/// Milliseconds on average: the kernel counts by its ticks, of which most runs are shorter than one.
fn mean(runs: &[Run], of: &dyn Fn(&Run) -> u64) -> f64 {
    runs.iter().map(|run| of(run) as f64 / 1e3).sum::<f64>() / runs.len() as f64
}

/// A share of the runs, in percent, takes at most so much.
fn at(runs: &[Run], share: usize, of: &dyn Fn(&Run) -> f64) -> f64 {
    let mut all: Vec<f64> = runs.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() * share / 100).copied().unwrap_or_default()
}

fn subtitles() -> String {
    (0..15)
        .map(|n| format!("{}\n00:00:{n:02},000 --> 00:00:{n:02},900\n안전점검 안내 {n}\n\n", n + 1))
        .collect()
}
