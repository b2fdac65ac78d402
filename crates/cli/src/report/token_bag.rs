use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a text that are looked at.
const MOST: usize = 4_000_000;

/// The words of a text, each as often as it stands there; their order does not count.
///
/// A word is a longest run of letters and digits after NFKC and in lower case. Marks end a word, as everywhere where
/// `\w` is asked of letters and numbers alone, so that figures can be compared with those of other scorers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenBag {
    counts: BTreeMap<String, u64>,
    total: u64,
}

impl TokenBag {
    /// Of a text, as far as its first four million characters.
    pub(crate) fn of(text: &str) -> TokenBag {
        let text: String = text.chars().take(MOST).nfkc().collect();
        let mut bag = TokenBag::default();
        for word in text.to_lowercase().split(|c| !is_of_word(c)).filter(|word| !word.is_empty()) {
            bag.total += 1;
            match bag.counts.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    bag.counts.insert(word.to_owned(), 1);
                }
            }
        }
        bag
    }

    /// Words in all.
    pub(crate) fn len(&self) -> u64 {
        self.total
    }

    /// The harmonic mean of precision and recall against what should be there, from 0 to 1.
    pub(crate) fn f1(&self, reference: &TokenBag) -> f64 {
        let shared: u64 = self.counts.iter().map(|(word, n)| reference.count(word).min(*n)).sum();
        match self.total + reference.total {
            0 => 0.0,
            both => 2.0 * shared as f64 / both as f64,
        }
    }

    fn count(&self, word: &str) -> u64 {
        self.counts.get(word).copied().unwrap_or_default()
    }
}

/// How many words at least two of several texts have; of one alone, how many it has.
pub(crate) fn agreed(texts: &[TokenBag]) -> u64 {
    let [first, _, ..] = texts else { return texts.first().map_or(0, TokenBag::len) };
    let words = texts.iter().skip(1).flat_map(|text| text.counts.keys());
    // A word that only one text has is agreed on by none, so whichever texts are gone through, all but one do.
    let words: std::collections::BTreeSet<&String> = words.chain(first.counts.keys()).collect();
    let second = |word: &String| {
        let mut counts: Vec<u64> = texts.iter().map(|text| text.count(word)).collect();
        counts.sort_unstable();
        counts.iter().rev().nth(1).copied().unwrap_or_default()
    };
    words.into_iter().map(second).sum()
}

fn is_of_word(c: char) -> bool {
    // Alphabetic are also marks, and letters in squares and circles that are symbols by their category.
    c.is_alphanumeric()
        && !is_combining_mark(c)
        && !matches!(c, '\u{1F150}'..='\u{1F169}' | '\u{1F170}'..='\u{1F189}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let bag = TokenBag::of(text);
        let all = bag.counts.into_iter().flat_map(|(word, n)| (0..n).map(move |_| word.clone()));
        all.collect()
    }

    #[test]
    fn words_are_those_of_other_scorers() {
        // The right side is what Python's re.findall(r'[^\W_]+', unicodedata.normalize('NFKC', text).lower()) gives,
        // in order.
        for (text, expected) in [
            ("지하차도_침수 (2026. 7.)", &["2026", "7", "지하차도", "침수"] as &[&str]),
            ("한글", &["한글"]),
            ("Ａ１ ﬁne ⅷ ² ㎢ ㈜", &["2", "a1", "fine", "km2", "viii", "주"]),
            ("I\u{307}STANBUL ΣΑΣ", &["i", "stanbul", "σας"]),
            ("हिन्दी é", &["é", "द", "न", "ह"]),
            ("🅰🄰 x\u{200b}y 三〇", &["a", "x", "y", "三〇"]),
            ("don't a-b @c", &["a", "b", "c", "don", "t"]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_score_counts_words_as_often_as_they_stand() {
        let f1 = |read: &str, reference: &str| TokenBag::of(read).f1(&TokenBag::of(reference));
        for (read, reference, expected) in [
            ("a b c", "c b a", 1.0),
            ("a a a", "a", 0.5),
            ("a b", "a c", 0.5),
            ("", "a", 0.0),
            ("", "", 0.0),
            ("가 나 다 라", "가 나", 2.0 * 2.0 / 6.0),
        ] {
            assert!((f1(read, reference) - expected).abs() < 1e-12, "{read} / {reference}");
        }
    }

    #[test]
    fn what_two_texts_have_is_agreed() {
        let agreed = |texts: &[&str]| {
            let bags: Vec<TokenBag> = texts.iter().map(|text| TokenBag::of(text)).collect();
            agreed(&bags)
        };
        assert_eq!(agreed(&[]), 0);
        assert_eq!(agreed(&["a a b"]), 3);
        assert_eq!(agreed(&["a a b", "a a a c"]), 2);
        assert_eq!(agreed(&["x", "a b", "b a"]), 2);
        assert_eq!(agreed(&["a a a", "a a", "a"]), 2);
    }
}
