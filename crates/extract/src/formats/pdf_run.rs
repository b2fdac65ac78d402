use std::collections::HashSet;
use std::rc::Rc;

use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::pdf_doubt::Doubt;
use super::pdf_font::Shown;
use super::pdf_glyph::{GLYPHS_MOST, Glyph};
use super::pdf_matrix::Matrix;
use super::pdf_page_text::PageText;
use super::pdf_state::State;
use super::pdf_structure::{TextId, Words};

/// Bytes of text of one page.
const CHARS_MOST: usize = 4 << 20;

/// Bytes of what is said beside a page (descriptions of pictures, texts for glyphs that are not there), and what one such
/// text counts at least: each is looked for in the others.
const WORDS_MOST: usize = 1 << 20;
const WORDS_LEAST: usize = 64;

/// What one page has cost and given so far.
pub(super) struct Run {
    pub(super) text: PageText,
    pub(super) operators: u32,
    /// Forms that ran.
    pub(super) forms: u32,
    pub(super) content_left: usize,
    /// Forms that are running.
    pub(super) active: Vec<usize>,
    pub(super) marks: Vec<Mark>,
    /// Marks that were opened beyond the bound.
    pub(super) deeper_marks: u32,
    /// What describes something on the page, whether it is drawn there or not.
    described: Vec<String>,
    taken: HashSet<String>,
    /// Places of entries whose descriptions were taken.
    pub(super) told_places: HashSet<usize>,
    /// Texts that stand for glyphs where none was shown.
    unshown: Vec<(TextId, String)>,
    missed: HashSet<TextId>,
    /// Bytes that these two may still take.
    words_left: usize,
    doubted: Vec<Doubt>,
}

impl Run {
    /// A page of which at most `content_left` decoded bytes of content may run.
    pub(super) fn new(content_left: usize) -> Run {
        Run {
            text: PageText::default(),
            operators: 0,
            forms: 0,
            content_left,
            active: Vec::new(),
            marks: Vec::new(),
            deeper_marks: 0,
            described: Vec::new(),
            taken: HashSet::new(),
            told_places: HashSet::new(),
            unshown: Vec::new(),
            missed: HashSet::new(),
            words_left: WORDS_MOST,
            doubted: Vec::new(),
        }
    }

    /// Takes what describes something on the page.
    pub(super) fn describe(&mut self, text: String) {
        // Content that marks one thing again and again says the same each time.
        if !self.taken.contains(&text) && self.has_room(&text) {
            self.taken.insert(text.clone());
            self.described.push(text);
        }
    }

    /// Takes a text that stands for glyphs where none was shown.
    pub(super) fn miss(&mut self, id: TextId, text: &str) {
        if !self.missed.contains(&id) && self.has_room(text) {
            self.missed.insert(id);
            self.unshown.push((id, text.to_owned()));
        }
    }

    /// Whether there is room for one more text beside the page.
    fn has_room(&mut self, text: &str) -> bool {
        match self.words_left.checked_sub(text.len().max(WORDS_LEAST)) {
            Some(left) => self.words_left = left,
            None => {
                self.text.lose(ReasonKind::LimitReached.of(Noun::Descriptions));
                return false;
            }
        }
        true
    }

    /// Gives away what describes something on the page.
    pub(super) fn take_described(&mut self) -> Vec<String> {
        std::mem::take(&mut self.described)
    }

    /// Gives away the texts that stand for glyphs where none was shown.
    pub(super) fn take_unshown(&mut self) -> Vec<(TextId, String)> {
        std::mem::take(&mut self.unshown)
    }

    /// Whether what is shown now lies in a layer that nobody sees.
    pub(super) fn is_off(&self) -> bool {
        self.marks.iter().any(|mark| mark.off)
    }

    /// Whether no more characters are taken.
    pub(super) fn is_full(&self) -> bool {
        let glyphs = &self.text.glyphs;
        glyphs.glyphs.len() >= GLYPHS_MOST || glyphs.chars.len() >= CHARS_MOST
    }

