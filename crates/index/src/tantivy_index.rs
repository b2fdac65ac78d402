use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::id::DocumentId;
use madang_document::principal::Principal;
use tantivy::Term;
use tantivy::columnar::ColumnValues;

use crate::entry;
use crate::index::{Census, Index, IndexError};
use crate::record::Change;
use crate::schema::{column, schema};
use crate::search::ScopedSearcher;
use crate::shelf::{Shelf, failed};
use crate::tantivy_search::TantivySearch;

/// The full text in a folder on this machine: one tantivy index per agency, in `FOLDER/<agency>/`.
///
/// Costs: up to four writers of 50 MB each; while a batch is applied, about three times its text.
#[derive(Debug)]
pub struct TantivyIndex {
    shelf: Arc<Shelf>,
}

impl TantivyIndex {
    /// The index in this folder, which is created. Indexes in it are opened when they are first used.
    ///
    /// # Errors
    /// [`IndexError::Unavailable`] if the folder cannot be created.
    pub fn open(folder: &Path) -> Result<TantivyIndex, IndexError> {
        Ok(TantivyIndex { shelf: Arc::new(Shelf::new(folder)?) })
    }
}

impl Index for TantivyIndex {
    fn apply(
        &self,
        agency: &Agency,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        for change in changes {
            if let Change::Put(record) = change
                && record.agency != *agency
            {
                let (id, owner) = (record.id, &record.agency);
                return Err(IndexError::Unavailable(format!(
                    "document {id} belongs to {owner} and was to be put into the index of {agency}"
                )));
            }
        }
        let (_, fields) = schema();
        let volume = self.shelf.open_or_create(agency)?;
        let result = volume.commit(checkpoint, |writer| {
            for change in changes {
                let id = match change {
                    Change::Put(record) => record.id,
                    Change::Delete(id) => *id,
                };
                writer.delete_term(Term::from_field_text(fields.id, &id.to_string()));
                if let Change::Put(record) = change {
                    writer.add_document(entry::write(record, &fields))?;
                }
            }
            Ok(())
        });
        self.shelf.used(agency);
        result
    }

    fn checkpoint(&self, agency: &Agency) -> Result<Option<u64>, IndexError> {
        match self.shelf.open(agency)? {
            Some(volume) => volume.checkpoint(),
            None => Ok(None),
        }
    }

    fn clear(&self, agency: &Agency) -> Result<(), IndexError> {
        self.shelf.remove(agency)
    }

    fn agencies(&self) -> Result<Vec<Agency>, IndexError> {
        self.shelf.agencies()
    }

    fn verify(&self, agency: &Agency) -> Result<Census, IndexError> {
        let Some(volume) = self.shelf.open(agency)? else { return Ok(Census::default()) };
        let broken = volume.index.validate_checksum().map_err(failed)?;
        let broken: BTreeSet<_> = broken.into_iter().collect();
        if let Some(first) = broken.first() {
            let (first, count) = (first.display(), broken.len());
            return Err(IndexError::Damaged(format!(
                "{count} files do not have their checksum, among them {first}"
            )));
        }
        let mut seen: BTreeMap<DocumentId, u32> = BTreeMap::new();
        for segment in volume.reader.searcher().segment_readers() {
            let columns = segment.fast_fields();
            let high: Arc<dyn ColumnValues<u64>> =
                columns.column_first_or_default(column::ID_HIGH).map_err(failed)?;
            let low: Arc<dyn ColumnValues<u64>> =
                columns.column_first_or_default(column::ID_LOW).map_err(failed)?;
            for doc in segment.doc_ids_alive() {
                *seen.entry(entry::id(high.get_val(doc), low.get_val(doc))).or_default() += 1;
            }
        }
        let doubled = seen.iter().filter(|(_, times)| **times > 1).map(|(id, _)| *id).collect();
        Ok(Census { ids: seen.into_keys().collect(), doubled })
    }

