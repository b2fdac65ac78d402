use std::io::{Cursor, Read, Seek, Write};

use flate2::bufread::DeflateDecoder;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use zeroize::Zeroizing;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::odf_cipher::Sealed;
use crate::unpack::{End, unpack};

/// The parts by which a password is proved, the first that is encrypted of them: every document has them.
const PROOF: [&str; 3] = ["Contents/header.xml", "Contents/section0.xml", "settings.xml"];

/// What opens a document for distribution (배포용 문서). It is no secret, for such a document is everybody's to read, and only
/// honest programs are kept from editing it: Hancom's own open library has it (hwpx-owpml-model, `OWPMLSerialize.cpp`), and
/// beside it that of earlier versions, of which a slip of the pen left the first letter. What the author types when he
/// makes one only opens it for editing.
const DISTRIBUTION: [&str; 2] = ["\"Yang WangSunv!!\"", "\""];

/// The package of an encrypted document.
pub(super) struct Unsealed {
    /// As it was before it was encrypted, without the manifest that says how.
    pub(super) package: Vec<u8>,
    /// Whether a password was needed.
    pub(super) is_secret: bool,
}

/// The package of a password document or one for distribution as it was before it was encrypted, all of it in memory and without the manifest
/// that says how. Its parts are as those of OpenDocument.
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it, [`ExtractError::Limit`] when it unpacks to more than it may, or
/// its keys are too much work.
pub(super) fn unsealed<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    sealed: &Sealed,
    context: &Context<'_>,
) -> Result<Unsealed, ExtractError> {
    let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Document), still);
    let known = PROOF.into_iter().find(|path| sealed.has(path));
    let proof = known.or_else(|| sealed.paths().next()).unwrap_or_default().to_owned();
    let part = sealed.part(&proof).ok_or_else(|| refused(context.none_tried()))?;
    let bytes = stored(archive, &proof, context.limits.member, context)?;
    let right = |password: &str| {
        let right = part.is_opened_by(password, &bytes);
        right.then(|| Zeroizing::new(password.to_owned()))
    };
    let mut public = DISTRIBUTION.into_iter();
    let public =
        public.find_map(|key| context.spend_rounds(part.rounds()).and_then(|()| right(key)));
    let is_secret = public.is_none();
    let password = match public {
        Some(key) => key,
        None => context.unlock(part.rounds(), right).map_err(refused)?,
    };
    let mut plain = ZipWriter::new(Cursor::new(Vec::new()));
    let mut left = context.limits.member;
    let names: Vec<String> =
        archive.file_names().flatten().map(std::borrow::Cow::into_owned).collect();
    for name in names.iter().filter(|name| !name.starts_with("META-INF/")) {
        let stored = stored(archive, name, left, context)?;
        let bytes = match (sealed.has(name), sealed.part(name)) {
            (false, _) => stored,
            // What does not open is told where it is missing.
            (true, None) => continue,
            (true, Some(part)) => {
                context
                    .spend_rounds(part.rounds())
                    .ok_or_else(|| ExtractError::Limit(ReasonKind::KeyTooCostly.of(name)))?;
                context.progress();
                let Some(packed) = part.open(&password, stored) else { continue };
                let plain = match part.stored(&packed) {
                    Some(stored) => unpack(stored, left, context),
                    None => unpack(DeflateDecoder::new(packed.as_slice()), left, context),
                };
                match plain.end {
                    End::Spent(limit) => return Err(limit),
                    _ => plain.bytes,
                }
            }
        };
        left = left.saturating_sub(bytes.len() as u64);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        plain.start_file(name.as_str(), options).map_err(ExtractError::broken)?;
        plain.write_all(&bytes)?;
    }
    let package = plain.finish().map_err(ExtractError::broken)?.into_inner();
    Ok(Unsealed { package, is_secret })
}

/// A part as the package has it, at most `most` bytes of it.
fn stored<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
    most: u64,
    context: &Context<'_>,
) -> Result<Vec<u8>, ExtractError> {
    let Ok(entry) = archive.by_name(name) else { return Ok(Vec::new()) };
    let part = unpack(entry, most, context);
    match part.end {
        End::Spent(limit) => Err(limit),
        _ => Ok(part.bytes),
    }
}
