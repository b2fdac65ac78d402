use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::query::{Among, Query, QueryFault};

/// Where a hit stands in a ranking: the greater, the earlier. First what it is sorted by (none is last), then the
/// id, so that no two hits stand at the same place.
pub(crate) type Rank = (Option<u64>, Reverse<u128>);

/// Hits that can be paged through.
pub(crate) const WINDOW: usize = 10_000;

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Of the query it belongs to ([`fingerprint`]).
    pub(crate) fingerprint: u64,
    /// Hits on the pages so far.
    pub(crate) seen: usize,
    /// The last of them.
    pub(crate) last: Rank,
}

/// What a cursor is bound to: all of a query that decides which hits come in which order. Not the partitions, of
/// which a new one may come while somebody pages. A cursor is no secret (it says a score and an id of a page already
/// shown) and opens nothing (where it is used, only what may be seen there is listed), so it needs no key.
pub(crate) fn fingerprint(query: &Query) -> u64 {
    let among = query.among.as_ref().map(|among| Among { ids: Vec::new(), by: among.by });
    let ordered =
        Query { limit: 0, after: None, facets: Vec::new(), first: 0, among, ..query.clone() };
    let mut hasher = DefaultHasher::new();
    format!("{ordered:?}").hash(&mut hasher);
    hasher.finish()
}

impl Cursor {
    /// Its text: numbers in hexadecimal.
    pub(crate) fn print(&self) -> String {
        let (sorted_by, Reverse(id)) = self.last;
        let sorted_by = sorted_by.map_or_else(|| "n".to_owned(), |key| format!("{key:x}"));
        format!("{:x}.{:x}.{sorted_by}.{id:x}", self.fingerprint, self.seen)
    }

    /// Reads the cursor of this query.
    ///
    /// # Errors
    /// If it is of another query, or of none.
    pub(crate) fn parse(text: &str, fingerprint: u64) -> Result<Cursor, QueryFault> {
        let hex = |part: &str| u128::from_str_radix(part, 16).ok();
        let parsed = || {
            let mut parts = text.split('.');
            let cursor = Cursor {
                fingerprint: u64::try_from(hex(parts.next()?)?).ok()?,
                seen: usize::try_from(hex(parts.next()?)?).ok()?,
                last: {
                    let sorted_by = match parts.next()? {
                        "n" => None,
                        key => Some(u64::try_from(hex(key)?).ok()?),
                    };
                    (sorted_by, Reverse(hex(parts.next()?)?))
                },
            };
            parts.next().is_none().then_some(cursor)
        };
        parsed().filter(|cursor| cursor.fingerprint == fingerprint).ok_or(QueryFault::Cursor)
    }
}

#[cfg(test)]
mod tests {
    use madang_document::id::DocumentId;

    use super::*;

    #[test]
    fn survives_its_text_and_knows_its_query() {
        let query = Query { text: "예산".into(), limit: 10, ..Query::default() };
        let mark = fingerprint(&query);
        for sorted_by in [None, Some(0), Some(u64::MAX)] {
            let cursor =
                Cursor { fingerprint: mark, seen: 20, last: (sorted_by, Reverse(u128::MAX)) };
            assert_eq!(Cursor::parse(&cursor.print(), mark).unwrap(), cursor);
            assert!(Cursor::parse(&cursor.print(), mark ^ 1).is_err());
        }
        for bad in ["", "x", "1.2.3", "1.2.3.4.5", "....", &"f".repeat(10_000)] {
            assert!(Cursor::parse(bad, mark).is_err(), "{bad}");
        }
        let longer = Query { limit: 50, ..query.clone() };
        assert_eq!(fingerprint(&longer), mark);
        let other = Query { text: "예산안".into(), ..query.clone() };
        assert_ne!(fingerprint(&other), mark);
        // A choice may come to other documents by the next page; another choice is another query.
        let id = DocumentId::new("drop", "a", None);
        let [chosen, fewer, others] = [(vec![id], "one"), (vec![], "one"), (vec![id], "two")]
            .map(|(ids, by)| Query { among: Some(Among { ids, by }), ..query.clone() });
        assert_eq!(fingerprint(&chosen), fingerprint(&fewer));
        assert_ne!(fingerprint(&chosen), mark);
        assert_ne!(fingerprint(&chosen), fingerprint(&others));
        assert_eq!(fingerprint(&Query { first: 9, ..query }), mark);
    }
}
