use madang_document::cause::told;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_store::error::StoreError;
use madang_store::store::{Body, Listed, Precondition};
use madang_store::stores::Stores;

use crate::board::Board;
use crate::declaration::Pipeline;
use crate::sightings::sighting;
use madang_document::condition::Condition;

/// Where uploads go.
pub(crate) struct Uploads<'a> {
    pub(crate) pipelines: &'a [Pipeline],
    pub(crate) stores: &'a Stores,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) board: &'a Board,
}

/// An upload that is safe in its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The file, as its source will see it.
    pub file: Listed,
    /// Whether the ledger has recorded it. If not, its source sees it as it sees any other file, and records it once the
    /// ledger can be written.
    pub recorded: bool,
}

impl Uploads<'_> {
    /// Takes an upload: writes it to the pipeline's store and records it at once. What is kept there is an upload that
    /// was taken, whatever the ledger says to it afterwards: to call it refused would have it sent again, over itself.
    ///
    /// # Errors
    /// When there is no such pipeline, a disappearance of its files is held, nothing can be recorded now, or the store
    /// refuses. Nothing was kept then.
    pub(crate) async fn put(
        &self,
        pipeline: &str,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Put, PutError> {
        let declared = self.pipelines.iter().find(|p| p.name == pipeline);
        let (Some(declared), Some(store)) = (declared, self.stores.get(pipeline)) else {
            return Err(PutError::NoPipeline(pipeline.to_owned()));
        };
        if !declared.source.filter.takes(path) {
            return Err(PutError::Excluded(path.to_owned()));
        }
        let unable = |condition: &Condition| condition.kind.keeps_from_recording();
        if let Some(why) = self.board.now().into_iter().find(unable) {
            return Err(PutError::Unrecordable(why.message));
        }
        // The files may be gone because a mount is lost. What was written now would lie under it: nobody sees it
        // when the mount is back, and it would count as deleted.
        if let Some(held) = self.ledger.held(pipeline).await? {
            return Err(PutError::Held { missing: held.missing, known: held.known });
        }
        let file = store.put(path, body, condition).await?;
        let seen = sighting(declared, store.name(), &file, 1);
        let recorded = match self.ledger.see(&[seen]).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(pipeline, path = %file.path, error = %told(&error),
                    "an upload is kept, and recorded later");
                false
            }
        };
        Ok(Put { file, recorded })
    }
}

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// No such pipeline.
    #[error("no pipeline `{0}`")]
    NoPipeline(String),
    /// The pipeline leaves such paths out.
    #[error("`{0}` is left out by the pipeline's include and exclude patterns; rename it")]
    Excluded(String),
    /// So many files are gone that the operator must first say whether that is real.
    #[error(
        "{missing} of {known} files are gone; the operator puts them back, or confirms it (madang queue release)"
    )]
    Held {
        /// Files that are gone.
        missing: u64,
        /// Files that were known.
        known: u64,
    },
    /// What is written now could not be recorded; the reason.
    #[error("nothing can be recorded now: {0}")]
    Unrecordable(String),
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::StreamExt;
    use madang_document::condition::{Kind, Subject};
    use madang_document::timestamp::Timestamp;
    use madang_ledger::jobs::Jobs;
    use madang_ledger::objects::Objects;
    use madang_ledger::queue::QueueDeclaration;
    use madang_ledger::sqlite::{Durability, SqliteLedger};
    use madang_store::closed::Closed;
    use madang_store::folder::FolderStore;
    use madang_store::store::Store;
    use sqlx::ConnectOptions;

    use super::*;
    use crate::declaration::parse;

    struct Press {
        root: tempfile::TempDir,
        ledger: SqliteLedger,
        pipelines: [Pipeline; 1],
        stores: Stores,
        board: Board,
    }

    impl Press {
        async fn new() -> Press {
            let root = tempfile::tempdir().unwrap();
            let drop = root.path().join("drop");
            std::fs::create_dir(&drop).unwrap();
            let file = root.path().join("ledger.db");
            let clock = Arc::new(|| Timestamp(1));
            let ledger = SqliteLedger::open_with(&file, clock.clone(), Durability::Process).await;
            let ledger = ledger.unwrap();
            let text = "name = \"press\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
            let press = parse(text, "press.toml", root.path()).unwrap();
            let (name, agency) = (press.name.clone(), press.agency.clone());
            ledger.open_queue(&QueueDeclaration { name, agency, weight: 1 }).await.unwrap();
            let store = FolderStore::new("press", &drop, Closed::default());
            let stores = [Arc::new(store) as Arc<dyn Store>].into_iter().collect();
            Press { root, ledger, pipelines: [press], stores, board: Board::new(clock) }
        }

        async fn put(&self, path: &str) -> Result<Put, PutError> {
            let uploads = Uploads {
                pipelines: &self.pipelines,
                stores: &self.stores,
                ledger: &self.ledger,
                board: &self.board,
            };
            let body = futures::stream::iter([Ok("글".into())]).boxed();
            uploads.put("press", path, body, Precondition::IfAbsent).await
        }

        fn is_kept(&self, path: &str) -> bool {
            self.root.path().join("drop").join(path).exists()
        }
    }

    #[tokio::test]
    async fn nothing_is_written_that_cannot_be_recorded() {
        let press = Press::new().await;
        let source = Subject::part("press");
        for (kind, taken) in [
            (Kind::DiskLow, false),
            (Kind::LedgerUnwritable, false),
            (Kind::LedgerDamaged, false),
            (Kind::SourceAway, true),
            (Kind::IndexDamaged, true),
        ] {
            press.board.set(kind, source.clone(), "why");
            let put = press.put(kind.as_str()).await;
            assert_eq!(put.is_ok(), taken, "{kind:?}");
            assert_eq!(press.is_kept(kind.as_str()), taken, "{kind:?}");
            assert!(put.map_or_else(|error| error.to_string().contains("why"), |put| put.recorded));
            press.board.clear(kind, &source);
        }
    }

    #[tokio::test]
    async fn what_is_kept_counts_as_taken_though_the_ledger_takes_nothing() {
        let press = Press::new().await;
        let file = press.root.path().join("ledger.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let refuse =
            "CREATE TRIGGER full BEFORE INSERT ON path BEGIN SELECT RAISE(FAIL, 'full'); END";
        let mut conn = options.connect().await.unwrap();
        sqlx::raw_sql(refuse).execute(&mut conn).await.unwrap();
        let put = press.put("a.txt").await.unwrap();
        assert_eq!((put.file.path.as_str(), put.recorded), ("a.txt", false));
        assert!(press.is_kept("a.txt"));
        sqlx::raw_sql("DROP TRIGGER full").execute(&mut conn).await.unwrap();
        assert!(press.put("b.txt").await.unwrap().recorded);
        assert_eq!(press.ledger.known("press", None, 9).await.unwrap().len(), 1);
    }
}
