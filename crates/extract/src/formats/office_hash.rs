//! The hashes by which Office makes a key of a password (MS-OFFCRYPTO, sections 2.3.4.7 and 2.3.4.11): one that is hashed again
//! and again, with the number of each round in front.

use sha1::Sha1;
use sha2::block_api::{compress256, compress512};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A hash by its name in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Where the hashes begin (FIPS 180-4, section 5.3).
const SHA1: [u32; 5] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
const SHA256: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];
const SHA384: [u64; 8] = [
    0xCBBB_9D5D_C105_9ED8,
    0x629A_292A_367C_D507,
    0x9159_015A_3070_DD17,
    0x152F_ECD8_F70E_5939,
    0x6733_2667_FFC0_0B31,
    0x8EB4_4A87_6858_1511,
    0xDB0C_2E0D_64F9_8FA7,
    0x47B5_481D_BEFA_4FA4,
];
const SHA512: [u64; 8] = [
    0x6A09_E667_F3BC_C908,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
    0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1,
    0x9B05_688C_2B3E_6C1F,
    0x1F83_D9AB_FB41_BD6B,
    0x5BE0_CD19_137E_2179,
];

impl Hash {
    pub(super) fn named(name: &str) -> Option<Hash> {
        match name {
            "SHA1" | "SHA-1" => Some(Hash::Sha1),
            "SHA256" | "SHA-256" => Some(Hash::Sha256),
            "SHA384" | "SHA-384" => Some(Hash::Sha384),
            "SHA512" | "SHA-512" => Some(Hash::Sha512),
            _ => None,
        }
    }

    /// The hash of two pieces, one behind the other.
    pub(super) fn of(self, first: &[u8], second: &[u8]) -> Vec<u8> {
        fn hashed<D: Digest>(first: &[u8], second: &[u8]) -> Vec<u8> {
            D::new().chain_update(first).chain_update(second).finalize().to_vec()
        }
        match self {
            Hash::Sha1 => hashed::<Sha1>(first, second),
            Hash::Sha256 => hashed::<Sha256>(first, second),
            Hash::Sha384 => hashed::<Sha384>(first, second),
            Hash::Sha512 => hashed::<Sha512>(first, second),
        }
    }

    /// The hash of salt and password, hashed again with the number of each round.
    pub(super) fn spun(
        self,
        salt: &[u8],
        password: &str,
        rounds: u32,
        progress: impl Fn(),
    ) -> Vec<u8> {
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut hash = self.of(salt, &password);
        match self {
            Hash::Sha1 => spin(&mut hash, rounds, progress, |block: &[u8; 64], hash| {
                let mut state = SHA1;
                sha1::block_api::compress(&mut state, std::slice::from_ref(block));
                put(&state.map(u32::to_be_bytes), hash);
            }),
            Hash::Sha256 => spin(&mut hash, rounds, progress, |block: &[u8; 64], hash| {
                let mut state = SHA256;
                compress256(&mut state, std::slice::from_ref(block));
                put(&state.map(u32::to_be_bytes), hash);
            }),
            Hash::Sha384 => spin(&mut hash, rounds, progress, |block: &[u8; 128], hash| {
                let mut state = SHA384;
                compress512(&mut state, std::slice::from_ref(block));
                put(&state.map(u64::to_be_bytes), hash);
            }),
            Hash::Sha512 => spin(&mut hash, rounds, progress, |block: &[u8; 128], hash| {
                let mut state = SHA512;
                compress512(&mut state, std::slice::from_ref(block));
                put(&state.map(u64::to_be_bytes), hash);
            }),
        }
        hash
    }
}

/// Hashes a hash so many times, its round before it. A number and a hash fill less than a block, whichever hash it is: the
/// block is padded once, and each round is one step of the hash and nothing else.
fn spin<const BLOCK: usize>(
    hash: &mut [u8],
    rounds: u32,
    progress: impl Fn(),
    step: impl Fn(&[u8; BLOCK], &mut [u8]),
) {
    const NUMBER: usize = 4;
    let mut block = [0u8; BLOCK];
    let used = NUMBER + hash.len();
    block.iter_mut().skip(used).take(1).for_each(|end| *end = 0x80);
    if let Some(length) = block.last_chunk_mut() {
        *length = (used as u64 * 8).to_be_bytes();
    }
    for round in 0..rounds {
        if let Some((number, rest)) = block.split_first_chunk_mut::<NUMBER>() {
            *number = round.to_le_bytes();
            if let Some(before) = rest.get_mut(..hash.len()) {
                before.copy_from_slice(hash);
            }
        }
        step(&block, hash);
        if round.is_multiple_of(10_000) {
            progress();
        }
    }
}

/// Puts the words of a state into a hash, which may be shorter.
fn put<const N: usize>(words: &[[u8; N]], hash: &mut [u8]) {
    for (place, word) in hash.chunks_exact_mut(N).zip(words) {
        place.copy_from_slice(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_the_hash_of_its_number_and_the_hash_before() {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let mut expected = hash.of(b"salt", &[0x14, 0xAC, 0x20, 0]);
            for round in 0..300u32 {
                expected = hash.of(&round.to_le_bytes(), &expected);
            }
            assert_eq!(hash.spun(b"salt", "갔 ", 300, || {}), expected, "{hash:?}");
        }
    }
}
