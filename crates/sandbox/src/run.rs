//! One run, on the parent's side: an order, a child, and what the end of it means.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madang_document::content::Content;
use madang_document::media_type::MediaType;
use madang_document::outcome::Outcome;
use madang_extract::extraction::Extraction;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, pidfd_send_signal};

use crate::answer::UNREADABLE;
use crate::assembly::{Assembly, Step};
use crate::ending::{Ending, Killed};
use crate::frame::{Decoder, Lie};
use crate::limits::Limits;
use crate::memory;
use crate::order::{self, Order, Report};
pub use crate::sealed_file::{OpenFile, SealedFile};
use crate::zygote::{PATIENCE, Zygote};

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
    let (socket, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let (status, reporting) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let (errors, complaining) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&errors, true)?;
    let mut descriptors = vec![theirs.as_fd(), complaining.as_fd(), reporting.as_fd()];
    if let Input::Memory(file) = &input {
        descriptors.push(file.as_fd());
    }
    let order = Order {
        name: last_bytes(name, 8 << 10).to_owned(),
        size,
        ranged: matches!(input, Input::Ranges(_)),
        memory: limits.memory,
        cpu: limits.cpu,
        extract: limits.extract.clone(),
    };
    zygote.order(&order, &descriptors)?;
    drop(descriptors);
    // The child's ends live in the child only: when it dies, ours say so.
    drop((theirs, complaining, reporting));
    let (pid, pidfd) = match born(&status) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            zygote.give_up();
            return Err(error);
        }
        other => other?,
    };
    let now = Instant::now();
    let child = Child {
        pid,
        pidfd,
        socket,
        status,
        errors: Some(errors),
        said: Tail::default(),
        decoder: Decoder::default(),
        assembly: Assembly::new(&limits.extract, size),
        outgoing: Vec::new(),
        silent: false,
        heard: now,
        deadline: now + limits.wall_of(size),
        killed: None,
        ended: None,
        store: None,
    };
    let resident = limits.memory.saturating_add(if order.ranged { 0 } else { size });
    let child = child.watched(zygote, &mut input, limits, resident, watch, keep)?;
    child.verdict(size, limits, keep)
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

fn dead_zygote() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the zygote died during the run")
}

/// How often memory and the caller's wish are looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long a child may take to go after it has said everything.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long the zygote may take to report the end of a child that was killed.
const REAPING: Duration = Duration::from_secs(10);

/// One child, as the parent sees it.
struct Child<'a> {
    pid: i32,
    pidfd: OwnedFd,
    socket: OwnedFd,
    status: OwnedFd,
    errors: Option<OwnedFd>,
    said: Tail,
    decoder: Decoder,
    assembly: Assembly<'a>,
    /// The answer to a range, as far as the child has not taken it.
    outgoing: Vec<u8>,
    /// The child closed its socket.
    silent: bool,
    heard: Instant,
    deadline: Instant,
    killed: Option<(Killed, Instant)>,
    /// Wait status, CPU microseconds, peak resident bytes.
    ended: Option<(ExitStatus, u64, u64)>,
    /// The store did not give a range.
    store: Option<io::Error>,
}

impl Drop for Child<'_> {
    fn drop(&mut self) {
        // Whoever leaves early (an error, a panic in `keep`) leaves no child behind; the zygote reaps it. On one
        // that is reaped already this does nothing: a pidfd never means another process.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }
}

