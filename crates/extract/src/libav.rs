//! FFmpeg's libraries, as they are found when they are asked for and not when the program starts.
//!
//! They come with some hundred and thirty further libraries. Linked, each of them is mapped into every process of this
//! program, and a fork copies every mapping: 1.8 ms and ten times the page tables for a child that reads a text of
//! a kilobyte. So the table of functions is filled by whoever needs it, once, before it forks.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;

use ffmpeg_next::ffi::{
    AVChannelLayout, AVCodec, AVCodecContext, AVCodecID, AVCodecParameters,
    AVColorTransferCharacteristic, AVDictionary, AVDictionaryEntry, AVFormatContext, AVFrame,
    AVIOContext, AVIndexEntry, AVInputFormat, AVPacket, AVPacketSideDataType, AVPixFmtDescriptor,
    AVPixelFormat, AVRational, AVSampleFormat, AVStream, LIBAVCODEC_VERSION_MAJOR,
    LIBAVFORMAT_VERSION_MAJOR, LIBAVUTIL_VERSION_MAJOR, LIBSWRESAMPLE_VERSION_MAJOR,
    LIBSWSCALE_VERSION_MAJOR, SwrContext, SwsContext, SwsFilter,
};

type ReadPacket = unsafe extern "C" fn(*mut c_void, *mut u8, c_int) -> c_int;
type Seek = unsafe extern "C" fn(*mut c_void, i64, c_int) -> i64;

