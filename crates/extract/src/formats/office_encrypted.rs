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
    let encrypted = |path: &String| path == "EncryptedPackage";
    match probe.cfb() {
        Some(streams) if streams.iter().any(encrypted) => Match::Container,
        _ => Match::No,
    }
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
    let file = cfb::CompoundFile::open(Cursor::new(blob))?;
    // MS-OFFCRYPTO, section 2.2.2: an IRM-protected package names its data space so.
    let rights = file.walk().any(|entry| {
        entry.name() == "DRMEncryptedDataSpace" || entry.name() == "DRMEncryptedTransform"
    });
    Err(match rights {
        true => ExtractError::Drm("the document is protected by rights management".into()),
        false => ExtractError::Encrypted("the document needs a password to open".into()),
    })
}
