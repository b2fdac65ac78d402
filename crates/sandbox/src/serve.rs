//! The zygote's own life: takes orders, forks, reaps, reports. One thread, no secrets, nothing of a file.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::{Extract, extract};
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;
use madang_extract::sink::Sink;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, pidfd_open, set_parent_process_death_signal,
};
use rustix::time::{ClockId, clock_gettime};

use crate::child::{self, Inheritance};
use crate::kit::Kit;
use crate::launch::{self, Launch, PROTOCOL, Report};
use crate::memory;
use crate::usage::Usage;

/// A child that lives.
struct Born {
    pid: Pid,
    pidfd: OwnedFd,
    /// Where its end is reported.
    status: OwnedFd,
    /// Time of the processor that it has cost the zygote so far, microseconds.
    cost_us: u64,
}

/// The main loop of the zygote: what `madang --zygote` runs, before anything else is set up. `engines` loads all
/// engines, where they are asked for, once and before the first fork; it must leave no thread behind. Ends when the
/// socket closes; gives the exit code.
pub fn serve(kit: Kit, engines: impl FnOnce() -> Result<Engines, String>) -> i32 {
    serve_with(kit, engines, extract)
}

/// [`serve`] with another extraction.
pub fn serve_with(
    kit: Kit,
    engines: impl FnOnce() -> Result<Engines, String>,
    extract: Extract,
) -> i32 {
    let engines = || match kit {
        Kit::Lean => Ok(Engines::none()),
        Kit::Full => engines().map_err(io::Error::other),
    };
    match take_orders(kit, engines, extract) {
        Ok(()) => 0,
        Err(error) => {
            let _ = rustix::io::write(
                std::io::stderr(),
                format!("madang --zygote: {error}\n").as_bytes(),
            );
            1
        }
    }
}

/// Serves the orders that come over standard input until that closes.
fn take_orders(
    kit: Kit,
    engines: impl FnOnce() -> io::Result<Engines>,
    extract: Extract,
) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    child::close_from(3)?;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
        // A service manager signals every process of the service at once; the parent finishes its work first
        // and then closes the socket.
        // SAFETY: SIG_IGN is a valid disposition and runs no code.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    // SAFETY: called before any other thread exists. One arena: each further one reserves 64 MiB of the address
    // space that the limit on memory counts.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        // What a child frees it soon wants again, and it lives for milliseconds: memory handed back to the kernel in
        // between is cleared and faulted in once more, page by page.
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TOP_PAD, 256 << 10);
    };
    let engines = engines()?;
    warm(&engines);
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("there are several threads; forking would copy only one"));
    }
    let base = memory::address_space().ok_or_else(|| io::Error::other("/proc is not mounted"))?;
    let inheritance = Inheritance { zygote: getpid(), base, extract, kit, engines: &engines };
    let orders = io::stdin();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    launch::send(&orders, &Report::Ready { protocol: PROTOCOL, version }, &[])?;
    let mut children: Vec<Born> = Vec::new();
    loop {
        let mut ready: Vec<PollFd<'_>> = Vec::with_capacity(children.len() + 1);
        ready.push(PollFd::from_borrowed_fd(orders.as_fd(), PollFlags::IN));
        ready.extend(children.iter().map(|born| PollFd::new(&born.pidfd, PollFlags::IN)));
        rustix::io::retry_on_intr(|| poll(&mut ready, None))?;
        let mut events = ready.iter().map(|fd| !fd.revents().is_empty());
        let ordered = events.next().unwrap_or(false);
        let ended: Vec<bool> = events.collect();
        let mut ended = ended.into_iter();
        children.retain(|born| !(ended.next().unwrap_or(false) && reap(born)));
        if ordered {
            let began = cpu_us();
            let Some((launch, mut descriptors)) = launch::receive::<Launch>(&orders)? else {
                return Ok(());
            };
            let Some(status) = descriptors.get(2).map(|fd| fd.try_clone()).transpose()? else {
                continue;
            };
            match fork(&launch, &mut descriptors, &inheritance) {
                Ok((pid, pidfd)) => {
                    let forked = Report::Forked { pid: pid.as_raw_nonzero().get() };
                    // A parent that no longer listens has no use for the child, but it is reaped all the same.
                    let _ = launch::send(&status, &forked, &[pidfd.as_fd()]);
                    let cost_us = cpu_us().saturating_sub(began);
                    children.push(Born { pid, pidfd, status, cost_us });
                }
                Err(error) => {
                    let _ = launch::send(&status, &Report::Refused(error.to_string()), &[]);
                }
            }
        }
    }
}

