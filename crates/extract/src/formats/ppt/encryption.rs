use std::collections::BTreeSet;

use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::persist::Persist;
use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::bytes::{piece, u32_at};
use crate::formats::office_rc4::Locked;

/// The record that says how a password is proved (MS-PPT, section 2.3.7).
const SESSION: u16 = 0x2F14;

/// The stream as it was before it was encrypted; none if it is not encrypted. Each object of the directory is encrypted
/// by itself, from its head on, in the block that has its number; the directory and the edits are plain (MS-PPT, section
/// 2.3.7).
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it, or it is locked by a way that is not known.
pub(super) fn decrypted(
    stream: &[u8],
    persist: &Persist<'_>,
    context: &Context<'_>,
) -> Result<Option<Vec<u8>>, ExtractError> {
    if !persist.is_locked {
        return Ok(None);
    }
    let unread = |kind: ReasonKind| ExtractError::Encrypted(kind.of(Noun::Presentation));
    let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Presentation), still);
    let session = persist.session.and_then(|number| persist.object(number));
    let session = session.map(|(_, record)| record).filter(|record| record.kind == SESSION);
    let session = session.ok_or_else(|| unread(ReasonKind::CipherUnknown))?;
    let locked = Locked::read(session.data).map_err(unread)?;
    let key = context.unlock(2, |password| locked.key(password)).map_err(refused)?;
    let mut plain = stream.to_vec();
    // Objects of a whole file do not overlap; its directory may be damaged, or made to mislead.
    let mut left = stream.len().saturating_mul(2);
    let mut done = BTreeSet::new();
    for (number, offset) in persist.offsets() {
        if Some(number) == persist.session || !done.insert(offset) {
            continue;
        }
        let Some(object) = plain.get_mut(offset as usize..) else { continue };
        let mut keys = key.stream(number);
        let (head, data) = object.split_at_mut(8.min(object.len()));
        keys.apply(head);
        let length = u32_at(piece(head, 4, 4), 0).unwrap_or(0) as usize;
        let length = length.min(data.len());
        left = left.saturating_sub(length);
        if left == 0 {
            break;
        }
        keys.apply(data.get_mut(..length).unwrap_or_default());
    }
    Ok(Some(plain))
}
