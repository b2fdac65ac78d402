//! The fonts of signs in which elements of a page set their letters: by `<font face>` and by the element's own style.

use super::html_element::{is_block, is_void};
use super::symbol_font;

/// Elements within one another whose fonts are remembered.
const MOST: usize = 200;

/// The elements that are open from the first on that names a font of signs.
#[derive(Default)]
pub(super) struct PageFonts(Vec<Element>);

struct Element {
    name: String,
    /// The font of signs; none if the element names another.
    font: Option<String>,
}

impl PageFonts {
    /// Meets the start of an element.
    pub(super) fn begin(
        &mut self,
        name: &str,
        self_closing: bool,
        attribute: impl Fn(&str) -> Option<String>,
    ) {
        if !self.0.is_empty() {
            self.close_before(name);
        }
        let named = attribute("style").as_deref().and_then(family).or_else(|| {
            let face = attribute("face").filter(|_| name == "font")?;
            face.split(',').next().map(str::to_owned)
        });
        let named = named.map(|font| Some(font).filter(|font| symbol_font::has_signs(font)));
        let font = match named {
            // Nobody asks for the fonts of letters.
            None | Some(None) if self.0.is_empty() => return,
            Some(font) => font,
            None => self.0.last().and_then(|around| around.font.clone()),
        };
        if !self_closing && !is_void(name) && self.0.len() < MOST {
            self.0.push(Element { name: name.to_owned(), font });
        }
    }

    /// Meets the end of an element.
    pub(super) fn end(&mut self, name: &str) {
        if let Some(at) = self.0.iter().rposition(|element| element.name == name) {
            self.0.truncate(at);
        }
    }

    /// The font of signs in which letters stand here.
    pub(super) fn signs(&self) -> Option<&str> {
        self.0.last()?.font.as_deref()
    }

    /// Ends what an element ends by its start (HTML Standard, 13.1.2.4): paragraphs, items, cells and rows.
    fn close_before(&mut self, name: &str) {
        match name {
            "td" | "th" => ["td", "th"].into_iter().for_each(|name| self.end(name)),
            "tr" => self.end("tr"),
            "dt" | "dd" => ["dt", "dd"].into_iter().for_each(|name| self.end(name)),
            "li" | "option" => self.end(name),
            _ => {}
        }
        if is_block(name) {
            self.end("p");
        }
    }
}

/// The first font that a style asks for, if it asks for any.
fn family(style: &str) -> Option<String> {
    let mut found = None;
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let first = value.split(',').next().unwrap_or_default().trim_end_matches("!important");
        let named = match property.trim().to_ascii_lowercase().as_str() {
            "font-family" => first.trim().to_owned(),
            "font" => {
                let words: Vec<&str> = first.split_whitespace().collect();
                match words.iter().rposition(|word| is_size(word)) {
                    Some(size) => words.get(size + 1..).unwrap_or_default().join(" "),
                    None => continue,
                }
            }
            _ => continue,
        };
        if !named.eq_ignore_ascii_case("inherit") {
            found = Some(named);
        }
    }
    found
}

/// Whether a word of `font` is the size, behind which the families stand: `7.0pt "Times New Roman"`.
fn is_size(word: &str) -> bool {
    let has_unit = |c: char| c.is_ascii_alphabetic() || c == '%';
    word.starts_with(|c: char| c.is_ascii_digit() || c == '.') && word.contains(has_unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_family_counts() {
        for (style, font) in [
            ("font-family:Wingdings", Some("Wingdings")),
            ("color:red; FONT-FAMILY : \"Wingdings 2\", serif", Some("\"Wingdings 2\"")),
            ("font:7.0pt \"Times New Roman\"", Some("\"Times New Roman\"")),
            ("font: bold 10pt/1.2 Wingdings, serif", Some("Wingdings")),
            ("font:12px Wingdings 2", Some("Wingdings 2")),
            ("font-family:inherit", None),
            ("mso-list:Ignore", None),
            ("font", None),
        ] {
            assert_eq!(family(style).as_deref(), font, "{style}");
        }
    }

    /// What stands in each font: an element is `name=style`, `/name` ends one.
    fn fonts(page: &str) -> Vec<String> {
        let mut fonts = PageFonts::default();
        page.split(' ')
            .map(|piece| {
                match (piece.strip_prefix('/'), piece.split_once('=')) {
                    (Some(name), _) => fonts.end(name),
                    (None, Some((name, style))) => {
                        let style = format!("font-family:{style}");
                        fonts.begin(name, false, |it| (it == "style").then(|| style.clone()));
                    }
                    (None, None) => fonts.begin(piece, false, |_| None),
                }
                fonts.signs().unwrap_or("-").to_owned()
            })
            .collect()
    }

    #[test]
    fn fonts_end_with_their_elements() {
        assert_eq!(
            fonts("span=Symbol b br span=Arial /span /b /span b"),
            ["Symbol", "Symbol", "Symbol", "-", "Symbol", "Symbol", "-", "-"]
        );
        // A paragraph that is not closed ends where the next begins.
        assert_eq!(fonts("p=Symbol span p"), ["Symbol", "Symbol", "-"]);
        assert_eq!(fonts("td=Symbol td"), ["Symbol", "-"]);
    }
}
