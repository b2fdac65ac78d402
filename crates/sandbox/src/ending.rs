//! What the end of a child means. A function over values: nothing here waits or kills.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use madang_document::outcome::Outcome;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use crate::assembly::one_line;
use crate::frame::ProtocolViolation;

/// Why the parent killed a child.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Killed {
    /// It ran longer than its object may.
    Wall(Duration),
    /// It said nothing for so long.
    Silent(Duration),
    /// Its resident memory exceeded so many bytes.
    Memory(u64),
    /// It broke the protocol.
    Violated(ProtocolViolation),
    /// It had said everything and did not go.
    Lingered,
    /// Nobody wants the answer any more.
    Unwanted,
}

/// What is known of a child that has ended without a whole answer.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) status: ExitStatus,
    pub(crate) killed: Option<&'a Killed>,
    pub(crate) panic: Option<&'a str>,
    /// The last of its standard error.
    pub(crate) errors: &'a str,
    /// Time of the processor it was allowed.
    pub(crate) cpu: Duration,
    /// Bytes of memory it was allowed.
    pub(crate) memory: u64,
}

impl Ending<'_> {
    /// The outcome it means, and the reason.
    pub(crate) fn outcome(&self) -> (Outcome, Reason) {
        let (outcome, kind) = self.kind();
        (outcome, kind.into())
    }

    fn kind(&self) -> (Outcome, ReasonKind) {
        match self.killed {
            Some(Killed::Wall(limit)) => {
                return (Outcome::Timeout, ReasonKind::NotFinished(milliseconds(*limit)));
            }
            Some(Killed::Silent(limit)) => {
                return (Outcome::Timeout, ReasonKind::NoProgress(milliseconds(*limit)));
            }
            Some(Killed::Memory(limit)) => return (Outcome::Memory, too_much(*limit)),
            Some(Killed::Violated(violation)) => {
                return (Outcome::Crashed, ReasonKind::Protocol(Quote::of(violation)));
            }
            Some(Killed::Lingered) => return (Outcome::Timeout, ReasonKind::Lingered),
            Some(Killed::Unwanted) | None => {}
        }
        // What Rust's allocator says before it aborts.
        let aborted = self.status.signal() == Some(libc::SIGABRT);
        if aborted && self.errors.contains("memory allocation of ") {
            return (Outcome::Memory, too_much(self.memory));
        }
        if let Some(message) = self.panic {
            return (Outcome::Crashed, ReasonKind::Panicked(message.into()));
        }
        match (self.status.signal(), self.status.code()) {
            (Some(libc::SIGXCPU), _) => {
                (Outcome::Timeout, ReasonKind::ProcessorTime(milliseconds(self.cpu)))
            }
            // Not ours: a child is the first that the kernel takes when memory runs out (oom_score_adj).
            (Some(libc::SIGKILL), _) => (Outcome::Memory, ReasonKind::KilledBySystem),
            (Some(signal), _) => {
                let (name, words) = (name(signal).into(), self.last_words());
                (Outcome::Crashed, ReasonKind::Signal { name, words })
            }
            (None, Some(0)) => (Outcome::Crashed, ReasonKind::NoAnswer(self.last_words())),
            (None, code) => {
                let (code, words) = (code.unwrap_or_default().into(), self.last_words());
                (Outcome::Crashed, ReasonKind::Status { code, words })
            }
        }
    }

    /// The last line of its standard error.
    fn last_words(&self) -> Option<Quote> {
        let line = self.errors.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        Some(Quote::new(&one_line(line)))
    }
}

fn too_much(memory: u64) -> ReasonKind {
    ReasonKind::Memory(memory >> 20)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn name(signal: i32) -> String {
    let name = match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGBUS => "SIGBUS",
        libc::SIGABRT => "SIGABRT",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGSYS => "SIGSYS (a system call it may not make)",
        libc::SIGXFSZ => "SIGXFSZ (a file it may not write)",
        libc::SIGTRAP => "SIGTRAP",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        let violation = Killed::Violated(ProtocolViolation("a frame of 0 bytes".into()));
        let exit = |code: i32| code << 8;
        #[rustfmt::skip]
        let cases = [
            (9, Some(Killed::Wall(Duration::from_secs(30))), None, "", Outcome::Timeout, "not finished within 30 s"),
            (9, Some(Killed::Silent(Duration::from_millis(500))), None, "", Outcome::Timeout, "no progress for 0.5 s"),
            (9, Some(Killed::Memory(64 << 20)), None, "", Outcome::Memory, "more than 64 MiB of memory"),
            (9, Some(violation), None, "", Outcome::Crashed, "protocol: a frame of 0 bytes"),
            (9, None, None, "", Outcome::Memory, "killed by the system (SIGKILL), most likely for want of memory"),
            (libc::SIGXCPU, None, None, "", Outcome::Timeout, "more than 7 s of processor time"),
            (libc::SIGSEGV, None, None, "", Outcome::Crashed, "the reader died of SIGSEGV"),
            (libc::SIGABRT, None, None, "x\nfree(): invalid pointer\n", Outcome::Crashed, "the reader died of SIGABRT: free(): invalid pointer"),
            (libc::SIGABRT, None, None, "memory allocation of 99 bytes failed\n", Outcome::Memory, "more than 5 MiB of memory"),
            (exit(101), None, Some("boom"), "", Outcome::Crashed, "the reader panicked: boom"),
            (exit(0), None, None, "", Outcome::Crashed, "the reader ended without an answer"),
            (exit(4), None, None, "no\x1b[31m", Outcome::Crashed, "the reader ended with status 4: no [31m"),
        ];
        for (status, killed, panic, errors, outcome, reason) in cases {
            let status = ExitStatus::from_raw(status);
            let killed = killed.as_ref();
            let ending = Ending {
                status,
                killed,
                panic,
                errors,
                cpu: Duration::from_secs(7),
                memory: 5 << 20,
            };
            let (ended, why) = ending.outcome();
            assert_eq!((ended, why.english()), (outcome, reason.to_owned()));
            assert!(!why.is_said() && why.korean() != why.english(), "{reason}");
        }
    }
}
