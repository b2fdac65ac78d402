//! The compact protocol of Apache Thrift, as the footer of Parquet has it: a tree of values.

/// Values of one footer.
const MOST: usize = 500_000;
/// How deep structs lie in one another; Parquet's lie five deep.
const DEEP: u32 = 32;

/// A value.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Whole(i64),
    Bytes(&'a [u8]),
    List(Vec<Item<'a>>),
    /// Fields with their numbers.
    Struct(Vec<(i16, Item<'a>)>),
    /// A value that nobody asks for.
    Other,
}

impl<'a> Item<'a> {
    /// The field of this number.
    pub(super) fn field(&self, number: i16) -> Option<&Item<'a>> {
        match self {
            Item::Struct(fields) => fields.iter().find(|(n, _)| *n == number).map(|(_, item)| item),
            _ => None,
        }
    }

    /// The number in a field.
    pub(super) fn whole(&self, number: i16) -> Option<i64> {
        match self.field(number) {
            Some(Item::Whole(whole)) => Some(*whole),
            _ => None,
        }
    }

    /// The bytes in a field.
    pub(super) fn bytes(&self, number: i16) -> Option<&'a [u8]> {
        match self.field(number) {
            Some(Item::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The text in a field.
    pub(super) fn text(&self, number: i16) -> Option<String> {
        self.bytes(number).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The list in a field; an empty one if there is none.
    pub(super) fn list(&self, number: i16) -> &[Item<'a>] {
        match self.field(number) {
            Some(Item::List(list)) => list,
            _ => &[],
        }
    }
}

/// The struct that bytes are; none where they are damaged.
pub(super) fn read_struct(bytes: &[u8]) -> Option<Item<'_>> {
    read_prefix(bytes).map(|(item, _)| item)
}

/// The struct that bytes begin with, and what stands behind it.
pub(super) fn read_prefix(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let mut reader = Reader { rest: bytes, left: MOST };
    let item = reader.fields(0)?;
    Some((item, reader.rest))
}

struct Reader<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for n in 0..10 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F).checked_shl(7 * n).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number whose sign is its last bit.
    fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn fields(&mut self, depth: u32) -> Option<Item<'a>> {
        let mut fields = Vec::new();
        let mut number = 0i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(Item::Struct(fields));
            }
            number = match head >> 4 {
                0 => i16::try_from(self.signed()?).ok()?,
                step => number.checked_add(step.into())?,
            };
            let item = match head & 0x0F {
                // The type of a field says what it is worth.
                1 => Item::Whole(1),
                2 => Item::Whole(0),
                kind => self.item(kind, depth)?,
            };
            fields.push((number, item));
        }
    }

    fn item(&mut self, kind: u8, depth: u32) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        if depth > DEEP {
            return None;
        }
        Some(match kind {
            1 | 2 => Item::Whole(i64::from(self.byte()? == 1)),
            3 => Item::Whole(self.byte()?.cast_signed().into()),
            4..=6 => Item::Whole(self.signed()?),
            7 => {
                self.take(8)?;
                Item::Other
            }
            8 => {
                let count = self.varint()?;
                Item::Bytes(self.take(count)?)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.varint()?,
                    count => count.into(),
                };
                let mut list = Vec::new();
                for _ in 0..count {
                    list.push(self.item(head & 0x0F, depth + 1)?);
                }
                Item::List(list)
            }
            11 => {
                let count = self.varint()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.item(kinds >> 4, depth + 1)?;
                        self.item(kinds & 0x0F, depth + 1)?;
                    }
                }
                Item::Other
            }
            12 => self.fields(depth + 1)?,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_of_each_kind() {
        let bytes = [
            0x15, 0x02, 0x18, 0x02, b'h', b'i', 0x19, 0x25, 0x02, 0x03, 0x1C, 0x15, 0x06, 0x00,
            0x11, 0x00,
        ];
        let item = read_struct(&bytes).unwrap();
        assert_eq!(item.whole(1), Some(1));
        assert_eq!(item.text(2).as_deref(), Some("hi"));
        assert!(matches!(item.list(3), [Item::Whole(1), Item::Whole(-2)]));
        assert_eq!(item.field(4).and_then(|inner| inner.whole(1)), Some(3));
        assert_eq!(item.whole(5), Some(1));
        assert!(read_struct(&bytes[..9]).is_none());
        assert!(read_struct(&[0x1C; 100]).is_none());
        assert!(read_struct(&[0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0x7F, 0x00]).is_none());
    }
}
