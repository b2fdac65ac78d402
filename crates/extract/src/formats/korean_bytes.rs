//! Korean text in fields that were meant for Latin-1: ID3 tags, RIFF lists, PDF strings and EXIF texts of
//! Korean programs hold bare CP949.

use crate::encoding::short_korean;

/// The text of `bytes` if they can be read as CP949 without error and all that is not ASCII is Hangul or
/// punctuation that comes with it. Accented Latin words fail that test: their letters stand alone, and CP949
/// letters come in pairs of bytes.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let text = encoding_rs::EUC_KR.decode_without_bom_handling_and_without_replacement(bytes)?;
    let mut hangul = false;
    for c in text.chars() {
        match c {
            '가'..='힣' => hangul = true,
            'ㄱ'..='ㆎ' | '\u{3000}'..='\u{303F}' | '\u{2010}'..='\u{203B}' | '·' | '％' => {}
            '\u{FF01}'..='\u{FF5E}' => {}
            c if c.is_ascii() => {}
            _ => return None,
        }
    }
    hangul.then(|| text.into_owned())
}

/// The text of a tag: as UTF-8, as CP949 that somebody took for Latin-1, as bare CP949, or as Windows-1252.
pub(super) fn tag_text(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let latin = || encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned();
        return decode(bytes).unwrap_or_else(latin);
    };
    if text.is_ascii() {
        return text.to_owned();
    }
    if let Some(korean) = short_korean(bytes) {
        return korean.text;
    }
    let narrow: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    narrow.and_then(|bytes| decode(&bytes)).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_hangul_and_leaves_the_rest() {
        let cp949 = encoding_rs::EUC_KR.encode("똠방각하 1집").0.into_owned();
        let mojibake: String = cp949.iter().map(|&b| char::from(b)).collect();
        for (bytes, expected) in [
            (cp949.as_slice(), "똠방각하 1집"),
            (mojibake.as_bytes(), "똠방각하 1집"),
            ("봄날".as_bytes(), "봄날"),
            ("Café Müller".as_bytes(), "Café Müller"),
            (b"Caf\xE9", "Café"),
            (b"plain", "plain"),
            (b"\xC7\xA5 1", "표 1"),
        ] {
            assert_eq!(tag_text(bytes), expected);
        }
    }
}
