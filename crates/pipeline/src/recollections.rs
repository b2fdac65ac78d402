//! What was recognised in objects whose reading is not over, on disk: after a restart it is handed to the child that reads the
//! object once more, so that a scan of five hundred pages goes on where it was.
//!
//! A file for each job, named by its number, with a line for each page. It is worth no more than the time that it saves: whatever
//! keeps it from being written or read costs that and nothing else, and it goes with the end of its job.

use std::fs::{DirBuilder, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use madang_extract::recall::{MOST, Recall, line};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Claim, JobState};
use madang_ledger::ledger::Ledger;
use rustix::fs::OFlags;

use crate::known::readers;

/// Where they lie.
#[derive(Clone, Debug)]
pub struct Recollections(Option<PathBuf>);

impl Recollections {
    /// In this folder, which need not be there.
    pub fn of(folder: PathBuf) -> Recollections {
        Recollections(Some(folder))
    }

    /// Nowhere: nothing is remembered.
    pub fn none() -> Recollections {
        Recollections(None)
    }

    /// What is remembered of the object of a claim, to which more may be added; none where nothing can be.
    pub(crate) fn open(&self, claim: &Claim) -> Option<Recollection> {
        let path = self.path(claim.ticket.job)?;
        let object = &claim.object;
        let stamp = format!("{:?}", (readers(), &object.store, &object.path, &object.version));
        let head = format!("{}\n", BlobId::of(stamp.as_bytes()));
        let bytes = read(&path);
        let lines = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(head.as_bytes()));
        let is_new = lines.is_none();
        let recall = Recall::of(lines.unwrap_or_default());
        Some(Recollection {
            path,
            head: is_new.then_some(head),
            recall,
            file: None,
            is_over: false,
        })
    }

    /// Its job is over.
    pub(crate) fn forget(&self, job: i64) {
        let Some(path) = self.path(job) else { return };
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(job, %error, "what was recognised of it cannot be removed");
            }
        }
    }

    /// Forgets a job that is not open any more: what it was for is gone, or another version now.
    pub(crate) async fn forget_unless_open(
        &self,
        ledger: &dyn Ledger,
        job: i64,
    ) -> Result<(), LedgerError> {
        let job_now = ledger.job(job).await?;
        let is_open = |state| matches!(state, JobState::Ready | JobState::Leased);
        if !job_now.is_some_and(|job| is_open(job.state)) {
            self.forget(job);
        }
        Ok(())
    }

    /// Forgets every job that is not open any more, as one that ended elsewhere or in the moment of a crash.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn sweep(&self, ledger: &dyn Ledger) -> Result<(), LedgerError> {
        let Some(files) = self.0.as_deref().and_then(|folder| std::fs::read_dir(folder).ok())
        else {
            return Ok(());
        };
        for file in files.flatten() {
            if let Some(job) = file.file_name().to_str().and_then(|name| name.parse().ok()) {
                self.forget_unless_open(ledger, job).await?;
            }
        }
        Ok(())
    }

    fn path(&self, job: i64) -> Option<PathBuf> {
        Some(self.0.as_ref()?.join(job.to_string()))
    }
}

/// What is remembered of one object.
#[derive(Debug)]
pub(crate) struct Recollection {
    path: PathBuf,
    /// What a file begins with that has nothing of use so far.
    head: Option<String>,
    recall: Recall,
    file: Option<File>,
    /// Whether no more is remembered.
    is_over: bool,
}

impl Recollection {
    /// What was remembered when it was opened.
    pub(crate) fn recall(&self) -> &Recall {
        &self.recall
    }

    /// Remembers what was made out in a signal. It need not be on the disk at once: of a machine that loses power some pages are
    /// recognised again.
    pub(crate) fn add(&mut self, key: &BlobId, segments: &[Segment]) {
        if self.is_over {
            return;
        }
        let Some(line) = line(key, segments) else { return };
        if let Err(error) = self.write(&line) {
            self.is_over = true;
            tracing::warn!(path = %self.path.display(), %error, "what is recognised is not remembered");
        }
    }

