use std::collections::{BTreeMap, BTreeSet};

use madang_document::sidecar_fault::SidecarFault;
use unicode_normalization::UnicodeNormalization;

use super::statements::Statements;
use super::vocabulary::{is_file_name, meaning};
use crate::formats::csv_rows::{Rows, separator};

/// Rows that are read.
const ROWS: usize = 20_000;
/// Rows among which the head is looked for.
const HEAD_WITHIN: usize = 10;
/// Columns that are read.
const COLUMNS: usize = 200;

/// A table with a row for each file that it describes: a column names the files, another at least says something of them in
/// the vocabulary of sidecars.
pub(crate) struct Manifest<'a> {
    text: &'a str,
    separator: char,
    head: Vec<String>,
    /// In which row the head stands, from nought.
    head_row: usize,
    file_name: usize,
    /// Whether it has more rows than are read.
    is_cut: bool,
    /// The row whose quotation marks may have swallowed others.
    odd_row: Option<usize>,
}

impl<'a> Manifest<'a> {
    /// A text that is such a table, by one of its first rows: sheets have a title above the head.
    pub(crate) fn of(text: &'a str) -> Option<Manifest<'a>> {
        let text = text.trim_start_matches('\u{feff}');
        let (separator, text) = separator(text);
        let head_of = |(n, row): (usize, Vec<String>)| {
            let file_name = row.iter().position(|word| is_file_name(word))?;
            let says = |(n, word): (usize, &String)| n != file_name && meaning(word).is_some();
            row.iter().enumerate().any(says).then_some((n, file_name, row))
        };
        let (head_row, file_name, head) =
            Rows::new(text, separator).take(HEAD_WITHIN).enumerate().find_map(head_of)?;
        let mut rows = Rows::new(text, separator);
        let (mut read, mut odd_row) = (0, None);
        while read <= head_row + ROWS && rows.next().is_some() {
            read += 1;
            if rows.is_odd && odd_row.is_none() {
                odd_row = Some(read);
            }
        }
        let is_cut = rows.next().is_some();
        Some(Manifest { text, separator, head, head_row, file_name, is_cut, odd_row })
    }

    /// Says what the rows of one file say.
    pub(super) fn read(&self, file: &str, statements: &mut Statements) {
        let wanted: String = file.nfc().collect();
        for (line, row) in self.rows() {
            if self.file_of(&row).is_some_and(|named| named.nfc().eq(wanted.chars())) {
                self.say(line, &row, statements);
            }
        }
        self.end(statements);
    }

    /// Says what the rows say of each file, under the paths from its folder that name it: those that differ only in how
    /// Korean is spelled are one file.
    pub(super) fn each(&self, name: &str, mut take: impl FnMut(BTreeSet<String>, Statements)) {
        type Rows = (BTreeSet<String>, Vec<(usize, Vec<String>)>);
        let mut files: BTreeMap<String, Rows> = BTreeMap::new();
        for (line, row) in self.rows() {
            if let Some(file) = self.file_of(&row) {
                let (paths, rows) = files.entry(file.nfc().collect()).or_default();
                paths.insert(file);
                rows.push((line, row));
            }
        }
        for (paths, rows) in files.into_values() {
            let mut statements = Statements::of(name);
            rows.iter().for_each(|(line, row)| self.say(*line, row, &mut statements));
            self.end(&mut statements);
            take(paths, statements);
        }
    }

    /// Says what a row says.
    fn say(&self, line: usize, row: &[String], statements: &mut Statements) {
        for (n, (word, text)) in self.head.iter().zip(row).take(COLUMNS).enumerate() {
            if n != self.file_name && !word.trim().is_empty() {
                statements.say(word, std::slice::from_ref(text), Some(line));
            }
        }
    }

    /// Says that not all rows were read, if so: what the rest says of a file nobody knows, whether another row names it or none.
    fn end(&self, statements: &mut Statements) {
        if self.is_cut {
            statements.fault(None, SidecarFault::MoreRows(ROWS as u64));
        }
        if self.head.len() > COLUMNS {
            let what = SidecarFault::MoreColumns(COLUMNS as u64);
            statements.fault(Some(self.head_row + 1), what);
        }
        if let Some(row) = self.odd_row {
            statements.fault(Some(row), SidecarFault::OpenQuotation);
        }
    }

    /// Rows below the head with the numbers of their rows, as spreadsheet programs count them.
    fn rows(&self) -> impl Iterator<Item = (usize, Vec<String>)> {
        let rows = Rows::new(self.text, self.separator).enumerate();
        rows.skip(self.head_row + 1).take(ROWS).map(|(n, row)| (n + 1, row))
    }

    fn file_of(&self, row: &[String]) -> Option<String> {
        let name = row.get(self.file_name)?.trim().replace('\\', "/");
        let name = name.trim_start_matches("./").trim_matches('/');
        (!name.is_empty() && name.len() <= 4096).then(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use madang_document::metadata::Value;
    use madang_document::reason::Reason;
    use madang_document::reason_kind::ReasonKind;

    use super::*;

    /// Values and faults.
    type Said = (Vec<(String, Value)>, Vec<Reason>);

    fn said(text: &str, file: &str) -> Option<Said> {
        let mut statements = Statements::of("manifest.csv");
        Manifest::of(text)?.read(file, &mut statements);
        Some((statements.values, statements.faults))
    }

    fn files(text: &str) -> Vec<String> {
        let mut files = Vec::new();
        Manifest::of(text).unwrap().each("manifest.csv", |paths, _| files.extend(paths));
        files
    }

    #[test]
    fn a_row_describes_its_file() {
        let text = "filename,dc.title,dc.subject,dc.subject,비고\nobjects/a.pdf,\"하천, 도로\",하천,도로,x\n\
                    b\\c.pdf,둘,,,\n";
        let expected: Vec<(String, Value)> = vec![
            ("title".into(), "하천, 도로".into()),
            ("keywords".into(), vec!["하천", "도로"].into()),
            ("own.비고".into(), "x".into()),
        ];
        assert_eq!(said(text, "objects/a.pdf"), Some((expected, Vec::new())));
        let second = vec![("title".to_owned(), Value::from("둘"))];
        assert_eq!(said(text, "b/c.pdf"), Some((second, Vec::new())));
        assert_eq!(said(text, "c.pdf"), Some((Vec::new(), Vec::new())));
        assert_eq!(files(text), ["b/c.pdf", "objects/a.pdf"]);
        let both = format!("파일명,제목\n글.pdf,가\n{},나\n", "글.pdf".nfd());
        assert_eq!(files(&both).len(), 2);
        // As macOS spells Korean names.
        let apart: String = "파일명;제목\n보고서.hwp;하나\n".nfd().collect();
        let one = vec![("title".to_owned(), Value::from("하나".nfd().collect::<String>()))];
        let head = apart.replacen(&"파일명;제목".nfd().collect::<String>(), "파일명;제목", 1);
        assert_eq!(said(&head, "보고서.hwp"), Some((one, Vec::new())));
    }

    #[test]
    fn a_table_that_names_no_files_or_says_nothing_of_them_is_none() {
        for text in [
            "",
            "이름,나이\n김,3\n",
            "filename,size\na,3\n",
            "title,subject\na,b\n",
            "filename\na\n",
        ] {
            assert!(Manifest::of(text).is_none(), "{text}");
        }
        assert!(Manifest::of("\u{feff}파일명,제목\n").is_some());
    }

    #[test]
    fn the_head_may_stand_below_a_title() {
        let text = "\n문서 목록,,\n파일명,제목,공개\na.txt,하나,비공개\n";
        let expected =
            [("title".to_owned(), "하나".into()), ("disclosure".into(), "closed".into())];
        assert_eq!(said(text, "a.txt").unwrap(), (expected.into(), Vec::new()));
    }

    #[test]
    fn what_may_have_lost_a_row_or_a_column_closes_its_files() {
        let closed = |text: &str, line: u64| {
            let (values, faults) = said(text, "c.txt").unwrap();
            assert!(values.contains(&("disclosure".to_owned(), "closed".into())), "{text:.60}");
            let ReasonKind::BesideFault { line: told, .. } = faults[0].kind else { panic!() };
            assert_eq!(told, Some(line));
        };
        closed("파일명,제목,공개\nb.txt,\"하나,비공개\nc.txt,둘,비공개\n", 2);
        closed("파일명,제목,공개\nb.txt,하나,공개\nc.txt,\"둘\",\"공개\nd.txt,\"셋\",공개\n", 3);
        closed(&format!("파일명{},공개\nc.txt\n", ",제목".repeat(COLUMNS)), 1);
    }

    #[test]
    fn rows_are_bounded() {
        let text: String = std::iter::once("filename,title\n".to_owned())
            .chain((0..=ROWS).map(|n| format!("{n},x\n")))
            .collect();
        let (values, faults) = said(&text, &(ROWS - 1).to_string()).unwrap();
        assert_eq!((values.len(), faults.len()), (2, 1), "{faults:?}");
        // What the row behind the last would say nobody knows.
        let (values, faults) = said(&text, &ROWS.to_string()).unwrap();
        assert_eq!(values, [("disclosure".to_owned(), "closed".into())]);
        assert_eq!(faults.len(), 1);
        assert_eq!(files(&text).len(), ROWS);
    }
}
