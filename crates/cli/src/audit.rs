use madang_document::shown::Shown;
use madang_document::timestamp::Timestamp;
use madang_ledger::audit::{Broken, Recorded, Verdict, verify};
use madang_ledger::ledger::Ledger;
use serde_json::{Value, json};

use crate::arguments::{Audit, AuditAct};
use crate::backends;
use crate::configuration::Configuration;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::terminal::{line, out, out_json, shown};

/// Rows that are held at once.
const STEP: u32 = 1_000;

/// `madang audit`.
pub(crate) fn audit(command: &Audit) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let path = configuration.data(command.data.as_deref());
    if !DataFolder::exists_at(&path) {
        return Err(DataFolder::nothing_at(&path, ""));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let ledger = backends::ledger_to_read(&path).await?;
        backends::closing(ledger, async |ledger| match &command.act {
            AuditAct::Verify => told(verify(ledger.as_ref()).await?),
            AuditAct::Ls { since, action, json } => {
                list(ledger.as_ref(), *since, action.as_deref(), *json).await
            }
        })
        .await
    })
}

/// What the check of a trail found, with what it means and what to do.
fn told(verdict: Option<Verdict>) -> Result<(), Failure> {
    let broken = match verdict {
        None => return out(&"the audit trail has no rows yet".into()),
        Some(Ok(whole)) => {
            let (first, last, hash) = (whole.first, whole.last, whole.hash);
            return out(&shown!(
                "rows {first} to {last} are as they were written; row {last} has the hash {hash}"
            ));
        }
        Some(Err(Broken::Row(row))) => format!(
            "row {row} of the audit trail is not what was written there: it was changed, moved or taken out by \
             somebody who may write the ledger's file, or the file is damaged. The rows before it are sound; this one \
             and those behind it prove nothing"
        ),
        Some(Err(Broken::Before(row))) => format!(
            "row {row} is the first of the audit trail, and none tells that those before it were trimmed: somebody who \
             may write the ledger's file took them out, or the file is damaged. Nothing in the trail is proven"
        ),
    };
    Err(Failure::Other(anyhow::anyhow!(
        "{broken}. Keep a copy of the ledger as it is, compare its rows with those of the last backup \
         (`madang audit ls --json --data DIR`), and see who could write the data folder"
    )))
}

/// Prints the rows that are asked for, a step at a time.
async fn list(
    ledger: &dyn Ledger,
    since: Option<Timestamp>,
    action: Option<&str>,
    as_json: bool,
) -> Result<(), Failure> {
    let (mut after, mut printed) = (0, 0_u64);
    loop {
        let rows = ledger.acts(after, STEP).await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        let asked = rows.iter().filter(|row| {
            since.is_none_or(|since| row.at >= since)
                && action.is_none_or(|action| row.act.action == action)
        });
        for row in asked {
            printed += 1;
            match as_json {
                true => out_json(&object(row))?,
                false => out(&columns(row))?,
            }
        }
    }
    if printed == 0 {
        line(&shown!("no row fits, of a trail that ends with row {after}"));
    }
    Ok(())
}

fn object(Recorded { number, at, act, hash }: &Recorded) -> Value {
    json!({
        "number": number, "at": at.to_string(), "actor": act.actor, "action": act.action, "subject": act.subject,
        "detail": act.detail, "hash": hash.to_string(),
    })
}

/// A row for people. Whoever acted may have chosen what stands in it.
fn columns(Recorded { number, at, act, .. }: &Recorded) -> Shown {
    let [actor, action, subject, detail] =
        [&act.actor, &act.action, &act.subject, &act.detail].map(|text| Shown::new(text));
    let blank = if act.detail.is_empty() { "" } else { "  " };
    shown!("{number:>6}  {at}  {actor}  {action}  {subject}{blank}{detail}")
}
