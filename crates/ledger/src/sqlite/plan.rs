use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use crate::conformance::sample;

/// How SQLite goes about a statement in a new ledger, a line for each step.
pub(super) async fn plan(sql: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open(&path, sample::Hand::default().clock()).await.unwrap();
    let plan: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
            .fetch_all(ledger.readers())
            .await
            .unwrap();
    plan.into_iter().map(|(.., step)| step).collect()
}
