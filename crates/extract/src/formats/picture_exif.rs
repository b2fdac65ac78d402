//! EXIF tags (CIPA DC-008) under the words of [`madang_document::metadata`].

use exif::{Exif, Field, In, Reader, Tag, Value};
use madang_document::metadata::{self, Metadata};
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::date;
use super::keywords::keywords;
use super::korean_bytes::tag_text;

/// Texts: tag and name.
const TEXTS: &[(Tag, &str)] = &[
    (Tag::Make, metadata::CAMERA_MAKE),
    (Tag::Model, metadata::CAMERA_MODEL),
    (Tag::LensModel, "exif.lens_model"),
    (Tag::Software, metadata::PRODUCER),
    (Tag::ImageDescription, metadata::DESCRIPTION),
    (Tag::Artist, metadata::AUTHOR),
    (Tag::Copyright, metadata::COPYRIGHT),
];

/// Microsoft's texts in UTF-16LE (Windows: System.Title and its like): tag number and name.
const WIDE_TEXTS: &[(u16, &str)] = &[
    (0x9C9B, metadata::TITLE),
    (0x9C9C, "exif.comment"),
    (0x9C9D, metadata::AUTHOR),
    (0x9C9F, metadata::DESCRIPTION),
];

/// Microsoft's keywords, separated by semicolons.
const WIDE_KEYWORDS: u16 = 0x9C9E;

/// Times: tag, the tag of its offset from UTC, name.
const TIMES: &[(Tag, Tag, &str)] = &[
    (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal, metadata::TAKEN_AT),
    (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized, metadata::CREATED),
    (Tag::DateTime, Tag::OffsetTime, metadata::MODIFIED),
];

/// Numbers: tag and name.
const NUMBERS: &[(Tag, &str)] = &[
    (Tag::ExposureTime, "exif.exposure_time_s"),
    (Tag::FNumber, "exif.f_number"),
    (Tag::FocalLength, "exif.focal_length_mm"),
    (Tag::XResolution, "exif.x_resolution"),
    (Tag::YResolution, "exif.y_resolution"),
];

/// Whole numbers: tag and name.
const INTEGERS: &[(Tag, &str)] =
    &[(Tag::PhotographicSensitivity, "exif.iso"), (Tag::Flash, "exif.flash")];

/// Sets what the tags in the TIFF structure `data` say; gives a note if the structure is damaged.
pub(super) fn read(data: Vec<u8>, metadata: &mut Metadata) -> Option<Reason> {
    let (exif, note) = parse(data);
    if let Some(exif) = &exif {
        read_fields(exif, metadata);
    }
    note
}

/// The fields that can be read, and a note if some cannot.
pub(super) fn parse(data: Vec<u8>) -> (Option<Exif>, Option<Reason>) {
    let mut note = None;
    let read = Reader::new().continue_on_error(true).read_raw(data).or_else(|error| {
        error.distill_partial_result(|errors| {
            note = errors.first().map(broken);
        })
    });
    match read {
        Ok(exif) => (Some(exif), note),
        Err(error) => (None, Some(broken(&error))),
    }
}

fn broken(error: &exif::Error) -> Reason {
    ReasonKind::Broken(Quote::of(error)).within("exif")
}

/// Sets what the fields say.
pub(super) fn read_fields(exif: &Exif, metadata: &mut Metadata) {
    let mut metadata = metadata.at("EXIF");
    let orientation = integer(exif, Tag::Orientation).filter(|n| (1..=8).contains(n));
    metadata.set_some(metadata::ORIENTATION, orientation);
    for (tag, name) in TEXTS {
        metadata.set_some(name, text(exif, *tag));
    }
    for (number, name) in WIDE_TEXTS {
        metadata.add_some(name, wide_text(exif, *number));
    }
    if let Some(list) = wide_text(exif, WIDE_KEYWORDS) {
        metadata.set(metadata::KEYWORDS, keywords(&list));
    }
    for (tag, offset, name) in TIMES {
        let offset = text(exif, *offset).unwrap_or_default();
        metadata.set_some(name, text(exif, *tag).and_then(|time| date::exif(&time, &offset)));
    }
    for (tag, name) in NUMBERS {
        metadata.set_some(name, number(exif, *tag).map(|n| round(n, 1e6)));
    }
    for (tag, name) in INTEGERS {
        metadata.set_some(name, integer(exif, *tag));
    }
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S", 90.0);
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W", 180.0);
    if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
        metadata.set(metadata::GPS_LATITUDE, latitude);
        metadata.set(metadata::GPS_LONGITUDE, longitude);
    }
    if let Some(altitude) = number(exif, Tag::GPSAltitude) {
        let below = integer(exif, Tag::GPSAltitudeRef) == Some(1);
        metadata.set(metadata::GPS_ALTITUDE, round(if below { -altitude } else { altitude }, 1e3));
    }
}

/// A whole number of the first picture.
pub(super) fn integer(exif: &Exif, tag: Tag) -> Option<u32> {
    field(exif, tag)?.value.get_uint(0)
}

/// The bytes of a field of the first picture.
pub(super) fn bytes(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &field(exif, tag)?.value {
        Value::Byte(bytes) | Value::Undefined(bytes, _) => Some(bytes),
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

/// The bytes of a field of the first picture, which some programs declare as whole numbers, four at a time.
pub(super) fn packed(exif: &Exif, tag: Tag) -> Option<Vec<u8>> {
    let Value::Long(numbers) = &field(exif, tag)?.value else {
        return bytes(exif, tag).map(<[u8]>::to_vec);
    };
    let order = if exif.little_endian() { u32::to_le_bytes } else { u32::to_be_bytes };
    Some(numbers.iter().flat_map(|number| order(*number)).collect())
}

fn field(exif: &Exif, tag: Tag) -> Option<&Field> {
    exif.get_field(tag, In::PRIMARY)
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(lines) = &field(exif, tag)?.value else { return None };
    let lines: Vec<_> = lines.iter().map(|line| tag_text(line)).collect();
    Some(lines.join(" "))
}

fn wide_text(exif: &Exif, number: u16) -> Option<String> {
    let bytes = bytes(exif, Tag(exif::Context::Tiff, number))?;
    Some(encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned())
}

/// A fraction or whole number; none if it has no finite value.
fn number(exif: &Exif, tag: Tag) -> Option<f64> {
    let value = match &field(exif, tag)?.value {
        Value::Rational(list) => list.first()?.to_f64(),
        Value::SRational(list) => list.first()?.to_f64(),
        other => f64::from(other.get_uint(0)?),
    };
    value.is_finite().then_some(value)
}

/// Degrees, minutes and seconds as signed degrees; the sign stands in a tag of its own.
fn degrees(exif: &Exif, tag: Tag, reference: Tag, negative: &str, most: f64) -> Option<f64> {
    let Value::Rational(parts) = &field(exif, tag)?.value else { return None };
    let part = |n: usize| parts.get(n).map_or(0.0, |part| part.to_f64());
    let degrees = part(0) + part(1) / 60.0 + part(2) / 3600.0;
    let reference = text(exif, reference)?;
    let reference = reference.trim().to_ascii_uppercase();
    if parts.is_empty() || reference.is_empty() || !(0.0..=most).contains(&degrees) {
        return None;
    }
    Some(round(if reference.starts_with(negative) { -degrees } else { degrees }, 1e7))
}

fn round(number: f64, digits: f64) -> f64 {
    (number * digits).round() / digits
}
