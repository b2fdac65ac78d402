//! The names of the members of one archive, which were written in the code page of whoever packed it.

use crate::encoding::{decode_names, short_korean};

/// The names as text. Those that are not UTF-8 are decoded together, because one short name does not tell its encoding:
/// Korean archives carry CP949 without saying so.
pub(super) fn names(raw: &[impl AsRef<[u8]>]) -> Vec<String> {
    // 표 and 호 are letters of UTF-8, too.
    let utf8 = |name: &[u8]| match std::str::from_utf8(name) {
        Ok(text) => short_korean(name).is_none().then(|| text.to_owned()),
        Err(_) => None,
    };
    let foreign: Vec<&[u8]> =
        raw.iter().map(AsRef::as_ref).filter(|name| utf8(name).is_none()).collect();
    let decoded = decode_names(&foreign.join(&b'\n'));
    let mut decoded = decoded.split('\n');
    raw.iter()
        .map(|name| match utf8(name.as_ref()) {
            Some(name) => name,
            None => decoded.next().unwrap_or("unnamed").to_owned(),
        })
        .collect()
}
