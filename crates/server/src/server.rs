use std::sync::Arc;

use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use madang_index::scoped_searcher::ScopedSearcher;
use madang_ledger::ledger::Ledger;
use madang_store::blobs::Blobs;
use madang_store::stores::Stores;
use tokio::sync::{Semaphore, watch};

use crate::feed::Feed;
use crate::gallery::Gallery;
use crate::hosts::Hosts;
use crate::key_roll::KeyRoll;
use crate::ports::{Conditions, Drops, Likenesses, Members, Recognising, Sources, Trials};
use crate::session::Sessions;
use crate::traffic::Traffic;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the server stands on.
#[derive(Clone)]
pub struct Ports {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Full text.
    pub searcher: ScopedSearcher,
    /// Text and previews, content-addressed.
    pub blobs: Blobs,
    /// Where originals lie.
    pub stores: Stores,
    /// Who unpacks members.
    pub members: Arc<dyn Members>,
    /// Who makes previews of stored likenesses.
    pub likenesses: Arc<dyn Likenesses>,
    /// Who reads files again, to see what would change.
    pub trials: Arc<dyn Trials>,
    /// Where uploads go.
    pub drops: Arc<dyn Drops>,
    /// Who releases a held disappearance.
    pub sources: Arc<dyn Sources>,
    /// What keeps the service from its work.
    pub conditions: Arc<dyn Conditions>,
    /// What is recognised just now.
    pub recognising: Arc<dyn Recognising>,
    /// The time.
    pub clock: Clock,
}

/// How the server presents itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address under which people and programs reach it, without a slash at the end:
    /// `http://127.0.0.1:8484`. Stands in the catalogue's identifiers. A cookie is `Secure` if it is https.
    pub base_url: String,
    /// The names it answers under.
    pub hosts: Hosts,
    /// Who publishes the catalogue: the name in `dct:publisher`.
    pub publisher: String,
    /// Names of the registries whose relays keep a cursor `registry/<name>`.
    pub registries: Vec<String>,
    /// Keys of administrators that stand outside the ledger.
    pub own_keys: Vec<OwnKey>,
    /// What a request may cost.
    pub limits: RequestLimits,
}

/// A key of an administrator that stands where its owner can change it: in the environment, in a file. The ledger
/// knows nothing of it, so that what is changed or removed there is changed or removed at the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// What it is called in the audit trail.
    pub name: String,
    /// SHA-256 of the key.
    pub hash: BlobId,
}

/// What a request may cost.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    /// Largest upload, bytes.
    pub upload: u64,
    /// How long a session lasts without use, milliseconds.
    pub session_ms: i64,
    /// Listeners of `/v1/events` at once.
    pub listeners: usize,
}

impl Default for RequestLimits {
    fn default() -> RequestLimits {
        RequestLimits { upload: 16 << 30, session_ms: 12 * 60 * 60 * 1000, listeners: 256 }
    }
}

/// The state of the HTTP server.
pub struct Server {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) searcher: ScopedSearcher,
    pub(crate) blobs: Blobs,
    pub(crate) stores: Stores,
    pub(crate) members: Arc<dyn Members>,
    pub(crate) likenesses: Arc<dyn Likenesses>,
    pub(crate) gallery: Gallery,
    pub(crate) trials: Arc<dyn Trials>,
    pub(crate) drops: Arc<dyn Drops>,
    pub(crate) sources: Arc<dyn Sources>,
    pub(crate) conditions: Arc<dyn Conditions>,
    pub(crate) recognising: Arc<dyn Recognising>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    pub(crate) keys: KeyRoll,
    pub(crate) traffic: Traffic,
    pub(crate) feed: Feed,
    /// Two texts are compared at a time, of versions and of trials: both are in memory meanwhile.
    pub(crate) comparing: Arc<Semaphore>,
    pub(crate) started: Timestamp,
    pub(crate) closing: watch::Sender<bool>,
}

impl Server {
    /// A server over these ports.
    pub fn new(ports: Ports, settings: Settings) -> Server {
        let Ports {
            ledger,
            searcher,
            blobs,
            stores,
            members,
            likenesses,
            trials,
            drops,
            sources,
            conditions,
            recognising,
            clock,
        } = ports;
        let started = clock();
        Server {
            ledger,
            searcher,
            blobs,
            stores,
            members,
            likenesses,
            trials,
            drops,
            sources,
            conditions,
            recognising,
            clock,
            gallery: Gallery::new(),
            sessions: Sessions::new(settings.limits.session_ms),
            keys: KeyRoll::default(),
            traffic: Traffic::default(),
            feed: Feed::default(),
            comparing: Arc::new(Semaphore::new(1)),
            started,
            closing: watch::Sender::new(false),
            settings,
        }
    }

    /// The sessions: [`Sessions::link`] makes the sign-in link.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Ends the event streams and makes `/readyz` say no, so that a graceful shutdown does not wait for
    /// listeners that never leave.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}
