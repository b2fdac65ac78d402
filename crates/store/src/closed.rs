use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, Statx, openat};
use rustix::io::Errno;

use crate::contents::Contents;
use crate::file_id::FileId;
use crate::mark::{Mark, is_data};
use crate::mounts::{DiskPath, Mounts, path_of};
use crate::stat;

/// A folder that is no part of any place which files are taken from or put into: the service's own data, a
/// registry, the source of another pipeline. What lies in it is known by what it is, not by what it is called.
#[derive(Debug)]
pub struct ClosedFolder {
    path: PathBuf,
    what: String,
    /// A folder in it that is open all the same.
    but: Option<&'static str>,
    /// The files in it, where another name of one of them is closed, too.
    files: Option<Mutex<Contents>>,
}

impl ClosedFolder {
    /// The folder at `path`, which need not be there yet; `what` it is, in words for people: `a registry`.
    pub fn new(path: &Path, what: &str) -> ClosedFolder {
        ClosedFolder { path: path.to_owned(), what: what.to_owned(), but: None, files: None }
    }

    /// All but this folder in it.
    #[must_use]
    pub fn but(self, folder: &'static str) -> ClosedFolder {
        ClosedFolder { but: Some(folder), ..self }
    }

    /// And every file in it by whatever other name (a hard link), and what is mounted in it by whatever other mount.
    /// Costs reading the folder whenever a file with several names is met. Not for the source of a pipeline: what is
    /// mounted or linked there may rightly be another's.
    #[must_use]
    pub fn with_all_in_it(self) -> ClosedFolder {
        ClosedFolder { files: Some(Mutex::default()), ..self }
    }

    /// Whether another folder lies in it, or is it.
    ///
    /// # Errors
    /// As the system says.
    pub fn holds(&self, folder: BorrowedFd<'_>) -> Result<bool, Errno> {
        let mounts = Mounts::now()?;
        let Some(extent) = Extent::of(self, &mounts)? else { return Ok(false) };
        let id = FileId::of(&stat::of(folder)?);
        let place = mounts.place(folder)?;
        if extent.ids.contains(&id) || place.is_some_and(|place| extent.covers(&place)) {
            return Ok(true);
        }
        let above = data_above(folder)?;
        Ok(above.iter().any(|data| self.is_marked(&extent, data.mark.as_ref(), &data.way)))
    }

    /// The path of the data folder of another Madang than the one whose this is, where a folder lies in it, or is it.
    /// None in the own one, which says itself what is open in it.
    ///
    /// # Errors
    /// As the system says.
    pub fn other_data_above(&self, folder: BorrowedFd<'_>) -> Result<Option<PathBuf>, Errno> {
        let extent = Extent::of(self, &Mounts::now()?)?.unwrap_or_default();
        let others = data_above(folder)?.into_iter().filter(|data| !extent.is(data));
        Ok(others.map(|data| data.path).next_back())
    }

    /// Whether a folder that carries this mark, and from which the way leads on by a name, is this one or shows it.
    fn is_marked(&self, extent: &Extent, mark: Option<&Mark>, way: &Option<OsString>) -> bool {
        let open = self.but.is_some_and(|but| way.as_ref().is_some_and(|way| way == but));
        mark.is_some() && extent.mark.as_ref() == mark && !open
    }

