//! The first rows of a column of a Parquet table, page by page (its specification, README.md and Encodings.md).

use std::io::Read;

use flate2::read::MultiGzDecoder;
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::parquet_encoding::{Dictionary, Runs, Stored, Values};
use super::thrift::{Item, read_prefix};
use super::zstd_frames::ZstdFrames;
use super::{lz4_block, snappy};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;

/// How the values of a column lie in rows: the levels of what is optional, and of what is repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    pub(super) definition: u32,
    pub(super) repetition: u32,
    pub(super) stored: Stored,
}

/// Bytes of a page, packed and unpacked. Writers make them of one MiB.
const LARGEST_PAGE: i64 = 64 << 20;
/// Bytes in which the head of a page lies, of most and of any: the least and greatest value may be in it.
const USUAL_HEAD: u64 = 256;
const HEAD: u64 = 64 << 10;
/// Pages of one chunk that are looked at: those of nothing cost nothing to write.
const MOST_PAGES: u32 = 10_000;
/// Values of one column that are read: a row may have any number of them.
const MOST_VALUES: usize = 100_000;

/// Why a column is not read on.
#[derive(Debug)]
pub(super) enum Broken {
    /// Its bytes are damaged, or nobody reads how they are packed.
    Lost(Reason),
    /// There are more values in its rows than are read.
    TooMany,
    /// The object has unpacked all it may.
    Limit(ExtractError),
}

impl From<ReasonKind> for Broken {
    fn from(kind: ReasonKind) -> Broken {
        Broken::Lost(kind.of(Noun::TableRows))
    }
}

/// Reads rows of a chunk until `take` wants no more; it is given each value and whether that begins a row. What is absent in a
/// row has no value.
pub(super) fn read_chunk(
    blob: &dyn Blob,
    chunk: &Item<'_>,
    levels: Levels,
    context: &Context<'_>,
    take: &mut dyn FnMut(bool, Option<&[u8]>) -> bool,
) -> Result<(), Broken> {
    let meta = chunk.field(3).ok_or(ReasonKind::Damaged)?;
    let offset = |number| {
        let offset = meta.whole(number).and_then(|offset| u64::try_from(offset).ok());
        offset.filter(|offset| *offset > 0)
    };
    let data = offset(9).ok_or(ReasonKind::Damaged)?;
    let mut at = offset(11).map_or(data, |dictionary| dictionary.min(data));
    let codec = meta.whole(4).unwrap_or_default();
    let mut left = meta.whole(5).unwrap_or_default();
    let (mut dictionary, mut values, mut pages) = (None, 0, 0);
    while left > 0 {
        pages += 1;
        if pages > MOST_PAGES {
            return Err(Broken::TooMany);
        }
        let mut head = read_range(blob, at, USUAL_HEAD).map_err(|_| ReasonKind::Damaged)?;
        if read_prefix(&head).is_none() {
            head = read_range(blob, at, HEAD).map_err(|_| ReasonKind::Damaged)?;
        }
        let (page, rest) = read_prefix(&head).ok_or(ReasonKind::Damaged)?;
        let begin = at + (head.len() - rest.len()) as u64;
        let size = |number| {
            let size = page.whole(number).filter(|size| (0..=LARGEST_PAGE).contains(size));
            size.ok_or(ReasonKind::Larger(LARGEST_PAGE as u64))
        };
        let (unpacked, packed) = (size(2)?, size(3)?);
        let packed = read_range(blob, begin, packed.unsigned_abs())
            .map_err(|_| ReasonKind::EndsWithin(Noun::TableRows.into()))?;
        at = begin + packed.len() as u64;
        if packed.is_empty() && unpacked > 0 {
            return Err(ReasonKind::Damaged.into());
        }
        let most = usize::try_from(unpacked).unwrap_or_default();
        let spend = |bytes: usize| context.spend_unpacked(bytes as u64).map_err(Broken::Limit);
        match page.whole(1) {
            Some(0) => {
                let head = page.field(5).ok_or(ReasonKind::Damaged)?;
                let bytes = unpack(codec, &packed, most)?;
                spend(bytes.len())?;
                let count = head.whole(1).unwrap_or_default();
                let (repetition, rest) = long_levels(&bytes, levels.repetition)?;
                let (definition, rest) = long_levels(rest, levels.definition)?;
                let page = Page { repetition, definition, rest, count, head, number: 2 };
                left = left.saturating_sub(count.max(1));
                if !page.take(levels, dictionary.as_ref(), &mut values, take)? {
                    return Ok(());
                }
            }
            Some(2) => {
                let head = page.field(7).ok_or(ReasonKind::Damaged)?;
                let bytes = unpack(codec, &packed, most)?;
                spend(bytes.len())?;
                let count = head.whole(1).and_then(|count| u64::try_from(count).ok());
                dictionary = Some(Dictionary::new(bytes, levels.stored, count.unwrap_or_default()));
            }
            Some(3) => {
                let head = page.field(8).ok_or(ReasonKind::Damaged)?;
                let part = |number| usize::try_from(head.whole(number).unwrap_or_default()).ok();
                let count = head.whole(1).unwrap_or_default();
                let parts = part(6).zip(part(5)).and_then(|(repetition, definition)| {
                    let (repetition, rest) = packed.split_at_checked(repetition)?;
                    let (definition, rest) = rest.split_at_checked(definition)?;
                    Some((repetition, definition, rest))
                });
                let (repetition, definition, rest) = parts.ok_or(ReasonKind::Damaged)?;
                // Levels are never packed.
                let most = most.saturating_sub(repetition.len() + definition.len());
                let codec = if head.whole(7) == Some(0) { 0 } else { codec };
                let bytes = unpack(codec, rest, most)?;
                spend(bytes.len())?;
                let repetition = Runs::new(repetition, width(levels.repetition));
                let definition = Runs::new(definition, width(levels.definition));
                let page = Page { repetition, definition, rest: &bytes, count, head, number: 4 };
                left = left.saturating_sub(count.max(1));
                if !page.take(levels, dictionary.as_ref(), &mut values, take)? {
                    return Ok(());
                }
            }
            // An index.
            Some(_) => {}
            None => return Err(ReasonKind::Damaged.into()),
        }
        if packed.is_empty() && unpacked == 0 {
            // A page of nothing still has a head, so the next one lies behind it.
            left = left.saturating_sub(1);
        }
    }
    Ok(())
}

