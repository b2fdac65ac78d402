use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::partition::Partition;

use crate::index::IndexError;
use crate::tantivy::partition_index::{PartitionIndex, is_in_the_way, sync, unavailable};

/// Writers open at a time. Each takes memory and holds threads, so a hundred partitions must not have a hundred of
/// them.
const MOST_WRITERS: usize = 4;

/// The physical indexes, one folder per partition, each opened when it is first used. The list of them is read from
/// the disk once: the folder belongs to one process.
#[derive(Debug)]
pub(crate) struct Partitions {
    folder: PathBuf,
    slots: Mutex<BTreeMap<Partition, Arc<Slot>>>,
    /// Partitions whose writer is open, the one used last at the end.
    writing: Mutex<VecDeque<Partition>>,
    /// Partitions that were removed to be built anew, or that are known to hold something: until they have an index
    /// (again) they are missing, not empty.
    expected: Mutex<BTreeSet<Partition>>,
}

/// A partition's place in the list. Opening an index takes time, so each has a lock of its own.
#[derive(Debug, Default)]
struct Slot(Mutex<State>);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Closed,
    Open(Arc<PartitionIndex>),
    /// Why it must be rebuilt. It stays so until it is removed.
    Damaged(String),
    /// Why it must be rebuilt though it is sound. Likewise.
    Outdated(String),
    /// Whoever finds this came too late: it was removed meanwhile.
    Removed,
}

