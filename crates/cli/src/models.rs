//! `madang model`: which model speech is recognised by.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use madang_recognition::whisper::Whisper;
use sha2::{Digest, Sha256};

use crate::arguments::{Model, ModelAct};
use crate::backends;
use crate::configuration::Configuration;
use crate::data_folder;
use crate::failure::Failure;
use crate::terminal::{line, out, shown};

/// What comes of a model that cannot be used.
pub(crate) const NOT_TRANSCRIBED: &str = "speech is not transcribed";

/// A model that is known by its hash: those that whisper.cpp publishes.
struct Known {
    sha256: &'static str,
    name: &'static str,
    languages: &'static str,
}

/// The licence of them all: OpenAI's, under which they were made from its own.
const LICENCE: &str = "MIT (OpenAI)";

const KNOWN: [Known; 12] = [
    known("be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21", "ggml-tiny", MANY),
    known(
        "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
        "ggml-tiny.en",
        ENGLISH,
    ),
    known("60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe", "ggml-base", MANY),
    known(
        "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002",
        "ggml-base.en",
        ENGLISH,
    ),
    known("1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b", "ggml-small", MANY),
    known(
        "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d",
        "ggml-small.en",
        ENGLISH,
    ),
    known("6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208", "ggml-medium", MANY),
    known(
        "9a423fe4d40c82774b6af34115b8b935f34152246eb19e80e376071d3f999487",
        "ggml-large-v2",
        MANY,
    ),
    known(
        "64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2",
        "ggml-large-v3",
        MANY,
    ),
    known(
        "d75795ecff3f83b5faa89d1900604ad8c780abd5739fae406de19f23ecd98ad1",
        "ggml-large-v3-q5_0",
        MANY,
    ),
    known(
        "1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69",
        "ggml-large-v3-turbo",
        MANY,
    ),
    known(
        "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2",
        "ggml-large-v3-turbo-q5_0",
        MANY,
    ),
];

/// Tokens from which on a model of Whisper knows more languages than English (`whisper_is_multilingual` of whisper.cpp).
const MULTILINGUAL: i32 = 51_865;

const ENGLISH: &str = "eng";

/// As many as Whisper knows.
const MANY: &str = "kor, eng and 97 more";

const fn known(sha256: &'static str, name: &'static str, languages: &'static str) -> Known {
    Known { sha256, name, languages }
}

fn of_hash(sha256: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.sha256 == sha256)
}

/// The name of the model that is used, in that folder.
const IN_USE: &str = "speech";

/// Bytes from which on a model takes so long for half a minute of sound, on one core, that its child looks hung.
const LARGE: u64 = 400 << 20;

/// What a model's file begins with, and what its name ends in.
const MAGIC: [u8; 4] = 0x6767_6d6c_u32.to_le_bytes();
const EXTENSION: &str = "bin";

/// The model that speech is recognised by: the one that the configuration names, or the one that was installed or chosen last.
///
/// # Errors
/// When the one that the configuration names is not there or no model.
pub(crate) fn speech_model(
    configuration: &Configuration,
    data: &Path,
) -> Result<Option<PathBuf>, Failure> {
    match &configuration.speech_model {
        Some(path) => named("speech_model", path).map(Some),
        None => Ok(installed(data)),
    }
}

/// The model that `setting` names.
///
/// # Errors
/// When it is not there or no model.
pub(crate) fn named(setting: &str, path: &Path) -> Result<PathBuf, Failure> {
    is_model(path)
        .map_err(|error| Failure::usage(format!("{setting}: {}: {error}", path.display())))?;
    Ok(path.to_owned())
}

/// The model that was installed or chosen last, one of those in the folder.
fn installed(data: &Path) -> Option<PathBuf> {
    let name = std::fs::read_to_string(data.join(data_folder::MODELS).join(IN_USE)).ok()?;
    all(data)
        .into_iter()
        .find(|path| path.is_file() && path.file_name() == Some(name.trim().as_ref()))
}

/// Whether a file begins as a model of whisper.cpp does.
fn is_model(path: &Path) -> std::io::Result<()> {
    let mut head = [0; MAGIC.len()];
    let read = File::open(path)?.read_exact(&mut head);
    match read {
        Ok(()) if head == MAGIC => Ok(()),
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        _ => Err(std::io::Error::other("not a model in the format of whisper.cpp (ggml)")),
    }
}

/// The languages of a model by the size of its vocabulary, which stands behind its magic: one of English only has no tokens for
/// languages.
fn languages(path: &Path) -> &'static str {
    let mut head = [0; 8];
    if File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_err() {
        return "languages not known";
    }
    let [.., a, b, c, d] = head;
    if i32::from_le_bytes([a, b, c, d]) >= MULTILINGUAL { MANY } else { ENGLISH }
}

