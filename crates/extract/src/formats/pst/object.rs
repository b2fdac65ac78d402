use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::super::bytes::{piece, u16_at, u32_at};
use super::database::{Database, Node};
use super::heap::Heap;
use crate::error::ExtractError;

/// Bytes of the heap of one object.
const LARGEST_HEAP: u64 = 64 << 20;
const HEAP_TOO_LARGE: ReasonKind = ReasonKind::Larger(LARGEST_HEAP);
/// Properties of one object, and columns of a table.
const MOST_PROPERTIES: usize = 10_000;
/// PidTagSubject.
const SUBJECT: u16 = 0x0037;

/// The type of a property that is an object: the number of an inner node, and its size.
pub(super) const OBJECT: u16 = 0x000D;

/// A property with its value as bytes, as a message file has it, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) id: u16,
    pub(super) kind: u16,
    pub(super) bytes: Vec<u8>,
}

/// The properties of an object (PC, section 2.3.3), whose larger values lie in nodes `inside` it. A value that cannot be
/// had is missing, and the database says that something is.
///
/// # Errors
/// [`ExtractError::Corrupt`] when the object itself cannot be read, [`ExtractError::Limit`] when too much was read.
pub(super) fn properties(
    database: &Database<'_>,
    data: u64,
    inside: &[Node],
) -> Result<Vec<Property>, ExtractError> {
    let heap = Heap::of(database.pieces(data, LARGEST_HEAP, HEAP_TOO_LARGE)?, database.is_large())?;
    if heap.kind != 0xBC {
        return Err(ExtractError::corrupt(
            ReasonKind::MissingFrom(Noun::AnyObject.into()).of(Noun::Properties),
        ));
    }
    let mut properties = Vec::new();
    for (id, record) in heap.records(heap.root)?.into_iter().take(MOST_PROPERTIES) {
        let (Ok(id), Some(kind)) = (u16::try_from(id), u16_at(record, 0)) else { continue };
        let value = Value { database, heap: &heap, inside, kind };
        if let Some(bytes) = value.of(piece(record, 2, 4))? {
            properties.push(property(id, kind, bytes));
        }
    }
    Ok(properties)
}

/// The rows of a table (TC, section 2.3.4), each with its properties.
///
/// # Errors
/// As [`properties`].
pub(super) fn rows(
    database: &Database<'_>,
    table: &Node,
    most: usize,
) -> Result<Vec<Vec<Property>>, ExtractError> {
    let inside = database.inner_nodes(table.inside)?;
    let heap =
        Heap::of(database.pieces(table.data, LARGEST_HEAP, HEAP_TOO_LARGE)?, database.is_large())?;
    let head = heap.value(heap.root).filter(|_| heap.kind == 0x7C);
    let columns = head.and_then(Columns::of);
    let columns =
        columns.ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::TableColumns)))?;
    let pieces = match columns.rows {
        0 => return Ok(Vec::new()),
        number if number & 0x1F == 0 => heap.value(number).map(|rows| vec![rows.to_vec()]),
        number => match Node::among(&inside, number) {
            Some(node) => Some(database.pieces(node.data, LARGEST_HEAP, HEAP_TOO_LARGE)?),
            None => None,
        },
    };
    let pieces =
        pieces.ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::TableRows)))?;
    // No row goes on in the next piece.
    let rows: Vec<&[u8]> =
        pieces.iter().flat_map(|rows| rows.chunks_exact(columns.width)).collect();
    let mut read = Vec::new();
    for (_, place) in heap.records(columns.index)?.into_iter().take(most) {
        let place =
            u32_at(place, 0).or_else(|| u16_at(place, 0).map(u32::from)).unwrap_or(u32::MAX);
        let Some(row) = usize::try_from(place).ok().and_then(|place| rows.get(place)) else {
            database.is_cut.set(true);
            continue;
        };
        let mut properties = Vec::new();
        for column in columns.all.iter().filter(|column| column.is_in(row, columns.present)) {
            let value = Value { database, heap: &heap, inside: &inside, kind: column.kind };
            let cell = piece(row, column.at, column.width);
            if let Some(bytes) = value.of(cell)? {
                properties.push(property(column.id, column.kind, bytes));
            }
        }
        read.push(properties);
    }
    Ok(read)
}

