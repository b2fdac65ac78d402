use std::io::IsTerminal;

use serde_json::Value;

/// Bold on a terminal, plain elsewhere and where `NO_COLOR` is set.
pub(crate) fn mark(text: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// A field that is a text; empty if it is not.
pub(crate) fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Rows as columns, as wide as their widest cell; numbers to the right. Korean letters are two columns wide.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (column, cell) in widths.iter_mut().zip(row) {
            *column = (*column).max(width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, column)| {
                let gap = " ".repeat(column.saturating_sub(width(cell)));
                match cell.parse::<f64>() {
                    Ok(_) => format!("{gap}{cell}"),
                    Err(_) => format!("{cell}{gap}"),
                }
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut out = line(head.to_vec());
    for row in rows {
        out.push('\n');
        out.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    out
}

/// Columns of a text.
fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
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

/// As much of a line as fits into so many columns, without control characters.
pub(crate) fn clip(line: &str, width: usize) -> String {
    let mut left = width;
    line.chars()
        .filter(|c| !c.is_control())
        .take_while(|c| {
            let fits = columns(*c) <= left;
            left = left.saturating_sub(columns(*c));
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_the_screen_ends() {
        assert_eq!(clip("보도\u{1b}자료", 5), "보도");
        assert_eq!(clip("보도 자료", 6), "보도 ");
        assert_eq!(clip("ab", 9), "ab");
    }

    #[test]
    fn columns_line_up_with_korean_letters() {
        let rows = vec![vec!["보도".into(), "5".into()], vec!["flood".into(), "12".into()]];
        assert_eq!(table(&["queue", "n"], &rows), "queue  n\n보도    5\nflood  12");
    }
}
