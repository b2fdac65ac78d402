use std::io::{self, Read};

use des::Des;
use des::cipher::{Array, BlockCipherDecrypt, KeyInit};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;

/// Bytes of the body that only check the password.
const CHECK: u64 = 256;

/// What was encrypted with a password, deflated still; none if the password is another.
///
/// Hancom's description of the format names no cipher. Source of this one: rhwp (MIT), which opens files of the word
/// processor by it: the compressed body is encrypted with DES, block by block. It proves the password itself: behind the
/// deflated bytes stand their check sum and their size, as in gzip.
pub(super) fn decrypted(sealed: &[u8], password: &str, most: u64) -> Option<Vec<u8>> {
    if password.is_empty() {
        return None;
    }
    let cipher = Des::new(&Array::from(key(password)));
    let mut packed = sealed.to_vec();
    for block in packed.as_chunks_mut::<8>().0 {
        let mut whole = Array::from(*block);
        cipher.decrypt_block(&mut whole);
        *block = whole.into();
    }
    is_whole(&packed, most).then_some(packed)
}

/// The body behind what only checks the password.
pub(super) fn body(packed: &[u8]) -> io::Result<impl Read> {
    let mut body = DeflateDecoder::new(packed);
    io::copy(&mut body.by_ref().take(CHECK), &mut io::sink())?;
    Ok(body)
}

/// Whether the bytes inflate to what their check sum says, at most `most` bytes.
fn is_whole(packed: &[u8], most: u64) -> bool {
    let mut inflater = DeflateDecoder::new(packed);
    let mut sum = Crc::new();
    let mut buffer = [0; 16 << 10];
    loop {
        match inflater.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) if inflater.total_out() <= most => {
                sum.update(buffer.get(..read).unwrap_or_default());
            }
            // What is too long is held to its limit where it is read.
            Ok(_) => return true,
            Err(_) => return false,
        }
    }
    let end = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
    let stated = packed.get(end..).and_then(|rest| rest.first_chunk::<8>());
    let [a, b, c, d] = sum.sum().to_le_bytes();
    let [e, f, g, h] = sum.amount().to_le_bytes();
    sum.amount() > 0 && stated == Some(&[a, b, c, d, e, f, g, h])
}

/// The bytes of the password in units of 16 bits, mixed into seven one after the other; each byte of the key has seven of
/// their bits, above one that counts for nothing.
fn key(password: &str) -> [u8; 8] {
    let mut mixed = [0u8; 7];
    let units = password.encode_utf16().flat_map(u16::to_le_bytes);
    for (number, byte) in units.enumerate() {
        if let Some(place) = mixed.get_mut(number % 7) {
            *place = (*place ^ byte).rotate_left(1);
        }
    }
    let bits = mixed.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|n| ((bits >> (49 - 7 * n) & 0x7F) as u8) << 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_seven_bits_in_each_byte() {
        assert_eq!(key(""), [0; 8]);
        // One letter, one nought: 0x61 turned by one bit is 0xC2, and the nought stays.
        assert_eq!(key("a"), [0xC2, 0, 0, 0, 0, 0, 0, 0]);
        // Sixteen ones, seven in a byte.
        assert_eq!(key("\u{FFFF}"), [0xFE, 0xFE, 0xC0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn another_password_opens_nothing() {
        assert!(decrypted(&[7; 64], "secret", 1 << 20).is_none());
        assert!(decrypted(b"", "secret", 1 << 20).is_none());
    }
}
