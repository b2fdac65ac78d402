//! Number formats of spreadsheets (ECMA-376 part 1, section 18.8.30 and 18.8.31): a number as the person
//! who looks at the cell sees it.

/// A number under a format code. Codes that draw what text cannot say (fractions, fill characters) fall
/// back to the plain number.
pub(super) fn formatted(value: f64, code: &str, from_1904: bool) -> String {
    let sections = sections(code);
    let Some((section, value)) = chosen(&sections, value) else { return general(value) };
    let tokens = tokens(section);
    let is_date = tokens.iter().any(|t| matches!(t, Token::Date(_) | Token::Elapsed(_)));
    let shown = if is_date {
        date(value, &tokens, from_1904)
    } else if tokens.iter().any(|t| matches!(t, Token::Digit(_))) {
        number(value, &tokens)
    } else if tokens.iter().any(|t| matches!(t, Token::General)) {
        Some(surrounded(&tokens, &general(value)))
    } else {
        // Only literals: the format hides the number behind words, as in `"none"`.
        Some(surrounded(&tokens, ""))
    };
    match shown {
        Some(shown) => shown.trim().to_owned(),
        None => general(value),
    }
}

/// The code of a format that is built in by number. The dates that Excel shows in the order of the reader's
/// country (14 and 22) are written in the order of ISO 8601, which is also Korea's.
pub(super) fn built_in(id: u32) -> &'static str {
    match id {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5 | 6 => "#,##0;-#,##0",
        7 | 8 => "#,##0.00;-#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        14 | 30 | 34 | 35 | 51 | 54 => "yyyy-mm-dd",
        15 => "d-mmm-yy",
        16 => "d-mmm",
        17 => "mmm-yy",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 => "h:mm",
        21 => "h:mm:ss",
        22 => "yyyy-mm-dd h:mm",
        27 | 31 | 50 | 57 => r#"yyyy"년" mm"월" dd"일""#,
        28 | 29 | 52 | 53 | 55 | 58 => "mm-dd",
        32 => r#"h"시" mm"분""#,
        33 => r#"h"시" mm"분" ss"초""#,
        37 | 38 => "#,##0;(#,##0)",
        39 | 40 => "#,##0.00;(#,##0.00)",
        41 | 42 => "#,##0;-#,##0;\"-\"",
        43 | 44 => "#,##0.00;-#,##0.00;\"-\"",
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mm:ss.0",
        48 => "##0.0E+0",
        _ => "General",
    }
}

/// A number without a format: 15 significant digits, which is what a spreadsheet shows at most. Whole numbers
/// keep all of theirs, because long ones are names (of accounts, of cards), and names are searched for.
pub(super) fn general(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    let rounded = if exact { value } else { format!("{value:.14e}").parse().unwrap_or(value) };
    let size = rounded.abs();
    if (1e-9..1e21).contains(&size) { rounded.to_string() } else { format!("{rounded:E}") }
}

/// A code has at most four sections; a longer one is nonsense.
fn sections(code: &str) -> Vec<&str> {
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

/// The section for a value, and the value as that section shows it: the section for negative numbers draws
/// its own sign.
fn chosen<'a>(sections: &[&'a str], value: f64) -> Option<(&'a str, f64)> {
    let first = *sections.first()?;
    if sections.iter().any(|section| condition(section).is_some()) {
        let holds = |section: &&&str| match condition(section) {
            Some(('<', bound, or)) => value < bound || (or && value == bound),
            Some(('>', bound, or)) => value > bound || (or && value == bound),
            Some((_, bound, _)) => value == bound,
            None => true,
        };
        return sections.iter().find(holds).map(|section| (*section, value));
    }
    match (sections.get(1), sections.get(2)) {
        (Some(negative), _) if value < 0.0 => Some((negative, -value)),
        (_, Some(zero)) if value == 0.0 => Some((zero, value)),
        _ => Some((first, value)),
    }
}

