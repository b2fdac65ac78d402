use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use madang_document::object_key;
use madang_document::quote::Quote;
use madang_document::sidecar;
use madang_document::sidecar_fault::SidecarFault;
use madang_extract::sidecar::{MOST, Sidecar};
use madang_pipeline::besides::Describing;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;
use unicode_normalization::UnicodeNormalization;

/// Where files on disk are looked for that describe others, for whoever reads without a service: beside each, and in the
/// folders above it up to the one that was named.
#[derive(Debug)]
pub(crate) struct Surroundings {
    folders: Option<Vec<PathBuf>>,
}

impl Surroundings {
    /// Of what these paths name.
    pub(crate) fn of(paths: &[PathBuf]) -> Surroundings {
        let folders = paths.iter().filter(|path| path.is_dir()).cloned();
        Surroundings { folders: Some(folders.collect()) }
    }

    /// Nothing describes anything.
    pub(crate) fn none() -> Surroundings {
        Surroundings { folders: None }
    }

    /// What describes a file, as in a service whose source is the folder that was named, or else the file's own.
    pub(crate) fn describing(&self, file: &Path) -> Describing {
        let mut all = Describing::default();
        let Some(folders) = &self.folders else { return all };
        let named = folders.iter().find(|folder| file.starts_with(folder));
        let root = named.map(PathBuf::as_path).or(file.parent()).unwrap_or(Path::new(""));
        let Ok(relative) = file.strip_prefix(root) else { return all };
        let path = object_key::from_bytes(relative.as_os_str().as_bytes());
        if sidecar::described(&path).is_some() {
            return all;
        }
        let folder = match open(root) {
            Ok(folder) => folder,
            Err(error) => {
                let root = root.to_string_lossy();
                all.unread(&root, SidecarFault::Unreadable(Quote::of(&error)));
                return all;
            }
        };
        let mut files: Vec<(u64, u64, String)> = Vec::new();
        for (spelled, candidate) in sidecar::candidates(&path) {
            let name = candidate.shown(&spelled).to_owned();
            let lying = lying(folder.as_fd(), &object_key::to_bytes(&candidate.path));
            let Lying { size, bytes, device, inode } = match lying {
                Ok(Place::File(lying)) => lying,
                Ok(Place::Empty) => continue,
                Ok(Place::NoFile) => {
                    all.unread(&name, SidecarFault::NoFile);
                    continue;
                }
                Ok(Place::BehindLink) => {
                    if let Some(own) =
                        candidate.own_folder().filter(|own| is_no_file(folder.as_fd(), own))
                    {
                        all.unread(sidecar::shown(own, &spelled), SidecarFault::NoFile);
                    }
                    continue;
                }
                Err(error) => {
                    all.unread(&name, SidecarFault::Unreadable(Quote::of(&error)));
                    continue;
                }
            };
            // Some file systems take one spelling of a name for another: there a file answers to several. One that
            // lies in two folders is two, each with rows of its own.
            let file = (device, inode, candidate.path.nfc().collect::<String>().to_lowercase());
            if files.contains(&file) {
                continue;
            }
            files.push(file);
            if all.is_full() {
                all.one_too_many(&name);
                return all;
            }
            all.sidecars.push(Sidecar { name, size, row: candidate.row, bytes: bytes.into() });
        }
        all
    }
}

/// What a place in a folder holds.
enum Place {
    /// Nothing.
    Empty,
    /// Something else than a file, which may have been meant to say something.
    NoFile,
    /// Whatever is there is to be reached by a link only.
    BehindLink,
    /// A file.
    File(Lying),
}

/// A file that lies on disk.
struct Lying {
    size: u64,
    /// None if it is larger than what is read of a sidecar.
    bytes: Vec<u8>,
    device: u64,
    inode: u64,
}

