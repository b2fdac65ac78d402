//! What an OpenDocument file keeps apart from the body that shows it: embedded documents and charts, what was filled
//! into form controls, the footers of slides and the words on their masters.

use std::collections::BTreeMap;

use super::markup::{Markup, Node, Tag};
use super::odf_list::Lists;
use super::odf_signs::Signs;

/// Form controls that are read; a form of many pages has some hundred.
const CONTROLS: usize = 10_000;

/// Entries of a list in a form of Word, which takes 25.
const ENTRIES: usize = 100;

/// The words that lie apart, by the names under which the body shows them.
#[derive(Default)]
pub(super) struct Beside {
    /// The words of an embedded document, by its folder.
    pub(super) objects: BTreeMap<String, String>,
    /// The words on a master of slides.
    pub(super) grounds: BTreeMap<String, String>,
    /// How lists and headings are numbered.
    pub(super) lists: Lists,
    /// Which styles set letters in fonts of signs.
    pub(super) signs: Signs,
    controls: BTreeMap<String, String>,
    footers: BTreeMap<String, String>,
}

impl Beside {
    /// The words of embedded documents by their folders, those on masters by their names, and the styles of lists; the
    /// rest stands in the body itself.
    pub(super) fn new(
        objects: BTreeMap<String, String>,
        grounds: BTreeMap<String, String>,
        lists: Lists,
    ) -> Beside {
        Beside { objects, grounds, lists, ..Beside::default() }
    }

    /// Reads the element `office:forms` (ODF 1.3 part 3, section 13), which the walk has just met.
    pub(super) fn read_forms(&mut self, markup: &mut Markup<'_>) {
        let mut open = String::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match (tag.prefix(), tag.name()) {
                    ("form", "properties") => markup.skip(),
                    ("form", "option" | "item") => {
                        let label = tag.attribute("label").unwrap_or_default();
                        if is_set(&tag, &["current-selected", "selected"], "true") {
                            self.add(&open, &label);
                        }
                    }
                    ("form", _) => {
                        open = tag.attribute("id").unwrap_or_default();
                        let filled = filled(&tag);
                        self.add(&open, &filled);
                    }
                    // The lines of a text area, which repeat its value.
                    ("text", "p") => markup.skip(),
                    _ => {}
                },
                Node::End(name) if name == "forms" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    fn add(&mut self, control: &str, words: &str) {
        if words.trim().is_empty() || control.is_empty() || self.controls.len() >= CONTROLS {
            return;
        }
        let known = self.controls.entry(control.to_owned()).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(words.trim());
    }

    /// Reads the element `presentation:footer-decl`, which the walk has just met.
    pub(super) fn read_footer(&mut self, tag: &Tag<'_>, markup: &mut Markup<'_>) {
        let name = tag.attribute("name").unwrap_or_default();
        self.footers.insert(name, markup.text());
    }

    /// The footer that a slide names. It is given once, for all slides have it.
    pub(super) fn take_footer(&mut self, slide: &Tag<'_>) -> Option<String> {
        self.footers.remove(&slide.attribute("use-footer-name")?)
    }

    /// Reads the element `field:fieldmark`, which the walk has just met: what was filled into a form of Word.
    pub(super) fn field(tag: &Tag<'_>, markup: &mut Markup<'_>) -> String {
        let kind = tag.attribute("type").unwrap_or_default();
        let (mut entries, mut set) = (Vec::new(), None);
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => {
                    let value = tag.attribute("value").unwrap_or_default();
                    match tag.attribute("name").unwrap_or_default().as_str() {
                        "Dropdown_ListEntry" if entries.len() < ENTRIES => entries.push(value),
                        "Dropdown_Selected" | "Checkbox_Checked" => set = Some(value),
                        _ => {}
                    }
                }
                Node::End(name) if name == "fieldmark" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
        let set = set.unwrap_or_default();
        match kind.rsplit('.').next().unwrap_or_default() {
            "FORMCHECKBOX" if matches!(set.as_str(), "true" | "1") => "☒".to_owned(),
            "FORMCHECKBOX" => "☐".to_owned(),
            // A list in which nothing was chosen shows none of its entries.
            "FORMDROPDOWN" => {
                let chosen = set.parse().ok().and_then(|at: usize| entries.into_iter().nth(at));
                chosen.unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// The words that an element of the body shows: an embedded document or a control. They are given once.
    pub(super) fn shown(&mut self, tag: &Tag<'_>) -> Option<String> {
        match tag.name() {
            "object" => {
                let folder = tag.attribute("href")?;
                self.objects.remove(folder.trim_start_matches("./").trim_end_matches('/'))
            }
            "control" => self.controls.remove(&tag.attribute("control")?),
            _ => None,
        }
    }
}

/// What a control shows that was filled in, or is set where nothing was.
fn filled(tag: &Tag<'_>) -> String {
    let label = || tag.attribute("label").unwrap_or_default();
    let ticked = |names: &[&str], value: &str| {
        format!("{} {}", if is_set(tag, names, value) { '☒' } else { '☐' }, label())
    };
    match tag.name() {
        "checkbox" => ticked(&["current-state", "state"], "checked"),
        "radio" => ticked(&["current-selected", "selected"], "true"),
        "fixed-text" | "button" | "frame" => label(),
        "text" | "textarea" | "formatted-text" | "number" | "date" | "time" | "combobox" => {
            let value = tag.attribute("current-value").or_else(|| tag.attribute("value"));
            value.unwrap_or_default()
        }
        // A password is nobody's to read, and what is hidden is not shown.
        _ => String::new(),
    }
}

/// Whether the first of these attributes that is there has this value.
fn is_set(tag: &Tag<'_>, names: &[&str], value: &str) -> bool {
    names.iter().find_map(|name| tag.attribute(name)).is_some_and(|found| found == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_show_what_was_filled_in() {
        let forms = r#"<office:forms><form:form>
            <form:text form:id="a" form:value="미정" form:current-value=" 홍길동 "><form:properties><form:property/></form:properties></form:text>
            <form:textarea form:id="b" form:value="기본 값"><text:p>기본 값</text:p></form:textarea>
            <form:checkbox xml:id="c" form:id="c" form:label="현장 확인" form:current-state="checked"/>
            <form:radio form:id="d" form:label="불허" form:selected="true" form:current-selected="false"/>
            <form:listbox form:id="e"><form:option form:label="북구"/><form:option form:label="동래구" form:selected="true"/></form:listbox>
            <form:password form:id="f" form:value="비밀"/></form:form></office:forms><draw:control draw:control="a"/>"#;
        let mut markup = Markup::new(forms);
        markup.next();
        let mut beside = Beside::default();
        beside.read_forms(&mut markup);
        let Some(Node::Start(control)) = markup.next() else { panic!() };
        assert_eq!(beside.shown(&control).as_deref(), Some("홍길동"));
        assert_eq!(beside.shown(&control), None);
        let left: Vec<_> = beside.controls.into_values().collect();
        assert_eq!(left, ["기본 값", "☒ 현장 확인", "☐ 불허", "동래구"]);
    }
}
