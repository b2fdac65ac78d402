//! Transformation matrices (ISO 32000-2, section 8.3.3).

/// `[a b c d e f]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) c: f64,
    pub(super) d: f64,
    pub(super) e: f64,
    pub(super) f: f64,
}

impl Matrix {
    pub(super) const IDENTITY: Matrix = Matrix { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    pub(super) fn of([a, b, c, d, e, f]: [f64; 6]) -> Matrix {
        Matrix { a, b, c, d, e, f }
    }

    pub(super) fn shift(e: f64, f: f64) -> Matrix {
        Matrix { e, f, ..Matrix::IDENTITY }
    }

    /// First this one, then `next`.
    pub(super) fn then(&self, next: &Matrix) -> Matrix {
        let (x, y) = next.apply(self.e, self.f);
        let (a, b) = next.turn(self.a, self.b);
        let (c, d) = next.turn(self.c, self.d);
        Matrix { a, b, c, d, e: x, f: y }
    }

    /// Where a point comes to lie.
    pub(super) fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = self.turn(x, y);
        (dx + self.e, dy + self.f)
    }

    /// What becomes of a way.
    pub(super) fn turn(&self, dx: f64, dy: f64) -> (f64, f64) {
        (self.a * dx + self.c * dy, self.b * dx + self.d * dy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains() {
        let double = Matrix::of([2.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
        assert_eq!(Matrix::shift(1.0, 2.0).then(&double).apply(1.0, 1.0), (4.0, 6.0));
        assert_eq!(double.then(&Matrix::shift(1.0, 2.0)).apply(1.0, 1.0), (3.0, 4.0));
        let quarter = Matrix::of([0.0, 1.0, -1.0, 0.0, 0.0, 0.0]);
        assert_eq!(quarter.turn(1.0, 0.0), (0.0, 1.0));
    }
}
