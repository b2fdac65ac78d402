use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use madang_extract::passwords::Passwords;
use madang_pipeline::bad_declaration::{self, BadDeclaration};
use madang_pipeline::declaration::{self, Pipeline};
use madang_pipeline::password_file;
use madang_pipeline::place::Place;
use madang_sandbox::limits::{ChildLimits, LimitSettings};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::bucket_kind::{self, BucketKind, DeclaredStore};
use crate::failure::Failure;
use crate::overlap::{self, Declared, KeptRegistry};
use crate::retention_settings::RetentionSettings;

/// `madang.toml`, as it is written. Everything in it is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configuration {
    /// Data folder.
    pub(crate) data: Option<PathBuf>,
    /// Address to listen on.
    #[serde(default, deserialize_with = "crate::listen_address::deserialize")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address under which people reach the service, if a proxy stands before it.
    #[serde(default, deserialize_with = "base_url")]
    pub(crate) base_url: Option<String>,
    /// Who publishes the catalogue.
    pub(crate) publisher: Option<String>,
    /// Objects worked on at the same time.
    pub(crate) workers: Option<NonZeroUsize>,
    /// The model that speech is recognised by; without it the one that was installed last.
    pub(crate) speech_model: Option<PathBuf>,
    /// Largest upload, MiB.
    pub(crate) upload_mib: Option<NonZeroU64>,
    /// Stores by name, each read by its kind.
    #[serde(skip)]
    pub(crate) stores: BTreeMap<String, DeclaredStore>,
    /// Registries besides the embedded one.
    #[serde(default, rename = "registry")]
    pub(crate) registries: Vec<RegistrySettings>,
    /// What a reader may use.
    #[serde(default)]
    pub(crate) limits: LimitSettings,
    /// How long the ledger keeps what is finished.
    #[serde(default)]
    pub(crate) retention: RetentionSettings,
}

/// A registry that takes the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrySettings {
    /// Name, for its cursor and messages.
    pub(crate) name: String,
    /// Where it is kept: `file:folder`, or the prefix of a bucket.
    #[serde(rename = "url", deserialize_with = "place")]
    pub(crate) place: Spanned<Place>,
    /// The name of the store's settings; the bucket's own name if none is given.
    pub(crate) store: Option<Spanned<String>>,
    /// Where its `url` stands: file and line, for messages.
    #[serde(skip)]
    pub(crate) at: String,
    /// Where its `store` stands.
    #[serde(skip)]
    store_at: String,
}

impl RegistrySettings {
    /// The folder, if it is one.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self.place.get_ref() {
            Place::Folder(folder) => Some(folder.clone()),
            Place::Bucket { .. } => None,
        }
    }
}

impl Configuration {
    /// Reads the file that was named, or `madang.toml` if there is one. `kinds` are those of its stores.
    pub(crate) fn read(
        named: Option<&Path>,
        kinds: &[BucketKind],
    ) -> Result<Configuration, Failure> {
        let path = named.unwrap_or(Path::new("madang.toml"));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Configuration::default());
            }
            Err(error) => return Err(Failure::usage(format!("{}: {error}", path.display()))),
        };
        let file = path.display().to_string();
        Configuration::parse(&text, &file, kinds).map_err(Failure::faults)
    }

    fn parse(
        text: &str,
        file: &str,
        kinds: &[BucketKind],
    ) -> Result<Configuration, Vec<BadDeclaration>> {
        let mut table = bad_declaration::table(file, text)?;
        let declared = table.get_mut().remove("stores");
        let mut bad = Vec::new();
        let mut configuration = bad_declaration::read::<Configuration>(file, text, table)
            .unwrap_or_else(|faults| {
                bad.extend(faults);
                Configuration::default()
            });
        for registry in &mut configuration.registries {
            let at =
                |span: Range<usize>| format!("{file}:{}", bucket_kind::line_of(text, span.start));
            registry.at = at(registry.place.span());
            registry.store_at = registry.store.as_ref().map_or_else(String::new, |s| at(s.span()));
            if let (Some(named), Place::Bucket { store, .. }) =
                (&registry.store, registry.place.get_mut())
            {
                store.clone_from(named.get_ref());
            }
        }
        for (n, registry) in configuration.registries.iter().enumerate() {
            let mut former = configuration.registries.iter().take(n);
            let message = match former.find(|former| former.name == registry.name) {
                _ if registry.name.trim().is_empty() => {
                    "a registry needs a `name`: how far it has come is kept under it".to_owned()
                }
                Some(former) => format!(
                    "the registry at {} is called `{}`, too: how far each has come is kept under its name, so give each \
                     its own",
                    former.at, registry.name
                ),
                None => continue,
            };
            let line = Some(bucket_kind::line_of(text, registry.place.span().start));
            bad.push(BadDeclaration { file: file.to_owned(), line, message });
        }
        let (at, stores) = declared.map_or((0..0, DeValue::Table(DeTable::new())), |declared| {
            (declared.span(), declared.into_inner())
        });
        let DeValue::Table(stores) = stores else {
            let message = "`stores` is a table of stores: write `[stores.NAME]`".to_owned();
            let line = Some(bucket_kind::line_of(text, at.start));
            bad.push(BadDeclaration { file: file.to_owned(), line, message });
            return Err(bad);
        };
        for (name, table) in stores {
            match DeclaredStore::read(kinds, name.get_ref(), table, file, text) {
                Ok(store) => {
                    _ = configuration.stores.insert(name.into_inner().into_owned(), store);
                }
                Err(faults) => bad.extend(faults),
            }
        }
        match bad.is_empty() {
            true => Ok(configuration),
            false => Err(bad),
        }
    }

    /// The data folder: as said on the command line, else as configured, else `data`.
    pub(crate) fn data(&self, said: Option<&Path>) -> PathBuf {
        said.or(self.data.as_deref()).unwrap_or(Path::new("data")).to_owned()
    }

    /// The limits of a child.
    pub(crate) fn limits(&self) -> ChildLimits {
        self.limits.over(ChildLimits::default())
    }
}

