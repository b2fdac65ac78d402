//! Plain text in any encoding.

use madang_document::content::Content;
use madang_document::locator::Locator;

use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;
use crate::recognise::is_markup;

pub(super) const FORMAT: Format = Format {
    name: "text",
    version: 3,
    media_types: &["text/plain"],
    sniff,
    media_type: |_| "text/plain",
    extract,
};

/// Anything that reads as text. The row stands last in the table, so that it only gets what no other knows.
fn sniff(probe: &Probe<'_>) -> Match {
    if probe.text().is_some() && !is_markup(probe) { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    read_lines(&decoded.text, &mut content, context.limits.text);
    Ok(content)
}

/// Adds a text paragraph by paragraph; a paragraph ends at a blank line and is found by its first line.
pub(super) fn read_lines(text: &str, content: &mut Content, limit: u64) {
    let mut paragraphs = Paragraphs::new(content, limit);
    for (n, line) in text.split('\n').enumerate() {
        let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
        // A lone carriage return ends a line too, and a form feed a page.
        for line in line.split(['\r', '\x0C']) {
            paragraphs.line(line, || Locator::Paragraph { number });
        }
        if line.trim().is_empty() {
            paragraphs.end();
        }
        if paragraphs.is_full() {
            break;
        }
    }
    paragraphs.finish();
}
