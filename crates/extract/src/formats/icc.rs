//! The name of a colour profile (ICC.1:2022), as pictures carry it.

/// Bytes of the head of a profile, and of an entry of its table.
const HEAD: usize = 128;
const ENTRY: usize = 12;

/// Entries of the table that are looked at, and languages of a name.
const MOST: usize = 500;

/// The name of the profile; none if it has none that can be read. What is cut off behind the name does not matter.
pub(super) fn name(profile: &[u8]) -> Option<String> {
    let table = profile.get(HEAD + 4..)?;
    let entry = table.chunks_exact(ENTRY).take(MOST).find(|entry| entry.starts_with(b"desc"))?;
    let at = u32_at(entry, 4)?;
    let tag = profile.get(at..at.checked_add(u32_at(entry, 8)?)?.min(profile.len()))?;
    match tag.get(..4)? {
        // A text in ASCII, with its length (ICC.1:2001, section 6.5.17).
        b"desc" => {
            let text = tag.get(12..)?;
            let text = text.get(..u32_at(tag, 8)?).unwrap_or(text);
            let text = text.split(|byte| *byte == 0).next()?;
            Some(super::korean_bytes::tag_text(text))
        }
        // Texts in several languages: length and place of each (ICC.1:2022, section 10.15).
        b"mluc" => {
            let width = u32_at(tag, 12)?.max(ENTRY);
            let names = tag.get(16..)?.chunks(width).take(u32_at(tag, 8)?.min(MOST));
            let mut names = names.filter(|name| name.len() >= ENTRY).peekable();
            let first = *names.peek()?;
            let name = names.find(|name| name.starts_with(b"en")).unwrap_or(first);
            let at = u32_at(name, 8)?;
            let wide = tag.get(at..at.checked_add(u32_at(name, 4)?)?)?;
            Some(encoding_rs::UTF_16BE.decode_without_bom_handling(wide).0.into_owned())
        }
        _ => None,
    }
    .map(|name| name.trim_end_matches('\0').to_owned())
}

fn u32_at(data: &[u8], at: usize) -> Option<usize> {
    let number = data.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))?;
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(tag: &[u8]) -> Vec<u8> {
        let at = (HEAD + 4 + 2 * ENTRY) as u32;
        let length = (tag.len() as u32).to_be_bytes();
        let entries = [b"cprt".as_slice(), &[0; 8], b"desc", &at.to_be_bytes(), &length].concat();
        [&[0; HEAD], [0, 0, 0, 2].as_slice(), &entries, tag].concat()
    }

    #[test]
    fn reads_names_of_both_kinds() {
        let old = [b"desc\0\0\0\0\0\0\0\x05".as_slice(), b"sRGB\0", &[0; 20]].concat();
        assert_eq!(name(&profile(&old)).as_deref(), Some("sRGB"));
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let (korean, english) = (wide("화면"), wide("Display"));
        let record = |language: &[u8], text: &[u8], at: u32| {
            [language, &(text.len() as u32).to_be_bytes(), &at.to_be_bytes()].concat()
        };
        let table = [record(b"koKR", &korean, 40), record(b"enUS", &english, 44)].concat();
        let head = b"mluc\0\0\0\0\0\0\0\x02\0\0\0\x0C".as_slice();
        let new = [head, &table, &korean, &english].concat();
        assert_eq!(name(&profile(&new)).as_deref(), Some("Display"));
        let whole = profile(&new);
        for cut in 0..whole.len() {
            name(&whole[..cut]);
        }
        for at in HEAD..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xFF;
            name(&broken);
        }
    }
}
