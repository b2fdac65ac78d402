//! The running lines of the pages of an OpenDocument file, which stand in the styles of the pages.

use std::collections::BTreeSet;

use madang_document::content::Content;

use super::markup::{Markup, Node};
use super::odf_body::{Body, is_field};
use super::odf_frame::element;

/// Stands for a field in a running line; no XML text can hold it.
const FIELD: &str = "\0";

/// Reads the running lines of the pages, `header` or `footer`, from the styles; each line once, and
/// without the fields (page number, date, sheet name), which hold only what some program last showed.
pub(super) fn page_edges(mut body: Body<'_>, styles: &str, edge: &str, content: &mut Content) {
    let mut markup = Markup::new(styles);
    let mut found = Content::default();
    let mut inside = false;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match (tag.prefix(), tag.name()) {
                ("style", name) if is_edge(name, edge) => {
                    if tag.attribute("display").is_some_and(|shown| shown == "false") {
                        markup.skip();
                    } else {
                        inside = true;
                    }
                }
                ("text", name) if is_field(name) => {
                    markup.skip();
                    if inside {
                        body.put(FIELD);
                    }
                }
                _ if inside && body.take_apart(&tag, &mut markup, &mut found) => {}
                _ if inside => body.open(&tag),
                _ => {}
            },
            Node::End(name) if is_edge(&name, edge) => inside = false,
            Node::End(name) if name == "ruby" => body.end_ruby(),
            Node::End(name) if inside => body.close(element(&name), &mut found),
            Node::Text(text) if inside => {
                body.characters(&text);
            }
            Node::End(_) | Node::Text(_) => {}
        }
    }
    let mut seen = BTreeSet::new();
    found.segments.retain_mut(|segment| {
        let has_field = segment.text.contains(FIELD);
        segment.text = segment.text.replace(FIELD, "").trim().to_owned();
        // "Page" around a number that is gone says nothing.
        let is_word = |word: &&str| word.contains(char::is_alphanumeric);
        let words = segment.text.split_whitespace().filter(is_word).count();
        words > usize::from(has_field) && seen.insert(segment.text.clone())
    });
    content.segments.append(&mut found.segments);
}

/// `style:header`, `style:header-left`, `style:header-first`.
fn is_edge(name: &str, edge: &str) -> bool {
    name.strip_prefix(edge).is_some_and(|rest| matches!(rest, "" | "-left" | "-first"))
}
