use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::fault::fault;
use super::slices::slices;
use super::value::{bytes, count, signed};
use crate::error::Result;

/// A row of the outbox before it has its number.
pub(super) struct News {
    pub(super) what: What,
    pub(super) agency: String,
    /// The revision or version that the change made.
    pub(super) version: u64,
    pub(super) withdrawn: bool,
}

/// What changed.
pub(super) enum What {
    Document(DocumentId),
    Entry(String),
}

/// The kinds of rows, as they are stored.
pub(super) const DOCUMENT: i64 = 1;
pub(super) const ENTRY: i64 = 2;

/// The number that the next row will have. It stays true until the transaction ends: SQLite has one writer.
pub(super) async fn next(conn: &mut SqliteConnection) -> Result<u64> {
    let next: i64 = sqlx::query_scalar("SELECT next FROM seq_alloc WHERE one = 1")
        .fetch_one(conn)
        .await
        .map_err(fault)?;
    Ok(count(next))
}

/// Numbers and writes the rows; gives the first number.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    news: &[News],
    now: Timestamp,
) -> Result<u64> {
    if news.is_empty() {
        return Ok(0);
    }
    let first: i64 = sqlx::query_scalar(
        "UPDATE seq_alloc SET next = next + ?1 WHERE one = 1 RETURNING next - ?1",
    )
    .bind(signed(news.len() as u64))
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    let mut seq = first;
    for rows in slices(news) {
        let mut insert = QueryBuilder::new(
            "INSERT INTO outbox (seq, kind, agency, document, entry, version, withdrawn, at) ",
        );
        insert.push_values(rows, |mut row, news| {
            row.push_bind(seq);
            seq += 1;
            let (kind, document, entry) = match &news.what {
                What::Document(id) => (DOCUMENT, Some(bytes(*id)), None),
                // Most entries are documents' and have their ids: half as long as the text, and not twice.
                What::Entry(id) => match id.parse::<DocumentId>() {
                    Ok(document) if document.to_string() == *id => {
                        (ENTRY, Some(bytes(document)), None)
                    }
                    _ => (ENTRY, None, Some(id.clone())),
                },
            };
            row.push_bind(kind)
                .push_bind(news.agency.clone())
                .push_bind(document)
                .push_bind(entry)
                .push_bind(signed(news.version))
                .push_bind(news.withdrawn)
                .push_bind(now.0);
        });
        insert.build().execute(&mut *conn).await.map_err(fault)?;
    }
    Ok(count(first))
}
