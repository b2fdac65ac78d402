use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index as Tantivy, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher};

use crate::analyzer;
use crate::index::IndexError;
use crate::record::Change;
use crate::tantivy::damage::{ReadError, guarded};
use crate::tantivy::durable_directory::DurableDirectory;
use crate::tantivy::entry;
use crate::tantivy::property::Property;
use crate::tantivy::revisions::{Deletions, Revisions, standing};
use crate::tantivy::schema::schema;
use crate::tantivy::tokenizer::tokenizers;

/// Bytes that a writer holds before it writes a segment: postings of about 10 MB of text, and the table of terms, which
/// takes 4 MiB of whatever is given, from the least that tantivy takes (15 MB) on. Less cuts a batch into segments that
/// are merged again at once.
const WRITER_MEMORY: usize = 40_000_000;
/// A suspicion leads to a reading of all files at most this often.
const CHECKED_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The index of one partition: a tantivy index in a folder.
pub(crate) struct PartitionIndex {
    index: Tantivy,
    reader: IndexReader,
    folder: PathBuf,
    writer: Mutex<Option<IndexWriter>>,
    /// What the last commit carried.
    commit: Mutex<Option<Payload>>,
    deletions: Mutex<Deletions>,
    /// Whether all files were found to have their checksums since the index was opened.
    checked: Mutex<bool>,
    /// When they were last compared because reading them had met trouble.
    suspected: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for PartitionIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PartitionIndex({})", self.folder.display())
    }
}

/// What a commit carries beside the documents, in the same atomic write.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Payload {
    analyzer: u32,
    checkpoint: u64,
}

/// A panic while a lock was held leaves nothing half done that a lock here guards: each guards a value, or a writer
/// that is dropped on error.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something stands where the folder of an index is to be that is none, nor a link to one.
pub(crate) fn is_in_the_way(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok() && !folder.is_dir()
}

fn in_the_way(folder: &Path) -> IndexError {
    IndexError::damaged(format!("{} is no folder, and is removed", folder.display()))
}

impl PartitionIndex {
    /// The index in this folder; none if there is none.
    pub(crate) fn open(folder: &Path) -> Result<Option<PartitionIndex>, IndexError> {
        if is_in_the_way(folder) {
            return Err(in_the_way(folder));
        }
        if !folder.join("meta.json").is_file() {
            return match holds_segments(folder) {
                true => Err(IndexError::damaged(format!("{} has no meta.json", folder.display()))),
                false => Ok(None),
            };
        }
        let damaged = |reason: &str| IndexError::damaged(format!("{}: {reason}", folder.display()));
        let outdated =
            |reason: &str| IndexError::Outdated(format!("{}: {reason}", folder.display()));
        let opened = guarded(|| {
            let mut index = Tantivy::open(directory(folder)?)?;
            if index.schema() != schema().0 {
                return Ok(None);
            }
            index.set_tokenizers(tokenizers());
            let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
            let payload = index.load_metas()?.payload;
            Ok(Some((index, reader, payload)))
        });
        let (index, reader, payload) = match opened {
            Ok(Some(opened)) => opened,
            Ok(None) => return Err(outdated("it was made by another version of Madang")),
            Err(ReadError::Error(error)) => return Err(error),
            // Nothing but its files was read so far.
            Err(ReadError::Panic(message)) => return Err(damaged(&message)),
        };
        let payload = match payload.as_deref().map(serde_json::from_str::<Payload>).transpose() {
            Ok(payload) => payload,
            Err(error) => {
                let reason = format!("its last commit carries no checkpoint: {error}");
                return Err(damaged(&reason).because(error));
            }
        };
        if let Some(payload) = payload
            && payload.analyzer != analyzer::VERSION
        {
            let (by, this) = (payload.analyzer, analyzer::VERSION);
            return Err(outdated(&format!(
                "it was made by version {by} of the analyzer, this is {this}"
            )));
        }
        Ok(Some(PartitionIndex {
            index,
            reader,
            folder: folder.to_owned(),
            writer: Mutex::default(),
            commit: Mutex::new(payload),
            deletions: Mutex::default(),
            checked: Mutex::default(),
            suspected: Mutex::default(),
        }))
    }

