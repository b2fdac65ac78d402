use super::record::{Pieces, Record};
use crate::formats::bytes::{piece, u8_at, u16_at};
use crate::formats::windows_text::narrow;

/// The versions of the format, each with other layouts of its records. Sources: MS-XLS for the last; for those
/// before it the OpenOffice.org documentation "Microsoft Excel File Format".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// Excel 2.
    Biff2,
    /// Excel 3.
    Biff3,
    /// Excel 4.
    Biff4,
    /// Excel 5 and 95.
    Biff5,
    /// Excel 97 to 2003.
    Biff8,
}

/// The data of a chart that another program embeds (MS-OGRAPH, section 2.4.15).
const GRAPH: u16 = 0x0680;

impl Version {
    /// The version that a BOF record names; none of another record.
    pub(super) fn of(record: &Record<'_>) -> Option<Version> {
        match record.kind {
            0x0009 => Some(Version::Biff2),
            0x0209 => Some(Version::Biff3),
            0x0409 => Some(Version::Biff4),
            0x0809 => Some(match u16_at(record.data, 0)? {
                0x0600 | GRAPH => Version::Biff8,
                // Some programs write this in the stream `Workbook` all the same.
                _ => Version::Biff5,
            }),
            _ => None,
        }
    }

    /// The number in the properties of a document.
    pub(super) fn name(self) -> &'static str {
        match self {
            Version::Biff2 => "BIFF2",
            Version::Biff3 => "BIFF3",
            Version::Biff4 => "BIFF4",
            Version::Biff5 => "BIFF5",
            Version::Biff8 => "BIFF8",
        }
    }
}

/// How the texts of a stream are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts {
    pub(super) version: Version,
    /// The code page of versions before the last.
    pub(super) page: u16,
    /// Whether it is the data of a chart that another program embeds: its cells have a byte more before their values.
    pub(super) is_graph: bool,
}

impl Texts {
    pub(super) fn new(version: Version, first: &Record<'_>) -> Texts {
        Texts { version, page: 1252, is_graph: u16_at(first.data, 0) == Some(GRAPH) }
    }

    /// A text at `at` of a record whose count takes two bytes.
    pub(super) fn long(self, record: &Record<'_>, at: usize) -> String {
        let count = usize::from(u16_at(record.data, at).unwrap_or(0));
        match self.version {
            Version::Biff8 => Pieces::new(record, at).rich_text().unwrap_or_default(),
            Version::Biff2 => self.short(record, at),
            _ => self.eight_bit(record, at + 2, count),
        }
    }

    /// A text at `at` of a record whose count takes one byte.
    pub(super) fn short(self, record: &Record<'_>, at: usize) -> String {
        let count = usize::from(u8_at(record.data, at).unwrap_or(0));
        match self.version {
            Version::Biff8 => Pieces::new(record, at + 1).flagged_text(count),
            _ => self.eight_bit(record, at + 1, count),
        }
    }

    fn eight_bit(self, record: &Record<'_>, at: usize, count: usize) -> String {
        let mut bytes = piece(record.data, at, count).to_vec();
        for more in &record.more {
            let left = count.saturating_sub(bytes.len());
            bytes.extend_from_slice(piece(more, 0, left));
        }
        narrow(&bytes, self.page)
    }
}
