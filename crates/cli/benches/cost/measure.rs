#![allow(unsafe_code)]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::account::{Account, Sightings};
use crate::{Arguments, Failure};

/// One run of the binary over a folder.
#[derive(Debug)]
pub(crate) struct Run {
    /// The closing line of the run.
    pub(crate) said: String,
    /// Files, as dropped.
    pub(crate) files: u64,
    /// Files, and the members of archives and mails.
    pub(crate) documents: u64,
    /// Seconds by the clock.
    pub(crate) wall: f64,
    /// Seconds of the processor of all processes.
    pub(crate) cpu: f64,
    /// Seconds of the processor by part.
    pub(crate) account: Account,
    /// Context switches of all processes.
    pub(crate) switches: u64,
    /// Peak resident bytes of the service.
    pub(crate) resident: u64,
    /// Bytes of the data folder.
    pub(crate) stored: u64,
}

impl Run {
    /// Milliseconds a file.
    pub(crate) fn ms(&self, seconds: f64) -> f64 {
        seconds * 1e3 / self.files.max(1) as f64
    }

    /// Seconds that no part accounts for.
    pub(crate) fn rest(&self) -> f64 {
        self.cpu - self.account.all()
    }
}

/// How often the threads are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs the binary once, with `data` for its data folder.
pub(crate) fn run(asked: &Arguments, data: &Path) -> Result<Run, Failure> {
    let mut command = Command::new(&asked.binary);
    command.args(["up", "--once", "--data"]).arg(data).arg(&asked.folder);
    if let Some(workers) = &asked.workers {
        command.args(["--workers", workers]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let before = Usage::of_children()?;
    let began = Instant::now();
    let mut child = command.spawn()?;
    let mut sightings = Sightings::default();
    let status = loop {
        sightings.look(child.id());
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK);
    };
    let wall = began.elapsed().as_secs_f64();
    let after = Usage::of_children()?;
    let mut said = String::new();
    child.stdout.take().ok_or("no output")?.read_to_string(&mut said)?;
    let said = said.lines().last().unwrap_or_default().to_owned();
    if !status.success() {
        return Err(format!("madang ended with {status}: {said}").into());
    }
    let (files, members) = (count(&said, "received")?, count(&said, "members")?);
    Ok(Run {
        files,
        documents: files + members,
        wall,
        cpu: after.seconds - before.seconds,
        account: sightings.account(),
        switches: after.switches - before.switches,
        resident: sightings.resident,
        stored: size(data)?,
        said,
    })
}

/// A number of the closing line: `received 5, indexed 4, …`.
fn count(said: &str, what: &str) -> Result<u64, Failure> {
    let number = said.split(", ").find_map(|part| part.strip_prefix(what));
    Ok(number.ok_or_else(|| format!("no `{what}` in: {said}"))?.trim().parse()?)
}

/// What the processes that were waited for have used, and those that they waited for.
struct Usage {
    seconds: f64,
    switches: u64,
}

impl Usage {
    fn of_children() -> Result<Usage, Failure> {
        // SAFETY: all zeroes is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is valid for the call.
        if unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) } != 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        Ok(Usage {
            seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            switches: (usage.ru_nvcsw + usage.ru_nivcsw).unsigned_abs(),
        })
    }
}

/// Bytes that a folder takes on its disk.
fn size(folder: &Path) -> Result<u64, Failure> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += metadata.blocks() * 512;
        if metadata.is_dir() {
            bytes += size(&entry.path())?;
        }
    }
    Ok(bytes)
}
