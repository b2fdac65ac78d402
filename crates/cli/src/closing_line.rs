use std::path::PathBuf;

use madang_document::counted::counted;
use madang_document::principal::Scope;
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Balance;
use madang_pipeline::declaration::Pipeline;

use crate::arguments::Up;
use crate::failure::Failure;
use crate::progress::summary;
use crate::terminal::{line, out, short_path, short_reason, shown};

/// Says at the start which pipelines the ledger has files of, and this run does not declare: they would live on unseen.
pub(crate) async fn undeclared(ledger: &dyn Ledger, pipelines: &[Pipeline]) -> Result<(), Failure> {
    for queue in ledger.queues().await? {
        let declared = pipelines.iter().any(|pipeline| pipeline.name == queue.name);
        if !declared && !ledger.known(&queue.name, None, 1).await?.is_empty() {
            line(&shown!(
                "{}: this pipeline is not declared in this run; what was read of it stays found, and what changes \
                 or goes in its source is not seen (README: a pipeline that is renamed or removed)",
                queue.name
            ));
        }
    }
    Ok(())
}

/// Prints the closing line, after what stands beside it. Scripts read it, so it counts as a failure if they cannot.
pub(crate) async fn closing_line(
    ledger: &dyn Ledger,
    pipelines: &[Pipeline],
    command: &Up,
) -> Result<(), Failure> {
    remarks(ledger, pipelines, command).await?;
    out(&summary(&ledger.balance(&Scope::All).await?))
}

/// Lines about left-out files that are printed at most; the command that prints all of them is named then.
const REMARKS: usize = 20;

/// What stands beside the closing line: what was left out, which disappearances wait for the operator's word, and
/// what waits for pipelines that are not declared.
async fn remarks(ledger: &dyn Ledger, pipelines: &[Pipeline], command: &Up) -> Result<(), Failure> {
    let named = |option: &str, path: &Option<PathBuf>| {
        path.as_ref().map_or_else(String::new, |path| format!(" {option} {}", path.display()))
    };
    let here = named("--data", &command.data) + &named("--config", &command.config);
    for pipeline in pipelines {
        if let Some(held) = ledger.held(&pipeline.name).await? {
            line(&shown!(
                "{}: {} of {} gone; nothing is withdrawn until `madang queue release {}{here}`, and the \
                 next run",
                pipeline.name,
                held.missing,
                counted(held.known, "file is", "files are"),
                pipeline.name
            ));
        }
    }
    for queue in ledger.queues().await? {
        let waits = queue.ready + queue.waiting + queue.leased;
        if waits > 0 && !pipelines.iter().any(|pipeline| pipeline.name == queue.name) {
            line(&shown!(
                "{}: {} for this pipeline, which is not declared in this run",
                queue.name,
                counted(waits, "file waits", "files wait")
            ));
        }
    }
    let Balance { left_out, sidecars, .. } = ledger.balance(&Scope::All).await?;
    if sidecars > 0 {
        let (which, whom) = (counted(sidecars, "describes", "describe"), "other files");
        line(&shown!("of those indexed, {which} {whom} and can be found under those"));
    }
    if left_out == 0 {
        return Ok(());
    }
    for (pipeline, one) in ledger.left_outs(&Scope::All, None, REMARKS as u32).await?.readable() {
        let (path, reason) = (short_path(&one.key), short_reason(&one.reason));
        line(&shown!("{pipeline}: {path}: left out: {reason}"));
    }
    let more = if left_out > REMARKS as u64 { " (madang queue left-out lists them)" } else { "" };
    line(&shown!("left out {left_out}{more}"));
    Ok(())
}
