use std::fs::{File, Permissions};
use std::io::{Error, Result};
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

/// What was open to others until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mended {
    /// The former mode of the folder, if others could enter it.
    pub(crate) root: Option<u32>,
    /// Paths below it whose mode was changed.
    pub(crate) below: u64,
}

/// Takes a folder from everybody but its owner, and with it what is called by one of these names in it, if others
/// could enter the folder until now: behind a closed door the modes within make no difference, and a walk over
/// every blob at each start would. Other names are left alone: whoever gave their home as a data folder by mistake
/// finds the modes of their files as they were.
pub(crate) fn close(folder: &Path, names: &[&str]) -> Result<Mended> {
    let root = File::options()
        .read(true)
        .custom_flags(OFlags::DIRECTORY.bits().cast_signed())
        .open(folder)?;
    let mode = root.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(Mended::default());
    }
    if mode & 0o1000 != 0 {
        return Err(Error::other("everybody may write here; name a folder of its own"));
    }
    // The door first, so that nobody changes what is being walked.
    root.set_permissions(Permissions::from_mode(mode & 0o700))?;
    let below = below(&root, &|name| names.iter().any(|ours| ours.as_bytes() == name))?;
    Ok(Mended { root: Some(mode), below })
}

/// How many paths below a folder were changed.
fn below(folder: &File, ours: &dyn Fn(&[u8]) -> bool) -> Result<u64> {
    let mut changed = 0;
    for entry in Dir::read_from(folder.as_fd())? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") || !ours(name.to_bytes()) {
            continue;
        }
        let stat = statat(folder.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if !matches!(kind, FileType::Directory | FileType::RegularFile) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let path = File::from(openat(folder.as_fd(), name, flags, Mode::empty())?);
        if stat.st_mode & 0o077 != 0 {
            path.set_permissions(Permissions::from_mode(stat.st_mode & 0o700))?;
            changed += 1;
        }
        if kind == FileType::Directory {
            changed += below(&path, &|_| true)?;
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_folder_is_closed_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mode = |path: &str| root.join(path).metadata().unwrap().permissions().mode() & 0o777;
        let set = |path: &str, mode| {
            std::fs::set_permissions(root.join(path), Permissions::from_mode(mode)).unwrap();
        };
        std::fs::create_dir_all(root.join("blobs/ab")).unwrap();
        std::fs::create_dir_all(root.join("drop/ab")).unwrap();
        for path in ["blobs/ab/text", "drop/ab/report.hwp", "ledger.db"] {
            std::fs::write(root.join(path), "x").unwrap();
            set(path, 0o644);
        }
        for path in ["blobs/ab", "blobs", "drop/ab", "drop", ""] {
            set(path, 0o755);
        }
        let names = ["blobs", "ledger.db"];
        assert_eq!(close(root, &names).unwrap(), Mended { root: Some(0o755), below: 4 });
        assert_eq!((mode(""), mode("blobs/ab"), mode("blobs/ab/text")), (0o700, 0o700, 0o600));
        assert_eq!((mode("ledger.db"), mode("drop/ab/report.hwp")), (0o600, 0o644));
        assert_eq!(close(root, &names).unwrap(), Mended::default());
    }

    #[test]
    fn the_folder_of_everybody_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Permissions::from_mode(0o1777);
        std::fs::set_permissions(folder.path(), shared).unwrap();
        assert!(close(folder.path(), &[]).is_err());
    }
}
