use std::collections::BTreeSet;

use madang_store::store::Store;
use madang_store::watcher::{Heard, Watcher};

/// What a source hears of its store between two listings, and how much of it.
pub(crate) struct Hearing {
    pipeline: String,
    watcher: Option<Watcher>,
    /// Whether the store could be listened to, or never tells anything.
    can_hear: bool,
    /// Folders that cannot be listened to.
    deaf: BTreeSet<String>,
}

/// What is to be done about something heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing.
    Nothing,
    /// This path is looked at.
    Path(String),
    /// From some folder nothing is heard any more: it is listed more often.
    Deaf,
    /// Only a listing tells what happened.
    Everything,
}

impl Hearing {
    /// Of a store that nobody listens to yet.
    pub(crate) fn of(pipeline: &str) -> Hearing {
        let deaf = BTreeSet::new();
        Hearing { pipeline: pipeline.to_owned(), watcher: None, can_hear: true, deaf }
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.watcher.is_some()
    }

    /// Whether it was refused to listen when that was last tried.
    pub(crate) fn is_refused(&self) -> bool {
        !self.can_hear
    }

    /// Whether nothing can happen that is not heard, or the store never tells anything.
    pub(crate) fn is_whole(&self) -> bool {
        self.can_hear && self.deaf.is_empty()
    }

    /// Begins to listen. A store that never tells anything is listed as often as declared; one that cannot just
    /// now, every minute.
    pub(crate) async fn listen(&mut self, store: &dyn Store) {
        self.watcher = match store.watch().await {
            Ok(watcher) => {
                self.can_hear = true;
                watcher
            }
            Err(error) => {
                if std::mem::replace(&mut self.can_hear, false) {
                    tracing::warn!(pipeline = self.pipeline, %error, "no events: it is listed every minute instead");
                }
                None
            }
        };
    }

    /// The next thing that is heard; none when listening ended. Where nobody listens nothing comes.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        match &mut self.watcher {
            Some(watcher) => watcher.next().await,
            None => std::future::pending().await,
        }
    }

    /// The next thing that was heard already.
    pub(crate) fn ready(&mut self) -> Option<Heard> {
        self.watcher.as_mut().and_then(Watcher::ready)
    }

    /// Takes note of what the watcher says; none is its end.
    pub(crate) fn take(&mut self, heard: Option<Heard>) -> News {
        match heard {
            Some(Heard::Path(path)) => News::Path(path),
            Some(Heard::Everything) => News::Everything,
            Some(Heard::Deaf { folder, reason }) => {
                tracing::warn!(pipeline = self.pipeline, %folder, %reason, "no events from this folder: it is listed every minute");
                self.deaf.insert(folder);
                News::Deaf
            }
            Some(Heard::Again(folder)) => match self.deaf.remove(&folder) {
                true => News::Everything,
                false => News::Nothing,
            },
            None => {
                self.watcher = None;
                self.deaf.clear();
                News::Everything
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_says_whether_to_look_or_to_list() {
        let deaf = |folder: &str| Heard::Deaf { folder: folder.into(), reason: "limit".into() };
        let mut hearing = Hearing::of("press");
        // What is heard, what is done, whether all is heard then.
        for (heard, news, is_whole) in [
            (Some(Heard::Path("a".into())), News::Path("a".into()), true),
            (Some(Heard::Everything), News::Everything, true),
            (Some(deaf("x")), News::Deaf, false),
            (Some(deaf("y")), News::Deaf, false),
            (Some(Heard::Again("x".into())), News::Everything, false),
            (Some(Heard::Again("x".into())), News::Nothing, false),
            (Some(Heard::Again("y".into())), News::Everything, true),
            (Some(deaf("x")), News::Deaf, false),
            (None, News::Everything, true),
        ] {
            assert_eq!(hearing.take(heard.clone()), news, "{heard:?}");
            assert_eq!(hearing.is_whole(), is_whole, "{heard:?}");
        }
    }
}
