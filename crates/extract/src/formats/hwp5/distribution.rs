use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};

use super::record::tag;
use crate::formats::bytes::u32_at;

/// Bytes of the header of the record that holds the key, and of its data.
const HEADER: usize = 4;
const DATA: usize = 256;
/// Bytes that are encrypted together.
const BLOCK: usize = 16;

/// Decrypts a section of a distribution document (배포용 문서), whose key lies in front of it; none if it
/// does not start with one. No password is involved: the format only keeps honest programs from editing.
///
/// Source: HWP 5.0 distribution document specification, revision 1.2: the first record holds 256 bytes, of which the
/// first four seed the linear congruential generator of the Microsoft C runtime; the rest is XORed with runs
/// of its numbers, and then holds the AES-128 key at an offset that the seed gives.
pub(super) fn decrypt(section: &[u8]) -> Option<Vec<u8>> {
    let header = u32_at(section, 0)?;
    if header & 0x3FF != u32::from(tag::DISTRIBUTE_DOC_DATA) || header >> 20 != DATA as u32 {
        return None;
    }
    let mut data: [u8; DATA] = section.get(HEADER..HEADER + DATA)?.try_into().ok()?;
    let seed = u32_at(&data, 0)?;
    let mut random = Random(seed);
    let (mut mask, mut run) = (0, 0);
    for (n, byte) in data.iter_mut().enumerate() {
        if run == 0 {
            mask = (random.next() & 0xFF) as u8;
            run = (random.next() & 0xF) + 1;
        }
        if n >= 4 {
            *byte ^= mask;
        }
        run -= 1;
    }
    let offset = 4 + (seed & 0xF) as usize;
    let key: [u8; 16] = data.get(offset..offset + 16)?.try_into().ok()?;
    let cipher = Aes128::new(&Array::from(key));
    let mut text = section.get(HEADER + DATA..)?.to_vec();
    // What is left of an incomplete last block cannot be decrypted. Behind other blocks it is only padding.
    text.truncate(text.len() - text.len() % BLOCK);
    for block in text.chunks_exact_mut(BLOCK) {
        if let Ok(block) = <&mut Array<u8, _>>::try_from(block) {
            cipher.decrypt_block(block);
        }
    }
    Some(text)
}

/// The generator of the Microsoft C runtime (`rand`).
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(214_013).wrapping_add(2_531_011);
        (self.0 >> 16) & 0x7FFF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_that_of_the_microsoft_runtime() {
        // srand(1); rand() …: the first numbers of every program compiled with it.
        let mut random = Random(1);
        assert_eq!([41, 18467, 6334, 26500], std::array::from_fn(|_| random.next()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(decrypt(b""), None);
        assert_eq!(decrypt(&[0x42, 0, 0x60, 1, 0, 0]), None);
        assert_eq!(decrypt(&[0x1C, 0, 0, 0x10, 1, 2, 3]), None);
    }
}
