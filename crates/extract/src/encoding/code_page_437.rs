//! The code page of the first PCs, as far as it has letters.

/// The letters from 0x80 on; a blank for every sign that is none of a word.
const LETTERS: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ     áíóúñÑ                          ",
    "                                 ß                              ",
);

/// The text if every byte that is not ASCII is a letter, and stands in a word with two plain ones at least: what is no letter of
/// it, or stands alone, is likelier something else.
pub(super) fn words(bytes: &[u8]) -> Option<String> {
    let text: Option<String> = bytes.iter().map(|byte| letter(*byte)).collect();
    let text = text?;
    let is_word =
        |word: &str| word.is_ascii() || word.chars().filter(char::is_ascii_alphabetic).count() >= 2;
    let mut words = text.split(|c: char| !c.is_alphabetic());
    (!text.is_ascii() && words.all(is_word)).then_some(text)
}

fn letter(byte: u8) -> Option<char> {
    match byte.checked_sub(0x80) {
        None => Some(byte.into()),
        Some(at) => LETTERS.chars().nth(at.into()).filter(|letter| *letter != ' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_place_for_each_byte() {
        assert_eq!(LETTERS.chars().count(), 128);
        for (byte, expected) in [(0x81, 'ü'), (0x9A, 'Ü'), (0xA0, 'á'), (0xA5, 'Ñ'), (0xE1, 'ß')]
        {
            assert_eq!(letter(byte), Some(expected));
        }
        assert_eq!((letter(0xB0), letter(b'a')), (None, Some('a')));
    }
}
