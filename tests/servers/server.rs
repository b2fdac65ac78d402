use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A real server, started by `tests/servers/NAME`, which installs it if need be. It ends with its standard input: when
/// this is let go, or with this process, however that ends.
#[derive(Debug)]
pub struct Server {
    address: String,
    _process: Child,
}

impl Server {
    /// Starts it, and waits until it answers.
    ///
    /// # Panics
    /// When it cannot be had; what to install stands on standard error.
    pub fn start(name: &str, arguments: &[&str]) -> Server {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .find(|folder| folder.join("tests/servers").is_dir())
            .expect("the workspace");
        let script = workspace.join("tests/servers").join(name);
        let mut process = Command::new(&script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let mut address = String::new();
        let mut said = BufReader::new(process.stdout.take().expect("its output"));
        said.read_line(&mut address).expect("its address");
        assert!(!address.is_empty(), "{} could not be started; see above", script.display());
        Server { address: address.trim().to_owned(), _process: process }
    }

    /// Where it listens, as in `http://127.0.0.1:9000`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// A client for what the tests do to servers by themselves. It keeps no connection: each test has a runtime of its own,
/// and a connection lives no longer than the one that made it.
pub(crate) fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        madang_store::tls::provide();
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        client.build().expect("a client")
    })
}
