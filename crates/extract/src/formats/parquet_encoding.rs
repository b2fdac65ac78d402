//! How Parquet writes the values of a page (Encodings.md of its specification): each as its bytes, in the order of the machine's
//! little end.

use std::borrow::Cow;
use std::ops::Range;

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Bit,
    /// So many bytes.
    Fixed(usize),
    /// Bytes with their length in front.
    Bytes,
}

/// Values of one page that are held at once, where an encoding has to be read whole or others refer to them.
const MOST: u64 = 4 << 20;

/// Numbers of few bits, in runs of one or packed one behind the other.
#[derive(Clone, Debug)]
pub(super) struct Runs<'a> {
    rest: &'a [u8],
    width: u32,
    run: Run<'a>,
}

#[derive(Clone, Debug)]
enum Run<'a> {
    Same { value: u32, left: u64 },
    Packed { bytes: &'a [u8], bit: usize, left: u64 },
}

impl<'a> Runs<'a> {
    /// Numbers of `width` bits, at most 32.
    pub(super) fn new(bytes: &'a [u8], width: u32) -> Runs<'a> {
        Runs { rest: bytes, width: width.min(32), run: Run::Same { value: 0, left: 0 } }
    }

    fn begin(&mut self) -> Option<()> {
        let (head, rest) = varint(self.rest)?;
        self.rest = rest;
        let width = self.width as usize;
        self.run = match head & 1 {
            1 => {
                let groups = head >> 1;
                let size = usize::try_from(groups).ok()?.checked_mul(width)?;
                // The last run may be shorter than it says.
                let (bytes, rest) = self.rest.split_at(size.min(self.rest.len()));
                self.rest = rest;
                Run::Packed { bytes, bit: 0, left: groups.checked_mul(8)? }
            }
            _ => {
                let (value, rest) = self.rest.split_at_checked(width.div_ceil(8))?;
                self.rest = rest;
                let value = value.iter().rev().fold(0u32, |all, byte| all << 8 | u32::from(*byte));
                Run::Same { value, left: head >> 1 }
            }
        };
        Some(())
    }
}

impl Iterator for Runs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            match &mut self.run {
                Run::Same { value, left } if *left > 0 => {
                    *left -= 1;
                    return Some(*value);
                }
                Run::Packed { bytes, bit, left } if *left > 0 => {
                    *left -= 1;
                    let value = bits(bytes, *bit, self.width)?;
                    *bit += self.width as usize;
                    return u32::try_from(value).ok();
                }
                Run::Same { .. } | Run::Packed { .. } => self.begin()?,
            }
        }
    }
}

/// The number of `width` bits that begins at a bit, the lowest first.
fn bits(bytes: &[u8], bit: usize, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let (from, shift) = (bit / 8, bit % 8);
    let to = from + (shift + width as usize).div_ceil(8);
    let all =
        bytes.get(from..to)?.iter().rev().fold(0u128, |all, byte| all << 8 | u128::from(*byte));
    let mask = (1u128 << width) - 1;
    u64::try_from(all >> shift & mask).ok()
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (n, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7F).checked_shl(7 * u32::try_from(n).ok()?).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(n + 1..)?));
        }
    }
    None
}

fn signed(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = varint(bytes)?;
    Some(((number >> 1).cast_signed() ^ -(number & 1).cast_signed(), rest))
}

/// The values to which others refer by their number.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Dictionary {
    /// So many values, as they stand one behind the other.
    pub(super) fn new(bytes: Vec<u8>, stored: Stored, count: u64) -> Dictionary {
        let mut places = Vec::new();
        let mut at = 0usize;
        while (places.len() as u64) < count.min(MOST) {
            let (from, length) = match stored {
                Stored::Fixed(length) if length > 0 => (at, length),
                Stored::Bytes => {
                    let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
                    let Some(length) = length else { break };
                    (at + 4, u32::from_le_bytes(*length) as usize)
                }
                Stored::Fixed(_) | Stored::Bit => break,
            };
            let Some(to) = from.checked_add(length).filter(|to| *to <= bytes.len()) else { break };
            places.push(from..to);
            at = to;
        }
        Dictionary { bytes, places }
    }

    fn get(&self, number: u32) -> Option<&[u8]> {
        self.bytes.get(self.places.get(number as usize)?.clone())
    }
}

