//! Where each CPU millisecond of a file goes: runs the real binary over a folder, end to end, and prints a table.
//!
//! ```text
//! cargo bench -p madang-cli --bench cost -- FOLDER [--runs N] [--workers N] [--data FOLDER] [--formats] [--binary MADANG]
//! ```
//!
//! Each run is `madang up --once` with a data folder of its own (below `--data`, else below the system's temporary
//! folder, which should lie on a disk: what is made durable there costs what it costs). The time of the processor is
//! that of the kernel's own accounts: of the service's threads by their names (`/proc/PID/task/*/schedstat`, looked at
//! every 20 ms; what a thread did after the last look counts to the rest), of the children by the zygote's account of
//! those it has reaped, and of all together by wait4(2). What is printed is minimum, median and maximum over the runs.
//!
//! `--binary` measures another binary than the one built with this: for a comparison with an earlier one.
//!
//! `--formats` reads each file twice more, one after the other: in a child of the real binary, for what it costs, and in
//! one of this program, for what of it is looking, reading, preview and language.
#![allow(clippy::print_stdout)]

mod account;
mod formats;
mod measure;
mod spread;

use std::path::PathBuf;
use std::process::ExitCode;

use madang_sandbox::kit::Kit;

use crate::measure::Run;

/// What failed, in words.
type Failure = Box<dyn std::error::Error>;

/// The binary that is measured, built for this very run.
const BINARY: &str = env!("CARGO_BIN_EXE_madang");

#[derive(Debug)]
struct Arguments {
    folder: PathBuf,
    data: PathBuf,
    runs: usize,
    workers: Option<String>,
    formats: bool,
    binary: PathBuf,
}

fn main() -> ExitCode {
    if let Some(kit) = Kit::asked(std::env::args_os().skip(1)) {
        return formats::serve(kit);
    }
    let Some(arguments) = arguments() else {
        println!(
            "usage: cost FOLDER [--runs N] [--workers N] [--data FOLDER] [--formats] [--binary MADANG]"
        );
        return ExitCode::SUCCESS;
    };
    match print(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cost: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked for; none if it cannot be understood. `cargo bench` adds `--bench`.
fn arguments() -> Option<Arguments> {
    let mut given = std::env::args_os().skip(1).filter(|argument| argument != "--bench");
    let mut arguments = Arguments {
        folder: PathBuf::new(),
        data: std::env::temp_dir(),
        runs: 3,
        workers: None,
        formats: false,
        binary: BINARY.into(),
    };
    while let Some(argument) = given.next() {
        match argument.to_str() {
            Some("--runs") => arguments.runs = given.next()?.to_str()?.parse().ok()?,
            Some("--workers") => arguments.workers = Some(given.next()?.into_string().ok()?),
            Some("--data") => arguments.data = given.next()?.into(),
            Some("--binary") => arguments.binary = given.next()?.into(),
            Some("--formats") => arguments.formats = true,
            Some(other) if other.starts_with("--") => return None,
            _ => arguments.folder = argument.into(),
        }
    }
    arguments.folder.is_dir().then_some(arguments)
}

fn print(arguments: &Arguments) -> Result<(), Failure> {
    println!("{}, load {}", arguments.folder.display(), load());
    let mut runs = Vec::new();
    // Removed together at the end: ext4 makes no file for a while where one was just removed, and looks for long.
    let place = tempfile::tempdir_in(&arguments.data)?;
    for n in 1..=arguments.runs.max(1) {
        let data = place.path().join(n.to_string());
        let run = measure::run(arguments, &data)?;
        println!("run {n}: {}; load {}", run.said, load());
        runs.push(run);
    }
    table(&runs);
    if arguments.formats {
        println!();
        formats::print(arguments)?;
    }
    Ok(())
}

/// The table of one folder: what each part costs a file, in milliseconds of the processor.
fn table(runs: &[Run]) {
    println!("{:44} {:>9} {:>9} {:>9}", "CPU ms a file", "min", "median", "max");
    let row = |name: &str, of: &dyn Fn(&Run) -> f64| {
        let spread = spread::of(runs.iter().map(of));
        println!("{name:44} {spread}");
    };
    for part in account::PARTS {
        row(part.name, &|run| run.ms(run.account.of(part.name)));
    }
    row("the rest", &|run| run.ms(run.rest()));
    row("all", &|run| run.ms(run.cpu));
    println!();
    row("documents per CPU second", &|run| run.documents as f64 / run.cpu);
    row("files per second by the clock", &|run| run.files as f64 / run.wall);
    row("seconds by the clock", &|run| run.wall);
    row("context switches a file", &|run| run.switches as f64 / run.files as f64);
    row("peak resident memory of the service, MiB", &|run| {
        run.resident as f64 / f64::from(1 << 20)
    });
    row("data folder, kB a file", &|run| run.stored as f64 / 1e3 / run.files as f64);
}

/// The machine's load, of the last minute.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
