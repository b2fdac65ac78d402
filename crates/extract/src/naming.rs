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

#[cfg(test)]
mod tests {
    use super::*;

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
