use std::collections::BTreeSet;
use std::env::VarError;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::StreamExt;
use madang_document::blob_id::BlobId;
use madang_document::object_key;
use madang_document::principal::{Principal, Scope};
use madang_index::index::Index;
use madang_index::scoped_searcher::ScopedSearcher;
use madang_ledger::ledger::Ledger;
use madang_pipeline::board::{Board, Kind};
use madang_pipeline::decide::Policy;
use madang_pipeline::declaration::Pipeline;
use madang_pipeline::role::Role;
use madang_pipeline::service::{Parts, Service, Settings};
use madang_pipeline::uploads::PutError;
use madang_sandbox::zygote::Zygote;
use madang_server::door::Door;
use madang_server::hosts::Hosts;
use madang_server::ports::{
    Condition, ConditionKind, Conditions, DropError, DropTarget, Dropped, Drops, HoldError, Holds,
    Upload,
};
use madang_server::server::{
    Limits as HttpLimits, OwnKey, Ports, Server, Settings as HttpSettings,
};
use madang_store::blobs::Blobs;
use madang_store::error::StoreError;
use madang_store::store::Condition as PutCondition;
use madang_store::stores::Stores;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::arguments::{RoleName, Up};
use crate::configuration::{Configuration, pipelines};
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::idle::release_act;
use crate::progress::summary;
use crate::terminal::{line, out, shown};
use crate::{backends, local_key, log, progress};

/// `madang up`.
pub(crate) fn run(command: Up) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let path = configuration.data(command.data.as_deref());
    let pipelines = pipelines(&command.sources, &path, &configuration, backends::BUCKETS)?;
    let Some(data) = DataFolder::lock(&path)? else {
        return Err(Failure::Other(anyhow::anyhow!(
            "another madang runs on {}; stop it, or name another folder with --data",
            path.display()
        )));
    };
    log::start();
    // Before tokio: children must not be forked from a process with threads.
    let zygote = Zygote::start(Path::new("/proc/self/exe"))?;
    let runtime = runtime()?;
    let result = runtime.block_on(up(&command, configuration, pipelines, &data, zygote));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    result
}

/// The runtime. Its threads say by their names what they are for, so that a profile tells tasks from blocking work:
/// those for tasks are made first.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let tasks = std::thread::available_parallelism().map_or(1, usize::from);
    let made = AtomicUsize::new(0);
    let name = move || match made.fetch_add(1, Ordering::Relaxed) {
        n if n < tasks => format!("runtime-{n}"),
        n => format!("blocking-{}", n - tasks),
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(tasks).thread_name_fn(name).enable_all().build()
}

async fn up(
    command: &Up,
    configuration: Configuration,
    pipelines: Vec<Pipeline>,
    data: &DataFolder,
    zygote: Zygote,
) -> Result<(), Failure> {
    backends::closing(backends::ledger(data).await?, async |ledger| {
        serve(command, configuration, pipelines, data, zygote, ledger).await
    })
    .await
}

