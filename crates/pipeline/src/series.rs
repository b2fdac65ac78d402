use madang_catalog::series::{Series, entry};
use madang_ledger::error::Result;
use madang_ledger::ledger::Ledger;

/// Writes the entries of these drop folders as their contents stand now; an unchanged one is no event. A folder
/// without assets has no entry: DCAT-AP 3 wants at least one dataset in a series. One whose assets are all gone
/// keeps its entry, with nothing in it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn refresh(ledger: &dyn Ledger, series: &[&Series]) -> Result<u64> {
    let mut drafts = Vec::new();
    for series in series {
        let extent = ledger.extent(&series.pipeline).await?;
        if extent.objects == 0 && ledger.entry(&series.id()).await?.is_none() {
            continue;
        }
        drafts.push(entry(series, &extent));
    }
    ledger.put_entries(&drafts).await
}
