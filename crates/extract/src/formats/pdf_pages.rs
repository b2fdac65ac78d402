use std::collections::HashSet;

use lopdf::{Document, Object, ObjectId};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

/// Kids that are looked at in a document of few objects: a page may be named several times, and stands there as often.
const KIDS_LEAST: usize = 1_000;

/// The pages of a document in their order (ISO 32000-2, section 7.7.3).
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) ids: Vec<ObjectId>,
    /// What is the matter with the tree that names them.
    pub(super) fault: Option<Reason>,
}

impl Pages {
    /// As their tree names them; if it names none, in the order of their objects.
    pub(super) fn of(document: &Document) -> Pages {
        let pages = Pages::of_tree(document);
        if !pages.ids.is_empty() {
            return pages;
        }
        let is_page = |object: &Object| object.as_dict().is_ok_and(|page| page.has_type(b"Page"));
        let found = document.objects.iter().filter(|(_, object)| is_page(object));
        Pages { ids: found.map(|(id, _)| *id).collect(), fault: pages.fault }
    }

    fn of_tree(document: &Document) -> Pages {
        let mut pages = Pages::default();
        let root =
            document.catalog().and_then(|root| root.get(b"Pages")).and_then(Object::as_reference);
        let Ok(root) = root else { return pages };
        // A node is visited once, whatever leads to it: twenty of them that name one another twice are a million pages.
        let mut seen = HashSet::from([root]);
        let mut open: Vec<&[Object]> = kids(document, root).into_iter().collect();
        let mut left = document.objects.len().max(KIDS_LEAST);
        while let Some(siblings) = open.last_mut() {
            let Some((kid, further)) = siblings.split_first() else {
                open.pop();
                continue;
            };
            *siblings = further;
            if left == 0 {
                pages.fault = Some(ReasonKind::LimitReached.of(Noun::Pages));
                break;
            }
            left -= 1;
            let Ok(id) = kid.as_reference() else {
                pages.fault.get_or_insert_with(|| ReasonKind::Damaged.of(Noun::Pages));
                continue;
            };
            let is_node = document
                .get_dictionary(id)
                .is_ok_and(|kid| kid.has(b"Kids") || kid.has_type(b"Pages"));
            match is_node {
                true if !seen.insert(id) => {
                    pages.fault.get_or_insert_with(|| ReasonKind::Circle.of(Noun::Pages));
                }
                true => match kids(document, id) {
                    Some(kids) => open.push(kids),
                    None => {
                        pages.fault.get_or_insert_with(|| ReasonKind::Damaged.of(Noun::Pages));
                    }
                },
                // One that is missing keeps its number, and is told when it is read.
                false => pages.ids.push(id),
            }
        }
        pages
    }
}

fn kids(document: &Document, node: ObjectId) -> Option<&[Object]> {
    let node = document.get_dictionary(node).ok()?;
    node.get_deref(b"Kids", document).and_then(Object::as_array).ok().map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    fn document(root: ObjectId, mut document: Document) -> Document {
        let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", root);
        document
    }

    #[test]
    fn visits_nodes_that_name_one_another_twice_once() {
        let mut tree = Document::with_version("1.7");
        let page = tree.add_object(dictionary! { "Type" => "Page" });
        let mut node = page;
        for _ in 0..40 {
            let kids = vec![Object::from(node); 2];
            // What it says of the number of its pages is what a reader could make room for.
            node = tree
                .add_object(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => i64::MAX });
        }
        let pages = Pages::of(&document(node, tree));
        assert_eq!(pages.ids, [page, page]);
        assert_eq!(pages.fault, Some(ReasonKind::Circle.of(Noun::Pages)));
    }

    #[test]
    fn a_page_stands_where_and_as_often_as_it_is_named() {
        let mut tree = Document::with_version("1.7");
        let [one, two] = [(); 2].map(|()| tree.add_object(dictionary! { "Type" => "Page" }));
        let lost = tree.new_object_id();
        // Its kids say what it is, not its type.
        let inner = tree.add_object(dictionary! { "Kids" => vec![two.into(), one.into()] });
        let kids = vec![one.into(), inner.into(), lost.into(), one.into()];
        let node = tree.add_object(dictionary! { "Type" => "Pages", "Kids" => kids });
        let pages = Pages::of(&document(node, tree));
        assert_eq!(
            (pages.ids.as_slice(), pages.fault),
            ([one, two, one, lost, one].as_slice(), None)
        );
    }

    #[test]
    fn bounds_nodes_that_share_their_kids() {
        let mut tree = Document::with_version("1.7");
        let page = tree.add_object(dictionary! { "Type" => "Page" });
        let shared = tree.add_object(vec![Object::from(page); 500]);
        let nodes: Vec<Object> = (0..500)
            .map(|_| tree.add_object(dictionary! { "Type" => "Pages", "Kids" => shared }).into())
            .collect();
        let node = tree.add_object(dictionary! { "Type" => "Pages", "Kids" => nodes });
        let pages = Pages::of(&document(node, tree));
        assert!(pages.ids.len() <= 1_000 && !pages.ids.is_empty());
        assert_eq!(pages.fault, Some(ReasonKind::LimitReached.of(Noun::Pages)));
    }
}
