use serde::{Deserialize, Serialize};

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Bytes of text.
    TextBytes,
    /// Pieces of text with a place each.
    Segments,
    /// Paragraphs with text.
    Paragraphs,
    /// Members of an archive.
    Members,
    /// Pages.
    Pages,
    /// Slides.
    Slides,
    /// Cells of a sheet.
    Cells,
    /// Rows of a table.
    Rows,
    /// Properties.
    Properties,
    /// Streams of a medium.
    Streams,
    /// Pixels.
    Pixels,
    /// Drawing operators of a page.
    Operators,
    /// Characters.
    Characters,
    /// Nodes of a file of folders.
    Nodes,
    /// Records.
    Records,
}

impl Unit {
    /// So many of them in both languages, Korean first: it ends with a noun that a particle can follow.
    pub fn count(self, n: u64) -> (String, String) {
        let (before, counter, english) = match self {
            Unit::Bytes => ("", "바이트", "bytes"),
            Unit::TextBytes => ("글 ", "바이트", "bytes of text"),
            Unit::Segments => ("글 조각 ", "개", "segments"),
            Unit::Paragraphs => ("글이 있는 문단 ", "개", "paragraphs with text"),
            Unit::Members => ("안의 파일 ", "개", "members"),
            Unit::Pages => ("", "쪽", "pages"),
            Unit::Slides => ("슬라이드 ", "장", "slides"),
            Unit::Cells => ("셀 ", "개", "cells"),
            Unit::Rows => ("행 ", "개", "rows"),
            Unit::Properties => ("속성 ", "개", "properties"),
            Unit::Streams => ("스트림 ", "개", "streams"),
            Unit::Pixels => ("화소 ", "개", "pixels"),
            Unit::Operators => ("그리기 명령 ", "개", "drawing operators"),
            Unit::Characters => ("글자 ", "개", "characters"),
            Unit::Nodes => ("마디 ", "개", "nodes"),
            Unit::Records => ("레코드 ", "개", "records"),
        };
        (format!("{before}{n}{counter}"), format!("{n} {english}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_in_both_languages() {
        for (unit, korean, english) in [
            (Unit::Bytes, "7바이트", "7 bytes"),
            (Unit::Members, "안의 파일 7개", "7 members"),
            (Unit::Slides, "슬라이드 7장", "7 slides"),
        ] {
            assert_eq!(unit.count(7), (korean.to_owned(), english.to_owned()));
        }
    }
}
