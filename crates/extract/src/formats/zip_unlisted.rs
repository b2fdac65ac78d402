//! What lies in a ZIP archive and is not among the members that its end counts: records of the table behind the last that is
//! counted, and members that the table does not name, as those of an archive in front of another, or those that somebody took
//! out of the table and left in the file.

use super::fields::Fields;
use super::zip_heads::heads;
use super::zip_table::{HEAD, ZipRecord, bytes_at, read_head, records};

use crate::blob::Blob;

/// Where a member lies that the table names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// Where its head begins.
    pub(super) at: u64,
    /// Bytes of its name, which stands in the head.
    pub(super) name: u64,
    pub(super) packed: u64,
}

impl Listed {
    /// By its record.
    pub(super) fn of(record: &ZipRecord) -> Listed {
        Listed { at: record.at, name: record.name.len() as u64, packed: record.packed }
    }
}

/// Bytes that the head of a member has at least.
const SHORTEST: u64 = 30;

/// Bytes behind a member that say its sizes, in each of their forms (APPNOTE 6.3.10, section 4.3.9).
const DESCRIPTORS: [u64; 5] = [0, 12, 16, 20, 24];

/// The records of the table that stand behind the one at `last`, or at the start of it where none is counted; at most `most`.
pub(super) fn uncounted(
    blob: &dyn Blob,
    (table, start): (u64, u64),
    last: Option<u64>,
    most: u64,
) -> Vec<ZipRecord> {
    let (from, counted) = match last {
        Some(last) => (last, 1),
        None => (table, 0),
    };
    let behind = records(blob, from, start, most.saturating_add(1)).into_iter().skip(counted);
    behind.filter(|record| !record.name.ends_with(b"/")).collect()
}

/// The members between those that the table at `table` names, and in front of them, by their own heads; at most `most`. One is
/// known only where a head stands right where a member ends, so that an archive that lies unpacked in another is no part of it.
/// Gives, too, whether there is one whose head cannot be read.
pub(super) fn unlisted(
    blob: &dyn Blob,
    mut listed: Vec<Listed>,
    table: u64,
    most: u64,
    progress: impl Fn(),
) -> (Vec<ZipRecord>, bool) {
    listed.sort_unstable_by_key(|member| member.at);
    let is_head = |at: u64| Fields::at(blob, at).u32() == Some(HEAD);
    let (mut found, mut is_damaged) = (Vec::new(), false);
    // The mark of a split archive may stand in front of all.
    let mut ends: Vec<u64> = vec![0, 4];
    let nexts = listed.iter().skip(1).map(|member| member.at).chain([table]);
    let mut gap = |ends: &[u64], next: u64| {
        let begins = |end: &u64| end.saturating_add(SHORTEST) <= next && is_head(*end);
        if let Some(begin) = ends.iter().copied().find(begins) {
            let mut fields = Fields::at(blob, begin.saturating_add(4));
            is_damaged |= read_head(&mut fields, begin).is_none();
            let left = most.saturating_sub(found.len() as u64);
            found.extend(heads(blob, begin..next, left, &progress));
        }
    };
    gap(&ends, listed.first().map_or(table, |first| first.at));
    for (member, next) in listed.iter().zip(nexts) {
        // Most members lie close to one another, and nothing has to be read to see that no other lies between.
        let least = member.at.saturating_add(SHORTEST + member.name).saturating_add(member.packed);
        if least.saturating_add(SHORTEST) > next {
            continue;
        }
        let end = bytes_at(blob, member.at).and_then(|at| at.checked_add(member.packed));
        let Some(end) = end else { continue };
        ends.clear();
        ends.extend(DESCRIPTORS.iter().filter_map(|more| end.checked_add(*more)));
        gap(&ends, next);
    }
    (found, is_damaged)
}
