//! FFmpeg behind a safe face: a file that is read from a [`Blob`] through our own callbacks, and nothing else.
//!
//! No path or address ever reaches FFmpeg: the input format is chosen by the caller, not probed; formats that
//! could be reached from inside (`format_whitelist`) are the chosen one and plain subtitles; and the callback that
//! would open a further resource refuses. Playlists inside a video have read local files this way
//! (CVE-2016-1897, CVE-2016-1898).
//!
//! This is the one file of the crate with `unsafe`; the safe wrapper of ffmpeg-next wants a `'static` stream and
//! takes foreign tags for UTF-8 unchecked.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use ffmpeg_next::ffi::*;

use crate::blob::Blob;
use crate::libav::Libav;

/// Bytes that FFmpeg reads at once.
const BUFFER: usize = 64 * 1024;

/// Tags of one dictionary that are read, and bytes of each.
const TAGS_MOST: usize = 200;
const TAG_MOST: usize = 16 * 1024;

/// Packets that are looked at for one key frame.
const PACKETS_MOST: u32 = 3_000;

/// Names and values, as bytes: what encoding the values are in, the container often does not know.
pub(super) type Tags = Vec<(String, Vec<u8>)>;

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Video,
    Audio,
    Subtitle,
    Other,
}

/// A stream as the container declares it.
pub(super) struct MediaStream {
    pub(super) kind: StreamKind,
    /// FFmpeg's name of the codec.
    pub(super) codec: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Frames per second.
    pub(super) fps: Option<f64>,
    /// Degrees clockwise, 0 to 359.
    pub(super) rotation: Option<i32>,
    pub(super) sample_rate: u32,
    pub(super) channels: u32,
    /// The picture on the cover, still encoded.
    pub(super) cover: Option<Vec<u8>>,
    pub(super) tags: Tags,
}

/// A chapter: start in seconds, and its tags.
pub(super) struct MediaChapter {
    pub(super) start: f64,
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

/// Where FFmpeg's reads go.
struct Source<'a> {
    blob: &'a dyn Blob,
    position: u64,
    bytes_read: u64,
    progress: &'a dyn Fn(),
}

/// An open audio or video file.
pub(super) struct MediaFile<'a> {
    av: &'a Libav,
    format: *mut AVFormatContext,
    io: *mut AVIOContext,
    source: *mut Source<'a>,
}

