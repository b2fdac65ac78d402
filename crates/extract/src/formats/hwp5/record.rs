use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use std::io::{self, Read};

use crate::error::io_error;
use crate::formats::bytes::u16_at;
use crate::formats::windows_text::wide;

/// A record of a stream: a tag, a level of nesting, and data (HWP 5.0 document file format, revision 1.3,
/// section 4.1).
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// What it is: one of the constants of [`tag`].
    pub(super) tag: u16,
    /// How deep it lies, 0 to 1023.
    pub(super) level: u16,
    /// The data; none of a kind that nobody asked for.
    pub(super) data: &'a [u8],
}

/// Tags of records (section 4.1.3 and table 57 of the specification).
pub(super) mod tag {
    /// Properties of the document, the first record of `DocInfo`.
    pub(in super::super) const DOCUMENT_PROPERTIES: u16 = 0x10;
    /// Seed and key of a distribution document.
    pub(in super::super) const DISTRIBUTE_DOC_DATA: u16 = 0x1C;
    /// Start of a paragraph.
    pub(in super::super) const PARA_HEADER: u16 = 0x42;
    /// Text of a paragraph, UTF-16, with control characters.
    pub(in super::super) const PARA_TEXT: u16 = 0x43;
    /// The lines of a paragraph as they were laid out.
    pub(in super::super) const PARA_LINE_SEG: u16 = 0x45;
    /// Start of a control.
    pub(in super::super) const CTRL_HEADER: u16 = 0x47;
    /// Start of a list of paragraphs.
    pub(in super::super) const LIST_HEADER: u16 = 0x48;
    /// The paper and its margins.
    pub(in super::super) const PAGE_DEF: u16 = 0x49;
    /// Start of a shape.
    pub(in super::super) const SHAPE_COMPONENT: u16 = 0x4C;
    /// Properties of a table; its cells follow.
    pub(in super::super) const TABLE: u16 = 0x4D;
    /// An object of another program, such as a chart.
    pub(in super::super) const SHAPE_COMPONENT_OLE: u16 = 0x54;
    /// An equation.
    pub(in super::super) const EQEDIT: u16 = 0x58;
    /// Text art.
    pub(in super::super) const TEXTART: u16 = 0x5A;
    /// A field of a form.
    pub(in super::super) const FORM_OBJECT: u16 = 0x5B;
}

/// Records of a stream, one after the other. Holds the data of one record at a time.
#[derive(Debug)]
pub(super) struct Records<R> {
    reader: R,
    data: Vec<u8>,
    limit: u64,
    cut: bool,
}

impl<R: Read> Records<R> {
    /// Reads from `reader`, at most `limit` bytes of data per record; what exceeds it is skipped.
    pub(super) fn new(reader: R, limit: u64) -> Records<R> {
        Records { reader, data: Vec::new(), limit, cut: false }
    }

    /// The next record; none at the end. A record that is cut short is given with what there is of it.
    ///
    /// # Errors
    /// When the stream cannot be read or unpacked any further, and behind a record that was cut short.
    pub(super) fn next(&mut self, wanted: fn(u16) -> bool) -> io::Result<Option<Record<'_>>> {
        if self.cut {
            let within = ReasonKind::EndsWithin(Noun::AnyRecord.into());
            return Err(io_error(io::ErrorKind::UnexpectedEof, within));
        }
        let Some(header) = self.dword()? else { return Ok(None) };
        let (tag, level) = ((header & 0x3FF) as u16, ((header >> 10) & 0x3FF) as u16);
        let size = match header >> 20 {
            // The size did not fit: it follows in a word of its own.
            0xFFF => match self.dword()? {
                Some(size) => u64::from(size),
                None => return Ok(None),
            },
            size => u64::from(size),
        };
        self.data.clear();
        let keep = if wanted(tag) { size.min(self.limit) } else { 0 };
        let kept = self.reader.by_ref().take(keep).read_to_end(&mut self.data)? as u64;
        let skipped = io::copy(&mut self.reader.by_ref().take(size - keep), &mut io::sink())?;
        self.cut = kept + skipped < size;
        Ok(Some(Record { tag, level, data: &self.data }))
    }

    /// The next four bytes; none at the end. An end that comes from a stream that cannot be unpacked any further is no end.
    fn dword(&mut self) -> io::Result<Option<u32>> {
        let mut bytes = [0; 4];
        let Some((first, rest)) = bytes.split_first_mut() else { return Ok(None) };
        if self.reader.read(std::slice::from_mut(first))? == 0 {
            return Ok(None);
        }
        self.reader.read_exact(rest)?;
        Ok(Some(u32::from_le_bytes(bytes)))
    }
}

/// The text at `offset`: a word with the number of UTF-16 units, then the units; also gives the offset
/// behind it. A text that is cut short is given as far as it goes.
pub(super) fn text_at(data: &[u8], offset: usize) -> Option<(String, usize)> {
    let length = usize::from(u16_at(data, offset)?);
    let start = offset + 2;
    let end = (start + length * 2).min(data.len());
    Some((wide(data.get(start..end)?), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_both_kinds() {
        let mut stream = Vec::new();
        stream.extend((0x43u32 | 1 << 10 | 2 << 20).to_le_bytes());
        stream.extend(b"ab");
        stream.extend((0x44u32 | 2 << 10 | 0xFFF << 20).to_le_bytes());
        stream.extend(5000u32.to_le_bytes());
        stream.extend(vec![b'x'; 5000]);
        stream.extend((0x43u32 | 9 << 20).to_le_bytes());
        stream.extend(b"cut");
        let mut records = Records::new(stream.as_slice(), 1 << 20);
        let mut seen = Vec::new();
        while let Ok(Some(record)) = records.next(|tag| tag == tag::PARA_TEXT) {
            seen.push((record.tag, record.level, record.data.to_vec()));
        }
        assert!(records.next(|_| true).is_err());
        let expected: [(u16, u16, &[u8]); 3] =
            [(0x43, 1, b"ab"), (0x44, 2, b""), (0x43, 0, b"cut")];
        assert_eq!(seen, expected.map(|(tag, level, data)| (tag, level, data.to_vec())));
    }

    #[test]
    fn texts_end_where_the_data_ends() {
        let data = [2, 0, b'a', 0, b'b', 0, 9, 0, b'c', 0];
        assert_eq!(text_at(&data, 0), Some(("ab".into(), 6)));
        assert_eq!(text_at(&data, 6), Some(("c".into(), 10)));
        assert_eq!(text_at(&data, 9), None);
    }
}
