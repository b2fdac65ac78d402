use std::borrow::Cow;

use lopdf::Document;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use crate::error::ExtractError;

/// Handlers that encrypt for the holders of certificates (ISO 32000-2, section 7.6.5, and those of before).
const OF_CERTIFICATES: [&str; 3] = ["Adobe.PubSec", "Adobe.PPKLite", "Entrust.PPKEF"];

/// Handlers of rights management whose name does not say whose they are.
const OF_RIGHTS: [(&str, &str); 3] = [
    ("EBX_HANDLER", "Adobe Digital Editions (EBX_HANDLER)"),
    ("FOPN_fLock", "FileOpen (FOPN_fLock)"),
    ("MicrosoftIRMServices", "Microsoft IRM (MicrosoftIRMServices)"),
];

/// Why a document is closed that no password opens: another security handler than the standard one encrypted it
/// (section 7.6.2).
pub(super) fn of(document: &Document) -> Option<ExtractError> {
    let encryption = document.trailer.get_deref(b"Encrypt", document).ok()?;
    let handler = encryption.as_dict().ok()?.get_deref(b"Filter", document).ok()?;
    let handler: Cow<'_, str> = String::from_utf8_lossy(handler.as_name().ok()?);
    if handler == "Standard" || handler.trim().is_empty() {
        return None;
    }
    if OF_CERTIFICATES.contains(&handler.as_ref()) {
        return Some(ExtractError::Encrypted(ReasonKind::Certificate.of(Noun::Document)));
    }
    let known = OF_RIGHTS.iter().find(|(name, _)| *name == handler);
    let name = known.map_or(handler.as_ref(), |(_, name)| name);
    Some(ExtractError::Drm(ReasonKind::Wrapped(Quote::from(name)).into()))
}
