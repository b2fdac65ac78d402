use std::sync::Arc;

use madang_ledger::jobs::PriorityClass;
use madang_ledger::ledger::Ledger;
use madang_ledger::worker::Worker;
use madang_sandbox::request::Pace;
use madang_sandbox::zygote::Zygote;
use madang_store::blobs::Blobs;
use madang_store::stores::Stores;
use tokio::sync::mpsc;

use crate::board::Board;
use crate::clock::{Clock, Jitter};
use crate::completer::Finished;
use crate::decide::Policy;
use crate::hindrance::Hindrances;
use crate::lease::Leases;
use crate::recollections::Recollections;
use crate::terms::Terms;
use crate::underway::Underway;

/// The workers of a process, with what they work with.
#[derive(Clone)]
pub struct Workers {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Stores by name.
    pub stores: Stores,
    /// The queues that they take from: those of the pipelines that are declared here. What waits in another one waits
    /// for whoever has its store.
    pub queues: Arc<[String]>,
    /// Who holds the leases.
    pub worker: Worker,
    /// Texts and previews.
    pub blobs: Blobs,
    /// Where children come from.
    pub zygote: Arc<Zygote>,
    /// Which jobs they take. What nobody waits for has workers of its own, whose children give way to the others': a scan
    /// of five hundred pages delays no small file, and what stands waiting never keeps it from being read.
    pub class: PriorityClass,
    /// Children at the same time: as many as there are processors to run them.
    pub children: usize,
    /// What is wanted of an object, and what reading it may use.
    pub terms: Arc<Terms>,
    /// How often to try again.
    pub policy: Policy,
    /// Leases held.
    pub leases: Leases,
    /// Where conditions are told.
    pub board: Board,
    /// What keeps these workers from going on.
    pub hindrances: Hindrances,
    /// Where the ends of attempts go.
    pub finished: mpsc::Sender<Finished>,
    /// The time.
    pub clock: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Told of objects that are not there.
    pub missed: Missed,
    /// What is being read.
    pub underway: Underway,
    /// What was recognised in objects whose reading is not over.
    pub recollections: Recollections,
}

/// Tells the source of a pipeline that the object of a path is not there: the two names. Nothing where that source runs
/// in another process, which hears of it itself.
pub type Missed = Arc<dyn Fn(&str, &str) + Send + Sync>;

impl Workers {
    /// Who waits for what these read.
    pub(crate) fn pace(&self) -> Pace {
        match self.class {
            PriorityClass::Prompt => Pace::Prompt,
            PriorityClass::Background => Pace::Background,
            PriorityClass::Any => Pace::Whole,
        }
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workers")
    }
}