/// Declares the table, and the test that each of its functions has the type that FFmpeg's headers declare.
macro_rules! functions {
    ($($library:ident { $(fn $name:ident($($argument:ty),*) $(-> $answer:ty)?;)* })*) => {
        /// Functions of FFmpeg, under their own names.
        #[derive(Clone, Copy)]
        #[expect(non_snake_case, reason = "under their own names")]
        pub struct Libav {
            $($(pub(crate) $name: unsafe extern "C" fn($($argument),*) $(-> $answer)?,)*)*
        }

        impl Libav {
            /// Loads the libraries, of the very version whose headers this program was built with. They stay loaded.
            ///
            /// # Errors
            /// One sentence that names what is missing.
            pub fn load() -> Result<Libav, String> {
                $(let $library = Library::open(stringify!($library), version::$library)?;)*
                // SAFETY: each symbol is a function of the library of this version, whose headers declare this type;
                // a test compares them.
                unsafe {
                    Ok(Libav {
                        $($($name: std::mem::transmute::<
                            *mut c_void,
                            unsafe extern "C" fn($($argument),*) $(-> $answer)?,
                        >($library.symbol(stringify!($name))?),)*)*
                    })
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn the_table_has_the_types_of_the_headers() {
                // The compiler refuses a function of another type.
                $($(let _: unsafe extern "C" fn($($argument),*) $(-> $answer)? =
                    ffmpeg_next::ffi::$name;)*)*
            }

            #[test]
            fn the_libraries_are_found() {
                assert!(Libav::load().is_ok());
            }
        }
    };
}

functions! {
    avutil {
    fn av_channel_layout_default(*mut AVChannelLayout, c_int);
    fn av_color_transfer_name(AVColorTransferCharacteristic) -> *const c_char;
    fn av_dict_free(*mut *mut AVDictionary);
    fn av_dict_get(
        *const AVDictionary, *const c_char, *const AVDictionaryEntry, c_int
    ) -> *mut AVDictionaryEntry;
    fn av_dict_set(*mut *mut AVDictionary, *const c_char, *const c_char, c_int) -> c_int;
    fn av_display_rotation_get(*const i32) -> f64;
    fn av_frame_alloc() -> *mut AVFrame;
    fn av_frame_free(*mut *mut AVFrame);
    fn av_free(*mut c_void);
    fn av_freep(*mut c_void);
    fn av_log_set_level(c_int);
    fn av_malloc(usize) -> *mut c_void;
    fn av_max_alloc(usize);
    fn av_pix_fmt_desc_get(AVPixelFormat) -> *const AVPixFmtDescriptor;
    fn av_strerror(c_int, *mut c_char, usize) -> c_int;
    }
    avcodec {
    fn av_packet_alloc() -> *mut AVPacket;
    fn av_packet_free(*mut *mut AVPacket);
    fn av_packet_unref(*mut AVPacket);
    fn avcodec_alloc_context3(*const AVCodec) -> *mut AVCodecContext;
    fn avcodec_find_decoder(AVCodecID) -> *const AVCodec;
    fn avcodec_flush_buffers(*mut AVCodecContext);
    fn avcodec_free_context(*mut *mut AVCodecContext);
    fn avcodec_get_name(AVCodecID) -> *const c_char;
    fn avcodec_open2(*mut AVCodecContext, *const AVCodec, *mut *mut AVDictionary) -> c_int;
    fn avcodec_parameters_to_context(*mut AVCodecContext, *const AVCodecParameters) -> c_int;
    fn avcodec_profile_name(AVCodecID, c_int) -> *const c_char;
    fn avcodec_receive_frame(*mut AVCodecContext, *mut AVFrame) -> c_int;
    fn avcodec_send_packet(*mut AVCodecContext, *const AVPacket) -> c_int;
    }
    avformat {
    fn av_find_input_format(*const c_char) -> *const AVInputFormat;
    fn av_guess_sample_aspect_ratio(
        *mut AVFormatContext, *mut AVStream, *mut AVFrame
    ) -> AVRational;
    fn av_read_frame(*mut AVFormatContext, *mut AVPacket) -> c_int;
    fn av_seek_frame(*mut AVFormatContext, c_int, i64, c_int) -> c_int;
    fn av_stream_get_side_data(*const AVStream, AVPacketSideDataType, *mut usize) -> *mut u8;
    fn avformat_alloc_context() -> *mut AVFormatContext;
    fn avformat_close_input(*mut *mut AVFormatContext);
    fn avformat_find_stream_info(*mut AVFormatContext, *mut *mut AVDictionary) -> c_int;
    fn avformat_flush(*mut AVFormatContext) -> c_int;
    fn avformat_index_get_entries_count(*const AVStream) -> c_int;
    fn avformat_index_get_entry(*mut AVStream, c_int) -> *const AVIndexEntry;
    fn avformat_open_input(
        *mut *mut AVFormatContext, *const c_char, *const AVInputFormat, *mut *mut AVDictionary
    ) -> c_int;
    fn avio_alloc_context(
        *mut u8, c_int, c_int, *mut c_void,
        Option<ReadPacket>, Option<ReadPacket>, Option<Seek>
    ) -> *mut AVIOContext;
    fn avio_context_free(*mut *mut AVIOContext);
    fn avio_seek(*mut AVIOContext, i64, c_int) -> i64;
    }
    swresample {
    fn swr_alloc_set_opts2(
        *mut *mut SwrContext, *mut AVChannelLayout, AVSampleFormat, c_int,
        *mut AVChannelLayout, AVSampleFormat, c_int, c_int, *mut c_void
    ) -> c_int;
    fn swr_convert(*mut SwrContext, *mut *mut u8, c_int, *mut *const u8, c_int) -> c_int;
    fn swr_free(*mut *mut SwrContext);
    fn swr_get_out_samples(*mut SwrContext, c_int) -> c_int;
    fn swr_init(*mut SwrContext) -> c_int;
    }
    swscale {
    fn sws_freeContext(*mut SwsContext);
    fn sws_getContext(
        c_int, c_int, AVPixelFormat, c_int, c_int, AVPixelFormat, c_int,
        *mut SwsFilter, *mut SwsFilter, *const f64
    ) -> *mut SwsContext;
    fn sws_getCoefficients(c_int) -> *const c_int;
    fn sws_scale(
        *mut SwsContext, *const *const u8, *const c_int, c_int, c_int,
        *const *mut u8, *const c_int
    ) -> c_int;
    fn sws_setColorspaceDetails(
        *mut SwsContext, *const c_int, c_int, *const c_int, c_int, c_int, c_int, c_int
    ) -> c_int;
    }
}

impl fmt::Debug for Libav {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Libav")
    }
}

/// The versions of the binary interface that the headers declare.
#[expect(non_upper_case_globals, reason = "under the names of the libraries")]
mod version {
    use super::c_int;

    pub(super) const avutil: c_int = super::LIBAVUTIL_VERSION_MAJOR;
    pub(super) const avcodec: c_int = super::LIBAVCODEC_VERSION_MAJOR;
    pub(super) const avformat: c_int = super::LIBAVFORMAT_VERSION_MAJOR;
    pub(super) const swresample: c_int = super::LIBSWRESAMPLE_VERSION_MAJOR;
    pub(super) const swscale: c_int = super::LIBSWSCALE_VERSION_MAJOR;
}

/// A library that stays loaded until the process ends.
struct Library {
    name: String,
    handle: *mut c_void,
}

impl Library {
    fn open(name: &str, version: c_int) -> Result<Library, String> {
        let name = format!("lib{name}.so.{version}");
        let file = CString::new(name.as_str()).map_err(|error| error.to_string())?;
        // SAFETY: the name is a C string. Everything is bound now: a child must not have to look for a symbol.
        let handle = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(complaint().unwrap_or(format!("{name} cannot be loaded")));
        }
        Ok(Library { name, handle })
    }

    fn symbol(&self, symbol: &str) -> Result<*mut c_void, String> {
        let name = CString::new(symbol).map_err(|error| error.to_string())?;
        // SAFETY: the library is loaded and never unloaded; the name is a C string.
        let address = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        match address.is_null() {
            true => Err(format!("{} has no {symbol}", self.name)),
            false => Ok(address),
        }
    }
}

/// What the loader says of its last failure.
fn complaint() -> Option<String> {
    // SAFETY: a C string that lives until the next call of the loader, or null.
    unsafe {
        let text = libc::dlerror();
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}
