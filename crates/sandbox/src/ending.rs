//! What the end of a child means. A function over values: nothing here waits or kills.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use madang_document::outcome::Outcome;

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
    pub(crate) fn outcome(&self) -> (Outcome, String) {
        match self.killed {
            Some(Killed::Wall(limit)) => {
                return (Outcome::Timeout, format!("not finished within {} s", seconds(*limit)));
            }
            Some(Killed::Silent(limit)) => {
                return (Outcome::Timeout, format!("no progress for {} s", seconds(*limit)));
            }
            Some(Killed::Memory(limit)) => return (Outcome::Memory, too_much(*limit)),
            Some(Killed::Violated(violation)) => return (Outcome::Crashed, violation.to_string()),
            Some(Killed::Lingered) => {
                return (Outcome::Timeout, "it answered but did not end".into());
            }
            Some(Killed::Unwanted) | None => {}
        }
        // What Rust's allocator says before it aborts.
        let aborted = self.status.signal() == Some(libc::SIGABRT);
        if aborted && self.errors.contains("memory allocation of ") {
            return (Outcome::Memory, too_much(self.memory));
        }
        if let Some(message) = self.panic {
            return (Outcome::Crashed, format!("the reader panicked: {message}"));
        }
        match (self.status.signal(), self.status.code()) {
            (Some(libc::SIGXCPU), _) => {
                let allowed = seconds(self.cpu);
                (Outcome::Timeout, format!("more than {allowed} s of processor time"))
            }
            // Not ours: a child is the first that the kernel takes when memory runs out (oom_score_adj).
            (Some(libc::SIGKILL), _) => (
                Outcome::Memory,
                "killed by the system (SIGKILL), most likely for want of memory".into(),
            ),
            (Some(signal), _) => {
                (Outcome::Crashed, self.with_errors(format!("the reader died of {}", name(signal))))
            }
            (None, Some(0)) => {
                (Outcome::Crashed, self.with_errors("the reader ended without an answer".into()))
            }
            (None, code) => {
                let code = code.unwrap_or_default();
                (Outcome::Crashed, self.with_errors(format!("the reader ended with status {code}")))
            }
        }
    }

    fn with_errors(&self, what: String) -> String {
        match self.errors.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(line) => {
                let line: String = one_line(line).chars().take(300).collect();
                format!("{what}: {line}")
            }
            None => what,
        }
    }
}

fn too_much(memory: u64) -> String {
    format!("more than {} MiB of memory", memory >> 20)
}

fn seconds(duration: Duration) -> String {
    let text = format!("{:.1}", duration.as_secs_f64());
    text.trim_end_matches(".0").to_owned()
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
            assert_eq!(ending.outcome(), (outcome, reason.to_owned()));
        }
    }
}
