/// The date that a code in the text shows (control 8): a picture of it, and year, month, day of the week, day, hour and
/// minute of the last time it was brought up to date. The picture has a sign for each part; `\` keeps the next as it is.
pub(super) fn date(picture: &str, parts: [u16; 6]) -> String {
    let [year, month, weekday, day, hour, minute] = parts;
    let picture = if picture.is_empty() { "1년 2월 3일" } else { picture };
    let mut shown = String::new();
    let mut signs = picture.chars();
    let mut wide = false;
    while let Some(sign) = signs.next() {
        let mut number = |n: u16, width: usize| {
            let width = if std::mem::take(&mut wide) { 2 } else { width };
            shown.push_str(&format!("{n:0width$}"));
        };
        match sign {
            '0' => wide = true,
            '1' => number(year, 4),
            '!' => number(year % 100, 1),
            '2' | '@' | '*' => number(month, 1),
            '3' | '#' => number(day, 1),
            '4' => number(if hour > 12 { hour - 12 } else { hour }, 1),
            '$' => number(hour, 1),
            '5' | '%' => number(minute, 1),
            '6' | '^' | '_' => {
                shown.extend("일월화수목금토".chars().nth(usize::from(weekday)));
            }
            '7' | '&' | '+' => shown.push_str(if hour >= 12 { "오후" } else { "오전" }),
            // The name of the file.
            '8' | '9' => {}
            '~' => drop(signs.next()),
            '\\' => shown.extend(signs.next()),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures() {
        let parts = [2026, 3, 4, 5, 15, 7];
        for (picture, shown) in [
            ("", "2026년 3월 5일"),
            ("1. 02. 03. (6)", "2026. 03. 05. (목)"),
            ("7 4시 05분 \\1", "오후 3시 07분 1"),
            ("$:%", "15:7"),
            ("8~6", ""),
        ] {
            assert_eq!(date(picture, parts), shown);
        }
    }
}