/// A folder that was named, by whatever links.
fn open(folder: &Path) -> rustix::io::Result<OwnedFd> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// What lies at a place in a folder. No link is followed, on the way to it either: it may lead to what lies elsewhere and
/// describes something else.
fn lying(folder: BorrowedFd<'_>, place: &[u8]) -> std::io::Result<Place> {
    let beneath = |flags: OFlags| {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        openat2(folder, place, flags | OFlags::CLOEXEC, Mode::empty(), resolve).map(File::from)
    };
    // Nothing else than a file is opened: that alone may wake a device.
    let seen = beneath(OFlags::PATH | OFlags::NOFOLLOW).map_err(std::io::Error::from);
    match seen.and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Ok(Place::NoFile),
        Err(error) => return absent(error),
    }
    // What stands there now may be another: it is asked again, by the descriptor that is read.
    let file = match beneath(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
        Ok(file) => file,
        Err(Errno::LOOP) => return Ok(Place::NoFile),
        Err(errno) => return absent(errno.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(Place::NoFile);
    }
    let (device, inode) = (found.dev(), found.ino());
    let (size, bytes) = read(file, found.len())?;
    Ok(Place::File(Lying { size, bytes, device, inode }))
}

/// Whether a link stands at this place of a folder, or something else that is no file.
fn is_no_file(folder: BorrowedFd<'_>, key: &str) -> bool {
    matches!(lying(folder, &object_key::to_bytes(key)), Ok(Place::NoFile))
}

/// The size of what is read and its bytes, no bytes if there are too many, though it was told to be smaller.
fn read(file: impl Read, told: u64) -> std::io::Result<(u64, Vec<u8>)> {
    let mut bytes = Vec::new();
    if told > MOST {
        return Ok((told, bytes));
    }
    let size = file.take(MOST + 1).read_to_end(&mut bytes)? as u64;
    if size > MOST {
        bytes = Vec::new();
    }
    Ok((size, bytes))
}

