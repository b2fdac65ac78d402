use crate::formats::bytes::u16_at;

/// A record of a workbook stream (MS-XLS, section 2.1.4) with the records that continue it.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) kind: u16,
    pub(super) data: &'a [u8],
    /// The data of the CONTINUE records that follow.
    pub(super) more: Vec<&'a [u8]>,
}

impl Record<'_> {
    /// The data of the record and of those that continue it in one.
    pub(super) fn whole(&self) -> Vec<u8> {
        self.more.iter().fold(self.data.to_vec(), |mut whole, more| {
            whole.extend_from_slice(more);
            whole
        })
    }
}

/// Records of a stream, one after the other.
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
    /// Whether the last record is cut short.
    pub(super) cut_short: bool,
}

const CONTINUE: u16 = 0x3C;

impl<'a> Records<'a> {
    /// The records from `at` on.
    pub(super) fn new(stream: &'a [u8], at: usize) -> Records<'a> {
        Records { stream, at, cut_short: false }
    }

    pub(super) fn next(&mut self) -> Option<Record<'a>> {
        let (kind, data) = self.read()?;
        let mut more = Vec::new();
        while u16_at(self.stream, self.at) == Some(CONTINUE) {
            let Some((_, data)) = self.read() else { break };
            more.push(data);
        }
        Some(Record { kind, data, more })
    }

    fn read(&mut self) -> Option<(u16, &'a [u8])> {
        let kind = u16_at(self.stream, self.at)?;
        let length = usize::from(u16_at(self.stream, self.at + 2)?);
        let rest = self.stream.get(self.at + 4..)?;
        let data = rest.get(..length).unwrap_or(rest);
        self.cut_short = data.len() < length;
        self.at += 4 + data.len();
        Some((kind, data))
    }
}

/// The bytes of a record and of those that continue it, read one after the other.
pub(super) struct Pieces<'a> {
    current: &'a [u8],
    more: std::vec::IntoIter<&'a [u8]>,
}

impl<'a> Pieces<'a> {
    /// From `skip` bytes into the record on.
    pub(super) fn new(record: &Record<'a>, skip: usize) -> Pieces<'a> {
        let current = record.data.get(skip..).unwrap_or_default();
        Pieces { current, more: record.more.clone().into_iter() }
    }

    fn byte(&mut self) -> Option<u8> {
        while self.current.is_empty() {
            self.current = self.more.next()?;
        }
        let (byte, rest) = self.current.split_first()?;
        self.current = rest;
        Some(*byte)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    /// Passes over bytes, in however many pieces they lie.
    pub(super) fn skip(&mut self, mut count: usize) {
        while count > 0 {
            if self.current.is_empty() {
                match self.more.next() {
                    Some(piece) => self.current = piece,
                    None => return,
                }
            }
            let step = count.min(self.current.len());
            self.current = self.current.get(step..).unwrap_or_default();
            count -= step;
        }
    }

    /// A string of the table of shared strings (section 2.5.293): its characters without formatting and reading;
    /// none at the end of the data.
    pub(super) fn rich_text(&mut self) -> Option<String> {
        let count = usize::from(self.word()?);
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { usize::from(self.word()?) } else { 0 };
        let extended = if flags & 4 != 0 {
            let (low, high) = (self.word()?, self.word()?);
            u32::from(low) | u32::from(high) << 16
        } else {
            0
        };
        let text = self.characters(count, flags);
        self.skip(runs * 4);
        self.skip(extended as usize);
        Some(text)
    }

    /// A string that begins with its flags, as in a text box: `count` characters.
    pub(super) fn flagged_text(&mut self, count: usize) -> String {
        let Some(flags) = self.byte() else { return String::new() };
        self.characters(count, flags)
    }

    /// `count` characters in bytes (the lower halves of UTF-16) or in UTF-16. Where a record continues, a byte says
    /// anew which (section 2.5.293).
    fn characters(&mut self, mut count: usize, mut flags: u8) -> String {
        let mut text = String::new();
        while count > 0 {
            if self.current.is_empty() {
                let Some(piece) = self.more.next() else { break };
                let Some((again, rest)) = piece.split_first() else { continue };
                (flags, self.current) = (*again, rest);
                continue;
            }
            let width = if flags & 1 == 1 { 2 } else { 1 };
            let taken = count.min(self.current.len().div_ceil(width));
            let (bytes, rest) =
                self.current.split_at_checked(taken * width).unwrap_or((self.current, &[]));
            match width {
                1 => text.extend(bytes.iter().map(|byte| char::from(*byte))),
                _ => text.push_str(&encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0),
            }
            self.current = rest;
            count -= taken;
        }
        text.retain(|c| c != '\0');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_goes_on_in_another_width() {
        // "ab" in bytes, then "가" in UTF-16, in a record that continues it.
        let mut stream = vec![0xFC, 0, 5, 0, 3, 0, 0, b'a', b'b', 0x3C, 0, 3, 0, 1, 0x00, 0xAC];
        stream.extend([0xFC, 0, 9, 0]);
        let mut records = Records::new(&stream, 0);
        let record = records.next().unwrap();
        assert_eq!((record.kind, record.more.len()), (0xFC, 1));
        assert_eq!(Pieces::new(&record, 0).rich_text().as_deref(), Some("ab가"));
        assert!(records.next().is_some());
        assert!(records.cut_short);
        assert!(records.next().is_none());
    }

    #[test]
    fn a_count_that_lies_ends_with_the_data() {
        let record = Record { kind: 0xFC, data: &[0xFF, 0xFF, 0, b'a'], more: vec![&[], &[0]] };
        assert_eq!(Pieces::new(&record, 0).rich_text().as_deref(), Some("a"));
    }
}
