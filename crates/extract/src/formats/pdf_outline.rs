//! The bookmarks of a document (ISO 32000-2, section 12.3.3) by the page that each leads to.

use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::pdf_metadata;

/// Bookmarks, and nodes of the tree of named destinations, that are read.
const ITEMS_MOST: usize = 20_000;

/// Named destinations that are read.
const NAMES_MOST: usize = 200_000;

/// Titles that are kept among the properties, and their bytes.
const TITLES_MOST: usize = 500;
const TITLE_BYTES_MOST: usize = 32 << 10;

/// Bookmarks in their order, and by their pages. Headings say the same in nearly every document that has text, so they
/// are a property of the document, and text of its pages only where it has no other.
#[derive(Debug, Default)]
pub(super) struct Outline {
    titles: Vec<String>,
    /// Places among the titles.
    pages: HashMap<ObjectId, Vec<usize>>,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Outline {
        let mut outline = Outline::default();
        let root = document.catalog().and_then(|root| root.get_deref(b"Outlines", document));
        let first =
            root.and_then(Object::as_dict).and_then(|root| root.get_deref(b"First", document));
        let mut waiting: Vec<&Dictionary> = first.and_then(Object::as_dict).into_iter().collect();
        let mut seen = HashSet::new();
        let mut names = None;
        while let Some(item) = waiting.pop() {
            // A chain that bites its tail ends here.
            if seen.len() >= ITEMS_MOST || !seen.insert(std::ptr::from_ref(item)) {
                continue;
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
            outline.titles.push(title);
        }
        outline
    }

    /// The titles, as many as a property may hold.
    pub(super) fn titles(&self) -> Vec<String> {
        let mut left = TITLE_BYTES_MOST;
        let mut fits = |title: &&String| {
            left = left.saturating_sub(title.len());
            left > 0
        };
        self.titles.iter().take(TITLES_MOST).take_while(|title| fits(title)).cloned().collect()
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
    names: &mut Option<HashMap<Vec<u8>, ObjectId>>,
) -> Option<ObjectId> {
    match target {
        Object::Name(name) | Object::String(name, _) => {
            names.get_or_insert_with(|| named(document)).get(name).copied()
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

/// The named destinations: of the old dictionary, and of the tree of names.
fn named(document: &Document) -> HashMap<Vec<u8>, ObjectId> {
    let mut names = HashMap::new();
    let Ok(root) = document.catalog() else { return names };
    if let Ok(old) = root.get_deref(b"Dests", document).and_then(Object::as_dict) {
        for (name, target) in old.iter().take(NAMES_MOST) {
            let target = document.dereference(target).ok();
            if let Some(page) = target.and_then(|(_, target)| page_of_array(document, target)) {
                names.insert(name.clone(), page);
            }
        }
    }
    let tree = root
        .get_deref(b"Names", document)
        .and_then(Object::as_dict)
        .and_then(|names| names.get_deref(b"Dests", document))
        .and_then(Object::as_dict);
    let mut waiting: Vec<&Dictionary> = tree.into_iter().collect();
    let mut seen = HashSet::new();
    while let Some(node) = waiting.pop() {
        if seen.len() >= ITEMS_MOST || !seen.insert(std::ptr::from_ref(node)) {
            continue;
        }
        let kids = node.get_deref(b"Kids", document).and_then(Object::as_array);
        let kids = kids.into_iter().flatten().take(ITEMS_MOST);
        waiting.extend(kids.filter_map(|kid| document.dereference(kid).ok()?.1.as_dict().ok()));
        let pairs = node.get_deref(b"Names", document).and_then(Object::as_array);
        for pair in pairs.map(Vec::as_slice).unwrap_or_default().chunks_exact(2) {
            let [name, target] = pair else { continue };
            let target = document.dereference(target).ok();
            let page = target.and_then(|(_, target)| page_of_array(document, target));
            if let (Ok(name), Some(page)) = (name.as_str(), page)
                && names.len() < NAMES_MOST
            {
                names.insert(name.to_vec(), page);
            }
        }
    }
    names
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
        assert_eq!(Outline::of(&document).titles(), ["Annex"]);
    }
}