    fn write(&mut self, line: &str) -> std::io::Result<()> {
        if self.file.is_none() {
            self.file = Some(self.begin()?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        if file.metadata()?.len().saturating_add(line.len() as u64) > MOST {
            self.is_over = true;
            return Ok(());
        }
        file.write_all(line.as_bytes())
    }

    /// Opens the file behind what is known.
    fn begin(&self) -> std::io::Result<File> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
        }
        // One that has lost its lease may write for a moment yet: each line is put behind all others.
        let mut file = File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
            .open(&self.path)?;
        match &self.head {
            Some(head) => {
                file.set_len(0)?;
                file.write_all(head.as_bytes())?;
            }
            None => {
                // What was written last may have been broken off.
                if !self.recall.given().ends_with(b"\n") && !self.recall.given().is_empty() {
                    file.write_all(b"\n")?;
                }
            }
        }
        Ok(file)
    }
}

/// The bytes of a plain file that is not too large.
fn read(path: &Path) -> Option<Vec<u8>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).ok()?;
    let kind = file.metadata().ok()?;
    if !kind.is_file() || kind.len() > MOST {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use madang_document::agency::Agency;
    use madang_document::content::Origin;
    use madang_document::locator::Locator;
    use madang_document::object::ObjectRef;
    use madang_ledger::jobs::{Task, Ticket};

    use super::*;

    fn claim(job: i64, version: &str) -> Claim {
        Claim {
            ticket: Ticket { job, fence: 1 },
            task: Task::Extract,
            object: ObjectRef {
                store: "press".into(),
                path: "scan.pdf".into(),
                version: version.into(),
                size: 1,
            },
            modified: None,
            pipeline: "press".into(),
            agency: Agency::undeclared(),
            attempt: 1,
            crashes: 0,
        }
    }

    fn page(text: &str) -> (BlobId, Vec<Segment>) {
        let segment = Segment {
            text: text.into(),
            locator: Locator::page(1),
            origin: Origin::Ocr,
            confidence: Some(0.9),
            words: Vec::new(),
        };
        (BlobId::of(text.as_bytes()), vec![segment])
    }

    fn lines(recollections: &Recollections, claim: &Claim) -> String {
        let recollection = recollections.open(claim).unwrap();
        String::from_utf8_lossy(recollection.recall().given()).into_owned()
    }

    #[test]
    fn what_was_recognised_is_there_for_who_reads_the_same_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let recollections = Recollections::of(folder.path().join("recognised"));
        let claim_now = claim(7, "1");
        let add = |text: &str| {
            let (key, segments) = page(text);
            recollections.open(&claim_now).unwrap().add(&key, &segments);
        };
        assert!(lines(&recollections, &claim_now).is_empty());
        assert!(!folder.path().join("recognised").exists(), "nothing is made for what has nothing");
        add("하나");
        // The service is killed while it writes.
        let path = folder.path().join("recognised/7");
        File::options().append(true).open(&path).unwrap().write_all(b"[\"torn").unwrap();
        add("둘");
        let told = lines(&recollections, &claim_now);
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(
            told.contains("하나") && told.contains("\n[\"torn\n") && told.contains("둘"),
            "{told}"
        );
        // Another version of the file, and another job, know nothing of it.
        assert!(lines(&recollections, &claim(7, "2")).is_empty());
        assert!(lines(&recollections, &claim(8, "1")).is_empty());
        recollections.forget(7);
        recollections.forget(7);
        assert!(lines(&recollections, &claim_now).is_empty());
    }

    #[test]
    fn what_cannot_be_remembered_costs_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("recognised");
        std::fs::write(&place, b"a file stands there").unwrap();
        let recollections = Recollections::of(place);
        let (key, segments) = page("하나");
        let mut recollection = recollections.open(&claim(7, "1")).unwrap();
        recollection.add(&key, &segments);
        recollection.add(&key, &segments);
        assert!(lines(&recollections, &claim(7, "1")).is_empty());
        assert!(Recollections::none().open(&claim(7, "1")).is_none());
    }
}
