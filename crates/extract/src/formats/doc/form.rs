use crate::formats::bytes::{piece, u16_at, u32_at};
use crate::formats::docx_field::FormValue;
use crate::formats::windows_text::wide;

/// Entries of a drop-down; Word takes 25.
const ENTRIES: u16 = 100;

/// The number that says that nothing was chosen.
const UNDEFINED: u16 = 25;

/// What was filled into the form field whose data lie here in the stream `Data` (MS-DOC, sections 2.9.158 and 2.9.78);
/// none if there is none, or if its value is its result.
pub(super) fn form(data: &[u8], at: u32) -> Option<FormValue> {
    let data = data.get(usize::try_from(at).ok()?..)?;
    let form = piece(data, usize::from(u16_at(data, 4)?), u32_at(data, 0)? as usize);
    if u32_at(form, 0)? != u32::MAX {
        return None;
    }
    let bits = u16_at(form, 4)?;
    let (kind, result) = (bits & 3, (bits >> 2) & 0x1F);
    if !matches!(kind, 1 | 2) {
        return None;
    }
    let name = behind_string(form, 10)?;
    let default = u16_at(form, name)?;
    let set = if result == UNDEFINED { default } else { result };
    if kind == 1 {
        return Some(FormValue::Ticked(set == 1));
    }
    // The format, the words of help and of the status line, and two macros.
    let mut at = name + 2;
    for _ in 0..5 {
        at = behind_string(form, at)?;
    }
    let count = u16_at(form, at + 2)?.min(ENTRIES);
    at += 6;
    for _ in 0..set.min(count) {
        at += 2 + usize::from(u16_at(form, at)?) * 2;
    }
    let length = if set < count { usize::from(u16_at(form, at)?) } else { 0 };
    Some(FormValue::Chosen(wide(piece(form, at + 2, length * 2))))
}

/// Where a counted string with a NUL behind it ends (section 2.9.354).
fn behind_string(data: &[u8], at: usize) -> Option<usize> {
    Some(at + 4 + usize::from(u16_at(data, at)?) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a form field with 3 bytes of something in front.
    fn data(bits: u16, rest: &[u8]) -> Vec<u8> {
        let mut form = vec![0xFF; 4];
        form.extend(bits.to_le_bytes());
        // Two sizes, then the name "x".
        form.extend([0, 0, 0, 0, 1, 0, b'x', 0, 0, 0]);
        form.extend(rest);
        let mut data = vec![9, 9, 9];
        data.extend((68 + form.len() as u32).to_le_bytes());
        data.extend([68, 0]);
        data.extend([0; 62]);
        data.extend(form);
        data
    }

    #[test]
    fn ticked_and_chosen() {
        let value = |bits: u16, rest: &[u8]| form(&data(bits, rest), 3);
        assert_eq!(value(1 | 1 << 2, &[0, 0]), Some(FormValue::Ticked(true)));
        assert_eq!(value(1 | 25 << 2, &[1, 0]), Some(FormValue::Ticked(true)));
        assert_eq!(value(1, &[1, 0]), Some(FormValue::Ticked(false)));
        // The default, five empty strings, then two entries.
        let mut list = vec![0, 0];
        list.extend([0; 20]);
        list.extend([0xFF, 0xFF, 2, 0, 0, 0, 1, 0, 0x00, 0xAC, 2, 0, b'a', 0, b'b', 0]);
        assert_eq!(value(2 | 1 << 2, &list), Some(FormValue::Chosen("ab".into())));
        assert_eq!(value(2 | 25 << 2, &list), Some(FormValue::Chosen("가".into())));
        assert_eq!(value(2 | 9 << 2, &list), Some(FormValue::Chosen(String::new())));
        assert_eq!(value(0, &[0, 0]), None);
        for length in 0..list.len() {
            value(2 | 1 << 2, list.get(..length).unwrap());
        }
        assert_eq!(form(&data(1, &[0, 0]), u32::MAX), None);
    }
}