/// `[>=100]`: the sign, the bound, whether the bound itself counts.
fn condition(section: &str) -> Option<(char, f64, bool)> {
    let (_, rest) = section.split_once(['[']).filter(|(before, _)| !before.contains('"'))?;
    let (inside, _) = rest.split_once(']')?;
    let sign = inside.chars().next().filter(|c| "<>=".contains(*c))?;
    let number = inside.trim_start_matches(['<', '>', '=']);
    let or_equal = inside.get(1..2) == Some("=");
    Some((sign, number.trim().parse().ok()?, or_equal))
}

enum Token {
    /// `0`, `#`, `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// `E+` with the count of its digits.
    Exponent(usize),
    /// A run of one date letter: `yyyy`.
    Date(String),
    /// `[h]`, `[mm]`, `[s]`.
    Elapsed(char),
    /// `AM/PM` or `A/P`.
    Noon,
    General,
    Literal(String),
}

fn tokens(section: &str) -> Vec<Token> {
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
        if starts("AM/PM") || starts("A/P") || rest.starts_with("오전/오후") {
            let length = if starts("AM/PM") {
                5
            } else if starts("A/P") {
                3
            } else {
                "오전/오후".len()
            };
            tokens.push(Token::Noon);
            rest = rest.get(length..).unwrap_or_default();
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
                    let symbol = symbol.split('-').next().unwrap_or_default();
                    tokens.push(Token::Literal(symbol.to_owned()));
                } else {
                    let unit = inside.chars().next().map(|c| c.to_ascii_lowercase());
                    let one_letter = inside.chars().all(|c| Some(c.to_ascii_lowercase()) == unit);
                    if let Some(unit @ ('h' | 'm' | 's')) = unit.filter(|_| one_letter) {
                        tokens.push(Token::Elapsed(unit));
                    }
                }
            }
            '0' | '#' | '?' => tokens.push(Token::Digit(c)),
            '.' => tokens.push(Token::Point),
            ',' => tokens.push(Token::Comma),
            '%' => tokens.push(Token::Percent),
            'E' | 'e' if after.starts_with(['+', '-']) => {
                let digits = after.get(1..).unwrap_or_default();
                let count = digits.chars().take_while(|c| matches!(c, '0' | '#' | '?')).count();
                tokens.push(Token::Exponent(count));
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

/// The literals of a section around `inner`.
fn surrounded(tokens: &[Token], inner: &str) -> String {
    let mut shown = String::new();
    for token in tokens {
        match token {
            Token::Literal(text) => shown.push_str(text),
            Token::General => shown.push_str(inner),
            Token::Percent => shown.push('%'),
            _ => {}
        }
    }
    shown
}

fn number(value: f64, tokens: &[Token]) -> Option<String> {
    // `# ?/?` is a fraction.
    if tokens.iter().any(|t| matches!(t, Token::Literal(text) if text == "/")) {
        return None;
    }
    let digits = |t: &Token| matches!(t, Token::Digit(_));
    let point = tokens.iter().position(|t| matches!(t, Token::Point)).unwrap_or(tokens.len());
    let exponent = tokens.iter().find_map(|t| match t {
        Token::Exponent(count) => Some(*count),
        _ => None,
    });
    let whole = tokens.get(..point)?;
    let part = tokens.get(point..).unwrap_or_default();
    let zeros = |tokens: &[Token]| tokens.iter().filter(|t| matches!(t, Token::Digit('0'))).count();
    let decimals = part.iter().filter(|t| digits(t)).count().min(30);
    let fixed = zeros(part).min(30);
    let last = tokens.iter().rposition(digits)?;
    let first = tokens.iter().position(digits)?;
    let commas = |range: &[Token]| range.iter().filter(|t| matches!(t, Token::Comma)).count();
    let last_whole = whole.iter().rposition(digits).unwrap_or(first);
    let grouped = commas(tokens.get(first..last_whole).unwrap_or_default()) > 0;
    // Commas after the digits divide by a thousand each.
    let scale = commas(tokens.get(last_whole..).unwrap_or_default());
    let percents = tokens.iter().filter(|t| matches!(t, Token::Percent)).count();
    let value = value * 100f64.powi(i32::try_from(percents).ok()?)
        / 1000f64.powi(i32::try_from(scale).ok()?);
    if !value.is_finite() || value.abs() >= 1e21 {
        return None;
    }
    let shown = match exponent {
        Some(count) => {
            let scientific = format!("{:.decimals$e}", value.abs());
            let (mantissa, power) = scientific.split_once('e')?;
            let power: i32 = power.parse().ok()?;
            let sign = if power < 0 { '-' } else { '+' };
            format!("{mantissa}E{sign}{:0count$}", power.abs(), count = count.min(4))
        }
        None => {
            // Decimal halves round away from zero in a spreadsheet; 15 digits are all it keeps.
            let exact: f64 = format!("{:.14e}", value.abs()).parse().ok()?;
            let nudged = exact * (1.0 + f64::EPSILON);
            let mut text = format!("{nudged:.decimals$}");
            if decimals > fixed {
                let keep = text.len() - (decimals - fixed);
                while text.len() > keep && text.ends_with('0') {
                    text.pop();
                }
            }
            text
        }
    };
    if exponent.is_none() {
        let sign = value < 0.0 && shown.contains(|c: char| ('1'..='9').contains(&c));
        let (integer, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
        // Behind a place that is always filled, all are.
        let filled = whole.iter().skip_while(|t| !matches!(t, Token::Digit('0')));
        let wanted = filled.filter(|t| digits(t)).count().min(30);
        let integer = match integer {
            "0" if wanted == 0 && !fraction.is_empty() => String::new(),
            integer => format!("{integer:0>wanted$}"),
        };
        let placed = placed(tokens, point, &integer, fraction, grouped);
        return Some(if sign { format!("-{placed}") } else { placed });
    }
    let mut text = String::new();
    if value < 0.0 && shown.contains(|c: char| ('1'..='9').contains(&c)) {
        text.push('-');
    }
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Literal(literal) if at < first || at > last => text.push_str(literal),
            Token::Percent => text.push('%'),
            _ if at == first => text.push_str(&shown),
            _ => {}
        }
    }
    Some(text)
}

