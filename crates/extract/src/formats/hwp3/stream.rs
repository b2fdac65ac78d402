use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use std::io::{self, Read};

use crate::error::{ExtractError, reason_of};

/// The stream of a document: numbers (little-endian) and blocks, one after the other.
pub(super) struct Stream<'a> {
    reader: &'a mut dyn Read,
}

impl<'a> Stream<'a> {
    /// Reads from `reader`.
    pub(super) fn new(reader: &'a mut dyn Read) -> Stream<'a> {
        Stream { reader }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] where the stream ends or breaks, [`ExtractError::Limit`] where it has unpacked all it
    /// may; so do all that read.
    pub(super) fn block<const N: usize>(&mut self) -> Result<[u8; N], ExtractError> {
        let mut block = [0; N];
        self.reader.read_exact(&mut block).map_err(broken)?;
        Ok(block)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, ExtractError> {
        self.block::<1>().map(u8::from_le_bytes)
    }

    /// The next word of 16 bits.
    pub(super) fn word(&mut self) -> Result<u16, ExtractError> {
        self.block().map(u16::from_le_bytes)
    }

    /// The next word of 32 bits.
    pub(super) fn dword(&mut self) -> Result<u32, ExtractError> {
        self.block().map(u32::from_le_bytes)
    }

    /// The next `length` bytes, of which there may not be more than `most`.
    pub(super) fn bytes(&mut self, length: u32, most: u64) -> Result<Vec<u8>, ExtractError> {
        if u64::from(length) > most {
            return Err(ExtractError::Limit(ReasonKind::Larger(most).of(Noun::Block)));
        }
        let mut bytes = Vec::new();
        self.part(length).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() < length as usize {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(bytes)
    }

    /// Passes over `length` bytes.
    pub(super) fn skip(&mut self, length: u32) -> Result<(), ExtractError> {
        let skipped = io::copy(&mut self.part(length), &mut io::sink()).map_err(broken)?;
        if skipped < u64::from(length) {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }

    /// A reader of the next `length` bytes.
    pub(super) fn part(&mut self, length: u32) -> impl Read {
        self.reader.take(u64::from(length))
    }
}

fn broken(error: io::Error) -> ExtractError {
    match error.kind() {
        io::ErrorKind::QuotaExceeded => ExtractError::Limit(reason_of(&error)),
        io::ErrorKind::UnexpectedEof => ExtractError::corrupt(ReasonKind::EndsEarly.of(Noun::Text)),
        _ => ExtractError::corrupt(reason_of(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_damage() {
        let mut bytes = &b"\x01\x02\x03\x04abc"[..];
        let mut stream = Stream::new(&mut bytes);
        assert_eq!(stream.dword().unwrap(), 0x0403_0201);
        assert!(matches!(stream.bytes(9, 8), Err(ExtractError::Limit(_))));
        assert!(matches!(stream.bytes(9, 99), Err(ExtractError::Corrupt(_))));
        assert!(matches!(stream.skip(1), Err(ExtractError::Corrupt(_))));
        assert!(matches!(stream.byte(), Err(ExtractError::Corrupt(_))));
    }
}
