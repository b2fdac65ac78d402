use std::io::{self, Read};

use crate::context::Context;

/// A reader of unpacked bytes that accounts for each and stops at the limit with
/// [`io::ErrorKind::QuotaExceeded`].
#[derive(Debug)]
pub(in crate::formats) struct Metered<'a, R> {
    reader: R,
    context: &'a Context<'a>,
}

impl<'a, R> Metered<'a, R> {
    /// Meters what `reader` unpacks.
    pub(in crate::formats) fn new(reader: R, context: &'a Context<'a>) -> Metered<'a, R> {
        Metered { reader, context }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        match self.context.spend_unpacked(n as u64) {
            Ok(()) => Ok(n),
            Err(limit) => Err(io::Error::new(io::ErrorKind::QuotaExceeded, limit.to_string())),
        }
    }
}
