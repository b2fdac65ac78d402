//! Files that describe other files: which names they have, and whom they describe. What they say is read elsewhere, in a
//! child like every foreign byte.
//!
//! The names are spelled in small letters, in capitals, or with a capital where a word begins: as people and the programs
//! of Windows write them. Not in any mixture, since whoever has a file asks for each name that a sidecar of it may have.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// The row of the table of formats that recognises them.
pub const FORMAT: &str = "sidecar";

/// What is added to the whole name of a file: `보고서.hwp.meta.yml`.
const ADDED: [&str; 9] = [
    ".meta.yml",
    ".meta.yaml",
    ".meta.json",
    ".META.YML",
    ".META.YAML",
    ".META.JSON",
    ".Meta.Yml",
    ".Meta.Yaml",
    ".Meta.Json",
];

/// What is added to the name of a file, or to its name without the extension, as programs for photographs do (XMP
/// specification part 3, section 1.2): `IMG_1.jpg.xmp`, `IMG_1.xmp`.
const XMP: [&str; 3] = [".xmp", ".XMP", ".Xmp"];

/// Tables that describe the files of their folder and of those below it, a row for each.
const TABLES: [&str; 6] = [
    "manifest.csv",
    "metadata.csv",
    "MANIFEST.CSV",
    "METADATA.CSV",
    "Manifest.csv",
    "Metadata.csv",
];

/// The folder beside the described ones where archives keep such a table (Archivematica, "Import metadata"), and the name
/// that the table has there.
const WITHIN: [(&str, &str); 3] =
    [("metadata", "metadata.csv"), ("METADATA", "METADATA.CSV"), ("Metadata", "Metadata.csv")];

/// Folders above a file in which tables are looked for.
const DEEPEST: usize = 16;

/// Whom a sidecar describes, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Described {
    /// The file of this path.
    File(String),
    /// The file of this path, and all beside it that have it as their name without the extension.
    Stem(String),
    /// Files in this folder that its rows name, by paths from there: empty for the whole source, else with a slash at its
    /// end.
    Folder(String),
}

/// Whom a file of this path would describe, by its name. Of a table only its bytes tell whether it does.
pub fn described(path: &str) -> Option<Described> {
    let (folder, name) = split(path);
    let before = |ends: &[&str]| {
        let stem = ends.iter().find_map(|end| name.strip_suffix(end))?;
        (!stem.is_empty()).then(|| format!("{folder}{stem}"))
    };
    if let Some(file) = before(&ADDED) {
        return Some(Described::File(file));
    }
    if let Some(stem) = before(&XMP) {
        return Some(Described::Stem(stem));
    }
    if !TABLES.contains(&name) {
        return None;
    }
    let within = folder.strip_suffix('/').map(split);
    let above = within.filter(|(_, last)| WITHIN.contains(&(*last, name))).map(|(above, _)| above);
    Some(Described::Folder(above.unwrap_or(folder).to_owned()))
}

/// Whom something of this path may describe that is there and cannot be looked at: what has the name of a sidecar, and what
/// stands in the place of the [folder of a table](table_within).
pub fn described_unseen(path: &str) -> Option<Described> {
    described(path).or_else(|| described(&table_within(path)?))
}

/// The table that would lie in a folder of this path, if that is one beside the described files where archives keep such a
/// table.
pub fn table_within(folder: &str) -> Option<String> {
    let (_, last) = split(folder);
    let (_, name) = WITHIN.iter().find(|(within, _)| *within == last)?;
    Some(format!("{folder}/{name}"))
}

/// Whether the file of `path` is one of these, for what its name tells.
pub fn is_described(path: &str, by: &Described) -> bool {
    match by {
        Described::File(file) => file == path,
        Described::Stem(stem) => stem == path || stem_of(path) == Some(stem.as_str()),
        Described::Folder(folder) => path.starts_with(folder.as_str()),
    }
}

/// A sidecar that may be beside a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Where it would be.
    pub path: String,
    /// The path by which a row of it names the file, if it is a table.
    pub row: Option<String>,
}

impl Beside {
    /// What its values are said to come from: its name, or its path where it lies in another folder.
    pub fn shown(&self, file: &str) -> &str {
        shown(&self.path, file)
    }

