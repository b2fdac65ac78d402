//! What goes to a terminal. Everything here takes [`Shown`] and no `String`: names, paths and reasons come from
//! strangers, and a place that prints must not be able to forget it.

use std::io::{IsTerminal, Write};

use madang_document::object_key;
use madang_document::shown::{Shown, is_misleading};
use serde_json::Value;

use crate::failure::Failure;

/// `format!`, for what people see.
macro_rules! shown {
    ($($argument:tt)*) => {
        madang_document::shown::Shown::of(&format_args!($($argument)*))
    };
}
pub(crate) use shown;

/// Prints a line to standard error; a closed standard error is no reason to stop.
pub(crate) fn line(text: &Shown) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a line to standard output.
///
/// # Errors
/// When standard output cannot be written. Where its reader has seen enough, the command ends without a word.
pub(crate) fn out(text: &Shown) -> Result<(), Failure> {
    write(text.as_str())
}

/// Prints lines to standard output.
pub(crate) fn out_all(lines: &[Shown]) -> Result<(), Failure> {
    lines.iter().try_for_each(out)
}

/// Prints a line of which parts stand out: bold on a terminal, plain elsewhere and where `NO_COLOR` is set.
pub(crate) fn out_marked(parts: &[(Shown, bool)]) -> Result<(), Failure> {
    let bold = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let line: String = parts
        .iter()
        .map(|(text, marked)| match *marked && bold {
            true => format!("\u{1b}[1m{text}\u{1b}[0m"),
            false => text.to_string(),
        })
        .collect();
    write(line.trim_end())
}

/// Prints a value as one line of JSON. A character that could pretend to be something else stands as its JSON
/// escape: a program reads the same value, and a terminal obeys nothing.
pub(crate) fn out_json(value: &Value) -> Result<(), Failure> {
    write(&escaped(&value.to_string()))
}

/// As [`out_json`], indented for people.
pub(crate) fn out_json_indented(value: &Value) -> Result<(), Failure> {
    write(&escaped(&serde_json::to_string_pretty(value)?))
}

/// Prints the text of a document. A program gets it as it is; on a terminal it is made visible, line by line.
pub(crate) fn out_text(text: &str) -> Result<(), Failure> {
    match std::io::stdout().is_terminal() {
        true => out_all(&lines(text)),
        false => write(text),
    }
}

/// A text of several lines, each made visible; a tab is four blanks.
pub(crate) fn lines(text: &str) -> Vec<Shown> {
    text.lines().map(|line| Shown::new(&line.replace('\t', "    "))).collect()
}

fn write(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::Silent(0)),
        other => Ok(other?),
    }
}

/// JSON in which no misleading character stands for itself. Between its tokens JSON has none but line breaks,
/// and within its strings each of them may be escaped (RFC 8259, section 7; all lie below U+10000).
pub(crate) fn escaped(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        match c {
            '\n' => out.push(c),
            c if is_misleading(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
        out
    })
}

/// A field that is a text; empty if it is not.
pub(crate) fn text_of(value: &Value, name: &str) -> Shown {
    Shown::new(raw_text_of(value, name))
}

/// Characters of a path that a line shows at most: a key of 4,000 bytes must not fill the screen. JSON has all of it.
const LONGEST_PATH: usize = 160;

/// Characters of any cell of a table at most.
const LONGEST_CELL: usize = 400;

/// The key of an object as a line shows it: as people read it, and shortened in the middle if it is very long.
pub(crate) fn short_path(key: &str) -> Shown {
    Shown::new(&object_key::readable(key)).within(LONGEST_PATH)
}

/// What is said of something, which may hold its whole path; shortened likewise.
pub(crate) fn short_reason(reason: &str) -> Shown {
    Shown::new(reason).within(LONGEST_CELL)
}

/// A field that is the key of an object, for a line among others.
pub(crate) fn path_of(value: &Value, name: &str) -> Shown {
    short_path(raw_text_of(value, name))
}

/// A field that is the key of an object, where it stands alone: whole.
pub(crate) fn whole_path_of(value: &Value, name: &str) -> Shown {
    Shown::new(&object_key::readable(raw_text_of(value, name)))
}

