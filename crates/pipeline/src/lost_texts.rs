use std::collections::BTreeMap;
use std::sync::Arc;

use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use madang_document::shown::Shown;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{Note, NoteKind};
use madang_ledger::rereads::{self, Again, Lost, again};

use crate::clock::Clock;
use crate::noted::Noted;

/// Documents of one index whose text is lost: each is noted, and its object read again when it is time for that.
pub(crate) struct LostTexts {
    ledger: Arc<dyn Ledger>,
    partition: Partition,
    clock: Clock,
    /// When their objects are read again; each is looked at then.
    due: BTreeMap<DocumentId, Timestamp>,
}

impl LostTexts {
    pub(crate) fn of(ledger: Arc<dyn Ledger>, partition: Partition, clock: Clock) -> LostTexts {
        LostTexts { ledger, partition, clock, due: BTreeMap::new() }
    }

    /// Another process may have noted meanwhile.
    pub(crate) fn forget(&mut self) {
        self.due.clear();
    }

    /// What was noted of this index before.
    pub(crate) fn resume(&mut self, notes: &[Note]) {
        let now = (self.clock)();
        for note in notes {
            if let (NoteKind::TextLost, Ok(id)) = (note.kind, note.subject.parse()) {
                self.plan(id, again(note.tries, note.at, now), now);
            }
        }
    }

    /// The text of this document is there, or the document is gone.
    pub(crate) fn settled(&mut self, id: DocumentId) {
        self.due.remove(&id);
    }

    /// Has the object of a document read again whose text is lost, if it is time; notes the loss.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn lost(
        &mut self,
        noted: &mut Noted,
        id: DocumentId,
        why: &str,
    ) -> Result<(), LedgerError> {
        let now = (self.clock)();
        let lost = Lost {
            by: noted.by(),
            kind: NoteKind::TextLost,
            what: "text",
            document: id,
            agency: &self.partition.agency,
            why,
        };
        let done = rereads::lost(self.ledger.as_ref(), lost, now).await?;
        if done.is_news {
            let (by, reason) = (noted.by(), Shown::new(why));
            tracing::error!(%by, subject = %id, %reason, "{}", NoteKind::TextLost.as_str());
        }
        noted.stands(id.to_string());
        self.plan(id, done.next, now);
        Ok(())
    }

    fn plan(&mut self, id: DocumentId, plan: Again, now: Timestamp) {
        match plan {
            Again::Now => _ = self.due.insert(id, now),
            Again::At(then) => _ = self.due.insert(id, then),
            Again::Never => _ = self.due.remove(&id),
        }
    }

    /// Looks once more after the texts that are lost and whose time has come.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn read_again_what_is_due(
        &mut self,
        noted: &mut Noted,
    ) -> Result<(), LedgerError> {
        let now = (self.clock)();
        let due: Vec<DocumentId> =
            self.due.iter().filter(|(_, then)| **then <= now).map(|(id, _)| *id).collect();
        for id in due {
            self.due.remove(&id);
            if let Some(note) = self.ledger.noted(noted.by(), &id.to_string()).await? {
                self.lost(noted, id, &note.reason).await?;
            }
        }
        Ok(())
    }
}
