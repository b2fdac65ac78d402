//! Which backends there are. The only place that names them: a new one is its file and one arm here.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use madang_catalog::folder::FolderRegistry;
use madang_catalog::registry::Registry;
use madang_document::timestamp::Timestamp;
use madang_index::index::Index;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::ledger::Ledger;
use madang_ledger::sqlite::SqliteLedger;
use madang_ledger::worker::Worker;
use madang_pipeline::clock::{Clock, Jitter};
use madang_pipeline::declaration::{Pipeline, Place};
use madang_store::blobs::Blobs;
use madang_store::bucket::{BucketSettings, BucketStore};
use madang_store::file_id::FileId;
use madang_store::folder::FolderStore;
use madang_store::store::Store;
use madang_store::stores::Stores;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use uuid::Uuid;

use crate::configuration::{Configuration, RegistrySettings};
use crate::data_folder::{self, DataFolder};
use crate::failure::Failure;

/// The ledger of a data folder.
pub(crate) async fn ledger(data: &DataFolder) -> Result<Arc<dyn Ledger>, Failure> {
    Ok(Arc::new(SqliteLedger::open(&data.join("ledger.db"), clock()).await?))
}

/// The ledger of a folder whose lock somebody else may hold.
pub(crate) async fn ledger_at(folder: &Path) -> Result<Arc<dyn Ledger>, Failure> {
    data_folder::prepare(folder)?;
    Ok(Arc::new(SqliteLedger::open(&folder.join("ledger.db"), clock()).await?))
}

/// The full text of a data folder.
pub(crate) fn index(data: &DataFolder) -> Result<Arc<dyn Index>, Failure> {
    Ok(Arc::new(TantivyIndex::open(&data.join("index"))?))
}

/// The texts and previews of a data folder.
pub(crate) fn blobs(data: &DataFolder) -> Result<Blobs, Failure> {
    Ok(Blobs::new(local(&data.join("blobs"))?))
}

/// The stores of the pipelines, each under the name of its pipeline.
pub(crate) fn stores(
    pipelines: &[Pipeline],
    configuration: &Configuration,
    data: &Path,
) -> Result<Stores, Failure> {
    let closed = closed(configuration, data);
    pipelines.iter().map(|pipeline| store(pipeline, configuration, &closed)).collect()
}

/// The folders that no drop folder has part in, wherever somebody mounts them: the data folder, its `blobs` and
/// `index`, and the registries, as far as they are there at the start. A folder further down in them is known by the
/// way to it only: one that is mounted elsewhere by itself is not recognised.
fn closed(configuration: &Configuration, data: &Path) -> Vec<FileId> {
    let registries = configuration.registries.iter().filter_map(RegistrySettings::folder);
    [data.to_owned(), data.join("blobs"), data.join("index")]
        .into_iter()
        .chain(registries)
        .filter_map(|folder| std::fs::metadata(folder).ok())
        .map(|folder| FileId { dev: folder.dev(), ino: folder.ino() })
        .collect()
}

fn store(
    pipeline: &Pipeline,
    configuration: &Configuration,
    closed: &[FileId],
) -> Result<Arc<dyn Store>, Failure> {
    Ok(match &pipeline.source.place {
        Place::Folder(folder) => Arc::new(FolderStore::new(&pipeline.name, folder, closed)),
        Place::S3 { store, bucket, prefix } => {
            let settings = bucket_settings(store, configuration);
            let opened = BucketStore::s3(&pipeline.name, bucket, prefix, &settings);
            Arc::new(opened.map_err(|error| {
                Failure::usage(format!("pipeline `{}`: store `{store}`: {error}", pipeline.name))
            })?)
        }
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
    let (store, prefix): (Arc<dyn ObjectStore>, &str) = match settings.url.strip_prefix("s3://") {
        Some(rest) => {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let name = settings.store.as_deref().unwrap_or(bucket);
            let s3 = bucket_settings(name, configuration);
            (Arc::new(s3.client(bucket).map_err(|error| named(&error))?), prefix)
        }
        None => {
            let folder = settings.url.strip_prefix("file:").unwrap_or(&settings.url);
            if folder.contains("://") {
                return Err(named(&format!(
                    "`{}` is no kind of registry: use `file:folder` or `s3://bucket/prefix`",
                    settings.url
                )));
            }
            (local(Path::new(folder))?, "")
        }
    };
    let prefix = object_store::path::Path::parse(prefix).map_err(|error| named(&error))?;
    Ok(Arc::new(FolderRegistry::new(&settings.name, store, prefix, base)))
}

/// The settings of a store: as declared, else those that the environment gives to every S3 client.
fn bucket_settings(name: &str, configuration: &Configuration) -> BucketSettings {
    if let Some(settings) = configuration.stores.get(name) {
        return settings.clone();
    }
    let of = |name: &str| std::env::var(name).ok();
    BucketSettings {
        allow_http: of("AWS_ENDPOINT_URL").is_some_and(|url| url.starts_with("http://")),
        endpoint: of("AWS_ENDPOINT_URL"),
        region: of("AWS_REGION").or_else(|| of("AWS_DEFAULT_REGION")),
        access_key_id: of("AWS_ACCESS_KEY_ID"),
        secret_access_key: of("AWS_SECRET_ACCESS_KEY"),
        secret_access_key_file: None,
    }
}

fn local(folder: &Path) -> Result<Arc<dyn ObjectStore>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Other(anyhow::anyhow!("{}: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(&error))?;
    Ok(Arc::new(store.with_fsync(true)))
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
