use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};
use madang_catalog::license::License;
use madang_catalog::series::{Disclosure, Grade, Material, Series, Share};
use madang_document::agency::Agency;
use madang_document::object_key;
use madang_extract::options::{Ocr, Options, Speech};
use madang_sandbox::limits::LimitSettings;
use serde::Deserialize;

use crate::bad_declaration::{self, BadDeclaration};
use crate::place::Place;

/// A pipeline as it is declared: one TOML file, data and not code.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// The name: also of its queue, its store and its series.
    pub name: String,
    /// Whose objects it takes.
    pub agency: Agency,
    /// Where they come from.
    pub source: Source,
    /// What the catalogue says of the folder.
    pub series: Series,
    /// What is wanted of its objects besides the text that is stored in them. Its passwords are none: whoever starts the
    /// pipeline reads them from their file.
    pub options: Options,
    /// The file with the passwords that its documents are tried with.
    pub password_file: Option<PathBuf>,
    /// What the reading of one of its objects may use, where it differs from the other pipelines.
    pub limits: LimitSettings,
    /// Its share when several queues wait.
    pub weight: u32,
}

/// Where objects come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The place.
    pub place: Place,
    /// How long a file must be unchanged before it is taken.
    pub settle: Duration,
    /// How often everything is listed.
    pub reconcile: Duration,
    /// Which paths are taken.
    pub filter: Filter,
}

fn patterns_of(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern)?);
    }
    set.build()
}

/// Which paths of a source are taken.
#[derive(Clone, Debug)]
pub struct Filter {
    include: GlobSet,
    exclude: GlobSet,
    /// Folders in the source that are not of it, as the data folder.
    left_out: Vec<String>,
}

/// What every source leaves out unless it declares otherwise: Office's lock files, uploads that are not
/// finished, hidden files.
pub const EXCLUDED: [&str; 3] = ["**/~$*", "**/*.part", "**/.*"];

impl Filter {
    /// Takes nothing from this folder of the source, whatever the patterns say.
    pub fn leave_out(&mut self, folder: &str) {
        self.left_out.push(folder.to_owned());
    }

