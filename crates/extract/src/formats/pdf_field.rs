//! The fields of a form and what was filled in (ISO 32000-2, section 12.7).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::pdf_tree::Tree;
use super::{pdf_metadata, pdf_stream};

/// How deep fields may lie in one another.
const FIELDS_DEEPEST: usize = 256;

/// Bytes of all values of a document. Fields that share one value would make more of it than a file can hold.
const VALUES_MOST: usize = 64 << 20;

/// Choices that are looked at for the fields of a document.
const CHOICES_MOST: usize = 5_000_000;

/// The values of the fields of a document.
pub(super) struct Values<'a> {
    document: &'a Document,
    bytes_left: Cell<usize>,
    choices_left: Cell<usize>,
    faults: RefCell<Vec<Reason>>,
}

impl<'a> Values<'a> {
    /// Of the fields of a document.
    pub(super) fn of(document: &'a Document) -> Values<'a> {
        Values {
            document,
            bytes_left: Cell::new(VALUES_MOST),
            choices_left: Cell::new(CHOICES_MOST),
            faults: RefCell::default(),
        }
    }

    /// What was not read of them.
    pub(super) fn take_faults(&self) -> Vec<Reason> {
        self.faults.take()
    }

    /// The value of a text or choice field as a viewer shows it, its own or that of the field it is a part of.
    pub(super) fn value(&self, widget: &'a Dictionary) -> Option<String> {
        const PASSWORD: i64 = 1 << 13;
        let document = self.document;
        let mut field = widget;
        let (mut value, mut kind, mut flags, mut choices) = (None, None, None, None);
        for depth in 0..=FIELDS_DEEPEST {
            value = value.or_else(|| field.get_deref(b"V", document).ok());
            kind = kind.or_else(|| field.get_deref(b"FT", document).and_then(Object::as_name).ok());
            flags =
                flags.or_else(|| field.get_deref(b"Ff", document).and_then(Object::as_i64).ok());
            choices = choices
                .or_else(|| field.get_deref(b"Opt", document).and_then(Object::as_array).ok());
            match field.get_deref(b"Parent", document).and_then(Object::as_dict) {
                Ok(_) if depth == FIELDS_DEEPEST && value.is_none() => {
                    self.lose(ReasonKind::Circle.of(Noun::FormFields));
                }
                Ok(parent) => field = parent,
                Err(_) => break,
            }
        }
        let is_open = matches!(kind, Some(b"Tx" | b"Ch")) && flags.unwrap_or(0) & PASSWORD == 0;
        let values = match value.filter(|_| is_open)? {
            Object::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let words = self.words(choices.map(Vec::as_slice).unwrap_or_default(), values);
        let mut shown = String::new();
        for value in values {
            let Ok((_, value)) = document.dereference(value) else { continue };
            let chosen = value.as_str().ok().and_then(|value| words.get(value).copied());
            let Some(text) = self.text(chosen.unwrap_or(value)) else { continue };
            if !shown.is_empty() {
                shown.push('\n');
            }
            shown.push_str(&text);
        }
        Some(shown).filter(|text| !text.trim().is_empty())
    }

    /// What the choices show whose pairs of value and words are in the list.
    fn words(&self, choices: &'a [Object], values: &[Object]) -> HashMap<&'a [u8], &'a Object> {
        let document = self.document;
        let is_text = |value: &Object| {
            document.dereference(value).is_ok_and(|(_, value)| value.as_str().is_ok())
        };
        if choices.is_empty() || !values.iter().any(is_text) {
            return HashMap::new();
        }
        let Some(left) = self.choices_left.get().checked_sub(choices.len()) else {
            self.lose(ReasonKind::LimitReached.of(Noun::FormFields));
            return HashMap::new();
        };
        self.choices_left.set(left);
        let mut words = HashMap::new();
        for choice in choices {
            let Ok((_, Object::Array(pair))) = document.dereference(choice) else { continue };
            let [export, shown, ..] = pair.as_slice() else { continue };
            let export = document.dereference(export).and_then(|(_, export)| export.as_str());
            if let Ok(export) = export {
                words.entry(export).or_insert(shown);
            }
        }
        words
    }

    fn text(&self, object: &'a Object) -> Option<String> {
        let (_, object) = self.document.dereference(object).ok()?;
        let left = self.bytes_left.get();
        let text = match object {
            Object::Stream(stream) => {
                let decoded = pdf_stream::decode(stream, left);
                if !decoded.as_ref().is_ok_and(|value| value.is_whole) {
                    let is_limit = matches!(
                        decoded,
                        Err(lopdf::Error::Decompress(
                            lopdf::DecompressError::MemoryLimitExceeded { .. },
                        ))
                    );
                    let what =
                        if is_limit { ReasonKind::LimitReached } else { ReasonKind::Damaged };
                    self.lose(what.of(Noun::FieldValue));
                }
                let bytes = decoded.ok()?.bytes;
                pdf_metadata::text_of(&Object::String(bytes, lopdf::StringFormat::Literal))?
            }
            object if object.as_str().is_ok_and(|bytes| bytes.len() > left) => {
                self.lose(ReasonKind::LimitReached.of(Noun::FieldValue));
                return None;
            }
            object => pdf_metadata::text_of(object)?,
        };
        self.bytes_left.set(left.saturating_sub(text.len()));
        Some(text)
    }

    fn lose(&self, reason: Reason) {
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&reason) {
            faults.push(reason);
        }
    }

    /// The values of the fields that stand on no page; a line for each.
    pub(super) fn unplaced(&self) -> String {
        let document = self.document;
        let form = document.catalog().and_then(|root| root.get_deref(b"AcroForm", document));
        let fields =
            form.and_then(Object::as_dict).and_then(|form| form.get_deref(b"Fields", document));
        let fields = fields.and_then(Object::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut tree = Tree::of_kids(document, fields);
        let mut values = Vec::new();
        for field in tree.by_ref() {
            let kids = field.get_deref(b"Kids", document).and_then(Object::as_array);
            let has_kids = kids.is_ok_and(|kids| !kids.is_empty());
            if !has_kids && !field.has(b"Subtype") {
                values.extend(self.value(field));
            }
        }
        if tree.is_cut {
            self.lose(ReasonKind::LimitReached.of(Noun::FormFields));
        }
        values.join("\n")
    }
}

/// Whether the viewer draws the fields anew and what is drawn in the file may be of old.
pub(super) fn are_drawn_anew(document: &Document) -> bool {
    let form = document.catalog().and_then(|root| root.get_deref(b"AcroForm", document));
    let form = form.and_then(Object::as_dict);
    let needs = form.and_then(|form| form.get_deref(b"NeedAppearances", document));
    needs.and_then(Object::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use lopdf::{Stream, dictionary};

    use super::*;

    fn text(text: &str) -> Object {
        Object::string_literal(text)
    }

    fn field(value: impl Into<Object>) -> Dictionary {
        dictionary! { "FT" => "Tx", "V" => value.into() }
    }

    /// The values of fields that stand on no page, and what was told.
    fn unplaced(mut document: Document, fields: Vec<Object>) -> (String, Vec<Reason>) {
        let root = dictionary! { "AcroForm" => dictionary! { "Fields" => fields } };
        let root = document.add_object(root);
        document.trailer.set("Root", root);
        let values = Values::of(&document);
        let unplaced = values.unplaced();
        (unplaced, values.take_faults())
    }

    #[test]
    fn reads_long_values_whole() {
        let long = "value ".repeat(50_000);
        let mut document = Document::with_version("1.7");
        let stream = document.add_object(Stream::new(Dictionary::new(), long.clone().into_bytes()));
        let (read, faults) =
            unplaced(document, vec![field(text(&long)).into(), field(stream).into()]);
        assert_eq!((read, faults), (format!("{long}\n{long}"), Vec::new()));
    }

    #[test]
    fn reads_all_that_is_chosen() {
        let pair = |n: usize| vec![text(&format!("v{n}")), text(&format!("choice {n}"))].into();
        let choices: Vec<Object> = (0..2_000).map(pair).collect();
        let chosen: Vec<Object> = (0..2_000).step_by(2).map(|n| text(&format!("v{n}"))).collect();
        let list = dictionary! { "FT" => "Ch", "Opt" => choices, "V" => chosen };
        let (read, faults) = unplaced(Document::with_version("1.7"), vec![list.into()]);
        assert_eq!((read.lines().count(), read.lines().last()), (1_000, Some("choice 1998")));
        assert!(faults.is_empty());
    }

    #[test]
    fn reads_each_of_many_fields_once() {
        let mut document = Document::with_version("1.7");
        let mut node = document.add_object(field(text("Kim")));
        for _ in 0..40 {
            node = document.add_object(dictionary! { "Kids" => vec![Object::from(node); 2] });
        }
        let mut fields: Vec<Object> = vec![node.into()];
        fields.extend((0..60_000).map(|n| Object::from(field(text(&n.to_string())))));
        let (read, faults) = unplaced(document, fields);
        assert_eq!((read.lines().count(), read.lines().next()), (60_001, Some("Kim")));
        assert!(faults.is_empty());
    }

    #[test]
    fn tells_what_is_left_out() {
        let mut document = Document::with_version("1.7");
        let cut = Stream::new(dictionary! { "Filter" => "ASCIIHexDecode" }, b"4b696".to_vec());
        let cut = document.add_object(cut);
        let (read, faults) = unplaced(document, vec![field(cut).into()]);
        assert_eq!(
            (read.as_str(), faults),
            ("Ki`", vec![ReasonKind::Damaged.of(Noun::FieldValue)])
        );
        let mut document = Document::with_version("1.7");
        let long = Stream::new(Dictionary::new(), b"a".repeat(VALUES_MOST / 3));
        let long = document.add_object(long);
        let parent = document.add_object(field(long));
        let kid = || dictionary! { "Parent" => parent };
        let (read, faults) = unplaced(document, (0..4).map(|_| kid().into()).collect());
        assert_eq!(read.lines().count(), 3);
        assert_eq!(faults, [ReasonKind::LimitReached.of(Noun::FieldValue)]);
        let mut document = Document::with_version("1.7");
        let own = document.new_object_id();
        document.objects.insert(own, dictionary! { "FT" => "Tx", "Parent" => own }.into());
        let (read, faults) = unplaced(document, vec![own.into()]);
        assert_eq!((read.as_str(), faults), ("", vec![ReasonKind::Circle.of(Noun::FormFields)]));
    }
}
