//! The numbers and bullets that the word processor 한글 draws before paragraphs. They are not stored with the text, and yet `제3조`
//! is what a person looks for.
//!
//! Only numbers that say what they count are read. The word processor's own plain text (its stored preview) has none, and
//! a bare `1.` or `가.` is no word that anybody seeks. Read with the others, they took .014 (HWP) and .016 (HWPX) of the mean
//! token F1 of 267 real documents from what independent readers see there, and made none nearer to it.

use std::collections::BTreeMap;

use super::docx_numbering::{Level, List, Numbering, ParagraphNumber};

/// Levels of a numbering that are read.
const LEVELS: u8 = 9;

/// The list of the outline, which each section has its own numbering for; others are counted from 1.
const OUTLINE: u16 = 0;

/// How the paragraphs of a document are numbered, and how far they have counted.
#[derive(Default)]
pub(super) struct Numbers {
    numbering: Numbering,
    named: bool,
    /// The signs of bullets, by their numbers.
    bullets: BTreeMap<u16, Bullet>,
    /// The sign before paragraphs of a shape.
    signs: BTreeMap<u16, char>,
}

/// The signs of a bullet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bullet {
    pub(super) sign: char,
    /// That of what is ticked off, in a list of things to do.
    pub(super) ticked: Option<char>,
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Numbers(named: {})", self.named)
    }
}

/// What a number looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Digit,
    CircledDigit,
    UpperRoman,
    LowerRoman,
    UpperLetter,
    LowerLetter,
    Syllable,
    Jamo,
    HangulNumber,
    HanjaNumber,
}

impl Look {
    /// By its name in OWPML (`ROMAN_CAPITAL`) or HWPML (`RomanCapital`).
    pub(super) fn named(name: &str) -> Look {
        match name.replace('_', "").to_ascii_lowercase().as_str() {
            "circleddigit" => Look::CircledDigit,
            "romancapital" => Look::UpperRoman,
            "romansmall" => Look::LowerRoman,
            "latincapital" => Look::UpperLetter,
            "latinsmall" => Look::LowerLetter,
            "hangulsyllable" => Look::Syllable,
            "hanguljamo" => Look::Jamo,
            "hangulphonetic" => Look::HangulNumber,
            "ideograph" => Look::HanjaNumber,
            _ => Look::Digit,
        }
    }

    /// Its name in ECMA-376.
    fn name(self) -> &'static str {
        match self {
            Look::Digit => "decimal",
            Look::CircledDigit => "decimalEnclosedCircle",
            Look::UpperRoman => "upperRoman",
            Look::LowerRoman => "lowerRoman",
            Look::UpperLetter => "upperLetter",
            Look::LowerLetter => "lowerLetter",
            Look::Syllable => "ganada",
            Look::Jamo => "chosung",
            Look::HangulNumber => "koreanDigital",
            Look::HanjaNumber => "ideographDigital",
        }
    }
}

impl Numbers {
    /// Whether any paragraph may have a number that says what it counts, or a bullet.
    pub(super) fn are_named(&self) -> bool {
        self.named || !self.bullets.is_empty()
    }

    /// Adds a bullet. One that is a letter, as `o` and `ㅇ` are, is no word that anybody seeks.
    pub(super) fn add_bullet(&mut self, number: u16, bullet: Bullet) {
        let is_sign = |c: char| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control();
        if is_sign(bullet.sign) {
            let ticked = bullet.ticked.filter(|sign| is_sign(*sign));
            self.bullets.insert(number, Bullet { ticked, ..bullet });
        }
    }

    /// Says that paragraphs of a shape have this bullet, and whether what they say is ticked off.
    pub(super) fn add_bullet_shape(&mut self, shape: u16, bullet: Option<u16>, is_ticked: bool) {
        let Some(bullet) = bullet.and_then(|bullet| self.bullets.get(&bullet)) else { return };
        let ticked = bullet.ticked.filter(|_| is_ticked);
        self.signs.insert(shape, ticked.unwrap_or(bullet.sign));
    }

