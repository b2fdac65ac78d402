//! What every implementation of [`Index`] must do, as plain functions that panic where it does not. A backend's test
//! hands in [`Ground`]s, each empty, and calls [`all`].
//!
//! [`Index`]: crate::index::Index
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these functions are tests that backends outside of this crate run too: to panic is their answer"
)]

use self::ground::Ground;

/// What happens where something is damaged.
pub mod damage;
/// An index to hold to its promises.
pub mod ground;
/// What is found, in what order and with what beside it.
pub mod reading;
/// Records and queries to try an index with.
pub mod sample;
/// Who sees what.
pub mod scope;
/// What is there after changes, and what stays as it was.
pub mod writing;

/// Holds a backend to every promise. `make` gives an empty ground each time.
pub fn all<G: Ground>(mut make: impl FnMut() -> G) {
    macro_rules! hold {
        ($($promise:path),+ $(,)?) => {$(
            $promise(&make().index());
        )+};
    }
    hold!(
        writing::upsert_replaces,
        writing::delete_removes,
        writing::checkpoint_is_of_the_last_commit,
        writing::apply_is_idempotent,
        writing::versions_never_go_back,
        writing::the_checkpoint_does_not_go_back,
        writing::what_is_being_built_is_missing,
        writing::what_is_expected_and_not_there_is_missing,
        writing::a_record_of_another_partition_is_refused,
        writing::clear_removes_one_partition,
        writing::forget_removes_one_partition_for_good,
        scope::scope_isolates,
        scope::hidden_documents_change_nothing,
        reading::filters_narrow,
        reading::facets_count_all_matches,
        reading::language,
        reading::questions_without_spaces,
        reading::names_are_found,
        reading::hits_carry_the_record,
        reading::sorts_by_date,
        reading::pages_without_gaps_or_doubles,
        reading::the_first_hits_are_named_and_chosen_among,
        reading::bad_pages_are_refused,
        reading::passages,
    );
    damage::damage_stays_in_its_partition(&mut make());
}
