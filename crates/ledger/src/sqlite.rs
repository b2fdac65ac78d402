use std::path::Path;
use std::sync::RwLock;
use std::time::Duration;

use async_trait::async_trait;
use madang_document::timestamp::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Mutex;

use crate::clock::{Clock, set_back};
use crate::closing::Closing;
use crate::error::{LedgerError, Result};

mod audit;
mod body;
mod chain;
mod claim;
mod compact;
mod comparison;
mod completion;
mod declarations;
mod documents;
mod each;
mod entries;
mod fault;
mod inheritance;
mod job_row;
mod jobs;
mod kept;
mod keys;
mod leases;
mod left_outs;
mod lookalikes;
mod migration;
mod moves;
mod neighbours;
mod news;
mod notes;
mod objects;
mod openings;
mod outbox;
mod outlook;
mod owed;
#[cfg(test)]
mod plan;
mod queues;
mod readers;
mod readings;
mod redrive;
mod renditions;
mod reprocessing;
mod retention;
mod same_bytes;
mod schema;
mod shelves;
mod slices;
mod step_back;
mod turns;
mod value;
mod versions;
mod writing;

use fault::fault;
use neighbours::Neighbours;
use openings::Openings;
use readings::Readings;
use shelves::Shelves;
use writing::{Pace, Writer, Writing};

/// The embedded ledger: one SQLite file.
///
/// One connection writes and checkpoints; a few others only read. That is how SQLite is fastest, and it is a
/// second belt against the WAL-reset corruption of SQLite 3.7.0 to 3.51.2, which needs two writers at once.
///
/// A transaction that ends badly takes its connection with it: whatever state the two were in (SQLite rolls
/// back by itself on a full disk, and not on every error), the next one starts from a fresh connection. So a
/// caller may drop any of these futures at any point.
pub struct SqliteLedger {
    clock: Clock,
    options: SqliteConnectOptions,
    durability: Durability,
    writer: Option<Mutex<Writer>>,
    readers: SqlitePool,
    shelves: RwLock<Shelves>,
    /// Whose turn it is to bring fingerprints to the shelves.
    filling: Mutex<()>,
    neighbours: std::sync::Mutex<Neighbours>,
    /// How texts begin that were compared.
    openings: std::sync::Mutex<Openings>,
    /// Whose turn it is to compare many.
    comparing: Mutex<()>,
}

impl std::fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SqliteLedger({})", self.options.get_filename().display())
    }
}

/// How hard a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit outlives a power cut. What production uses.
    Power,
    /// A commit outlives the process and no more: for tests that make thousands of ledgers.
    Process,
}

/// The oldest library that this backend works with: 3.51.3 repaired the WAL-reset corruption.
const OLDEST: [u32; 3] = [3, 51, 3];

impl SqliteLedger {
    /// Opens the ledger in this file and makes it if there is none. The folder must exist.
    ///
    /// # Errors
    /// `Unavailable` if the file cannot be opened or written; `Damaged` if it is not a ledger or a newer
    /// Madang wrote it.
    pub async fn open(path: &Path, clock: Clock) -> Result<SqliteLedger> {
        SqliteLedger::open_with(path, clock, Durability::Power).await
    }

