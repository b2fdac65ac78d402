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
    // SAFETY: the caller's promise. The pixel format is one that the decoder of this very library wrote, so it is a
    // value of the enumeration. The target has `height` rows of `stride` bytes and slack for vector writes beyond
    // the last one.
    unsafe {
        let (from_width, from_height) = ((*frame).width, (*frame).height);
        if from_width <= 0 || from_height <= 0 || (*frame).format < 0 {
            return Err(ReasonKind::Faulty(Fault::FrameEmpty));
        }
        let format: AVPixelFormat = std::mem::transmute((*frame).format);
        let aspect = ratio(aspect).filter(|a| (0.1..=10.0).contains(a)).unwrap_or(1.0);
        let (wide, high) = (f64::from(from_width) * aspect, f64::from(from_height));
        let shrink = (f64::from(side) / wide.max(high)).min(1.0);
        let (width, height) =
            ((wide * shrink).round().max(1.0) as c_int, (high * shrink).round().max(1.0) as c_int);
        let scaler = (av.sws_getContext)(
            from_width,
            from_height,
            format,
            width,
            height,
            AVPixelFormat::AV_PIX_FMT_RGB24,
            SWS_AREA,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        );
        if scaler.is_null() {
            return Err(ReasonKind::Faulty(Fault::PixelFormat));
        }
        let row = usize::try_from(width).unwrap_or(0) * 3;
        let stride = row.next_multiple_of(64);
        let rows = usize::try_from(height).unwrap_or(0);
        let mut target = vec![0u8; stride * (rows + 1) + 64];
        let planes = [target.as_mut_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut()];
        let strides = [c_int::try_from(stride).unwrap_or(0), 0, 0, 0];
        let done = (av.sws_scale)(
            scaler,
            (*frame).data.as_ptr().cast(),
            (*frame).linesize.as_ptr(),
            0,
            from_height,
            planes.as_ptr(),
            strides.as_ptr(),
        );
        (av.sws_freeContext)(scaler);
        if done <= 0 {
            return Err(ReasonKind::Faulty(Fault::NotScaled));
        }
        let rgb = target.chunks(stride).take(rows).filter_map(|line| line.get(..row));
        Ok((width.unsigned_abs(), height.unsigned_abs(), rgb.flatten().copied().collect()))
    }
}