/// The digits at their places, and between them what the code has there, as in `000-0000`. The first place takes all
/// digits that are more than there are places.
fn placed(tokens: &[Token], point: usize, integer: &str, fraction: &str, grouped: bool) -> String {
    let is_digit = |t: &Token| matches!(t, Token::Digit(_));
    let places = tokens.get(..point).unwrap_or_default().iter().filter(|t| is_digit(t)).count();
    let mut left = integer.len();
    let mut digits = integer.chars();
    let mut decimals = fraction.chars();
    let mut text = String::new();
    let mut take = |text: &mut String, count: usize| {
        for digit in digits.by_ref().take(count) {
            text.push(digit);
            left -= 1;
            if grouped && left > 0 && left.is_multiple_of(3) {
                text.push(',');
            }
        }
    };
    let mut place = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Literal(literal) => text.push_str(literal),
            Token::Percent => text.push('%'),
            Token::Digit(_) if at < point => {
                // Digits that this place and those behind it are for.
                let behind = places - place;
                place += 1;
                let here = match place {
                    1 => (integer.len() + 1).saturating_sub(behind),
                    _ => usize::from(integer.len() >= behind),
                };
                take(&mut text, here);
            }
            Token::Digit(_) => text.extend(decimals.next()),
            Token::Point if at == point => {
                if places == 0 {
                    take(&mut text, integer.len());
                }
                if !fraction.is_empty() {
                    text.push('.');
                }
            }
            _ => {}
        }
    }
    text
}