async fn serve(
    command: &Up,
    configuration: Configuration,
    pipelines: Vec<Pipeline>,
    data: &DataFolder,
    zygote: Zygote,
    ledger: &Arc<dyn Ledger>,
) -> Result<(), Failure> {
    let clock = backends::clock();
    // The lock proves that no other process lives: what was being worked on can start again at once.
    ledger.release(backends::NODE).await?;
    let index = backends::index(data)?;
    let blobs = backends::blobs(data)?;
    let (roles, http) = roles(&command.roles, command.once, command.listen.is_some());

    let listener = match http {
        true => Some(listen(command, &configuration).await?),
        false => None,
    };
    let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let base = match (&configuration.base_url, address) {
        (Some(base), _) => base.trim_end_matches('/').to_owned(),
        (None, Some(address)) => format!("http://{address}"),
        (None, None) => "http://127.0.0.1:8484".to_owned(),
    };
    let registries = backends::registries(&configuration, &base)?;
    let names: Vec<String> = registries.iter().map(|registry| registry.name().to_owned()).collect();
    let stores = backends::stores(&pipelines, &configuration, &data.join(""))?;
    let board = Board::new(Arc::clone(&clock));
    let parts = Parts {
        ledger: Arc::clone(ledger),
        index: Arc::clone(&index),
        blobs: blobs.clone(),
        stores: stores.clone(),
        registries,
        zygote: Arc::new(zygote),
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
    };

    // Before the first answer: whoever asks early waits in the listener's queue, and is told of no missing pipeline.
    let service = Arc::new(Service::start(parts, settings).await?);
    let ports = Arc::new(ServicePorts {
        service: Arc::clone(&service),
        ledger: Arc::clone(ledger),
        board: board.clone(),
    });
    let mut serving = None;
    if let (Some(listener), Some(address)) = (listener, address) {
        let local_key = data.local_key()?;
        let own_keys = own_keys(&local_key.text, std::env::var(ADMIN_KEY))?;
        let mut notes = JoinSet::new();
        notes.spawn(local_key.kept());
        revoke_kept_keys(ledger.as_ref()).await?;
        let door = Door::of_this_process();
        let mut settings = http_settings(&configuration, &base, address, names, own_keys);
        // Who listens keeps a seat for good.
        settings.limits.listeners = settings.limits.listeners.min(door.most / 2);
        let server = server(settings, &ports, ledger, &index, &blobs, &stores);
        let link = server.sessions().link(owner(), clock());
        let link = link.map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let app = madang_server::routes::app(Arc::clone(&server));
        let closing = Arc::clone(&server);
        let stopped = Arc::new(tokio::sync::Notify::new());
        let stop = Arc::clone(&stopped);
        let task = tokio::spawn(async move {
            door.serve(listener, app, async move { stop.notified().await }).await;
        });
        // Without it the command line does not find the service, which is no reason not to serve.
        match data.announce(&format!("http://{address}")) {
            Ok(announcement) => _ = notes.spawn(announcement.kept()),
            Err(error) => line(&shown!(
                "madang: commands on this data folder will not find the service: {error}"
            )),
        }
        line(&shown!("madang listens on {base}"));
        line(&shown!("sign in once with {base}/sign-in?token={link}"));
        serving = Some((task, closing, stopped, notes));
    }
    drop(ports);

    let result =
        if command.once { once(&service, ledger, command).await } else { interrupted().await };

    if let Some((task, server, stopped, mut notes)) = serving {
        notes.shutdown().await;
        // Before the port is free for anybody else.
        data.withdraw();
        server.close();
        stopped.notify_one();
        let _ = tokio::time::timeout(std::time::Duration::from_secs(5), task).await;
    }
    service.stop().await;
    result
}

fn roles(named: &[RoleName], once: bool, listen: bool) -> (BTreeSet<Role>, bool) {
    if named.is_empty() {
        // A run that ends by itself has nobody to serve, unless an address was asked for.
        return (Role::ALL.into(), !once || listen);
    }
    let mut roles = BTreeSet::new();
    let mut http = false;
    for role in named {
        match role {
            RoleName::Source => _ = roles.insert(Role::Source),
            RoleName::Worker => _ = roles.insert(Role::Worker),
            RoleName::Indexer => _ = roles.insert(Role::Indexer),
            RoleName::Cataloguer => _ = roles.insert(Role::Cataloguer),
            RoleName::Relay => _ = roles.insert(Role::Relay),
            RoleName::Eraser => _ = roles.insert(Role::Eraser),
            RoleName::Http => http = true,
        }
    }
    (roles, http)
}

async fn listen(command: &Up, configuration: &Configuration) -> Result<TcpListener, Failure> {
    let address = command
        .listen
        .or(configuration.listen)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8484)));
    TcpListener::bind(address).await.map_err(|error| {
        Failure::Other(anyhow::anyhow!(
            "cannot listen on {address}: {error}; choose another with --listen (port 0 takes any free one)"
        ))
    })
}

fn http_settings(
    configuration: &Configuration,
    base: &str,
    address: SocketAddr,
    registries: Vec<String>,
    own_keys: Vec<OwnKey>,
) -> HttpSettings {
    let mut limits = HttpLimits::default();
    if let Some(mib) = configuration.upload_mib {
        limits.upload = mib.get().saturating_mul(1 << 20);
    }
    HttpSettings {
        base_url: base.to_owned(),
        hosts: Hosts::of(address, configuration.base_url.as_deref()),
        publisher: configuration.publisher.clone().unwrap_or_else(|| "Madang".to_owned()),
        registries,
        own_keys,
        limits,
    }
}

fn server(
    settings: HttpSettings,
    service: &Arc<ServicePorts>,
    ledger: &Arc<dyn Ledger>,
    index: &Arc<dyn Index>,
    blobs: &Blobs,
    stores: &Stores,
) -> Arc<Server> {
    let ports = Ports {
        ledger: Arc::clone(ledger),
        searcher: ScopedSearcher::new(Arc::clone(index)),
        blobs: blobs.clone(),
        stores: stores.clone(),
        drops: Arc::clone(service) as _,
        holds: Arc::clone(service) as _,
        conditions: Arc::clone(service) as _,
        clock: backends::clock(),
    };
    Arc::new(Server::new(ports, settings))
}

