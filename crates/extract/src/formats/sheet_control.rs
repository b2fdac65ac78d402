//! The controls on a sheet of a workbook: boxes to tick, buttons and labels, which lie in a drawing of Excel's older markup
//! (ECMA-376 part 4, section 19.4.2).

use super::markup::{Markup, Node};

/// Controls of a sheet that are read.
const MOST: usize = 10_000;

/// A control with its words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SheetControl {
    /// Row and column of the cell at its upper left corner, counted from 1.
    pub(super) row: u32,
    pub(super) column: u32,
    /// Whether it is ticked, of a box or a button of a choice.
    ticked: Option<bool>,
    /// What it is called.
    pub(super) label: String,
}

impl SheetControl {
    /// Reads the controls of a drawing. Notes and pictures, which lie there, too, are none.
    pub(super) fn read(drawing: &str) -> Vec<SheetControl> {
        let mut found = Vec::new();
        let mut markup = Markup::new(drawing);
        let mut open = SheetControl::new();
        let (mut kind, mut in_words) = (String::new(), false);
        // The words are HTML whose elements need not be closed: nothing is walked past by its depth.
        let mut element = String::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => {
                    element = tag.name().to_owned();
                    match tag.name() {
                        "shape" => {
                            (open, in_words) = (SheetControl::new(), false);
                            kind.clear();
                        }
                        "textbox" => in_words = true,
                        "br" if in_words => open.label.push('\n'),
                        "ClientData" => {
                            in_words = false;
                            kind = tag.attribute("ObjectType").unwrap_or_default();
                        }
                        _ => {}
                    }
                }
                Node::Text(text) if in_words => {
                    open.label.push_str(&text.replace(['\r', '\n'], " "));
                }
                Node::Text(text) => match element.as_str() {
                    "Checked" => open.ticked = Some(matches!(text.trim(), "1" | "2")),
                    "Anchor" => open.anchor(&text),
                    _ => {}
                },
                Node::End(name) => {
                    element.clear();
                    match name.as_str() {
                        "textbox" => in_words = false,
                        "div" | "p" if in_words => open.label.push('\n'),
                        "shape" if found.len() < MOST => {
                            let control = std::mem::replace(&mut open, SheetControl::new());
                            found.extend(control.of_kind(&kind));
                            kind.clear();
                        }
                        _ => {}
                    }
                }
            }
        }
        found
    }

    fn new() -> SheetControl {
        SheetControl { row: 1, column: 1, ticked: None, label: String::new() }
    }

    /// Takes the place: the column, the distance from it, the row, and so on.
    fn anchor(&mut self, anchor: &str) {
        let number = |at: usize| anchor.split(',').nth(at)?.trim().parse::<u32>().ok();
        if let (Some(column), Some(row)) = (number(0), number(2)) {
            (self.row, self.column) = (row.saturating_add(1), column.saturating_add(1));
        }
    }

    /// The control, if its kind is one that shows words.
    fn of_kind(mut self, kind: &str) -> Option<SheetControl> {
        match kind {
            "Checkbox" | "Radio" => self.ticked = Some(self.ticked.unwrap_or_default()),
            "Button" | "Label" | "GBox" | "Dialog" | "EditBox" => self.ticked = None,
            _ => return None,
        }
        let lines = self.label.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let lines: Vec<_> =
            lines.map(|words| words.join(" ")).filter(|it| !it.is_empty()).collect();
        self.label = lines.join("\n");
        (self.ticked.is_some() || !self.label.is_empty()).then_some(self)
    }

    /// What it shows.
    pub(super) fn shown(&self) -> String {
        match self.ticked {
            Some(true) => format!("☒ {}", self.label),
            Some(false) => format!("☐ {}", self.label),
            None => self.label.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_ticked_and_notes_are_left_out() {
        let shape = |words: &str, data: &str| {
            format!("<v:shape><v:textbox><div>{words}</div></v:textbox>{data}</v:shape>")
        };
        let drawing = [
            "<xml>",
            &shape(
                "<font>현장\r\n  확인함<br></font>",
                "<x:ClientData ObjectType=\"Checkbox\"><x:Anchor>\n 1, 15, 4, 2, 3, 4, 5, 6</x:Anchor><x:Checked>1</x:Checked></x:ClientData>",
            ),
            &shape("불허", "<x:ClientData ObjectType=\"Radio\"/>"),
            &shape("메모 글", "<x:ClientData ObjectType=\"Note\"><x:Row>1</x:Row></x:ClientData>"),
            &shape("인쇄", "<x:ClientData ObjectType=\"Button\"></x:ClientData>"),
            &shape("", "<x:ClientData ObjectType=\"Label\"></x:ClientData>"),
            "</xml>",
        ]
        .concat();
        let found: Vec<_> = SheetControl::read(&drawing)
            .into_iter()
            .map(|it| (it.shown(), it.row, it.column))
            .collect();
        assert_eq!(
            found,
            [("☒ 현장 확인함".into(), 5, 2), ("☐ 불허".into(), 1, 1), ("인쇄".into(), 1, 1)]
        );
    }
}
