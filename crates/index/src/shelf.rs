use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::agency::Agency;
use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::{LockError, OpenReadError};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{
    Index as Tantivy, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError,
};

use crate::analyzer;
use crate::durable_directory::DurableDirectory;
use crate::index::IndexError;
use crate::schema::schema;
use crate::tokenizer::tokenizers;

/// The physical indexes, one folder per agency, each opened when it is first used.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    open: Mutex<BTreeMap<Agency, Arc<Volume>>>,
    /// Agencies whose writer is open, the one used last at the end.
    writing: Mutex<VecDeque<Agency>>,
}

/// Writers open at a time. Each may take [`WRITER_MEMORY`] and holds threads, so a hundred agencies must not have
/// a hundred of them.
const MOST_WRITERS: usize = 4;
/// Bytes of postings a writer holds before it writes a segment.
const WRITER_MEMORY: usize = 50_000_000;

/// The index of an agency.
pub(crate) struct Volume {
    pub(crate) index: Tantivy,
    pub(crate) reader: IndexReader,
    writer: Mutex<Option<IndexWriter>>,
}

impl std::fmt::Debug for Volume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Volume({:?})", self.index)
    }
}

/// What a commit carries beside the documents, in the same atomic write.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Payload {
    analyzer: u32,
    checkpoint: u64,
}

/// A panic while a lock was held leaves nothing half done that a lock here guards: each guards a list or a writer
/// that is dropped on error.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// The shelf in this folder, which is created.
    pub(crate) fn new(folder: &Path) -> Result<Shelf, IndexError> {
        fs::create_dir_all(folder).map_err(|error| unavailable(folder, &error))?;
        Ok(Shelf { folder: folder.to_owned(), open: Mutex::default(), writing: Mutex::default() })
    }

    fn path(&self, agency: &Agency) -> PathBuf {
        self.folder.join(agency.as_str())
    }

    /// The agencies that have a folder with something in it.
    pub(crate) fn agencies(&self) -> Result<Vec<Agency>, IndexError> {
        let entries = fs::read_dir(&self.folder).map_err(|e| unavailable(&self.folder, &e))?;
        let mut agencies: Vec<Agency> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|agency| {
                fs::read_dir(self.path(agency)).is_ok_and(|mut folder| folder.next().is_some())
            })
            .collect();
        agencies.sort_unstable();
        Ok(agencies)
    }

    /// The index of an agency; none if there is none.
    pub(crate) fn open(&self, agency: &Agency) -> Result<Option<Arc<Volume>>, IndexError> {
        let mut open = lock(&self.open);
        if let Some(volume) = open.get(agency) {
            return Ok(Some(Arc::clone(volume)));
        }
        let path = self.path(agency);
        if !path.join("meta.json").is_file() {
            return match holds_segments(&path) {
                true => Err(IndexError::Damaged(format!("{} has no meta.json", path.display()))),
                false => Ok(None),
            };
        }
        let volume = Arc::new(Volume::open(&path)?);
        open.insert(agency.clone(), Arc::clone(&volume));
        Ok(Some(volume))
    }

    /// The index of an agency, which is created if there is none.
    pub(crate) fn open_or_create(&self, agency: &Agency) -> Result<Arc<Volume>, IndexError> {
        if let Some(volume) = self.open(agency)? {
            return Ok(volume);
        }
        let path = self.path(agency);
        fs::create_dir_all(&path).map_err(|error| unavailable(&path, &error))?;
        sync(&self.folder)?;
        let directory = directory(&path)?;
        Tantivy::create(directory, schema().0, IndexSettings::default()).map_err(failed)?;
        self.open(agency)?
            .ok_or_else(|| IndexError::Unavailable(format!("{} has vanished", path.display())))
    }

    /// Notes that this agency's writer is in use, and closes the one that was not used for longest.
    pub(crate) fn used(&self, agency: &Agency) {
        let idle = {
            let mut writing = lock(&self.writing);
            writing.retain(|other| other != agency);
            writing.push_back(agency.clone());
            (writing.len() > MOST_WRITERS).then(|| writing.pop_front()).flatten()
        };
        let volume = idle.and_then(|agency| lock(&self.open).get(&agency).cloned());
        if let Some(volume) = volume {
            volume.close_writer();
        }
    }

    /// Removes the index of an agency.
    pub(crate) fn remove(&self, agency: &Agency) -> Result<(), IndexError> {
        let mut open = lock(&self.open);
        if let Some(volume) = open.remove(agency) {
            // Searches that still read it keep their files; the writer's lock must not stay.
            drop(lock(&volume.writer).take());
        }
        lock(&self.writing).retain(|other| other != agency);
        let path = self.path(agency);
        let removed = self.folder.join(format!(".{agency}.removed"));
        let gone = |result: std::io::Result<()>| match result {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(unavailable(&path, &error))
            }
            _ => Ok(()),
        };
        // Renamed first: whoever opens the shelf after a crash in between sees no half an index.
        gone(fs::remove_dir_all(&removed))?;
        gone(fs::rename(&path, &removed))?;
        sync(&self.folder)?;
        gone(fs::remove_dir_all(&removed))
    }
}

