//! RAR archives: what they list, and the members that lie in them as they are. How RAR packs is its maker's own, and the
//! readers that may be used for it weigh more than all other archives together; what is packed is named.

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::fields::{Fields, part};
use super::packing::{Packing, Refusal, unpacker};
use super::rar_member::RarMember;
use super::rar4::read_heads as read_heads_4;
use super::rar5::read_heads as read_heads_5;

use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::split_name::JOIN;

pub(super) const FORMAT: Format = Format {
    name: "rar",
    version: 5,
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
        return Err(ExtractError::Encrypted(ReasonKind::Encrypted(None).of(Noun::MemberNames)));
    }
    if heads.members.heads.iter().any(|member| member.cut) {
        content.lost(JOIN);
    }
    heads.members.report(context, &mut content)?;
    heads.members.each(context, &mut content, |member, turn| match member.link {
        true => turn.list_link(),
        false => turn.open(open(blob, member), member.sum),
    });
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
        return Err(Refusal::piece());
    }
    if !member.stored {
        return Err(Refusal::unsupported(member.method));
    }
    unpacker(Packing::Stored, part(blob, member.at, member.packed), member.size)
}
