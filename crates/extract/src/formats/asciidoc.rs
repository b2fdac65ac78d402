//! AsciiDoc: read as it is written, like Markdown, without what only steers the layout.

use madang_document::content::Content;
use madang_document::metadata::{AUTHOR, DESCRIPTION, KEYWORDS, TITLE};

use super::keywords::keywords;
use super::text::read_lines;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "asciidoc",
    version: 3,
    media_types: &["text/asciidoc"],
    sniff,
    media_type: |_| "text/asciidoc",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let named = matches!(probe.extension.as_str(), "adoc" | "asciidoc");
    if named && probe.text().is_some() { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let text = words(&decoded.text, &mut content);
    read_lines(&text, &mut content, context.limits.text, context);
    Ok(content)
}

/// The lines without comments, attributes, marks of blocks and styles. Lines keep their numbers.
fn words(text: &str, content: &mut Content) -> String {
    let mut words = String::with_capacity(text.len());
    // The mark of a block of comments, or of words that stand as they are, while it is open.
    let mut open: Option<&str> = None;
    for line in text.lines() {
        let line = line.trim_end();
        let delimiter = is_delimiter(line);
        let is_comment = open.is_some_and(|mark| mark.starts_with("////"));
        let verbatim = open.is_some_and(|mark| mark.starts_with(['-', '.', '+']));
        if delimiter && open == Some(line) {
            open = None;
        } else if is_comment {
        } else if verbatim {
            words.push_str(line);
        } else if delimiter {
            if line.starts_with(['/', '-', '.', '+']) {
                open = Some(line);
            }
        } else if let Some((name, value)) = attribute(line) {
            match name {
                "author" => content.metadata.at("header").set(AUTHOR, value),
                "description" => content.metadata.at("header").set(DESCRIPTION, value),
                "keywords" => content.metadata.at("header").set(KEYWORDS, keywords(value)),
                "title" if content.metadata.text(TITLE).is_none() => {
                    content.metadata.at("header").set(TITLE, value);
                }
                _ => {}
            }
        } else if line.starts_with("//") || is_style(line) {
        } else {
            if let Some(title) = line.strip_prefix("= ")
                && content.metadata.text(TITLE).is_none()
            {
                content.metadata.at("header").set(TITLE, title.trim());
            }
            words.push_str(line);
        }
        words.push('\n');
    }
    words
}

/// A line of four or more equal marks, or one of a table.
fn is_delimiter(line: &str) -> bool {
    let first = line.chars().next();
    let marks = first.is_some_and(|c| "/-.+=*_".contains(c));
    (marks && line.len() >= 4 && line.chars().all(|c| Some(c) == first))
        || matches!(line, "|===" | ",===" | ":===" | "!===" | "--" | "'''" | "<<<")
}

/// `:name: value`.
fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_name = |c: char| c.is_alphanumeric() || "-_!".contains(c);
    let after = value.is_empty() || value.starts_with(' ');
    (after && !name.is_empty() && name.chars().all(is_name)).then_some((name, value.trim()))
}

/// `[style]` and `[[anchor]]`, alone in a line.
fn is_style(line: &str) -> bool {
    line.starts_with('[') && line.ends_with(']') && !line.contains("](")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_the_layout_is_left_out() {
        let mut content = Content::default();
        let text = "= 업무 계획\n:author: 홍길동\n// note\n[source,ruby]\n----\n:a: b\n----\n////\nhidden\n////\n|===\n|가 |나\n|===";
        let words = words(text, &mut content);
        assert_eq!(words, "= 업무 계획\n\n\n\n\n:a: b\n\n\n\n\n\n|가 |나\n\n");
        assert_eq!(content.metadata.text(TITLE), Some("업무 계획"));
        assert_eq!(content.metadata.text(AUTHOR), Some("홍길동"));
    }
}
