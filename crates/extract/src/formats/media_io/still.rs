//! A picture that is one packet of a codec of films, as HEIF holds it, or a whole file of one: decoded without a container.

use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::ffi::*;
use image::{DynamicImage, RgbImage, RgbaImage};
use madang_document::fault::Fault;
use madang_document::reason_kind::ReasonKind;

pub(in crate::formats) use super::frame::Colours;
use super::frame::converted;
use super::said;
use super::value::message;
use crate::libav::Libav;

/// Codecs of such pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum StillCodec {
    Av1,
    H264,
    Hevc,
    Tiff,
}

/// What a codec may fill up a side to, pixels: the largest of its blocks.
const BLOCK: u64 = 128;

/// A matrix that is not told (ITU-T H.273, table 4), and the one that is meant then.
const UNTOLD: u16 = 2;
const USUAL: u16 = 6;

/// A decoded picture.
pub(in crate::formats) struct Still<'a> {
    av: &'a Libav,
    frame: *mut AVFrame,
}

/// The decoder of one picture.
struct Decoder<'a> {
    av: &'a Libav,
    context: *mut AVCodecContext,
    packet: *mut AVPacket,
}

impl<'a> Still<'a> {
    /// Decodes a picture from what stands before it (`head`: parameter sets) and its bytes, which are followed by as many zeros as
    /// the decoder wants. One that is larger than it is said to be is not decoded.
    pub(in crate::formats) fn decode(
        av: &'a Libav,
        codec: StillCodec,
        head: &[u8],
        bytes: &[u8],
        (width, height): (u32, u32),
    ) -> Result<Still<'a>, ReasonKind> {
        let id = match codec {
            StillCodec::Av1 => AVCodecID::AV_CODEC_ID_AV1,
            StillCodec::H264 => AVCodecID::AV_CODEC_ID_H264,
            StillCodec::Hevc => AVCodecID::AV_CODEC_ID_HEVC,
            StillCodec::Tiff => AVCodecID::AV_CODEC_ID_TIFF,
        };
        let padded = |side: u32| u64::from(side).saturating_add(BLOCK);
        let pixels = padded(width).saturating_mul(padded(height));
        let padding = usize::try_from(AV_INPUT_BUFFER_PADDING_SIZE).unwrap_or(64);
        let mut padded = Vec::with_capacity(bytes.len().saturating_add(padding));
        padded.extend_from_slice(bytes);
        padded.resize(bytes.len().saturating_add(padding), 0);
        let too_large = |_| ReasonKind::Faulty(Fault::OutOfMemory);
        let size = c_int::try_from(bytes.len()).map_err(too_large)?;
        let head_size = c_int::try_from(head.len()).map_err(too_large)?;
        // SAFETY: what is allocated is checked for null, and freed when its owner is dropped. The head is copied to memory of
        // FFmpeg's own, which the decoder frees, with zeros behind it. The packet's bytes are this function's, outlive the decoder, and are
        // not the packet's own, so that whoever keeps them copies them.
        unsafe {
            (av.av_log_set_level)(AV_LOG_QUIET);
            let codec = (av.avcodec_find_decoder)(id);
            if codec.is_null() {
                return Err(ReasonKind::Faulty(Fault::NoDecoder));
            }
            let still = Still { av, frame: (av.av_frame_alloc)() };
            let decoder = Decoder {
                av,
                context: (av.avcodec_alloc_context3)(codec),
                packet: (av.av_packet_alloc)(),
            };
            if still.frame.is_null() || decoder.context.is_null() || decoder.packet.is_null() {
                return Err(ReasonKind::Faulty(Fault::OutOfMemory));
            }
            let context = decoder.context;
            // The sandbox forbids threads.
            (*context).thread_count = 1;
            (*context).max_pixels = i64::try_from(pixels).unwrap_or(i64::MAX);
            if !head.is_empty() {
                let copy = (av.av_malloc)(head.len().saturating_add(padding)).cast::<u8>();
                if copy.is_null() {
                    return Err(ReasonKind::Faulty(Fault::OutOfMemory));
                }
                ptr::write_bytes(copy, 0, head.len().saturating_add(padding));
                ptr::copy_nonoverlapping(head.as_ptr(), copy, head.len());
                (*context).extradata = copy;
                (*context).extradata_size = head_size;
            }
            let open = (av.avcodec_open2)(context, codec, ptr::null_mut());
            if open < 0 {
                return Err(said(message(av, open)));
            }
            (*decoder.packet).data = padded.as_mut_ptr();
            (*decoder.packet).size = size;
            (*decoder.packet).flags |= AV_PKT_FLAG_KEY;
            let sent = (av.avcodec_send_packet)(context, decoder.packet);
            if sent < 0 {
                return Err(said(message(av, sent)));
            }
            // One picture needs no other: draining makes the decoder give it out at once.
            (av.avcodec_send_packet)(context, ptr::null());
            let received = (av.avcodec_receive_frame)(context, still.frame);
            if received < 0 {
                return Err(match received {
                    AVERROR_EOF => ReasonKind::Faulty(Fault::FrameIncomplete),
                    code => said(message(av, code)),
                });
            }
            if (*still.frame).width <= 0 || (*still.frame).height <= 0 || (*still.frame).format < 0
            {
                return Err(ReasonKind::Faulty(Fault::FrameEmpty));
            }
            Ok(still)
        }
    }

    /// Its pixels. `colours` are what its container says; without such, what the codec says counts.
    pub(in crate::formats) fn picture(
        &self,
        colours: Option<Colours>,
    ) -> Result<DynamicImage, ReasonKind> {
        // SAFETY: the frame was allocated, and holds a picture, whose sides are positive.
        let (width, height, (pixels, may_be_clear)) = unsafe {
            let frame = &*self.frame;
            let said = Colours {
                matrix: u16::try_from(frame.colorspace as i64).unwrap_or(UNTOLD),
                is_full: frame.color_range == AVColorRange::AVCOL_RANGE_JPEG,
            };
            let mut colours = colours.unwrap_or(said);
            if colours.matrix == UNTOLD {
                colours.matrix = USUAL;
            }
            let (width, height) = (frame.width, frame.height);
            let pixels = converted(self.av, self.frame, (width, height), Some(colours))?;
            (width.unsigned_abs(), height.unsigned_abs(), pixels)
        };
        let picture = match may_be_clear {
            true => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
            false => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        };
        picture.ok_or(ReasonKind::Faulty(Fault::FrameIncomplete))
    }
}

impl Drop for Still<'_> {
    fn drop(&mut self) {
        // SAFETY: the frame is ours, freed once, and may be null.
        unsafe { (self.av.av_frame_free)(&mut self.frame) };
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: each is ours, freed once, and may be null; the packet owns no bytes.
        unsafe {
            (self.av.av_packet_free)(&mut self.packet);
            (self.av.avcodec_free_context)(&mut self.context);
        }
    }
}
