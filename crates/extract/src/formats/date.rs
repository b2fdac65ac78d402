//! Dates in the notations of the formats, all written as RFC 3339. A time without an offset stays without one:
//! nobody knows in which place the clock stood.

use madang_document::timestamp::Timestamp;

/// Year, month, day, hour, minute and second as RFC 3339, `offset` behind them; none if there is no such day or time.
pub(super) fn rfc3339(
    [year, month, day, hour, minute, second]: [u32; 6],
    offset: &str,
) -> Option<String> {
    let sane = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    sane.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}"))
}

/// `+09:00`, `+09'00'` or `Z` as RFC 3339 has it; nothing if the text is no offset.
pub(super) fn offset(text: &str) -> String {
    let text = text.trim();
    if text.starts_with('Z') {
        return "Z".into();
    }
    let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) else {
        return String::new();
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).take(4).collect();
    let minutes = digits.get(2..4).unwrap_or("00");
    match digits.get(..2) {
        Some(hours) if hours < "24" && minutes < "60" => format!("{sign}{hours}:{minutes}"),
        _ => String::new(),
    }
}

/// A date as ISO 8601 writes it, in the profile of XML Schema and W3CDTF; none if it is not one. A bare year or month
/// is none either: RFC 3339 wants at least the day.
pub(crate) fn iso8601(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_date = text.len() >= 10
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "-:.TZ+".contains(c));
    is_date.then_some(text)
}

/// A date such as `D:20240131093000+09'00'` (ISO 32000-1, section 7.9.4); the parts after the year are optional. Other
/// notations that writers put in its place are read, too.
pub(super) fn pdf(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("D:").trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = text.split_at(digits);
    if digits.len() <= 4 && !zone.is_empty() {
        return parted(text).or_else(|| mail(text));
    }
    digits.get(..4)?;
    // Writers that counted the years from 1900 on put 19100 for 2000; without that, the digits come in pairs.
    let years = digits.get(2..5).filter(|_| digits.starts_with("191") && digits.len() % 2 == 1);
    let years = years.and_then(|years| years.parse::<u32>().ok()).zip(digits.get(5..));
    let mended = years.map(|(years, rest)| format!("{}{rest}", 1900 + years));
    let digits = mended.as_deref().unwrap_or(digits);
    let part = |from: usize, length: usize, default: u32| match digits.get(from..from + length) {
        Some(part) => part.parse().unwrap_or(default),
        None => default,
    };
    let (year, month, day) = (part(0, 4, 0), part(4, 2, 1), part(6, 2, 1));
    rfc3339([year, month, day, part(8, 2, 0), part(10, 2, 0), part(12, 2, 0)], &offset(zone))
}

