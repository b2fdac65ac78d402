use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;

use super::body::text;
use super::compact::{Kind, pack, unpack};
use super::fault::fault;
use super::schema::{
    EIGHTH, ELEVENTH, FIFTEENTH, FIFTH, FIRST, FOURTEENTH, FOURTH, NINTH, SECOND_INDEXES,
    SECOND_TABLES, SEVENTH, SIXTH, TENTH, THIRD, THIRTEENTH, TWELFTH, TWELFTH_INDEX,
};
use super::value::{bytes, content_of, signed};
use crate::error::{LedgerError, Result};

/// The version that this Madang writes, as `PRAGMA user_version`.
pub(super) const VERSION: i64 = 15;

/// The version of an open file, if this Madang can read it.
pub(super) async fn version(conn: &mut SqliteConnection) -> Result<i64> {
    let found: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *conn).await.map_err(fault)?;
    if (0..=VERSION).contains(&found) {
        Ok(found)
    } else {
        Err(LedgerError::damaged(format!(
            "its schema version is {found} and this Madang knows {VERSION}: a newer Madang wrote it, \
             run that one or restore an older copy"
        )))
    }
}

/// Brings a file to [`VERSION`], each step in a transaction of its own: one that ends badly leaves the file as it
/// was.
pub(super) async fn migrate(conn: &mut SqliteConnection, now: Timestamp) -> Result<()> {
    let found = version(conn).await?;
    if found < 1 {
        step(conn, FIRST, 1).await?;
    }
    if found < 2 {
        // Tables are dropped that others refer to; the new ones are checked before the commit.
        run(conn, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;".to_owned()).await?;
        if let Err(error) = second(conn, now).await {
            run(conn, "ROLLBACK; PRAGMA foreign_keys = ON;".to_owned()).await?;
            return Err(error);
        }
        let end = "PRAGMA user_version = 2; COMMIT; PRAGMA foreign_keys = ON;";
        run(conn, end.to_owned()).await?;
    }
    if found < 3 {
        step(conn, THIRD, 3).await?;
    }
    if found < 4 {
        step(conn, FOURTH, 4).await?;
    }
    if found < 5 {
        step(conn, FIFTH, 5).await?;
    }
    if found < 6 {
        step(conn, SIXTH, 6).await?;
    }
    if found < 7 {
        step(conn, SEVENTH, 7).await?;
    }
    if found < 8 {
        step(conn, EIGHTH, 8).await?;
    }
    if found < 9 {
        step(conn, NINTH, 9).await?;
    }
    if found < 10 {
        step(conn, TENTH, 10).await?;
    }
    if found < 11 {
        step(conn, ELEVENTH, 11).await?;
    }
    if found < 12 {
        run(conn, format!("BEGIN IMMEDIATE;\n{TWELFTH}")).await?;
        if let Err(error) = copy_contents(conn).await {
            run(conn, "ROLLBACK;".to_owned()).await?;
            return Err(error);
        }
        run(conn, format!("{TWELFTH_INDEX}\nPRAGMA user_version = 12;\nCOMMIT;")).await?;
    }
    if found < 13 {
        step(conn, THIRTEENTH, 13).await?;
    }
    if found < 14 {
        step(conn, FOURTEENTH, 14).await?;
    }
    if found < 15 {
        step(conn, FIFTEENTH, 15).await?;
    }
    Ok(())
}

/// A step that statements alone do.
async fn step(conn: &mut SqliteConnection, statements: &str, version: i64) -> Result<()> {
    let script =
        format!("BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {version};\nCOMMIT;");
    run(conn, script).await
}

async fn run(conn: &mut SqliteConnection, script: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *conn).await.map_err(fault)?;
    Ok(())
}

