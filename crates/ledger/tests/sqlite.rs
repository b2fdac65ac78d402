//! The SQLite backend: the promises that every backend makes, and what only this one has.

use madang_ledger::conformance;
use madang_ledger::ledger::Ledger;
use madang_ledger::sqlite::{Durability, SqliteLedger};

#[tokio::test]
async fn keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let mut n = 0;
    conformance::all(async || {
        n += 1;
        let path = folder.path().join(format!("{n}.db"));
        let ledger = SqliteLedger::open_with(&path, Durability::Process).await.unwrap();
        Box::new(ledger) as Box<dyn Ledger>
    })
    .await;
}
