//! Lines as they grow out of text, paragraph ends and table cells.

/// A text that is being read.
#[derive(Debug, Default)]
pub(super) struct Flow {
    lines: Vec<String>,
    line: String,
    /// Texts that are fixed in the running paragraph and follow it.
    notes: Vec<String>,
}

impl Flow {
    /// Adds characters.
    pub(super) fn push(&mut self, text: &str) {
        self.line.push_str(text);
    }

    /// A blank, unless there is one.
    pub(super) fn blank(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with([' ', '\t']) {
            self.line.push(' ');
        }
    }

    /// Ends a cell of a table.
    pub(super) fn cell(&mut self) {
        let end = self.line.trim_end_matches(' ').len();
        self.line.truncate(end);
        self.line.push('\t');
    }

    /// Ends the paragraph, or the row of a table.
    pub(super) fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end().trim_start_matches(' ');
        if !line.is_empty() {
            self.lines.push(line.to_owned());
        }
        self.lines.append(&mut self.notes);
    }

    /// Lines that follow the running paragraph.
    pub(super) fn note(&mut self, lines: Vec<String>) {
        self.notes.extend(lines);
    }

    /// All lines.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.end();
        self.lines
    }
}
