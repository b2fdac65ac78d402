//! The styles of a Word document whose text is not shown.

use std::collections::BTreeMap;

use super::markup::{Markup, Node, Tag};

/// What styles say of whether their text is shown (ECMA-376 part 1, section 17.3.2.41).
#[derive(Default)]
pub(super) struct HidingStyles {
    styles: BTreeMap<String, Style>,
}

#[derive(Default)]
struct Style {
    base: Option<String>,
    hides: Option<bool>,
}

impl HidingStyles {
    /// Reads a part with styles. Whatever is damaged of it is told by who reads what else it says.
    pub(super) fn read(&mut self, text: &str) {
        // Most documents have none, and their styles need not be read twice.
        if !text.contains("vanish") {
            return;
        }
        let mut markup = Markup::new(text);
        let mut id = String::new();
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            match tag.name() {
                "style" => id = tag.attribute("styleId").unwrap_or_default(),
                "basedOn" => {
                    self.styles.entry(id.clone()).or_default().base = tag.attribute("val");
                }
                "vanish" => self.styles.entry(id.clone()).or_default().hides = Some(is_on(&tag)),
                _ => {}
            }
        }
    }

    /// Whether a style hides; none if neither it nor what it builds on says so.
    pub(super) fn hides(&self, style: &str) -> Option<bool> {
        let mut style = Some(style);
        // Styles build on styles, a few deep; a circle among them is damage.
        for _ in 0..16 {
            let found = self.styles.get(style?)?;
            if found.hides.is_some() {
                return found.hides;
            }
            style = found.base.as_deref();
        }
        None
    }
}

/// Whether a property that is on or off is on.
pub(super) fn is_on(tag: &Tag<'_>) -> bool {
    let value = tag.attribute("val");
    value.is_none_or(|value| !matches!(value.as_str(), "0" | "false" | "off"))
}
