//! Bytes to text, whatever the character encoding.
//!
//! The order argues from certain to likely: a byte order mark, the pattern of 16 and 32 bit units, strict
//! UTF-8, ISO-2022-KR (its escape sequence is unmistakable), CP949 if what comes out is Korean, and only then
//! the guess of chardetng. chardetng alone takes short Korean text for other East Asian encodings.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding};
use madang_document::content::Content;

use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;

/// Text with the encoding it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// WHATWG name, or the IANA name of an encoding that the WHATWG leaves out.
    pub encoding: &'static str,
    /// Whether bytes had no meaning in it and were replaced by U+FFFD.
    pub lossy: bool,
}

/// Decodes bytes of unknown encoding. Never fails: what has no meaning is replaced.
pub fn decode(bytes: &[u8]) -> Decoded {
    certain(bytes).unwrap_or_else(|| likely(bytes))
}

/// Decodes bytes that say themselves in which encoding they are (`charset=euc-kr`). The bytes are believed
/// before the label: pages declare an encoding that an editor changed years ago.
pub fn decode_declared(bytes: &[u8], label: Option<&str>) -> Decoded {
    // Asked once: of a long text this is most of the time that reading it takes.
    let certain = match certain(bytes) {
        Some(decoded) if !decoded.text.is_ascii() => return decoded,
        other => other,
    };
    let guess = || certain.unwrap_or_else(|| likely(bytes));
    let declared = label.and_then(labelled);
    match declared.map(|encoding| decode_with(bytes, encoding)) {
        Some(decoded) if !decoded.lossy => decoded,
        Some(decoded) => {
            let guess = guess();
            if guess.lossy { decoded } else { guess }
        }
        None => guess(),
    }
}

/// The encoding of a label as mails and pages write it: those of the WHATWG, and the names of CP949 that the
/// WHATWG does not know.
fn labelled(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    match label.as_str() {
        "cp949" | "ms949" | "x-windows-949" | "uhc" | "ks_c_5601" | "ksc_5601" => Some(EUC_KR),
        // Bytes that hold 16-bit units were found by their pattern; a label in ASCII proves otherwise.
        "x-user-defined" => None,
        label if label.starts_with("utf-16") || label.starts_with("utf-32") => None,
        label => Encoding::for_label_no_replacement(label.as_bytes()),
    }
}

/// Reads a text file up to the limit on text; what lies behind it is a cut.
///
/// # Errors
/// When the blob cannot be read.
pub fn read(
    blob: &dyn Blob,
    context: &Context<'_>,
    content: &mut Content,
    declared: fn(&[u8]) -> Option<String>,
) -> Result<Decoded, ExtractError> {
    let limit = context.limits.text;
    let read;
    let bytes = match blob.bytes() {
        Some(bytes) => usize::try_from(limit).ok().and_then(|n| bytes.get(..n)).unwrap_or(bytes),
        None => {
            read = read_range(blob, 0, limit)?;
            &read
        }
    };
    if blob.len() > limit {
        content
            .cut(format!("the text was cut after {limit} of {} bytes, at its limit", blob.len()));
    }
    context.progress();
    let label = declared(bytes);
    let decoded = decode_declared(bytes, label.as_deref());
    content.metadata.set(madang_document::metadata::ENCODING, decoded.encoding);
    if decoded.lossy && blob.len() <= limit {
        content.note(format!("some bytes have no meaning in {}", decoded.encoding));
    }
    Ok(decoded)
}

/// Whether the first bytes of a file are text in some encoding, and not a binary format.
pub fn looks_like_text(head: &[u8]) -> bool {
    if head.is_empty() {
        return false;
    }
    if bom(head).is_some() || wide(head).is_some() {
        let text = decode(head).text;
        let odd = text.chars().filter(|c| is_odd(*c)).count();
        return odd * 50 <= text.chars().count();
    }
    let controls = head.iter().filter(|b| is_odd(char::from(**b)) && **b < 0x80).count();
    if head.contains(&0) || controls * 100 > head.len() {
        return false;
    }
    if valid_utf8(head).is_some() || korean(head).is_some() {
        return true;
    }
    // In a legacy encoding at least spaces and line ends are ASCII; packed bytes have few of them.
    let high = head.iter().filter(|b| **b >= 0x80).count();
    let blank = head.iter().filter(|b| matches!(**b, b' ' | b'\n' | b'\r' | b'\t')).count();
    high * 10 <= head.len() * 3 || blank * 50 >= head.len()
}

/// Controls that no text holds. Form feed, escape and the DOS end of file are found in old text files.
fn is_odd(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0B' | '\x0E'..='\x19' | '\x1C'..='\x1F' | '\x7F' | '\u{FFFD}')
        && !matches!(c, '\x0E' | '\x0F')
}

/// How far into a text the escape sequences of ISO 2022 are looked for.
const ESCAPED_WITHIN: usize = 64 << 10;

