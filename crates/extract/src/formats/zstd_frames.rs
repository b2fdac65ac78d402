//! Zstandard, frame after frame (RFC 8878, section 3): a file may hold several, and some that are to be skipped.

use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::error::io_error;

/// A reader of what the frames hold, one after the other. A window is 128 MiB at most.
pub(super) struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame was begun and is not yet ended.
    within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(super) fn new(source: R) -> ZstdFrames<R> {
        ZstdFrames { source, decoder: FrameDecoder::new(), within: false }
    }

    /// Begins the next frame. Gives whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = &mut (&mut self.source).take(length.into());
                    if io::copy(skipped, &mut io::sink())? < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                    return Err(damaged(ReasonKind::TakesMemoryOver(128 << 20).of(Noun::Frame)));
                }
                Err(_) => return Err(damaged(ReasonKind::Damaged.of(Noun::FrameHead))),
            }
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within {
                if !self.begin()? {
                    return Ok(0);
                }
                self.within = true;
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                if self.decoder.decode_blocks(&mut self.source, one).is_err() {
                    let ended = self.source.fill_buf()?.is_empty();
                    return Err(damaged(if ended {
                        ReasonKind::EndsWithin(Noun::Frame.into()).of(Noun::PackedBytes)
                    } else {
                        ReasonKind::Damaged.of(Noun::Block)
                    }));
                }
                continue;
            }
            let stated = self.decoder.get_checksum_from_data();
            if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
                return Err(damaged(ReasonKind::CheckSum.of(Noun::Frame)));
            }
            self.within = false;
        }
    }
}

fn damaged(reason: Reason) -> io::Error {
    io_error(io::ErrorKind::InvalidData, reason.within(Part::Named("Zstandard".into())))
}
