use std::rc::Rc;

use super::pdf_font::Font;
use super::pdf_matrix::Matrix;

/// The part of the graphics state that text depends on.
#[derive(Clone)]
pub(super) struct State<'a> {
    pub(super) ctm: Matrix,
    pub(super) matrix: Matrix,
    pub(super) line: Matrix,
    pub(super) font: Option<Rc<Font<'a>>>,
    pub(super) size: f64,
    pub(super) char_space: f64,
    pub(super) word_space: f64,
    pub(super) stretch: f64,
    pub(super) leading: f64,
    pub(super) rise: f64,
    /// Whether what is filled, and what is stroked, is white as the sheet.
    pub(super) fills_white: bool,
    pub(super) strokes_white: bool,
}

impl State<'_> {
    pub(super) fn new(ctm: Matrix) -> Self {
        State {
            ctm,
            matrix: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            font: None,
            size: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            fills_white: false,
            strokes_white: false,
        }
    }

    pub(super) fn begin(&mut self, matrix: Matrix) {
        self.matrix = matrix;
        self.line = matrix;
    }

    pub(super) fn next_line(&mut self, x: f64, y: f64) {
        self.begin(Matrix::shift(x, y).then(&self.line));
    }

    pub(super) fn move_pen(&mut self, x: f64, y: f64) {
        let (dx, dy) = self.matrix.turn(x, y);
        self.matrix.e += dx;
        self.matrix.f += dy;
    }
}
