//! Days and times in the number formats of spreadsheets.

use madang_document::civil_date::CivilDate;

use super::number_code::{Language, Token, tokens as pieces};

/// Day 0 is 1899-12-30, so that 1900-03-01 is day 61 as in Lotus 1-2-3, which took 1900 for a leap year;
/// days before it are one later, and day 60 is one that never was. ECMA-376 part 1, section 18.17.4.1.
pub(super) fn date(value: f64, tokens: &[Token], from_1904: bool) -> Option<String> {
    let language = tokens.iter().find_map(|t| match t {
        Token::Language(language) => Some(*language),
        _ => None,
    });
    match language {
        Some(Language::LocaleDate) => return drawn(value, &pieces(SYSTEM_DATE), from_1904),
        Some(Language::LocaleTime) => return drawn(value, &pieces(SYSTEM_TIME), from_1904),
        _ => {}
    }
    // What has elapsed may be less than nothing; a day may not.
    match value < 0.0 && tokens.iter().any(|t| matches!(t, Token::Elapsed(..))) {
        true => drawn(-value, tokens, from_1904).map(|shown| format!("-{shown}")),
        false => drawn(value, tokens, from_1904),
    }
}

/// How Korean systems write a date and a time.
const SYSTEM_DATE: &str = r#"[$-412]yyyy"년" m"월" d"일" dddd"#;
const SYSTEM_TIME: &str = "[$-412]AM/PM h:mm:ss";

fn drawn(value: f64, tokens: &[Token], from_1904: bool) -> Option<String> {
    // 9999-12-31 is the last day there is.
    if !(0.0..2_958_466.0).contains(&value) {
        return None;
    }
    // Times are rounded to what is shown of a second.
    let milliseconds = (value * 86_400_000.0).round() as i64;
    let digits = tokens.iter().filter(|t| matches!(t, Token::Digit('0'))).count();
    let unit = match digits {
        0 => 1000,
        1 => 100,
        2 => 10,
        _ => 1,
    };
    let milliseconds = (milliseconds + unit / 2) / unit * unit;
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
    let CivilDate { year, month, day } = match (from_1904, days) {
        (false, 60) => CivilDate { year: 1900, month: 2, day: 29 },
        _ => CivilDate::of_day(day_number),
    };
    // That day has moved those before it in the week, too.
    let of_week = day_number + 4 - i64::from(!from_1904 && days < 60);
    let weekday = usize::try_from(of_week.rem_euclid(7)).unwrap_or_default();
    let month_name = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).copied()?;
    let (english, korean) = WEEKDAYS.get(weekday).copied()?;
    let half_day = tokens.iter().any(|t| matches!(t, Token::Noon(..)));
    let is_korean = tokens.iter().any(|t| matches!(t, Token::Language(Language::Korean)));
    let mut text = String::new();
    let mut after_hour = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Date(run) => {
                let length = run.len();
                let following =
                    tokens.get(at + 1..).unwrap_or_default().iter().find_map(|t| match t {
                        Token::Date(run) => run.chars().next(),
                        Token::Elapsed(unit, _) => Some(*unit),
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
                    'm' if is_korean && length == 3 => month.to_string(),
                    'm' if is_korean => format!("{month}월"),
                    'm' if length == 3 => month_name.get(..3)?.to_owned(),
                    'm' if length == 5 => month_name.get(..1)?.to_owned(),
                    'm' => month_name.to_owned(),
                    'd' if length <= 2 => padded(day),
                    'd' if is_korean && length == 3 => korean.to_owned(),
                    'd' if is_korean => format!("{korean}요일"),
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
            Token::Elapsed(unit, width) => {
                let per = match unit {
                    'h' => 3_600_000,
                    'm' => 60_000,
                    _ => 1000,
                };
                text.push_str(&format!("{:0width$}", milliseconds / per));
                after_hour = *unit == 'h';
            }
            Token::Noon(am, pm) => text.push_str(match (is_korean, hour < 12) {
                (true, true) => "오전",
                (true, false) => "오후",
                (false, true) => am,
                (false, false) => pm,
            }),
            Token::Literal(literal) => text.push_str(literal),
            Token::Point => text.push('.'),
            Token::Comma => text.push(','),
            Token::Slash => text.push('/'),
            // `ss.000`: tenths, hundredths, thousandths in turn.
            Token::Digit('0') => {
                let before = tokens.get(..at)?.iter().rev();
                let place = before.take_while(|t| matches!(t, Token::Digit(_))).count();
                let all = format!("{millisecond:03}");
                text.push_str(all.get(place..place + 1).unwrap_or("0"));
            }
            Token::Digit(_)
            | Token::Percent
            | Token::Exponent(..)
            | Token::General
            | Token::Language(_)
            | Token::Numerals(_) => {}
        }
    }
    Some(text)
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
