//! Embedded objects as RTF holds them: OLE 1 (MS-OLEDS, section 2.2).

use super::super::bytes::split_u32;
use super::super::ole_object::packaged;

/// What an object is.
#[derive(Debug)]
pub(super) enum Object {
    /// A file, under the name that the object gives it.
    File(String, Vec<u8>),
    /// Data of some program, among them compound files.
    Data(Vec<u8>),
    /// Only a link, or nothing.
    Link,
    /// Its head leads out of it.
    Broken,
}

/// Reads the data of an object.
pub(super) fn read(data: &[u8]) -> Object {
    native(data).unwrap_or(Object::Broken)
}

fn native(data: &[u8]) -> Option<Object> {
    const EMBEDDED: usize = 2;
    let (_version, rest) = number(data)?;
    let (kind, rest) = number(rest)?;
    if kind != EMBEDDED {
        return Some(Object::Link);
    }
    let (class, rest) = text(rest)?;
    let (_topic, rest) = text(rest)?;
    let (_item, rest) = text(rest)?;
    let (length, rest) = number(rest)?;
    // A file that broke off still holds the start of its objects.
    let native = rest.get(..length).unwrap_or(rest);
    if class.eq_ignore_ascii_case(b"Package") {
        let counted: Vec<u8> = [&u32::try_from(native.len()).ok()?.to_le_bytes(), native].concat();
        if let Some((name, bytes)) = packaged(&counted) {
            return Some(Object::File(name, bytes));
        }
    }
    Some(Object::Data(native.to_vec()))
}

fn number(data: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = split_u32(data)?;
    Some((usize::try_from(number).ok()?, rest))
}

/// A text with its length before it and a NUL at its end, which the length counts.
fn text(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(data)?;
    let text = rest.get(..length)?;
    Some((text.strip_suffix(b"\0").unwrap_or(text), rest.get(length..)?))
}
