//! The glyphs of a page where they stand: what the interpreter delivers and the layout reads.

/// Glyphs of one page at most. The fullest real pages have some 30,000.
pub(super) const GLYPHS_MOST: usize = 300_000;

/// A glyph on the page, in units of default user space (1/72 inch, y upwards).
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    /// Where its characters begin and end in [`Glyphs::chars`].
    pub(super) start: u32,
    pub(super) end: u32,
    /// Where it begins on the base line.
    pub(super) x: f64,
    pub(super) y: f64,
    /// The way from there to where it ends.
    pub(super) dx: f64,
    pub(super) dy: f64,
    /// The height of the font.
    pub(super) size: f64,
}

/// The glyphs of a page in the order of its content.
#[derive(Debug, Default)]
pub(super) struct Glyphs {
    pub(super) chars: String,
    pub(super) glyphs: Vec<Glyph>,
    /// Glyphs that were shown, those without a place included.
    pub(super) shown: usize,
    /// Those of them that have no characters.
    pub(super) unread: usize,
}

impl Glyphs {
    /// The characters of a glyph.
    pub(super) fn text(&self, glyph: &Glyph) -> &str {
        self.chars.get(glyph.start as usize..glyph.end as usize).unwrap_or_default()
    }
}
