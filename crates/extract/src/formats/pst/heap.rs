use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::super::bytes::{piece, u8_at, u16_at, u32_at};
use crate::error::ExtractError;

/// Records of one tree that are read.
const MOST_RECORDS: usize = 200_000;
/// Levels of a tree in a heap.
const DEEPEST: u8 = 8;

/// The data of a node as a heap of values, each with a number (MS-PST, section 2.3.1).
#[derive(Debug)]
pub(super) struct Heap {
    pieces: Vec<Vec<u8>>,
    is_large: bool,
    /// What it holds: properties (0xBC) or a table (0x7C).
    pub(super) kind: u8,
    /// The number of its first value.
    pub(super) root: u32,
}

impl Heap {
    /// Of the pieces of a node.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when they are none.
    pub(super) fn of(pieces: Vec<Vec<u8>>, is_large: bool) -> Result<Heap, ExtractError> {
        let head = pieces.first().filter(|head| u8_at(head, 2) == Some(0xEC));
        let of = head.and_then(|head| Some((u8_at(head, 3)?, u32_at(head, 4)?)));
        let (kind, root) =
            of.ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::HeapHead)))?;
        Ok(Heap { pieces, is_large, kind, root })
    }

    /// The value of a number (HID, section 2.3.1.1).
    pub(super) fn value(&self, number: u32) -> Option<&[u8]> {
        let bits = if self.is_large { 14 } else { 11 };
        let index = (number >> 5) & ((1 << bits) - 1);
        let block = self.pieces.get(usize::try_from(number >> (5 + bits)).ok()?)?;
        // The map of the piece stands where its first word says: counts, then the start of each value and the end of the
        // last.
        let map = usize::from(u16_at(block, 0)?);
        let count = u32::from(u16_at(block, map)?);
        if number & 0x1F != 0 || index == 0 || index > count {
            return None;
        }
        let at = map + 4 + 2 * (index as usize - 1);
        let (start, end) = (usize::from(u16_at(block, at)?), usize::from(u16_at(block, at + 2)?));
        block.get(start..end)
    }

    /// The records of the tree whose head has this number: key and data, in the order of the keys (BTH, section 2.3.2).
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when there is no such tree.
    pub(super) fn records(&self, head: u32) -> Result<Vec<(u32, &[u8])>, ExtractError> {
        let broken = || ExtractError::corrupt(ReasonKind::Missing.of(Noun::TreeHead));
        let head =
            self.value(head).filter(|head| u8_at(head, 0) == Some(0xB5)).ok_or_else(broken)?;
        let field = |at| u8_at(head, at).ok_or_else(broken);
        let (key, data, levels) = (usize::from(field(1)?), usize::from(field(2)?), field(3)?);
        let root = u32_at(head, 4).ok_or_else(broken)?;
        if !matches!(key, 2 | 4) || data == 0 || levels > DEEPEST {
            return Err(broken());
        }
        let mut records = Vec::new();
        let mut open = vec![(root, levels)];
        let mut visits = 0;
        while let Some((number, level)) = open.pop() {
            visits += 1;
            let Some(bytes) = self.value(number).filter(|_| visits < MOST_RECORDS) else {
                continue;
            };
            let width = key + if level == 0 { data } else { 4 };
            let mut children = Vec::new();
            for record in bytes.chunks_exact(width) {
                let of = match key {
                    2 => u16_at(record, 0).map(u32::from),
                    _ => u32_at(record, 0),
                };
                match level {
                    0 => records.push((of.unwrap_or_default(), piece(record, key, data))),
                    _ => children.extend(u32_at(record, key).map(|next| (next, level - 1))),
                }
            }
            children.reverse();
            open.extend(children);
            if records.len() > MOST_RECORDS {
                let (limit, unit) = (MOST_RECORDS as u64, Unit::Records);
                return Err(ExtractError::Limit(
                    ReasonKind::MoreThan { limit, unit }.of(Noun::Tree),
                ));
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A heap of these values; the number of the n-th from one on is n << 5.
    fn heap(values: &[&[u8]], is_large: bool) -> Heap {
        let mut bytes = vec![0; 12];
        let mut starts = vec![12u16];
        for value in values {
            bytes.extend(*value);
            starts.push(bytes.len() as u16);
        }
        let map = bytes.len() as u16;
        bytes[..2].copy_from_slice(&map.to_le_bytes());
        bytes[2..4].copy_from_slice(&[0xEC, 0xBC]);
        bytes[4..8].copy_from_slice(&(1u32 << 5).to_le_bytes());
        bytes.extend((values.len() as u16).to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(starts.iter().flat_map(|start| start.to_le_bytes()));
        Heap::of(vec![bytes], is_large).unwrap()
    }

    #[test]
    fn a_value_has_a_number_and_a_wrong_number_has_none() {
        for is_large in [false, true] {
            let heap = heap(&[b"one", b"", b"three"], is_large);
            assert_eq!(heap.value(1 << 5), Some(b"one".as_slice()));
            assert_eq!(heap.value(2 << 5), Some(b"".as_slice()));
            assert_eq!(heap.value(3 << 5), Some(b"three".as_slice()));
            for wrong in [0, 4 << 5, 3 << 5 | 1, 1 << 16 | 1 << 5, 1 << 19 | 1 << 5, u32::MAX] {
                assert_eq!(heap.value(wrong), None, "{wrong:#x}");
            }
        }
        assert!(Heap::of(Vec::new(), false).is_err());
        assert!(Heap::of(vec![vec![0; 40]], false).is_err());
    }

    #[test]
    fn a_tree_of_two_levels_is_read_in_order_and_one_that_leads_to_itself_ends() {
        let head = |levels, root: u32| {
            let mut head = vec![0xB5, 2, 1, levels];
            head.extend((root << 5).to_le_bytes());
            head
        };
        let index = |of: &[(u16, u32)]| {
            let mut index = Vec::new();
            for (key, to) in of {
                index.extend(key.to_le_bytes());
                index.extend((to << 5).to_le_bytes());
            }
            index
        };
        let above = index(&[(1, 3), (7, 4)]);
        let tree = heap(&[&head(1, 2), &above, &[1, 0, 10, 2, 0, 20], &[7, 0, 70]], false);
        let records = tree.records(1 << 5).unwrap();
        assert_eq!(records, [(1, &[10][..]), (2, &[20]), (7, &[70])]);
        assert!(tree.records(2 << 5).is_err(), "it has no head");
        // Every level leads to itself twice.
        let above = index(&[(1, 2), (2, 2)]);
        let round = heap(&[&head(DEEPEST, 2), &above], false);
        assert!(round.records(1 << 5).unwrap().len() < 2000);
        let deep = heap(&[&head(DEEPEST + 1, 2), &above], false);
        assert!(deep.records(1 << 5).is_err());
    }
}
