//! RAR archives: what they list, and the members that lie in them as they are. How RAR packs is its maker's own, and the
//! readers that may be used for it weigh more than all other archives together; what is packed is named.

use madang_document::content::Content;

use super::fields::{Fields, part};
use super::member_names::names;
use super::packing::{Checked, Packing, Refusal, unpacker};
use super::rar_member::RarMember;
use super::rar4::read_heads as read_heads_4;
use super::rar5::read_heads as read_heads_5;

use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::split_name::JOIN;
use crate::unpack::{leave_member, link_to, list_member, take_member, too_many};

pub(super) const FORMAT: Format = Format {
    name: "rar",
    version: 2,
    media_types: &["application/vnd.rar"],
    sniff: |probe| {
        if probe.starts_with(OLD) || probe.starts_with(NEW) { Match::Magic } else { Match::No }
    },
    media_type: |_| "application/vnd.rar",
    extract,
};

/// RAR 1.5 to 4.
const OLD: &[u8] = b"Rar!\x1A\x07\0";
/// RAR 5 and later.
const NEW: &[u8] = b"Rar!\x1A\x07\x01\0";

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let new = read_range(blob, 0, NEW.len() as u64)? == NEW;
    let most = context.limits.members;
    let heads = match new {
        true => read_heads_5(&mut Fields::at(blob, NEW.len() as u64), most),
        false => read_heads_4(&mut Fields::at(blob, OLD.len() as u64), most),
    };
    if heads.encrypted {
        return Err(ExtractError::Encrypted("the names of the members are encrypted".into()));
    }
    let cut = heads.members.iter().any(|member| member.cut);
    if cut {
        content.lost(JOIN);
    }
    if let Some(fault) = heads.fault {
        if heads.members.is_empty() {
            return Err(ExtractError::corrupt(fault));
        }
        content.lost(format!("after {} members: {fault}", heads.members.len()));
    }
    if heads.too_many {
        content.cut(too_many(context));
    }
    let raw: Vec<&[u8]> = heads.members.iter().map(|member| member.name.as_slice()).collect();
    let names = names(&raw);
    let mut paths = MemberPaths::default();
    for (member, name) in heads.members.iter().zip(&names).filter(|(member, _)| !member.folder) {
        context.progress();
        let path = paths.take(name);
        let size = Some(member.size);
        if member.link {
            if !list_member(path, &link_to(None), context, &mut content) {
                break;
            }
            continue;
        }
        let go_on = match open(blob, member) {
            Ok(unpacked) => {
                let unpacked = Checked::new(unpacked, member.size, member.sum);
                take_member(unpacked, &path, size, context, &mut content)
            }
            Err(Refusal { outcome, reason }) => {
                leave_member(&path, size, outcome, &reason, context, &mut content)
            }
        };
        if !go_on {
            break;
        }
    }
    Ok(content)
}

fn open<'a>(
    blob: &'a dyn Blob,
    member: &RarMember,
) -> Result<Box<dyn std::io::Read + 'a>, Refusal> {
    if member.encrypted {
        return Err(Refusal::encrypted("RAR's AES"));
    }
    if member.cut {
        let outcome = madang_document::outcome::Outcome::Unsupported;
        return Err(Refusal { outcome, reason: format!("a piece of the member: {JOIN}") });
    }
    if !member.stored {
        return Err(Refusal::unsupported(member.method));
    }
    unpacker(Packing::Stored, part(blob, member.at, member.packed), member.size)
}