/// Nothing, or nothing that is read, if that is what the error says.
fn absent(error: std::io::Error) -> std::io::Result<Place> {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(Place::Empty),
        // Longer than the system takes: no file is called so.
        ErrorKind::InvalidFilename => Ok(Place::Empty),
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Ok(Place::BehindLink),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use madang_document::reason::Reason;
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    #[test]
    fn what_lies_beside_is_found_up_to_the_folder_that_was_named() {
        let root = tempfile::tempdir().unwrap();
        let (above, below) = (root.path().join("a"), root.path().join("a/b"));
        std::fs::create_dir_all(&below).unwrap();
        for (name, text) in [
            ("a/manifest.csv", "filename,title\nb/c.txt,x\n"),
            ("a/b/manifest.csv", "filename,title\nc.txt,x\n"),
            ("a/b/c.txt.META.YML", "title: x\n"),
            ("a/b/c.txt", "c"),
            ("manifest.csv", "filename,title\n"),
        ] {
            std::fs::write(root.path().join(name), text).unwrap();
        }
        let file = below.join("c.txt");
        let names = |surroundings: Surroundings, file: &Path| -> Vec<(String, Option<String>)> {
            let all = surroundings.describing(file);
            assert!(all.unread.is_empty(), "{:?}", all.unread);
            all.sidecars.into_iter().map(|one| (one.name, one.row)).collect()
        };
        let own = ("c.txt.META.YML".to_owned(), None);
        let row = |name: &str, row: &str| (name.to_owned(), Some(row.to_owned()));
        let alone = [own.clone(), row("manifest.csv", "c.txt")];
        assert_eq!(names(Surroundings::of(std::slice::from_ref(&file)), &file), alone);
        let all = [own, row("manifest.csv", "c.txt"), row("manifest.csv", "b/c.txt")];
        assert_eq!(names(Surroundings::of(&[above]), &file), all);
        assert!(names(Surroundings::none(), &file).is_empty());
        let own = Surroundings::of(std::slice::from_ref(&below));
        assert!(names(own, &below.join("manifest.csv")).is_empty());
    }

    /// As in a service, which reads nothing behind a link: what lies there need not be of the folder that was named. What has
    /// the name of a sidecar and cannot be read may say that the file is closed.
    #[test]
    fn what_is_no_file_is_told_and_nothing_is_taken_from_behind_a_link() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(root.path().join("a.txt"), "a").unwrap();
        let outside = |name: &str| elsewhere.path().join(name);
        for name in ["metadata.csv", "manifest.csv", "a.txt.meta.yml"] {
            std::fs::write(outside(name), "filename,title\na.txt,제목바깥\n").unwrap();
        }
        let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
        link(elsewhere.path().into(), root.path().join("metadata")).unwrap();
        link(outside("manifest.csv"), root.path().join("manifest.csv")).unwrap();
        link(outside("a.txt.meta.yml"), root.path().join("a.txt.meta.yml")).unwrap();
        std::fs::create_dir(root.path().join("a.txt.xmp")).unwrap();
        let pipe = root.path().join("a.xmp");
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        let found = |root: &Path| {
            let all = Surroundings::of(&[root.into()]).describing(&root.join("a.txt"));
            let unread: Vec<(String, Reason)> =
                all.unread.into_iter().map(|one| (one.name, one.reason)).collect();
            (all.sidecars.into_iter().map(|one| one.name).collect::<Vec<_>>(), unread)
        };
        let no_file = |name: &str| {
            let what = Box::new(SidecarFault::NoFile);
            let reason = ReasonKind::BesideFault { file: name.into(), line: None, what };
            (name.to_owned(), Reason::from(reason))
        };
        let (names, mut unread) = found(root.path());
        assert_eq!(names, [""; 0]);
        unread.sort_by(|one, other| one.0.cmp(&other.0));
        let expected =
            ["a.txt.meta.yml", "a.txt.xmp", "a.xmp", "manifest.csv", "metadata"].map(no_file);
        assert_eq!(unread, expected);
        // The folder that was named may be a link itself.
        std::fs::remove_file(root.path().join("metadata")).unwrap();
        std::fs::create_dir(root.path().join("metadata")).unwrap();
        std::fs::copy(outside("metadata.csv"), root.path().join("metadata/metadata.csv")).unwrap();
        let named = outside("named");
        link(root.path().into(), named.clone()).unwrap();
        assert_eq!(found(&named).0, ["metadata/metadata.csv"]);
    }

    #[test]
    fn a_file_that_answers_to_several_spellings_counts_once() {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| root.path().join(name);
        std::fs::create_dir(place("a")).unwrap();
        std::fs::write(place("a/c.txt"), "c").unwrap();
        std::fs::write(place("a/c.txt.meta.yml"), "title: x\n").unwrap();
        std::fs::write(place("manifest.csv"), "filename,title\n").unwrap();
        // As on a file system that ignores case.
        for (file, name) in [
            ("a/c.txt.meta.yml", "a/c.txt.META.YML"),
            ("a/c.txt.meta.yml", "a/c.txt.Meta.Yml"),
            ("manifest.csv", "MANIFEST.CSV"),
            // And as where files of the same bytes are kept once.
            ("manifest.csv", "a/manifest.csv"),
        ] {
            std::fs::hard_link(place(file), place(name)).unwrap();
        }
        let all = Surroundings::of(&[root.path().into()]).describing(&place("a/c.txt"));
        let names: Vec<_> = all.sidecars.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["c.txt.meta.yml", "manifest.csv", "manifest.csv"]);
        assert!(all.unread.is_empty(), "{:?}", all.unread);
    }

    #[test]
    fn what_grows_while_it_is_read_is_too_large_and_not_kept() {
        let (size, bytes) = read(std::io::repeat(0), 3).unwrap();
        assert_eq!((size, bytes.len()), (MOST + 1, 0));
        let (size, bytes) = read(std::io::repeat(0).take(MOST), 3).unwrap();
        assert_eq!((size, bytes.len() as u64), (MOST, MOST));
        assert_eq!(read(std::io::repeat(0), MOST + 9).unwrap(), (MOST + 9, Vec::new()));
    }
}
