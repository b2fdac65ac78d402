/// The first schema. A step that was ever released is never edited, only followed.
///
/// Times are milliseconds since 1970. Foreign text is bound, never spliced.
pub(super) const FIRST: &str =
    concat!(include_str!("first.sql"), include_str!("audit_is_not_cut.sql"));

/// The last statement of the first schema, which trimming the audit trail takes away for a moment.
pub(super) const AUDIT_IS_NOT_CUT: &str = include_str!("audit_is_not_cut.sql");

/// The tables of the second schema, which take the place of the first one's. The tables `held`, `seq_alloc`,
/// `audit` and `api_key` stay as they are.
///
/// `job.current` marks the newest job of a path. That there is exactly one is what conservation rests on, so
/// the schema holds it (`job_current`), and the balance is a count over an index of the current jobs and not
/// a second book that could differ from the first.
///
/// `path.document` is the id of the document that the object is (UUIDv5 of store and path): the one key by
/// which a path is found, by whoever saw it and by whoever holds its receipt.
///
/// `document.seq` and `entry.seq` are the last row of the outbox that tells of them, so that whether a reader
/// has passed them is a comparison. A document's agency and pipeline stand in its row only, not in its body:
/// they follow the path. `queue.turn` is how far its turns have come; `turn` is the virtual time of all.
///
/// `outbox.seq` comes from `seq_alloc`, not from the row id: the numbers are taken as the last step of a
/// transaction, so that they grow in the order of commits on a store with several writers too. Its kinds are
/// 1 (document) and 2 (entry); an entry whose id is a document's has it as `document`, others as `entry`.
pub(super) const SECOND_TABLES: &str = "
CREATE TABLE queue (
    name   TEXT PRIMARY KEY,
    agency TEXT NOT NULL,
    weight INTEGER NOT NULL DEFAULT 1 CHECK (weight > 0),
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    turn   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE turn (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  INTEGER NOT NULL
) STRICT;
INSERT INTO turn (one, at) VALUES (1, 0);

CREATE TABLE declaration (
    pipeline TEXT PRIMARY KEY,
    hash     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE left_out (
    pipeline TEXT NOT NULL,
    key      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (pipeline, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE path (
    id       INTEGER PRIMARY KEY,
    document BLOB NOT NULL UNIQUE,
    store    TEXT NOT NULL,
    path     TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    agency   TEXT NOT NULL,
    object   INTEGER,
    live     INTEGER NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
    seen_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE object (
    id       INTEGER PRIMARY KEY,
    path     INTEGER NOT NULL REFERENCES path (id),
    version  TEXT NOT NULL,
    size     INTEGER NOT NULL,
    modified INTEGER,
    seen_at  INTEGER NOT NULL
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
    tell            INTEGER NOT NULL DEFAULT 0 CHECK (tell IN (0, 1)),
    run_at          INTEGER NOT NULL,
    fence           INTEGER NOT NULL DEFAULT 0,
    lease_until     INTEGER,
    leased_by       BLOB,
    leased_on       BLOB,
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

CREATE TABLE document (
    id             BLOB PRIMARY KEY,
    path           INTEGER NOT NULL REFERENCES path (id),
    object         INTEGER NOT NULL REFERENCES object (id),
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
    seq            INTEGER NOT NULL,
    body           BLOB NOT NULL
) STRICT;

CREATE TABLE entry (
    id        TEXT PRIMARY KEY,
    document  BLOB,
    agency    TEXT NOT NULL,
    version   INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    issued    INTEGER NOT NULL,
    modified  INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    body      BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
    seq       INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL CHECK (kind IN (1, 2)),
    agency    TEXT NOT NULL,
    document  BLOB,
    entry     TEXT,
    version   INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    at        INTEGER NOT NULL,
    CHECK ((document IS NULL) <> (entry IS NULL)),
    CHECK (kind = 2 OR document IS NOT NULL)
) STRICT;

CREATE TABLE trimmed (
    kind   INTEGER NOT NULL,
    agency TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (kind, agency)
) STRICT, WITHOUT ROWID;

CREATE TABLE reader (
    name       TEXT PRIMARY KEY,
    seq        INTEGER NOT NULL,
    node       BLOB,
    process    BLOB,
    held_until INTEGER
) STRICT, WITHOUT ROWID;
";

/// The indexes of the second schema, made once the tables are filled.
pub(super) const SECOND_INDEXES: &str = "
CREATE INDEX path_known ON path (pipeline, path) WHERE live = 1;
CREATE INDEX path_agency ON path (agency, pipeline);
CREATE INDEX object_path ON object (path);
CREATE UNIQUE INDEX job_current ON job (path) WHERE current = 1;
CREATE INDEX job_object ON job (object);
CREATE INDEX job_former ON job (done_at) WHERE current = 0;
CREATE INDEX job_balance ON job (agency, task, state) WHERE current = 1;
CREATE INDEX job_ready ON job (queue, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'leased';
CREATE INDEX job_state ON job (state, changed_at, id);
CREATE INDEX job_queue ON job (queue, state, changed_at, id);
CREATE INDEX document_path ON document (path);
CREATE INDEX document_agency ON document (agency, withdrawn, id);
CREATE INDEX document_pipeline ON document (pipeline, id) WHERE withdrawn = 0;
CREATE INDEX document_outcome ON document (agency, outcome) WHERE withdrawn = 0;
CREATE INDEX document_parent ON document (parent, inner_path) WHERE withdrawn = 0 AND parent IS NOT NULL;
CREATE INDEX document_member ON document (agency) WHERE withdrawn = 0 AND parent IS NOT NULL;
CREATE INDEX document_extent ON document (pipeline, media_type, bytes) WHERE withdrawn = 0 AND parent IS NULL;
CREATE INDEX document_format ON document (format, format_version, path) WHERE withdrawn = 0;
CREATE INDEX entry_agency ON entry (agency, id);
CREATE INDEX outbox_agency ON outbox (kind, agency, seq);
";

/// The third schema adds what was passed over, to be done again: one note for each who noted and what it is about.
pub(super) const THIRD: &str = "
CREATE TABLE note (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    noted_by TEXT NOT NULL,
    subject  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    agency   TEXT,
    reason   TEXT NOT NULL,
    tries    INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    UNIQUE (noted_by, subject)
) STRICT;
";

/// The fourth schema has two other indexes. Documents are walked over in the order of their rows and not of their ids:
/// ids are random, so that an index by them is a page somewhere else for each document that is written, where these two
/// grow at their ends.
pub(super) const FOURTH: &str = "
DROP INDEX document_agency;
DROP INDEX document_pipeline;
CREATE INDEX document_agency ON document (agency, withdrawn);
CREATE INDEX document_pipeline ON document (pipeline) WHERE withdrawn = 0;
";

/// The fifth schema knows the latest reading of the clock that a change was made at, to a second, and how often what
/// waits was brought forward because the clock was set back. At first the latest moment that rows speak of.
pub(super) const FIFTH: &str = "
CREATE TABLE clock (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    at    INTEGER NOT NULL,
    steps INTEGER NOT NULL
) STRICT;
INSERT INTO clock (one, at, steps) SELECT 1, max(
    coalesce((SELECT max(changed_at) FROM job), 0),
    coalesce((SELECT at FROM outbox ORDER BY seq DESC LIMIT 1), 0),
    coalesce((SELECT at FROM audit ORDER BY number DESC LIMIT 1), 0)), 0;
";

/// The sixth schema remembers the operator's word on a mass disappearance until somebody acts on it.
pub(super) const SIXTH: &str = "
ALTER TABLE held ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
";

/// The seventh schema keeps beside the English sentence of a failure the reason as a value (JSON), of which every
/// language is made. Of a job that failed before there is the sentence only. Documents have theirs in their bodies.
pub(super) const SEVENTH: &str = "
ALTER TABLE job ADD COLUMN reason_code TEXT;
";

/// The eighth schema finds what the same bytes came to before. `document.reading` is the key of what was read, in the row of
/// the object itself, and `parts` how many documents there were of it, that one included.
pub(super) const EIGHTH: &str = "
ALTER TABLE document ADD COLUMN reading BLOB;
ALTER TABLE document ADD COLUMN parts INTEGER;
CREATE INDEX document_reading ON document (reading, withdrawn) WHERE reading IS NOT NULL;
";

/// The ninth schema knows what live documents were before. Of each version stands what a document's row has of its own;
/// `object` is its store's word for the version, with size and time of change beside it, for the row of the object may be gone
/// before. A body is packed as a document's. Of what was before there is nothing to begin with.
pub(super) const NINTH: &str = "
CREATE TABLE version (
    document       BLOB NOT NULL,
    revision       INTEGER NOT NULL,
    until          INTEGER NOT NULL,
    object         TEXT NOT NULL,
    size           INTEGER NOT NULL,
    modified       INTEGER,
    outcome        TEXT NOT NULL,
    media_type     TEXT NOT NULL,
    format         TEXT NOT NULL,
    format_version INTEGER NOT NULL,
    body           BLOB NOT NULL,
    PRIMARY KEY (document, revision)
) STRICT;
CREATE INDEX version_until ON version (until);
";

/// The eleventh schema tells at a glance what documents were, and what changed with what came after. Rows from before have
/// none of it, and are read back for it as long as they stand.
pub(super) const ELEVENTH: &str = "
ALTER TABLE version ADD COLUMN characters INTEGER;
ALTER TABLE version ADD COLUMN changed TEXT;
ALTER TABLE version ADD COLUMN new_file INTEGER;
";

/// The twelfth schema knows what stages found out. `document.stages` are those that looked at it, with their versions, as an
/// object of JSON; `content` are the first eight bytes of the hash of its bytes, by which copies are found. A fingerprint's
/// kind is 1 (text) or 2 (picture), `version` that of its stage; its bits stand in the document's body, too, as what a stage
/// found: here stands what is compared. Its id is never used again: who knows them up to one asks for those above it.
pub(super) const TWELFTH: &str = "
CREATE TABLE fingerprint (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    document BLOB NOT NULL,
    agency   TEXT NOT NULL,
    kind     INTEGER NOT NULL CHECK (kind IN (1, 2)),
    version  INTEGER NOT NULL,
    shingles INTEGER NOT NULL,
    bits     BLOB NOT NULL,
    locator  TEXT
) STRICT;
CREATE INDEX fingerprint_document ON fingerprint (document);
CREATE INDEX fingerprint_agency ON fingerprint (agency, id);
ALTER TABLE document ADD COLUMN stages TEXT;
ALTER TABLE document ADD COLUMN content INTEGER;
";

/// The index of the twelfth schema, made once its column is filled.
pub(super) const TWELFTH_INDEX: &str =
    "CREATE INDEX document_content ON document (content) WHERE content IS NOT NULL;";

/// The thirteenth schema lets what a file was go with it where it moves. A version has the path that it lay under, if that is
/// not where it lies now, and since when its document is gone: it waits for the file to be seen elsewhere.
pub(super) const THIRTEENTH: &str = "
ALTER TABLE version ADD COLUMN store TEXT;
ALTER TABLE version ADD COLUMN path TEXT;
ALTER TABLE version ADD COLUMN left_at INTEGER;
CREATE INDEX version_left ON version (left_at) WHERE left_at IS NOT NULL;
CREATE INDEX document_gone ON document (content) WHERE withdrawn = 1 AND parent IS NULL AND content IS NOT NULL;
";

/// The fourteenth schema finds copies by their agency, too: what those have who are not asked about is not looked at.
pub(super) const FOURTEENTH: &str = "
DROP INDEX document_content;
CREATE INDEX document_copy ON document (content, agency) WHERE withdrawn = 0 AND content IS NOT NULL;
";

/// The fifteenth schema lets what nobody waits for take turns of its own: what is read in a moment is no turn of those who wait for
/// minutes.
pub(super) const FIFTEENTH: &str = "
ALTER TABLE queue ADD COLUMN background_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turn ADD COLUMN background_at INTEGER NOT NULL DEFAULT 0;
";

/// The tenth schema keeps a row of the audit trail from being put in the place of another, which is neither an update nor,
/// for a trigger, a delete.
pub(super) const TENTH: &str = "
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
";
