//! The methods by which archives pack their members, and what unpacks them: one reader for each, whatever container it
//! stands in. How much memory a method wants is read from the container, so it is asked before anything is allocated.

use std::io::{self, BufRead, Read};

use deflate64::Deflate64Decoder;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use madang_document::outcome::Outcome;
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use ppmd_rust::{Ppmd8Decoder, RestoreMethod};

use super::zstd_frames::ZstdFrames;

use crate::error::{ExtractError, io_error};
use crate::split_name::JOIN;
use crate::still_locked::StillLocked;
use crate::unpack::Unopened;

/// The most that a dictionary or model may take, bytes: as much as the packers offer (7-Zip's and xz's largest levels).
pub(super) const DICTIONARY: u64 = 256 << 20;

/// A method, with what its container says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    Deflate,
    Deflate64,
    Bzip2,
    /// The properties byte of LZMA (literal and position bits) and the size of its dictionary, bytes.
    Lzma {
        properties: u8,
        dictionary: u32,
    },
    /// PPMd, variant I revision 1: the order, the size of its model in bytes, and what it does when that is full.
    Ppmd {
        order: u32,
        model: u32,
        restore: u8,
    },
    Zstd,
    Xz,
}

/// Why a member is not unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) outcome: Outcome,
    pub(super) reason: Reason,
}

impl Refusal {
    /// There is no reader for this method.
    pub(super) fn unsupported(method: &str) -> Refusal {
        Refusal::of_method(ReasonKind::Method(method.into()))
    }

    /// There is no reader for the method of this number, as `container` counts.
    pub(super) fn unnumbered(number: u64, container: &str) -> Refusal {
        Refusal::of_method(ReasonKind::MethodNumber { number, container: container.into() })
    }

    /// There is no reader for a method: this is said of it.
    pub(super) fn of_method(method: ReasonKind) -> Refusal {
        Refusal { outcome: Outcome::Unsupported, reason: method.of(Noun::Member) }
    }

    /// The member goes on in another part of a split archive.
    pub(super) fn piece() -> Refusal {
        Refusal { outcome: Outcome::Unsupported, reason: JOIN.within(Noun::Piece) }
    }

    /// It lies behind a member that is too large, in one stream with it.
    pub(super) fn behind_too_large() -> Refusal {
        Refusal::limit(ReasonKind::BehindTooLarge)
    }

    /// A limit keeps from unpacking it.
    pub(super) fn limit(reason: impl Into<Reason>) -> Refusal {
        Refusal { outcome: Outcome::Limit, reason: reason.into() }
    }

    /// A password is needed.
    pub(super) fn encrypted(method: &str) -> Refusal {
        let by = ReasonKind::Encrypted(Some(method.into()));
        Refusal { outcome: Outcome::Encrypted, reason: by.of(Noun::Member) }
    }

    /// A password is needed, and why none of those that are given opens it.
    pub(super) fn locked(method: &str, still: StillLocked) -> Refusal {
        let encrypted = Refusal::encrypted(method);
        Refusal { reason: still.told(encrypted.reason), outcome: encrypted.outcome }
    }

    /// There is no reader for a cipher of this name: no password opens it.
    pub(super) fn cipher_not_read(cipher: &str) -> Refusal {
        let by = ReasonKind::CipherNotRead(cipher.into());
        Refusal { outcome: Outcome::Encrypted, reason: by.of(Noun::Member) }
    }

    /// It is encrypted, and nothing known says by what.
    pub(super) fn cipher_unknown() -> Refusal {
        Refusal { outcome: Outcome::Encrypted, reason: ReasonKind::CipherUnknown.of(Noun::Member) }
    }

    /// The packed bytes contradict themselves.
    pub(super) fn corrupt(reason: impl Into<Reason>) -> Refusal {
        Refusal { outcome: Outcome::Corrupt, reason: reason.into() }
    }

    /// The same, as a library says of it.
    pub(super) fn broken(error: impl std::fmt::Display) -> Refusal {
        Refusal::corrupt(ReasonKind::Broken(Quote::of(&error)))
    }

    /// The same, of what a method packed.
    pub(super) fn broken_by(method: &str, error: impl std::fmt::Display) -> Refusal {
        let broken = ReasonKind::Broken(Quote::of(&error));
        Refusal::corrupt(broken.within(Part::Named(method.into())))
    }

    /// What a file ends as that is nothing but this member.
    pub(super) fn error(self) -> ExtractError {
        match self.outcome {
            Outcome::Encrypted => ExtractError::Encrypted(self.reason),
            Outcome::Unsupported => ExtractError::Unsupported(self.reason),
            Outcome::Limit => ExtractError::Limit(self.reason),
            _ => ExtractError::Corrupt(self.reason),
        }
    }

    fn memory(wanted: u64) -> Refusal {
        let takes = ReasonKind::TakesMemory { bytes: wanted, limit: DICTIONARY };
        Refusal::limit(takes.of(Noun::Member))
    }
}

