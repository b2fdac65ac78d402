use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::ffi::*;
use madang_document::fault::Fault;
use madang_document::reason_kind::ReasonKind;

use super::value::ratio;
use crate::libav::Libav;

/// Scales a decoded frame to RGB, square pixels, the longer side at most `side`.
///
/// # Safety
/// `frame` holds a decoded picture.
pub(super) unsafe fn scale(
    av: &Libav,
    frame: *mut AVFrame,
    aspect: AVRational,
    side: u32,
) -> Result<(u32, u32, Vec<u8>), ReasonKind> {
    // SAFETY: the caller's promise.
    unsafe {
        let (from_width, from_height) = ((*frame).width, (*frame).height);
        if from_width <= 0 || from_height <= 0 || (*frame).format < 0 {
            return Err(ReasonKind::Faulty(Fault::FrameEmpty));
        }
        let aspect = ratio(aspect).filter(|a| (0.1..=10.0).contains(a)).unwrap_or(1.0);
        let (wide, high) = (f64::from(from_width) * aspect, f64::from(from_height));
        let shrink = (f64::from(side) / wide.max(high)).min(1.0);
        let (width, height) =
            ((wide * shrink).round().max(1.0) as c_int, (high * shrink).round().max(1.0) as c_int);
        let (pixels, _) = converted(av, frame, (width, height), None)?;
        Ok((width.unsigned_abs(), height.unsigned_abs(), pixels))
    }
}

/// How the numbers of a frame stand for colours (ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Colours {
    /// Its number of the matrix.
    pub(in crate::formats) matrix: u16,
    /// Whether they use all of their range.
    pub(in crate::formats) is_full: bool,
}

/// A decoded frame in RGB, or in RGBA where some of it may be clear (then with true), as large as this. Its colours are what
/// the scaler takes them for, unless they are told.
///
/// # Safety
/// `frame` holds a decoded picture, of sides that are positive; so are those asked for.
pub(super) unsafe fn converted(
    av: &Libav,
    frame: *mut AVFrame,
    (width, height): (c_int, c_int),
    colours: Option<Colours>,
) -> Result<(Vec<u8>, bool), ReasonKind> {
    // SAFETY: the caller's promise. The pixel format is one that the decoder of this very library wrote, so it is a
    // value of the enumeration. The target has `height` rows of `stride` bytes and slack for vector writes beyond
    // the last one.
    unsafe {
        let format: AVPixelFormat = std::mem::transmute((*frame).format);
        let described = (av.av_pix_fmt_desc_get)(format);
        let may_be_clear = colours.is_some()
            && !described.is_null()
            && (*described).flags & AV_PIX_FMT_FLAG_ALPHA as u64 != 0;
        let (target_format, samples) = match may_be_clear {
            true => (AVPixelFormat::AV_PIX_FMT_RGBA, 4),
            false => (AVPixelFormat::AV_PIX_FMT_RGB24, 3),
        };
        let scaler = (av.sws_getContext)(
            (*frame).width,
            (*frame).height,
            format,
            width,
            height,
            target_format,
            SWS_AREA,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        );
        if scaler.is_null() {
            return Err(ReasonKind::Faulty(Fault::PixelFormat));
        }
        if let Some(Colours { matrix, is_full }) = colours {
            // It answers that it cannot where there is nothing to convert by a matrix.
            (av.sws_setColorspaceDetails)(
                scaler,
                (av.sws_getCoefficients)(c_int::from(matrix)),
                c_int::from(is_full),
                (av.sws_getCoefficients)(SWS_CS_DEFAULT),
                1,
                0,
                1 << 16,
                1 << 16,
            );
        }
        let row = usize::try_from(width).unwrap_or(0).saturating_mul(samples);
        let stride = row.next_multiple_of(64);
        let rows = usize::try_from(height).unwrap_or(0);
        let mut target =
            vec![0u8; stride.saturating_mul(rows.saturating_add(1)).saturating_add(64)];
        let planes = [target.as_mut_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut()];
        let strides = [c_int::try_from(stride).unwrap_or(0), 0, 0, 0];
        let done = (av.sws_scale)(
            scaler,
            (*frame).data.as_ptr().cast(),
            (*frame).linesize.as_ptr(),
            0,
            (*frame).height,
            planes.as_ptr(),
            strides.as_ptr(),
        );
        (av.sws_freeContext)(scaler);
        if done <= 0 {
            return Err(ReasonKind::Faulty(Fault::NotScaled));
        }
        // In its own place: a copy of a large picture is as much again.
        for at in 1..rows {
            target.copy_within(at * stride..at * stride + row, at * row);
        }
        target.truncate(rows * row);
        Ok((target, may_be_clear))
    }
}
