//! The bookmarks of a document (ISO 32000-2, section 12.3.3) by the page that each leads to.

use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::pdf_metadata;
use super::pdf_tree::Tree;

/// Bookmarks that are read, and bytes of their titles.
const ITEMS_MOST: usize = 500_000;
const TITLE_BYTES_MOST: usize = 64 << 20;

/// Named destinations that are read.
const NAMES_MOST: usize = 2_000_000;

/// Titles that are kept among the properties, and their bytes.
const KEPT_MOST: usize = 500;
const KEPT_BYTES_MOST: usize = 32 << 10;

/// Bookmarks in their order, and by their pages. Headings say the same in nearly every document that has text, so they
/// are a property of the document, and text of its pages only where it has no other.
#[derive(Debug, Default)]
pub(super) struct Outline {
    titles: Vec<String>,
    /// Places among the titles.
    pages: HashMap<ObjectId, Vec<usize>>,
    /// Whether not all were read.
    pub(super) is_cut: bool,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Outline {
        let mut outline = Outline::default();
        let root = document.catalog().and_then(|root| root.get_deref(b"Outlines", document));
        let first =
            root.and_then(Object::as_dict).and_then(|root| root.get_deref(b"First", document));
        let mut waiting: Vec<&Dictionary> = first.and_then(Object::as_dict).into_iter().collect();
        let mut seen = HashSet::new();
        let (mut names, mut left) = (None, TITLE_BYTES_MOST);
        while let Some(item) = waiting.pop() {
            // A chain that bites its tail ends here.
            if !seen.insert(std::ptr::from_ref(item)) {
                continue;
            }
            if seen.len() > ITEMS_MOST || left == 0 {
                outline.is_cut = true;
                break;
            }
            for key in [b"Next".as_slice(), b"First"] {
                waiting.extend(item.get_deref(key, document).and_then(Object::as_dict));
            }
            let Some(title) = pdf_metadata::text(document, item, b"Title") else { continue };
            let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
            if title.is_empty() {
                continue;
            }
            let target = target(document, item);
            if let Some(page) = target.and_then(|target| page_of(document, target, &mut names)) {
                outline.pages.entry(page).or_default().push(outline.titles.len());
            }
            left = left.saturating_sub(title.len());
            outline.titles.push(title);
        }
        outline.is_cut |= names.is_some_and(|(_, is_cut)| is_cut);
        outline
    }

    /// The titles, as many as a property may hold, and whether there are more.
    pub(super) fn titles(&self) -> (Vec<String>, bool) {
        let mut left = KEPT_BYTES_MOST;
        let mut fits = |title: &&String| {
            left = left.saturating_sub(title.len());
            left > 0
        };
        let kept = self.titles.iter().take(KEPT_MOST).take_while(|title| fits(title));
        let kept: Vec<String> = kept.cloned().collect();
        let is_cut = kept.len() < self.titles.len();
        (kept, is_cut)
    }

    /// The bookmarks that lead to a page; a line for each.
    pub(super) fn of_page(&self, page: ObjectId) -> String {
        let places = self.pages.get(&page).into_iter().flatten();
        let titles = places.filter_map(|at| self.titles.get(*at)).map(String::as_str);
        titles.collect::<Vec<_>>().join("\n")
    }
}

/// Where a bookmark leads: its destination, or that of its action.
fn target<'a>(document: &'a Document, item: &'a Dictionary) -> Option<&'a Object> {
    let action = item.get_deref(b"A", document).and_then(Object::as_dict);
    let destination = match action {
        Ok(action)
            if action.get_deref(b"S", document).and_then(Object::as_name).ok()? == b"GoTo" =>
        {
            action.get_deref(b"D", document)
        }
        Ok(_) => return None,
        Err(_) => item.get_deref(b"Dest", document),
    };
    destination.ok()
}

/// The page of a destination, which may be a name.
fn page_of(
    document: &Document,
    target: &Object,
    names: &mut Option<(HashMap<Vec<u8>, ObjectId>, bool)>,
) -> Option<ObjectId> {
    match target {
        Object::Name(name) | Object::String(name, _) => {
            names.get_or_insert_with(|| named(document)).0.get(name).copied()
        }
        target => page_of_array(document, target),
    }
}

/// The page of a destination that is written out, by itself or in a dictionary.
fn page_of_array(document: &Document, target: &Object) -> Option<ObjectId> {
    let array = match target {
        Object::Dictionary(target) => target.get_deref(b"D", document).ok()?,
        target => target,
    };
    array.as_array().ok()?.first()?.as_reference().ok()
}

/// The named destinations: of the old dictionary, and of the tree of names; and whether not all were read.
fn named(document: &Document) -> (HashMap<Vec<u8>, ObjectId>, bool) {
    let (mut names, mut left) = (HashMap::new(), NAMES_MOST);
    let Ok(root) = document.catalog() else { return (names, false) };
    let page = |target: &Object| page_of_array(document, document.dereference(target).ok()?.1);
    if let Ok(old) = root.get_deref(b"Dests", document).and_then(Object::as_dict) {
        let pages = old.iter().filter_map(|(name, target)| Some((name.clone(), page(target)?)));
        names.extend(pages);
    }
    let tree = root
        .get_deref(b"Names", document)
        .and_then(Object::as_dict)
        .and_then(|names| names.get_deref(b"Dests", document))
        .and_then(Object::as_dict);
    let mut tree = Tree::of(document, tree.ok());
    for node in tree.by_ref() {
        let pairs = node.get_deref(b"Names", document).and_then(Object::as_array);
        for pair in pairs.map(Vec::as_slice).unwrap_or_default().chunks_exact(2) {
            let Some(less) = left.checked_sub(1) else { return (names, true) };
            left = less;
            let [name, target] = pair else { continue };
            if let (Ok(name), Some(page)) = (name.as_str(), page(target)) {
                names.insert(name.to_vec(), page);
            }
        }
    }
    (names, tree.is_cut)
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn ends_chains_that_bite_their_tails() {
        let mut document = Document::with_version("1.7");
        let item = document.new_object_id();
        let title = Object::string_literal("Annex");
        document
            .objects
            .insert(item, dictionary! { "Title" => title, "Next" => item, "First" => item }.into());
        let outlines = document.add_object(dictionary! { "First" => item });
        let root = document.add_object(dictionary! { "Outlines" => outlines });
        document.trailer.set("Root", root);
        assert_eq!(Outline::of(&document).titles(), (vec!["Annex".to_owned()], false));
    }

    #[test]
    fn says_when_a_property_holds_no_more_titles() {
        let mut document = Document::with_version("1.7");
        let mut next = None;
        for n in (0..600).rev() {
            let mut item = dictionary! { "Title" => Object::string_literal(format!("Annex {n}")) };
            if let Some(next) = next {
                item.set("Next", Object::Reference(next));
            }
            next = Some(document.add_object(item));
        }
        let outlines = document.add_object(dictionary! { "First" => next.unwrap() });
        let root = document.add_object(dictionary! { "Outlines" => outlines });
        document.trailer.set("Root", root);
        let outline = Outline::of(&document);
        let (titles, is_cut) = outline.titles();
        assert_eq!((titles.len(), is_cut, outline.is_cut), (500, true, false));
    }
}
