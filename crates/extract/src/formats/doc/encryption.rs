use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use crate::compound_file::CompoundFile;
use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::bytes::{piece, u16_at, u32_at};
use crate::formats::office_rc4::{Key, Locked};

const ENCRYPTED: u16 = 0x0100;
const SECOND_TABLE: u16 = 0x0200;
const OBFUSCATED: u16 = 0x8000;

/// Word 97 and later; before that, documents were only obfuscated.
const WORD_97: u16 = 106;

/// Bytes of the file information block that are never encrypted (MS-DOC, section 2.2.6.2).
const HEAD: usize = 68;

/// The keystream begins anew after so many bytes.
const BLOCK: usize = 512;

/// Opens the stream `WordDocument`, if it is encrypted, and gives the key of the other streams (MS-DOC, section 2.2.6).
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it, or it is locked by a way that is not known.
pub(super) fn unlock(
    file: &CompoundFile<'_>,
    stream: &mut [u8],
    context: &Context<'_>,
) -> Result<Option<Unlocked>, ExtractError> {
    let flags = u16_at(stream, 10).unwrap_or_default();
    if flags & ENCRYPTED == 0 {
        return Ok(None);
    }
    let unread = |kind: ReasonKind| ExtractError::Encrypted(kind.of(Noun::Document));
    let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Document), still);
    if flags & OBFUSCATED != 0 || u16_at(stream, 2).is_none_or(|version| version < WORD_97) {
        return Err(unread(ReasonKind::CipherNotRead("XOR obfuscation".into())));
    }
    let table = if flags & SECOND_TABLE == 0 { "0Table" } else { "1Table" };
    // How a password is proved stands in front of the tables.
    let size = u32_at(stream, 14).unwrap_or_default().min(4096);
    let header = file.root_stream(table, size.into()).unwrap_or_default();
    let locked = Locked::read(&header).map_err(unread)?;
    let key = context.unlock(16, |password| locked.key(password)).map_err(refused)?;
    let head = piece(stream, 0, HEAD).to_vec();
    key.decrypt(stream, BLOCK);
    stream.iter_mut().zip(head).for_each(|(byte, plain)| *byte = plain);
    if let Some([low, high]) = stream.get_mut(10..12) {
        [*low, *high] = (flags & !ENCRYPTED).to_le_bytes();
    }
    Ok(Some(Unlocked { key }))
}

/// The key of a document that was opened.
pub(super) struct Unlocked {
    key: Key,
}

impl Unlocked {
    /// Decrypts another stream of the document.
    pub(super) fn decrypt(&self, stream: &mut [u8]) {
        self.key.decrypt(stream, BLOCK);
    }
}
