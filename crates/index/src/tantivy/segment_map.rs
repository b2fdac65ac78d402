use madang_document::locator::Locator;

use crate::analyzer::Mark;

/// Where the segments of a stored text stand, and the marks of its analysis: from a token's position to its
/// place in the text, and from there to the page, cell or second.
///
/// Stored in a form of which only what is asked for is decoded: a sheet of a hundred thousand rows has as many
/// locators, and a hit needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentMap {
    /// First byte of each segment, ascending.
    starts: Vec<u32>,
    /// Where each locator ends in `locators`.
    ends: Vec<u32>,
    /// The locators in JSON, one behind the other.
    locators: Vec<u8>,
    /// Marks, ascending.
    pub(crate) marks: Vec<Mark>,
}

impl SegmentMap {
    /// Adds a segment that begins at this byte of the text.
    pub(crate) fn push(&mut self, start: usize, locator: &Locator) {
        // A locator that JSON cannot say (it always can) is the whole document.
        let json = serde_json::to_vec(locator).unwrap_or_default();
        self.starts.push(u32::try_from(start).unwrap_or(u32::MAX));
        self.locators.extend_from_slice(&json);
        self.ends.push(u32::try_from(self.locators.len()).unwrap_or(u32::MAX));
    }

    /// The segment in which this byte stands: where it begins and ends in the text, and its locator.
    pub(crate) fn segment(&self, byte: usize, text_len: usize) -> (usize, usize, Locator) {
        let next = self.starts.partition_point(|start| *start as usize <= byte);
        let Some(n) = next.checked_sub(1) else { return (0, text_len, Locator::Whole {}) };
        let start = self.starts.get(n).map_or(0, |start| *start as usize);
        let end = self.starts.get(next).map_or(text_len, |start| *start as usize);
        let from = n.checked_sub(1).and_then(|n| self.ends.get(n)).map_or(0, |end| *end as usize);
        let to = self.ends.get(n).map_or(0, |end| *end as usize);
        let locator = self
            .locators
            .get(from..to)
            .and_then(|json| serde_json::from_slice(json).ok())
            .unwrap_or(Locator::Whole {});
        (start, end, locator)
    }

    /// The bytes of this map: four counts or lengths, then the lists, all numbers in little endian.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let numbers = 3 + self.starts.len() * 2 + self.marks.len() * 3;
        let mut bytes = Vec::with_capacity(numbers * 4 + self.locators.len());
        let mut put = |n: u32| bytes.extend_from_slice(&n.to_le_bytes());
        put(u32::try_from(self.starts.len()).unwrap_or(u32::MAX));
        put(u32::try_from(self.marks.len()).unwrap_or(u32::MAX));
        for n in self.starts.iter().chain(&self.ends) {
            put(*n);
        }
        for mark in &self.marks {
            put(mark.byte);
            put(mark.stem);
            put(mark.xbi);
        }
        bytes.extend_from_slice(&self.locators);
        bytes
    }

    /// Reads what [`encode`](SegmentMap::encode) wrote; none if it is something else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<SegmentMap> {
        let (head, rest) = bytes.split_at_checked(8)?;
        let [segments, marks] = numbers::<2>(head).next()?.map(|n| n as usize);
        let (starts, rest) = rest.split_at_checked(segments.checked_mul(4)?)?;
        let (ends, rest) = rest.split_at_checked(segments.checked_mul(4)?)?;
        let (marks, locators) = rest.split_at_checked(marks.checked_mul(12)?)?;
        Some(SegmentMap {
            starts: numbers::<1>(starts).map(|[n]| n).collect(),
            ends: numbers::<1>(ends).map(|[n]| n).collect(),
            marks: numbers::<3>(marks).map(|[byte, stem, xbi]| Mark { byte, stem, xbi }).collect(),
            locators: locators.to_vec(),
        })
    }
}

/// The numbers in `bytes`, `N` at a time.
fn numbers<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u32; N]> {
    let mut words = bytes.chunks_exact(4).filter_map(|word| <[u8; 4]>::try_from(word).ok());
    std::iter::from_fn(move || {
        let mut group = [0; N];
        for slot in &mut group {
            *slot = u32::from_le_bytes(words.next()?);
        }
        Some(group)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_encoding_and_finds_segments() {
        let mut map = SegmentMap::default();
        map.push(0, &Locator::page(1));
        map.push(10, &Locator::page(2));
        map.push(30, &Locator::Cell { sheet: "예산".into(), row: 3, column: 2 });
        map.marks.push(Mark { byte: 0, stem: 0, xbi: 0 });
        map.marks.push(Mark { byte: 12, stem: 2, xbi: 5 });
        let bytes = map.encode();
        assert_eq!(SegmentMap::decode(&bytes), Some(map.clone()));
        for cut in 0..8 + 24 + 24 {
            assert_eq!(SegmentMap::decode(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(map.segment(0, 50), (0, 10, Locator::page(1)));
        assert_eq!(map.segment(9, 50), (0, 10, Locator::page(1)));
        assert_eq!(map.segment(10, 50), (10, 30, Locator::page(2)));
        assert_eq!(map.segment(49, 50).2.fragment().unwrap(), "cell=예산!B3");
        assert_eq!(SegmentMap::default().segment(7, 50), (0, 50, Locator::Whole {}));
    }
}
