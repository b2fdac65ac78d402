//! What is open in the body of an OpenDocument file around the place of the walk.

/// What is open around the place of the walk.
pub(super) enum Frame {
    /// A paragraph: its text, the number before it, how its words are read where that stands above them, the lines of notes and text
    /// boxes anchored in it, which follow it, and the fonts of signs of the paragraph and of the spans that are open in it.
    Paragraph {
        text: String,
        label: String,
        reading: String,
        boxed: Vec<String>,
        number: u32,
        fonts: Vec<Option<String>>,
    },
    /// A note or comment.
    Aside { lines: Vec<String> },
    /// A table row.
    Row {
        cells: Vec<(usize, String)>,
        column: usize,
        repeated: usize,
        asides: Vec<(usize, String)>,
        number: u32,
    },
    /// A table cell: its paragraphs, joined by spaces so that a row stays a line, and the font of signs that it has.
    Cell { text: String, repeated: usize, value: Option<String>, font: Option<String> },
}

impl Frame {
    pub(super) fn element(&self) -> &'static str {
        match self {
            Frame::Paragraph { .. } => "p",
            Frame::Aside { .. } => "aside",
            Frame::Row { .. } => "table-row",
            Frame::Cell { .. } => "table-cell",
        }
    }
}

/// The frame that an element is walked as.
pub(super) fn element(name: &str) -> &str {
    match name {
        "p" | "h" => "p",
        "annotation" | "note-body" | "footnote-body" | "endnote-body" => "aside",
        "covered-table-cell" => "table-cell",
        name => name,
    }
}