    fn scoped(&self, principal: &Principal) -> ScopedSearcher {
        ScopedSearcher::new(Box::new(TantivySearch {
            shelf: Arc::clone(&self.shelf),
            scope: principal.agencies.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::conformance::{self, agency, ask, record};
    use crate::record::Record;

    #[track_caller]
    fn conforms(function: fn(&dyn Index)) {
        let folder = tempfile::tempdir().unwrap();
        function(&TantivyIndex::open(folder.path()).unwrap());
    }

    macro_rules! conformance {
        ($($name:ident)*) => { $(
            #[test]
            fn $name() {
                conforms(conformance::$name);
            }
        )* };
    }

    conformance! {
        upsert_replaces
        delete_removes
        checkpoint_is_of_the_last_commit
        apply_is_idempotent
        a_record_of_another_agency_is_refused
        clear_removes_one_agency
        scope_isolates
        hidden_documents_change_nothing
        filters_narrow
        facets_count_all_matches
        language
        names_are_found
        hits_carry_the_record
        sorts_by_date
        pages_without_gaps_or_doubles
        bad_pages_are_refused
        passages
    }

    fn put(record: Record) -> Change {
        Change::Put(Box::new(record))
    }

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
            let changes = [put(record(&path, &["도로"])), Change::Delete(record("3", &[]).id)];
            index.apply(&agency(0), &changes, checkpoint).unwrap();
            let census = index.verify(&agency(0)).unwrap();

            let copied = tempfile::tempdir().unwrap();
            copy(folder.path(), copied.path());
            let reopened = TantivyIndex::open(copied.path()).unwrap();
            assert_eq!(reopened.checkpoint(&agency(0)).unwrap(), Some(checkpoint));
            assert_eq!(reopened.verify(&agency(0)).unwrap(), census);
            // The lock file was copied along; nobody holds it.
            reopened.apply(&agency(0), &[put(record("new", &["도로"]))], 99).unwrap();
            assert_eq!(reopened.checkpoint(&agency(0)).unwrap(), Some(99));
        }
    }

    #[test]
    fn more_agencies_than_writers() {
        let folder = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(folder.path()).unwrap();
        for round in 1..=2 {
            for digit in 0..7 {
                let path = format!("{digit}/{round}");
                let one = Record { agency: agency(digit), ..record(&path, &["도로"]) };
                index.apply(&agency(digit), &[put(one)], round).unwrap();
            }
        }
        drop(index);
        let index = TantivyIndex::open(folder.path()).unwrap();
        assert_eq!(index.agencies().unwrap().len(), 7);
        let hits = index.scoped(&Principal::local()).search(&ask("도로")).unwrap();
        assert_eq!(hits.total, 14);
    }

    #[test]
    fn a_second_writer_is_told_to_wait() {
        let folder = tempfile::tempdir().unwrap();
        let first = TantivyIndex::open(folder.path()).unwrap();
        first.apply(&agency(0), &[put(record("a", &["도로"]))], 1).unwrap();
        let second = TantivyIndex::open(folder.path()).unwrap();
        let error = second.apply(&agency(0), &[], 2).unwrap_err();
        assert!(matches!(error, IndexError::Unavailable(_)), "{error}");
        drop(first);
        second.apply(&agency(0), &[], 2).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_to_be_rebuilt() {
        let whole = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(whole.path()).unwrap();
        index.apply(&agency(0), &[put(record("a", &["도로"]))], 1).unwrap();
        drop(index);
        let meta = fs::read_to_string(whole.path().join("1741000/meta.json")).unwrap();
        let other_analyzer = meta.replace(r#"\"analyzer\":"#, r#"\"analyzer\":9"#);
        let other_schema = meta.replace("body_xbi", "body_xby");
        let other_payload = meta.replace(r#"\"checkpoint\":"#, r#"\"checkpoynt\":"#);
        for meta in
            ["", "{", &meta[..meta.len() / 2], &other_analyzer, &other_schema, &other_payload]
        {
            let folder = tempfile::tempdir().unwrap();
            copy(whole.path(), folder.path());
            fs::write(folder.path().join("1741000/meta.json"), meta).unwrap();
            let index = TantivyIndex::open(folder.path()).unwrap();
            for error in [
                index.checkpoint(&agency(0)).unwrap_err(),
                index.verify(&agency(0)).unwrap_err(),
                index.apply(&agency(0), &[], 2).unwrap_err(),
            ] {
                assert!(matches!(error, IndexError::Damaged(_)), "{error}: {meta}");
            }
            assert!(index.scoped(&Principal::local()).search(&ask("도로")).is_err());
            // The cure works.
            index.clear(&agency(0)).unwrap();
            index.apply(&agency(0), &[put(record("a", &["도로"]))], 3).unwrap();
            assert_eq!(index.checkpoint(&agency(0)).unwrap(), Some(3));
        }
    }
}
