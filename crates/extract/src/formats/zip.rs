//! ZIP archives.

use madang_document::content::{Content, Member};
use madang_document::outcome::Outcome;
use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::encoding::decode;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::recognise::recognise_zip;
use crate::unpack::{leave_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "zip",
    version: 1,
    media_types: &["application/zip"],
    sniff,
    media_type: |_| "application/zip",
    extract,
};

/// Never more than magic, so that every format that stands on ZIP and knows itself by its inside wins.
fn sniff(probe: &Probe<'_>) -> Match {
    // A first entry, an empty archive, or the mark of a spanned one (APPNOTE 6.3.10, sections 4.3.7, 4.3.16, 8.5.4).
    let magic: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04"];
    if magic.iter().any(|m| probe.starts_with(m)) && recognise_zip(probe).is_none() {
        Match::Magic
    } else {
        Match::No
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut paths = MemberPaths::default();
    let mut archive = match ZipArchive::new(Cursor::new(blob)) {
        Ok(archive) => archive,
        Err(error) => {
            read_stream(blob, context, &mut content, &mut paths);
            if content.members.is_empty() {
                return Err(ExtractError::corrupt(format!("ZIP table of contents: {error}")));
            }
            content.lost(format!("ZIP table of contents: {error}; read member by member instead"));
            return Ok(content);
        }
    };
    if archive.has_duplicate_names() {
        content.lost("several members have the same name; only the last of each is read");
    }
    let names = names(&archive);
    for (index, name) in names.iter().enumerate() {
        let Ok(entry) = archive.by_index_data(index) else { continue };
        if entry.is_dir() {
            continue;
        }
        let path = paths.take(name);
        let size = entry.size();
        if entry.is_symlink() {
            content.members.push(Member { path, size: Some(size), outcome: None });
            continue;
        }
        let encrypted = entry.encrypted();
        let go_on = if encrypted {
            let reason = "the member is encrypted";
            leave_member(&path, Some(size), Outcome::Encrypted, reason, context, &mut content)
        } else {
            match archive.by_index(index) {
                Ok(member) => take_member(member, &path, Some(size), context, &mut content),
                Err(error) => {
                    let outcome = match error {
                        zip::result::ZipError::UnsupportedArchive(_)
                        | zip::result::ZipError::CompressionMethodNotSupported(_) => {
                            Outcome::Unsupported
                        }
                        _ => Outcome::Corrupt,
                    };
                    let reason = error.to_string();
                    leave_member(&path, Some(size), outcome, &reason, context, &mut content)
                }
            }
        };
        if !go_on {
            break;
        }
    }
    Ok(content)
}

/// The names of all members, in their order. Those that are not UTF-8 are decoded together, because one short name
/// does not tell its encoding: Korean archives carry CP949 without saying so (APPNOTE, appendix D, knows CP437 only).
fn names(archive: &ZipArchive<Cursor<'_>>) -> Vec<String> {
    let raw: Vec<&[u8]> = archive.file_names_raw().collect();
    let foreign: Vec<&[u8]> =
        raw.iter().copied().filter(|name| std::str::from_utf8(name).is_err()).collect();
    let decoded = decode(&foreign.join(&b'\n')).text;
    let mut decoded = decoded.split('\n');
    raw.iter()
        .map(|name| match std::str::from_utf8(name) {
            Ok(name) => name.to_owned(),
            Err(_) => decoded.next().unwrap_or("unnamed").to_owned(),
        })
        .collect()
}

/// Reads what can be read of an archive without its table of contents, which stands at the end and is the first to go.
fn read_stream(
    blob: &dyn Blob,
    context: &Context<'_>,
    content: &mut Content,
    paths: &mut MemberPaths,
) {
    let mut cursor = Cursor::new(blob);
    while let Ok(Some(mut member)) = read_zipfile_from_stream(&mut cursor) {
        if member.is_dir() || member.is_symlink() {
            continue;
        }
        let path = paths.take(&decode(member.name_raw()).text);
        let size = member.size();
        if !take_member(&mut member, &path, Some(size), context, content) {
            break;
        }
    }
}
