//! Number formats of spreadsheets (ECMA-376 part 1, section 18.8.30 and 18.8.31): a number as the person
//! who looks at the cell sees it.

use std::borrow::Cow;

use super::number_code::{Condition, Language, Token, is_of_text, sections, tokens};
use super::number_date::date;
use super::number_fraction::fraction;
use super::number_numeral::{Numerals, numerals};

/// A number under a format code. Codes that draw what text cannot say (fill characters) fall back to the plain number.
pub(super) fn formatted(value: f64, code: &str, from_1904: bool) -> String {
    let sections = sections(code);
    let Some((section, value)) = chosen(&sections, value) else { return general(value) };
    let mut tokens = tokens(section);
    let is_date = tokens.iter().any(|t| matches!(t, Token::Date(_) | Token::Elapsed(..)));
    if is_date {
        let shown = date(value, &tokens, from_1904);
        return shown.map_or_else(|| general(value), |shown| shown.trim().to_owned());
    }
    let numerals = numerals_of(&tokens);
    tokens.retain(|t| !matches!(t, Token::Language(_) | Token::Numerals(_)));
    let shown = if tokens.iter().any(|t| matches!(t, Token::Digit(_))) {
        let shown = match tokens.iter().any(|t| matches!(t, Token::Slash)) {
            true => fraction(value, &tokens),
            false => number(value, &tokens),
        };
        match numerals {
            Some(numerals) => shown.map(|shown| numerals.each(&shown)),
            None => shown,
        }
    } else if tokens.iter().any(|t| matches!(t, Token::General)) {
        // The sign stands before the literals.
        let sign = if value < 0.0 { "-" } else { "" };
        let plain = general(value.abs());
        let words = numerals.and_then(|numerals| numerals.spelled(&plain)).unwrap_or(plain);
        Some(format!("{sign}{}", surrounded(&tokens, &words)))
    } else {
        // Only literals: the format hides the number behind words, as in `"none"`.
        Some(surrounded(&tokens, ""))
    };
    match shown {
        Some(shown) => shown.trim().to_owned(),
        None => general(value),
    }
}

/// A text under a format code: what the section for text puts around it. A code that hides text leaves it, for it is
/// searched for all the same.
pub(super) fn formatted_text<'a>(text: &'a str, code: &str) -> Cow<'a, str> {
    // Most codes are for numbers, and of those for text most are this.
    if code == "@" || !code.contains('@') {
        return text.into();
    }
    match sections(code).last().filter(|section| is_of_text(section)) {
        Some(section) => surrounded(&tokens(section), text).into(),
        None => text.into(),
    }
}

/// The numerals that a section names, unless it names a language that has others.
fn numerals_of(tokens: &[Token]) -> Option<&'static Numerals> {
    if tokens.iter().any(|t| matches!(t, Token::Language(Language::Other))) {
        return None;
    }
    tokens.iter().find_map(|t| match t {
        Token::Numerals(number) => numerals(*number),
        _ => None,
    })
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
        12 => "# ?/?",
        13 => "# ??/??",
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

/// From here on a number has more places than a spreadsheet keeps digits.
const PLACES_MOST: f64 = 1e15;

/// A number without a format: 15 significant digits, which is what a spreadsheet shows at most. Whole numbers
/// keep all of theirs, because long ones are names (of accounts, of cards), and names are searched for; only behind the
/// digits that a spreadsheet keeps a round one is shown by its power, as in `1E+15`.
pub(super) fn general(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    let rounded = if exact { value } else { format!("{value:.14e}").parse().unwrap_or(value) };
    let size = rounded.abs();
    let by_power = format!("{rounded:E}");
    // Digits that Excel leaves in front of a power.
    let is_round =
        by_power.bytes().take_while(|b| *b != b'E').filter(u8::is_ascii_digit).count() <= 6;
    match size {
        1e-9..1e21 if size < PLACES_MOST || !is_round => rounded.to_string(),
        _ => with_sign(&by_power),
    }
}

/// The number with the sign of its power, and two digits of that.
fn with_sign(by_power: &str) -> String {
    let Some((number, power)) = by_power.split_once('E') else { return by_power.to_owned() };
    match power.strip_prefix('-') {
        Some(power) => format!("{number}E-{power:0>2}"),
        None => format!("{number}E+{power:0>2}"),
    }
}