/// The values of a page, one after the other.
pub(super) enum Values<'a> {
    Plain { rest: &'a [u8], stored: Stored },
    Bits { bytes: &'a [u8], bit: usize },
    Flags(Runs<'a>),
    Numbered { numbers: Runs<'a>, of: &'a Dictionary },
    Unpacked(std::vec::IntoIter<Vec<u8>>),
    Split { bytes: &'a [u8], width: usize, at: usize },
}

impl<'a> Values<'a> {
    /// Values in the encoding of this number; none if it is not read, or begins in no way that is known.
    pub(super) fn new(
        encoding: i64,
        bytes: &'a [u8],
        stored: Stored,
        dictionary: Option<&'a Dictionary>,
    ) -> Option<Values<'a>> {
        Some(match (encoding, stored) {
            (0, Stored::Bit) => Values::Bits { bytes, bit: 0 },
            (0, stored) => Values::Plain { rest: bytes, stored },
            (2 | 8, _) => {
                // A page without values has not even the width.
                let (width, rest) = bytes.split_first().unwrap_or((&0, &[]));
                Values::Numbered { numbers: Runs::new(rest, (*width).into()), of: dictionary? }
            }
            (3, Stored::Bit) => Values::Flags(Runs::new(bytes.get(4..)?, 1)),
            (5, Stored::Fixed(width @ (4 | 8))) => {
                let (numbers, _) = deltas(bytes)?;
                let cut = |number: i64| number.to_le_bytes().get(..width).map(<[u8]>::to_vec);
                Values::Unpacked(
                    numbers.into_iter().filter_map(cut).collect::<Vec<_>>().into_iter(),
                )
            }
            (6, Stored::Bytes) => Values::Unpacked(lengths(bytes)?.into_iter()),
            (7, Stored::Bytes | Stored::Fixed(_)) => Values::Unpacked(prefixed(bytes)?.into_iter()),
            (9, Stored::Fixed(width)) if width > 0 => Values::Split { bytes, width, at: 0 },
            _ => return None,
        })
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        match self {
            Values::Plain { rest, stored } => {
                let length = match stored {
                    Stored::Fixed(length) => *length,
                    Stored::Bytes => {
                        let (length, behind) = rest.split_first_chunk()?;
                        *rest = behind;
                        u32::from_le_bytes(*length) as usize
                    }
                    Stored::Bit => return None,
                };
                let (value, behind) = rest.split_at_checked(length)?;
                *rest = behind;
                Some(Cow::Borrowed(value))
            }
            Values::Bits { bytes, bit } => {
                let value = bits(bytes, *bit, 1)?;
                *bit += 1;
                Some(Cow::Owned(vec![u8::from(value == 1)]))
            }
            Values::Flags(flags) => flags.next().map(|flag| Cow::Owned(vec![u8::from(flag == 1)])),
            Values::Numbered { numbers, of } => {
                numbers.next().and_then(|n| of.get(n)).map(Cow::Borrowed)
            }
            Values::Unpacked(values) => values.next().map(Cow::Owned),
            Values::Split { bytes, width, at } => {
                let count = bytes.len() / *width;
                if *at >= count {
                    return None;
                }
                let value = (0..*width).filter_map(|n| bytes.get(n * count + *at)).copied();
                let value = value.collect();
                *at += 1;
                Some(Cow::Owned(value))
            }
        }
    }
}

/// Numbers by what each adds to the one before, and what stands behind them.
fn deltas(bytes: &[u8]) -> Option<(Vec<i64>, &[u8])> {
    let (block, rest) = varint(bytes)?;
    let (parts, rest) = varint(rest)?;
    let (count, rest) = varint(rest)?;
    let (mut number, mut rest) = signed(rest)?;
    let each = block.checked_div(parts)?;
    if count > MOST || each == 0 || each > MOST || parts > 1 << 16 {
        return None;
    }
    let mut numbers = Vec::new();
    if count > 0 {
        numbers.push(number);
    }
    while (numbers.len() as u64) < count {
        let (least, behind) = signed(rest)?;
        let (widths, behind) = behind.split_at_checked(usize::try_from(parts).ok()?)?;
        rest = behind;
        for width in widths {
            if numbers.len() as u64 >= count {
                break;
            }
            let width = u32::from(*width).min(64);
            let size = usize::try_from(each.checked_mul(width.into())?.div_ceil(8)).ok()?;
            let (packed, behind) = rest.split_at(size.min(rest.len()));
            rest = behind;
            for n in 0..each {
                if numbers.len() as u64 >= count {
                    break;
                }
                let bit = usize::try_from(n).ok()?.checked_mul(width as usize)?;
                let delta = bits(packed, bit, width)?.cast_signed();
                number = number.wrapping_add(least).wrapping_add(delta);
                numbers.push(number);
            }
        }
    }
    Some((numbers, rest))
}

/// Texts whose lengths stand in front of all of them.
fn lengths(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (lengths, mut rest) = deltas(bytes)?;
    let mut texts = Vec::new();
    for length in lengths {
        let taken = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let Some((text, behind)) = taken else { break };
        texts.push(text.to_vec());
        rest = behind;
    }
    Some(texts)
}

/// Texts of which each begins as the one before does.
fn prefixed(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    /// Bytes of all of them: each may begin with all of a long one.
    const LONGEST: usize = 64 << 20;
    let (prefixes, rest) = deltas(bytes)?;
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut size = 0;
    for (prefix, suffix) in prefixes.into_iter().zip(lengths(rest)?) {
        let before = texts.last().map_or(&[][..], Vec::as_slice);
        let kept = usize::try_from(prefix).ok().and_then(|length| before.get(..length));
        let Some(kept) = kept else { break };
        let text = [kept, &suffix].concat();
        size += text.len();
        if size > LONGEST {
            break;
        }
        texts.push(text);
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_of_one_number_or_packed() {
        // Three sevens, then eight numbers of three bits (the example of the specification).
        let bytes = [0x06, 0x07, 0x03, 0x88, 0xC6, 0xFA];
        let numbers: Vec<u32> = Runs::new(&bytes, 3).collect();
        assert_eq!(numbers, [7, 7, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
        // Bits that are not there are no numbers.
        assert_eq!(Runs::new(&[0x03, 0x88], 3).count(), 2);
        assert_eq!(Runs::new(&[0xFE, 0xFF, 0xFF, 0xFF, 0x0F], 0).take(5).count(), 5);
        assert_eq!(Runs::new(&[], 3).count(), 0);
    }

    #[test]
    fn numbers_by_their_deltas() {
        // 7, 5, 3, 1, 2, 3, 4, 5 in a block of 128 with 4 parts (the example of the specification): the least is -2, and
        // each delta above it is 0 or 3.
        let mut bytes = vec![0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        bytes.extend([0; 6]);
        let (numbers, _) = deltas(&bytes).unwrap();
        assert_eq!(numbers, [7, 5, 3, 1, 2, 3, 4, 5]);
        assert!(deltas(&[0x80, 0x01, 0, 8, 14]).is_none());
        assert!(deltas(&[0x80, 0x01, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 14]).is_none());
    }

    #[test]
    fn what_is_damaged_ends() {
        for encoding in 0..10 {
            for stored in [Stored::Bit, Stored::Fixed(0), Stored::Fixed(8), Stored::Bytes] {
                for bytes in [&[][..], &[0xFF; 40], &[0; 40], &[3; 7]] {
                    let dictionary = Dictionary::new(bytes.to_vec(), stored, 10);
                    let values = Values::new(encoding, bytes, stored, Some(&dictionary));
                    let count = values.map_or(0, |values| values.take(1000).count());
                    assert!(count <= 1000);
                }
            }
        }
    }
}
