//! How OpenDocument encrypts the parts of a package, each by itself (ODF 1.3 part 2, section 3.4.1, and 4.8 for what the
//! manifest says of each), and HWPX likewise; also the whole package at once, as LibreOffice does since 24.8. Passwords
//! are tried, never guessed.

use std::collections::BTreeMap;
use std::io::Read as _;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::AeadInOut as _;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use blowfish::Blowfish;
use blowfish::cipher::{Array, BlockCipherEncrypt, KeyInit};
use flate2::read::DeflateDecoder;
use mail_parser::decoders::base64::base64_decode;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::aes_blocks;
use super::markup::{Markup, Node, Tag};

/// Parts of which the manifest is believed.
const MOST_PARTS: usize = 20_000;

/// Bytes of a part that its checksum is made of.
const PROVED: usize = 1024;

/// Hashes, and KiB of memory passed over, that the key of one part may cost: some seconds. LibreOffice asks for 200,000
/// hashes, or 3 passes over 64 MiB.
const MOST_ROUNDS: u64 = 4_000_000;

/// The most memory that a key may take, KiB.
const MOST_MEMORY: u32 = 256 << 10;

/// The longest salt, bytes. LibreOffice takes 16.
const LONGEST_SALT: usize = 1024;

/// Hashes up to which the other hash of a key is tried, too: HWPX does not say which of the two it is.
const FEW_ROUNDS: u32 = 10_000;

/// Bytes of a tag of AES-GCM, and of what stands before the first block.
const TAG: usize = 16;
const NONCE: usize = 12;

/// What a manifest says of the parts that are encrypted, by their paths.
#[derive(Default)]
pub(super) struct Sealed(BTreeMap<String, Option<SealedPart>>);

impl Sealed {
    /// Reads `META-INF/manifest.xml`.
    pub(super) fn read(manifest: &str) -> Sealed {
        let mut markup = Markup::new(manifest);
        let mut sealed = Sealed::default();
        let (mut path, mut size) = (String::new(), None);
        let mut said: Option<Said> = None;
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match (tag.name(), &mut said) {
                    ("file-entry", _) => {
                        path = tag.attribute("full-path").unwrap_or_default();
                        size = tag.attribute("size").and_then(|size| size.parse().ok());
                    }
                    ("encryption-data", _) => {
                        said = Some(Said {
                            size,
                            checksum: bytes(&tag, "checksum"),
                            sum: hash(&tag, "checksum-type"),
                            ..Said::default()
                        });
                    }
                    ("algorithm", Some(said)) => {
                        said.cipher = Cipher::of(&tag);
                        said.initial = bytes(&tag, "initialisation-vector").unwrap_or_default();
                    }
                    ("key-derivation", Some(said)) => said.derivation = Derivation::of(&tag),
                    ("start-key-generation", Some(said)) => {
                        said.start = hash(&tag, "start-key-generation-name");
                    }
                    _ => {}
                },
                Node::End(name) if name == "encryption-data" => {
                    if let Some(said) = said.take()
                        && sealed.0.len() < MOST_PARTS
                    {
                        sealed.0.insert(path.clone(), said.part());
                    }
                }
                _ => {}
            }
        }
        sealed
    }

    /// Whether this part is encrypted.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// How this part is encrypted; none if it is not, or in a way that is not known.
    pub(super) fn part(&self, path: &str) -> Option<&SealedPart> {
        self.0.get(path)?.as_ref()
    }

    /// The paths of the encrypted parts.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What the manifest says of a part, as far as it was read.
#[derive(Default)]
struct Said {
    /// Bytes of the part.
    size: Option<usize>,
    checksum: Option<Vec<u8>>,
    sum: Option<Hash>,
    cipher: Option<Cipher>,
    initial: Vec<u8>,
    derivation: Option<Derivation>,
    /// What the password is hashed with first; none stands for SHA-1 (section 4.12).
    start: Option<Hash>,
}

impl Said {
    fn part(self) -> Option<SealedPart> {
        Some(SealedPart {
            size: self.size,
            cipher: self.cipher?,
            initial: self.initial,
            derivation: self.derivation?,
            start: self.start.unwrap_or(Hash::Sha1),
            checksum: self.checksum.zip(self.sum),
        })
    }
}

/// How a part is encrypted.
pub(super) struct SealedPart {
    size: Option<usize>,
    cipher: Cipher,
    initial: Vec<u8>,
    derivation: Derivation,
    start: Hash,
    checksum: Option<(Vec<u8>, Hash)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    AesCbc,
    AesGcm,
    Blowfish,
}