/// Day 0 is 1899-12-30, so that 1900-03-01 is day 61 as in Lotus 1-2-3, which took 1900 for a leap year;
/// days before it are one later. ECMA-376 part 1, section 18.17.4.1.
fn date(value: f64, tokens: &[Token], from_1904: bool) -> Option<String> {
    // 9999-12-31 is the last day there is.
    if !(0.0..2_958_466.0).contains(&value) {
        return None;
    }
    let fractions = tokens.iter().any(|t| matches!(t, Token::Point));
    // Times are shown cut to the second, except that 23:59:59.9999 is a rounding of midnight.
    let milliseconds = (value * 86_400_000.0).round() as i64;
    let milliseconds = if fractions { milliseconds } else { (milliseconds + 500) / 1000 * 1000 };
    let days = milliseconds.div_euclid(86_400_000);
    let (hour, minute) = (milliseconds / 3_600_000 % 24, milliseconds / 60_000 % 60);
    let (second, millisecond) = (milliseconds / 1000 % 60, milliseconds % 1000);
    let shift = match (from_1904, days) {
        (true, _) => 1462,
        (false, ..60) => 1,
        (false, _) => 0,
    };
    // Days since 1970-01-01.
    let day_number = days + shift - 25_569;
    let (year, month, day) = civil(day_number);
    let weekday = usize::try_from((day_number + 4).rem_euclid(7)).unwrap_or_default();
    let month_name = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).copied()?;
    let (english, korean) = WEEKDAYS.get(weekday).copied()?;
    let half_day = tokens.iter().any(|t| matches!(t, Token::Noon));
    let mut text = String::new();
    let mut after_hour = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Date(run) => {
                let length = run.len();
                let following =
                    tokens.get(at + 1..).unwrap_or_default().iter().find_map(|t| match t {
                        Token::Date(run) => run.chars().next(),
                        Token::Elapsed(unit) => Some(*unit),
                        _ => None,
                    });
                let letter = run.chars().next()?;
                let padded = |number: i64| match length {
                    1 => number.to_string(),
                    _ => format!("{number:02}"),
                };
                text.push_str(&match letter {
                    'y' | 'e' if length <= 2 && letter == 'y' => format!("{:02}", year % 100),
                    'y' | 'e' => year.to_string(),
                    'm' if after_hour || following == Some('s') => padded(minute),
                    'm' if length <= 2 => padded(month),
                    'm' if length == 3 => month_name.get(..3)?.to_owned(),
                    'm' if length == 5 => month_name.get(..1)?.to_owned(),
                    'm' => month_name.to_owned(),
                    'd' if length <= 2 => padded(day),
                    'd' if length == 3 => english.get(..3)?.to_owned(),
                    'd' => english.to_owned(),
                    'a' if length <= 3 => korean.to_owned(),
                    'a' => format!("{korean}요일"),
                    'h' if half_day => padded((hour + 11) % 12 + 1),
                    'h' => padded(hour),
                    _ => padded(second),
                });
                after_hour = letter == 'h';
            }
            Token::Elapsed(unit) => {
                let per = match unit {
                    'h' => 3_600_000,
                    'm' => 60_000,
                    _ => 1000,
                };
                text.push_str(&(milliseconds / per).to_string());
                after_hour = *unit == 'h';
            }
            Token::Noon => text.push_str(if hour < 12 { "AM" } else { "PM" }),
            Token::Literal(literal) => text.push_str(literal),
            Token::Point => text.push('.'),
            Token::Comma => text.push(','),
            // `ss.000`: tenths, hundredths, thousandths in turn.
            Token::Digit('0') => {
                let before = tokens.get(..at)?.iter().rev();
                let place = before.take_while(|t| matches!(t, Token::Digit(_))).count();
                let all = format!("{millisecond:03}");
                text.push_str(all.get(place..place + 1).unwrap_or("0"));
            }
            Token::Digit(_) | Token::Percent | Token::Exponent(_) | Token::General => {}
        }
    }
    Some(text)
}

