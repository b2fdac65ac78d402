use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use madang_document::content::Member;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::sidecar::{self, Beside, Described};
use madang_extract::sidecar::{MOST, Sidecar};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::Claim;
use madang_ledger::ledger::Ledger;
use madang_store::error::StoreError;
use madang_store::store::Store;
use unicode_normalization::UnicodeNormalization;

/// Tables that are kept in memory, for the other files of their folders.
const KEPT: usize = 8;
/// Sidecars of one file that are read: those that are trusted most.
const MOST_BESIDE: usize = 8;
/// Files beside an XMP packet that have its name, and paths told to the ledger at once.
const PAGE: u32 = 500;

/// What lies beside objects and describes them.
#[derive(Debug, Default)]
pub(crate) struct Besides {
    tables: Mutex<VecDeque<(ObjectRef, Vec<u8>)>>,
}

/// Why it is not known what describes an object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BesideError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Besides {
    /// What describes an object, as the ledger knows it now: whatever comes later has the object read anew. What is gone
    /// meanwhile, or is closed to this account, describes nothing; the sidecar's own state tells of that.
    ///
    /// # Errors
    /// When the ledger or the store does not answer.
    pub(crate) async fn of(
        &self,
        ledger: &dyn Ledger,
        store: &dyn Store,
        object: &ObjectRef,
    ) -> Result<Vec<Sidecar>, BesideError> {
        if sidecar::described(&object.path).is_some() {
            return Ok(Vec::new());
        }
        let candidates = sidecar::beside(&object.path);
        let paths: Vec<String> = candidates.iter().map(|one| one.path.clone()).collect();
        let current = ledger.current(&object.store, &paths).await?;
        let mut current: HashMap<String, ObjectRef> =
            current.into_iter().map(|object| (object.path.clone(), object)).collect();
        let mut sidecars = Vec::new();
        for candidate in candidates {
            let Some(beside) = current.remove(&candidate.path) else { continue };
            if sidecars.len() >= MOST_BESIDE {
                break;
            }
            let bytes = match self.bytes(store, &beside, &candidate).await {
                Ok(bytes) => bytes,
                Err(StoreError::Gone(_) | StoreError::Denied { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let name = candidate.shown(&object.path).to_owned();
            sidecars.push(Sidecar { name, size: beside.size, row: candidate.row, bytes });
        }
        Ok(sidecars)
    }

    /// The bytes of a sidecar; none if it is too large.
    async fn bytes(
        &self,
        store: &dyn Store,
        beside: &ObjectRef,
        candidate: &Beside,
    ) -> Result<Vec<u8>, StoreError> {
        if beside.size > MOST {
            return Ok(Vec::new());
        }
        if let Some(bytes) = self.kept(beside) {
            return Ok(bytes);
        }
        let pinned = store.open(beside).await?;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < beside.size {
            let at = bytes.len() as u64;
            let piece = pinned.read(at, beside.size - at).await?;
            if piece.is_empty() {
                return Err(StoreError::Gone("it became shorter while it was read".into()));
            }
            bytes.extend_from_slice(&piece);
        }
        pinned.unchanged().await?;
        if candidate.row.is_some() {
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            if tables.len() >= KEPT {
                tables.pop_front();
            }
            tables.push_back((beside.clone(), bytes.clone()));
        }
        Ok(bytes)
    }

    fn kept(&self, beside: &ObjectRef) -> Option<Vec<u8>> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.iter().find(|(object, _)| object == beside).map(|(_, bytes)| bytes.clone())
    }
}

/// Has the files read anew that the object of a claim describes, or described before; `read` is what it is now, none if
/// it is gone. Comes before the record of what it is: if that fails, it comes again.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn read_described(
    ledger: &dyn Ledger,
    claim: &Claim,
    read: Option<&Document>,
) -> Result<(), LedgerError> {
    let ObjectRef { store, path, .. } = &claim.object;
    let Some(described) = sidecar::described(path) else { return Ok(()) };
    let former = match ledger.document(DocumentId::new(store, path, None)).await {
        Err(error) if error.is_of_the_act() => None,
        former => former?.map(|stored| stored.document),
    };
    let of_now = read.filter(|document| document.is_sidecar());
    let of_before = former.as_ref().filter(|document| document.is_sidecar());
    if of_now.is_none() && of_before.is_none() {
        return Ok(());
    }
    let members = of_now.iter().chain(&of_before).flat_map(|document| &document.members);
    let paths: Vec<String> = match described {
        Described::File(path) => vec![path],
        Described::Stem(stem) => of_stem(ledger, &claim.pipeline, stem).await?,
        Described::Folder(folder) => named(&folder, members),
    };
    for page in paths.chunks(PAGE as usize) {
        ledger.read_anew(store, page, path).await?;
    }
    Ok(())
}

/// The live paths that an XMP packet of this name describes.
async fn of_stem(
    ledger: &dyn Ledger,
    pipeline: &str,
    stem: String,
) -> Result<Vec<String>, LedgerError> {
    let before = format!("{stem}.");
    let by = Described::Stem(stem.clone());
    let known = ledger.known(pipeline, Some(&before), PAGE).await?;
    let beside = known.into_iter().map(|known| known.path);
    let beside = beside.take_while(|path| path.starts_with(&before));
    let described = beside
        .filter(|path| sidecar::is_described(path, &by) && sidecar::described(path).is_none());
    let mut paths: Vec<String> = described.collect();
    paths.push(stem);
    Ok(paths)
}

/// The paths that the rows of a table name. Korean names are spelled in two ways, and a table rarely spells them as the disk
/// does that macOS wrote.
fn named<'a>(folder: &str, rows: impl Iterator<Item = &'a Member>) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for row in rows {
        paths.insert(format!("{folder}{}", row.path));
        paths.insert(format!("{folder}{}", row.path.nfc()));
        paths.insert(format!("{folder}{}", row.path.nfd()));
    }
    paths.retain(|path| sidecar::described(path).is_none());
    paths.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_paths_in_either_spelling() {
        let row = |path: &str| Member { path: path.into(), size: None, outcome: None };
        assert_eq!(named("a/", [row("b.pdf"), row("b.pdf.meta.yml")].iter()), ["a/b.pdf"]);
        let both = named("", [row("글.hwp")].iter());
        assert_eq!(both.len(), 2);
        assert!(both.iter().all(|path| path.nfc().eq("글.hwp".chars())), "{both:?}");
    }
}
