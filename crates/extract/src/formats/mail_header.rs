//! The fields of a mail's header (RFC 5322, 2047 and 2231): their words joined as bytes before they are decoded, because
//! mailers cut Korean letters in two, and bare CP949 where mailers wrote no encoding at all.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;

use crate::encoding::{decode, decode_declared};

/// Fields and parameters of one header that are looked at.
const MOST: usize = 2_000;

/// Bytes of one field that are read.
pub(super) const LONGEST_FIELD: usize = 1 << 20;

/// A mail without what its fields have beyond [`LONGEST_FIELD`], and whether one had more.
pub(super) fn shortened(bytes: &[u8], progress: impl Fn()) -> (Cow<'_, [u8]>, bool) {
    let mut kept: Vec<u8> = Vec::new();
    let (mut field, mut from, mut at) = (0, 0, 0);
    let (mut is_shortened, mut told) = (false, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if at >= told {
            progress();
            told = at + LONGEST_FIELD;
        }
        let line = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |end| end + 1);
        let goes_on = matches!(rest.first(), Some(b' ' | b'\t'));
        if rest.get(..line).unwrap_or_default().trim_ascii().is_empty() {
            break;
        }
        field = if goes_on { field } else { at };
        let end = at + line;
        let most = field + LONGEST_FIELD;
        if end > most {
            // What stood before it in the field is kept, and its end of a line.
            kept.extend_from_slice(bytes.get(from..most.max(from)).unwrap_or_default());
            if most > from {
                kept.push(b'\n');
            }
            from = end;
            is_shortened = true;
        }
        at = end;
    }
    if !is_shortened {
        return (bytes.into(), false);
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    (kept.into(), true)
}

/// The header of a message or of a part of one.
#[derive(Debug, Default)]
pub(super) struct Header<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Header<'a> {
    /// Reads the fields up to the first blank line.
    pub(super) fn read(bytes: &'a [u8]) -> Header<'a> {
        let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() && fields.len() < MOST {
            let length = field_length(rest);
            let (field, after) = rest.split_at(length);
            rest = after;
            if field.trim_ascii().is_empty() {
                break;
            }
            if let Some(colon) = field.iter().position(|b| *b == b':')
                && let (Some(name), Some(value)) = (field.get(..colon), field.get(colon + 1..))
            {
                fields.push((name.trim_ascii(), value.trim_ascii()));
            }
        }
        Header(fields)
    }

    /// The raw value of the first field of this name.
    pub(super) fn field(&self, name: &str) -> Option<&'a [u8]> {
        let is = |field: &[u8]| field.eq_ignore_ascii_case(name.as_bytes());
        self.0.iter().find(|(field, _)| is(field)).map(|(_, value)| *value)
    }

    /// The text of the first field of this name.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = decoded(self.field(name)?, |_, text| text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// A parameter of the first field of this name, as in `filename`.
    pub(super) fn parameter(&self, field: &str, name: &str) -> Option<String> {
        parameter(self.field(field)?, name)
    }
}

/// How many bytes the first field has, with the lines that go on from it.
fn field_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let goes_on = matches!(line.first(), Some(b' ' | b'\t')) && !line.trim_ascii().is_empty();
        if length > 0 && !goes_on {
            break;
        }
        length += line.len();
    }
    length
}

/// The header with its people's names as a parser of addresses understands them: decoded, and in quotes where they hold signs
/// that have a meaning among addresses.
pub(super) fn readable(bytes: &[u8]) -> Cow<'_, [u8]> {
    const PEOPLE: [&str; 6] = ["from", "to", "cc", "bcc", "sender", "reply-to"];
    let end = bytes.windows(3).position(|w| w.starts_with(b"\n\n") || w == b"\n\r\n");
    let (header, body) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
    if header.is_ascii() && !header.windows(2).any(|w| w == b"=?") {
        return bytes.into();
    }
    let mut readable = Vec::with_capacity(bytes.len());
    let mut rest = header;
    while !rest.is_empty() {
        let (field, after) = rest.split_at(field_length(rest).max(1));
        rest = after;
        let name = field.split(|b| *b == b':').next().unwrap_or_default().trim_ascii();
        if PEOPLE.iter().any(|people| name.eq_ignore_ascii_case(people.as_bytes())) {
            let (mut quoted, mut comments) = (false, 0u32);
            let text = decoded(field, |before, text| {
                for sign in before.chars() {
                    match sign {
                        '"' => quoted = !quoted,
                        '(' if !quoted => comments = comments.saturating_add(1),
                        ')' if !quoted => comments = comments.saturating_sub(1),
                        _ => {}
                    }
                }
                if comments > 0 {
                    // There, too, signs have no meaning but these.
                    return text.replace(['\r', '\n', '\\', '(', ')'], " ");
                }
                let text = text.replace(['\r', '\n', '\\', '"'], " ");
                let plain = |c: char| c.is_alphanumeric() || c == ' ' || !c.is_ascii();
                if quoted || text.chars().all(plain) { text } else { format!("\"{text}\"") }
            });
            readable.extend_from_slice(text.as_bytes());
        } else if field.is_ascii() {
            readable.extend_from_slice(field);
        } else {
            readable.extend_from_slice(decode(field).text.as_bytes());
        }
    }
    readable.extend_from_slice(body);
    readable.into()
}

