//! Single files packed by gzip, bzip2, xz, lzma, zstd or compress: a container with one member. A `.tar.gz` holds a
//! TAR archive, which is then read as such.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::LzmaReader;
use madang_document::content::Content;

use super::lzw::Lzw;
use super::packing::{DICTIONARY, Packing, Refusal, unpacker};

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::encoding::decode;
use crate::error::{ExtractError, reason_of};
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::split_name::is_numbered_part;
use crate::unpack::take_member;

pub(super) const GZIP: Format = Format {
    name: "gzip",
    version: 5,
    media_types: &["application/gzip"],
    // RFC 1952, section 2.3.1: the magic, then the only method there is.
    sniff: |probe| magic(probe, b"\x1F\x8B\x08"),
    media_type: |_| "application/gzip",
    extract: extract_gzip,
};

pub(super) const BZIP2: Format = Format {
    name: "bzip2",
    version: 5,
    media_types: &["application/x-bzip2"],
    sniff: |probe| match probe.head.get(3) {
        Some(b'1'..=b'9') => magic(probe, b"BZh"),
        _ => Match::No,
    },
    media_type: |_| "application/x-bzip2",
    extract: extract_bzip2,
};

pub(super) const XZ: Format = Format {
    name: "xz",
    version: 4,
    media_types: &["application/x-xz"],
    sniff: |probe| magic(probe, b"\xFD7zXZ\0"),
    media_type: |_| "application/x-xz",
    extract: |blob, context| unpacked(Packing::Xz, blob, context),
};

pub(super) const LZMA: Format = Format {
    name: "lzma",
    version: 4,
    media_types: &["application/x-lzma"],
    sniff: sniff_lzma,
    media_type: |_| "application/x-lzma",
    extract: |blob, context| {
        let limit = u32::try_from(DICTIONARY >> 10).unwrap_or(u32::MAX).saturating_add(1024);
        let packed = BufReader::new(Cursor::new(blob));
        let member = LzmaReader::new_mem_limit(packed, limit, None);
        let member = member.map_err(|error| Refusal::broken_by("LZMA", error).error())?;
        Ok(single(member, &stem(context.name), context))
    },
};

pub(super) const ZSTD: Format = Format {
    name: "zstd",
    version: 4,
    media_types: &["application/zstd"],
    // RFC 8878, section 3.1.1: the magic of a frame.
    sniff: |probe| magic(probe, b"\x28\xB5\x2F\xFD"),
    media_type: |_| "application/zstd",
    extract: |blob, context| unpacked(Packing::Zstd, blob, context),
};

pub(super) const COMPRESS: Format = Format {
    name: "compress",
    version: 4,
    media_types: &["application/x-compress"],
    sniff: |probe| magic(probe, b"\x1F\x9D"),
    media_type: |_| "application/x-compress",
    extract: |blob, context| {
        let member = Lzw::new(BufReader::new(Cursor::new(blob)))
            .map_err(|error| ExtractError::corrupt(reason_of(&error)))?;
        Ok(single(member, &stem(context.name), context))
    },
};

/// The head of `.lzma` has no magic: the usual properties, a dictionary of a size that packers use, a size that is
/// unknown or believable, and the first byte of the range coder, which is nought. Only believed of a file of that name.
fn sniff_lzma(probe: &Probe<'_>) -> Match {
    let Some([0x5D, dictionary @ .., 0]) = probe.head.get(..14) else { return Match::No };
    let [a, b, c, d, size @ ..] = dictionary else { return Match::No };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let usual = dictionary >= 4096 && (dictionary & dictionary.wrapping_sub(1)) == 0;
    let unknown = size.iter().all(|byte| *byte == 0xFF);
    let believable = size.get(5..).is_some_and(|high| high.iter().all(|byte| *byte == 0));
    let named = matches!(probe.extension.as_str(), "lzma" | "tlz");
    if usual && named && (unknown || believable) { Match::Magic } else { Match::No }
}

fn magic(probe: &Probe<'_>, magic: &[u8]) -> Match {
    if probe.starts_with(magic) { Match::Magic } else { Match::No }
}