struct Page<'a> {
    repetition: Runs<'a>,
    definition: Runs<'a>,
    rest: &'a [u8],
    count: i64,
    head: &'a Item<'a>,
    /// The field of the head that names the encoding.
    number: i16,
}

impl Page<'_> {
    /// Hands on its values. Gives whether more are wanted.
    fn take(
        mut self,
        levels: Levels,
        dictionary: Option<&Dictionary>,
        values: &mut usize,
        take: &mut dyn FnMut(bool, Option<&[u8]>) -> bool,
    ) -> Result<bool, Broken> {
        let encoding = self.head.whole(self.number).unwrap_or(-1);
        let mut read = Values::new(encoding, self.rest, levels.stored, dictionary)
            .ok_or_else(|| ReasonKind::Method(format!("encoding {encoding} of Parquet").into()))?;
        let level = |runs: &mut Runs<'_>, most: u32| match most {
            0 => Some(0),
            _ => runs.next(),
        };
        for _ in 0..self.count.max(0) {
            if *values >= MOST_VALUES {
                return Err(Broken::TooMany);
            }
            *values += 1;
            let repeated = level(&mut self.repetition, levels.repetition);
            let defined = level(&mut self.definition, levels.definition);
            let (repeated, defined) = repeated.zip(defined).ok_or(ReasonKind::EndsEarly)?;
            let value = match defined == levels.definition {
                true => Some(read.next().ok_or(ReasonKind::EndsEarly)?),
                false => None,
            };
            if !take(repeated == 0, value.as_deref()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The levels in front of the values, with their length in front, and what stands behind them.
fn long_levels(bytes: &[u8], most: u32) -> Result<(Runs<'_>, &[u8]), ReasonKind> {
    if most == 0 {
        return Ok((Runs::new(&[], 0), bytes));
    }
    let levels = bytes
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
    let (levels, rest) = levels.ok_or(ReasonKind::EndsEarly)?;
    Ok((Runs::new(levels, width(most)), rest))
}

/// Bits that the largest level takes.
fn width(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

/// What a page unpacks to, at most `most` bytes, by the number of its method.
fn unpack(codec: i64, packed: &[u8], most: usize) -> Result<Vec<u8>, Broken> {
    let read = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        // What came out before the damage is no page.
        let came = reader.take(most as u64).read_to_end(&mut bytes).is_ok();
        came.then_some(bytes)
    };
    let unpacked = match codec {
        0 => packed.get(..most.min(packed.len())).map(<[u8]>::to_vec),
        1 => snappy::unpack(packed, most),
        2 => read(&mut MultiGzDecoder::new(packed)),
        // Hadoop's blocks have two lengths in front; the newer method is the block alone.
        5 => packed.get(8..).and_then(|block| lz4_block::unpack(block, most)),
        6 => read(&mut ZstdFrames::new(packed)),
        7 => lz4_block::unpack(packed, most),
        3 => return Err(ReasonKind::Method("LZO".into()).into()),
        4 => return Err(ReasonKind::Method("Brotli".into()).into()),
        number => {
            let number = u64::try_from(number).unwrap_or_default();
            return Err(ReasonKind::MethodNumber { number, container: "Parquet".into() }.into());
        }
    };
    Ok(unpacked.ok_or(ReasonKind::NotUnpacked)?)
}