/// The section for a value, and the value as that section shows it: a section for negative numbers draws their sign
/// itself.
fn chosen<'a>(sections: &[&'a str], value: f64) -> Option<(&'a str, f64)> {
    let text = sections.last().is_some_and(|last| sections.len() == 4 || is_of_text(last));
    let count = sections.len() - usize::from(text && sections.len() > 1);
    let numbers = sections.get(..count)?;
    let conditions = numbers.iter().map(|section| Condition::of(section)).collect::<Vec<_>>();
    let condition = |at: usize| conditions.get(at).and_then(Option::as_ref);
    // Those without a condition are for positive numbers, for negative ones and for what is left.
    let is_for = |at: usize| match condition(at) {
        _ if at == 2 => true,
        Some(condition) => condition.holds(value),
        None => match (at, count) {
            (0, 2) => value >= 0.0,
            (0, 3) => value > 0.0,
            (1, 3) => value < 0.0,
            _ => true,
        },
    };
    let at = (0..count).find(|at| is_for(*at))?;
    let is_of_negatives = match condition(at) {
        Some(condition) => condition.is_of_negatives(),
        None => at == 1 && (count == 3 || condition(0).is_none()),
    };
    let value = if is_of_negatives && value < 0.0 { -value } else { value };
    numbers.get(at).map(|section| (*section, value))
}

/// The literals of a section around `inner`.
fn surrounded(tokens: &[Token], inner: &str) -> String {
    let mut shown = String::new();
    for token in tokens {
        match token {
            Token::Literal(text) => shown.push_str(text),
            Token::General => shown.push_str(inner),
            Token::Percent => shown.push('%'),
            Token::Slash => shown.push('/'),
            _ => {}
        }
    }
    shown
}

