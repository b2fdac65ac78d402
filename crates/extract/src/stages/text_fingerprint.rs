//! A fingerprint of the text, by which the HWP, the PDF and the scan of one notice find each other.
//!
//! It is a MinHash of one bit: the share of bits in which two fingerprints agree beyond one half says how large a part of
//! their shingles two texts have in common (Jaccard). SimHash is the runner-up, not measured: it weighs what
//! is frequent, and what is frequent in notices is what all of them say. `tests/measure/renditions.py` measures what it finds.
//!
//! - Only letters and digits count. How a text is broken into lines, cells and spaces is the format's, not the notice's.
//! - A shingle is three syllables of Hangul or six letters of an alphabet: they say about as much. Of three letters of
//!   Latin all texts of a language have most in common, and of six syllables one that is misread spoils six.
//! - A shingle counts as often as it stands: the second time it is another one than the first. In a table of a
//!   thousand rows that are alike a reader of pictures makes some hundred mistakes, and each would be a shingle of its
//!   own against the one that all rows are.
//!
//! Notices that are made from one template have as much in common as a notice and its scan. How the text begins is kept beside the
//! fingerprint, which tells them apart.

use madang_document::annotation::Finding;
use madang_document::fingerprint::Fingerprint;
use madang_document::opening::Opening;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::extraction::Extraction;
use crate::stage::Stage;

pub(super) const STAGE: Stage = Stage { name: "text_fingerprint", version: 2, run };

/// Letters that are looked at, of the start of the text: about 400 pages. All renditions of a longer text begin alike.
const LETTERS: usize = 1 << 18;

/// How much a shingle says, in letters of an alphabet.
const SHINGLE: u32 = 6;

/// Shingles below which nothing is said: a title, the line of a stamp. Texts as short as that agree by chance.
const LEAST: usize = 64;

const BINS: usize = Fingerprint::BITS as usize;

fn run(document: &Extraction) -> Vec<Finding> {
    let texts = document.content.segments.iter().map(|segment| segment.text.as_str());
    let letters = letters(texts);
    let mut shingles = shingles(&letters);
    if shingles.len() < LEAST {
        return Vec::new();
    }
    let count = u32::try_from(shingles.len()).unwrap_or(u32::MAX);
    tell_apart(&mut shingles);
    let fingerprint = fingerprint(&shingles);
    vec![Finding::Text { fingerprint, shingles: count, opening: Opening::of(letters) }]
}

/// The letters and digits of a text, small, each in the one form that Unicode has for it.
fn letters<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<char> {
    let mut letters = Vec::new();
    for text in texts {
        let mut take = |c: char| {
            letters.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
            letters.len() < LETTERS
        };
        // Farther on than that there are only spaces and lines.
        let is_full = match is_nfkc_quick(text.chars().take(4 * LETTERS)) {
            IsNormalized::Yes => !text.chars().all(&mut take),
            _ => !text.nfkc().all(&mut take),
        };
        if is_full {
            break;
        }
    }
    letters.truncate(LETTERS);
    letters
}

/// How much a letter says: a syllable of Hangul, a Chinese character or a kana twice what a letter of an alphabet does.
fn weight(letter: char) -> u32 {
    match letter {
        '\u{1100}'..='\u{11FF}'
        | '\u{2E80}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'.. => 2,
        _ => 1,
    }
}

/// The hash of each shingle: from each letter on as many as together say enough.
fn shingles(letters: &[char]) -> Vec<u64> {
    let mut hashes = Vec::with_capacity(letters.len());
    let (mut end, mut said) = (0, 0);
    for (start, first) in letters.iter().enumerate() {
        while said < SHINGLE {
            let Some(next) = letters.get(end) else { return hashes };
            said += weight(*next);
            end += 1;
        }
        let shingle = letters.get(start..end).unwrap_or_default();
        // FNV-1a over the letters; the mixing spreads it.
        let hash = shingle.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, letter| {
            (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3)
        });
        hashes.push(mix(hash));
        said -= weight(*first);
    }
    hashes
}

