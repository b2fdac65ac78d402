use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use tantivy::columnar::ColumnValues;

use crate::index::{Census, Index, IndexError};
use crate::query::{Hits, Query, SearchError};
use crate::record::Change;
use crate::tantivy::damage::{ReadError, guarded};
use crate::tantivy::entry;
use crate::tantivy::partition_index::PartitionIndex;
use crate::tantivy::partitions::Partitions;
use crate::tantivy::schema::column;
use crate::tantivy::search;

/// The full text in a folder on this machine: one tantivy index per partition, in `FOLDER/<partition>/`.
///
/// Costs: up to four writers of 40 MB each; while a batch is applied, about three times its text. A batch costs about
/// ten flushes and tens of milliseconds of CPU however small it is, so gather: in batches of 500 a record costs a third
/// of what it costs in batches of 50, and a fourteenth of what it costs in batches of 5 (`examples/apply.rs`).
#[derive(Debug)]
pub struct TantivyIndex {
    partitions: Partitions,
}

impl TantivyIndex {
    /// The index in this folder, which is created and belongs to this process alone. The partitions in it are opened
    /// when they are first used.
    ///
    /// # Errors
    /// [`IndexError::Unavailable`] if the folder cannot be created or listed.
    pub fn open(folder: &Path) -> Result<TantivyIndex, IndexError> {
        Ok(TantivyIndex { partitions: Partitions::open_folder(folder)? })
    }

    /// Notes damage where there is some.
    fn noted<T>(
        &self,
        partition: &Partition,
        result: Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        if let Err(IndexError::Damaged { message, .. }) = &result {
            self.partitions.damaged(partition, message);
        }
        result
    }
}

impl Index for TantivyIndex {
    fn apply(
        &self,
        partition: &Partition,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        for change in changes {
            if let Change::Put { record, .. } = change
                && record.partition != *partition
            {
                let (id, owner) = (record.id, &record.partition);
                return Err(IndexError::Refused(format!(
                    "document {id} belongs to {owner} and was to be put into the index of {partition}"
                )));
            }
        }
        let index = self.partitions.open_or_create(partition)?;
        let result = index.apply(changes, checkpoint);
        self.partitions.used(partition);
        self.noted(partition, result)
    }

    fn checkpoint(&self, partition: &Partition) -> Result<Option<u64>, IndexError> {
        match self.partitions.open(partition)? {
            Some(index) => self.noted(partition, index.checkpoint()),
            None => Ok(None),
        }
    }

    fn clear(&self, partition: &Partition) -> Result<(), IndexError> {
        self.partitions.remove(partition, true)
    }

    fn forget(&self, partition: &Partition) -> Result<(), IndexError> {
        self.partitions.remove(partition, false)
    }

    fn expect(&self, partitions: &[Partition]) {
        self.partitions.expect(partitions);
    }

    fn partitions(&self) -> Result<Vec<Partition>, IndexError> {
        Ok(self.partitions.list())
    }

    fn verify(&self, partition: &Partition) -> Result<Census, IndexError> {
        let Some(index) = self.partitions.open(partition)? else { return Ok(Census::default()) };
        self.noted(partition, index.check().and_then(|()| census(&index)))
    }

    fn search(&self, partitions: &[Partition], query: &Query) -> Result<Hits, SearchError> {
        search::search(&self.partitions, partitions, query)
    }
}

