//! A row of a SQLite database (file format, 2.1).

use crate::encoding::decode;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nothing,
    Whole(i64),
    Real(f64),
    Text(String),
    /// Bytes of no known meaning.
    Bytes,
}

/// How the texts of a database are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// A number of one to nine bytes, and how many these are.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0u64;
    for (n, byte) in bytes.iter().take(9).enumerate() {
        if n == 8 {
            return Some((number << 8 | u64::from(*byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((number, n + 1));
        }
    }
    None
}

/// The values of a row, as far as its bytes go.
pub(super) fn read(bytes: &[u8], letters: Letters) -> Vec<Value> {
    /// SQLite allows 32,767 columns.
    const MOST: usize = 32_767;
    let Some((length, at)) = varint(bytes) else { return Vec::new() };
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    let mut kinds = bytes.get(at..length).unwrap_or_default();
    let mut rest = bytes.get(length..).unwrap_or_default();
    let mut values = Vec::new();
    while let Some((kind, used)) = varint(kinds)
        && values.len() < MOST
    {
        kinds = kinds.get(used..).unwrap_or_default();
        let size = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            _ => kind.saturating_sub(12) / 2,
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        values.push(match kind {
            0 => Value::Nothing,
            8 => Value::Whole(0),
            9 => Value::Whole(1),
            1..=6 => Value::Whole(whole(piece)),
            7 => Value::Real(f64::from_bits(u64::from_be_bytes(whole(piece).to_be_bytes()))),
            kind if kind % 2 == 1 => Value::Text(text(piece, letters)),
            _ => Value::Bytes,
        });
    }
    values
}

fn whole(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|b| *b >= 0x80);
    let start = if negative { -1 } else { 0 };
    bytes.iter().fold(start, |number: i64, byte| number << 8 | i64::from(*byte))
}

fn text(bytes: &[u8], letters: Letters) -> String {
    match letters {
        Letters::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned(),
        Letters::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling(bytes).0.into_owned(),
        // Programs have put CP949 where UTF-8 was to be.
        Letters::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => decode(bytes).text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts() {
        assert_eq!(varint(&[0x81, 0x00]), Some((128, 2)));
        assert_eq!(varint(&[0xFF; 9]), Some((u64::MAX, 9)));
        assert_eq!(varint(&[0x80]), None);
        let row =
            [6, 1, 9, 0, 7, 17, 0xFE, 0x40, 0x09, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18, b'a', b'b'];
        let values = read(&row, Letters::Utf8);
        let expected = [
            Value::Whole(-2),
            Value::Whole(1),
            Value::Nothing,
            Value::Real(std::f64::consts::PI),
            Value::Text("ab".into()),
        ];
        assert_eq!(values, expected);
        assert_eq!(read(&[9, 200, 200], Letters::Utf8), []);
    }
}
