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
        let mut styled = None;
        let mut said = Instant::now();
        let mut before = Balance::default();
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let Ok(balance) = ledger.balance(&Scope::All).await else { continue };
            let template = template(&balance);
            if styled.replace(template) != Some(template)
                && let Ok(style) = ProgressStyle::with_template(template)
            {
                bar.set_style(style);
            }
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

/// What the bar looks like. Before anything is known there is nothing to fill: 0 of 0 would be a full bar.
fn template(balance: &Balance) -> &'static str {
    match balance.received {
        0 => "{spinner} looking for files  {elapsed}",
        _ => "{spinner} {bar:30} {pos}/{len} files  {per_sec}  {msg}  {elapsed}",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_bar_before_anything_is_known() {
        let received = |received| Balance { received, ..Balance::default() };
        for (balance, bar) in [(received(0), false), (received(1), true)] {
            let template = template(&balance);
            assert_eq!(template.contains("{bar"), bar, "{template}");
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
