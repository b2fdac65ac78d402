use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::token_bag::{TokenBag, agreed};

/// Bytes of a reference that are read: four of each character that counts.
const MOST: u64 = 16_000_000;
/// A reference of fewer words says nothing about a reader.
const FEWEST: u64 = 3;

/// A folder of the texts that should be read. Those of `a/b.hwp` are `a/b.hwp.txt` and `a/b.hwp.NAME.txt`: several
/// where several programs or people read it.
#[derive(Debug)]
pub(crate) struct References {
    root: PathBuf,
    /// Paths below the root that end in `.txt`, as bytes.
    texts: BTreeSet<Vec<u8>>,
    /// The files that are read, by their paths: `a/b.hwp.txt` is no reference of a file `a/b`, where there is `a/b.hwp`.
    files: BTreeSet<Vec<u8>>,
}

impl References {
    /// Lists the folder, for files of these relative paths. Links to files count, links to folders do not.
    ///
    /// # Errors
    /// When the folder or one below it cannot be listed.
    pub(crate) fn of(root: &Path, files: &[PathBuf]) -> io::Result<References> {
        let mut texts = BTreeSet::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if path.as_os_str().as_bytes().ends_with(b".txt") {
                    texts.insert(path.into_os_string().into_vec());
                }
            }
        }
        let files = files.iter().map(|file| file.as_os_str().as_bytes().to_vec()).collect();
        Ok(References { root: root.to_owned(), texts, files })
    }

    /// The token F1 of a text against the nearest reference of this file. None where there is no reference that says
    /// anything, or where several agree on nothing.
    ///
    /// # Errors
    /// When a reference cannot be read.
    pub(crate) fn f1(&self, file: &Path, text: &str) -> io::Result<Option<f64>> {
        let mut references = Vec::new();
        for path in self.paths(file) {
            let path = self.root.join(path);
            if fs::metadata(&path)?.is_file() {
                let mut bytes = Vec::new();
                File::open(&path)?.take(MOST).read_to_end(&mut bytes)?;
                references.push(TokenBag::of(&String::from_utf8_lossy(&bytes)));
            }
        }
        references.retain(|reference| reference.len() > 0);
        if agreed(&references) < FEWEST {
            return Ok(None);
        }
        let read = TokenBag::of(text);
        Ok(references.iter().map(|reference| read.f1(reference)).max_by(f64::total_cmp))
    }

    /// The paths of the references of a file, in order.
    fn paths(&self, file: &Path) -> impl Iterator<Item = &Path> {
        let mut start = file.as_os_str().as_bytes().to_vec();
        start.push(b'.');
        let of_longer = |path: &[u8]| {
            let dots =
                path.iter().enumerate().filter(|(n, byte)| **byte == b'.' && *n >= start.len());
            let mut names = dots.filter_map(|(n, _)| path.get(..n)).map(<[u8]>::to_vec);
            names.any(|name| self.files.contains(&name))
        };
        let found: Vec<&Path> = self
            .texts
            .range(start.clone()..)
            .take_while(|path| path.starts_with(&start))
            .filter(|path| !of_longer(path))
            .map(|path| Path::new(std::ffi::OsStr::from_bytes(path)))
            .collect();
        found.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(texts: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in texts {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_text_belongs_to_the_file_with_the_longest_name() {
        let folder = folder(&[
            ("a.hwp.txt", ""),
            ("a.hwp.one.ref.txt", ""),
            ("a.txt", ""),
            ("a.hwp.json", ""),
            ("a.hwpx.txt", ""),
            ("deep/a.hwp.txt", ""),
        ]);
        let files = ["a", "a.hwp", "deep/a.hwp", "b"].map(PathBuf::from);
        let references = References::of(folder.path(), &files).unwrap();
        let of = |file: &str| -> Vec<String> {
            let paths = references.paths(Path::new(file));
            paths.map(|path| path.display().to_string()).collect()
        };
        assert_eq!(of("a.hwp"), ["a.hwp.one.ref.txt", "a.hwp.txt"]);
        assert_eq!(of("deep/a.hwp"), ["deep/a.hwp.txt"]);
        assert_eq!(of("a"), ["a.hwpx.txt", "a.txt"], "nothing else is called a.hwpx");
        assert!(of("b").is_empty());
    }

    #[test]
    fn the_nearest_reference_counts_and_one_that_says_nothing_does_not() {
        let folder = folder(&[
            ("one.hwp.txt", "가 나 다 라"),
            ("two.hwp.a.txt", "가 나 다"),
            ("two.hwp.b.txt", "가 나 다 라"),
            ("short.hwp.txt", "가 나"),
            ("blank.hwp.a.txt", " – "),
            ("blank.hwp.b.txt", "가 나 다"),
            ("at-odds.hwp.a.txt", "가 나 다"),
            ("at-odds.hwp.b.txt", "라 마 바"),
        ]);
        let references = References::of(folder.path(), &[]).unwrap();
        for (file, text, expected) in [
            ("one.hwp", "가 나", Some(2.0 * 2.0 / 6.0)),
            ("one.hwp", "", Some(0.0)),
            ("two.hwp", "가 나 다 라", Some(1.0)),
            ("short.hwp", "가 나", None),
            ("blank.hwp", "가 나 다", Some(1.0)),
            ("at-odds.hwp", "가 나 다", None),
            ("none.hwp", "가 나 다", None),
        ] {
            assert_eq!(references.f1(Path::new(file), text).unwrap(), expected, "{file}: {text}");
        }
    }
}
