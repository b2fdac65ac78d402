use std::collections::HashSet;

use madang_document::content::Content;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::statements::FAULTS;

/// What cannot be read of a table: the first of its faults, and how many there are behind them. A table of 1 MiB may have
/// 400,000, of which nobody reads more than [`FAULTS`].
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Those of the lowest lines, in the order of the lines; what is of no line stands before.
    first: Vec<Reason>,
    more: u64,
}

impl Faults {
    /// Takes the faults of what is said of one file, each of them once. Two files have no line in common, so that only what
    /// is of no line can be said of both, and that is never pushed out.
    pub(super) fn take(&mut self, faults: &[Reason]) {
        let mut known = HashSet::new();
        for fault in faults.iter().filter(|fault| known.insert(*fault)) {
            let at = self.first.partition_point(|before| line(before) <= line(fault));
            let here = self.first.get(..at).unwrap_or_default().iter().rev();
            if here.take_while(|before| line(before) == line(fault)).any(|before| before == fault) {
                continue;
            }
            if self.first.len() >= FAULTS {
                self.more += 1;
            }
            if at < FAULTS {
                self.first.insert(at, fault.clone());
                self.first.truncate(FAULTS);
            }
        }
    }

    /// Tells them in the document of the table.
    pub(super) fn tell(self, content: &mut Content) {
        self.first.into_iter().for_each(|fault| content.lost(fault));
        if self.more > 0 {
            content.note(ReasonKind::MoreWarnings(self.more));
        }
    }
}

fn line(fault: &Reason) -> Option<u64> {
    match fault.kind {
        ReasonKind::BesideFault { line, .. } => line,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use madang_document::sidecar_fault::SidecarFault;

    use super::*;

    fn fault(line: Option<u64>, word: &str) -> Reason {
        let what = SidecarFault::SaidBefore(word.into());
        ReasonKind::BesideFault { file: "manifest.csv".into(), line, what: Box::new(what) }.into()
    }

    #[test]
    fn only_the_faults_of_the_lowest_lines_are_kept() {
        let mut faults = Faults::default();
        // Files come in the order of their names, not of their lines.
        for file in (0..20_000u64).map(|n| n * 7919 % 20_000) {
            let of_row: Vec<_> =
                (0..2).map(|n| fault(Some(file + 2), &format!("column {n}"))).collect();
            faults.take(&[of_row, vec![fault(None, "only 20000 rows are read")]].concat());
            assert!(faults.first.capacity() <= 4 * FAULTS);
        }
        let mut expected = vec![fault(None, "only 20000 rows are read")];
        let rows = (2..).flat_map(|line| [0, 1].map(|n| fault(Some(line), &format!("column {n}"))));
        expected.extend(rows.take(FAULTS - 1));
        assert_eq!(faults.first, expected);
        assert_eq!(faults.more, 40_001 - FAULTS as u64);
    }

    #[test]
    fn the_same_fault_is_told_once() {
        let mut faults = Faults::default();
        let twice = [fault(Some(3), "a"), fault(Some(3), "b"), fault(Some(3), "a")];
        faults.take(&twice);
        faults.take(&[fault(None, "all")]);
        faults.take(&[fault(None, "all")]);
        assert_eq!(faults.first, [fault(None, "all"), fault(Some(3), "a"), fault(Some(3), "b")]);
        assert_eq!(faults.more, 0);
    }
}