impl Cipher {
    fn of(tag: &Tag<'_>) -> Option<Cipher> {
        let name = tag.attribute("algorithm-name")?.to_ascii_lowercase();
        let is = |part: &str| name.contains(part);
        match () {
            () if is("blowfish") => Some(Cipher::Blowfish),
            () if is("aes") && is("-cbc") => Some(Cipher::AesCbc),
            () if is("aes256-gcm") => Some(Cipher::AesGcm),
            () => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => Sha1::digest(bytes).to_vec(),
            Hash::Sha256 => Sha256::digest(bytes).to_vec(),
        }
    }
}

/// How a password becomes a key.
enum Derivation {
    Pbkdf2 { salt: Vec<u8>, rounds: u32, length: usize },
    Argon2 { salt: Vec<u8>, passes: u32, memory: u32, lanes: u32, length: usize },
}

impl Derivation {
    fn of(tag: &Tag<'_>) -> Option<Derivation> {
        let number = |name: &str| tag.attribute(name)?.parse::<u32>().ok();
        let salt = bytes(tag, "salt").filter(|salt| salt.len() <= LONGEST_SALT)?;
        // Sixteen bytes where nothing is said (section 4.8.6).
        let length = number("key-size").unwrap_or(16);
        let length = matches!(length, 16 | 24 | 32).then_some(length as usize)?;
        let name = tag.attribute("key-derivation-name")?.to_ascii_lowercase();
        if name.ends_with("pbkdf2") {
            let rounds = number("iteration-count").filter(|rounds| *rounds > 0)?;
            return Some(Derivation::Pbkdf2 { salt, rounds, length });
        }
        name.ends_with("argon2id").then_some(Derivation::Argon2 {
            salt,
            passes: number("argon2-iterations")?,
            memory: number("argon2-memory")?,
            lanes: number("argon2-lanes")?,
            length,
        })
    }

    fn rounds(&self) -> u64 {
        match self {
            // Twenty bytes come out of each.
            Derivation::Pbkdf2 { rounds, length, .. } => {
                u64::from(*rounds) * (length.div_ceil(20) as u64)
            }
            Derivation::Argon2 { passes, memory, .. } if *memory <= MOST_MEMORY => {
                u64::from(*passes).saturating_mul(u64::from(*memory))
            }
            Derivation::Argon2 { .. } => u64::MAX,
        }
    }

    fn key(&self, start: &[u8], with: Hash) -> Option<Vec<u8>> {
        match self {
            Derivation::Pbkdf2 { salt, rounds, length } => {
                let mut key = vec![0; *length];
                match with {
                    Hash::Sha1 => pbkdf2_hmac::<Sha1>(start, salt, *rounds, &mut key),
                    Hash::Sha256 => pbkdf2_hmac::<Sha256>(start, salt, *rounds, &mut key),
                }
                Some(key)
            }
            Derivation::Argon2 { salt, passes, memory, lanes, length } => {
                let params = Params::new(*memory, *passes, *lanes, Some(*length)).ok()?;
                // A child that has no memory for it says that the lock stays closed, and does not die.
                let mut blocks: Vec<Block> = Vec::new();
                blocks.try_reserve_exact(params.block_count()).ok()?;
                blocks.resize(params.block_count(), Block::default());
                let mut key = vec![0; *length];
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                argon2.hash_password_into_with_memory(start, salt, &mut key, &mut blocks).ok()?;
                Some(key)
            }
        }
    }
}

impl SealedPart {
    /// What trying a password costs, in hashes; more than any object may cost where the manifest asks for too much.
    pub(super) fn rounds(&self) -> u64 {
        match self.derivation.rounds() {
            rounds if rounds <= MOST_ROUNDS => rounds,
            _ => u64::MAX,
        }
    }

    /// Whether this password opens the part. `sealed` is all of it, or its first 4 KiB where it has a checksum.
    pub(super) fn is_opened_by(&self, password: &str, sealed: &[u8]) -> bool {
        let start = match self.checksum {
            Some(_) => sealed.get(..4 * PROVED).unwrap_or(sealed),
            None => sealed,
        };
        self.open(password, start.to_vec()).is_some()
    }

    /// What was encrypted, which is deflated still; none if the password is another.
    pub(super) fn open(&self, password: &str, sealed: Vec<u8>) -> Option<Vec<u8>> {
        if self.rounds() > MOST_ROUNDS {
            return None;
        }
        let start = self.start.of(password.as_bytes());
        let own = self.derivation.key(&start, Hash::Sha1)?;
        let other = matches!(&self.derivation, Derivation::Pbkdf2 { rounds, .. } if *rounds <= FEW_ROUNDS)
            && self.start == Hash::Sha256;
        match self.opened_with(&own, sealed.clone()) {
            None if other => {
                let key = self.derivation.key(&start, Hash::Sha256)?;
                self.opened_with(&key, sealed)
            }
            opened => opened,
        }
    }

