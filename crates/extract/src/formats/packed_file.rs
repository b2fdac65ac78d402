//! Single files packed by gzip, bzip2, xz, lzma, zstd or compress: a container with one member. A `.tar.gz` holds a
//! TAR archive, which is then read as such.

use std::io::{BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::bufread::{GzDecoder, MultiGzDecoder};
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
    version: 4,
    media_types: &["application/gzip"],
    // RFC 1952, section 2.3.1: the magic, then the only method there is.
    sniff: |probe| magic(probe, b"\x1F\x8B\x08"),
    media_type: |_| "application/gzip",
    extract: extract_gzip,
};

pub(super) const BZIP2: Format = Format {
    name: "bzip2",
    version: 4,
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
    let member = MultiGzDecoder::new(BufReader::new(Cursor::new(blob)));
    Ok(single(member, &name, context))
}

fn extract_bzip2(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let member = MultiBzDecoder::new(Cursor::new(blob));
    Ok(single(member, &stem(context.name), context))
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