/// The pipelines of the sources that were named: declarations, folders, addresses; without any, every
/// `pipelines/*.toml`.
///
/// Sources, data and registries are kept apart: see [`overlap`]. Buckets are of one of the `kinds`.
///
/// # Errors
/// Everything that is wrong with any of them.
pub(crate) fn pipelines(
    sources: &[OsString],
    data: &Path,
    configuration: &Configuration,
    kinds: &[BucketKind],
) -> Result<Vec<Pipeline>, Failure> {
    let (pipelines, failures) = look_over(sources, data, configuration, kinds);
    Failure::none_of(failures).map(|()| pipelines)
}

/// The same: those that can run, and everything that is wrong with the others.
pub(crate) fn look_over(
    sources: &[OsString],
    data: &Path,
    configuration: &Configuration,
    kinds: &[BucketKind],
) -> (Vec<Pipeline>, Vec<Failure>) {
    let (mut declared, mut failures) = declarations(sources);
    declared.retain(|Declared { pipeline, at, .. }| match &pipeline.source.place {
        Place::Bucket { scheme, .. } if BucketKind::find(kinds, scheme).is_none() => {
            let message = bucket_kind::unknown(kinds, scheme);
            failures.push(Failure::usage(format!("{at}: {message}")));
            false
        }
        _ => true,
    });
    let mut is_declared = |name: &str, at: &str| {
        let undeclared = undeclared_store(name, &configuration.stores);
        failures
            .extend(undeclared.iter().map(|message| Failure::usage(format!("{at}: {message}"))));
        undeclared.is_none()
    };
    declared.retain(|Declared { store, .. }| {
        store.as_ref().is_none_or(|(name, at)| is_declared(name, at))
    });
    for registry in &configuration.registries {
        if let Some(store) = &registry.store {
            is_declared(store.get_ref(), &registry.store_at);
        }
    }
    let kept = configuration.registries.iter().filter_map(|registry| {
        let (name, at) = (registry.name.clone(), registry.at.clone());
        Some(KeptRegistry { name, folder: registry.folder()?, at })
    });
    failures.extend(overlap::keep_apart(&mut declared, data, &kept.collect::<Vec<_>>()));
    (declared.into_iter().map(|declared| declared.pipeline).collect(), failures)
}

/// That a store is named which `madang.toml` does not declare. Where it declares none at all, every store's settings
/// come from the environment, whatever it is called.
fn undeclared_store(name: &str, stores: &BTreeMap<String, DeclaredStore>) -> Option<String> {
    if stores.is_empty() || stores.contains_key(name) {
        return None;
    }
    let near = stores
        .keys()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3);
    let hint = match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<&str> = stores.keys().map(String::as_str).collect();
            format!(
                "there are `{}`; declare `[stores.{name}]`, or take `store` out",
                known.join("`, `")
            )
        }
    };
    Some(format!("no store `{name}` is declared; {hint}"))
}

/// The place of an address, which counts from where Madang was started, as that of a pipeline does.
fn place<'de, D: Deserializer<'de>>(from: D) -> Result<Spanned<Place>, D::Error> {
    let url = Spanned::<String>::deserialize(from)?;
    let place = Place::of(url.get_ref(), None, Path::new("")).map_err(D::Error::custom)?;
    Ok(Spanned::new(url.span(), place))
}

