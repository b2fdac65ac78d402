use rustix::fs::{Statx, makedev};

/// A file or folder of this machine, whatever it is called and by whatever way it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId {
    /// The device.
    pub(crate) dev: u64,
    /// The inode on it.
    pub(crate) ino: u64,
}

impl FileId {
    /// Of what the kernel says of it.
    pub(crate) fn of(seen: &Statx) -> FileId {
        FileId { dev: makedev(seen.stx_dev_major, seen.stx_dev_minor), ino: seen.stx_ino }
    }
}
