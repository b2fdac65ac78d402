//! Which backends there are. The only place that names them: a new one is its file and one arm here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use madang_catalog::folder::FolderRegistry;
use madang_catalog::registry::Registry;
use madang_document::condition::Kind;
use madang_document::timestamp::Timestamp;
use madang_index::index::Index;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::Jobs;
use madang_ledger::ledger::Ledger;
use madang_ledger::sqlite::SqliteLedger;
use madang_ledger::worker::Worker;
use madang_pipeline::clock::{Clock, Jitter};
use madang_pipeline::declaration::Pipeline;
use madang_pipeline::hindrance::shortage;
use madang_pipeline::place::Place;
use madang_store::azure::AzureSettings;
use madang_store::blobs::Blobs;
use madang_store::bucket::{BucketStore, KEYLESS};
use madang_store::bucket_client::{BucketClient, BucketSettings, Environment};
use madang_store::closed::Closed;
use madang_store::folder::FolderStore;
use madang_store::gcs::GcsSettings;
use madang_store::plain_files::PlainFiles;
use madang_store::s3::S3Settings;
use madang_store::store::Store;
use madang_store::stores::Stores;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use uuid::Uuid;

use crate::bucket_kind::{self, BucketKind};
use crate::configuration::{Configuration, RegistrySettings};
use crate::data_folder::{self, DataFolder};
use crate::failure::Failure;
use crate::overlap;

/// The kinds of buckets: what stands before `://` in an address, and in `kind` of `[stores.NAME]`.
pub(crate) const BUCKETS: &[BucketKind] = &[
    BucketKind::of::<S3Settings>("s3"),
    BucketKind::of::<GcsSettings>("gs"),
    BucketKind::of::<AzureSettings>("az"),
];

/// The ledger of a data folder, with the leases of whoever held the folder before taken back: the lock proves that no other
/// process lives. Where a full disk keeps it from being opened, or from that first write (what was not yet brought over
/// from its log may be more than there is room for), it gets the room that was kept for that.
pub(crate) async fn ledger(data: &DataFolder) -> Result<Arc<dyn Ledger>, Failure> {
    let path = data.join(data_folder::LEDGER);
    let open = async || {
        let ledger = SqliteLedger::open(&path, clock()).await?;
        ledger.release(NODE).await?;
        Ok::<_, LedgerError>(ledger)
    };
    let ledger = match open().await {
        Err(error) if shortage(&error) == Some(Kind::DiskLow) => {
            // A connection that failed closes in a thread of its own, and would take the room to bring its log over.
            for _ in 0..CLOSING.as_millis() / LOOKS.as_millis() {
                if !is_open(&path) {
                    break;
                }
                tokio::time::sleep(LOOKS).await;
            }
            if !data.give_reserve_up() {
                return Err(error.into());
            }
            open().await?
        }
        opened => {
            let opened = opened?;
            data.keep_reserve();
            opened
        }
    };
    Ok(Arc::new(ledger))
}

/// How often it is looked whether a file is still open.
const LOOKS: Duration = Duration::from_millis(10);

/// Whether this process holds this file open.
fn is_open(file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return false };
    open.flatten().any(|open| open.path().read_link().is_ok_and(|place| place == file))
}

/// The ledger of a folder whose lock somebody else may hold.
pub(crate) async fn ledger_at(folder: &Path) -> Result<Arc<dyn Ledger>, Failure> {
    data_folder::prepare(folder)?;
    Ok(Arc::new(SqliteLedger::open(&folder.join(data_folder::LEDGER), clock()).await?))
}

/// The ledger of a folder, to be read only: nothing in it is changed, whoever else works there.
pub(crate) async fn ledger_to_read(folder: &Path) -> Result<Arc<dyn Ledger>, Failure> {
    let path = folder.join(data_folder::LEDGER);
    Ok(Arc::new(SqliteLedger::open_read_only(&path, clock()).await?))
}

/// How long an end waits for the ledger: whoever stops the service waits as long.
const CLOSING: Duration = Duration::from_secs(3);

