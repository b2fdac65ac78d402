//! Bytes to text, whatever the character encoding.
//!
//! The order argues from certain to likely: a byte order mark, the pattern of 16 and 32 bit units, strict
//! UTF-8, ISO-2022-KR (its escape sequence is unmistakable). What is left is read in each encoding that it may be in,
//! CP949, Johab, Windows-1252 and the guess of chardetng, and the likeliest text wins: chardetng alone takes short
//! Korean text for other East Asian encodings. Where lines disagree, each is read by itself.

use std::borrow::Cow;

use encoding_rs::EUC_KR;
use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use self::code::{Code, labelled};
pub(crate) use self::decoded::Decoded;
use self::guess::{likeliest, sample};
use self::likelihood::{Script, cost, priced};
use self::pairs::Pairs;
use self::units::{Unit, bom, is_odd, wide, without_tail};

use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;

mod code;
mod code_page_437;
mod decoded;
mod filler;
mod gaps;
mod guess;
mod iso_2022_kr;
mod johab;
mod likelihood;
mod lines;
mod mixed_line;
mod pairs;
mod units;
mod utf7;

/// Decodes bytes of unknown encoding. Never fails: what has no meaning is replaced.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    decode_declared(bytes, None)
}

/// Decodes bytes that say themselves in which encoding they are (`charset=euc-kr`). The bytes are believed
/// before the label: pages declare an encoding that an editor changed years ago.
pub(crate) fn decode_declared(bytes: &[u8], label: Option<&str>) -> Decoded {
    // A disk that lost its power left NULs where text was to come; a file in units of one byte has no other use for them.
    let narrow =
        || bytes.starts_with(UTF_8_MARK) || (bom(bytes).is_none() && wide(bytes).is_none());
    if bytes.contains(&0) && narrow() {
        let (text, left_out) = gaps::without_nuls(bytes);
        let mut decoded = decode_text(&text, label);
        if decoded.doubts.is_empty() {
            decoded.doubts.push(nuls(left_out));
        }
        return decoded;
    }
    decode_text(bytes, label)
}

/// The syllable, or the letter that stands alone, of a code of Johab; none for any other code.
pub(crate) fn johab_letters(code: u16) -> Option<char> {
    let [first, second] = code.to_be_bytes();
    johab::letters(first, second)
}

fn nuls(count: usize) -> ReasonKind {
    ReasonKind::Nuls(count as u64)
}

/// Decodes bytes whose encoding is known beyond doubt, as from the whole that they are a piece of; those of no known
/// encoding as [`decode`] does.
pub(crate) fn decode_known(bytes: &[u8], encoding: Option<&str>) -> String {
    let code = encoding.and_then(labelled).filter(|_| !bytes.is_ascii());
    code.map_or_else(|| decode(bytes), |code| code.decode(bytes)).text
}

/// Decodes bytes of which something beside them, as the head of a mail, says that they are in units of 16 or 32 bits; a
/// label inside of the bytes would be in these units itself. None if they are not, or can be told without the label.
pub(crate) fn decode_wide(bytes: &[u8], label: &str) -> Option<Decoded> {
    let label = label.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let units: &[Unit] = match label.as_str() {
        "utf-16le" => &[Unit::Utf16Le],
        "utf-16be" => &[Unit::Utf16Be],
        "utf-32le" => &[Unit::Utf32Le],
        "utf-32be" => &[Unit::Utf32Be],
        "utf-16" | "unicode" | "ucs-2" | "iso-10646-ucs-2" => &[Unit::Utf16Le, Unit::Utf16Be],
        "utf-32" | "ucs-4" => &[Unit::Utf32Le, Unit::Utf32Be],
        _ => return None,
    };
    let is_narrow = !bytes.contains(&0) && valid_utf8(bytes).is_some();
    if is_narrow || bom(bytes).is_some() || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let decoded = units.iter().map(|unit| units::decode(bytes, *unit));
    // Ends of lines in bytes are read as these.
    let is_text = |text: &str| !text.contains(['\u{0A0D}', '\u{0D0A}']);
    let decoded = decoded.filter(|(text, _, lossy)| !lossy && is_text(text));
    let (text, encoding, lossy) = decoded.min_by_key(|(text, ..)| cost(text, Script::Korean))?;
    Some(Decoded { text, encoding, lossy, doubts: Vec::new() })
}

