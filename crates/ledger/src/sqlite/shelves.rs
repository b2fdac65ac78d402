//! The fingerprints of live documents in memory, one shelf for each agency, filled when a service starts or somebody first asks.
//!
//! Two fingerprints are near if few of their 256 bits differ, and no index of SQLite knows that. Bands of bits would be rows
//! of an index, some thirty for each document, each on a page somewhere else: they would cost more than all that is
//! recorded of a document now, and find only most of what is near. A million of fingerprints are 48 MB, all of which are
//! compared within some milliseconds (`cargo run --release -p madang-ledger --example lookalikes`).
//!
//! What is on a shelf is no truth: the row of a fingerprint is, which is looked up again for each that is near. So nothing has
//! to be told when a document goes, and rows get numbers that are never used again, so that what came is what has a higher one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use madang_document::fingerprint::Fingerprint;
use madang_document::locator::Locator;

use super::comparison;
use crate::lookalikes::{PICTURE, RENDITION, compared_as, may_be_renditions};

/// What a fingerprint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A picture.
    Picture,
}

impl Kind {
    /// The number in its column.
    pub(super) fn number(self) -> i64 {
        match self {
            Kind::Text => 1,
            Kind::Picture => 2,
        }
    }

    /// The kind of a number.
    pub(super) fn of(number: i64) -> Option<Kind> {
        [Kind::Text, Kind::Picture].into_iter().find(|kind| kind.number() == number)
    }

    /// Under which version what a version of a stage made of this kind is compared.
    pub(super) fn compared_as(self, version: u32) -> u32 {
        match self {
            Kind::Text => compared_as(version),
            Kind::Picture => version,
        }
    }

    /// Bits in which two of this kind differ at the most.
    fn farthest(self) -> u32 {
        match self {
            Kind::Text => RENDITION,
            Kind::Picture => PICTURE,
        }
    }
}

/// What others are compared with.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) version: u32,
    pub(super) shingles: u32,
    pub(super) print: Fingerprint,
    pub(super) locator: Option<Locator>,
}

/// A fingerprint on its shelf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shelved {
    /// The number of its row.
    pub(super) id: i64,
    pub(super) print: Fingerprint,
    pub(super) shingles: u32,
}

/// One that is near.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// The number of its row.
    pub(super) id: i64,
    pub(super) print: Fingerprint,
    /// Bits in which it differs from the key.
    pub(super) distance: u32,
    /// The place of the key among those that were asked for.
    pub(super) key: usize,
}

/// Most that are near at all: more is a form that everybody has, of which nobody looks at the ten thousandth.
const MOST: usize = 4096;

/// How many may be gone of a small shelf before it is filled anew.
const SPARE: usize = 1 << 16;

/// All shelves.
#[derive(Debug, Default)]
pub(super) struct Shelves(HashMap<String, Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    /// The highest number of a row on it.
    last: i64,
    /// How many there were when it was filled.
    filled: usize,
    count: usize,
    /// Only what [one version](Kind::compared_as) made can be compared. Each is in the order of its numbers.
    rows: HashMap<(Kind, u32), Row>,
}

/// What is compared with each other. Whoever compares keeps it as it is, however long that takes, and nobody waits for him.
pub(super) type Row = Arc<Vec<Shelved>>;

impl Shelves {
    /// The highest number of a row of an agency that is here; 0 if none is.
    pub(super) fn last(&self, agency: &str) -> i64 {
        self.0.get(agency).map_or(0, |shelf| shelf.last)
    }

    /// Adds one, unless it is here: somebody else may have filled the shelf at the same time.
    pub(super) fn put(&mut self, agency: &str, kind: Kind, version: u32, shelved: Shelved) {
        if !self.0.contains_key(agency) {
            self.0.insert(agency.to_owned(), Shelf::default());
        }
        let Some(shelf) = self.0.get_mut(agency) else { return };
        if shelved.id <= shelf.last {
            return;
        }
        shelf.last = shelved.id;
        shelf.count += 1;
        Arc::make_mut(shelf.rows.entry((kind, version)).or_default()).push(shelved);
    }

    /// Takes off what is gone: it comes back under another number only.
    pub(super) fn take_off(&mut self, agencies: &BTreeSet<String>, gone: &[i64]) {
        for agency in agencies {
            let Some(shelf) = self.0.get_mut(agency) else { continue };
            let Shelf { rows, count, .. } = shelf;
            #[allow(clippy::iter_over_hash_type, reason = "of each the same is taken off")]
            for row in rows.values_mut() {
                let places = gone.iter().map(|id| row.binary_search_by_key(id, |it| it.id));
                let places: BTreeSet<usize> = places.filter_map(Result::ok).collect();
                if places.is_empty() {
                    continue;
                }
                let (mut place, mut next) = (0, places.iter().copied().peekable());
                Arc::make_mut(row).retain(|_| {
                    let is_gone = next.next_if_eq(&place).is_some();
                    place += 1;
                    !is_gone
                });
                *count = count.saturating_sub(places.len());
            }
        }
    }

    /// The rows of a kind and version of these agencies.
    pub(super) fn rows(&self, agencies: &BTreeSet<String>, kind: Kind, version: u32) -> Vec<Row> {
        let shelves = agencies.iter().filter_map(|agency| self.0.get(agency));
        shelves.filter_map(|shelf| shelf.rows.get(&(kind, version))).map(Arc::clone).collect()
    }