    fn open(&self) -> Result<Option<OwnedFd>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = match openat(CWD, &self.path, flags, Mode::empty()) {
            Err(Errno::ACCESS) => openat(CWD, &self.path, OFlags::PATH | flags, Mode::empty()),
            opened => opened,
        };
        match opened {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

/// What a closed folder reaches over at a moment.
#[derive(Clone, Debug, Default)]
struct Extent {
    /// The folder itself, and where all in it counts, what is mounted in it.
    ids: Vec<FileId>,
    /// Where they lie: all that lies below is closed.
    places: Vec<DiskPath>,
    /// The folder in it that is open.
    but: Option<DiskPath>,
    /// What it is known by where it has another device.
    mark: Option<Mark>,
}

impl Extent {
    /// None while the folder is not there.
    fn of(closed: &ClosedFolder, mounts: &Mounts) -> Result<Option<Extent>, Errno> {
        let Some(folder) = closed.open()? else { return Ok(None) };
        let mut extent =
            Extent { ids: vec![FileId::of(&stat::of(folder.as_fd())?)], ..Extent::default() };
        extent.places.extend(mounts.place(folder.as_fd())?);
        extent.mark = Mark::of(folder.as_fd())?;
        let path = match path_of(folder.as_fd()) {
            // No `/proc`, and no mounts that could be known either.
            Err(Errno::NOENT) => return Ok(Some(extent)),
            path => path?,
        };
        let but = closed.but.map(|name| path.join(name));
        if let Some(name) = closed.but {
            extent.but = extent.places.first().map(|place| place.join(Path::new(name)));
        }
        if closed.files.is_none() {
            return Ok(Some(extent));
        }
        for (point, place) in mounts.below(&path) {
            if but.as_ref().is_some_and(|but| point.starts_with(but)) {
                continue;
            }
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            match openat(CWD, point, flags, Mode::empty()) {
                Ok(mounted) => {
                    extent.ids.push(FileId::of(&stat::of(mounted.as_fd())?));
                    extent.places.push(place);
                }
                // Unmounted meanwhile.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(Some(extent))
    }

    fn covers(&self, place: &DiskPath) -> bool {
        self.places.iter().any(|own| place.below(own).is_some())
            && self.but.as_ref().is_none_or(|but| place.below(but).is_none())
    }

    /// Whether a data folder is this very one, or shows it.
    fn is(&self, data: &DataAbove) -> bool {
        self.ids.contains(&data.id) || (data.mark.is_some() && self.mark == data.mark)
    }
}

/// The folders that are closed to a place, and the one decision whether something lies in them: asked of every
/// folder that is entered and every file that is listed, looked at or opened.
///
/// A folder is closed by device and inode. Where something is mounted, by where that lies on its disk: a bind mount
/// shows only a part of what is closed, at any time, and has an inode that nobody knows beforehand. A file with
/// several names is held against the files that lie in the closed folder now. An overlay, a FUSE program, another
/// computer and a copy show the same bytes with another device: there a folder is known by the [`Mark`] in it.
///
/// And the data folder of every other Madang, which is told nobody beforehand: it is known by what lies in it
/// ([`is_data`]). In it is another service's administrator key, and texts that only its readers may see.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    folders: Arc<[Arc<ClosedFolder>]>,
    known: Arc<RwLock<LastSeen>>,
}

/// What was seen of the closed folders last.
#[derive(Debug, Default)]
struct LastSeen {
    /// In order of the folders.
    extents: Vec<Extent>,
    ids: HashMap<FileId, usize>,
}

impl Closed {
    /// Why a folder that was opened by its whole path is closed; none if it is not.
    ///
    /// # Errors
    /// As the system says: then it is not known.
    pub fn of_root(&self, folder: BorrowedFd<'_>) -> Result<Option<String>, Errno> {
        if !self.folders.is_empty() {
            let mounts = Mounts::now()?;
            self.refresh(&mounts)?;
            let id = FileId::of(&stat::of(folder)?);
            let place = mounts.place(folder)?;
            if let Some(reason) = self.known_as(id).or_else(|| self.covers(&place?)) {
                return Ok(Some(reason));
            }
        }
        let above = data_above(folder)?;
        if let Some(reason) =
            above.iter().find_map(|data| self.marked(data.mark.as_ref(), &data.way))
        {
            return Ok(Some(reason));
        }
        // What lies in the own one and is open there is open.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_own = |data: &DataAbove| known.extents.iter().any(|extent| extent.is(data));
        Ok(above.iter().any(|data| !is_own(data)).then(|| OTHER_DATA.to_owned()))
    }

    /// Why a folder that was entered by a name is closed for what lies in it; none if it is not. Of those that are
    /// known by what they are, [`Closed::of_name`] has said so.
    ///
    /// # Errors
    /// As the system says: then it is not known.
    pub fn of_entered(&self, folder: BorrowedFd<'_>) -> Result<Option<String>, Errno> {
        if !is_data(folder)? {
            return Ok(None);
        }
        let own = Mark::of(folder)?.and_then(|mark| self.marked(Some(&mark), &None));
        Ok(Some(own.unwrap_or_else(|| OTHER_DATA.to_owned())))
    }

    /// Why what was reached by a name in an open folder is closed; none if it is not. `again` says whether the files
    /// of closed folders are to be looked for again, and not as they were when last asked.
    ///
    /// # Errors
    /// As the system says: then it is not known.
    pub fn of_name(&self, seen: &Statx, again: bool) -> Result<Option<String>, Errno> {
        if self.folders.is_empty() {
            return Ok(None);
        }
        let id = FileId::of(seen);
        let is_folder = stat::kind(seen) == FileType::Directory;
        if is_folder && let Some(reason) = self.known_as(id) {
            return Ok(Some(reason));
        }
        if stat::is_mount_root(seen) == Some(true) {
            let mounts = Mounts::now()?;
            self.refresh(&mounts)?;
            let Some(place) = mounts.root(seen.stx_mnt_id) else {
                return Ok(Some("what is mounted there cannot be told; mount it anew".to_owned()));
            };
            if let Some(reason) = self.covers(&place) {
                return Ok(Some(reason));
            }
        }
        if !is_folder && seen.stx_nlink > 1 {
            for folder in self.folders.iter() {
                if folder.has(id, again)? {
                    return Ok(Some(reason(folder)));
                }
            }
        }
        Ok(None)
    }

    fn refresh(&self, mounts: &Mounts) -> Result<(), Errno> {
        let found: Result<Vec<_>, Errno> =
            self.folders.iter().map(|folder| Extent::of(folder, mounts)).collect();
        let found = found?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.extents.resize_with(found.len(), Extent::default);
        for (known, found) in known.extents.iter_mut().zip(found) {
            // One that was moved away is what it was.
            if let Some(found) = found {
                *known = found;
            }
        }
        known.ids = (known.extents.iter().enumerate())
            .flat_map(|(n, extent)| extent.ids.iter().map(move |id| (*id, n)))
            .collect();
        Ok(())
    }

    fn known_as(&self, id: FileId) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.ids.get(&id).and_then(|n| self.folders.get(*n)).map(|folder| reason(folder))
    }

    fn marked(&self, mark: Option<&Mark>, way: &Option<OsString>) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut folders = self.folders.iter().zip(&known.extents);
        folders
            .find(|(folder, extent)| folder.is_marked(extent, mark, way))
            .map(|(folder, _)| reason(folder))
    }

    fn covers(&self, place: &DiskPath) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let n = known.extents.iter().position(|extent| extent.covers(place))?;
        self.folders.get(n).map(|folder| reason(folder))
    }
}

