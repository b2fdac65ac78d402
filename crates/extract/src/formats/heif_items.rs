//! The items of a picture in boxes (ISO 14496-12, section 8.11; ISO 23008-12): what there is, where its bytes lie, what is said
//! of it, and what belongs to what.

use std::collections::HashMap;

use super::iso_boxes::{boxes, list};
use crate::blob::{Blob, read_range};

/// Items and properties of them that are walked.
const ITEMS_MOST: u64 = 20_000;

/// References of one item to others, and of all: a grid has 65,536 tiles at most.
const REFERENCES_MOST: usize = 70_000;

/// Numbers of any width, high byte first, one behind the other.
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl<'a> Numbers<'a> {
    pub(super) fn next(&mut self, width: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Version and flags of a full box.
    pub(super) fn version(&mut self) -> Option<(u64, u64)> {
        Some((self.next(1)?, self.next(3)?))
    }
}

/// Where an item lies: in the file, or among the data of the description.
#[derive(Default)]
struct Place {
    in_description: bool,
    extents: Vec<(u64, u64)>,
}

/// What one item has to do with others: of a grid its tiles (`dimg`), of a thumbnail the picture that it is one of (`thmb`).
struct Reference {
    kind: [u8; 4],
    from: u64,
    to: Vec<u64>,
}

/// What the box `meta` says.
#[derive(Default)]
pub(super) struct Description<'a> {
    pub(super) primary: u64,
    /// Kind of each item, and the media type of one of kind `mime`.
    items: HashMap<u64, ([u8; 4], &'a [u8])>,
    places: HashMap<u64, Place>,
    pub(super) properties: Vec<([u8; 4], &'a [u8])>,
    /// Which properties an item has, from 1.
    has: HashMap<u64, Vec<usize>>,
    references: Vec<Reference>,
    data: &'a [u8],
}

impl<'a> Description<'a> {
    pub(super) fn of(meta: &'a [u8]) -> Description<'a> {
        let mut description = Description::default();
        for (kind, body) in boxes(meta.get(4..).unwrap_or_default()) {
            // What is cut gives what there is of it.
            let _ = match &kind {
                b"pitm" => description.primary_item(body),
                b"iinf" => description.item_kinds(body),
                b"iloc" => description.item_places(body),
                b"iprp" => description.item_properties(body),
                b"iref" => description.item_references(body),
                b"idat" => {
                    description.data = body;
                    None
                }
                _ => None,
            };
        }
        description
    }

    fn primary_item(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        self.primary = numbers.next(if version == 0 { 2 } else { 4 })?;
        Some(())
    }

    fn item_kinds(&mut self, body: &'a [u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        numbers.next(if version == 0 { 2 } else { 4 })?;
        for (kind, body) in list(numbers.0) {
            let mut numbers = Numbers(body);
            let (version, _) = numbers.version()?;
            // Each tile of a large grid is an item.
            (self.items.len() < ITEMS_MOST as usize).then_some(())?;
            if kind != *b"infe" || version < 2 {
                continue;
            }
            let id = numbers.next(if version == 2 { 2 } else { 4 })?;
            numbers.next(2)?;
            let (kind, rest) = numbers.0.split_first_chunk::<4>()?;
            // A name, then the media type.
            let media_type = rest.split(|byte| *byte == 0).nth(1).unwrap_or_default();
            self.items.insert(id, (*kind, media_type));
        }
        Some(())
    }

    fn item_places(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        let widths = numbers.next(2)?;
        let width = |shift: u32| usize::try_from(widths >> shift & 0xF).unwrap_or(0);
        let (offset, length, base) = (width(12), width(8), width(4));
        let index = if version == 0 { 0 } else { width(0) };
        let count = numbers.next(if version < 2 { 2 } else { 4 })?;
        let mut extents = 0;
        for _ in 0..count.min(ITEMS_MOST) {
            let id = numbers.next(if version < 2 { 2 } else { 4 })?;
            let method = if version == 0 { 0 } else { numbers.next(2)? & 0xF };
            numbers.next(2)?;
            let base = numbers.next(base)?;
            let mut place = Place { in_description: method == 1, extents: Vec::new() };
            for _ in 0..numbers.next(2)? {
                // Widths of nothing would let a few bytes promise millions.
                extents += 1;
                (extents <= ITEMS_MOST).then_some(())?;
                numbers.next(index)?;
                let at = base.saturating_add(numbers.next(offset)?);
                place.extents.push((at, numbers.next(length)?));
            }
            // What is made of other items has no bytes of its own.
            if method < 2 {
                self.places.insert(id, place);
            }
        }
        Some(())
    }

    fn item_properties(&mut self, body: &'a [u8]) -> Option<()> {
        for (kind, body) in boxes(body) {
            match &kind {
                b"ipco" => self.properties = boxes(body).collect(),
                b"ipma" => {
                    let mut numbers = Numbers(body);
                    let (version, flags) = numbers.version()?;
                    let wide = flags & 1 == 1;
                    for _ in 0..numbers.next(4)?.min(ITEMS_MOST) {
                        let id = numbers.next(if version < 1 { 2 } else { 4 })?;
                        let has = self.has.entry(id).or_default();
                        for _ in 0..numbers.next(1)? {
                            // The highest bit says that the property must be understood.
                            let number = numbers.next(if wide { 2 } else { 1 })?;
                            let number = number & if wide { 0x7FFF } else { 0x7F };
                            has.extend(usize::try_from(number).ok());
                        }
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn item_references(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        let width = if version == 0 { 2 } else { 4 };
        let mut all = 0;
        for (kind, body) in list(numbers.0) {
            let mut numbers = Numbers(body);
            let from = numbers.next(width)?;
            let count = usize::try_from(numbers.next(2)?).ok()?;
            // One to nothing takes room, too.
            all += count + 1;
            (all <= REFERENCES_MOST).then_some(())?;
            let to = (0..count).map_while(|_| numbers.next(width)).collect();
            self.references.push(Reference { kind, from, to });
        }
        Some(())
    }

    /// What an item refers to in this way, in order.
    pub(super) fn referred(&self, kind: &[u8; 4], from: u64) -> &[u64] {
        let those = |it: &&Reference| it.kind == *kind && it.from == from;
        self.references.iter().find(those).map(|it| it.to.as_slice()).unwrap_or_default()
    }

    /// The items that refer to one in this way.
    pub(super) fn referring(&self, kind: &'static [u8; 4], to: u64) -> impl Iterator<Item = u64> {
        let those = move |it: &&Reference| it.kind == *kind && it.to.contains(&to);
        self.references.iter().filter(those).map(|it| it.from)
    }

    /// Whether anything refers to anything in this way.
    pub(super) fn has_reference(&self, kind: &[u8; 4]) -> bool {
        self.references.iter().any(|it| it.kind == *kind)
    }

    /// What kind of item one is.
    pub(super) fn kind(&self, id: u64) -> Option<[u8; 4]> {
        self.items.get(&id).map(|(kind, _)| *kind)
    }

    /// How an item is turned to be seen, as EXIF says it; none where it stays as it is.
    pub(super) fn orientation(&self, id: u64) -> Option<u32> {
        let (mut turn, mut mirror) = (0, None);
        for (kind, body) in self.properties(id) {
            match (&kind, body) {
                (b"irot", [turned, ..]) => turn = turned & 3,
                (b"imir", [axis, ..]) => mirror = Some(axis & 1),
                _ => {}
            }
        }
        orientation(turn, mirror)
    }

    /// Columns and rows of an item, before it is turned.
    pub(super) fn size(&self, id: u64) -> Option<(u32, u32)> {
        let mut numbers = Numbers(self.property(id, b"ispe")?);
        numbers.version()?;
        let mut side = || u32::try_from(numbers.next(4)?).ok().filter(|side| *side > 0);
        Some((side()?, side()?))
    }

    /// A property of an item.
    pub(super) fn property(&self, id: u64, wanted: &[u8; 4]) -> Option<&'a [u8]> {
        self.properties(id).find(|(kind, _)| kind == wanted).map(|(_, body)| body)
    }

    /// The properties of an item.
    pub(super) fn properties(&self, id: u64) -> impl Iterator<Item = ([u8; 4], &'a [u8])> {
        let has = self.has.get(&id).map(Vec::as_slice).unwrap_or_default();
        has.iter().filter_map(|number| self.properties.get(number.checked_sub(1)?)).copied()
    }

    /// The bytes of an item, at most so many.
    pub(super) fn item(&self, blob: &dyn Blob, id: u64, most: u64) -> Option<Vec<u8>> {
        let place = self.places.get(&id)?;
        let mut bytes = Vec::new();
        for (at, length) in &place.extents {
            // No length means up to the end.
            let length = if *length == 0 { u64::MAX } else { *length };
            let length = length.min(most.saturating_sub(bytes.len() as u64));
            let piece = match place.in_description {
                true => read_range(&self.data, *at, length),
                false => read_range(blob, *at, length),
            };
            bytes.extend(piece.ok()?);
            if bytes.len() as u64 >= most {
                break;
            }
        }
        Some(bytes)
    }

    /// The bytes of an item, if all of them are there and no more than so many.
    pub(super) fn whole_item(&self, blob: &dyn Blob, id: u64, most: u64) -> Option<Vec<u8>> {
        let place = self.places.get(&id)?;
        let ends = place.extents.iter().any(|(_, length)| *length == 0);
        let length =
            place.extents.iter().try_fold(0u64, |all, (_, more)| all.checked_add(*more))?;
        (length <= most).then_some(())?;
        let bytes = self.item(blob, id, most)?;
        (!bytes.is_empty() && (ends || bytes.len() as u64 == length)).then_some(bytes)
    }

    /// An item of this kind, the first by its number.
    pub(super) fn first(&self, is: impl Fn(&[u8; 4], &[u8]) -> bool) -> Option<u64> {
        let those = self.items.iter().filter(|(_, (kind, media_type))| is(kind, media_type));
        those.map(|(id, _)| *id).min()
    }
}

/// Quarter turns to the left, then a mirror (0 turns it upside down, 1 from left to right), as EXIF says it; none where the
/// picture stays as it is.
fn orientation(turn: u8, mirror: Option<u8>) -> Option<u32> {
    match (turn, mirror) {
        (0, Some(0)) | (2, Some(1)) => Some(4),
        (0, Some(_)) | (2, Some(_)) => Some(2),
        (1, None) => Some(8),
        (2, None) => Some(3),
        (3, None) => Some(6),
        (1, Some(0)) | (3, Some(1)) => Some(5),
        (1 | 3, Some(_)) => Some(7),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), body].concat()
    }

    #[test]
    fn a_grid_may_have_thousands_of_tiles() {
        let kind = |id: u16| {
            let [high, low] = id.to_be_bytes();
            boxed(b"infe", &[2, 0, 0, 0, high, low, 0, 0, b'h', b'v', b'c', b'1', 0])
        };
        let kinds: Vec<u8> = (1..=3000).flat_map(kind).collect();
        let kinds = boxed(b"iinf", &[&[0, 0, 0, 0, 0x0B, 0xB8], kinds.as_slice()].concat());
        let tile = |id: u16| {
            let [high, low] = id.to_be_bytes();
            boxed(b"thmb", &[high, low, 0, 1, 0, 1])
        };
        let tiles: Vec<u8> = (2..=3000).flat_map(tile).collect();
        let tiles = boxed(b"iref", &[&[0; 4], tiles.as_slice()].concat());
        let meta = [vec![0; 4], kinds, tiles].concat();
        let description = Description::of(&meta);
        assert_eq!(description.kind(3000), Some(*b"hvc1"));
        assert_eq!(description.referring(b"thmb", 1).count(), 2999);
    }

    #[test]
    fn lists_of_nothing_end() {
        let nothing = boxed(b"thmb", &[0, 1, 0, 0]).repeat(REFERENCES_MOST + 1000);
        let meta = [vec![0; 4], boxed(b"iref", &[&[0; 4], nothing.as_slice()].concat())].concat();
        assert_eq!(Description::of(&meta).references.len(), REFERENCES_MOST);
    }
}