    fn opened_with(&self, key: &[u8], sealed: Vec<u8>) -> Option<Vec<u8>> {
        let plain = match self.cipher {
            Cipher::AesCbc => {
                aes_blocks::decrypt(key, Some(self.initial.as_slice().try_into().ok()?), sealed)?
            }
            Cipher::Blowfish => blowfish(key, &self.initial, sealed)?,
            // The tag proves the key.
            Cipher::AesGcm => return galois(key, &self.initial, sealed),
        };
        self.is_proved_by(&plain).then_some(plain)
    }

    /// The part itself, of what [`open`](Self::open) gave, if it was not deflated: Hancom's word processor leaves a part as
    /// it is that would only grow. What is shorter than the part is deflated, even where the checksum is that of it.
    pub(super) fn stored<'a>(&self, plain: &'a [u8]) -> Option<&'a [u8]> {
        let (sum, hash) = self.checksum.as_ref()?;
        let part = plain.get(..self.size?)?;
        (hash.of(part.get(..PROVED).unwrap_or(part)) == *sum).then_some(part)
    }

    /// Whether the checksum is that of these bytes: ODF takes it of the deflated ones, with or without what fills the last
    /// block, and HWPX of the inflated ones. Where there is none, only a stream that inflates is right.
    fn is_proved_by(&self, plain: &[u8]) -> bool {
        let mut inflated = Vec::new();
        let whole = DeflateDecoder::new(plain).take(PROVED as u64).read_to_end(&mut inflated);
        let Some((sum, hash)) = &self.checksum else {
            return whole.is_ok() && !inflated.is_empty();
        };
        let filled = plain.last().map_or(0, |last| usize::from(*last));
        let unfilled = plain.get(..plain.len().saturating_sub(filled)).unwrap_or_default();
        [plain, unfilled, &inflated]
            .into_iter()
            .any(|bytes| hash.of(bytes.get(..PROVED).unwrap_or(bytes)) == *sum)
            || self.stored(plain).is_some()
    }
}

/// Blowfish with feedback of the cipher's own blocks (CFB).
fn blowfish(key: &[u8], initial: &[u8], mut text: Vec<u8>) -> Option<Vec<u8>> {
    let cipher: Blowfish = Blowfish::new_from_slice(key).ok()?;
    let mut before: [u8; 8] = initial.try_into().ok()?;
    for block in text.chunks_mut(8) {
        let mut mask = Array::from(before);
        cipher.encrypt_block(&mut mask);
        before.iter_mut().zip(block.iter()).for_each(|(before, sealed)| *before = *sealed);
        block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
    Some(text)
}

/// AES with 256 bits in Galois mode, the tag behind the text (XML Encryption 1.1, section 5.2.4). What stands before the
/// first block may stand in front of the text once more.
fn galois(key: &[u8], initial: &[u8], mut text: Vec<u8>) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new_from_slice(key).ok()?;
    let nonce: [u8; NONCE] = initial.try_into().ok()?;
    if text.starts_with(initial) {
        text.drain(..NONCE);
    }
    let tag: [u8; TAG] = text.split_off(text.len().checked_sub(TAG)?).try_into().ok()?;
    let opened =
        cipher.decrypt_inout_detached(&nonce.into(), &[], text.as_mut_slice().into(), &tag.into());
    opened.is_ok().then_some(text)
}

fn bytes(tag: &Tag<'_>, name: &str) -> Option<Vec<u8>> {
    base64_decode(tag.attribute(name)?.as_bytes())
}

/// The hash that an attribute names, as in `SHA1/1K` or `…xmldsig#sha256`.
fn hash(tag: &Tag<'_>, name: &str) -> Option<Hash> {
    let name = tag.attribute(name)?.to_ascii_lowercase();
    match () {
        () if name.contains("sha256") => Some(Hash::Sha256),
        () if name.contains("sha1") => Some(Hash::Sha1),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// A part of so many bytes, the checksum of which is that of these.
    fn part(size: usize, summed: &[u8]) -> SealedPart {
        let sum = Hash::Sha256.of(&summed[..summed.len().min(PROVED)]);
        SealedPart {
            size: Some(size),
            cipher: Cipher::AesCbc,
            initial: Vec::new(),
            derivation: Derivation::Pbkdf2 { salt: Vec::new(), rounds: 1, length: 16 },
            start: Hash::Sha256,
            checksum: Some((sum, Hash::Sha256)),
        }
    }

    #[test]
    fn what_is_deflated_is_not_stored() {
        let text = "하천 정비 계획 ".repeat(500).into_bytes();
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(&text).unwrap();
        let deflated = deflated.finish().unwrap();
        // The checksum of OpenDocument is that of the deflated bytes, the one of HWPX that of the part.
        for summed in [&deflated, &text] {
            let part = part(text.len(), summed);
            assert!(part.is_proved_by(&deflated));
            assert_eq!(part.stored(&deflated), None);
        }
        let filled = [text.as_slice(), &[16; 16]].concat();
        assert_eq!(part(text.len(), &text).stored(&filled), Some(text.as_slice()));
    }
}
