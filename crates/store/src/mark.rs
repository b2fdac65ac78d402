use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::{Errno, read};

/// What a folder of this service is known by, whatever device it comes back from: a file in it with a random line. Who
/// does not know the line cannot close a folder of others with it, and who has it has been in the folder.
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