/// A date whose numbers are parted, the year first: `2024-01-31T09:30:00+09:00`, `2024. 1. 31.`.
fn parted(text: &str) -> Option<String> {
    const SIGNS: [&[char]; 5] = [&['-', '/', '.'], &['-', '/', '.'], &['T', ' '], &[':'], &[':']];
    let mut parts = [0; 6];
    let (mut count, mut rest) = (0, text);
    for place in &mut parts {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length != if count == 0 { 4 } else { length.clamp(1, 2) } {
            return None;
        }
        let (number, behind) = rest.split_at(length);
        *place = number.parse().ok()?;
        count += 1;
        rest = if count == 3 { behind.trim_start_matches('.') } else { behind };
        let Some(behind) = SIGNS.get(count - 1).and_then(|signs| rest.strip_prefix(*signs)) else {
            break;
        };
        rest = behind.trim_start();
    }
    // What follows may be a fraction of the second, and an offset, but no half of the day.
    if count == 6
        && let Some(fraction) = rest.strip_prefix('.')
    {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let is_offset = rest.trim().is_empty() || rest.trim().starts_with(['Z', '+', '-']);
    (is_offset && matches!(count, 3 | 5 | 6)).then(|| rfc3339(parts, &offset(rest)))?
}

/// The date of a mail (RFC 5322, sections 3.3 and 4.3), also as old and careless mailers write it: with a year of two digits, a zone
/// by its name, in the order of `ctime` of C, in that of ISO 8601, or in Korean.
pub(super) fn mail(text: &str) -> Option<String> {
    let mut date = MailDate::default();
    for word in without_comments(text).split([' ', ',', '\t', '\r', '\n']) {
        // The date and the time of ISO 8601 are one word.
        match word.split_once('T').filter(|(day, _)| day.ends_with(|c: char| c.is_ascii_digit())) {
            Some((day, time)) => {
                date.word(day);
                date.word(time);
            }
            None => date.word(word),
        }
    }
    date.rfc3339()
}

/// Comments of mails stand in brackets, also within one another.
fn without_comments(text: &str) -> String {
    let mut depth = 0usize;
    let outside = |c: &char| {
        let before = depth;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before == 0 && depth == 0
    };
    text.chars().filter(outside).collect()
}

/// What the words of a mail's date have said so far.
#[derive(Debug, Default)]
struct MailDate {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    /// Hour, minute and second.
    clock: Option<[u32; 3]>,
    is_afternoon: Option<bool>,
    zone: String,
}

impl MailDate {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];

    /// The zones that RFC 5322 names, and those of our neighbours. `CST` is that of America there.
    const ZONES: [(&str, &str); 17] = [
        ("z", "Z"),
        ("ut", "Z"),
        ("utc", "Z"),
        ("gmt", "Z"),
        ("kst", "+09:00"),
        ("kdt", "+10:00"),
        ("jst", "+09:00"),
        ("est", "-05:00"),
        ("edt", "-04:00"),
        ("cst", "-06:00"),
        ("cdt", "-05:00"),
        ("mst", "-07:00"),
        ("mdt", "-06:00"),
        ("pst", "-08:00"),
        ("pdt", "-07:00"),
        ("cet", "+01:00"),
        ("cest", "+02:00"),
    ];

    fn word(&mut self, word: &str) {
        let number = |text: &str| {
            let is_number =
                (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u32>().ok()).flatten()
        };
        if let Some(number) = number(word) {
            self.number(number, word.len());
        } else if word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) {
            let (clock, zone) = word.split_at(word.find(['+', '-', 'Z']).unwrap_or(word.len()));
            let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
            let mut parts = clock.split(':').map(number);
            // A leap second is told as the one before it.
            if let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) {
                let second = parts.next().flatten().unwrap_or_default().min(59);
                self.clock = Some([hour, minute, second]);
            }
            self.zone(zone);
        } else if word.starts_with(['+', '-']) {
            self.zone(word);
        } else if let Ok(parts) =
            <[&str; 3]>::try_from(word.split(['-', '/', '.']).collect::<Vec<_>>())
        {
            match parts.map(number) {
                // Of three numbers only a year in front tells their order.
                [Some(year), Some(month), Some(day)] if year > 999 => {
                    (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
                }
                [Some(_), None, Some(_)] => parts.iter().for_each(|part| self.word(part)),
                _ => {}
            }
        } else if let Some(year) = word.strip_suffix('년').and_then(number) {
            self.year = Some(year);
        } else if let Some(month) = word.strip_suffix('월').and_then(number) {
            self.month = Some(month);
        } else if let Some(day) = word.strip_suffix('일').and_then(number) {
            self.day = Some(day);
        } else {
            self.name(&word.to_lowercase());
        }
    }

    /// The day stands before the year, unless the year has four digits.
    fn number(&mut self, number: u32, digits: usize) {
        match (digits, self.day) {
            (1 | 2, None) => self.day = Some(number),
            // RFC 5322, section 4.3; programs of before 2000 wrote 19 before the years since 1900.
            (1 | 2, Some(_)) if number < 50 => self.year = Some(2000 + number),
            (2 | 3, _) => self.year = Some(1900 + number),
            (5, _) if (19_100..19_200).contains(&number) => self.year = Some(number - 17_100),
            (4, _) => self.year = Some(number),
            _ => {}
        }
    }

    fn name(&mut self, name: &str) {
        let is_month = |month: &&str| name.len() >= 3 && month.starts_with(name);
        if let Some(month) = MailDate::MONTHS.iter().position(is_month) {
            self.month = u32::try_from(month + 1).ok();
        } else if matches!(name, "am" | "오전") {
            self.is_afternoon = Some(false);
        } else if matches!(name, "pm" | "오후") {
            self.is_afternoon = Some(true);
        } else if self.zone.is_empty() && self.clock.is_some() {
            let zone = MailDate::ZONES.iter().find(|(known, _)| *known == name);
            self.zone = zone.map(|(_, offset)| (*offset).to_owned()).unwrap_or_default();
        }
    }

    fn zone(&mut self, text: &str) {
        let zone = offset(text);
        self.zone = if matches!(zone.as_str(), "+00:00" | "-00:00") { "Z".into() } else { zone };
    }

    fn rfc3339(self) -> Option<String> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        let Some([hour, minute, second]) = self.clock else {
            return rfc3339([year, month, day, 0, 0, 0], "")?.get(..10).map(str::to_owned);
        };
        let hour = match self.is_afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        rfc3339([year, month, day, hour, minute, second], &self.zone)
    }
}

/// A date such as `2024:01:31 09:30:00` (CIPA DC-008, tag DateTime) with the text of its tag of the offset.
pub(super) fn exif(text: &str, zone: &str) -> Option<String> {
    // Some writers part the day by other signs, or leave the seconds away.
    let mut numbers = text.trim().split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    let day = [next()?, next()?, next()?];
    let time = [next()?, next()?, next().unwrap_or(0)];
    let ([year, month, day], [hour, minute, second]) = (day, time);
    rfc3339([year, month, day, hour, minute, second], &offset(zone))
}

