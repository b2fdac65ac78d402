use crate::analyzer::{self, Bigrams, digest};
use crate::hidden_words::split;
use crate::nfc::nfc;
use crate::particle;
use crate::query::QueryFault;
use crate::script::{Script, is_syllable};

/// Bytes of a query, at most.
const LONGEST: usize = 4096;
/// Words, phrases and prefixes of a query, at most.
const MOST_CLAUSES: usize = 64;

/// Words of questions and function words, as stems, that say nothing about what is looked for. Written by hand
/// over two collections of questions; dropped from a query unless nothing else is left, never from documents.
const QUESTION_WORDS: &str = "무엇 누구 언제 어디 얼마 몇 어떤 어느 왜 어떻게 무슨 있 없 하 되 이 그 저 것 수 때 등 및 \
    의 대해 대한 관한 관해 위한 위해 뭐 뭔 어떠 어떻 누가 알려줘 알려주 설명 입니까 인가 인가요 나요 까요 있는 있나 \
    하는 되는 할 한 된 될 수있 얼마나 무엇이 무엇을";

/// What a person typed, understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct QueryText {
    /// Words of which enough must be found; the more, the better.
    pub(crate) words: Vec<Word>,
    /// What must be found.
    pub(crate) required: Vec<Clause>,
    /// What must not be found.
    pub(crate) excluded: Vec<Clause>,
    /// Whether nothing at all was typed.
    pub(crate) blank: bool,
}

/// A stem of a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    /// Folded, as in the field `stem`.
    pub(crate) stem: String,
    /// What was typed behind the stem: its particle or ending, or what analysis took for one.
    pub(crate) ending: String,
    /// The words that it hides, if it is several that were typed without spaces ([`QueryText::uncover`]).
    pub(crate) parts: Vec<Word>,
    /// The stem of the stem, if it is shorter. Where a document has a noun without a particle, a noun that ends
    /// like one loses that syllable (장애인 is indexed as 장애), and the query's 장애인을 must find it there.
    pub(crate) shorter: Option<String>,
    /// Its tokens in the field `xbi`, without the bigram from the word before.
    pub(crate) tokens: Vec<String>,
    /// The bigram from the word before to this one, if nothing stands between them.
    pub(crate) crossing: Option<String>,
    /// Script.
    pub(crate) script: Script,
}

/// A part of a query with a sign of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Clause {
    /// One stem.
    Word(Word),
    /// Stems that follow each other.
    Phrase(Phrase),
    /// The beginning of a stem.
    Prefix(Prefix),
}

/// Stems that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phrase {
    /// The stems, in order.
    pub(crate) words: Vec<Word>,
    /// Its tokens in the field `xbi` and their positions.
    pub(crate) tokens: Vec<(usize, String)>,
}

/// The beginning of a stem.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prefix {
    /// Folded, nothing stripped or stemmed.
    pub(crate) start: String,
    /// The stem of what was typed: `regulations*` must find `regul`, which does not begin with it.
    pub(crate) stem: String,
}

/// Reads a query.
///
/// # Errors
/// If it is too long, has too many parts or a word begins with `*`.
pub(crate) fn parse(text: &str) -> Result<QueryText, QueryFault> {
    if text.len() > LONGEST {
        return Err(QueryFault::Length { bytes: text.len(), most: LONGEST });
    }
    let text = nfc(text);
    let pieces = pieces(&text)?;
    if pieces.len() > MOST_CLAUSES {
        return Err(QueryFault::Words { words: pieces.len(), most: MOST_CLAUSES });
    }
    let mut query = QueryText { blank: text.trim().is_empty(), ..QueryText::default() };
    // Words that stand side by side are analysed together, for the bigrams across the spaces.
    let mut plain = String::new();
    for piece in pieces {
        let clause = match piece.form {
            Form::Word if !piece.excluded => {
                plain.push(' ');
                plain.push_str(piece.text);
                continue;
            }
            Form::Word | Form::Phrase => match phrase(piece.text) {
                Some(clause) => clause,
                None => continue,
            },
            Form::Prefix => match prefix(piece.text) {
                Some(clause) => clause,
                None => continue,
            },
        };
        query.words.extend(words(&std::mem::take(&mut plain)));
        if piece.excluded {
            query.excluded.push(clause);
        } else {
            query.required.push(clause);
        }
    }
    query.words.extend(words(&plain));
    drop_question_words(&mut query.words);
    Ok(query)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Word,
    Phrase,
    Prefix,
}

#[derive(Clone, Debug, PartialEq)]
struct Piece<'a> {
    form: Form,
    text: &'a str,
    excluded: bool,
}

