//! The embedded registry keeps the promises of every registry.

use std::sync::Arc;

use madang_ledger::sqlite::SqliteLedger;
use madang_pipeline::embedded::EmbeddedRegistry;

#[tokio::test]
async fn the_embedded_registry_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
    let registry = EmbeddedRegistry::new(Arc::new(ledger), "1741000".parse().unwrap());
    madang_catalog::conformance::all(&registry).await;
}