/// Acts on a ledger, and closes it whatever became of that. A command that leaves its log behind leaves a file that may
/// be many times as large as the ledger.
pub(crate) async fn closing<T>(
    ledger: Arc<dyn Ledger>,
    act: impl AsyncFnOnce(&Arc<dyn Ledger>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let result = act(&ledger).await;
    close(ledger.as_ref()).await;
    result
}

/// Closes a ledger. That it cannot be closed loses nothing: the next start does what this one could not.
pub(crate) async fn close(ledger: &dyn Ledger) {
    match tokio::time::timeout(CLOSING, ledger.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the ledger could not be closed"),
        Err(_) => tracing::warn!("the ledger is closed at the next start: it took too long"),
    }
}

/// The full text of a data folder.
pub(crate) fn index(data: &DataFolder) -> Result<Arc<dyn Index>, Failure> {
    Ok(Arc::new(TantivyIndex::open(&data.join(data_folder::INDEX))?))
}

/// The texts and previews of a data folder.
pub(crate) fn blobs(data: &DataFolder) -> Result<Blobs, Failure> {
    Ok(Blobs::new(local(&data.join(data_folder::BLOBS))?))
}

/// The stores of the pipelines, each under the name of its pipeline.
pub(crate) fn stores(
    pipelines: &[Pipeline],
    configuration: &Configuration,
    data: &Path,
) -> Result<Stores, Failure> {
    each_store(pipelines, configuration, data).into_iter().collect()
}

/// The store of each of these pipelines, in their order, or why it cannot be used.
pub(crate) fn each_store(
    pipelines: &[Pipeline],
    configuration: &Configuration,
    data: &Path,
) -> Vec<Result<Arc<dyn Store>, Failure>> {
    let registries: Vec<PathBuf> =
        configuration.registries.iter().filter_map(RegistrySettings::folder).collect();
    let closed = overlap::closed(pipelines, data, &registries);
    let each = pipelines.iter().zip(closed);
    each.map(|(pipeline, closed)| store(pipeline, configuration, closed)).collect()
}

/// What is wrong with the registries. Makes no folder: that is for the start.
pub(crate) fn unfit_registries(configuration: &Configuration) -> Vec<Failure> {
    let unfit = |settings: &RegistrySettings| match settings.folder() {
        Some(folder) if folder.exists() && !folder.is_dir() => Some(Failure::usage(format!(
            "{}: registry `{}`: {} is no folder",
            settings.at,
            settings.name,
            folder.display()
        ))),
        Some(_) => None,
        None => registry(settings, configuration, "http://127.0.0.1:8484").err(),
    };
    configuration.registries.iter().filter_map(unfit).collect()
}

fn store(
    pipeline: &Pipeline,
    configuration: &Configuration,
    closed: Closed,
) -> Result<Arc<dyn Store>, Failure> {
    Ok(match &pipeline.source.place {
        Place::Folder(folder) => Arc::new(FolderStore::new(&pipeline.name, folder, closed)),
        Place::Bucket { scheme, store, bucket, prefix } => {
            let failed = |error: &dyn std::fmt::Display| {
                Failure::usage(format!("pipeline `{}`: store `{store}`: {error}", pipeline.name))
            };
            let client = bucket_client(scheme, store, bucket, configuration)
                .map_err(|error| failed(&error))?;
            let place = format!("{scheme}://{bucket}/{prefix}");
            let opened = BucketStore::new(&pipeline.name, place, client, prefix);
            Arc::new(opened.map_err(|error| failed(&error))?)
        }
    })
}

/// The client of a bucket: as its store is declared, else as the environment says.
fn bucket_client(
    scheme: &str,
    store: &str,
    bucket: &str,
    configuration: &Configuration,
) -> anyhow::Result<Arc<dyn BucketClient>> {
    let Some(kind) = BucketKind::find(BUCKETS, scheme) else {
        anyhow::bail!(bucket_kind::unknown(BUCKETS, scheme));
    };
    let undeclared: Box<dyn BucketSettings>;
    let settings = match configuration.stores.get(store) {
        Some(declared) if declared.kind != scheme => anyhow::bail!(
            "the address is of kind `{scheme}`, and {} declares one of kind `{}`: give it another name, or say \
             `kind = \"{scheme}\"` there",
            declared.at,
            declared.kind
        ),
        Some(declared) => &declared.settings,
        None => {
            undeclared = (kind.undeclared)();
            &undeclared
        }
    };
    // Names and values that are no text say nothing to any service.
    let environment: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let client = settings.client(bucket, &environment);
    Ok(match configuration.stores.contains_key(store) {
        true => client?,
        false => client.context(KEYLESS)?,
    })
}

/// The registries besides the embedded one.
pub(crate) fn registries(
    configuration: &Configuration,
    base: &str,
) -> Result<Vec<Arc<dyn Registry>>, Failure> {
    configuration
        .registries
        .iter()
        .map(|settings| registry(settings, configuration, base))
        .collect()
}

fn registry(
    settings: &RegistrySettings,
    configuration: &Configuration,
    base: &str,
) -> Result<Arc<dyn Registry>, Failure> {
    let named = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("registry `{}`: {error}", settings.name))
    };
    let (store, prefix): (Arc<dyn ObjectStore>, &str) = match settings.place.get_ref() {
        Place::Folder(folder) => (local(folder)?, ""),
        Place::Bucket { scheme, store, bucket, prefix } => {
            let client = bucket_client(scheme, store, bucket, configuration)
                .map_err(|error| named(&error))?;
            (Arc::clone(client.objects()), prefix)
        }
    };
    let prefix = object_store::path::Path::parse(prefix).map_err(|error| named(&error))?;
    Ok(Arc::new(FolderRegistry::new(&settings.name, store, prefix, base)))
}

fn local(folder: &Path) -> Result<Arc<dyn ObjectStore>, Failure> {
    let named = || folder.display().to_string();
    std::fs::create_dir_all(folder).with_context(named)?;
    let store = LocalFileSystem::new_with_prefix(folder).with_context(named)?;
    Ok(Arc::new(PlainFiles::of(store.with_fsync(true))))
}

/// The node of every process that works in a data folder. The lock of the folder lets one of them live at a time.
pub(crate) const NODE: Uuid = Uuid::nil();

/// This start of the process, as the holder of leases.
pub(crate) fn worker() -> Worker {
    Worker { node: NODE, process: Uuid::now_v7() }
}

/// The machine's clock.
pub(crate) fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// Random numbers from 0 to 1; 0.5 where the system gives none, which only means no spread.
pub(crate) fn jitter() -> Jitter {
    Arc::new(|| {
        let mut bytes = [0u8; 4];
        match getrandom::fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_reserve_is_given_up_for_a_full_disk_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::lock(folder.path()).unwrap().unwrap();
        data.keep_reserve();
        std::fs::create_dir(data.join(data_folder::LEDGER)).unwrap();
        let Err(Failure::Other(error)) = ledger(&data).await else {
            panic!("a folder is no ledger")
        };
        assert!(error.to_string().contains("cannot be opened"), "{error}");
        assert!(data.give_reserve_up(), "it was given up where it does not help");
    }
}