/// An address that people can be sent to.
fn base_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let sound = rest.is_some() && reqwest::Url::parse(&text).is_ok_and(|url| url.has_host());
    if sound {
        return Ok(Some(text));
    }
    Err(D::Error::custom(format!(
        "`{text}` is no address: write it as people type it, `https://madang.example.kr`"
    )))
}

fn declarations(sources: &[OsString]) -> (Vec<Declared>, Vec<Failure>) {
    let mut pipelines: Vec<Declared> = Vec::new();
    let mut failures = Vec::new();
    let here = match std::env::current_dir() {
        Ok(here) => here,
        Err(error) => return (pipelines, vec![error.into()]),
    };
    let mut add = |new: Result<Declared, Failure>| {
        let new = match new {
            Ok(new) => new,
            Err(failure) => return failures.push(failure),
        };
        let name = &new.pipeline.name;
        match pipelines.iter().find(|former| former.pipeline.name == *name) {
            Some(former) => failures.push(Failure::usage(format!(
                "{}: the pipeline of {} is called `{name}`, too: rename one, for the name is also that of its \
                 queue and store",
                new.at, former.at
            ))),
            None => pipelines.push(new),
        }
    };
    if sources.is_empty() {
        let files = declaration_files();
        if files.is_empty() {
            add(Err(Failure::usage(
                "nothing to take files from: name a folder, an address or a pipeline file, \
                 or put declarations into pipelines/ (madang up --help)",
            )));
        }
        for file in files {
            add(declared(&file, &here));
        }
    }
    for source in sources {
        add(of_argument(source, &here));
    }
    (pipelines, failures)
}

/// Every `pipelines/*.toml`, by name.
fn declaration_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = match std::fs::read_dir("pipelines") {
        Ok(entries) => entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect(),
        Err(_) => Vec::new(),
    };
    files.sort();
    files
}

/// The pipeline of a declaration, a folder or an address that was named.
fn of_argument(source: &OsStr, here: &Path) -> Result<Declared, Failure> {
    let path = Path::new(source);
    if source.as_bytes().ends_with(b".toml") && !path.is_dir() {
        return declared(path, here);
    }
    let at = path.display().to_string();
    // An address is text; a path need not be.
    if let Some(url) = source.to_str()
        && (url.contains("://") || url.starts_with("file:"))
    {
        let pipeline = declaration::undeclared(url, here).map_err(Failure::faults)?;
        return Ok(Declared { pipeline, at, store: None });
    }
    let folder = path.canonicalize().map_err(|error| {
        Failure::usage(format!(
            "{at}: {error}; name a folder that is there, an address or a pipeline file"
        ))
    })?;
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "{at} is a file, not a folder: `madang extract {at}` reads a single file"
        )));
    }
    let pipeline = declaration::undeclared_folder(&folder).map_err(Failure::faults)?;
    Ok(Declared { pipeline, at, store: None })
}

fn declared(file: &Path, here: &Path) -> Result<Declared, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let mut pipeline = declaration::parse(&text, &name, here).map_err(Failure::faults)?;
    let at_key = |key: &str| {
        let line = text.lines().position(|line| line.trim_start().starts_with(key));
        line.map_or_else(|| name.clone(), |line| format!("{name}:{}", line + 1))
    };
    if let Some(file) = &pipeline.password_file {
        let at = at_key("password_file");
        pipeline.options.passwords = passwords(file, &at)?;
    }
    let at = at_key("url");
    let store = pipeline_store(&text).map(|(store, line)| (store, format!("{name}:{line}")));
    Ok(Declared { pipeline, at, store })
}

/// The passwords of a file that is named at `at`.
fn passwords(file: &Path, at: &str) -> Result<Passwords, Failure> {
    password_file::read(file)
        .map_err(|error| Failure::usage(format!("{at}: {}: {error}", file.display())))
}

/// The store that a declaration names, and the line.
fn pipeline_store(text: &str) -> Option<(String, usize)> {
    #[derive(Deserialize)]
    struct Naming {
        source: NamingSource,
    }
    #[derive(Deserialize)]
    struct NamingSource {
        store: Option<Spanned<String>>,
    }
    let store = toml::from_str::<Naming>(text).ok()?.source.store?;
    let line = bucket_kind::line_of(text, store.span().start);
    Some((store.into_inner(), line))
}

#[cfg(test)]
mod tests {
    use madang_store::azure::AzureSettings;
    use madang_store::gcs::GcsSettings;
    use madang_store::s3::S3Settings;

    use madang_ledger::retention::Retention;

