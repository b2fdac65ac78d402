//! How Office encrypts a package: the standard way of 2007 and the agile way since 2010 (MS-OFFCRYPTO, sections 2.3.4.5
//! to 2.3.4.15). Passwords are tried, never guessed.

use madang_document::reason_kind::ReasonKind;
use mail_parser::decoders::base64::base64_decode;

use super::aes_blocks::{BLOCK, decrypt};
use super::bytes::{split_u32, u16_at, u32_at};
use super::crypto_api::of_crypto_api;
use super::markup::{Markup, Node, Tag};
use super::office_hash::Hash;

/// Rounds of the standard way.
const STANDARD_ROUNDS: u32 = 50_000;

/// Bytes of a segment of the agile way.
const SEGMENT: usize = 4096;

/// What the stream `EncryptionInfo` says.
pub(super) enum Locked {
    Standard { salt: Vec<u8>, verifier: Vec<u8>, verifier_hash: Vec<u8>, key_length: usize },
    Agile { data: Salted, key: Salted, rounds: u32, input: Vec<u8>, hash: Vec<u8>, value: Vec<u8> },
}

/// A salt and what it is hashed with.
#[derive(Clone, Default)]
pub(super) struct Salted {
    salt: Vec<u8>,
    hash: Option<Hash>,
    key_length: usize,
}

impl Locked {
    /// Reads the stream.
    ///
    /// # Errors
    /// What it is encrypted by, when that is not read: no password can be tried.
    pub(super) fn read(stream: &[u8]) -> Result<Locked, ReasonKind> {
        match (u16_at(stream, 0), u16_at(stream, 2)) {
            (Some(4), Some(4)) => agile(stream.get(8..).unwrap_or_default()),
            (Some(2..=4), Some(2)) => standard(stream),
            (Some(3 | 4), Some(3)) => Err(extensible(stream)),
            _ => Err(ReasonKind::CipherUnknown),
        }
    }

    /// What trying a password costs, in rounds of the hash.
    pub(super) fn rounds(&self) -> u64 {
        match self {
            Locked::Standard { .. } => STANDARD_ROUNDS.into(),
            Locked::Agile { rounds, .. } => (*rounds).into(),
        }
    }

    /// The key of the package, if the password is right.
    pub(super) fn key(&self, password: &str, progress: impl Fn()) -> Option<Vec<u8>> {
        match self {
            Locked::Standard { salt, verifier, verifier_hash, key_length } => {
                let spun = Hash::Sha1.spun(salt, password, STANDARD_ROUNDS, progress);
                let last = Hash::Sha1.of(&spun, &[0; 4]);
                let derived = |fill: u8| {
                    let mut pad = vec![fill; 64];
                    pad.iter_mut().zip(&last).for_each(|(byte, hash)| *byte ^= hash);
                    Hash::Sha1.of(&pad, &[])
                };
                let key = [derived(0x36), derived(0x5C)].concat().get(..*key_length)?.to_vec();
                let verifier = decrypt(&key, None, verifier.clone())?;
                let stated = decrypt(&key, None, verifier_hash.clone())?;
                let right = stated.get(..20)? == Hash::Sha1.of(&verifier, &[]).as_slice();
                right.then_some(key)
            }
            Locked::Agile { key, rounds, input, hash, value, .. } => {
                let with = key.hash?;
                let spun = with.spun(&key.salt, password, *rounds, progress);
                let opened = |purpose: [u8; 8], sealed: &[u8]| {
                    let derived = fitted(with.of(&spun, &purpose), key.key_length);
                    decrypt(&derived, Some(start_block(&key.salt)), sealed.to_vec())
                };
                let input = opened([0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79], input)?;
                let stated = opened([0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E], hash)?;
                let input = input.get(..key.salt.len())?;
                if !stated.starts_with(&with.of(input, &[])) {
                    return None;
                }
                let value = opened([0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6], value)?;
                Some(value.get(..key.key_length)?.to_vec())
            }
        }
    }
}

