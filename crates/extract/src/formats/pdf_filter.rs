//! The filters of streams that are no Flate (ISO 32000-2, sections 7.4.2 to 7.4.5), each with a word on whether its data
//! went to their end. lopdf decodes them, too, and takes what is cut for all of it.

/// What came out of a filter or of all filters of a stream.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Whether the encoded data went to its end and meant something all the way.
    pub(super) is_whole: bool,
}

/// Bytes as hexadecimal digits; some bytes more than `most` if there are more.
pub(super) fn ascii_hex(data: &[u8], most: usize) -> Decoded {
    let (mut bytes, mut high, mut is_clean) = (Vec::new(), None, true);
    for &byte in data {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'>' => {
                bytes.extend(high.map(|high: u8| high << 4));
                return Decoded { bytes, is_whole: is_clean };
            }
            byte => {
                is_clean &= is_blank(byte);
                continue;
            }
        };
        match high.take() {
            Some(high) => bytes.push(high << 4 | digit),
            None => high = Some(digit),
        }
        if bytes.len() > most {
            break;
        }
    }
    bytes.extend(high.map(|high| high << 4));
    Decoded { bytes, is_whole: data.is_empty() }
}

/// Four bytes in five digits of base 85; some bytes more than `most` if there are more.
pub(super) fn ascii85(data: &[u8], most: usize) -> Decoded {
    let blank = data.iter().take_while(|byte| is_blank(**byte)).count();
    let data = data.get(blank..).unwrap_or_default();
    // PostScript writes this in front, and so do some who learned from it.
    let data = data.strip_prefix(b"<~").unwrap_or(data);
    let mut bytes = Vec::new();
    let mut group = [0u8; 5];
    let (mut filled, mut is_clean, mut has_ended) = (0, true, data.is_empty());
    for &byte in data {
        match byte {
            b'~' => {
                has_ended = true;
                break;
            }
            b'z' if filled == 0 => bytes.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                if let Some(place) = group.get_mut(filled) {
                    *place = byte - b'!';
                }
                filled += 1;
                if filled == group.len() {
                    is_clean &= put_group(&group, filled, &mut bytes);
                    filled = 0;
                }
            }
            byte => is_clean &= is_blank(byte),
        }
        if bytes.len() > most {
            break;
        }
    }
    if filled > 0 {
        if let Some(rest) = group.get_mut(filled..) {
            rest.fill(84);
        }
        is_clean &= put_group(&group, filled, &mut bytes);
    }
    Decoded { bytes, is_whole: has_ended && is_clean }
}

/// Writes the bytes of a group of which so many digits were given; whether there is such a group.
fn put_group(group: &[u8; 5], filled: usize, bytes: &mut Vec<u8>) -> bool {
    let value = group.iter().fold(0u64, |value, digit| value * 85 + u64::from(*digit));
    let Ok(value) = u32::try_from(value) else { return false };
    bytes
        .extend_from_slice(value.to_be_bytes().get(..filled.saturating_sub(1)).unwrap_or_default());
    filled > 1
}

/// Runs of bytes, and of one byte; some bytes more than `most` if there are more.
pub(super) fn run_length(data: &[u8], most: usize) -> Decoded {
    let mut bytes = Vec::new();
    let mut rest = data;
    while let Some((&length, behind)) = rest.split_first() {
        let length = usize::from(length);
        match length {
            0..=127 => {
                let Some((run, behind)) = behind.split_at_checked(length + 1) else {
                    bytes.extend_from_slice(behind);
                    break;
                };
                bytes.extend_from_slice(run);
                rest = behind;
            }
            128 => return Decoded { bytes, is_whole: true },
            _ => {
                let Some((&byte, behind)) = behind.split_first() else { break };
                bytes.resize(bytes.len() + 257 - length, byte);
                rest = behind;
            }
        }
        if bytes.len() > most {
            break;
        }
    }
    Decoded { bytes, is_whole: data.is_empty() }
}