impl ClosedFolder {
    fn has(&self, file: FileId, again: bool) -> Result<bool, Errno> {
        let Some(files) = &self.files else { return Ok(false) };
        let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
        if again && let Some(folder) = self.open()? {
            files.refresh(folder.as_fd(), self.but)?;
        }
        Ok(files.has(file))
    }
}

/// A folder on the way down to another, or this itself, that is a data folder, whoever's.
#[derive(Debug)]
struct DataAbove {
    path: PathBuf,
    id: FileId,
    /// None in one of before the mark, or where it cannot be read.
    mark: Option<Mark>,
    /// The name by which the way leads on from there.
    way: Option<OsString>,
}

impl DataAbove {
    fn of(
        folder: BorrowedFd<'_>,
        path: &Path,
        way: Option<OsString>,
    ) -> Result<Option<DataAbove>, Errno> {
        if !is_data(folder)? {
            return Ok(None);
        }
        let (id, mark) = (FileId::of(&stat::of(folder)?), Mark::of(folder)?);
        Ok(Some(DataAbove { path: path.to_owned(), id, mark, way }))
    }
}

/// The data folders that a folder lies in or is, the innermost first.
fn data_above(folder: BorrowedFd<'_>) -> Result<Vec<DataAbove>, Errno> {
    let path = match path_of(folder) {
        // No `/proc`: nothing is known of where it lies.
        Err(Errno::NOENT) => PathBuf::new(),
        path => path?,
    };
    let mut found: Vec<DataAbove> = DataAbove::of(folder, &path, None)?.into_iter().collect();
    let mut below = path.as_path();
    while let (Some(above), Some(name)) = (below.parent(), below.file_name()) {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(CWD, above, flags, Mode::empty()) {
            Ok(opened) => {
                found.extend(DataAbove::of(opened.as_fd(), above, Some(name.to_owned()))?);
            }
            // Moved away, or not ours to pass: nothing of it is known by its path.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => {}
            Err(errno) => return Err(errno),
        }
        below = above;
    }
    Ok(found)
}

/// Why the data folder of another Madang is closed, and the cure.
const OTHER_DATA: &str = "it lies in the data folder of a madang (`this-is-madang-data`, or `ledger.db` and `local.key`, \
                          lie there), which holds keys and closed texts; take files from another folder, or remove these \
                          files if it is none any more";

fn reason(folder: &ClosedFolder) -> String {
    format!("it lies in {}; take files from another folder", folder.what)
}

impl FromIterator<Arc<ClosedFolder>> for Closed {
    fn from_iter<I: IntoIterator<Item = Arc<ClosedFolder>>>(folders: I) -> Closed {
        Closed { folders: folders.into_iter().collect(), known: Arc::default() }
    }
}
