use madang_document::shown::Shown;

use crate::error::{LedgerError, Result};

/// The rows that a list or a walk met, in its order. One that cannot be read back stands among them by its key: it is
/// no fault of its neighbours, and whoever goes on from the last row goes on behind it.
#[derive(Debug)]
pub struct Rows<K, T>(pub Vec<Row<K, T>>);

/// A row.
#[derive(Debug)]
pub struct Row<K, T> {
    /// By which it is met, and asked for.
    pub key: K,
    /// What it holds, if that can be read back.
    pub value: Result<T>,
}

impl<K, T> Default for Rows<K, T> {
    fn default() -> Rows<K, T> {
        Rows(Vec::new())
    }
}

impl<K, T> Rows<K, T> {
    /// How many were met, the unreadable ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was met: the end of a walk.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of the last one, which the next page begins after.
    pub fn last(&self) -> Option<&K> {
        self.0.last().map(|row| &row.key)
    }

    /// What can be read back, and what cannot.
    pub fn parted(self) -> (Vec<T>, Vec<(K, LedgerError)>) {
        let (mut values, mut unreadable) = (Vec::with_capacity(self.0.len()), Vec::new());
        for row in self.0 {
            match row.value {
                Ok(value) => values.push(value),
                Err(error) => unreadable.push((row.key, error)),
            }
        }
        (values, unreadable)
    }
}

impl<K: std::fmt::Debug, T> Rows<K, T> {
    /// What can be read back; the log is told of the others.
    pub fn readable(self) -> Vec<T> {
        let (values, unreadable) = self.parted();
        for (key, error) in unreadable {
            let (key, error) = (format!("{key:?}"), error.to_string());
            tracing::error!(key = %Shown::new(&key), error = %Shown::new(&error), "a row cannot be read back: passed over");
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_costs_itself_alone() {
        let bad = || Err(LedgerError::refused("an agency holds 12"));
        let rows = || {
            let values = [(1, Ok("a")), (2, bad()), (3, Ok("c")), (4, bad())];
            Rows(values.into_iter().map(|(key, value)| Row { key, value }).collect())
        };
        assert_eq!((rows().len(), rows().last()), (4, Some(&4)));
        assert_eq!(rows().readable(), ["a", "c"]);
        let (values, unreadable) = rows().parted();
        assert_eq!(values, ["a", "c"]);
        assert_eq!(unreadable.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [2, 4]);
        assert!(Rows::<i64, ()>::default().is_empty());
    }
}
