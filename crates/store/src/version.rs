use rustix::fs::{Statx, StatxTimestamp};

/// The version of a local file: inode, time of change of the content and of the inode in nanoseconds, size. The
/// inode's own time is there because anybody can set the other back, and a program that writes in place may
/// leave the size. The device is left out: its number may change when a machine restarts, and every file would
/// seem new.
pub fn of_file(seen: &Statx) -> String {
    let nanos =
        |time: StatxTimestamp| i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    let (mtime, ctime) = (nanos(seen.stx_mtime), nanos(seen.stx_ctime));
    format!("{:x}-{mtime:x}-{ctime:x}-{:x}", seen.stx_ino, seen.stx_size)
}

/// Whether what was recorded and what is there are one version of an object.
///
/// Before the inode's time of change was part of it, a version was recorded without: such a record is of the
/// same version when all else agrees, so that nothing is read again only because the program is newer.
pub fn same_version(known: &str, seen: &str) -> bool {
    if known == seen {
        return true;
    }
    let mut parts = seen.split('-');
    let seen = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
    let mut parts = known.split('-');
    let known = (parts.next(), parts.next(), parts.next(), parts.next());
    match (known, seen) {
        (
            (Some(ino), Some(mtime), Some(size), None),
            (Some(seen_ino), Some(seen_mtime), Some(_), Some(seen_size), None),
        ) => (ino, mtime, size) == (seen_ino, seen_mtime, seen_size),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_the_inodes_time_is_known_again() {
        assert!(same_version("1a-ff-2", "1a-ff-2"));
        assert!(same_version("1a-ff-2", "1a-ff-100-2"));
        assert!(same_version("1a-ff-100-2", "1a-ff-100-2"));
        for (known, seen) in [
            ("1a-ff-2", "1b-ff-100-2"),
            ("1a-ff-2", "1a-fe-100-2"),
            ("1a-ff-2", "1a-ff-100-3"),
            ("1a-ff-100-2", "1a-ff-101-2"),
            ("1a-ff-100-2", "1a-ff-2"),
            ("d41d8cd98f00b204e9800998ecf8427e-3", "d41d8cd98f00b204e9800998ecf8427e-4"),
            ("", "1"),
        ] {
            assert!(!same_version(known, seen), "{known} {seen}");
        }
    }
}