/// Makes the second of two equal shingles another one, the third yet another, and so on.
fn tell_apart(shingles: &mut [u64]) {
    shingles.sort_unstable();
    for equal in shingles.chunk_by_mut(|one, other| one == other) {
        for (nth, shingle) in (0u64..).zip(equal) {
            *shingle = mix(shingle.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        }
    }
}

/// A MinHash by one permutation: the hashes fall into bins, and of each bin the least counts, of which one bit is kept.
/// A bin into which none falls takes that of another, always the same one for the same bin and try, so that of two short
/// texts the same bins speak for both.
fn fingerprint(shingles: &[u64]) -> Fingerprint {
    let mut least = [None::<u64>; BINS];
    for hash in shingles {
        let bin = (*hash as usize) % BINS;
        if let Some(least) = least.get_mut(bin) {
            let rank = hash >> 8;
            *least = Some(least.map_or(rank, |before| before.min(rank)));
        }
    }
    let mut words = [0u64; 4];
    for bin in 0..BINS {
        // Each try meets a full bin with a chance of one in 256 at least; after so many there is none.
        let tries = (0..1 << 14).map(|nth| match nth {
            0 => bin,
            nth => (mix((bin as u64) << 32 | nth) as usize) % BINS,
        });
        let rank = tries.filter_map(|bin| least.get(bin).copied().flatten()).next();
        if let (Some(rank), Some(word)) = (rank, words.get_mut(bin / 64)) {
            *word |= (mix(rank) & 1) << (bin % 64);
        }
    }
    Fingerprint::new(words)
}

/// Spreads what differs over all bits (the end of SplitMix64).
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use madang_document::content::Content;
    use madang_document::locator::Locator;
    use madang_document::media_type::MediaType;
    use madang_document::outcome::Outcome;

    use super::*;

    fn document(pieces: &[&str]) -> Extraction {
        let mut content = Content::default();
        pieces.iter().for_each(|piece| content.push_text(*piece, Locator::Whole {}));
        Extraction {
            member: None,
            size: 0,
            sha256: None,
            format: "text".into(),
            format_version: 1,
            media_type: MediaType::new("text/plain"),
            language: None,
            outcome: Outcome::Ok,
            reason: None,
            content,
            annotations: Vec::new(),
        }
    }

    fn of(pieces: &[&str]) -> (Fingerprint, u32) {
        match run(&document(pieces))[..] {
            [Finding::Text { fingerprint, shingles, .. }] => (fingerprint, shingles),
            ref other => panic!("{other:?}"),
        }
    }

    /// A text of so many words of which each differs from the others, and from those of another text.
    fn text(words: usize, seed: u64) -> String {
        let syllable = |n: u64| char::from_u32(0xAC00 + (mix(n) % 11_172) as u32).unwrap();
        let word = |nth: u64| -> String {
            (0..3).map(|place| syllable(seed << 40 | nth << 8 | place)).collect()
        };
        (0..words as u64).map(|nth| word(nth) + " ").collect()
    }

    #[test]
    fn how_a_text_is_broken_says_nothing() {
        let whole = text(300, 1);
        let lines = whole.replace(' ', "\n");
        let cells = whole.replace(' ', "\t- ");
        let pieces: Vec<&str> = whole.split(' ').collect();
        assert_eq!(of(&[&whole]), of(&[&lines]));
        assert_eq!(of(&[&whole]), of(&[&cells]));
        assert_eq!(of(&[&whole]), of(&pieces));
        // As a name of a file on a Mac is written.
        let apart: String = whole.nfd().collect();
        assert_ne!(apart, whole);
        assert_eq!(of(&[&whole]), of(&[&apart]));
        let latin =
            "The quick brown fox jumps over the lazy dog, and the dog does not mind at all. "
                .repeat(3);
        assert_eq!(of(&[&latin]), of(&[&latin.to_uppercase()]));
    }

    #[test]
    fn what_is_misread_here_and_there_stays_near_and_another_text_is_far() {
        for words in [60, 300, 3000] {
            let whole = text(words, 1);
            // One letter of 25 is another one.
            let misread: String = (0..)
                .zip(whole.chars())
                .map(|(nth, letter)| if nth % 33 == 7 && letter != ' ' { '뷁' } else { letter })
                .collect();
            let near = of(&[&whole]).0.distance(&of(&[&misread]).0);
            let far = of(&[&whole]).0.distance(&of(&[&text(words, 2)]).0);
            assert!(near < 50 && far > 90, "{words}: {near} {far}");
        }
    }

    #[test]
    fn a_table_of_equal_rows_is_known_again_by_a_reader_that_errs() {
        let rows = "점검결과이상없음 ".repeat(2000);
        let misread: String = (0..)
            .zip(rows.chars())
            .map(|(nth, letter)| match nth % 25 {
                7 => char::from_u32(0xAC00 + nth % 11_172).unwrap(),
                _ => letter,
            })
            .collect();
        let distance = of(&[&rows]).0.distance(&of(&[&misread]).0);
        assert!(distance < 50, "{distance}");
    }

    #[test]
    fn of_a_short_text_nothing_is_said() {
        assert_eq!(run(&document(&[])), []);
        assert_eq!(run(&document(&["행정안전부 공고 제2026-12호"])), []);
        assert_eq!(run(&document(&["-·- ".repeat(500).as_str()])), []);
    }

    #[test]
    fn of_a_long_text_the_start_is_looked_at() {
        let (start, long) = (text(LETTERS / 3 + 1, 1), text(LETTERS / 3 * 2, 1));
        assert_eq!(of(&[&start]), of(&[&long, &long]));
        // One character that stands for eighteen.
        let wide = "\u{FDFA}".repeat(LETTERS);
        assert_eq!(letters([wide.as_str()].into_iter()).len(), LETTERS);
    }
}
