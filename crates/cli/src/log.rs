use std::fmt;
use std::io::IsTerminal;

use madang_document::shown::Shown;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

/// Messages of the service go to standard error; `RUST_LOG` chooses more or fewer.
///
/// Paths and reasons in them come from strangers, so each value passes through [`Shown`]: a file name can neither
/// forge a line nor colour one. The colours of the levels are the formatter's own and stay.
pub(crate) fn start() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("madang=info,warn"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .fmt_fields(debug_fn(field).delimited(" "))
        .try_init();
}

/// One field of a message: the message itself without its name, a number or a text as it is, anything else as its
/// `Debug` says.
fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = Shown::of(&format_args!("{value:?}"));
    match field.name() {
        "message" => write!(writer, "{value}"),
        name => write!(writer, "{name}={value}"),
    }
}
