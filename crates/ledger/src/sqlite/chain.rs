use madang_document::timestamp::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::fault::fault;
use super::slices::slices;
use super::value::{count, digest, signed};
use crate::audit::{Act, Recorded};
use crate::error::Result;

/// Appends the acts to the audit trail, each chained to the one before.
pub(super) async fn append(
    conn: &mut SqliteConnection,
    acts: &[Act],
    now: Timestamp,
) -> Result<()> {
    if acts.is_empty() {
        return Ok(());
    }
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
            .fetch_optional(&mut *conn)
            .await
            .map_err(fault)?;
    let (mut number, mut previous) = match last {
        Some((number, hash)) => (count(number), *digest(&hash)?.as_bytes()),
        None => (0, [0; 32]),
    };
    for rows in slices(acts) {
        let mut insert = QueryBuilder::new(
            "INSERT INTO audit (number, at, actor, action, subject, detail, hash) ",
        );
        insert.push_values(rows, |mut row, act| {
            number += 1;
            previous = *Recorded::hash_after(&previous, number, now, act).as_bytes();
            row.push_bind(signed(number))
                .push_bind(now.0)
                .push_bind(act.actor.clone())
                .push_bind(act.action.clone())
                .push_bind(act.subject.clone())
                .push_bind(act.detail.clone())
                .push_bind(previous.to_vec());
        });
        insert.build().execute(&mut *conn).await.map_err(fault)?;
    }
    Ok(())
}