/// A panic while a lock was held leaves nothing half done that a lock here guards: each guards a value.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Partitions {
    /// The partitions in this folder, which is created.
    pub(crate) fn open_folder(folder: &Path) -> Result<Partitions, IndexError> {
        let failed = |error| unavailable(folder, error);
        fs::create_dir_all(folder).map_err(failed)?;
        let mut slots = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let partition = name.to_str().and_then(|name| name.parse::<Partition>().ok());
            // An empty folder is one whose making was broken off; what is no folder is in the way of one.
            let something = || {
                is_in_the_way(&entry.path())
                    || fs::read_dir(entry.path()).is_ok_and(|mut f| f.next().is_some())
            };
            if let Some(partition) = partition.filter(|_| something()) {
                slots.insert(partition, Arc::default());
            }
        }
        let slots = Mutex::new(slots);
        let (writing, expected) = (Mutex::default(), Mutex::default());
        Ok(Partitions { folder: folder.to_owned(), slots, writing, expected })
    }

    fn path(&self, partition: &Partition) -> PathBuf {
        self.folder.join(partition.to_string())
    }

    fn slot(&self, partition: &Partition) -> Option<Arc<Slot>> {
        lock(&self.slots).get(partition).cloned()
    }

    /// The partitions that have an index, ordered.
    pub(crate) fn list(&self) -> Vec<Partition> {
        let slots: BTreeSet<Partition> = lock(&self.slots).keys().cloned().collect();
        slots.union(&lock(&self.expected)).cloned().collect()
    }

    /// The index of a partition; none if there is none.
    pub(crate) fn open(
        &self,
        partition: &Partition,
    ) -> Result<Option<Arc<PartitionIndex>>, IndexError> {
        let Some(slot) = self.slot(partition) else { return Ok(None) };
        let opened = slot.open(&self.path(partition))?;
        if opened.is_none() {
            let mut slots = lock(&self.slots);
            if slots.get(partition).is_some_and(|now| Arc::ptr_eq(now, &slot)) {
                slots.remove(partition);
            }
        }
        Ok(opened)
    }

    /// The index of a partition, which is created if there is none.
    pub(crate) fn open_or_create(
        &self,
        partition: &Partition,
    ) -> Result<Arc<PartitionIndex>, IndexError> {
        if let Some(index) = self.open(partition)? {
            return Ok(index);
        }
        let path = self.path(partition);
        PartitionIndex::create(&path)?;
        lock(&self.slots).entry(partition.clone()).or_default();
        self.open(partition)?
            .ok_or_else(|| IndexError::unavailable(format!("{} has vanished", path.display())))
    }

    /// Notes that this partition's writer is in use, and closes the one that was not used for longest.
    pub(crate) fn used(&self, partition: &Partition) {
        let idle = {
            let mut writing = lock(&self.writing);
            writing.retain(|other| other != partition);
            writing.push_back(partition.clone());
            (writing.len() > MOST_WRITERS).then(|| writing.pop_front()).flatten()
        };
        let slot = idle.and_then(|partition| self.slot(&partition));
        let state = slot.map(|slot| lock(&slot.0).clone());
        if let Some(State::Open(index)) = state {
            index.close_writer();
        }
    }

    /// Notes that a partition must be rebuilt: it answers nothing until it is removed.
    pub(crate) fn damaged(&self, partition: &Partition, reason: &str) {
        let Some(slot) = self.slot(partition) else { return };
        let former = std::mem::replace(&mut *lock(&slot.0), State::Damaged(reason.to_owned()));
        tracing::error!(%partition, %reason, "the index of a partition is damaged");
        if let State::Open(index) = former {
            index.drop_writer();
        }
    }

    /// Notes that these partitions hold something: they are to have an index.
    pub(crate) fn expect(&self, partitions: &[Partition]) {
        lock(&self.expected).extend(partitions.iter().cloned());
    }

    /// Whether this partition, which has no index, is to have one.
    pub(crate) fn is_expected(&self, partition: &Partition) -> bool {
        lock(&self.expected).contains(partition)
    }

    /// Removes the index of a partition: to be built `anew`, or for good.
    pub(crate) fn remove(&self, partition: &Partition, anew: bool) -> Result<(), IndexError> {
        let slot = self.slot(partition).unwrap_or_default();
        let mut state = lock(&slot.0);
        match anew {
            true => lock(&self.expected).insert(partition.clone()),
            false => lock(&self.expected).remove(partition),
        };
        if let State::Open(index) = &*state {
            // Searches that still read it keep their files; the writer's lock must not stay.
            index.drop_writer();
        }
        lock(&self.writing).retain(|other| other != partition);
        let path = self.path(partition);
        let removed = self.folder.join(format!(".{partition}.removed"));
        // Renamed first: whoever opens the folder after a crash in between sees no half an index.
        gone(&removed, remove(&removed))?;
        gone(&path, fs::rename(&path, &removed))?;
        sync(&self.folder)?;
        *state = State::Removed;
        lock(&self.slots).remove(partition);
        gone(&removed, remove(&removed))
    }
}

/// Removes what is there, a folder or not. A link goes, and not what it leads to.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

/// That nothing is there any more, or what keeps it there.
fn gone(path: &Path, result: std::io::Result<()>) -> Result<(), IndexError> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unavailable(path, error)),
        _ => Ok(()),
    }
}

impl Slot {
    fn open(&self, folder: &Path) -> Result<Option<Arc<PartitionIndex>>, IndexError> {
        let mut state = lock(&self.0);
        match &*state {
            State::Open(index) => return Ok(Some(Arc::clone(index))),
            State::Damaged(reason) => return Err(IndexError::damaged(reason)),
            State::Outdated(reason) => return Err(IndexError::Outdated(reason.clone())),
            State::Removed => return Ok(None),
            State::Closed => {}
        }
        match PartitionIndex::open(folder) {
            Ok(Some(index)) => {
                let index = Arc::new(index);
                *state = State::Open(Arc::clone(&index));
                Ok(Some(index))
            }
            Ok(None) => {
                *state = State::Removed;
                Ok(None)
            }
            Err(error) => {
                match &error {
                    IndexError::Damaged { message, .. } => {
                        *state = State::Damaged(message.clone());
                    }
                    IndexError::Outdated(reason) => *state = State::Outdated(reason.clone()),
                    IndexError::Unavailable { .. } | IndexError::Refused(_) => {}
                }
                Err(error)
            }
        }
    }
}
