//! Watches one child until it is reaped: hears it out, serves its ranges, holds it to its limits.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Segment};
use madang_document::document::Provenance;
use madang_document::media_type::MediaType;
use madang_extract::extraction::Extraction;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::{Signal, pidfd_send_signal};

use crate::assembly::{Assembly, Step};
use crate::awake::{Awake, TICK};
use crate::channel::UNREADABLE;
use crate::ending::{Ending, Killed};
use crate::frame::{Decoder, ProtocolViolation};
use crate::input::Input;
use crate::kit::Kit;
use crate::launch::{self, Launch, Report};
use crate::limits::ChildLimits;
use crate::memory;
use crate::run_queue;
use crate::run_report::RunReport;
use crate::usage::{Stages, Usage};
use crate::watch::Watch;
use crate::zygote::{Zygote, dead_zygote};

/// How long a child may take to go after it has said everything.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long the zygote may take to report the end of a child that was killed.
const REAPING: Duration = Duration::from_secs(10);

/// What a child delivers while it lives.
pub(crate) enum Delivered {
    /// A document.
    Document(Box<Extraction>),
    /// A piece of the member that was asked for.
    Bytes(Vec<u8>),
    /// What was made out in the signal of this key, to be remembered.
    Recognised(BlobId, Vec<Segment>),
}

/// A child that has just been forked, and the parent's ends of what leads to it.
pub(crate) struct Newborn {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
    pub(crate) socket: OwnedFd,
    pub(crate) status: OwnedFd,
    pub(crate) errors: OwnedFd,
}

/// One child, as the parent sees it.
pub(crate) struct Supervision<'a> {
    limits: &'a ChildLimits,
    size: u64,
    /// It is given by ranges.
    ranged: bool,
    /// Most resident memory.
    resident: u64,
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
    /// How long it has lived, without the caller's own time and what this process slept through. All that follows is
    /// in this time.
    awake: Awake,
    heard: Duration,
    /// When its memory was looked at last.
    looked: Duration,
    /// How long it had waited for a processor by then.
    waited: Duration,
    killed: Option<(Killed, Duration)>,
    ended: Option<(ExitStatus, Usage)>,
    /// When the order went out.
    ordered: Instant,
    stages: Stages,
    /// The store did not give a range.
    store: Option<io::Error>,
}

impl Drop for Supervision<'_> {
    fn drop(&mut self) {
        // Whoever leaves early (an error, a panic in `keep`) leaves no child behind; the zygote reaps it. On one
        // that is reaped already this does nothing: a pidfd never means another process.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }
}

