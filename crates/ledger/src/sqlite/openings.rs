//! How texts begin, of those that were compared lately. What is known of a row of the ledger stays true: read anew, a document
//! gets rows of other numbers.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use madang_document::annotation::Finding;
use madang_document::document::Document;
use madang_document::opening::Opening;

/// Of how many rows they are kept: some 14 MB.
const MOST: usize = 1 << 14;

/// The openings that are known, by the numbers of their rows.
#[derive(Debug, Default)]
pub(super) struct Openings(HashMap<i64, Arc<Opening>>);

impl Openings {
    /// Those of these rows that are known.
    pub(super) fn of(&self, rows: &BTreeSet<i64>) -> HashMap<i64, Arc<Opening>> {
        let known = rows.iter().filter_map(|id| Some((*id, Arc::clone(self.0.get(id)?))));
        known.collect()
    }

    /// Remembers one.
    pub(super) fn remember(&mut self, row: i64, opening: &Arc<Opening>) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(row, Arc::clone(opening));
    }
}

/// How the text of a document begins.
pub(super) fn opening_of(document: &Document) -> Option<Opening> {
    document.annotations.iter().find_map(|annotation| match &annotation.finding {
        Finding::Text { opening, .. } => Some(opening.clone()),
        Finding::Nothing | Finding::Picture { .. } => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut openings = Openings::default();
        for row in 0..=MOST as i64 {
            openings.remember(row, &Arc::new(Opening::of("공고".chars())));
        }
        assert!(openings.0.len() <= MOST);
        let last = MOST as i64;
        assert_eq!(openings.of(&[last, last + 1].into()).len(), 1);
    }
}
