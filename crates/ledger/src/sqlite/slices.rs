/// The most rows of one statement: of sixteen values each, far below SQLite's limit of 32,766 values
/// (`SQLITE_MAX_VARIABLE_NUMBER`).
const MOST: usize = 64;

/// Cuts rows into slices of 64, 32, 16 … 1. A statement of many rows then has one of seven texts, and each is prepared
/// once and kept: to prepare an insert of 64 rows costs as much as to run it.
pub(super) fn slices<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let most = rest.len().min(MOST);
        let count = 1 << most.checked_ilog2()?;
        let (slice, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(slice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_slice_and_in_order() {
        for count in [0, 1, 2, 3, 31, 64, 65, 200, 511] {
            let rows: Vec<usize> = (0..count).collect();
            let cut: Vec<&[usize]> = slices(&rows).collect();
            assert_eq!(cut.concat(), rows);
            assert!(cut.iter().all(|slice| slice.len().is_power_of_two() && slice.len() <= MOST));
        }
        assert_eq!(slices(&[0; 100]).map(<[i32]>::len).collect::<Vec<_>>(), [64, 32, 4]);
    }
}
