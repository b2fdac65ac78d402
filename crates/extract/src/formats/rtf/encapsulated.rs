//! The page or plain text that a mail program has wrapped in RTF (MS-OXRTFEX): the RTF of most mails is only this.

use super::font::Fonts;
use super::token::{Token, Tokens};

/// Groups deeper than this share the state of their parent.
const DEPTH: usize = 2_000;

/// What was wrapped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// An HTML page.
    Page(String),
    /// Plain text.
    Text(String),
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// Nothing of the group is of the page.
    left_out: bool,
    /// Inside a piece of the page's own markup.
    markup: bool,
    /// What the markup says already, in RTF.
    repeated: bool,
    fonts: bool,
    font: Option<i32>,
    skip: u32,
}

struct Reader {
    fonts: Fonts,
    bytes: Vec<u8>,
    state: State,
    out: String,
}

impl Reader {
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        if self.state.fonts {
            let name = self.fonts.text(&bytes, None);
            self.fonts.name(&name);
        } else if self.is_of_page() {
            // Markup is in the code page of the file, whatever font is set.
            let font = if self.state.markup { None } else { self.state.font };
            self.out.push_str(&self.fonts.text(&bytes, font));
        }
    }

    fn is_of_page(&self) -> bool {
        !self.state.left_out && (self.state.markup || !self.state.repeated)
    }

    fn put(&mut self, text: &str) {
        if self.is_of_page() && !self.state.fonts {
            self.out.push_str(text);
        }
    }
}

/// Unwraps; none if nothing is wrapped, and the RTF is the text itself.
pub(super) fn unwrap(bytes: &[u8]) -> Option<Wrapped> {
    let wraps_page = wraps(bytes)?;
    let outside = State {
        left_out: false,
        markup: false,
        repeated: false,
        fonts: false,
        font: None,
        skip: 1,
    };
    let mut reader =
        Reader { fonts: Fonts::default(), bytes: Vec::new(), state: outside, out: String::new() };
    let mut stack: Vec<State> = Vec::new();
    let (mut deeper, mut skip_left, mut high) = (0usize, 0u32, None);
    let (mut fresh, mut starred) = (false, false);
    for token in Tokens::new(bytes) {
        let was_fresh = std::mem::replace(&mut fresh, token == Token::Open);
        match token {
            Token::Open | Token::Close => {
                reader.flush();
                (skip_left, starred) = (0, false);
                match token {
                    Token::Open if stack.len() < DEPTH => stack.push(reader.state),
                    Token::Open => deeper += 1,
                    _ if deeper > 0 => deeper -= 1,
                    _ => reader.state = stack.pop().unwrap_or(outside),
                }
            }
            Token::Byte(_) | Token::Text(_) => {
                let one;
                let text: &[u8] = match token {
                    Token::Text(text) => text,
                    Token::Byte(byte) => {
                        one = [byte];
                        &one
                    }
                    _ => &[],
                };
                let skipped = text.len().min(skip_left as usize);
                skip_left -= u32::try_from(skipped).unwrap_or(skip_left);
                reader.bytes.extend_from_slice(text.get(skipped..).unwrap_or_default());
            }
            Token::Symbol(b'*') => starred = was_fresh,
            Token::Symbol(_) if skip_left > 0 => skip_left -= 1,
            Token::Symbol(symbol @ (b'{' | b'}' | b'\\')) => reader.bytes.push(symbol),
            Token::Symbol(symbol) => {
                reader.flush();
                match symbol {
                    b'~' => reader.put("\u{A0}"),
                    b'_' => reader.put("-"),
                    b'\r' | b'\n' => reader.put("\n"),
                    _ => {}
                }
            }
            Token::Binary(_) => {}
            Token::Word(word, number) => {
                reader.flush();
                skip_left = 0;
                let state = &mut reader.state;
                match (word, number) {
                    ("htmltag", _) if std::mem::take(&mut starred) => state.markup = true,
                    ("fonttbl", _) => state.fonts = true,
                    ("colortbl" | "stylesheet" | "info" | "pict" | "listtable", _) => {
                        state.left_out = true;
                    }
                    _ if std::mem::take(&mut starred) => state.left_out = true,
                    ("htmlrtf", number) => state.repeated = number != Some(0),
                    ("f", Some(number)) if state.fonts => reader.fonts.begin(number),
                    ("f", number) => state.font = number,
                    ("fcharset", number) => reader.fonts.charset(number.unwrap_or_default()),
                    ("ansicpg", Some(page)) if page > 0 => {
                        reader.fonts.set_page(u16::try_from(page).unwrap_or(1252));
                    }
                    ("uc", number) => {
                        let skip = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
                        state.skip = skip.min(16);
                    }
                    ("u", number) => {
                        skip_left = state.skip;
                        let unit = number.unwrap_or_default().rem_euclid(0x1_0000);
                        let unit = u16::try_from(unit).unwrap_or_default();
                        if (0xD800..0xDC00).contains(&unit) {
                            high = Some(unit);
                        } else {
                            let units = high.take().into_iter().chain([unit]);
                            let text: String = char::decode_utf16(units).flatten().collect();
                            reader.put(&text);
                        }
                    }
                    ("par" | "line", _) => reader.put("\n"),
                    ("tab", _) => reader.put("\t"),
                    ("lquote", _) => reader.put("‘"),
                    ("rquote", _) => reader.put("’"),
                    ("ldblquote", _) => reader.put("“"),
                    ("rdblquote", _) => reader.put("”"),
                    ("bullet", _) => reader.put("•"),
                    ("endash", _) => reader.put("–"),
                    ("emdash", _) => reader.put("—"),
                    _ => {}
                }
            }
        }
    }
    reader.flush();
    Some(if wraps_page { Wrapped::Page(reader.out) } else { Wrapped::Text(reader.out) })
}

/// Whether a page is wrapped, or else a text; none if neither is. The word for it is among the first ten tokens (MS-OXRTFEX,
/// section 2.2.3.1), which writers do not keep to.
fn wraps(bytes: &[u8]) -> Option<bool> {
    Tokens::new(bytes).take(64).find_map(|token| match token {
        Token::Word("fromhtml", number) if number != Some(0) => Some(true),
        Token::Word("fromtext", _) => Some(false),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_comes_out_and_its_rtf_does_not() {
        let rtf = br"{\rtf1\ansi\ansicpg949\fromhtml1 \deff0{\fonttbl{\f0\fcharset129 Gulim;}}
{\*\htmltag64}{\*\htmltag96 <p>}\htmlrtf \b {\htmlrtf0\f0 \'b0\'a1 {\*\mhtmltag84 <a>}\{x\} \u44033?\htmlrtf\par}\htmlrtf0{\*\htmltag104 </p>\'b3\'aa}}";
        assert_eq!(unwrap(rtf), Some(Wrapped::Page("<p>가 {x} 각</p>나".into())));
        assert_eq!(
            unwrap(br"{\rtf1\ansi\fromtext one\par two\tab x}"),
            Some(Wrapped::Text("one\ntwo\tx".into()))
        );
        assert_eq!(unwrap(br"{\rtf1\ansi plain}"), None);
    }
}
