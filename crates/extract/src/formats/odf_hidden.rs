//! What an OpenDocument file holds and does not show: hidden sheets, rows, sections and words, and what tracked changes deleted.

use std::collections::{BTreeMap, BTreeSet};

use madang_document::content::Content;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::markup::{Markup, Node, Tag};

/// The styles of sheets that are not shown (ODF 1.3 part 3, section 20.261), which stand in front of the body.
pub(super) fn tables(text: &str) -> BTreeSet<String> {
    let mut hidden = BTreeSet::new();
    // Most files hide none, and their styles need not be read twice.
    if !["table:display=\"false\"", "table:display='false'"].iter().any(|it| text.contains(it)) {
        return hidden;
    }
    each_of_styles(text, |style, tag| {
        let is_hidden = || tag.attribute("display").is_some_and(|shown| shown == "false");
        if tag.name() == "table-properties" && is_hidden() {
            hidden.insert(style.to_owned());
        }
    });
    hidden
}

/// Takes the elements of the styles that stand in front of the body, with the names of these.
fn each_of_styles(text: &str, mut take: impl FnMut(&str, &Tag<'_>)) {
    let mut markup = Markup::new(text);
    let mut style = String::new();
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        match (tag.prefix(), tag.name()) {
            ("office", "body") => break,
            ("style", name) => {
                if name == "style" {
                    style = tag.attribute("name").unwrap_or_default();
                }
                take(&style, &tag);
            }
            _ => {}
        }
    }
}

/// The styles of text that is not shown (section 20.255): those of the content and of the document, and what builds on them.
pub(super) fn texts(parts: &[&str]) -> BTreeSet<String> {
    let mut styles: BTreeMap<String, (Option<String>, Option<bool>)> = BTreeMap::new();
    // Most files hide none, and their styles need not be read twice.
    if !parts.iter().any(|text| text.contains("text:display=")) {
        return BTreeSet::new();
    }
    for text in parts {
        each_of_styles(text, |style, tag| match tag.name() {
            "style" => {
                let base = tag.attribute("parent-style-name");
                styles.insert(style.to_owned(), (base, None));
            }
            "text-properties" => {
                let display = tag.attribute("display");
                if let (Some(display), Some((_, hides))) = (display, styles.get_mut(style)) {
                    *hides = Some(display == "none");
                }
            }
            _ => {}
        });
    }
    let hides = |style: &&String| {
        let mut style = Some(*style);
        // Styles build on styles, a few deep; a circle among them is damage.
        for _ in 0..16 {
            match style.and_then(|style| styles.get(style)) {
                Some((_, Some(hides))) => return *hides,
                Some((base, None)) => style = base.as_ref(),
                None => break,
            }
        }
        false
    };
    styles.keys().filter(hides).cloned().collect()
}

/// Whether rows or columns are folded or filtered away.
pub(super) fn is_away(tag: &Tag<'_>) -> bool {
    let visibility = tag.attribute("visibility");
    visibility.is_some_and(|value| matches!(value.as_str(), "collapse" | "filter"))
}

/// Tells of a section that is not shown (section 5.4).
pub(super) fn section(tag: &Tag<'_>, content: &mut Content) {
    let is_hidden = match tag.attribute("display").as_deref() {
        Some("none") => true,
        // What the condition last came to.
        Some("condition") => tag.attribute("is-hidden").is_some_and(|is| is == "true"),
        _ => false,
    };
    if is_hidden {
        let name = tag.attribute("name").filter(|name| !name.trim().is_empty());
        let part = name.map_or(Part::The(Noun::Section), |name| Part::from(&name));
        content.note(ReasonKind::Hidden.of(part));
    }
}

/// Reads the element `text:tracked-changes`, which the walk has just met: how many passages with words were deleted.
pub(super) fn deletions(markup: &mut Markup<'_>) -> u64 {
    let mut count = 0;
    let (mut within, mut has_words) = (false, false);
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "deletion" => (within, has_words) = (true, false),
                // Who deleted it when.
                "change-info" => markup.skip(),
                _ => {}
            },
            Node::End(name) if name == "deletion" => {
                count += u64::from(has_words);
                within = false;
            }
            Node::End(name) if name == "tracked-changes" => break,
            Node::End(_) => {}
            Node::Text(text) => has_words |= within && !text.trim().is_empty(),
        }
    }
    count
}
