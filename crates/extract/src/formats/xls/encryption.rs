use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::record::Record;
use super::xor::XorArray;
use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::bytes::u16_at;
use crate::formats::office_rc4::{self, Locked};
use crate::formats::rc4::Rc4;

/// The password with which Excel encrypts a workbook that is only protected against changes: it opens without asking.
const PASSWORD: &str = "VelvetSweatshop";

/// The keystream begins anew after so many bytes.
const BLOCK: usize = 1024;

/// What a workbook is encrypted with (MS-XLS, section 2.2.10).
pub(super) enum Key {
    Rc4(office_rc4::Key),
    Xor(XorArray),
}

impl Key {
    /// The key, if the workbook opens without asking for a password, or with one that is given. `pass` is the record
    /// FILEPASS (MS-XLS, section 2.4.117); that of Excel 5 and 95 does not say which way it is, for there was one only.
    ///
    /// # Errors
    /// [`ExtractError::Encrypted`] when none opens it.
    pub(super) fn of(
        pass: &Record<'_>,
        is_new: bool,
        context: &Context<'_>,
    ) -> Result<Key, ExtractError> {
        let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Workbook), still);
        let data = pass.data;
        let xor = match (is_new, u16_at(data, 0)) {
            (false, _) => Some(data),
            (true, Some(0)) => data.get(2..),
            (true, _) => None,
        };
        if let Some((key, verifier)) = xor.and_then(|xor| u16_at(xor, 0).zip(u16_at(xor, 2))) {
            let open = |password: &str| XorArray::of(password, key, verifier);
            return match open(PASSWORD) {
                Some(array) => Ok(Key::Xor(array)),
                None => context.unlock(1, open).map(Key::Xor).map_err(refused),
            };
        }
        let locked = match u16_at(data, 0) {
            Some(1) => Locked::read(data.get(2..).unwrap_or_default()),
            _ => Err(ReasonKind::CipherUnknown),
        };
        let locked = locked.map_err(|kind| ExtractError::Encrypted(kind.of(Noun::Workbook)))?;
        match locked.key(PASSWORD) {
            Some(key) => Ok(Key::Rc4(key)),
            None => {
                let key = context.unlock(16, |password| locked.key(password));
                key.map(Key::Rc4).map_err(refused)
            }
        }
    }

    /// The stream of the workbook as it was before it was encrypted.
    pub(super) fn decrypt(&self, stream: &[u8]) -> Vec<u8> {
        let mut plain = stream.to_vec();
        let mut at = 0usize;
        let mut keys = Keystream { block: usize::MAX, bytes: Vec::new() };
        while let (Some(kind), Some(length)) = (u16_at(stream, at), u16_at(stream, at + 2)) {
            let start = at + 4;
            let end = start.saturating_add(length.into()).min(stream.len());
            // Some records are left as they are, and so is the place of a sheet (MS-XLS, section 2.2.10).
            let from = match kind {
                0x0809 | 0x2F | 0xE1 | 0x0194 | 0x0138 | 0x0196 => end,
                0x85 => start + 4,
                _ => start,
            };
            for place in from..end {
                let Some(byte) = plain.get_mut(place) else { break };
                *byte = match self {
                    Key::Rc4(key) => *byte ^ keys.at(place, |block| key.stream(block)),
                    // The array is turned by where a record ends (MS-OFFCRYPTO, section 2.3.7.3).
                    Key::Xor(array) => array.plain(*byte, place.wrapping_add(length.into())),
                };
            }
            at = end;
        }
        plain
    }
}

/// The keystream of the block that was asked for last.
struct Keystream {
    block: usize,
    bytes: Vec<u8>,
}

impl Keystream {
    fn at(&mut self, place: usize, stream: impl Fn(u32) -> Rc4) -> u8 {
        if self.block != place / BLOCK {
            self.block = place / BLOCK;
            self.bytes = vec![0; BLOCK];
            stream(self.block as u32).apply(&mut self.bytes);
        }
        self.bytes.get(place % BLOCK).copied().unwrap_or_default()
    }
}
