use crate::audit::Audit;
use crate::documents::Documents;
use crate::entries::Entries;
use crate::jobs::Jobs;
use crate::keys::Keys;
use crate::objects::Objects;
use crate::outbox::Outbox;
use crate::reader::Readers;

/// A backend: every trait of this crate over one transactional store.
pub trait Ledger: Objects + Jobs + Documents + Entries + Outbox + Readers + Audit + Keys {}

impl<T: Objects + Jobs + Documents + Entries + Outbox + Readers + Audit + Keys> Ledger for T {}
