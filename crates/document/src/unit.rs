use serde::{Deserialize, Serialize};

use crate::counted::counted;

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
    /// Frames of a page.
    Frames,
    /// Cells of a sheet.
    Cells,
    /// Rows of a table.
    Rows,
    /// Properties.
    Properties,
    /// Streams of a medium.
    Streams,
    /// Minutes of sound.
    Minutes,
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
    /// People to whom a mail goes.
    Recipients,
}

impl Unit {
    /// So many of them in both languages, Korean first: it ends with a noun that a particle can follow.
    pub fn count(self, n: u64) -> (String, String) {
        let (before, counter, one, more) = match self {
            Unit::Bytes => ("", "바이트", "byte", "bytes"),
            Unit::TextBytes => ("글 ", "바이트", "byte of text", "bytes of text"),
            Unit::Segments => ("글 조각 ", "개", "segment", "segments"),
            Unit::Paragraphs => {
                ("글이 있는 문단 ", "개", "paragraph with text", "paragraphs with text")
            }
            Unit::Members => ("안의 파일 ", "개", "member", "members"),
            Unit::Pages => ("", "쪽", "page", "pages"),
            Unit::Slides => ("슬라이드 ", "장", "slide", "slides"),
            Unit::Frames => ("프레임 ", "개", "frame", "frames"),
            Unit::Cells => ("셀 ", "개", "cell", "cells"),
            Unit::Rows => ("행 ", "개", "row", "rows"),
            Unit::Properties => ("속성 ", "개", "property", "properties"),
            Unit::Streams => ("스트림 ", "개", "stream", "streams"),
            Unit::Minutes => ("", "분", "minute", "minutes"),
            Unit::Pixels => ("화소 ", "개", "pixel", "pixels"),
            Unit::Operators => ("그리기 명령 ", "개", "drawing operator", "drawing operators"),
            Unit::Characters => ("글자 ", "개", "character", "characters"),
            Unit::Nodes => ("마디 ", "개", "node", "nodes"),
            Unit::Records => ("레코드 ", "개", "record", "records"),
            Unit::Recipients => ("받는 사람 ", "명", "recipient", "recipients"),
        };
        (format!("{before}{n}{counter}"), counted(n, one, more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_in_both_languages() {
        for (unit, n, korean, english) in [
            (Unit::Bytes, 7, "7바이트", "7 bytes"),
            (Unit::Members, 7, "안의 파일 7개", "7 members"),
            (Unit::Slides, 7, "슬라이드 7장", "7 slides"),
            (Unit::Paragraphs, 1, "글이 있는 문단 1개", "1 paragraph with text"),
            (Unit::Properties, 1, "속성 1개", "1 property"),
        ] {
            assert_eq!(unit.count(n), (korean.to_owned(), english.to_owned()));
        }
    }
}
