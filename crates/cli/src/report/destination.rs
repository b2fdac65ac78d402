use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::failure::Failure;

/// What a report consists of.
pub(crate) const TEXT: &str = "report.txt";
pub(crate) const JSON: &str = "report.json";
pub(crate) const PAGE: &str = "report.html";
const FILES: [&str; 3] = [TEXT, JSON, PAGE];
/// Behind the name of a file that is not whole yet.
const UNFINISHED: &str = ".new";

/// The folder of a report. Nothing else lies in it, so that nothing else can be overwritten.
#[derive(Debug)]
pub(crate) struct Destination {
    folder: PathBuf,
}

impl Destination {
    /// Makes the folder, or takes one that is empty or holds an earlier report; makes sure that it can be written before
    /// anything is measured.
    ///
    /// # Errors
    /// When it is no folder, holds anything else, or cannot be written.
    pub(crate) fn open(folder: &Path) -> Result<Destination, Failure> {
        let shown = folder.display();
        match fs::metadata(folder) {
            Ok(found) if !found.is_dir() => {
                return Err(Failure::usage(format_args!(
                    "{shown} is no folder: name one for the report"
                )));
            }
            Ok(_) => {
                for entry in fs::read_dir(folder).map_err(|error| unusable(folder, error))? {
                    let entry = entry.map_err(|error| unusable(folder, error))?;
                    let name = entry.file_name();
                    let own = name.to_str().is_some_and(|name| {
                        FILES.contains(&name.strip_suffix(UNFINISHED).unwrap_or(name))
                    });
                    if !own || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                        return Err(Failure::usage(format_args!(
                            "{shown} holds other things than a report ({}): name a new folder",
                            name.display()
                        )));
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
            }
            Err(error) => return Err(unusable(folder, error)),
        }
        let destination = Destination { folder: folder.to_owned() };
        for name in FILES {
            destination.begin(name).map_err(|error| unusable(folder, error))?;
        }
        Ok(destination)
    }

    /// Puts a file in its place in one step.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let put = || {
            let mut file = self.begin(name)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(self.unfinished(name), self.folder.join(name))
        };
        put().map_err(|error| {
            let path = self.folder.join(name);
            Failure::Other(anyhow::Error::new(error).context(format!("writing {}", path.display())))
        })
    }

    fn begin(&self, name: &str) -> std::io::Result<File> {
        // A link that somebody puts there meanwhile leads nowhere.
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = File::options();
        options.write(true).create(true).truncate(true).custom_flags(flags);
        options.open(self.unfinished(name))
    }

    fn unfinished(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{UNFINISHED}"))
    }
}

fn unusable(folder: &Path, error: std::io::Error) -> Failure {
    let told = format!("{} cannot take a report", folder.display());
    Failure::Usage(anyhow::Error::new(error).context(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(folder: &Path) -> String {
        Destination::open(folder).unwrap_err().told().join("\n")
    }

    #[test]
    fn only_an_earlier_report_is_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("deep/figures");
        for round in ["first", "second"] {
            let destination = Destination::open(&folder).unwrap();
            for name in FILES {
                destination.put(name, round.as_bytes()).unwrap();
            }
            let mut names: Vec<_> =
                fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, ["report.html", "report.json", "report.txt"]);
            assert_eq!(fs::read_to_string(folder.join(TEXT)).unwrap(), round);
        }
        fs::write(folder.join("notes.md"), "mine").unwrap();
        assert!(told(&folder).contains("(notes.md): name a new folder"), "{}", told(&folder));
        assert!(told(&folder.join("notes.md")).contains("is no folder"));
    }

    #[test]
    fn a_run_that_was_broken_off_leaves_nothing_in_the_way() {
        let root = tempfile::tempdir().unwrap();
        Destination::open(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "begun");
        Destination::open(root.path()).unwrap().put(TEXT, b"whole").unwrap();
        assert_eq!(fs::read_to_string(root.path().join(TEXT)).unwrap(), "whole");
    }

    #[test]
    fn what_only_has_the_name_of_a_report_is_none() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("elsewhere"), "mine").unwrap();
        let folder = root.path().join("figures");
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink("../elsewhere", folder.join(TEXT)).unwrap();
        assert!(told(&folder).contains("report.txt"), "{}", told(&folder));
        fs::remove_file(folder.join(TEXT)).unwrap();
        fs::create_dir(folder.join(JSON)).unwrap();
        assert!(told(&folder).contains("report.json"), "{}", told(&folder));
    }
}