/// Counts the documents of an index by their ids.
fn census(index: &PartitionIndex) -> Result<Census, IndexError> {
    let mut seen: BTreeMap<DocumentId, u32> = BTreeMap::new();
    let counted = guarded(|| {
        for segment in index.searcher().segment_readers() {
            let columns = segment.fast_fields();
            let high: Arc<dyn ColumnValues<u64>> =
                columns.column_first_or_default(column::ID_HIGH)?;
            let low: Arc<dyn ColumnValues<u64>> =
                columns.column_first_or_default(column::ID_LOW)?;
            for doc in segment.doc_ids_alive() {
                *seen.entry(entry::id(high.get_val(doc), low.get_val(doc))).or_default() += 1;
            }
        }
        Ok(())
    });
    match counted {
        Ok(()) => {}
        Err(ReadError::Error(error)) => return Err(error),
        Err(ReadError::Panic(message)) => return Err(IndexError::damaged(message)),
    }
    let doubled = seen.iter().filter(|(_, times)| **times > 1).map(|(id, _)| *id).collect();
    Ok(Census { ids: seen.into_keys().collect(), doubled })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::conformance::sample::{ask, partition, put, record};
    use crate::query::Facet;
    use crate::record::Record;

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }

    #[test]
    fn a_copy_taken_between_commits_opens_as_the_last_one_left_it() {
        let folder = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(folder.path()).unwrap();
        for checkpoint in 1..=12u64 {
            let path = format!("{}", checkpoint % 5);
            let changes = [
                put(record(&path, &["도로"])),
                Change::Delete { revision: 1, id: record("3", &[]).id },
            ];
            index.apply(&partition(0), &changes, checkpoint).unwrap();
            let census = index.verify(&partition(0)).unwrap();

            let copied = tempfile::tempdir().unwrap();
            copy(folder.path(), copied.path());
            let reopened = TantivyIndex::open(copied.path()).unwrap();
            assert_eq!(reopened.checkpoint(&partition(0)).unwrap(), Some(checkpoint));
            assert_eq!(reopened.verify(&partition(0)).unwrap(), census);
            // The lock file was copied along; nobody holds it.
            reopened.apply(&partition(0), &[put(record("new", &["도로"]))], 99).unwrap();
            assert_eq!(reopened.checkpoint(&partition(0)).unwrap(), Some(99));
        }
    }

    #[test]
    fn more_partitions_than_writers() {
        let folder = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(folder.path()).unwrap();
        for round in 1..=2 {
            for digit in 0..7 {
                let path = format!("{digit}/{round}");
                let one = Record { partition: partition(digit), ..record(&path, &["도로"]) };
                index.apply(&partition(digit), &[put(one)], round).unwrap();
            }
        }
        drop(index);
        let index = TantivyIndex::open(folder.path()).unwrap();
        assert_eq!(index.partitions().unwrap().len(), 7);
        let hits = index.search(&index.partitions().unwrap(), &ask("도로")).unwrap();
        assert_eq!(hits.total, 14);
    }

    /// Files that are overwritten while the index is open: no checksum was compared since.
    #[test]
    fn damage_under_an_open_index_is_met_by_a_search() {
        for kind in ["term", "idx", "pos", "store", "fast"] {
            let folder = tempfile::tempdir().unwrap();
            let index = TantivyIndex::open(folder.path()).unwrap();
            for digit in 0..2 {
                let one = Record { partition: partition(digit), ..record("a", &["도로 정비"]) };
                index.apply(&partition(digit), &[put(one)], 1).unwrap();
            }
            let files = fs::read_dir(folder.path().join(partition(1).to_string())).unwrap();
            let file = files
                .map(|entry| entry.unwrap().path())
                .find(|path| path.extension().is_some_and(|extension| extension == kind))
                .unwrap();
            let length = fs::metadata(&file).unwrap().len() as usize;
            // In place: the same file is mapped.
            let mut open = fs::OpenOptions::new().write(true).open(&file).unwrap();
            std::io::Write::write_all(&mut open, &vec![0xff; length]).unwrap();

            let asked = [partition(0), partition(1)];
            let hits = index.search(&asked, &Query { facets: vec![Facet::Kind], ..ask("도로") });
            let hits = hits.unwrap();
            assert!(hits.hits.iter().any(|hit| hit.agency == partition(0).agency), "{kind}");
            if hits.missing == [partition(1)] {
                let error = index.checkpoint(&partition(1)).unwrap_err();
                assert!(matches!(error, IndexError::Damaged { .. }), "{kind}: {error}");
            }
            // Whether a search has met it or not, asking for it does.
            let error = index.verify(&partition(1)).unwrap_err();
            assert!(matches!(error, IndexError::Damaged { .. }), "{kind}: {error}");
            assert_eq!(index.search(&asked, &ask("도로")).unwrap().missing, [partition(1)]);
            assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(1));
        }
    }

    #[test]
    fn a_lost_list_of_segments_is_noticed_while_the_index_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(folder.path()).unwrap();
        index.apply(&partition(0), &[put(record("a", &["도로"]))], 1).unwrap();
        fs::remove_file(folder.path().join("1741000/meta.json")).unwrap();
        let error = index.apply(&partition(0), &[], 2).unwrap_err();
        assert!(matches!(error, IndexError::Damaged { .. }), "{error}");
        index.clear(&partition(0)).unwrap();
        index.apply(&partition(0), &[], 2).unwrap();
    }

    /// The list of partitions is read once: what lies in the folder later is none of ours.
    #[test]
    fn the_list_of_partitions_is_not_read_from_the_disk_again() {
        let folder = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(folder.path()).unwrap();
        index.apply(&partition(0), &[put(record("a", &["도로"]))], 1).unwrap();
        copy(&folder.path().join("1741000"), &folder.path().join("1741001"));
        assert_eq!(index.partitions().unwrap(), [partition(0)]);
        assert_eq!(TantivyIndex::open(folder.path()).unwrap().partitions().unwrap().len(), 2);
    }

    /// A file, a pipe or a link to nothing in the place of an index, before it is opened and while it is; and what an
    /// earlier removal left, whatever it is.
    #[test]
    fn what_stands_in_the_place_of_an_index_is_damage_that_a_rebuild_cures() {
        let file = |path: &Path| fs::write(path, "").unwrap();
        let pipe = |path: &Path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        };
        let link = |path: &Path| std::os::unix::fs::symlink("nowhere", path).unwrap();
        let takes = [("file", &file as &dyn Fn(&Path)), ("pipe", &pipe), ("link", &link)];
        for (kind, take) in takes {
            for early in [true, false] {
                let folder = tempfile::tempdir().unwrap();
                let place = folder.path().join("1741000");
                let opened = (!early).then(|| TantivyIndex::open(folder.path()).unwrap());
                take(&place);
                take(&folder.path().join(".1741000.removed"));
                let index = opened.unwrap_or_else(|| TantivyIndex::open(folder.path()).unwrap());
                let asked = [partition(0)];
                if early {
                    assert_eq!(index.partitions().unwrap(), asked, "{kind}");
                    let refused = index.search(&asked, &ask("도로")).unwrap_err();
                    assert!(matches!(refused, SearchError::Rebuild { .. }), "{kind}: {refused}");
                }
                let error = index.apply(&asked[0], &[], 1).unwrap_err();
                assert!(error.must_be_rebuilt(), "{kind}: {error}");
                assert!(error.to_string().contains("1741000 is no folder"), "{kind}: {error}");
                index.clear(&asked[0]).unwrap();
                assert_eq!(index.search(&asked, &ask("도로")).unwrap().missing, asked, "{kind}");
                index.apply(&asked[0], &[put(record("a", &["도로"]))], 1).unwrap();
                let hits = index.search(&asked, &ask("도로")).unwrap();
                assert_eq!((hits.total, hits.missing.len()), (1, 0), "{kind}");
                assert!(!folder.path().join(".1741000.removed").exists(), "{kind}");
            }
        }
    }

    #[test]
    fn a_second_writer_is_told_to_wait() {
        let folder = tempfile::tempdir().unwrap();
        let first = TantivyIndex::open(folder.path()).unwrap();
        first.apply(&partition(0), &[put(record("a", &["도로"]))], 1).unwrap();
        let second = TantivyIndex::open(folder.path()).unwrap();
        let error = second.apply(&partition(0), &[], 2).unwrap_err();
        assert!(matches!(error, IndexError::Unavailable { .. }), "{error}");
        drop(first);
        second.apply(&partition(0), &[], 2).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_to_be_rebuilt() {
        let whole = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(whole.path()).unwrap();
        index.apply(&partition(0), &[put(record("a", &["도로"]))], 1).unwrap();
        drop(index);
        let meta = fs::read_to_string(whole.path().join("1741000/meta.json")).unwrap();
        let other_analyzer = meta.replace(r#"\"analyzer\":"#, r#"\"analyzer\":9"#);
        let other_schema = meta.replace("body_xbi", "body_xby");
        let other_payload = meta.replace(r#"\"checkpoint\":"#, r#"\"checkpoynt\":"#);
        for (meta, outdated) in [
            ("", false),
            ("{", false),
            (&meta[..meta.len() / 2], false),
            (other_analyzer.as_str(), true),
            (&other_schema, true),
            (&other_payload, false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            copy(whole.path(), folder.path());
            fs::write(folder.path().join("1741000/meta.json"), meta).unwrap();
            let index = TantivyIndex::open(folder.path()).unwrap();
            for error in [
                index.checkpoint(&partition(0)).unwrap_err(),
                index.verify(&partition(0)).unwrap_err(),
                index.apply(&partition(0), &[], 2).unwrap_err(),
            ] {
                assert!(error.must_be_rebuilt(), "{error}: {meta}");
                assert_eq!(matches!(error, IndexError::Outdated(_)), outdated, "{error}: {meta}");
            }
            let refused = index.search(&index.partitions().unwrap(), &ask("도로")).unwrap_err();
            let SearchError::Rebuild { partitions, .. } = refused else {
                panic!("{refused}: {meta}")
            };
            assert_eq!(partitions, [partition(0)]);
            // The cure works.
            index.clear(&partition(0)).unwrap();
            index.apply(&partition(0), &[put(record("a", &["도로"]))], 3).unwrap();
            assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(3));
        }
    }
}