/// Quotation marks that open or close a phrase: straight, curly, and the corner brackets of Korean typography.
const QUOTES: [char; 7] = ['"', '“', '”', '「', '」', '『', '』'];

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, QueryFault> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after_sign = rest.strip_prefix(['-', '−']);
        let excluded = after_sign.is_some_and(|r| r.starts_with(|c: char| !c.is_whitespace()));
        let body = match after_sign {
            Some(after) if excluded => after,
            _ => rest,
        };
        if let Some(quoted) = body.strip_prefix(QUOTES) {
            // A phrase that is never closed goes to the end.
            let (inside, after) = quoted.split_once(QUOTES).unwrap_or((quoted, ""));
            pieces.push(Piece { form: Form::Phrase, text: inside, excluded });
            rest = after.trim_start();
            continue;
        }
        let end = body.find(|c: char| c.is_whitespace() || QUOTES.contains(&c));
        let (word, after) = body.split_at_checked(end.unwrap_or(body.len())).unwrap_or((body, ""));
        rest = after.trim_start();
        if word.is_empty() {
            // Only a sign, with nothing behind it.
            rest = rest.strip_prefix(first).unwrap_or(rest);
            continue;
        }
        if word.starts_with('*') {
            return Err(QueryFault::Star);
        }
        match word.strip_suffix('*') {
            Some(start) => pieces.push(Piece { form: Form::Prefix, text: start, excluded }),
            None => pieces.push(Piece { form: Form::Word, text: word, excluded }),
        }
    }
    Ok(pieces)
}

/// The stems of a text in NFC.
fn words(text: &str) -> Vec<Word> {
    let stemmer = analyzer::stemmer();
    let mut words: Vec<Word> = Vec::new();
    for span in analyzer::spans(text) {
        let surface = text.get(span.start..span.end).unwrap_or_default();
        let folded = analyzer::fold(surface, span.script, &stemmer).into_owned();
        let left = words.last().and_then(|word| word.stem.chars().next_back());
        let crossing = left
            .filter(|_| span.joined)
            .zip(folded.chars().next())
            .map(|(left, right)| String::from_iter([left, right]));
        let ending = text.get(span.end..span.run).unwrap_or_default().to_owned();
        words.push(Word { crossing, ..word(folded, ending, span.script) });
    }
    words
}

/// A word of this stem, by itself.
fn word(stem: String, ending: String, script: Script) -> Word {
    let syllables: Vec<char> = stem.chars().collect();
    let tokens = if script.has_bigrams() && syllables.len() > 1 {
        syllables.windows(2).map(String::from_iter).collect()
    } else {
        vec![stem.clone()]
    };
    let shorter = (script == Script::Hangul && syllables.iter().all(|c| is_syllable(*c)))
        .then(|| stem.get(..particle::stem_len(&stem, false)))
        .flatten()
        .filter(|shorter| shorter.len() < stem.len())
        .map(str::to_owned);
    Word { stem, ending, parts: Vec::new(), shorter, tokens, crossing: None, script }
}

/// Syllables of a word that may hide several, at least.
const SHORTEST_RUN: usize = 4;

impl QueryText {
    /// The query with the words found that were typed without spaces: those of a run of Hangul that is no word of the
    /// documents itself. `frequency` tells in how many of `documents` a stem stands.
    pub(crate) fn uncover(
        &self,
        documents: u64,
        mut frequency: impl FnMut(&str) -> u64,
    ) -> QueryText {
        let mut query = self.clone();
        for run in &mut query.words {
            let syllables = run.stem.chars().chain(run.ending.chars());
            if run.script != Script::Hangul
                || !syllables.clone().all(is_syllable)
                || syllables.count() < SHORTEST_RUN
                || frequency(&run.stem) > 0
            {
                continue;
            }
            let pieces = split(&format!("{}{}", run.stem, run.ending), documents, &mut frequency);
            if pieces.len() < 2 {
                continue;
            }
            let mut left = None;
            for piece in pieces {
                let ending = piece.surface.get(piece.stem.len()..).unwrap_or_default().to_owned();
                // As in a text with spaces, a bigram leads on where nothing was lost.
                let right = piece.stem.chars().next();
                let crossing =
                    left.zip(right).map(|(left, right)| String::from_iter([left, right]));
                left = piece.stem.chars().next_back().filter(|_| ending.is_empty());
                run.parts.push(Word { crossing, ..word(piece.stem, ending, Script::Hangul) });
            }
            drop_question_words(&mut run.parts);
        }
        query
    }
}

