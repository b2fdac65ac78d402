use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::ffi::*;
use madang_document::fault::Fault;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::frame::scale;
use super::value::{message, ratio};
use super::{MediaFile, said};

/// What may be spent on frames that are no key frames.
pub(in crate::formats) struct Allowance {
    pub(in crate::formats) frames: u64,
    pub(in crate::formats) bytes: u64,
}

/// Packets that are looked at for one key frame.
const PACKETS_MOST: u32 = 3_000;

/// Entries of an index that are looked at for where the key frames are.
const ENTRIES_MOST: c_int = 2_000_000;

/// A decoder of one stream that is given key frames only, wherever in the file they lie, or what follows one of them.
pub(in crate::formats) struct VideoFrames<'f, 'a> {
    file: &'f mut MediaFile<'a>,
    index: usize,
    decoder: *mut AVCodecContext,
    packet: *mut AVPacket,
    frame: *mut AVFrame,
}

impl<'a> MediaFile<'a> {
    /// Opens the decoder of stream `index`. Frames of more than `pixels` are not decoded.
    pub(in crate::formats) fn video_frames<'f>(
        &'f mut self,
        index: usize,
        pixels: u64,
    ) -> Result<VideoFrames<'f, 'a>, ReasonKind> {
        let Some(&stream) = self.raw_streams().get(index) else {
            return Err(ReasonKind::Faulty(Fault::NoStream));
        };
        let av = self.av;
        self.keep_only(&[index]);
        // SAFETY: parameters live as long as their stream.
        let [width, height] =
            unsafe { [(*(*stream).codecpar).width, (*(*stream).codecpar).height] };
        if u64::from(width.max(0).unsigned_abs()) * u64::from(height.max(0).unsigned_abs()) > pixels
        {
            return Err(ReasonKind::MoreThan { limit: pixels, unit: Unit::Pixels });
        }
        // SAFETY: `stream` lives as long as the context; decoder, packet and frame are checked for null, and freed when
        // what owns them is dropped.
        unsafe {
            let codec = (av.avcodec_find_decoder)((*(*stream).codecpar).codec_id);
            if codec.is_null() {
                return Err(ReasonKind::Faulty(Fault::NoDecoder));
            }
            let frames = VideoFrames {
                index,
                decoder: (av.avcodec_alloc_context3)(codec),
                packet: (av.av_packet_alloc)(),
                frame: (av.av_frame_alloc)(),
                file: self,
            };
            let decoder = frames.decoder;
            if decoder.is_null() || frames.packet.is_null() || frames.frame.is_null() {
                return Err(ReasonKind::Faulty(Fault::OutOfMemory));
            }
            // The sandbox forbids threads.
            (*decoder).thread_count = 1;
            (*decoder).max_pixels = i64::try_from(pixels).unwrap_or(i64::MAX);
            let open = (av.avcodec_parameters_to_context)(decoder, (*stream).codecpar);
            let open = match open < 0 {
                true => open,
                false => (av.avcodec_open2)(decoder, codec, ptr::null_mut()),
            };
            if open < 0 {
                return Err(said(message(av, open)));
            }
            Ok(frames)
        }
    }
}

impl VideoFrames<'_, '_> {
    /// When the key frames are seen, in seconds, as far as an index says; empty where the container has none.
    ///
    /// Some indexes say when a frame is decoded, which is earlier by as much as the first one is: a frame that is sought by that
    /// time is the one before.
    pub(in crate::formats) fn times(&self) -> Vec<f64> {
        let av = self.file.av;
        let Some(&stream) = self.file.raw_streams().get(self.index) else { return Vec::new() };
        // SAFETY: the stream lives as long as the context; an entry lives until the next read, and is null where there
        // is none.
        unsafe {
            let unit = ratio((*stream).time_base).unwrap_or(0.0);
            let start = self.start();
            let count = (av.avformat_index_get_entries_count)(stream).min(ENTRIES_MOST);
            let entries = (0..count).map(|at| (av.avformat_index_get_entry)(stream, at));
            let mut entries =
                entries.take_while(|entry| !entry.is_null()).map(|entry| &*entry).peekable();
            let seen = match (*stream).start_time {
                AV_NOPTS_VALUE => None,
                seen => entries.peek().map(|first| seen.saturating_sub(first.timestamp).max(0)),
            };
            let delay = seen.unwrap_or(0);
            entries
                .filter(|entry| entry.flags() & AVINDEX_KEYFRAME != 0)
                .map(|entry| entry.timestamp.saturating_add(delay) as f64 * unit - start)
                .collect()
        }
    }

    /// Decodes the key frame at or before `seconds`, or the first one behind that, reading at most `most` bytes, and gives
    /// where it is.
    pub(in crate::formats) fn decode(
        &mut self,
        seconds: f64,
        most: u64,
    ) -> Result<f64, ReasonKind> {
        self.file.allow(most);
        let found = self.seek_and_decode(seconds);
        self.file.allow(u64::MAX);
        found
    }

