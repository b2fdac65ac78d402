use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::partition::Partition;
use madang_document::principal::{Role, Scope};
use madang_document::shown::Shown;
use madang_ledger::keys::NewKey;
use madang_ledger::ledger::Ledger;
use madang_pipeline::board::Board;
use madang_pipeline::declaration::Pipeline;
use madang_pipeline::indexer::Indexing;
use madang_pipeline::indexers::Indexers;
use madang_store::blobs::Blobs;
use madang_store::error::StoreError;
use madang_store::store::{Seen, Store};

use crate::api::idle_folder;
use crate::arguments::{Check, Index, IndexAct, Key, KeyAct};
use crate::configuration::{Configuration, pipelines};
use crate::failure::Failure;
use crate::terminal::{line, out, out_all, shown, table};
use crate::{backends, local_key};

/// `madang index`.
pub(crate) fn index(command: &Index) -> Result<(), Failure> {
    let data = idle_folder(command.data.as_ref(), command.config.as_ref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        backends::closing(backends::ledger(&data).await?, async |ledger| {
            let index = backends::index(&data)?;
            let blobs = backends::blobs(&data)?;
            if matches!(command.act, IndexAct::Rebuild) {
                let indexers = Indexers::new(Indexing {
                    ledger: Arc::clone(ledger),
                    blobs: blobs.clone(),
                    index: Arc::clone(&index),
                    board: Board::new(backends::clock()),
                    clock: backends::clock(),
                });
                indexers.rebuild().await.map_err(anyhow::Error::from)?;
            }
            verify(ledger.as_ref(), index.as_ref()).await?;
            texts(ledger.as_ref(), &blobs, command.act).await
        })
        .await
    })
}

/// Compares the index with the ledger.
async fn verify(
    ledger: &dyn Ledger,
    index: &dyn madang_index::index::Index,
) -> Result<(), Failure> {
    let (mut wrong, mut unreadable) = (0, 0);
    let held = ledger.partitions().await?.into_iter().chain(index.partitions()?);
    let agencies: BTreeSet<Agency> = held.map(|partition| partition.agency).collect();
    for agency in agencies {
        let census = index.verify(&Partition::of(agency.clone()))?;
        let indexed: BTreeSet<DocumentId> = census.ids.iter().copied().collect();
        let mut live = BTreeSet::new();
        let mut after = None;
        loop {
            let page = ledger.ids_after(&Partition::of(agency.clone()), after, 1000).await?;
            after = page.last().copied();
            if page.is_empty() {
                break;
            }
            live.extend(page);
        }
        let mut missing = Vec::new();
        for id in live.difference(&indexed) {
            match ledger.document(*id).await {
                Err(error) if error.is_of_the_act() => {
                    line(&shown!("{agency}: {id}: missing: {error}"));
                    unreadable += 1;
                }
                Err(error) => return Err(error.into()),
                Ok(_) => missing.push(id),
            }
        }
        let extra: Vec<_> = indexed.difference(&live).collect();
        for (what, ids) in [
            ("missing", &missing),
            ("not in the ledger", &extra),
            ("doubled", &census.doubled.iter().collect()),
        ] {
            for id in ids {
                line(&shown!("{agency}: {id}: {what}"));
            }
            wrong += ids.len();
        }
        out(&shown!(
            "{agency}: {} documents, {} indexed, {} missing, {} extra, {} doubled",
            live.len(),
            indexed.len(),
            live.difference(&indexed).count(),
            extra.len(),
            census.doubled.len()
        ))?;
    }
    match (wrong, unreadable) {
        (0, 0) => Ok(()),
        (0, n) => Err(Failure::Other(anyhow::anyhow!(
            "{n} documents cannot be read from the ledger, so no index holds them; restore the ledger or drop \
             their files again (madang queue noted)"
        ))),
        (n, _) => Err(Failure::Other(anyhow::anyhow!(
            "index and ledger differ in {n} documents; `madang index rebuild` makes the index anew"
        ))),
    }
}

/// Looks whether the texts of all live documents are there. A rebuild has noted those that are not.
async fn texts(ledger: &dyn Ledger, blobs: &Blobs, act: IndexAct) -> Result<(), Failure> {
    let mut lost = 0_u64;
    let agencies: BTreeSet<Agency> =
        ledger.partitions().await?.into_iter().map(|partition| partition.agency).collect();
    for agency in agencies {
        let mut after = None;
        loop {
            let page = ledger.ids_after(&Partition::of(agency.clone()), after, 1000).await?;
            after = page.last().copied();
            if page.is_empty() {
                break;
            }
            // Those that cannot be read are told of already.
            let (stored, _) = ledger.documents(&page).await?.parted();
            for text in stored.iter().filter_map(|stored| stored.document.text.as_ref()) {
                lost += u64::from(!blobs.has(text).await?);
            }
        }
    }
    match (lost, act) {
        (0, _) => Ok(()),
        (_, IndexAct::Rebuild) => {
            line(&shown!(
                "{lost} texts are lost: madang queue noted; `madang up` reads their files again"
            ));
            Ok(())
        }
        (_, IndexAct::Verify) => Err(Failure::Other(anyhow::anyhow!(
            "{lost} texts are lost: `madang index rebuild` notes them (madang queue noted), and `madang up` reads their \
             files again"
        ))),
    }
}

