/// The rows of a table (RFC 4180): a quoted cell may hold separators, line breaks and doubled quotes.
pub(crate) struct Rows<'a> {
    rest: &'a str,
    separator: char,
    /// Whether a quotation mark stood where none can, or was not closed, in the rows so far: it may have swallowed others.
    pub(crate) is_odd: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(text: &'a str, separator: char) -> Rows<'a> {
        Rows { rest: text, separator, is_odd: false }
    }
}

impl Iterator for Rows<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        // A quote that never closes would swallow the file: a cell holds no more than this many bytes.
        const LONGEST: usize = 1 << 20;
        if self.rest.is_empty() {
            return None;
        }
        let mut row = Vec::new();
        let mut cell = String::new();
        let mut quoted = false;
        let mut chars = self.rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    cell.push('"');
                    chars.next();
                }
                '"' if quoted => {
                    quoted = false;
                    let ends = |c: char| c == self.separator || matches!(c, '\r' | '\n');
                    self.is_odd |= chars.peek().is_some_and(|(_, next)| !ends(*next));
                }
                '"' if cell.trim().is_empty() => {
                    cell.clear();
                    quoted = true;
                }
                // A return that no line feed follows ended the rows of old Macs. Two before one are written by programs that
                // write a return for each line feed.
                '\r' if !quoted
                    && chars.peek().is_some_and(|(_, next)| !matches!(next, '\n' | '\r')) =>
                {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    row.push(cell);
                    return Some(row);
                }
                '\n' if !quoted || cell.len() > LONGEST => {
                    self.is_odd |= quoted;
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    row.push(cell.trim_end_matches('\r').to_owned());
                    return Some(row);
                }
                c if c == self.separator && !quoted => row.push(std::mem::take(&mut cell)),
                c => cell.push(c),
            }
        }
        self.rest = "";
        self.is_odd |= quoted;
        row.push(cell.trim_end_matches('\r').to_owned());
        Some(row)
    }
}

/// The separator, and the table behind a line that says it: else the one that splits the first rows into the most even table
/// of more than one column.
pub(crate) fn separator(text: &str) -> (char, &str) {
    let (said, text) = said(text);
    (said.unwrap_or_else(|| likeliest(text)), text)
}

fn likeliest(text: &str) -> char {
    let head = text.get(..text.floor_char_boundary(64 << 10)).unwrap_or(text);
    let evenness = |separator| {
        let rows: Vec<usize> = Rows::new(head, separator).take(50).map(|row| row.len()).collect();
        let first = rows.first().copied().unwrap_or_default();
        let even = rows.iter().filter(|columns| **columns == first).count();
        if first > 1 { (even * 100 / rows.len().max(1), first) } else { (0, 0) }
    };
    // Of equals the last wins: the comma.
    ['|', ';', '\t', ','].into_iter().max_by_key(|s| evenness(*s)).unwrap_or(',')
}

/// The separator that a first line `sep=;` tells, as Excel reads it, and the table behind that.
fn said(text: &str) -> (Option<char>, &str) {
    let said = text.split_once('\n').and_then(|(line, table)| {
        let mut rest = line.trim_end_matches('\r').strip_prefix("sep=")?.chars();
        let separator = rest.next()?;
        rest.as_str().is_empty().then_some((separator, table))
    });
    said.map_or((None, text), |(separator, table)| (Some(separator), table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_separators_and_line_breaks() {
        let rows: Vec<_> = Rows::new("a,\"b, \"\"c\"\"\nd\"\r\n1,2\r\n", ',').collect();
        assert_eq!(rows, [vec!["a", "b, \"c\"\nd"], vec!["1", "2"]]);
        let rows: Vec<_> = Rows::new("\"a\",b\r\"c\rd\",e\r", ',').collect();
        assert_eq!(rows, [vec!["a", "b"], vec!["c\rd", "e"]]);
        let rows: Vec<_> = Rows::new("a,b\r\r\nc,d\r\r\n", ',').collect();
        assert_eq!(rows, [vec!["a", "b"], vec!["c", "d"]]);
    }

    #[test]
    fn a_mark_that_may_have_swallowed_rows_is_known() {
        for (text, is_odd) in [
            ("a,\"b\nc\",d\r\n\"e\"\r\n", false),
            ("a,b\"c\nd", false),
            ("a,\"b\nc,d\n", true),
            ("a,\"b,c\nd,\"e\",f\n", true),
        ] {
            let mut rows = Rows::new(text, ',');
            rows.by_ref().for_each(drop);
            assert_eq!(rows.is_odd, is_odd, "{text}");
        }
    }

    #[test]
    fn a_first_line_may_say_the_separator() {
        assert_eq!(said("sep=;\r\n가;나\n"), (Some(';'), "가;나\n"));
        assert_eq!(said("sep=\t\na\n"), (Some('\t'), "a\n"));
        for table in ["sep=\n1\n", "sep=ab\n1\n", "sep,b\n1,2\n", "sep=;"] {
            assert_eq!(said(table), (None, table));
        }
    }

    #[test]
    fn the_separator_is_the_one_that_makes_even_rows() {
        for (text, expected) in [
            ("이름,나이\n김,3\n", ','),
            ("이름;나이\n김;3,5\n", ';'),
            ("a\tb, c\nd\te\n", '\t'),
            ("a|b\nc|d\n", '|'),
            ("one column\nonly\n", ','),
        ] {
            assert_eq!(separator(text), (expected, text), "{text}");
        }
    }
}
