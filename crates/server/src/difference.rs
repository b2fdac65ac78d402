//! What differs between two records of a document, as it is answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use madang_document::content::Segment;
use madang_document::difference::{Difference, difference};
use madang_document::document::DocumentPart;
use madang_document::metadata::Metadata;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Characters of a property that are shown.
const WIDE: usize = 200;
/// Longest text that is taken into memory to be compared, bytes.
pub(crate) const COMPARED: u64 = 32 << 20;

/// A value before and after; null where there is none, or no such document.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FromTo {
    /// Before.
    pub(crate) from: Option<String>,
    /// After.
    pub(crate) to: Option<String>,
}

/// A property that differs.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PropertyChange {
    /// Its name.
    pub(crate) property: String,
    /// Before.
    pub(crate) from: Option<String>,
    /// After.
    pub(crate) to: Option<String>,
}

/// Which part of a document differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is not there after.
    Removed,
    /// How reading it ends.
    Outcome,
    /// Why it ends so.
    Reason,
    /// Its text or the places in it.
    Text,
    /// Properties, language, media type, size.
    Metadata,
    /// The list of what is in it.
    Members,
    /// Where its file lies: it was renamed or moved.
    Place,
    /// What could not be read of it, or is worth a word.
    Warnings,
    /// Its preview.
    Preview,
    /// Which format reads it, or in which version.
    Reader,
}

impl From<DocumentPart> for ChangeKind {
    fn from(part: DocumentPart) -> ChangeKind {
        match part {
            DocumentPart::Text => ChangeKind::Text,
            DocumentPart::Outcome => ChangeKind::Outcome,
            DocumentPart::Reason => ChangeKind::Reason,
            DocumentPart::Metadata => ChangeKind::Metadata,
            DocumentPart::Members => ChangeKind::Members,
            DocumentPart::Place => ChangeKind::Place,
        }
    }
}

/// What differs of a text.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TextChange {
    /// A unified difference by lines.
    pub(crate) lines: Vec<String>,
    /// Lines that are gone.
    pub(crate) removed: u64,
    /// Lines that are new.
    pub(crate) added: u64,
    /// Whether there is more than is shown or was compared.
    pub(crate) cut: bool,
}

impl From<Difference> for TextChange {
    fn from(told: Difference) -> TextChange {
        let Difference { lines, removed, added, is_cut } = told;
        TextChange { lines, removed, added, cut: is_cut }
    }
}

/// Waits for the turn to compare two texts: they are in memory meanwhile.
pub(crate) async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    let turn = Arc::clone(turns).acquire_owned().await;
    turn.map_err(|_| Problem::unavailable(&"the service ends"))
}

/// What differs between two texts, in at most `most` lines; none if they are the same. Both may be long, so that it takes
/// seconds: it is done where nobody waits behind it.
pub(crate) async fn change(
    turn: OwnedSemaphorePermit,
    before: String,
    after: String,
    most: usize,
) -> Result<Option<TextChange>, Problem> {
    let told = in_turn(turn, move || difference(&before, &after, most)).await?;
    Ok(told.map(TextChange::from))
}

/// Does what blocks, and ends the turn with it. Whoever asked may leave before: the work goes on all the same, with all that
/// it holds, and as long as it does it is nobody else's turn.
async fn in_turn<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.map_err(|error| Problem::internal(&error))
}

/// Segments as a text of lines.
pub(crate) fn text(segments: &[Segment]) -> String {
    segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// The properties that differ, by their names.
pub(crate) fn properties(from: &Metadata, to: &Metadata) -> Vec<PropertyChange> {
    let names: BTreeSet<&str> = from.iter().chain(to.iter()).map(|(name, _)| name).collect();
    let word = |metadata: &Metadata, name: &str| {
        let value = serde_json::to_value(metadata.get(name)?).unwrap_or_default();
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(text.chars().take(WIDE).collect::<String>())
    };
    let differ = names.into_iter().filter(|name| from.get(name) != to.get(name));
    differ
        .map(|name| PropertyChange {
            property: name.to_owned(),
            from: word(from, name),
            to: word(to, name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work_whoever_leaves() {
        let turns = Arc::new(Semaphore::new(1));
        let turn = turns.clone().acquire_owned().await.unwrap();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let mut asked = Box::pin(in_turn(turn, move || ended.recv()));
        tokio::select! {
            biased;
            _ = &mut asked => panic!("it ended before it was told to"),
            () = std::future::ready(()) => {}
        }
        drop(asked);
        assert_eq!(turns.available_permits(), 0, "the work goes on");
        end.send(()).unwrap();
        drop(turns.acquire().await.unwrap());
    }
}
