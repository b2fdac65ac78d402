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