fn unpacked(
    packing: Packing,
    blob: &dyn Blob,
    context: &Context<'_>,
) -> Result<Content, ExtractError> {
    let packed = BufReader::new(Cursor::new(blob));
    let member = unpacker(packing, packed, u64::MAX).map_err(|refusal| refusal.error())?;
    Ok(single(member, &stem(context.name), context))
}

fn extract_gzip(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let reader = BufReader::new(Cursor::new(blob));
    let header = GzDecoder::new(reader);
    let stored = header.header().and_then(|h| h.filename()).map(|name| decode(name).text);
    let stored = stored.filter(|name| !name.trim().is_empty());
    let name = stored.unwrap_or_else(|| stem(context.name));
    let packed = BufReader::new(Cursor::new(blob));
    let members = Streams::new(packed, GzDecoder::new, GzDecoder::into_inner);
    Ok(single(members, &name, context))
}

fn extract_bzip2(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let packed = BufReader::new(Cursor::new(blob));
    let streams = Streams::new(packed, BzDecoder::new, BzDecoder::into_inner);
    Ok(single(streams, &stem(context.name), context))
}

/// Packed streams one behind another, which unpack to one file. Tapes and blocks of disks are filled with NULs, which the packers'
/// own programs pass over.
struct Streams<R, D> {
    /// The stream that is unpacked; none behind the last.
    stream: Option<D>,
    open: fn(R) -> D,
    packed: fn(D) -> R,
}

impl<R: BufRead, D> Streams<R, D> {
    fn new(packed: R, open: fn(R) -> D, close: fn(D) -> R) -> Streams<R, D> {
        Streams { stream: Some(open(packed)), open, packed: close }
    }
}

impl<R: BufRead, D: Read> Read for Streams<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(stream) = &mut self.stream {
            let read = stream.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut packed) = self.stream.take().map(self.packed) else { break };
            if skip_nuls(&mut packed)? {
                self.stream = Some((self.open)(packed));
            }
        }
        Ok(0)
    }
}

/// Passes over NULs, and gives whether something follows them.
fn skip_nuls(packed: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let piece = packed.fill_buf()?;
        let nuls = piece.iter().take_while(|byte| **byte == 0).count();
        let (is_end, is_over) = (piece.is_empty(), nuls < piece.len());
        packed.consume(nuls);
        if is_end || is_over {
            return Ok(is_over);
        }
    }
}

fn single(member: impl Read, name: &str, context: &Context<'_>) -> Content {
    let mut content = Content::default();
    let path = MemberPaths::default().take(name);
    take_member(member, &path, None, context, &mut content);
    content
}

/// The name without what packing added to it, and before it splitting; `.tgz` is `.tar.gz` in short, `.svgz` an SVG.
fn stem(name: &str) -> String {
    let whole = name.rsplit_once('.').filter(|_| is_numbered_part(name));
    let name = whole.map_or(name, |(whole, _)| whole);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match extension.to_ascii_lowercase().as_str() {
        "tgz" | "tbz" | "tbz2" | "txz" | "tlz" | "tzst" | "taz" => format!("{stem}.tar"),
        "svgz" => format!("{stem}.svg"),
        "gz" | "bz2" | "bz" | "xz" | "lzma" | "zst" | "lz4" | "z" => stem.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn nuls_between_and_behind_packed_streams_are_passed_over() {
        let unpacked = |bytes: &[u8], is_gzip: bool| match is_gzip {
            true => io::read_to_string(Streams::new(bytes, GzDecoder::new, GzDecoder::into_inner)),
            false => io::read_to_string(Streams::new(bytes, BzDecoder::new, BzDecoder::into_inner)),
        };
        for (pack, is_gzip) in [(gzip as fn(&[u8]) -> Vec<u8>, true), (bzip2, false)] {
            let [one, two] = [pack(b"one "), pack(b"two")];
            for filling in [0, 3, 70_000] {
                let nuls = vec![0; filling];
                let bytes = [one.as_slice(), &nuls, &two, &nuls].concat();
                assert_eq!(unpacked(&bytes, is_gzip).unwrap(), "one two");
            }
            assert!(unpacked(&[one.as_slice(), b"\0x"].concat(), is_gzip).is_err());
            assert!(unpacked(one.split_last().unwrap().1, is_gzip).is_err());
        }
    }
}
