/// Where an index goes on: at its own checkpoint. One that has none is built from the documents, and so is one
/// that is ahead of the ledger, which then is not the one it was built from.
///
/// `trimmed` is the outbox row up to which the ledger may have forgotten what it told, `last` its last row.
pub(crate) fn resume(checkpoint: u64, trimmed: u64, last: u64) -> Resume {
    if checkpoint == 0 {
        return Resume::Build;
    }
    if checkpoint > last {
        return Resume::BuildAnew("it is ahead of the ledger");
    }
    if checkpoint < trimmed {
        return Resume::BuildAnew("it is so old that the outbox no longer tells what it missed");
    }
    Resume::Follow
}

/// What becomes of an index when its indexer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// It follows the outbox from its checkpoint on.
    Follow,
    /// It holds nothing yet, or not all: it is built.
    Build,
    /// What it holds is of no use, for this reason: it is built anew.
    BuildAnew(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_goes_on_where_it_was_if_the_outbox_can_tell_the_rest() {
        let ahead = Resume::BuildAnew("it is ahead of the ledger");
        let old = Resume::BuildAnew("it is so old that the outbox no longer tells what it missed");
        for (checkpoint, trimmed, last, expected) in [
            (0, 0, 0, Resume::Build),
            (0, 5, 9, Resume::Build),
            (9, 0, 9, Resume::Follow),
            (5, 5, 9, Resume::Follow),
            (4, 5, 9, old),
            (10, 0, 9, ahead),
            // Of another ledger: that it is old, too, is not the matter with it.
            (10, 12, 9, ahead),
        ] {
            assert_eq!(
                resume(checkpoint, trimmed, last),
                expected,
                "{checkpoint} {trimmed} {last}"
            );
        }
    }
}
