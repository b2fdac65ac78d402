//! The life of one child, from the fork to its exit: limits, confinement, one extraction, frames.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use madang_extract::blob::Blob;
use madang_extract::engines::Engines;
use madang_extract::extract::Extract;
use madang_extract::order::Order;
use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};

use crate::answer::{Answer, Time};
use crate::blob::{Mapped, Ranged};
use crate::caps;
use crate::channel::Channel;
use crate::confine::confine;
use crate::exit::{ORPHANED, PANICKED, UNCONFINED, leave};
use crate::frame::Frame;
use crate::kit::Kit;
use crate::launch::Launch;

/// What every child gets from the zygote.
pub(crate) struct Inheritance<'a> {
    /// The process that must be its parent.
    pub(crate) zygote: Pid,
    /// Bytes of address space that the program itself takes up.
    pub(crate) base: u64,
    pub(crate) extract: Extract,
    pub(crate) kit: Kit,
    pub(crate) engines: &'a Engines,
}

/// Lives the child's life.
pub(crate) fn live(launch: &Launch, descriptors: Vec<OwnedFd>, inheritance: &Inheritance<'_>) -> ! {
    let (input, order) = match prepare(launch, descriptors, inheritance) {
        Ok(given) => given,
        Err(error) => {
            complain(&format!("the child could not be confined: {error}\n"));
            leave(UNCONFINED)
        }
    };
    // SAFETY: `prepare` has put the socket to the parent at descriptor 0, and nothing else owns it: the
    // zygote's own socket that was there before is never dropped, as this process ends in `leave`.
    let channel = Channel::new(unsafe { OwnedFd::from_raw_fd(0) });
    std::panic::set_hook(Box::new(remember));
    let order = &order;
    let allow = |units| {
        let _ = allow_cpu(launch, units);
    };
    let allowed = |units| (launch.wall.of(launch.size, units), launch.cpu.of(launch.size, units));
    let time = Time { allow: &allow, allowed: &allowed };
    let answer = Answer::new(&channel, order, inheritance.kit == Kit::Lean, time);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let ranged;
        let blob: &dyn Blob = match &input {
            Some(mapped) => mapped,
            None => {
                ranged = Ranged::new(&channel, launch.size);
                &ranged
            }
        };
        (inheritance.extract)(blob, order, inheritance.engines, &answer);
    }));
    if ended.is_ok() {
        leave(0);
    }
    let message = PANIC.lock().map(|message| message.clone()).unwrap_or_default();
    channel.say(&Frame::Panic(message));
    channel.flush();
    leave(PANICKED)
}

/// How far a child gives way to others: with this a tenth of the processor is its while another process wants it.
const GIVES_WAY: i32 = 10;

/// Takes from the process what it needs no more, maps the input, and gives the order with the bytes of its sidecars.
/// Afterwards there are three descriptors: 0 the socket to the parent, 1 nothing, 2 a pipe to the parent.
fn prepare(
    launch: &Launch,
    descriptors: Vec<OwnedFd>,
    inheritance: &Inheritance<'_>,
) -> std::io::Result<(Option<Mapped>, Order)> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() != Some(inheritance.zygote) {
        leave(ORPHANED);
    }
    // The system's memory runs out: this process goes first. Best effort, /proc may be missing.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let mut descriptors = descriptors.into_iter().peekable();
    let (Some(socket), Some(errors), Some(_status)) =
        (descriptors.next(), descriptors.next(), descriptors.next())
    else {
        return Err(std::io::Error::other("a descriptor is missing"));
    };
    rustix::stdio::dup2_stdin(&socket)?;
    rustix::stdio::dup2_stderr(&errors)?;
    let input = match descriptors.next_if(|_| !launch.ranged) {
        Some(file) => Some(Mapped::new(&file, launch.size)?),
        None if launch.ranged => None,
        None => return Err(std::io::Error::other("the input is missing")),
    };
    let mut order = launch.order.clone();
    if let Some(file) = descriptors.next() {
        let size = u64::try_from(rustix::fs::fstat(&file)?.st_size).unwrap_or_default();
        let mapped = Mapped::new(&file, size)?;
        let mut bytes = mapped.bytes().unwrap_or_default();
        for sidecar in &mut order.sidecars {
            bytes = sidecar.take(bytes);
        }
        order.recall.iter_mut().for_each(|recall| recall.take(bytes));
    }
    // From here on the numbers above 2 belong to nobody: the owners must not close them a second time.
    std::mem::forget((socket, errors, _status));
    close_from(3)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    let mapped = if launch.ranged { 0 } else { launch.size };
    let space = inheritance.base.saturating_add(launch.memory).saturating_add(mapped);
    for (resource, soft, hard) in [
        (Resource::As, space, space),
        (Resource::Nofile, 32, 32),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
        (Resource::Stack, 8 << 20, 8 << 20),
    ] {
        // Not NPROC: it counts every process of this user, so any number is wrong on a shared machine and 0
        // denies threads to the decoders. Forks are for the filter of system calls to deny.
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?;
    }
    allow_cpu(launch, 0)?;
    if launch.gives_way {
        rustix::process::nice(GIVES_WAY)?;
    }
    confine()?;
    Ok((input, order))
}

/// Allows this process the time of the processor that `units` of work take. At the soft limit comes SIGXCPU, by which
/// the parent knows the cause. The process raises it by itself: one that is taken over comes no further than to the
/// hard limit, and the parent's clock does not wait for that.
fn allow_cpu(launch: &Launch, units: u64) -> std::io::Result<()> {
    let most = launch.cpu.most.as_secs().saturating_add(2);
    let soft = launch.cpu.of(launch.size, units).as_secs().max(1);
    setrlimit(Resource::Cpu, Rlimit { current: Some(soft), maximum: Some(most.max(soft)) })?;
    Ok(())
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> std::io::Result<()> {
    // SAFETY: close_range takes numbers only. Whoever calls this owns no descriptor from `first` on any more.
    match unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

static PANIC: Mutex<String> = Mutex::new(String::new());

/// Keeps the message of a panic, and says it on standard error in case that the panic ends in an abort.
fn remember(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
    let message = panic.payload_as_str().unwrap_or("no message");
    let mut text = format!("{message} ({})", place.as_deref().unwrap_or("no place"));
    text.truncate(text.floor_char_boundary(caps::SENTENCE));
    complain(&format!("panicked: {text}\n"));
    if let Ok(mut kept) = PANIC.lock() {
        *kept = text;
    }
}

fn complain(text: &str) {
    let stderr = std::io::stderr();
    debug_assert_eq!(stderr.as_fd().as_raw_fd(), 2);
    let _ = rustix::io::write(&stderr, text.as_bytes());
}
