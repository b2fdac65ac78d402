use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use madang_catalog::registry::Registry;
use madang_catalog::series::Series;
use madang_document::condition::Subject;
use madang_document::headway::Headway;
use madang_index::index::Index;
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::PriorityClass;
use madang_ledger::ledger::Ledger;
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::reader::Reader;
use madang_ledger::retention::Retention;
use madang_ledger::worker::Worker;
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::zygote::Zygote;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::cataloguer::Cataloguer;
use crate::clock::{Clock, Jitter, steady};
use crate::completer::Completer;
use crate::decide::Policy;
use crate::declaration::Pipeline;
use crate::eraser::{Eraser, Sweeping};
use crate::follow::{Obstacle, Way, follow};
use crate::heads::{self, Heads};
use crate::hindrance::Hindrances;
use crate::indexer::Indexing;
use crate::indexers::{Following, Indexers};
use crate::lease::Leases;
use crate::ledger_sweep::sweep;
use crate::missing::Window;
use crate::part::Part;
use crate::parting::part_from;
use crate::probe::{probe, space};
use crate::reader_leases::{Obstruction, READER_LEASE, ReaderLeases};
use crate::recollections::Recollections;
use crate::relay::Relay;
use crate::rest::{Looking, Rest, SettleError};
use crate::role::Role;
use crate::source::{Ask, Source};
use crate::sources::Sources;
use crate::terms::Terms;
use crate::underway::Underway;
use crate::uploads::{Put, PutError, Uploads};
use crate::workers::Workers;
use madang_store::blobs::Blobs;
use madang_store::store::{Body, Precondition};
use madang_store::stores::Stores;

/// The running parts.
pub struct Service {
    parts: Parts,
    settings: Settings,
    series: Arc<HashMap<String, Series>>,
    sources: Sources,
    leases: Leases,
    work: Arc<Notify>,
    changed: Arc<Notify>,
    moved: Arc<Notify>,
    /// Tells the cataloguer that its entries of drop folders are waited for.
    flush: Arc<Notify>,
    reader_leases: ReaderLeases,
    heads: watch::Receiver<Heads>,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Service({} pipelines)", self.settings.pipelines.len())
    }
}

/// How long running jobs may take to finish when the service stops; then they are given back.
const GRACE: Duration = Duration::from_secs(10);
/// The folder of the data folder in which lies what was recognised in objects whose reading is not over.
const RECOGNISED: &str = "recognised";
/// How long the end waits for all that runs, in all.
const PARTING: Duration = Duration::from_secs(30);

impl Service {
    /// Starts the parts that the settings name.
    ///
    /// # Errors
    /// When the ledger does not answer, or no thread can be had.
    pub async fn start(parts: Parts, settings: Settings) -> Result<Service, LedgerError> {
        for pipeline in &settings.pipelines {
            let queue = QueueDeclaration {
                name: pipeline.name.clone(),
                agency: pipeline.agency.clone(),
                weight: pipeline.weight,
            };
            parts.ledger.open_queue(&queue).await?;
        }
        let series: HashMap<String, Series> = settings
            .pipelines
            .iter()
            .map(|pipeline| (pipeline.name.clone(), pipeline.series.clone()))
            .collect();
        let (ledger, policy) = (Arc::clone(&parts.ledger), settings.policy.clone());
        let (clock, jitter) = (Arc::clone(&parts.clock), Arc::clone(&parts.jitter));
        let leases = Leases::start(ledger, policy, clock, jitter)
            .map_err(|error| LedgerError::unavailable(error.to_string()).because(error))?;
        let (tell, heads) = watch::channel(Heads::default());
        let mut service = Service {
            heads,
            series: Arc::new(series),
            sources: Sources::default(),
            leases,
            work: Arc::default(),
            changed: Arc::default(),
            moved: Arc::default(),
            flush: Arc::default(),
            reader_leases: ReaderLeases::new(Arc::clone(&parts.ledger), parts.worker, READER_LEASE),
            stop: CancellationToken::new(),
            tasks: Mutex::default(),
            parts,
            settings,
        };
        service.start_common(tell);
        for role in service.settings.roles.clone() {
            match role {
                Role::Source => service.start_sources(),
                Role::Worker => service.start_workers(),
                Role::Indexer => service.start_indexer(),
                Role::Cataloguer => service.start_cataloguer(),
                Role::Relay => service.start_relays(),
                Role::Eraser => service.start_eraser(),
            }
        }
        Ok(service)
    }

