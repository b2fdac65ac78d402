//! The heads of RAR 5, as the technical note of its maker lays them out.

use super::fields::Fields;
use super::rar_member::{RarHeads, RarMember};

/// Heads may be two megabytes at most.
const LONGEST: u64 = 2 << 20;

/// Reads the heads of at most `most` members.
pub(super) fn read_heads(fields: &mut Fields<'_>, most: u64) -> RarHeads {
    RarHeads::read(fields, most, 1, read_head)
}

/// Reads a head and passes over what belongs to it. Gives whether others may follow.
fn read_head(fields: &mut Fields<'_>, heads: &mut RarHeads) -> Option<bool> {
    // The check sum of the head.
    fields.skip(4)?;
    let length = number(fields)?;
    if length > LONGEST {
        return None;
    }
    let end = fields.position().checked_add(length)?;
    let kind = number(fields)?;
    let flags = number(fields)?;
    let extra = if flags & 1 != 0 { number(fields)? } else { 0 };
    let data = if flags & 2 != 0 { number(fields)? } else { 0 };
    match kind {
        2 => {
            let mut member = read_member(fields, end, extra)?;
            member.cut = flags & 0x18 != 0;
            member.packed = data;
            member.at = end;
            heads.members.heads.push(member);
        }
        4 => {
            heads.encrypted = true;
            return Some(false);
        }
        5 => return Some(false),
        _ => {}
    }
    fields.skip(end.checked_sub(fields.position())?)?;
    fields.skip(data)?;
    Some(true)
}

fn read_member(fields: &mut Fields<'_>, end: u64, extra: u64) -> Option<RarMember> {
    let flags = number(fields)?;
    let size = number(fields)?;
    let _attributes = number(fields)?;
    if flags & 2 != 0 {
        fields.skip(4)?;
    }
    let sum = if flags & 4 != 0 { Some(fields.u32()?) } else { None };
    let packing = number(fields)?;
    let _system = number(fields)?;
    let length = number(fields)?;
    let name = fields.bytes(length.min(LONGEST))?;
    let mut member = RarMember {
        name,
        size,
        sum,
        folder: flags & 1 != 0,
        stored: (packing >> 7) & 7 == 0,
        method: "RAR 5",
        ..RarMember::default()
    };
    // Records of a length and a kind each: of encryption, or of what a link leads to.
    let start = end.checked_sub(extra)?;
    fields.skip(start.checked_sub(fields.position())?)?;
    while fields.position() < end {
        let length = number(fields)?;
        let behind = fields.position().checked_add(length)?;
        match number(fields)? {
            1 => member.encrypted = true,
            5 => member.link = true,
            _ => {}
        }
        if behind > end {
            return None;
        }
        fields.skip(behind.checked_sub(fields.position())?)?;
    }
    Some(member)
}

/// Seven bits in each byte, the lowest first; the eighth says that more follow.
fn number(fields: &mut Fields<'_>) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = fields.u8()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
