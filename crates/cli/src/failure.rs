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
    /// Several at once, each to be mended by itself. The highest exit code of them.
    Several(Vec<Failure>),
}

/// The exit code of wrong usage, as of most programs.
pub(crate) const USAGE: u8 = 2;

impl Failure {
    /// Wrong usage, in one sentence.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Failure {
        Failure::Usage(anyhow::anyhow!("{message}"))
    }

    /// Wrong usage, in a sentence for each fault.
    pub(crate) fn faults<F: std::fmt::Display>(faults: Vec<F>) -> Failure {
        Failure::Several(faults.into_iter().map(Failure::usage).collect())
    }

    /// Fails if there is any.
    pub(crate) fn none_of(failures: Vec<Failure>) -> Result<(), Failure> {
        match failures.is_empty() {
            true => Ok(()),
            false => Err(Failure::Several(failures)),
        }
    }

    /// What is said of it: a line for each.
    pub(crate) fn told(&self) -> Vec<String> {
        match self {
            Failure::Usage(error) | Failure::Other(error) => {
                let error: &(dyn std::error::Error + 'static) = error.as_ref();
                vec![told(error)]
            }
            Failure::Silent(_) => Vec::new(),
            Failure::Several(failures) => failures.iter().flat_map(Failure::told).collect(),
        }
    }

    fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => USAGE,
            Failure::Other(_) => 1,
            Failure::Silent(code) => *code,
            Failure::Several(failures) => failures.iter().map(Failure::code).max().unwrap_or(1),
        }
    }

    /// Prints its lines to standard error.
    #[expect(clippy::print_stderr, reason = "printing is what the binary is for")]
    pub(crate) fn report(&self) -> ExitCode {
        for told in self.told() {
            eprintln!("{}", Shown::of(&format_args!("madang: {told}")));
        }
        ExitCode::from(self.code())
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Other(error.into())
    }
}
