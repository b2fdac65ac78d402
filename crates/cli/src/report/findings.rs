use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;
use serde::Serialize;

use super::machine::Machine;
use super::measured::Measured;
use super::row::Row;

/// How a report came about.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Circumstances {
    /// The version of Madang.
    pub(crate) version: String,
    /// Whether it was built for speed; times of one that was not say little.
    pub(crate) optimised: bool,
    /// Where.
    pub(crate) machine: Machine,
    /// The command, as it was typed.
    pub(crate) command: String,
    /// When it was begun, milliseconds since 1970.
    #[serde(skip)]
    pub(crate) begun: Timestamp,
    /// The same in RFC 3339.
    pub(crate) date: String,
    /// How long it took by the clock, seconds.
    pub(crate) wall_seconds: f64,
    /// Files read at the same time.
    pub(crate) jobs: u32,
    /// Files that were left out, since they lie in the folder of the report or of the references.
    pub(crate) left_out: u64,
    /// Paths that were not there, and folders that could not be listed.
    pub(crate) missing: u64,
    /// Whether there was a folder of references.
    pub(crate) has_references: bool,
}

/// All that a report tells.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Findings {
    #[serde(flatten)]
    pub(crate) circumstances: Circumstances,
    /// All files.
    pub(crate) total: Row,
    /// By what read them, the most frequent first.
    pub(crate) formats: Vec<Row>,
    /// By folder.
    pub(crate) folders: Vec<Row>,
    /// Every file, in the order of the paths.
    pub(crate) files: Vec<Measured>,
}

impl Findings {
    /// What these files come to.
    pub(crate) fn of(circumstances: Circumstances, files: Vec<Measured>) -> Findings {
        let total = Row::of("", &files.iter().collect::<Vec<_>>());
        let mut formats = Row::each(&files, |file| &file.format);
        formats.sort_by_key(|row| std::cmp::Reverse(row.files));
        let folders = Row::each(&files, |file| &file.folder);
        Findings { circumstances, total, formats, folders, files }
    }

    /// The files that took most of the processor, at most so many.
    pub(crate) fn slowest(&self, most: usize) -> Vec<&Measured> {
        let mut files: Vec<&Measured> = self.files.iter().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.cpu_us));
        files.truncate(most);
        files
    }

    /// The files that were not read whole, the worst first.
    pub(crate) fn failed(&self) -> Vec<&Measured> {
        let mut files: Vec<&Measured> =
            self.files.iter().filter(|file| severity(file.outcome).is_some()).collect();
        files.sort_by_key(|file| severity(file.outcome));
        files
    }

    /// The files whose text is furthest from their reference, at most so many.
    pub(crate) fn furthest(&self, most: usize) -> Vec<&Measured> {
        let mut files: Vec<&Measured> =
            self.files.iter().filter(|file| file.f1.is_some_and(|f1| f1 < 1.0)).collect();
        files.sort_by(|a, b| a.f1.unwrap_or_default().total_cmp(&b.f1.unwrap_or_default()));
        files.truncate(most);
        files
    }

    /// The outcomes that there are, for the columns of a table.
    pub(crate) fn outcomes(&self) -> Vec<Option<Outcome>> {
        let all = Outcome::ALL.into_iter().map(Some).chain([None]);
        all.filter(|outcome| self.total.outcomes.contains_key(outcome)).collect()
    }
}

/// A rank among what was not read whole; none for what was.
fn severity(outcome: Option<Outcome>) -> Option<u8> {
    match outcome {
        Some(Outcome::Ok | Outcome::Empty) => None,
        Some(Outcome::Crashed) => Some(0),
        Some(Outcome::Memory) => Some(1),
        Some(Outcome::Timeout) => Some(2),
        Some(Outcome::Corrupt) => Some(3),
        None => Some(4),
        Some(Outcome::Limit) => Some(5),
        Some(Outcome::Partial) => Some(6),
        Some(Outcome::Drm) => Some(7),
        Some(Outcome::Encrypted) => Some(8),
        Some(Outcome::Unsupported) => Some(9),
    }
}
