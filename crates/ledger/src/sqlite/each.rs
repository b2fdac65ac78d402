use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, FromRow, Row as _, Sqlite, Type};

use super::fault::fault;
use crate::error::Result;
use crate::rows::{Row, Rows};

/// A row that is read by itself, its key in the first column: what stands in one that cannot be read fails neither the
/// statement nor its neighbours.
pub(super) struct Each<K, T> {
    key: K,
    row: sqlx::Result<T>,
}

impl<'r, K, T> FromRow<'r, SqliteRow> for Each<K, T>
where
    K: Decode<'r, Sqlite> + Type<Sqlite>,
    T: FromRow<'r, SqliteRow>,
{
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Each<K, T>> {
        Ok(Each { key: row.try_get(0)?, row: T::from_row(row) })
    }
}

/// The rows by their keys, each read with `read`.
pub(super) fn rows<K, T, I, U>(
    each: Vec<Each<K, T>>,
    key: impl Fn(K) -> Result<I>,
    read: impl Fn(T) -> Result<U>,
) -> Result<Rows<I, U>> {
    let rows = each.into_iter().map(|each| {
        let value = each.row.map_err(fault).and_then(&read);
        Ok(Row { key: key(each.key)?, value })
    });
    rows.collect::<Result<Vec<_>>>().map(Rows)
}

/// What can be read of rows that have no key; the log is told of the others.
pub(super) fn readable<T, U>(rows: Vec<T>, read: impl Fn(T) -> Result<U>) -> Vec<U> {
    let rows = rows.into_iter().zip(0..).map(|(row, key)| Row { key, value: read(row) });
    Rows::<i32, U>(rows.collect()).readable()
}