/// Decodes bytes that are Johab, the code of the older Korean PCs.
pub(crate) fn decode_johab(bytes: &[u8]) -> Decoded {
    Code::Johab.decode(bytes)
}

fn decode_text(bytes: &[u8], label: Option<&str>) -> Decoded {
    // A mark is surer than any label.
    let label = label.filter(|_| !bytes.starts_with(UTF_8_MARK));
    let declared = label.and_then(labelled);
    // Asked once: of a long text this is most of the time that reading it takes.
    let certain = match certain(bytes) {
        Some(decoded) if !decoded.text.is_ascii() => {
            let other = declared.and_then(|code| no_utf8(bytes, &decoded, code));
            return other.or_else(|| short_korean(bytes)).unwrap_or(decoded);
        }
        other => other,
    };
    let Some(code) = declared else { return certain.unwrap_or_else(|| likely(bytes)) };
    let decoded = code.decode(bytes);
    if decoded.lossy {
        let guess = certain.unwrap_or_else(|| likely(bytes));
        return if guess.lossy { decoded } else { guess };
    }
    match certain {
        Some(_) => decoded,
        None => mislabelled(bytes, code).unwrap_or(decoded),
    }
}

/// Decodes names that say nothing of their encoding. Words of western letters in the code page of the first PCs (437) are in that,
/// unless letters of East Asia stand by themselves: archives had no other before they had UTF-8.
pub(crate) fn decode_names(bytes: &[u8]) -> String {
    let guess = decode(bytes).text;
    let letters: Vec<char> = guess.chars().collect();
    let is_letter = |at: Option<usize>| {
        at.and_then(|at| letters.get(at)).is_some_and(char::is_ascii_alphabetic)
    };
    // What is half of a western word stands within its other letters.
    let is_apart = |at: usize| !is_letter(at.checked_sub(1)) && !is_letter(at.checked_add(1));
    let is_eastern = (0..letters.len())
        .any(|at| letters.get(at).is_some_and(|c| is_east_asian(*c)) && is_apart(at));
    match is_eastern {
        true => guess,
        false => code_page_437::words(bytes).unwrap_or(guess),
    }
}