    fn spawn(&self, part: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(part);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Starts a part that is begun again when it panics. `state` is what outlives its panics.
    fn start_part<S: Send + 'static>(
        &self,
        name: &str,
        state: S,
        work: impl for<'a> FnMut(&'a mut S) -> BoxFuture<'a, ()> + Send + 'static,
    ) {
        let part = Part {
            subject: Subject::part(name),
            board: self.parts.board.clone(),
            jitter: Arc::clone(&self.parts.jitter),
            stop: self.stop.clone(),
        };
        self.spawn(async move {
            part.run(state, work).await;
        });
    }

    /// Starts what every process needs, whatever its roles are.
    fn start_common(&self, tell: watch::Sender<Heads>) {
        let (ledger, changed) = (Arc::clone(&self.parts.ledger), Arc::clone(&self.changed));
        let (board, stop) = (self.parts.board.clone(), self.stop.clone());
        self.start_part("outbox", (), move |()| {
            let (ledger, tell, changed) = (Arc::clone(&ledger), tell.clone(), Arc::clone(&changed));
            Box::pin(heads::tell(ledger, tell, changed, board.clone(), stop.clone()))
        });
        let (board, data, stop) =
            (self.parts.board.clone(), self.settings.data.clone(), self.stop.clone());
        self.start_part("probe", (), move |()| {
            let data = data.clone();
            let space = move || space(&data);
            Box::pin(probe(board.clone(), space, tokio::time::sleep, stop.clone()))
        });
        let (leases, stop) = (self.reader_leases.clone(), self.stop.clone());
        self.start_part("reader leases", (), move |()| Box::pin(leases.clone().run(stop.clone())));
    }

    fn start_sources(&mut self) {
        for pipeline in &self.settings.pipelines {
            let Some(store) = self.parts.stores.get(&pipeline.name) else { continue };
            let source = Source {
                pipeline: pipeline.clone(),
                store: Arc::clone(store),
                ledger: Arc::clone(&self.parts.ledger),
                work: Arc::clone(&self.work),
                outdated: {
                    let leases = self.leases.clone();
                    Arc::new(move |store: &str, paths: &[String]| leases.doubt(store, paths))
                },
                clock: Arc::clone(&self.parts.clock),
                steady: steady(&self.parts.clock),
                jitter: Arc::clone(&self.parts.jitter),
                board: self.parts.board.clone(),
                window: Window::default(),
            };
            let (asked, told) = self.sources.begin(&pipeline.name);
            let stop = self.stop.clone();
            self.start_part(&format!("source/{}", pipeline.name), asked, move |asked| {
                Box::pin(source.clone().run(asked, told.clone(), stop.clone()))
            });
        }
    }

    fn start_workers(&mut self) {
        let (finished, completions) = mpsc::channel(256);
        let recollections = Recollections::of(self.settings.data.join(RECOGNISED));
        let workers = Workers {
            ledger: Arc::clone(&self.parts.ledger),
            stores: self.parts.stores.clone(),
            queues: self.names(),
            class: PriorityClass::Prompt,
            blobs: self.parts.blobs.clone(),
            zygote: Arc::clone(&self.parts.zygote),
            children: self.settings.workers,
            terms: Arc::new(Terms::new(&self.settings.pipelines, &self.settings.limits)),
            policy: self.settings.policy.clone(),
            worker: self.parts.worker,
            leases: self.leases.clone(),
            board: self.parts.board.clone(),
            hindrances: Hindrances::new(self.parts.board.clone()),
            finished,
            clock: Arc::clone(&self.parts.clock),
            jitter: Arc::clone(&self.parts.jitter),
            missed: self.sources.missed(),
            underway: Underway::default(),
            recollections: recollections.clone(),
        };
        let completer = Completer {
            ledger: Arc::clone(&self.parts.ledger),
            leases: self.leases.clone(),
            recollections: recollections.clone(),
            policy: self.settings.policy.clone(),
            board: self.parts.board.clone(),
            changed: Arc::clone(&self.changed),
            clock: Arc::clone(&self.parts.clock),
            jitter: Arc::clone(&self.parts.jitter),
        };
        self.start_part("completer", completions, move |completions| {
            Box::pin(completer.clone().run(completions))
        });
        let patient = Workers { class: PriorityClass::Background, ..workers.clone() };
        for (name, workers) in [("worker", workers), ("background worker", patient)] {
            let (work, stop) = (Arc::clone(&self.work), self.stop.clone());
            self.start_part(name, JoinSet::new(), move |running| {
                Box::pin(workers.clone().run(running, Arc::clone(&work), stop.clone()))
            });
        }
        let (ledger, process) = (Arc::clone(&self.parts.ledger), self.parts.worker.process);
        let (board, stop) = (self.parts.board.clone(), self.stop.clone());
        let retention = self.settings.retention;
        self.start_part("sweep", (), move |()| {
            let (ledger, recollections) = (Arc::clone(&ledger), recollections.clone());
            Box::pin(sweep(
                ledger,
                process,
                (retention, recollections),
                board.clone(),
                stop.clone(),
            ))
        });
    }

    /// The names of the pipelines, which are those of their queues.
    fn names(&self) -> Arc<[String]> {
        self.settings.pipelines.iter().map(|pipeline| pipeline.name.clone()).collect()
    }

    fn way(&self) -> Way {
        Way {
            heads: self.heads.clone(),
            moved: Arc::clone(&self.moved),
            leases: self.reader_leases.clone(),
            board: self.parts.board.clone(),
            jitter: Arc::clone(&self.parts.jitter),
            stop: self.stop.clone(),
        }
    }

    fn start_indexer(&mut self) {
        let indexers = Indexers::new(Indexing {
            ledger: Arc::clone(&self.parts.ledger),
            blobs: self.parts.blobs.clone(),
            index: Arc::clone(&self.parts.index),
            board: self.parts.board.clone(),
            clock: Arc::clone(&self.parts.clock),
        });
        let way = self.way();
        self.start_part("indexers", Following::default(), move |following| {
            Box::pin(indexers.clone().run(following, way.clone()))
        });
    }

    fn start_relays(&self) {
        for registry in &self.parts.registries {
            let relay = Relay::new(Arc::clone(&self.parts.ledger), Arc::clone(registry));
            self.spawn(follow(relay, self.way()));
        }
    }

    fn start_cataloguer(&self) {
        let (ledger, series) = (Arc::clone(&self.parts.ledger), Arc::clone(&self.series));
        let cataloguer = Cataloguer::new(ledger, series, Arc::clone(&self.flush));
        self.spawn(follow(cataloguer, self.way()));
    }

    fn eraser(&self) -> Eraser {
        let (ledger, blobs) = (Arc::clone(&self.parts.ledger), self.parts.blobs.clone());
        let clock = Arc::clone(&self.parts.clock);
        let steady = steady(&clock);
        Eraser::new(ledger, blobs, clock, steady, Sweeping::default())
    }

    fn start_eraser(&self) {
        self.spawn(follow(self.eraser(), self.way()));
    }

    /// Removes what is older than its retention, and what nobody names, if no sweep was made for a day: for a process that ends
    /// before its eraser comes to it.
    /// Gives whether it swept. Where another process follows for the eraser, or this one has no such role, it does not.
    ///
    /// # Errors
    /// When the ledger or the blobs do not answer.
    pub async fn sweep_if_due(&self) -> Result<bool, Obstacle> {
        if !self.settings.roles.contains(&Role::Eraser) {
            return Ok(false);
        }
        let lease = self.reader_leases.want(Reader::Eraser);
        if matches!(lease.borrow().obstacle, Some(Obstruction::Elsewhere)) {
            return Ok(false);
        }
        // First what is older than its retention: a run from time to time is all that some houses have.
        while self.parts.ledger.trim(&self.settings.retention).await?.is_full {}
        self.eraser().sweep_if_due().await
    }

    /// Waits until all that was there is settled, read, indexed, catalogued and published, as far as the parts that do
    /// so run in this process: what another one is to do is not waited for, or a run without it would never end.
    ///
    /// # Errors
    /// When a source cannot be listed, with its reason, or the ledger does not answer.
    pub async fn settled(&self) -> Result<(), SettleError> {
        self.sources.settled().await?;
        loop {
            let changed = self.changed.notified();
            let moved = self.moved.notified();
            tokio::pin!(changed, moved);
            changed.as_mut().enable();
            moved.as_mut().enable();
            match self.rest().await? {
                Rest::Quiet => return Ok(()),
                Rest::Unflushed => self.flush.notify_one(),
                Rest::Busy => {}
            }
            tokio::select! {
                () = &mut changed => {}
                () = &mut moved => {}
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
    }

    async fn rest(&self) -> Result<Rest, LedgerError> {
        let decides = |pipeline: &str| self.sources.runs(pipeline);
        let looking = Looking {
            ledger: self.parts.ledger.as_ref(),
            index: &self.parts.index,
            registries: &self.parts.registries,
            pipelines: &self.settings.pipelines,
            series: &self.series,
            roles: &self.settings.roles,
            decides: &decides,
            now: (self.parts.clock)(),
        };
        looking.rest().await
    }

    /// What could not be listed, by pipeline, each with the reason and the cure.
    pub fn unlisted(&self) -> Vec<(String, String, String)> {
        self.settings.pipelines.iter().flat_map(|one| self.sources.unlisted(&one.name)).collect()
    }

    /// The pipelines.
    pub fn pipelines(&self) -> &[Pipeline] {
        &self.settings.pipelines
    }

    /// The stores by name.
    pub fn stores(&self) -> &Stores {
        &self.parts.stores
    }

    /// Takes an upload: writes it to the pipeline's store and records it at once, or, if the ledger fails then, has its
    /// source do so as soon as it can.
    ///
    /// # Errors
    /// When there is no such pipeline, a disappearance of its files is held, nothing can be recorded now, or the store
    /// refuses. Nothing was kept then.
    pub async fn put(
        &self,
        pipeline: &str,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Put, PutError> {
        let uploads = Uploads {
            pipelines: &self.settings.pipelines,
            stores: &self.parts.stores,
            ledger: self.parts.ledger.as_ref(),
            board: &self.parts.board,
        };
        let put = uploads.put(pipeline, path, body, condition).await?;
        if !put.recorded {
            // Not every store tells of what is written to it.
            self.sources.ask(pipeline, Ask::LookAt(put.file.path.clone())).await;
        }
        self.work.notify_waiters();
        Ok(put)
    }

    /// How far recognising has come in a job that is read here; none of one where nothing is recognised, or not here.
    pub fn headway(&self, job: i64) -> Option<Headway> {
        self.leases.headway(job)
    }

    /// The first paths of a mass disappearance that a source here holds; none if it holds none, or runs elsewhere.
    pub fn held(&self, pipeline: &str) -> Vec<String> {
        self.sources.held(pipeline)
    }

    /// Has the source of a pipeline listed now. Gives whether there is such a source.
    pub async fn look_again(&self, pipeline: &str) -> bool {
        self.sources.ask(pipeline, Ask::Reconcile).await
    }

    /// Stops: takes nothing new, finishes what runs, gives back what takes too long.
    pub async fn stop(&self) {
        self.stop.cancel();
        let leases = self.leases.clone();
        let hurry = tokio::spawn(async move {
            tokio::time::sleep(GRACE).await;
            leases.close();
        });
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        part_from(tasks, PARTING).await;
        hurry.abort();
        self.leases.close();
    }
}

/// What a service is made of: backends, chosen by the binary.
pub struct Parts {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Full text.
    pub index: Arc<dyn Index>,
    /// Texts and previews.
    pub blobs: Blobs,
    /// Stores by name.
    pub stores: Stores,
    /// Registries besides the embedded one.
    pub registries: Vec<Arc<dyn Registry>>,
    /// Where children come from.
    pub zygote: Arc<Zygote>,
    /// The time.
    pub clock: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Who holds what this process takes from the ledger.
    pub worker: Worker,
    /// Where conditions are told.
    pub board: Board,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts")
    }
}

/// What a service is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder, whose disk is watched.
    pub data: PathBuf,
    /// The pipelines.
    pub pipelines: Vec<Pipeline>,
    /// The parts that run in this process.
    pub roles: BTreeSet<Role>,
    /// Objects extracted at the same time, each in a child of its own.
    pub workers: usize,
    /// What a child may use.
    pub limits: ChildLimits,
    /// How often to try again.
    pub policy: Policy,
    /// How long what is finished stays in the ledger.
    pub retention: Retention,
}