/// From the first schema to the second.
async fn second(conn: &mut SqliteConnection, now: Timestamp) -> Result<()> {
    const TABLES: [&str; 8] =
        ["queue", "path", "object", "job", "document", "entry", "outbox", "reader"];
    // The new indexes have the names of the old.
    let indexes: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let mut script = String::new();
    for index in indexes {
        script.push_str(&format!("DROP INDEX {index};\n"));
    }
    for table in TABLES {
        script.push_str(&format!("ALTER TABLE {table} RENAME TO former_{table};\n"));
    }
    script.push_str(SECOND_TABLES);
    script.push_str(COPY);
    run(conn, script).await?;
    copy_paths(conn).await?;
    Packed::Document.copy(conn).await?;
    Packed::Entry.copy(conn).await?;
    let mut script = String::new();
    for table in TABLES {
        script.push_str(&format!("DROP TABLE former_{table};\n"));
    }
    script.push_str(SECOND_INDEXES);
    run(conn, script).await?;
    read_nested_again(conn, now).await?;
    let broken =
        sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *conn).await.map_err(fault)?;
    match broken {
        None => Ok(()),
        Some(_) => Err(LedgerError::damaged(
            "rows refer to others that are missing: restore it from a copy",
        )),
    }
}

/// What is copied by statements alone.
const COPY: &str = "
INSERT INTO queue (name, agency, paused) SELECT name, agency, paused FROM former_queue;
INSERT INTO object (id, path, version, size, modified, seen_at)
    SELECT id, path, version, size, modified, seen_at FROM former_object;
INSERT INTO job (id, path, object, queue, agency, task, state, current, priority, run_at, fence, lease_until,
        leased_by, attempt, crashes, failure_kind, failure_message, failure_crashed, created_at, changed_at,
        done_at)
    SELECT id, path, object, queue, agency, task, state, current, priority, run_at, fence, lease_until,
        leased_by, attempt, crashes, failure_kind, failure_message, failure_crashed, created_at, changed_at,
        done_at FROM former_job;
INSERT INTO outbox (seq, kind, agency, document, entry, version, withdrawn, at)
    SELECT o.seq, iif(o.kind = 'document', 1, 2), o.agency,
        iif(o.kind = 'document', o.document, e.document), iif(e.document IS NULL, o.entry, NULL), o.version,
        o.withdrawn, o.at
    FROM former_outbox o
    LEFT JOIN former_entry e ON e.id = o.entry AND lower(hex(e.document)) = replace(e.id, '-', '');
INSERT INTO reader (name, seq) SELECT name, seq FROM former_reader;
INSERT INTO reader (name, seq)
    SELECT 'cataloguer', max(seq) FROM former_outbox HAVING max(seq) IS NOT NULL;
";

/// Rows read at once.
const PAGE: u32 = 1000;

/// Paths, each with the document id that is now its key.
async fn copy_paths(conn: &mut SqliteConnection) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let page: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT id, store, path FROM former_path WHERE id > ? ORDER BY id LIMIT ?",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *conn)
        .await
        .map_err(fault)?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = *last;
        for (id, store, path) in &page {
            sqlx::query(
                "INSERT INTO path (id, document, store, path, pipeline, agency, object, live, seen_at)
                 SELECT id, ?2, store, path, pipeline, agency, object, live, seen_at FROM former_path
                 WHERE id = ?1",
            )
            .bind(id)
            .bind(bytes(DocumentId::new(store, path, None)))
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
        }
    }
}

/// A table whose rows have bodies, which are packed as they are copied.
#[derive(Clone, Copy)]
enum Packed {
    /// Documents, without what now stands in columns or in the rows of their object and path.
    Document,
    /// Entries.
    Entry,
}

impl Packed {
    /// Copies them all. The last row of the outbox that tells of each is found by one pass over the outbox and not by
    /// a look-up for each.
    async fn copy(self, conn: &mut SqliteConnection) -> Result<()> {
        let (name, path) = match self {
            Packed::Document => ("document", "f.path"),
            Packed::Entry => ("entry", "0"),
        };
        run(
            conn,
            format!(
                "CREATE TEMP TABLE told (id ANY PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
                 INSERT INTO told SELECT {name}, max(seq) FROM former_outbox WHERE {name} IS NOT NULL
                     GROUP BY {name};"
            ),
        )
        .await?;
        let select = format!(
            "SELECT f.rowid, {path}, f.body, coalesce((SELECT seq FROM told t WHERE t.id = f.id), 0)
             FROM former_{name} f WHERE f.rowid > ? ORDER BY f.rowid LIMIT ?"
        );
        let mut after = i64::MIN;
        loop {
            let page: Vec<(i64, i64, String, i64)> = sqlx::query_as(AssertSqlSafe(select.clone()))
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut *conn)
                .await
                .map_err(fault)?;
            let Some((last, ..)) = page.last() else { break };
            after = *last;
            for (row, path, body, seq) in &page {
                match self {
                    Packed::Document => copy_document(conn, *row, *path, body, *seq).await?,
                    Packed::Entry => copy_entry(conn, *row, body, *seq).await?,
                }
            }
        }
        run(conn, "DROP TABLE told;".to_owned()).await
    }
}

