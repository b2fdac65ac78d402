use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::cause::told;
use madang_document::counted::counted;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use madang_document::principal::{Role, Scope};
use madang_document::shown::Shown;
use madang_ledger::keys::NewKey;
use madang_ledger::ledger::Ledger;
use madang_pipeline::board::Board;
use madang_pipeline::declaration::Pipeline;
use madang_pipeline::indexer::Indexing;
use madang_pipeline::indexers::Indexers;
use madang_store::blobs::Blobs;
use madang_store::error::StoreError;
use madang_store::store::{Seen, Store};

use crate::api::idle_folder;
use crate::arguments::{Check, Index, IndexAct, Key, KeyAct};
use crate::configuration::{Configuration, look_over};
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::terminal::{line, out, out_all, short_path, short_reason, shown, table};
use crate::{backends, local_key, models};

/// `madang index`.
pub(crate) fn index(command: &Index) -> Result<(), Failure> {
    let data = idle_folder(command.data.as_ref(), command.config.as_ref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        backends::closing(backends::ledger(&data).await?, async |ledger| {
            let index = backends::index(&data)?;
            let blobs = backends::blobs(&data)?;
            if matches!(command.act, IndexAct::Rebuild) {
                let indexers = Indexers::new(Indexing {
                    ledger: Arc::clone(ledger),
                    blobs: blobs.clone(),
                    index: Arc::clone(&index),
                    board: Board::new(backends::clock()),
                    clock: backends::clock(),
                });
                indexers.rebuild().await.map_err(anyhow::Error::from)?;
            }
            verify(ledger.as_ref(), index.as_ref()).await?;
            texts(ledger.as_ref(), &blobs, command.act).await
        })
        .await
    })
}

/// Compares the index with the ledger.
async fn verify(
    ledger: &dyn Ledger,
    index: &dyn madang_index::index::Index,
) -> Result<(), Failure> {
    let (mut wrong, mut unreadable, mut unusable) = (0_u64, 0_u64, Vec::new());
    let held = ledger.partitions().await?.into_iter().chain(index.partitions()?);
    let partitions: BTreeSet<Partition> = held.collect();
    for partition in partitions {
        let census = match index.verify(&partition) {
            Err(error) if error.must_be_rebuilt() => {
                line(&shown!("{partition}: {}", told(&error)));
                unusable.push(partition);
                continue;
            }
            census => census?,
        };
        let indexed: BTreeSet<DocumentId> = census.ids.iter().copied().collect();
        let mut live = BTreeSet::new();
        let mut after = None;
        loop {
            let page = ledger.ids_after(&partition, after, 1000).await?;
            after = page.last().copied();
            if page.is_empty() {
                break;
            }
            live.extend(page);
        }
        let (mut missing, mut unread, mut sidecars) = (Vec::new(), 0, 0);
        for id in live.difference(&indexed) {
            match ledger.document(*id).await {
                Err(error) if error.is_of_the_act() => {
                    line(&shown!("{partition}: {id}: missing: {error}"));
                    unread += 1;
                }
                Err(error) => return Err(error.into()),
                // What describes another file is found under that.
                Ok(Some(stored)) if stored.document.is_sidecar() => sidecars += 1,
                Ok(_) => missing.push(id),
            }
        }
        unreadable += unread;
        let extra: Vec<_> = indexed.difference(&live).collect();
        for (what, ids) in [
            ("missing", &missing),
            ("not in the ledger", &extra),
            ("doubled", &census.doubled.iter().collect()),
        ] {
            for id in ids {
                line(&shown!("{partition}: {id}: {what}"));
            }
            wrong += ids.len() as u64;
        }
        out(&shown!(
            "{partition}: {}, {} indexed, {} missing, {} extra, {} doubled",
            counted(live.len() as u64 - sidecars, "document", "documents"),
            indexed.len(),
            missing.len() as u64 + unread,
            extra.len(),
            census.doubled.len()
        ))?;
    }
    match verdict(wrong, unreadable, &unusable) {
        None => Ok(()),
        Some(told) => Err(Failure::Other(anyhow::anyhow!(told))),
    }
}

/// What is the matter with an index, and the cure; none if it is whole.
fn verdict(wrong: u64, unreadable: u64, unusable: &[Partition]) -> Option<String> {
    let named: Vec<String> = unusable.iter().map(Partition::to_string).collect();
    let cure = "`madang index rebuild` makes the index anew, and so does `madang up` by itself";
    let documents = |count| counted(count, "document", "documents");
    match (named.as_slice(), wrong, unreadable) {
        ([], 0, 0) => None,
        ([], 0, n) => Some(format!(
            "{} cannot be read from the ledger, so no index holds them; restore the ledger or drop their files \
             again (madang queue noted)",
            documents(n)
        )),
        ([], n, _) => Some(format!("index and ledger differ in {}; {cure}", documents(n))),
        (named, ..) => Some(format!("the index of {} cannot be used; {cure}", named.join(", "))),
    }
}

