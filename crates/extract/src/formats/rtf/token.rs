//! The pieces of an RTF file: groups, control words, and the bytes between them.

/// A piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// A control word, as in `\fs24`: its letters and its number.
    Word(&'a str, Option<i32>),
    /// A control symbol, as in `\~`.
    Symbol(u8),
    /// A byte of text in hexadecimal digits, as in `\'b0`.
    Byte(u8),
    /// Bytes of text as they stand.
    Text(&'a [u8]),
    /// The bytes of `\binN`.
    Binary(&'a [u8]),
}

/// Reads pieces from the bytes of a file, whatever these are.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a>(&'a [u8]);

impl<'a> Tokens<'a> {
    /// From the start of a file.
    pub(super) fn new(bytes: &'a [u8]) -> Tokens<'a> {
        Tokens(bytes)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn control(&mut self) -> Option<Token<'a>> {
        let letters = self.0.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        if letters == 0 {
            return match *self.take(1).first()? {
                b'\'' => Some(self.hexadecimal()),
                other => Some(Token::Symbol(other)),
            };
        }
        let word = std::str::from_utf8(self.take(letters)).unwrap_or_default();
        let sign = usize::from(self.0.first() == Some(&b'-'));
        let digits = self.0.iter().skip(sign).take(10).take_while(|b| b.is_ascii_digit()).count();
        let number = if digits > 0 {
            let number = std::str::from_utf8(self.take(sign + digits)).unwrap_or_default();
            let number: i64 = number.parse().unwrap_or_default();
            Some(i32::try_from(number).unwrap_or(i32::MAX))
        } else {
            None
        };
        // The blank that ends a control word is a part of it.
        if self.0.first() == Some(&b' ') {
            self.take(1);
        }
        if word == "bin" {
            let length = number.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
            return Some(Token::Binary(self.take(length)));
        }
        Some(Token::Word(word, number))
    }

    fn hexadecimal(&mut self) -> Token<'a> {
        let digit = |n: usize| self.0.get(n).and_then(|b| char::from(*b).to_digit(16));
        match (digit(0), digit(1)) {
            (Some(high), Some(low)) => {
                self.take(2);
                Token::Byte(u8::try_from(high * 16 + low).unwrap_or(b'?'))
            }
            // Not two digits: nothing that a letter could be made of.
            _ => Token::Text(&[]),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        // Line ends between pieces are the writer's; they mean nothing.
        let blank = self.0.iter().take_while(|b| matches!(b, b'\r' | b'\n' | b'\0')).count();
        self.take(blank);
        match *self.0.first()? {
            b'{' => {
                self.take(1);
                Some(Token::Open)
            }
            b'}' => {
                self.take(1);
                Some(Token::Close)
            }
            b'\\' => {
                self.take(1);
                self.control()
            }
            _ => {
                let is_text = |b: &&u8| !matches!(b, b'{' | b'}' | b'\\' | b'\r' | b'\n' | b'\0');
                let length = self.0.iter().take_while(is_text).count();
                Some(Token::Text(self.take(length)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_kind() {
        let bytes = b"{\\rtf1\\u-3913 ?\\'b0\\'zz\\~a\r\nb\\bin3 }{\\ {\\*\\x}\\";
        let tokens: Vec<_> = Tokens::new(bytes).collect();
        let word = |word, number| Token::Word(word, number);
        assert_eq!(
            tokens,
            [
                Token::Open,
                word("rtf", Some(1)),
                word("u", Some(-3913)),
                Token::Text(b"?"),
                Token::Byte(0xB0),
                Token::Text(b""),
                Token::Text(b"zz"),
                Token::Symbol(b'~'),
                Token::Text(b"a"),
                Token::Text(b"b"),
                Token::Binary(b"}{\\"),
                Token::Text(b" "),
                Token::Open,
                Token::Symbol(b'*'),
                word("x", None),
                Token::Close,
            ]
        );
    }

    #[test]
    fn numbers_too_large_are_no_trouble() {
        let tokens: Vec<_> = Tokens::new(b"\\bin99999999999\\fs-99999999999x").collect();
        assert!(matches!(tokens.first(), Some(Token::Binary(_))));
        assert_eq!(Tokens::new(b"\\fs9999999999").last(), Some(Token::Word("fs", Some(i32::MAX))));
    }
}
