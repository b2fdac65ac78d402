//! TAR archives.

use madang_document::content::{Content, Member};
use tar::Archive;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::encoding::decode;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::take_member;

pub(super) const FORMAT: Format = Format {
    name: "tar",
    version: 1,
    media_types: &["application/x-tar"],
    sniff,
    media_type: |_| "application/x-tar",
    extract,
};

/// `ustar` in the header (POSIX.1-2017, pax), or a header of the older kind with the right check sum.
fn sniff(probe: &Probe<'_>) -> Match {
    let Some(header) = probe.head.get(..512) else { return Match::No };
    if probe.has_at(257, b"ustar") || (header.first() != Some(&0) && has_check_sum(header)) {
        Match::Magic
    } else {
        Match::No
    }
}

/// The sum of the bytes of the header, its own field taken as blanks, in octal digits.
fn has_check_sum(header: &[u8]) -> bool {
    let field = header.get(148..156).unwrap_or_default();
    let digits: String = field.iter().map(|b| char::from(*b)).collect();
    let Ok(stated) = u32::from_str_radix(digits.trim_matches([' ', '\0']), 8) else { return false };
    let all: u32 = header.iter().map(|b| u32::from(*b)).sum();
    let own: u32 = field.iter().map(|b| u32::from(*b)).sum();
    stated == all - own + 8 * 32
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut paths = MemberPaths::default();
    let mut archive = Archive::new(Cursor::new(blob));
    for entry in archive.entries()? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if content.members.is_empty() => return Err(ExtractError::corrupt(error)),
            Err(error) => {
                content.lost(format!("after {} members: {error}", content.members.len()));
                break;
            }
        };
        context.progress();
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        let path = paths.take(&decode(&entry.path_bytes()).text);
        // Links and devices are not content of the archive: listed, never followed.
        if !(kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) {
            if content.members.len() as u64 >= context.limits.members {
                content.cut(format!("it holds more than {} members", context.limits.members));
                break;
            }
            content.members.push(Member { path, size: None, outcome: None });
            continue;
        }
        let size = entry.size();
        if !take_member(entry, &path, Some(size), context, &mut content) {
            break;
        }
    }
    Ok(content)
}
