use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, FileType, Statx, StatxAttributes, StatxFlags, statx};
use rustix::io::Errno;

/// What the system says of something that is open.
///
/// # Errors
/// As the system says.
pub(crate) fn of(file: BorrowedFd<'_>) -> Result<Statx, Errno> {
    statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
}

/// What the system says of a name in a folder; a link is itself.
///
/// # Errors
/// As the system says; [`Errno::NOENT`] for what is no name.
pub(crate) fn at(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Statx, Errno> {
    if name.is_empty() || name == b"." || name == b".." || name.contains(&b'/') {
        return Err(Errno::NOENT);
    }
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    statx(folder, name, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
}

/// Whether it is a file, a folder, a link …
pub(crate) fn kind(seen: &Statx) -> FileType {
    FileType::from_raw_mode(u32::from(seen.stx_mode))
}

/// Whether something is mounted there, so that what is seen lies elsewhere; none if this system does not say
/// (Linux says it from 5.8 on).
pub(crate) fn is_mount_root(seen: &Statx) -> Option<bool> {
    let told = seen.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
    told.then(|| seen.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}
