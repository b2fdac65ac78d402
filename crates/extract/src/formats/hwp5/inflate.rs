use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use crate::error::io_error;

/// What a deflated stream unpacks to (RFC 1951). One that stops before its last block says so: nothing else in the file
/// would tell that text is missing, for no size and no checksum stand beside it.
pub(super) struct Inflate<'a> {
    inflater: Decompress,
    packed: &'a [u8],
}

impl Inflate<'_> {
    pub(super) fn new(packed: &[u8]) -> Inflate<'_> {
        Inflate { inflater: Decompress::new(false), packed }
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self.inflater.decompress(self.packed, buffer, FlushDecompress::None);
            let status = status.map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidInput, "corrupt deflate stream")
            })?;
            let [read, written] =
                [self.inflater.total_in() - read, self.inflater.total_out() - written]
                    .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
            self.packed = self.packed.get(read..).unwrap_or_default();
            if written > 0 || status == Status::StreamEnd {
                return Ok(written);
            }
            if read == 0 {
                let early = ReasonKind::EndsEarly.of(Noun::PackedBytes);
                return Err(io_error(io::ErrorKind::UnexpectedEof, early));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    #[test]
    fn a_stream_without_its_end_is_told_after_what_there_is() {
        let text: Vec<u8> = (0..20_000u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&text).unwrap();
        let packed = encoder.finish().unwrap();
        let mut whole = Vec::new();
        Inflate::new(&packed).read_to_end(&mut whole).unwrap();
        assert_eq!(whole, text);
        // What stands behind the end is not read.
        whole.clear();
        Inflate::new(&[packed.as_slice(), b"tail"].concat()).read_to_end(&mut whole).unwrap();
        assert_eq!(whole, text);

        let mut part = Vec::new();
        let cut = Inflate::new(&packed[..packed.len() / 2]).read_to_end(&mut part).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
        assert!(part.len() > text.len() / 4 && text.starts_with(&part));
        assert!(Inflate::new(b"").read_to_end(&mut part).is_err());
    }
}
