//! What it costs to make pictures, films and recordings findable, beside the tools that others use for it: runs the
//! measurements of `tests/measure` on the binary that was built with this.
//!
//! ```text
//! cargo bench -p madang-cli --bench evidence -- [COLLECTION] [--only NAME]… [--binary MADANG]
//! ```
//!
//! | name | beside | needs |
//! |---|---|---|
//! | `frames` | key frames of ten minutes of 1080p: `ffmpeg -skip_frame nokey` | ffmpeg |
//! | `scans` | pages of Korean text: `tesseract` | tesseract, Pillow, NumPy, fonts-nanum, fonts-noto-cjk |
//! | `speech` | minutes of a voice: whisper.cpp alone | g++, ffmpeg, espeak-ng, a network for the model |
//! | `voices` | whether somebody speaks | ffmpeg, espeak-ng |
//! | `pictures` | properties of the pictures in COLLECTION: `exiftool` | libimage-exiftool-perl |
//! | `films`, `sounds` | properties of the films and recordings in COLLECTION: `ffprobe` | ffmpeg |
//!
//! Each prints its own figures and says whether it reaches what it is held to. How fast look-alikes are found is measured by
//! `cargo run --release -p madang-ledger --example lookalikes`. `PYTHON` names the interpreter, `python3` without it.
#![allow(clippy::print_stdout)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

/// What failed, in words.
type Failure = Box<dyn std::error::Error>;

/// The binary that is measured, built for this very run.
const BINARY: &str = env!("CARGO_BIN_EXE_madang");

/// Where the measurements lie.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/measure");

/// Those that need nothing but their tools, and those that need a collection of files.
const ALONE: [&str; 4] = ["frames", "scans", "speech", "voices"];
const OF_COLLECTION: [&str; 3] = ["pictures", "films", "sounds"];

#[derive(Debug)]
struct Arguments {
    collection: Option<PathBuf>,
    only: Vec<String>,
    binary: PathBuf,
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        println!("usage: evidence [COLLECTION] [--only NAME]… [--binary MADANG]");
        println!("names: {}, {}", ALONE.join(", "), OF_COLLECTION.join(", "));
        return ExitCode::FAILURE;
    };
    let all = ALONE.iter().chain(OF_COLLECTION.iter().filter(|_| arguments.collection.is_some()));
    let is_wanted =
        |name: &&&str| arguments.only.is_empty() || arguments.only.iter().any(|one| one == **name);
    let mut missed = Vec::new();
    for name in all.filter(is_wanted) {
        println!("== {name}");
        match measure(name, &arguments) {
            Ok(true) => println!("{name}: reached\n"),
            Ok(false) => missed.push(*name),
            Err(error) => {
                println!("{name}: {error}");
                missed.push(*name);
            }
        }
    }
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("missed, or not measured: {}", missed.join(", "));
    ExitCode::FAILURE
}

/// What was asked for; none if it cannot be understood. `cargo bench` adds `--bench`.
fn arguments() -> Option<Arguments> {
    let mut given = std::env::args_os().skip(1).filter(|argument| argument != "--bench");
    let mut arguments = Arguments { collection: None, only: Vec::new(), binary: BINARY.into() };
    while let Some(argument) = given.next() {
        match argument.to_str() {
            Some("--only") => arguments.only.push(given.next()?.into_string().ok()?),
            Some("--binary") => arguments.binary = given.next()?.into(),
            Some(option) if option.starts_with('-') => return None,
            _ if arguments.collection.is_some() => return None,
            _ => arguments.collection = Some(argument.into()),
        }
    }
    let is_known = |name: &String| {
        ALONE.contains(&name.as_str())
            || (OF_COLLECTION.contains(&name.as_str()) && arguments.collection.is_some())
    };
    arguments.only.iter().all(is_known).then_some(arguments)
}

/// Whether a measurement reaches what it is held to.
fn measure(name: &str, arguments: &Arguments) -> Result<bool, Failure> {
    let binary = arguments.binary.as_os_str();
    let collection = arguments.collection.as_deref().unwrap_or(Path::new("")).as_os_str();
    match name {
        "frames" => script("key_frames.py", &[binary]),
        "scans" => {
            let pages = tempfile::tempdir()?;
            let folder = pages.path().as_os_str();
            script("scans.py", &[OsStr::new("make"), folder])?;
            script("scans.py", &[OsStr::new("measure"), binary, folder])
        }
        "speech" => {
            let engine = engine()?;
            script("speech.py", &[binary, OsStr::new("--engine"), engine.as_os_str()])
        }
        "voices" => script("speech.py", &[binary, OsStr::new("--voice")]),
        "pictures" => script("pictures.py", &[binary, collection, OsStr::new("--cpu")]),
        "films" => script("media_values.py", &[binary, collection]),
        _ => script("sound_values.py", &[binary, collection]),
    }
}

fn script(name: &str, words: &[&OsStr]) -> Result<bool, Failure> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let path = Path::new(SCRIPTS).join(name);
    let status = Command::new(&python).arg(&path).args(words).status();
    let failed = |error| format!("{}: {error}; install python3", python.display());
    Ok(status.map_err(failed)?.success())
}

/// Where the build left whisper.cpp: that of this binary is the newest.
fn engine() -> Result<PathBuf, Failure> {
    let release = Path::new(BINARY).parent().ok_or("the binary lies in no folder")?;
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    for entry in fs::read_dir(release.join("build"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let out = path.join("out");
        if name.starts_with("whisper-rs-sys-") && out.is_dir() {
            let made = fs::metadata(&out)?.modified()?;
            newest = newest.max(Some((made, out)));
        }
    }
    newest.map(|(_, out)| out).ok_or_else(|| "whisper.cpp was not built beside the binary".into())
}
