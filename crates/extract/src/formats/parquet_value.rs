//! What the values of a column of Parquet mean (LogicalTypes.md of its specification).

use madang_document::civil_date::CivilDate;
use madang_document::clock_time::ClockTime;

use super::thrift::Item;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Text,
    Json,
    /// With so many digits behind the point; as a number, or as bytes whose last is the lowest.
    Decimal {
        scale: u32,
        is_bytes: bool,
    },
    Date,
    /// So many in a second.
    Time(i64),
    Timestamp(i64),
    Boolean,
    Int32,
    Int64,
    Unsigned,
    /// The old timestamps of Hadoop.
    Int96,
    Float,
    Double,
    Uuid,
    Bytes,
    FixedBytes,
    Group,
}

impl Meaning {
    /// That of an element of the schema.
    pub(super) fn of(element: &Item<'_>) -> Meaning {
        let logical = |number| element.field(10).and_then(|logical| logical.field(number));
        let per_second = |logical: Option<&Item<'_>>, milli: bool| {
            let unit = logical.and_then(|logical| logical.field(2));
            match unit {
                Some(unit) if unit.field(1).is_some() => 1_000,
                Some(unit) if unit.field(2).is_some() => 1_000_000,
                Some(unit) if unit.field(3).is_some() => 1_000_000_000,
                _ if milli => 1_000,
                _ => 1_000_000,
            }
        };
        let is_signed = || logical(10).is_none_or(|number| number.whole(2) != Some(0));
        let decimal = || {
            let scale = logical(5).and_then(|decimal| decimal.whole(1));
            let scale = scale.or_else(|| element.whole(7)).unwrap_or_default();
            let is_bytes = matches!(element.whole(1), Some(6 | 7));
            Meaning::Decimal { scale: u32::try_from(scale).unwrap_or_default(), is_bytes }
        };
        match (element.whole(6), element.whole(1)) {
            (Some(0 | 4), _) => Meaning::Text,
            (Some(5), _) => decimal(),
            (Some(6), _) => Meaning::Date,
            (Some(kind @ (7 | 8)), _) => Meaning::Time(per_second(logical(7), kind == 7)),
            (Some(kind @ (9 | 10)), _) => Meaning::Timestamp(per_second(logical(8), kind == 9)),
            (Some(11..=14), _) => Meaning::Unsigned,
            (Some(19), _) => Meaning::Json,
            // The newer notation of the same: a struct whose only field says which.
            (_, Some(6)) if logical(1).is_some() || logical(4).is_some() => Meaning::Text,
            (_, Some(6)) if logical(11).is_some() => Meaning::Json,
            (_, Some(_)) if logical(5).is_some() => decimal(),
            (_, Some(1)) if logical(6).is_some() => Meaning::Date,
            (_, Some(1 | 2)) if logical(7).is_some() => {
                Meaning::Time(per_second(logical(7), false))
            }
            (_, Some(2)) if logical(8).is_some() => {
                Meaning::Timestamp(per_second(logical(8), false))
            }
            (_, Some(7)) if logical(14).is_some() => Meaning::Uuid,
            (_, Some(1 | 2)) if !is_signed() => Meaning::Unsigned,
            (_, Some(0)) => Meaning::Boolean,
            (_, Some(1)) => Meaning::Int32,
            (_, Some(2)) => Meaning::Int64,
            (_, Some(3)) => Meaning::Int96,
            (_, Some(4)) => Meaning::Float,
            (_, Some(5)) => Meaning::Double,
            (_, Some(6)) => Meaning::Bytes,
            (_, Some(7)) => Meaning::FixedBytes,
            _ => Meaning::Group,
        }
    }

    /// Whether the values are texts.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Meaning::Text | Meaning::Json)
    }

    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Meaning::Text => "string",
            Meaning::Json => "json",
            Meaning::Decimal { .. } => "decimal",
            Meaning::Date => "date",
            Meaning::Time(_) => "time",
            Meaning::Timestamp(_) => "timestamp",
            Meaning::Boolean => "boolean",
            Meaning::Int32 => "int32",
            Meaning::Int64 => "int64",
            Meaning::Unsigned => "unsigned",
            Meaning::Int96 => "int96",
            Meaning::Float => "float",
            Meaning::Double => "double",
            Meaning::Uuid => "uuid",
            Meaning::Bytes => "bytes",
            Meaning::FixedBytes => "fixed bytes",
            Meaning::Group => "group",
        }
    }

    /// A value as text; none for bytes that are no text.
    pub(super) fn shown(self, bytes: &[u8]) -> Option<String> {
        let whole = || {
            let filled = |length: usize| {
                let negative = bytes.last().is_some_and(|last| *last >= 0x80);
                let filler = if negative { 0xFF } else { 0 };
                let mut all = [filler; 8];
                all.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                (bytes.len() == length).then(|| i64::from_le_bytes(all))
            };
            filled(4).or_else(|| filled(8))
        };
        Some(match self {
            Meaning::Text | Meaning::Json => {
                let text = std::str::from_utf8(bytes).ok()?;
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Meaning::Int32 | Meaning::Int64 => whole()?.to_string(),
            Meaning::Unsigned => match bytes.len() {
                4 => u32::from_le_bytes(bytes.try_into().ok()?).to_string(),
                _ => u64::from_le_bytes(bytes.try_into().ok()?).to_string(),
            },
            Meaning::Decimal { scale, is_bytes: false } => pointed(whole()?.into(), scale)?,
            Meaning::Decimal { scale, is_bytes: true } => {
                let negative = bytes.first().is_some_and(|first| *first >= 0x80);
                let start = if negative { -1i128 } else { 0 };
                if bytes.len() > 16 {
                    return None;
                }
                let add = |all: i128, byte: &u8| all << 8 | i128::from(*byte);
                pointed(bytes.iter().fold(start, add), scale)?
            }
            Meaning::Float => {
                let number = f32::from_le_bytes(bytes.try_into().ok()?);
                if is_plain(number.into()) { number.to_string() } else { format!("{number:e}") }
            }
            Meaning::Double => {
                let number = f64::from_le_bytes(bytes.try_into().ok()?);
                if is_plain(number) { number.to_string() } else { format!("{number:e}") }
            }
            Meaning::Boolean => (bytes.first()? & 1 == 1).to_string(),
            Meaning::Date => date(whole()?)?,
            Meaning::Time(per_second) => time(whole()?, per_second)?,
            Meaning::Timestamp(per_second) => timestamp(whole()?, per_second)?,
            Meaning::Int96 => {
                let (nanos, day) = bytes.split_first_chunk()?;
                let day = i64::from(u32::from_le_bytes(day.try_into().ok()?));
                const DAY_OF_1970: i64 = 2_440_588;
                let seconds =
                    (day - DAY_OF_1970).checked_mul(86_400)?.checked_mul(1_000_000_000)?;
                timestamp(seconds.checked_add(i64::from_le_bytes(*nanos))?, 1_000_000_000)?
            }
            Meaning::Uuid => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let part = |from: usize, to: usize| hex.get(from..to);
                let parts =
                    [part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?];
                parts.join("-")
            }
            Meaning::Bytes | Meaning::FixedBytes | Meaning::Group => return None,
        })
    }
}

