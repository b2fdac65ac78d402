use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use madang_document::principal::Scope;
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Balance;
use tokio::task::JoinHandle;

/// Shows how an ingestion goes: a bar with counts and rate on a terminal, a line now and then elsewhere.
pub(crate) fn show(ledger: Arc<dyn Ledger>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(
            "{spinner} {bar:30} {pos}/{len} files  {per_sec}  {msg}  {elapsed}",
        ) {
            bar.set_style(style);
        }
        let mut said = Instant::now();
        let mut before = Balance::default();
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let Ok(balance) = ledger.balance(&Scope::All).await else { continue };
            bar.set_length(balance.received);
            bar.set_position(balance.received - balance.in_flight.min(balance.received));
            bar.set_message(format!("{} quarantined", balance.quarantined));
            if !terminal && balance != before && said.elapsed() >= Duration::from_secs(10) {
                line(&format!("progress: {}", summary(&balance)));
                said = Instant::now();
                before = balance;
            }
        }
    })
}

/// `received N, indexed N, quarantined N, deleted N, in flight N, members N`.
pub(crate) fn summary(balance: &Balance) -> String {
    format!(
        "received {}, indexed {}, quarantined {}, deleted {}, in flight {}, members {}",
        balance.received,
        balance.done,
        balance.quarantined,
        balance.deleted,
        balance.in_flight,
        balance.members
    )
}

/// Prints a line to standard error; a closed standard error is no reason to stop.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a line to standard output.
///
/// # Errors
/// When standard output is closed: the reader has seen enough.
pub(crate) fn out(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}
