use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How a text begins: of each of its first letters its script and six bits. Two of them are aligned letter by letter, which tells a text that
/// was misread here and there from one in which other words stand, and that a [`Fingerprint`](crate::fingerprint::Fingerprint)
/// cannot tell: both have as many shingles in common.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Opening(Vec<u8>);

/// Words of 64 bits, one for each letter.
const WORDS: usize = Opening::LETTERS / 64;

/// A bit for each letter of an opening.
type Bits = [u64; WORDS];

/// Letters side by side from which on another word stands there. One is a misread letter.
const WORD: usize = 2;

/// Letters side by side up to which it is words that differ. What is longer on both sides stands elsewhere in the other text, as a
/// table does that was put before another.
const PASSAGE: usize = 24;

impl Opening {
    /// Letters that are looked at: some three hundred words. What a notice is about stands among them, and its number and date.
    pub const LETTERS: usize = 768;

    /// Of the letters of a text.
    pub fn of(letters: impl IntoIterator<Item = char>) -> Opening {
        // The upper bits of a product say something of all bits of the letter.
        let bits = |letter: char| (u32::from(letter).wrapping_mul(0x9e37_79b1) >> 26) as u8;
        let letters = letters.into_iter().take(Opening::LETTERS);
        Opening(letters.map(|letter| script(letter) << 6 | bits(letter)).collect())
    }

    /// Whether nothing is known of how the text begins.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many letters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Which part of what stands at the same place in both is another word, from 0 to 1; none if either is not known. What
    /// stands in one of them alone, and what stands at another place, says nothing; nor does Latin in the place of Hangul, which
    /// is what a reader of pictures makes of a word that it cannot read.
    pub fn replaced(&self, other: &Opening) -> Option<f32> {
        if self.is_empty() || other.is_empty() {
            return None;
        }
        // Copies in other formats mostly begin alike to the letter.
        if self == other {
            return Some(0.0);
        }
        // Of two alignments that are as good either may be found: it is the same one whoever is asked first.
        let (one, two) = if self.0 <= other.0 { (self, other) } else { (other, self) };
        let pairs = aligned(&one.0, &two.0);
        let (mut replaced, mut from) = (0, (0, 0));
        for (i, j) in &pairs {
            let here = one.0.get(from.0..*i).unwrap_or_default();
            let there = two.0.get(from.1..*j).unwrap_or_default();
            let other = match here.len().max(there.len()) <= PASSAGE {
                true => in_the_place_of(here, there),
                false => 0,
            };
            if other >= WORD {
                replaced += other;
            }
            from = (i + 1, j + 1);
        }
        Some(replaced as f32 / (replaced + pairs.len()).max(1) as f32)
    }
}

/// Hangul, Chinese and kana, digits, and all others are told apart.
fn script(letter: char) -> u8 {
    match letter {
        '\u{1100}'..='\u{11FF}'
        | '\u{2E80}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'.. => 0,
        _ if letter.is_numeric() => 2,
        _ => 1,
    }
}

/// How many letters stand in the place of others of the same script.
fn in_the_place_of(here: &[u8], there: &[u8]) -> usize {
    let count =
        |letters: &[u8], script: u8| letters.iter().filter(|it| **it >> 6 == script).count();
    (0..3).map(|script| count(here, script).min(count(there, script))).sum()
}

/// A longest common subsequence of letters, as pairs of places.
fn aligned(one: &[u8], two: &[u8]) -> Vec<(usize, usize)> {
    let mut places = [[0; WORDS]; 256];
    for (nth, letter) in one.iter().take(Opening::LETTERS).enumerate() {
        if let Some(word) = places.get_mut(usize::from(*letter)).and_then(|it| it.get_mut(nth / 64))
        {
            *word |= 1 << (nth % 64);
        }
    }
    // In each row a bit is clear where one letter more of the first text makes the subsequence longer: Hyyrö's way to have a
    // word of the machine go through 64 cells of the table at once.
    let mut rows: Vec<Bits> = vec![[u64::MAX; WORDS]];
    for letter in two.iter().take(Opening::LETTERS) {
        let (Some(last), Some(places)) = (rows.last(), places.get(usize::from(*letter))) else {
            break;
        };
        rows.push(next_row(last, places));
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (one.len().min(Opening::LETTERS), two.len().min(Opening::LETTERS));
    while let (Some(here), Some(there)) = (i.checked_sub(1), j.checked_sub(1)) {
        let is_set = rows
            .get(j)
            .and_then(|row| row.get(here / 64))
            .is_some_and(|word| word >> (here % 64) & 1 == 1);
        if one.get(here) == two.get(there) {
            pairs.push((here, there));
            (i, j) = (here, there);
        } else if is_set {
            i = here;
        } else {
            j = there;
        }
    }
    pairs.reverse();
    pairs
}

fn next_row(last: &Bits, places: &Bits) -> Bits {
    let mut row = [0; WORDS];
    let mut carry = false;
    for ((row, last), places) in row.iter_mut().zip(last).zip(places) {
        let common = last & places;
        let (sum, over) = last.overflowing_add(common);
        let (sum, over_too) = sum.overflowing_add(u64::from(carry));
        carry = over || over_too;
        *row = sum | last & !common;
    }
    row
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({} letters)", self.0.len())
    }
}

