//! How the members of a ZIP archive are packed, by the numbers of its methods (APPNOTE 6.3.10, section 4.4.5) and by what
//! stands before the packed bytes.

use std::io::Read;

use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use zip::CompressionMethod;

use super::packing::{Packing, Refusal};

/// The number of a method.
pub(super) fn number(method: CompressionMethod) -> u16 {
    method.into_compression().as_u16()
}

/// Whether the library that reads the archive unpacks a method by itself.
pub(super) fn is_common(method: u16) -> bool {
    matches!(method, 0 | 8 | 12)
}

/// How a member of this method is packed. Reads what the method puts before the packed bytes.
///
/// # Errors
/// When there is no reader for the method, or what stands before the bytes is damaged.
pub(super) fn packing(method: u16, packed: &mut impl Read) -> Result<Packing, Refusal> {
    match method {
        0 => Ok(Packing::Stored),
        8 => Ok(Packing::Deflate),
        9 => Ok(Packing::Deflate64),
        12 => Ok(Packing::Bzip2),
        // Two bytes of a version, two of the length of the properties, which is five (section 5.8.8).
        14 => match head(packed)? {
            [_, _, 5, 0, properties, a, b, c, d] => {
                Ok(Packing::Lzma { properties, dictionary: u32::from_le_bytes([a, b, c, d]) })
            }
            _ => Err(Refusal::corrupt(ReasonKind::Damaged.of(Noun::LzmaHead))),
        },
        20 | 93 => Ok(Packing::Zstd),
        95 => Ok(Packing::Xz),
        // Four bits of the order less one, eight of the size in MiB less one, four of the method (section 5.10.3).
        98 => {
            let head = u16::from_le_bytes(head(packed)?);
            Ok(Packing::Ppmd {
                order: u32::from(head & 0xF) + 1,
                model: (u32::from((head >> 4) & 0xFF) + 1) << 20,
                restore: (head >> 12) as u8,
            })
        }
        other => Err(Refusal::of_method(name(other))),
    }
}

fn head<const N: usize>(packed: &mut impl Read) -> Result<[u8; N], Refusal> {
    let mut head = [0; N];
    match packed.read_exact(&mut head) {
        Ok(()) => Ok(head),
        Err(_) => {
            Err(Refusal::corrupt(ReasonKind::EndsWithin(Noun::MethodHead.into()).of(Noun::Member)))
        }
    }
}

fn name(method: u16) -> ReasonKind {
    let name = match method {
        1 => "Shrink",
        2..=5 => "Reduce",
        6 => "Implode",
        7 => "Tokenize",
        10 => "the implosion of PKWARE's library",
        16 => "IBM's CMPSC",
        18 => "IBM's TERSE",
        19 => "IBM's LZ77",
        94 => "MP3",
        96 => "JPEG",
        97 => "WavPack",
        other => {
            return ReasonKind::MethodNumber { number: other.into(), container: "ZIP".into() };
        }
    };
    ReasonKind::Method(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_methods_are_read() {
        assert_eq!(packing(9, &mut &b""[..]), Ok(Packing::Deflate64));
        let lzma = b"\x10\x02\x05\0\x5D\0\0\x01\0rest";
        let expected = Packing::Lzma { properties: 0x5D, dictionary: 1 << 16 };
        assert_eq!(packing(14, &mut &lzma[..]), Ok(expected));
        let expected = Packing::Ppmd { order: 8, model: 16 << 20, restore: 0 };
        assert_eq!(packing(98, &mut &b"\xF7\0"[..]), Ok(expected));
        assert!(packing(14, &mut &b"\x10\x02\x09\0"[..]).is_err());
        assert!(packing(98, &mut &b"\x01"[..]).is_err());
        let refused = packing(6, &mut &b""[..]).unwrap_err();
        assert_eq!(refused.reason.english(), "the member is packed by Implode, which is not read");
    }
}
