//! Texts whose lines are in different encodings: files that were put together out of several, and logs of several programs.

use encoding_rs::{EUC_KR, SHIFT_JIS, WINDOWS_1252};
use madang_document::reason_kind::ReasonKind;

use super::code::Code;
use super::decoded::Decoded;
use super::guess::{damaged_utf8, likeliest};
use super::likelihood::{Script, cost, priced};
use super::mixed_line::mixed_line;
use super::pairs::Pairs;

/// Lines that may be in another encoding than the rest; of more, the later ones are read as the rest.
const MOST_STRAYS: usize = 100_000;

/// Reads bytes that are not UTF-8 as a whole: in their likeliest encoding, but each line that is UTF-8 beyond doubt, or far
/// likelier in another encoding, by itself.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let lines = || bytes.split_inclusive(|b| *b == b'\n');
    let sure = lines().any(|line| is_sure(line) || mixed_line(line).is_some());
    if !sure && let Some(text) = damaged_utf8(bytes) {
        return Decoded { text, encoding: "UTF-8", lossy: true, doubts: Vec::new() };
    }
    let is_other = |line: &&[u8]| {
        let is_utf8 =
            || is_utf8(line) || mixed_line(line).is_some() || damaged_utf8(line).is_some();
        !line.is_ascii() && (!sure || !is_utf8())
    };
    let (base, doubt) = match sure {
        true => likeliest(&lines().filter(is_other).collect::<Vec<_>>().concat()),
        false => likeliest(bytes),
    };
    let base = korean_base(lines().filter(is_other), base);
    // Where one line is Johab beyond doubt, others that may be are asked.
    let asked = base == Code::Standard(EUC_KR)
        && lines().filter(is_other).any(|line| stray(line, base, false) == Some(Code::Johab));
    let mut strays = lines()
        .enumerate()
        .filter(|(_, line)| is_other(line))
        .filter_map(|(n, line)| Some((n, stray(line, base, asked)?)))
        .take(MOST_STRAYS)
        .peekable();
    if !sure && strays.peek().is_none() {
        return Decoded { doubts: doubt.into_iter().collect(), ..base.decode(bytes) };
    }
    let mut text = String::with_capacity(bytes.len());
    let mut lossy = false;
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for (n, line) in lines().enumerate() {
        let code = strays.next_if(|(at, _)| *at == n).map_or(base, |(_, code)| code);
        let read = match std::str::from_utf8(line) {
            Ok(line) if sure || line.is_ascii() => {
                text.push_str(line);
                continue;
            }
            _ => match (mixed_line(line), damaged_utf8(line).filter(|_| sure)) {
                (Some(text), _) => Decoded { text, ..Code::Standard(EUC_KR).decode(b"") },
                (None, Some(text)) => {
                    Decoded { text, encoding: "UTF-8", lossy: true, doubts: Vec::new() }
                }
                (None, None) => code.decode(line),
            },
        };
        lossy |= read.lossy;
        text.push_str(&read.text);
        let most = if sure { "UTF-8" } else { base.name() };
        match counts.iter_mut().find(|(name, _)| *name == read.encoding) {
            _ if read.encoding == most => {}
            Some((_, count)) => *count += 1,
            None => counts.push((read.encoding, 1)),
        }
    }
    let encoding = if sure { "UTF-8" } else { base.name() };
    let doubt = |(name, lines): (&str, u64)| ReasonKind::LinesIn {
        lines,
        encoding: name.into(),
        others: encoding.into(),
    };
    Decoded { text, encoding, lossy, doubts: counts.into_iter().map(doubt).collect() }
}

/// The encoding of most lines, if it is Korean after all: of lines in two encodings together a third may be the likeliest.
fn korean_base<'a>(lines: impl Iterator<Item = &'a [u8]>, base: Code) -> Code {
    if base.script() == Script::Korean {
        return base;
    }
    let (mut all, mut cp949, mut johab) = (0, 0, 0);
    for line in lines.take(1_000) {
        all += 1;
        match stray(line, base, false) {
            Some(Code::Johab) => johab += 1,
            Some(_) => cp949 += 1,
            None => {}
        }
    }
    match (cp949 + johab) * 2 >= all && cp949 + johab > 1 {
        true if johab > cp949 => Code::Johab,
        true => Code::Standard(EUC_KR),
        false => base,
    }
}

fn is_utf8(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok()
}

/// Two bytes of CP949 may happen to be a letter of UTF-8; three hardly are.
fn is_sure(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|text| text.chars().any(|c| c >= '\u{800}'))
}

/// The encoding of a line that is far likelier in another one than that of the rest. Of lines of CP949 only odd ones are
/// weighed, unless all are `asked`.
fn stray(line: &[u8], base: Code, asked: bool) -> Option<Code> {
    let korean = Pairs::of_cp949(line);
    let codes: &[Code] = match base {
        // Common letters have a high bit in both bytes: of a line of CP949 hardly any has not.
        Code::Standard(code) if code == EUC_KR => {
            if korean.are_whole() && korean.rare * 4 < korean.all() && !asked {
                return None;
            }
            &[Code::Johab, Code::Standard(SHIFT_JIS), Code::Standard(WINDOWS_1252)]
        }
        _ => &[Code::Standard(EUC_KR), Code::Johab],
    };
    // Decoding costs the most: it waits for a candidate.
    let mut price = None;
    let mut best = None;
    for &code in codes.iter().filter(|code| **code != base) {
        let is_base_korean = base.script() == Script::Korean;
        let is_likely = match code {
            Code::Johab => {
                let pairs = Pairs::of_johab(line);
                let least = if is_base_korean { pairs.all() } else { pairs.syllables };
                pairs.are_whole() && least >= 2
            }
            Code::Standard(code) if code == EUC_KR && is_base_korean => {
                korean.are_whole() && korean.all() >= 2
            }
            Code::Standard(code) if code == EUC_KR => korean.are_korean(),
            _ => korean.all() >= 2,
        };
        if !is_likely {
            continue;
        }
        let read = code.decode(line);
        // Half of the bytes of Shift_JIS are ideographs in other encodings, too: its own letters must be there.
        if code.script() == Script::Japanese && !read.text.contains(is_kana) {
            continue;
        }
        let other = cost(&read.text, code.script());
        let price = *price.get_or_insert_with(|| cost(&base.decode(line).text, base.script()));
        let is_cheaper = match base.script() {
            Script::Korean => other * 10 < price * 9,
            // Words of other scripts may spell Hangul, but not that of everyday.
            _ => other * 4 < price * 3 && other <= priced(&read.text) * 90,
        };
        if !read.lossy && is_cheaper && best.is_none_or(|(_, least)| other < least) {
            best = Some((code, other));
        }
    }
    best.map(|(code, _)| code)
}

fn is_kana(c: char) -> bool {
    matches!(c, 'ぁ'..='ヿ')
}
