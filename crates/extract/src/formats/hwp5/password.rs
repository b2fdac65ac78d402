use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use flate2::read::DeflateDecoder;
use sha1::{Digest, Sha1};
use std::io::Read as _;

use super::record::tag;
use crate::formats::bytes::u32_at;

/// The key of a password document of 한글 7.0 and later (version 4 of its encryption, in the words of `FileHeader`).
///
/// Hancom's specification names the versions and no cipher. Source of this one: hwp-extract of Volexity (BSD-3-Clause)
/// and rhwp (MIT), which open files of the word processor by it: the streams of the text, of the document's properties
/// and of its objects are encrypted with AES-128 whose feedback is a single bit (NIST SP 800-38A, section 6.3, CFB-1),
/// from nought on.
pub(super) struct Key(Aes128);

/// The longest password of the word processor, bytes.
const LONGEST: usize = 80;

/// Bytes of a stream that prove a key.
const PROOF: usize = 256;

impl Key {
    /// The key of a password; none if the word processor takes no such password.
    pub(super) fn of(password: &str) -> Option<Key> {
        let password = password.as_bytes();
        if password.is_empty() || password.len() > LONGEST {
            return None;
        }
        let mut hash = Sha1::new();
        let mut before = 0xEC_u8;
        for byte in password {
            hash.update([before.rotate_left(1), *byte]);
            before = *byte;
        }
        let hash: [u8; 20] = hash.finalize().into();
        Some(Key(Aes128::new(&Array::from(*hash.first_chunk::<16>()?))))
    }

    /// Whether this is the key of a document. It begins with the record of its properties, at level 0; `info` is the
    /// stream that holds it.
    pub(super) fn is_of(&self, info: &[u8], compressed: bool) -> bool {
        let start = self.decrypt(info.get(..PROOF).unwrap_or(info), || {});
        let mut head = [0; 4];
        let read = match compressed {
            true => DeflateDecoder::new(start.as_slice()).read_exact(&mut head),
            false => start.as_slice().read_exact(&mut head),
        };
        let head = u32_at(&head, 0).unwrap_or_default();
        read.is_ok()
            && head & 0xF_FFFF == u32::from(tag::DOCUMENT_PROPERTIES)
            && (22..=64).contains(&(head >> 20))
    }

    /// Decrypts a stream. Each bit takes the whole cipher, so this says now and then that work goes on.
    pub(super) fn decrypt(&self, sealed: &[u8], progress: impl Fn()) -> Vec<u8> {
        let mut register = 0u128;
        let mut plain = Vec::with_capacity(sealed.len());
        for (number, &byte) in sealed.iter().enumerate() {
            if number.is_multiple_of(64 << 10) {
                progress();
            }
            let mut mask = 0u8;
            for bit in (0..8).rev() {
                let mut block = Array::from(register.to_be_bytes());
                self.0.encrypt_block(&mut block);
                mask = mask << 1 | block.first().map_or(0, |first| first >> 7);
                register = register << 1 | u128::from(byte >> bit & 1);
            }
            plain.push(byte ^ mask);
        }
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_of_a_password() {
        // The key of `helloworld`, as hwp-extract states it, encrypts `foobar` filled up to a block so.
        let key = Key::of("helloworld").unwrap();
        let mut block = Array::from(*b"foobar\n\n\n\n\n\n\n\n\n\n");
        key.0.encrypt_block(&mut block);
        let sealed: [u8; 16] = block.into();
        assert_eq!(sealed, *b"d\xc0\xf4\xd5\xaf3\x0f\x82R5 \xd4\x1d\x10\xc9n");
        assert!(Key::of("").is_none() && Key::of(&"x".repeat(81)).is_none());
    }

    #[test]
    fn bits_are_fed_back_as_nist_says() {
        // SP 800-38A, appendix F.3.2 (CFB1-AES128.Decrypt), but for its first block: that of the format is nought. The
        // first bit is that of the encrypted nought block, and the next is that of the block behind one bit.
        let key = Key(Aes128::new(&Array::from([0; 16])));
        // FIPS 197 gives 66E94BD4… for the nought block under the nought key: its first bit is 0.
        assert_eq!(key.decrypt(&[0x00], || {})[0] & 0x80, 0);
        assert_eq!(key.decrypt(&[0x80], || {})[0] & 0x80, 0x80);
        assert!(!key.is_of(&[0; 300], true) && !key.is_of(b"", false));
    }
}
