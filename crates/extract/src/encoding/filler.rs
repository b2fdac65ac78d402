//! The make-up sequences of KS X 1001 (annex 3): a syllable that has no code of its own is written as a filler and three
//! letters, the third a filler again where there is none.

const FILLER: char = '\u{3164}';

/// The text with its make-up sequences composed.
pub(super) fn compose(text: String) -> String {
    if !text.contains(FILLER) {
        return text;
    }
    let mut composed = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let mut ahead = chars.clone();
        let syllable = match (c, ahead.next(), ahead.next(), ahead.next()) {
            (FILLER, Some(lead), Some(vowel), Some(tail)) => syllable(lead, vowel, tail),
            _ => None,
        };
        if syllable.is_some() {
            chars = ahead;
        }
        composed.push(syllable.unwrap_or(c));
    }
    composed
}

fn syllable(lead: char, vowel: char, tail: char) -> Option<char> {
    const LEADS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
    const TAILS: &str = "ㅤㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";
    let at = |letters: &str, letter: char| {
        letters.chars().position(|c| c == letter).and_then(|at| u32::try_from(at).ok())
    };
    let vowel = u32::from(vowel).checked_sub(0x314F).filter(|n| *n < 21)?;
    char::from_u32(0xAC00 + (at(LEADS, lead)? * 21 + vowel) * 28 + at(TAILS, tail)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_become_syllables() {
        for (text, composed) in
            [("ㅤㅂㅞㄺ 씨", "뷁 씨"), ("ㅤㅃㅏㅤ", "빠"), ("ㅤㄱ", "ㅤㄱ"), ("가ㅤ나다라", "가ㅤ나다라")]
        {
            assert_eq!(compose(text.to_owned()), composed);
        }
    }
}
