use std::ffi::c_int;
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
    /// FFmpeg's name of the codec's profile.
    pub(in crate::formats) profile: Option<String>,
    pub(in crate::formats) width: u32,
    pub(in crate::formats) height: u32,
    /// How wide a pixel is for its height.
    pub(in crate::formats) pixel_aspect: Option<f64>,
    /// FFmpeg's name of how values stand for light.
    pub(in crate::formats) transfer: Option<String>,
    /// A layer of Dolby Vision lies in it.
    pub(in crate::formats) has_dolby_vision: bool,
    /// Frames per second, on an average.
    pub(in crate::formats) fps: Option<f64>,
    /// Whether some frames stand longer than others, where the container lists all of them.
    pub(in crate::formats) is_variable: Option<bool>,
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
/// `stream` is alive, and one of `format`.
pub(super) unsafe fn describe(
    av: &Libav,
    format: *mut AVFormatContext,
    stream: *mut AVStream,
) -> MediaStream {
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
        let has_dolby_vision = !(av.av_stream_get_side_data)(
            stream,
            AVPacketSideDataType::AV_PKT_DATA_DOVI_CONF,
            ptr::null_mut(),
        )
        .is_null();
        let profile =
            match string((av.avcodec_profile_name)(parameters.codec_id, parameters.profile)) {
                // Some codecs have numbers and no names for them.
                name if name.is_empty() && parameters.profile >= 0 => {
                    parameters.profile.to_string()
                }
                name => name,
            };
        let transfer = match parameters.color_trc {
            AVColorTransferCharacteristic::AVCOL_TRC_UNSPECIFIED => String::new(),
            transfer => string((av.av_color_transfer_name)(transfer)),
        };
        let aspect = (av.av_guess_sample_aspect_ratio)(format, stream, ptr::null_mut());
        MediaStream {
            kind,
            codec: string((av.avcodec_get_name)(parameters.codec_id)),
            profile: Some(profile).filter(|name| !name.is_empty()),
            pixel_aspect: ratio(aspect),
            transfer: Some(transfer).filter(|name| !name.is_empty()),
            has_dolby_vision,
            is_variable: is_variable(av, stream),
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

/// Entries of an index that are looked at for how long each frame stands.
const ENTRIES_MOST: c_int = 100_000;

/// Whether frames stand for different times, by an index that lists all of them; none where it does not.
///
/// # Safety
/// `stream` is alive.
unsafe fn is_variable(av: &Libav, stream: *mut AVStream) -> Option<bool> {
    // SAFETY: the caller's promise; an entry lives until the next read, and is null where there is none.
    let times: Vec<i64> = unsafe {
        let count = (av.avformat_index_get_entries_count)(stream);
        // Most containers list key frames only.
        let all = (*stream).nb_frames;
        if count < 3 || all < 1 || i64::from(count) < all {
            return None;
        }
        (0..count.min(ENTRIES_MOST))
            .map(|at| (av.avformat_index_get_entry)(stream, at))
            .take_while(|entry| !entry.is_null())
            .map(|entry| (*entry).timestamp)
            .collect()
    };
    is_uneven(&times)
}

/// Whether more than a few of these moments, in units of the stream, follow each other faster or slower than most.
fn is_uneven(times: &[i64]) -> Option<bool> {
    let steps = times.windows(2).filter_map(|pair| match pair {
        [a, b] => b.checked_sub(*a),
        _ => None,
    });
    let mut steps: Vec<i64> = steps.filter(|step| *step > 0).collect();
    steps.sort_unstable();
    let most = *steps.get(steps.len() / 2)?;
    // A unit more or less is how a rate is rounded; and the last frame, or one at a cut, may stand as long as it likes.
    let room = (most / 10).max(1);
    let odd = steps.iter().filter(|step| step.abs_diff(most) > room.unsigned_abs()).count();
    Some(odd > 1 && odd > steps.len() / 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_even_but_for_rounding_and_a_long_one() {
        let even: Vec<i64> = (0..300).map(|n| n * 1000 / 30).collect();
        assert_eq!(is_uneven(&even), Some(false));
        let mut cut = even.clone();
        cut.iter_mut().skip(150).for_each(|time| *time += 500);
        assert_eq!(is_uneven(&cut), Some(false));
        let uneven: Vec<i64> = (0..300).map(|n| n * 33 + i64::from(n % 3 == 0) * 12).collect();
        assert_eq!(is_uneven(&uneven), Some(true));
        assert_eq!(is_uneven(&[i64::MIN, i64::MAX]), None);
        assert_eq!(is_uneven(&[5]), None);
        assert_eq!(is_uneven(&[]), None);
    }
}
