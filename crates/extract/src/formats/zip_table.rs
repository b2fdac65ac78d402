//! The table of contents of a ZIP archive, record by record (APPNOTE 6.3.10, section 4.3.12): for members that the library
//! does not show, because a later one has the same name, and for those that are locked.

use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use flate2::Crc;

use super::fields::{Fields, part};
use super::packing::{Checked, Refusal, unpacker};
use super::zip_cipher::{AesField, ZipLock};
use super::zip_packing::packing;

use crate::blob::Blob;

/// A member as the table of contents has it, or its own head.
#[derive(Debug, Default)]
pub(super) struct ZipRecord {
    pub(super) name: Vec<u8>,
    /// Bytes unpacked; none where nothing says so.
    pub(super) size: Option<u64>,
    pub(super) packed: u64,
    pub(super) sum: u32,
    method: u16,
    /// Whether the check sum is stated.
    pub(super) is_summed: bool,
    /// What keeps it closed.
    pub(super) lock: Option<ZipLock>,
    /// The mode that Unix gave it; nought if it was another system.
    mode: u32,
    /// Where its own head begins.
    pub(super) at: u64,
}

/// How a record of the table begins, and how the head of a member does.
pub(super) const RECORD: u32 = 0x0201_4B50;
pub(super) const HEAD: u32 = 0x0403_4B50;

/// The flags of encryption, and of PKWARE's strong one (section 4.4.4).
const ENCRYPTED: u16 = 1;
const STRONG: u16 = 1 << 6;

/// The method that stands for encryption with AES (appendix E).
const AES: u16 = 99;

/// The field of numbers of 64 bits (section 4.5.3).
const ZIP64: u16 = 1;

/// The field of the name in UTF-8, behind a version and the check sum of the other one (section 4.6.9).
const UNICODE_NAME: u16 = 0x7075;

/// What says that a number of 32 bits stands in the field of ZIP64 instead (section 4.5.3).
const WIDE: u32 = u32::MAX;

/// The files of which a later one has the name, at most `most` of them. The table begins at `table`; heads are counted
/// from `start`, both in bytes.
pub(super) fn shadowed(blob: &dyn Blob, table: u64, start: u64, most: u64) -> Vec<ZipRecord> {
    let mut fields = Fields::at(blob, table);
    let mut last: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut records: Vec<ZipRecord> = Vec::new();
    let mut shadowed: Vec<usize> = Vec::new();
    while (shadowed.len() as u64) < most
        && fields.u32() == Some(RECORD)
        && let Some(record) = read(&mut fields, start)
    {
        shadowed.extend(last.insert(record.name.clone(), records.len()));
        records.push(record);
    }
    let mut taken: Vec<ZipRecord> =
        shadowed.into_iter().filter_map(|n| records.get_mut(n).map(std::mem::take)).collect();
    taken.retain(|record| !record.name.ends_with(b"/"));
    taken
}

/// The records of the table, at most `most` of them, whatever number of them is stated elsewhere.
pub(super) fn records(blob: &dyn Blob, table: u64, start: u64, most: u64) -> Vec<ZipRecord> {
    let mut fields = Fields::at(blob, table);
    let mut records = Vec::new();
    while (records.len() as u64) < most
        && fields.u32() == Some(RECORD)
        && let Some(record) = read(&mut fields, start)
    {
        records.push(record);
    }
    records
}

fn read(fields: &mut Fields<'_>, start: u64) -> Option<ZipRecord> {
    let system = fields.u16()? >> 8;
    let said = Said::read(fields)?;
    let comment = fields.u16()?;
    // The part of a split archive, and what the file was to its packer.
    fields.skip(4)?;
    let (attributes, at) = (fields.u32()?, fields.u32()?);
    let (mut record, mut wide) = said.record(fields)?;
    fields.skip(comment.into())?;
    const UNIX: u16 = 3;
    record.at = wide.whole(at)?.checked_add(start)?;
    record.mode = if system == UNIX { attributes >> 16 } else { 0 };
    Some(record)
}

/// Reads the head of a member that begins at `at`, behind its mark.
pub(super) fn read_head(fields: &mut Fields<'_>, at: u64) -> Option<(ZipRecord, bool)> {
    /// Sizes and sum stand behind the member (section 4.4.4).
    const DESCRIBED: u16 = 1 << 3;
    let said = Said::read(fields)?;
    let is_described = said.flags & DESCRIBED != 0;
    let (record, _) = said.record(fields)?;
    Some((ZipRecord { at, ..record }, is_described))
}

/// What the table and the head of a member say alike.
struct Said {
    flags: u16,
    method: u16,
    time: u16,
    sum: u32,
    packed: u32,
    size: u32,
    /// Bytes of the name and of the further fields.
    name: u16,
    extra: u16,
}

/// The numbers of 64 bits that stand in the place of those that do not fit, in their order.
struct Wide(std::vec::IntoIter<u64>);

impl Wide {
    fn whole(&mut self, number: u32) -> Option<u64> {
        match number {
            WIDE => self.0.next(),
            number => Some(number.into()),
        }
    }
}

