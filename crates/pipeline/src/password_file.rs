use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use madang_extract::passwords::{BadPasswords, Passwords};
use rustix::fs::OFlags;
use rustix::process::geteuid;
use zeroize::Zeroizing;

/// Why a file of passwords is refused. Tells nothing of what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFileError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// It is a folder, a pipe, a device.
    #[error("it is no plain file")]
    NoFile,
    /// Others can read or change it.
    #[error("others may read or change it (its mode is {0:04o}): make it `chmod 600`")]
    Open(u32),
    /// Its mode is none that a secret has.
    #[error("its mode is {0:04o}: make it `chmod 600`")]
    Mode(u32),
    /// Somebody else's file could be changed under the service.
    #[error(
        "it belongs to the user with number {owner}, and madang runs as {own}: give it to that user (`chown`)"
    )]
    Foreign {
        /// The owner's number.
        owner: u32,
        /// That of who runs this process.
        own: u32,
    },
    /// It has another name elsewhere, which may lie where files are taken from.
    #[error(
        "it has {0} names: remove the other ones (`find -samefile`), or copy it to a file of its own"
    )]
    Linked(u64),
    /// What stands in it is no list of passwords.
    #[error("{0}")]
    Bad(#[from] BadPasswords),
}

/// Reads a file of passwords: one on each line, UTF-8. It must be a plain file that belongs to whoever runs this process
/// and that nobody else may read or change. It is opened once, and what is checked is what is read.
///
/// # Errors
/// [`PasswordFileError`].
pub fn read(path: &Path) -> Result<Passwords, PasswordFileError> {
    // Without waiting: a pipe that nobody writes to would hold the command for ever.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(PasswordFileError::NoFile);
    }
    may_be_used(found.uid(), geteuid().as_raw(), found.mode())?;
    if found.nlink() != 1 {
        return Err(PasswordFileError::Linked(found.nlink()));
    }
    // One byte more than the longest list: then its parser says what is too long.
    let mut list = Zeroizing::new(Vec::with_capacity(Passwords::SIZE + 1));
    file.take(Passwords::SIZE as u64 + 1).read_to_end(&mut list)?;
    if list.len() > Passwords::SIZE {
        return Err(BadPasswords::TooMany.into());
    }
    Ok(Passwords::parse(&list)?)
}

/// Whether a file of this owner and mode is nobody else's.
fn may_be_used(owner: u32, own: u32, mode: u32) -> Result<(), PasswordFileError> {
    if owner != own {
        return Err(PasswordFileError::Foreign { owner, own });
    }
    // Reading and writing for the owner, or only reading, as secrets are mounted in containers.
    match mode & 0o7777 {
        0o600 | 0o400 => Ok(()),
        mode if mode & 0o077 != 0 => Err(PasswordFileError::Open(mode)),
        mode => Err(PasswordFileError::Mode(mode)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owners_own_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passwords");
        let told = |path: &Path| read(path).map(|read| read.len()).map_err(|e| e.to_string());
        assert!(told(&path).unwrap_err().contains("No such file"));
        std::fs::write(&path, "하나\nopen sesame\n").unwrap();
        for (mode, opens) in
            [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o700, false)]
        {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(told(&path).is_ok(), opens, "{mode:o}");
        }
        assert_eq!(told(&path).unwrap_err(), "its mode is 0700: make it `chmod 600`");
        std::fs::set_permissions(&path, Permissions::from_mode(0o604)).unwrap();
        assert!(
            told(&path)
                .unwrap_err()
                .contains("others may read or change it (its mode is 0604): make it `chmod 600`")
        );
        assert!(told(folder.path()).unwrap_err().contains("no plain file"));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "secret\n".repeat(10_000)).unwrap();
        assert!(told(&path).unwrap_err().contains("more than 100"));
        std::fs::write(&path, b"secret\xFF").unwrap();
        assert_eq!(told(&path).unwrap_err(), "line 1 is not UTF-8");
        std::fs::write(&path, b"secret").unwrap();
        std::fs::hard_link(&path, folder.path().join("other")).unwrap();
        assert!(told(&path).unwrap_err().contains("it has 2 names"));
    }

    #[test]
    fn a_file_of_somebody_else_is_refused_whatever_its_mode() {
        let refused = may_be_used(0, 1000, 0o100_600).unwrap_err().to_string();
        assert!(refused.contains("number 0, and madang runs as 1000"), "{refused}");
        assert!(may_be_used(1000, 1000, 0o100_600).is_ok());
    }
}
