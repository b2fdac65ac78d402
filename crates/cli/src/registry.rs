use std::collections::HashMap;
use std::ffi::OsString;

use anyhow::Context;
use madang_catalog::series::Series;
use madang_document::counted::counted;
use madang_ledger::reader::Reader;
use madang_pipeline::cataloguer;
use serde_json::Value;

use crate::api::{Api, idle_folder, part, query};
use crate::arguments::{Catalog, CatalogAct, ServiceOptions};
use crate::backends;
use crate::configuration::{Configuration, pipelines};
use crate::failure::Failure;
use crate::terminal::{
    line, out_all, out_json, out_json_indented, raw_text_of, shown, table, text_of,
};

/// `madang catalog`.
pub(crate) fn catalog(command: &Catalog) -> Result<(), Failure> {
    if let CatalogAct::Rebuild { sources } = &command.act {
        return rebuild(&command.place, sources);
    }
    let api = Api::reach(&command.place)?;
    match &command.act {
        CatalogAct::Rebuild { .. } => {}
        CatalogAct::Ls { limit } => {
            let (mut rows, mut all) = (Vec::new(), 0_usize);
            each_entry(&api, |dataset| {
                all += 1;
                if rows.len() >= *limit as usize {
                    return Ok(());
                }
                let title = dataset.get("dct:title").unwrap_or(&Value::Null);
                let status = text_of(dataset, "krd:extractStatus");
                rows.push(vec![
                    text_of(dataset, "dct:identifier"),
                    text_of(dataset, "dcat:version"),
                    if status.as_str().is_empty() { "series".into() } else { status },
                    text_of(title, "@value"),
                ]);
                Ok(())
            })?;
            out_all(&table(&["entry", "version", "status", "title"], &rows))?;
            if rows.len() < all {
                line(&shown!("{} of {all}; --limit shows more", rows.len()));
            }
        }
        CatalogAct::Show { id } => {
            let entry = api.get(&format!("/v1/catalog/entries/{}", part(id)))?;
            out_json_indented(&entry)?;
        }
        CatalogAct::Export { folder } => {
            std::fs::create_dir_all(folder)?;
            let mut ids = Vec::new();
            each_entry(&api, |dataset| {
                ids.push(raw_text_of(dataset, "dct:identifier").to_owned());
                Ok(())
            })?;
            for id in &ids {
                let entry = api.get(&format!("/v1/catalog/entries/{}", part(id)))?;
                let path = folder.join(format!("{}.jsonld", part(id)));
                let text = serde_json::to_string_pretty(&entry)? + "\n";
                std::fs::write(&path, text).with_context(|| path.display().to_string())?;
            }
            let written = counted(ids.len() as u64, "entry", "entries");
            line(&shown!("{written} written to {}", folder.display()));
        }
        CatalogAct::Changes { after } => {
            let mut after = *after;
            loop {
                let pairs = [("after", after.to_string())];
                let pairs: Vec<(&str, &str)> =
                    pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
                let page = api.get(&format!("/v1/catalog/changes{}", query(&pairs)))?;
                for change in page.get("changes").and_then(Value::as_array).into_iter().flatten() {
                    out_json(change)?;
                }
                let next = page.get("after").and_then(Value::as_u64).unwrap_or(after);
                if next == after || page.get("next").is_none_or(Value::is_null) {
                    break;
                }
                after = next;
            }
        }
    }
    Ok(())
}

/// Hands each live entry's dataset to `take`, page by page.
fn each_entry(
    api: &Api,
    mut take: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut path = "/v1/catalog?limit=1000".to_owned();
    loop {
        let page = api.get(&path)?;
        let graph =
            page.get("@graph").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for node in graph.iter().filter(|node| node.get("krd:contentHash").is_some()) {
            take(node)?;
        }
        let next = graph
            .iter()
            .find_map(|node| node.get("hydra:view")?.get("hydra:next")?.get("@id")?.as_str());
        // The address is that under which the service is known outside; here only its query counts.
        match next.and_then(|next| next.split_once('?')) {
            Some((_, query)) => path = format!("/v1/catalog?{query}"),
            None => return Ok(()),
        }
    }
}

/// Makes the entries anew from the documents and the declarations, and lets every other registry take all of them
/// again.
fn rebuild(place: &ServiceOptions, sources: &[OsString]) -> Result<(), Failure> {
    let asked = [("--url", &place.url), ("--key", &place.key)];
    if let Some((option, _)) = asked.iter().find(|(_, said)| said.is_some()) {
        return Err(Failure::usage(format!(
            "{option} says nothing here: `madang catalog rebuild` works on a data folder (--data) that no service runs \
             on, and asks none"
        )));
    }
    let configuration = Configuration::read(place.config.as_deref(), backends::BUCKETS)?;
    let data = idle_folder(place.data.as_ref(), place.config.as_ref())?;
    let series: HashMap<String, Series> = pipelines(
        sources,
        &configuration.data(place.data.as_deref()),
        &configuration,
        backends::BUCKETS,
    )?
    .into_iter()
    .map(|pipeline| (pipeline.name, pipeline.series))
    .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        backends::closing(backends::ledger(&data).await?, async |ledger| {
            let changed = cataloguer::rebuild(ledger, &series).await?;
            for registry in &configuration.registries {
                ledger.reset(&Reader::Registry(registry.name.clone())).await?;
            }
            line(&shown!("{} changed", counted(changed, "entry", "entries")));
            Ok(())
        })
        .await?;
        if !configuration.registries.is_empty() {
            let others = configuration.registries.len() as u64;
            line(&shown!(
                "{} every entry again when `madang up` runs",
                counted(others, "other registry takes", "other registries take")
            ));
        }
        Ok(())
    })
}
