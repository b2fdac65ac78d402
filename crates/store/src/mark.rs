use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::{Errno, read};

/// What a folder of this service is known by, whatever device it comes back from: a file in it with a random line. The
/// line says whose folder it is; that the file is there says that it is a Madang's ([`is_data`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(Vec<u8>);

impl Mark {
    /// The name of the file.
    pub const FILE: &str = "this-is-madang-data";

    /// Shorter than any random line, bytes.
    const LEAST: usize = 32;

    /// The line; none if it is no text.
    pub fn line(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().map(str::trim_end)
    }

    /// The mark that lies in a folder; none if there is none, or it cannot be read.
    ///
    /// # Errors
    /// As the system says.
    pub fn of(folder: BorrowedFd<'_>) -> Result<Option<Mark>, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(folder, Mark::FILE, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => return Err(Errno::MFILE),
            // What cannot be opened is nobody's mark: a link, a socket, a file of others.
            Err(_) => return Ok(None),
        };
        if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let mut line = [0; 128];
        let length = match read(file.as_fd(), &mut line) {
            Ok(length) => length,
            Err(_) => return Ok(None),
        };
        let line = line.get(..length).unwrap_or_default();
        Ok((line.len() >= Mark::LEAST).then(|| Mark(line.to_owned())))
    }
}

/// The files that are in every data folder, and that together lie in nothing else. A Madang of before the [`Mark`] kept
/// these two.
const KEPT: [&str; 2] = ["ledger.db", "local.key"];

/// Whether a folder is the data folder of a Madang, or the texts in one: this one's, another's, an earlier one's. It is
/// asked of the names in it alone, since the files are their owner's.
///
/// Whoever can make files in a folder by their names can close it by this, as he could remove what is in it; an upload
/// cannot ([`is_kept_name`]).
///
/// # Errors
/// As the system says.
pub fn is_data(folder: BorrowedFd<'_>) -> Result<bool, Errno> {
    let is_file = |name: &str| match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(seen) => Ok(FileType::from_raw_mode(seen.st_mode) == FileType::RegularFile),
        // A folder that may not be passed shows nothing of what is in it to anybody here.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => Ok(false),
        Err(errno) => Err(errno),
    };
    Ok(is_file(Mark::FILE)? || (is_file(KEPT[0])? && is_file(KEPT[1])?))
}

/// Whether a folder may be known for a data folder by a file of this name. Some file systems take large letters for
/// small ones.
pub fn is_kept_name(name: &[u8]) -> bool {
    [Mark::FILE, KEPT[0], KEPT[1]].iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes()))
}