fn number(value: f64, tokens: &[Token]) -> Option<String> {
    let digits = |t: &Token| matches!(t, Token::Digit(_));
    let point = tokens.iter().position(|t| matches!(t, Token::Point)).unwrap_or(tokens.len());
    let exponent = tokens.iter().find_map(|t| match t {
        Token::Exponent(plus, count) => Some((*plus, *count)),
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
    let places = whole.iter().filter(|t| digits(t)).count().min(30);
    // Decimal halves round away from zero in a spreadsheet; 15 digits are all it keeps.
    let rounded = |value: f64, decimals: usize, fixed: usize| -> Option<String> {
        let exact: f64 = format!("{value:.14e}").parse().ok()?;
        let nudged = exact * (1.0 + f64::EPSILON);
        let mut text = format!("{nudged:.decimals$}");
        if decimals > fixed {
            let keep = text.len() - (decimals - fixed);
            while text.len() > keep && text.ends_with('0') {
                text.pop();
            }
        }
        Some(text.strip_suffix('.').unwrap_or(&text).to_owned())
    };
    let shown = match exponent {
        Some((plus, count)) => {
            let scientific = format!("{:.14e}", value.abs());
            let (_, power) = scientific.split_once('e')?;
            // Several places before the point hold a power of so many: `##0.0E+0` counts in thousands.
            let step = i32::try_from(places.max(1)).ok()?;
            let power = power.parse::<i32>().ok()?.div_euclid(step) * step;
            let mut mantissa = rounded(value.abs() / 10f64.powi(power), decimals, fixed)?;
            let mut power = power;
            // 9.99 is rounded to 10.
            if mantissa.split('.').next().is_some_and(|digits| digits.len() > step as usize) {
                power += step;
                mantissa = rounded(value.abs() / 10f64.powi(power), decimals, fixed)?;
            }
            let wanted =
                zeros(whole) + mantissa.len() - mantissa.find('.').unwrap_or(mantissa.len());
            let sign = match power {
                ..0 => "-",
                _ if plus => "+",
                _ => "",
            };
            format!("{mantissa:0>wanted$}E{sign}{:0count$}", power.abs(), count = count.min(4))
        }
        None => rounded(value.abs(), decimals, fixed)?,
    };
    if exponent.is_none() {
        let sign = value < 0.0 && shown.contains(|c: char| ('1'..='9').contains(&c));
        let (integer, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
        // Behind a place that is always filled, all are.
        let filled = whole.iter().skip_while(|t| !matches!(t, Token::Digit('0')));
        let wanted = filled.filter(|t| digits(t)).count().min(30);
        // A place for a digit that need not be there shows no zero: `#,###`, `"-"??`.
        let integer = match integer {
            "0" if wanted == 0 => String::new(),
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
            // Only the first parts the decimals from the rest.
            Token::Point => text.push('.'),
            _ => {}
        }
    }
    text
}

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
            (1.5, "# ?/?", "1 1/2"),
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
            (1e300, "0", "1E+300"),
            (0.0, r#"_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)"#, "-"),
            (0.0, "#,###", ""),
            (0.0, "#\"건\"", "건"),
            (0.0, "#,##0", "0"),
            (10.0, "#,###", "10"),
            (45292.75, "##0.0E+0", "45.3E+3"),
            (0.00012345, "##0.0E+0", "123.5E-6"),
            (999.96, "0.0E+0", "1.0E+3"),
            (999960.0, "##0.0E+0", "1.0E+6"),
            (1234.5, "0.0E-00", "1.2E03"),
            (1.0, "00.0E+0", "01.0E+0"),
            (1.0, "0.0##E+00", "1.0E+00"),
            (-3.0, "\"No. \"General", "-No. 3"),
            (1_234_567.0, r##""₩"#,##0"##, "₩1,234,567"),
            (-1_234_567.0, r##""₩"#,##0;[Red]\-"₩"#,##0"##, "-₩1,234,567"),
            (1_234_567.0, r##"_-"₩"* #,##0_-;\-"₩"* #,##0_-;_-"₩"* "-"_-;_-@_-"##, "₩1,234,567"),
            (1_234_567.0, r"[$\-412]#,##0", "₩1,234,567"),
            (5_012_345_678.0, "000-0000-0000", "050-1234-5678"),
            (50_512_345_678.0, "[<=9999999999]000-0000-0000;0000-0000-0000", "0505-1234-5678"),
            (2_012_345_678.0, "[<=999999999]00-000-0000;00-0000-0000", "20-1234-5678"),
            (1_012_345_678.0, "[<=9999999]###-####;(0##) ####-####", "(010) 1234-5678"),
            (101_011_234_567.0, "000000-0000000", "010101-1234567"),
            (1e15, "General", "1E+15"),
            (-2.5e17, "General", "-2.5E+17"),
            (123_456_789_012.0, "General", "123456789012"),
            (1_234_567_890_123_450.0, "General", "1234567890123450"),
            (1e-10, "General", "1E-10"),
            (1.2345e-5, "General", "0.000012345"),
            (1234.0, "G/표준\"개\"", "1234개"),
            (1234.0, "G/通用格式", "1234"),
            (150_000_000.0, r#"0!.0,"만""#, "15000.0만"),
            (-1234.0, "#,##0;△#,##0", "△1,234"),
            (-5.0, "[파랑]▲0;[빨강]▼0;-", "▼5"),
            (123_456_789.0, "####\"억\"####\"만\"####", "1억2345만6789"),
        ] {
            assert_eq!(formatted(value, code, false), shown, "{value} {code}");
        }
    }

    #[test]
    fn sections_are_chosen_by_their_conditions() {
        for (value, code, shown) in [
            (500.0, "[Red][<100]0;[Blue]0.0", "500.0"),
            (50.0, r#"[<100]"작음";[<1000]"중간";"큼""#, "작음"),
            (500.0, r#"[<100]"작음";[<1000]"중간";"큼""#, "중간"),
            (5000.0, r#"[<100]"작음";[<1000]"중간";"큼""#, "큼"),
            (-5.0, "[<0]0.0;0", "5.0"),
            (-5.0, "[<=10]0.0;0", "-5.0"),
            (-5.0, "[>100]0;0.0;0.00", "5.0"),
            (5.0, "[>100]0;0.0;0.00", "5.00"),
            (0.0, "[>100]0;0.0;0.00", "0.00"),
            (2.0, r#"[=1]"남";[=2]"여";"?""#, "여"),
            (3.0, r#"[=1]"남";[=2]"여""#, "3"),
            (1.0, r#"[<>0]"있음";"없음""#, "있음"),
            (-3.0, r##"[>=1000]#,##0"천";[Red][<0]-0;0"##, "-3"),
            (0.0, "0.00;-0.00;@", "0.00"),
            (5.0, "0;@", "5"),
            (0.0, "0;-0;;@", ""),
            (5.0, "0\"[\"", "5["),
            (7.0, "\\[0", "[7"),
        ] {
            assert_eq!(formatted(value, code, false), shown, "{value} {code}");
        }
    }

    #[test]
    fn texts_as_a_person_sees_them() {
        for (text, code, shown) in [
            ("홍길동", r#"@"님""#, "홍길동님"),
            ("홍길동", "0;-0;0;\"수신: \"@", "수신: 홍길동"),
            ("홍길동", "@", "홍길동"),
            ("홍길동", "General", "홍길동"),
            ("홍길동", ";;;", "홍길동"),
            ("홍길동", "0\"@\"", "홍길동"),
            ("홍길동", "_-@_-", " 홍길동 "),
        ] {
            assert_eq!(formatted_text(text, code), shown, "{code}");
        }
    }

    #[test]
    fn numerals_of_korea() {
        for (value, code, shown) in [
            (1234.0, "[DBNum1][$-412]General", "一千二百三十四"),
            (1001.0, "[DBNum2][$-412]General", "壹阡零壹"),
            (1_234_567.0, "[DBNum2][$-412]General", "壹佰貳拾參萬四阡伍佰六拾七"),
            (123_456_789.0, "[DBNum3][$-412]General", "1억2천3백4십5만6천7백8십9"),
            (123_456_789.0, "[DBNum4][$-412]General", "일억이천삼백사십오만육천칠백팔십구"),
            (100_010_000.0, "[DBNum4]General", "일억일만"),
            (12_500_000.0, r#""금 "[DBNum4][$-412]General"원정""#, "금 일천이백오십만원정"),
            (0.0, "[DBNum4]General", "영"),
            (-12.0, "[DBNum4]General", "-일십이"),
            (3.25, "[DBNum4]General", "삼점이오"),
            (1234.0, "[DBNum4][$-412]0", "일이삼사"),
            (1e20, "[DBNum4]General", "1E+20"),
            (1234.0, "[DBNum1][$-804]General", "1234"),
            (45292.0, r#"[DBNum4][$-412]yyyy"년" m"월""#, "2024년 1월"),
        ] {
            assert_eq!(formatted(value, code, false), shown, "{value} {code}");
        }
    }

    #[test]
    fn fractions_as_a_person_sees_them() {
        for (value, code, shown) in [
            (3.5, "# ?/?", "3 1/2"),
            (0.5, "# ?/?", "1/2"),
            (0.5, "0 ?/?", "0 1/2"),
            (-0.25, "# ?/?", "-1/4"),
            (0.0, "# ?/?", "0"),
            (3.0, "# ??/??", "3"),
            (0.96, "# ?/?", "1"),
            (2.04, "# ?/?", "2"),
            (1.0 / 3.0, "# ?/?", "1/3"),
            (123.45, "# ?/?", "123 4/9"),
            (std::f64::consts::PI, "# ??/??", "3 1/7"),
            (std::f64::consts::PI, "# ???/???", "3 16/113"),
            (3.5, "# ?/8", "3 4/8"),
            (3.03, "# ??/100", "3 3/100"),
            (2.5, "?/?", "5/2"),
            (1.25, "# ?/?\"컵\"", "1 1/4컵"),
            (-1.5, "# ?/?;(# ?/?)", "(1 1/2)"),
            (12.0, "0\"/\"0", "1/2"),
            (1.0, "\"가\"/\"나\"", "가/나"),
            (1e300, "# ?/?", "1E+300"),
            (0.5, "?/", "0.5"),
            (0.5, built_in(13), "1/2"),
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
            (59.0, "yyyy-mm-dd aaa", "1900-02-28 화"),
            (60.0, "yyyy-mm-dd aaa", "1900-02-29 수"),
            (61.0, "yyyy-mm-dd aaa", "1900-03-01 목"),
            (0.000_011_574, "mm:ss.000", "00:01.000"),
            (3e6, "yyyy-mm-dd", "3000000"),
            (-1.0, "yyyy-mm-dd", "-1"),
            (45292.0, "e-mm-dd", "2024-01-01"),
            (0.5, "[mm]:ss", "720:00"),
            (0.0, "[hh]:mm", "00:00"),
            (0.00012345, "mm:ss.0", "00:10.7"),
            (45292.75, "오전/오후 h:mm", "오후 6:00"),
            (45292.75, "[$-412]AM/PM h:mm", "오후 6:00"),
            (45292.25, "h:mm A/P", "6:00 A"),
            (45292.0, r#"[$-412]yyyy"년" mmmm d"일" dddd"#, "2024년 1월 1일 월요일"),
            (45292.0, "[$-409]d-mmm-yy", "1-Jan-24"),
            (45292.0, r#"[$-1000412]yyyy"년" m"월" d"일";@"#, "2024년 1월 1일"),
            (45292.0, "yyyy-mm-dd(aaa)", "2024-01-01(월)"),
            (45292.0, r"[$-F800]dddd\,\ mmmm\ dd\,\ yyyy", "2024년 1월 1일 월요일"),
            (45292.6, r"[$-F400]h:mm:ss\ AM/PM", "오후 2:24:00"),
            (45292.0, r#"[$-411]ggge"年"m"月"d"日""#, "2024年1月1日"),
            (1.25, r#"d"일" h"시간""#, "1일 6시간"),
            (-0.5, "[h]:mm", "-12:00"),
            (0.0006944, r#"[m]"분" s"초""#, "1분 0초"),
            (1.999999, "[h]:mm", "48:00"),
            (100.0, r#"[hh]"시간" [mm]"분""#, "2400시간 144000분"),
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
