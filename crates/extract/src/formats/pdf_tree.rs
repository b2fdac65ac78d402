//! Trees of kids (ISO 32000-2, sections 7.9.6, 7.9.7 and 12.7.4): of names, numbers and form fields.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object};

/// Kids of one tree that are looked at. Nodes that share their kids would keep us busy for long.
const KIDS_MOST: usize = 2_000_000;

/// Visits the nodes of a tree in their order, each once, however many ways lead to it: twenty nodes that name one
/// another twice are a million.
pub(super) struct Tree<'a> {
    document: &'a Document,
    waiting: Vec<&'a Dictionary>,
    seen: HashSet<*const Dictionary>,
    left: usize,
    /// Whether not all kids were looked at.
    pub(super) is_cut: bool,
}

impl<'a> Tree<'a> {
    /// The tree below a root, which is a node, too.
    pub(super) fn of(document: &'a Document, root: Option<&'a Dictionary>) -> Tree<'a> {
        let waiting: Vec<_> = root.into_iter().collect();
        let seen = waiting.iter().map(|node| std::ptr::from_ref(*node)).collect();
        Tree { document, waiting, seen, left: KIDS_MOST, is_cut: false }
    }

    /// The trees below several roots.
    pub(super) fn of_kids(document: &'a Document, kids: &'a [Object]) -> Tree<'a> {
        let mut tree = Tree::of(document, None);
        tree.wait_for(kids);
        tree
    }

    fn wait_for(&mut self, kids: &'a [Object]) {
        self.is_cut |= kids.len() > self.left;
        let kids = kids.get(..self.left).unwrap_or(kids);
        self.left -= kids.len();
        for kid in kids.iter().rev() {
            let node =
                self.document.dereference(kid).ok().and_then(|(_, node)| node.as_dict().ok());
            self.waiting.extend(node.filter(|node| self.seen.insert(std::ptr::from_ref(*node))));
        }
    }
}

impl<'a> Iterator for Tree<'a> {
    type Item = &'a Dictionary;

    fn next(&mut self) -> Option<&'a Dictionary> {
        let node = self.waiting.pop()?;
        if let Ok(kids) = node.get_deref(b"Kids", self.document).and_then(Object::as_array) {
            self.wait_for(kids);
        }
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    /// Levels of nodes each of which names the next so many times.
    fn levels(depth: i64, times: usize) -> (Document, Dictionary) {
        let mut document = Document::with_version("1.7");
        let mut node = dictionary! { "Level" => depth };
        for level in (0..depth).rev() {
            let kid = document.add_object(node);
            node = dictionary! { "Level" => level, "Kids" => vec![Object::from(kid); times] };
        }
        (document, node)
    }

    #[test]
    fn visits_each_node_once() {
        let (document, root) = levels(40, 2);
        let mut tree = Tree::of(&document, Some(&root));
        assert_eq!(tree.by_ref().count(), 41);
        assert!(!tree.is_cut);
    }

    #[test]
    fn says_when_it_leaves_kids_out() {
        let mut document = Document::with_version("1.7");
        let leaf = document.add_object(dictionary! {});
        let shared = document.add_object(vec![Object::from(leaf); 10_000]);
        let nodes: Vec<Object> = (0..300)
            .map(|_| document.add_object(dictionary! { "Kids" => shared }).into())
            .collect();
        let root = dictionary! { "Kids" => nodes };
        let mut tree = Tree::of(&document, Some(&root));
        assert_eq!(tree.by_ref().count(), 302);
        assert!(tree.is_cut);
    }

    #[test]
    fn keeps_the_order_of_kids() {
        let mut document = Document::with_version("1.7");
        let mut leaf =
            |name: i64| -> Object { document.add_object(dictionary! { "N" => name }).into() };
        let (b, c, d) = (leaf(2), leaf(3), leaf(4));
        let a = dictionary! { "N" => 1, "Kids" => vec![b, c] };
        let root = dictionary! { "N" => 0, "Kids" => vec![a.into(), d] };
        let order: Vec<i64> = Tree::of(&document, Some(&root))
            .map(|node| node.get(b"N").unwrap().as_i64().unwrap())
            .collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }
}
