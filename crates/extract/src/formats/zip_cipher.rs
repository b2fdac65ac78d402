//! How members of ZIP archives are encrypted: in the traditional way (APPNOTE 6.3.10, section 6.1) and with AES as WinZip
//! does (section 7.1, appendix E; AE-1 and AE-2). Passwords are tried, never guessed.
//!
//! The library that reads the archives decrypts, too, but only members of the few methods that it unpacks, and none that
//! a later one of the same name hides.

use std::io::{self, Read};

use encoding_rs::EUC_KR;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;

use super::aes_blocks::{AesBlocks, BLOCK};
use super::bytes::{u8_at, u16_at};
use super::packing::Refusal;

/// How a member is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZipLock {
    /// In the traditional way; the last byte of its head is one of these.
    Traditional { checks: [u8; 2] },
    /// With AES, whose key has so many bytes.
    Aes { key: usize },
    /// With PKWARE's strong encryption, which is not read.
    Strong,
    /// In a way that is not known.
    Unknown,
}

/// Bytes before a member that is encrypted in the traditional way.
const HEAD: usize = 12;

/// Bytes by which AES proves a password, and those behind the member that prove its bytes.
const PROOF: usize = 2;
const SUM: usize = 10;

/// Hashes of a key of AES.
const ROUNDS: u32 = 1000;

/// What the field of AES says (appendix E): how strong it is, how the member is packed, and whether the check sum of the
/// archive holds for it, which AE-2 does without.
pub(super) struct AesField {
    pub(super) lock: ZipLock,
    pub(super) method: u16,
    pub(super) is_summed: bool,
}

impl AesField {
    /// The identifier of the field.
    pub(super) const ID: u16 = 0x9901;

    /// Reads the field; none if it is cut short or asks for a strength that is not known.
    pub(super) fn read(field: &[u8]) -> Option<AesField> {
        let key = match u8_at(field, 4)? {
            1 => 16,
            2 => 24,
            3 => 32,
            _ => return None,
        };
        let is_summed = u16_at(field, 0)? == 1;
        Some(AesField { lock: ZipLock::Aes { key }, method: u16_at(field, 5)?, is_summed })
    }
}

impl ZipLock {
    /// What keeps the member closed, in words.
    pub(super) fn name(self) -> &'static str {
        match self {
            ZipLock::Traditional { .. } => "ZipCrypto",
            ZipLock::Aes { .. } => "AES",
            ZipLock::Strong => "PKWARE's strong encryption",
            ZipLock::Unknown => "a way that is not known",
        }
    }

    /// Why no password opens it, if that is so.
    pub(super) fn refusal(self) -> Option<Refusal> {
        match self {
            ZipLock::Traditional { .. } | ZipLock::Aes { .. } => None,
            ZipLock::Strong => Some(Refusal::cipher_not_read(self.name())),
            ZipLock::Unknown => Some(Refusal::cipher_unknown()),
        }
    }

    /// What trying a password costs, in hashes.
    pub(super) fn rounds(self) -> u64 {
        match self {
            ZipLock::Traditional { .. } | ZipLock::Strong | ZipLock::Unknown => 1,
            // Twenty bytes come out of each.
            ZipLock::Aes { key } => u64::from(ROUNDS) * (2 * key as u64 + 2).div_ceil(20),
        }
    }

    /// Whether a password that opens the member is the right one, whatever comes out: of the others, the traditional way
    /// lets every hundredth pass.
    pub(super) fn is_proved(self) -> bool {
        matches!(self, ZipLock::Aes { .. })
    }

    /// A reader of what was encrypted, `length` bytes of it with what stands around it, if the password may be right.
    pub(super) fn open<'a>(
        self,
        mut sealed: impl Read + 'a,
        length: u64,
        password: &[u8],
    ) -> Option<Box<dyn Read + 'a>> {
        match self {
            ZipLock::Traditional { checks } => {
                let mut keys = Keys::of(password);
                let mut head = [0; HEAD];
                sealed.read_exact(&mut head).ok()?;
                head.iter_mut().for_each(|byte| *byte = keys.plain(*byte));
                let [.., last] = head;
                checks.contains(&last).then(|| Box::new(Traditional { sealed, keys }) as _)
            }
            ZipLock::Aes { key } => {
                let (mut salt, mut proof) = (vec![0; key / 2], [0; PROOF]);
                sealed.read_exact(&mut salt).ok()?;
                sealed.read_exact(&mut proof).ok()?;
                let mut derived = vec![0; 2 * key + PROOF];
                pbkdf2_hmac::<Sha1>(password, &salt, ROUNDS, &mut derived);
                let (own, rest) = derived.split_at_checked(key)?;
                let (sum, own_proof) = rest.split_at_checked(key)?;
                if own_proof != proof {
                    return None;
                }
                let around = (salt.len() + PROOF + SUM) as u64;
                Some(Box::new(Counted {
                    sealed,
                    left: length.checked_sub(around)?,
                    cipher: AesBlocks::new(own)?,
                    counter: 0,
                    mask: [0; BLOCK],
                    used: BLOCK,
                    sum: Some(Hmac::new_from_slice(sum).ok()?),
                }))
            }
            ZipLock::Strong | ZipLock::Unknown => None,
        }
    }
}

