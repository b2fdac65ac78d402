//! The font of signs of a run in a drawing (ECMA-376 part 1, sections 21.1.2.3.7 and 21.1.2.3.10).

use super::markup::Tag;
use super::symbol_font;

/// What the open run says of its fonts.
#[derive(Default)]
pub(super) struct RunFont {
    /// Whether the walk is in the properties of the run.
    is_open: bool,
    latin: Option<String>,
    symbols: Option<String>,
}

impl RunFont {
    /// Meets the start of an element.
    pub(super) fn begin(&mut self, tag: &Tag<'_>) {
        let face = || tag.attribute("typeface").filter(|face| symbol_font::has_signs(face));
        match tag.name() {
            "r" | "fld" => *self = RunFont::default(),
            "rPr" => *self = RunFont { is_open: true, ..RunFont::default() },
            "latin" if self.is_open => self.latin = face(),
            "sym" if self.is_open => self.symbols = face(),
            _ => {}
        }
    }

    /// Meets the end of an element.
    pub(super) fn end(&mut self, name: &str) {
        match name {
            "rPr" => self.is_open = false,
            "r" | "fld" => *self = RunFont::default(),
            _ => {}
        }
    }

    /// The text of the run as it is shown.
    pub(super) fn shown(&self, text: String) -> String {
        match (&self.latin, &self.symbols) {
            (Some(font), _) => symbol_font::signs(font, &text),
            (None, Some(font)) => lone_signs(font, &text),
            (None, None) => text,
        }
    }
}

/// The text of a run that names a font for its signs beside that of its letters: PowerPoint leaves the name with words that
/// are written behind an arrow or a smiling face. A sign is what stands alone: the only letter of the run, or one beyond ASCII.
fn lone_signs(font: &str, text: &str) -> String {
    let is_only = text.trim().chars().count() == 1;
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let mut letters = word.trim_end().chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if is_only || !letter.is_ascii() => {
                shown.push_str(&symbol_font::signs(font, word));
            }
            _ => shown.push_str(word),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_font_of_signs_beside_another_is_for_what_stands_alone() {
        for (text, shown) in [
            ("J", "☺"),
            (" à ", " → "),
            ("à 다음 A 단계", "→ 다음 A 단계"),
            ("déjà vu", "déjà vu"),
            ("\u{F0E0}", "→"),
            ("", ""),
        ] {
            assert_eq!(lone_signs("Wingdings", text), shown);
        }
    }
}
