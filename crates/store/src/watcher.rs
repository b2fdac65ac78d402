use tokio::sync::mpsc;

/// Hears what happens in a store.
///
/// A hint only: whatever is heard is looked at again, and the hourly listing finds what was not heard.
#[derive(Debug)]
pub struct Watcher(mpsc::Receiver<Heard>);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something about this key: look at it.
    Path(String),
    /// So much happened that only a listing tells what.
    Everything,
    /// A folder that cannot be listened to, while the rest is: what happens in it and below it is found by
    /// listing only, until it is [`Heard::Again`]. Tried again every now and then.
    Deaf {
        /// Its key.
        folder: String,
        /// Why, and the cure.
        reason: String,
    },
    /// A folder that can be listened to again.
    Again(String),
}

impl Watcher {
    /// What is sent here is heard; when the sender goes, watching has ended.
    pub fn new(events: mpsc::Receiver<Heard>) -> Watcher {
        Watcher(events)
    }

    /// The next thing that happened; none when watching ended.
    pub async fn next(&mut self) -> Option<Heard> {
        self.0.recv().await
    }

    /// The next thing that happened, if it is known already.
    pub fn ready(&mut self) -> Option<Heard> {
        self.0.try_recv().ok()
    }
}
