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
    version: 6,
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
    content.metadata.at("front matter").set_some(TITLE, front_title(&decoded.text));
    content.metadata.at("first heading").add_some(TITLE, title(&decoded.text));
    read_lines(&decoded.text, &mut content, context.limits.text, context);
    Ok(content)
}

/// The title in the front matter, properties between two lines in front of the text: `---` in YAML, `+++` in TOML.
fn front_title(text: &str) -> Option<&str> {
    let mut lines = text.trim_start_matches('\u{FEFF}').lines();
    let (fence, sign) = match lines.next()?.trim_end() {
        "---" => ("---", ':'),
        "+++" => ("+++", '='),
        _ => return None,
    };
    let mut title = None;
    for line in lines.take(1000) {
        match line.trim_end() {
            end if end == fence || (fence == "---" && end == "...") => return title,
            line => {
                let value = line
                    .strip_prefix("title")
                    .and_then(|rest| rest.trim_start().strip_prefix(sign).map(str::trim));
                title = title.or(value.map(unquoted).filter(|value| !value.is_empty()));
            }
        }
    }
    // Without its end it is none.
    None
}

fn unquoted(value: &str) -> &str {
    let within = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(value).trim()
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
    use super::{front_title, title};

    #[test]
    fn front_matter_has_a_title() {
        assert_eq!(
            front_title("---\ntitle: \"업무 계획\"\ndate: x\n---\n# 첫째"),
            Some("업무 계획")
        );
        assert_eq!(front_title("+++\r\ntitle = '계획'\r\n+++\r\n"), Some("계획"));
        assert_eq!(front_title("---\ntitle: 열린 글\n\n본문"), None);
        assert_eq!(front_title("글\n---\ntitle: 아님\n---"), None);
    }

    #[test]
    fn the_first_heading_is_the_title() {
        assert_eq!(title("intro\n\n# 업무 계획 #\n# second"), Some("업무 계획"));
        assert_eq!(title("```\n# comment\n```\nPlan\n====\n"), Some("Plan"));
        assert_eq!(title("## only second level"), None);
    }
}
