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
        Inflate { inflater: Decompress::new(false), packed: without_head(packed) }
    }
}

/// The deflated bytes without a head of zlib (RFC 1950), which some programs leave before them.
pub(super) fn without_head(packed: &[u8]) -> &[u8] {
    match packed {
        // Without a head these would begin a stored block, which says its length and that length inverted.
        [first @ 0x78, second, rest @ ..]
            if u16::from_be_bytes([*first, *second]).is_multiple_of(31) && second & 0x20 == 0 =>
        {
            let stored = |at: usize| Some([*packed.get(at)?, *packed.get(at + 1)?]);
            let is_stored = stored(1).map(|[a, b]| [!a, !b]) == stored(3);
            if is_stored { packed } else { rest }
        }
        _ => packed,
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
    fn a_head_of_zlib_is_no_part_of_the_stream() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all("본문 ".repeat(50).as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let mut text = String::new();
        Inflate::new(&packed).read_to_string(&mut text).unwrap();
        assert_eq!(text, "본문 ".repeat(50));
        // A stored block whose padding and length look like such a head.
        let stored =
            [&[0x78, 0x9C, 0, 0x63, 0xFF][..], &[b'a'; 0x9C], &[1, 0, 0, 0xFF, 0xFF]].concat();
        text.clear();
        Inflate::new(&stored).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a".repeat(0x9C));
        assert_eq!(without_head(&[0x78]), [0x78]);
    }

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
