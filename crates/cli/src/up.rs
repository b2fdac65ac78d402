use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use madang_ledger::ledger::Ledger;
use madang_pipeline::board::Board;
use madang_pipeline::decide::Policy;
use madang_pipeline::declaration::Pipeline;
use madang_pipeline::likenesses::Likenesses;
use madang_pipeline::service::{Parts, Service, Settings};
use madang_pipeline::terms::Terms;
use madang_pipeline::trial::Trials;
use madang_pipeline::unpacker::Unpacker;
use madang_sandbox::zygote::Zygote;
use rustix::process::{Resource, getrlimit};
use tokio::net::TcpListener;

use crate::arguments::Up;
use crate::closing_line::{closing_line, undeclared};
use crate::configuration::{Configuration, pipelines};
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::interruption::interrupted;
use crate::own_keys::{ADMIN_KEY, admin_key, revoke_kept_keys};
use crate::roles::roles;
use crate::runtime::runtime;
use crate::service_ports::ServicePorts;
use crate::serving::{Http, base_url, listen};
use crate::terminal::{line, short_path, short_reason, shown};
use crate::{backends, engines, log, models, progress};

/// `madang up`.
pub(crate) fn run(command: Up) -> Result<(), Failure> {
    // Before anything starts: what starts has to be stopped again.
    let admin_key = admin_key(std::env::var(ADMIN_KEY))?;
    enough_descriptors(getrlimit(Resource::Nofile).current)?;
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let path = configuration.data(command.data.as_deref());
    let pipelines = pipelines(&command.sources, &path, &configuration, backends::BUCKETS)?;
    let Some(data) = DataFolder::lock_of_the_living(&path)? else {
        return Err(Failure::Other(anyhow::anyhow!(
            "another madang runs on {}; stop it, or name another folder with --data",
            path.display()
        )));
    };
    log::start();
    // Before tokio: children must not be forked from a process with threads.
    let model = models::speech_model(&configuration, &path)?;
    let zygote =
        Zygote::start_with(Path::new("/proc/self/exe"), engines::arguments(model.as_deref()))?;
    let runtime = runtime()?;
    let result = runtime.block_on(up(&command, admin_key, configuration, pipelines, &data, zygote));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    result
}

/// Descriptors without which the parts of a service keep one another from opening what they need: it would wait, for
/// ever, for one of them to give way.
const DESCRIPTORS: u64 = 64;

/// That this process may have so many open at once; no limit is enough.
fn enough_descriptors(limit: Option<u64>) -> Result<(), Failure> {
    match limit {
        Some(limit) if limit < DESCRIPTORS => Err(Failure::Other(anyhow::anyhow!(
            "this process may open {limit} files at once, and madang needs {DESCRIPTORS} of them at least: raise the \
             limit (ulimit -n, LimitNOFILE)"
        ))),
        _ => Ok(()),
    }
}

async fn up(
    command: &Up,
    admin_key: Option<String>,
    configuration: Configuration,
    pipelines: Vec<Pipeline>,
    data: &DataFolder,
    zygote: Zygote,
) -> Result<(), Failure> {
    backends::closing(backends::ledger(data).await?, async |ledger| {
        serve(command, admin_key, configuration, pipelines, data, zygote, ledger).await
    })
    .await
}

async fn serve(
    command: &Up,
    admin_key: Option<String>,
    configuration: Configuration,
    pipelines: Vec<Pipeline>,
    data: &DataFolder,
    zygote: Zygote,
    ledger: &Arc<dyn Ledger>,
) -> Result<(), Failure> {
    let clock = backends::clock();
    let index = backends::index(data)?;
    let blobs = backends::blobs(data)?;
    let (roles, http) = roles(&command.roles, command.once, command.listen.is_some());

    let listener = match http {
        true => Some(listen(command, &configuration).await?),
        false => None,
    };
    let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let local_key = listener.as_ref().map(|_| data.local_key()).transpose()?;
    if http {
        revoke_kept_keys(ledger.as_ref()).await?;
    }
    let base = base_url(configuration.base_url.as_deref(), address);
    let registries = backends::registries(&configuration, &base)?;
    let names: Vec<String> = registries.iter().map(|registry| registry.name().to_owned()).collect();
    let stores = backends::stores(&pipelines, &configuration, &data.join(""))?;
    let board = Board::new(Arc::clone(&clock));
    let zygote = Arc::new(zygote);
    let terms = Terms::new(&pipelines, &configuration.limits());
    let trials = Trials::new(Arc::clone(&zygote), stores.clone(), terms.clone());
    let unpacker = Unpacker::new(Arc::clone(&zygote), stores.clone(), terms.clone());
    let likenesses = Likenesses::new(Arc::clone(&zygote), stores.clone(), terms, unpacker.clone());
    let parts = Parts {
        ledger: Arc::clone(ledger),
        index: Arc::clone(&index),
        blobs: blobs.clone(),
        stores: stores.clone(),
        registries,
        zygote,
        clock: Arc::clone(&clock),
        jitter: backends::jitter(),
        worker: backends::worker(),
        board: board.clone(),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let settings = Settings {
        data: data.join(""),
        pipelines,
        roles,
        workers: command.workers.or(configuration.workers).map_or(cores, NonZeroUsize::get),
        limits: configuration.limits(),
        policy: Policy::default(),
        retention: configuration.retention.retention(),
    };

    // Before the first answer: whoever asks early waits in the listener's queue, and is told of no missing pipeline.
    let service = Arc::new(Service::start(parts, settings).await?);
    undeclared(ledger.as_ref(), service.pipelines()).await?;
    let mut serving = None;
    if let (Some(listener), Some(address), Some(local_key)) = (listener, address, local_key) {
        let ports = ServicePorts {
            service: Arc::clone(&service),
            ledger: Arc::clone(ledger),
            board: board.clone(),
            unpacker,
            likenesses,
            trials,
        };
        let http = Http {
            configuration: &configuration,
            base: &base,
            registries: names,
            data,
            admin_key: admin_key.as_deref(),
            service: Arc::new(ports),
            index: &index,
            blobs: &blobs,
            stores: &stores,
        };
        match http.serve(listener, address, local_key) {
            Ok(served) => serving = Some(served),
            Err(failure) => {
                service.stop().await;
                return Err(failure);
            }
        }
    }

    let result =
        if command.once { once(&service, ledger, command).await } else { interrupted().await };

    if let Some(serving) = serving {
        serving.stop(data).await;
    }
    service.stop().await;
    result
}

/// Runs until all that was there is settled, indexed and catalogued, and prints the closing line.
async fn once(service: &Service, ledger: &Arc<dyn Ledger>, command: &Up) -> Result<(), Failure> {
    let progress = progress::show(Arc::clone(ledger));
    let result = tokio::select! {
        settled = service.settled() => settled.map_err(Failure::from),
        _ = interrupted() => Err(Failure::Silent(130)),
    };
    progress.abort();
    if result.is_ok() {
        // The eraser's own sweep comes long after the start: whoever only ever runs to the end would keep what nobody
        // names for ever.
        tokio::select! {
            swept = service.sweep_if_due() => if let Err(error) = swept {
                tracing::warn!(%error, "blobs that nobody names stay until the next run");
            },
            _ = interrupted() => {}
        }
    }
    for (pipeline, path, reason) in service.unlisted() {
        line(&shown!("{pipeline}: {}: {}", short_path(&path), short_reason(&reason)));
    }
    let told = closing_line(ledger.as_ref(), service.pipelines(), command).await;
    result.and(told)
}
