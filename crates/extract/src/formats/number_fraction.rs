//! Numbers as fractions (ECMA-376 part 1, section 18.8.31): `# ?/?`, `# ??/??`, `# ?/8`.

use super::number_code::Token;

/// The largest whole part; behind it a number of 64 bits has no part left.
const WHOLE_MOST: f64 = 1e15;

/// Digits of a denominator that is looked for.
const DIGITS_MOST: u32 = 7;

/// The number as a fraction; none if the code draws none.
pub(super) fn fraction(value: f64, tokens: &[Token]) -> Option<String> {
    let slash = tokens.iter().position(|t| matches!(t, Token::Slash))?;
    let (before, after) = (tokens.get(..slash)?, tokens.get(slash + 1..)?);
    let is_other = |t: &Token| !matches!(t, Token::Digit(_) | Token::Comma | Token::Literal(_));
    let size = value.abs();
    if before.iter().chain(after).any(is_other) || !size.is_finite() || size >= WHOLE_MOST {
        return None;
    }
    let is_digit = |t: &Token| matches!(t, Token::Digit(_));
    let numerator_end = before.iter().rposition(is_digit)? + 1;
    let numerator = before.get(..numerator_end)?.iter().rposition(|t| !is_digit(t));
    let numerator = numerator.map_or(0, |at| at + 1);
    let whole_end = before.get(..numerator)?.iter().rposition(is_digit).map(|at| at + 1);
    let (denominator, behind) = Denominator::read(after)?;

    let mut whole = size.floor();
    let (mut part, of) = denominator.nearest(size - whole);
    if part == of {
        (whole, part) = (whole + 1.0, 0);
    }
    let whole = whole as u64;
    let mut shown = String::new();
    if value < 0.0 && (whole > 0 || part > 0) {
        shown.push('-');
    }
    let first = before.iter().position(is_digit)?;
    shown.push_str(&literals(before.get(..first)?));
    match whole_end {
        Some(end) => {
            let places = before.get(..end)?.iter();
            let filled = places.filter(|t| matches!(t, Token::Digit('0'))).count().min(30);
            let filled = filled.max(usize::from(part == 0));
            if whole > 0 || filled > 0 {
                shown.push_str(&format!("{whole:0>filled$}"));
            }
            if part > 0 {
                if whole > 0 || filled > 0 {
                    shown.push_str(&literals(before.get(end..numerator)?));
                }
                shown.push_str(&format!("{part}/{of}"));
            }
        }
        None => shown.push_str(&format!("{}/{of}", whole.checked_mul(of)?.checked_add(part)?)),
    }
    shown.push_str(&literals(behind));
    Some(shown)
}

fn literals(tokens: &[Token]) -> String {
    let text = |t: &Token| if let Token::Literal(text) = t { Some(text.clone()) } else { None };
    tokens.iter().filter_map(text).collect()
}

enum Denominator {
    /// Any up to this.
    UpTo(u64),
    /// This one, whatever it divides.
    Fixed(u64),
}

impl Denominator {
    /// The denominator at the start of the tokens, and what stands behind it.
    fn read(tokens: &[Token]) -> Option<(Denominator, &[Token])> {
        let blanks = tokens.iter().take_while(|t| matches!(t, Token::Literal(text) if text == " "));
        let tokens = tokens.get(blanks.count()..)?;
        let places = tokens.iter().take_while(|t| matches!(t, Token::Digit(_))).count();
        if places > 0 {
            let most = 10u64.pow(u32::try_from(places).ok()?.min(DIGITS_MOST)) - 1;
            return Some((Denominator::UpTo(most), tokens.get(places..)?));
        }
        // A zero behind another digit is no place.
        let digit = |t: &Token| match t {
            Token::Digit('0') => Some(0),
            Token::Literal(text) => text.parse::<u64>().ok().filter(|digit| *digit < 10),
            _ => None,
        };
        let digits: Vec<u64> = tokens.iter().map_while(digit).take(DIGITS_MOST as usize).collect();
        let fixed = digits.iter().fold(0, |number, digit| number * 10 + digit);
        (fixed > 0).then_some((Denominator::Fixed(fixed), tokens.get(digits.len()..)?))
    }

    /// The fraction next to a number from 0 to 1.
    fn nearest(&self, number: f64) -> (u64, u64) {
        match *self {
            Denominator::Fixed(of) => ((number * of as f64).round() as u64, of),
            Denominator::UpTo(most) => nearest(number, most),
        }
    }
}

/// A fraction for a number from 0 to 1 whose denominator is at most `most`: the last step of its continued fraction that has
/// room. Others may be nearer, but these are what a spreadsheet shows.
fn nearest(number: f64, most: u64) -> (u64, u64) {
    let (mut before, mut last) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = number;
    loop {
        let step = rest.floor();
        if before.1 as f64 + step * last.1 as f64 > most as f64 {
            return last;
        }
        let step = step as u64;
        (before, last) = (last, (before.0 + step * last.0, before.1 + step * last.1));
        let left = rest - rest.floor();
        // What is left of a number of 64 bits is noise.
        if left < 1e-9 {
            return last;
        }
        rest = 1.0 / left;
    }
}
