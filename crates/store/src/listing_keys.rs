//! Keys that the services have and `object_store` has no words for.
//!
//! An `object_store::path::Path` has no empty parts, no `.` and `..`, no control characters, and no slash at its
//! ends. A bucket may hold any of them. `object_store` refuses the whole page of a listing for one such key, and so
//! hides a thousand others; and it takes a slash off the ends, so that `a` and `a/` look the same. Therefore such keys
//! are written in hexadecimal behind a mark before it reads the page, and back when it has.

use std::borrow::Cow;
use std::ops::Range;

use object_store::path::Path;
use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::Event;

/// What a marked key begins with. A genuine key that begins so is marked, too: no two keys have one mark.
const MARK: &str = "\u{10FFFD}madang-key/";

/// The path under which `object_store` can carry a key, if not as it is.
fn mark(key: &str) -> Option<String> {
    let same = Path::parse(key).is_ok_and(|path| path.as_ref() == key);
    (!same || key.starts_with(MARK)).then(|| {
        let digits: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{MARK}{digits}")
    })
}

/// The key that was marked; none if the path is a key as it is.
pub(crate) fn unmark(path: &Path) -> Option<String> {
    let digits = path.as_ref().strip_prefix(MARK)?;
    let bytes: Option<Vec<u8>> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

/// Whether a request with this query asks for a listing: of S3 and Google's (version 2 of S3's), or of Azure.
pub(crate) fn is_listing(query: &str) -> bool {
    query.split('&').any(|part| part == "list-type=2" || part == "comp=list")
}

/// A page of a listing with every key marked that needs it; none if none does.
///
/// A page that is no XML comes back as it is: `object_store` says so in better words.
pub(crate) fn marked(page: &[u8]) -> Option<Vec<u8>> {
    let page = std::str::from_utf8(page).ok()?;
    let mut marked: Vec<(Range<usize>, String)> = Vec::new();
    let mut reader = Reader::from_str(page);
    // The names of the elements around, and where the text of a key began.
    let mut around: Vec<String> = Vec::new();
    let mut key: Option<(usize, bool)> = None;
    loop {
        let before = position(&reader);
        match reader.read_event().ok()? {
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                let inside = around.last().map(String::as_str);
                let is_key = matches!(
                    (inside, name.as_str()),
                    (Some("Contents"), "Key") | (Some("Blob"), "Name")
                );
                if is_key {
                    let encoded = element
                        .try_get_attribute("Encoded")
                        .is_ok_and(|value| value.is_some_and(|value| &*value.value == "true"));
                    key = Some((position(&reader), encoded));
                }
                around.push(name);
            }
            Event::End(_) => {
                around.pop();
                if let Some((start, encoded)) = key.take() {
                    let raw = page.get(start..before)?;
                    if let Some(new) = replaced(raw, encoded) {
                        marked.push((start..before, new));
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if marked.is_empty() {
        return None;
    }
    let mut whole = String::with_capacity(page.len() + marked.len() * 64);
    let mut at = 0;
    for (range, new) in marked {
        whole.push_str(page.get(at..range.start)?);
        whole.push_str(&new);
        at = range.end;
    }
    whole.push_str(page.get(at..)?);
    Some(whole.into_bytes())
}

/// What stands for the text of a key, if not itself. Azure writes names that XML cannot hold in percent signs.
fn replaced(raw: &str, encoded: bool) -> Option<String> {
    let text = unescape(raw).unwrap_or(Cow::Borrowed(raw));
    if !encoded {
        return mark(&text);
    }
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?;
    Some(mark(&decoded).unwrap_or_else(|| escape(&*decoded).into_owned()))
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(keys: &[&str]) -> String {
        let contents: String = keys
            .iter()
            .map(|key| {
                format!("<Contents><Key>{key}</Key><Owner><Key>a//b</Key></Owner></Contents>")
            })
            .collect();
        format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Name>a//b</Name>{contents}</ListBucketResult>"
        )
    }

    fn key(path: &str) -> String {
        let path = Path::parse(path).unwrap();
        unmark(&path).unwrap_or_else(|| path.to_string())
    }

    #[test]
    fn a_key_that_no_path_can_say_is_marked_and_comes_back() {
        for odd in
            ["a//b", "/a", "a/", "/", "a/../b", ".", "a\u{1}b", "a\nb", MARK, &format!("{MARK}61")]
        {
            let marked = mark(odd).unwrap();
            assert_eq!(key(&marked), odd);
            assert!(mark(&marked).is_some(), "{odd:?}: no genuine key is taken for a marked one");
        }
        for plain in ["a", "보도 자료/a b%2f#?.hwp", "a\\b", "a..b/...", "\u{10FFFD}"] {
            assert_eq!(mark(plain), None, "{plain}");
            assert_eq!(key(plain), plain);
        }
    }

    #[test]
    fn only_the_keys_of_objects_are_touched() {
        assert_eq!(marked(page_of(&["a", "b &amp; c", "보도/한 글"]).as_bytes()), None);
        let page = page_of(&["a", "a//b&amp;", "b/", "c&#x1;", "d&amp;e"]);
        let new = String::from_utf8(marked(page.as_bytes()).unwrap()).unwrap();
        let keys: Vec<String> = new
            .split("<Contents><Key>")
            .skip(1)
            .map(|rest| key(&unescape(rest.split('<').next().unwrap()).unwrap()))
            .collect();
        assert_eq!(keys, ["a", "a//b&", "b/", "c\u{1}", "d&e"]);
        assert!(
            new.contains("<Name>a//b</Name>") && new.contains("<Owner><Key>a//b</Key></Owner>")
        );
        assert_eq!(marked(b"no listing"), None);
    }

    #[test]
    fn a_name_that_azure_encodes_is_read() {
        let page = "<EnumerationResults><Blobs><Blob><Name Encoded=\"true\">a%EF%BF%BE%26b</Name></Blob>\
                    <Blob><Name Encoded=\"true\">a%01b</Name></Blob></Blobs></EnumerationResults>";
        let new = String::from_utf8(marked(page.as_bytes()).unwrap()).unwrap();
        assert!(new.contains(">a\u{FFFE}&amp;b</Name>"), "{new}");
        assert!(new.contains(&mark("a\u{1}b").unwrap()), "{new}");
    }

    #[test]
    fn listings_are_known_by_their_query() {
        assert!(is_listing("list-type=2&prefix=a%2F"));
        assert!(is_listing("restype=container&comp=list&prefix=a"));
        assert!(!is_listing("comp=blocklist"));
        assert!(!is_listing("prefix=list-type=2%26"));
    }
}
