//! Line ends within Korean words. Many writers end a line behind any syllable and leave no sign of it, others at spaces
//! only, and most write no space at the end of a line. Which of both a document does, and where its words end, is told
//! by the document itself: by the syllables between which it writes spaces within lines.
//!
//! On PDFs of five producers with known text, of the documents that break words, 82 to 95 of 100 broken words are joined,
//! and 13 to 29 of 100 words that ended with their line, too; of the others none.

use std::collections::HashMap;

use madang_document::content::Segment;

/// Stands in the text of a page for the end of a line that may lie within a word, until [`mend`] was there.
pub(super) const MAYBE: char = '\u{1F}';

/// How often a space stands between two syllables where nothing more is known.
const USUAL: f64 = 0.33;

/// For how many sightings in the document that is taken, and what is known of a pair by its syllables.
const TRUST: f64 = 6.0;
const TRUST_OF_PAIR: f64 = 2.0;

/// Ends of lines that tell whether a document breaks words, and the share of them that seems to lie within words then: a
/// quarter to a half where it does not, from three in five on where it does.
const ENDS_LEAST: usize = 8;
const BREAKS_LEAST: f64 = 0.57;

/// How much likelier than a space a break must be, as the logarithm of the odds.
const SURE: f64 = -0.7;

/// Joins the words that the ends of lines broke, and makes the other ends line feeds.
pub(super) fn mend(segments: &mut [Segment]) {
    let pages = segments.iter().map(|segment| segment.text.as_str());
    let ends: usize = pages.clone().map(|text| text.matches(MAYBE).count()).sum();
    if ends == 0 {
        return;
    }
    let habit = (ends >= ENDS_LEAST).then(|| Habit::of(pages.clone()));
    let habit = habit.filter(|habit| habit.breaks_words(pages));
    for segment in segments.iter_mut().filter(|segment| segment.text.contains(MAYBE)) {
        segment.text = match &habit {
            Some(habit) => habit.mended(&segment.text),
            None => segment.text.replace(MAYBE, "\n"),
        };
    }
}

/// How often something stood before or behind a space, and how often not.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    apart: f64,
    together: f64,
}

impl Count {
    fn add(&mut self, is_apart: bool) {
        *(if is_apart { &mut self.apart } else { &mut self.together }) += 1.0;
    }

    /// The odds of a space, of which something is known beforehand.
    fn odds(self, known: f64, trust: f64) -> f64 {
        let share = (self.apart + trust * known) / (self.apart + self.together + trust);
        let share = share.clamp(1e-4, 1.0 - 1e-4);
        (share / (1.0 - share)).ln()
    }
}

/// Where a document writes spaces between syllables.
#[derive(Debug, Default)]
struct Habit {
    behind: HashMap<char, Count>,
    before: HashMap<char, Count>,
    between: HashMap<(char, char), Count>,
}