fn is_east_asian(c: char) -> bool {
    matches!(c, 'ㄱ'..='ㆎ' | '가'..='힣' | 'ぁ'..='ヿ' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

/// The text in another encoding than it says, though its bytes have a meaning in that: in single bytes all have. Editors
/// write `iso-8859-1` over whatever was typed.
fn mislabelled(bytes: &[u8], declared: Code) -> Option<Decoded> {
    // Guessing costs more than reading: only what may be Korean is weighed, and what has the label of editors that know none.
    let is_default = declared == Code::Standard(encoding_rs::WINDOWS_1252);
    let may_be = |code: Code| code.script() == Script::Korean || is_default;
    if declared.script() == Script::Korean
        || !(is_default || Pairs::of_cp949(sample(bytes)).are_korean())
    {
        return None;
    }
    let (code, _) = likeliest(bytes);
    if code == declared || !may_be(code) {
        return None;
    }
    let head = sample(bytes);
    let price = |code: Code| cost(&code.decode(head).text, code.script());
    if price(code) * 10 >= price(declared) * 7 {
        return None;
    }
    let decoded = code.decode(bytes);
    let (says, read) = (declared.name().into(), code.name().into());
    let doubts = vec![ReasonKind::OtherEncoding { says, read }];
    (!decoded.lossy).then_some(Decoded { doubts, ..decoded })
}

/// The text in the encoding that it says it has, though it might be UTF-8: single letters of CP949 happen to be letters of that,
/// too, if none of them takes three bytes.
fn no_utf8(bytes: &[u8], utf8: &Decoded, code: Code) -> Option<Decoded> {
    if utf8.encoding != "UTF-8"
        || bytes.starts_with(UTF_8_MARK)
        || utf8.text.chars().any(|c| c >= '\u{800}')
    {
        return None;
    }
    let decoded = code.decode(bytes);
    let cheaper = cost(&decoded.text, code.script()) < cost(&utf8.text, Script::Letters);
    (!decoded.lossy && cheaper).then_some(decoded)
}

/// Longest text that may be a few syllables which happen to be UTF-8, too; of a longer one not all do.
const SHORT: usize = 1 << 10;

/// A few words of CP949 that are UTF-8 by accident, as 표 and 호 are: letters that hardly any language has, and none of them
/// in a word.
pub(crate) fn short_korean(bytes: &[u8]) -> Option<Decoded> {
    if bytes.len() > SHORT {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let is_latin = |c: char| c.is_ascii() || matches!(c, 'À'..='ɏ');
    if !text.contains(|c| matches!(c, 'ƀ'..='ɏ')) || !text.chars().all(is_latin) {
        return None;
    }
    let is_of_a_word = |(a, b): (char, char)| {
        (a.is_ascii_alphabetic() && !b.is_ascii()) || (b.is_ascii_alphabetic() && !a.is_ascii())
    };
    if text.chars().zip(text.chars().skip(1)).any(is_of_a_word) {
        return None;
    }
    let korean = Code::Standard(EUC_KR).decode(bytes);
    let is_hangul = |c: char| c.is_ascii() || matches!(c, '가'..='힣');
    let is_cheaper = cost(&korean.text, Script::Korean) < cost(text, Script::Letters);
    (!korean.lossy && is_cheaper && korean.text.chars().all(is_hangul)).then_some(korean)
}

/// Reads a text file up to the limit on text; what lies behind it is a cut.
///
/// # Errors
/// When the blob cannot be read.
pub(crate) fn read(
    blob: &dyn Blob,
    context: &Context<'_>,
    content: &mut Content,
    declared: fn(&[u8]) -> Option<String>,
) -> Result<Decoded, ExtractError> {
    read_joined(blob, context, content, declared, |bytes| Cow::Borrowed(bytes))
}

/// Reads a text file as [`read`] does; where its units are single bytes, `joined` puts together what its format has torn
/// apart without regard to characters.
///
/// # Errors
/// When the blob cannot be read.
pub(crate) fn read_joined(
    blob: &dyn Blob,
    context: &Context<'_>,
    content: &mut Content,
    declared: fn(&[u8]) -> Option<String>,
    joined: fn(&[u8]) -> Cow<'_, [u8]>,
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
        let cut = ReasonKind::CutAfter { bytes: limit, of: Some(blob.len()) };
        content.cut(cut.of(Noun::Text));
    }
    context.progress();
    let label = declared(bytes);
    let is_wide = match bom(bytes) {
        Some((_, unit)) => unit != Unit::Utf8,
        None => wide(bytes).is_some(),
    };
    let bytes = if is_wide { Cow::Borrowed(bytes) } else { joined(bytes) };
    let mut decoded = decode_declared(&bytes, label.as_deref());
    // The lines of the first Macintosh end in carriage returns alone.
    if decoded.text.contains('\r') && !decoded.text.contains('\n') {
        decoded.text = decoded.text.replace('\r', "\n");
    }
    let part = if bom(&bytes).is_some() { "byte order mark" } else { "bytes" };
    content.metadata.at(part).set(madang_document::metadata::ENCODING, decoded.encoding);
    if decoded.lossy && blob.len() <= limit {
        content.note(ReasonKind::Meaningless(decoded.encoding.into()));
    }
    decoded.doubts.iter().for_each(|doubt| content.note(doubt.clone()));
    Ok(decoded)
}

/// The byte order mark of UTF-8, which has no order of bytes.
const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Whether the first bytes of a file are text in some encoding, and not a binary format.
pub(crate) fn looks_like_text(head: &[u8]) -> bool {
    if head.is_empty() {
        return false;
    }
    let head = head.strip_prefix(UTF_8_MARK).unwrap_or(head);
    if bom(head).is_some() || wide(head).is_some() {
        let text = decode(head).text;
        let odd = text.chars().filter(|c| is_odd(*c)).count();
        // Nothing but NULs behind a mark is no text.
        return odd * 50 <= text.chars().count() && (head.len() <= 4 || !text.is_empty());
    }
    let Some(head) = gaps::closed(head) else { return false };
    let head = head.as_ref();
    let controls = head.iter().filter(|b| is_odd(char::from(**b)) && **b < 0x80).count();
    if controls * 100 > head.len() {
        return false;
    }
    let head: Cow<'_, [u8]> = match head.contains(&0) {
        true => head.iter().copied().filter(|b| *b != 0).collect(),
        false => head.into(),
    };
    let head = head.as_ref();
    // In a legacy encoding at least spaces and line ends are ASCII; packed bytes have few of them.
    let high = head.iter().filter(|b| **b >= 0x80).count();
    let blank = head.iter().filter(|b| matches!(**b, b' ' | b'\n' | b'\r' | b'\t')).count();
    let has_blanks = || high * 10 <= head.len() * 3 || blank * 50 >= head.len();
    // Counting costs less than decoding.
    valid_utf8(head).is_some() || has_blanks() || is_korean(head) || is_of_a_neighbour(head)
}

/// Whether the first bytes of a file whose name says that it is text are such, though more of them are controls than text
/// needs: separators of records, what a program drew over, bells, NULs that fill fields of fixed lengths.
pub(crate) fn is_text_with_controls(head: &[u8]) -> bool {
    let head = head.strip_prefix(UTF_8_MARK).unwrap_or(head);
    let is_control = |byte: &u8| is_odd(char::from(*byte)) && *byte < 0x80;
    let plain: Vec<u8> = head.iter().copied().filter(|byte| !is_control(byte)).collect();
    // Of what is filled no other control is expected.
    if head.contains(&0) {
        return is_filled_text(head);
    }
    let is_text = || valid_utf8(head).is_some() || is_korean(&plain);
    // Every second at most: a letter that was printed twice has one.
    !plain.trim_ascii().is_empty() && plain.len() * 2 >= head.len() && is_text()
}

/// Whether the first bytes of a file are fields of text that are filled up with NULs to a separator or the end of a line, whatever
/// the file is called.
pub(crate) fn is_text_of_fields(head: &[u8]) -> bool {
    let head = head.strip_prefix(UTF_8_MARK).unwrap_or(head);
    let is_end = |byte: &u8| b",;|\t\"\r\n".contains(byte);
    let is_behind = |pair: &[u8]| !matches!(pair, [0, next] if *next != 0 && !is_end(next));
    // The head may end within a field.
    head.contains(&0) && head.windows(2).all(is_behind) && is_filled_text(head)
}

/// Whether bytes are text but for NULs: lines, at least one, without any other control.
fn is_filled_text(head: &[u8]) -> bool {
    let text: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
    let is_control = |byte: &u8| is_odd(char::from(*byte)) && *byte < 0x80;
    text.contains(&b'\n')
        && !text.trim_ascii().is_empty()
        && !text.iter().any(is_control)
        && (valid_utf8(&text).is_some() || is_everyday_korean(&text))
}

/// Whether bytes are such Korean as [`is_korean`] means, and hardly any syllable of it is one that few texts have: any two
/// bytes may happen to be one of those.
fn is_everyday_korean(bytes: &[u8]) -> bool {
    let text = Code::Standard(EUC_KR).decode(sample(bytes)).text;
    is_korean(bytes) && cost(&text, Script::Korean) <= priced(&text) * 110
}

/// Whether bytes are CP949 without an error, and spell what Korean texts are made of.
fn is_korean(bytes: &[u8]) -> bool {
    let decoded = Code::Standard(EUC_KR).decode(sample(bytes));
    !decoded.lossy && cost(&decoded.text, Script::Korean) <= priced(&decoded.text) * 165
}

/// Whether bytes are Japanese or Chinese without an error, and made of what texts in these are made of. They have no
/// blanks, by which other text is told from packed bytes.
fn is_of_a_neighbour(head: &[u8]) -> bool {
    let (code, _) = likeliest(head);
    if !matches!(code.script(), Script::Chinese | Script::Japanese) {
        return false;
    }
    // The head may end within a character.
    let whole = |cut: usize| {
        let decoded = code.decode(head.get(..head.len().checked_sub(cut)?)?);
        (!decoded.lossy).then_some(decoded.text)
    };
    let text = whole(0).or_else(|| whole(1)).or_else(|| whole(2));
    text.is_some_and(|text| priced(&text) >= 3 && cost(&text, code.script()) <= priced(&text) * 100)
}

/// How far into a text the escape sequences of ISO 2022 are looked for.
const ESCAPED_WITHIN: usize = 64 << 10;

/// What needs no guess.
fn certain(bytes: &[u8]) -> Option<Decoded> {
    let marked = bom(bytes);
    let wide = match marked {
        Some((_, Unit::Utf8)) => None,
        Some((length, unit)) => Some((bytes.get(length..).unwrap_or_default(), unit)),
        None => wide(bytes).map(|unit| (bytes, unit)),
    };
    if let Some((bytes, unit)) = wide {
        let (text, encoding, lossy) = units::decode(bytes, unit);
        let tail = bytes.len() - without_tail(bytes, unit).len();
        let doubts = (tail > 0).then(|| nuls(tail)).into_iter().collect();
        return Some(Decoded { text, encoding, lossy, doubts });
    }
    let bytes = bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes);
    // The encodings of ISO 2022 are made of ASCII bytes, so they must be asked before UTF-8; few files have an escape.
    let escaped = bytes.get(..ESCAPED_WITHIN).unwrap_or(bytes).contains(&0x1B);
    if escaped && bytes.windows(4).take(ESCAPED_WITHIN).any(|w| w == b"\x1B$)C") {
        return Some(seven_bit(bytes));
    }
    let escapes = [b"\x1B$B", b"\x1B$@", b"\x1B(J"];
    if escaped && bytes.windows(3).take(ESCAPED_WITHIN).any(|w| escapes.iter().any(|e| w == *e)) {
        let decoded = Code::Standard(encoding_rs::ISO_2022_JP).decode(bytes);
        if !decoded.lossy {
            return Some(decoded);
        }
    }
    let text = valid_utf8(bytes)?;
    Some(Decoded { text: text.to_owned(), encoding: "UTF-8", lossy: false, doubts: Vec::new() })
}