/// The text of a value. `word` is given each text that stood in encoded words, and what stood before it.
fn decoded(value: &[u8], mut word: impl FnMut(&str, String) -> String) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some(at) = rest.windows(2).position(|w| w == b"=?") {
        let (before, from) = rest.split_at(at);
        let Some((charset, mut bytes, mut after)) = encoded_word(from) else {
            let (plain, next) = rest.split_at(at + 2);
            text.push_str(&decode(plain).text);
            rest = next;
            continue;
        };
        let before = decode(before).text;
        text.push_str(&before);
        // Words of one encoding with nothing but blanks between them are one text that was cut.
        loop {
            let blank = after.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let next = after.get(blank..).and_then(encoded_word);
            match next.filter(|(other, ..)| other.eq_ignore_ascii_case(charset)) {
                Some((_, more, next)) => {
                    bytes.extend_from_slice(&more);
                    after = next;
                }
                None => break,
            }
        }
        let label = String::from_utf8_lossy(charset);
        let label = label.split('*').next();
        text.push_str(&word(&before, decode_declared(&bytes, label).text));
        // Words of two encodings: the blanks between them are of the notation, too.
        let blank = after.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if after.get(blank..).is_some_and(|next| encoded_word(next).is_some()) {
            after = after.get(blank..).unwrap_or_default();
        }
        rest = after;
    }
    text.push_str(&decode(rest).text);
    text
}

/// The charset of an encoded word, its bytes, and what follows it.
fn encoded_word(bytes: &[u8]) -> Option<(&[u8], Vec<u8>, &[u8])> {
    let rest = bytes.strip_prefix(b"=?")?;
    let mark = |bytes: &[u8]| bytes.iter().take(1000).position(|b| *b == b'?');
    let at = mark(rest)?;
    let (charset, rest) = (rest.get(..at)?, rest.get(at + 1..)?);
    let (kind, rest) = (*rest.first()?, rest.get(1..)?.strip_prefix(b"?")?);
    let at = rest.windows(2).take(10_000).position(|w| w == b"?=")?;
    let (word, rest) = (rest.get(..at)?, rest.get(at + 2..)?);
    if charset.is_empty() || !charset.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let bytes = match kind {
        b'B' | b'b' => base64_decode(word)?,
        b'Q' | b'q' => percent(word, b'=', true),
        _ => return None,
    };
    Some((charset, bytes, rest))
}

/// Bytes given by two digits after a sign; `_` is a blank in encoded words.
fn percent(text: &[u8], sign: u8, underscore: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = (byte == sign).then(|| after.get(..2)).flatten();
        let code =
            digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match code {
            Some(code) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            None if underscore && byte == b'_' => bytes.push(b' '),
            None => bytes.push(byte),
        }
    }
    bytes
}

