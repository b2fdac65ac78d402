use std::collections::HashMap;

use madang_catalog::series::{Series, entry};
use madang_ledger::error::Result;
use madang_ledger::ledger::Ledger;

/// Writes the entry of each drop folder as its contents stand now; an unchanged one is no event. A folder
/// without assets has no entry: DCAT-AP 3 wants at least one dataset in a series. One whose assets are all gone
/// keeps its entry, with nothing in it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn refresh(ledger: &dyn Ledger, series: &HashMap<String, Series>) -> Result<u64> {
    let mut drafts = Vec::new();
    let mut names: Vec<&String> = series.keys().collect();
    names.sort();
    for series in names.into_iter().filter_map(|name| series.get(name)) {
        let extent = ledger.extent(&series.pipeline).await?;
        if extent.objects == 0 && ledger.entry(&series.id()).await?.is_none() {
            continue;
        }
        drafts.push(entry(series, &extent));
    }
    ledger.put_entries(&drafts).await
}
