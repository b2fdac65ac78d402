//! Keys of objects as text.
//!
//! A file name is a string of bytes, and Korean shares hold names that are not UTF-8 (CP949, mostly). A key is
//! the name as text that gives the bytes back: bytes that are no UTF-8 stand as characters of a private plane,
//! U+10FF80 to U+10FFFF for the bytes 0x80 to 0xFF, and so do the bytes of a genuine character of that range.
//! So no two names have one key, a UTF-8 name is its own key, and everything that handles text (the ledger,
//! JSON, addresses) handles any name.

use std::borrow::Cow;

/// The first character of the range that stands for bytes; 0x80 stands at its start.
const ESCAPE: u32 = 0x10_FF80;

fn is_escape(c: char) -> bool {
    (ESCAPE..=ESCAPE + 0x7F).contains(&u32::from(c))
}

fn push_escaped(key: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let c = char::from_u32(ESCAPE + u32::from(byte & 0x7F));
        key.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

/// The key of a name.
pub fn from_bytes(name: &[u8]) -> String {
    let mut key = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_escape(c) {
                push_escaped(&mut key, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                key.push(c);
            }
        }
        push_escaped(&mut key, chunk.invalid());
    }
    key
}

/// The name of a key: what [`from_bytes`] made it of.
pub fn to_bytes(key: &str) -> Cow<'_, [u8]> {
    if !key.chars().any(is_escape) {
        return Cow::Borrowed(key.as_bytes());
    }
    let mut name = Vec::with_capacity(key.len());
    for c in key.chars() {
        if is_escape(c) {
            // The low seven bits of U+10FF80..U+10FFFF are those of the byte; its highest bit is always set.
            name.push(0x80 | (u32::from(c) & 0x7F) as u8);
        } else {
            name.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Cow::Owned(name)
}

/// The name as people read it: UTF-8 as it is; a part that is none as CP949, if it can be read so, else with a
/// replacement character for each byte. For showing only: two names may be read alike.
pub fn readable(key: &str) -> Cow<'_, str> {
    if !key.chars().any(is_escape) {
        return Cow::Borrowed(key);
    }
    let name = to_bytes(key);
    let parts: Vec<Cow<'_, str>> = name.split(|byte| *byte == b'/').map(read).collect();
    Cow::Owned(parts.join("/"))
}

fn read(part: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(part) {
        return Cow::Borrowed(text);
    }
    encoding_rs::EUC_KR
        .decode_without_bom_handling_and_without_replacement(part)
        .unwrap_or_else(|| String::from_utf8_lossy(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_own_key_and_comes_back() {
        let names: [&[u8]; 6] = [
            "보고서/a.hwp".as_bytes(),
            b"\xba\xb8\xb0\xed\xbc\xad.hwp",
            b"a\xff/b\x80",
            "\u{10FFBA}".as_bytes(),
            b"\xba",
            b"",
        ];
        let keys: Vec<String> = names.iter().map(|name| from_bytes(name)).collect();
        for (name, key) in names.iter().zip(&keys) {
            assert_eq!(&*to_bytes(key), *name);
        }
        let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(keys.first().map(String::as_str), Some("보고서/a.hwp"));
    }

    #[test]
    fn a_korean_name_of_an_old_share_is_read_as_korean() {
        let key = from_bytes(b"2026/\xba\xb8\xb0\xed\xbc\xad.hwp");
        assert_eq!(readable(&key), "2026/보고서.hwp");
        assert_eq!(readable(&from_bytes(b"a\xff")), "a\u{fffd}");
    }
}