/// `madang model`.
pub(crate) fn model(command: &Model) -> Result<(), Failure> {
    let configuration = Configuration::read(command.config.as_deref(), backends::BUCKETS)?;
    let data = configuration.data(command.data.as_deref());
    match &command.act {
        ModelAct::Install { file, sha256, unverified } => {
            install(file, sha256.as_deref(), *unverified, &data)
        }
        ModelAct::Ls => list(&configuration, &data),
        ModelAct::Use { name } => choose(name, &configuration, &data),
        ModelAct::Rm { name } => remove(name, &data),
    }
}

/// Takes a model from a file, by its hash.
fn install(
    file: &Path,
    expected: Option<&str>,
    unverified: bool,
    data: &Path,
) -> Result<(), Failure> {
    let at =
        |error: std::io::Error, path: &Path| Failure::usage(format!("{}: {error}", path.display()));
    is_model(file).map_err(|error| at(error, file))?;
    let folder = data.join(data_folder::MODELS);
    data_folder::prepare(data)?;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| at(error, &folder))?;
    let partial = folder.join(format!("{IN_USE}.part"));
    let taken = copy(file, &partial);
    let refuse = |reason: String| {
        let _ = std::fs::remove_file(&partial);
        Err(Failure::usage(reason))
    };
    let sha256 = match taken {
        Ok(sha256) => sha256,
        Err(error) => return refuse(format!("{}: {error}", file.display())),
    };
    // One that breaks off would be found out when the service starts, or by the first recording.
    if let Err(error) = Whisper::load(&partial) {
        let error = error.replace(&partial.display().to_string(), &file.display().to_string());
        return refuse(format!("{error}; is the file whole? Its SHA-256 is {sha256}"));
    }
    let known = of_hash(&sha256);
    let is_expected = expected.is_some_and(|expected| expected.eq_ignore_ascii_case(&sha256));
    if expected.is_some() && !is_expected {
        return refuse(format!(
            "{}: its SHA-256 is {sha256}, and not the one that was given; the file is damaged or another",
            file.display()
        ));
    }
    if known.is_none() && !is_expected && !unverified {
        return refuse(format!(
            "{}: no known model has its SHA-256, {sha256}; if whoever gave it to you says the same, repeat with --sha256 \
             {sha256}, or with --unverified to take it as it is",
            file.display()
        ));
    }
    let name = match known {
        Some(known) => known.name.to_owned(),
        None => own_name(file, &sha256),
    };
    let name = format!("{name}.{EXTENSION}");
    let path = folder.join(&name);
    std::fs::rename(&partial, &path).map_err(|error| at(error, &path))?;
    let in_use = folder.join(IN_USE);
    write(&in_use, name.as_bytes()).map_err(|error| at(error, &in_use))?;
    out(&shown!("{name}: installed, SHA-256 {sha256}"))?;
    match known {
        Some(known) => {
            out(&shown!("languages: {}", known.languages))?;
            out(&shown!("licence: {LICENCE}"))?;
        }
        None => {
            out(&shown!("languages: {}", languages(&path)))?;
            out(&shown!("licence: not known here; whoever gave you the model must tell"))?;
        }
    }
    if languages(&path) == ENGLISH {
        line(&shown!(
            "madang: this model knows English only, and writes down whatever is said in other languages as English words; for \
             Korean take one without `.en` in its name"
        ));
    }
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > LARGE) {
        line(&shown!(
            "madang: a model of this size is silent for longer than a child may be by default: set `silence_seconds = 120` in [limits]"
        ));
    }
    out(&shown!(
        "a service that runs uses it after its next start; what was read before is listened to by \
         `madang reprocess --media audio` and `--media video`"
    ))
}

/// The name of a model that nobody knows: the file's own, with some digits of its hash, so that another file of that name is
/// another model.
fn own_name(file: &Path, sha256: &str) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .take(64)
        .collect();
    format!("{}-{}", stem.trim_start_matches('.'), sha256.get(..8).unwrap_or_default())
}

/// Copies a file and gives the hash of what was copied.
fn copy(from: &Path, to: &Path) -> std::io::Result<String> {
    let mut from = File::open(from)?;
    let mut to = create(to)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = from.read(&mut piece)?;
        let read = piece.get(..read).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        hash.update(read);
        to.write_all(read)?;
    }
    to.sync_all()?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn create(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes a file as a whole: a service that starts meanwhile reads what was there before, or this.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("part");
    let mut file = create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(partial, path)
}