/// ISO-2022-KR, and what stands in eight bits between its lines.
fn seven_bit(bytes: &[u8]) -> Decoded {
    if bytes.is_ascii() {
        let euc = iso_2022_kr::to_euc(bytes);
        return Decoded { encoding: "ISO-2022-KR", ..Code::Standard(EUC_KR).decode(&euc) };
    }
    let bytes = iso_2022_kr::lines_to_utf8(bytes);
    let mut decoded = match valid_utf8(&bytes) {
        Some(text) => {
            Decoded { text: text.to_owned(), encoding: "UTF-8", lossy: false, doubts: Vec::new() }
        }
        None => lines::decode(&bytes),
    };
    decoded.lossy |= decoded.text.contains('\u{FFFD}');
    decoded.doubts.insert(0, ReasonKind::SomeLinesIn("ISO-2022-KR".into()));
    decoded
}

fn likely(bytes: &[u8]) -> Decoded {
    lines::decode(bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes))
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
        assert_eq!(decode_declared(b"\xC8\xAB,", Some("euc-kr")).text, "홍,");
        assert_eq!(decode_declared("café".as_bytes(), Some("iso-8859-1")).text, "café");
    }

    #[test]
    fn reads_the_seven_bit_and_the_composed_code() {
        let iso = b"\x1B$)C\x0EGQ1[\x0F mail";
        assert_eq!(decode(iso).text, "한글 mail");
        assert_eq!(decode_johab(b"\xD0\x65\x88\x61").text, "한가");
    }

    #[test]
    fn what_is_said_beside_the_bytes_is_believed_of_wide_units() {
        let wide = |text: &str, label: &str| {
            let bytes = utf16(
                text,
                if label.ends_with("be") { u16::to_be_bytes } else { u16::to_le_bytes },
            );
            decode_wide(&bytes, label).map(|decoded| decoded.text)
        };
        for label in ["utf-16le", "UTF-16BE".to_ascii_lowercase().as_str(), "utf-16"] {
            assert_eq!(wide("탐사기러", label).as_deref(), Some("탐사기러"), "{label}");
        }
        assert_eq!(wide("가", "utf-8"), None);
        for narrow in ["text in bytes!", "한글 글", "탐사"] {
            assert!(decode_wide(narrow.as_bytes(), "utf-16le").is_none(), "{narrow}");
        }
        let cp949 = EUC_KR.encode("점검 결과\r\n안내").0;
        assert!(decode_wide(&cp949, "utf-16").is_none());
        assert!(decode_wide(b"\xAC\0\xAC", "utf-16le").is_none());
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
    fn japanese_and_chinese_need_no_blanks_to_be_text() {
        use encoding_rs::{BIG5, EUC_JP, GBK, SHIFT_JIS};
        for (text, encodings) in [
            ("日本語", &[SHIFT_JIS][..]),
            ("いろはにほへと ちりぬるを 日本語", &[SHIFT_JIS, EUC_JP]),
            (
                "データ共有システムの登録について、担当者は次の書類を提出してください。",
                &[SHIFT_JIS, EUC_JP],
            ),
            ("繁體中文測試,資料共享平台的登記", &[BIG5]),
            ("简体中文测试，数据共享平台的登记", &[GBK]),
        ] {
            for encoding in encodings {
                let bytes = encoding.encode(text).0;
                assert_eq!(decode(&bytes).text, text, "{}", encoding.name());
                assert!(looks_like_text(&bytes), "{text} {}", encoding.name());
            }
        }
        for (text, encoding) in [
            ("Отчёт о данных", encoding_rs::WINDOWS_1251),
            ("ДОГОВОР", encoding_rs::WINDOWS_1251),
            ("Привет, мир", encoding_rs::KOI8_R),
            ("Καλημέρα κόσμε", encoding_rs::WINDOWS_1253),
            ("Übergröße, naïve café", encoding_rs::WINDOWS_1252),
            ("Žluťoučký kůň", encoding_rs::WINDOWS_1250),
        ] {
            assert_eq!(decode(&encoding.encode(text).0).text, text, "{}", encoding.name());
        }
    }

    #[test]
    fn binary_is_not_text() {
        let noise: Vec<u8> =
            (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(!looks_like_text(&noise));
        assert!(!looks_like_text(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0"));
        assert!(!looks_like_text(b""));
    }

    #[test]
    fn a_text_by_its_name_may_have_controls() {
        let texts = [
            "10%\u{8}\u{8}\u{8}20% 점검",
            "\u{2}부산\u{1F}중구\u{1E}\u{3}",
            "\u{1B}]0;로그\u{7}끝",
        ];
        for text in texts {
            let cp949 = EUC_KR.encode(text).0;
            assert!(is_text_with_controls(text.as_bytes()), "{text:?}");
            assert!(is_text_with_controls(&cp949), "{text:?}");
        }
        let filled =
            ["이름,값\n홍길동\0\0,1\n김,2\n", "홍길동\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x007\n"];
        for text in filled {
            assert!(is_text_with_controls(text.as_bytes()), "{text:?}");
            assert!(is_text_with_controls(&EUC_KR.encode(text).0), "{text:?}");
        }
        // Of any name, where they only fill up fields.
        assert!(is_text_of_fields(&EUC_KR.encode(filled[0]).0));
        for bytes in [filled[1].as_bytes(), b"ab\n", b"PK\x03\0\n", b"\0\0\n"] {
            assert!(!is_text_of_fields(bytes), "{bytes:?}");
        }
        for bytes in [b"ab\0cd\0\0ef".as_slice(), b"\x7FELF\x02\x01\x01\0\0\n\0", b"\0\0\0\n"] {
            assert!(!is_text_with_controls(bytes), "{bytes:?}");
        }
        for bytes in [&b"\x01\x02\x03ab"[..], b"\x01\x02", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", b""] {
            assert!(!is_text_with_controls(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn korean_of_every_kind_is_korean() {
        for text in [
            "23.5℃, 1,200㎥/s\nstation B, 21.0℃",
            "大韓民國 憲法 第一條\n大韓民國은 民主共和國이다\n",
            "大韓民國憲法",
            "대기질",
            "점검",
            "※ 문의: 02-2100-1234",
            "뷁",
            "뷁뷁뷁",
            "①②③ 가나다 → ㉠㉡",
        ] {
            let bytes = EUC_KR.encode(text).0;
            assert_eq!(decode(&bytes).text, text);
            assert!(looks_like_text(&bytes), "{text}");
        }
        let french = "Prix : 1 500 € – année 2026, “façade”\n";
        let bytes = encoding_rs::WINDOWS_1252.encode(french).0;
        assert_eq!(decode(&bytes).text, french);
    }

    #[test]
    fn a_few_syllables_may_be_utf_8_by_accident() {
        for text in ["표", "1호", "표 3. 품 - 화", "회", "호\n표\n"] {
            let bytes = EUC_KR.encode(text).0;
            assert!(std::str::from_utf8(&bytes).is_ok(), "{text}");
            assert_eq!(decode(&bytes).text, text);
        }
        // Words of languages that have such letters, and what is hardly a word of Korean.
        for text in ["cơm tư", "ǥiella", "à 3", "Bǫ́", "½ ǥ", "café"] {
            assert_eq!(decode(text.as_bytes()).text, text);
        }
    }

    #[test]
    fn lines_in_different_encodings_are_read_each_by_itself() {
        let cp949 = EUC_KR.encode("배수문 개방\n").0.into_owned();
        let mixed = ["침수 경보\nplain\n".as_bytes(), &cp949, "끝\n".as_bytes()].concat();
        let decoded = decode(&mixed);
        assert_eq!(decoded.text, "침수 경보\nplain\n배수문 개방\n끝\n");
        let (encoding, others) = ("EUC-KR".into(), "UTF-8".into());
        assert_eq!(decoded.doubts, [ReasonKind::LinesIn { lines: 1, encoding, others }]);
    }

    #[test]
    fn a_fragment_in_another_encoding_may_stand_in_the_line_of_the_rest() {
        let cp949 = |text: &str| EUC_KR.encode(text).0.into_owned();
        let page =
            |fragment: &[u8]| ["<p>본문은 UTF-8</p><p>".as_bytes(), fragment, b"</p>"].concat();
        for declared in [None, Some("utf-8"), Some("euc-kr")] {
            let decoded = decode_declared(&page(&cp949("끼운 조각 뷁")), declared);
            assert_eq!(decoded.text, "<p>본문은 UTF-8</p><p>끼운 조각 뷁</p>");
            let (encoding, others) = ("EUC-KR".into(), "UTF-8".into());
            assert_eq!(decoded.doubts, [ReasonKind::LinesIn { lines: 1, encoding, others }]);
        }
        // Bytes that spell no Korean are damage.
        let damaged = decode_declared(&page(b"\xFF\xFE x \xEA\xB0"), Some("utf-8"));
        assert!(damaged.lossy && damaged.text.contains("본문은"), "{damaged:?}");
        let korean = cp949("<p>본문은 다</p><p>끼운 조각</p> 家고가");
        assert_eq!(decode(&korean).encoding, "EUC-KR");
    }

    #[test]
    fn names_of_the_first_pcs() {
        let words = b"Pr\x81fbericht f\x81r M\x84rz.txt\n\x9Abersicht.txt\nStra\xE1e";
        assert_eq!(decode_names(words), "Prüfbericht für März.txt\nÜbersicht.txt\nStraße");
        for text in ["점검 결과.txt", "뷁.txt", "大韓民國.txt"] {
            assert_eq!(decode_names(&EUC_KR.encode(text).0), text);
        }
        let cyrillic = encoding_rs::IBM866.encode("Отчёт о данных.txt").0;
        assert_eq!(decode_names(&cyrillic), "Отчёт о данных.txt");
        let windows = encoding_rs::WINDOWS_1252.encode("Prüfbericht für März.txt").0;
        assert_eq!(decode_names(&windows), "Prüfbericht für März.txt");
    }

    #[test]
    fn western_text_with_the_euro_of_iso_8859() {
        let french = "Le c\u{153}ur du budget : 1 500 € pour la façade\n";
        let bytes: Vec<u8> = french
            .chars()
            .map(|c| match c {
                '€' => 0xA4,
                'œ' => 0xBD,
                c => u8::try_from(u32::from(c)).unwrap(),
            })
            .collect();
        let decoded = decode(&bytes);
        assert_eq!((decoded.text.as_str(), decoded.encoding), (french, "ISO-8859-15"));
        for text in ["façade, 1½ années, ½l de café\n", "déjà ¤ vu\n", "“½” 1 500 ¤ été\n"]
        {
            let bytes = encoding_rs::WINDOWS_1252.encode(text).0;
            assert_eq!(decode(&bytes).text, text);
        }
    }

    #[test]
    fn a_crash_leaves_nuls_and_the_text_before_them() {
        let log = [NOTE.as_bytes(), &[0; 4096][..]].concat();
        assert!(looks_like_text(&log));
        let decoded = decode(&log);
        assert_eq!((decoded.text.as_str(), decoded.lossy), (NOTE, false));
        assert_eq!(decoded.doubts, [ReasonKind::Nuls(4096)]);
        assert!(looks_like_text(&[UTF_8_MARK, &log].concat()));
        assert_eq!(decode(&[UTF_8_MARK, &log].concat()).text, NOTE);
        let stray = [NOTE.as_bytes(), NOTE.as_bytes(), b"\0"].concat().repeat(2);
        assert!(looks_like_text(&stray));
        assert_eq!(decode(&stray).text, NOTE.repeat(4));
        assert!(!looks_like_text(&[0; 100]));
        assert!(!looks_like_text(b"ab\0cd\0\0ef"));
    }
}
