/// The process that children are forked from: started before tokio, single-threaded, formats warm.
#[derive(Debug)]
pub struct Zygote {}

impl Zygote {
    /// Starts `program --zygote` (normally this very binary) over a socket pair, with an empty environment.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &std::path::Path) -> std::io::Result<Zygote> {
        let _ = program;
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// The main loop of the zygote: what `madang --zygote` runs, before anything else is set up. Ends when the
/// socket closes; gives the exit code.
pub fn serve() -> i32 {
    1
}
