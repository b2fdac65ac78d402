use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use madang_document::principal::Principal;
use madang_index::index::Index;
use madang_index::scoped_searcher::ScopedSearcher;
use madang_ledger::ledger::Ledger;
use madang_server::door::Door;
use madang_server::hosts::Hosts;
use madang_server::server::{OwnKey, Ports, RequestLimits, Server, Settings};
use madang_store::blobs::Blobs;
use madang_store::stores::Stores;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::arguments::Up;
use crate::backends;
use crate::configuration::Configuration;
use crate::data_folder::{DataFolder, Note};
use crate::failure::Failure;
use crate::own_keys::own_keys;
use crate::service_ports::ServicePorts;
use crate::terminal::{line, shown};

/// HTTP as it is served.
pub(crate) struct Serving {
    task: JoinHandle<()>,
    server: Arc<Server>,
    stopped: Arc<Notify>,
    /// What is done beside while it is served: what is kept in the data folder, what is prepared for who asks first.
    notes: JoinSet<()>,
}

impl Serving {
    /// Lets running answers end, for a moment.
    pub(crate) async fn stop(mut self, data: &DataFolder) {
        self.notes.shutdown().await;
        // Before the port is free for anybody else.
        data.withdraw();
        self.server.close();
        self.stopped.notify_one();
        let _ = tokio::time::timeout(Duration::from_secs(5), self.task).await;
    }
}

/// What is served.
pub(crate) struct Http<'a> {
    pub(crate) configuration: &'a Configuration,
    /// The address that people and programs use.
    pub(crate) base: &'a str,
    /// Registries besides the embedded one, by their names.
    pub(crate) registries: Vec<String>,
    pub(crate) data: &'a DataFolder,
    /// The key that scripts set.
    pub(crate) admin_key: Option<&'a str>,
    pub(crate) service: Arc<ServicePorts>,
    pub(crate) index: &'a Arc<dyn Index>,
    pub(crate) blobs: &'a Blobs,
    pub(crate) stores: &'a Stores,
}

/// Has what looks alike ready before somebody asks for it. Nothing waits for that, and it ends with the service.
async fn prepare(ledger: Arc<dyn Ledger>) {
    if let Err(error) = ledger.prepare().await {
        tracing::warn!(%error, "what looks alike is brought to memory when it is asked for");
    }
}

impl Http<'_> {
    /// Serves at an address that is bound, with the owner's key, and says where.
    pub(crate) fn serve(
        self,
        listener: TcpListener,
        address: SocketAddr,
        local_key: Note,
    ) -> Result<Serving, Failure> {
        let own_keys = own_keys(Some(&local_key.text), self.admin_key);
        let mut notes = JoinSet::new();
        notes.spawn(local_key.kept());
        let door = Door::of_this_process();
        let mut settings = self.settings(address, own_keys);
        // Who listens keeps a seat for good.
        settings.limits.listeners = settings.limits.listeners.min(door.most / 2);
        let server = Arc::new(Server::new(self.ports(), settings));
        let link = server.sessions().link(owner(), backends::clock()());
        let link = link.map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let app = madang_server::routes::app(Arc::clone(&server));
        let stopped = Arc::new(tokio::sync::Notify::new());
        let stop = Arc::clone(&stopped);
        let task = tokio::spawn(async move {
            door.serve(listener, app, async move { stop.notified().await }).await;
        });
        // Without it the command line does not find the service, which is no reason not to serve.
        match self.data.announce(&format!("http://{address}")) {
            Ok(announcement) => _ = notes.spawn(announcement.kept()),
            Err(error) => line(&shown!(
                "madang: commands on this data folder will not find the service: {error}"
            )),
        }
        notes.spawn(prepare(Arc::clone(&self.service.ledger)));
        let base = self.base;
        line(&shown!("madang listens on {base}"));
        line(&shown!("sign in once with {base}/sign-in?token={link}"));
        Ok(Serving { task, server, stopped, notes })
    }

    fn settings(&self, address: SocketAddr, own_keys: Vec<OwnKey>) -> Settings {
        let configuration = self.configuration;
        let mut limits = RequestLimits::default();
        if let Some(mib) = configuration.upload_mib {
            limits.upload = mib.get().saturating_mul(1 << 20);
        }
        Settings {
            base_url: self.base.to_owned(),
            hosts: Hosts::of(address, configuration.base_url.as_deref()),
            publisher: configuration.publisher.clone().unwrap_or_else(|| "Madang".to_owned()),
            registries: self.registries.clone(),
            own_keys,
            limits,
        }
    }

    fn ports(&self) -> Ports {
        Ports {
            ledger: Arc::clone(&self.service.ledger),
            searcher: ScopedSearcher::new(Arc::clone(self.index)),
            blobs: self.blobs.clone(),
            stores: self.stores.clone(),
            members: Arc::clone(&self.service) as _,
            likenesses: Arc::clone(&self.service) as _,
            trials: Arc::clone(&self.service) as _,
            drops: Arc::clone(&self.service) as _,
            sources: Arc::clone(&self.service) as _,
            conditions: Arc::clone(&self.service) as _,
            recognising: Arc::clone(&self.service) as _,
            clock: backends::clock(),
        }
    }
}

/// Binds the address that was asked for, else the one in the configuration, else our own.
pub(crate) async fn listen(
    command: &Up,
    configuration: &Configuration,
) -> Result<TcpListener, Failure> {
    let address = command
        .listen
        .or(configuration.listen)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8484)));
    TcpListener::bind(address).await.map_err(|error| {
        let told = format!(
            "cannot listen on {address}: {error}; choose another with --listen (port 0 takes any free one)"
        );
        Failure::Other(anyhow::Error::new(error).context(told))
    })
}

/// The address that people and programs use: the configured one, else the one that is bound. Entries name it even where
/// nobody listens.
pub(crate) fn base_url(configured: Option<&str>, address: Option<SocketAddr>) -> String {
    match (configured, address) {
        (Some(base), _) => base.trim_end_matches('/').to_owned(),
        (None, Some(address)) => format!("http://{address}"),
        (None, None) => "http://127.0.0.1:8484".to_owned(),
    }
}

/// Who signs in with the link that is printed at the start.
fn owner() -> Principal {
    Principal { name: "owner".into(), ..Principal::local() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_address_counts_then_the_bound_one() {
        let bound = Some(SocketAddr::from(([127, 0, 0, 1], 9000)));
        for (configured, address, expected) in [
            (Some("https://madang.go.kr/"), bound, "https://madang.go.kr"),
            (Some("https://madang.go.kr/a//"), None, "https://madang.go.kr/a"),
            (None, bound, "http://127.0.0.1:9000"),
            (None, None, "http://127.0.0.1:8484"),
        ] {
            assert_eq!(base_url(configured, address), expected, "{configured:?} {address:?}");
        }
    }
}
