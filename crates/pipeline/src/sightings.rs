use std::sync::Arc;

use madang_document::cause::told;
use madang_document::object::ObjectRef;
use madang_document::sidecar::described;
use madang_ledger::error::LedgerError;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::objects::Sighting;
use madang_store::store::Listed;

use crate::batch::{self, of_the_act};
use crate::declaration::Pipeline;
use crate::noted::Noted;
use crate::source::Source;

/// What a source sees, on its way into the ledger.
pub(crate) struct Sightings {
    source: Source,
    noted: Noted,
}

impl Sightings {
    pub(crate) fn of(source: Source) -> Sightings {
        let noted = Noted::new(Arc::clone(&source.ledger), By::Source(source.name().to_owned()));
        Sightings { source, noted }
    }

    /// Records the sightings of these files, in one transaction. One that the ledger refuses for good is noted and
    /// passed over. Gives how many paths are live that were not.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn record(&mut self, files: &[Listed]) -> Result<u64, LedgerError> {
        self.noted.begin_pass();
        let sightings: Vec<Sighting> = files
            .iter()
            .map(|file| sighting(&self.source.pipeline, self.source.store.name(), file, 3))
            .collect();
        let ledger = &self.source.ledger;
        let see = |part| ledger.see(part);
        let seen =
            batch::take(&sightings, see, of_the_act, &mut self.noted, |noted, one, error| {
                Box::pin(async move {
                    let (path, agency) = (one.object.path.clone(), Some(one.agency.clone()));
                    noted.note(NoteKind::ObjectRefused, path, agency, &told(&error), 0).await
                })
            });
        let received = seen.await?.answers().iter().map(|seen| seen.received).sum();
        let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        (self.source.outdated)(self.source.store.name(), &paths);
        self.noted.settle(paths.into_iter()).await?;
        Ok(received)
    }
}

/// The sighting of a file by a pipeline, with the priority of its job: 1 for what a person waits for, 3 for a drop. What
/// describes other files goes before them, so that they are read once.
pub fn sighting(pipeline: &Pipeline, store: &str, file: &Listed, priority: u8) -> Sighting {
    Sighting {
        object: ObjectRef {
            store: store.to_owned(),
            path: file.path.clone(),
            version: file.version.clone(),
            size: file.size,
        },
        pipeline: pipeline.name.clone(),
        agency: pipeline.agency.clone(),
        modified: file.modified,
        priority: if described(&file.path).is_some() { priority.min(2) } else { priority },
    }
}
