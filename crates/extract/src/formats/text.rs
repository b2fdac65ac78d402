//! Plain text in UTF-8, UTF-16, CP949 or EUC-KR.

use madang_document::content::Content;
use madang_document::locator::Locator;

use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "text",
    version: 1,
    media_types: &["text/plain"],
    sniff,
    media_type: |_| "text/plain",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    if probe.extension == "txt" { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let bytes = blob.read_all(context.limits.member)?;
    let mut content = Content::default();
    content.push_text(String::from_utf8_lossy(&bytes), Locator::Whole {});
    Ok(content)
}
