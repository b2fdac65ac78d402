//! Forms in XML inside a PDF (XML Forms Architecture 3.3; ISO 32000-1, section 12.7.8). Their pages are made by the
//! viewer from a template and the data; the file's own page only asks to wait.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object};
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use super::markup::{Markup, Node};
use super::pdf_stream;
use crate::context::Context;
use crate::encoding;

/// Which form a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// None in XML.
    None,
    /// One whose pages stand in the file.
    Static,
    /// One whose pages are made by the viewer.
    Dynamic,
}

/// Reads the labels of a dynamic form and what was filled in.
pub(super) fn read(document: &Document, context: &Context<'_>, content: &mut Content) -> Form {
    let Some((root, form, packets)) = parts(document) else { return Form::None };
    let fields = form.get_deref(b"Fields", document).and_then(Object::as_array);
    // The fields of a static form stand on its pages, with their values.
    let needs_viewer = root.get_deref(b"NeedsRendering", document).and_then(Object::as_bool);
    let needs_viewer = needs_viewer.unwrap_or(false);
    if !needs_viewer && fields.is_ok_and(|fields| !fields.is_empty()) {
        return Form::Static;
    }
    match packet(document, packets, context) {
        Ok((bytes, is_whole)) => {
            if !is_whole {
                content.lost(ReasonKind::Damaged.of(Noun::XmlForm));
            }
            let text = encoding::decode(&bytes).text;
            for piece in pieces(&text, content) {
                content.push_text(piece, Locator::Whole {});
            }
        }
        Err(error) => {
            let broken = ReasonKind::Broken(Quote::of(&error));
            content.lost(ReasonKind::Unreadable.of(Noun::XmlForm).because(broken));
        }
    }
    Form::Dynamic
}

/// Adds what was filled into a form whose pages stand in the file, and is said on none of them.
pub(super) fn add_unsaid(document: &Document, context: &Context<'_>, content: &mut Content) {
    let Some((_, _, packets)) = parts(document) else { return };
    // Its fields were read, so that the form is no less for this; but what it says besides them is.
    let packet = packet(document, packets, context);
    if !packet.as_ref().is_ok_and(|(_, is_whole)| *is_whole) {
        content.lost(ReasonKind::Damaged.of(Noun::XmlForm));
    }
    let Ok((bytes, _)) = packet else { return };
    let [_, values] = pieces(&encoding::decode(&bytes).text, content);
    let said: HashSet<&str> =
        content.segments.iter().flat_map(|segment| words(&segment.text)).collect();
    let is_unsaid = |value: &&str| words(value).any(|word| !said.contains(word));
    let unsaid: Vec<&str> = values.lines().filter(is_unsaid).collect();
    let unsaid = unsaid.join("\n");
    content.push_text(unsaid, Locator::Whole {});
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The catalog, the form, and what the form holds in XML; none if it holds nothing.
fn parts(document: &Document) -> Option<(&Dictionary, &Dictionary, &Object)> {
    let root = document.catalog().ok()?;
    let form = root.get_deref(b"AcroForm", document).and_then(Object::as_dict).ok()?;
    Some((root, form, form.get_deref(b"XFA", document).ok()?))
}

/// The document of the form, and whether it is whole: one stream, or an array of names and the streams that follow one
/// another.
fn packet(
    document: &Document,
    packets: &Object,
    context: &Context<'_>,
) -> Result<(Vec<u8>, bool), lopdf::Error> {
    let parts = match packets {
        Object::Array(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let most = context.member_left();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut packet, mut is_whole) = (Vec::new(), true);
    let mut seen = HashSet::new();
    for part in parts {
        if let Ok((_, Object::Stream(part))) = document.dereference(part) {
            // One that is named again would say nothing new, and a short list could say it without end.
            if !seen.insert(std::ptr::from_ref(part)) {
                continue;
            }
            let left = most.saturating_sub(packet.len());
            let decoded = pdf_stream::decode(part, left)?;
            is_whole &= decoded.is_whole;
            packet.extend(decoded.bytes);
        }
    }
    Ok((packet, is_whole))
}

/// The labels of the template, and the values of the data; a line for each.
fn pieces(xml: &str, content: &mut Content) -> [String; 2] {
    let (mut labels, mut values) = (String::new(), String::new());
    let mut markup = Markup::new(xml);
    // How deep below `template` and `data` the walk is.
    let (mut template, mut data, mut label) = (0u32, 0u32, 0u32);
    let mut picture = false;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => {
                let name = tag.name();
                // Its bytes as text.
                picture =
                    tag.attribute("contentType").is_some_and(|kind| kind.starts_with("image/"));
                if data > 0 || name == "data" {
                    data += 1;
                } else if template > 0 || name == "template" {
                    template += 1;
                    if label > 0 || matches!(name, "draw" | "caption") {
                        label += 1;
                    }
                }
            }
            Node::End(_) => {
                picture = false;
                end_line(&mut values);
                end_line(&mut labels);
                if data > 0 {
                    data -= 1;
                } else if template > 0 {
                    template -= 1;
                    label = label.saturating_sub(1);
                }
            }
            Node::Text(_) if picture => {}
            Node::Text(text) if data > 0 => values.push_str(&text),
            Node::Text(text) if label > 0 => labels.push_str(&text),
            Node::Text(_) => {}
        }
    }
    markup.report(Noun::XmlForm, content);
    [labels, values].map(|lines| {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_and_values() {
        let xml = "<xdp:xdp><template><subform><draw><value><text>지급 신청서</text></value></draw><field>\
                   <caption><value><text>이름</text></value></caption><script>if (a) b;</script></field>\
                   </subform></template><xfa:datasets><xfa:data><form><name> 김하나 </name><no>7781</no></form>\
                   </xfa:data></xfa:datasets></xdp:xdp>";
        let mut content = Content::default();
        assert_eq!(pieces(xml, &mut content), ["지급 신청서\n이름", "김하나\n7781"]);
        assert!(content.warnings.is_empty());
    }
}