    /// Whether a path is taken. A file in an excluded folder is left out too.
    pub fn takes(&self, path: &str) -> bool {
        let left_out = |folder: &String| {
            path.strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !self.left_out.iter().any(left_out)
            && self.include.is_match(path)
            && !Path::new(path)
                .ancestors()
                .any(|part| !part.as_os_str().is_empty() && self.exclude.is_match(part))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    agency: Agency,
    source: SourceTable,
    #[serde(default)]
    extract: ExtractTable,
    #[serde(default)]
    limits: LimitSettings,
    #[serde(default)]
    catalog: CatalogTable,
    #[serde(default)]
    queue: QueueTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueTable {
    weight: Option<std::num::NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    url: String,
    store: Option<String>,
    settle: Option<String>,
    reconcile: Option<String>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtractTable {
    #[serde(default)]
    ocr: Ocr,
    #[serde(default)]
    ocr_languages: Vec<String>,
    #[serde(default)]
    speech: Speech,
    #[serde(default)]
    speech_languages: Vec<String>,
    password_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogTable {
    title: Option<String>,
    description: Option<String>,
    agency_name: Option<String>,
    department: Option<String>,
    telephone: Option<String>,
    brm: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    hold_basis: Option<String>,
    collect_method: Option<String>,
    #[serde(default)]
    license: License,
    #[serde(default)]
    disclosure: Disclosure,
    #[serde(default)]
    share: Share,
    #[serde(default)]
    grade: Grade,
    material: Option<Material>,
}

/// Reads a declaration. `file` is its name for messages, `folder` what relative paths count from.
///
/// # Errors
/// Every [`BadDeclaration`] in it, with the line and, for an unknown key, the nearest known one.
pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Pipeline, Vec<BadDeclaration>> {
    let table = bad_declaration::table(file, text)?;
    let declared: File = bad_declaration::read(file, text, table)?;
    let mut faults = Vec::new();
    let mut at_key = |key: &str, message: String| {
        let line = text.lines().position(|line| line.trim_start().starts_with(key));
        let line = line.map(|n| n + 1);
        faults.push(BadDeclaration { file: file.to_owned(), line, message });
    };
    if !is_name(&declared.name) {
        at_key(
            "name",
            format!(
                "`{}` is no name for a pipeline: use 1 to 64 small letters, digits and hyphens, as in `press-releases`",
                declared.name
            ),
        );
    }
    let source = declared.source;
    let place = Place::of(&source.url, source.store.as_deref(), folder);
    let place = place.map_err(|message| at_key("url", message)).ok();
    let mut span = |key: &str, text: Option<&str>, default: Duration| match text {
        None => default,
        Some(text) => duration(text).unwrap_or_else(|| {
            at_key(key, format!("`{text}` is no span of time: write `2s`, `500ms`, `5m` or `1h`"));
            default
        }),
    };
    let often = match place {
        Some(Place::Folder(_)) | None => Duration::from_secs(3600),
        // Nothing tells of changes in a bucket, so it is listed every minute.
        Some(Place::Bucket { .. }) => Duration::from_secs(60),
    };
    let settle = span("settle", source.settle.as_deref(), Duration::from_secs(2));
    let reconcile = span("reconcile", source.reconcile.as_deref(), often);
    if reconcile < Duration::from_secs(1) {
        let told = "the source would be listed without a pause: write `1s` or more, as in `1h`";
        at_key("reconcile", told.to_owned());
    }
    let include = source.include.unwrap_or_else(|| vec!["**/*".to_owned()]);
    let exclude = source.exclude.unwrap_or_else(|| EXCLUDED.map(str::to_owned).to_vec());
    let mut patterns = |key: &str, patterns: &[String]| {
        let set = patterns_of(patterns);
        set.map_err(|error| at_key(key, format!("a pattern cannot be read: {error}"))).ok()
    };
    let (include, exclude) = (patterns("include", &include), patterns("exclude", &exclude));
    let ocr_languages = declared.extract.ocr_languages;
    let speech_languages = declared.extract.speech_languages;
    for (key, codes) in [("ocr_languages", &ocr_languages), ("speech_languages", &speech_languages)]
    {
        for code in codes.iter().filter(|code| !is_language(code)) {
            at_key(
                key,
                format!("`{code}` is no language: use the three letters of ISO 639-3, as in `kor`"),
            );
        }
    }
    let (Some(place), Some(include), Some(exclude), true) =
        (place, include, exclude, faults.is_empty())
    else {
        return Err(faults);
    };
    let filter = Filter { include, exclude, left_out: Vec::new() };
    let catalog = declared.catalog;
    let series = Series {
        pipeline: declared.name.clone(),
        agency: declared.agency.clone(),
        agency_name: catalog.agency_name,
        title: catalog.title.unwrap_or_else(|| declared.name.clone()),
        description: catalog.description,
        department: catalog.department,
        telephone: catalog.telephone,
        brm: catalog.brm,
        keywords: catalog.keywords,
        hold_basis: catalog.hold_basis,
        collect_method: catalog.collect_method,
        license: catalog.license,
        disclosure: catalog.disclosure,
        share: catalog.share,
        grade: catalog.grade,
        material: catalog.material,
    };
    Ok(Pipeline {
        weight: declared.queue.weight.map_or(1, std::num::NonZeroU32::get),
        name: declared.name,
        agency: declared.agency,
        source: Source { place, settle, reconcile, filter },
        series,
        options: Options {
            ocr: declared.extract.ocr,
            ocr_languages,
            speech: declared.extract.speech,
            speech_languages,
            ..Options::default()
        },
        password_file: declared.extract.password_file.map(|file| folder.join(file)),
        limits: declared.limits,
    })
}

/// The pipeline of a folder or bucket that nobody declared. Its name comes from the last part of the place and
/// a few digits of a hash of all of it, so that two folders of one name do not mix.
///
/// # Errors
/// When the place is no folder or address that can be read.
pub fn undeclared(url: &str, folder: &Path) -> Result<Pipeline, Vec<BadDeclaration>> {
    let place = Place::of(url, None, folder)
        .map_err(|message| vec![BadDeclaration { file: url.to_owned(), line: None, message }])?;
    undeclared_place(place, url)
}

/// As [`undeclared`], of a folder by its path, of whatever bytes that is.
///
/// # Errors
/// As [`undeclared`].
pub fn undeclared_folder(path: &Path) -> Result<Pipeline, Vec<BadDeclaration>> {
    undeclared_place(Place::Folder(path.to_owned()), &path.display().to_string())
}

fn undeclared_place(place: Place, at: &str) -> Result<Pipeline, Vec<BadDeclaration>> {
    // A folder's path may be no text: it is taken as it is, and no address of it is written.
    let (whole, url) = match &place {
        Place::Folder(path) => (path.as_os_str().as_bytes().to_vec(), "file:.".to_owned()),
        Place::Bucket { scheme, bucket, prefix, .. } => {
            let url = format!("{scheme}://{bucket}/{prefix}");
            (url.clone().into_bytes(), url)
        }
    };
    let mut parts = whole.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
    let last = object_key::from_bytes(parts.next_back().unwrap_or_default());
    let last = object_key::readable(&last);
    let mut name: String = last
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(40)
        .collect();
    name = name.trim_matches('-').to_owned();
    if name.is_empty() {
        name = "drop".into();
    }
    let hash = madang_document::blob_id::BlobId::of(&whole).to_string();
    let name = format!("{name}-{}", hash.get(..6).unwrap_or_default());
    let title = if last.is_empty() { name.as_str() } else { &last };
    // Written by who reads it: names hold spaces and joiners that other languages escape in other ways.
    let text = |text: &str| toml::Value::from(text).to_string();
    let declaration = format!(
        "name = {}\nagency = {}\n[source]\nurl = {}\n[catalog]\ntitle = {}\n",
        text(&name),
        text(Agency::UNDECLARED),
        text(&url),
        text(title),
    );
    let mut pipeline = parse(&declaration, at, Path::new(""))?;
    pipeline.source.place = place;
    Ok(pipeline)
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_language(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|b| b.is_ascii_lowercase())
}

/// Reads `500ms`, `2s`, `5m`, `1h`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let ms = match unit.trim() {
        "ms" => number,
        "s" => number.checked_mul(1000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        _ => return None,
    };
    Some(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESS: &str = r#"
name = "press"
agency = "1741000"
[source]
url = "file:drop/press"
settle = "500ms"
[catalog]
title = "보도자료"
license = "KOGL-1"
disclosure = "public"
share = "joint"
"#;

    fn read(text: &str) -> Result<Pipeline, String> {
        parse(text, "pipelines/press.toml", Path::new("/srv"))
            .map_err(|bad| bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn reads_a_declaration() {
        let pipeline = read(PRESS).unwrap();
        assert_eq!(pipeline.source.place, Place::Folder("/srv/drop/press".into()));
        assert_eq!(pipeline.source.settle, Duration::from_millis(500));
        assert_eq!(pipeline.series.title, "보도자료");
        assert_eq!((pipeline.weight, pipeline.series.grade), (1, Grade::Sensitive));
        assert_eq!(pipeline.series.material, None);
        let cameras = read(&format!("{PRESS}material = \"fixed_cctv\"\n")).unwrap();
        assert_eq!(cameras.series.material, Some(Material::FixedCctv));
        let weighted = format!("{PRESS}grade = \"O\"\n[queue]\nweight = 3\n");
        let weighted = read(&weighted).unwrap();
        assert_eq!((weighted.weight, weighted.series.grade), (3, Grade::Open));
        assert!(read(&format!("{PRESS}[queue]\nweight = 0\n")).is_err());
        for (key, least, most) in [
            ("memory_mib", 64, 1 << 20),
            ("cpu_seconds", 1, 604_800),
            ("wall_seconds", 1, 604_800),
            ("silence_seconds", 1, 604_800),
            ("text_mib", 1, 1024),
        ] {
            for within in [least, most] {
                read(&format!("{PRESS}[limits]\n{key} = {within}\n")).unwrap();
            }
            for number in [0, least - 1, most + 1, -1] {
                let bad = read(&format!("{PRESS}[limits]\n{key} = {number}\n")).unwrap_err();
                let place = format!("pipelines/press.toml:13: `{key}`: ");
                assert!(bad.starts_with(&place), "{bad}");
                let told = format!("expected a whole number from {least} to {most}");
                assert!(bad.contains(&told), "{bad}");
            }
        }
        assert!(pipeline.source.filter.takes("2026/a.hwp"));
        for skipped in ["~$a.docx", "x/~$a.docx", "a.part", ".hidden", ".git/config", "a/.b/c"] {
            assert!(!pipeline.source.filter.takes(skipped), "{skipped}");
        }
    }

    /// The keys that a table knows, by its own word on one that it does not.
    fn keys<T: serde::de::DeserializeOwned>() -> Vec<String> {
        let Err(error) = toml::from_str::<T>("unheard-of = 1") else { panic!("it takes any key") };
        let keys = error.message().split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert_ne!(keys, Vec::<String>::new(), "{error}");
        keys
    }

    #[test]
    fn the_sample_shows_every_key() {
        let sample = include_str!("../../../pipelines/press.toml");
        let table: toml::Table = unmarked(sample).parse().unwrap();
        for (at, keys) in [
            (None, keys::<File>()),
            (Some("source"), keys::<SourceTable>()),
            (Some("queue"), keys::<QueueTable>()),
            (Some("extract"), keys::<ExtractTable>()),
            (Some("limits"), keys::<LimitSettings>()),
            (Some("catalog"), keys::<CatalogTable>()),
        ] {
            let shown = at.map_or(Some(&table), |at| table.get(at).and_then(|it| it.as_table()));
            for key in keys {
                assert!(shown.is_some_and(|it| it.contains_key(&key)), "{at:?} without {key}");
            }
        }
        let as_it_is = read(sample).unwrap();
        let unmarked = read(&unmarked(sample)).unwrap();
        // What is marked as a default is one.
        assert_eq!(
            (unmarked.weight, unmarked.series.grade),
            (as_it_is.weight, as_it_is.series.grade)
        );
        assert_eq!(unmarked.options.ocr, as_it_is.options.ocr);
        let limits = madang_sandbox::limits::ChildLimits::default();
        assert_eq!(unmarked.limits.over(limits.clone()).memory, limits.memory);
    }

    /// A sample without the marks before its keys and tables.
    fn unmarked(sample: &str) -> String {
        let is_key = |line: &str| {
            line.starts_with('[')
                || line.split_once(" = ").is_some_and(|(key, _)| {
                    key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                })
        };
        let lines = sample.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_key(rest) => rest,
            _ => line,
        });
        lines.fold(String::new(), |text, line| text + line + "\n")
    }

    #[test]
    fn what_is_wanted_of_extraction_is_declared() {
        let declared = "\n[extract]\nocr = \"always\"\nocr_languages = [\"kor\", \"eng\"]\n\
            speech = \"never\"\nspeech_languages = [\"kor\"]\n\
            password_file = \"keys/press\"\n\
            [limits]\ntext_mib = 1\n";
        let pipeline = read(&format!("{PRESS}{declared}")).unwrap();
        let expected = Options {
            ocr: Ocr::Always,
            ocr_languages: vec!["kor".into(), "eng".into()],
            speech: Speech::Never,
            speech_languages: vec!["kor".into()],
            ..Options::default()
        };
        assert_eq!(pipeline.options, expected);
        assert_eq!(pipeline.password_file, Some("/srv/keys/press".into()));
        assert_eq!(read(PRESS).unwrap().password_file, None);
        assert_eq!(pipeline.limits.over(Default::default()).extract.text, 1 << 20);
        assert_eq!(read(PRESS).unwrap().options, Options::default());
        let message = read(&format!("{PRESS}\n[extract]\nocr_languages = [\"ko\"]\n"));
        assert!(message.unwrap_err().contains("`ko` is no language"));
        let message = read(&format!("{PRESS}\n[extract]\nspeech_languages = [\"korean\"]\n"));
        assert!(message.unwrap_err().contains("`korean` is no language"));
        let message = read(&format!("{PRESS}\n[extract]\nspeech = \"sometimes\"\n")).unwrap_err();
        assert!(message.contains("sometimes") && message.contains("always"), "{message}");
    }

    #[test]
    fn an_unknown_key_names_file_line_and_nearest() {
        assert_eq!(
            read(&PRESS.replace("settle", "setle")).unwrap_err(),
            "pipelines/press.toml:6: unknown key `setle`; did you mean `settle`?"
        );
    }

    #[test]
    fn bad_values_name_their_line() {
        for (from, to, expected) in [
            ("\"press\"", "\"Press Releases\"", ":2: `Press Releases` is no name"),
            ("\"500ms\"", "\"soon\"", ":6: `soon` is no span of time"),
            (
                "settle = \"500ms\"",
                "reconcile = \"0s\"",
                ":6: the source would be listed without a pause",
            ),
            (
                "file:drop/press",
                "gs:///x",
                ":5: `gs:///x` names no bucket: write `gs://bucket/prefix`",
            ),
            ("1741000", "17", ":3: `17` is not an institution code"),
        ] {
            let message = read(&PRESS.replace(from, to)).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn all_bad_values_are_told_at_once() {
        let bad = PRESS
            .replace("\"press\"", "\"Press\"")
            .replace("500ms", "soon")
            .replace("file:drop/press", "s3:///x");
        let message =
            read(&format!("{bad}\n[extract]\nocr_languages = [\"ko\", \"e\"]\n")).unwrap_err();
        assert_eq!(message.lines().count(), 5, "{message}");
        for told in ["`Press` is no name", "`soon`", "names no bucket", "`ko`", "`e`"] {
            assert!(message.contains(told), "{message}");
        }
    }

    #[test]
    fn a_bucket_is_read_of_its_address() {
        for (url, scheme, bucket, prefix) in [
            ("s3://drop", "s3", "drop", ""),
            ("gs://drop/보도 자료/", "gs", "drop", "보도 자료"),
            ("az://drop/a/b", "az", "drop", "a/b"),
        ] {
            let pipeline = read(&PRESS.replace("file:drop/press", url)).unwrap();
            let [scheme, store, bucket, prefix] =
                [scheme, bucket, bucket, prefix].map(str::to_owned);
            assert_eq!(pipeline.source.place, Place::Bucket { scheme, store, bucket, prefix });
            assert_eq!(pipeline.source.reconcile, Duration::from_secs(60));
        }
        let named = PRESS.replace("settle =", "store = \"ours\"\nsettle =");
        let named = read(&named.replace("file:drop/press", "az://drop/a")).unwrap();
        assert!(matches!(named.source.place, Place::Bucket { store, .. } if store == "ours"));
    }

    #[test]
    fn a_folder_of_any_name_is_taken() {
        for name in [
            "회의\u{3000}자료",
            "a\u{a0}b",
            "a\u{200b}b",
            "가족 \u{1f468}\u{200d}\u{1f469}",
            "\u{1112}\u{1161}\u{11ab}",
            "it's \"so\" \\ {} # = [x]",
            "two\nlines\tand \u{1b}[2J\u{7f}",
            "\u{feff}mark",
        ] {
            let path = PathBuf::from(format!("/srv/{name}"));
            let pipeline =
                undeclared_folder(&path).unwrap_or_else(|bad| panic!("{name:?}: {bad:?}"));
            assert_eq!(pipeline.source.place, Place::Folder(path.clone()), "{name:?}");
            assert_eq!(pipeline.series.title, name);
            let by_address = undeclared(path.to_str().unwrap(), Path::new("/")).unwrap();
            assert_eq!(by_address.name, pipeline.name, "{name:?}");
            assert_eq!(by_address.series.title, name);
        }
        // CP949, as older shares have it.
        let korean = std::ffi::OsStr::from_bytes(b"/srv/\xc8\xb8\xc0\xc7");
        let pipeline = undeclared_folder(Path::new(korean)).unwrap();
        assert_eq!(pipeline.source.place, Place::Folder(korean.into()));
        assert_eq!(pipeline.series.title, "회의");
        let other = std::ffi::OsStr::from_bytes(b"/srv/\xc8\xb8\xc0\xc8");
        assert_ne!(undeclared_folder(Path::new(other)).unwrap().name, pipeline.name);
    }

    #[test]
    fn an_undeclared_folder_gets_a_name_of_its_own() {
        let one = undeclared("/srv/보도 Press", Path::new("/")).unwrap();
        let other = undeclared("/mnt/보도 Press", Path::new("/")).unwrap();
        assert!(one.name.starts_with("press-"), "{}", one.name);
        assert_ne!(one.name, other.name);
        assert_eq!(one.series.title, "보도 Press");
    }
}
