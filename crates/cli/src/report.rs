//! `madang extract --report`: reads files as `madang extract` does and writes what it came to.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use madang_document::object_key;

use self::destination::{Destination, JSON, PAGE, TEXT};
use self::findings::{Circumstances, Findings};
use self::labels::Labels;
use self::machine::Machine;
use self::measured::Measured;
use self::references::References;
use crate::arguments::Extract;
use crate::backends;
use crate::configuration::Configuration;
use crate::extract::{self, Terms};
use crate::failure::{Failure, USAGE};
use crate::terminal::{escaped, out, shown};

mod destination;
mod facts;
mod findings;
mod labels;
mod machine;
mod measured;
mod page;
mod references;
mod row;
mod text;
mod token_bag;

/// Reads everything and writes the report into `folder`.
pub(crate) fn run(command: &Extract, folder: &Path) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let limits = extract::limits(&configuration, command.no_previews);
    let engines = extract::engines_of(command, &configuration)?;
    let own = [Some(folder), command.reference.as_deref()];
    let own: Vec<PathBuf> =
        own.into_iter().flatten().filter_map(|folder| folder.canonicalize().ok()).collect();
    let options = extract::options(command.password_file.as_deref(), command.ocr, command.speech)?;
    let mut listed = Listed::of(&command.paths, command.password_file.as_deref());
    let all = listed.files.len();
    listed.files.retain(|file| !lies_in(&file.path, &own));
    let left_out = (all - listed.files.len()) as u64;
    if listed.files.is_empty() {
        return Err(Failure::usage(match left_out {
            0 => "there is no file to report on",
            _ => {
                "all files that were named lie in the folder of the report or of the references, and these are not read: \
                  name another folder for the report"
            }
        }));
    }
    let relative: Vec<PathBuf> = listed.files.iter().map(|file| file.relative.clone()).collect();
    let references = command.reference.as_deref().map(|root| {
        References::of(root, &relative).map_err(|error| {
            let told = format!("{} cannot be listed", root.display());
            Failure::Usage(anyhow::Error::new(error).context(told))
        })
    });
    let references = references.transpose()?;
    let destination = Destination::open(folder)?;

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = command.jobs.unwrap_or_else(|| u32::try_from(cores).unwrap_or(1));
    let begun = backends::clock()();
    let started = Instant::now();
    let bar = extract::bar(listed.files.len(), true);
    let paths: Vec<PathBuf> = listed.files.iter().map(|file| file.path.clone()).collect();
    let mut files = Vec::with_capacity(paths.len());
    let mut next = listed.files.iter();
    let surroundings = extract::surroundings(command);
    let terms = Terms {
        limits: &limits,
        options: &options,
        surroundings: &surroundings,
        engines: &engines,
        encodes: true,
    };
    let read = extract::each(&paths, jobs, &terms, &bar, &mut |_, answer| {
        let Some(file) = next.next() else { return Ok(()) };
        let key = object_key::from_bytes(file.path.as_os_str().as_bytes());
        let (mut measured, text) = Measured::of(key, file.folder.clone(), &answer);
        if let Some(references) = &references {
            measured.f1 = references.f1(&file.relative, &text)?;
        }
        files.push(measured);
        Ok(())
    });
    bar.finish_and_clear();
    read?;

    let circumstances = Circumstances {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        optimised: !cfg!(debug_assertions),
        machine: Machine::this(),
        command: as_typed(std::env::args_os()),
        begun,
        date: begun.to_string(),
        wall_seconds: started.elapsed().as_secs_f64(),
        jobs,
        left_out,
        missing: listed.missing,
        has_references: references.is_some(),
    };
    let findings = Findings::of(circumstances, files);
    let labels = Labels::of_terminal();
    destination.put(TEXT, text::text(labels, &findings).as_bytes())?;
    destination.put(JSON, escaped(&serde_json::to_string_pretty(&findings)?).as_bytes())?;
    destination.put(PAGE, page::page(labels, &findings).as_bytes())?;
    out(&facts::summary(labels, &findings))?;
    out(&shown!("{}", folder.join(PAGE).display()))?;
    match listed.missing {
        0 => Ok(()),
        _ => Err(Failure::Silent(USAGE)),
    }
}

