use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a service leaves in its data folder for the command line: where it listens, and which process it is.
///
/// A file outlives a process that is killed, and the port of the dead may be anybody's. The number of a process
/// can come again, too; together with the time of its start it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announcement {
    /// Where it listens.
    pub(crate) url: String,
    process: u32,
    /// Ticks since the machine started (proc(5), field 22 of `stat`).
    started: u64,
}

impl Announcement {
    /// The file's name.
    pub(crate) const FILE: &'static str = "service.url";

    /// This process listens there.
    pub(crate) fn of_this_process(url: &str) -> std::io::Result<Announcement> {
        let process = std::process::id();
        let started = started(process).ok_or_else(|| {
            std::io::Error::other(format!("/proc/{process}/stat does not say when it started"))
        })?;
        Ok(Announcement { url: url.to_owned(), process, started })
    }

    /// As it is written: the address, then the process.
    pub(crate) fn text(&self) -> String {
        format!("{}\nprocess {} since {}", self.url, self.process, self.started)
    }

    fn parse(text: &str) -> Option<Announcement> {
        let (url, process) = text.trim_end().split_once('\n')?;
        let (process, started) = process.strip_prefix("process ")?.split_once(" since ")?;
        let (process, started) = (process.parse().ok()?, started.parse().ok()?);
        Some(Announcement { url: url.to_owned(), process, started })
    }

    /// What stands in a data folder.
    pub(crate) fn read(folder: &Path) -> Option<Announcement> {
        let mut text = String::new();
        let file = File::open(folder.join(Announcement::FILE)).ok()?;
        file.take(4096).read_to_string(&mut text).ok()?;
        Announcement::parse(&text)
    }

    /// Takes away what stands in a data folder.
    pub(crate) fn remove(folder: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(folder.join(Announcement::FILE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the process that wrote it still runs. It wrote while it held the folder's lock, and keeps the lock
    /// until it ends: so it is the one that holds it now.
    pub(crate) fn lives(&self) -> bool {
        started(self.process) == Some(self.started)
    }
}

/// When a process started, in ticks since the machine did.
fn started(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in brackets, which may hold anything: count from its end.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_process_that_wrote_it_counts() {
        let ours = Announcement::of_this_process("http://127.0.0.1:8484").unwrap();
        assert_eq!(Announcement::parse(&ours.text()), Some(ours.clone()));
        assert!(ours.lives());
        let other = Announcement { started: ours.started + 1, ..ours.clone() };
        assert!(!other.lives());
        assert_eq!(Announcement::parse("http://127.0.0.1:8484\n"), None);
    }
}
