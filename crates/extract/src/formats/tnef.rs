//! `winmail.dat`: what Outlook puts around a mail that it sends in its own format (MS-OXTNEF).

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::bytes::{split_u32, u16_at};
use super::mapi::{ATTACH_DATA, BODY, Properties, SUBJECT, attachment_name, read_message};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::unpack::take_member;

pub(super) const FORMAT: Format = Format {
    name: "tnef",
    version: 3,
    media_types: &["application/vnd.ms-tnef"],
    sniff: |probe| if probe.starts_with(MAGIC) { Match::Magic } else { Match::No },
    media_type: |_| "application/vnd.ms-tnef",
    extract,
};

const MAGIC: &[u8] = b"\x78\x9F\x3E\x22";
const STRING8: u16 = 0x001E;
const OBJECT: u16 = 0x000D;
/// The interface of an object that is a message (MS-OXTNEF, section 2.1.3.4.2).
const MESSAGE: &[u8] = b"\x07\x03\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46";

#[derive(Debug, Default)]
struct Attachment {
    title: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
    properties: Properties,
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let bytes = blob.read_all(context.limits.member)?;
    let mut rest = bytes.get(6..).unwrap_or_default();
    let mut content = Content::default();
    let mut message = Properties::default();
    let mut attachments: Vec<Attachment> = Vec::new();
    let mut is_whole = true;
    while !rest.is_empty() {
        context.progress();
        let Some((id, data, after)) = attribute(rest) else {
            content.lost(ReasonKind::EndsWithin(Noun::Attribute.into()).of(Noun::File));
            break;
        };
        rest = after;
        match id {
            // attOemCodepage comes first.
            0x0006_9007 => {
                message = Properties::in_page(u16_at(data, 0));
            }
            0x0006_9003 => is_whole &= properties(data, &mut message),
            0x0001_8004 => message.add(SUBJECT, STRING8, data.to_vec()),
            0x0002_800C => message.add(BODY, STRING8, data.to_vec()),
            // attAttachRenddata begins an attachment.
            0x0006_9002 if attachments.len() as u64 <= context.limits.members => {
                let properties = Properties::in_page(message.code_page());
                attachments.push(Attachment { properties, ..Attachment::default() });
            }
            _ => {
                let Some(attachment) = attachments.last_mut() else { continue };
                match id {
                    0x0001_8010 => attachment.title = Some(data.to_vec()),
                    0x0006_800F => attachment.data = Some(data.to_vec()),
                    0x0006_9005 => is_whole &= properties(data, &mut attachment.properties),
                    _ => {}
                }
            }
        }
    }
    if !is_whole {
        content.lost(ReasonKind::Damaged.of(Noun::Properties));
    }
    read_message(&message, &[], &mut content, context);
    members(attachments, &mut content, context);
    Ok(content)
}

fn members(attachments: Vec<Attachment>, content: &mut Content, context: &Context<'_>) {
    const TITLE: u16 = 0x3704;
    let mut paths = MemberPaths::default();
    for (number, attachment) in (1..).zip(attachments) {
        let Attachment { title, data, mut properties } = attachment;
        if let Some(title) = title {
            properties.add(TITLE, STRING8, title);
        }
        let name = attachment_name(&properties).unwrap_or_else(|| format!("attachment-{number}"));
        let object = properties.bytes(ATTACH_DATA);
        let nested = object.and_then(|object| object.strip_prefix(MESSAGE));
        let (name, bytes) = match (nested, data.as_deref(), object) {
            (Some(nested), ..) => (format!("{name}.tnef"), nested),
            // Sixteen bytes before an object tell what it is.
            (None, None, Some(object)) => (name, object.get(16..).unwrap_or_default()),
            (None, Some(data), _) => (name, data),
            (None, None, None) => continue,
        };
        let path = paths.take(&name.replace(['/', '\\'], "-"));
        if !take_member(bytes, &path, None, context, content) {
            return;
        }
    }
}

/// The number of the first attribute, its data, and what follows.
fn attribute(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (_level, rest) = bytes.split_first()?;
    let (id, rest) = split_u32(rest)?;
    let (length, rest) = split_u32(rest)?;
    let length = usize::try_from(length).ok()?;
    let data = rest.get(..length)?;
    // A checksum of two bytes ends it.
    Some((id, data, rest.get(length..)?.get(2..).unwrap_or_default()))
}

/// Adds the properties of a list (MS-OXTNEF, section 2.1.3.4); what is damaged ends it. Gives whether all could be read.
fn properties(bytes: &[u8], to: &mut Properties) -> bool {
    let Some((count, mut rest)) = split_u32(bytes) else { return bytes.is_empty() };
    for _ in 0..count {
        match property(rest, to) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn property<'a>(bytes: &'a [u8], to: &mut Properties) -> Option<&'a [u8]> {
    let (tag, mut rest) = split_u32(bytes)?;
    let (kind, id) = (u16::try_from(tag & 0xFFFF).ok()?, u16::try_from(tag >> 16).ok()?);
    if id >= 0x8000 {
        // Named: a set, then a number or a name.
        let (by_name, after) = split_u32(rest.get(16..)?)?;
        let (value, after) = split_u32(after)?;
        rest = if by_name == 0 { after } else { after.get(padded(value)?..)? };
    }
    let several = kind & 0x1000 != 0;
    let kind = kind & 0x0FFF;
    let variable = matches!(kind, 0x001E | 0x001F | 0x0102 | OBJECT);
    let (count, mut rest) = if several || variable { split_u32(rest)? } else { (1, rest) };
    for n in 0..count {
        let (length, after) = if variable {
            split_u32(rest)?
        } else {
            let length = match kind {
                2 | 3 | 4 | 0x0A | 0x0B => 4,
                5 | 6 | 7 | 0x14 | 0x40 => 8,
                0x48 => 16,
                _ => return None,
            };
            (length, rest)
        };
        let value = after.get(..usize::try_from(length).ok()?)?;
        if n == 0 && id < 0x8000 {
            to.add(id, kind, value.to_vec());
        }
        rest = after.get(padded(length)?.min(after.len())..)?;
    }
    Some(rest)
}

/// Values end at a multiple of four.
fn padded(length: u32) -> Option<usize> {
    usize::try_from(length.checked_next_multiple_of(4)?).ok()
}
