use crate::audit::Audit;
use crate::closing::Closing;
use crate::declarations::Declarations;
use crate::documents::Documents;
use crate::entries::Entries;
use crate::jobs::Jobs;
use crate::kept::Kept;
use crate::keys::Keys;
use crate::left_out::LeftOuts;
use crate::lookalikes::Lookalikes;
use crate::notes::Notes;
use crate::objects::Objects;
use crate::outbox::Outbox;
use crate::reader::Readers;
use crate::reprocessing::Reprocessing;
use crate::retention::Trim;
use crate::same_bytes::SameBytes;
use crate::versions::Versions;

/// A backend: every trait of this crate over one transactional store.
pub trait Ledger:
    Objects
    + LeftOuts
    + Jobs
    + Reprocessing
    + SameBytes
    + Lookalikes
    + Documents
    + Versions
    + Entries
    + Declarations
    + Outbox
    + Readers
    + Trim
    + Audit
    + Notes
    + Kept
    + Keys
    + Closing
{
}

impl<T> Ledger for T where
    T: Objects
        + LeftOuts
        + Jobs
        + Reprocessing
        + SameBytes
        + Lookalikes
        + Documents
        + Versions
        + Entries
        + Declarations
        + Outbox
        + Readers
        + Trim
        + Audit
        + Notes
        + Kept
        + Keys
        + Closing
{
}
