//! Single files packed with gzip or bzip2: a container with one member. A `.tar.gz` holds a TAR archive, which is then
//! read as such.

use std::io::BufReader;

use bzip2::read::MultiBzDecoder;
use flate2::bufread::{GzDecoder, MultiGzDecoder};
use madang_document::content::Content;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::encoding::decode;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::take_member;

pub(super) const GZIP: Format = Format {
    name: "gzip",
    version: 1,
    media_types: &["application/gzip"],
    // RFC 1952, section 2.3.1: the magic, then the only method there is.
    sniff: |probe| magic(probe, b"\x1F\x8B\x08"),
    media_type: |_| "application/gzip",
    extract: extract_gzip,
};

pub(super) const BZIP2: Format = Format {
    name: "bzip2",
    version: 1,
    media_types: &["application/x-bzip2"],
    sniff: |probe| match probe.head.get(3) {
        Some(b'1'..=b'9') => magic(probe, b"BZh"),
        _ => Match::No,
    },
    media_type: |_| "application/x-bzip2",
    extract: extract_bzip2,
};

fn magic(probe: &Probe<'_>, magic: &[u8]) -> Match {
    if probe.starts_with(magic) { Match::Magic } else { Match::No }
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

fn single(member: impl std::io::Read, name: &str, context: &Context<'_>) -> Content {
    let mut content = Content::default();
    let path = MemberPaths::default().take(name);
    take_member(member, &path, None, context, &mut content);
    content
}

/// The name without what packing added to it; `.tgz` is `.tar.gz` in short, `.svgz` an SVG.
fn stem(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match extension.to_ascii_lowercase().as_str() {
        "tgz" | "tbz" | "tbz2" => format!("{stem}.tar"),
        "svgz" => format!("{stem}.svg"),
        "gz" | "bz2" | "bz" => stem.to_owned(),
        _ => name.to_owned(),
    }
}
