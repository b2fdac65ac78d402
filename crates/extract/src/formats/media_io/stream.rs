use std::ptr;

use ffmpeg_next::ffi::*;

use super::tags::{Tags, tags};
use super::value::{ratio, string};
use crate::libav::Libav;

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum StreamKind {
    Video,
    Audio,
    Subtitle,
    /// A file that is attached.
    Attachment,
    Other,
}

/// A stream as the container declares it.
pub(in crate::formats) struct MediaStream {
    pub(in crate::formats) kind: StreamKind,
    /// FFmpeg's name of the codec.
    pub(in crate::formats) codec: String,
    pub(in crate::formats) width: u32,
    pub(in crate::formats) height: u32,
    /// Frames per second.
    pub(in crate::formats) fps: Option<f64>,
    /// Degrees clockwise, 0 to 359.
    pub(in crate::formats) rotation: Option<i32>,
    pub(in crate::formats) sample_rate: u32,
    pub(in crate::formats) channels: u32,
    /// The picture on the cover, still encoded.
    pub(in crate::formats) cover: Option<Vec<u8>>,
    pub(in crate::formats) tags: Tags,
}

/// A stream as its header says it.
///
/// # Safety
/// `stream` is alive.
pub(super) unsafe fn describe(av: &Libav, stream: *mut AVStream) -> MediaStream {
    // SAFETY: the caller's promise; codec parameters and attached picture belong to the stream.
    unsafe {
        let parameters = &*(*stream).codecpar;
        let kind = match parameters.codec_type {
            AVMediaType::AVMEDIA_TYPE_VIDEO => StreamKind::Video,
            AVMediaType::AVMEDIA_TYPE_AUDIO => StreamKind::Audio,
            AVMediaType::AVMEDIA_TYPE_SUBTITLE => StreamKind::Subtitle,
            AVMediaType::AVMEDIA_TYPE_ATTACHMENT => StreamKind::Attachment,
            _ => StreamKind::Other,
        };
        let picture = &(*stream).attached_pic;
        let is_cover = (*stream).disposition & AV_DISPOSITION_ATTACHED_PIC != 0;
        let cover = is_cover.then(|| match usize::try_from(picture.size) {
            Ok(size) if !picture.data.is_null() => {
                std::slice::from_raw_parts(picture.data, size).to_vec()
            }
            _ => Vec::new(),
        });
        let matrix = (av.av_stream_get_side_data)(
            stream,
            AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX,
            ptr::null_mut(),
        );
        // FFmpeg says degrees counter-clockwise.
        let rotation = (!matrix.is_null())
            .then(|| (av.av_display_rotation_get)(matrix.cast()))
            .filter(|degrees| degrees.is_finite())
            .map(|degrees| (-degrees).round() as i32)
            .map(|degrees| degrees.rem_euclid(360));
        MediaStream {
            kind,
            codec: string((av.avcodec_get_name)(parameters.codec_id)),
            width: u32::try_from(parameters.width).unwrap_or(0),
            height: u32::try_from(parameters.height).unwrap_or(0),
            fps: ratio((*stream).avg_frame_rate).or_else(|| ratio((*stream).r_frame_rate)),
            rotation,
            sample_rate: u32::try_from(parameters.sample_rate).unwrap_or(0),
            channels: u32::try_from(parameters.ch_layout.nb_channels).unwrap_or(0),
            cover,
            tags: tags(av, (*stream).metadata),
        }
    }
}
