//! What a reader is to know of fonts that a PDF does not bring along: the encodings that it only names, Symbol and
//! ZapfDingbats, and the widths of the standard 14 (ISO 32000-2, section 9.6.2 and annex D). Widths are those of
//! the upright faces: a bold letter is some percent wider, which no gap between words is.

use std::sync::LazyLock;

use encoding_rs::{MACINTOSH, WINDOWS_1252};

use super::pdf_glyph_name;

/// `StandardEncoding`, which is what a font has that says nothing.
static STANDARD: LazyLock<Vec<Option<Box<str>>>> = LazyLock::new(|| {
    let of = |code| pdf_glyph_name::encoded("StandardEncoding", code).map(String::into_boxed_str);
    (0..=u8::MAX).map(of).collect()
});

/// The character of a code in a named encoding.
pub(super) fn encoded(encoding: &[u8], code: u8) -> Option<Box<str>> {
    let text = match encoding {
        _ if code < 32 => return None,
        b"MacRomanEncoding" => decode(MACINTOSH, code),
        b"MacExpertEncoding" => pdf_glyph_name::encoded("MacExpertEncoding", code),
        b"StandardEncoding" => return STANDARD.get(usize::from(code)).cloned().flatten(),
        _ => decode(WINDOWS_1252, code),
    };
    text.map(String::into_boxed_str)
}

/// The character of a code in the encoding of the font itself, which is not at hand.
pub(super) fn built_in(base_font: &str, code: u8, windows: bool) -> Option<Box<str>> {
    match Symbols::of(base_font) {
        Some(symbols) => symbols.char_of(code).map(|c| String::from(c).into_boxed_str()),
        None if windows => encoded(b"WinAnsiEncoding", code),
        None => encoded(b"StandardEncoding", code),
    }
}

/// The characters of a glyph that only this font names so (`a10` of ZapfDingbats).
pub(super) fn named(base_font: &str, name: &str) -> Option<String> {
    let number: usize = name.strip_prefix('a')?.parse().ok()?;
    match Symbols::of(base_font)? {
        Symbols::Dingbats => {
            let at = DINGBAT_NAMES.iter().position(|&n| usize::from(n) == number)?;
            Symbols::Dingbats.char_of(u8::try_from(at + 0x21).ok()?).map(String::from)
        }
        Symbols::Symbol => None,
    }
}

/// The width of a character in thousandths of the font size.
pub(super) fn width(base_font: &str, c: char) -> f64 {
    let is = |part: &str| base_font.contains(part);
    if is("Courier") || is("Mono") {
        return 600.0;
    }
    let widths = if is("Times") || is("Serif") || is("Roman") { TIMES } else { HELVETICA };
    let at = (u32::from(letter(c)) as usize).checked_sub(32);
    at.and_then(|at| widths.get(at)).map_or_else(|| other_width(c), |&width| f64::from(width))
}

/// The letter below an accent, or a sign about as wide.
fn letter(c: char) -> char {
    const LETTERS: &str = "AAAAAA?CEEEEIIIIDNOOOOO?OUUUUYTbaaaaaa?ceeeeiiiidnooooo+ouuuuyty";
    let at = (u32::from(c) as usize).checked_sub(0xC0);
    match c {
        '\u{A0}' => ' ',
        '\u{AD}' => '-',
        '‘' | '’' | '‚' | '´' => '`',
        '“' | '”' | '„' => '"',
        '–' => 'n',
        c => at.and_then(|at| LETTERS.chars().nth(at)).unwrap_or(c),
    }
}

fn other_width(c: char) -> f64 {
    match c {
        '•' => 350.0,
        '—' | '…' | '™' | '‰' => 1000.0,
        '°' => 400.0,
        '\u{2E80}'.. => 1000.0,
        _ => 556.0,
    }
}

/// The character of a glyph in the order that TrueType fonts for Latin have, as far as they agree.
pub(super) fn usual_glyph(glyph: u32) -> Option<char> {
    (3..=97).contains(&glyph).then(|| char::from_u32(glyph + 29)).flatten()
}

fn decode(encoding: &'static encoding_rs::Encoding, code: u8) -> Option<String> {
    let bytes = [code];
    let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes)?;
    text.chars().all(|c| !c.is_control()).then(|| text.into_owned())
}

