use async_trait::async_trait;
use madang_document::principal::Scope;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// What lies in a source and is not taken: it is in no path's row, and has a named state all the same.
#[async_trait]
pub trait LeftOuts: Send + Sync {
    /// Says what a pipeline leaves out, in the place of what it said before.
    async fn leave_out(&self, pipeline: &str, left_out: &[LeftOut]) -> Result<()>;

    /// What a pipeline leaves out, ordered by key.
    async fn left_out(&self, pipeline: &str) -> Result<Vec<LeftOut>>;

    /// What the pipelines of a scope leave out, ordered by pipeline and key, after those of `after`, at most
    /// `limit`.
    async fn left_outs(
        &self,
        scope: &Scope,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<(String, LeftOut)>>;
}

/// One thing that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its path in the store, as an object key.
    pub key: String,
    /// What it is.
    pub kind: LeftOutKind,
    /// Why it is not taken, and what to do: one sentence in English.
    pub reason: String,
}

/// What is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutKind {
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// A path that is longer than the system takes.
    TooLong,
    /// A file that the pipeline's patterns exclude.
    Excluded,
    /// A folder or file that cannot be read.
    Unreadable,
}

impl LeftOutKind {
    /// Every kind.
    pub const ALL: [LeftOutKind; 7] = [
        LeftOutKind::Link,
        LeftOutKind::Fifo,
        LeftOutKind::Socket,
        LeftOutKind::Device,
        LeftOutKind::TooLong,
        LeftOutKind::Excluded,
        LeftOutKind::Unreadable,
    ];

    /// The word used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            LeftOutKind::Link => "link",
            LeftOutKind::Fifo => "fifo",
            LeftOutKind::Socket => "socket",
            LeftOutKind::Device => "device",
            LeftOutKind::TooLong => "too_long",
            LeftOutKind::Excluded => "excluded",
            LeftOutKind::Unreadable => "unreadable",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<LeftOutKind> {
        LeftOutKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
