use std::process::ExitCode;

use madang_document::cause::told;
use madang_document::shown::Shown;

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or the configuration is wrong: the cure is in the caller's hands. Exit code 2.
    Usage(anyhow::Error),
    /// Something else went wrong. Exit code 1.
    Other(anyhow::Error),
    /// Already reported, or nothing to report.
    Silent(u8),
}

/// The exit code of wrong usage, as of most programs.
pub(crate) const USAGE: u8 = 2;

impl Failure {
    /// Wrong usage, in one sentence.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Failure {
        Failure::Usage(anyhow::anyhow!("{message}"))
    }

    /// Prints one line to standard error.
    #[expect(clippy::print_stderr, reason = "printing is what the binary is for")]
    pub(crate) fn report(&self) -> ExitCode {
        let (error, code) = match self {
            Failure::Usage(error) => (error, USAGE),
            Failure::Other(error) => (error, 1),
            Failure::Silent(code) => return ExitCode::from(*code),
        };
        let error: &(dyn std::error::Error + 'static) = error.as_ref();
        eprintln!("{}", Shown::of(&format_args!("madang: {}", told(error))));
        ExitCode::from(code)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Other(error.into())
    }
}
