//! How Word, Excel and PowerPoint of the binary formats encrypt with RC4: with 40 bits (MS-OFFCRYPTO, section 2.3.6),
//! and by the CryptoAPI of Windows (section 2.3.5). Passwords are tried, never guessed.

use madang_document::reason_kind::ReasonKind;
use md5::{Digest as _, Md5};
use sha1::Sha1;

use super::bytes::{piece, split_u32, u16_at, u32_at};
use super::crypto_api::of_crypto_api;
use super::rc4::Rc4;

/// What stands before the bytes of an encrypted document: how a password is proved.
pub(super) struct Locked<'a> {
    way: Way,
    salt: &'a [u8],
    verifier: &'a [u8],
    hash: &'a [u8],
}

#[derive(Clone, Copy)]
enum Way {
    Rc4,
    /// The bytes of a key.
    CryptoApi(usize),
}

/// Where the size of a key stands in the header of the CryptoAPI, and the number of its cipher with that of RC4.
const ALGORITHM: usize = 8;
const KEY_SIZE: usize = 16;
const RC4: u32 = 0x6801;

impl<'a> Locked<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// What it is encrypted by, when that is not read: no password can be tried.
    pub(super) fn read(header: &'a [u8]) -> Result<Locked<'a>, ReasonKind> {
        let read = match (u16_at(header, 0), u16_at(header, 2)) {
            (Some(1), Some(1)) => Locked::of(Way::Rc4, piece(header, 4, 48), 16, 16),
            (Some(2..=4), Some(2)) => {
                let own = split_u32(header.get(8..).unwrap_or_default())
                    .and_then(|(size, rest)| rest.split_at_checked(size as usize));
                let (own, proof) = own.ok_or(ReasonKind::CipherUnknown)?;
                let cipher = u32_at(own, ALGORITHM).ok_or(ReasonKind::CipherUnknown)?;
                if cipher != RC4 {
                    return Err(of_crypto_api(cipher));
                }
                // Nought stands for 40 bits.
                let length = match u32_at(own, KEY_SIZE).map(|bits| bits / 8) {
                    Some(0) => 5,
                    Some(length @ 5..=16) => length as usize,
                    _ => return Err(ReasonKind::CipherUnknown),
                };
                // The size of the salt stands before it, and that of the hash before that.
                let salt = piece(proof, 4, 16);
                let (verifier, hash) = (piece(proof, 20, 16), piece(proof, 40, 20));
                let whole = salt.len() == 16 && verifier.len() == 16 && hash.len() == 20;
                whole.then_some(Locked { way: Way::CryptoApi(length), salt, verifier, hash })
            }
            _ => None,
        };
        read.ok_or(ReasonKind::CipherUnknown)
    }

    fn of(way: Way, proof: &'a [u8], salt: usize, hash: usize) -> Option<Locked<'a>> {
        let (salt, rest) = proof.split_at_checked(salt)?;
        let (verifier, rest) = rest.split_at_checked(16)?;
        Some(Locked { way, salt, verifier, hash: rest.get(..hash)? })
    }

    /// The key, if the password is right.
    pub(super) fn key(&self, password: &str) -> Option<Key> {
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let key = match self.way {
            Way::Rc4 => {
                let first = Md5::digest(&password);
                let mut mixed = Md5::new();
                for _ in 0..16 {
                    mixed.update(piece(&first, 0, 5));
                    mixed.update(self.salt);
                }
                Key::Rc4(piece(&mixed.finalize(), 0, 5).try_into().ok()?)
            }
            Way::CryptoApi(length) => {
                let base = Sha1::new().chain_update(self.salt).chain_update(&password);
                Key::CryptoApi { base: base.finalize().into(), length }
            }
        };
        let mut stream = key.stream(0);
        let mut verifier = self.verifier.to_vec();
        stream.apply(&mut verifier);
        let mut hash = self.hash.to_vec();
        stream.apply(&mut hash);
        let right = match self.way {
            Way::Rc4 => Md5::digest(&verifier).as_slice() == hash,
            Way::CryptoApi(_) => Sha1::digest(&verifier).as_slice() == hash,
        };
        right.then_some(key)
    }
}

/// The key of a document.
pub(super) enum Key {
    Rc4([u8; 5]),
    CryptoApi { base: [u8; 20], length: usize },
}

impl Key {
    /// The keystream of a block: what a block is, each format says.
    pub(super) fn stream(&self, block: u32) -> Rc4 {
        match self {
            Key::Rc4(base) => {
                let hash = Md5::new().chain_update(base).chain_update(block.to_le_bytes());
                Rc4::new(&hash.finalize())
            }
            Key::CryptoApi { base, length } => {
                let hash = Sha1::new().chain_update(base).chain_update(block.to_le_bytes());
                let mut key = piece(&hash.finalize(), 0, *length).to_vec();
                // A key of 40 bits is one of 128 of which the rest is nought (section 2.3.5.2).
                if *length == 5 {
                    key.resize(16, 0);
                }
                Rc4::new(&key)
            }
        }
    }

    /// Decrypts a stream whose blocks have `block` bytes each.
    pub(super) fn decrypt(&self, stream: &mut [u8], block: usize) {
        for (number, bytes) in (0u32..).zip(stream.chunks_mut(block)) {
            self.stream(number).apply(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_password_is_no_key() {
        let header = [&[1, 0, 1, 0][..], &[7; 48]].concat();
        assert!(Locked::read(&header).is_ok_and(|locked| locked.key("VelvetSweatshop").is_none()));
        assert!(Locked::read(&header[..40]).is_err());
    }

    #[test]
    fn a_password_is_proved_by_the_cryptoapi() {
        let (salt, verifier, password) = ([3u8; 16], [9u8; 16], "비밀");
        for bits in [0u32, 40, 128] {
            let length = if bits == 0 { 5 } else { bits as usize / 8 };
            let units: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let base = Sha1::new().chain_update(salt).chain_update(units).finalize().into();
            let mut stream = Key::CryptoApi { base, length }.stream(0);
            let (mut sealed, mut hash) = (verifier, Sha1::digest(verifier).to_vec());
            stream.apply(&mut sealed);
            stream.apply(&mut hash);
            let own: Vec<u8> = [0, 0, RC4, 0x8004, bits, 1, 0, 0]
                .iter()
                .flat_map(|n: &u32| n.to_le_bytes())
                .collect();
            let header = [
                &[2, 0, 2, 0, 4, 0, 0, 0][..],
                &(own.len() as u32).to_le_bytes(),
                &own,
                &16u32.to_le_bytes(),
                &salt,
                &sealed,
                &20u32.to_le_bytes(),
                &hash,
            ]
            .concat();
            let locked = Locked::read(&header).unwrap();
            assert!(locked.key(password).is_some() && locked.key("비밀번호").is_none(), "{bits}");
            // A size that leads out of the header, as a hostile one does.
            let mut hostile = header.clone();
            hostile[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
            assert!(Locked::read(&hostile).is_err());
        }
    }
}
