//! The folder backend, on the local file system.

use std::sync::Arc;

use madang_catalog::conformance;
use madang_catalog::folder::FolderRegistry;
use madang_catalog::registry::Registry;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

#[tokio::test]
async fn a_folder_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let registry =
        FolderRegistry::new("folder", store, Path::from("out"), "https://registry.example.go.kr/");
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
