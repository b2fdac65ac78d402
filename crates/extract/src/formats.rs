//! The table of formats: which there are, and the way from bytes to a delivered document.
//!
//! Adding a format is a file beside the others under `formats/`, its `mod` line and its row.

use madang_document::blob_id::BlobId;
use madang_document::content::Content;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;

use crate::blob::Blob;
use crate::context::{Context, Sink, Spent};
use crate::error::ExtractError;
use crate::extraction::{Extraction, outcome_of};
use crate::format::{Format, Match};
use crate::language::language;
use crate::limits::Limits;
use crate::probe::Probe;
use crate::recognise::recognise;

mod bmp;
mod gif;
mod jpeg;
mod korean_bytes;
mod media;
mod media_io;
mod media_sniff;
mod media_tags;
mod pdf;
mod pdf_metadata;
mod pdf_nesting;
mod pdf_spacing;
mod picture;
mod picture_exif;
mod png;
mod subtitle_packet;
mod text;
mod tiff;
mod webp;
mod xmp;

/// Every format that Madang reads. Of two rows that are equally sure, the earlier wins.
pub static FORMATS: &[&Format] = &[
    &pdf::FORMAT,
    &jpeg::FORMAT,
    &png::FORMAT,
    &gif::FORMAT,
    &tiff::FORMAT,
    &webp::FORMAT,
    &bmp::FORMAT,
    &media::MP4,
    &media::MATROSKA,
    &media::AVI,
    &media::WAV,
    &media::FLAC,
    &media::OGG,
    &media::ASF,
    &media::FLV,
    &media::AMR,
    &media::AIFF,
    &media::MPEG_TS,
    &media::MPEG_PS,
    &media::AAC,
    &media::MP3,
    &text::FORMAT,
];

/// Extracts an object: delivers its members and then itself to `sink`, and gives its outcome.
///
/// Never fails: what cannot be read is delivered with its outcome and reason.
pub fn extract(blob: &dyn Blob, name: &str, limits: &Limits, sink: &dyn Sink) -> Outcome {
    let spent = Spent::default();
    extract_in(blob, &Context::new(name, blob.len(), limits, &spent, sink))
}

/// Extracts the document of this context and delivers it.
pub(crate) fn extract_in(blob: &dyn Blob, context: &Context<'_>) -> Outcome {
    context.progress();
    let probe = match Probe::new(blob, context.name) {
        Ok(probe) => probe,
        Err(error) => {
            return deliver(
                blob,
                context,
                None,
                MediaType::UNKNOWN,
                Err(ExtractError::Read(error)),
            );
        }
    };
    let Some(format) = detect(&probe) else {
        let (media_type, answer) = match recognise(&probe) {
            Some((media_type, what)) => {
                (media_type, Err(ExtractError::Unsupported(format!("no reader for {what}"))))
            }
            None if blob.is_empty() => ("application/x-empty", Ok(Content::default())),
            None => {
                let reason = "neither the bytes nor the name tell the format".into();
                (MediaType::UNKNOWN, Err(ExtractError::Unsupported(reason)))
            }
        };
        return deliver(blob, context, None, media_type, answer);
    };
    let media_type = (format.media_type)(&probe);
    drop(probe);
    let answer = (format.extract)(blob, context);
    deliver(blob, context, Some(format), media_type, answer)
}

/// The row that is surest of these bytes; none if no row is.
pub fn detect(probe: &Probe<'_>) -> Option<&'static Format> {
    let mut best = (Match::No, None);
    for &format in FORMATS {
        let found = (format.sniff)(probe);
        if found > best.0 {
            best = (found, Some(format));
        }
    }
    best.1
}

fn deliver(
    blob: &dyn Blob,
    context: &Context<'_>,
    format: Option<&Format>,
    media_type: &str,
    answer: Result<Content, ExtractError>,
) -> Outcome {
    let media_type = MediaType::new(media_type);
    let kind = match media_type.as_str() {
        // A file without bytes is read whole and empty, whatever its name says.
        "application/x-empty" => Kind::Text,
        _ => media_type.kind(),
    };
    let (outcome, reason, content) = match answer {
        Ok(mut content) => {
            hold_to_limits(&mut content, context);
            let (outcome, reason) = outcome_of(&content, kind);
            (outcome, reason, content)
        }
        Err(error) => (error.outcome(), Some(error.to_string()), Content::default()),
    };
    let member = context.inner().map(str::to_owned);
    context.deliver(Extraction {
        // The object itself is hashed by whoever read it from its store.
        sha256: member.as_ref().and_then(|_| blob.bytes().map(BlobId::of)),
        member,
        size: blob.len(),
        format: format.map_or("none", |format| format.name).to_owned(),
        format_version: format.map_or(0, |format| format.version),
        media_type,
        language: language(content.segments.iter().map(|s| s.text.as_str())),
        outcome,
        reason,
        content,
    });
    outcome
}

/// Cuts what exceeds the limits on text, segments and properties; each cut is a warning.
fn hold_to_limits(content: &mut Content, context: &Context<'_>) {
    let limits = context.limits;
    let spent = &context.spent().text;
    let left = limits.object_text.saturating_sub(spent.get()).min(limits.text);
    let mut bytes = 0u64;
    let mut keep = 0usize;
    for segment in content.segments.iter().take(limits.segments.try_into().unwrap_or(usize::MAX)) {
        bytes = bytes.saturating_add(segment.text.len() as u64);
        if bytes > left {
            break;
        }
        keep += 1;
    }
    if keep < content.segments.len() {
        let all = content.segments.len();
        content.segments.truncate(keep);
        content.cut(format!("the text was cut after {keep} of {all} segments, at its limit"));
    }
    let kept: u64 = content.segments.iter().map(|s| s.text.len() as u64).sum();
    spent.set(spent.get().saturating_add(kept));
    if content.metadata.size() as u64 > limits.metadata {
        content.metadata = Default::default();
        content.cut("the properties exceed their limit and were left out");
    }
}
