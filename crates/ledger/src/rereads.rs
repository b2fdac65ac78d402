use madang_document::agency::Agency;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;

use crate::error::Result;
use crate::ledger::Ledger;
use crate::notes::{By, NewNote, NoteKind};

/// How long to wait before an object is read again whose text or preview is lost, milliseconds: at once, and longer each
/// time it did not help. A disk that garbles what is written to it is not written to for ever.
const WAITS_MS: [i64; 5] = [0, 60_000, 10 * 60_000, 60 * 60_000, 6 * 60 * 60_000];

/// When an object is read again of which something is lost that was kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Now.
    Now,
    /// Not before this.
    At(Timestamp),
    /// Not by itself: only when the operator asks for it.
    Never,
}

/// The decision, after so many readings that did not help, the last of them at `last`: what a note of it says.
pub fn again(tries: u32, last: Timestamp, now: Timestamp) -> Again {
    let wait = usize::try_from(tries).ok().and_then(|tries| WAITS_MS.get(tries));
    match wait.map(|wait| last.plus_ms(*wait)) {
        None => Again::Never,
        Some(due) if due <= now => Again::Now,
        Some(due) => Again::At(due),
    }
}

/// Something that was kept of a document, and is lost or damaged.
#[derive(Clone, Copy, Debug)]
pub struct Lost<'a> {
    /// Who met it.
    pub by: &'a By,
    /// What it is, as it is noted.
    pub kind: NoteKind,
    /// What it is, in a word.
    pub what: &'a str,
    /// Of which document.
    pub document: DocumentId,
    /// Whose that is.
    pub agency: &'a Agency,
    /// The words of whoever looked for it.
    pub why: &'a str,
}

/// What was done about a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// When its object is read again.
    pub next: Again,
    /// Whether it is noted since now, or with another count.
    pub is_news: bool,
}

/// Has the object of a document read again of which something is lost, if it is time for that, and notes the loss with
/// how often that was done.
///
/// # Errors
/// When the ledger does not answer.
pub async fn lost(ledger: &dyn Ledger, lost: Lost<'_>, now: Timestamp) -> Result<Done> {
    let subject = lost.document.to_string();
    let known = ledger.noted(lost.by, &subject).await?.filter(|note| note.kind == lost.kind);
    let (tries, last) = known.as_ref().map_or((0, now), |note| (note.tries, note.at));
    let mut next = again(tries, last, now);
    let mut made = tries;
    if next == Again::Now {
        let reason = format!("its {} is lost: {}", lost.what, lost.why);
        // Not counted if one is under way already: it may wait in its queue for long.
        made += u32::from(ledger.reread(lost.document, &reason).await?);
        next = again(made.max(1), now, now);
    }
    let is_news = known.is_none_or(|note| note.tries != made);
    if is_news {
        let note = NewNote {
            by: lost.by.clone(),
            kind: lost.kind,
            subject,
            agency: Some(lost.agency.clone()),
            reason: lost.why.to_owned(),
            tries: made,
        };
        ledger.note(&note).await?;
    }
    Ok(Done { next, is_news })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_again_a_few_times_and_later_each_time() {
        let minute = 60_000;
        for (tries, ago, expected) in [
            (0, 0, Again::Now),
            (1, 0, Again::At(Timestamp(minute))),
            (1, minute - 1, Again::At(Timestamp(minute))),
            (1, minute, Again::Now),
            (2, minute, Again::At(Timestamp(10 * minute))),
            (3, 59 * minute, Again::At(Timestamp(60 * minute))),
            (4, 60 * minute, Again::At(Timestamp(360 * minute))),
            (4, 360 * minute, Again::Now),
            (5, 999 * minute, Again::Never),
            (u32::MAX, 0, Again::Never),
        ] {
            assert_eq!(again(tries, Timestamp(0), Timestamp(ago)), expected, "{tries} {ago}");
        }
    }
}