fn fork(
    launch: &Launch,
    descriptors: &mut Vec<OwnedFd>,
    inheritance: &Inheritance<'_>,
) -> io::Result<(Pid, OwnedFd)> {
    // SAFETY: this process has one thread (checked after warming, and nothing here starts another), so the
    // child is a whole copy and may do whatever the zygote may.
    match unsafe { libc::fork() } {
        0 => child::live(launch, std::mem::take(descriptors), inheritance),
        pid => {
            let Some(pid) = Pid::from_raw(pid).filter(|_| pid > 0) else {
                return Err(io::Error::last_os_error());
            };
            match pidfd_open(pid, PidfdFlags::empty()) {
                Ok(pidfd) => Ok((pid, pidfd)),
                Err(error) => {
                    let _ = rustix::process::kill_process(pid, Signal::KILL);
                    wait(pid, 0, 0);
                    Err(error.into())
                }
            }
        }
    }
}

/// Reaps a child that has ended and reports it; whether it had.
fn reap(born: &Born) -> bool {
    let Some(report) = wait(born.pid, libc::WNOHANG, born.cost_us) else { return false };
    let _ = launch::send(&born.status, &report, &[]);
    true
}

/// Reaps a child that has cost the zygote so much before.
fn wait(pid: Pid, flags: libc::c_int, cost_us: u64) -> Option<Report> {
    let began = cpu_us();
    let mut status = 0;
    // SAFETY: all zeroes is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for the call.
    let waited = unsafe { libc::wait4(pid.as_raw_nonzero().get(), &mut status, flags, &mut usage) };
    let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    let usage = Usage {
        user_us: micros(usage.ru_utime),
        system_us: micros(usage.ru_stime),
        faults: usage.ru_minflt as u64,
        peak_rss: (usage.ru_maxrss as u64).saturating_mul(1024),
        zygote_us: cost_us.saturating_add(cpu_us().saturating_sub(began)),
    };
    (waited > 0).then_some(Report::Ended { status, usage })
}

/// Time of the processor that this process, of one thread, has used, microseconds.
fn cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    (time.tv_sec as u64).saturating_mul(1_000_000).saturating_add(time.tv_nsec as u64 / 1_000)
}

/// Touches the tables that every child needs, so that they are built once and shared copy-on-write. Only on
/// bytes of our own: the zygote never sees a foreign one.
fn warm(engines: &Engines) {
    struct Nowhere(Cell<u32>);
    impl Sink for Nowhere {
        fn detected(&self, _: &Detected) {}
        fn engines_wanted(&self) {}
        fn progress(&self, _: u32) {}
        fn document(&self, _: Extraction) {
            self.0.set(self.0.get() + 1);
        }
    }
    let samples: [(&str, &[u8]); 4] = [
        ("warm.txt", "데이터기반행정 활성화를 위한 안내문\n".as_bytes()),
        ("warm.txt", b"The quick brown fox jumps over the lazy dog and runs away.\n"),
        ("warm.html", b"<!doctype html><title>t</title><p>text"),
        ("warm.csv", b"a,b\n1,2\n"),
    ];
    let sink = Nowhere(Cell::new(0));
    for (name, bytes) in samples {
        // A reader that panics on this is a fault of ours, but no reason to read nothing at all.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            extract(&bytes.to_vec(), &Order::named(name), engines, &sink)
        }));
    }
}
