//! Word, Excel and PowerPoint files locked with a password or by rights management: a compound file around
//! the encrypted package (MS-OFFCRYPTO, section 2.3).

use madang_document::content::Content;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "office_encrypted",
    version: 1,
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

fn extract(blob: &dyn Blob, _: &Context<'_>) -> Result<Content, ExtractError> {
    // MS-OFFCRYPTO, section 2.2.2: an IRM-protected package names its data space so.
    let rights = cfb::CompoundFile::open(Cursor::new(blob)).is_ok_and(|file| {
        file.walk().any(|entry| {
            entry.name() == "DRMEncryptedDataSpace" || entry.name() == "DRMEncryptedTransform"
        })
    });
    Err(match rights {
        true => ExtractError::Drm("the document is protected by rights management".into()),
        false => ExtractError::Encrypted("the document needs a password to open".into()),
    })
}