/// What needs no guess.
fn certain(bytes: &[u8]) -> Option<Decoded> {
    if let Some((length, unit)) = bom(bytes) {
        return Some(decode_units(bytes.get(length..).unwrap_or_default(), unit));
    }
    if let Some(unit) = wide(bytes) {
        return Some(decode_units(bytes, unit));
    }
    // The encodings of ISO 2022 are made of ASCII bytes, so they must be asked before UTF-8; few files have an escape.
    let escaped = bytes.get(..ESCAPED_WITHIN).unwrap_or(bytes).contains(&0x1B);
    if escaped && bytes.windows(4).take(4096).any(|w| w == b"\x1B$)C") {
        return Some(iso_2022_kr(bytes));
    }
    let escapes = [b"\x1B$B", b"\x1B$@", b"\x1B(J"];
    if escaped && bytes.windows(3).take(ESCAPED_WITHIN).any(|w| escapes.iter().any(|e| w == *e)) {
        let decoded = decode_with(bytes, encoding_rs::ISO_2022_JP);
        if !decoded.lossy {
            return Some(decoded);
        }
    }
    let text = valid_utf8(bytes)?;
    Some(Decoded { text: text.to_owned(), encoding: "UTF-8", lossy: false })
}

fn likely(bytes: &[u8]) -> Decoded {
    if let Some(decoded) = korean(bytes).or_else(|| johab(bytes)) {
        return decoded;
    }
    // Damaged UTF-8 is still UTF-8: most of what is not ASCII forms whole characters.
    let utf8 = String::from_utf8_lossy(bytes);
    let replaced = utf8.chars().filter(|c| *c == '\u{FFFD}').count();
    let whole = utf8.chars().filter(|c| !c.is_ascii() && *c != '\u{FFFD}').count();
    if whole > replaced * 4 {
        return Decoded { text: utf8.into_owned(), encoding: "UTF-8", lossy: true };
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // 256 KiB tell the encoding of any text; more only cost time.
    detector.feed(bytes.get(..256 << 10).unwrap_or(bytes), true);
    decode_with(bytes, detector.guess(None, Utf8Detection::Deny))
}

/// The text if it is UTF-8; a character that is cut off at the end does not count against it.
fn valid_utf8(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

fn decode_with(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, lossy) = encoding.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), encoding: encoding.name(), lossy }
}

/// How wide the units of a Unicode encoding are and which byte comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Utf8,
    Utf16Le,
    Utf16Be,
    Utf32Le,
    Utf32Be,
}

/// The byte order mark: its length and what it says.
fn bom(bytes: &[u8]) -> Option<(usize, Unit)> {
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

/// Recognises 16 and 32 bit units without a mark by what they would spell: letters with spaces or line ends
/// between them. Plain ASCII read as 16-bit units spells ideographs too, but never a space.
fn wide(bytes: &[u8]) -> Option<Unit> {
    // 32 KiB, a whole number of units of either width.
    let head = bytes.get(..32 << 10).unwrap_or(bytes);
    if head.len() < 4 || !head.contains(&0) {
        return None;
    }
    for unit in [Unit::Utf32Le, Unit::Utf32Be] {
        let mut units = head.chunks_exact(4).map(|four| char32(four, unit));
        if units.all(|c| c.is_some_and(|c| !is_odd(c))) {
            return Some(unit);
        }
    }
    let share = |unit| {
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
                Ok('\u{00A0}'..='\u{00FF}' | '\u{2000}'..='\u{27BF}' | '\u{3000}'..='\u{303F}') => {
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

fn decode_units(bytes: &[u8], unit: Unit) -> Decoded {
    match unit {
        Unit::Utf8 => decode_with(bytes, encoding_rs::UTF_8),
        Unit::Utf16Le => decode_with(bytes, encoding_rs::UTF_16LE),
        Unit::Utf16Be => decode_with(bytes, encoding_rs::UTF_16BE),
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
            let encoding = if unit == Unit::Utf32Le { "UTF-32LE" } else { "UTF-32BE" };
            Decoded { text, encoding, lossy }
        }
    }
}

/// ISO-2022-KR (RFC 1557): between SO and SI each byte is that of EUC-KR without its high bit.
fn iso_2022_kr(bytes: &[u8]) -> Decoded {
    let mut euc = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            0x0E => shifted = true,
            0x0F => shifted = false,
            0x1B if rest.starts_with(b"$)C") => rest = rest.get(3..).unwrap_or_default(),
            // RFC 1557: a line ends in ASCII, whatever was shifted in it.
            b'\n' => {
                shifted = false;
                euc.push(byte);
            }
            0x21..=0x7E if shifted => euc.push(byte | 0x80),
            _ => euc.push(byte),
        }
    }
    Decoded { encoding: "ISO-2022-KR", ..decode_with(&euc, EUC_KR) }
}

/// The text if the bytes are CP949 (of which EUC-KR is a part) and spell Korean.
fn korean(bytes: &[u8]) -> Option<Decoded> {
    let decoded = decode_with(bytes, EUC_KR);
    is_korean(&decoded.text).then_some(decoded)
}

/// Whether a decoded text is plausibly Korean: mostly Hangul where it is not ASCII, hardly a broken
/// character, and of the syllables that Korean is written with. Chinese bytes read as CP949 give Hangul too,
/// but spread over all syllables.
fn is_korean(text: &str) -> bool {
    // The 100 commonest syllables make about 60 % of Korean prose.
    const COMMON: &str = "이다는을에의가고하은지로도를기서어자해인한사대들그리나라시있아스과일수보전정부원제여구주장상용공관국당조우동유안경계과내년월까만것와개위연등세신중터면야게오마미래발및통화성소산실간교저모적체비거";
    let (mut hangul, mut common, mut other, mut broken) = (0usize, 0usize, 0usize, 0usize);
    for c in text.chars().filter(|c| !c.is_ascii()).take(20_000) {
        match c {
            '가'..='힣' => {
                hangul += 1;
                common += usize::from(COMMON.contains(c));
            }
            '\u{FFFD}' => broken += 1,
            c if c.is_alphabetic() => other += 1,
            _ => {}
        }
    }
    let fluent = hangul < 8 || common * 5 >= hangul;
    hangul > 0 && broken * 20 <= hangul && hangul >= other && fluent
}

/// The text if the bytes are Johab (KS X 1001 annex 3): a Hangul syllable is its three letters in five bits each
/// under a high bit. Only its Hangul is read; symbols and Hanja become U+FFFD, which `lossy` tells.
fn johab(bytes: &[u8]) -> Option<Decoded> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut lossy = false;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first < 0x80 {
            text.push(char::from(first));
            continue;
        }
        let Some((&second, after)) = rest.split_first() else { break };
        rest = after;
        let c = johab_syllable(u16::from_be_bytes([first, second]));
        lossy |= c.is_none();
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    // A few syllables come out of any bytes: of Johab, more is asked.
    let enough = text.chars().filter(|c| ('가'..='힣').contains(c)).take(8).count() == 8;
    (enough && is_korean(&text)).then_some(Decoded { text, encoding: "Johab", lossy })
}