enum Symbols {
    Symbol,
    Dingbats,
}

impl Symbols {
    fn of(base_font: &str) -> Option<Symbols> {
        if base_font.contains("Dingbats") {
            Some(Symbols::Dingbats)
        } else if base_font.ends_with("Symbol") || base_font.starts_with("Symbol") {
            Some(Symbols::Symbol)
        } else {
            None
        }
    }

    fn char_of(&self, code: u8) -> Option<char> {
        let code = usize::from(code);
        let c = match (self, code) {
            (_, 0x20) => Some(' '),
            (Symbols::Symbol, 0x21..=0x7E) => SYMBOL_LOW.chars().nth(code - 0x21),
            (Symbols::Symbol, 0xA0..) => SYMBOL_HIGH.chars().nth(code - 0xA0),
            (Symbols::Dingbats, 0x21..=0x7E) => DINGBATS_LOW.chars().nth(code - 0x21),
            (Symbols::Dingbats, 0xA1..) => DINGBATS_HIGH.chars().nth(code - 0xA1),
            _ => None,
        };
        // A space stands for a code that has no character.
        c.filter(|&c| c != ' ' || code == 0x20)
    }
}

const SYMBOL_LOW: &str = "!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_ αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼";
const SYMBOL_HIGH: &str = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…  ↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑           〉∫⌠ ⌡          ";
const DINGBATS_LOW: &str = "✁✂✃✄☎✆✇✈✉☛☞✌✍✎✏✐✑✒✓✔✕✖✗✘✙✚✛✜✝✞✟✠✡✢✣✤✥✦✧★✩✪✫✬✭✮✯✰✱✲✳✴✵✶✷✸✹✺✻✼✽✾✿❀❁❂❃❄❅❆❇❈❉❊❋●❍■❏❐❑❒▲▼◆❖◗❘❙❚❛❜❝❞";
const DINGBATS_HIGH: &str = "❡❢❣❤❥❦❧♣♦♥♠①②③④⑤⑥⑦⑧⑨⑩❶❷❸❹❺❻❼❽❾❿➀➁➂➃➄➅➆➇➈➉➊➋➌➍➎➏➐➑➒➓➔→↔↕➘➙➚➛➜➝➞➟➠➡➢➣➤➥➦➧➨➩➪➫➬➭➮➯ ➱➲➳➴➵➶➷➸➹➺➻➼➽➾";

/// The numbers in the names of the glyphs of ZapfDingbats from code 0x21 on (Adobe's zapfdingbats.txt).
const DINGBAT_NAMES: [u8; 94] = [
    1, 2, 202, 3, 4, 5, 119, 118, 117, 11, 12, 13, 14, 15, 16, 105, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26, 27, 28, 6, 7, 8, 9, 10, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
    45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68,
    69, 70, 71, 72, 73, 74, 203, 75, 204, 76, 77, 78, 79, 81, 82, 83, 84, 97, 98, 99, 100,
];

/// Widths from the space to the tilde.
#[rustfmt::skip]
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
    722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278,
    278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
#[rustfmt::skip]
const TIMES: [u16; 95] = [
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722,
    722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333,
    278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
    500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_standard_fonts() {
        assert_eq!(SYMBOL_LOW.chars().count(), 94);
        assert_eq!(SYMBOL_HIGH.chars().count(), 96);
        assert_eq!(DINGBATS_LOW.chars().count(), 94);
        assert_eq!(DINGBATS_HIGH.chars().count(), 94);
        for (font, code, expected) in [
            ("Symbol", b'a', Some("α")),
            ("Symbol", 0xB3, Some("≥")),
            ("Symbol", 0xFF, None),
            ("ZapfDingbats", b'4', Some("✔")),
            ("ABCDEF+Helvetica", 0x60, Some("‘")),
            ("Symbol", 0x7E, Some("∼")),
        ] {
            assert_eq!(built_in(font, code, false).as_deref(), expected, "{font} {code}");
        }
        assert_eq!(encoded(b"WinAnsiEncoding", 0x80).as_deref(), Some("€"));
        assert_eq!(named("ZapfDingbats", "a20").as_deref(), Some("✔"));
        assert_eq!((width("Times-Roman", 'A'), width("Arial", ' ')), (722.0, 278.0));
    }
}
