//! Walking an XML part: elements by local name, text with its references resolved, a bounded depth, and no
//! entity of a document type definition ever expanded.

use std::borrow::Cow;

use madang_document::content::Content;
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

/// Elements deeper than this end the part. Word, Excel, PowerPoint and LibreOffice stay below 100 even in
/// tables within tables; the walk itself does not recurse, so the bound only keeps nonsense short.
const DEPTH: usize = 2_000;

/// What a walk meets.
pub(super) enum Node<'a> {
    /// An element opens; an empty one opens and closes.
    Start(Tag<'a>),
    /// The element of this local name closes.
    End(String),
    /// Characters.
    Text(Cow<'a, str>),
}

/// An opening tag.
pub(super) struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// The name without its prefix: transitional and strict OOXML differ in namespaces only.
    pub(super) fn name(&self) -> &str {
        let name = self.0.name().0;
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }

    /// The prefix, empty if there is none.
    pub(super) fn prefix(&self) -> &str {
        self.0.name().0.rsplit_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// The value of the attribute of this local name; one without a prefix comes first.
    pub(super) fn attribute(&self, local: &str) -> Option<String> {
        self.find(|key| key == local)
            .or_else(|| self.find(|key| key.rsplit_once(':').is_some_and(|(_, l)| l == local)))
    }

    /// The value of the attribute of this local name that has a prefix, as in `r:id` beside `id`.
    pub(super) fn prefixed(&self, local: &str) -> Option<String> {
        self.find(|key| key.rsplit_once(':').is_some_and(|(_, l)| l == local))
    }

    fn find(&self, is: impl Fn(&str) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        attributes.with_checks(false).flatten().find(|a| is(a.key.0)).map(|a| {
            match a.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value.into_owned(),
                Err(_) => a.value.into_owned(),
            }
        })
    }
}

/// A walk through the text of a part.
pub(super) struct Markup<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
    damage: Option<Reason>,
}

impl<'a> Markup<'a> {
    /// At the start of the part.
    pub(super) fn new(text: &'a str) -> Markup<'a> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // A tag that is closed wrongly costs its own text, not the rest of the document.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Markup { reader, depth: 0, damage: None }
    }

    /// The next node; none at the end, or where the markup is damaged.
    pub(super) fn next(&mut self) -> Option<Node<'a>> {
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let place = self.reader.error_position();
                    let broken = ReasonKind::Broken(Quote::of(&error));
                    self.damage = Some(ReasonKind::DamagedAt(place).because(broken));
                    return None;
                }
            };
            return Some(match event {
                Event::Start(tag) | Event::Empty(tag) => {
                    self.depth += 1;
                    if self.depth > DEPTH {
                        self.damage = Some(ReasonKind::TooDeep(DEPTH as u64).of(Noun::Elements));
                        return None;
                    }
                    Node::Start(Tag(tag))
                }
                Event::End(tag) => {
                    self.depth = self.depth.saturating_sub(1);
                    let name = tag.name().0;
                    Node::End(name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned())
                }
                Event::Text(text) => Node::Text(text.xml10_content()),
                Event::CData(text) => Node::Text(text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let text = match reference.resolve_char_ref() {
                        Ok(Some(c)) => Cow::Owned(c.to_string()),
                        _ => match resolve_predefined_entity(&reference) {
                            Some(text) => Cow::Borrowed(text),
                            None => continue,
                        },
                    };
                    Node::Text(text)
                }
                Event::Eof => {
                    if self.depth > 0 && self.damage.is_none() {
                        let within = ReasonKind::EndsWithin(Noun::XmlElement.into());
                        self.damage = Some(within.into());
                    }
                    return None;
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
            });
        }
    }

    /// Walks past the end of the element that was opened last.
    pub(super) fn skip(&mut self) {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if self.next().is_none() {
                break;
            }
        }
    }

    /// The characters inside the element that was opened last, up to its end.
    pub(super) fn text(&mut self) -> String {
        let outside = self.depth.saturating_sub(1);
        let mut text = String::new();
        while self.depth > outside {
            match self.next() {
                Some(Node::Text(piece)) => text.push_str(&piece),
                Some(_) => {}
                None => break,
            }
        }
        text
    }

    /// Notes in `content` where the walk ended early, if it did.
    pub(super) fn report(self, part: impl Into<Part>, content: &mut Content) {
        if let Some(damage) = self.damage {
            content.lost(damage.within(part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(xml: &str) -> (String, bool) {
        let mut markup = Markup::new(xml);
        let mut out = String::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => out.push_str(&format!("<{}>", tag.name())),
                Node::End(name) => out.push_str(&format!("</{name}>")),
                Node::Text(text) => out.push_str(&text),
            }
        }
        (out, markup.damage.is_some())
    }

    #[test]
    fn resolves_references_and_never_expands_entities() {
        let xml = r#"<!DOCTYPE a [<!ENTITY x "bomb"><!ENTITY y SYSTEM "file:///etc/passwd">]>
<w:a>1 &lt; 2 &#44032; &x;&y; R&D<b/></w:a>"#;
        let (text, damaged) = flat(xml);
        assert_eq!(text.trim(), "<a>1 < 2 가  R&D<b></b></a>");
        assert!(!damaged);
    }

    #[test]
    fn depth_is_bounded() {
        let (_, damaged) = flat(&"<a>".repeat(DEPTH + 1));
        assert!(damaged);
        let (_, damaged) = flat(&format!("{}{}", "<a>".repeat(DEPTH), "</a>".repeat(DEPTH)));
        assert!(!damaged);
    }

    #[test]
    fn an_end_inside_an_element_is_damage() {
        assert_eq!(flat("<a><b>half"), ("<a><b>half".into(), true));
        assert!(flat("<a><b").1);
        assert!(!flat("<a/>").1);
    }

    #[test]
    fn an_attribute_with_a_prefix_is_told_apart() {
        let mut markup = Markup::new(r#"<p:sldId r:id="rId2" id="256" w:val="a&amp;b"/>"#);
        let Some(Node::Start(tag)) = markup.next() else { panic!() };
        assert_eq!(tag.attribute("id").as_deref(), Some("256"));
        assert_eq!(tag.prefixed("id").as_deref(), Some("rId2"));
        assert_eq!(tag.attribute("val").as_deref(), Some("a&b"));
    }
}
