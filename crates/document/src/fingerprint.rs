use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 256 bits that stand for a text or a picture. Of two that look alike few bits differ, of two that have nothing in common
/// about half: so a comparison is a count of bits, and a million of them take some milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u64; 4]);

impl Fingerprint {
    /// How many bits there are.
    pub const BITS: u32 = 256;

    /// Of these bits, the first word's lowest first.
    pub fn new(words: [u64; 4]) -> Fingerprint {
        Fingerprint(words)
    }

    /// The bits, four words of 64.
    pub fn words(&self) -> [u64; 4] {
        self.0
    }

    /// The 32 bytes, as they are kept.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (eight, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            eight.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Of 32 bytes; none of any other number.
    pub fn from_bytes(bytes: &[u8]) -> Option<Fingerprint> {
        if bytes.len() != 32 {
            return None;
        }
        let mut words = [0; 4];
        for (word, eight) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = eight.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Some(Fingerprint(words))
    }

    /// In how many bits two differ. Always compiled into its caller, which may know that the processor counts bits.
    #[inline(always)]
    pub fn distance(&self, other: &Fingerprint) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits")]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Fingerprint, NotAFingerprint> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NotAFingerprint);
        }
        let mut words = [0; 4];
        for (word, digits) in words.iter_mut().zip(digits.chunks_exact(16)) {
            let digits = str::from_utf8(digits).map_err(|_| NotAFingerprint)?;
            *word = u64::from_str_radix(digits, 16).map_err(|_| NotAFingerprint)?;
        }
        Ok(Fingerprint(words))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Digits where people read, bits on the wire from a child.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            <[u64; 4]>::deserialize(deserializer).map(Fingerprint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_kept_and_read_back() {
        let one = Fingerprint::new([1, u64::MAX, 0, 1 << 63]);
        assert_eq!(Fingerprint::from_bytes(&one.to_bytes()), Some(one));
        assert_eq!(one.to_string().parse(), Ok(one));
        let json = serde_json::to_string(&one).unwrap();
        assert_eq!(json.len(), 66);
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), one);
        for broken in ["", "+1", &"g".repeat(64), &"0".repeat(63), &"가".repeat(64)] {
            assert_eq!(broken.parse::<Fingerprint>(), Err(NotAFingerprint), "{broken}");
        }
        assert_eq!(Fingerprint::from_bytes(&[0; 31]), None);
    }

    #[test]
    fn the_distance_counts_bits() {
        let (none, all) = (Fingerprint::new([0; 4]), Fingerprint::new([u64::MAX; 4]));
        assert_eq!(none.distance(&all), Fingerprint::BITS);
        assert_eq!(none.distance(&Fingerprint::new([3, 0, 1, 0])), 3);
        assert_eq!(all.distance(&all), 0);
    }
}
