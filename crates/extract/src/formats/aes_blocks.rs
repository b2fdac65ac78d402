//! AES (FIPS 197) as formats of files use it: single blocks, and blocks that are chained.

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;

/// The cipher with a key.
pub(super) enum AesBlocks {
    A(Box<Aes128>),
    B(Box<Aes192>),
    C(Box<Aes256>),
}

impl AesBlocks {
    /// The cipher with a key of 16, 24 or 32 bytes; none if it has another length.
    pub(super) fn new(key: &[u8]) -> Option<AesBlocks> {
        match key.len() {
            16 => Some(AesBlocks::A(Box::new(Aes128::new_from_slice(key).ok()?))),
            24 => Some(AesBlocks::B(Box::new(Aes192::new_from_slice(key).ok()?))),
            32 => Some(AesBlocks::C(Box::new(Aes256::new_from_slice(key).ok()?))),
            _ => None,
        }
    }

    /// Encrypts a block.
    pub(super) fn encrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = Array::from(block);
        match self {
            AesBlocks::A(cipher) => cipher.encrypt_block(&mut block),
            AesBlocks::B(cipher) => cipher.encrypt_block(&mut block),
            AesBlocks::C(cipher) => cipher.encrypt_block(&mut block),
        }
        block.into()
    }

    /// Decrypts a block.
    pub(super) fn decrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = Array::from(block);
        match self {
            AesBlocks::A(cipher) => cipher.decrypt_block(&mut block),
            AesBlocks::B(cipher) => cipher.decrypt_block(&mut block),
            AesBlocks::C(cipher) => cipher.decrypt_block(&mut block),
        }
        block.into()
    }
}

/// Decrypts block by block or, given what stands before the first block, chained (CBC). What is left of an incomplete
/// last block is only padding. None if the key has a length that AES does not know.
pub(super) fn decrypt(
    key: &[u8],
    mut before: Option<[u8; BLOCK]>,
    mut text: Vec<u8>,
) -> Option<Vec<u8>> {
    let cipher = AesBlocks::new(key)?;
    text.truncate(text.len() - text.len() % BLOCK);
    let (blocks, _) = text.as_chunks_mut::<BLOCK>();
    for block in blocks {
        let sealed = *block;
        *block = cipher.decrypt(sealed);
        if let Some(before) = &mut before {
            block.iter_mut().zip(*before).for_each(|(byte, mask)| *byte ^= mask);
            *before = sealed;
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_decrypted_as_fips_197_says() {
        // FIPS 197, appendix C.1.
        let key: Vec<u8> = (0..16).collect();
        let sealed = [
            0x69, 0xC4, 0xE0, 0xD8, 0x6A, 0x7B, 0x04, 0x30, 0xD8, 0xCD, 0xB7, 0x80, 0x70, 0xB4,
            0xC5, 0x5A,
        ];
        let plain: [u8; BLOCK] = std::array::from_fn(|n| n as u8 * 0x11);
        assert_eq!(decrypt(&key, None, sealed.to_vec()), Some(plain.to_vec()));
        assert_eq!(decrypt(&key, Some(plain), sealed.to_vec()), Some(vec![0; 16]));
        assert_eq!(decrypt(&key[..7], None, sealed.to_vec()), None);
        assert_eq!(AesBlocks::new(&key).map(|cipher| cipher.encrypt(plain)), Some(sealed));
    }
}