    use super::*;

    const EXAMPLE: &str = include_str!("../../../madang.toml.example");

    #[test]
    fn two_registries_of_one_name_and_one_without_are_refused() {
        let registry = |name: &str, url: &str| {
            format!("[[registry]]\nname = \"{name}\"\nurl = \"file:{url}\"\n")
        };
        let text =
            registry("a", "x") + &registry("b", "y") + &registry("a", "z") + &registry(" ", "w");
        let bad = Configuration::parse(&text, "madang.toml", &[]).unwrap_err();
        let told: Vec<String> = bad.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("madang.toml:9: the registry at madang.toml:3 is called `a`"),
            "{told:?}"
        );
        assert!(told[1].starts_with("madang.toml:12: a registry needs a `name`"), "{told:?}");
    }

    /// An address means the same to a registry as to a pipeline.
    #[test]
    fn an_address_of_a_registry_is_that_of_a_pipeline() {
        let read = |url: &str, more: &str| {
            let text = format!("[[registry]]\nname = \"a\"\nurl = \"{url}\"\n{more}");
            Configuration::parse(&text, "madang.toml", &[])
        };
        for url in
            ["file:x", "file://tmp/x", "file:///tmp/x", "/tmp/x", "x", "s3://b//p/", "gs://b"]
        {
            let [registry] = &read(url, "").unwrap().registries[..] else { panic!("{url}") };
            let pipeline = declaration::undeclared(url, Path::new("")).unwrap();
            assert_eq!(registry.place.get_ref(), &pipeline.source.place, "{url}");
        }
        let [registry] = &read("s3://b/p", "store = \"ours\"\n").unwrap().registries[..] else {
            panic!()
        };
        let ours = Place::of("s3://b/p", Some("ours"), Path::new("")).unwrap();
        assert_eq!(registry.place.get_ref(), &ours);
        for url in ["s3:///prefix", "s3://"] {
            let [bad] = &read(url, "").unwrap_err()[..] else { panic!("{url}") };
            let told = bad.to_string();
            assert!(
                told.starts_with("madang.toml:3: ") && told.contains("names no bucket"),
                "{told}"
            );
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
    fn the_example_has_every_key_and_can_be_read_without_its_marks() {
        let is_key = |line: &str| {
            let letters = |key: &str| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| letters(key))
        };
        let secrets = tempfile::tempdir().unwrap();
        for name in ["drop.secret", "archive.json", "province.key"] {
            std::fs::write(secrets.path().join(name), "secret").unwrap();
        }
        let lines = EXAMPLE.lines().filter_map(|line| line.strip_prefix("# "));
        let text: String =
            lines.filter(|line| is_key(line)).map(|line| format!("{line}\n")).collect();
        let text = text.replace("/etc/madang", &secrets.path().display().to_string());
        let buckets = [
            BucketKind::of::<S3Settings>("s3"),
            BucketKind::of::<GcsSettings>("gs"),
            BucketKind::of::<AzureSettings>("az"),
        ];
        let all = Configuration::parse(&text, "madang.toml", &buckets).unwrap();
        assert_eq!(all.limits(), ChildLimits::default(), "what is marked as a default is one");
        let readme = include_str!("../../../README.md");
        let limits = ChildLimits::default();
        for time in [limits.cpu, limits.wall] {
            let (base, mib, unit) = (time.base.as_secs(), time.per_mib, time.per_unit);
            let rates = format!(
                "{} s per MiB and {} s per page, member or frame",
                mib.as_secs(),
                unit.as_secs()
            );
            assert!(
                EXAMPLE.contains(&format!("{base} s, {rates}, at most this")),
                "{base} {rates}"
            );
            assert!(readme.contains(&rates), "{rates}");
        }

        let table: toml::Table = text.parse().unwrap();
        let shown = |keys: Vec<String>, table: &toml::Table| {
            for key in keys {
                assert!(table.contains_key(&key), "no {key} in {table}");
            }
        };
        shown(keys::<Configuration>(), &table);
        shown(keys::<LimitSettings>(), table["limits"].as_table().unwrap());
        shown(keys::<RetentionSettings>(), table["retention"].as_table().unwrap());
        assert_eq!(all.retention.retention(), Retention::default(), "likewise");
        shown(keys::<RegistrySettings>(), table["registry"][0].as_table().unwrap());
        // Every secret can be given as a file, says the example once for all.
        for key in [keys::<S3Settings>(), keys::<GcsSettings>(), keys::<AzureSettings>()].concat() {
            let word = key.trim_end_matches("_file");
            assert!(EXAMPLE.contains(word), "no {key}");
        }
    }
}
