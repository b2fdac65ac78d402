use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::failure::Failure;

/// The data folder of this process: nobody else uses it while the lock is held.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates the folder if need be and takes its lock; none if another process holds it.
    pub(crate) fn lock(path: &Path) -> Result<Option<DataFolder>, Failure> {
        let failed = |error: std::io::Error| {
            Failure::Other(anyhow::anyhow!("data folder {}: {error}", path.display()))
        };
        std::fs::create_dir_all(path).map_err(failed)?;
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(DataFolder { path: path.to_owned(), _lock: lock })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// A path in the folder.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Says where the service of this folder listens.
    pub(crate) fn announce(&self, url: &str) -> std::io::Result<()> {
        write_private(&self.join("service.url"), url)
    }

    /// Takes the announcement back.
    pub(crate) fn withdraw(&self) {
        let _ = std::fs::remove_file(self.join("service.url"));
    }

    /// The key by which the owner of the folder reaches its service from the command line; made at first use.
    pub(crate) fn local_key(&self) -> Result<String, Failure> {
        let path = self.join("local.key");
        if let Some(key) = read_line(&path) {
            return Ok(key);
        }
        let key = new_key()?;
        write_private(&path, &key)?;
        Ok(key)
    }
}

/// Where the service of a data folder listens, and the owner's key to it.
pub(crate) fn announced(path: &Path) -> Option<(String, Option<String>)> {
    let url = read_line(&path.join("service.url"))?;
    Some((url, read_line(&path.join("local.key"))))
}

/// A new API key: `madang_` and 256 random bits as hexadecimal digits.
pub(crate) fn new_key() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(bytes.iter().fold(String::from("madang_"), |mut key, byte| {
        key.push_str(&format!("{byte:02x}"));
        key
    }))
}

fn read_line(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    let line = text.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}
