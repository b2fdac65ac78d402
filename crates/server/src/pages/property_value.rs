//! How the value of a property is written for people: with its unit, in the language of the page.

use madang_document::clock_time::ClockTime;
use madang_document::metadata::Value;
use madang_document::timestamp::Timestamp;

use crate::pages::words::{Words, minute};

/// How the value of a property is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// A moment, if it says so; a date or a time of no place stays as it is.
    Moment,
    /// The same, told by the clock of the place where it was: a photograph of an evening is of that day.
    LocalMoment,
    /// A span, told in seconds.
    Seconds,
    /// With a unit behind it.
    Unit(&'static str),
    /// Bits a second.
    Rate,
    /// The code of a language.
    Language,
    /// The name of a separator.
    Separator,
    /// A word of disclosure.
    Disclosure,
    /// A stream of sound or film, as in `audio:aac`.
    Stream,
    /// A part of a whole, from 0 to 1.
    Share,
    /// Numbers of pages.
    Numbers,
    /// Bits that say what a flash did.
    Flash,
    /// How a picture is turned before it is shown, as a number.
    Turn,
    /// The time for which light came in: a part of a second.
    Exposure,
    /// How pixels are packed.
    Packing,
    /// Which north a direction counts from.
    North,
}

use Form::{
    Disclosure, Exposure, Flash, Language, LocalMoment, Moment, North, Numbers, Packing, Plain,
    Rate, Seconds, Separator, Share, Stream, Turn, Unit,
};

/// Values of a list that are shown, and characters of a value.
const LIST: usize = 50;
const LONGEST: usize = 1000;

fn shortened(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// A value as people read it, no longer than a page bears.
pub(crate) fn written(words: Words, form: Form, value: &Value) -> String {
    shortened(whole(words, form, value))
}

fn whole(words: Words, form: Form, value: &Value) -> String {
    match value {
        Value::Bool(true) => words.say("예", "yes").to_owned(),
        Value::Bool(false) => words.say("아니요", "no").to_owned(),
        Value::Integer(n) => number(words, form, *n as f64, n.to_string()),
        Value::Number(n) => number(words, form, *n, n.to_string()),
        Value::Text(text) => match form {
            Moment => moment(text),
            LocalMoment => local_moment(text),
            Language => words.language(text).to_owned(),
            Separator => separator(words, text).to_owned(),
            Disclosure => disclosure(words, text).to_owned(),
            Stream => stream(words, text),
            Numbers => words.pages(text),
            North => north(words, text).to_owned(),
            Packing if text == "none" => words.say("없음", "none").to_owned(),
            Plain | Seconds | Unit(_) | Rate | Share | Flash | Turn | Exposure | Packing => {
                text.clone()
            }
        },
        Value::List(list) => {
            let some = list.iter().take(LIST).map(|value| match value {
                Value::List(inner) => format!("[{}]", inner.len()),
                other => whole(words, form, other),
            });
            let mut written = some.collect::<Vec<String>>().join(", ");
            if list.len() > LIST {
                written.push_str(", …");
            }
            written
        }
    }
}

fn number(words: Words, form: Form, n: f64, plain: String) -> String {
    match form {
        Unit(unit @ "°") => format!("{plain}{unit}"),
        Unit(unit) => format!("{plain} {unit}"),
        Rate => format!("{:.0} kbit/s", n / 1000.0),
        Seconds if n < 60.0 => format!("{plain}{}", words.say("초", " s")),
        Seconds => {
            // A cast of a number that is out of range saturates.
            ClockTime::of_seconds(n.round() as u64).short()
        }
        Share => format!("{:.0}%", n * 100.0),
        Exposure if n > 0.0 && n < 0.3 => {
            format!("1/{:.0}{}", 1.0 / n, words.say("초", " s"))
        }
        Exposure => format!("{plain}{}", words.say("초", " s")),
        Flash => flash(words, n as u64),
        Turn => turn(words, n as u64).map_or(plain, str::to_owned),
        Numbers => words.pages(&plain),
        Plain | Moment | LocalMoment | Language | Separator | Disclosure | Stream | Packing
        | North => plain,
    }
}

/// What a flash did, and why (EXIF 2.32, section 4.6.5, Flash).
fn flash(words: Words, bits: u64) -> String {
    if bits & 0b10_0000 != 0 {
        return words.say("플래시 없음", "no flash").to_owned();
    }
    let fired = match bits & 1 {
        1 => words.say("터짐", "fired"),
        _ => words.say("터지지 않음", "did not fire"),
    };
    let mode = match bits >> 3 & 0b11 {
        1 => words.say(" (강제로 켬)", " (always on)"),
        2 => words.say(" (꺼 둠)", " (off)"),
        3 => words.say(" (자동)", " (auto)"),
        _ => "",
    };
    format!("{fired}{mode}")
}

/// How a picture is turned before it is shown (EXIF 2.32, section 4.6.4, Orientation).
fn turn(words: Words, number: u64) -> Option<&'static str> {
    Some(match number {
        1 => words.say("그대로", "as it is"),
        2 => words.say("좌우로 뒤집음", "mirrored"),
        3 => words.say("180도 돌림", "turned by 180°"),
        4 => words.say("위아래로 뒤집음", "upside down, mirrored"),
        5 => words.say("좌우로 뒤집고 왼쪽으로 90도 돌림", "mirrored, turned left by 90°"),
        6 => words.say("오른쪽으로 90도 돌림", "turned right by 90°"),
        7 => words.say("좌우로 뒤집고 오른쪽으로 90도 돌림", "mirrored, turned right by 90°"),
        8 => words.say("왼쪽으로 90도 돌림", "turned left by 90°"),
        _ => return None,
    })
}