impl Volume {
    fn open(path: &Path) -> Result<Volume, IndexError> {
        let damaged = |reason: String| IndexError::Damaged(format!("{}: {reason}", path.display()));
        let mut index = Tantivy::open(directory(path)?).map_err(failed)?;
        if index.schema() != schema().0 {
            return Err(damaged("it was built by another version of Madang".into()));
        }
        index.set_tokenizers(tokenizers());
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(failed)?;
        let volume = Volume { index, reader, writer: Mutex::default() };
        if let Some(payload) = volume.payload()?
            && payload.analyzer != analyzer::VERSION
        {
            return Err(damaged(format!(
                "it was built by version {} of the analyzer, this is {}",
                payload.analyzer,
                analyzer::VERSION
            )));
        }
        Ok(volume)
    }

    fn payload(&self) -> Result<Option<Payload>, IndexError> {
        let metas = self.index.load_metas().map_err(failed)?;
        let Some(payload) = metas.payload else { return Ok(None) };
        serde_json::from_str(&payload).map(Some).map_err(|error| {
            IndexError::Damaged(format!("its last commit carries no checkpoint: {error}"))
        })
    }

    /// The checkpoint of the last commit.
    pub(crate) fn checkpoint(&self) -> Result<Option<u64>, IndexError> {
        Ok(self.payload()?.map(|payload| payload.checkpoint))
    }

    /// Lets `change` put its operations before the writer and commits them with the checkpoint. On an error the
    /// writer is dropped, and with it all that was not committed.
    pub(crate) fn commit(
        &self,
        checkpoint: u64,
        change: impl FnOnce(&IndexWriter) -> tantivy::Result<()>,
    ) -> Result<(), IndexError> {
        let mut slot = lock(&self.writer);
        let mut writer = match slot.take() {
            Some(writer) => writer,
            None => self.new_writer().map_err(failed)?,
        };
        let payload = Payload { analyzer: analyzer::VERSION, checkpoint };
        let payload = serde_json::to_string(&payload)
            .map_err(|error| IndexError::Unavailable(error.to_string()))?;
        let result = change(&writer).and_then(|()| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()?;
            self.reader.reload()
        });
        result.map_err(failed)?;
        *slot = Some(writer);
        Ok(())
    }

    fn new_writer(&self) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(WRITER_MEMORY)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        // Commits are small and many. Levels of a factor of four from 64 documents on keep the work of merging in
        // proportion (the default merges everything below 10,000 documents again and again) and the number of
        // segments at four times the number of levels.
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(5);
        policy.set_min_layer_size(64);
        policy.set_level_log_size(2.0);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }

    /// Closes the writer unless it is in use. Its merges are waited for: were they broken off each time, an index
    /// whose turn comes seldom would never be merged.
    fn close_writer(&self) {
        let writer = self.writer.try_lock().ok().and_then(|mut slot| slot.take());
        if let Some(Err(error)) = writer.map(IndexWriter::wait_merging_threads) {
            tracing::warn!(%error, "a merge failed; the index is as the last commit left it");
        }
    }
}

fn directory(path: &Path) -> Result<DurableDirectory, IndexError> {
    MmapDirectory::open(path)
        .map(DurableDirectory::new)
        .map_err(|error| IndexError::Unavailable(format!("{}: {error}", path.display())))
}

fn holds_segments(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|folder| {
        folder.filter_map(Result::ok).any(|entry| {
            Path::new(&entry.file_name()).extension().is_some_and(|extension| extension == "store")
        })
    })
}

fn sync(folder: &Path) -> Result<(), IndexError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unavailable(folder, &error))
}

fn unavailable(path: &Path, error: &std::io::Error) -> IndexError {
    IndexError::Unavailable(format!("{}: {error}", path.display()))
}

/// What a caller can do about an error of tantivy: wait and try again, or rebuild.
pub(crate) fn failed(error: TantivyError) -> IndexError {
    let again = match &error {
        TantivyError::LockFailure(LockError::LockBusy, _) => {
            return IndexError::Unavailable("another process is writing to it".into());
        }
        TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::SchemaError(_)
        | TantivyError::FieldNotFound(_)
        | TantivyError::DeserializeError(_)
        | TantivyError::OpenReadError(
            OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
        ) => false,
        // A file that is shorter than it says is one that was not written whole.
        TantivyError::IoError(error) => !matches!(
            error.kind(),
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData
        ),
        _ => true,
    };
    if again {
        IndexError::Unavailable(error.to_string())
    } else {
        IndexError::Damaged(error.to_string())
    }
}