    /// Makes an empty index in this folder.
    pub(crate) fn create(folder: &Path) -> Result<(), IndexError> {
        if is_in_the_way(folder) {
            return Err(in_the_way(folder));
        }
        fs::create_dir_all(folder).map_err(|error| unavailable(folder, error))?;
        sync(folder.parent().unwrap_or(folder))?;
        let made = guarded(|| {
            Tantivy::create(directory(folder)?, schema().0, IndexSettings::default()).map(drop)
        });
        made.map_err(ReadError::unavailable)
    }

    /// The documents as the last commit left them.
    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The checkpoint of the last commit; none if there was none yet.
    pub(crate) fn last_checkpoint(&self) -> Option<u64> {
        lock(&self.commit).map(|payload| payload.checkpoint)
    }

    /// The checkpoint of the last commit, as far as the files can be trusted.
    pub(crate) fn checkpoint(&self) -> Result<Option<u64>, IndexError> {
        self.stands()?;
        self.check_once()?;
        Ok(self.last_checkpoint())
    }

    /// That nobody took its list of segments away. What is deleted while the index is open stays readable, so nothing
    /// else would tell.
    fn stands(&self) -> Result<(), IndexError> {
        match self.folder.join("meta.json").is_file() {
            true => Ok(()),
            false => Err(IndexError::damaged(format!(
                "{} has lost its meta.json",
                self.folder.display()
            ))),
        }
    }

    /// Compares all files with their checksums, once since the index was opened.
    ///
    /// Before anything is written, because tantivy reads segments in threads of its own in which a panic over damaged
    /// ones ends the process. It costs one reading of all files.
    fn check_once(&self) -> Result<(), IndexError> {
        let mut checked = lock(&self.checked);
        if !*checked {
            self.check()?;
            *checked = true;
        }
        Ok(())
    }

    /// Compares all files with their checksums because reading them met trouble: at most once a minute, for it costs
    /// more than a search may.
    pub(crate) fn check_again(&self) -> Result<(), IndexError> {
        let mut suspected = lock(&self.suspected);
        if suspected.is_none_or(|at| at.elapsed() >= CHECKED_AGAIN_AFTER) {
            self.check()?;
            *suspected = Some(Instant::now());
        }
        Ok(())
    }

    /// Compares all files with their checksums.
    pub(crate) fn check(&self) -> Result<(), IndexError> {
        // A merge may replace a file between the list and the look.
        let mut tries = 0;
        let broken = loop {
            match guarded(|| self.index.validate_checksum()) {
                Ok(broken) => break broken,
                Err(_) if tries < 3 => tries += 1,
                Err(ReadError::Error(error)) => return Err(error),
                Err(ReadError::Panic(message)) => return Err(IndexError::damaged(message)),
            }
        };
        let mut broken: Vec<PathBuf> = broken.into_iter().collect();
        broken.sort_unstable();
        match broken.first() {
            None => Ok(()),
            Some(first) => Err(IndexError::damaged(format!(
                "{} files do not have their checksum, among them {}",
                broken.len(),
                first.display()
            ))),
        }
    }

    /// Brings in the changes that are not older than what is there, and commits them with the checkpoint. On an error
    /// the writer is dropped, and with it all that was not committed.
    pub(crate) fn apply(&self, changes: &[Change], checkpoint: u64) -> Result<(), IndexError> {
        let mut slot = lock(&self.writer);
        self.stands()?;
        self.check_once()?;
        let (_, fields) = schema();
        let standing = standing(changes);
        let searcher = self.searcher();
        let trusted = |error: ReadError| self.judge(error);
        let present = guarded(|| {
            let revisions = Revisions::open(&searcher, fields)?;
            standing.iter().map(|change| revisions.of(change.id())).collect::<Result<Vec<_>, _>>()
        });
        let present = present.map_err(trusted)?;

        let mut deletions = lock(&self.deletions);
        let work: Vec<(&Change, bool)> = standing
            .into_iter()
            .zip(present)
            .filter(|(change, present)| {
                let known = (*present).max(deletions.of(change.id()));
                known.is_none_or(|known| known <= change.revision())
            })
            .map(|(change, present)| (change, present.is_some()))
            .filter(|(change, there)| *there || matches!(change, Change::Put { .. }))
            .collect();
        let before = self.last_checkpoint();
        let checkpoint = before.map_or(checkpoint, |before| before.max(checkpoint));
        if !work.is_empty() || before != Some(checkpoint) {
            self.commit(&mut slot, &work, checkpoint)?;
        }
        for change in changes {
            if let Change::Delete { revision, id } = change {
                deletions.add(*id, *revision);
            }
        }
        Ok(())
    }

