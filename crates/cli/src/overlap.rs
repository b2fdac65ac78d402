//! Which places lie in one another, whatever they are called.
//!
//! Texts and keys lie in the data folder: a source that reached into it would index itself without end, make the
//! administrator's key findable, and let uploads write there. Names do not tell (`.`, `..`, links, bind mounts), so
//! it is [`ClosedFolder`] that says what lies in what, here before the start and in the stores while they run.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use madang_document::object_key;
use madang_pipeline::declaration::Pipeline;
use madang_pipeline::place::Place;
use madang_store::closed::{Closed, ClosedFolder};
use madang_store::mounts::{DiskPath, Mounts};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::failure::Failure;

/// A pipeline and where its source is named: `pipelines/press.toml:5`, or an argument.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) pipeline: Pipeline,
    pub(crate) at: String,
    /// The store that it names, and where.
    pub(crate) store: Option<(String, String)>,
}

/// A registry that is kept in a folder, and where it is named.
#[derive(Clone, Debug)]
pub(crate) struct KeptRegistry {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) at: String,
}

/// The one folder in the data folder that may be a source: the sample's. In the data folder of another Madang nothing
/// may, for there it is that one's.
const DROP: &str = "drop";

/// The data folder, as it is closed to every source.
fn data_folder(data: &Path) -> ClosedFolder {
    ClosedFolder::new(data, "madang's own data folder").but(DROP).with_all_in_it()
}

/// The folder of a registry, as it is closed to every source.
fn registry_folder(registry: &Path) -> ClosedFolder {
    ClosedFolder::new(registry, "the folder of a registry")
}

/// The source of a pipeline, as it is closed to the others.
fn source_folder(source: &Path) -> ClosedFolder {
    ClosedFolder::new(source, "the folder of another pipeline")
}

/// What is closed to the source of each of these pipelines while it runs, in their order: the data folder, the
/// registries, and the other sources.
pub(crate) fn closed(pipelines: &[Pipeline], data: &Path, registries: &[PathBuf]) -> Vec<Closed> {
    let own: Vec<Arc<ClosedFolder>> = std::iter::once(data_folder(data))
        .chain(registries.iter().map(|registry| registry_folder(registry)))
        .map(Arc::new)
        .collect();
    let sources: Vec<Option<Arc<ClosedFolder>>> = pipelines
        .iter()
        .map(|pipeline| {
            let Place::Folder(folder) = &pipeline.source.place else { return None };
            Some(Arc::new(source_folder(folder)))
        })
        .collect();
    let others = |own: usize| {
        let sources = sources.iter().enumerate().filter(move |(n, _)| *n != own);
        sources.filter_map(|(_, source)| source.clone())
    };
    (0..pipelines.len()).map(|n| own.iter().cloned().chain(others(n)).collect()).collect()
}

/// Keeps sources, data and registries apart: leaves the data folder and registries out of the sources around them.
///
/// Gives every fault, and takes out what cannot be used: when a source lies in the data folder or in a registry, or two
/// sources in one another; when a registry and the data folder do, or two registries.
pub(crate) fn keep_apart(
    declared: &mut Vec<Declared>,
    data: &Path,
    registries: &[KeptRegistry],
) -> Vec<Failure> {
    match Layout::of(data) {
        Ok(layout) => layout.keep_apart(declared, registries),
        Err(failure) => vec![failure],
    }
}

/// The data folder, and what is kept apart from it and from one another.
struct Layout<'a> {
    data: &'a Path,
    mounts: Mounts,
    own: Folder,
    closed: ClosedFolder,
    drop: Folder,
    /// The registries so far, with how they are closed to sources.
    registries: Vec<(Folder, ClosedFolder, &'a KeptRegistry)>,
    sources: Vec<Source>,
}

