use std::collections::BTreeMap;

use madang_document::content::Content;

use crate::formats::hangul_numbering::{Bullet, Look, Numbers};
use crate::formats::markup::{Markup, Node};
use crate::formats::symbol_font;

/// Reads from the head of the document (`header.xml`; KS X 6101, chapter 9) how paragraphs are numbered.
pub(super) fn numbers(xml: &str) -> Numbers {
    let mut numbers = Numbers::default();
    read(inside(xml, "numberings"), &mut numbers);
    read(inside(xml, "bullets"), &mut numbers);
    // Most documents have bare numbers only: the shapes of their paragraphs, which are many, are then of no use.
    if numbers.are_named() {
        read(inside(xml, "paraProperties"), &mut numbers);
    }
    numbers
}

/// The fonts of signs in which runs set their Latin letters, by the shapes of characters that runs name.
pub(super) fn signs(xml: &str) -> BTreeMap<u16, String> {
    let (mut fonts, mut signs) = (BTreeMap::new(), BTreeMap::new());
    let mut is_latin = false;
    let mut markup = Markup::new(inside(xml, "fontfaces"));
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        match tag.name() {
            "fontface" => is_latin = tag.attribute("lang").is_some_and(|lang| lang == "LATIN"),
            "font" if is_latin => {
                let id = tag.attribute("id").and_then(|id| id.parse::<u16>().ok());
                let face = tag.attribute("face").filter(|face| symbol_font::has_signs(face));
                fonts.extend(id.zip(face));
            }
            _ => {}
        }
    }
    // Most documents have none, and their shapes are many.
    if fonts.is_empty() {
        return signs;
    }
    let mut markup = Markup::new(inside(xml, "charProperties"));
    let mut shape = None;
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        let number = |name: &str| tag.attribute(name).and_then(|id| id.parse::<u16>().ok());
        match tag.name() {
            "charPr" => shape = number("id"),
            "fontRef" => {
                let font = number("latin").and_then(|font| fonts.get(&font).cloned());
                signs.extend(shape.zip(font));
            }
            _ => {}
        }
    }
    signs
}

/// Tells where the head of the document is damaged, which is read in pieces.
pub(super) fn damage(xml: &str, part: &str, content: &mut Content) {
    let mut markup = Markup::new(xml);
    while markup.next().is_some() {}
    markup.report(part, content);
}

/// How many sections the head of the document says that it has.
pub(super) fn sections(xml: &str) -> Option<u32> {
    let mut markup = Markup::new(xml);
    std::iter::from_fn(|| markup.next()).find_map(|node| match node {
        Node::Start(tag) => Some(tag.attribute("secCnt").and_then(|count| count.parse().ok())),
        _ => None,
    })?
}

/// What stands in the only element of this name, from behind the name in its opening tag on.
fn inside<'x>(xml: &'x str, name: &str) -> &'x str {
    let from = xml.find(name).map(|at| at + name.len());
    from.zip(xml.rfind(name)).and_then(|(from, to)| xml.get(from..to)).unwrap_or_default()
}

fn read(xml: &str, numbers: &mut Numbers) {
    let mut markup = Markup::new(xml);
    let mut list = 0;
    let (mut shape, mut is_ticked) = (None, false);
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        let number = |name: &str| tag.attribute(name).and_then(|value| value.parse::<u16>().ok());
        match tag.name() {
            "numbering" => list = number("id").unwrap_or_default(),
            "paraHead" => {
                let level = number("level").and_then(|level| u8::try_from(level).ok());
                let start = number("start").unwrap_or(1);
                let look = Look::named(&tag.attribute("numFormat").unwrap_or_default());
                let text = markup.text();
                // Bullets have such heads, too.
                if let Some(level) =
                    level.and_then(|level| level.checked_sub(1)).filter(|_| list > 0)
                {
                    numbers.add_level(list, level, u32::from(start), look, &text);
                }
            }
            "bullet" => {
                list = 0;
                let sign = |name| tag.attribute(name).and_then(|sign: String| sign.chars().next());
                if let (Some(number), Some(sign), ticked) =
                    (number("id"), sign("char"), sign("checkedChar"))
                {
                    numbers.add_bullet(number, Bullet { sign, ticked });
                }
            }
            "paraPr" => {
                shape = number("id");
                is_ticked = number("checked") == Some(1);
            }
            "heading" => {
                let level = number("level").and_then(|level| u8::try_from(level).ok());
                if let (Some(shape), Some(level)) = (shape, level) {
                    match tag.attribute("type").as_deref() {
                        Some("OUTLINE") => numbers.add_shape(shape, None, level),
                        Some("NUMBER") => numbers.add_shape(shape, number("idRef"), level),
                        Some("BULLET") => {
                            numbers.add_bullet_shape(shape, number("idRef"), is_ticked);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_counted_by_the_first_element() {
        let head = |count: &str| {
            format!("<?xml version='1.0'?>\n<hh:head secCnt='{count}'><a secCnt='9'/></hh:head>")
        };
        assert_eq!(sections(&head("2")), Some(2));
        assert_eq!(
            (sections(&head("two")), sections("<hh:head><a secCnt='9'/>"), sections("")),
            (None, None, None)
        );
    }

    #[test]
    fn shapes_follow_numberings() {
        assert!(!numbers("<hh:numberings/>").are_named() && !numbers("numberings").are_named());
        let mut numbers = numbers(
            r#"<hh:head><hh:numberings><hh:numbering id="3"><hh:paraHead start="2" level="1" numFormat="ROMAN_CAPITAL">제^1부</hh:paraHead>
            </hh:numbering></hh:numberings><hh:bullets><hh:bullet id="1" char="*"><hh:paraHead level="1">가</hh:paraHead></hh:bullet></hh:bullets>
            <hh:paraProperties><hh:paraPr id="7"><hh:heading type="NUMBER" idRef="3" level="0"/></hh:paraPr>
            <hh:paraPr id="8"><hh:heading type="BULLET" idRef="1" level="0"/></hh:paraPr>
            <hh:paraPr id="9"><hh:heading type="OUTLINE" idRef="0" level="0"/></hh:paraPr></hh:paraProperties></hh:head>"#,
        );
        numbers.outline(3);
        let seen: Vec<_> = [7, 8, 9, 7].map(|shape| numbers.label(shape)).into();
        assert_eq!(seen, ["제II부 ", "* ", "제III부 ", "제IV부 "]);
    }
}