    /// As [`open`](Self::open), with a choice of durability.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn open_with(
        path: &Path,
        clock: Clock,
        durability: Durability,
    ) -> Result<SqliteLedger> {
        let synchronous = match durability {
            Durability::Power => SqliteSynchronous::Full,
            Durability::Process => SqliteSynchronous::Off,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("mmap_size", "0")
            // Ids are random, so a batch touches pages all over the indexes: 64 MiB of them stay in memory,
            // and the log is written back each 32 MiB and not each 4.
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", "8192")
            // Some eighty statements, and seven more for each that writes many rows.
            .statement_cache_capacity(256)
            // The rows of a batch come without waiting for their reader.
            .row_buffer_size(512)
            .disable_statement_logging();
        let mut writer = options.connect().await.map_err(fault)?;
        library_is_sound(&mut writer).await?;
        migration::migrate(&mut writer, clock()).await?;
        let readings = Readings::of(&mut writer).await?;
        let readers = readers(&options);
        Ok(SqliteLedger {
            clock,
            options,
            durability,
            writer: Some(Mutex::new(Writer { conn: Some(writer), readings, owed: Vec::new() })),
            readers,
            shelves: RwLock::default(),
            filling: Mutex::default(),
            neighbours: std::sync::Mutex::default(),
            openings: std::sync::Mutex::default(),
            comparing: Mutex::default(),
        })
    }

    /// Opens an existing ledger to read it only, beside a running Madang or without one. Every act that
    /// writes answers `Unavailable`.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); `Unavailable` if there is no such file.
    pub async fn open_read_only(path: &Path, clock: Clock) -> Result<SqliteLedger> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(5))
            .pragma("mmap_size", "0")
            .disable_statement_logging();
        let readers = readers(&options);
        let mut conn = readers.acquire().await.map_err(fault)?;
        library_is_sound(&mut conn).await?;
        if migration::version(&mut conn).await? < migration::VERSION {
            return Err(LedgerError::damaged(
                "an older Madang wrote it: run `madang up` once to bring it up to date",
            ));
        }
        drop(conn);
        Ok(SqliteLedger {
            clock,
            options,
            durability: Durability::Power,
            writer: None,
            readers,
            shelves: RwLock::default(),
            filling: Mutex::default(),
            neighbours: std::sync::Mutex::default(),
            openings: std::sync::Mutex::default(),
            comparing: Mutex::default(),
        })
    }

    /// Closes every connection; the last one that anybody has on this ledger writes back the log and removes it. Not
    /// needed for durability.
    ///
    /// # Errors
    /// `Unavailable` if the disk refuses.
    pub async fn close(&self) -> Result<()> {
        self.readers.close().await;
        let Some(writer) = &self.writer else { return Ok(()) };
        match writer.lock().await.conn.take() {
            Some(conn) => conn.close().await.map_err(fault),
            None => Ok(()),
        }
    }

    /// Starts a transaction on the one writing connection; waits until it is free.
    async fn begin(&self) -> Result<Writing<'_>> {
        self.begin_at(Pace::Full).await
    }

    /// As [`begin`](Self::begin), for what a power cut may undo: leases. Whoever held one died with the machine, so the
    /// job is ready again either way, and its fence may be given out again.
    async fn begin_soft(&self) -> Result<Writing<'_>> {
        self.begin_at(match self.durability {
            Durability::Power => Pace::Soft,
            Durability::Process => Pace::Full,
        })
        .await
    }

    async fn begin_at(&self, pace: Pace) -> Result<Writing<'_>> {
        let writer = self
            .writer
            .as_ref()
            .ok_or_else(|| LedgerError::unavailable("it was opened to be read only"))?;
        let mut paid = false;
        loop {
            let mut writer = writer.lock().await;
            let conn = match writer.conn.take() {
                Some(conn) => conn,
                None => self.options.connect().await.map_err(fault)?,
            };
            // Read once the turn has come: the waiting may have taken a while.
            let now = self.now();
            let Some(by) = set_back(writer.readings.latest, now) else {
                writer.readings.latest = writer.readings.latest.max(now);
                if paid || writer.owed.is_empty() {
                    return Writing::begin(writer, conn, now, pace).await;
                }
                let mut tx = Writing::begin(writer, conn, now, Pace::Full).await?;
                let done = tx.bring_slice().await;
                tx.end(done).await?;
                paid = true;
                continue;
            };
            // A transaction of its own: the one that is asked for may come to nothing.
            let mut tx = Writing::begin(writer, conn, now, Pace::Full).await?;
            let done = tx.bring_forward(by).await;
            tx.end(done).await?;
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The connections that read. Each statement sees one committed state.
    fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// The fingerprints that were looked at so far.
    fn shelves(&self) -> &RwLock<Shelves> {
        &self.shelves
    }

    /// Held by whoever brings fingerprints to the shelves.
    fn filling(&self) -> &Mutex<()> {
        &self.filling
    }

    /// What is known of texts that were compared.
    fn neighbours(&self) -> &std::sync::Mutex<Neighbours> {
        &self.neighbours
    }

    /// How texts begin that were compared.
    fn known_openings(&self) -> &std::sync::Mutex<Openings> {
        &self.openings
    }

    /// Held by whoever compares many fingerprints, for a slice of them.
    fn comparing(&self) -> &Mutex<()> {
        &self.comparing
    }
}

#[async_trait]
impl Closing for SqliteLedger {
    async fn close(&self) -> Result<()> {
        SqliteLedger::close(self).await
    }
}

fn readers(options: &SqliteConnectOptions) -> SqlitePool {
    // A reader never changes the journal mode, so it is not asked to set it.
    let options =
        options.clone().read_only(true).pragma("query_only", "1").pragma("cache_size", "-8192");
    // A file does not hang up: asking each connection whether it is still there would double the way to its thread.
    SqlitePoolOptions::new()
        .max_connections(4)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

async fn library_is_sound(conn: &mut SqliteConnection) -> Result<()> {
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(conn).await.map_err(fault)?;
    let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < OLDEST.as_slice() {
        return Err(LedgerError::unavailable(format!(
            "SQLite {version} can corrupt a database: Madang must be built with 3.51.3 or newer"
        )));
    }
    Ok(())
}
