//! One run, on the parent's side: an order, a child, and what the end of it means.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use madang_document::outcome::Outcome;
use madang_extract::extraction::Extraction;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::limits::Limits;
use crate::order::{self, Order, Report};
pub use crate::sealed_file::{OpenFile, SealedFile};
use crate::supervision::{Newborn, Supervision};
use crate::zygote::{PATIENCE, Zygote, dead_zygote};

/// What is to be extracted.
pub enum Input {
    /// Bytes that were read whole; they are sealed before the child gets them.
    Memory(SealedFile),
    /// Ranges served by this process while the child asks: for objects too large to be read whole.
    Ranges(Box<dyn Ranges>),
}

impl Input {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Input::Memory(file) => file.size(),
            Input::Ranges(ranges) => ranges.size(),
        }
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = match self {
            Input::Memory(_) => "memory",
            Input::Ranges(_) => "ranges",
        };
        write!(f, "Input({way}, {} bytes)", self.size())
    }
}

/// Ranges of an object, as its store gives them.
pub trait Ranges: Send {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Reads at most `length` bytes from `offset` on; fewer only at the end. Blocks.
    ///
    /// # Errors
    /// When the store does not give the bytes.
    fn read(&mut self, offset: u64, length: u32) -> io::Result<Vec<u8>>;
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

    pub(crate) fn work_goes_on(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
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
/// When the zygote cannot fork or is gone, or when the object's store did not give a range: nothing is known
/// about the object then, and the run is worth repeating. Members that were kept before must be forgotten.
pub fn run(
    zygote: &Zygote,
    name: &str,
    mut input: Input,
    limits: &Limits,
    watch: &Watch,
    keep: &mut dyn FnMut(Extraction),
) -> io::Result<Option<Verdict>> {
    let size = input.size();
    let order = Order {
        name: last_bytes(name, 8 << 10).to_owned(),
        size,
        ranged: matches!(input, Input::Ranges(_)),
        memory: limits.memory,
        cpu: limits.cpu,
        extract: limits.extract.clone(),
    };
    let newborn = match fork(zygote, &order, &input) {
        // An order sent to a zygote that was about to die is lost, and nothing has happened yet: once more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => fork(zygote, &order, &input)?,
        other => other?,
    };
    let mut supervision = Supervision::new(newborn, limits, &order);
    supervision.watch(zygote, &mut input, watch, keep)?;
    supervision.verdict(keep)
}

fn fork(zygote: &Zygote, order: &Order, input: &Input) -> io::Result<Newborn> {
    let (socket, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let (status, reporting) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let (errors, complaining) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&errors, true)?;
    let mut descriptors = vec![theirs.as_fd(), complaining.as_fd(), reporting.as_fd()];
    if let Input::Memory(file) = input {
        descriptors.push(file.as_fd());
    }
    zygote.order(order, &descriptors)?;
    drop(descriptors);
    // The child's ends live in the child only: when it dies, ours say so.
    drop((theirs, complaining, reporting));
    match born(&status) {
        Ok((pid, pidfd)) => Ok(Newborn { pid, pidfd, socket, status, errors }),
        Err(error) => {
            if error.kind() == io::ErrorKind::TimedOut {
                zygote.give_up();
            }
            Err(error)
        }
    }
}

/// Waits for the zygote's word that the child lives.
fn born(status: &OwnedFd) -> io::Result<(i32, OwnedFd)> {
    let mut ready = [PollFd::new(status, PollFlags::IN)];
    if rustix::io::retry_on_intr(|| poll(&mut ready, Some(&PATIENCE)))? == 0 {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the zygote does not answer"));
    }
    match order::receive(status)? {
        Some((Report::Forked { pid }, mut descriptors)) => {
            let pidfd = descriptors.pop().ok_or_else(|| io::Error::other("a pidfd is missing"))?;
            Ok((pid, pidfd))
        }
        Some((Report::Refused(why), _)) => {
            Err(io::Error::other(format!("the zygote cannot fork: {why}")))
        }
        Some((Report::Ready { .. } | Report::Ended { .. }, _)) => {
            Err(io::Error::other("the zygote speaks out of order"))
        }
        None => Err(dead_zygote()),
    }
}

/// At most so many bytes from the end of a name: the end holds the extension.
fn last_bytes(name: &str, limit: usize) -> &str {
    let start = name.ceil_char_boundary(name.len().saturating_sub(limit));
    name.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_is_kept() {
        assert_eq!(last_bytes("보고서.hwp", 100), "보고서.hwp");
        assert_eq!(last_bytes("보고서.hwp", 6), ".hwp");
    }
}
