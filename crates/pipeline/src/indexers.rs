use std::collections::BTreeSet;
use std::time::Duration;

use madang_document::condition::{Kind, Subject};
use madang_document::partition::Partition;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::async_index;
use crate::follow::{Follower, Obstacle, Progress, Way, follow};
use crate::indexer::{Indexer, Indexing};

/// The indexes of all agencies, each followed on its own: what ails one is nothing to the others.
#[derive(Clone, Debug)]
pub struct Indexers {
    of: Indexing,
}

/// The indexers that run.
#[derive(Debug, Default)]
pub struct Following {
    partitions: BTreeSet<Partition>,
    running: JoinSet<()>,
}

impl Indexers {
    /// Over this ledger and this index.
    pub fn new(of: Indexing) -> Indexers {
        Indexers { of }
    }

    /// Follows the outbox with an indexer for each agency that has documents or an index, until `stop`.
    /// `following` is what runs already.
    pub async fn run(self, following: &mut Following, mut way: Way) {
        let subject = Subject::part("indexers");
        // When to ask who is there; nobody any more once it was told.
        let mut ask = Some(Instant::now());
        let mut failures = 0;
        loop {
            let mut partitions: BTreeSet<Partition> =
                way.heads.borrow_and_update().changes.keys().cloned().collect();
            if ask.is_some_and(|ask| ask <= Instant::now()) {
                match self.partitions().await {
                    Ok(there) => {
                        partitions.extend(there);
                        way.board.clear(Kind::IndexBehind, &subject);
                        ask = None;
                    }
                    Err(obstacle) => {
                        failures += 1;
                        obstacle.show(&way.board, Kind::IndexBehind, &subject);
                        let wait = obstacle.wait_ms(failures, (way.jitter)()).unsigned_abs();
                        ask = Some(Instant::now() + Duration::from_millis(wait));
                    }
                }
            }
            for partition in partitions {
                if following.partitions.insert(partition.clone()) {
                    let indexer = Indexer::new(self.of.clone(), partition);
                    following.running.spawn(follow(indexer, way.clone()));
                }
            }
            tokio::select! {
                () = way.stop.cancelled() => break,
                changed = way.heads.changed() => if changed.is_err() { break },
                () = tokio::time::sleep_until(ask.unwrap_or_else(Instant::now)), if ask.is_some() => {}
            }
        }
        while following.running.join_next().await.is_some() {}
    }

    /// The agencies that have documents or an index. The outbox does not name them all: who was quiet for longer than
    /// it is kept stands in the ledger only, and may have lost its index.
    async fn partitions(&self) -> Result<BTreeSet<Partition>, Obstacle> {
        let held = self.of.ledger.partitions().await?;
        // Until its indexer has asked, a search is not to take what has lost its index for empty.
        self.of.index.expect(&held);
        let stored = async_index::partitions(&self.of.index).await.map_err(Obstacle::of)?;
        Ok(held.into_iter().chain(stored).collect())
    }

    /// Builds every index anew from the ledger, and returns when that is done.
    ///
    /// # Errors
    /// When the ledger, the texts or the index cannot be reached.
    pub async fn rebuild(&self) -> Result<(), Obstacle> {
        for partition in self.partitions().await? {
            let mut indexer = Indexer::new(self.of.clone(), partition);
            indexer.begin_anew().await?;
            while indexer.step(u64::MAX).await? == Progress::More {}
            indexer.forget_if_left().await?;
        }
        Ok(())
    }
}
