use lopdf::{Dictionary, Document, Object, ObjectId};

/// What content names: fonts, forms, properties. There may be none.
#[derive(Clone, Copy)]
pub(super) struct Resources<'a> {
    dictionary: Option<&'a Dictionary>,
}

impl<'a> Resources<'a> {
    /// Those of a page: its own or the nearest that it inherits.
    pub(super) fn of_page(document: &'a Document, page: &'a Dictionary) -> Resources<'a> {
        Resources { dictionary: inherited(document, page) }
    }

    /// Those of a form, which may lean on those of what shows it.
    pub(super) fn of_form(
        document: &'a Document,
        form: &'a Dictionary,
        outer: Resources<'a>,
    ) -> Resources<'a> {
        let own = form.get_deref(b"Resources", document).and_then(Object::as_dict).ok();
        Resources { dictionary: own.or(outer.dictionary) }
    }

    /// Those of the fields of a form, whose appearances may name fonts without saying where they are.
    pub(super) fn of_fields(document: &'a Document) -> Resources<'a> {
        let form = document.catalog().and_then(|root| root.get_deref(b"AcroForm", document));
        let form = form.and_then(Object::as_dict);
        let own = form.and_then(|form| form.get_deref(b"DR", document)).and_then(Object::as_dict);
        Resources { dictionary: own.ok() }
    }

    /// None at all.
    pub(super) fn none() -> Resources<'a> {
        Resources { dictionary: None }
    }

    /// A named resource, and its number if it has one.
    pub(super) fn find(
        &self,
        document: &'a Document,
        kind: &[u8],
        name: &[u8],
    ) -> Option<(&'a Object, Option<ObjectId>)> {
        let all = self.dictionary?.get_deref(kind, document).and_then(Object::as_dict).ok()?;
        let object = all.get(name).ok()?;
        let id = object.as_reference().ok();
        Some((document.dereference(object).ok()?.1, id))
    }
}

/// The resources of a page: its own or the nearest that it inherits.
fn inherited<'a>(document: &'a Document, page: &'a Dictionary) -> Option<&'a Dictionary> {
    let mut node = page;
    for _ in 0..64 {
        if let Ok(resources) = node.get_deref(b"Resources", document).and_then(Object::as_dict) {
            return Some(resources);
        }
        node = node.get_deref(b"Parent", document).and_then(Object::as_dict).ok()?;
    }
    None
}
