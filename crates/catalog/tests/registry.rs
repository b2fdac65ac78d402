//! The folder backend, on the local file system and on a service that refuses keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use madang_catalog::conformance::{self, sample};
use madang_catalog::folder::FolderRegistry;
use madang_catalog::registry::{Registry, RegistryError};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

const BASE: &str = "https://registry.example.go.kr/";

fn registry(store: impl ObjectStore) -> FolderRegistry {
    FolderRegistry::new("folder", Arc::new(store), Path::from("out"), BASE)
}

#[tokio::test]
async fn a_folder_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    conformance::all(&registry, async |id| registry.read_back(id).await.unwrap()).await;

    let file = folder.path().join("out/a1/a1.jsonld");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"reg\": \"https://registry.example.go.kr/id/\""), "{text}");

    // A file cut short is written anew.
    std::fs::write(&file, &text.as_bytes()[..text.len() / 2]).unwrap();
    let entry = conformance::sample("a1", 1, "침수 영상");
    registry.put(std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(registry.read_back("a1").await.unwrap(), Some(entry));
}

/// What it comes to when these three are put, and which of them it holds then.
async fn put(
    registry: &FolderRegistry,
    version: u64,
) -> (std::result::Result<(), RegistryError>, Vec<String>) {
    let entries = ["a1", "b2", "c3"].map(|id| sample(id, version, "침수 영상"));
    let put = registry.put(&entries).await;
    let mut held = Vec::new();
    for entry in &entries {
        let id = &entry.draft.id;
        if registry.version_of(id).await.is_ok_and(|there| there == Some(version)) {
            held.push(id.clone());
        }
    }
    (put, held)
}

fn refused(put: std::result::Result<(), RegistryError>) -> (String, String) {
    let Err(RegistryError::Permanent { entry, source, .. }) = put else {
        return (String::new(), format!("{put:?}"));
    };
    assert!(source.source().is_some(), "what the store said stays behind it");
    (entry, source.to_string())
}

#[tokio::test]
async fn a_place_that_is_taken_keeps_only_its_own_entry_out() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let out = folder.path().join("out");
    // A folder in the place of an entry, a file in the place of its folder, links in a circle there.
    let taken: [(&str, &str, &dyn Fn()); 3] = [
        ("b2/b2.jsonld", "written", &|| {
            std::fs::create_dir_all(out.join("b2/b2.jsonld/x")).unwrap();
        }),
        ("b2", "read", &|| std::fs::write(out.join("b2"), "").unwrap()),
        ("b2", "read", &|| std::os::unix::fs::symlink("b2", out.join("b2")).unwrap()),
    ];
    for (version, (place, deed, take)) in (1..).zip(taken) {
        std::fs::create_dir_all(&out).unwrap();
        take();
        let (result, held) = put(&registry, version).await;
        let (entry, words) = refused(result);
        assert_eq!((entry.as_str(), held.as_slice()), ("b2", &["a1".into(), "c3".into()][..]));
        let cure =
            format!("`out/b2/b2.jsonld` cannot be {deed}: move away what stands in its place");
        assert!(words.starts_with(&cure), "{place}: {words}");

        // Free again, it is written; nothing else is left there.
        std::fs::rename(out.join(place), folder.path().join(format!("away{version}"))).unwrap();
        assert_eq!(put(&registry, version).await.1, ["a1", "b2", "c3"]);
        let mut left: Vec<_> =
            std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["a1", "b2", "c3"]);
        std::fs::remove_dir_all(&out).unwrap();
    }

    // No folder at all: nobody can be blamed, and it is waited for.
    std::fs::write(&out, "").unwrap();
    let (result, held) = put(&registry, 9).await;
    assert!(matches!(result, Err(RegistryError::Transient { .. })), "{result:?}");
    assert!(held.is_empty());
}

#[tokio::test]
async fn a_key_that_a_service_refuses_keeps_only_its_own_entry_out() {
    let all = Arc::new(AtomicBool::new(false));
    for said in [Said::Denied, Said::Status("403 Forbidden"), Said::Status("400 Bad Request")] {
        all.store(false, Ordering::Relaxed);
        let store = Refusing { inner: InMemory::new(), said, all: Arc::clone(&all) };
        let registry = registry(store);
        let (result, held) = put(&registry, 1).await;
        assert_eq!(refused(result).0, "b2", "{said:?}");
        assert_eq!(held, ["a1", "c3"], "{said:?}");

        // The keys are wrong: that is of no entry.
        all.store(true, Ordering::Relaxed);
        let (result, _) = put(&registry, 2).await;
        assert!(matches!(result, Err(RegistryError::Transient { .. })), "{said:?}: {result:?}");
    }

    // It is busy for one key: the next time it may not be.
    all.store(false, Ordering::Relaxed);
    let said = Said::Status("503 Service Unavailable");
    let registry = registry(Refusing { inner: InMemory::new(), said, all });
    let (result, _) = put(&registry, 1).await;
    assert!(matches!(result, Err(RegistryError::Transient { .. })), "{result:?}");
}

/// A service that refuses to have `b2` written, or everything.
#[derive(Debug)]
struct Refusing {
    inner: InMemory,
    said: Said,
    all: Arc<AtomicBool>,
}

/// In which words.
#[derive(Clone, Copy, Debug)]
enum Said {
    Denied,
    Status(&'static str),
}

impl std::fmt::Display for Refusing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refusing")
    }
}

#[async_trait]
impl ObjectStore for Refusing {
    async fn put_opts(
        &self,
        key: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if !self.all.load(Ordering::Relaxed) && !key.as_ref().contains("b2") {
            return self.inner.put_opts(key, payload, options).await;
        }
        Err(match self.said {
            Said::Denied => {
                let source = "AccessDenied".into();
                Error::PermissionDenied { path: key.to_string(), source }
            }
            Said::Status(status) => {
                let words = format!("Server returned non-2xx status code: {status}: ");
                Error::Generic { store: "S3", source: words.into() }
            }
        })
    }

    async fn put_multipart_opts(
        &self,
        key: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(key, options).await
    }

    async fn get_opts(&self, key: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(key, options).await
    }

    fn delete_stream(
        &self,
        keys: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