impl From<Refusal> for Unopened {
    fn from(refusal: Refusal) -> Unopened {
        Unopened { outcome: refusal.outcome, reason: refusal.reason }
    }
}

/// A reader of what `packed` unpacks to. `size` is what the container says will come out.
///
/// # Errors
/// When the method wants too much memory, or its head is damaged.
pub(super) fn unpacker<'a>(
    packing: Packing,
    packed: impl BufRead + 'a,
    size: u64,
) -> Result<Box<dyn Read + 'a>, Refusal> {
    Ok(match packing {
        Packing::Stored => Box::new(packed),
        Packing::Deflate => Box::new(DeflateDecoder::new(packed)),
        Packing::Deflate64 => Box::new(Deflate64Decoder::with_buffer(packed)),
        Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
        Packing::Lzma { properties, dictionary } => {
            // No match reaches further back than there are bytes, so a small member needs no large dictionary.
            let wanted = u64::from(dictionary).min(size.max(4096));
            if wanted > DICTIONARY {
                return Err(Refusal::memory(wanted));
            }
            let dictionary = u32::try_from(wanted).unwrap_or(dictionary);
            let reader = LzmaReader::new_with_props(packed, size, properties, dictionary, None);
            Box::new(reader.map_err(|error| Refusal::broken_by("LZMA", error))?)
        }
        Packing::Ppmd { order, model, restore } => {
            if u64::from(model) > DICTIONARY {
                return Err(Refusal::memory(model.into()));
            }
            let restore = match restore {
                0 => RestoreMethod::Restart,
                1 => RestoreMethod::CutOff,
                _ => return Err(Refusal::unsupported("PPMd that freezes its model")),
            };
            let reader = Ppmd8Decoder::new(packed, order, model, restore);
            let reader = reader.map_err(|error| Refusal::broken_by("PPMd", error))?;
            // Its end mark is optional: what the container says ends it.
            Box::new(reader.take(size))
        }
        Packing::Zstd => Box::new(ZstdFrames::new(packed)),
        Packing::Xz => {
            let limit = u32::try_from(DICTIONARY >> 10).unwrap_or(u32::MAX).saturating_add(1024);
            Box::new(XzReader::new_mem_limit(packed, true, limit))
        }
    })
}

/// A reader that holds what comes out to the size and check sum that the container states, at its end.
pub(super) struct Checked<R> {
    reader: R,
    crc: Crc,
    /// CRC-32 of what should come out; none if the container has no word on it.
    expected: Option<u32>,
    size: u64,
    out: u64,
}

impl<R> Checked<R> {
    pub(super) fn new(reader: R, size: u64, expected: Option<u32>) -> Checked<R> {
        Checked { reader, crc: Crc::new(), expected, size, out: 0 }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let damaged = |what| Err(io_error(io::ErrorKind::InvalidData, what));
        if read == 0 && !buffer.is_empty() {
            if self.out < self.size {
                return damaged(ReasonKind::TooFewBytes { came: self.out, stated: self.size });
            }
            return match self.expected {
                Some(expected) if expected != self.crc.sum() => damaged(ReasonKind::CheckSum),
                _ => Ok(0),
            };
        }
        self.crc.update(buffer.get(..read).unwrap_or_default());
        self.out = self.out.saturating_add(read as u64);
        if self.out > self.size {
            return damaged(ReasonKind::TooManyBytes(self.size));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_held_to_the_limit_and_to_the_member() {
        let lzma = |dictionary| Packing::Lzma { properties: 93, dictionary };
        // Five bytes of the range coder, of which the first is nought.
        let packed = [0u8; 16];
        assert!(unpacker(lzma(u32::MAX), &packed[..], 100).is_ok());
        let refused = unpacker(lzma(u32::MAX), &packed[..], u64::MAX).err();
        assert_eq!(refused.map(|refusal| refusal.outcome), Some(Outcome::Limit));
        let ppmd = Packing::Ppmd { order: 8, model: u32::MAX, restore: 0 };
        assert_eq!(unpacker(ppmd, &packed[..], 1).err().map(|r| r.outcome), Some(Outcome::Limit));
    }

    #[test]
    fn what_comes_out_is_held_to_its_size_and_sum() {
        let sum = |bytes: &[u8]| {
            let mut crc = Crc::new();
            crc.update(bytes);
            crc.sum()
        };
        let read = |bytes: &[u8], size, expected| {
            io::read_to_string(Checked::new(bytes, size, expected)).map_err(|e| e.to_string())
        };
        assert_eq!(read(b"text", 4, Some(sum(b"text"))), Ok("text".into()));
        assert_eq!(read(b"text", 4, None), Ok("text".into()));
        assert!(read(b"text", 4, Some(1)).is_err_and(|e| e.contains("check sum")));
        assert!(read(b"text", 5, None).is_err_and(|e| e.contains("only 4 of 5")));
        assert!(read(b"text", 3, None).is_err_and(|e| e.contains("more than")));
    }
}