/// A field that is a number; 0 if it is not.
pub(crate) fn number_of(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A line that says of a value that it is another one; none of one that is the same.
pub(crate) fn from_to(name: &str, from: &Value, to: &Value) -> Option<Shown> {
    let word = |value: &Value| match value {
        Value::Null => "nothing".into(),
        Value::String(text) => Shown::new(text),
        other => shown!("{other}"),
    };
    (from != to).then(|| shown!("  {name}: {} → {}", word(from), word(to)))
}

/// A field that is a text, for deciding and for asking again; never for showing.
pub(crate) fn raw_text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A column is padded to so many columns of the screen at most: one path of 4,000 bytes must not push what stands
/// behind it out of sight in every other row.
const WIDEST: usize = 60;

/// Rows as lines of columns, as wide as their widest cell or [`WIDEST`]; a longer cell is shown up to [`LONGEST_CELL`]
/// characters, and the rest of its row stands behind it. Numbers to the right. Korean letters are two columns wide.
pub(crate) fn table(head: &[&str], rows: &[Vec<Shown>]) -> Vec<Shown> {
    let head: Vec<Shown> = head.iter().map(|cell| Shown::new(cell)).collect();
    let short = |row: &Vec<Shown>| row.iter().map(|cell| cell.within(LONGEST_CELL)).collect();
    let rows: Vec<Vec<Shown>> = rows.iter().map(short).collect();
    let mut widths: Vec<usize> = head.iter().map(width).collect();
    for row in &rows {
        for (column, cell) in widths.iter_mut().zip(row) {
            *column = (*column).max(width(cell)).min(WIDEST);
        }
    }
    let line = |cells: &Vec<Shown>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, column)| {
                let gap = " ".repeat(column.saturating_sub(width(cell)));
                match cell.as_str().parse::<f64>() {
                    Ok(_) => format!("{gap}{cell}"),
                    Err(_) => format!("{cell}{gap}"),
                }
            })
            .collect();
        Shown::new(padded.join("  ").trim_end())
    };
    std::iter::once(&head).chain(&rows).map(line).collect()
}

/// Columns of a text.
fn width(text: &Shown) -> usize {
    text.as_str().chars().map(columns).sum()
}

/// Columns of a character: two for East Asian wide ones (UAX 11, the blocks that Korean documents use).
fn columns(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFF00..=0xFF60 => {
            2
        }
        _ => 1,
    }
}

/// As much of a line as fits into so many columns.
pub(crate) fn clip(line: &Shown, width: usize) -> Shown {
    let mut left = width;
    let clipped: String = line
        .as_str()
        .chars()
        .take_while(|c| {
            let fits = columns(*c) <= left;
            left = left.saturating_sub(columns(*c));
            fits
        })
        .collect();
    Shown::new(&clipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_the_screen_ends() {
        let clip = |line: &str, width| clip(&Shown::new(line), width).to_string();
        assert_eq!(clip("보도\u{1b}자료", 5), "보도␛");
        assert_eq!(clip("보도 자료", 6), "보도 ");
        assert_eq!(clip("ab", 9), "ab");
    }

    #[test]
    fn columns_line_up_with_korean_letters() {
        let rows = vec![vec!["보도".into(), "5".into()], vec!["flood".into(), "12".into()]];
        let lines = table(&["queue", "n"], &rows);
        let lines: Vec<&str> = lines.iter().map(Shown::as_str).collect();
        assert_eq!(lines, ["queue  n", "보도    5", "flood  12"]);
    }

    #[test]
    fn one_long_cell_shifts_its_own_row_only() {
        let long = "가".repeat(LONGEST_CELL);
        let row = |path: &str| vec![path.into(), "why".into()];
        let lines = table(&["path", "reason"], &[row(&long), row("a.txt")]);
        let lines: Vec<&str> = lines.iter().map(Shown::as_str).collect();
        assert_eq!(lines[1], format!("{long}  why"), "nothing of it is lost");
        assert_eq!(lines[2], format!("{:WIDEST$}  why", "a.txt"));
        assert_eq!(lines[0], format!("{:WIDEST$}  reason", "path"));
    }

    #[test]
    fn a_path_of_thousands_of_letters_is_shortened_in_the_middle_in_every_line() {
        let key = format!("first/{}/last.hwp", "가나다/".repeat(1100));
        let job = serde_json::json!({ "path": key });
        let reason = format!("{key}: too long");
        for shown in [path_of(&job, "path"), short_path(&key), short_reason(&reason)] {
            assert!(shown.as_str().chars().count() <= LONGEST_CELL, "{shown}");
            assert!(shown.as_str().starts_with("first/가나다/"), "{shown}");
        }
        assert!(short_path(&key).as_str().ends_with("/last.hwp"));
        assert_eq!(whole_path_of(&job, "path").as_str(), key);
        // What forgot to shorten it floods no table.
        let lines = table(&["path"], &[vec![Shown::new(&key)]]);
        assert!(lines[1].as_str().chars().count() <= LONGEST_CELL, "{}", lines[1]);
    }

    #[test]
    fn json_says_the_same_and_hides_nothing() {
        let value =
            serde_json::json!({ "path": "a\u{1b}]0;x\u{7}\n\u{202e}\u{2028}\u{9b}\u{7f}가" });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let escaped = escaped(&text);
            assert!(!escaped.chars().any(|c| c != '\n' && is_misleading(c)), "{escaped}");
            assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), value);
        }
    }
}