    /// Says that a shelf was filled, or empties it if half of it may be gone: whoever asks next fills it anew.
    pub(super) fn tidy(&mut self, agency: &str, is_filled: bool) {
        let Some(shelf) = self.0.get_mut(agency) else { return };
        if is_filled {
            shelf.filled = shelf.count;
        } else if shelf.count > shelf.filled.saturating_mul(2).saturating_add(SPARE) {
            self.0.remove(agency);
        }
    }
}

/// What of these rows, one list for each key, is near it: texts before pictures, the nearest first.
pub(super) fn near(rows: &[Vec<Row>], keys: &[Key]) -> Vec<Near> {
    let mut near = Vec::new();
    for (place, (key, rows)) in keys.iter().zip(rows).enumerate() {
        for row in rows {
            compare(row, key, place, &mut near);
        }
    }
    let order = |near: &Near| {
        let is_picture = keys.get(near.key).is_some_and(|key| key.kind == Kind::Picture);
        (is_picture, near.distance, near.id)
    };
    near.sort_unstable_by_key(order);
    near.truncate(MOST);
    near
}

fn compare(row: &[Shelved], key: &Key, place: usize, near: &mut Vec<Near>) {
    let mut found = Vec::new();
    let prints = row.iter().map(|shelved| &shelved.print);
    comparison::near(prints, &key.print, key.kind.farthest(), &mut found);
    for (at, distance) in found {
        let Some(shelved) = row.get(at) else { continue };
        if key.kind == Kind::Text && !may_be_renditions(key.shingles, shelved.shingles) {
            continue;
        }
        near.push(Near { id: shelved.id, print: shelved.print, distance, key: place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelved(id: i64, print: [u64; 4], shingles: u32) -> Shelved {
        Shelved { id, print: Fingerprint::new(print), shingles }
    }

    fn key(kind: Kind, version: u32, shingles: u32) -> Key {
        Key { kind, version, shingles, print: Fingerprint::new([0; 4]), locator: None }
    }

    #[test]
    fn what_is_near_is_found_in_its_own_row() {
        let mut shelves = Shelves::default();
        let far = [u64::MAX, u64::MAX, 0, 0];
        for (id, agency, kind, version, print, shingles) in [
            (1, "a", Kind::Text, 1, [7, 0, 0, 0], 100),
            (2, "a", Kind::Text, 1, [1, 0, 0, 0], 100),
            (3, "a", Kind::Text, 1, far, 100),
            (4, "a", Kind::Text, 2, [0; 4], 100),
            (5, "a", Kind::Picture, 1, [0; 4], 0),
            (6, "b", Kind::Text, 1, [0; 4], 100),
            (7, "a", Kind::Text, 1, [0; 4], 1000),
        ] {
            shelves.put(agency, kind, version, shelved(id, print, shingles));
        }
        let of = |agencies: &[&str], keys: &[Key]| {
            let agencies: BTreeSet<String> =
                agencies.iter().map(|code| (*code).to_owned()).collect();
            let rows = keys.iter().map(|key| shelves.rows(&agencies, key.kind, key.version));
            near(&rows.collect::<Vec<_>>(), keys).iter().map(|near| near.id).collect::<Vec<_>>()
        };
        let text = key(Kind::Text, 1, 90);
        assert_eq!(of(&["a"], std::slice::from_ref(&text)), [2, 1]);
        assert_eq!(of(&["a", "b"], std::slice::from_ref(&text)), [6, 2, 1]);
        assert_eq!(of(&["b", "c"], &[key(Kind::Picture, 1, 0)]), [0; 0]);
        assert_eq!(of(&["a"], &[key(Kind::Picture, 1, 0), text]), [2, 1, 5]);
    }

    #[test]
    fn what_is_gone_is_taken_off_and_whoever_compares_keeps_it() {
        let mut shelves = Shelves::default();
        for id in 1..9 {
            let kind = if id % 2 == 0 { Kind::Text } else { Kind::Picture };
            shelves.put("a", kind, 1, shelved(id, [0; 4], 1));
        }
        let agencies: BTreeSet<String> = ["a".to_owned()].into();
        let ids = |row: &Row| row.iter().map(|shelved| shelved.id).collect::<Vec<_>>();
        let before = shelves.rows(&agencies, Kind::Text, 1);
        shelves.take_off(&["b".to_owned()].into(), &[2]);
        shelves.take_off(&agencies, &[3, 8, 2, 99]);
        assert_eq!(ids(&before[0]), [2, 4, 6, 8]);
        assert_eq!(ids(&shelves.rows(&agencies, Kind::Text, 1)[0]), [4, 6]);
        assert_eq!(ids(&shelves.rows(&agencies, Kind::Picture, 1)[0]), [1, 5, 7]);
        assert_eq!((shelves.last("a"), shelves.0["a"].count), (8, 5));
    }

    #[test]
    fn a_shelf_is_filled_anew_when_half_of_it_may_be_gone() {
        let mut shelves = Shelves::default();
        let put = |shelves: &mut Shelves, ids: std::ops::Range<i64>| {
            ids.for_each(|id| shelves.put("a", Kind::Text, 1, shelved(id, [0; 4], 1)));
        };
        put(&mut shelves, 1..11);
        // What comes twice is there once.
        put(&mut shelves, 5..11);
        shelves.tidy("a", true);
        assert_eq!(shelves.last("a"), 10);
        put(&mut shelves, 11..20 + SPARE as i64);
        shelves.tidy("a", false);
        assert_eq!(shelves.last("a"), 19 + SPARE as i64);
        put(&mut shelves, 20 + SPARE as i64..25 + SPARE as i64);
        shelves.tidy("a", false);
        assert_eq!(shelves.last("a"), 0);
    }
}