/// A moment in Korea; what names no moment (a date, a time without a place) as it is.
fn moment(text: &str) -> String {
    match Timestamp::parse(text) {
        Some(moment) => minute(moment),
        None => text.replacen('T', " ", 1),
    }
}

/// Offsets of which nobody is told: that of Korea, and that of whoever gives UTC and no place (RFC 3339, section 4.3).
const UNTOLD: [&str; 3] = ["+09:00", "+00:00", "-00:00"];

/// A moment by the clock of its place, with the distance of that from UTC, if it is another than Korea.
fn local_moment(text: &str) -> String {
    let place = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at));
    let place = place.filter(|(_, offset)| offset.starts_with(['+', '-']));
    match place.filter(|(_, offset)| !UNTOLD.contains(offset) && Timestamp::parse(text).is_some()) {
        Some((clock, offset)) => {
            let clock = clock.replacen('T', " ", 1);
            format!("{} (UTC{offset})", clock.get(..16).unwrap_or(&clock))
        }
        None => moment(text),
    }
}

fn north(words: Words, name: &str) -> &str {
    match name {
        "true" => words.say("진북(지도의 북쪽)", "true north"),
        "magnetic" => words.say("자북(나침반의 북쪽)", "magnetic north"),
        other => other,
    }
}

fn separator(words: Words, name: &str) -> &str {
    match name {
        "comma" => words.say("쉼표", "comma"),
        "semicolon" => words.say("쌍반점", "semicolon"),
        "tab" => words.say("탭", "tab"),
        "bar" => words.say("세로줄", "vertical bar"),
        other => other,
    }
}

/// The kind of a stream before the name of its codec.
fn stream(words: Words, text: &str) -> String {
    let Some((kind, codec)) = text.split_once(':') else { return text.to_owned() };
    let kind = match kind {
        "audio" => words.say("소리", "audio"),
        "video" => words.say("영상", "video"),
        "subtitle" => words.say("자막", "subtitle"),
        "cover" => words.say("표지", "cover"),
        "attachment" => words.say("첨부", "attachment"),
        "other" => words.say("기타", "other"),
        other => other,
    };
    match codec {
        // It holds something, and nobody knows how that is packed.
        "" | "none" | "unknown" => kind.to_owned(),
        codec => format!("{kind}: {codec}"),
    }
}

