use std::ffi::CStr;
use std::ptr;

use ffmpeg_next::ffi::*;

use super::value::string;
use crate::libav::Libav;

/// Names and values, as bytes: what encoding the values are in, the container often does not know.
pub(in crate::formats) type Tags = Vec<(String, Vec<u8>)>;

/// Tags of one dictionary that are read, and bytes of each.
const TAGS_MOST: usize = 200;
const TAG_MOST: usize = 16 * 1024;

/// The tags of a dictionary, at most so many.
///
/// # Safety
/// `dictionary` is null or a dictionary that lives.
pub(super) unsafe fn tags(av: &Libav, dictionary: *const AVDictionary) -> Tags {
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