    fn seek_and_decode(&mut self, seconds: f64) -> Result<f64, ReasonKind> {
        let av = self.file.av;
        let (decoder, packet, frame) = (self.decoder, self.packet, self.frame);
        // SAFETY: all three were checked for null; packets are unreferenced before they are filled again, and a frame is
        // by the decoder.
        unsafe {
            self.begin(seconds, AVDiscard::AVDISCARD_NONKEY);
            for _ in 0..PACKETS_MOST {
                let code = (av.av_read_frame)(self.file.format, packet);
                if code < 0 {
                    let spent = self.file.is_spent();
                    return Err(match spent {
                        true => ReasonKind::Faulty(Fault::NoKeyFrame),
                        false => said(message(av, code)),
                    });
                }
                let key = (*packet).stream_index as usize == self.index
                    && (*packet).flags & AV_PKT_FLAG_KEY != 0;
                let time = match (*packet).pts {
                    AV_NOPTS_VALUE => (*packet).dts,
                    time => time,
                };
                let sent = key && (av.avcodec_send_packet)(decoder, packet) >= 0;
                (av.av_packet_unref)(packet);
                if sent {
                    // A key frame needs no other: draining makes the decoder give it out at once.
                    (av.avcodec_send_packet)(decoder, ptr::null());
                    if (av.avcodec_receive_frame)(decoder, frame) >= 0 {
                        return Ok(self.seconds(time).unwrap_or(seconds));
                    }
                    (av.avcodec_flush_buffers)(decoder);
                }
            }
        }
        Err(ReasonKind::Faulty(Fault::NoFrameDecodes))
    }

    /// Goes to the key frame at or before `seconds`, from which [`VideoFrames::decode_on`] goes on.
    pub(in crate::formats) fn follow(&mut self, seconds: f64) {
        // A frame to which no other refers lasts no longer than its neighbours, which are as good.
        self.begin(seconds, AVDiscard::AVDISCARD_NONREF);
    }

    /// Decodes on to the frame that is seen at `seconds`, and gives when it is seen. None where the film ends or breaks off, or all that is
    /// allowed is spent.
    pub(in crate::formats) fn decode_on(
        &mut self,
        seconds: f64,
        left: &mut Allowance,
    ) -> Option<f64> {
        let before = self.file.bytes_read();
        self.file.allow(left.bytes);
        let found = self.read_on(seconds, &mut left.frames);
        self.file.allow(u64::MAX);
        left.bytes = left.bytes.saturating_sub(self.file.bytes_read().saturating_sub(before));
        found
    }

    fn read_on(&mut self, seconds: f64, left: &mut u64) -> Option<f64> {
        let av = self.file.av;
        let (decoder, packet, frame) = (self.decoder, self.packet, self.frame);
        // SAFETY: all three were checked for null; packets are unreferenced before they are filled again, and a frame is
        // by the decoder.
        unsafe {
            loop {
                while (av.avcodec_receive_frame)(decoder, frame) >= 0 {
                    let seen = self.seconds((*frame).best_effort_timestamp);
                    if let Some(seen) = seen.filter(|seen| *seen >= seconds) {
                        return Some(seen);
                    }
                }
                if *left == 0 || (av.av_read_frame)(self.file.format, packet) < 0 {
                    return None;
                }
                if (*packet).stream_index as usize == self.index {
                    *left -= 1;
                    // A damaged one is missed by whoever looks at it, which the frames behind it are not.
                    (av.avcodec_send_packet)(decoder, packet);
                }
                (av.av_packet_unref)(packet);
            }
        }
    }

    /// Begins to decode anew from the frame at this time on, without those that are discarded.
    fn begin(&mut self, seconds: f64, discarded: AVDiscard) {
        self.seek(seconds);
        // SAFETY: the decoder was checked for null and is open.
        unsafe {
            (self.file.av.avcodec_flush_buffers)(self.decoder);
            (*self.decoder).skip_frame = discarded;
        }
    }

    /// Goes to a place from which on the frame at this time is met. Where that fails, reading goes on where it was.
    fn seek(&mut self, seconds: f64) {
        let (av, file) = (self.file.av, &mut *self.file);
        let part = file.duration().map_or(0.0, |length| (seconds / length).clamp(0.0, 1.0));
        // SAFETY: the context and what it reads by are open; the source is owned by the file.
        unsafe {
            if file.is_bare {
                let to = (*file.source).blob.len() as f64 * part;
                (av.avformat_flush)(file.format);
                (av.avio_seek)(file.io, to as i64, 0);
                return;
            }
        }
        let target = ((seconds + self.start()) * f64::from(AV_TIME_BASE)).round() as i64;
        // SAFETY: as above.
        unsafe {
            (av.av_seek_frame)(self.file.format, -1, target, AVSEEK_FLAG_BACKWARD);
        }
    }

    /// What a time of the stream is in seconds from the start of the film.
    fn seconds(&self, time: i64) -> Option<f64> {
        let &stream = self.file.raw_streams().get(self.index)?;
        // SAFETY: the stream lives as long as the context.
        let unit = unsafe { ratio((*stream).time_base) }?;
        (time != AV_NOPTS_VALUE).then(|| (time as f64 * unit - self.start()).max(0.0))
    }

    /// The moment at which the film starts, in seconds of its own clock, which a broadcast does not begin at nought.
    fn start(&self) -> f64 {
        // SAFETY: the context is open.
        match unsafe { (*self.file.format).start_time } {
            AV_NOPTS_VALUE => 0.0,
            start => start as f64 / f64::from(AV_TIME_BASE),
        }
    }

    /// The frame that was decoded last as RGB, its longer side at most `side` pixels.
    pub(in crate::formats) fn rgb(&self, side: u32) -> Result<(u32, u32, Vec<u8>), ReasonKind> {
        let Some(&stream) = self.file.raw_streams().get(self.index) else {
            return Err(ReasonKind::Faulty(Fault::NoStream));
        };
        // SAFETY: the stream lives as long as the context; the frame was allocated, and one that holds no picture is told
        // by its sides.
        unsafe { scale(self.file.av, self.frame, (*stream).sample_aspect_ratio, side) }
    }
}

impl Drop for VideoFrames<'_, '_> {
    fn drop(&mut self) {
        let av = self.file.av;
        // SAFETY: each is ours, freed once, and may be null.
        unsafe {
            (av.av_frame_free)(&mut self.frame);
            (av.av_packet_free)(&mut self.packet);
            (av.avcodec_free_context)(&mut self.decoder);
        }
    }
}
