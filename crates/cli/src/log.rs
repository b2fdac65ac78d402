use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal;

use madang_document::shown::Shown;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::terminal::{line, shown};

/// Messages of the service go to standard error; `RUST_LOG` chooses more or fewer.
///
/// Paths and reasons in them come from strangers, so each value passes through [`Shown`]: a file name can neither
/// forge a line nor colour one. The colours of the levels are the formatter's own and stay.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|error| {
        if let Some(told) = unreadable(std::env::var_os(EnvFilter::DEFAULT_ENV), &error) {
            line(&told);
        }
        EnvFilter::new("madang=info,warn")
    });
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .fmt_fields(debug_fn(field).delimited(" "))
        .try_init();
}

/// That the variable cannot be read, if there is one: who set it waits for messages that would never come.
fn unreadable(variable: Option<OsString>, error: &dyn fmt::Display) -> Option<Shown> {
    let variable = variable.filter(|variable| !variable.is_empty())?;
    let variable = variable.to_string_lossy();
    Some(shown!(
        "madang: RUST_LOG is `{variable}`, which cannot be read ({error}), and counts as not set; write it as \
         `madang=debug`"
    ))
}

/// Characters of one field at most: a path of 4,000 bytes, or a reason that repeats it, must not bury the log.
const LONGEST_FIELD: usize = 500;

/// One field of a message: the message itself without its name, a number or a text as it is, anything else as its
/// `Debug` says.
fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = Shown::of(&format_args!("{value:?}")).within(LONGEST_FIELD);
    match field.name() {
        "message" => write!(writer, "{value}"),
        name => write!(writer, "{name}={value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_cannot_be_read_is_told_and_one_that_is_not_set_is_not() {
        assert_eq!(unreadable(None, &"not set"), None);
        assert_eq!(unreadable(Some(OsString::new()), &"blank"), None);
        let told = unreadable(Some("%%%".into()), &"invalid filter").unwrap();
        assert!(
            told.as_str().contains("`%%%`") && told.as_str().contains("madang=debug"),
            "{told}"
        );
    }

    #[test]
    fn a_field_is_as_long_as_a_line_can_bear() {
        let written = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        #[derive(Clone)]
        struct Into(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
        impl std::io::Write for Into {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let into = Into(std::sync::Arc::clone(&written));
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || into.clone())
            .fmt_fields(debug_fn(field).delimited(" "))
            .finish();
        let path = format!("first/{}/last", "long/".repeat(900));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(%path, "cannot be listed");
        });
        let line = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert!(line.len() < 700 && line.contains("cannot be listed"), "{line}");
        assert!(line.contains("first/long/") && line.contains("/last"), "{line}");
    }
}
