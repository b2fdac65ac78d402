use madang_document::failure_kind::FailureKind;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{JobFilter, JobState, PriorityClass};
use madang_ledger::ledger::Ledger;

/// Jobs asked for at once.
const PAGE: u32 = 500;

/// Whether workers that take from these queues have nothing left to do but to wait for somebody else's word on files that
/// are missing: the operator's, where a mass is held, or that of a source that does not run here. `decides` says which
/// do. What waits in another queue waits for its pipeline.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn is_worked_off(
    ledger: &dyn Ledger,
    queues: &[String],
    now: Timestamp,
    decides: impl Fn(&str) -> bool,
) -> Result<bool, LedgerError> {
    // Cheap, and nearly always the answer.
    if ledger.next_due(Some(queues), PriorityClass::Any).await?.is_some_and(|due| due <= now) {
        return Ok(false);
    }
    let all = ledger.queues().await?;
    for queue in all.into_iter().filter(|queue| queues.contains(&queue.name)) {
        if queue.ready + queue.leased > 0 {
            return Ok(false);
        }
        if queue.waiting == 0 {
            continue;
        }
        let decided_here = queue.held.is_none() && decides(&queue.name);
        if decided_here || !all_are_missing(ledger, &queue.name).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether each job of a queue that waits does so for its file.
async fn all_are_missing(ledger: &dyn Ledger, queue: &str) -> Result<bool, LedgerError> {
    let ready = JobFilter {
        state: Some(JobState::Ready),
        queue: Some(queue.to_owned()),
        ..JobFilter::default()
    };
    let mut after = None;
    loop {
        let jobs = ledger.jobs(&ready, after, PAGE).await?;
        let Some(last) = jobs.last().copied() else { return Ok(true) };
        let jobs = jobs.readable();
        let kinds = jobs.iter().map(|job| job.failure.as_ref().map(|failure| failure.kind));
        if kinds.into_iter().any(|kind| kind != Some(FailureKind::Gone)) {
            return Ok(false);
        }
        after = Some(last);
    }
}
