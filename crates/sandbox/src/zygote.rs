//! The zygote, as its parent sees it: started, ordered from, started again when it dies.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::awake::readable_within;
use crate::kit::Kit;
use crate::launch::{self, Launch, PROTOCOL, Report};

/// How long a zygote may take to start, or to answer an order.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long one may take that loads engines: a model of a gigabyte and more comes from the disk.
const PATIENCE_TO_LOAD: Duration = Duration::from_secs(120);

/// The processes that children are forked from: started before tokio, single-threaded, formats warm. Used by
/// many threads at once. One that died is started again by the next order.
///
/// There are two, one of each [`Kit`]; the full one is started when the first object wants it.
#[derive(Debug)]
pub struct Zygote {
    program: PathBuf,
    engines: Vec<OsString>,
    lean: Mutex<Option<Arc<Running>>>,
    full: Mutex<Option<Arc<Running>>>,
}

#[derive(Debug)]
struct Running {
    orders: Option<OwnedFd>,
    pidfd: OwnedFd,
    /// Starts the zygote and waits for it. It must live as long as the zygote does: the kernel sends the
    /// parent-death signal when the thread that forked ends, not when the process does.
    keeper: Option<JoinHandle<()>>,
    pid: Pid,
}

impl Zygote {
    /// Starts `program --zygote` (normally this very binary) over a socket pair, with an empty environment.
    /// The socket is its standard input. `/proc/self/exe` names this very binary even after an upgrade has
    /// replaced it on disk. With `--engines` besides, the program loads all engines.
    ///
    /// # Errors
    /// When it cannot be started, does not answer within ten seconds, or is of another build.
    pub fn start(program: &Path) -> io::Result<Zygote> {
        Zygote::start_with(program, Vec::new())
    }

    /// The same; the loader of engines is told these arguments behind `--engines` ([`Kit::for_engines`]), as which models
    /// there are.
    ///
    /// # Errors
    /// As [`Zygote::start`].
    pub fn start_with(program: &Path, engines: Vec<OsString>) -> io::Result<Zygote> {
        let running = Arc::new(Running::start(program, Kit::Lean, &[])?);
        let (lean, full) = (Mutex::new(Some(running)), Mutex::default());
        Ok(Zygote { program: program.to_owned(), engines, lean, full })
    }

    /// The process id of the zygote, for the operator's eyes; 0 if it is not running.
    pub fn pid(&self, kit: Kit) -> i32 {
        self.lock(kit).as_ref().map_or(0, |running| running.pid.as_raw_nonzero().get())
    }

    /// Sends an order with its descriptors. A zygote that has died is started again first.
    pub(crate) fn order(
        &self,
        kit: Kit,
        launch: &Launch,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let running = self.running(kit, None)?;
        match running.send(launch, descriptors) {
            Err(error) if is_gone(&error) => {
                self.running(kit, Some(&running))?.send(launch, descriptors)
            }
            sent => sent,
        }
    }

    /// Kills a zygote that does not answer, so that the next order starts another.
    pub(crate) fn give_up(&self, kit: Kit) {
        if let Some(running) = self.lock(kit).as_ref() {
            let _ = pidfd_send_signal(&running.pidfd, Signal::KILL);
        }
    }

    /// The zygote of this kit. Starts one if there is none, or if it is still the one that was seen `dead`.
    fn running(&self, kit: Kit, dead: Option<&Arc<Running>>) -> io::Result<Arc<Running>> {
        let mut running = self.lock(kit);
        if let Some(running) = running.as_ref()
            && dead.is_none_or(|dead| !Arc::ptr_eq(running, dead))
        {
            return Ok(Arc::clone(running));
        }
        if dead.is_some() {
            tracing::warn!("a zygote died; starting another");
        }
        let engines = match kit {
            Kit::Lean => &[][..],
            Kit::Full => &self.engines,
        };
        let started = Arc::new(Running::start(&self.program, kit, engines)?);
        *running = Some(Arc::clone(&started));
        Ok(started)
    }

    fn lock(&self, kit: Kit) -> MutexGuard<'_, Option<Arc<Running>>> {
        let running = match kit {
            Kit::Lean => &self.lean,
            Kit::Full => &self.full,
        };
        // The value is replaced whole, so a thread that panicked has left it whole.
        running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a run says whose zygote died.
pub(crate) fn dead_zygote() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the zygote died during the run")
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | ConnectionRefused | NotConnected)
}

impl Running {
    fn start(program: &Path, kit: Kit, engines: &[OsString]) -> io::Result<Running> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut command = Command::new(program);
        command
            .args(kit.arguments())
            .args(engines)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            // A group of its own: a terminal's Ctrl-C reaches the parent only, which then decides.
            .process_group(0);
        // Where the loader finds the libraries is no secret, and without it the same binary may not start; nor is where
        // Tesseract's data lie.
        for name in ["LD_LIBRARY_PATH", "TESSDATA_PREFIX"] {
            if let Some(path) = std::env::var_os(name) {
                command.env(name, path);
            }
        }
        use std::os::unix::process::CommandExt;
        let (tell, told) = mpsc::sync_channel(1);
        let keeper = std::thread::Builder::new().name("zygote-keeper".into()).spawn(move || {
            let spawned = command.spawn();
            // The command holds the zygote's end of the socket: while it does, the zygote's death is not seen.
            drop(command);
            match spawned {
                Ok(mut child) => {
                    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                    let opened = pid.ok_or_else(|| io::Error::other("no process id"));
                    let opened = opened.and_then(|pid| {
                        // Not waited for yet, so the id is still its own.
                        Ok((pid, pidfd_open(pid, PidfdFlags::empty())?))
                    });
                    let _ = tell.send(opened);
                    let _ = child.wait();
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                }
            }
        })?;
        let started = told.recv().map_err(io::Error::other)?;
        let (pid, pidfd) = started.map_err(|error| {
            io::Error::new(error.kind(), format!("starting {}: {error}", program.display()))
        })?;
        let running = Running { orders: Some(ours), pidfd, keeper: Some(keeper), pid };
        let patience = match kit {
            Kit::Lean => PATIENCE,
            Kit::Full => PATIENCE_TO_LOAD,
        };
        match running.hear(patience)? {
            Some(Report::Ready { protocol: PROTOCOL, version })
                if version == env!("CARGO_PKG_VERSION") =>
            {
                Ok(running)
            }
            Some(other) => Err(io::Error::other(format!(
                "{} --zygote is of another build: {other:?}",
                program.display()
            ))),
            None => Err(io::Error::other(format!(
                "{} --zygote ended before it was ready",
                program.display()
            ))),
        }
    }

    fn hear(&self, patience: Duration) -> io::Result<Option<Report>> {
        let Some(orders) = &self.orders else { return Ok(None) };
        if !readable_within(orders, patience)? {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the zygote does not answer"));
        }
        Ok(launch::receive(orders)?.map(|(report, _)| report))
    }

    fn send(&self, launch: &Launch, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        match &self.orders {
            Some(orders) => launch::send(orders.as_fd(), launch, descriptors),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.orders = None;
        // Its children die with it, by their parent-death signal.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}