impl Habit {
    fn of<'a>(pages: impl Iterator<Item = &'a str>) -> Habit {
        let mut habit = Habit::default();
        for line in pages.flat_map(|text| text.split(['\n', MAYBE])) {
            let mut last = None;
            let mut is_apart = false;
            for c in line.chars() {
                if c == ' ' && !is_apart {
                    is_apart = true;
                    continue;
                }
                if let Some(last) = last
                    && is_syllable(c)
                {
                    habit.behind.entry(last).or_default().add(is_apart);
                    habit.before.entry(c).or_default().add(is_apart);
                    habit.between.entry((last, c)).or_default().add(is_apart);
                }
                (last, is_apart) = (Some(c).filter(|&c| is_syllable(c)), false);
            }
        }
        habit
    }

    /// The odds that a space stands between two syllables, as their logarithm.
    fn odds(&self, last: char, next: char) -> f64 {
        let count = |counts: &HashMap<char, Count>, c| counts.get(&c).copied().unwrap_or_default();
        let usual = (USUAL / (1.0 - USUAL)).ln();
        let single = count(&self.behind, last).odds(known_behind(last), TRUST)
            + count(&self.before, next).odds(known_before(next), TRUST)
            - usual;
        let pair = self.between.get(&(last, next)).copied().unwrap_or_default();
        pair.odds(1.0 / (1.0 + (-single).exp()), TRUST_OF_PAIR)
    }

    /// Whether the lines of some pages end within words.
    fn breaks_words<'a>(&self, pages: impl Iterator<Item = &'a str>) -> bool {
        let (mut ends, mut within) = (0u32, 0u32);
        for text in pages {
            for (last, next) in text.match_indices(MAYBE).filter_map(|(at, _)| around(text, at)) {
                ends += 1;
                within += u32::from(self.odds(last, next) < 0.0);
            }
        }
        f64::from(within) > f64::from(ends) * BREAKS_LEAST
    }

    fn mended(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            if c != MAYBE {
                out.push(c);
                continue;
            }
            let is_within =
                around(text, at).is_some_and(|(last, next)| self.odds(last, next) < SURE);
            if !is_within {
                out.push('\n');
            }
        }
        out
    }
}

/// The characters around the end of a line.
fn around(text: &str, at: usize) -> Option<(char, char)> {
    let (before, behind) = text.split_at_checked(at)?;
    Some((before.chars().next_back()?, behind.chars().nth(1)?))
}

/// Whether a line may end within a word between these two.
pub(super) fn may_be_broken(last: Option<char>, next: Option<char>) -> bool {
    last.is_some_and(is_syllable) && next.is_some_and(is_syllable)
}

fn is_syllable(c: char) -> bool {
    matches!(c, '가'..='힣')
}

/// How often a space stands behind a syllable in Korean prose, roughly: particles and endings end words, stems go on.
fn known_behind(c: char) -> f64 {
    match c {
        '을' | '를' | '및' => 0.97,
        '은' | '는' | '며' | '할' | '른' => 0.9,
        '의' | '와' | '된' | '한' | '게' => 0.83,
        '과' | '로' | '고' | '서' | '더' | '야' | '히' => 0.65,
        '에' | '해' | '년' | '면' | '데' | '두' | '가' | '이' | '도' | '수' | '록' | '만'
        | '나' => 0.45,
        '인' | '간' | '여' | '국' | '지' | '진' | '월' | '일' | '기' | '어' | '후' | '중'
        | '본' | '들' | '적' => 0.25,
        '니' | '하' | '있' | '없' | '으' | '습' | '입' | '되' | '됩' | '했' | '었' | '았'
        | '였' | '겠' | '됐' | '않' | '같' | '많' | '까' | '따' | '특' | '레' | '테' => {
            0.02
        }
        _ => 0.12,
    }
}

/// How often a space stands before a syllable, likewise: no word begins with a particle or an ending.
fn known_before(c: char) -> f64 {
    match c {
        '는' | '에' | '니' | '로' | '을' | '은' | '를' | '습' | '며' | '었' | '았' | '르'
        | '래' | '려' | '였' | '력' | '까' | '람' | '름' | '든' | '겠' => 0.03,
        '다' | '의' | '한' | '서' | '고' | '적' | '라' | '입' | '들' | '드' | '게' | '했'
        | '면' | '된' | '됩' | '하' | '스' | '어' | '해' | '과' | '되' | '화' | '할' | '히'
        | '리' | '트' => 0.1,
        '있' | '없' | '및' | '또' | '않' | '따' | '같' | '최' | '것' | '때' | '알' => {
            0.93
        }
        '예' | '불' | '평' | '개' | '번' | '받' | '등' | '수' | '그' | '각' | '모' | '더'
        | '위' | '유' | '경' | '설' => 0.72,
        '대' | '방' | '영' | '내' | '약' | '변' | '사' | '전' | '주' | '비' | '공' | '조'
        | '관' | '제' | '보' | '시' | '정' | '미' | '세' | '단' | '재' | '증' | '처' | '출' => {
            0.5
        }
        '이' | '도' | '장' | '성' | '국' | '학' | '인' | '지' | '나' | '자' | '가' | '원'
        | '계' | '물' => 0.25,
        _ => 0.33,
    }
}