impl Said {
    fn read(fields: &mut Fields<'_>) -> Option<Said> {
        // The version that is needed.
        fields.skip(2)?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        let time = fields.u16()?;
        // The date.
        fields.skip(2)?;
        let (sum, packed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let (name, extra) = (fields.u16()?, fields.u16()?);
        Some(Said { flags, method, time, sum, packed, size, name, extra })
    }

    /// Reads the name and the further fields.
    fn record(self, fields: &mut Fields<'_>) -> Option<(ZipRecord, Wide)> {
        let Said { flags, method, time, sum, packed, size, name, extra } = self;
        let name = fields.bytes(name.into())?;
        let extra = fields.bytes(extra.into())?;
        let field =
            |id| extra_fields(&extra).find(|(found, _)| *found == id).map(|(_, field)| field);
        let wide = field(ZIP64).unwrap_or_default().as_chunks().0;
        let wide: Vec<u64> = wide.iter().map(|number| u64::from_le_bytes(*number)).collect();
        let mut wide = Wide(wide.into_iter());
        let aes = field(AesField::ID).and_then(AesField::read).filter(|_| method == AES);
        let lock = match &aes {
            _ if flags & ENCRYPTED == 0 => None,
            Some(aes) => Some(aes.lock),
            None if flags & STRONG != 0 => Some(ZipLock::Strong),
            None if method == AES => Some(ZipLock::Unknown),
            // Where the sum was not known yet, the time stands in for it (section 6.1.6).
            None => {
                let checks = [sum.to_be_bytes(), u32::from(time).to_be_bytes()];
                let [[sum, ..], [_, _, time, _]] = checks;
                Some(ZipLock::Traditional { checks: [sum, time] })
            }
        };
        let in_utf_8 = field(UNICODE_NAME).and_then(|field| {
            let (sum, utf_8) = field.split_first_chunk::<1>()?.1.split_first_chunk()?;
            let mut crc = Crc::new();
            crc.update(&name);
            // The name was changed since, by who does not know the field.
            (crc.sum() == u32::from_le_bytes(*sum) && !utf_8.is_empty()).then(|| utf_8.to_vec())
        });
        let record = ZipRecord {
            // In this order.
            size: Some(wide.whole(size)?),
            packed: wide.whole(packed)?,
            sum,
            method: aes.as_ref().map_or(method, |aes| aes.method),
            is_summed: aes.is_none_or(|aes| aes.is_summed),
            lock,
            name: in_utf_8.unwrap_or(name),
            ..ZipRecord::default()
        };
        Some((record, wide))
    }
}

/// The further fields of a record, by their identifiers (section 4.5).
fn extra_fields(extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = extra;
    std::iter::from_fn(move || {
        let ([a, b, c, d], behind) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        let (field, behind) = behind.split_at_checked(length)?;
        rest = behind;
        Some((u16::from_le_bytes([*a, *b]), field))
    })
}

/// The record that stands at `at`, heads counted from `start`.
pub(super) fn record_at(blob: &dyn Blob, at: u64, start: u64) -> Option<ZipRecord> {
    let mut fields = Fields::at(blob, at);
    if fields.u32()? != RECORD {
        return None;
    }
    read(&mut fields, start)
}

/// Where a member lies whose head begins at `at`: the head, of which the name and the further fields are not counted, and what
/// it is packed in.
pub(super) fn packed_place(at: u64, packed: u64) -> Range<u64> {
    const LEAST_HEAD: u64 = 30;
    at..at.saturating_add(LEAST_HEAD).saturating_add(packed).max(at.saturating_add(1))
}

impl ZipRecord {
    /// Where it lies in the archive.
    pub(super) fn place(&self) -> Range<u64> {
        packed_place(self.at, self.packed)
    }

    /// Whether it is a link of Unix.
    pub(super) fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    /// What it unpacks to.
    ///
    /// # Errors
    /// When it is encrypted, packed by what is not read, or its head is not where the table says.
    pub(super) fn open<'a>(&self, blob: &'a dyn Blob) -> Result<Box<dyn Read + 'a>, Refusal> {
        match self.lock {
            Some(lock) => Err(Refusal::encrypted(lock.name())),
            None => self.unpacked(self.packed(blob)?),
        }
    }

    /// What it unpacks to, if the password may be right.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn open_with<'a>(
        &self,
        blob: &'a dyn Blob,
        password: &[u8],
    ) -> Result<Option<Box<dyn Read + 'a>>, Refusal> {
        let packed = self.packed(blob)?;
        let Some(lock) = self.lock else { return self.unpacked(packed).map(Some) };
        let opened = lock.open(packed, self.packed, password);
        opened.map(|plain| self.unpacked(BufReader::new(plain))).transpose()
    }

    fn packed<'a>(&self, blob: &'a dyn Blob) -> Result<impl BufRead + use<'a>, Refusal> {
        let at = bytes_at(blob, self.at);
        let missing = || ReasonKind::NotThere.of(Noun::Member);
        let at = at.ok_or_else(|| Refusal::corrupt(missing()))?;
        Ok(part(blob, at, self.packed))
    }

    fn unpacked<'a>(&self, mut packed: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, Refusal> {
        let packing = packing(self.method, &mut packed)?;
        let unpacked = unpacker(packing, packed, self.size.unwrap_or(u64::MAX))?;
        let sum = self.is_summed.then_some(self.sum);
        Ok(match self.size {
            Some(size) => Box::new(Checked::new(unpacked, size, sum)),
            None => unpacked,
        })
    }
}

/// Where the packed bytes of the member begin whose head is at `at`; none if no head is there.
pub(super) fn bytes_at(blob: &dyn Blob, at: u64) -> Option<u64> {
    let mut fields = Fields::at(blob, at);
    if fields.u32()? != HEAD {
        return None;
    }
    // All that the table says, too.
    fields.skip(22)?;
    let (name, extra) = (fields.u16()?, fields.u16()?);
    fields.skip(u64::from(name) + u64::from(extra))?;
    Some(fields.position())
}