/// The bytes that a password may be: UTF-8, as packers take it today, or CP949, as Korean ones of Windows do.
pub(super) fn password_bytes(password: &str) -> Vec<Vec<u8>> {
    let mut bytes = vec![password.as_bytes().to_vec()];
    let (korean, _, unknown) = EUC_KR.encode(password);
    if !unknown && !password.is_ascii() {
        bytes.push(korean.into_owned());
    }
    bytes
}

/// The three keys of the traditional way, which change with each byte.
struct Keys([u32; 3]);

impl Keys {
    fn of(password: &[u8]) -> Keys {
        let mut keys = Keys([0x1234_5678, 0x2345_6789, 0x3456_7890]);
        password.iter().for_each(|byte| keys.update(*byte));
        keys
    }

    fn update(&mut self, byte: u8) {
        let [a, b, c] = &mut self.0;
        *a = crc(*a, byte);
        *b = b.wrapping_add(*a & 0xFF).wrapping_mul(134_775_813).wrapping_add(1);
        *c = crc(*c, (*b >> 24) as u8);
    }

    fn plain(&mut self, byte: u8) -> u8 {
        let [.., c] = self.0;
        let mask = (c | 2) & 0xFFFF;
        let plain = byte ^ (mask.wrapping_mul(mask ^ 1) >> 8) as u8;
        self.update(plain);
        plain
    }
}

/// CRC-32 of one more byte, without what is turned at its ends.
fn crc(before: u32, byte: u8) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut n = 0;
        while n < 256 {
            let mut value = n as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
                bit += 1;
            }
            #[allow(clippy::indexing_slicing, reason = "n is below 256, and the compiler counts")]
            {
                table[n] = value;
            }
            n += 1;
        }
        table
    };
    let place = usize::from(before.to_le_bytes()[0] ^ byte);
    (before >> 8) ^ TABLE.get(place).copied().unwrap_or_default()
}

struct Traditional<R> {
    sealed: R,
    keys: Keys,
}

impl<R: Read> Read for Traditional<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.sealed.read(buffer)?;
        for byte in buffer.iter_mut().take(read) {
            *byte = self.keys.plain(*byte);
        }
        Ok(read)
    }
}

/// AES in counter mode, the counter little-endian and from 1 on; behind the text stands what proves it.
struct Counted<R> {
    sealed: R,
    left: u64,
    cipher: AesBlocks,
    counter: u128,
    mask: [u8; BLOCK],
    used: usize,
    /// None when the end was reached.
    sum: Option<Hmac<Sha1>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if self.left == 0 {
            return self.end().map(|()| 0);
        }
        let read = self.sealed.read(buffer.get_mut(..most).unwrap_or_default())?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        let bytes = buffer.get_mut(..read).unwrap_or_default();
        if let Some(sum) = &mut self.sum {
            sum.update(bytes);
        }
        for byte in bytes {
            if self.used == BLOCK {
                self.counter = self.counter.wrapping_add(1);
                self.mask = self.cipher.encrypt(self.counter.to_le_bytes());
                self.used = 0;
            }
            *byte ^= self.mask.get(self.used).copied().unwrap_or_default();
            self.used += 1;
        }
        Ok(read)
    }
}

impl<R: Read> Counted<R> {
    fn end(&mut self) -> io::Result<()> {
        let Some(sum) = self.sum.take() else { return Ok(()) };
        let mut stated = [0; SUM];
        self.sealed.read_exact(&mut stated)?;
        match sum.verify_truncated_left(&stated) {
            Ok(()) => Ok(()),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the encrypted bytes do not match what proves them",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_document::outcome::Outcome;
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    #[test]
    fn the_table_is_that_of_crc_32() {
        let turned = b"123456789".iter().fold(!0, |before, byte| crc(before, *byte));
        assert_eq!(!turned, 0xCBF4_3926);
    }

    #[test]
    fn a_lock_that_is_cut_short_opens_with_nothing() {
        for lock in [
            ZipLock::Traditional { checks: [0; 2] },
            ZipLock::Aes { key: 32 },
            ZipLock::Strong,
            ZipLock::Unknown,
        ] {
            assert!(lock.open(&b"short"[..], 5, b"secret").is_none(), "{lock:?}");
        }
        assert!(AesField::read(b"\x02\0AE\x07\x08\0").is_none());
        let field = AesField::read(b"\x02\0AE\x03\x08\0").unwrap();
        assert_eq!(
            (field.lock, field.method, field.is_summed),
            (ZipLock::Aes { key: 32 }, 8, false)
        );
    }

    #[test]
    fn what_no_password_opens_says_so_and_asks_for_none() {
        let kind = |lock: ZipLock| lock.refusal().map(|it| (it.outcome, it.reason.kind));
        let strong = ReasonKind::CipherNotRead("PKWARE's strong encryption".into());
        assert_eq!(kind(ZipLock::Strong), Some((Outcome::Encrypted, strong)));
        let unknown = ReasonKind::CipherUnknown;
        assert_eq!(kind(ZipLock::Unknown), Some((Outcome::Encrypted, unknown)));
        assert_eq!(kind(ZipLock::Aes { key: 32 }), None);
    }

    #[test]
    fn a_korean_password_may_be_bytes_of_either_kind() {
        assert_eq!(password_bytes("abc"), [b"abc"]);
        assert_eq!(password_bytes("가"), ["가".as_bytes(), b"\xB0\xA1"]);
    }
}
