/// A rectangle of pixels; what lies at `right` and `bottom` is no longer in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// The first column.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// The column after the last.
    pub right: usize,
    /// The row after the last.
    pub bottom: usize,
}

impl Rect {
    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.right.saturating_sub(self.left)
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.bottom.saturating_sub(self.top)
    }

    /// The smallest that holds both.
    pub fn and(self, other: Rect) -> Rect {
        Rect {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Larger by so much on each side, as far as an image of this size goes.
    pub fn grown(self, by: usize, width: usize, height: usize) -> Rect {
        Rect {
            left: self.left.saturating_sub(by),
            top: self.top.saturating_sub(by),
            right: (self.right + by).min(width),
            bottom: (self.bottom + by).min(height),
        }
    }

    /// What it has in common with another; empty if that is nothing.
    pub fn common(&self, other: &Rect) -> Rect {
        let (left, top) = (self.left.max(other.left), self.top.max(other.top));
        let (right, bottom) = (self.right.min(other.right), self.bottom.min(other.bottom));
        Rect { left, top, right: right.max(left), bottom: bottom.max(top) }
    }

    /// Whether it has a part in common with another.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether the middle of `other` lies in it.
    pub fn has_middle_of(&self, other: &Rect) -> bool {
        let (x, y) = ((other.left + other.right) / 2, (other.top + other.bottom) / 2);
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }
}
