use std::collections::BTreeSet;

use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::persist::Persist;
use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::bytes::{piece, u8_at, u32_at};
use crate::formats::office_art::{BSE, METAFILE_HEAD, record};
use crate::formats::office_rc4::{Key, Locked};

/// The record that says how a password is proved (MS-PPT, section 2.3.7).
const SESSION: u16 = 0x2F14;

/// The stream as it was before it was encrypted, and the key; none if it is not encrypted. Each object of the directory is encrypted
/// by itself, from its head on, in the block that has its number; the directory and the edits are plain (MS-PPT, section
/// 2.3.7).
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it, or it is locked by a way that is not known.
pub(super) fn decrypted(
    stream: &[u8],
    persist: &Persist<'_>,
    context: &Context<'_>,
) -> Result<Option<(Vec<u8>, Key)>, ExtractError> {
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
    Ok(Some((plain, key)))
}

/// Fields of what is said about a picture (MS-ODRAW, section 2.2.32), by their widths.
const ENTRY: [usize; 11] = [1, 1, 16, 2, 4, 4, 4, 1, 1, 1, 1];

/// Decrypts the stream of the pictures: each field of each record is encrypted by itself, from the start of the keystream on
/// (MS-PPT, section 2.3.7).
pub(super) fn decrypt_pictures(stream: &mut [u8], key: &Key) {
    let start = key.stream(0);
    let mut at = 0usize;
    let decrypt = |stream: &mut [u8], at: &mut usize, width: usize| {
        let end = at.saturating_add(width).min(stream.len());
        if let Some(field) = stream.get_mut(*at..end) {
            start.clone().apply(field);
        }
        *at = end;
    };
    while at < stream.len() {
        let head = at;
        decrypt(stream, &mut at, 8);
        let Some(record) = record(stream, head) else { break };
        let (instance, kind, end) = (record.instance, record.kind, at + record.data.len());
        if kind == BSE {
            // The name of the picture, and the picture itself, if it is here, follow.
            let entry = at;
            ENTRY.iter().for_each(|width| decrypt(stream, &mut at, *width));
            let name = usize::from(u8_at(stream, entry + 33).unwrap_or(0));
            decrypt(stream, &mut at, name);
            continue;
        }
        for _ in 0..=(instance & 1) {
            decrypt(stream, &mut at, 16);
        }
        let is_metafile = matches!(kind, 0xF01A..=0xF01C);
        decrypt(stream, &mut at, if is_metafile { METAFILE_HEAD } else { 1 });
        let rest = end.saturating_sub(at);
        decrypt(stream, &mut at, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_encrypted_field_by_field() {
        let key = Key::Rc4([7; 5]);
        let sealed = |fields: &[&[u8]]| -> Vec<u8> {
            let seal = |field: &&[u8]| {
                let mut field = field.to_vec();
                key.stream(0).apply(&mut field);
                field
            };
            fields.iter().flat_map(seal).collect()
        };
        // A PNG file with one hash, a metafile with two, and a JPEG behind what is said of it.
        let png = [&[0x00, 0x6E, 0x1E, 0xF0, 21, 0, 0, 0][..], &[1; 16], &[2], b"\x89PNG"];
        let wmf = [&[0x70, 0x21, 0x1B, 0xF0, 68, 0, 0, 0][..], &[1; 16], &[3; 16], &[4; 34], b"wm"];
        let entry = [
            &[0x52, 0, 0x07, 0xF0, 36 + 2 + 8 + 19, 0, 0, 0][..],
            &[5],
            &[5],
            &[6; 16],
            &[0, 0],
            &[27, 0, 0, 0],
            &[1, 0, 0, 0],
            &[0; 4],
            &[0],
            &[2],
            &[0],
            &[0],
            b"a\0",
        ];
        let jpeg = [&[0xA0, 0x46, 0x1D, 0xF0, 19, 0, 0, 0][..], &[1; 16], &[2], b"\xFF\xD8"];
        let all = [&png[..], &wmf, &entry, &jpeg];
        let mut stream: Vec<u8> = all.iter().flat_map(|fields| sealed(fields)).collect();
        let plain = all.map(|fields| fields.concat()).concat();
        assert_ne!(stream, plain);
        decrypt_pictures(&mut stream, &key);
        assert_eq!(stream, plain);
        // A stream that ends anywhere ends the walk.
        for end in 0..plain.len() {
            decrypt_pictures(&mut stream.clone()[..end], &key);
        }
    }
}
