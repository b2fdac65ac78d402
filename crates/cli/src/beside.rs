use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use madang_document::object_key;
use madang_document::sidecar::{self, spellings};
use madang_extract::sidecar::{MOST, Sidecar};
use madang_pipeline::besides::Describing;

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
        let mut met: Vec<String> = Vec::new();
        for spelled in spellings(&path) {
            for candidate in sidecar::beside(&spelled) {
                if met.contains(&candidate.path) {
                    continue;
                }
                met.push(candidate.path.clone());
                let place = root.join(OsStr::from_bytes(&object_key::to_bytes(&candidate.path)));
                let name = candidate.shown(&spelled).to_owned();
                let (size, bytes) = match read(&place) {
                    Ok(Some(read)) => read,
                    Ok(None) => continue,
                    Err(error) => {
                        all.unread(
                            &name,
                            &format!(
                                "it cannot be read: {error}; make it readable, or take it away"
                            ),
                        );
                        continue;
                    }
                };
                if all.is_full() {
                    all.one_too_many(&name);
                    return all;
                }
                all.sidecars.push(Sidecar { name, size, row: candidate.row, bytes: bytes.into() });
            }
        }
        all
    }
}

/// The size of a file and its bytes, no bytes if it is too large; none if there is no file. A link is not followed.
fn read(place: &Path) -> std::io::Result<Option<(u64, Vec<u8>)>> {
    let found = match std::fs::symlink_metadata(place) {
        Ok(found) if found.is_file() => found,
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        // Longer than the system takes: no file is called so.
        Err(error) if error.kind() == ErrorKind::InvalidFilename => return Ok(None),
        Err(error) => return Err(error),
    };
    if found.len() > MOST {
        return Ok(Some((found.len(), Vec::new())));
    }
    match std::fs::read(place) {
        Ok(bytes) => Ok(Some((bytes.len() as u64, bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
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
        std::os::unix::fs::symlink("/etc/passwd", below.join("c.txt.meta.json")).unwrap();
        std::fs::create_dir(below.join("c.txt.xmp")).unwrap();
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
}