impl<'a> MediaFile<'a> {
    /// Opens `blob` as the input format `demuxer`. `progress` is called at every read.
    pub(super) fn open(
        av: &'a Libav,
        blob: &'a dyn Blob,
        demuxer: &str,
        progress: &'a dyn Fn(),
    ) -> Result<MediaFile<'a>, String> {
        let name = CString::new(demuxer).map_err(|error| error.to_string())?;
        let allowed = CString::new(format!("{demuxer},srt,ass")).map_err(|e| e.to_string())?;
        let source = Box::into_raw(Box::new(Source { blob, position: 0, bytes_read: 0, progress }));
        // SAFETY: every pointer handed to FFmpeg is either checked for null or one FFmpeg accepts as null. From
        // the next statement on `file` owns `source`, and frees what has been allocated when dropped.
        unsafe {
            (av.av_log_set_level)(AV_LOG_QUIET);
            let (format, io) = (ptr::null_mut(), ptr::null_mut());
            let mut file = MediaFile { av, format, io, source };
            let input = (av.av_find_input_format)(name.as_ptr());
            if input.is_null() {
                return Err(format!("this FFmpeg has no reader for {demuxer}"));
            }
            let buffer = (av.av_malloc)(BUFFER);
            if buffer.is_null() {
                return Err("out of memory".into());
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
                return Err("out of memory".into());
            }
            file.format = (av.avformat_alloc_context)();
            if file.format.is_null() {
                return Err("out of memory".into());
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
                return Err(message(av, opened));
            }
            // Whatever it cannot find out is simply not known; the headers stand.
            (av.avformat_find_stream_info)(file.format, ptr::null_mut());
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
        self.raw_streams().iter().map(|&stream| unsafe { describe(self.av, stream) }).collect()
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
            let describe = |&chapter: &*mut AVChapter| MediaChapter {
                start: (*chapter).start as f64 * ratio((*chapter).time_base).unwrap_or(0.0),
                tags: tags(self.av, (*chapter).metadata),
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

    /// The key frame of stream `index` at or before `seconds`, as RGB, scaled so that its longer side is at most
    /// `side` pixels. Frames of more than `pixels` are not decoded.
    pub(super) fn key_frame(
        &mut self,
        index: usize,
        seconds: f64,
        side: u32,
        pixels: u64,
        most: u64,
    ) -> Result<(u32, u32, Vec<u8>), String> {
        let Some(&stream) = self.raw_streams().get(index) else {
            return Err("there is no such stream".into());
        };
        let av = self.av;
        self.keep_only(&[index]);
        // SAFETY: `stream` lives as long as the context; decoder, packet and frame are checked for null and freed
        // below, whatever `decode_key_frame` answers.
        unsafe {
            let codec = (av.avcodec_find_decoder)((*(*stream).codecpar).codec_id);
            if codec.is_null() {
                return Err("there is no decoder for its codec".into());
            }
            let mut decoder = (av.avcodec_alloc_context3)(codec);
            let mut packet = (av.av_packet_alloc)();
            let mut frame = (av.av_frame_alloc)();
            let answer = if decoder.is_null() || packet.is_null() || frame.is_null() {
                Err("out of memory".into())
            } else {
                // The sandbox forbids threads.
                (*decoder).thread_count = 1;
                (*decoder).max_pixels = i64::try_from(pixels).unwrap_or(i64::MAX);
                let target = (seconds * f64::from(AV_TIME_BASE)) as i64;
                (av.av_seek_frame)(self.format, -1, target, AVSEEK_FLAG_BACKWARD);
                let open = (av.avcodec_parameters_to_context)(decoder, (*stream).codecpar);
                let open = if open < 0 {
                    open
                } else {
                    (av.avcodec_open2)(decoder, codec, ptr::null_mut())
                };
                if open < 0 {
                    Err(message(av, open))
                } else {
                    self.decode_key_frame(index, decoder, packet, frame, most)
                        .and_then(|()| scale(av, frame, (*stream).sample_aspect_ratio, side))
                }
            };
            (av.av_frame_free)(&mut frame);
            (av.av_packet_free)(&mut packet);
            (av.avcodec_free_context)(&mut decoder);
            answer
        }
    }

    /// Fills `frame` with the first key frame that decodes.
    ///
    /// # Safety
    /// `decoder` is open; `packet` and `frame` are allocated.
    unsafe fn decode_key_frame(
        &mut self,
        index: usize,
        decoder: *mut AVCodecContext,
        packet: *mut AVPacket,
        frame: *mut AVFrame,
        most: u64,
    ) -> Result<(), String> {
        let (av, begin) = (self.av, self.bytes_read());
        // SAFETY: the caller's promise; packets are unreferenced before they are filled again.
        unsafe {
            for _ in 0..PACKETS_MOST {
                if self.bytes_read().saturating_sub(begin) > most {
                    return Err("no key frame within reach".into());
                }
                let code = (av.av_read_frame)(self.format, packet);
                if code < 0 {
                    return Err(message(av, code));
                }
                let key = (*packet).stream_index as usize == index
                    && (*packet).flags & AV_PKT_FLAG_KEY != 0;
                if key && (av.avcodec_send_packet)(decoder, packet) >= 0 {
                    // A key frame needs no other: draining makes the decoder give it out at once.
                    (av.avcodec_send_packet)(decoder, ptr::null());
                    if (av.avcodec_receive_frame)(decoder, frame) >= 0 {
                        (av.av_packet_unref)(packet);
                        return Ok(());
                    }
                    (av.avcodec_flush_buffers)(decoder);
                }
                (av.av_packet_unref)(packet);
            }
        }
        Err("none of its key frames decodes".into())
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

/// FFmpeg's read callback.
///
/// # Safety
/// `opaque` is the [`Source`] of an open file, and `buffer` has room for `size` bytes: FFmpeg's promise.
unsafe extern "C" fn read(opaque: *mut c_void, buffer: *mut u8, size: c_int) -> c_int {
    let Ok(length) = usize::try_from(size) else { return -EIO };
    // SAFETY: the caller's promise; the buffer is zeroed before a reference to it is made, because FFmpeg does not
    // initialise it.
    let (source, buffer) = unsafe {
        ptr::write_bytes(buffer, 0, length);
        (&mut *opaque.cast::<Source<'_>>(), std::slice::from_raw_parts_mut(buffer, length))
    };
    (source.progress)();
    match source.blob.read_at(source.position, buffer) {
        Ok(0) => AVERROR_EOF,
        Ok(n) => {
            let n = n.min(length);
            source.position = source.position.saturating_add(n as u64);
            source.bytes_read = source.bytes_read.saturating_add(n as u64);
            c_int::try_from(n).unwrap_or(size)
        }
        Err(_) => -EIO,
    }
}

/// FFmpeg's seek callback.
///
/// # Safety
/// `opaque` is the [`Source`] of an open file: FFmpeg's promise.
unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: the caller's promise.
    let source = unsafe { &mut *opaque.cast::<Source<'_>>() };
    let length = source.blob.len();
    let to = match whence & !AVSEEK_FORCE {
        AVSEEK_SIZE => return i64::try_from(length).unwrap_or(i64::MAX),
        SEEK_SET => u64::try_from(offset).ok(),
        SEEK_CUR => source.position.checked_add_signed(offset),
        SEEK_END => length.checked_add_signed(offset),
        _ => None,
    };
    match to.and_then(|to| Some((to, i64::try_from(to).ok()?))) {
        Some((to, answer)) => {
            source.position = to;
            answer
        }
        None => i64::from(-EINVAL),
    }
}

/// C's numbers of errors; FFmpeg takes them negative.
const EPERM: c_int = 1;
const EIO: c_int = 5;
const EINVAL: c_int = 22;

/// C's `SEEK_SET`, `SEEK_CUR` and `SEEK_END`.
const SEEK_SET: c_int = 0;
const SEEK_CUR: c_int = 1;
const SEEK_END: c_int = 2;

/// Refuses to open whatever a container refers to.
unsafe extern "C" fn refuse(
    _: *mut AVFormatContext,
    _: *mut *mut AVIOContext,
    _: *const c_char,
    _: c_int,
    _: *mut *mut AVDictionary,
) -> c_int {
    -EPERM
}

/// # Safety
/// `stream` is alive.
unsafe fn describe(av: &Libav, stream: *mut AVStream) -> MediaStream {
    // SAFETY: the caller's promise; codec parameters and attached picture belong to the stream.
    unsafe {
        let parameters = &*(*stream).codecpar;
        let kind = match parameters.codec_type {
            AVMediaType::AVMEDIA_TYPE_VIDEO => StreamKind::Video,
            AVMediaType::AVMEDIA_TYPE_AUDIO => StreamKind::Audio,
            AVMediaType::AVMEDIA_TYPE_SUBTITLE => StreamKind::Subtitle,
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

/// Scales a decoded frame to RGB, square pixels, the longer side at most `side`.
///
/// # Safety
/// `frame` holds a decoded picture.
unsafe fn scale(
    av: &Libav,
    frame: *mut AVFrame,
    aspect: AVRational,
    side: u32,
) -> Result<(u32, u32, Vec<u8>), String> {
    // SAFETY: the caller's promise. The pixel format is one that the decoder of this very library wrote, so it is a
    // value of the enumeration. The target has `height` rows of `stride` bytes and slack for vector writes beyond
    // the last one.
    unsafe {
        let (from_width, from_height) = ((*frame).width, (*frame).height);
        if from_width <= 0 || from_height <= 0 || (*frame).format < 0 {
            return Err("the frame is empty".into());
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
            return Err("its pixel format cannot be converted".into());
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
            return Err("the frame cannot be scaled".into());
        }
        let rgb = target.chunks(stride).take(rows).filter_map(|line| line.get(..row));
        Ok((width.unsigned_abs(), height.unsigned_abs(), rgb.flatten().copied().collect()))
    }
}

/// # Safety
/// `dictionary` is null or a dictionary that lives.
unsafe fn tags(av: &Libav, dictionary: *const AVDictionary) -> Tags {
    let mut tags = Tags::new();
    let mut entry: *mut AVDictionaryEntry = ptr::null_mut();
    // SAFETY: the caller's promise; the empty key with this flag walks all entries, each with two C strings.
    unsafe {
        while tags.len() < TAGS_MOST {
            entry = (av.av_dict_get)(dictionary, c"".as_ptr(), entry, AV_DICT_IGNORE_SUFFIX);
            if entry.is_null() {
                break;
            }
            let value = CStr::from_ptr((*entry).value).to_bytes();
            let value = value.get(..TAG_MOST).unwrap_or(value);
            tags.push((string((*entry).key), value.to_vec()));
        }
    }
    tags
}

/// # Safety
/// `text` is null or a C string that lives.
unsafe fn string(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A ratio as a number; none if it has no positive finite value.
fn ratio(ratio: AVRational) -> Option<f64> {
    let value = f64::from(ratio.num) / f64::from(ratio.den);
    (value.is_finite() && value > 0.0).then_some(value)
}

/// FFmpeg's words for an error code.
fn message(av: &Libav, code: c_int) -> String {
    let mut text: [c_char; 128] = [0; 128];
    // SAFETY: the buffer is as long as said and stays terminated: its last byte is never written but by a NUL.
    unsafe {
        (av.av_strerror)(code, text.as_mut_ptr(), text.len());
        string(text.as_ptr()).to_lowercase()
    }
}
