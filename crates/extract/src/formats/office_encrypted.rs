//! Word, Excel and PowerPoint files locked with a password or by rights management: a compound file around
//! the encrypted package (MS-OFFCRYPTO, section 2.3). One that opens with the password that Excel tries by itself, or
//! with one that is given, is read.

use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::office_cipher::{self, Locked};
use super::{docx, pptx, xlsx};
use crate::blob::Blob;
use crate::compound_file::CompoundFile;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "office_encrypted",
    version: 6,
    media_types: &[DOCX, XLSX, PPTX],
    sniff,
    media_type,
    extract,
};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

fn sniff(probe: &Probe<'_>) -> Match {
    match probe.cfb() {
        Some(streams) => {
            // Names in a compound file are compared without regard to case (MS-CFB, section 2.6.4).
            let encrypted = |path: &String| path.eq_ignore_ascii_case(PACKAGE);
            if streams.iter().any(encrypted) { Match::Container } else { Match::No }
        }
        // A compound file whose directory breaks the order that MS-CFB asks for still opens in Word.
        None if probe.starts_with(b"\xD0\xCF\x11\xE0") && names_package(&probe.head) => {
            Match::Magic
        }
        None => Match::No,
    }
}

/// The stream that holds the encrypted package.
const PACKAGE: &str = "EncryptedPackage";

/// Whether a directory entry of this name stands in the bytes: UTF-16, at a multiple of 128.
fn names_package(head: &[u8]) -> bool {
    head.chunks(128).any(|entry| {
        let mut units = entry.chunks_exact(2).map(|unit| unit.to_ascii_lowercase());
        let mut name = PACKAGE.bytes().map(|byte| vec![byte.to_ascii_lowercase(), 0]);
        name.all(|unit| units.next() == Some(unit))
    })
}

/// The package cannot be looked into, so the name tells what it holds.
fn media_type(probe: &Probe<'_>) -> &'static str {
    match probe.extension.get(..2) {
        Some("xl") => XLSX,
        Some("pp" | "po") => PPTX,
        _ => DOCX,
    }
}

/// Workbooks whose structure is protected are encrypted with this, and Excel opens them without asking
/// (MS-OFFCRYPTO, section 2.4.2.4 tells of it).
const KNOWN_PASSWORD: &str = "VelvetSweatshop";

/// Rounds up to which that is tried. Office asks for 100,000 at most.
const KNOWN_ROUNDS: u64 = 1_000_000;

/// What is read of the stream that says how the package is encrypted.
const LOCK_SIZE: u64 = 64 * 1024;

/// Streams among which the mark of rights management is looked for.
const MOST_PATHS: usize = 1_000;

/// What a package that is under rights management names so (MS-OFFCRYPTO, section 2.2.2).
const OF_RIGHTS: [&str; 2] = ["DRMEncryptedDataSpace", "DRMEncryptedTransform"];

/// The data space of a package that a password opens (section 2.2.1).
const OF_PASSWORD: &str = "StrongEncryptionDataSpace";

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let package = opened(blob, context)?;
    let read = match holds(&package) {
        Some("xl/") => xlsx::FORMAT.extract,
        Some("ppt/") => pptx::FORMAT.extract,
        _ => docx::FORMAT.extract,
    };
    let mut content = read(&package, context)?;
    content.metadata.at("EncryptionInfo").set(metadata::ENCRYPTED, true);
    Ok(content)
}

/// The package, if a password opens it.
///
/// # Errors
/// [`ExtractError::Drm`] where rights management locks it; [`ExtractError::Encrypted`] where no password opens it, or
/// none can be tried; [`ExtractError::Limit`] when the package is larger than may be unpacked.
fn opened(blob: &dyn Blob, context: &Context<'_>) -> Result<Vec<u8>, ExtractError> {
    let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Document), still);
    let file = CompoundFile::open(blob).map_err(|_| refused(context.none_tried()))?;
    let lock = file.root_stream("EncryptionInfo", LOCK_SIZE);
    let locked = match lock.as_deref().map(Locked::read) {
        Some(Ok(locked)) => locked,
        unread => {
            let paths = file.paths(MOST_PATHS);
            let mut names = paths.iter().flat_map(|path| path.split('/'));
            if names.any(|name| OF_RIGHTS.iter().any(|rights| name.eq_ignore_ascii_case(rights))) {
                return Err(ExtractError::Drm(ReasonKind::Drm.of(Noun::Document)));
            }
            let other = paths.iter().filter_map(|path| space(path)).find(|s| *s != OF_PASSWORD);
            let kind = match unread.and_then(Result::err) {
                None | Some(ReasonKind::CipherUnknown) => other
                    .map_or(ReasonKind::CipherUnknown, |space| {
                        ReasonKind::CipherNotRead(space.into())
                    }),
                Some(kind) => kind,
            };
            return Err(ExtractError::Encrypted(kind.of(Noun::Document)));
        }
    };
    let key = |password: &str| locked.key(password, || context.progress());
    // Only Excel does so, and each try costs some ten milliseconds.
    let workbook = context.name.rsplit_once('.').is_some_and(|(_, extension)| {
        extension.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("xl"))
    });
    let known = (workbook && locked.rounds() <= KNOWN_ROUNDS).then(|| key(KNOWN_PASSWORD));
    let key = match known.flatten() {
        Some(key) => key,
        None => context.unlock(locked.rounds(), key).map_err(refused)?,
    };
    let bytes = file
        .root_stream(PACKAGE, context.limits.member)
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::Unreadable.of(Noun::EncryptedPackage)))?;
    context.spend_unpacked(bytes.len() as u64)?;
    office_cipher::open(&locked, &key, bytes)
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::CutShort.of(Noun::EncryptedPackage)))
}

/// The way in which streams of the file are locked, if this is the path of its definition (section 2.1.7).
fn space(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let (_, folder) = folder.rsplit_once('/')?;
    folder.eq_ignore_ascii_case("DataSpaceInfo").then_some(name)
}

/// The folder in which the package keeps its document.
fn holds(package: &[u8]) -> Option<&'static str> {
    let archive = zip::ZipArchive::new(std::io::Cursor::new(package)).ok()?;
    ["xl/", "ppt/", "word/"].into_iter().find(|folder| {
        archive.file_names().flatten().any(|name| name.trim_start_matches('/').starts_with(folder))
    })
}
