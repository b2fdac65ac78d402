//! The pictures of an OpenDocument file: which of its parts it shows, and those that a flat file has written into it.

use std::collections::{BTreeSet, HashSet};

use madang_document::blob_id::BlobId;
use madang_document::content::Content;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use mail_parser::decoders::base64::base64_decode;

use super::markup::{Markup, Node, Tag};
use super::part_path::part_path;
use crate::context::Context;
use crate::unpack::{leave_member, take_member};

/// The parts that the document in `folder` shows as pictures, or plays: those that its content names, and its styles. A fill
/// that no style asks for is one of those that the program offers to whoever writes.
pub(super) fn shown(text: &str, styles: &str, folder: &str) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    let mut fills: Vec<(String, String)> = Vec::new();
    let mut asked: HashSet<String> = HashSet::new();
    for text in [text, styles] {
        // Most documents show none, and need not be read once more.
        const SHOWING: [&str; 3] = ["image", "draw:plugin", "presentation:sound"];
        if !text.contains("href=") || !SHOWING.iter().any(|element| text.contains(element)) {
            continue;
        }
        let mut markup = Markup::new(text);
        let mut frames = Frames::default();
        while let Some(node) = markup.next() {
            let tag = match node {
                Node::Start(tag) => tag,
                Node::End(name) => {
                    frames.end(&name);
                    continue;
                }
                Node::Text(_) => continue,
            };
            frames.start(&tag);
            let is_fill = match (tag.prefix(), tag.name()) {
                ("style", "graphic-properties" | "drawing-page-properties") => {
                    asked.extend(tag.attribute("fill-image-name"));
                    continue;
                }
                ("draw", "fill-image") => true,
                ("draw", "image") if frames.in_other_words() => continue,
                ("draw", "image" | "plugin")
                | ("style", "background-image")
                | ("text", "list-level-style-image")
                | ("presentation", "sound") => false,
                _ => continue,
            };
            let Some(href) = tag.attribute("href") else { continue };
            // OpenOffice.org 1.x wrote `#Pictures/…`.
            let part = part_path(folder, href.trim_start_matches('#'));
            match tag.attribute("name").filter(|_| is_fill) {
                Some(name) => fills.push((name, part)),
                None => drop(shown.insert(part)),
            }
        }
    }
    shown.extend(fills.into_iter().filter(|(name, _)| asked.contains(name)).map(|(_, part)| part));
    shown
}

/// The frames that are open, and of each whether it holds an object, a table or a film. What else a frame holds shows the
/// same to those who cannot read that (ODF 1.3 part 3, section 10.4.2).
#[derive(Default)]
struct Frames(Vec<bool>);

impl Frames {
    fn start(&mut self, tag: &Tag<'_>) {
        match (tag.prefix(), tag.name()) {
            ("draw", "frame") => self.0.push(false),
            ("draw", "object" | "object-ole" | "plugin") | ("table", "table") => {
                self.0.last_mut().into_iter().for_each(|is_other| *is_other = true);
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if name == "frame" {
            self.0.pop();
        }
    }

    /// Whether a picture here shows what is read already.
    fn in_other_words(&self) -> bool {
        self.0.last() == Some(&true)
    }
}

/// Extracts the pictures that a flat file holds in base64, each once.
pub(super) fn take_written(text: &str, context: &Context<'_>, content: &mut Content) {
    let mut markup = Markup::new(text);
    let mut known = HashSet::new();
    let (mut number, mut in_image) = (0u32, false);
    let mut frames = Frames::default();
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match (tag.prefix(), tag.name()) {
                ("draw", "image") => in_image = !frames.in_other_words(),
                ("style", "background-image") => in_image = true,
                ("office", "binary-data") if in_image => {
                    number = number.saturating_add(1);
                    let path = format!("picture-{number}");
                    let goes_on = match base64_decode(markup.text().trim().as_bytes()) {
                        Some(bytes) if !known.insert(BlobId::of(&bytes)) => true,
                        Some(bytes) => {
                            let size = Some(bytes.len() as u64);
                            take_member(bytes.as_slice(), &path, size, context, content)
                        }
                        None => {
                            let reason = ReasonKind::NotDecoded.into();
                            leave_member(&path, None, Outcome::Corrupt, reason, context, content)
                        }
                    };
                    if !goes_on {
                        return;
                    }
                }
                _ => frames.start(&tag),
            },
            Node::End(name) if matches!(name.as_str(), "image" | "background-image") => {
                in_image = false;
            }
            Node::End(name) => frames.end(&name),
            Node::Text(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_named() {
        let text = r##"<draw:image xlink:href="Pictures/1.png"/>
            <draw:frame><draw:object/><draw:image xlink:href="./ObjectReplacements/Object 1"/></draw:frame>
            <draw:frame><table:table/><draw:image xlink:href="Pictures/TablePreview1.svm"/></draw:frame>
            <draw:image xlink:href="#Pictures/2.png"/><draw:plugin xlink:href="Media/3.mp4"/><text:a xlink:href="Pictures/0.png"/>
            <style:graphic-properties draw:fill-image-name="Brick"/>"##;
        let styles = r#"<draw:fill-image draw:name="Brick" xlink:href="Pictures/4.png"/>
            <draw:fill-image draw:name="Sky" xlink:href="Pictures/5.png"/>
            <style:background-image xlink:href="Pictures/6.png"/>"#;
        let shown: Vec<String> = shown(text, styles, "").into_iter().collect();
        assert_eq!(
            shown,
            ["Media/3.mp4", "Pictures/1.png", "Pictures/2.png", "Pictures/4.png", "Pictures/6.png"]
        );
        assert!(super::shown(text, "", "Object 1").contains("Object 1/Pictures/1.png"));
    }
}