    /// Adds the next level to a numbering. In its text `^1` to `^7` stand for the numbers of the levels, `^n` for those
    /// down to its own, as in `제^1조`.
    pub(super) fn add_level(&mut self, list: u16, level: u8, start: u32, look: Look, text: &str) {
        let path: Vec<_> =
            (1..=level.saturating_add(1).min(LEVELS)).map(|n| format!("%{n}")).collect();
        let pattern =
            text.replace("^n", &path.join(".")).replace("^N", &path.join(".")).replace('^', "%");
        let is_named = says_what_it_counts(text);
        self.named |= is_named;
        let pattern = if is_named { pattern } else { String::new() };
        let format = look.name().to_owned();
        let level = Level { start, format, text: pattern, ..Level::default() };
        self.numbering.add_level(&list.to_string(), level);
        self.numbering.add_list(list, List::new(list.to_string()));
    }

    /// Says that paragraphs of a shape are numbered, by the outline if there is no list.
    pub(super) fn add_shape(&mut self, shape: u16, list: Option<u16>, level: u8) {
        let list = list.filter(|&list| list != OUTLINE).unwrap_or(OUTLINE);
        self.numbering.add_style(shape, None, Some(list), Some(level));
    }

    /// Says which numbering the outline of a section follows.
    pub(super) fn outline(&mut self, list: u16) {
        self.numbering.add_list(OUTLINE, List::new(list.to_string()));
    }

    /// Counts a paragraph of this shape and gives the number before it, with a space behind; empty if there is none.
    pub(super) fn label(&mut self, shape: u16) -> String {
        if let Some(sign) = self.signs.get(&shape) {
            return format!("{sign} ");
        }
        if !self.named {
            return String::new();
        }
        let label = self.numbering.label(&ParagraphNumber::of(shape, None, None));
        if label.is_empty() { label } else { label + " " }
    }
}

/// Whether the text of a level has a letter of its own.
fn says_what_it_counts(text: &str) -> bool {
    let mut own = String::new();
    let mut signs = text.chars();
    while let Some(c) = signs.next() {
        match c {
            '^' => drop(signs.next()),
            _ => own.push(c),
        }
    }
    // It stands before every paragraph of its level, so it must be as short as people make it.
    text.len() <= 255 && own.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_are_signs() {
        let mut numbers = Numbers::default();
        assert!(!numbers.are_named());
        numbers.add_bullet(1, Bullet { sign: '□', ticked: Some('☑') });
        numbers.add_bullet(2, Bullet { sign: 'ㅇ', ticked: None });
        assert!(numbers.are_named());
        for (shape, bullet, is_ticked) in
            [(1, 1, false), (2, 1, true), (3, 2, false), (4, 9, false)]
        {
            numbers.add_bullet_shape(shape, Some(bullet), is_ticked);
        }
        let seen: Vec<_> = [1, 2, 3, 4, 5].map(|shape| numbers.label(shape)).into();
        assert_eq!(seen, ["□ ", "☑ ", "", "", ""]);
    }

    #[test]
    fn numbers_that_say_what_they_count() {
        let mut numbers = Numbers::default();
        for (level, look, text) in [
            (0, Look::Digit, "제^1장"),
            (1, Look::Digit, "제^2조"),
            (2, Look::CircledDigit, "^3"),
            (3, Look::Syllable, "별표 ^n"),
        ] {
            numbers.add_level(2, level, 1, look, text);
        }
        for (shape, level) in [(10, 0), (11, 1), (12, 2), (13, 3)] {
            numbers.add_shape(shape, None, level);
        }
        numbers.add_shape(20, Some(2), 1);
        assert_eq!(numbers.label(10), "", "the outline follows no numbering yet");
        numbers.outline(2);
        let seen: Vec<_> =
            [10, 11, 12, 13, 20, 99, 10, 11].map(|shape| numbers.label(shape)).into();
        assert_eq!(
            seen,
            ["제1장 ", "제1조 ", "", "별표 1.1.①.가 ", "제2조 ", "", "제2장 ", "제1조 "]
        );
    }

    #[test]
    fn bare_numbers_are_none() {
        let mut numbers = Numbers::default();
        numbers.add_level(1, 0, 1, Look::Syllable, "^1.");
        numbers.add_shape(1, Some(1), 0);
        assert!(!numbers.are_named());
        assert_eq!(numbers.label(1), "");
    }
}