async fn copy_document(
    conn: &mut SqliteConnection,
    row: i64,
    path: i64,
    body: &str,
    seq: i64,
) -> Result<()> {
    let document: Document = serde_json::from_str(body).map_err(|e| {
        LedgerError::damaged(format!("a document cannot be read back: {e}")).because(e)
    })?;
    let (object, modified) = object_of(conn, path, &document).await?;
    sqlx::query(
        "INSERT INTO document (id, path, object, agency, pipeline, parent, inner_path, outcome,
             media_type, bytes, format, format_version, revision, withdrawn, seq, body)
         SELECT id, path, ?2, agency, pipeline, parent, inner_path, outcome, media_type, bytes, format,
             format_version, revision, withdrawn, ?3, ?4 FROM former_document WHERE rowid = ?1",
    )
    .bind(row)
    .bind(object)
    .bind(seq)
    .bind(pack(Kind::Document, &text(&document, modified)?))
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn copy_entry(conn: &mut SqliteConnection, row: i64, body: &str, seq: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO entry (id, document, agency, version, withdrawn, issued, modified, seq, body)
         SELECT id, document, agency, version, withdrawn, issued, modified, ?2, ?3 FROM former_entry
         WHERE rowid = ?1",
    )
    .bind(row)
    .bind(seq)
    .bind(pack(Kind::Entry, body))
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    Ok(())
}

/// Has documents found by their bytes that were read before. A body that cannot be read back stays as it is: its document
/// is refused where somebody asks for it, and has no copies.
async fn copy_contents(conn: &mut SqliteConnection) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let page: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT rowid, body FROM document WHERE rowid > ? AND withdrawn = 0 ORDER BY rowid LIMIT ?",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *conn)
        .await
        .map_err(fault)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        for (row, body) in &page {
            let hash = unpack(body).ok().and_then(|body| hash_in(&body));
            let Some(content) = hash.map(content_of) else { continue };
            sqlx::query("UPDATE document SET content = ? WHERE rowid = ?")
                .bind(content)
                .bind(row)
                .execute(&mut *conn)
                .await
                .map_err(fault)?;
        }
    }
}

/// The hash of a document's bytes, as its body says it.
fn hash_in(body: &str) -> Option<BlobId> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body.get("sha256")?.as_str()?.parse().ok()
}

/// The row of the object that a document was read from; made anew if it is missing.
async fn object_of(
    conn: &mut SqliteConnection,
    path: i64,
    document: &Document,
) -> Result<(i64, Option<Timestamp>)> {
    let object = &document.object;
    let found: Option<(i64, Option<i64>)> =
        sqlx::query_as("SELECT id, modified FROM former_object WHERE path = ? AND version = ?")
            .bind(path)
            .bind(&object.version)
            .fetch_optional(&mut *conn)
            .await
            .map_err(fault)?;
    if let Some((id, modified)) = found {
        return Ok((id, modified.map(Timestamp)));
    }
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO object (path, version, size, modified, seen_at) VALUES (?, ?, ?, ?, 0) RETURNING id",
    )
    .bind(path)
    .bind(&object.version)
    .bind(signed(object.size))
    .bind(document.object_modified.map(|at| at.0))
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    Ok((id, document.object_modified))
}

/// A member of a member has another id than it had: its way is now told by its parts. The objects that hold
/// such are read again, which withdraws the former ids.
async fn read_nested_again(conn: &mut SqliteConnection, now: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE job SET state = 'ready', fence = fence + 1, attempt = 0, crashes = 0, run_at = ?1,
             changed_at = ?1, done_at = NULL
         WHERE current = 1 AND state = 'done' AND task = 'extract' AND path IN (
             SELECT d.path FROM document d JOIN document p ON p.id = d.parent
             WHERE d.withdrawn = 0 AND p.parent IS NOT NULL)",
    )
    .bind(now.0)
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    Ok(())
}