/// 100 ns since 1601 (MS-DTYP section 2.3.3). Zero and times before 1980 are a field that was never set.
pub(super) fn filetime(ticks: u64) -> Option<Timestamp> {
    const TO_1970: i64 = 11_644_473_600_000;
    const FROM_1980: i64 = 315_532_800_000;
    const TO_2200: i64 = 7_258_118_400_000;
    let ms = i64::try_from(ticks / 10_000).ok()? - TO_1970;
    (FROM_1980..TO_2200).contains(&ms).then_some(Timestamp(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_as_people_write_them() {
        for (text, expected) in [
            ("D:20240131093000+09'00'", Some("2024-01-31T09:30:00+09:00")),
            ("D:20240131093000Z", Some("2024-01-31T09:30:00Z")),
            ("D:20240131093000Z00'00'", Some("2024-01-31T09:30:00Z")),
            ("D:20240131093000+99'00'", Some("2024-01-31T09:30:00")),
            ("20240131", Some("2024-01-31T00:00:00")),
            ("D:2024", Some("2024-01-01T00:00:00")),
            ("D:20241331", None),
            ("Mon Jan 1", None),
            // Years that were counted from 1900 on.
            ("D:191260302090000", Some("2026-03-02T09:00:00")),
            ("D:191000302", Some("2000-03-02T00:00:00")),
            ("D:19110302", Some("1911-03-02T00:00:00")),
            ("2026-03-02T09:00:00+09:00", Some("2026-03-02T09:00:00+09:00")),
            ("2026-03-02T09:00:00.123Z", Some("2026-03-02T09:00:00Z")),
            ("D:2026-03-02", Some("2026-03-02T00:00:00")),
            ("2026/3/2 9:05", Some("2026-03-02T09:05:00")),
            ("2026. 3. 2. 09:00:00", Some("2026-03-02T09:00:00")),
            ("2026-03-02 3:00:00 PM", Some("2026-03-02T15:00:00")),
            ("2026-03'00'", None),
            ("Mon Mar 02 09:00:00 2026", Some("2026-03-02T09:00:00")),
            ("Mon Mar  2 09:00:00 KST 2026", Some("2026-03-02T09:00:00+09:00")),
            ("Mon, 02 Mar 2026 09:00:00 +0900", Some("2026-03-02T09:00:00+09:00")),
            ("2 March 2026", Some("2026-03-02")),
            ("Monday", None),
        ] {
            assert_eq!(pdf(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn reads_the_dates_of_mailers_old_and_careless() {
        for (text, expected) in [
            ("Mon, 02 Mar 2026 09:00:00 +0900", Some("2026-03-02T09:00:00+09:00")),
            ("Mon, 2 Mar 2026 09:00:00 +0900 (KST)", Some("2026-03-02T09:00:00+09:00")),
            ("Mon, 2 Mar 26 09:00 KST", Some("2026-03-02T09:00:00+09:00")),
            ("2 March 126 09:00:60 GMT", Some("2026-03-02T09:00:59Z")),
            ("Mon, 02 Mar 19126 09:00 +0000", Some("2026-03-02T09:00:00Z")),
            ("Wed, 02 Mar 99 09:00:00 EST", Some("1999-03-02T09:00:00-05:00")),
            ("Mon Mar  2 09:00:00 2026", Some("2026-03-02T09:00:00")),
            ("Mon Mar  2 09:00:00 KST 2026", Some("2026-03-02T09:00:00+09:00")),
            ("2-Mar-2026 09:00", Some("2026-03-02T09:00:00")),
            ("2026-03-02 09:00:00", Some("2026-03-02T09:00:00")),
            ("2026-03-02T09:00:00.5+09:00", Some("2026-03-02T09:00:00+09:00")),
            ("2026/03/02", Some("2026-03-02")),
            ("2026년 3월 2일 월요일 오후 9:05", Some("2026-03-02T21:05:00")),
            ("Mon, 2 Mar 2026 12:30:00 AM", Some("2026-03-02T00:30:00")),
            ("02/03/2026 09:00", None),
            ("Mon, 32 Mar 2026 09:00:00 +0900", None),
            ("Tue, 2 (Mar 2026", None),
            ("soon", None),
        ] {
            assert_eq!(mail(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn reads_the_dates_of_cameras() {
        for (text, zone, expected) in [
            ("2024:01:31 09:30:00", "+09:00", Some("2024-01-31T09:30:00+09:00")),
            ("2024:01:31 09:30:00 ", "", Some("2024-01-31T09:30:00")),
            ("0000:00:00 00:00:00", "", None),
            ("2024:13:31 09:30:00", "", None),
        ] {
            assert_eq!(exif(text, zone).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn tells_dates_from_words() {
        for (text, is_date) in [
            ("2024-01-31T09:30:00+09:00", true),
            (" 2024-01-31 ", true),
            ("2024-01-31T09:30:00.123Z", true),
            ("2024", false),
            ("31 January 2024", false),
            ("2024년 1월 31일", false),
        ] {
            assert_eq!(iso8601(text).is_some(), is_date, "{text}");
        }
    }
    #[test]
    fn times_of_windows_count_from_1601() {
        for (ticks, time) in [
            (133_537_254_000_000_000, Some("2024-03-01T00:10:00Z")),
            // Not set, long before there was Windows, and Outlook's word for never: the end of the year 4500.
            (0, None),
            (10_000_000, None),
            (915_151_392_000_000_000, None),
            (u64::MAX, None),
        ] {
            assert_eq!(filetime(ticks).map(|time| time.to_string()).as_deref(), time, "{ticks}");
        }
    }
}