/// The civil date of a day since 1970-01-01 (Howard Hinnant, chrono-compatible low-level date algorithms,
/// `civil_from_days`).
fn civil(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * mp + 2) / 5 + 1)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [(&str, &str); 7] = [
    ("Sunday", "일"),
    ("Monday", "월"),
    ("Tuesday", "화"),
    ("Wednesday", "수"),
    ("Thursday", "목"),
    ("Friday", "금"),
    ("Saturday", "토"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_a_person_sees_them() {
        for (value, code, shown) in [
            (1234567.0, "General", "1234567"),
            (0.1 + 0.2, "General", "0.3"),
            (1234567.891, "#,##0", "1,234,568"),
            (1234.5, "#,##0.00", "1,234.50"),
            (-1234.5, "#,##0.00", "-1,234.50"),
            (-1234.0, "#,##0;(#,##0)", "(1,234)"),
            (0.1234, "0.0%", "12.3%"),
            (0.5, "0%", "50%"),
            (5.0, "000", "005"),
            (0.5, "#.##", ".5"),
            (2.0, "0.##", "2"),
            (1234567890123451.0, "General", "1234567890123451"),
            (1500000.0, "#,##0,\"천원\"", "1,500천원"),
            (1500.0, "[$₩-412]#,##0", "₩1,500"),
            (12345.0, "0.00E+00", "1.23E+04"),
            (0.0, "#,##0;-#,##0;\"-\"", "-"),
            (1.5, "# ?/?", "1.5"),
            (3.0, "0\"건\"", "3건"),
            (512345678.0, "000-000-0000", "051-234-5678"),
            (1234567890.0, "000-00-00000", "123-45-67890"),
            (20260302.0, r#"0000"."00"."00"#, "2026.03.02"),
            (1012345678.0, "[<=9999999]###-####;0##-####-####", "010-1234-5678"),
            (5.0, "##-##", "-5"),
            (12.5, ".00", "12.50"),
            (19.99, r#"0" dollars and ".00" cents""#, "19 dollars and .99 cents"),
            (-1234567.5, "#,##0.0#\"원\"", "-1,234,567.5원"),
            (150.0, "[>=100]\"많음\";0", "많음"),
            (2.5, "0", "3"),
            (1.005, "0.00", "1.01"),
            (-0.001, "0.00", "0.00"),
            (1e300, "0", "1E300"),
        ] {
            assert_eq!(formatted(value, code, false), shown, "{value} {code}");
        }
    }

    #[test]
    fn dates_as_a_person_sees_them() {
        for (value, code, shown) in [
            (45292.0, "yyyy-mm-dd", "2024-01-01"),
            (45292.75, "yyyy-mm-dd h:mm", "2024-01-01 18:00"),
            (45292.75, "h:mm AM/PM", "6:00 PM"),
            (45292.0, r#"yyyy"년" m"월" d"일" aaaa"#, "2024년 1월 1일 월요일"),
            (45292.0, "ddd, mmm d", "Mon, Jan 1"),
            (1.5, "[h]:mm:ss", "36:00:00"),
            (1.0, "yyyy-mm-dd", "1900-01-01"),
            (61.0, "yyyy-mm-dd", "1900-03-01"),
            (0.000_011_574, "mm:ss.000", "00:01.000"),
            (3e6, "yyyy-mm-dd", "3000000"),
            (-1.0, "yyyy-mm-dd", "-1"),
        ] {
            assert_eq!(formatted(value, code, false), shown, "{value} {code}");
        }
        assert_eq!(formatted(0.0, "yyyy-mm-dd", true), "1904-01-01");
    }

    #[test]
    fn nonsense_ends() {
        for code in [
            "",
            ";;;;;;",
            "[",
            "\"",
            "\\",
            "_",
            "[h",
            "E+",
            "0E+",
            "가나다",
            "yyyyyyyyyyyy",
            "@@@",
            "[$-",
        ] {
            formatted(12.5, code, false);
            formatted(f64::NAN, code, false);
            formatted(-1e308, code, true);
        }
    }
}
