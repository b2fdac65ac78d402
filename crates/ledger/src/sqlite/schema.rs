use sqlx::sqlite::SqliteConnection;

use super::fault::fault;
use crate::error::{LedgerError, Result};

/// The schema, one step per version: step `n` takes a file from `PRAGMA user_version` n to n + 1. A step that
/// was ever released is never edited, only followed.
const STEPS: [&str; 2] = [FIRST, SECOND];

/// Times are milliseconds since 1970. Foreign text is bound, never spliced.
///
/// `job.current` marks the newest job of a path. That there is exactly one is what conservation rests on, so
/// the schema holds it (`job_current`), and the balance is a count over an index of the current jobs and not
/// a second book that could differ from the first.
///
/// `outbox.seq` comes from `seq_alloc`, not from the row id: the numbers are taken as the last step of a
/// transaction, so that they grow in the order of commits on a store with several writers too.
const FIRST: &str = "
CREATE TABLE queue (
    name   TEXT PRIMARY KEY,
    agency TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
    pipeline TEXT PRIMARY KEY,
    missing  INTEGER NOT NULL,
    known    INTEGER NOT NULL,
    since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE path (
    id       INTEGER PRIMARY KEY,
    store    TEXT NOT NULL,
    path     TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    agency   TEXT NOT NULL,
    object   INTEGER,
    live     INTEGER NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
    seen_at  INTEGER NOT NULL,
    UNIQUE (store, path)
) STRICT;
CREATE INDEX path_known ON path (pipeline, path) WHERE live = 1;
CREATE INDEX path_agency ON path (agency);

CREATE TABLE object (
    id       INTEGER PRIMARY KEY,
    path     INTEGER NOT NULL REFERENCES path (id),
    version  TEXT NOT NULL,
    size     INTEGER NOT NULL,
    modified INTEGER,
    seen_at  INTEGER NOT NULL,
    UNIQUE (path, version)
) STRICT;

CREATE TABLE job (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    path            INTEGER NOT NULL REFERENCES path (id),
    object          INTEGER NOT NULL REFERENCES object (id),
    queue           TEXT NOT NULL,
    agency          TEXT NOT NULL,
    task            TEXT NOT NULL CHECK (task IN ('extract', 'delete')),
    state           TEXT NOT NULL DEFAULT 'ready'
                    CHECK (state IN ('ready', 'leased', 'done', 'quarantined', 'cancelled')),
    current         INTEGER NOT NULL DEFAULT 1 CHECK (current IN (0, 1)),
    priority        INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 4),
    run_at          INTEGER NOT NULL,
    fence           INTEGER NOT NULL DEFAULT 0,
    lease_until     INTEGER,
    leased_by       BLOB,
    attempt         INTEGER NOT NULL DEFAULT 0,
    crashes         INTEGER NOT NULL DEFAULT 0,
    failure_kind    TEXT,
    failure_message TEXT,
    failure_crashed INTEGER,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    done_at         INTEGER,
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CHECK (current = 1 OR state IN ('done', 'cancelled'))
) STRICT;
CREATE UNIQUE INDEX job_current ON job (path) WHERE current = 1;
CREATE INDEX job_balance ON job (agency, task, state) WHERE current = 1;
CREATE INDEX job_ready ON job (queue, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'leased';
CREATE INDEX job_state ON job (state, changed_at, id);
CREATE INDEX job_queue ON job (queue, state, changed_at, id);

CREATE TABLE document (
    id             BLOB PRIMARY KEY,
    path           INTEGER NOT NULL REFERENCES path (id),
    agency         TEXT NOT NULL,
    pipeline       TEXT NOT NULL,
    parent         BLOB,
    inner_path     TEXT,
    outcome        TEXT NOT NULL,
    media_type     TEXT NOT NULL,
    bytes          INTEGER NOT NULL,
    format         TEXT NOT NULL,
    format_version INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    withdrawn      INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    body_hash      BLOB NOT NULL,
    body           TEXT NOT NULL
) STRICT;
CREATE INDEX document_path ON document (path);
CREATE INDEX document_agency ON document (agency, withdrawn, id);
CREATE INDEX document_outcome ON document (agency, outcome) WHERE withdrawn = 0;
CREATE INDEX document_parent ON document (parent, inner_path) WHERE withdrawn = 0 AND parent IS NOT NULL;
CREATE INDEX document_member ON document (agency) WHERE withdrawn = 0 AND parent IS NOT NULL;
CREATE INDEX document_extent ON document (pipeline, media_type, bytes) WHERE withdrawn = 0 AND parent IS NULL;
CREATE INDEX document_format ON document (format, format_version, path) WHERE withdrawn = 0;

CREATE TABLE entry (
    id           TEXT PRIMARY KEY,
    document     BLOB,
    agency       TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    version      INTEGER NOT NULL,
    withdrawn    INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    issued       INTEGER NOT NULL,
    modified     INTEGER NOT NULL,
    body         TEXT NOT NULL
) STRICT;
CREATE INDEX entry_document ON entry (document) WHERE document IS NOT NULL;
CREATE INDEX entry_agency ON entry (agency, id);

CREATE TABLE seq_alloc (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    next INTEGER NOT NULL
) STRICT;
INSERT INTO seq_alloc (one, next) VALUES (1, 1);

CREATE TABLE outbox (
    seq       INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('document', 'entry')),
    agency    TEXT NOT NULL,
    document  BLOB,
    entry     TEXT,
    version   INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    at        INTEGER NOT NULL,
    CHECK ((kind = 'document') = (document IS NOT NULL)),
    CHECK ((kind = 'entry') = (entry IS NOT NULL))
) STRICT;
CREATE INDEX outbox_agency ON outbox (kind, agency, seq);
CREATE INDEX outbox_kind ON outbox (kind, seq);

CREATE TABLE reader (
    name TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    hash    BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TABLE api_key (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB NOT NULL UNIQUE,
    prefix     TEXT NOT NULL,
    name       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    agencies   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
";

/// Weights, nodes and leases of readers.
const SECOND: &str = "
ALTER TABLE queue ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK (weight > 0);
ALTER TABLE job ADD COLUMN leased_on BLOB;
ALTER TABLE reader ADD COLUMN node BLOB;
ALTER TABLE reader ADD COLUMN process BLOB;
ALTER TABLE reader ADD COLUMN held_until INTEGER;
";

/// The version that this Madang writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// The version of an open file, if this Madang can read it.
pub(super) async fn version(conn: &mut SqliteConnection) -> Result<i64> {
    let found: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *conn).await.map_err(fault)?;
    if (0..=VERSION).contains(&found) {
        Ok(found)
    } else {
        Err(LedgerError::Damaged(format!(
            "its schema version is {found} and this Madang knows {VERSION}: a newer Madang wrote it, \
             run that one or restore an older copy"
        )))
    }
}

/// Brings a file to [`VERSION`], each step in a transaction of its own.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<()> {
    let found = version(conn).await?;
    let waiting = STEPS.iter().zip(1i64..).filter(|(_, to)| *to > found);
    for (step, to) in waiting {
        let script = format!("BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {to};\nCOMMIT;");
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut *conn).await.map_err(fault)?;
    }
    Ok(())
}