/// The keys that stand outside the ledger: the owner's beside the data, and the one that scripts set. They are as
/// they stand at this start, whatever was before; nothing of them is kept.
fn own_keys(local_key: &str, chosen: Result<String, VarError>) -> Result<Vec<OwnKey>, Failure> {
    let key =
        |name: &str, key: &str| OwnKey { name: name.to_owned(), hash: BlobId::of(key.as_bytes()) };
    let mut keys = vec![key(local_key::FILE, local_key)];
    match chosen {
        Ok(chosen) if chosen.chars().count() < SHORTEST_KEY => {
            return Err(Failure::usage(format!(
                "{ADMIN_KEY} has fewer than {SHORTEST_KEY} characters, and whoever guesses it may do everything; \
                 set it to a random one (`openssl rand -hex 32` makes one)"
            )));
        }
        Ok(chosen) => keys.push(key(ADMIN_KEY, &chosen)),
        Err(VarError::NotPresent) => {}
        Err(VarError::NotUnicode(_)) => {
            return Err(Failure::usage(format!(
                "{ADMIN_KEY} is not UTF-8; set it to a random key of letters and digits"
            )));
        }
    }
    Ok(keys)
}

/// The variable that sets a key.
const ADMIN_KEY: &str = "MADANG_ADMIN_KEY";

/// Characters that it has at least: 128 bits as hexadecimal digits.
const SHORTEST_KEY: usize = 32;

/// Earlier versions kept the owner's and the environment's key in the ledger, under these names, where they outlived
/// their change.
async fn revoke_kept_keys(ledger: &dyn Ledger) -> Result<(), Failure> {
    for key in ledger.keys().await? {
        if key.revoked_at.is_none()
            && ["local command line", ADMIN_KEY].contains(&key.name.as_str())
        {
            ledger.revoke_key(key.id, "local").await?;
            line(&shown!(
                "key {} ({}) of an earlier version is revoked: that key counts from its own place only",
                key.id,
                key.name
            ));
        }
    }
    Ok(())
}

/// Who signs in with the link that is printed at the start.
fn owner() -> Principal {
    Principal { name: "owner".into(), ..Principal::local() }
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
        line(&shown!("{pipeline}: {}: {reason}", object_key::readable(&path)));
    }
    let told = closing(ledger.as_ref(), service.pipelines(), command).await;
    result.and(told)
}

/// Prints the closing line, after what stands beside it. Scripts read it, so it counts as a failure if they cannot.
async fn closing(ledger: &dyn Ledger, pipelines: &[Pipeline], command: &Up) -> Result<(), Failure> {
    remarks(ledger, pipelines, command).await?;
    out(&summary(&ledger.balance(&Scope::All).await?))
}

/// Lines about left-out files that are printed at most; the command that prints all of them is named then.
const REMARKS: usize = 20;

/// What stands beside the closing line: what was left out, and which disappearances wait for the operator's word.
async fn remarks(ledger: &dyn Ledger, pipelines: &[Pipeline], command: &Up) -> Result<(), Failure> {
    let named = |option: &str, path: &Option<PathBuf>| {
        path.as_ref().map_or_else(String::new, |path| format!(" {option} {}", path.display()))
    };
    let here = named("--data", &command.data) + &named("--config", &command.config);
    for pipeline in pipelines {
        if let Some(held) = ledger.held(&pipeline.name).await? {
            line(&shown!(
                "{}: {} of {} files are gone; nothing is withdrawn until `madang queue release {}{here}`, and the \
                 next run",
                pipeline.name,
                held.missing,
                held.known,
                pipeline.name
            ));
        }
    }
    let left_out = ledger.balance(&Scope::All).await?.left_out;
    if left_out == 0 {
        return Ok(());
    }
    for (pipeline, one) in ledger.left_outs(&Scope::All, None, REMARKS as u32).await? {
        line(&shown!("{pipeline}: {}: left out: {}", object_key::readable(&one.key), one.reason));
    }
    let more = if left_out > REMARKS as u64 { " (madang queue left-out lists them)" } else { "" };
    line(&shown!("left out {left_out}{more}"));
    Ok(())
}

async fn interrupted() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    line(&shown!("madang stops: what runs is finished or given back"));
    Ok(())
}

/// The service as the server sees it.
struct ServicePorts {
    service: Arc<Service>,
    ledger: Arc<dyn Ledger>,
    board: Board,
}

#[async_trait]
impl Drops for ServicePorts {
    fn targets(&self) -> Vec<DropTarget> {
        let pipelines = self.service.pipelines().iter();
        pipelines
            .map(|pipeline| DropTarget {
                pipeline: pipeline.name.clone(),
                agency: pipeline.agency.clone(),
                title: pipeline.series.title.clone(),
            })
            .collect()
    }

