//! FFmpeg behind a safe face: a file that is read from a [`Blob`] through our own callbacks, and nothing else.
//!
//! No path or address ever reaches FFmpeg: the input format is chosen by the caller, not probed; formats that
//! could be reached from inside (`format_whitelist`) are the chosen one and plain subtitles; and the callback that
//! would open a further resource refuses. Playlists inside a video have read local files this way
//! (CVE-2016-1897, CVE-2016-1898).
//!
//! This file, its parts and the table that finds FFmpeg are all the `unsafe` of the crate; the safe wrapper of
//! ffmpeg-next wants a `'static` stream and takes foreign tags for UTF-8 unchecked.
#![allow(unsafe_code)]

mod frame;
mod resampler;
mod source;
pub(super) mod still;
pub(super) mod stream;
pub(super) mod tags;
pub(super) mod value;
pub(super) mod video_frames;

use std::ffi::{CString, c_int};
use std::ptr;

use ffmpeg_next::ffi::*;
use madang_document::fault::Fault;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use self::resampler::Resampler;
use self::source::{Source, read, refuse, seek};
use self::stream::{MediaStream, describe};
use self::tags::{Tags, tags};
use self::value::{message, ratio, string};
use crate::blob::Blob;
use crate::libav::Libav;

/// Bytes that FFmpeg reads at once.
const BUFFER: usize = 64 * 1024;

/// Bytes of one piece of memory: an index claims billions of entries. The largest picture that is decoded has 400 MB.
const PIECE_MOST: usize = 512 << 20;

/// Bytes that are read until the headers are known. An index of a film of a day has some dozen megabytes.
const OPENING_MOST: u64 = 256 << 20;

/// Demuxers that find a place by their bytes alone: each begins anew at the next mark of a frame.
const BARE: [&str; 4] = ["dhav", "h264", "hevc", "mpegvideo"];

/// A chapter: start and end in seconds, and its tags.
pub(super) struct MediaChapter {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) tags: Tags,
}

/// A packet of a subtitle track.
pub(super) struct MediaPacket<'a> {
    pub(super) stream: usize,
    /// Seconds.
    pub(super) start: f64,
    /// Seconds.
    pub(super) duration: f64,
    pub(super) data: &'a [u8],
}

/// Sound that follows on the piece before it.
pub(super) struct MediaSound<'a> {
    /// Seconds at which it begins, as the container says; none if it does not.
    pub(super) start: Option<f64>,
    /// Samples per second and channels, as they were recorded.
    pub(super) rate: u32,
    pub(super) channels: usize,
    /// The samples of all channels by turns, from -1 to 1.
    pub(super) recorded: &'a [f32],
    /// The channels mixed to one, at the rate that was asked for; of this piece and of what a filter held back before.
    pub(super) mixed: &'a [f32],
}

/// How a decoded stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SoundEnd {
    /// All of it was handed out.
    Whole,
    /// All that is readable was: what follows is damaged.
    Damaged,
    /// Whoever took it wanted no more, or the bytes allowed are read.
    Stopped,
}

/// An open audio or video file.
pub(super) struct MediaFile<'a> {
    av: &'a Libav,
    format: *mut AVFormatContext,
    io: *mut AVIOContext,
    source: *mut Source<'a>,
    /// Frames follow one another without an index, and its reader does not find its way by time.
    is_bare: bool,
}

/// What a library said.
fn said(error: impl std::fmt::Display) -> ReasonKind {
    ReasonKind::Broken(Quote::of(&error))
}

