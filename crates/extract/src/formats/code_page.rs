//! Windows code pages by their numbers, as RTF, MAPI and the old Office formats name encodings.

use encoding_rs::Encoding;

use crate::encoding;

/// The upper half of code page 437, the IBM PC's own.
const PC: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";
/// The upper half of code page 850, that of western Europe under DOS.
const PC_LATIN: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

/// The text of bytes in a code page. Bytes without a meaning become U+FFFD; a page that is not known is taken for 1252.
pub(super) fn decode(bytes: &[u8], page: u16) -> String {
    match page {
        437 => single(bytes, PC),
        850 | 858 => single(bytes, PC_LATIN),
        1361 => encoding::decode_johab(bytes).text,
        1200 | 1201 => {
            let encoding = if page == 1200 { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
            encoding.decode_without_bom_handling(bytes).0.into_owned()
        }
        50225 => encoding::decode(bytes).text,
        page => {
            let encoding = encoding_of(page).unwrap_or(encoding_rs::WINDOWS_1252);
            encoding.decode_without_bom_handling(bytes).0.into_owned()
        }
    }
}

/// Whether the code page writes one character in two bytes, and the bytes have a meaning in it throughout.
pub(super) fn is_double_byte_text(bytes: &[u8], page: u16) -> bool {
    matches!(page, 932 | 936 | 949 | 950)
        && encoding_of(page).is_some_and(|encoding| {
            encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
        })
}

fn encoding_of(page: u16) -> Option<&'static Encoding> {
    Some(match page {
        866 => encoding_rs::IBM866,
        874 => encoding_rs::WINDOWS_874,
        932 | 10001 | 943 => encoding_rs::SHIFT_JIS,
        936 | 10008 | 20936 => encoding_rs::GBK,
        949 | 51949 | 20949 | 10003 => encoding_rs::EUC_KR,
        950 | 10002 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1252 => encoding_rs::WINDOWS_1252,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10000 => encoding_rs::MACINTOSH,
        10007 => encoding_rs::X_MAC_CYRILLIC,
        20866 => encoding_rs::KOI8_R,
        21866 => encoding_rs::KOI8_U,
        28591 | 20127 => encoding_rs::WINDOWS_1252,
        28592 => encoding_rs::ISO_8859_2,
        28593 => encoding_rs::ISO_8859_3,
        28594 => encoding_rs::ISO_8859_4,
        28595 => encoding_rs::ISO_8859_5,
        28596 => encoding_rs::ISO_8859_6,
        28597 => encoding_rs::ISO_8859_7,
        28598 => encoding_rs::ISO_8859_8,
        28599 => encoding_rs::WINDOWS_1254,
        28603 => encoding_rs::ISO_8859_13,
        28605 => encoding_rs::ISO_8859_15,
        50220..=50222 => encoding_rs::ISO_2022_JP,
        51932 => encoding_rs::EUC_JP,
        54936 => encoding_rs::GB18030,
        65001 => encoding_rs::UTF_8,
        _ => return None,
    })
}

fn single(bytes: &[u8], upper: &str) -> String {
    let of = |byte: u8| match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(n) => upper.chars().nth(n.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    bytes.iter().map(|byte| of(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_their_letters() {
        assert_eq!((PC.chars().count(), PC_LATIN.chars().count()), (128, 128));
        for (bytes, page, text) in [
            (b"\x81\xE1\xFB".as_slice(), 437, "üß√"),
            (b"\xB5\xE1", 850, "Áß"),
            (b"\xB0\xA1\x8Cc", 949, "가똠"),
            (b"\x88\x61\xD0\x65", 1361, "가한"),
            (b"\x80", 1252, "€"),
            (b"\xAC\x00", 1201, "가"),
            (b"\x80", 7, "€"),
        ] {
            assert_eq!(decode(bytes, page), text, "{page}");
        }
        assert!(is_double_byte_text(b"\xB0\xA1", 949));
        assert!(!is_double_byte_text(b"caf\xE9 ", 949));
        assert!(!is_double_byte_text(b"\xE9", 1252));
    }
}
