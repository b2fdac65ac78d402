//! The tokens of content streams and CMaps (ISO 32000-2, sections 7.2 and 7.8.2). Broken ones are skipped: a
//! reader that stops at the first odd byte loses the page.

use std::borrow::Cow;

/// One token. Bytes that need no unescaping are borrowed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    Name(Cow<'a, [u8]>),
    Text(Cow<'a, [u8]>),
    ArrayOpen,
    ArrayClose,
    DictionaryOpen,
    DictionaryClose,
    /// An operator, `true`, `null` …
    Word(&'a [u8]),
}

/// Yields the tokens of some bytes.
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Lexer<'a> {
        Lexer { rest: bytes }
    }

    /// Goes past the data of an inline image; to be called after its `ID`. The end is an `EI` between white
    /// space after which a content stream goes on: data may hold the two letters by chance. Whether there is such an end.
    pub(super) fn skip_image(&mut self) -> bool {
        let mut at = 0;
        while let Some(found) = self.rest.get(at..).and_then(|rest| find(rest, b"EI")) {
            let start = at + found;
            let before = start.checked_sub(1).and_then(|i| self.rest.get(i)).copied();
            let after = self.rest.get(start + 2..).unwrap_or_default();
            let look = after.get(..16).unwrap_or(after);
            if before.is_none_or(is_space)
                && look.first().copied().is_none_or(is_space)
                && look.iter().all(|&b| is_space(b) || (0x20..0x7F).contains(&b))
            {
                self.rest = after;
                return true;
            }
            at = start + 2;
        }
        self.rest = &[];
        false
    }

    fn skip_space(&mut self) {
        loop {
            let space = self.rest.iter().take_while(|&&b| is_space(b)).count();
            self.rest = self.rest.get(space..).unwrap_or_default();
            if self.rest.first() != Some(&b'%') {
                return;
            }
            let comment = self.rest.iter().take_while(|&&b| b != b'\n' && b != b'\r').count();
            self.rest = self.rest.get(comment..).unwrap_or_default();
        }
    }

    /// Splits off the first `n` bytes.
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(n).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    fn name(&mut self) -> Token<'a> {
        let length = self.rest.iter().take_while(|&&b| is_regular(b)).count();
        let raw = self.take(length);
        if !raw.contains(&b'#') {
            return Token::Name(Cow::Borrowed(raw));
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let [first, after @ ..] = rest {
            let escaped = match (first, after) {
                (b'#', [high, low, ..]) => hex(*high).zip(hex(*low)),
                _ => None,
            };
            match escaped {
                Some((high, low)) => {
                    name.push(high << 4 | low);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => {
                    name.push(*first);
                    rest = after;
                }
            }
        }
        Token::Name(Cow::Owned(name))
    }

    /// A string in parentheses, its first one gone.
    fn literal(&mut self) -> Token<'a> {
        let plain = self.rest.iter().position(|b| matches!(b, b'(' | b')' | b'\\' | b'\r'));
        if let Some(at) = plain
            && self.rest.get(at) == Some(&b')')
        {
            let text = self.take(at);
            self.take(1);
            return Token::Text(Cow::Borrowed(text));
        }
        let mut text = Vec::new();
        let mut depth = 0u32;
        while let [first, after @ ..] = self.rest {
            self.rest = after;
            match first {
                b'(' => {
                    depth += 1;
                    text.push(b'(');
                }
                b')' if depth == 0 => break,
                b')' => {
                    depth -= 1;
                    text.push(b')');
                }
                b'\r' => {
                    if self.rest.first() == Some(&b'\n') {
                        self.take(1);
                    }
                    text.push(b'\n');
                }
                b'\\' => self.escape(&mut text),
                byte => text.push(*byte),
            }
        }
        Token::Text(Cow::Owned(text))
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(&byte) = self.take(1).first() else { return };
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => {
                if self.rest.first() == Some(&b'\n') {
                    self.take(1);
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.rest.first() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.take(1);
                }
                text.push((value & 0xFF) as u8);
            }
            other => text.push(other),
        }
    }

    /// A string in angle brackets, its first one gone.
    fn hexadecimal(&mut self) -> Token<'a> {
        let length = self.rest.iter().take_while(|&&b| b != b'>').count();
        let digits = self.take(length);
        self.take(1);
        let mut text = Vec::with_capacity(digits.len() / 2 + 1);
        let mut high = None;
        for digit in digits.iter().filter_map(|&b| hex(b)) {
            match high.take() {
                Some(high) => text.push(high << 4 | digit),
                None => high = Some(digit),
            }
        }
        text.extend(high.map(|high: u8| high << 4));
        Token::Text(Cow::Owned(text))
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.skip_space();
            let first = *self.rest.first()?;
            if is_regular(first) {
                let length = self.rest.iter().take_while(|&&b| is_regular(b)).count();
                let word = self.take(length);
                return Some(number(word).map_or(Token::Word(word), Token::Number));
            }
            self.take(1);
            return Some(match first {
                b'/' => self.name(),
                b'(' => self.literal(),
                b'[' => Token::ArrayOpen,
                b']' => Token::ArrayClose,
                b'<' if self.rest.first() == Some(&b'<') => {
                    self.take(1);
                    Token::DictionaryOpen
                }
                b'<' => self.hexadecimal(),
                b'>' if self.rest.first() == Some(&b'>') => {
                    self.take(1);
                    Token::DictionaryClose
                }
                // `)`, `>`, `{`, `}` mean nothing here.
                _ => continue,
            });
        }
    }
}

