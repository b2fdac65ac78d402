use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::ffi::*;
use madang_document::fault::Fault;
use madang_document::reason_kind::ReasonKind;

use crate::libav::Libav;

/// Samples of one frame of sound: a codec has some thousand, and a container of plain samples a second of them.
const FRAME_MOST: usize = 4 << 20;

/// Channels of one frame.
const CHANNELS_MOST: c_int = 64;

/// What a converter was made for.
#[derive(Clone, Copy, PartialEq)]
struct Shape {
    format: c_int,
    rate: c_int,
    channels: c_int,
    order: AVChannelOrder,
    mask: u64,
}

/// Makes frames of any kind of samples to floating-point numbers, one channel after the other in each moment, or all mixed
/// to one at another rate. What a filter holds back comes with the next frame.
pub(super) struct Resampler<'a> {
    av: &'a Libav,
    context: *mut SwrContext,
    shape: Option<Shape>,
    samples: Vec<f32>,
}

impl<'a> Resampler<'a> {
    pub(super) fn new(av: &'a Libav) -> Resampler<'a> {
        Resampler { av, context: ptr::null_mut(), shape: None, samples: Vec::new() }
    }

    /// The samples of a frame: as they were recorded, or mixed to one channel at this rate.
    ///
    /// # Safety
    /// `frame` holds decoded sound.
    pub(super) unsafe fn convert(
        &mut self,
        frame: *mut AVFrame,
        mixed_at: Option<u32>,
    ) -> Result<&[f32], ReasonKind> {
        let av = self.av;
        // SAFETY: the caller's promise. The sample format is one that the decoder of this very library wrote, so it is a
        // value of the enumeration. The target has room for as many samples as are said to the converter.
        unsafe {
            let mut layout = (*frame).ch_layout;
            let shape = Shape {
                format: (*frame).format,
                rate: (*frame).sample_rate,
                channels: layout.nb_channels,
                order: layout.order,
                mask: layout.u.mask,
            };
            let count = usize::try_from((*frame).nb_samples);
            let is_sane = shape.format >= 0
                && shape.rate > 0
                && (1..=CHANNELS_MOST).contains(&shape.channels)
                && count.is_ok_and(|count| count <= FRAME_MOST);
            if !is_sane {
                return Err(ReasonKind::Faulty(Fault::SampleFormat));
            }
            if self.shape != Some(shape) {
                (av.swr_free)(&mut self.context);
                self.shape = None;
                if layout.order != AVChannelOrder::AV_CHANNEL_ORDER_NATIVE {
                    // Which channel is which is unknown or without meaning here; the usual order of so many will do.
                    (av.av_channel_layout_default)(&mut layout, shape.channels);
                }
                let mut one = layout;
                if mixed_at.is_some() {
                    (av.av_channel_layout_default)(&mut one, 1);
                }
                let rate = mixed_at.and_then(|rate| c_int::try_from(rate).ok());
                let format: AVSampleFormat = std::mem::transmute(shape.format);
                let made = (av.swr_alloc_set_opts2)(
                    &mut self.context,
                    &mut one,
                    AVSampleFormat::AV_SAMPLE_FMT_FLT,
                    rate.unwrap_or(shape.rate),
                    &mut layout,
                    format,
                    shape.rate,
                    0,
                    ptr::null_mut(),
                );
                if made < 0 || (av.swr_init)(self.context) < 0 {
                    (av.swr_free)(&mut self.context);
                    return Err(ReasonKind::Faulty(Fault::SampleFormat));
                }
                self.shape = Some(shape);
            }
            let channels = match mixed_at {
                Some(_) => 1,
                None => usize::try_from(shape.channels).unwrap_or(1),
            };
            let most = (av.swr_get_out_samples)(self.context, (*frame).nb_samples);
            // A negative number is an error.
            let room = usize::try_from(most).ok().map(|most| most.saturating_mul(channels));
            let Some(room) = room.filter(|room| *room <= FRAME_MOST.saturating_mul(8)) else {
                return Err(ReasonKind::Faulty(Fault::SampleFormat));
            };
            if self.samples.len() < room {
                self.samples.resize(room, 0.0);
            }
            let mut target = self.samples.as_mut_ptr().cast::<u8>();
            let done = (av.swr_convert)(
                self.context,
                &mut target,
                most,
                (*frame).extended_data.cast::<*const u8>(),
                (*frame).nb_samples,
            );
            let done = usize::try_from(done).unwrap_or(0).saturating_mul(channels);
            Ok(self.samples.get(..done).unwrap_or_default())
        }
    }
}

impl Drop for Resampler<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is ours and freed once; null is accepted.
        unsafe { (self.av.swr_free)(&mut self.context) };
    }
}