/// Codes of growing length for strings that came before (LZW); `early` makes them longer one code too soon, as is usual.
/// Some bytes more than `most` if there are more.
pub(super) fn lzw(data: &[u8], early: bool, most: usize) -> Decoded {
    const CLEAR: usize = 256;
    const END: usize = 257;
    const FIRST: usize = 258;
    const CODES: usize = 4096;
    let mut bytes: Vec<u8> = Vec::new();
    // Each string stands in what came out: it is the one before, and the byte behind that.
    let mut strings: Vec<(usize, usize)> = Vec::new();
    let mut before: Option<(usize, usize)> = None;
    let (mut at, mut width) = (0usize, 9usize);
    let mut is_whole = data.is_empty();
    while let Some(code) = bits(data, at, width) {
        at += width;
        match code {
            CLEAR => {
                strings.clear();
                before = None;
            }
            END => {
                is_whole = true;
                break;
            }
            code => {
                if let Some((start, length)) = before.filter(|_| FIRST + strings.len() < CODES) {
                    strings.push((start, length + 1));
                }
                let place = bytes.len();
                let length = match u8::try_from(code) {
                    Ok(byte) => {
                        bytes.push(byte);
                        1
                    }
                    Err(_) => {
                        let Some(&(start, length)) = strings.get(code - FIRST) else { break };
                        for at in start..start + length {
                            bytes.extend(bytes.get(at).copied());
                        }
                        length
                    }
                };
                before = Some((place, length));
            }
        }
        width = match FIRST + strings.len() + usize::from(early) {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        if bytes.len() > most {
            break;
        }
    }
    Decoded { bytes, is_whole }
}

/// So many bits of the data, at most sixteen, from this one on; none if there are fewer.
fn bits(data: &[u8], at: usize, width: usize) -> Option<usize> {
    if at + width > data.len().saturating_mul(8) {
        return None;
    }
    let byte = |behind: usize| usize::from(data.get(at / 8 + behind).copied().unwrap_or(0));
    let three = byte(0) << 16 | byte(1) << 8 | byte(2);
    Some(three >> (24 - at % 8 - width) & ((1 << width) - 1))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Decoded {
        Decoded { bytes: bytes.to_vec(), is_whole: true }
    }

    fn part(bytes: &[u8]) -> Decoded {
        Decoded { bytes: bytes.to_vec(), is_whole: false }
    }

    #[test]
    fn hexadecimal_digits_end_with_their_mark() {
        assert_eq!(ascii_hex(b"61 62\n7> rest", 100), whole(b"abp"));
        assert_eq!(ascii_hex(b"6162", 100), part(b"ab"));
        assert_eq!(ascii_hex(b"61??62>", 100), part(b"ab"));
        assert_eq!(ascii_hex(b"", 100), whole(b""));
        assert!(ascii_hex(&b"61".repeat(50), 10).bytes.len() > 10);
    }

    #[test]
    fn digits_of_base_85_end_with_their_mark() {
        assert_eq!(ascii85(b"9jqo^z~>", 100), whole(b"Man \0\0\0\0"));
        assert_eq!(ascii85(b" <~9jqo\n^9j~>\n", 100), whole(b"Man M"));
        assert_eq!(ascii85(b"9jqo^9jqo^", 100), part(b"Man Man "));
        assert_eq!(ascii85(b"9jqo^\xFF9jqo^~>", 100), part(b"Man Man "));
        // Five times the highest digit is no group of 32 bits, and one digit is none of a byte.
        assert_eq!(ascii85(b"9jqo^uuuuu9jqo^~>", 100), part(b"Man Man "));
        assert_eq!(ascii85(b"9jqo^9~>", 100), part(b"Man "));
    }

    #[test]
    fn runs_end_with_their_mark() {
        assert_eq!(run_length(&[2, 97, 98, 99, 254, 100, 128, 7], 100), whole(b"abcddd"));
        assert_eq!(run_length(&[2, 97, 98, 99, 254, 100], 100), part(b"abcddd"));
        assert_eq!(run_length(&[9, 97, 98], 100), part(b"ab"));
        assert_eq!(run_length(&[254], 100), part(b""));
    }

    /// Writes what a writer of LZW makes of a text: it knows of each string what a reader will know.
    fn packed(text: &[u8], early: bool) -> Vec<u8> {
        let mut codes = vec![(256usize, 9usize)];
        let mut known: Vec<Vec<u8>> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let longest = (0..known.len())
                .filter(|at| rest.starts_with(&known[*at]))
                .max_by_key(|at| known[*at].len());
            let (code, length) =
                longest.map_or((usize::from(rest[0]), 1), |at| (258 + at, known[at].len()));
            let width = |known: usize| match 257 + known + usize::from(early) {
                0..512 => 9,
                512..1024 => 10,
                1024..2048 => 11,
                _ => 12,
            };
            // The reader is one string behind.
            codes.push((code, width(known.len().max(1))));
            if length < rest.len() {
                known.push(rest[..=length].to_vec());
            }
            rest = &rest[length..];
            if known.len() == 4096 - 258 - 1 {
                codes.push((256, 12));
                known.clear();
            }
        }
        let end = match 258 + known.len() + usize::from(early) {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        codes.push((257, end));
        let bits: String = codes.iter().map(|(code, width)| format!("{code:0width$b}")).collect();
        let byte = |bits: &[u8]| {
            bits.iter().fold(0u8, |byte, bit| byte << 1 | (bit - b'0')) << (8 - bits.len())
        };
        bits.as_bytes().chunks(8).map(byte).collect()
    }

    #[test]
    fn strings_that_came_before_end_with_their_mark() {
        // The example of the standard.
        let data = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(lzw(&data, true, 100), whole(&[45, 45, 45, 45, 45, 65, 45, 45, 45, 66]));
        assert!(!lzw(&data[..7], true, 100).is_whole);
        let text: Vec<u8> =
            (0..9000).flat_map(|n| format!("수문 {} ", n * 7919 % 1000).into_bytes()).collect();
        let stream = packed(&text, true);
        assert_eq!(lzw(&stream, true, 1 << 20), whole(&text));
        let cut = lzw(&stream[..stream.len() / 2], true, 1 << 20);
        assert!(!cut.is_whole && cut.bytes.len() > 1000 && text.starts_with(&cut.bytes));
        let mut garbled = stream.clone();
        let middle = stream.len() / 2;
        garbled[middle..middle + 40].fill(0xFF);
        assert_ne!(lzw(&garbled, true, 1 << 20), whole(&text));
        assert!(lzw(&stream, true, 1000).bytes.len() < 1000 + 4096);
    }
}