/// A number as real writers put them: `--5`, `1.2.3` and `5-3` occur and are read as far as they make sense.
fn number(word: &[u8]) -> Option<f64> {
    let (mut negative, mut digits, mut value, mut scale) = (false, false, 0.0f64, None);
    for (at, byte) in word.iter().enumerate() {
        match byte {
            b'+' if at == 0 => {}
            b'-' if !digits && scale.is_none() => negative = true,
            b'-' if digits => break,
            b'.' if scale.is_none() => scale = Some(1.0f64),
            b'.' if digits => break,
            b'0'..=b'9' => {
                digits = true;
                let digit = f64::from(byte - b'0');
                match &mut scale {
                    None => value = value * 10.0 + digit,
                    Some(scale) => {
                        *scale /= 10.0;
                        value += digit * *scale;
                    }
                }
            }
            _ => return None,
        }
    }
    // A lone point or sign counts as zero.
    (digits || word.iter().all(|b| matches!(b, b'.' | b'-' | b'+'))).then_some(if negative {
        -value
    } else {
        value
    })
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte)
        && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Token<'_> {
        Token::Text(Cow::Borrowed(bytes))
    }

    #[test]
    fn reads_tokens() {
        let cases: [(&[u8], Vec<Token<'_>>); 7] = [
            (
                b"/F1 12 Tf",
                vec![Token::Name(Cow::Borrowed(b"F1")), Token::Number(12.0), Token::Word(b"Tf")],
            ),
            (b"(a\\(b(c)\\051\\\nd) Tj", vec![text(b"a(b(c))d"), Token::Word(b"Tj")]),
            (b"<48 6>", vec![text(b"H`")]),
            (
                b"[-.5 +3 --2 1.5-3]",
                vec![
                    Token::ArrayOpen,
                    Token::Number(-0.5),
                    Token::Number(3.0),
                    Token::Number(-2.0),
                    Token::Number(1.5),
                    Token::ArrayClose,
                ],
            ),
            (b"% note\r/A#20B", vec![Token::Name(Cow::Borrowed(b"A B"))]),
            (b"T* ' (open", vec![Token::Word(b"T*"), Token::Word(b"'"), text(b"open")]),
            (
                b"<</A 1>> ) > {",
                vec![
                    Token::DictionaryOpen,
                    Token::Name(Cow::Borrowed(b"A")),
                    Token::Number(1.0),
                    Token::DictionaryClose,
                ],
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Lexer::new(bytes).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn goes_past_images_that_hold_their_end_by_chance() {
        let mut lexer = Lexer::new(b" \x00 EI \xFF\x01 EIEI\nEI Q BT");
        lexer.skip_image();
        assert_eq!(lexer.next(), Some(Token::Word(b"Q")));
        let mut endless = Lexer::new(b" data");
        endless.skip_image();
        assert_eq!(endless.next(), None);
    }
}
