//! The codes of number formats (ECMA-376 part 1, section 18.8.31), taken apart.

/// A code has at most four sections; a longer one is nonsense.
pub(super) fn sections(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut quoted, mut escaped, mut bracket) = (0, false, false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' | '_' | '*' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' if !quoted => bracket = false,
            ';' if !quoted && !bracket => {
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

/// `[>=100]`: the sign, the bound, whether the bound itself counts.
pub(super) fn condition(section: &str) -> Option<(char, f64, bool)> {
    let (_, rest) = section.split_once(['[']).filter(|(before, _)| !before.contains('"'))?;
    let (inside, _) = rest.split_once(']')?;
    let sign = inside.chars().next().filter(|c| "<>=".contains(*c))?;
    let number = inside.trim_start_matches(['<', '>', '=']);
    let or_equal = inside.get(1..2) == Some("=");
    Some((sign, number.trim().parse().ok()?, or_equal))
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
    /// `[$-412]`: the names of months, of days and of the halves of a day are Korean.
    Korean,
    General,
    /// `/` of a fraction or a date.
    Slash,
    Literal(String),
}

/// The pieces of a section.
pub(super) fn tokens(section: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = section;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let starts = |word: &str| {
            rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if starts("General") {
            tokens.push(Token::General);
            rest = rest.get(7..).unwrap_or_default();
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
            '\\' | '_' | '*' => {
                let next = after.chars().next();
                rest = after.get(next.map_or(0, char::len_utf8)..).unwrap_or_default();
                match c {
                    '\\' => tokens.extend(next.map(|n| Token::Literal(n.to_string()))),
                    '_' => tokens.push(Token::Literal(" ".into())),
                    _ => {}
                }
            }
            '[' => {
                let (inside, following) = after.split_once(']').unwrap_or((after, ""));
                rest = following;
                if let Some(symbol) = inside.strip_prefix('$') {
                    let (symbol, language) = symbol.split_once('-').unwrap_or((symbol, ""));
                    if language.ends_with("412") || language.eq_ignore_ascii_case("ko-KR") {
                        tokens.push(Token::Korean);
                    }
                    tokens.push(Token::Literal(symbol.to_owned()));
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
            c => tokens.push(Token::Literal(c.to_string())),
        }
    }
    tokens
}