impl<'a> Child<'a> {
    /// Watches the child until it is reaped.
    fn watched(
        mut self,
        zygote: &Zygote,
        input: &mut Input,
        limits: &Limits,
        resident: u64,
        watch: &Watch,
        keep: &mut dyn FnMut(Extraction),
    ) -> io::Result<Child<'a>> {
        let mut buffer = vec![0; 64 << 10];
        let mut looked = Instant::now();
        while self.ended.is_none() {
            let now = Instant::now();
            let idle = now.saturating_duration_since(self.heard);
            match &self.killed {
                Some((_, at)) if now.saturating_duration_since(*at) >= REAPING => {
                    zygote.give_up();
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "the zygote does not reap",
                    ));
                }
                Some(_) => {}
                None if watch.cancelled.load(Ordering::Relaxed) => self.kill(Killed::Unwanted),
                None if now >= self.deadline => self.kill(Killed::Wall(self.allowed(limits))),
                None if self.assembly.has_ended() && idle >= FAREWELL => {
                    self.kill(Killed::Lingered)
                }
                None if idle >= limits.silence => self.kill(Killed::Silent(limits.silence)),
                None if now.saturating_duration_since(looked) >= TICK => {
                    looked = now;
                    if memory::resident(self.pid).is_some_and(|bytes| bytes > resident) {
                        self.kill(Killed::Memory(limits.memory));
                    }
                }
                None => {}
            }
            let [reported, said, heard] = self.wait()?;
            if said {
                self.listen_to_errors(&mut buffer);
            }
            if heard {
                self.answer_range()?;
                self.listen(&mut buffer, input, watch, keep);
            }
            if reported {
                match order::receive(&self.status)? {
                    Some((Report::Ended { status, cpu_us, peak_rss }, _)) => {
                        self.ended = Some((ExitStatus::from_raw(status), cpu_us, peak_rss));
                    }
                    Some(_) => return Err(io::Error::other("the zygote speaks out of order")),
                    None => return Err(dead_zygote()),
                }
            }
        }
        // The child is gone; what it said last lies in the buffers still.
        while !self.silent && self.listen(&mut buffer, input, watch, keep) {}
        while self.listen_to_errors(&mut buffer) {}
        Ok(self)
    }

    fn allowed(&self, limits: &Limits) -> Duration {
        limits.wall_of(self.assembly.size())
    }

    /// Waits at most a tick; which of status, standard error and socket are ready.
    fn wait(&self) -> io::Result<[bool; 3]> {
        let wish = match self.outgoing.is_empty() {
            true => PollFlags::IN,
            false => PollFlags::IN | PollFlags::OUT,
        };
        let errors = self.errors.as_ref();
        let mut ready = vec![PollFd::new(&self.status, PollFlags::IN)];
        ready.extend(errors.map(|errors| PollFd::new(errors, PollFlags::IN)));
        if !self.silent {
            ready.push(PollFd::new(&self.socket, wish));
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        match poll(&mut ready, Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut events = ready.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |present: bool| present && events.next().unwrap_or(false);
        Ok([next(true), next(errors.is_some()), next(!self.silent)])
    }

    fn kill(&mut self, why: Killed) {
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
        self.killed.get_or_insert((why, Instant::now()));
    }

    /// Sends what of an answer the child takes. Never blocks: a child that asks and does not read would hold
    /// this thread for ever.
    fn answer_range(&mut self) -> io::Result<()> {
        if self.outgoing.is_empty() || self.silent {
            return Ok(());
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match rustix::net::send(&self.socket, &self.outgoing, flags) {
            Ok(n) => {
                self.outgoing.drain(..n);
                self.heard = Instant::now();
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            // The child is gone; its end is told by the status.
            Err(_) => self.outgoing.clear(),
        }
        Ok(())
    }

    /// Takes the next piece of what the child says; whether there was one.
    fn listen(
        &mut self,
        buffer: &mut [u8],
        input: &mut Input,
        watch: &Watch,
        keep: &mut dyn FnMut(Extraction),
    ) -> bool {
        let n = match rustix::net::recv(&self.socket, &mut *buffer, RecvFlags::DONTWAIT) {
            Ok((n, _)) => n,
            Err(rustix::io::Errno::INTR) => return true,
            Err(rustix::io::Errno::AGAIN) => return false,
            Err(_) => 0,
        };
        if n == 0 {
            self.silent = true;
            return false;
        }
        if self.killed.is_some() {
            return true;
        }
        self.decoder.push(buffer.get(..n).unwrap_or_default());
        loop {
            let step = match self.decoder.next() {
                Ok(None) => return true,
                Ok(Some((frame, length))) => self.assembly.take(frame, length),
                Err(lie) => Err(lie),
            };
            self.heard = Instant::now();
            watch.progress.fetch_add(1, Ordering::Relaxed);
            match step {
                Ok(Step::More) => {}
                Ok(Step::Member(member)) => {
                    keep(*member);
                    // The time that the caller takes is not the child's.
                    let taken = self.heard.elapsed();
                    self.heard += taken;
                    self.deadline += taken;
                }
                Ok(Step::Range { offset, length }) => self.range(input, offset, length),
                Err(lie) => self.kill(Killed::Lied(lie)),
            }
            if self.killed.is_some() {
                return true;
            }
        }
    }

    fn range(&mut self, input: &mut Input, offset: u64, length: u32) {
        let Input::Ranges(ranges) = input else {
            return self.kill(Killed::Lied(Lie("a range of an object it has whole".into())));
        };
        if !self.outgoing.is_empty() {
            return self.kill(Killed::Lied(Lie("two ranges at once".into())));
        }
        match ranges.read(offset, length) {
            Ok(mut bytes) => {
                bytes.truncate(length as usize);
                self.outgoing.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                self.outgoing.extend_from_slice(&bytes);
            }
            Err(error) => {
                // What the child makes of a store that fails says nothing about the object.
                self.outgoing.extend_from_slice(&UNREADABLE.to_le_bytes());
                self.store = Some(error);
                self.kill(Killed::Unwanted);
            }
        }
        // Waiting for the store is not the child's silence, though it counts to the length of the run.
        self.heard = Instant::now();
    }

    fn listen_to_errors(&mut self, buffer: &mut [u8]) -> bool {
        let Some(errors) = &self.errors else { return false };
        match rustix::io::read(errors, &mut *buffer) {
            Ok(n) if n > 0 => {
                self.said.push(buffer.get(..n).unwrap_or_default());
                true
            }
            Err(rustix::io::Errno::INTR) => true,
            Err(rustix::io::Errno::AGAIN) => false,
            Ok(_) | Err(_) => {
                self.errors = None;
                false
            }
        }
    }

    /// What the end means. Hands the object's own document to `keep`.
    fn verdict(
        mut self,
        size: u64,
        limits: &'a Limits,
        keep: &mut dyn FnMut(Extraction),
    ) -> io::Result<Option<Verdict>> {
        if let Some(error) = self.store.take() {
            return Err(error);
        }
        let mut killed = self.killed.take().map(|(why, _)| why);
        if killed == Some(Killed::Unwanted) {
            return Ok(None);
        }
        let (status, cpu_us, peak_rss) = self.ended.unwrap_or_default();
        let assembly = std::mem::replace(&mut self.assembly, Assembly::new(&limits.extract, size));
        let detected = assembly.detected.clone();
        let panic = assembly.panic.clone();
        if killed.is_none() && status.success() && !self.decoder.is_empty() {
            killed = Some(Killed::Lied(Lie("half a frame at the end".into())));
        }
        let cpu_ms = cpu_us / 1000;
        if killed.is_none()
            && status.success()
            && let Some((object, outcome)) = assembly.finish()
        {
            let reason = object.reason.clone();
            keep(*object);
            return Ok(Some(Verdict { outcome, reason, died: false, cpu_ms, peak_rss }));
        }
        let errors = self.said.text();
        let (outcome, reason) = Ending {
            status,
            killed: killed.as_ref(),
            panic: panic.as_deref(),
            errors: &errors,
            cpu: limits.cpu,
            memory: limits.memory,
        }
        .outcome();
        let (format, format_version, media_type) = match detected {
            Some(kind) => (kind.format, kind.format_version, MediaType::new(&kind.media_type)),
            None => ("none".into(), 0, MediaType::new(MediaType::UNKNOWN)),
        };
        keep(Extraction {
            member: None,
            size,
            sha256: None,
            format,
            format_version,
            media_type,
            language: None,
            outcome,
            reason: Some(reason.clone()),
            content: Content::default(),
        });
        Ok(Some(Verdict { outcome, reason: Some(reason), died: true, cpu_ms, peak_rss }))
    }
}

/// The last bytes of a stream.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    const KEPT: usize = 4096;

    fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.drain(..self.0.len().saturating_sub(Tail::KEPT));
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
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
    fn the_last_of_a_flood_is_kept() {
        let mut tail = Tail::default();
        (0..100).for_each(|_| tail.push(&[b'x'; 1000]));
        tail.push(b"memory allocation of 5 bytes failed");
        assert_eq!(tail.text().len(), Tail::KEPT);
        assert!(tail.text().ends_with("failed"));
    }

    #[test]
    fn the_end_of_a_name_is_kept() {
        assert_eq!(last_bytes("보고서.hwp", 100), "보고서.hwp");
        assert_eq!(last_bytes("보고서.hwp", 6), ".hwp");
    }
}
