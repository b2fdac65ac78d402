//! The life of one child, from the fork to its exit: limits, confinement, one extraction, frames.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use madang_document::media_type::MediaType;
use madang_extract::blob::Blob;
use madang_extract::formats::detect;
use madang_extract::probe::Probe;
use madang_extract::recognise::recognise;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};

use crate::answer::{Answer, Channel};
use crate::blob::{Mapped, Ranged};
use crate::caps;
use crate::confine::confine;
use crate::frame::{Frame, Kind};
use crate::order::Order;
use crate::zygote::Extract;

/// Exit status of a child whose parent is gone.
pub(crate) const ORPHANED: i32 = 3;
/// Exit status of a child that could not be confined.
const UNCONFINED: i32 = 4;
/// Exit status after a panic, as Rust's own.
const PANICKED: i32 = 101;

/// Ends this process at once. No destructor and no exit handler runs: after a fork they belong to the zygote.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: _exit takes any value and does not return.
    unsafe { libc::_exit(status) }
}

/// Lives the child's life. `zygote` is the process that must be its parent.
pub(crate) fn live(
    order: &Order,
    descriptors: Vec<OwnedFd>,
    zygote: rustix::process::Pid,
    base: u64,
    extract: Extract,
) -> ! {
    let input = match prepare(order, descriptors, zygote, base) {
        Ok(input) => input,
        Err(error) => {
            complain(&format!("the child could not be confined: {error}\n"));
            leave(UNCONFINED)
        }
    };
    // SAFETY: `prepare` has put the socket to the parent at descriptor 0, and nothing else owns it: the
    // zygote's own socket that was there before is never dropped, as this process ends in `leave`.
    let channel = Channel::new(unsafe { OwnedFd::from_raw_fd(0) });
    std::panic::set_hook(Box::new(remember));
    let limits = &order.extract;
    let answer = Answer::new(&channel, limits);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let ranged;
        let blob: &dyn Blob = match &input {
            Some(mapped) => mapped,
            None => {
                ranged = Ranged::new(&channel, order.size);
                &ranged
            }
        };
        if let Ok(probe) = Probe::new(blob, &order.name) {
            channel.say(&Frame::Detected(kind(&probe)));
            channel.flush();
        }
        extract(blob, &order.name, limits, &answer);
    }));
    if ended.is_ok() {
        leave(0);
    }
    let message = PANIC.lock().map(|message| message.clone()).unwrap_or_default();
    channel.say(&Frame::Panic(message));
    channel.flush();
    leave(PANICKED)
}

fn kind(probe: &Probe<'_>) -> Kind {
    let (format, format_version, media_type) = match detect(probe) {
        Some(format) => (format.name, format.version, (format.media_type)(probe)),
        None => ("none", 0, recognise(probe).map_or(MediaType::UNKNOWN, |known| known.media_type)),
    };
    Kind {
        format: format.into(),
        format_version,
        media_type: MediaType::new(media_type).to_string(),
    }
}

/// Takes from the process what it needs no more, and maps the input. Afterwards there are three descriptors:
/// 0 the socket to the parent, 1 nothing, 2 a pipe to the parent.
fn prepare(
    order: &Order,
    descriptors: Vec<OwnedFd>,
    zygote: rustix::process::Pid,
    base: u64,
) -> std::io::Result<Option<Mapped>> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() != Some(zygote) {
        leave(ORPHANED);
    }
    // The system's memory runs out: this process goes first. Best effort, /proc may be missing.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let mut descriptors = descriptors.into_iter();
    let (Some(socket), Some(errors), Some(_status)) =
        (descriptors.next(), descriptors.next(), descriptors.next())
    else {
        return Err(std::io::Error::other("a descriptor is missing"));
    };
    rustix::stdio::dup2_stdin(&socket)?;
    rustix::stdio::dup2_stderr(&errors)?;
    let input = match descriptors.next() {
        Some(file) => Some(Mapped::new(&file, order.size)?),
        None if order.ranged => None,
        None => return Err(std::io::Error::other("the input is missing")),
    };
    // From here on the numbers above 2 belong to nobody: the owners must not close them a second time.
    std::mem::forget((socket, errors, _status));
    close_from(3)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    let mapped = if order.ranged { 0 } else { order.size };
    let space = base.saturating_add(order.memory).saturating_add(mapped);
    for (resource, soft, hard) in [
        (Resource::As, space, space),
        // At the soft limit comes SIGXCPU, by which the parent knows the cause.
        (Resource::Cpu, order.cpu, order.cpu.saturating_add(2)),
        (Resource::Nofile, 32, 32),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
        (Resource::Stack, 8 << 20, 8 << 20),
    ] {
        // Not NPROC: it counts every process of this user, so any number is wrong on a shared machine and 0
        // denies threads to the decoders. Forks are for the filter of system calls to deny.
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?;
    }
    confine()?;
    Ok(input)
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
