use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

/// Bytes that are decoded at once.
const PIECE: usize = 16 << 10;

/// A stream of which only UTF-8 comes out, whatever goes in: for the reader of XML, which gives up at the first byte that
/// is none. Some writers set characters beyond the first plane as two halves of three bytes each. A byte order mark of
/// UTF-16 is believed, and so is a declaration of XML that names another encoding.
pub(super) struct Utf8Stream<R> {
    reader: R,
    decoder: Decoder,
    /// As long as it has ever been: clearing it for each piece would cost as much as decoding.
    decoded: Vec<u8>,
    /// How much of it is decoded.
    filled: usize,
    /// How much of that was handed out.
    given: usize,
    has_begun: bool,
    has_ended: bool,
    is_damaged: bool,
}

impl<R: Read> Utf8Stream<R> {
    pub(super) fn new(reader: R) -> Utf8Stream<R> {
        Utf8Stream {
            reader,
            decoder: UTF_8.new_decoder(),
            decoded: Vec::new(),
            filled: 0,
            given: 0,
            has_begun: false,
            has_ended: false,
            is_damaged: false,
        }
    }

    /// Whether a replacement character (U+FFFD) stands for bytes that mean nothing.
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Decodes the next piece.
    fn refill(&mut self) -> io::Result<()> {
        let mut raw = [0; PIECE];
        let mut count = self.reader.read(&mut raw)?;
        self.has_ended = count == 0;
        if !self.has_begun {
            // The declaration is looked for in what may be more than one read.
            while !self.has_ended && count < DECLARED_WITHIN {
                let more = self.reader.read(raw.get_mut(count..).unwrap_or_default())?;
                self.has_ended = more == 0;
                count = count.saturating_add(more);
            }
            self.has_begun = true;
            let head = raw.get(..count).unwrap_or_default();
            // The bytes are believed before the label, as of any text.
            if let Some(encoding) = declared(head).filter(|_| !is_utf8(head)) {
                self.decoder = encoding.new_decoder();
            }
        }
        let mut rest = raw.get(..count).unwrap_or_default();
        (self.filled, self.given) = (0, 0);
        loop {
            let room = self.decoder.max_utf8_buffer_length(rest.len()).unwrap_or(PIECE).max(16);
            let end = self.filled.saturating_add(room);
            if self.decoded.len() < end {
                self.decoded.resize(end, 0);
            }
            let out = self.decoded.get_mut(self.filled..).unwrap_or_default();
            let (result, read, written, had_errors) =
                self.decoder.decode_to_utf8(rest, out, self.has_ended);
            self.filled = self.filled.saturating_add(written);
            self.is_damaged |= had_errors;
            rest = rest.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }
}

impl<R: Read> Read for Utf8Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.filled {
            if self.has_ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let ready = self.decoded.get(self.given..self.filled).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

/// Whether bytes are UTF-8, and more than ASCII; the last character may be cut.
fn is_utf8(bytes: &[u8]) -> bool {
    let is_whole = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_whole && !bytes.is_ascii()
}

/// Bytes in which a declaration of XML says its encoding.
const DECLARED_WITHIN: usize = 200;

/// The encoding other than UTF-8 that a document declares in single bytes (XML 1.0, section 4.3.3).
fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.get(..DECLARED_WITHIN.min(head.len()))?;
    let declaration = head.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|bytes| bytes == b"?>")?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let label = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let label = label.get(1..)?.split(['"', '\'']).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| {
        // In units of two bytes the declaration itself would be such.
        ![UTF_8, encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(encoding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, bool) {
        let mut stream = Utf8Stream::new(bytes);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        (text, stream.is_damaged())
    }

    #[test]
    fn only_utf_8_comes_out() {
        assert_eq!(read("한글 ".repeat(9000).as_bytes()), ("한글 ".repeat(9000), false));
        let halves = b"<t>\xED\xA0\xBD\xED\xB8\x80</t>\xFF";
        let (text, is_damaged) = read(halves);
        assert!(is_damaged && text.starts_with("<t>\u{FFFD}") && text.contains("</t>\u{FFFD}"));
        assert_eq!(read(b"a\xED\x95"), ("a\u{FFFD}".to_owned(), true));
        let wide: Vec<u8> = "\u{FEFF}<t>글</t>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&wide), ("<t>글</t>".to_owned(), false));
        assert_eq!(read(b""), (String::new(), false));
        let declared =
            |label: &str| format!("<?xml version=\"1.0\" encoding='{label}'?><t>한글</t>");
        for label in ["EUC-KR", "ks_c_5601-1987"] {
            let korean = encoding_rs::EUC_KR.encode(&declared(label)).0.into_owned();
            assert_eq!(read(&korean), (declared(label), false));
        }
        for label in ["utf-8", "UTF-16", "unheard-of", "", "euc-kr"] {
            assert_eq!(read(declared(label).as_bytes()), (declared(label), false), "{label}");
        }
    }
}
