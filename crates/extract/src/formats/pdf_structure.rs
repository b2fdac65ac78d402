//! What the structure of a tagged document says of its content (ISO 32000-2, sections 14.7 and 14.9): the text that
//! stands for glyphs, the words for a picture, the long form of a short one.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object};

use super::pdf_cmap::is_no_text;
use super::pdf_metadata;
use super::pdf_tree::Tree;

/// Entries of the tree that leads from content to elements: one for each page, picture and note.
const ENTRIES_MOST: usize = 2_000_000;

/// How deep elements may lie in one another.
const DEEPEST: usize = 1_000;

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
    /// Whether not all content leads to its element.
    pub(super) is_cut: bool,
}

impl<'a> Structure<'a> {
    pub(super) fn of(document: &'a Document) -> Structure<'a> {
        let root = document.catalog().and_then(|root| root.get_deref(b"StructTreeRoot", document));
        let tree = root
            .and_then(Object::as_dict)
            .and_then(|root| root.get_deref(b"ParentTree", document))
            .and_then(Object::as_dict);
        let (parents, is_cut) = parents(document, tree.ok());
        Structure { document, parents, words: HashMap::new(), said: HashSet::new(), is_cut }
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

/// The entries of a tree of numbers (section 7.9.7), and whether not all were read.
fn parents<'a>(
    document: &'a Document,
    root: Option<&'a Dictionary>,
) -> (HashMap<i64, &'a Object>, bool) {
    let (mut parents, mut left) = (HashMap::new(), ENTRIES_MOST);
    let mut tree = Tree::of(document, root);
    for node in tree.by_ref() {
        let pairs = node.get_deref(b"Nums", document).and_then(Object::as_array);
        // Nodes may share them, too.
        for pair in pairs.map(Vec::as_slice).unwrap_or_default().chunks_exact(2) {
            let Some(less) = left.checked_sub(1) else { return (parents, true) };
            left = less;
            if let [number, elements] = pair
                && let Ok(number) = number.as_i64()
            {
                parents.insert(number, elements);
            }
        }
    }
    (parents, tree.is_cut)
}
