//! UTF-7 (RFC 2152): ASCII with runs of UTF-16 in Base64 between `+` and `-`. Read only where it is declared: any ASCII
//! text is UTF-7, too, and would lose its plus signs.

/// The text of bytes, and whether some had no meaning and became U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len());
    let mut lossy = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'+' {
            lossy |= byte >= 0x80;
            text.push(if byte < 0x80 { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"-") {
            rest = after;
            text.push('+');
            continue;
        }
        let length = rest.iter().take_while(|b| value(**b).is_some()).count();
        let (run, after) = rest.split_at(length);
        rest = after.strip_prefix(b"-").unwrap_or(after);
        if run.is_empty() {
            text.push('+');
            continue;
        }
        let (mut bits, mut count, mut units) = (0u32, 0u32, Vec::with_capacity(run.len()));
        for six in run.iter().filter_map(|b| value(*b)) {
            bits = bits << 6 | six;
            count += 6;
            if count >= 16 {
                count -= 16;
                units.push(u16::try_from(bits >> count & 0xFFFF).unwrap_or(0xFFFD));
                bits &= (1 << count) - 1;
            }
        }
        for unit in char::decode_utf16(units) {
            lossy |= unit.is_err();
            text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
    (text, lossy)
}

fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_plus_signs() {
        for (bytes, text) in [
            ("1 +- 1 = 2", "1 + 1 = 2"),
            ("Hi Mom -+Jjo--!", "Hi Mom -☺-!"),
            ("+ZeVnLIqe-", "日本語"),
            ("+rAAAIA-", "가 "),
        ] {
            assert_eq!(decode(bytes.as_bytes()), (text.to_owned(), false));
        }
        assert!(decode(b"+2D0-\xFF").1);
    }
}
