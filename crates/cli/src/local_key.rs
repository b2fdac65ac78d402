use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::failure::Failure;

/// Where the owner's key lies in a data folder.
pub(crate) const FILE: &str = "local.key";

/// How every key made by Madang begins.
const MARK: &str = "madang_";

/// Reads the key; none if there is no file.
///
/// # Errors
/// Why the file is no key: whoever could write it would be an administrator, and whoever could read it is one.
pub(crate) fn read(path: &Path) -> Result<Option<String>, String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err("is a link".into());
        }
        Err(error) => return Err(format!("cannot be read ({error})")),
    };
    let metadata = file.metadata().map_err(|error| format!("cannot be read ({error})"))?;
    if !metadata.is_file() {
        return Err("is no file".into());
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("belongs to another user (number {})", metadata.uid()));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(format!("could be read by others (mode {:04o})", metadata.mode() & 0o7777));
    }
    let mut text = String::new();
    let read = file.by_ref().take(4096).read_to_string(&mut text);
    read.map_err(|error| format!("cannot be read ({error})"))?;
    let key = text.trim_end();
    match has_form(key) {
        true => Ok(Some(key.to_owned())),
        false => Err("holds no key as Madang makes them".into()),
    }
}

/// A new API key: `madang_` and 256 random bits as hexadecimal digits.
pub(crate) fn new() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(bytes.iter().fold(MARK.to_owned(), |mut key, byte| {
        key.push_str(&format!("{byte:02x}"));
        key
    }))
}

/// Whether a key has the form of those that [`new`] makes.
pub(crate) fn has_form(key: &str) -> bool {
    key.strip_prefix(MARK).is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// What may be shown of a key that [`new`] made, to tell keys apart in a list: 16 of its 256 bits.
pub(crate) fn prefix(key: &str) -> String {
    key.chars().take(MARK.len() + 4).collect()
}
