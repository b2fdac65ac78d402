//! Pictures and embedded objects: bytes in hexadecimal digits, or as they stand.

/// A picture or an embedded object.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) bytes: Vec<u8>,
    /// The first digit of a byte.
    digit: Option<u8>,
}

/// What the file says that a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// A picture, and the extension that its format has.
    Picture(&'static str),
    Object,
}

impl Part {
    pub(super) fn new(kind: PartKind) -> Part {
        Part { kind, bytes: Vec::new(), digit: None }
    }

    /// Adds digits; what is none is passed over.
    pub(super) fn digits(&mut self, digits: &[u8]) {
        for digit in digits.iter().filter_map(|b| char::from(*b).to_digit(16)) {
            let digit = u8::try_from(digit).unwrap_or_default();
            match self.digit.take() {
                Some(high) => self.bytes.push(high << 4 | digit),
                None => self.digit = Some(digit),
            }
        }
    }
}
