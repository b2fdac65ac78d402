//! Letters of Hangul that stand by themselves where they make up syllables, as some programs and fonts write them.

use std::str::Chars;

/// The first syllable, the first letters that begin, are within and end one, and how many there are (The Unicode Standard,
/// section 3.12).
const SYLLABLES: u32 = 0xAC00;
const LEADS: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
const TAILS: u32 = 0x11A7;
const LEAD_COUNT: u32 = 19;
const VOWEL_COUNT: u32 = 21;
const TAIL_COUNT: u32 = 28;

/// The syllable of today that a letter, or a syllable without a last letter, makes up with those `behind` it, and how many of
/// these it takes. Letters before and behind it that belong to a syllable of old Hangul keep it as it is.
pub(crate) fn syllable(
    last: Option<char>,
    c: char,
    mut behind: Chars<'_>,
) -> Option<(char, usize)> {
    let number = |c: Option<char>, first: u32, count: u32| {
        let number = u32::from(c?).checked_sub(first)?;
        (number < count).then_some(number)
    };
    let tail_of = |c: Option<char>| number(c, TAILS, TAIL_COUNT).filter(|tail| *tail > 0);
    let is_lead = |c: Option<char>| matches!(c, Some('\u{1100}'..='\u{115F}'));
    let goes_on = |c: Option<char>| matches!(c, Some('\u{1160}'..='\u{11FF}'));
    let open = number(Some(c), SYLLABLES, LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT)
        .filter(|number| number.is_multiple_of(TAIL_COUNT));
    if let Some(open) = open {
        let tail = tail_of(behind.next()).filter(|_| !goes_on(behind.next()))?;
        return Some((char::from_u32(SYLLABLES + open + tail)?, 1));
    }
    let lead = number(Some(c), LEADS, LEAD_COUNT)?;
    let vowel = number(behind.next(), VOWELS, VOWEL_COUNT)?;
    let third = behind.next();
    let tail = tail_of(third);
    let is_old = is_lead(last) || goes_on(if tail.is_some() { behind.next() } else { third });
    let syllable = SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT + tail.unwrap_or(0);
    (!is_old).then_some((char::from_u32(syllable)?, if tail.is_some() { 2 } else { 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_make_up_syllables() {
        for (text, is) in [
            ("\u{1112}\u{1161}\u{11AB}글", Some(('한', 2))),
            ("\u{1100}\u{1161}\u{1102}", Some(('가', 1))),
            ("가\u{11A8}", Some(('각', 1))),
            ("각\u{11A8}", None),
            ("가나", None),
            ("\u{1100} \u{1161}", None),
            // Old Hangul, and letters by themselves.
            ("\u{1112}\u{119E}\u{11AB}", None),
            ("\u{1100}\u{1161}\u{11F9}", None),
            ("\u{1100}\u{1161}\u{11A8}\u{11F9}", None),
            ("가\u{11A8}\u{11F9}", None),
            ("\u{1112}\u{1161}\u{11A7}", None),
        ] {
            let mut chars = text.chars();
            let c = chars.next().unwrap();
            assert_eq!(syllable(None, c, chars), is, "{}", text.escape_unicode());
        }
        assert_eq!(syllable(Some('\u{1109}'), '\u{1100}', "\u{1161}".chars()), None);
    }
}