/// Digits where people read, bytes on the wire from a child.
impl Serialize for Opening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let digits = |byte: &u8| {
                [byte >> 4, byte & 15]
                    .map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'))
            };
            serializer.serialize_str(&self.0.iter().flat_map(digits).collect::<String>())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Opening {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Opening, D::Error> {
        if !deserializer.is_human_readable() {
            return Vec::deserialize(deserializer).map(Opening);
        }
        let digits = String::deserialize(deserializer)?;
        let byte = |two: &[u8]| match two {
            [high, low] => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                u8::try_from(digit(high)? << 4 | digit(low)?).ok()
            }
            _ => None,
        };
        let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
        bytes.map(Opening).ok_or_else(|| {
            serde::de::Error::custom("an opening is an even number of hexadecimal digits")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: &str = "밀양시 공고 제2026-1187호 가축분뇨 배출시설 일제점검 공고 관내 가축분뇨 배출시설에 대한 일제점검을 다음과 같이 \
        실시함을 공고합니다 점검기간은 구월 칠일부터 구월 십팔일까지 점검대상은 한우 사육농가 백사십팔 개소와 양돈농가 삼십칠 개소 \
        점검내용은 액비저장조 균열 여부와 퇴비사 지붕 파손 여부 문의처는 환경관리과 수질보전담당";

    fn of(text: &str) -> Opening {
        Opening::of(text.chars().filter(|letter| letter.is_alphanumeric()))
    }

    /// Every so many letters another one stands.
    fn misread(text: &str, every: usize) -> String {
        let letter = |(nth, letter): (usize, char)| if nth % every == 7 { '뷁' } else { letter };
        text.chars().enumerate().map(letter).collect()
    }

    #[test]
    fn other_words_are_told_from_misread_letters() {
        let whole = of(NOTICE);
        let bridges = NOTICE
            .replace("가축분뇨 배출시설", "소규모 위험교량")
            .replace("액비저장조 균열", "신축이음 누수");
        assert_eq!(whole.replaced(&whole), Some(0.0));
        for every in [100, 30, 20] {
            assert_eq!(whole.replaced(&of(&misread(NOTICE, every))), Some(0.0), "{every}");
            let share = whole.replaced(&of(&misread(&bridges, every))).unwrap();
            assert!(share > 0.06, "{every}: {share}");
            assert_eq!(of(&misread(&bridges, every)).replaced(&whole), Some(share));
        }
        // What a reader of pictures cannot read at all.
        let garbled = NOTICE.replace("환경관리과", "siaaeal").replace("양돈농가", "oe57t");
        assert_eq!(whole.replaced(&of(&garbled)), Some(0.0));
        // A letterhead in one of them alone, and a passage that stands elsewhere, are no other words.
        assert_eq!(whole.replaced(&of(&format!("살기 좋은 도시 {NOTICE}"))), Some(0.0));
        let (start, end) = NOTICE.split_at(NOTICE.find("점검내용은").unwrap());
        assert_eq!(whole.replaced(&of(&format!("{end} {start}"))), Some(0.0));
    }

    #[test]
    fn of_what_is_not_known_nothing_is_said() {
        assert_eq!(Opening::default().replaced(&of(NOTICE)), None);
        assert_eq!(of(NOTICE).replaced(&Opening::default()), None);
        assert_eq!(of("가").replaced(&of("나")), Some(0.0));
        let long = of(&NOTICE.repeat(20));
        assert_eq!(long.len(), Opening::LETTERS);
        assert_eq!(long.replaced(&of(&misread(&NOTICE.repeat(20), 30))), Some(0.0));
    }

    #[test]
    fn an_opening_is_kept_and_read_back() {
        for text in ["", NOTICE] {
            let json = serde_json::to_string(&of(text)).unwrap();
            assert_eq!(serde_json::from_str::<Opening>(&json).unwrap(), of(text));
        }
        for broken in ["\"f\"", "\"0g\"", "\"가\"", "7"] {
            assert!(serde_json::from_str::<Opening>(broken).is_err(), "{broken}");
        }
    }
}
