//! Line ends within Korean words. Many writers end a line behind any syllable and leave no sign of it, others at spaces
//! only, and most write no space at the end of a line. Which of both a document does, and where its words end, is told
//! by the document itself: by the syllables between which it writes spaces within lines, and by what no line begins with
//! that was broken at a space.
//!
//! On 535 paragraphs of 88 documents with known text, set again in lines of 18 to 42 syllables: where up to seven lines
//! end, 66 of 100 broken words are joined, where more do 82, and 8 to 10 of 100 words that ended with their line, too; of
//! 3,507 such words in texts that keep their words, 2.

use std::collections::HashMap;

use madang_document::content::Segment;

/// Stands in the text of a page for the end of a line that may lie within a word, until [`mend`] was there.
pub(super) const MAYBE: char = '\u{1F}';

/// How often a space stands between two syllables where nothing more is known.
const USUAL: f64 = 0.33;

/// For how many sightings in the document that is taken, and what is known of a pair by its syllables.
const TRUST: f64 = 6.0;
const TRUST_OF_PAIR: f64 = 2.0;

/// How much likelier all ends of the lines of a document must be where it breaks words than where it does not, as a
/// logarithm. How likely a space is at one of them at most, and at least where its syllables alone tell, and where what
/// stands alone beside it does: without any of the latter no words are broken.
const BREAKS_LEAST: f64 = 2.8;
const OFTEN: f64 = 0.97;
const SELDOM: f64 = 0.12;
const RARE: f64 = 0.01;

/// How much likelier than a space a break must be, as the logarithm of the odds.
const SURE: f64 = -1.1;

/// The odds of a space before a particle or an ending that stands alone at the start of a line, and what a syllable that
/// stands alone at the end of one adds if it is no word, both as logarithms. Of 4,377 ends within words 641 had the one
/// and 1,204 the other, of 7,039 at spaces none and 13.
const ALONE: f64 = -5.0;
const NO_WORD: f64 = -2.0;

/// Particles and endings that are nothing else.
const PARTICLES: &[&str] = &[
    "는",
    "은",
    "을",
    "를",
    "의",
    "에",
    "로",
    "며",
    "에서",
    "에게",
    "에는",
    "에도",
    "으로",
    "으며",
    "니다",
    "입니다",
    "습니다",
    "다고",
    "라고",
    "와의",
    "과의",
    "과에",
    "면서",
    "적으로",
    "적인",
    "들이",
    "들의",
    "들을",
    "들은",
    "으로서",
    "으로써",
];

/// Syllables that are words, or stand at the end of a line like one.
const WORDS: &str = "및수등할에을가그를시는후이의본첫각표조일회귀억중성법년한즉내두외될타때항위도전안개끝자로호대은과와된제함셀\
                     간명상해온인쪽또바몇더총약건원월분초점곳것데줄만세네못잘다꼭새동매현구군면읍리천백십별측뿐말집물불글땅길힘곧늘왜큰작좀\
                     저고";

/// Joins the words that the ends of lines broke, and makes the other ends line feeds.
pub(super) fn mend(segments: &mut [Segment]) {
    let pages = segments.iter().map(|segment| segment.text.as_str());
    let ends: usize = pages.clone().map(|text| text.matches(MAYBE).count()).sum();
    if ends == 0 {
        return;
    }
    let habit = Habit::of(pages.clone());
    let breaks_words = habit.breaks_words(pages);
    for segment in segments.iter_mut().filter(|segment| segment.text.contains(MAYBE)) {
        segment.text = habit.mended(&segment.text, breaks_words);
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

    /// The odds that a space stood at the end of a line, likewise.
    fn odds_at(&self, end: &End) -> f64 {
        match end {
            End { before_particle: true, .. } => ALONE,
            End { behind_no_word: true, .. } => self.odds(end.last, end.next) + NO_WORD,
            _ => self.odds(end.last, end.next),
        }
    }

    /// Whether the lines of some pages end within words: what stands around their ends does so at spaces, or anywhere.
    fn breaks_words<'a>(&self, pages: impl Iterator<Item = &'a str>) -> bool {
        let (mut likelier, mut has_told) = (0.0, false);
        for text in pages {
            for end in text.match_indices(MAYBE).filter_map(|(at, _)| End::at(text, at)) {
                let space = 1.0 / (1.0 + (-self.odds_at(&end)).exp());
                let tells = end.before_particle || end.behind_no_word;
                let least = if tells { RARE } else { SELDOM };
                likelier += (USUAL / space.clamp(least, OFTEN)).ln();
                has_told |= tells;
            }
        }
        has_told && likelier > BREAKS_LEAST
    }

    fn mended(&self, text: &str, breaks_words: bool) -> String {
        let mut out = String::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            if c != MAYBE {
                out.push(c);
                continue;
            }
            let is_within = End::at(text, at).is_some_and(|end| {
                end.before_particle || breaks_words && self.odds_at(&end) < SURE
            });
            if !is_within {
                out.push('\n');
            }
        }
        out
    }
}

/// The end of a line.
struct End {
    /// The characters before and behind it.
    last: char,
    next: char,
    /// A particle or an ending stands alone behind it.
    before_particle: bool,
    /// A syllable that is no word stands alone before it.
    behind_no_word: bool,
}

impl End {
    fn at(text: &str, at: usize) -> Option<End> {
        let (before, behind) = text.split_at_checked(at)?;
        let behind = behind.strip_prefix(MAYBE)?;
        let mut backward = before.chars().rev();
        let (last, letter) = (backward.next()?, backward.next());
        let first = behind.find(|c| !is_syllable(c)).and_then(|end| behind.get(..end));
        Some(End {
            last,
            next: behind.chars().next()?,
            before_particle: PARTICLES.contains(&first.unwrap_or(behind)),
            behind_no_word: letter.is_none_or(char::is_whitespace) && !WORDS.contains(last),
        })
    }
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
        // One line tells little.
        assert_eq!(mended(format!("공공데{MAYBE}이터")), "공공데\n이터");
        for apart in [
            "이 사업의 목적과 효과 및\u{1F}수행 기관의 역할을 정하고 필요한 절차를\u{1F}마련하여 시행할 수\u{1F}있도록 한다.",
            "주민의 의견을 듣고\u{1F}결과를 알린다.",
            "담당자는 다음 달까지 모두\u{1F}다 고친다.",
        ] {
            assert_eq!(mended(apart.into()), apart.replace(MAYBE, "\n"));
        }
    }

    #[test]
    fn few_lines_tell_where_words_are_broken() {
        for (text, is) in [
            // No line begins with a particle, and none ends with the first syllable of a word.
            ("침수 우려 지역\u{1F}의 주민", "침수 우려 지역의 주민"),
            ("안내할 계획이라고 말하였\u{1F}다고 한다", "안내할 계획이라고 말하였다고 한다"),
            ("주민을 보호하기 위하여 필\u{1F}요한 사항", "주민을 보호하기 위하여 필요한 사항"),
            (
                "침수 우\u{1F}려 지역의 점검 결\u{1F}과와 대책을\u{1F}알린다",
                "침수 우려 지역의 점검 결과와 대책을\n알린다",
            ),
        ] {
            assert_eq!(mended(text.into()), is);
        }
        // It joins where lines end at spaces, too.
        let kept = set(13, true);
        let with = format!("{kept}{MAYBE}관계자{MAYBE}는");
        assert_eq!(mended(with), format!("{}\n관계자는", kept.replace(MAYBE, "\n")));
    }
}
