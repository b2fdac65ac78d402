//! Which places lie in one another, whatever they are called.
//!
//! Texts and keys lie in the data folder: a source that reached into it would index itself without end, make the
//! administrator's key findable, and let uploads write there. Names do not tell (`.`, `..`, links, bind mounts), so
//! folders are compared by what the system says they are: device and inode.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use madang_document::object_key;
use madang_pipeline::declaration::{Pipeline, Place};

use crate::failure::Failure;

/// A pipeline and where its source is named: `pipelines/press.toml:5`, or an argument.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) pipeline: Pipeline,
    pub(crate) at: String,
}

/// The one folder in the data folder that may be a source: the sample's.
const DROP: &str = "drop";

/// Keeps sources, data and registries apart: leaves the data folder and registries out of the sources around them.
///
/// # Errors
/// When a source lies in the data folder or in a registry, or two sources in one another.
pub(crate) fn keep_apart(
    declared: &mut [Declared],
    data: &Path,
    registries: &[PathBuf],
) -> Result<(), Failure> {
    let own = Folder::of(data)?;
    let drop = Folder::of(&data.join(DROP))?;
    let registries: Vec<Folder> =
        registries.iter().map(|folder| Folder::of(folder)).collect::<Result<_, Failure>>()?;
    let mut sources: Vec<(Folder, String, String)> = Vec::new();
    for Declared { pipeline, at } in declared {
        let Place::Folder(folder) = &pipeline.source.place else { continue };
        let source = Folder::of(folder)?;
        if source.below(&own).is_some() && source.below(&drop).is_none() {
            return Err(Failure::usage(format!(
                "{at}: {} lies in the data folder {}, whose texts and keys would become documents; take \
                 another folder, or another data folder with --data",
                folder.display(),
                data.display()
            )));
        }
        for registry in &registries {
            if source.below(registry).is_some() {
                return Err(Failure::usage(format!(
                    "{at}: {} lies in the folder of a registry, {}, whose entries would become documents; \
                     take another folder",
                    folder.display(),
                    registry.path.display()
                )));
            }
        }
        for (other, name, place) in &sources {
            if source.below(other).is_some() || other.below(&source).is_some() {
                return Err(Failure::usage(format!(
                    "{at}: pipeline `{}` takes files from {}, and pipeline `{name}` ({place}) from {}: one \
                     file would be two; give each a folder of its own",
                    pipeline.name,
                    folder.display(),
                    other.path.display()
                )));
            }
        }
        for inner in std::iter::once(&own).chain(&registries) {
            if let Some(path) = inner.below(&source) {
                pipeline
                    .source
                    .filter
                    .leave_out(&object_key::from_bytes(path.as_os_str().as_bytes()));
            }
        }
        sources.push((source, pipeline.name.clone(), at.clone()));
    }
    Ok(())
}

/// A folder as the way that leads to it from the root.
#[derive(Clone, Debug)]
struct Folder {
    /// Without links, as far as it is there.
    path: PathBuf,
    /// Its ancestors from the root on, itself last, as device and inode; those that are there.
    chain: Vec<(u64, u64)>,
    /// Whether it is there itself.
    exists: bool,
}

impl Folder {
    fn of(path: &Path) -> Result<Folder, Failure> {
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
        let exists = missing.is_empty();
        let mut chain = Vec::new();
        for ancestor in canonical.ancestors() {
            let metadata = ancestor.metadata().map_err(failed)?;
            chain.push((metadata.dev(), metadata.ino()));
        }
        chain.reverse();
        for name in missing.iter().rev() {
            match name.to_str() {
                Some("..") => _ = canonical.pop(),
                _ => canonical.push(name),
            }
        }
        Ok(Folder { path: canonical, chain, exists })
    }

    /// The way from another folder down to this one, if it lies there; empty if it is the same.
    fn below(&self, other: &Folder) -> Option<PathBuf> {
        if let Ok(way) = self.path.strip_prefix(&other.path) {
            return Some(way.to_owned());
        }
        // The same folder may be mounted at another place, too.
        let own = other.chain.last().filter(|_| other.exists)?;
        let depth = self.chain.iter().position(|folder| folder == own)?;
        // The root itself is the first of the components and of the chain.
        Some(self.path.components().skip(depth + 1).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_what_it_is() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("yard/data")).unwrap();
        std::os::unix::fs::symlink("yard/data", root.join("link")).unwrap();
        let folder = |path: &str| Folder::of(&root.join(path)).unwrap();
        let way = |inner: &str, outer: &str| folder(inner).below(&folder(outer));
        for data in ["yard/data", "link", "yard/../link/.", "yard/data/../data"] {
            assert_eq!(way(data, "yard"), Some("data".into()), "{data}");
            assert_eq!(way(data, "yard/data"), Some(PathBuf::new()), "{data}");
        }
        assert_eq!(way("yard", "link"), None);
        // What is not there yet lies where it would.
        assert_eq!(way("link/not/yet", "yard"), Some("data/not/yet".into()));
        assert_eq!(way("yard/data", "yard/da"), None);
        assert_eq!(way("yard/data", "yard/data/later"), None);
    }
}
