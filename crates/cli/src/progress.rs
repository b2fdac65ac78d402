use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use madang_document::principal::Scope;
use madang_document::shown::Shown;
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Balance;
use tokio::task::JoinHandle;

use crate::terminal::{line, shown};

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
                line(&shown!("progress: {}", summary(&balance)));
                said = Instant::now();
                before = balance;
            }
        }
    })
}

/// `received N, indexed N, quarantined N, deleted N, in flight N, members N`.
pub(crate) fn summary(balance: &Balance) -> Shown {
    shown!(
        "received {}, indexed {}, quarantined {}, deleted {}, in flight {}, members {}",
        balance.received,
        balance.done,
        balance.quarantined,
        balance.deleted,
        balance.in_flight,
        balance.members
    )
}