    /// Accounts for content that runs; none if it may not.
    pub(super) fn spend(&mut self, bytes: usize) -> Option<()> {
        match self.content_left.checked_sub(bytes.max(64)) {
            Some(left) => self.content_left = left,
            None => {
                self.text.lose(ReasonKind::Circle.of(Noun::Forms));
                return None;
            }
        }
        Some(())
    }

    /// Writes text into a rectangle of the page.
    pub(super) fn write(&mut self, text: &str, [x0, y0, x1, y1]: [f64; 4]) {
        let top = y0.max(y1);
        let size = (top - y0.min(y1)).clamp(1.0, 12.0);
        for (row, line) in (1u32..).zip(text.lines()) {
            let place =
                State::new(Matrix::shift(x0.min(x1) + 2.0, top - size * 1.2 * f64::from(row)));
            let advance = line.chars().count() as f64 * 0.5;
            let mut state = State { size, ..place };
            let mut chars = std::mem::take(&mut self.text.glyphs.chars);
            let start = chars.len();
            chars.push_str(line);
            let shown = Shown { advance, is_space: false, is_read: true, doubt: None };
            self.put(&mut chars, start, &mut state, false, shown);
            self.text.glyphs.chars = chars;
        }
    }

    /// Takes a glyph whose characters stand behind `start`, and moves the pen past it.
    pub(super) fn put(
        &mut self,
        chars: &mut String,
        start: usize,
        state: &mut State<'_>,
        vertical: bool,
        shown: Shown,
    ) {
        let at = Matrix::shift(0.0, state.rise).then(&state.matrix).then(&state.ctm);
        let space = state.char_space + if shown.is_space { state.word_space } else { 0.0 };
        let advance = shown.advance * state.size;
        let (dx, dy) = match vertical {
            true => at.turn(0.0, -advance),
            false => at.turn(advance * state.stretch, 0.0),
        };
        match vertical {
            true => state.move_pen(0.0, space - advance),
            false => state.move_pen((advance + space) * state.stretch, 0.0),
        }
        let glyphs = &self.text.glyphs;
        let is_full = glyphs.glyphs.len() >= GLYPHS_MOST || chars.len() >= CHARS_MOST;
        if is_full && !self.is_off() {
            let limit = GLYPHS_MOST as u64;
            self.text.lose(ReasonKind::MoreThan { limit, unit: Unit::Characters });
        }
        if is_full || self.is_off() {
            chars.truncate(start);
            return;
        }
        self.text.glyphs.shown += 1;
        self.text.glyphs.unread += usize::from(!shown.is_read);
        if let Some(doubt) = shown.doubt.filter(|doubt| !self.doubted.contains(doubt)) {
            self.doubted.push(doubt);
            self.text.lose(doubt.reason());
        }
        if let Some(actual) = self.marks.iter_mut().find_map(|mark| mark.actual.as_mut()) {
            // The first glyph says it all.
            chars.truncate(start);
            chars.push_str(actual);
            *actual = "".into();
        }
        let (ux, uy) = if vertical { at.turn(1.0, 0.0) } else { at.turn(0.0, 1.0) };
        let size = (ux.hypot(uy) * state.size).abs();
        let finite = [at.e, at.f, dx, dy, size].iter().all(|number| number.abs() < 1e7);
        let range = u32::try_from(start).ok().zip(u32::try_from(chars.len()).ok());
        let Some((start, end)) = range.filter(|_| finite && size > 0.0) else {
            chars.truncate(start);
            return;
        };
        // Text that is turned over (a negative size with a mirrored matrix) still reads along its advance.
        self.text.glyphs.glyphs.push(Glyph { start, end, x: at.e, y: at.f, dx, dy, size });
    }
}

/// A marked part of the content.
pub(super) struct Mark {
    pub(super) off: bool,
    /// What is to be read in its place; empty once it was.
    pub(super) actual: Option<Rc<str>>,
    /// Which text of the structure that is.
    pub(super) id: Option<TextId>,
    /// What says again what the glyphs behind so many show, if any do.
    pub(super) restated: Option<(usize, Rc<Words>)>,
}
