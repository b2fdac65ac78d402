use std::sync::Arc;

use madang_ledger::ledger::Ledger;
use madang_store::store::Store;
use tokio::sync::Notify;

use crate::board::Board;
use crate::clock::{Clock, Jitter};
use crate::declaration::Pipeline;
use crate::missing::Window;
use madang_document::condition::Subject;

/// One source: sees what is dropped, and what is gone.
///
/// Whatever is heard of is looked at, and whatever is seen is recorded before it is forgotten: a path that cannot
/// be looked at, or whose sighting the ledger does not take, comes again. How it runs is in `source_run.rs`.
#[derive(Clone)]
pub struct Source {
    /// What is declared.
    pub pipeline: Pipeline,
    /// Where it looks.
    pub store: Arc<dyn Store>,
    /// Where it records.
    pub ledger: Arc<dyn Ledger>,
    /// Told when there is work.
    pub work: Arc<Notify>,
    /// Told of what is gone, or is another version now.
    pub outdated: Outdated,
    /// The time, as people and stores have it.
    pub clock: Clock,
    /// The time that nobody sets: what is waited for is waited for by this.
    pub steady: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Where conditions are told.
    pub board: Board,
    /// How long absence is watched.
    pub window: Window,
}

/// Tells whoever reads objects here that those of these paths, in the store of this name, are no longer what they were: what
/// still reads one of them may do so in vain.
pub type Outdated = Arc<dyn Fn(&str, &[String]) + Send + Sync>;

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({})", self.pipeline.name)
    }
}

impl Source {
    pub(crate) fn name(&self) -> &str {
        &self.pipeline.name
    }

    /// What it is, for the board.
    pub(crate) fn subject(&self) -> Subject {
        Subject::of(self.name(), &self.pipeline.agency)
    }
}

/// What can be asked of a running source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Look at this path: its object is not there, as a worker found.
    LookAt(String),
    /// List everything now, and do what the operator's word in the ledger says of what is missing.
    Reconcile,
}

/// How a source fares, for those who wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Whether everything was listed once, and all that was there has settled, is recorded, and is withdrawn or held
    /// if it is gone.
    pub settled: bool,
    /// Why it cannot be listed, again and again.
    pub failure: Option<String>,
    /// What could not be listed, each with the reason and the cure.
    pub unlisted: Vec<(String, String)>,
    /// The first paths of a mass disappearance that is held, in order; of one where nothing can be listed those that
    /// were missing before.
    pub held: Vec<String>,
}
