use md5::{Digest as _, Md5};

use super::record::Record;
use crate::formats::bytes::{piece, u16_at};

/// The password with which Excel encrypts a workbook that is only protected against changes: it opens without asking.
const PASSWORD: &str = "VelvetSweatshop";

/// The keystream begins anew after so many bytes.
const BLOCK: usize = 1024;

/// The key of a workbook (MS-OFFCRYPTO, section 2.3.6: RC4 with 40 bits).
pub(super) struct Key {
    base: [u8; 5],
}

impl Key {
    /// The key, if the workbook opens without asking for a password. `pass` is the record FILEPASS (MS-XLS, section
    /// 2.4.117).
    pub(super) fn of(pass: &Record<'_>) -> Option<Key> {
        Key::with_password(pass.data, PASSWORD)
    }

    fn with_password(pass: &[u8], password: &str) -> Option<Key> {
        // RC4, version 1.1.
        if (u16_at(pass, 0)?, u16_at(pass, 2)?, u16_at(pass, 4)?) != (1, 1, 1) {
            return None;
        }
        let (salt, verifier, hash) = (piece(pass, 6, 16), piece(pass, 22, 16), piece(pass, 38, 16));
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut mixed = Md5::new();
        let first = Md5::digest(&password);
        for _ in 0..16 {
            mixed.update(piece(&first, 0, 5));
            mixed.update(salt);
        }
        let key = Key { base: piece(&mixed.finalize(), 0, 5).try_into().ok()? };
        let mut stream = key.stream(0);
        let verifier: Vec<u8> = verifier.iter().map(|byte| byte ^ stream.next()).collect();
        let hash: Vec<u8> = hash.iter().map(|byte| byte ^ stream.next()).collect();
        (hash.len() == 16 && Md5::digest(&verifier).as_slice() == hash).then_some(key)
    }

    /// The stream of the workbook as it was before it was encrypted.
    pub(super) fn decrypt(&self, stream: &[u8]) -> Vec<u8> {
        let mut plain = stream.to_vec();
        let mut at = 0usize;
        let mut block = (usize::MAX, Vec::new());
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
                if block.0 != place / BLOCK {
                    let mut keys = self.stream((place / BLOCK) as u32);
                    block = (place / BLOCK, (0..BLOCK).map(|_| keys.next()).collect());
                }
                if let Some(byte) = plain.get_mut(place) {
                    *byte ^= block.1.get(place % BLOCK).copied().unwrap_or_default();
                }
            }
            at = end;
        }
        plain
    }

    /// The keystream of a block.
    fn stream(&self, block: u32) -> Rc4 {
        let mut hash = Md5::new();
        hash.update(self.base);
        hash.update(block.to_le_bytes());
        Rc4::new(&hash.finalize())
    }
}

/// The stream cipher RC4. It keeps no secret any more; here it only has to be undone.
struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    fn new(key: &[u8]) -> Rc4 {
        let mut state = [0u8; 256];
        state.iter_mut().zip(0u8..=255).for_each(|(place, n)| *place = n);
        let mut this = Rc4 { state, i: 0, j: 0 };
        for (n, key) in (0u8..=255).zip(key.iter().cycle()) {
            this.j = this.j.wrapping_add(this.at(n)).wrapping_add(*key);
            this.state.swap(n.into(), this.j.into());
        }
        this.j = 0;
        this
    }

    fn at(&self, place: u8) -> u8 {
        self.state.get(usize::from(place)).copied().unwrap_or_default()
    }

    fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        self.j = self.j.wrapping_add(self.at(self.i));
        self.state.swap(self.i.into(), self.j.into());
        self.at(self.at(self.i).wrapping_add(self.at(self.j)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cipher_gives_its_known_stream() {
        // RFC 6229, section 2: the key of 40 bits 0x0102030405.
        let mut stream = Rc4::new(&[1, 2, 3, 4, 5]);
        let first: Vec<u8> = (0..8).map(|_| stream.next()).collect();
        assert_eq!(first, [0xB2, 0x39, 0x63, 0x05, 0xF0, 0x3D, 0xC0, 0x27]);
    }

    #[test]
    fn another_password_is_no_key() {
        assert!(Key::with_password(&[1, 0, 1, 0, 1, 0], PASSWORD).is_none());
        assert!(
            Key::with_password(&[[1, 0, 1, 0, 1, 0].as_slice(), &[7; 48]].concat(), PASSWORD)
                .is_none()
        );
    }
}