/// Decrypts the stream `EncryptedPackage`, in front of which its size stands.
pub(super) fn open(locked: &Locked, key: &[u8], mut stream: Vec<u8>) -> Option<Vec<u8>> {
    let sealed = stream.split_off(8.min(stream.len()));
    let size = u64::from_le_bytes(stream.try_into().ok()?);
    let mut package = match locked {
        Locked::Standard { .. } => decrypt(key, None, sealed)?,
        Locked::Agile { data, .. } => {
            let mut package = Vec::with_capacity(sealed.len());
            for (number, segment) in (0u32..).zip(sealed.chunks(SEGMENT)) {
                let start = start_block(&data.hash?.of(&data.salt, &number.to_le_bytes()));
                package.extend(decrypt(key, Some(start), segment.to_vec())?);
            }
            package
        }
    };
    package.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    Some(package)
}

fn standard(stream: &[u8]) -> Result<Locked, ReasonKind> {
    const AES: [u32; 3] = [0x660E, 0x660F, 0x6610];
    let header = split_u32(stream.get(8..).unwrap_or_default());
    let header = header.and_then(|(size, rest)| rest.split_at_checked(size as usize));
    let (header, verifier) = header.ok_or(ReasonKind::CipherUnknown)?;
    let number = u32_at(header, 8).ok_or(ReasonKind::CipherUnknown)?;
    // An identifier of zero stands for AES with 128 bits too.
    if !AES.contains(&number) && number != 0 {
        return Err(of_crypto_api(number));
    }
    let read = || {
        let key_length = usize::try_from(u32_at(header, 16)? / 8).ok()?;
        Some(Locked::Standard {
            salt: verifier.get(4..20)?.to_vec(),
            verifier: verifier.get(20..36)?.to_vec(),
            verifier_hash: verifier.get(40..72)?.to_vec(),
            key_length: if key_length == 0 { 16 } else { key_length },
        })
    };
    read().ok_or(ReasonKind::CipherUnknown)
}

/// How keys are locked that only the holder of a certificate opens (section 2.3.4.10).
const OF_CERTIFICATE: &str = "http://schemas.microsoft.com/office/2006/keyEncryptor/certificate";

fn agile(xml: &[u8]) -> Result<Locked, ReasonKind> {
    let text = String::from_utf8_lossy(xml);
    let mut markup = Markup::new(&text);
    let mut data = None;
    let mut of_certificate = false;
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        match tag.name() {
            "keyData" => data = Some(salted(&tag)?),
            "keyEncryptor" => {
                of_certificate |= tag.attribute("uri").is_some_and(|uri| uri == OF_CERTIFICATE);
            }
            // The key for whoever holds the certificate has the same name, and no salt.
            "encryptedKey" if tag.attribute("saltValue").is_some() => {
                let key = salted(&tag)?;
                let read = || {
                    Some(Locked::Agile {
                        data: data?,
                        key,
                        rounds: tag.attribute("spinCount")?.parse().ok()?,
                        input: bytes(&tag, "encryptedVerifierHashInput")?,
                        hash: bytes(&tag, "encryptedVerifierHashValue")?,
                        value: bytes(&tag, "encryptedKeyValue")?,
                    })
                };
                return read().ok_or(ReasonKind::CipherUnknown);
            }
            _ => {}
        }
    }
    Err(if of_certificate { ReasonKind::Certificate } else { ReasonKind::CipherUnknown })
}

/// The extensible way: a module that somebody installed in Office encrypts, and only that can decrypt (section 2.3.4.6).
fn extensible(stream: &[u8]) -> ReasonKind {
    let text = String::from_utf8_lossy(stream);
    let mut markup = Markup::new(text.get(text.find('<').unwrap_or(0)..).unwrap_or_default());
    let mut of = "a module of another maker".to_owned();
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        if tag.name() != "EncryptionProvider" {
            continue;
        }
        // Its address tells more than its number.
        let said = |name: &str| tag.attribute(name).filter(|value| !value.trim().is_empty());
        if let Some(provider) = said("Url").or_else(|| said("Id")) {
            of = format!("the module {provider}");
        }
        break;
    }
    ReasonKind::CipherNotRead(format!("{of} (extensible encryption)").into())
}