impl<'a> Layout<'a> {
    fn of(data: &'a Path) -> Result<Layout<'a>, Failure> {
        let mounts =
            Mounts::now().map_err(|errno| anyhow::anyhow!("/proc/self/mountinfo: {errno}"))?;
        let own = Folder::of(data, &mounts)?;
        let drop = Folder::of(&data.join(DROP), &mounts)?;
        let closed = data_folder(data);
        let (registries, sources) = (Vec::new(), Vec::new());
        Ok(Layout { data, mounts, own, closed, drop, registries, sources })
    }

    fn keep_apart(
        mut self,
        declared: &mut Vec<Declared>,
        registries: &'a [KeptRegistry],
    ) -> Vec<Failure> {
        let mut failures: Vec<Failure> =
            registries.iter().filter_map(|registry| self.take_registry(registry).err()).collect();
        declared.retain_mut(|declared| match self.take_source(declared) {
            Ok(()) => true,
            Err(failure) => {
                failures.push(failure);
                false
            }
        });
        declared.retain(|declared| match self.keep_passwords(declared) {
            Ok(()) => true,
            Err(failure) => {
                failures.push(failure);
                false
            }
        });
        failures
    }

    /// That the passwords of a pipeline lie in no folder from which files are taken, or which others are given.
    fn keep_passwords(&self, declared: &Declared) -> Result<(), Failure> {
        let Declared { pipeline, at, .. } = declared;
        let Some(file) = &pipeline.password_file else { return Ok(()) };
        let failed = |error| Failure::usage(format!("{at}: {}: {error}", file.display()));
        // Where it lies, not where a link to it does.
        let file = file.canonicalize().map_err(failed)?;
        let folder = Folder::of(file.parent().unwrap_or(&file), &self.mounts)?;
        if folder.below(&self.own).is_some() || folder.lies_in(&self.closed)? {
            return Err(Failure::usage(format!(
                "{at}: the passwords {} lie in the data folder {}, which is copied and kept with what they open; keep \
                 them elsewhere",
                file.display(),
                self.data.display()
            )));
        }
        let sources = self.sources.iter().map(|it| (&it.folder, &it.closed, "a source"));
        let registries = self.registries.iter().map(|(it, closed, _)| (it, closed, "a registry"));
        for (other, closed, what) in sources.chain(registries) {
            if folder.below(other).is_some() || folder.lies_in(closed)? {
                return Err(Failure::usage(format!(
                    "{at}: the passwords {} lie in {}, the folder of {what}, and would become a document or be given \
                     away; keep them elsewhere",
                    file.display(),
                    other.path.display()
                )));
            }
        }
        Ok(())
    }

    fn take_registry(&mut self, registry: &'a KeptRegistry) -> Result<(), Failure> {
        let path = &registry.folder;
        let (place, closed) = (Folder::of(path, &self.mounts)?, registry_folder(path));
        let refused =
            |why: String| Err(Failure::usage(format!("{}: {} {why}", registry.at, path.display())));
        let data = self.data;
        if place.below(&self.own).is_some() || place.lies_in(&self.closed)? {
            return refused(format!(
                "lies in the data folder {}, which is madang's own; take another folder",
                data.display()
            ));
        }
        if let Some(other) = place.other_data(&self.closed)? {
            return refused(format!(
                "lies in {}, the data folder of another madang; take another folder",
                other.display()
            ));
        }
        if self.own.below(&place).is_some() {
            return refused(format!(
                "holds the data folder {}: whoever is given the registry would be given texts and keys; take \
                 another folder",
                data.display()
            ));
        }
        for (other, other_closed, settings) in &self.registries {
            if place.below(other).is_some()
                || other.below(&place).is_some()
                || place.lies_in(other_closed)?
                || other.lies_in(&closed)?
            {
                return refused(format!(
                    "and the folder of registry `{}` ({}), {}, lie in one another: one would overwrite what the \
                     other keeps; give each a folder of its own",
                    settings.name,
                    settings.at,
                    other.path.display()
                ));
            }
        }
        self.registries.push((place, closed, registry));
        Ok(())
    }

    fn take_source(&mut self, declared: &mut Declared) -> Result<(), Failure> {
        let Declared { pipeline, at, .. } = declared;
        let Place::Folder(path) = &pipeline.source.place else { return Ok(()) };
        let source = Folder::of(path, &self.mounts)?;
        let data = self.data;
        let in_data = source.below(&self.own).is_some() && source.below(&self.drop).is_none();
        if in_data || source.lies_in(&self.closed)? {
            return Err(Failure::usage(format!(
                "{at}: {} lies in the data folder {}, whose texts and keys would become documents; take \
                 another folder, or another data folder with --data",
                path.display(),
                data.display()
            )));
        }
        if let Some(other) = source.other_data(&self.closed)? {
            return Err(Failure::usage(format!(
                "{at}: {} lies in {}, the data folder of another madang, whose texts and keys would become documents; \
                 take another folder",
                path.display(),
                other.display()
            )));
        }
        for (registry, closed, _) in &self.registries {
            if source.below(registry).is_some() || source.lies_in(closed)? {
                return Err(Failure::usage(format!(
                    "{at}: {} lies in the folder of a registry, {}, whose entries would become documents; \
                     take another folder",
                    path.display(),
                    registry.path.display()
                )));
            }
        }
        let closed = source_folder(path);
        for other in &self.sources {
            if source.below(&other.folder).is_some()
                || other.folder.below(&source).is_some()
                || source.lies_in(&other.closed)?
                || other.folder.lies_in(&closed)?
            {
                return Err(Failure::usage(format!(
                    "{at}: pipeline `{}` takes files from {}, and pipeline `{}` ({}) from {}: one \
                     file would be two; give each a folder of its own",
                    pipeline.name,
                    path.display(),
                    other.name,
                    other.at,
                    other.folder.path.display()
                )));
            }
        }
        let registries = self.registries.iter().map(|(folder, ..)| folder);
        for inner in std::iter::once(&self.own).chain(registries) {
            if let Some(path) = inner.below(&source) {
                pipeline
                    .source
                    .filter
                    .leave_out(&object_key::from_bytes(path.as_os_str().as_bytes()));
            }
        }
        let (name, at) = (pipeline.name.clone(), at.clone());
        self.sources.push(Source { folder: source, closed, name, at });
        Ok(())
    }
}

/// A source that was looked at.
struct Source {
    folder: Folder,
    closed: ClosedFolder,
    name: String,
    at: String,
}

/// A folder by its path, there or not.
#[derive(Debug)]
struct Folder {
    /// Without links, as far as it is there.
    path: PathBuf,
    /// Where it lies on its disk, or would.
    place: Option<DiskPath>,
    /// Itself, or the nearest folder above it that is there.
    nearest: OwnedFd,
    is_there: bool,
}

impl Folder {
    fn of(path: &Path, mounts: &Mounts) -> Result<Folder, Failure> {
        let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
        let mut there = std::path::absolute(path).map_err(failed)?;
        let mut missing: Vec<OsString> = Vec::new();
        let mut canonical = loop {
            match there.canonicalize() {
                Ok(canonical) => break canonical,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    match there.components().next_back() {
                        Some(Component::Normal(name)) => missing.push(name.to_owned()),
                        Some(Component::ParentDir) => missing.push("..".into()),
                        _ => return Err(failed(error)),
                    }
                    there.pop();
                }
                Err(error) => return Err(failed(error)),
            }
        };
        let opened = std::fs::File::options()
            .read(true)
            .custom_flags(OFlags::PATH.bits().cast_signed())
            .open(&canonical)
            .map_err(failed)?;
        let mut place = mounts
            .place(opened.as_fd())
            .map_err(|errno| failed(errno.into()))?
            .map(|place| (place, PathBuf::new()));
        for name in missing.iter().rev() {
            let walk = |path: &mut PathBuf| match name.to_str() {
                Some("..") => _ = path.pop(),
                _ => path.push(name),
            };
            walk(&mut canonical);
            if let Some((_, way)) = &mut place {
                walk(way);
            }
        }
        let place = place.map(|(place, way)| place.join(&way));
        let is_there = missing.is_empty();
        Ok(Folder { path: canonical, place, nearest: opened.into(), is_there })
    }