/// A subject begins with a mark and the length of its prefix (`Re: `), which no reader shows (section 2.5.3.1.1.1).
fn property(id: u16, kind: u16, mut bytes: Vec<u8>) -> Property {
    let mark = match kind {
        0x1F => bytes.starts_with(&[1, 0]).then_some(4),
        _ => bytes.starts_with(&[1]).then_some(2),
    };
    if let Some(mark) = mark.filter(|_| id == SUBJECT) {
        bytes.drain(..mark.min(bytes.len()));
    }
    Property { id, kind, bytes }
}

/// Where the value of a property lies, by its type.
struct Value<'a> {
    database: &'a Database<'a>,
    heap: &'a Heap,
    inside: &'a [Node],
    kind: u16,
}

impl Value<'_> {
    /// The bytes of a value, of which `field` is the beginning or the place; none of what is missing or has a type that no
    /// message file is made of.
    fn of(&self, field: &[u8]) -> Result<Option<Vec<u8>>, ExtractError> {
        let width = match self.kind {
            0x02 => 2,
            0x03 | 0x04 | 0x0A => 4,
            0x0B => 1,
            0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
            OBJECT | 0x1E | 0x1F | 0x48 | 0x0102 => 0,
            _ => return Ok(None),
        };
        // Those of up to four bytes stand in a record, those of eight in a row only.
        if width > 0 && field.len() >= width && (width <= 4 || field.len() == 8) {
            return Ok(Some(piece(field, 0, width).to_vec()));
        }
        let Some(number) = u32_at(field, 0) else { return Ok(None) };
        if number == 0 {
            return Ok(Some(Vec::new()));
        }
        let bytes = if number & 0x1F == 0 {
            let value = self.heap.value(number).map(<[u8]>::to_vec);
            self.database.context.spend_unpacked(value.as_ref().map_or(0, Vec::len) as u64)?;
            value
        } else {
            match Node::among(self.inside, number) {
                Some(node) => self.node(node)?,
                None => None,
            }
        };
        if bytes.is_none() {
            self.database.is_cut.set(true);
        }
        Ok(bytes)
    }

    fn node(&self, node: &Node) -> Result<Option<Vec<u8>>, ExtractError> {
        let most = self.database.context.member_left();
        let larger = self.database.context.larger_than(most);
        match self.database.pieces(node.data, most, larger) {
            Ok(pieces) => Ok(Some(pieces.concat())),
            Err(ExtractError::Corrupt(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The columns of a table, and where its rows are (TCINFO, section 2.3.4.1).
struct Columns {
    all: Vec<Column>,
    /// Bytes of a row.
    width: usize,
    /// Where a row says which of its cells there are.
    present: usize,
    /// The number of the tree that says which row stands where.
    index: u32,
    /// Where the rows lie.
    rows: u32,
}

struct Column {
    id: u16,
    kind: u16,
    at: usize,
    width: usize,
    bit: usize,
}

impl Columns {
    fn of(head: &[u8]) -> Option<Columns> {
        let count = *head.get(1)?;
        let present = usize::from(u16_at(head, 6)?);
        let width = usize::from(u16_at(head, 8)?);
        let (index, rows) = (u32_at(head, 10)?, u32_at(head, 14)?);
        let described = head.get(22..)?.chunks_exact(8).take(count.into());
        let column = |column: &[u8]| {
            Some(Column {
                kind: u16_at(column, 0)?,
                id: u16_at(column, 2)?,
                at: usize::from(u16_at(column, 4)?),
                width: usize::from(*column.get(6)?),
                bit: usize::from(*column.get(7)?),
            })
        };
        let all = described.filter_map(column).collect();
        (width > 0).then_some(Columns { all, width, present, index, rows })
    }
}

impl Column {
    /// Whether a row has a value here.
    fn is_in(&self, row: &[u8], present: usize) -> bool {
        let byte = row.get(present + self.bit / 8).copied().unwrap_or_default();
        byte & (0x80 >> (self.bit % 8)) != 0
    }
}