fn johab_syllable(code: u16) -> Option<char> {
    let lead = u32::from(code >> 10 & 31).checked_sub(2).filter(|n| *n < 19)?;
    let vowel = match u32::from(code >> 5 & 31) {
        n @ 3..=7 => n - 3,
        n @ 10..=15 => n - 5,
        n @ 18..=23 => n - 7,
        n @ 26..=29 => n - 9,
        _ => return None,
    };
    let tail = match u32::from(code & 31) {
        n @ 1..=17 => n - 1,
        n @ 19..=29 => n - 2,
        _ => return None,
    };
    char::from_u32(0xAC00 + (lead * 21 + vowel) * 28 + tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "2026년 안전점검 결과를 다음과 같이 보고합니다.\n행정안전부 장관\n";

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn reads_what_korean_offices_save() {
        let cp949 = EUC_KR.encode(NOTE).0.into_owned();
        let mut bom = b"\xFF\xFE".to_vec();
        bom.extend(utf16(NOTE, u16::to_le_bytes));
        for (bytes, encoding) in [
            (NOTE.as_bytes().to_vec(), "UTF-8"),
            ([b"\xEF\xBB\xBF", NOTE.as_bytes()].concat(), "UTF-8"),
            (bom, "UTF-16LE"),
            (utf16(NOTE, u16::to_le_bytes), "UTF-16LE"),
            (utf16(NOTE, u16::to_be_bytes), "UTF-16BE"),
            (NOTE.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(), "UTF-32LE"),
            (cp949.clone(), "EUC-KR"),
        ] {
            let decoded = decode(&bytes);
            assert_eq!((decoded.text.as_str(), decoded.encoding), (NOTE, encoding));
            assert!(looks_like_text(&bytes), "{encoding}");
        }
        assert_eq!(decode_declared(&cp949, Some("utf-8")).text, NOTE);
        assert_eq!(decode_declared(&cp949, Some("ks_c_5601-1987")).text, NOTE);
        assert_eq!(decode_declared(NOTE.as_bytes(), Some("euc-kr")).text, NOTE);
    }

    #[test]
    fn reads_the_seven_bit_and_the_composed_code() {
        let iso = b"\x1B$)C\x0EGQ1[\x0F mail";
        assert_eq!(decode(iso).text, "한글 mail");
        assert_eq!(johab_syllable(0xD065), Some('한'));
        assert_eq!(johab_syllable(0x8861), Some('가'));
    }

    #[test]
    fn chinese_and_japanese_are_not_korean() {
        let chinese = "数据管理办法由国务院发布，自公布之日起施行。各部门应当遵守本办法的规定。";
        let gbk = encoding_rs::GBK.encode(chinese).0;
        assert_eq!(decode(&gbk).text, chinese);
        let japanese = "これはテストです。よろしくお願いします。";
        let sjis = encoding_rs::SHIFT_JIS.encode(japanese).0;
        assert_eq!(decode(&sjis).text, japanese);
    }

    #[test]
    fn binary_is_not_text() {
        let noise: Vec<u8> =
            (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(!looks_like_text(&noise));
        assert!(!looks_like_text(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0"));
        assert!(!looks_like_text(b""));
    }
}
