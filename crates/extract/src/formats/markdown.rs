//! Markdown: read as it is written, because its marks are meant to be read.

use madang_document::content::Content;
use madang_document::metadata::TITLE;

use super::text::read_lines;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "markdown",
    version: 4,
    media_types: &["text/markdown"],
    sniff,
    media_type: |_| "text/markdown",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let named = matches!(probe.extension.as_str(), "md" | "markdown" | "mdown" | "mkd");
    if named && probe.text().is_some() { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    content.metadata.at("first heading").set_some(TITLE, title(&decoded.text));
    read_lines(&decoded.text, &mut content, context.limits.text, context);
    Ok(content)
}

/// The first heading of the first level: `# Title`, or a line underlined with `=` (CommonMark 0.31, 4.2, 4.3).
fn title(text: &str) -> Option<&str> {
    let mut above = "";
    let mut fenced = false;
    for line in text.lines().take(1000) {
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
        } else if let Some(heading) = line.strip_prefix("# ").filter(|_| !fenced) {
            return Some(heading.trim_end_matches('#').trim());
        } else if !fenced && line.len() > 1 && line.trim_end().bytes().all(|b| b == b'=') {
            return Some(above.trim()).filter(|title| !title.is_empty());
        }
        above = line;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn the_first_heading_is_the_title() {
        assert_eq!(title("intro\n\n# 업무 계획 #\n# second"), Some("업무 계획"));
        assert_eq!(title("```\n# comment\n```\nPlan\n====\n"), Some("Plan"));
        assert_eq!(title("## only second level"), None);
    }
}
