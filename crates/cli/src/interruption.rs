use crate::failure::Failure;
use crate::terminal::{line, shown};

/// Returns when the process is told to stop, by a signal or at the keyboard, and says that it was heard.
pub(crate) async fn interrupted() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    line(&shown!("madang stops: what runs is finished or given back"));
    Ok(())
}