    async fn put(
        &self,
        pipeline: &str,
        path: &str,
        body: Upload,
        _length: Option<u64>,
        condition: PutCondition,
    ) -> Result<Dropped, DropError> {
        let listed =
            self.service.put(pipeline, path, body.boxed(), condition).await.map_err(|error| {
                match error {
                    PutError::NoPipeline(name) => DropError::UnknownPipeline(name),
                    PutError::Excluded(_) | PutError::Store(StoreError::Denied { .. }) => {
                        DropError::Refused(error.to_string())
                    }
                    PutError::Store(StoreError::Precondition(path)) => {
                        DropError::Precondition(path)
                    }
                    PutError::Store(StoreError::Conflict { .. }) => {
                        DropError::Conflict(error.to_string())
                    }
                    PutError::Store(StoreError::BrokenOff { .. }) => {
                        DropError::BrokenOff(error.to_string())
                    }
                    PutError::Held { .. } => DropError::Held(error.to_string()),
                    PutError::Store(_) | PutError::Ledger(_) => {
                        DropError::Unavailable(error.to_string())
                    }
                }
            })?;
        Ok(Dropped { store: pipeline.to_owned(), path: listed.path, version: listed.version })
    }
}

/// A condition as the server shows it; a held disappearance is shown with its queue.
fn condition(condition: madang_pipeline::board::Condition) -> Option<Condition> {
    let kind = match condition.kind {
        Kind::DiskLow => ConditionKind::DiskLow,
        Kind::LedgerUnwritable => ConditionKind::LedgerUnwritable,
        Kind::LedgerDamaged => ConditionKind::LedgerDamaged,
        Kind::DescriptorsOut => ConditionKind::DescriptorsOut,
        Kind::Stalled => ConditionKind::Stalled,
        Kind::SourceAway => ConditionKind::SourceAway,
        Kind::Behind => ConditionKind::IndexBehind,
        Kind::Elsewhere => ConditionKind::Elsewhere,
        Kind::IndexDamaged => ConditionKind::IndexDamaged,
        Kind::Panicked => ConditionKind::Panicked,
        Kind::Held => return None,
    };
    let detail = format!("{}; {}", condition.message, condition.kind.cure());
    let (subject, agency) = (condition.subject.name, condition.subject.agency);
    Some(Condition { kind, subject, agency, since: condition.since, detail })
}

impl Conditions for ServicePorts {
    fn now(&self) -> Vec<Condition> {
        self.board.now().into_iter().filter_map(condition).collect()
    }
}

#[async_trait]
impl Holds for ServicePorts {
    async fn release(&self, pipeline: &str, actor: &str) -> Result<(), HoldError> {
        let unavailable = |error: &dyn std::fmt::Display| HoldError::Unavailable(error.to_string());
        match self.ledger.held(pipeline).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(HoldError::NothingHeld(pipeline.to_owned())),
            Err(error) => return Err(unavailable(&error)),
        }
        if !self.service.release(pipeline).await {
            return Err(unavailable(&"no source runs for it in this process"));
        }
        self.ledger.append(&release_act(pipeline, actor)).await.map_err(|error| unavailable(&error))
    }

    async fn look_again(&self, pipeline: &str) {
        self.service.look_again(pipeline).await;
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn a_chosen_key_is_long_and_a_text() {
        let names = |chosen: Result<String, VarError>| {
            let keys = own_keys("local", chosen).map_err(|failure| match failure {
                Failure::Usage(message) => message.to_string(),
                other => panic!("{other:?}"),
            })?;
            Ok::<_, String>(keys.into_iter().map(|key| key.name).collect::<Vec<_>>())
        };
        let own = local_key::FILE.to_owned();
        assert_eq!(names(Err(VarError::NotPresent)), Ok(vec![own.clone()]));
        let enough = Ok("k".repeat(SHORTEST_KEY));
        assert_eq!(names(enough), Ok(vec![own, ADMIN_KEY.to_owned()]));
        for short in [String::new(), "k".repeat(SHORTEST_KEY - 1), "가".repeat(SHORTEST_KEY - 1)] {
            let refused = names(Ok(short)).unwrap_err();
            assert!(refused.contains("fewer than 32 characters"), "{refused}");
            assert!(refused.contains("openssl rand -hex 32"), "no cure: {refused}");
        }
        let odd = OsString::from_vec(vec![0xFF; SHORTEST_KEY]);
        let refused = names(Err(VarError::NotUnicode(odd))).unwrap_err();
        assert!(refused.contains("is not UTF-8; set it to a random key"), "{refused}");
    }
}