/// `madang key`.
pub(crate) fn key(command: &Key) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let path = configuration.data(command.data.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Keys can be made while a service runs: the ledger takes several writers, one after the other.
        let ledger = backends::ledger_at(&path).await?;
        backends::closing(ledger, async |ledger| keys(ledger.as_ref(), &command.act).await).await
    })
}

async fn keys(ledger: &dyn Ledger, act: &KeyAct) -> Result<(), Failure> {
    match act {
        KeyAct::New { name, roles, agencies } => {
            let roles = roles
                .iter()
                .map(|word| {
                    Role::parse(word).ok_or_else(|| {
                        Failure::usage(format!(
                            "no role `{word}`; there are search, drop, operate, admin"
                        ))
                    })
                })
                .collect::<Result<Vec<Role>, Failure>>()?;
            let agencies = match agencies.is_empty() {
                true => Scope::All,
                false => Scope::Only(
                    agencies
                        .iter()
                        .map(|code| code.parse().map_err(Failure::usage))
                        .collect::<Result<_, Failure>>()?,
                ),
            };
            let secret = local_key::new()?;
            let key = NewKey {
                hash: BlobId::of(secret.as_bytes()),
                prefix: local_key::prefix(&secret),
                name: name.clone(),
                roles,
                agencies,
            };
            let key = ledger.put_key(&key, "local").await?;
            line(&shown!("key {} for {}; it is shown only this once:", key.id, key.name));
            out(&Shown::new(&secret))?;
        }
        KeyAct::Ls => {
            let rows: Vec<Vec<Shown>> = ledger
                .keys()
                .await?
                .into_iter()
                .map(|key| {
                    let roles: Vec<&str> = key.roles.iter().map(|role| role.as_str()).collect();
                    let agencies = match &key.agencies {
                        Scope::All => "all".to_owned(),
                        Scope::Only(codes) => {
                            codes.iter().map(Agency::as_str).collect::<Vec<_>>().join(",")
                        }
                    };
                    vec![
                        shown!("{}", key.id),
                        shown!("{}…", key.prefix),
                        Shown::new(&key.name),
                        Shown::new(&roles.join(",")),
                        Shown::new(&agencies),
                        shown!("{}", key.created_at),
                        key.revoked_at.map_or_else(Shown::default, |at| shown!("revoked {at}")),
                    ]
                })
                .collect();
            out_all(&table(&["key", "begins", "name", "roles", "agencies", "made", ""], &rows))?;
        }
        KeyAct::Revoke { id } => {
            ledger.revoke_key(*id, "local").await.map_err(Failure::usage)?;
            line(&shown!("key {id} is revoked"));
        }
    }
    Ok(())
}

/// `madang check`.
pub(crate) fn check(command: &Check) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let data = configuration.data(command.data.as_deref());
    let pipelines = pipelines(&command.sources, &data, &configuration, backends::BUCKETS)?;
    let stores = backends::stores(&pipelines, &configuration, &data)?;
    backends::registries(&configuration, "http://127.0.0.1:8484")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut unreachable = 0;
    for pipeline in &pipelines {
        let Some(store) = stores.get(&pipeline.name) else { continue };
        match runtime.block_on(looked_over(store.as_ref(), pipeline)) {
            Ok((taken, left_out)) => {
                out(&shown!("{}: {}: ok, {taken} files", pipeline.name, store.place()))?;
                for (key, reason, unlisted) in left_out {
                    let name = object_key::readable(&key);
                    line(&shown!("{}: {name}: {reason}", pipeline.name));
                    unreachable += u64::from(unlisted);
                }
            }
            Err(error) => {
                line(&shown!("{}: {}: {error}", pipeline.name, store.place()));
                unreachable += 1;
            }
        }
    }
    match unreachable {
        0 => Ok(()),
        _ => Err(Failure::Silent(1)),
    }
}

/// How many files a pipeline would take from its store, and what of it could not be taken: key, reason, and whether
/// it could not even be listed.
async fn looked_over(
    store: &dyn Store,
    pipeline: &Pipeline,
) -> Result<(u64, Vec<(String, String, bool)>), StoreError> {
    let mut listing = store.list();
    let (mut taken, mut left_out) = (0, Vec::new());
    while let Some(seen) = listing.next().await {
        match seen? {
            Seen::Object(file) => taken += u64::from(pipeline.source.filter.takes(&file.path)),
            Seen::LeftOut(it) if pipeline.source.filter.takes(&it.key) => {
                left_out.push((it.key, it.reason, false));
            }
            Seen::LeftOut(_) => {}
            Seen::Unlisted { key, reason } => left_out.push((key, reason, true)),
        }
    }
    Ok((taken, left_out))
}
