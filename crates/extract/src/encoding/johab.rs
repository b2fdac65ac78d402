//! Johab (KS X 1001 annex 3): a Hangul syllable is its three letters in five bits each under a high bit; symbols and
//! Hanja are those of KS X 1001, elsewhere.

use encoding_rs::EUC_KR;

/// The text of bytes, and whether some had no meaning and became U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut lossy = false;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first < 0x80 {
            text.push(char::from(first));
            continue;
        }
        let c = match rest.split_first() {
            // A line end is none of a pair: the byte before it is damage, not the line.
            Some((&second, after)) if second >= 0x31 => {
                rest = after;
                pair(first, second)
            }
            _ => None,
        };
        lossy |= c.is_none();
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    (text, lossy)
}

/// What two bytes are: a syllable, a letter, a symbol or a Hanja.
pub(super) fn pair(first: u8, second: u8) -> Option<char> {
    letters(first, second).or_else(|| other(first, second))
}

/// A syllable, or a letter that stands alone.
pub(super) fn letters(first: u8, second: u8) -> Option<char> {
    const LEADS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
    const TAILS: &str = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";
    let code = u16::from_be_bytes([first, second]);
    // A part that is not there has a code of its own: 1, 2 and 1.
    let lead = match u32::from(code >> 10 & 31) {
        1 => None,
        n @ 2..=20 => Some(n - 2),
        _ => return None,
    };
    let vowel = match u32::from(code >> 5 & 31) {
        2 => None,
        n @ 3..=7 => Some(n - 3),
        n @ 10..=15 => Some(n - 5),
        n @ 18..=23 => Some(n - 7),
        n @ 26..=29 => Some(n - 9),
        _ => return None,
    };
    let tail = match u32::from(code & 31) {
        n @ 1..=17 => n - 1,
        n @ 19..=29 => n - 2,
        _ => return None,
    };
    match (lead, vowel, tail) {
        (Some(lead), Some(vowel), tail) => char::from_u32(0xAC00 + (lead * 21 + vowel) * 28 + tail),
        (Some(lead), None, 0) => LEADS.chars().nth(lead as usize),
        (None, Some(vowel), 0) => char::from_u32(0x314F + vowel),
        (None, None, tail @ 1..) => TAILS.chars().nth(tail as usize - 1),
        _ => None,
    }
}

/// A symbol or a Hanja: two rows of KS X 1001 stand under one first byte.
fn other(first: u8, second: u8) -> Option<char> {
    let (a, b) = (u16::from(first), u16::from(second));
    let row = match first {
        0xD9..=0xDE => 2 * (a - 0xD9),
        0xE0..=0xF9 => 2 * a - 0x197,
        _ => return None,
    };
    let cell = match second {
        0x31..=0x7E => b - 0x31,
        0x91..=0xFE => b - 0x43,
        _ => return None,
    };
    let (row, cell) = if cell < 0x5E { (row, cell) } else { (row + 1, cell - 0x5E) };
    let pair = [u8::try_from(row + 0xA1).ok()?, u8::try_from(cell + 0xA1).ok()?];
    let text = EUC_KR.decode_without_bom_handling_and_without_replacement(&pair)?;
    text.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_symbols_and_hanja() {
        for (bytes, text) in [
            (b"\xD0\x65\x88\x61".as_slice(), "한가"),
            (b"\x88\x41\x84\x61\x84\x42", "ㄱㅏㄱ"),
            (b"\xD9\x32\xD9\x94", "、∫"),
            (b"\xE0\x31\xE0\x91", "伽感"),
        ] {
            assert_eq!(decode(bytes), (text.to_owned(), false));
        }
        assert_eq!(decode(b"a\xFF\n").0, "a\u{FFFD}\n");
    }
}