    /// The folder that it lies in, where that is one of a table alone: if it cannot be entered, nobody knows whether there is
    /// a table.
    pub fn own_folder(&self) -> Option<&str> {
        let (folder, name) = split(&self.path);
        let folder = folder.strip_suffix('/')?;
        let (_, last) = split(folder);
        WITHIN.contains(&(last, name)).then_some(folder)
    }
}

/// What a path is called to a file: its name, or the whole of it where it lies in another folder.
pub fn shown<'a>(path: &'a str, file: &str) -> &'a str {
    let (folder, _) = split(file);
    let (own, name) = split(path);
    if own == folder { name } else { path }
}

/// The sidecars that a file of this path may have, those that are trusted most first: what is written for the file
/// alone, then the tables of its folder and of those above it.
pub fn beside(path: &str) -> Vec<Beside> {
    let alone = |path: String| Beside { path, row: None };
    let mut all: Vec<Beside> = ADDED.iter().map(|end| alone(format!("{path}{end}"))).collect();
    all.extend(XMP.iter().map(|end| alone(format!("{path}{end}"))));
    if let Some(stem) = stem_of(path) {
        all.extend(XMP.iter().map(|end| alone(format!("{stem}{end}"))));
    }
    let (mut folder, _) = split(path);
    for _ in 0..DEEPEST {
        let row = path.strip_prefix(folder).map(str::to_owned);
        let tables = TABLES.iter().map(|name| format!("{folder}{name}"));
        let within = WITHIN.iter().map(|(last, name)| format!("{folder}{last}/{name}"));
        let tables = tables.chain(within);
        // One in a folder `metadata` is about the folder above.
        let by = Some(Described::Folder(folder.to_owned()));
        let tables = tables.filter(|path| described(path) == by);
        all.extend(tables.map(|path| Beside { path, row: row.clone() }));
        let Some(above) = folder.strip_suffix('/') else { break };
        (folder, _) = split(above);
    }
    all.retain(|one| one.path != path);
    all
}

/// A path as it is, then as it is spelled elsewhere: Korean names are spelled in two ways, and what was written on another
/// system rarely spells them as the disk does that macOS wrote.
pub fn spellings(path: &str) -> Vec<String> {
    let mut all = vec![path.to_owned()];
    if !path.is_ascii() {
        all.extend([path.nfc().collect(), path.nfd().collect()]);
        all.dedup();
        if all.last() == all.first() && all.len() > 1 {
            all.pop();
        }
    }
    all
}

/// The same under each spelling of the path, with the one that it is of: each once, for there are a hundred and more.
pub fn candidates(path: &str) -> Vec<(String, Beside)> {
    let mut known = HashSet::new();
    let mut all = Vec::new();
    for spelled in spellings(path) {
        let mut new = beside(&spelled);
        new.retain(|one| known.insert(one.path.clone()));
        all.extend(new.into_iter().map(|one| (spelled.clone(), one)));
    }
    all
}

/// The folder with its slash, and the name.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |slash| slash + 1))
}

