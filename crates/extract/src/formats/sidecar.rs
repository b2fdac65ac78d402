//! Files that describe another one: known by their names, and by saying something that can be read so. Read as the text
//! that they are; what they say is told of the file that they describe.

use madang_document::content::Content;
use madang_document::sidecar::{self as names, Described};

use super::{csv, json, text, xml};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::described::check;
use crate::described::manifest::Manifest;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;
use crate::sidecar::MOST;

pub(super) const FORMAT: Format = Format {
    name: names::FORMAT,
    version: 3,
    media_types: &["text/plain", "application/json", "application/xml", "text/csv"],
    sniff,
    media_type: |probe| match probe.extension.as_str() {
        "json" => "application/json",
        "xmp" => "application/xml",
        "csv" => "text/csv",
        _ => "text/plain",
    },
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let Some(described) = names::described(probe.name) else { return Match::No };
    let Some(text) = probe.text().or((probe.size() == 0).then_some("")) else {
        // Whatever is wrong in one that is written for a file is told of that.
        return if let Described::File(_) = described { Match::Container } else { Match::No };
    };
    let is_one = match described {
        // One without bytes says nothing.
        Described::File(_) => true,
        Described::Stem(_) => text.contains("xmpmeta") || text.contains("rdf:RDF"),
        Described::Folder(_) => Manifest::of(text).is_some(),
    };
    if is_one { Match::Container } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let read = match context.media_type {
        "application/json" => json::FORMAT.extract,
        "application/xml" => xml::FORMAT.extract,
        "text/csv" => csv::FORMAT.extract,
        _ => text::FORMAT.extract,
    };
    let mut content = read(blob, context)?;
    // In an archive it is a text like any other: nobody asks there what it says of its neighbour.
    if context.inner().is_some() {
        return Ok(content);
    }
    let bytes = read_range(blob, 0, MOST)?;
    check(context.name, blob.len(), &bytes, &mut content);
    Ok(content)
}
