//! The tables of a SQLite database, as its own list of them has them (file format, 2.6).

use super::sqlite_record::Value;

/// Columns of a table, as SQLite is made by default.
const MOST_COLUMNS: usize = 2_000;

/// A table whose rows are stored in pages.
#[derive(Debug, PartialEq)]
pub(super) struct Table {
    pub(super) name: String,
    /// Where its pages begin.
    pub(super) root: u64,
    /// The names of its columns in the order in which rows have them.
    pub(super) columns: Vec<String>,
    /// The column that is another name of the row's number.
    pub(super) number: Option<usize>,
}

impl Table {
    /// The table that a row of the list tells of; none for an index, a view, or what SQLite keeps for itself.
    pub(super) fn of(row: Vec<Value>) -> Option<Table> {
        let mut row = row.into_iter();
        let (Value::Text(kind), Value::Text(name), _, Value::Whole(root), Value::Text(sql)) =
            (row.next()?, row.next()?, row.next()?, row.next()?, row.next()?)
        else {
            return None;
        };
        let root = u64::try_from(root).ok().filter(|root| *root > 0)?;
        if kind != "table" || name.starts_with("sqlite_") {
            return None;
        }
        let (columns, number) = columns(&sql);
        Some(Table { name, root, columns, number })
    }
}

/// The columns of a statement that made a table.
fn columns(sql: &str) -> (Vec<String>, Option<usize>) {
    let parts = definitions(sql);
    let named: Vec<(String, String)> = parts.iter().filter_map(|part| column(part)).collect();
    let without_number =
        sql.to_ascii_uppercase().replace(char::is_whitespace, "").ends_with("WITHOUTROWID");
    let is_key = |definition: &str| definition.contains("PRIMARYKEY");
    if !without_number {
        let number = named.iter().position(|(_, rest)| rest.starts_with("INTEGERPRIMARYKEY"));
        return (named.into_iter().map(|(name, _)| name).collect(), number);
    }
    // Rows of such a table begin with its key.
    let of_table =
        parts.iter().find(|part| part.trim_start().to_ascii_uppercase().starts_with("PRIMARY"));
    let key: Vec<String> = match of_table {
        Some(part) => definitions(part).iter().filter_map(|part| Some(column(part)?.0)).collect(),
        None => {
            named.iter().filter(|(_, rest)| is_key(rest)).map(|(name, _)| name.clone()).collect()
        }
    };
    let others = named.into_iter().map(|(name, _)| name).filter(|name| !key.contains(name));
    (key.iter().cloned().chain(others).collect(), None)
}

/// What stands between the first brackets of a statement, parted at its commas; without comments.
fn definitions(sql: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut depth = 0u32;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '-' if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|c| *c == '\n');
                part.push(' ');
            }
            '/' if chars.peek() == Some(&'*') => {
                let mut before = ' ';
                chars.by_ref().find(|c| std::mem::replace(&mut before, *c) == '*' && *c == '/');
                part.push(' ');
            }
            '\'' | '"' | '`' | '[' => {
                let end = if c == '[' { ']' } else { c };
                part.push(c);
                for c in chars.by_ref() {
                    part.push(c);
                    if c == end {
                        break;
                    }
                }
            }
            '(' => {
                depth += 1;
                match depth {
                    1 => part.clear(),
                    _ => part.push(c),
                }
            }
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
                part.push(c);
            }
            ',' if depth == 1 && parts.len() < MOST_COLUMNS => {
                parts.push(std::mem::take(&mut part));
            }
            c => part.push(c),
        }
    }
    parts.push(part);
    parts
}

/// The name that a definition begins with, and the rest of it without blanks in capitals; none if it is a constraint.
fn column(definition: &str) -> Option<(String, String)> {
    let definition = definition.trim();
    let first = definition.chars().next()?;
    let (name, rest) = match first {
        '"' | '`' | '[' | '\'' => {
            let end = if first == '[' { ']' } else { first };
            definition.get(1..)?.split_once(end)?
        }
        _ => definition.split_at(definition.find(char::is_whitespace).unwrap_or(definition.len())),
    };
    let constraint = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    let bare = first.is_alphabetic();
    if bare
        && constraint.iter().any(|word| {
            name.to_ascii_uppercase().starts_with(word)
                && (name.len() == word.len() || name.get(word.len()..word.len() + 1) == Some("("))
        })
    {
        return None;
    }
    Some((name.to_owned(), rest.to_ascii_uppercase().replace(char::is_whitespace, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_statements() {
        for (sql, names, number) in [
            (
                "CREATE TABLE t (id INTEGER PRIMARY KEY, \"이 름\" TEXT DEFAULT 'a,b', v DECIMAL(10,2))",
                vec!["id", "이 름", "v"],
                Some(0),
            ),
            (
                "CREATE TABLE \"a(b\" (x -- 첫째, 둘째\n, y /* , */ , PRIMARY KEY (x, y))",
                vec!["x", "y"],
                None,
            ),
            (
                "create table w (a, b text, c, primary key (c, b)) without rowid",
                vec!["c", "b", "a"],
                None,
            ),
            ("CREATE TABLE k (a, b TEXT PRIMARY KEY) WITHOUT ROWID", vec!["b", "a"], None),
            ("CREATE TABLE u (uniques INT, CHECK(uniques > 0))", vec!["uniques"], None),
        ] {
            assert_eq!(
                columns(sql),
                (names.into_iter().map(str::to_owned).collect(), number),
                "{sql}"
            );
        }
    }
}