    /// The way from another folder down to this one, if it lies there; empty if it is the same.
    fn below(&self, other: &Folder) -> Option<&Path> {
        if let Ok(way) = self.path.strip_prefix(&other.path) {
            return Some(way);
        }
        // The same folder may be mounted at another place, too.
        self.place.as_ref()?.below(other.place.as_ref()?)
    }

    /// Whether it is there and lies in a closed folder, by whatever way it is reached.
    fn lies_in(&self, closed: &ClosedFolder) -> Result<bool, Failure> {
        if !self.is_there {
            return Ok(false);
        }
        closed.holds(self.nearest.as_fd()).map_err(|errno| self.failed(errno))
    }

    /// The data folder of another Madang that it lies in, or would; `own` is the own one.
    fn other_data(&self, own: &ClosedFolder) -> Result<Option<PathBuf>, Failure> {
        own.other_data_above(self.nearest.as_fd()).map_err(|errno| self.failed(errno))
    }

    fn failed(&self, errno: Errno) -> Failure {
        Failure::Other(anyhow::Error::new(errno).context(self.path.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_what_it_is() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("layout/data")).unwrap();
        std::os::unix::fs::symlink("layout/data", root.join("link")).unwrap();
        let mounts = Mounts::now().unwrap();
        let folder = |path: &str| Folder::of(&root.join(path), &mounts).unwrap();
        let way =
            |inner: &str, outer: &str| folder(inner).below(&folder(outer)).map(Path::to_owned);
        for data in ["layout/data", "link", "layout/../link/.", "layout/data/../data"] {
            assert_eq!(way(data, "layout"), Some("data".into()), "{data}");
            assert_eq!(way(data, "layout/data"), Some(PathBuf::new()), "{data}");
        }
        assert_eq!(way("layout", "link"), None);
        // What is not there yet lies where it would.
        assert_eq!(way("link/not/yet", "layout"), Some("data/not/yet".into()));
        assert_eq!(way("layout/data", "layout/da"), None);
        assert_eq!(way("layout/data", "layout/data/later"), None);
    }
}
