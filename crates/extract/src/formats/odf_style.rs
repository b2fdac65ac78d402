//! The styles that the content of an OpenDocument file names.

use std::collections::BTreeSet;

use super::markup::{Markup, Node};

/// How elements name a style, a list or the page that they stand on.
const NAMING: [&str; 6] = [
    "style-name",
    "parent-style-name",
    "text-style-name",
    "list-style-name",
    "data-style-name",
    "master-page-name",
];

/// Whether the content names styles that do not stand in it: they lie in a part of their own.
pub(super) fn names_others(text: &str) -> bool {
    let mut markup = Markup::new(text);
    let (mut own, mut named) = (BTreeSet::new(), BTreeSet::new());
    let mut in_styles = false;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => {
                in_styles |= tag.name() == "automatic-styles";
                if in_styles {
                    own.extend(tag.attribute("name"));
                }
                named.extend(NAMING.iter().filter_map(|name| tag.attribute(name)));
            }
            Node::End(name) if name == "automatic-styles" => in_styles = false,
            Node::End(_) | Node::Text(_) => {}
        }
    }
    named.iter().any(|name| !name.is_empty() && !own.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_elsewhere_is_missed() {
        let content = |parent: &str, style: &str| {
            format!(
                "<office:automatic-styles><style:style style:name='P1'{parent}/></office:automatic-styles><office:body>\
                 <table:table table:name='T'/><text:p text:style-name='{style}'>글</text:p></office:body>"
            )
        };
        assert!(!names_others(&content("", "P1")) && !names_others(&content("", "")));
        assert!(names_others(&content("", "Standard")) && names_others(&content("", "T")));
        assert!(names_others(&content(" style:parent-style-name='Standard'", "P1")));
    }
}
