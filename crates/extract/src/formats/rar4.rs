//! The heads of RAR 1.5 to 4, as the technical note that came with them lays them out.

use super::fields::Fields;
use super::rar_member::{RarHeads, RarMember};

const ARCHIVE: u8 = 0x73;
const FILE: u8 = 0x74;
const END: u8 = 0x7B;

/// Reads the heads of at most `most` members.
pub(super) fn read_heads(fields: &mut Fields<'_>, most: u64) -> RarHeads {
    // What is left behind the last head, filler of a disk, is shorter than one.
    RarHeads::read(fields, most, 7, read_head)
}

/// Reads a head and passes over what belongs to it. Gives whether others may follow.
fn read_head(fields: &mut Fields<'_>, heads: &mut RarHeads) -> Option<bool> {
    let start = fields.position();
    // The check sum of the head.
    fields.skip(2)?;
    let (kind, flags, length) = (fields.u8()?, fields.u16()?, fields.u16()?);
    let end = start.checked_add(length.into())?;
    if length < 7 {
        return None;
    }
    let mut data = 0;
    match kind {
        ARCHIVE if flags & 0x80 != 0 => {
            heads.encrypted = true;
            return Some(false);
        }
        FILE => {
            let mut member = read_member(fields, flags)?;
            data = member.packed;
            member.at = end;
            heads.members.heads.push(member);
        }
        END => return Some(false),
        _ if flags & 0x8000 != 0 => data = fields.u32()?.into(),
        _ => {}
    }
    fields.skip(end.checked_sub(fields.position())?)?;
    fields.skip(data)?;
    Some(true)
}

fn read_member(fields: &mut Fields<'_>, flags: u16) -> Option<RarMember> {
    let (packed, size) = (fields.u32()?, fields.u32()?);
    let system = fields.u8()?;
    let sum = fields.u32()?;
    // The time, and the version that is needed.
    fields.skip(5)?;
    let method = fields.u8()?;
    let length = fields.u16()?;
    let attributes = fields.u32()?;
    let (high_packed, high_size) =
        if flags & 0x100 != 0 { (fields.u32()?, fields.u32()?) } else { (0, 0) };
    let wide = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
    let name = fields.bytes(length.into())?;
    const UNIX: u8 = 3;
    Some(RarMember {
        name: if flags & 0x200 != 0 { unicode_name(&name) } else { name },
        size: wide(high_size, size),
        packed: wide(high_packed, packed),
        sum: Some(sum),
        folder: flags & 0xE0 == 0xE0,
        link: system == UNIX && attributes & 0o170_000 == 0o120_000,
        encrypted: flags & 4 != 0,
        stored: method == 0x30,
        cut: flags & 3 != 0,
        method: "RAR 4",
        ..RarMember::default()
    })
}

/// A name in the code page, a NUL, and what makes it Unicode: pairs of bits say whether a letter is a byte, a byte of the
/// page that most letters have, two bytes, or a run of letters of the first name. Without a NUL it is UTF-8.
fn unicode_name(field: &[u8]) -> Vec<u8> {
    let Some(nul) = field.iter().position(|byte| *byte == 0) else { return field.to_vec() };
    let (plain, packed) = field.split_at(nul);
    let mut bytes = packed.iter().skip(1).copied();
    let Some(page) = bytes.next().map(u16::from) else { return plain.to_vec() };
    let mut units: Vec<u16> = Vec::new();
    let mut read = || -> Option<()> {
        loop {
            let pairs = bytes.next()?;
            for shift in [6, 4, 2, 0] {
                let low = u16::from(bytes.next()?);
                match (pairs >> shift) & 3 {
                    0 => units.push(low),
                    1 => units.push(page << 8 | low),
                    2 => units.push(u16::from(bytes.next()?) << 8 | low),
                    _ => {
                        let mend = if low & 0x80 != 0 { Some(bytes.next()?) } else { None };
                        for _ in 0..(low & 0x7F) + 2 {
                            let letter = *plain.get(units.len())?;
                            units.push(match mend {
                                Some(mend) => page << 8 | u16::from(letter.wrapping_add(mend)),
                                None => letter.into(),
                            });
                        }
                    }
                }
            }
        }
    };
    // It ends with the field, wherever in a group of four that is.
    let _ended = read();
    String::from_utf16_lossy(&units).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_names_are_unpacked() {
        // `a`, then 가나 as two letters of two bytes, then one of the page 0xAC.
        let field = b"a__\0\xAC\x29a\x00\xAC\x98\xB0\x01";
        assert_eq!(unicode_name(field), "a가나각".as_bytes());
        assert_eq!(unicode_name(b"abcd\0\0\xC0\x02"), b"abcd");
        assert_eq!(unicode_name("이름".as_bytes()), "이름".as_bytes());
        assert_eq!(unicode_name(b"name\0"), b"name");
        assert_eq!(unicode_name(b"ab\0\0\xC0\xFF"), b"");
    }
}
