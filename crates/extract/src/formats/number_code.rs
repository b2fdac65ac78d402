//! The codes of number formats (ECMA-376 part 1, section 18.8.31), taken apart.

use std::cmp::Ordering;

/// The characters that are neither quoted nor escaped, with their places.
fn bare(code: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quoted, mut escaped) = (false, false);
    code.char_indices().filter(move |&(_, c)| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' | '_' | '*' | '!' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return !quoted,
        }
        false
    })
}

/// A code has at most four sections; a longer one is nonsense.
pub(super) fn sections(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut bracket) = (0, false);
    for (at, c) in bare(code) {
        match c {
            '[' => bracket = true,
            ']' => bracket = false,
            ';' if !bracket => {
                found.push(code.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
        if found.len() == 4 {
            return found;
        }
    }
    found.push(code.get(start..).unwrap_or_default());
    found
}

/// Whether a section is for text: its `@` stands for it.
pub(super) fn is_of_text(section: &str) -> bool {
    bare(section).any(|(_, c)| c == '@')
}

/// `[>=100]`: which numbers a section is for.
pub(super) struct Condition {
    bound: f64,
    less: bool,
    equal: bool,
    greater: bool,
}

impl Condition {
    /// The condition of a section, behind its colour and language if it has these.
    pub(super) fn of(section: &str) -> Option<Condition> {
        let starts = bare(section).filter(|(_, c)| *c == '[');
        starts.filter_map(|(at, _)| section.get(at + 1..)?.split_once(']')).find_map(
            |(inside, _)| {
                let number = inside.trim_start_matches(['<', '>', '=']);
                let sign = inside.get(..inside.len() - number.len())?;
                Some(Condition {
                    bound: number.trim().parse().ok().filter(|_| !sign.is_empty())?,
                    less: sign.contains('<'),
                    equal: sign.contains('='),
                    greater: sign.contains('>'),
                })
            },
        )
    }

    pub(super) fn holds(&self, value: f64) -> bool {
        match value.partial_cmp(&self.bound) {
            Some(Ordering::Less) => self.less,
            Some(Ordering::Equal) => self.equal,
            Some(Ordering::Greater) => self.greater,
            None => false,
        }
    }

    /// Whether it holds for no positive number: such a section draws the sign itself.
    pub(super) fn is_of_negatives(&self) -> bool {
        !self.greater && self.bound <= 0.0
    }
}

/// The language that a section names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// `[$-412]`: the names of months, of days and of the halves of a day are Korean.
    Korean,
    /// `[$-F800]`: the date as the system of the reader writes it, which is Korea's.
    LocaleDate,
    /// `[$-F400]`: the same of the time.
    LocaleTime,
    Other,
}

impl Language {
    fn named(name: &str) -> Option<Language> {
        let is = |names: [&str; 2]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
        match name {
            "" => None,
            _ if name.ends_with("412") || is(["ko-KR", "ko"]) => Some(Language::Korean),
            _ if is(["F800", "x-sysdate"]) => Some(Language::LocaleDate),
            _ if is(["F400", "x-systime"]) => Some(Language::LocaleTime),
            _ => Some(Language::Other),
        }
    }
}

/// A piece of a section.
pub(super) enum Token {
    /// `0`, `#`, `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// `E+` or `E-`: whether a plus is shown, and the count of its digits.
    Exponent(bool, usize),
    /// A run of one date letter: `yyyy`.
    Date(String),
    /// `[h]`, `[mm]`, `[s]`: the letter and how many there are.
    Elapsed(char, usize),
    /// `AM/PM`, `A/P` or `오전/오후`: what stands for the halves of a day.
    Noon(&'static str, &'static str),
    Language(Language),
    /// `[DBNum4]`: the numerals in which numbers are written, by their number.
    Numerals(u8),
    General,
    /// `/` of a fraction or a date.
    Slash,
    Literal(String),
}

/// `General` as some programs leave it, in the language of their users: Korean, Japanese, Chinese.
const GENERAL: [&str; 4] = ["General", "G/표준", "G/標準", "G/通用格式"];

/// The pieces of a section.
pub(super) fn tokens(section: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = section;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let starts = |word: &str| {
            rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if let Some(word) = GENERAL.into_iter().find(|word| starts(word)) {
            tokens.push(Token::General);
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        let noon = [("AM/PM", "AM", "PM"), ("A/P", "A", "P"), ("오전/오후", "오전", "오후")];
        if let Some((word, am, pm)) = noon.into_iter().find(|(word, ..)| starts(word)) {
            tokens.push(Token::Noon(am, pm));
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        rest = after;
        match c {
            '"' => {
                let (text, following) = after.split_once('"').unwrap_or((after, ""));
                tokens.push(Token::Literal(text.to_owned()));
                rest = following;
            }
            '\\' | '_' | '*' | '!' => {
                let next = after.chars().next();
                rest = after.get(next.map_or(0, char::len_utf8)..).unwrap_or_default();
                match c {
                    '\\' | '!' => tokens.extend(next.map(|n| Token::Literal(n.to_string()))),
                    '_' => tokens.push(Token::Literal(" ".into())),
                    _ => {}
                }
            }
            '[' => {
                let (inside, following) = after.split_once(']').unwrap_or((after, ""));
                rest = following;
                if let Some(symbol) = inside.strip_prefix('$') {
                    let (symbol, language) = symbol.split_once('-').unwrap_or((symbol, ""));
                    let language = Language::named(language);
                    tokens.extend(language.map(Token::Language));
                    // The sign of the won stands at the place of the backslash in Korean fonts.
                    let symbol = match symbol {
                        "\\" if language == Some(Language::Korean) => "₩",
                        symbol => symbol,
                    };
                    tokens.push(Token::Literal(symbol.to_owned()));
                } else if inside.get(..5).is_some_and(|i| i.eq_ignore_ascii_case("DBNum")) {
                    let number = inside.get(5..).and_then(|number| number.parse().ok());
                    tokens.extend(number.map(Token::Numerals));
                } else {
                    let unit = inside.chars().next().map(|c| c.to_ascii_lowercase());
                    let one_letter = inside.chars().all(|c| Some(c.to_ascii_lowercase()) == unit);
                    if let Some(unit @ ('h' | 'm' | 's')) = unit.filter(|_| one_letter) {
                        tokens.push(Token::Elapsed(unit, inside.len().min(8)));
                    }
                }
            }
            '0' | '#' | '?' => tokens.push(Token::Digit(c)),
            '.' => tokens.push(Token::Point),
            ',' => tokens.push(Token::Comma),
            '%' => tokens.push(Token::Percent),
            '/' => tokens.push(Token::Slash),
            // An `e` before anything but digits is a year.
            'E' | 'e'
                if after.starts_with(['+', '-'])
                    && after.get(1..).unwrap_or_default().starts_with(['0', '#', '?']) =>
            {
                let digits = after.get(1..).unwrap_or_default();
                let count = digits.chars().take_while(|c| matches!(c, '0' | '#' | '?')).count();
                tokens.push(Token::Exponent(after.starts_with('+'), count));
                rest = digits.get(count..).unwrap_or_default();
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'e' | 'a' | 'A' => {
                let lower = c.to_ascii_lowercase();
                let more = after.chars().take_while(|n| n.to_ascii_lowercase() == lower).count();
                rest = after.get(more..).unwrap_or_default();
                // Longer runs than `mmmmm` mean nothing.
                tokens.push(Token::Date(lower.to_string().repeat((more + 1).min(5))));
            }
            '@' => tokens.push(Token::General),
            // The era of an emperor, in front of a year that is counted from our era here.
            'g' | 'G' => {}
            c => tokens.push(Token::Literal(c.to_string())),
        }
    }
    tokens
}
