//! The transfer encodings of a mail's parts (RFC 2045, section 6), read as far as they go.

use mail_parser::Encoding;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::uuencode;

/// What the bytes of a part were before they were sent.
#[derive(Debug)]
pub(super) struct Transferred {
    pub(super) bytes: Vec<u8>,
    /// Why there are no more of them.
    pub(super) fault: Option<Reason>,
    /// Whether they were sent in letters that stand for bytes.
    pub(super) is_encoded: bool,
    /// Whether such letters say themselves that no more follow.
    pub(super) is_padded: bool,
}

impl Transferred {
    fn whole(bytes: Vec<u8>) -> Transferred {
        Transferred { bytes, fault: None, is_encoded: false, is_padded: false }
    }
}

/// Undoes an encoding, by what mail-parser took it for and by the word in the header; none if nothing comes out.
pub(super) fn transferred(raw: &[u8], encoding: Encoding, named: &str) -> Option<Transferred> {
    match (encoding, named) {
        (Encoding::Base64, _) | (_, "base64") => Some(base64(raw)),
        (Encoding::QuotedPrintable, _) | (_, "quoted-printable") => {
            quoted_printable_decode(raw).map(Transferred::whole)
        }
        (_, "uuencode" | "x-uuencode" | "x-uue" | "uue") => {
            let file = uuencode::first(&String::from_utf8_lossy(raw));
            Some(Transferred::whole(file.map_or_else(|| raw.to_vec(), |file| file.bytes)))
        }
        (Encoding::None, _) => Some(Transferred::whole(raw.to_vec())),
    }
}

/// Decodes base64 up to the first sign that is none of it. What follows its padding is no part of it: lists add lines of their own.
fn base64(raw: &[u8]) -> Transferred {
    let is_sign = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let end = raw.iter().position(|b| !is_sign(b) && !b.is_ascii_whitespace());
    let letters = raw.get(..end.unwrap_or(raw.len())).unwrap_or_default().trim_ascii_end();
    let is_padded = letters.ends_with(b"=");
    let after = letters.iter().rposition(|b| *b == b'=').map_or(0, |at| at + 1);
    let last = letters.get(after..).unwrap_or_default();
    // Four letters are three bytes; of one letter alone no byte comes.
    let is_odd = last.iter().filter(|b| is_sign(b)).count() % 4 == 1;
    let undecodable = || ReasonKind::NotDecoded.of(Part::Named("base64".into()));
    let fault = match end {
        Some(_) if !is_padded => Some(undecodable()),
        _ if is_odd => Some(ReasonKind::EndsEarly.of(Noun::PackedBytes)),
        _ => None,
    };
    let bytes = base64_decode(letters).unwrap_or_default();
    Transferred { bytes, fault, is_encoded: true, is_padded }
}

/// Whether text that nothing closes breaks off: within a sign of quoted-printable, within a letter of UTF-8, or within a page.
pub(super) fn is_cut_text(raw: &[u8]) -> bool {
    let text = raw.trim_ascii_end();
    let ends_in_sign = text.ends_with(b"=")
        || matches!(text, [.., b'=', last] if last.is_ascii_digit() || matches!(last, b'A'..=b'F'));
    let ends_in_letter = match std::str::from_utf8(text) {
        Ok(_) => false,
        // No length is known of what breaks off at the end.
        Err(error) => error.error_len().is_none(),
    };
    let has = |tag: &[u8]| text.windows(tag.len()).any(|w| w.eq_ignore_ascii_case(tag));
    ends_in_sign || ends_in_letter || (has(b"<html") && !has(b"</html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_up_to_what_is_none_of_it() {
        for (raw, text, is_whole) in [
            ("YWJj", "abc", true),
            ("YWJj\r\nZGVm\r\n", "abcdef", true),
            ("YWI=", "ab", true),
            ("YWI=\r\n\r\n____\r\nA list\r\n", "ab", true),
            ("YWJj!!%%", "abc", false),
            ("YWJj\r\nZ", "abc", false),
            ("!!", "", false),
            ("", "", true),
        ] {
            let read = base64(raw.as_bytes());
            assert_eq!(String::from_utf8(read.bytes).unwrap(), text, "{raw}");
            assert_eq!(read.fault.is_none(), is_whole, "{raw}");
        }
    }

    #[test]
    fn text_that_breaks_off() {
        for (text, is_cut) in [
            ("whole".as_bytes(), false),
            (b"a soft break=", true),
            (b"half a sign=E", true),
            (b"=EA=B0=80", false),
            (&"\u{ac00}".as_bytes()[..2], true),
            (b"<HTML><body>x</body></html>", false),
            (b"<html><body>x", true),
        ] {
            assert_eq!(is_cut_text(text), is_cut, "{text:?}");
        }
    }
}
