use madang_document::condition::Kind;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;

use crate::backoff::Backoff;
use crate::source::Source;

/// Whether a source may record now: after the ledger took nothing, everything waits for a moment, longer each time.
pub(crate) struct Recording {
    source: Source,
    waits: Backoff,
    not_before: Timestamp,
    failures: u32,
}

impl Recording {
    /// Of a source that has recorded nothing yet.
    pub(crate) fn of(source: Source, waits: Backoff) -> Recording {
        let not_before = (source.steady)();
        Recording { source, waits, not_before, failures: 0 }
    }

    /// Nothing is recorded before this.
    pub(crate) fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The ledger took nothing.
    pub(crate) fn failed(&mut self, error: &LedgerError) {
        self.failures += 1;
        let wait = self.waits.after(error).wait_ms(self.failures, (self.source.jitter)());
        self.not_before = (self.source.steady)().plus_ms(wait);
        self.source.board.ledger_failed(self.source.subject(), error);
    }

    /// The ledger took something.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.source.board.clear(Kind::LedgerUnwritable, &self.source.subject());
    }
}
