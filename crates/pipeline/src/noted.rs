use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::cause::told;
use madang_document::id::DocumentId;
use madang_document::shown::Shown;
use madang_ledger::documents::Stored;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NewNote, Note, NoteKind};

/// What one follower, or one source, passed over. The notes stand in the ledger; here it is remembered of what there
/// are any, so that nothing is written for what went well and was never noted.
pub(crate) struct Noted {
    ledger: Arc<dyn Ledger>,
    by: By,
    /// None before the ledger was asked.
    subjects: Option<BTreeSet<String>>,
    /// What was noted in this pass.
    fresh: BTreeSet<String>,
}

/// Documents, asked for by their ids.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    /// Those that the ledger knows, by their ids.
    pub stored: BTreeMap<DocumentId, Stored>,
    /// Those that it holds and that cannot be read back.
    pub unreadable: BTreeSet<DocumentId>,
}

impl std::fmt::Debug for Noted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Noted({})", self.by)
    }
}

impl Noted {
    /// The notes of this one.
    pub(crate) fn new(ledger: Arc<dyn Ledger>, by: By) -> Noted {
        Noted { ledger, by, subjects: None, fresh: BTreeSet::new() }
    }

    /// Whose they are.
    pub(crate) fn by(&self) -> &By {
        &self.by
    }

    /// Another process may have noted meanwhile: the ledger is asked anew.
    pub(crate) fn forget(&mut self) {
        self.subjects = None;
        self.fresh.clear();
    }

    /// A pass begins: what is noted from now on is not settled by it.
    pub(crate) fn begin_pass(&mut self) {
        self.fresh.clear();
    }

    /// All that stands in the ledger.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn all(&mut self) -> Result<Vec<Note>, LedgerError> {
        let notes = self.ledger.noted_by(&self.by).await?;
        self.subjects = Some(notes.iter().map(|note| note.subject.clone()).collect());
        Ok(notes)
    }

    /// Notes something, tried again so many times.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn note(
        &mut self,
        kind: NoteKind,
        subject: String,
        agency: Option<Agency>,
        reason: &str,
        tries: u32,
    ) -> Result<(), LedgerError> {
        let (what, why) = (Shown::new(&subject), Shown::new(reason));
        tracing::error!(by = %self.by, subject = %what, reason = %why, "{}", kind.as_str());
        let note = NewNote {
            by: self.by.clone(),
            kind,
            subject: subject.clone(),
            agency,
            reason: reason.to_owned(),
            tries,
        };
        self.ledger.note(&note).await?;
        self.stands(subject);
        Ok(())
    }

    /// A note of this subject stands, and what is done with it just now does not change that.
    pub(crate) fn stands(&mut self, subject: String) {
        if let Some(subjects) = &mut self.subjects {
            subjects.insert(subject.clone());
        }
        self.fresh.insert(subject);
    }

    /// Documents by their ids, whether the outbox told of them or a walk met them. One that cannot be read back is noted
    /// and passed over.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn documents(
        &mut self,
        ids: &[DocumentId],
        agency: Option<&Agency>,
    ) -> Result<Fetched, LedgerError> {
        let mut fetched = Fetched::default();
        for row in self.ledger.documents(ids).await?.0 {
            match row.value {
                Ok(stored) => {
                    fetched.stored.insert(row.key, stored);
                }
                Err(error) => {
                    let (kind, agency) = (NoteKind::DocumentUnreadable, agency.cloned());
                    self.note(kind, row.key.to_string(), agency, &told(&error), 0).await?;
                    fetched.unreadable.insert(row.key);
                }
            }
        }
        Ok(fetched)
    }

    /// An entry that cannot be read back is noted and passed over.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn unreadable_entry(
        &mut self,
        id: String,
        error: &LedgerError,
    ) -> Result<(), LedgerError> {
        self.note(NoteKind::EntryUnreadable, id, None, &told(error), 0).await
    }

    /// All is well with these subjects, but for those noted in this pass: whatever stands of the others is taken back.
    /// Gives those.
    ///
    /// # Errors
    /// When the ledger does not answer: then the same subjects settle again.
    pub(crate) async fn settle(
        &mut self,
        subjects: impl Iterator<Item = String>,
    ) -> Result<Vec<String>, LedgerError> {
        if self.subjects.is_none() {
            self.all().await?;
        }
        let Some(known) = &mut self.subjects else { return Ok(Vec::new()) };
        let settled: Vec<String> = subjects
            .filter(|subject| known.contains(subject) && !self.fresh.contains(subject))
            .collect();
        if !settled.is_empty() {
            self.ledger.clear_notes(&self.by, &settled).await?;
            for subject in &settled {
                known.remove(subject);
            }
        }
        Ok(settled)
    }
}
