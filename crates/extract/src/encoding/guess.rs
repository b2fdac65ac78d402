//! The likeliest encoding of bytes that say nothing about it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding};
use madang_document::reason_kind::ReasonKind;

use super::code::Code;
use super::likelihood::{Script, cost, priced};

/// Encodings of the neighbours' scripts.
const OTHERS: [&Encoding; 4] =
    [encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP, encoding_rs::GB18030, encoding_rs::BIG5];

/// Damaged UTF-8 is still UTF-8: most of what is not ASCII forms whole characters.
pub(super) fn damaged_utf8(bytes: &[u8]) -> Option<String> {
    let utf8 = String::from_utf8_lossy(bytes);
    let replaced = utf8.chars().filter(|c| *c == '\u{FFFD}').count();
    let whole = utf8.chars().filter(|c| !c.is_ascii() && *c != '\u{FFFD}').count();
    (whole > replaced * 4).then(|| utf8.into_owned())
}

/// The encoding whose reading of the bytes is the likeliest, and the doubt if another is nearly as likely.
pub(super) fn likeliest(bytes: &[u8]) -> (Code, Option<ReasonKind>) {
    let bytes = &telling(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let guess = Code::Standard(detector.guess(None, Utf8Detection::Deny));
    let mut readings = Vec::new();
    let own =
        [Code::Standard(EUC_KR), guess, Code::Standard(encoding_rs::WINDOWS_1252), Code::Johab];
    // The detector takes short Japanese and Chinese texts for single bytes of other scripts.
    let others = OTHERS.map(Code::Standard);
    let others = others.into_iter().filter(|_| guess.script() == Script::Letters);
    for code in own.into_iter().chain(others) {
        // Of single bytes the detector knows more than the price of letters does.
        let settled = guess.script() == Script::Letters && code != guess;
        if (settled && code.script() == Script::Letters)
            || readings.iter().any(|(_, known, _)| *known == code)
        {
            continue;
        }
        let decoded = code.decode(bytes);
        let is_other = !own.contains(&code);
        // Nothing but a whole text of some words counts against what the detector says.
        if is_other && (decoded.lossy || priced(&decoded.text) < 3) {
            continue;
        }
        let cost = cost(&decoded.text, code.script());
        let cost = if is_other { cost * 3 / 2 } else { cost };
        readings.push((cost, code, decoded.text));
    }
    readings.sort_by_key(|(cost, ..)| *cost);
    let mut readings = readings.into_iter();
    let Some((best, code, text)) = readings.next() else { return (guess, None) };
    if code == Code::Standard(encoding_rs::WINDOWS_1252) && is_latin_9(bytes) {
        return (Code::Standard(encoding_rs::ISO_8859_15), None);
    }
    let near = readings.next().filter(|(cost, _, other)| *cost * 10 < best * 11 && *other != text);
    let doubt = near.map(|(_, other, _)| {
        let (read, other) = (code.name().into(), other.name().into());
        ReasonKind::MayBeEncoding { read, other }
    });
    (code, doubt)
}

/// Whether western text is in ISO-8859-15 and not in windows-1252: it has no sign that only the latter has, and beside a number the
/// sign that stands for any currency there and for the euro here, or a fraction there within a word that is a ligature here.
fn is_latin_9(bytes: &[u8]) -> bool {
    if bytes.iter().any(|byte| matches!(byte, 0x80..=0x9F)) {
        return false;
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0xC0;
    let is_euro = |window: &[u8]| match window {
        [a, b, 0xA4, c, d] => {
            let beside = |near: &u8, far: &u8| {
                near.is_ascii_digit() || (matches!(near, b' ' | 0xA0) && far.is_ascii_digit())
            };
            beside(b, a) || beside(c, d)
        }
        [_, before, 0xBC..=0xBE, after, _] => is_letter(before) && is_letter(after),
        _ => false,
    };
    // A sign at either end has its neighbours, too.
    let padded = [b"\n\n", bytes, b"\n\n"].concat();
    padded.windows(5).any(is_euro)
}

/// Some 32 KiB of the lines that are not plain ASCII, which alone tell encodings apart: a detector spends as much on every
/// letter of the others.
fn telling(bytes: &[u8]) -> Vec<u8> {
    let mut telling = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n').filter(|line| !line.is_ascii()) {
        // Of a line without end, what stands before is of no more use than other lines.
        let high = line.iter().position(|b| !b.is_ascii()).unwrap_or_default();
        let line = line.get(high.saturating_sub(SAMPLE / 2)..).unwrap_or(line);
        telling.extend_from_slice(line.get(..=SAMPLE).unwrap_or(line));
        if telling.len() > SAMPLE {
            let length = sample(&telling).len();
            telling.truncate(length);
            break;
        }
    }
    telling
}

/// As many bytes as a guess needs.
const SAMPLE: usize = 32 << 10;

/// Some 32 KiB from the start, up to a line end if there is one: as much as a guess needs.
pub(super) fn sample(bytes: &[u8]) -> &[u8] {
    let Some(head) = bytes.get(..SAMPLE) else { return bytes };
    let end = head.iter().rposition(|b| *b == b'\n').map_or(head.len(), |at| at + 1);
    head.get(..end).unwrap_or(head)
}