impl<'a> MediaFile<'a> {
    /// Opens `blob` as the input format `demuxer`. `progress` is called at every read.
    pub(super) fn open(
        av: &'a Libav,
        blob: &'a dyn Blob,
        demuxer: &str,
        progress: &'a dyn Fn(),
    ) -> Result<MediaFile<'a>, ReasonKind> {
        let name = CString::new(demuxer).map_err(said)?;
        let allowed = CString::new(format!("{demuxer},srt,ass")).map_err(said)?;
        let source = Box::into_raw(Box::new(Source {
            blob,
            position: 0,
            bytes_read: 0,
            allowed: OPENING_MOST,
            progress,
        }));
        // SAFETY: every pointer handed to FFmpeg is either checked for null or one FFmpeg accepts as null. From
        // the next statement on `file` owns `source`, and frees what has been allocated when dropped.
        unsafe {
            (av.av_log_set_level)(AV_LOG_QUIET);
            (av.av_max_alloc)(PIECE_MOST);
            let (format, io) = (ptr::null_mut(), ptr::null_mut());
            let is_bare = BARE.contains(&demuxer);
            let mut file = MediaFile { av, format, io, source, is_bare };
            let input = (av.av_find_input_format)(name.as_ptr());
            if input.is_null() {
                return Err(ReasonKind::NoReader(demuxer.into()));
            }
            let buffer = (av.av_malloc)(BUFFER);
            if buffer.is_null() {
                return Err(ReasonKind::Faulty(Fault::OutOfMemory));
            }
            file.io = (av.avio_alloc_context)(
                buffer.cast(),
                BUFFER as c_int,
                0,
                source.cast(),
                Some(read),
                None,
                Some(seek),
            );
            if file.io.is_null() {
                (av.av_free)(buffer);
                return Err(ReasonKind::Faulty(Fault::OutOfMemory));
            }
            file.format = (av.avformat_alloc_context)();
            if file.format.is_null() {
                return Err(ReasonKind::Faulty(Fault::OutOfMemory));
            }
            (*file.format).pb = file.io;
            (*file.format).flags |= AVFMT_FLAG_CUSTOM_IO;
            (*file.format).io_open = Some(refuse);
            let mut options = ptr::null_mut();
            (av.av_dict_set)(&mut options, c"format_whitelist".as_ptr(), allowed.as_ptr(), 0);
            (av.av_dict_set)(&mut options, c"protocol_whitelist".as_ptr(), c"none".as_ptr(), 0);
            // On failure this frees the context and sets it to null; the input and output stays ours.
            let opened =
                (av.avformat_open_input)(&mut file.format, ptr::null(), input, &mut options);
            (av.av_dict_free)(&mut options);
            if opened < 0 {
                return Err(said(message(av, opened)));
            }
            // Whatever it cannot find out is simply not known; the headers stand.
            (av.avformat_find_stream_info)(file.format, ptr::null_mut());
            file.allow(u64::MAX);
            Ok(file)
        }
    }

    /// FFmpeg's name of the container.
    pub(super) fn container(&self) -> String {
        // SAFETY: an open context has an input format, whose name is a static string.
        unsafe { string((*(*self.format).iformat).name) }
    }

    /// Seconds, if known.
    pub(super) fn duration(&self) -> Option<f64> {
        // SAFETY: the context is open.
        let duration = unsafe { (*self.format).duration };
        (duration > 0).then(|| duration as f64 / f64::from(AV_TIME_BASE))
    }

    /// Bits per second of the whole file, if known.
    pub(super) fn bit_rate(&self) -> Option<i64> {
        // SAFETY: the context is open.
        Some(unsafe { (*self.format).bit_rate }).filter(|&rate| rate > 0)
    }

    /// Tags of the file.
    pub(super) fn tags(&self) -> Tags {
        // SAFETY: the context is open, and its dictionary belongs to it.
        unsafe { tags(self.av, (*self.format).metadata) }
    }

    /// The streams, in the order of their numbers.
    pub(super) fn streams(&self) -> Vec<MediaStream> {
        // SAFETY: see `raw_streams`; `codecpar` is never null in a stream of FFmpeg's making.
        let described = |&stream: &*mut AVStream| unsafe { describe(self.av, self.format, stream) };
        self.raw_streams().iter().map(described).collect()
    }

    /// The bytes of the attached file that this stream is.
    pub(super) fn attachment(&self, index: usize) -> Option<&[u8]> {
        let &stream = self.raw_streams().get(index)?;
        // SAFETY: see `raw_streams`; `extradata` has `extradata_size` bytes as long as the stream lives, and nothing
        // changes it while this file is borrowed.
        unsafe {
            let parameters = &*(*stream).codecpar;
            let size = usize::try_from(parameters.extradata_size).ok()?;
            let is_attached = parameters.codec_type == AVMediaType::AVMEDIA_TYPE_ATTACHMENT;
            (is_attached && !parameters.extradata.is_null())
                .then(|| std::slice::from_raw_parts(parameters.extradata, size))
        }
    }

    /// The chapters, at most `most`.
    pub(super) fn chapters(&self, most: usize) -> Vec<MediaChapter> {
        // SAFETY: `chapters` points to `nb_chapters` pointers to chapters as long as the context is open.
        unsafe {
            let count = (*self.format).nb_chapters as usize;
            let first = (*self.format).chapters;
            let chapters: &[*mut AVChapter] = match count {
                0 => &[],
                _ if first.is_null() => &[],
                _ => std::slice::from_raw_parts(first, count),
            };
            let describe = |&chapter: &*mut AVChapter| {
                let unit = ratio((*chapter).time_base).unwrap_or(0.0);
                MediaChapter {
                    start: (*chapter).start as f64 * unit,
                    end: (*chapter).end as f64 * unit,
                    tags: tags(self.av, (*chapter).metadata),
                }
            };
            chapters.iter().take(most).map(describe).collect()
        }
    }

    /// Hands the packets of the streams `wanted` to `each` until it says false, the file ends, or `most` bytes
    /// were read. Gives whether all were handed out.
    pub(super) fn packets(
        &mut self,
        wanted: &[usize],
        most: u64,
        mut each: impl FnMut(MediaPacket<'_>) -> bool,
    ) -> bool {
        let av = self.av;
        self.keep_only(wanted);
        let begin = self.bytes_read();
        // SAFETY: the packet is allocated here and freed below; its data is valid for `size` bytes until the
        // next `av_packet_unref`, and `each` cannot keep it.
        unsafe {
            let mut packet = (av.av_packet_alloc)();
            let mut all = !packet.is_null();
            while !packet.is_null() {
                let code = (av.av_read_frame)(self.format, packet);
                if code < 0 {
                    all = code == AVERROR_EOF;
                    break;
                }
                let index = (*packet).stream_index as usize;
                if let Some(&stream) = self.raw_streams().get(index)
                    && wanted.contains(&index)
                    && !(*packet).data.is_null()
                    && (*packet).pts != AV_NOPTS_VALUE
                {
                    let unit = ratio((*stream).time_base).unwrap_or(0.0);
                    let size = usize::try_from((*packet).size).unwrap_or(0);
                    let go_on = each(MediaPacket {
                        stream: index,
                        start: (*packet).pts as f64 * unit,
                        duration: (*packet).duration as f64 * unit,
                        data: std::slice::from_raw_parts((*packet).data, size),
                    });
                    if !go_on {
                        all = false;
                    }
                }
                (av.av_packet_unref)(packet);
                if !all || self.bytes_read().saturating_sub(begin) > most {
                    all = false;
                    break;
                }
            }
            (av.av_packet_free)(&mut packet);
            all
        }
    }

    /// Lets FFmpeg read so many bytes more, and then meet an error: a demuxer that looks for something in a file without
    /// an index would read all of it.
    fn allow(&mut self, most: u64) {
        let read = self.bytes_read();
        // SAFETY: `source` is owned by this file, and FFmpeg touches it only inside its own calls.
        unsafe { (*self.source).allowed = read.saturating_add(most) };
        // SAFETY: as above; an error that was met stays with the buffer until it is taken away.
        unsafe {
            if !self.io.is_null() {
                (*self.io).error = 0;
                (*self.io).eof_reached = 0;
            }
        }
    }

    /// Decodes the sound of stream `index` from `seconds` on and hands it to `each`, frame by frame, until it says false, the
    /// stream ends, or `most` bytes were read. `rate` is that of the mixed samples; 0 if none are wanted.
    pub(super) fn sound(
        &mut self,
        index: usize,
        seconds: f64,
        rate: u32,
        most: u64,
        mut each: impl FnMut(MediaSound<'_>) -> bool,
    ) -> Result<SoundEnd, ReasonKind> {
        let Some(&stream) = self.raw_streams().get(index) else {
            return Err(ReasonKind::Faulty(Fault::NoStream));
        };
        let av = self.av;
        self.keep_only(&[index]);
        // SAFETY: `stream` lives as long as the context; decoder, packet and frame are checked for null and freed below,
        // whatever `decode_sound` answers.
        unsafe {
            let codec = (av.avcodec_find_decoder)((*(*stream).codecpar).codec_id);
            if codec.is_null() {
                return Err(ReasonKind::Faulty(Fault::NoDecoder));
            }
            let mut decoder = (av.avcodec_alloc_context3)(codec);
            let mut packet = (av.av_packet_alloc)();
            let mut frame = (av.av_frame_alloc)();
            let answer = if decoder.is_null() || packet.is_null() || frame.is_null() {
                Err(ReasonKind::Faulty(Fault::OutOfMemory))
            } else {
                // The sandbox forbids threads.
                (*decoder).thread_count = 1;
                (*decoder).pkt_timebase = (*stream).time_base;
                let target = (seconds * f64::from(AV_TIME_BASE)) as i64;
                // A container that cannot seek is read on from where it stands: at its start, most often.
                (av.av_seek_frame)(self.format, -1, target, AVSEEK_FLAG_BACKWARD);
                let open = (av.avcodec_parameters_to_context)(decoder, (*stream).codecpar);
                let open = if open < 0 {
                    open
                } else {
                    (av.avcodec_open2)(decoder, codec, ptr::null_mut())
                };
                if open < 0 {
                    Err(said(message(av, open)))
                } else {
                    self.decode_sound(index, rate, decoder, packet, frame, most, &mut each)
                }
            };
            (av.av_frame_free)(&mut frame);
            (av.av_packet_free)(&mut packet);
            (av.avcodec_free_context)(&mut decoder);
            answer
        }
    }

    /// Decodes packet by packet. Packets that are damaged are passed over.
    ///
    /// # Safety
    /// `decoder` is open; `packet` and `frame` are allocated.
    #[expect(clippy::too_many_arguments, reason = "three of them are FFmpeg's")]
    unsafe fn decode_sound(
        &mut self,
        index: usize,
        rate: u32,
        decoder: *mut AVCodecContext,
        packet: *mut AVPacket,
        frame: *mut AVFrame,
        most: u64,
        each: &mut dyn FnMut(MediaSound<'_>) -> bool,
    ) -> Result<SoundEnd, ReasonKind> {
        let (av, begin) = (self.av, self.bytes_read());
        let (mut recorded, mut mixed) = (Resampler::new(av), Resampler::new(av));
        let (mut heard, mut damaged) = (false, false);
        // SAFETY: the caller's promise; packets are unreferenced before they are filled again, and a frame that was received
        // holds sound, as the decoder is one of sound.
        unsafe {
            let unit = match self.raw_streams().get(index) {
                Some(&stream) => ratio((*stream).time_base).unwrap_or(0.0),
                None => 0.0,
            };
            let mut ended = false;
            while !ended {
                if self.bytes_read().saturating_sub(begin) > most {
                    return Ok(SoundEnd::Stopped);
                }
                let code = (av.av_read_frame)(self.format, packet);
                if code < 0 {
                    ended = true;
                    damaged |= code != AVERROR_EOF;
                    // What the decoder holds back comes out now.
                    (av.avcodec_send_packet)(decoder, ptr::null());
                } else {
                    let is_ours = (*packet).stream_index as usize == index;
                    let sent = match is_ours {
                        true => (av.avcodec_send_packet)(decoder, packet),
                        false => 0,
                    };
                    (av.av_packet_unref)(packet);
                    damaged |= sent < 0;
                    if !is_ours || sent < 0 {
                        continue;
                    }
                }
                while (av.avcodec_receive_frame)(decoder, frame) >= 0 {
                    let start = (*frame).best_effort_timestamp;
                    let start = (start != AV_NOPTS_VALUE).then_some(start as f64 * unit);
                    let own = recorded.convert(frame, None)?;
                    let mixed = match rate {
                        0 => &[][..],
                        rate => mixed.convert(frame, Some(rate))?,
                    };
                    heard = true;
                    let go_on = each(MediaSound {
                        start,
                        rate: u32::try_from((*frame).sample_rate).unwrap_or(0),
                        channels: usize::try_from((*frame).ch_layout.nb_channels).unwrap_or(0),
                        recorded: own,
                        mixed,
                    });
                    if !go_on {
                        return Ok(SoundEnd::Stopped);
                    }
                }
            }
        }
        match (heard, damaged) {
            (false, true) => Err(ReasonKind::Faulty(Fault::NoSoundDecodes)),
            (_, true) => Ok(SoundEnd::Damaged),
            (_, false) => Ok(SoundEnd::Whole),
        }
    }

    /// Whether it has read all that it was allowed.
    fn is_spent(&self) -> bool {
        // SAFETY: `source` is owned by this file, and FFmpeg touches it only inside its own calls.
        unsafe { (*self.source).bytes_read >= (*self.source).allowed }
    }

    fn bytes_read(&self) -> u64 {
        // SAFETY: `source` is owned by this file, and FFmpeg touches it only inside its own calls.
        unsafe { (*self.source).bytes_read }
    }

    /// Tells the demuxer to skip all other streams.
    fn keep_only(&mut self, wanted: &[usize]) {
        for (index, &stream) in self.raw_streams().iter().enumerate() {
            let keep = wanted.contains(&index);
            // SAFETY: the stream is alive (see `raw_streams`), and `self` is borrowed exclusively.
            unsafe {
                (*stream).discard =
                    if keep { AVDiscard::AVDISCARD_DEFAULT } else { AVDiscard::AVDISCARD_ALL };
            }
        }
    }

    fn raw_streams(&self) -> &[*mut AVStream] {
        // SAFETY: `streams` points to `nb_streams` pointers to streams as long as the context is open. Reading may
        // add streams and move the array, so callers take the slice anew after each read.
        unsafe {
            let count = (*self.format).nb_streams as usize;
            let first = (*self.format).streams;
            if count == 0 || first.is_null() {
                return &[];
            }
            std::slice::from_raw_parts(first, count)
        }
    }
}

impl Drop for MediaFile<'_> {
    fn drop(&mut self) {
        let av = self.av;
        // SAFETY: each pointer is ours and freed once, the callbacks' source last. FFmpeg may have replaced the
        // buffer, so it is freed through the field. All calls but `Box::from_raw`, whose pointer is never null,
        // accept null.
        unsafe {
            (av.avformat_close_input)(&mut self.format);
            if !self.io.is_null() {
                (av.av_freep)((&raw mut (*self.io).buffer).cast());
                (av.avio_context_free)(&mut self.io);
            }
            drop(Box::from_raw(self.source));
        }
    }
}
