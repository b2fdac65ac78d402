//! What of an object's name may change what is read of it: whoever knows what the same bytes came to under another name
//! has to know whether that counts.

use crate::split_name::is_part;

/// The last part of a name, behind its folders.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The extension, in small letters; empty if there is none, or what stands behind the dot is none.
pub(crate) fn extension(name: &str) -> String {
    match last(name).rsplit_once('.') {
        Some((_, extension)) if extension.len() <= 16 => extension.to_lowercase(),
        _ => String::new(),
    }
}

/// What of a name counts whatever the format: its extension, and whether it says that the file is a part of another.
/// Of two names that say the same, the same bytes are read alike, but for what [`names_its_content`] says.
pub fn kind(name: &str) -> String {
    let part = if is_part(last(name)) { "part" } else { "" };
    format!("{}/{part}", extension(name))
}

/// Whether what a format reads holds the object's own name: a table that is called as its file is, or a packed file that
/// does not say what it is called once it is unpacked.
pub fn names_its_content(format: &str) -> bool {
    const FORMATS: [&str; 10] =
        ["csv", "dbf", "parquet", "gzip", "bzip2", "xz", "lzma", "zstd", "compress", "pkcs7"];
    FORMATS.contains(&format)
}

/// Whether a name with this extension promises how its bytes begin: all files of that format begin as one that is known here
/// does, so that others are none of them. Files of some formats begin otherwise now and then, as those of DOC, of MP4 in
/// fragments and of WAV do; their extensions are not here. Nor does a name promise that programs put beside a file while it is open.
pub(crate) fn promises(name: &str, extension: &str) -> bool {
    const ALIKE: [&str; 38] = [
        "7z", "avi", "avif", "cr2", "docm", "docx", "epub", "flac", "flv", "gif", "gz", "heic",
        "hwp", "hwpx", "jp2", "jpeg", "jpg", "jxl", "mkv", "odg", "odp", "ods", "odt", "ogg",
        "opus", "png", "pptm", "pptx", "psd", "tif", "tiff", "webm", "webp", "wma", "wmv", "xlsm",
        "xlsx", "xz",
    ];
    !name.starts_with("~$") && ALIKE.binary_search(&extension).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_promises_how_a_file_begins_unless_its_format_has_other_kinds() {
        for (name, promised) in [
            ("보고서.hwp", true),
            ("a.7z", true),
            ("a.xz", true),
            ("a.doc", false),
            ("a.mp4", false),
            ("a.bin", false),
            ("hwp", false),
            ("~$고서.docx", false),
        ] {
            assert_eq!(promises(name, &extension(name)), promised, "{name}");
        }
    }

    #[test]
    fn names_of_one_kind_differ_in_nothing_that_counts() {
        for (one, other, same) in [
            ("보고서.hwp", "사본 (2).HWP", true),
            ("a.hwp", "a.hwpx", false),
            ("a", "b", true),
            ("d.e/a", "b", true),
            ("a.part1.rar", "a.rar", false),
            ("a.zip.001", "b.zip.002", false),
        ] {
            assert_eq!(kind(one) == kind(other), same, "{one} {other}");
        }
    }
}
