//! Pictures and tables of astronomy and satellites (FITS 4.0): the cards of the first head.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "fits",
    version: 2,
    media_types: &["image/fits"],
    sniff: |probe| {
        // `SIMPLE`, then T where values stand.
        let is = probe.starts_with(b"SIMPLE  =") && probe.has_at(29, b"T");
        if is { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/fits",
    extract,
};

/// Bytes of a card, and cards that are read.
const CARD: usize = 80;
const CARDS_MOST: u64 = 10_000;

/// Keywords (FITS 4.0, section 4.4.2) and their names here.
const TEXTS: &[(&str, &str)] = &[
    ("OBJECT", metadata::TITLE),
    ("OBSERVER", metadata::AUTHOR),
    ("AUTHOR", metadata::AUTHOR),
    ("ORIGIN", metadata::PUBLISHER),
    ("TELESCOP", metadata::CAMERA_MAKE),
    ("INSTRUME", metadata::CAMERA_MODEL),
    ("DATE-OBS", metadata::TAKEN_AT),
    ("DATE", metadata::CREATED),
];

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, CARDS_MOST * CARD as u64)?;
    let mut header = Header::default();
    let mut comments = Vec::new();
    for card in head.chunks_exact(CARD) {
        let card = String::from_utf8_lossy(card);
        let Some((name, rest)) = card.split_at_checked(8) else { continue };
        match name.trim_end() {
            "END" => break,
            "COMMENT" | "HISTORY" => comments.push(rest.trim().to_owned()),
            name => {
                if let Some(value) = rest.strip_prefix("= ") {
                    keep(name, value, &mut header);
                }
            }
        }
    }
    let is_picture = header.width > 0 && header.height > 0;
    let mut content = match is_picture {
        true => picture::undecoded(context, header, ReasonKind::NotDecoded.of(Noun::Pixels))?,
        // A table, or a head alone.
        false => Content { metadata: header.said, ..Content::default() },
    };
    comments.retain(|comment| !comment.is_empty());
    if !comments.is_empty() {
        content.push_text(comments.join("\n"), Locator::Whole {});
    }
    Ok(content)
}

fn keep(name: &str, value: &str, header: &mut Header) {
    let text = value.trim_start().strip_prefix('\'');
    // A quote in a text is doubled.
    let text = text.map(|text| {
        let end = text.replace("''", "\u{1}\u{1}").find('\'').unwrap_or(text.len());
        text.get(..end).unwrap_or(text).replace("''", "'").trim_end().to_owned()
    });
    let number = || value.split('/').next().and_then(|number| number.trim().parse::<i64>().ok());
    let side = || number().and_then(|number| u32::try_from(number).ok());
    match name {
        "NAXIS1" => header.width = side().unwrap_or(0),
        "NAXIS2" => header.height = side().unwrap_or(0),
        // Negative where they are fractions.
        "BITPIX" => {
            let bits = number().map(i64::unsigned_abs);
            header.bit_depth = bits.and_then(|bits| u32::try_from(bits).ok());
        }
        _ => {
            let known = TEXTS.iter().find(|(keyword, _)| *keyword == name);
            if let (Some((_, property)), Some(text)) = (known, text) {
                let is_date = property == &metadata::TAKEN_AT || property == &metadata::CREATED;
                let text = match is_date {
                    true => super::date::iso8601(&text).map(str::to_owned),
                    false => Some(text),
                };
                header.said.at("header").set_some(property, text);
            }
        }
    }
}
