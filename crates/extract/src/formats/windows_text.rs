//! Text as old Windows programs store it: bytes in a code page, or UTF-16, mostly with a NUL at the end.

use super::code_page;

/// The ANSI code page that Windows has for a language identifier (MS-LCID, section 2.2).
pub(super) fn page_of_language(lcid: u16) -> u16 {
    // The lower ten bits are the language, the upper six the country or script.
    match (lcid & 0x3FF, lcid) {
        (0x12, _) => 949,
        (0x11, _) => 932,
        (0x04, 0x0804 | 0x1004) => 936,
        (0x04, _) => 950,
        (0x1E, _) => 874,
        (0x1A, 0x0C1A | 0x1C1A) | (0x02 | 0x19 | 0x22 | 0x23 | 0x2F, _) => 1251,
        (0x05 | 0x0E | 0x15 | 0x18 | 0x1A | 0x1B | 0x1C | 0x24, _) => 1250,
        (0x08, _) => 1253,
        (0x1F | 0x2C, _) => 1254,
        (0x0D, _) => 1255,
        (0x01 | 0x20 | 0x29, _) => 1256,
        (0x25..=0x27, _) => 1257,
        (0x2A, _) => 1258,
        _ => 1252,
    }
}

/// 8-bit text in a code page, up to its first NUL.
pub(super) fn narrow(bytes: &[u8], page: u16) -> String {
    if page == 1200 {
        return wide(bytes);
    }
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    code_page::decode(bytes.get(..end).unwrap_or_default(), page)
}

/// UTF-16, without NULs; half a unit at the end is none.
pub(super) fn wide(bytes: &[u8]) -> String {
    let whole = bytes.get(..bytes.len() & !1).unwrap_or_default();
    let text = encoding_rs::UTF_16LE.decode_without_bom_handling(whole).0;
    if text.contains('\0') { text.replace('\0', "") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korea_is_read() {
        let bytes = [0xC7, 0xD1, 0xB1, 0xDB, 0, b'x'];
        assert_eq!(narrow(&bytes, page_of_language(0x0412)), "한글");
        assert_eq!(narrow(&[0x93, b'a', 0x94], page_of_language(0x0409)), "“a”");
        assert_eq!(wide(&[0x00, 0xAC, 0, 0]), "가");
        assert_eq!(wide(&[0x00, 0xAC, 0]), "가");
    }
}