/// Looks whether the texts of all live documents are there. A rebuild has noted those that are not.
async fn texts(ledger: &dyn Ledger, blobs: &Blobs, act: IndexAct) -> Result<(), Failure> {
    let mut lost = 0_u64;
    for partition in ledger.partitions().await? {
        let mut after = None;
        loop {
            let page = ledger.ids_after(&partition, after, 1000).await?;
            after = page.last().copied();
            if page.is_empty() {
                break;
            }
            // Those that cannot be read are told of already.
            let (stored, _) = ledger.documents(&page).await?.parted();
            for text in stored.iter().filter_map(|stored| stored.document.text.as_ref()) {
                lost += u64::from(!blobs.has(text).await?);
            }
        }
    }
    match (lost, act) {
        (0, _) => Ok(()),
        (_, IndexAct::Rebuild) => {
            line(&shown!(
                "{} lost: madang queue noted; `madang up` reads their files again",
                counted(lost, "text is", "texts are")
            ));
            Ok(())
        }
        (_, IndexAct::Verify) => Err(Failure::Other(anyhow::anyhow!(
            "{} lost: `madang index rebuild` notes them (madang queue noted), and `madang up` reads their files again",
            counted(lost, "text is", "texts are")
        ))),
    }
}

/// `madang key`.
pub(crate) fn key(command: &Key) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let path = configuration.data(command.data.as_deref());
    if !DataFolder::exists_at(&path) {
        return Err(DataFolder::nothing_at(&path, ", or start a service with `madang up`"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Keys can be made while a service runs: the ledger takes several writers, one after the other.
        let ledger = backends::ledger_at(&path).await?;
        backends::closing(ledger, async |ledger| keys(ledger.as_ref(), &command.act).await).await
    })
}

async fn keys(ledger: &dyn Ledger, act: &KeyAct) -> Result<(), Failure> {
    match act {
        KeyAct::New { name, .. } if name.trim().is_empty() => {
            return Err(Failure::usage(
                "a key needs a name that says what it is for, as in `madang key new \"nightly export\"`",
            ));
        }
        KeyAct::New { name, roles, agencies } => {
            let mut roles = roles
                .iter()
                .map(|word| {
                    Role::parse(word).ok_or_else(|| {
                        Failure::usage(format!(
                            "no role `{word}`; there are search, drop, operate, admin"
                        ))
                    })
                })
                .collect::<Result<Vec<Role>, Failure>>()?;
            roles.sort_unstable();
            roles.dedup();
            let agencies = match agencies.is_empty() {
                true => Scope::All,
                false => Scope::Only(
                    agencies
                        .iter()
                        .map(|code| code.parse().map_err(Failure::usage))
                        .collect::<Result<_, Failure>>()?,
                ),
            };
            if let Scope::Only(codes) = &agencies {
                let known = ledger.queues().await?.into_iter().map(|queue| queue.agency).collect();
                if let Some(told) = unknown(codes, &known) {
                    line(&told);
                }
            }
            let secret = local_key::new()?;
            let key = NewKey {
                hash: BlobId::of(secret.as_bytes()),
                prefix: local_key::prefix(&secret),
                name: name.clone(),
                roles,
                agencies,
            };
            let key = ledger.put_key(&key, "local").await?;
            line(&shown!("key {} for {}; it is shown only this once:", key.id, key.name));
            out(&Shown::new(&secret))?;
        }
        KeyAct::Ls => {
            let rows: Vec<Vec<Shown>> = ledger
                .keys()
                .await?
                .into_iter()
                .map(|key| {
                    let roles: Vec<&str> = key.roles.iter().map(|role| role.as_str()).collect();
                    let agencies = match &key.agencies {
                        Scope::All => "all".to_owned(),
                        Scope::Only(codes) => {
                            codes.iter().map(Agency::as_str).collect::<Vec<_>>().join(",")
                        }
                    };
                    vec![
                        shown!("{}", key.id),
                        shown!("{}…", key.prefix),
                        Shown::new(&key.name),
                        Shown::new(&roles.join(",")),
                        Shown::new(&agencies),
                        shown!("{}", key.created_at),
                        key.revoked_at.map_or_else(Shown::default, |at| shown!("revoked {at}")),
                    ]
                })
                .collect();
            out_all(&table(&["key", "begins", "name", "roles", "agencies", "made", ""], &rows))?;
        }
        KeyAct::Revoke { id } => {
            ledger.revoke_key(*id, "local").await.map_err(Failure::usage)?;
            line(&shown!("key {id} is revoked"));
        }
    }
    Ok(())
}

/// That a key is for agencies of which no pipeline has run here; none if there is one for each. It may come yet.
fn unknown<'a>(
    asked: impl IntoIterator<Item = &'a Agency>,
    known: &BTreeSet<Agency>,
) -> Option<Shown> {
    let unknown: Vec<&str> =
        asked.into_iter().filter(|code| !known.contains(code)).map(Agency::as_str).collect();
    let known: Vec<&str> = known.iter().map(Agency::as_str).collect();
    let there = match known.is_empty() {
        true => "there is none yet".to_owned(),
        false => format!("there are {}", known.join(", ")),
    };
    (!unknown.is_empty()).then(|| {
        shown!(
            "madang: no pipeline here is of agency {}, so the key sees nothing of it ({there})",
            unknown.join(", ")
        )
    })
}