/// The path without its extension, if it has one.
fn stem_of(path: &str) -> Option<&str> {
    let (folder, name) = split(path);
    let (stem, _) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
    path.get(..folder.len() + stem.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_whom_a_file_describes() {
        let file = |path: &str| Some(Described::File(path.into()));
        let stem = |path: &str| Some(Described::Stem(path.into()));
        let folder = |path: &str| Some(Described::Folder(path.into()));
        for (path, expected) in [
            ("a/보고서.hwp.meta.yml", file("a/보고서.hwp")),
            ("보고서.hwp.meta.yaml", file("보고서.hwp")),
            ("b.pdf.meta.json", file("b.pdf")),
            ("a/.meta.yml", None),
            ("a/meta.yml", None),
            ("a/IMG_1.xmp", stem("a/IMG_1")),
            ("a/IMG_1.JPG.XMP", stem("a/IMG_1.JPG")),
            ("a/.xmp", None),
            ("manifest.csv", folder("")),
            ("a/b/manifest.csv", folder("a/b/")),
            ("a/metadata.csv", folder("a/")),
            ("a/metadata/metadata.csv", folder("a/")),
            ("metadata/metadata.csv", folder("")),
            ("a/metadata/manifest.csv", folder("a/metadata/")),
            ("a/보고서.hwp.META.YML", file("a/보고서.hwp")),
            ("b.pdf.Meta.Json", file("b.pdf")),
            ("a/IMG_1.Xmp", stem("a/IMG_1")),
            ("a/MANIFEST.CSV", folder("a/")),
            ("a/Manifest.csv", folder("a/")),
            ("a/METADATA/METADATA.CSV", folder("a/")),
            ("a/METADATA/MANIFEST.CSV", folder("a/METADATA/")),
            // Nobody would find it who has the file.
            ("b.pdf.mEtA.yml", None),
            ("a/my-manifest.csv", None),
            ("a/보고서.hwp", None),
        ] {
            assert_eq!(described(path), expected, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_looked_at_may_be_a_folder_with_a_table() {
        let folder = |path: &str| Some(Described::Folder(path.into()));
        for (path, expected) in [
            ("metadata", folder("")),
            ("a/b/METADATA", folder("a/b/")),
            ("a/manifest.csv", folder("a/")),
            ("a.txt.meta.yml", Some(Described::File("a.txt".into()))),
            ("a/metadata.txt", None),
            ("metadata/a", None),
            ("mEtAdAtA", None),
        ] {
            assert_eq!(described_unseen(path), expected, "{path}");
        }
        let own = |path: &str| {
            let all = beside(path);
            let own = all.iter().filter_map(Beside::own_folder);
            own.map(str::to_owned).collect::<Vec<_>>()
        };
        let names = ["metadata", "METADATA", "Metadata"];
        assert_eq!(own("a.txt"), names);
        assert_eq!(
            own("d/a.txt"),
            [names.map(|name| format!("d/{name}")), names.map(str::to_owned)].concat()
        );
        for folder in own("d/a.txt") {
            let by = described_unseen(&folder).unwrap();
            assert!(is_described("d/a.txt", &by), "{folder}");
        }
    }

    #[test]
    fn a_file_finds_the_sidecars_that_describe_it() {
        for path in ["a.jpg", "사진/2026/a.b.jpg", "x/metadata/notes", "이름없음", "d/.hidden"]
        {
            let all = beside(path);
            assert!(all.len() >= 8, "{path}");
            for one in &all {
                let by = described(&one.path).unwrap();
                assert!(is_described(path, &by), "{path} by {one:?}");
                assert_eq!(one.row.is_some(), matches!(by, Described::Folder(_)), "{one:?}");
                if let (Some(row), Described::Folder(folder)) = (&one.row, by) {
                    assert_eq!(format!("{folder}{row}"), path);
                }
            }
        }
        let order: Vec<String> = beside("a/b/c.jpg").into_iter().map(|one| one.path).collect();
        let at = |path: &str| order.iter().position(|one| one == path).unwrap();
        assert_eq!(at("a/b/c.jpg.meta.yml"), 0);
        assert!(at("a/b/c.jpg.xmp") < at("a/b/c.xmp") && at("a/b/c.xmp") < at("a/b/manifest.csv"));
        assert!(at("a/b/manifest.csv") < at("a/manifest.csv"));
        assert!(at("a/manifest.csv") < at("metadata/metadata.csv"));
        assert!(!is_described("a/IMG_10.jpg", &Described::Stem("a/IMG_1".into())));
        let deep = format!("{}c.jpg", "d/".repeat(500));
        assert!(beside(&deep).len() < 170);
    }

    #[test]
    fn a_path_is_known_by_either_spelling_and_once() {
        let (nfc, nfd): (String, String) = ("글.hwp".nfc().collect(), "글.hwp".nfd().collect());
        assert_eq!(spellings("a.hwp"), ["a.hwp"]);
        assert_eq!(spellings(&nfc), [nfc.clone(), nfd.clone()]);
        assert_eq!(spellings(&nfd), [nfd, nfc]);
        assert_eq!(spellings("①.txt"), ["①.txt"]);
    }

    #[test]
    fn what_lies_in_another_folder_is_told_by_its_path() {
        let all = beside("a/b.jpg");
        let shown = |path: &str| {
            let one = all.iter().find(|one| one.path == path).unwrap();
            one.shown("a/b.jpg").to_owned()
        };
        assert_eq!(shown("a/manifest.csv"), "manifest.csv");
        assert_eq!(shown("a/b.jpg.xmp"), "b.jpg.xmp");
        assert_eq!(shown("metadata/metadata.csv"), "metadata/metadata.csv");
        assert_eq!(shown("manifest.csv"), "manifest.csv");
    }
}
