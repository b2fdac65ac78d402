use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;

use crate::stat;

/// The mounts that this process sees at a moment (`/proc/self/mountinfo`, see proc_pid_mountinfo(5)).
///
/// A bind mount shows a part of a file system at a second place, and nothing in the path or in the parents of what
/// is found there tells where else it lies. This table does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounts(Vec<Mount>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    id: u64,
    device: OsString,
    /// The way from the root of the file system to what is mounted.
    root: PathBuf,
    /// Where it is mounted.
    point: PathBuf,
}

/// The way to a file or folder from the root of its file system: the same by whichever mount it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DiskPath {
    device: OsString,
    path: PathBuf,
}

impl DiskPath {
    /// The way from another folder down to this one, if it lies there; empty if it is the same.
    pub fn below(&self, other: &DiskPath) -> Option<&Path> {
        match self.device == other.device {
            true => self.path.strip_prefix(&other.path).ok(),
            false => None,
        }
    }

    /// What lies, or would lie, at this path below it.
    #[must_use]
    pub fn join(&self, path: &Path) -> DiskPath {
        DiskPath { device: self.device.clone(), path: self.path.join(path) }
    }
}

impl Mounts {
    /// Those of this moment; none where there is no `/proc`.
    ///
    /// # Errors
    /// As the system says.
    pub fn now() -> Result<Mounts, Errno> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = match openat(CWD, "/proc/self/mountinfo", flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(Mounts::default()),
            file => file?,
        };
        let mut text = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match rustix::io::read(&file, &mut buffer) {
                Err(Errno::INTR) => continue,
                read => read?,
            };
            match buffer.get(..read) {
                Some([]) | None => return Ok(Mounts::parse(&text)),
                Some(bytes) => text.extend_from_slice(bytes),
            }
        }
    }

    fn parse(text: &[u8]) -> Mounts {
        Mounts(text.split(|byte| *byte == b'\n').filter_map(Mount::parse).collect())
    }

    /// Where the root of a mount lies; none if this process does not see that mount.
    pub fn root(&self, id: u64) -> Option<DiskPath> {
        let mount = self.0.iter().find(|mount| mount.id == id)?;
        Some(DiskPath { device: mount.device.clone(), path: mount.root.clone() })
    }

    /// Where something that is open lies; none if that cannot be told.
    ///
    /// # Errors
    /// As the system says.
    pub fn place(&self, file: BorrowedFd<'_>) -> Result<Option<DiskPath>, Errno> {
        let seen = stat::of(file)?;
        let Some(mount) = self.0.iter().find(|mount| mount.id == seen.stx_mnt_id) else {
            return Ok(None);
        };
        let path = path_of(file)?;
        let way = path.strip_prefix(&mount.point).ok();
        Ok(way.map(|way| DiskPath { device: mount.device.clone(), path: mount.root.join(way) }))
    }

    /// What is mounted somewhere below a path: where, and where it lies.
    pub fn below(&self, path: &Path) -> impl Iterator<Item = (&Path, DiskPath)> {
        self.0.iter().filter(move |mount| mount.point != path && mount.point.starts_with(path)).map(
            |mount| {
                let lies = DiskPath { device: mount.device.clone(), path: mount.root.clone() };
                (mount.point.as_path(), lies)
            },
        )
    }
}

/// The path of something that is open, as the kernel names it now.
///
/// # Errors
/// As the system says.
pub fn path_of(file: BorrowedFd<'_>) -> Result<PathBuf, Errno> {
    // The kernel's own link: it leads to the descriptor and nowhere else.
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = readlinkat(CWD, link, Vec::new())?;
    Ok(OsString::from_vec(path.into_bytes()).into())
}

impl Mount {
    /// A line: `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`.
    fn parse(line: &[u8]) -> Option<Mount> {
        let mut fields = line.split(|byte| *byte == b' ');
        let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        let device = std::ffi::OsStr::from_bytes(fields.nth(1)?).to_owned();
        let root = unescaped(fields.next()?);
        let point = unescaped(fields.next()?);
        Some(Mount { id, device, root, point })
    }
}

/// A path of the table, in which a blank, a tab, a line break and a backslash stand as `\` and three octal digits.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let octal = (*first == b'\\')
            .then(|| after.first_chunk::<3>())
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use rustix::fd::AsFd;

    use super::*;

    const TABLE: &[u8] = b"1 0 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        7 1 254:0 /srv/data/blobs/ab /srv/drop/a\\040b rw shared:1 - ext4 /dev/vda rw\n\
        8 1 0:42 / /srv/data/index rw - tmpfs none rw\n\
        odd line\n";

    #[test]
    fn a_bind_mount_is_where_it_lies() {
        let mounts = Mounts::parse(TABLE);
        let data = mounts.root(1).unwrap().join(Path::new("srv/data"));
        let blob = mounts.root(7).unwrap();
        assert_eq!(blob.below(&data), Some(Path::new("blobs/ab")));
        assert_eq!(data.below(&data), Some(Path::new("")));
        assert_eq!(data.below(&blob), None);
        assert_eq!(blob.below(&data.join(Path::new("blobs/a"))), None, "whole names only");
        assert_eq!(mounts.root(8).unwrap().below(&mounts.root(1).unwrap()), None);
        assert_eq!(mounts.root(9), None);
        let below: Vec<&Path> =
            mounts.below(Path::new("/srv/data")).map(|(point, _)| point).collect();
        assert_eq!(below, [Path::new("/srv/data/index")]);
        let point = mounts.below(Path::new("/srv/drop")).next().unwrap().0;
        assert_eq!(point, Path::new("/srv/drop/a b"));
    }

    #[test]
    fn what_is_open_has_its_place() {
        let mounts = Mounts::now().unwrap();
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let open = |path: &str| openat(CWD, path, flags, Mode::empty()).unwrap();
        let proc = mounts.place(open("/proc").as_fd()).unwrap().unwrap();
        let own = mounts.place(open("/proc/self/fd").as_fd()).unwrap().unwrap();
        let way = own.below(&proc).unwrap();
        assert_eq!(way, Path::new(&format!("{}/fd", std::process::id())));
    }
}
