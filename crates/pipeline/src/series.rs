use madang_catalog::series::{Series, entry};
use madang_document::entry::Draft;
use madang_ledger::error::Result;
use madang_ledger::ledger::Ledger;

/// Writes the entries of these drop folders as their contents stand now; an unchanged one is no event. A folder
/// without assets has no entry: DCAT-AP 3 wants at least one dataset in a series. One whose assets are all gone
/// keeps its entry, with nothing in it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn refresh(ledger: &dyn Ledger, series: &[&Series]) -> Result<u64> {
    ledger.put_entries(&drafts(ledger, series).await?).await
}

/// Whether the entries of these drop folders say how their contents stand now. Writes nothing.
///
/// # Errors
/// When the ledger does not answer.
pub async fn are_fresh(ledger: &dyn Ledger, series: &[&Series]) -> Result<bool> {
    for draft in drafts(ledger, series).await? {
        // One that cannot be read back is to be written anew.
        let written = match ledger.entry(&draft.id).await {
            Err(error) if error.is_of_the_act() => None,
            entry => entry?,
        };
        if !written.is_some_and(|written| !written.withdrawn && written.draft == draft) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether there is an entry, readable or not.
async fn has_entry(ledger: &dyn Ledger, id: &str) -> Result<bool> {
    match ledger.entry(id).await {
        Err(error) if error.is_of_the_act() => Ok(true),
        entry => Ok(entry?.is_some()),
    }
}

async fn drafts(ledger: &dyn Ledger, series: &[&Series]) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for series in series {
        let extent = ledger.extent(&series.pipeline).await?;
        if extent.objects == 0 && !has_entry(ledger, &series.id()).await? {
            continue;
        }
        drafts.push(entry(series, &extent));
    }
    Ok(drafts)
}
