//! Encodings of Unicode: by their byte order mark, or by the pattern of their units.

use encoding_rs::Encoding;

/// How wide the units of a Unicode encoding are and which byte comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Utf8,
    Utf16Le,
    Utf16Be,
    Utf32Le,
    Utf32Be,
}

/// The byte order mark: its length and what it says.
pub(super) fn bom(bytes: &[u8]) -> Option<(usize, Unit)> {
    let marks: [(&[u8], Unit); 5] = [
        (b"\xEF\xBB\xBF", Unit::Utf8),
        (b"\xFF\xFE\0\0", Unit::Utf32Le),
        (b"\0\0\xFE\xFF", Unit::Utf32Be),
        (b"\xFF\xFE", Unit::Utf16Le),
        (b"\xFE\xFF", Unit::Utf16Be),
    ];
    marks
        .into_iter()
        .find(|(mark, _)| bytes.starts_with(mark))
        .map(|(mark, unit)| (mark.len(), unit))
}

/// The bytes without the units of NUL that a crash leaves at the end.
pub(super) fn without_tail(bytes: &[u8], unit: Unit) -> &[u8] {
    let width = match unit {
        Unit::Utf8 => 1,
        Unit::Utf16Le | Unit::Utf16Be => 2,
        Unit::Utf32Le | Unit::Utf32Be => 4,
    };
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    bytes.get(..end.next_multiple_of(width)).unwrap_or(bytes)
}

/// Recognises 16 and 32 bit units without a mark by what they would spell: letters with spaces or line ends
/// between them. Plain ASCII read as 16-bit units spells ideographs too, but never a space.
pub(super) fn wide(bytes: &[u8]) -> Option<Unit> {
    // 32 KiB, a whole number of units of either width.
    let head = bytes.get(..32 << 10).unwrap_or(bytes);
    if head.len() < 4 || !head.contains(&0) {
        return None;
    }
    for unit in [Unit::Utf32Le, Unit::Utf32Be] {
        let head = without_tail(head, unit);
        let mut units = head.chunks_exact(4).map(|four| char32(four, unit));
        if head.len() >= 8 && units.all(|c| c.is_some_and(|c| !is_odd(c))) {
            return Some(unit);
        }
    }
    let share = |unit| {
        let head = without_tail(head, unit);
        let units = head.chunks_exact(2).map(|pair| unit16(pair, unit));
        let (mut all, mut ascii, mut letters) = (0usize, 0usize, 0usize);
        // Every file that is no text comes here. It is dropped as soon as it has more that is no letter than a text of
        // this length may have, which is soon.
        let most = head.len() / 2 * 3 / 100;
        for c in char::decode_utf16(units) {
            if all - ascii - letters > most {
                return 0;
            }
            all += 1;
            match c {
                Ok(c) if c.is_ascii() && !is_odd(c) => ascii += 1,
                Ok(c) if c.is_alphanumeric() => letters += 1,
                // Units of measure and numbers in signs are beside the punctuation of East Asia.
                Ok('\u{00A0}'..='\u{00FF}' | '\u{2000}'..='\u{27BF}' | '\u{3000}'..='\u{33FF}') => {
                    letters += 1;
                }
                Ok('\u{FF00}'..='\u{FFEF}') => letters += 1,
                Ok(_) | Err(_) => {}
            }
        }
        let spelt = all > 0 && ascii * 50 >= all && (ascii + letters) * 100 >= all * 97;
        if spelt { ascii } else { 0 }
    };
    match (share(Unit::Utf16Le), share(Unit::Utf16Be)) {
        (0, 0) => None,
        (le, be) if le >= be => Some(Unit::Utf16Le),
        _ => Some(Unit::Utf16Be),
    }
}

fn unit16(pair: &[u8], unit: Unit) -> u16 {
    match *pair {
        [a, b] if unit == Unit::Utf16Le => u16::from_le_bytes([a, b]),
        [a, b] => u16::from_be_bytes([a, b]),
        _ => 0xFFFD,
    }
}

fn char32(four: &[u8], unit: Unit) -> Option<char> {
    let [a, b, c, d] = *four else { return None };
    char::from_u32(match unit {
        Unit::Utf32Le => u32::from_le_bytes([a, b, c, d]),
        _ => u32::from_be_bytes([a, b, c, d]),
    })
}

/// The text of units, the name of their encoding, and whether bytes had no meaning in it.
pub(super) fn decode(bytes: &[u8], unit: Unit) -> (String, &'static str, bool) {
    let bytes = without_tail(bytes, unit);
    let with = |encoding: &'static Encoding| {
        let (text, lossy) = encoding.decode_without_bom_handling(bytes);
        (text.into_owned(), encoding.name(), lossy)
    };
    match unit {
        Unit::Utf8 => with(encoding_rs::UTF_8),
        Unit::Utf16Le => with(encoding_rs::UTF_16LE),
        Unit::Utf16Be => with(encoding_rs::UTF_16BE),
        Unit::Utf32Le | Unit::Utf32Be => {
            let mut lossy = !bytes.len().is_multiple_of(4);
            let text = bytes
                .chunks_exact(4)
                .map(|four| {
                    char32(four, unit).unwrap_or_else(|| {
                        lossy = true;
                        char::REPLACEMENT_CHARACTER
                    })
                })
                .collect();
            (text, if unit == Unit::Utf32Le { "UTF-32LE" } else { "UTF-32BE" }, lossy)
        }
    }
}

/// Controls that no text holds. Form feed, escape and the DOS end of file are found in old text files.
pub(super) fn is_odd(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0E'..='\x19' | '\x1C'..='\x1F' | '\x7F' | '\u{FFFD}')
        && !matches!(c, '\x0E' | '\x0F')
}