fn salted(tag: &Tag<'_>) -> Result<Salted, ReasonKind> {
    let said = |name: &str| tag.attribute(name).ok_or(ReasonKind::CipherUnknown);
    let (cipher, chaining) = (said("cipherAlgorithm")?, said("cipherChaining")?);
    let hash = said("hashAlgorithm")?;
    let known = Hash::named(&hash);
    if cipher != "AES" || chaining != "ChainingModeCBC" || known.is_none() {
        let way = chaining.strip_prefix("ChainingMode").unwrap_or(&chaining);
        return Err(ReasonKind::CipherNotRead(format!("{cipher}-{way} with {hash}").into()));
    }
    let bits: usize = said("keyBits")?.parse().map_err(|_| ReasonKind::CipherUnknown)?;
    let salt = bytes(tag, "saltValue").ok_or(ReasonKind::CipherUnknown)?;
    Ok(Salted { salt, hash: known, key_length: bits / 8 })
}

fn bytes(tag: &Tag<'_>, name: &str) -> Option<Vec<u8>> {
    base64_decode(tag.attribute(name)?.as_bytes())
}

/// Cut to a length, or filled up to it with the byte that the agile way fills with.
fn fitted(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    bytes.resize(length.min(64), 0x36);
    bytes
}

/// What stands before the first block that is chained.
fn start_block(bytes: &[u8]) -> [u8; BLOCK] {
    std::array::from_fn(|n| bytes.get(n).copied().unwrap_or(0x36))
}

#[cfg(test)]
mod tests {
    use madang_document::part::Noun;

    use super::*;

    fn refusal(stream: &[u8]) -> String {
        match Locked::read(stream) {
            Ok(_) => "a lock".into(),
            Err(kind) => kind.of(Noun::Document).english(),
        }
    }

    #[test]
    fn nonsense_is_no_lock() {
        for stream in
            [&b""[..], &[4, 0, 4, 0, 0x40, 0, 0, 0], &[3, 0, 2, 0, 0, 0, 0, 0, 255, 255, 255, 255]]
        {
            let unknown = "the document is encrypted in a way that is not known";
            assert_eq!(refusal(stream), unknown);
        }
    }

    #[test]
    fn a_way_that_is_not_read_is_named() {
        let agile = |inside: &str| {
            let xml = format!("<encryption>{inside}</encryption>");
            [&[4, 0, 4, 0, 0x40, 0, 0, 0], xml.as_bytes()].concat()
        };
        let data = |cipher: &str, chaining: &str, hash: &str| {
            agile(&format!(
                "<keyData saltValue='AAAA' keyBits='128' cipherAlgorithm='{cipher}' \
                 cipherChaining='ChainingMode{chaining}' hashAlgorithm='{hash}'/>"
            ))
        };
        let certificate = agile(&format!(
            "<keyEncryptors><keyEncryptor uri='{OF_CERTIFICATE}'><c:encryptedKey encryptedKeyValue='AAAA' \
             X509Certificate='AAAA' certVerifier='AAAA'/></keyEncryptor></keyEncryptors>"
        ));
        let mut header = vec![0; 12];
        header[8..].copy_from_slice(&[1, 0x68, 0, 0]);
        let rc4 = [&[3, 0, 2, 0, 4, 0, 0, 0, 12, 0, 0, 0][..], &header].concat();
        let module =
            "<EncryptionData><EncryptionProvider Id='{05F17A8A}' Url=''/></EncryptionData>";
        let extensible = [&[4, 0, 3, 0, 0x10, 0, 0, 0, 0, 0, 0, 0][..], module.as_bytes()].concat();
        let by = |cipher: &str| {
            format!(
                "the document is encrypted by {cipher}, which is not read: drop a copy without the password"
            )
        };
        for (stream, said) in [
            (data("DES", "CBC", "SHA1"), by("DES-CBC with SHA1")),
            (data("AES", "CFB", "SHA512"), by("AES-CFB with SHA512")),
            (data("AES", "CBC", "WHIRLPOOL"), by("AES-CBC with WHIRLPOOL")),
            (rc4, by("RC4 (CryptoAPI)")),
            (extensible, by("the module {05F17A8A} (extensible encryption)")),
            (vec![3, 0, 3, 0], by("a module of another maker (extensible encryption)")),
            (certificate, "the document is encrypted for the holder of a certificate".into()),
        ] {
            assert_eq!(refusal(&stream), said);
        }
    }
}