/// Whether a number is written without an exponent.
fn is_plain(number: f64) -> bool {
    number == 0.0 || !number.is_finite() || (1e-5..1e16).contains(&number.abs())
}

/// A number of which the last digits stand behind the point.
fn pointed(number: i128, scale: u32) -> Option<String> {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "-" } else { "" };
    let scale = usize::try_from(scale).ok().filter(|scale| *scale <= 64)?;
    if scale == 0 {
        return Some(format!("{sign}{digits}"));
    }
    let digits = format!("{digits:0>length$}", length = scale + 1);
    let (whole, part) = digits.split_at_checked(digits.len() - scale)?;
    Some(format!("{sign}{whole}.{part}"))
}

/// A day counted from 1970.
fn date(days: i64) -> Option<String> {
    let CivilDate { year, month, day } = CivilDate::of_day(days);
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// A time of the day, without what is nought behind its seconds; none before the day began.
fn time(count: i64, per_second: i64) -> Option<String> {
    let (seconds, part) = (count.div_euclid(per_second), count.rem_euclid(per_second));
    let clock = ClockTime::of_seconds(u64::try_from(seconds).ok()?).padded();
    if part == 0 {
        return Some(clock);
    }
    let digits = per_second.ilog10() as usize;
    let part = format!("{part:0>digits$}");
    Some(format!("{clock}.{}", part.trim_end_matches('0')))
}

/// A moment counted from 1970.
fn timestamp(count: i64, per_second: i64) -> Option<String> {
    let day = per_second.checked_mul(86_400)?;
    let of_day = time(count.rem_euclid(day), per_second)?;
    Some(format!("{} {of_day}", date(count.div_euclid(day))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_what_they_mean() {
        let bytes = |number: i64| number.to_le_bytes().to_vec();
        for (meaning, value, shown) in [
            (Meaning::Date, 0i32.to_le_bytes().to_vec(), Some("1970-01-01")),
            (Meaning::Date, 20_515i32.to_le_bytes().to_vec(), Some("2026-03-03")),
            (Meaning::Date, (-1i32).to_le_bytes().to_vec(), Some("1969-12-31")),
            (Meaning::Date, i32::MAX.to_le_bytes().to_vec(), None),
            (Meaning::Timestamp(1000), bytes(1_772_500_000_250), Some("2026-03-03 01:06:40.25")),
            (Meaning::Timestamp(1_000_000), bytes(-1), Some("1969-12-31 23:59:59.999999")),
            (
                Meaning::Timestamp(1_000_000_000),
                bytes(i64::MIN),
                Some("1677-09-21 00:12:43.145224192"),
            ),
            (Meaning::Time(1000), 3_723_000i32.to_le_bytes().to_vec(), Some("01:02:03")),
            (Meaning::Time(1000), (-1i32).to_le_bytes().to_vec(), None),
            (Meaning::Decimal { scale: 2, is_bytes: false }, bytes(-5), Some("-0.05")),
            (Meaning::Decimal { scale: 2, is_bytes: true }, vec![0xFF, 0x38], Some("-2.00")),
            (Meaning::Decimal { scale: 0, is_bytes: true }, vec![1, 0], Some("256")),
            (Meaning::Unsigned, u32::MAX.to_le_bytes().to_vec(), Some("4294967295")),
            (Meaning::Int32, (-7i32).to_le_bytes().to_vec(), Some("-7")),
            (Meaning::Boolean, vec![1], Some("true")),
            (Meaning::Double, 1e300f64.to_le_bytes().to_vec(), Some("1e300")),
            (Meaning::Double, 0.1f64.to_le_bytes().to_vec(), Some("0.1")),
            (Meaning::Float, 0.1f32.to_le_bytes().to_vec(), Some("0.1")),
            (Meaning::Float, f32::NAN.to_le_bytes().to_vec(), Some("NaN")),
            (Meaning::Text, "한\t글".into(), Some("한 글")),
            (Meaning::Text, vec![0xFF], None),
            (Meaning::Int64, vec![1, 2, 3], None),
            (Meaning::Bytes, b"text".to_vec(), None),
            (Meaning::Uuid, (0..16).collect(), Some("00010203-0405-0607-0809-0a0b0c0d0e0f")),
        ] {
            assert_eq!(meaning.shown(&value).as_deref(), shown, "{meaning:?} {value:?}");
        }
    }
}
