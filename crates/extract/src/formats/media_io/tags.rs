use std::ffi::CStr;
use std::ptr;

use ffmpeg_next::ffi::*;

use super::value::string;
use crate::libav::Libav;

/// Names and values, as bytes: what encoding the values are in, the container often does not know.
pub(in crate::formats) type Tags = Vec<(String, Vec<u8>)>;

/// Tags of one dictionary that are read, and bytes of each: lyrics may be a speech.
const TAGS_MOST: usize = 200;
const TAG_MOST: usize = 256 * 1024;

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
            let value = cut(value, TAG_MOST);
            tags.push((string((*entry).key), value.to_vec()));
        }
    }
    tags
}

/// Whether a value is as long as the longest that is taken, so that there may be more of it.
pub(in crate::formats) fn may_be_cut(value: &str) -> bool {
    value.len() + 4 > TAG_MOST
}

/// The first bytes, at most so many, and no letter of UTF-8 cut in two: what is no UTF-8 would be read as something else.
fn cut(value: &[u8], most: usize) -> &[u8] {
    let inside = |at: &usize| value.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    let end = (most.saturating_sub(3)..=most).rev().find(|at| !inside(at)).unwrap_or(most);
    value.get(..end).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_no_letter_in_two() {
        let text = "가나다😀".as_bytes();
        for (most, expected) in [(20, 13), (13, 13), (12, 9), (10, 9), (9, 9), (8, 6), (1, 0)] {
            assert_eq!(cut(text, most).len(), expected, "{most}");
        }
        assert_eq!(cut(&[0x80; 9], 5).len(), 5);
    }
}