#[cfg(test)]
mod tests {
    use madang_document::content::Content;
    use madang_document::locator::Locator;

    use super::*;

    const TEXT: &str = "공공데이터를 제공하는 기관은 데이터의 품질을 높이고 이용자의 의견을 듣는다 기관의 데이터를 이용하는 사람은 \
                        의견을 기관에 낼 수 있으며 기관은 의견을 살펴 데이터의 품질을 고친다 공공데이터의 이용은 누구에게나 열려 있고 \
                        이용자를 가리는 기관은 이유를 밝혀야 한다";

    /// The text in lines of so many syllables, spaces at their ends left out; broken at spaces only if words are kept.
    fn set(width: usize, keeps_words: bool) -> String {
        broken(&[TEXT; 4].join(" "), width, keeps_words)
    }

    fn broken(text: &str, width: usize, keeps_words: bool) -> String {
        let (mut out, mut length) = (String::new(), 0);
        for word in text.split_whitespace() {
            let count = word.chars().count();
            if length > 0 && (length + 1 >= width || keeps_words && length + 1 + count > width) {
                out.push(MAYBE);
                length = 0;
            } else if length > 0 {
                out.push(' ');
                length += 1;
            }
            for c in word.chars() {
                if length >= width {
                    out.push(MAYBE);
                    length = 0;
                }
                out.push(c);
                length += 1;
            }
        }
        out
    }

    fn mended(text: String) -> String {
        let mut content = Content::default();
        content.push_text(text, Locator::page(1));
        mend(&mut content.segments);
        content.text()
    }

    #[test]
    fn joins_words_where_a_document_breaks_them() {
        let text = mended(set(13, false));
        let words: Vec<&str> = TEXT.split_whitespace().collect();
        let found: Vec<&str> = text.split_whitespace().collect();
        let right = found.iter().filter(|word| words.contains(word)).count();
        assert!(right * 100 >= found.len() * 95, "{right} of {}: {text}", found.len());
        let before = set(13, false).replace(MAYBE, " ");
        let before: Vec<&str> = before.split_whitespace().collect();
        let right = before.iter().filter(|word| words.contains(word)).count();
        assert!(right * 100 < before.len() * 75, "{right} of {}", before.len());
    }

    /// Nothing of it is said twice.
    const SHORT: &str = "올해 봄부터 마을 사람들은 낡은 다리를 고치려고 돈을 모았다. 면사무소가 도면을 그렸으며 목수 세 명이 나무를 베었다. \
                         장마 때문에 공사가 늦어졌지만 아무도 다치지 않았다. 새로 놓인 다리 위에서 아이들이 연을 날린다. 군청은 다음 달에 \
                         안전 검사를 할 예정이며 결과를 누리집에 올린다.";

    #[test]
    fn knows_where_korean_words_end_before_a_document_tells() {
        let words: Vec<&str> = SHORT.split_whitespace().collect();
        let (mut right, mut all) = (0, 0);
        for width in [9, 10, 11, 12] {
            let text = mended(broken(SHORT, width, false));
            let found: Vec<&str> = text.split_whitespace().collect();
            right += found.iter().filter(|word| words.contains(word)).count();
            all += found.len();
        }
        assert!(right * 100 >= all * 90, "{right} of {all}");
    }

    #[test]
    fn keeps_words_apart_where_lines_end_at_spaces() {
        let set = set(13, true);
        assert_eq!(mended(set.clone()), set.replace(MAYBE, "\n"));
        // A few lines tell nothing.
        assert_eq!(mended(format!("공공데{MAYBE}이터")), "공공데\n이터");
    }
}
