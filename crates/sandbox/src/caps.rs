//! What one answer may amount to. The child keeps to it, the parent holds it to it: both read this file.

use madang_extract::limits::Limits;

/// Longest path of a member, bytes.
pub(crate) const PATH: usize = 4096;
/// Longest way to a member, all containers on it together, bytes.
pub(crate) const INNER_PATH: usize = 16 << 10;
/// Longest sentence (a panic), bytes.
pub(crate) const SENTENCE: usize = 2048;
/// Longest name of a property, of a language, of a sheet and so on, bytes.
pub(crate) const WORD: usize = 256;
/// Longest text in one property, bytes.
pub(crate) const PROPERTY: usize = 256 << 10;
/// Most properties of one document.
pub(crate) const PROPERTIES: usize = 20_000;
/// Most warnings of one document.
pub(crate) const WARNINGS: usize = 1_000;
/// Most previews of one document.
pub(crate) const PREVIEWS: usize = 40;
/// Most annotations of one document, of all stages together.
pub(crate) const ANNOTATIONS: usize = 128;
/// Most bytes asked for at once.
pub(crate) const RANGE: u32 = 256 << 10;
/// Most frames. 600 s of progress at ten a second, 10,000 documents of ten frames and the ranges of a video
/// of 100 GiB read once come to less.
pub(crate) const FRAMES: u64 = 1_000_000;

/// Longest of what is said to be remembered of one signal, bytes: the words of a newspaper's page with their places.
pub(crate) const RECOGNISED: u64 = 512 << 10;

/// Words of one object of which it is told where they stand: those of 2,500 pages. Of more the places of their lines are told. A word
/// is some 40 bytes of JSON, and with all of them the text must be no longer than what a server takes into memory for a page
/// (`TEXT_IN_MEMORY`, 128 MiB, whatever the limits): else what tells where a word stands would keep its text from being shown.
pub(crate) fn words(limits: &Limits) -> u64 {
    (limits.object_text / 64).min(1 << 20)
}

/// Bytes of the pixels of one preview: as large as the limits allow, in colours.
pub(crate) fn preview(limits: &Limits) -> u64 {
    u64::from(limits.preview).saturating_mul(u64::from(limits.preview)).saturating_mul(3)
}

/// Bytes of the pixels of all previews of one object: one of each member, and some more. The parent holds no more of
/// them than those of two documents, the one that it hears of and the one that it keeps.
pub(crate) fn previews(limits: &Limits) -> u64 {
    preview(limits).saturating_mul(limits.members.saturating_add(4 * PREVIEWS as u64))
}

/// Bytes of the whole answer but for pixels: the text with its places and the properties of all members together.
pub(crate) fn answer(limits: &Limits) -> u64 {
    limits.object_text.saturating_mul(4).saturating_add(limits.metadata).saturating_add(64 << 20)
}

/// Bytes of the whole answer where the bytes of a member were asked for: these, and each piece has a head.
pub(crate) fn unpacked(limits: &Limits) -> u64 {
    answer(limits).saturating_add(limits.member).saturating_add(limits.member / 64)
}

/// Bytes that may be asked for of an object of `size` bytes: each four times, because an index is read again.
pub(crate) fn ranges(size: u64) -> u64 {
    size.saturating_mul(4).saturating_add(64 << 20)
}

/// Members in the list of one document: those that were not opened are listed too.
pub(crate) fn listed(limits: &Limits) -> u64 {
    limits.members.saturating_mul(2).saturating_add(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_the_places_of_its_words_can_be_shown() {
        // As `document::word` writes it.
        let word = "[123,126,1471.8,1312.4,1501.3,1325.9,0.93],".len() as u64;
        let limits = Limits::default();
        assert!(words(&limits) * word + limits.object_text < 128 << 20);
        // Who allows more text gets no more of them.
        let more = Limits { object_text: 1 << 30, ..Limits::default() };
        assert_eq!(words(&more), words(&limits));
    }
}
