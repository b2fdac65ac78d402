//! What lies in a ZIP archive and is not among the members that its end counts: records of the table behind the last that is
//! counted, and members that the table does not name, as those of an archive in front of another.

use std::collections::HashSet;

use super::fields::Fields;
use super::zip_table::{HEAD, ZipRecord, records};

use crate::blob::Blob;

/// What is not counted.
#[derive(Default)]
pub(super) struct Unlisted {
    /// The records of the table that are not counted.
    pub(super) records: Vec<ZipRecord>,
    /// Whether a member lies between those that the table names, or in front of them.
    pub(super) between: bool,
}

/// Bytes that the head of a member has at least.
const SHORTEST: u64 = 30;

/// Bytes behind a member that say its sizes, in each of their forms (APPNOTE 6.3.10, section 4.3.9).
const DESCRIPTORS: [u64; 5] = [0, 12, 16, 20, 24];

/// Looks for them in the archive whose table begins at `table` and counts heads from `start`. `last` is where the record of the
/// last member begins that the end counts, if it counts any.
pub(super) fn unlisted(
    blob: &dyn Blob,
    (table, start): (u64, u64),
    last: Option<u64>,
    most: u64,
) -> Unlisted {
    let mut records = records(blob, table, start, most.saturating_add(1));
    // Of a table that is not read to its end nothing can be said.
    if records.len() as u64 > most {
        return Unlisted::default();
    }
    records.sort_by_key(|record| record.at);
    let heads: HashSet<u64> = records.iter().map(|record| record.at).collect();
    let is_member = |at: u64| Fields::at(blob, at).u32() == Some(HEAD) && !heads.contains(&at);
    let mut between = false;
    // The mark of a split archive may stand in front of all.
    let mut ends: Vec<u64> = vec![0, 4];
    let nexts = records.iter().map(|record| record.at).chain([table]);
    for (n, next) in nexts.enumerate() {
        between |= ends.iter().any(|end| end.saturating_add(SHORTEST) <= next && is_member(*end));
        let Some(record) = records.get(n) else { break };
        let end = record.bytes_at(blob).and_then(|at| at.checked_add(record.packed));
        ends = match end {
            Some(end) => DESCRIPTORS.iter().filter_map(|more| end.checked_add(*more)).collect(),
            None => Vec::new(),
        };
    }
    let behind = match last {
        Some(last) => self::records(blob, last, start, most).into_iter().skip(1).collect(),
        None => records,
    };
    let is_file = |record: &ZipRecord| !record.name.ends_with(b"/");
    Unlisted { records: behind.into_iter().filter(is_file).collect(), between }
}