/// The models in the data folder.
fn all(data: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(data.join(data_folder::MODELS)) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == EXTENSION));
    paths.sort();
    paths
}

/// The installed model of that name, which leads nowhere else: it is one of those that are listed. The beginning of a name that only
/// one of them has is enough: nobody remembers a hash.
fn of_name(name: &str, data: &Path) -> Result<PathBuf, Failure> {
    let paths = all(data);
    let beginning = name.strip_suffix(&format!(".{EXTENSION}")).unwrap_or(name);
    let begins = |path: &&PathBuf| {
        let stem = path.file_stem().and_then(std::ffi::OsStr::to_str);
        stem.is_some_and(|stem| !beginning.is_empty() && stem.starts_with(beginning))
    };
    let only = || {
        let mut found = paths.iter().filter(begins);
        found.next().filter(|_| found.next().is_none())
    };
    let is_it = |path: &&PathBuf| {
        let own = |part: Option<&std::ffi::OsStr>| part.is_some_and(|part| part == name);
        own(path.file_stem()) || own(path.file_name()) || path.as_os_str() == name
    };
    paths.iter().find(is_it).or_else(only).cloned().ok_or_else(|| {
        let names: Vec<_> = paths
            .iter()
            .filter_map(|path| path.file_stem())
            .map(|stem| stem.to_string_lossy().into_owned())
            .collect();
        Failure::usage(match names.is_empty() {
            true => {
                format!("{name}: no model is installed; take one with `madang model install FILE`")
            }
            false => format!("{name}: no such model; there are: {}", names.join(", ")),
        })
    })
}

/// `madang model use`.
fn choose(name: &str, configuration: &Configuration, data: &Path) -> Result<(), Failure> {
    let path = of_name(name, data)?;
    is_model(&path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let in_use = data.join(data_folder::MODELS).join(IN_USE);
    write(&in_use, file.as_bytes())
        .map_err(|error| Failure::usage(format!("{}: {error}", in_use.display())))?;
    out(&shown!(
        "{file}: in use from the next start of a service; languages: {}",
        languages(&path)
    ))?;
    if let Some(other) = &configuration.speech_model {
        line(&shown!(
            "madang: the configuration names {} as its speech_model, which goes first",
            other.display()
        ));
    }
    Ok(())
}

/// `madang model rm`. What it wrote down stays.
fn remove(name: &str, data: &Path) -> Result<(), Failure> {
    let path = of_name(name, data)?;
    let was_used = installed(data).is_some_and(|used| used == path);
    std::fs::remove_file(&path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    out(&shown!("{}: removed; what it wrote down stays", path.display()))?;
    if was_used {
        line(&shown!(
            "madang: it was in use; from the next start {NOT_TRANSCRIBED} until another is chosen with `madang model use NAME`"
        ));
    }
    Ok(())
}

/// `madang model ls`: the models there are, the one in use marked.
fn list(configuration: &Configuration, data: &Path) -> Result<(), Failure> {
    let used = speech_model(configuration, data)?;
    let mut paths = all(data);
    paths.extend(used.iter().filter(|used| !paths.contains(used)).cloned().collect::<Vec<_>>());
    paths.sort();
    if paths.is_empty() {
        line(&shown!(
            "madang: no model; {NOT_TRANSCRIBED}. Take one with `madang model install FILE`"
        ));
    }
    for path in &paths {
        let mark = if used.as_ref() == Some(path) { "*" } else { " " };
        let size = std::fs::metadata(path).map_or(0, |found| found.len()) >> 20;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let known = KNOWN.iter().find(|known| known.name == stem);
        let languages = known.map_or_else(|| languages(path), |known| known.languages);
        out(&shown!("{mark} {}  {size} MiB  {languages}", path.display()))?;
    }
    Ok(())
}

/// The line of `madang check` about speech.
pub(crate) fn told(model: Option<&Path>) -> String {
    match model {
        Some(model) => format!("speech: transcribed by {}", model.display()),
        None => format!("speech: no model is installed, so {NOT_TRANSCRIBED}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_its_whole_hash() {
        for known in &KNOWN {
            assert_eq!(known.sha256.len(), 64, "{}", known.name);
            assert!(known.sha256.bytes().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
            assert_eq!(of_hash(known.sha256).map(|found| found.name), Some(known.name));
        }
        assert!(of_hash("be07").is_none());
    }

    #[test]
    fn the_name_of_an_unknown_model_leads_nowhere() {
        let name = own_name(Path::new("/tmp/../한글 model.bin"), "0123456789abcdef");
        assert_eq!(name, "___model-01234567");
        assert_eq!(own_name(Path::new("..x.bin"), "0123456789"), "x-01234567");
    }
}