    fn commit(
        &self,
        slot: &mut Option<IndexWriter>,
        work: &[(&Change, bool)],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        let (_, fields) = schema();
        let payload = Payload { analyzer: analyzer::VERSION, checkpoint };
        let text = serde_json::to_string(&payload)
            .map_err(|error| IndexError::unavailable(error.to_string()).because(error))?;
        let kept = slot.take();
        let writer = guarded(|| {
            let mut writer = kept.map_or_else(|| self.new_writer(), Ok)?;
            for (change, there) in work {
                if *there {
                    let id = change.id().to_string();
                    writer.delete_term(Property::Id.term(fields.property, &id));
                }
                if let Change::Put { revision, record } = change {
                    writer.add_document(entry::write(*revision, record, &fields))?;
                }
            }
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&text);
            prepared.commit()?;
            self.reader.reload()?;
            Ok(writer)
        });
        *slot = Some(writer.map_err(|error| self.judge(error))?);
        *lock(&self.commit) = Some(payload);
        Ok(())
    }

    /// Whether trouble is damage: a panic is, if the files do not have their checksums.
    fn judge(&self, error: ReadError) -> IndexError {
        match error {
            ReadError::Error(error) => error,
            ReadError::Panic(message) => match self.check() {
                Err(damage) => damage,
                Ok(()) => IndexError::unavailable(format!("a fault in good files: {message}")),
            },
        }
    }

    fn new_writer(&self) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(WRITER_MEMORY)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        self.remove_unlisted();
        // Commits are small and many. Eight segments of one level become one of the next; levels of a factor of eight
        // from 64 documents on (the default merges everything below 10,000 again and again) keep the work of merging
        // in proportion: a document is merged three times on its way to a segment of 30,000.
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(8);
        policy.set_min_layer_size(64);
        policy.set_level_log_size(3.0);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }

    /// Removes files that were made for a commit which never came: those that no list names. Only for who has the
    /// lock on the folder, before anything is written.
    fn remove_unlisted(&self) {
        let listed = self.index.directory().list_managed_files();
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        for file in files.filter_map(Result::ok) {
            let name = PathBuf::from(file.file_name());
            let of_segment = name.file_stem().is_some_and(|stem| {
                stem.len() == 32 && stem.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit)
            });
            if of_segment
                && !listed.contains(&name)
                && let Err(error) = fs::remove_file(file.path())
            {
                tracing::warn!(file = %file.path().display(), %error, "a left-over file stays");
            }
        }
    }

    /// Closes the writer unless it is in use. Its merges are waited for: were they broken off each time, an index
    /// whose turn comes seldom would never be merged.
    pub(crate) fn close_writer(&self) {
        let writer = self.writer.try_lock().ok().and_then(|mut slot| slot.take());
        if let Some(Err(error)) = writer.map(IndexWriter::wait_merging_threads) {
            tracing::warn!(%error, "a merge failed; the index is as the last commit left it");
        }
    }

    /// Gives up the writer, and its lock on the folder, when nobody uses it any more.
    pub(crate) fn drop_writer(&self) {
        drop(lock(&self.writer).take());
    }
}

fn directory(folder: &Path) -> tantivy::Result<DurableDirectory> {
    Ok(DurableDirectory::new(MmapDirectory::open(folder)?))
}

fn holds_segments(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|folder| {
        folder.filter_map(Result::ok).any(|entry| {
            Path::new(&entry.file_name()).extension().is_some_and(|extension| extension == "store")
        })
    })
}

/// Makes what was created or renamed in a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<(), IndexError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unavailable(folder, error))
}

/// A file system error that may pass.
pub(crate) fn unavailable(path: &Path, error: std::io::Error) -> IndexError {
    IndexError::unavailable(format!("{}: {error}", path.display())).because(error)
}
