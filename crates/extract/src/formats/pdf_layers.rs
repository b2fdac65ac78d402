use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

/// The groups of optional content that a document shows only on demand (ISO 32000-2, section 8.11).
#[derive(Default)]
pub(super) struct Layers {
    off: HashSet<ObjectId>,
    /// What was found of memberships, by their place: content may name one of many groups again and again.
    members: RefCell<HashMap<usize, bool>>,
}

impl Layers {
    /// As the document shows them when it is opened.
    pub(super) fn of(document: &Document) -> Layers {
        let properties = document
            .catalog()
            .and_then(|catalog| catalog.get_deref(b"OCProperties", document))
            .and_then(Object::as_dict);
        let Ok(properties) = properties else { return Layers::default() };
        let groups = |holder: &Dictionary, key: &[u8]| {
            let groups = holder.get_deref(key, document).and_then(Object::as_array);
            let groups = groups.map(Vec::as_slice).unwrap_or_default();
            groups.iter().filter_map(|group| group.as_reference().ok()).collect::<HashSet<_>>()
        };
        let Ok(standard) = properties.get_deref(b"D", document).and_then(Object::as_dict) else {
            return Layers::default();
        };
        let base = standard.get_deref(b"BaseState", document).and_then(Object::as_name);
        let mut off = match base {
            Ok(b"OFF") => groups(properties, b"OCGs"),
            _ => HashSet::new(),
        };
        off.extend(groups(standard, b"OFF"));
        let on = groups(standard, b"ON");
        off.retain(|group| !on.contains(group));
        Layers { off, members: RefCell::default() }
    }

    /// Whether optional content is off: a group, or a membership all of whose groups are.
    pub(super) fn is_off(&self, document: &Document, content: Option<&Object>) -> bool {
        if self.off.is_empty() {
            return false;
        }
        match content {
            Some(Object::Reference(id)) if self.off.contains(id) => true,
            Some(content) => {
                let Ok((_, Object::Dictionary(member))) = document.dereference(content) else {
                    return false;
                };
                let place = std::ptr::from_ref(member) as usize;
                if let Some(is_off) = self.members.borrow().get(&place) {
                    return *is_off;
                }
                let is_off = match member.get(b"OCGs") {
                    Ok(Object::Array(groups)) => {
                        let is_off = |group: &Object| {
                            group.as_reference().is_ok_and(|id| self.off.contains(&id))
                        };
                        !groups.is_empty() && groups.iter().all(is_off)
                    }
                    Ok(Object::Reference(id)) => self.off.contains(id),
                    _ => false,
                };
                self.members.borrow_mut().insert(place, is_off);
                is_off
            }
            None => false,
        }
    }
}
