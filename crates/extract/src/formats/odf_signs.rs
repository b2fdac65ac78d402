//! The styles of OpenDocument files that set letters in fonts of signs (ODF 1.3 part 3, sections 16.2 and 20.192).

use std::collections::BTreeMap;

use super::markup::{Markup, Node, Tag};
use super::symbol_font;

/// Styles that are remembered; a long text has some thousand.
const MOST: usize = 50_000;
/// Styles that one is based on, one on another.
const DEEPEST: usize = 20;

/// The styles of a document, if any of its fonts is one of signs.
#[derive(Default)]
pub(super) struct Signs {
    /// By family and name.
    styles: BTreeMap<(String, String), Style>,
    /// The fonts of signs by the names under which styles know them.
    faces: BTreeMap<String, String>,
}

#[derive(Default)]
struct Style {
    parent: String,
    /// The font that the style names itself; empty if that is one of letters.
    font: Option<String>,
}

impl Signs {
    /// Reads the styles of a part, in front of its body. Those of a part that was read before stay.
    pub(super) fn read(&mut self, text: &str) {
        const NAMES: [&str; 7] =
            ["Wingdings", "Webdings", "Symbol", "ingbats", "Marlett", "MT Extra", "wingdings"];
        // Most files have no such font, and their styles need not be read twice.
        if !NAMES.iter().any(|name| text.contains(name)) {
            return;
        }
        let mut markup = Markup::new(text);
        let mut open: Option<(String, String)> = None;
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match (tag.prefix(), tag.name()) {
                    ("office", "body") => break,
                    ("style", "font-face") => {
                        let name = tag.attribute("name").unwrap_or_default();
                        let family = tag.attribute("font-family").unwrap_or_default();
                        if symbol_font::has_signs(&family) {
                            self.faces.insert(name, family);
                        }
                    }
                    ("style", "style") if self.styles.len() < MOST => {
                        let of = |name: &str| tag.attribute(name).unwrap_or_default();
                        let key = (of("family"), of("name"));
                        let style = Style { parent: of("parent-style-name"), font: None };
                        self.styles.insert(key.clone(), style);
                        open = Some(key);
                    }
                    ("style", "text-properties") => {
                        let font = self.font_of(&tag);
                        let style = open.as_ref().and_then(|open| self.styles.get_mut(open));
                        if let Some(style) = style {
                            style.font = font;
                        }
                    }
                    _ => {}
                },
                Node::End(name) if name == "style" => open = None,
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    /// The font that the properties of a style name; empty if it is one of letters.
    fn font_of(&self, properties: &Tag<'_>) -> Option<String> {
        let name = properties.attribute("font-name");
        let face = name.as_ref().map(|name| self.faces.get(name).cloned().unwrap_or_default());
        let family = properties.attribute("font-family");
        let family = family.map(|it| if symbol_font::has_signs(&it) { it } else { String::new() });
        face.filter(|face| !face.is_empty()).or(family).or(name.map(|_| String::new()))
    }

    /// The font of signs in which an element sets its letters, within text that is in another one or in none.
    pub(super) fn font(&self, family: &str, tag: &Tag<'_>, around: Option<&str>) -> Option<String> {
        let around = || around.map(str::to_owned);
        // Without such fonts no name has to be looked up.
        if self.styles.is_empty() {
            return around();
        }
        let Some(mut name) = tag.attribute("style-name") else { return around() };
        for _ in 0..DEEPEST {
            let Some(style) = self.styles.get(&(family.to_owned(), name)) else { break };
            if let Some(font) = &style.font {
                return Some(font.clone()).filter(|font| !font.is_empty());
            }
            name = style.parent.clone();
        }
        around()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_of_signs_are_found_through_faces_and_parents() {
        let mut signs = Signs::default();
        signs.read(
            "<style:font-face style:name=\"W1\" svg:font-family=\"&apos;Wingdings&apos;\"/><style:font-face style:name=\"바탕\" svg:font-family=\"바탕\"/>\
             <style:style style:name=\"T1\" style:family=\"text\"><style:text-properties style:font-name=\"W1\"/></style:style>\
             <style:style style:name=\"T2\" style:family=\"text\" style:parent-style-name=\"T1\"><style:text-properties fo:color=\"#f00\"/></style:style>\
             <style:style style:name=\"T3\" style:family=\"text\" style:parent-style-name=\"T1\"><style:text-properties style:font-name=\"바탕\"/></style:style>\
             <office:body><style:style style:name=\"T4\" style:family=\"text\"/></office:body>",
        );
        let font = |name: &str, around| {
            let xml = format!("<text:span text:style-name=\"{name}\"/>");
            let mut markup = Markup::new(&xml);
            let Some(Node::Start(tag)) = markup.next() else { panic!() };
            signs.font("text", &tag, around)
        };
        assert_eq!(font("T1", None).as_deref(), Some("'Wingdings'"));
        assert_eq!(font("T2", None).as_deref(), Some("'Wingdings'"));
        assert_eq!(font("T3", Some("Symbol")), None);
        assert_eq!(font("T4", Some("Symbol")).as_deref(), Some("Symbol"));
    }
}