/// What a report is about.
#[derive(Debug, Default)]
struct Listed {
    files: Vec<ListedFile>,
    /// Paths that were not there, and folders that could not be listed; each was told.
    missing: u64,
}

/// A file, and what it is called in the report.
#[derive(Debug, PartialEq, Eq)]
struct ListedFile {
    path: PathBuf,
    /// Its path below the folder that was named; with the name of that in front where several were.
    relative: PathBuf,
    /// The folder that it counts to: the first on its relative path.
    folder: String,
}

impl Listed {
    fn of(paths: &[PathBuf], passwords: Option<&Path>) -> Listed {
        let mut listed = Listed::default();
        for named in paths {
            let (mut files, missing) = extract::files(std::slice::from_ref(named));
            extract::leave_out(passwords, &mut files);
            listed.missing += missing as u64;
            let front = (paths.len() > 1).then(|| named.file_name()).flatten();
            listed.files.extend(
                files.into_iter().map(|path| ListedFile::of(path, named, front.map(Path::new))),
            );
        }
        listed
    }
}

impl ListedFile {
    fn of(path: PathBuf, named: &Path, front: Option<&Path>) -> ListedFile {
        let below = path.strip_prefix(named).ok().filter(|below| !below.as_os_str().is_empty());
        let relative = match (front, below) {
            (Some(front), Some(below)) => front.join(below),
            (None, Some(below)) => below.to_owned(),
            // A file that was named itself.
            (_, None) => PathBuf::from(path.file_name().unwrap_or(path.as_os_str())),
        };
        let mut parts = relative.iter();
        let first = parts.next().filter(|_| parts.next().is_some());
        let folder =
            first.map_or_else(|| ".".into(), |first| object_key::from_bytes(first.as_bytes()));
        ListedFile { path, relative, folder }
    }
}

/// Whether a path leads into one of these folders, whatever it is called.
fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    let real = path.canonicalize();
    real.is_ok_and(|real| folders.iter().any(|folder| real.starts_with(folder)))
}

/// A command line as it may be typed again.
fn as_typed(words: impl Iterator<Item = OsString>) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    let words = words.enumerate().map(|(n, word)| {
        let word = match n {
            0 => Path::new(&word).file_name().unwrap_or(&word).to_string_lossy().into_owned(),
            _ => word.to_string_lossy().into_owned(),
        };
        match !word.is_empty() && word.chars().all(plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', "'\\''")),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_path_below_what_was_named() {
        for (path, named, front, relative, folder) in [
            ("c/pdf/a.pdf", "c", None, "pdf/a.pdf", "pdf"),
            ("c/a.pdf", "c", None, "a.pdf", "."),
            ("./c/pdf/x/a.pdf", "./c/", None, "pdf/x/a.pdf", "pdf"),
            ("c/pdf/a.pdf", "c/pdf", Some("pdf"), "pdf/a.pdf", "pdf"),
            ("c/a.pdf", "c/a.pdf", Some("a.pdf"), "a.pdf", "."),
            ("c/a.pdf", "c/a.pdf", None, "a.pdf", "."),
        ] {
            let file = ListedFile::of(path.into(), Path::new(named), front.map(Path::new));
            let expected = (Path::new(relative), folder);
            assert_eq!((file.relative.as_path(), file.folder.as_str()), expected, "{path}");
        }
    }

    #[test]
    fn a_command_can_be_typed_again() {
        let typed = |words: &[&str]| as_typed(words.iter().map(OsString::from));
        assert_eq!(typed(&["/opt/bin/madang", "extract", "공문/a b"]), "madang extract '공문/a b'");
        assert_eq!(typed(&["madang", "", "it's", "$(x)"]), "madang '' 'it'\\''s' '$(x)'");
    }
}
