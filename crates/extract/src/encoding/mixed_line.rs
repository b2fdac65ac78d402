//! A line that is UTF-8 but for what was put in from elsewhere: pages without ends of lines, and messages that quote.

use encoding_rs::EUC_KR;

use super::code::Code;
use super::pairs::Pairs;

/// The text of a line of which each run of letters is UTF-8 or CP949 by itself, and some are either beyond doubt; none of any
/// other.
pub(super) fn mixed_line(line: &[u8]) -> Option<String> {
    // What is CP949 as a whole is believed to be that.
    if line.is_ascii() || Pairs::of_cp949(line).are_whole() {
        return None;
    }
    let mut text = String::with_capacity(line.len());
    let mut korean: Vec<u8> = Vec::new();
    let mut is_sure = false;
    let mut rest = line;
    while let Some(at) = rest.iter().position(|byte| !byte.is_ascii()) {
        let (plain, after) = rest.split_at(at);
        text.push_str(std::str::from_utf8(plain).ok()?);
        let length = after.iter().position(u8::is_ascii).unwrap_or(after.len());
        let (run, behind) = after.split_at(length);
        rest = match std::str::from_utf8(run) {
            Ok(run) => {
                is_sure |= run.contains(|c| c >= '\u{800}');
                text.push_str(run);
                behind
            }
            Err(_) => {
                let (run, behind) = after.split_at(pairs_length(after));
                let read = Code::Standard(EUC_KR).decode(run);
                if read.lossy {
                    return None;
                }
                text.push_str(&read.text);
                korean.extend_from_slice(run);
                behind
            }
        };
    }
    text.push_str(std::str::from_utf8(rest).ok()?);
    (is_sure && Pairs::of_cp949(&korean).are_korean()).then_some(text)
}

/// Bytes of the pairs at the start: the second byte of one may be a letter of ASCII.
fn pairs_length(bytes: &[u8]) -> usize {
    let pairs =
        bytes.chunks(2).take_while(|pair| pair.first().is_some_and(|byte| !byte.is_ascii()));
    pairs.map(<[u8]>::len).sum()
}
