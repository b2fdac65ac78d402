use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use madang_document::outcome::Outcome;
use madang_extract::extraction::Extraction;

use crate::limits::Limits;
use crate::zygote::Zygote;

/// What is to be extracted.
pub enum Input {
    /// Bytes that were read whole; they are sealed before the child gets them.
    Memory(SealedFile),
    /// Ranges served by this process while the child asks: for objects too large to be read whole.
    Ranges(Box<dyn Ranges>),
}

/// An anonymous memory file (memfd) that is filled once and then sealed against every change.
#[derive(Debug)]
pub struct SealedFile {}

/// Ranges of an object, as its store gives them.
pub trait Ranges: Send {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Reads at most `length` bytes from `offset` on; fewer only at the end. Blocks.
    ///
    /// # Errors
    /// When the store does not give the bytes.
    fn read(&mut self, offset: u64, length: u32) -> std::io::Result<Vec<u8>>;
}

/// What watches a run from another thread: the lease's renewer reads the progress, and may call the run off.
#[derive(Debug, Default)]
pub struct Watch {
    progress: AtomicU64,
    cancelled: AtomicBool,
}

impl Watch {
    /// How often the child said that work goes on.
    pub fn progress(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }

    /// Calls the run off: the child is killed, the answer is `None`.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome of the object.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<String>,
    /// Whether the child died (crash, time, memory, a lie in the protocol) instead of answering.
    pub died: bool,
    /// CPU time of the child, milliseconds.
    pub cpu_ms: u64,
    /// Peak resident memory of the child, bytes.
    pub peak_rss: u64,
}

/// Runs one extraction in a fresh child and blocks until the child is reaped. Hands each document to `keep`
/// as soon as it arrives, members before the object itself. When the child died, a document of the object
/// itself with that outcome (crashed, timeout, memory) is handed to `keep` all the same. `None` when the run
/// was called off.
///
/// # Errors
/// Only when the zygote cannot fork or is gone: nothing is known about the object then.
pub fn run(
    zygote: &Zygote,
    name: &str,
    input: Input,
    limits: &Limits,
    watch: &Watch,
    keep: &mut dyn FnMut(Extraction),
) -> std::io::Result<Option<Verdict>> {
    let _ = (zygote, name, input, limits, watch, keep);
    Err(std::io::ErrorKind::Unsupported.into())
}