/// A phrase, or a word if it has only one stem; none if it has no letter.
fn phrase(text: &str) -> Option<Clause> {
    let mut words = words(text);
    if words.len() < 2 {
        return words.pop().map(Clause::Word);
    }
    let digest = digest(text);
    let mut tokens: Vec<(usize, String)> = Vec::new();
    let (mut bigrams, mut token) = (Bigrams::new(&digest.stems), String::new());
    while let Some(position) = bigrams.next(&mut token) {
        tokens.push((position as usize, token.clone()));
    }
    // A lone syllable next to a bigram that holds it would ask for a word border there: `이 법` finds `이법`.
    let pairs: Vec<usize> =
        tokens.iter().filter(|(_, t)| is_pair(t)).map(|(position, _)| *position).collect();
    let covered = |at: usize| pairs.iter().any(|pair| *pair == at || pair + 1 == at);
    tokens.retain(|(position, token)| {
        let lone = token.chars().count() == 1 && token.chars().all(|c| Script::of(c).has_bigrams());
        !lone || !covered(*position)
    });
    Some(Clause::Phrase(Phrase { words, tokens }))
}

fn is_pair(token: &str) -> bool {
    token.chars().count() == 2 && token.chars().all(|c| Script::of(c).has_bigrams())
}

fn prefix(text: &str) -> Option<Clause> {
    let mut stems = words(text);
    let last = stems.pop()?;
    // Of `AI-반도*` or `2024예산*`, what stands before the last run is a phrase of its own; that much is not worth
    // a clause, so the prefix is the last run.
    let start: String = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| Script::of(*c) == last.script)
        .last()
        .and_then(|(at, _)| text.get(at..))
        .unwrap_or(text)
        .chars()
        .flat_map(char::to_lowercase)
        .collect();
    if start.is_empty() {
        return Some(Clause::Word(last));
    }
    Some(Clause::Prefix(Prefix { start: nfkc(&start), stem: last.stem }))
}

fn nfkc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().collect()
}

fn drop_question_words(words: &mut Vec<Word>) {
    let asks = |word: &Word| {
        word.script == Script::Hangul
            && QUESTION_WORDS.split_whitespace().any(|question| question == word.stem)
    };
    if words.iter().all(asks) {
        return;
    }
    let mut dropped = false;
    words.retain_mut(|word| {
        let keep = !asks(word);
        if std::mem::replace(&mut dropped, !keep) {
            word.crossing = None;
        }
        keep
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(clause: &Clause) -> String {
        match clause {
            Clause::Word(word) => word.stem.clone(),
            Clause::Phrase(phrase) => {
                let stems: Vec<&str> = phrase.words.iter().map(|w| w.stem.as_str()).collect();
                format!("\"{}\"", stems.join(" "))
            }
            Clause::Prefix(prefix) => format!("{}*", prefix.start),
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let query = parse(text).unwrap();
        let mut shown: Vec<String> = query.words.iter().map(|w| w.stem.clone()).collect();
        shown.extend(query.required.iter().map(|c| format!("+{}", show(c))));
        shown.extend(query.excluded.iter().map(|c| format!("-{}", show(c))));
        assert_eq!(shown.join(" "), expected, "{text}");
    }

    #[test]
    fn parts() {
        check("", "");
        check("  개인정보를 보호하는 방법 ", "개인정보 보호 방법");
        check("예산안은 언제 발표되었나요", "예산안 발표");
        check("무엇", "무엇");
        check("\"데이터 기반 행정\" 계획", "계획 +\"데이터 기반 행정\"");
        check("“데이터 기반”", "+\"데이터 기반\"");
        check("\"예산\"", "+예산");
        check("\"끝이 없는 구절", "+\"끝이 없는 구절\"");
        check("도로 -공사 -\"하천 정비\"", "도로 -공사 -\"하천 정비\"");
        check("개인정* 위탁", "위탁 +개인정*");
        check("Regulation*", "+regulation*");
        check("2024-05-01 A - B", "2024 05 01 a b");
        check("- \" -- !!", "");
        check("\u{110B}\u{1168}\u{1109}\u{1161}\u{11AB}", "예산");
    }

    #[test]
    fn refused() {
        let word_count = vec!["말"; 65].join(" ");
        let length = "가".repeat(1366);
        for (text, cure) in [
            ("*정보", "write how it begins"),
            ("가 -*", "write how it begins"),
            (&word_count, "leave out"),
            (&length, "shorten"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(cure), "{error}");
        }
        assert!(parse(&vec!["말"; 64].join(" ")).is_ok());
    }

    #[test]
    fn a_dropped_word_takes_its_crossing_along() {
        let query = parse("예산 무엇 편성").unwrap();
        assert_eq!(query.words[1].crossing, None);
        let query = parse("예산 편성").unwrap();
        assert_eq!(query.words[1].crossing.as_deref(), Some("산편"));
    }
}