/// As 정보공개법 has it; what is no word of ours as it is.
fn disclosure(words: Words, word: &str) -> &str {
    match word {
        "public" => words.say("공개", "public"),
        "partial" => words.say("부분공개", "partial"),
        "closed" => words.say("비공개", "closed"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use madang_document::locale::Locale;

    use super::*;

    #[test]
    fn values_are_written_with_their_units() {
        let words = Words(Locale::Korean);
        for (form, value, expected) in [
            (Seconds, Value::Number(0.89), "0.89초"),
            (Seconds, Value::Integer(3723), "1:02:03"),
            (Rate, Value::Integer(127_010), "127 kbit/s"),
            (Unit("px"), Value::Integer(640), "640 px"),
            (Moment, Value::from("2026-03-05T10:00:00"), "2026-03-05 10:00:00"),
            (Moment, Value::from("2026-03-02"), "2026-03-02"),
            (Moment, Value::from("2026-03-05T23:10:00+09:00"), "2026-03-05 23:10"),
            (Moment, Value::from("2026-03-05T23:10:00Z"), "2026-03-06 08:10"),
            (Moment, Value::from("2026-03-05T23:10:07-07:00"), "2026-03-06 15:10"),
            (LocalMoment, Value::from("2026-03-05T23:10:07-07:00"), "2026-03-05 23:10 (UTC-07:00)"),
            (LocalMoment, Value::from("2026-03-05T23:10:07+00:00"), "2026-03-06 08:10"),
            (LocalMoment, Value::from("2026-03-05T23:10:00+09:00"), "2026-03-05 23:10"),
            (LocalMoment, Value::from("2026-03-05T23:10:00"), "2026-03-05 23:10:00"),
            (Language, Value::from("ko"), "한국어"),
            (Separator, Value::from("|"), "|"),
            (Stream, Value::from(vec!["video:h264", "audio:aac"]), "영상: h264, 소리: aac"),
            (Stream, Value::from("subtitle:subrip"), "자막: subrip"),
            (Stream, Value::from("other:none"), "기타"),
            (Exposure, Value::Number(0.016667), "1/60초"),
            (Exposure, Value::Number(0.0005), "1/2000초"),
            (Exposure, Value::Number(0.5), "0.5초"),
            (Exposure, Value::Integer(0), "0초"),
            (Flash, Value::Integer(16), "터지지 않음 (꺼 둠)"),
            (Flash, Value::Integer(25), "터짐 (자동)"),
            (Flash, Value::Integer(32), "플래시 없음"),
            (Turn, Value::Integer(6), "오른쪽으로 90도 돌림"),
            (Turn, Value::Integer(9), "9"),
            (Turn, Value::Integer(-1), "-1"),
            (Packing, Value::from("none"), "없음"),
            (Packing, Value::from("LZW"), "LZW"),
            (North, Value::from("magnetic"), "자북(나침반의 북쪽)"),
            (North, Value::from("T"), "T"),
            (Share, Value::Number(0.924), "92%"),
            (Share, Value::Integer(1), "100%"),
            (Numbers, Value::from("1"), "1쪽"),
            (Numbers, Value::from("1, 4"), "1쪽, 4쪽"),
            (Language, Value::from(vec!["fr", "kor", "en-US", "xx"]), "프랑스어, 한국어, 영어, xx"),
            (Plain, Value::from(vec!["가"; 51]), &("가, ".repeat(50) + "…")),
        ] {
            assert_eq!(written(words, form, &value), expected, "{form:?}");
        }
        assert_eq!(shortened("가".repeat(1001)).chars().count(), 1001);
    }
}
