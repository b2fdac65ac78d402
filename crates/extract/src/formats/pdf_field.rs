//! The fields of a form and what was filled in (ISO 32000-2, section 12.7).

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object};

use super::pdf_metadata;

/// Fields that are visited, and how deep they lie in one another.
const FIELDS_MOST: usize = 50_000;
const FIELDS_DEEPEST: usize = 16;

/// Bytes of one value that is a stream.
const VALUE_MOST: usize = 64 << 10;

/// Choices of one field that are looked at, and those of them that are chosen.
const CHOICES_MOST: usize = 500;
const CHOSEN_MOST: usize = 20;

/// The value of a text or choice field as a viewer shows it, its own or that of the field it is a part of.
pub(super) fn value(document: &Document, widget: &Dictionary) -> Option<String> {
    const PASSWORD: i64 = 1 << 13;
    let mut field = widget;
    let (mut value, mut kind, mut flags, mut choices) = (None, None, None, None);
    for _ in 0..FIELDS_DEEPEST {
        value = value.or_else(|| field.get_deref(b"V", document).ok());
        kind = kind.or_else(|| field.get_deref(b"FT", document).and_then(Object::as_name).ok());
        flags = flags.or_else(|| field.get_deref(b"Ff", document).and_then(Object::as_i64).ok());
        choices =
            choices.or_else(|| field.get_deref(b"Opt", document).and_then(Object::as_array).ok());
        match field.get_deref(b"Parent", document).and_then(Object::as_dict) {
            Ok(parent) => field = parent,
            Err(_) => break,
        }
    }
    let is_open = matches!(kind, Some(b"Tx" | b"Ch")) && flags.unwrap_or(0) & PASSWORD == 0;
    let values = match value.filter(|_| is_open)? {
        Object::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let choices = choices.map(Vec::as_slice).unwrap_or_default();
    let shown = values
        .iter()
        .take(CHOSEN_MOST)
        .filter_map(|value| text(document, chosen(document, choices, value).unwrap_or(value)));
    Some(shown.collect::<Vec<_>>().join("\n")).filter(|text| !text.trim().is_empty())
}

/// What a choice shows whose pair of value and words is in the list.
fn chosen<'a>(document: &'a Document, choices: &'a [Object], value: &Object) -> Option<&'a Object> {
    let value = document.dereference(value).ok()?.1.as_str().ok()?;
    choices.iter().take(CHOICES_MOST).find_map(|choice| {
        let (_, Object::Array(pair)) = document.dereference(choice).ok()? else { return None };
        let export = document.dereference(pair.first()?).ok()?.1.as_str().ok()?;
        pair.get(1).filter(|_| export == value)
    })
}

fn text(document: &Document, object: &Object) -> Option<String> {
    match document.dereference(object).ok()?.1 {
        Object::Stream(stream) => {
            let bytes = stream.get_plain_content_with_limit(VALUE_MOST).ok()?;
            pdf_metadata::text_of(&Object::String(bytes, lopdf::StringFormat::Literal))
        }
        object => pdf_metadata::text_of(object),
    }
}

/// Whether the viewer draws the fields anew and what is drawn in the file may be of old.
pub(super) fn are_drawn_anew(document: &Document) -> bool {
    let form = document.catalog().and_then(|root| root.get_deref(b"AcroForm", document));
    let form = form.and_then(Object::as_dict);
    let needs = form.and_then(|form| form.get_deref(b"NeedAppearances", document));
    needs.and_then(Object::as_bool).unwrap_or(false)
}

/// The values of the fields that stand on no page; a line for each.
pub(super) fn unplaced(document: &Document) -> String {
    let form = document.catalog().and_then(|root| root.get_deref(b"AcroForm", document));
    let fields =
        form.and_then(Object::as_dict).and_then(|form| form.get_deref(b"Fields", document));
    let mut waiting: Vec<&Object> =
        fields.and_then(Object::as_array).into_iter().flatten().rev().collect();
    let mut seen = HashSet::new();
    let mut values = Vec::new();
    while let Some(field) = waiting.pop() {
        let field = document.dereference(field).ok().and_then(|(_, field)| field.as_dict().ok());
        let Some(field) = field else { continue };
        if seen.len() >= FIELDS_MOST || !seen.insert(std::ptr::from_ref(field)) {
            continue;
        }
        let kids = field.get_deref(b"Kids", document).and_then(Object::as_array);
        match kids {
            Ok(kids) if !kids.is_empty() => waiting.extend(kids.iter().rev().take(FIELDS_MOST)),
            _ if field.has(b"Subtype") => {}
            _ => values.extend(value(document, field)),
        }
    }
    values.join("\n")
}