/// `madang check`: everything that is wrong, at once.
pub(crate) fn check(command: &Check) -> Result<(), Failure> {
    let mut failures = Vec::new();
    let read = Configuration::read(command.config.as_deref(), backends::BUCKETS);
    let is_read = read.is_ok();
    let configuration = read.unwrap_or_else(|failure| {
        failures.push(failure);
        Configuration::default()
    });
    let data = configuration.data(command.data.as_deref());
    let (pipelines, wrong) = look_over(&command.sources, &data, &configuration, backends::BUCKETS);
    failures.extend(wrong);
    // Without the stores that it declares, what a bucket says would be about keys that nobody left out.
    if !is_read {
        return Failure::none_of(failures);
    }
    failures.extend(backends::unfit_registries(&configuration));
    match models::speech_model(&configuration, &data) {
        Ok(model) => out(&shown!("{}", models::told(model.as_deref())))?,
        Err(failure) => failures.push(failure),
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut unreachable = 0;
    let stores = backends::each_store(&pipelines, &configuration, &data);
    for (pipeline, store) in pipelines.iter().zip(stores) {
        let store = match store {
            Ok(store) => store,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        match runtime.block_on(looked_over(store.as_ref(), pipeline)) {
            Ok((taken, left_out)) => {
                let taken = counted(taken, "file", "files");
                out(&shown!("{}: {}: ok, {taken}", pipeline.name, store.place()))?;
                for (key, reason, unlisted) in left_out {
                    let (path, reason) = (short_path(&key), short_reason(&reason));
                    line(&shown!("{}: {path}: {reason}", pipeline.name));
                    unreachable += u64::from(unlisted);
                }
            }
            Err(error) => {
                let error = short_reason(&error.told_of(&store.place()));
                line(&shown!("{}: {error}", pipeline.name));
                unreachable += 1;
            }
        }
    }
    if unreachable > 0 {
        failures.push(Failure::Silent(1));
    }
    Failure::none_of(failures)
}

/// How many files a pipeline would take from its store, and what of it could not be taken: key, reason, and whether
/// it could not even be listed.
async fn looked_over(
    store: &dyn Store,
    pipeline: &Pipeline,
) -> Result<(u64, Vec<(String, String, bool)>), StoreError> {
    let mut listing = store.list();
    let (mut taken, mut left_out) = (0, Vec::new());
    while let Some(seen) = listing.next().await {
        match seen? {
            Seen::Object(file) => taken += u64::from(pipeline.source.filter.takes(&file.path)),
            Seen::LeftOut(it) if pipeline.source.filter.takes(&it.key) => {
                left_out.push((it.key, it.reason, false));
            }
            Seen::LeftOut(_) => {}
            Seen::Unlisted { key, reason } => left_out.push((key, reason, true)),
        }
    }
    Ok((taken, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(code: &str) -> Agency {
        code.parse().unwrap()
    }

    #[test]
    fn what_is_wrong_with_an_index_is_told_with_the_cure() {
        let rebuild = "madang index rebuild";
        for (wrong, unreadable, unusable, words) in [
            (0, 0, &[] as &[&str], &[] as &[&str]),
            (0, 1, &[], &["1 document cannot be read", "madang queue noted"]),
            (1, 0, &[], &["differ in 1 document;", rebuild]),
            (2, 3, &[], &["differ in 2 documents;", rebuild]),
            (2, 0, &["1741000", "5360000"], &["the index of 1741000, 5360000", rebuild]),
        ] {
            let unusable: Vec<Partition> =
                unusable.iter().map(|code| Partition::of(agency(code))).collect();
            let told = verdict(wrong, unreadable, &unusable);
            assert_eq!(told.is_none(), words.is_empty(), "{told:?}");
            for word in words {
                assert!(told.as_ref().is_some_and(|told| told.contains(word)), "{word}: {told:?}");
            }
        }
    }

    #[test]
    fn a_key_for_an_agency_that_nobody_has_is_warned_of() {
        let known = BTreeSet::from([agency("1741000"), agency("5360000")]);
        let told = |asked: &[&str], known| {
            let asked: Vec<Agency> = asked.iter().map(|code| agency(code)).collect();
            unknown(&asked, known).map(|told| told.to_string())
        };
        assert_eq!(told(&["1741000", "5360000"], &known), None);
        let one = told(&["1741000", "9999999"], &known).unwrap();
        assert!(one.contains("of agency 9999999,"), "{one}");
        assert!(one.contains("there are 1741000, 5360000"), "{one}");
        assert!(told(&["9999999"], &BTreeSet::new()).unwrap().contains("there is none yet"));
    }
}
