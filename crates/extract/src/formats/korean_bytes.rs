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

/// How many letters of UTF-8 outweigh a stray run of bytes that are none.
const OUTWEIGH: usize = 2;

/// The text of a tag: as UTF-8, as CP949 that somebody took for Latin-1, as bare CP949, or as Windows-1252. A stray byte does
/// not make another encoding of what is UTF-8 for the most part: tags are cut within a letter, and joined by programs.
pub(super) fn tag_text(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let Letters { wide, narrow, stray } = Letters::of(bytes);
        let utf8 = || String::from_utf8_lossy(bytes).into_owned();
        // What is Hangul in CP949 has letters of three bytes by accident, too, but each of them behind a byte that is none: its
        // pairs begin with no byte that such a letter begins with.
        if wide >= stray * OUTWEIGH {
            return utf8();
        }
        let latin = || encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned();
        // Those of two bytes are Hangul as often as not.
        return decode(bytes).unwrap_or_else(|| match wide + narrow >= stray * OUTWEIGH {
            true => utf8(),
            false => latin(),
        });
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

/// What bytes come to that are UTF-8 but for some.
struct Letters {
    /// Letters of three bytes, as those of Korean are.
    wide: usize,
    /// Letters of two bytes, or of four.
    narrow: usize,
    /// Runs of bytes that are no letter.
    stray: usize,
}

impl Letters {
    fn of(bytes: &[u8]) -> Letters {
        let mut letters = Letters { wide: 0, narrow: 0, stray: 0 };
        for chunk in bytes.utf8_chunks() {
            letters.stray += usize::from(!chunk.invalid().is_empty());
            for c in chunk.valid().chars().filter(|c| !c.is_ascii()) {
                match c.len_utf8() {
                    3 => letters.wide += 1,
                    _ => letters.narrow += 1,
                }
            }
        }
        letters
    }
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

    #[test]
    fn a_stray_byte_does_not_make_another_encoding() {
        for (bytes, expected) in [
            ("침수 현장 사진\u{FFFD}", ["침수 현장 사진".as_bytes(), b"\xFF"].concat()),
            ("\u{FFFD}침수 현장", [b"\xB0", "침수 현장".as_bytes()].concat()),
            // Cut within a letter.
            ("배수펌프\u{FFFD}", "배수펌프장".as_bytes()[..14].to_vec()),
            (
                "Zoë, Müller, Kohlmeiß\u{FFFD}",
                ["Zoë, Müller, Kohlmeiß".as_bytes(), b"\xE9"].concat(),
            ),
            // Of Latin-1 no two letters are UTF-8.
            ("Café", b"Caf\xE9".to_vec()),
            ("café – Müller", b"caf\xE9 \x96 M\xFCller".to_vec()),
        ]
        .map(|(expected, bytes)| (bytes, expected))
        {
            assert_eq!(tag_text(&bytes), expected);
        }
    }

    /// Whatever Hangul of CP949 looks like in UTF-8, it stays Hangul.
    #[test]
    fn korean_words_stay_korean() {
        for text in [
            "침수 현장 사진",
            "표지판 교체 공사",
            "최초 책임 총괄",
            "하천 제방 붕괴",
            "추진 체계 점검",
            "홍수 피해 복구 현황",
            "가나다라마바사아자차카타파하",
            "흙 토사 퇴적",
            "회의 의사록",
            "표 1 지도",
        ] {
            let bytes = encoding_rs::EUC_KR.encode(text).0.into_owned();
            assert_eq!(tag_text(&bytes), text);
        }
        // All syllables that the encoding knows, two by two with each of their neighbours.
        let all: Vec<char> =
            ('가'..='힣').filter(|c| !encoding_rs::EUC_KR.encode(&c.to_string()).2).collect();
        for pair in all.windows(2).step_by(7) {
            for other in ['의', '표', '재', '난'] {
                let text: String = pair.iter().copied().chain(['지', other]).collect();
                let bytes = encoding_rs::EUC_KR.encode(&text).0.into_owned();
                if std::str::from_utf8(&bytes).is_err() {
                    assert_eq!(tag_text(&bytes), text);
                }
            }
        }
    }
}
