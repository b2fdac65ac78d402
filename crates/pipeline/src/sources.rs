use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::rest::SettleError;
use crate::source::{Ask, SourceState};
use crate::workers::Missed;

/// The sources that run in this process, by the names of their pipelines: how they are asked, and how they fare.
#[derive(Default)]
pub(crate) struct Sources(BTreeMap<String, Running>);

struct Running {
    asks: mpsc::Sender<Ask>,
    state: watch::Receiver<SourceState>,
}

impl Sources {
    /// A source begins to run: where it is asked, and where it tells how it fares.
    pub(crate) fn begin(
        &mut self,
        pipeline: &str,
    ) -> (mpsc::Receiver<Ask>, watch::Sender<SourceState>) {
        let (asks, asked) = mpsc::channel(256);
        let (told, state) = watch::channel(SourceState::default());
        self.0.insert(pipeline.to_owned(), Running { asks, state });
        (asked, told)
    }

    /// Asks a source. Gives whether there is such a one.
    pub(crate) async fn ask(&self, pipeline: &str, ask: Ask) -> bool {
        match self.0.get(pipeline) {
            Some(source) => source.asks.send(ask).await.is_ok(),
            None => false,
        }
    }

    /// Whether the source of this pipeline runs here.
    pub(crate) fn runs(&self, pipeline: &str) -> bool {
        self.0.contains_key(pipeline)
    }

    /// Where workers tell of objects that are not there.
    pub(crate) fn missed(&self) -> Missed {
        let asks: BTreeMap<String, mpsc::Sender<Ask>> =
            self.0.iter().map(|(name, source)| (name.clone(), source.asks.clone())).collect();
        Arc::new(move |pipeline, path| {
            // A source that is too busy to be told hears of it when the object is tried again.
            if let Some(asks) = asks.get(pipeline) {
                let _ = asks.try_send(Ask::LookAt(path.to_owned()));
            }
        })
    }

    /// Waits until all that was there has settled.
    ///
    /// # Errors
    /// When a source cannot be listed, with its reason.
    pub(crate) async fn settled(&self) -> Result<(), SettleError> {
        for (name, source) in &self.0 {
            let mut state = source.state.clone();
            let now = state.wait_for(|state| state.settled || state.failure.is_some()).await;
            if let Ok(state) = now
                && let Some(reason) = &state.failure
            {
                return Err(SettleError::Source { pipeline: name.clone(), reason: reason.clone() });
            }
        }
        Ok(())
    }

    /// The first paths of a mass disappearance that a source holds; none if it holds none, or does not run here.
    pub(crate) fn held(&self, pipeline: &str) -> Vec<String> {
        self.0.get(pipeline).map(|source| source.state.borrow().held.clone()).unwrap_or_default()
    }

    /// What a source could not list: the pipeline, the path, and the reason with the cure.
    pub(crate) fn unlisted(&self, pipeline: &str) -> Vec<(String, String, String)> {
        let Some(source) = self.0.get(pipeline) else { return Vec::new() };
        let state = source.state.borrow();
        let all = state.unlisted.iter();
        all.map(|(path, reason)| (pipeline.to_owned(), path.clone(), reason.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn sources_are_asked_by_their_names_and_waited_for_until_one_fails() {
        let mut sources = Sources::default();
        let (mut asked, told) = sources.begin("press");
        assert!(sources.ask("press", Ask::Reconcile).await);
        assert!(!sources.ask("other", Ask::Reconcile).await);
        assert_eq!(asked.try_recv(), Ok(Ask::Reconcile));
        assert!(sources.runs("press") && !sources.runs("other"));
        let missed = sources.missed();
        missed("other", "a.txt");
        missed("press", "b.txt");
        assert_eq!(asked.try_recv(), Ok(Ask::LookAt("b.txt".to_owned())));

        let unlisted = vec![("shut".to_owned(), "denied".to_owned())];
        let held = vec!["gone.txt".to_owned()];
        told.send_replace(SourceState { settled: true, failure: None, unlisted, held });
        assert!(sources.settled().now_or_never().is_some_and(|settled| settled.is_ok()));
        let expected = ("press".to_owned(), "shut".to_owned(), "denied".to_owned());
        assert_eq!(
            (sources.unlisted("press"), sources.unlisted("other")),
            (vec![expected], vec![])
        );

        assert_eq!(
            (sources.held("press"), sources.held("other")),
            (vec!["gone.txt".into()], vec![])
        );

        let (_asked, failing) = sources.begin("bucket");
        let failure = Some("no such bucket".to_owned());
        failing.send_replace(SourceState { failure, ..SourceState::default() });
        let settled = sources.settled().now_or_never().expect("nobody waits for one that failed");
        let words = settled.unwrap_err().to_string();
        assert_eq!(words, "pipeline `bucket`: no such bucket");
    }
}
