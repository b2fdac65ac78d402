use madang_ledger::entries::Event;
use serde::Serialize;
use utoipa::ToSchema;

use crate::address::percent;

/// A change of a catalogue entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EntryChange {
    /// Grows with every change.
    pub(crate) seq: u64,
    /// The entry.
    pub(crate) entry: String,
    /// Institution code.
    pub(crate) agency: String,
    /// The version that the change made.
    pub(crate) version: u64,
    /// Whether the change withdrew it.
    pub(crate) withdrawn: bool,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// The entry as it stands now.
    pub(crate) url: String,
}

impl From<Event> for EntryChange {
    fn from(event: Event) -> EntryChange {
        EntryChange {
            url: format!("/v1/catalog/entries/{}", percent(&event.entry, b"")),
            seq: event.seq,
            entry: event.entry,
            agency: event.agency.to_string(),
            version: event.version,
            withdrawn: event.withdrawn,
            at: event.at.to_string(),
        }
    }
}