impl<'a> Supervision<'a> {
    /// Of a child that has just been forked for this order.
    pub(crate) fn new(
        newborn: Newborn,
        limits: &'a ChildLimits,
        launch: &Launch,
        ordered: Instant,
    ) -> Supervision<'a> {
        let Newborn { pid, pidfd, socket, status, errors } = newborn;
        let now = Instant::now();
        let mapped = if launch.ranged { 0 } else { launch.size };
        Supervision {
            limits,
            size: launch.size,
            ranged: launch.ranged,
            resident: limits.memory.saturating_add(mapped),
            pid,
            pidfd,
            socket,
            status,
            errors: Some(errors),
            said: Tail::default(),
            decoder: Decoder::default(),
            assembly: match launch.order.member {
                None => Assembly::new(&limits.extract, launch.size),
                Some(_) => Assembly::new(&limits.extract, launch.size).of_member(),
            },
            outgoing: Vec::new(),
            silent: false,
            awake: Awake::since(now),
            heard: Duration::ZERO,
            looked: Duration::ZERO,
            waited: Duration::ZERO,
            killed: None,
            ended: None,
            ordered,
            stages: Stages { forked: now.saturating_duration_since(ordered), ..Stages::default() },
            store: None,
        }
    }

    /// Watches until the child is reaped.
    pub(crate) fn watch(
        &mut self,
        zygote: (&Zygote, Kit),
        input: &mut Input,
        watch: &Watch,
        keep: &mut dyn FnMut(Delivered),
    ) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        while self.ended.is_none() {
            let [reported, said, heard] = self.wait()?;
            if said {
                self.listen_to_errors(&mut buffer);
            }
            if heard {
                self.answer_range();
                self.listen(&mut buffer, input, watch, keep);
            }
            if reported {
                match launch::receive(&self.status)? {
                    Some((Report::Ended { status, usage }, _)) => {
                        self.ended = Some((ExitStatus::from_raw(status), usage));
                        self.stages.reaped = self.ordered.elapsed();
                    }
                    Some(_) => return Err(io::Error::other("the zygote speaks out of order")),
                    None => return Err(dead_zygote()),
                }
            } else if let Err(error) = self.hold_to_limits(watch) {
                zygote.0.give_up(zygote.1);
                return Err(error);
            }
        }
        // The child is gone; what it said last lies in the buffers still.
        while !self.silent && self.listen(&mut buffer, input, watch, keep) {}
        while self.listen_to_errors(&mut buffer) {}
        Ok(())
    }

    /// Kills a child that exceeds a limit. Looked at after hearing it, so that a parent that was late itself
    /// does not take its own silence for the child's.
    fn hold_to_limits(&mut self, watch: &Watch) -> io::Result<()> {
        let is_due = self.look().saturating_sub(self.looked) >= TICK;
        if is_due {
            // The lease need not last longer than somebody looks after the child: how long it may be silent is decided here.
            watch.work_goes_on();
            self.pass_over_waiting();
        }
        let now = self.look();
        let idle = now.saturating_sub(self.heard);
        if let Some((_, at)) = &self.killed {
            if now.saturating_sub(*at) < REAPING {
                return Ok(());
            }
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the zygote does not reap"));
        }
        if watch.is_cancelled() {
            self.kill(Killed::Unwanted);
        } else if now >= self.wall() {
            self.kill(Killed::Wall(self.wall()));
        } else if self.assembly.has_ended() && idle >= FAREWELL {
            self.kill(Killed::Lingered);
        } else if idle >= self.limits.silence {
            self.kill(Killed::Silent(self.limits.silence));
        } else if is_due && memory::resident(self.pid).is_some_and(|bytes| bytes > self.resident) {
            self.kill(Killed::Memory(self.limits.memory));
        }
        Ok(())
    }

    /// On a machine with more to do than processors a child that works is as silent as one that hangs. What it waited for
    /// a turn is no fault of its own; what it works for is held to the limit on its processor's time.
    fn pass_over_waiting(&mut self) {
        if let Some(waited) = run_queue::waited(self.pid) {
            self.awake.discount(waited.saturating_sub(self.waited));
            self.waited = waited;
        }
        self.looked = self.look();
    }

    fn look(&mut self) -> Duration {
        self.awake.look(Instant::now())
    }

    /// When a stage was reached: as noted, or now if it is reached now.
    fn since(&self, noted: Option<Duration>, reached: bool) -> Option<Duration> {
        noted.or_else(|| reached.then(|| self.ordered.elapsed()))
    }

    /// How long the child may take, by the work that it says it has begun.
    fn wall(&self) -> Duration {
        self.limits.wall.of(self.size, self.assembly.units)
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
        let now = self.look();
        self.killed.get_or_insert((why, now));
    }

    /// Sends what of an answer the child takes. Never blocks: a child that asks and does not read would hold
    /// this thread for ever.
    fn answer_range(&mut self) {
        if self.outgoing.is_empty() || self.silent {
            return;
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match rustix::net::send(&self.socket, &self.outgoing, flags) {
            Ok(n) => {
                self.outgoing.drain(..n);
                self.heard = self.look();
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            // The child is gone; its end is told by the status.
            Err(_) => self.outgoing.clear(),
        }
    }

    /// Takes the next piece of what the child says; whether there was one.
    fn listen(
        &mut self,
        buffer: &mut [u8],
        input: &mut Input,
        watch: &Watch,
        keep: &mut dyn FnMut(Delivered),
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
            let step = match self.decoder.take() {
                Ok(None) => return true,
                Ok(Some((frame, length))) => self.assembly.take(frame, length),
                Err(violation) => Err(violation),
            };
            self.heard = self.look();
            self.stages = Stages {
                detected: self.since(self.stages.detected, self.assembly.detected.is_some()),
                answered: self.since(self.stages.answered, self.assembly.has_ended()),
                ..self.stages
            };
            watch.work_goes_on();
            match step {
                Ok(Step::More) => {}
                Ok(Step::Headway(headway)) => watch.reached(headway),
                Ok(Step::Recognised(key, segments)) => {
                    self.deliver(Delivered::Recognised(key, segments), keep);
                }
                Ok(Step::Member(member)) => self.deliver(Delivered::Document(member), keep),
                Ok(Step::Bytes(piece)) => self.deliver(Delivered::Bytes(piece), keep),
                Ok(Step::Range { offset, length }) => self.range(input, offset, length),
                Err(violation) => self.kill(Killed::Violated(violation)),
            }
            if self.killed.is_some() {
                return true;
            }
        }
    }

    fn deliver(&mut self, what: Delivered, keep: &mut dyn FnMut(Delivered)) {
        keep(what);
        // The time that the caller takes is not the child's.
        self.awake.pass_over(Instant::now());
    }

    fn range(&mut self, input: &mut Input, offset: u64, length: u32) {
        let Input::Ranges(ranges) = input else {
            return self.kill(Killed::Violated(ProtocolViolation(
                "a range of an object it has whole".into(),
            )));
        };
        if !self.outgoing.is_empty() {
            return self.kill(Killed::Violated(ProtocolViolation("two ranges at once".into())));
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
        // Waiting for the store is not the child's silence, though a moment of each counts to the length of the run.
        self.heard = self.look();
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

    /// Whether the child ended because it wants engines that its zygote has not loaded.
    pub(crate) fn is_wanting(&self) -> bool {
        self.assembly.wanting && self.killed.is_none()
    }

    /// Bytes of the object that the child asked for.
    pub(crate) fn fetched(&self) -> u64 {
        self.assembly.ranges
    }

    /// What the child has used; nothing before it is reaped.
    pub(crate) fn usage(&self) -> Usage {
        self.ended.map_or_else(Usage::default, |(_, usage)| usage)
    }

    /// Whether the child gave all bytes of the member that was asked for, and nothing was wrong with it.
    pub(crate) fn has_given(&self) -> bool {
        self.assembly.is_given()
            && self.killed.is_none()
            && self.store.is_none()
            && self.decoder.is_empty()
            && self.ended.is_some_and(|(status, _)| status.success())
    }

    /// What the end means. Hands the object's own document to `keep`.
    pub(crate) fn verdict(
        mut self,
        keep: &mut dyn FnMut(Extraction),
    ) -> io::Result<Option<RunReport>> {
        let (limits, size) = (self.limits, self.size);
        if let Some(error) = self.store.take() {
            return Err(error);
        }
        let mut killed = self.killed.take().map(|(why, _)| why);
        if killed == Some(Killed::Unwanted) {
            return Ok(None);
        }
        let (status, usage) = self.ended.unwrap_or_default();
        let stages = self.stages;
        let assembly = std::mem::replace(&mut self.assembly, Assembly::new(&limits.extract, size));
        let detected = assembly.detected.clone();
        let panic = assembly.panic.clone();
        let (units, look) = (assembly.units, assembly.look);
        let fetched = self.ranged.then_some(assembly.ranges);
        if killed.is_none() && status.success() && !self.decoder.is_empty() {
            killed = Some(Killed::Violated(ProtocolViolation("half a frame at the end".into())));
        }
        if killed.is_none()
            && status.success()
            && let Some((object, outcome)) = assembly.finish()
        {
            let reason = object.reason.clone();
            keep(*object);
            let died = false;
            return Ok(Some(RunReport { outcome, reason, died, look, usage, stages, fetched }));
        }
        let errors = self.said.text();
        let (outcome, reason) = Ending {
            status,
            killed: killed.as_ref(),
            panic: panic.as_deref(),
            errors: &errors,
            cpu: limits.cpu.of(size, units),
            memory: limits.memory,
        }
        .outcome();
        let (format, format_version, media_type) = match detected {
            Some(kind) => (kind.format, kind.format_version, MediaType::new(&kind.media_type)),
            None => (Provenance::NONE.into(), 0, MediaType::new(MediaType::UNKNOWN)),
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
            annotations: Vec::new(),
        });
        let reason = Some(reason);
        Ok(Some(RunReport { outcome, reason, died: true, look, usage, stages, fetched }))
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
}
