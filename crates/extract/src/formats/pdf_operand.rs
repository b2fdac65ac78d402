use std::borrow::Cow;

use super::pdf_matrix::Matrix;

/// What stands before an operator (ISO 32000-2, section 7.8.2).
pub(super) enum Operand<'c> {
    Number(f64),
    Name(Cow<'c, [u8]>),
    Text(Cow<'c, [u8]>),
    Items(Vec<Operand<'c>>),
}

impl Operand<'_> {
    pub(super) fn number(&self) -> f64 {
        if let Operand::Number(number) = self { *number } else { 0.0 }
    }

    pub(super) fn as_name(&self) -> Option<&[u8]> {
        if let Operand::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn as_text(&self) -> Option<&[u8]> {
        if let Operand::Text(text) = self { Some(text) } else { None }
    }
}

/// The last operands as numbers; those that are missing are zero.
pub(super) fn last<const N: usize>(operands: &[Operand<'_>]) -> [f64; N] {
    let mut numbers = [0.0; N];
    for (number, operand) in numbers.iter_mut().rev().zip(operands.iter().rev()) {
        *number = operand.number();
    }
    numbers
}

/// The last six operands as a matrix; none if there are fewer.
pub(super) fn matrix(operands: &[Operand<'_>]) -> Option<Matrix> {
    (operands.len() >= 6).then(|| Matrix::of(last(operands)))
}
