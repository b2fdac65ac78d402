//! What the structure of a tagged document says of its content (ISO 32000-2, sections 14.7 and 14.9): the text that
//! stands for glyphs, the words for a picture, the long form of a short one.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object};

use super::pdf_cmap::is_no_text;
use super::pdf_metadata;

/// Nodes of the tree that leads from content to elements, and entries of it.
const NODES_MOST: usize = 10_000;
const ENTRIES_MOST: usize = 200_000;

/// How deep elements may lie in one another.
const DEEPEST: usize = 64;

/// Entries of an element that describe what it shows, and stand for nothing on the page.
const DESCRIBING: [&[u8]; 2] = [b"Alt", b"E"];

/// Which text: of the element at this place, by the number of its entry.
pub(super) type TextId = (usize, usize);

/// Texts of elements.
type Texts = Vec<(TextId, Rc<str>)>;

/// What an element and those around it say.
pub(super) struct Words {
    /// In place of all glyphs of the outermost element that says so.
    pub(super) actual: Option<(TextId, Rc<str>)>,
    described: Texts,
    /// What says again what glyphs show, where any do: a formula is set, or it is a picture.
    pub(super) restated: Texts,
}

/// The elements of a document, as far as content leads to them.
pub(super) struct Structure<'a> {
    document: &'a Document,
    /// By the number that a page, a form, a picture or a note has for them.
    parents: HashMap<i64, &'a Object>,
    /// By the place of the element.
    words: HashMap<usize, Option<Rc<Words>>>,
    said: HashSet<TextId>,
}

impl<'a> Structure<'a> {
    pub(super) fn of(document: &'a Document) -> Structure<'a> {
        let root = document.catalog().and_then(|root| root.get_deref(b"StructTreeRoot", document));
        let tree = root
            .and_then(Object::as_dict)
            .and_then(|root| root.get_deref(b"ParentTree", document))
            .and_then(Object::as_dict);
        let parents = tree.map(|tree| parents(document, tree)).unwrap_or_default();
        Structure { document, parents, words: HashMap::new(), said: HashSet::new() }
    }

    /// The elements of marked content by its number, of a page or a form.
    pub(super) fn elements(&self, holder: &Dictionary) -> Option<&'a [Object]> {
        let elements = self.parent(holder, b"StructParents")?;
        self.document.dereference(elements).ok()?.1.as_array().ok().map(Vec::as_slice)
    }

    /// What is said of the content of an element.
    pub(super) fn of_content(&mut self, element: &'a Object) -> Option<Rc<Words>> {
        let element = self.document.dereference(element).ok()?.1.as_dict().ok()?;
        self.words(element)
    }

    /// What is said of a picture or a note.
    pub(super) fn of_object(&mut self, holder: &Dictionary) -> Option<Rc<Words>> {
        let element = self.parent(holder, b"StructParent")?;
        self.of_content(element)
    }

    fn parent(&self, holder: &Dictionary, key: &[u8]) -> Option<&'a Object> {
        if self.parents.is_empty() {
            return None;
        }
        self.parents
            .get(&holder.get_deref(key, self.document).and_then(Object::as_i64).ok()?)
            .copied()
    }

    /// Takes what describes and was not said before.
    pub(super) fn describe(&mut self, words: &Words) -> Vec<String> {
        let unsaid = words.described.iter().filter(|(id, _)| self.said.insert(*id));
        unsaid.map(|(_, text)| text.to_string()).collect()
    }

    /// Whether this text is said for the first time.
    pub(super) fn say(&mut self, id: TextId) -> bool {
        self.said.insert(id)
    }

    /// That it was not said after all.
    pub(super) fn unsay(&mut self, id: TextId) {
        self.said.remove(&id);
    }

    /// Each element is looked at once, and knows what those around it say.
    fn words(&mut self, element: &'a Dictionary) -> Option<Rc<Words>> {
        let document = self.document;
        let mut path = Vec::new();
        let mut around = None;
        let mut at = Some(element);
        while let Some(element) = at.filter(|_| path.len() < DEEPEST) {
            if let Some(known) = self.words.get(&place(element)) {
                around = known.clone();
                break;
            }
            path.push(element);
            at = element.get_deref(b"P", document).and_then(Object::as_dict).ok();
        }
        for element in path.into_iter().rev() {
            around = own_words(document, element, around);
            self.words.insert(place(element), around.clone());
        }
        around
    }
}

fn own_words(
    document: &Document,
    element: &Dictionary,
    around: Option<Rc<Words>>,
) -> Option<Rc<Words>> {
    let text = |key: &[u8]| -> Option<Rc<str>> {
        // Most elements say nothing.
        let text = element.has(key).then(|| pdf_metadata::text(document, element, key))??;
        let text = text.trim();
        // Signs of a font of its own, as of bullets, are no text.
        (!text.chars().all(|c| c.is_whitespace() || is_no_text(c))).then(|| text.into())
    };
    let id = |entry| (place(element), entry);
    let actual = text(b"ActualText").map(|text| (id(DESCRIBING.len()), text));
    let described: Texts =
        (0..).zip(DESCRIBING).filter_map(|(entry, key)| Some((id(entry), text(key)?))).collect();
    if actual.is_none() && described.is_empty() {
        return around;
    }
    let outer = around.as_deref();
    let kind = element.get_deref(b"S", document).and_then(Object::as_name);
    let (restated, described) = match kind {
        Ok(b"Formula") => (described, Vec::new()),
        _ => (Vec::new(), described),
    };
    let with = |own: Vec<_>, of: fn(&Words) -> &Texts| {
        let outer = outer.map(of).into_iter().flatten().cloned();
        outer.chain(own).collect::<Vec<_>>()
    };
    Some(Rc::new(Words {
        actual: outer.and_then(|outer| outer.actual.clone()).or(actual),
        described: with(described, |words| &words.described),
        restated: with(restated, |words| &words.restated),
    }))
}

fn place(element: &Dictionary) -> usize {
    std::ptr::from_ref(element) as usize
}

/// The entries of a tree of numbers (section 7.9.7).
fn parents<'a>(document: &'a Document, tree: &'a Dictionary) -> HashMap<i64, &'a Object> {
    let mut parents = HashMap::new();
    let mut waiting = vec![tree];
    let mut visited = 0;
    while let Some(node) = waiting.pop() {
        // A tree that bites its tail ends here.
        visited += 1;
        if visited > NODES_MOST || parents.len() > ENTRIES_MOST {
            break;
        }
        if let Ok(kids) = node.get_deref(b"Kids", document).and_then(Object::as_array) {
            let kids = kids.iter().take(NODES_MOST);
            waiting.extend(kids.filter_map(|kid| document.dereference(kid).ok()?.1.as_dict().ok()));
        }
        if let Ok(pairs) = node.get_deref(b"Nums", document).and_then(Object::as_array) {
            let pairs = pairs.chunks_exact(2).filter_map(|pair| match pair {
                [number, elements] => Some((number.as_i64().ok()?, elements)),
                _ => None,
            });
            parents.extend(pairs.take(ENTRIES_MOST));
        }
    }
    parents
}