/// A parameter of a field: continued (`name*0*=`), with its encoding (`name*=`), or plain, which mailers fill with encoded words and
/// bare bytes.
fn parameter(value: &[u8], name: &str) -> Option<String> {
    let mut pieces: Vec<(u32, bool, Vec<u8>)> = Vec::new();
    let mut plain = None;
    for one in parameters(value) {
        let Some(at) = one.iter().position(|b| *b == b'=') else { continue };
        let key = String::from_utf8_lossy(one.get(..at)?).trim().to_ascii_lowercase();
        let content = unquoted(one.get(at + 1..)?.trim_ascii());
        let Some(suffix) = key.strip_prefix(name) else { continue };
        match suffix.strip_prefix('*') {
            None if suffix.is_empty() && plain.is_none() => plain = Some(content),
            None => {}
            Some(suffix) => {
                let (number, is_coded) = match suffix.strip_suffix('*') {
                    Some(number) => (number, true),
                    None => (suffix, suffix.is_empty()),
                };
                let number = if number.is_empty() { 0 } else { number.parse().ok()? };
                pieces.push((number, is_coded, content));
            }
        }
    }
    if pieces.is_empty() {
        let text = decoded(&plain?, |_, text| text);
        return Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    }
    pieces.sort_by_key(|(number, ..)| *number);
    let mut charset = None;
    let mut bytes = Vec::new();
    for (n, (_, is_coded, content)) in pieces.into_iter().enumerate() {
        let mut content = content.as_slice();
        if n == 0 && is_coded {
            let mut quotes = content.splitn(3, |b| *b == b'\'');
            if let (Some(label), Some(_), Some(rest)) =
                (quotes.next(), quotes.next(), quotes.next())
            {
                charset = Some(String::from_utf8_lossy(label).into_owned());
                content = rest;
            }
        }
        match is_coded {
            true => bytes.extend(percent(content, b'%', false)),
            false => bytes.extend_from_slice(content),
        }
    }
    let label = charset.as_deref().filter(|label| !label.is_empty());
    let text = decode_declared(&bytes, label).text.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The parameters of a field, between semicolons that stand outside of quotes.
fn parameters(value: &[u8]) -> Vec<&[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    let pieces = value.split(|b| {
        let is_quote = *b == b'"' && !escaped;
        escaped = quoted && *b == b'\\' && !escaped;
        quoted ^= is_quote;
        *b == b';' && !quoted
    });
    pieces.skip(1).take(MOST).collect()
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inside) = value.strip_prefix(b"\"") else { return value.to_vec() };
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => break,
            // Only what must be escaped is: in CP949 a backslash is the second half of a letter, too.
            b'\\' if matches!(rest.as_slice().first(), Some(b'"' | b'\\')) => {
                bytes.extend(rest.next());
            }
            b'\r' | b'\n' => {}
            byte => bytes.push(*byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &[u8]) -> (Option<String>, Option<String>) {
        let header = Header::read(text);
        (header.text("subject"), header.parameter("content-disposition", "filename"))
    }

    #[test]
    fn words_are_joined_before_they_are_decoded() {
        let subject = b"X: 1\r\nSubject: =?euc-kr?B?yLjA?=\r\n =?EUC-KR?B?xw==?= =?utf-8?Q?_=EA=B0=80?= b=?x\r\n\r\nSubject: no";
        assert_eq!(header(subject).0.as_deref(), Some("회의 가 b=?x"));
        assert_eq!(header(b"subject: \xC8\xB8\xC0\xC7 1\n\n").0.as_deref(), Some("회의 1"));
        assert_eq!(header(b"subject: =?a?B?\n\n").0.as_deref(), Some("=?a?B?"));
    }

    #[test]
    fn names_of_files_in_every_notation() {
        for (value, name) in [
            (b"attachment; filename=\"a;b\\\"c.txt\"".as_slice(), "a;b\"c.txt"),
            (b"attachment; filename=plain.txt; size=3", "plain.txt"),
            (b"attachment; filename*=utf-8'ko'%EA%B0%80.txt; filename=x", "가.txt"),
            (
                b"attachment; filename*1*=%CE.txt; filename*0*=euc-kr''a%B3%AA%B4%DD%B7",
                "a나닫로.txt",
            ),
            (b"attachment; filename*0=\"long \"; filename*1=name.txt", "long name.txt"),
            (b"attachment; filename=\"\xB0\xA1.txt\"", "가.txt"),
            (b"inline; filename=\"=?euc-kr?B?sKE=?=.txt\";", "가.txt"),
        ] {
            let field = [b"Content-Disposition: ", value, b"\r\n\r\n"].concat();
            assert_eq!(header(&field).1.as_deref(), Some(name));
        }
        assert_eq!(header(b"Content-Disposition: attachment; filename=\"\"\n\n").1, None);
    }

    #[test]
    fn names_of_people_are_quoted_where_they_must_be() {
        let mail = b"From: =?euc-kr?B?yKs=?= =?euc-kr?B?LA==?= <a@b>\r\nTo: \"=?utf-8?Q?=EA=B0=80,?=\" <c@d>\r\nSubject: x\r\n\r\n\xFF";
        let expected =
            ["From: \"홍,\" <a@b>\r\nTo: \"가,\" <c@d>\r\nSubject: x\r\n\r\n".as_bytes(), b"\xFF"]
                .concat();
        assert_eq!(readable(mail).as_ref(), expected);
        assert!(matches!(readable(b"From: a@b\n\nx"), Cow::Borrowed(_)));
        // Comments hold signs of every kind but their own.
        let mail = b"To: a@b (=?utf-8?Q?=EA=B0=80,_(=EB=82=98)?= \"x\"), =?utf-8?Q?=EB=8B=A4,?= <c@d>\r\n\r\n";
        let expected = "To: a@b (가,  나  \"x\"), \"다,\" <c@d>\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&readable(mail)), expected);
    }
}
