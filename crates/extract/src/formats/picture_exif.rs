//! EXIF tags (CIPA DC-008) under the words of [`madang_document::metadata`].

use madang_document::metadata::{self, Metadata};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::date;
use super::degrees::{self, Axis};
use super::ifd::{Ifd, Ifds};
use super::keywords::keywords;
use super::korean_bytes::tag_text;
use super::{maker_note, tiff_tag as tag};

/// Texts of the first directory: tag and name.
const TEXTS: &[(u16, &str)] = &[
    (tag::MAKE, metadata::CAMERA_MAKE),
    (tag::MODEL, metadata::CAMERA_MODEL),
    (tag::SOFTWARE, metadata::PRODUCER),
    (tag::DESCRIPTION, metadata::DESCRIPTION),
    (tag::ARTIST, metadata::AUTHOR),
    (tag::COPYRIGHT, metadata::COPYRIGHT),
];

/// Texts of the directory of the photo: tag and name (CIPA DC-008, section 4.6.5, H).
const PHOTO_TEXTS: &[(u16, &str)] = &[
    (0xA430, metadata::CAMERA_OWNER),
    (0xA431, metadata::CAMERA_SERIAL),
    (0xA434, "exif.lens_model"),
    (0xA435, metadata::LENS_SERIAL),
];

/// Microsoft's texts in UTF-16LE (Windows: System.Title and its like): tag and name.
const WIDE_TEXTS: &[(u16, &str)] = &[
    (0x9C9B, metadata::TITLE),
    (0x9C9C, "exif.comment"),
    (0x9C9D, metadata::AUTHOR),
    (0x9C9F, metadata::DESCRIPTION),
];

/// Microsoft's keywords, separated by semicolons.
const WIDE_KEYWORDS: u16 = 0x9C9E;

/// Times: tag, the tag of its offset from UTC, name. The last stands in the first directory.
const TIMES: &[(u16, u16, &str)] = &[
    (0x9003, 0x9011, metadata::TAKEN_AT),
    (0x9004, 0x9012, metadata::CREATED),
    (tag::DATE_TIME, 0x9010, metadata::MODIFIED),
];

/// Hours from UTC, in whole numbers: of the time when it was taken, and of that when it was changed (TIFF/EP).
const ZONE_HOURS: u16 = 0x882A;

/// Numbers of the photo: tag and name.
const NUMBERS: &[(u16, &str)] = &[
    (0x829A, "exif.exposure_time_s"),
    (0x829D, "exif.f_number"),
    (0x920A, "exif.focal_length_mm"),
];

/// Whole numbers of the photo: tag and name.
const INTEGERS: &[(u16, &str)] = &[(0x8827, "exif.iso"), (0x9209, "exif.flash")];

/// A comment that says its own encoding.
const USER_COMMENT: u16 = 0x9286;

/// Tags of the directory of the place (CIPA DC-008, section 4.6.6). What a number counts stands in the tag before it.
mod gps_tag {
    pub(super) const TIME: u16 = 7;
    pub(super) const SPEED: u16 = 13;
    pub(super) const DIRECTION: u16 = 17;
    pub(super) const DAY: u16 = 29;
    pub(super) const ERROR: u16 = 31;
}

/// Notes of the camera's maker.
const MAKER_NOTE: u16 = 0x927C;

/// Sets what the tags in the TIFF structure `data` say; gives a note if the structure is damaged.
pub(super) fn read(data: &[u8], metadata: &mut Metadata) -> Option<Reason> {
    let damaged = || Some(ReasonKind::Unreadable.within("exif"));
    let Some(ifds) = Ifds::open(&data) else { return damaged() };
    let Some(ifd) = ifds.first() else { return damaged() };
    if ifds.directory(ifd.next).filter(|_| ifd.next > 0).is_some_and(|ifd| has_thumbnail(&ifd)) {
        metadata.at("EXIF").set(metadata::THUMBNAIL, true);
    }
    read_fields(&ifd, metadata)
}

/// Whether a directory has the small picture of the one before it.
pub(super) fn has_thumbnail(ifd: &Ifd<'_>) -> bool {
    ifd.integer(tag::JPEG_LENGTH).is_some_and(|length| length > 0)
}

/// Sets what a directory says, and those that it leads to; gives a note if they are damaged.
pub(super) fn read_fields(ifd: &Ifd<'_>, said: &mut Metadata) -> Option<Reason> {
    let photo = ifd.child(tag::PHOTO);
    let photo = photo.as_ref();
    let gps = ifd.child(tag::GPS);
    // Raw formats have all in one directory.
    let has = |tag| photo.filter(|photo| photo.has(tag)).unwrap_or(ifd);
    let mut metadata = said.at("EXIF");
    metadata.set_some(metadata::ORIENTATION, tag::orientation(ifd).map(u32::from));
    for (tag, name) in TEXTS {
        metadata.set_some(name, ifd.text(*tag));
    }
    for (tag, name) in PHOTO_TEXTS {
        metadata.set_some(name, has(*tag).text(*tag));
    }
    let comment = has(USER_COMMENT).bytes(USER_COMMENT);
    let comment = comment.and_then(|comment| user_comment(&comment, ifd.ifds().is_little()));
    metadata.set_some("exif.comment", comment);
    for (tag, name) in WIDE_TEXTS {
        metadata.add_some(name, ifd.bytes(*tag).map(|bytes| wide_text(&bytes)));
    }
    if let Some(list) = ifd.bytes(WIDE_KEYWORDS) {
        metadata.set(metadata::KEYWORDS, keywords(&wide_text(&list)));
    }
    let made_there = has(MAKER_NOTE).place(MAKER_NOTE);
    let make = ifd.text(tag::MAKE).unwrap_or_default();
    let made_there = made_there.and_then(|place| maker_note::offset(ifd, &make, place));
    let hours = has(ZONE_HOURS).all_numbers(ZONE_HOURS);
    for (n, (tag, offset_tag, name)) in TIMES.iter().enumerate() {
        let hours = hours.get(if n == 2 { 1 } else { 0 }).copied().flatten();
        let offset = has(*offset_tag)
            .text(*offset_tag)
            .filter(|offset| !date::offset(offset).is_empty())
            .or_else(|| hours.and_then(of_hours))
            .or_else(|| made_there.clone().filter(|_| n < 2))
            .unwrap_or_default();
        let time = has(*tag).text(*tag);
        metadata.set_some(name, time.and_then(|time| date::exif(&time, &offset)));
    }
    for (tag, name) in NUMBERS {
        metadata.set_some(name, has(*tag).number(*tag).map(|n| round(n, 1e6)));
    }
    for (tag, name) in INTEGERS {
        metadata.set_some(name, has(*tag).small(*tag));
    }
    for (tag, name) in [(tag::X_RESOLUTION, metadata::X_DPI), (tag::Y_RESOLUTION, metadata::Y_DPI)]
    {
        // Inches, unless it says centimetres, or that there is no unit (TIFF 6.0, section 8).
        let per_inch = match ifd.integer(tag::RESOLUTION_UNIT).unwrap_or(2) {
            2 => Some(1.0),
            3 => Some(2.54),
            _ => None,
        };
        let dots = ifd.number(tag).filter(|dots| *dots > 0.0);
        metadata.set_some(name, dots.zip(per_inch).map(|(dots, factor)| round(dots * factor, 1e3)));
    }
    if let Some(gps) = &gps {
        read_place(gps, said);
    }
    let leads_out = ifd.leads_out
        || [photo, gps.as_ref()].into_iter().flatten().any(|ifd| ifd.leads_out)
        || (ifd.has(tag::PHOTO) && photo.is_none());
    leads_out.then(|| ReasonKind::LeadsOut.within("exif"))
}

/// Sets where the directory of the place says that it was taken.
pub(super) fn read_place(gps: &Ifd<'_>, metadata: &mut Metadata) {
    let mut metadata = metadata.at("EXIF");
    let latitude = place(gps, 2, "S", Axis::Latitude);
    let longitude = place(gps, 4, "W", Axis::Longitude);
    if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
        metadata.set(metadata::GPS_LATITUDE, latitude);
        metadata.set(metadata::GPS_LONGITUDE, longitude);
    }
    if let Some(altitude) = gps.number(6) {
        let below = gps.integer(5) == Some(1);
        let altitude = if below { -altitude } else { altitude };
        metadata.set(metadata::GPS_ALTITUDE, round(altitude, 1e3));
    }
    let error = gps.number(gps_tag::ERROR).filter(|metres| *metres > 0.0);
    metadata.set_some(metadata::GPS_ERROR, error.map(|metres| round(metres, 1e3)));
    let mark = |tag| gps.text(tag).map(|text| text.trim().to_ascii_uppercase()).unwrap_or_default();
    if let Some(degrees) =
        gps.number(gps_tag::DIRECTION).filter(|degrees| (0.0..=360.0).contains(degrees))
    {
        metadata.set(metadata::GPS_DIRECTION, round(degrees, 1e3));
        let north = match mark(gps_tag::DIRECTION - 1).as_str() {
            "T" => Some("true"),
            "M" => Some("magnetic"),
            _ => None,
        };
        metadata.set_some(metadata::GPS_NORTH, north);
    }
    // Kilometres, miles or knots; a speed that does not say which is one of kilometres (its default).
    let factor = match mark(gps_tag::SPEED - 1).as_str() {
        "K" | "" => Some(1.0),
        "M" => Some(1.609_344),
        "N" => Some(1.852),
        _ => None,
    };
    let speed = gps.number(gps_tag::SPEED).filter(|speed| *speed >= 0.0).zip(factor);
    metadata.set_some(metadata::GPS_SPEED, speed.map(|(speed, factor)| round(speed * factor, 1e2)));
    metadata.set_some(metadata::GPS_TIME, satellite_time(gps));
}

/// When the satellites said that it was taken. A time without its day is none.
fn satellite_time(gps: &Ifd<'_>) -> Option<String> {
    let day = gps.text(gps_tag::DAY)?;
    let [hour, minute, second] = *gps.all_numbers(gps_tag::TIME).first_chunk()?;
    // Parts of a second are left out, as they are of all other times of a photo.
    let [hour, minute, second] = [hour?, minute?, second?].map(|part| part.floor() as i64);
    date::exif(&format!("{day} {hour:02}:{minute:02}:{second:02}"), "Z")
}

/// UTF-16LE, up to its NUL.
fn wide_text(bytes: &[u8]) -> String {
    let text = encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0;
    text.split('\0').next().unwrap_or_default().to_owned()
}

/// A comment behind eight bytes that name its encoding (CIPA DC-008, section 4.6.5, UserComment).
fn user_comment(bytes: &[u8], is_little: bool) -> Option<String> {
    let (code, text) = bytes.split_first_chunk::<8>()?;
    let until_nul = |text: &str| text.split('\0').next().unwrap_or_default().to_owned();
    // Some programs turn the name as if it were a number.
    let mut turned = *code;
    turned.reverse();
    let known: [&[u8; 8]; 2] = [b"UNICODE\0", b"ASCII\0\0\0"];
    let code = if known.contains(&&turned) { &turned } else { code };
    let text = match code {
        b"UNICODE\0" => {
            // Many writers use their own order of bytes, whatever the file's is: one with zeros above its ASCII is it.
            let zeros =
                |first: usize| text.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
            let is_little = match zeros(1).cmp(&zeros(0)) {
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Equal => is_little,
            };
            let encoding = if is_little { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
            until_nul(&encoding.decode(text).0)
        }
        b"JIS\0\0\0\0\0" => until_nul(&encoding_rs::ISO_2022_JP.decode(text).0),
        // ASCII, by which Korean programs mean CP949; or of no encoding that it tells.
        b"ASCII\0\0\0" | b"\0\0\0\0\0\0\0\0" => {
            tag_text(text.split(|byte| *byte == 0).next().unwrap_or_default())
        }
        // Written without the name of its encoding.
        _ if code.iter().all(|byte| (0x20..0x7F).contains(byte)) => {
            tag_text(bytes.split(|byte| *byte == 0).next().unwrap_or_default())
        }
        _ => return None,
    };
    Some(text)
}

/// Hours from UTC as an offset.
fn of_hours(hours: f64) -> Option<String> {
    (-12.0..=14.0).contains(&hours).then(|| format!("{:+03}:00", hours as i32))
}

/// Degrees, minutes and seconds as signed degrees; the sign stands in the tag before.
fn place(gps: &Ifd<'_>, tag: u16, negative: &str, axis: Axis) -> Option<f64> {
    let parts = gps.all_numbers(tag);
    let part = |n: usize| parts.get(n).copied().flatten().unwrap_or(0.0);
    let reference = gps.text(tag - 1)?;
    let reference = reference.trim().to_ascii_uppercase();
    if parts.first().copied().flatten().is_none() || reference.is_empty() {
        return None;
    }
    degrees::signed([part(0), part(1), part(2)], axis, reference.starts_with(negative))
}

fn round(number: f64, digits: f64) -> f64 {
    (number * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use super::super::ifd::made;
    use super::*;

    #[test]
    fn a_comment_is_read_as_it_says() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let korean = encoding_rs::EUC_KR.encode("침수 현장 사진").0.into_owned();
        for (code, text, is_little, expected) in [
            (b"ASCII\0\0\0", b"a comment\0\0 ".to_vec(), true, Some("a comment")),
            (b"ASCII\0\0\0", korean.clone(), true, Some("침수 현장 사진")),
            (b"UNICODE\0", wide("침수"), false, Some("침수")),
            // Of another order than the file's.
            (b"UNICODE\0", wide("flood 1"), true, Some("flood 1")),
            (b"JIS\0\0\0\0\0", b"\x1B$B?e\x1B(B".to_vec(), true, Some("水")),
            (b"\0\0\0IICSA", b"turned\0".to_vec(), true, Some("turned")),
            (b"\0\0\0\0\0\0\0\0", "물".into(), true, Some("물")),
            (b"\0\0\0\0\0\0\0\0", vec![0; 20], true, Some("")),
            (b"\x01\xFF\0\0\0\0\0\0", b"x".to_vec(), true, None),
        ] {
            let bytes = [code.as_slice(), &text].concat();
            assert_eq!(user_comment(&bytes, is_little).as_deref(), expected, "{code:?}");
        }
    }

    /// What a directory of a place says, with these numbers as fractions.
    fn placed(texts: &[(u16, &[u8])], fractions: &[(u16, &[(u32, u32)])]) -> Metadata {
        let fractions: Vec<(u16, Vec<u8>)> = fractions
            .iter()
            .map(|(tag, parts)| {
                let bytes = parts.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()]);
                (*tag, bytes.flatten().collect())
            })
            .collect();
        let mut values: Vec<made::Value<'_>> =
            texts.iter().map(|(tag, text)| (*tag, 2, *text)).collect();
        values.extend(fractions.iter().map(|(tag, bytes)| (*tag, 5, bytes.as_slice())));
        let file = made::tiff(&[&values]);
        let ifds = Ifds::open(&file).unwrap();
        let mut metadata = Metadata::default();
        read_place(&ifds.first().unwrap(), &mut metadata);
        metadata
    }

    #[test]
    fn a_place_has_a_direction_a_speed_and_a_time() {
        let whole = placed(
            &[(12, b"N\0"), (16, b"T\0"), (29, b"2026:07:03\0")],
            &[
                (7, &[(0, 1), (30, 1), (599, 10)]),
                (13, &[(10, 1)]),
                (17, &[(2475, 10)]),
                (31, &[(47, 10)]),
            ],
        );
        assert_eq!(whole.number(metadata::GPS_SPEED), Some(18.52));
        assert_eq!(whole.number(metadata::GPS_DIRECTION), Some(247.5));
        assert_eq!(whole.text(metadata::GPS_NORTH), Some("true"));
        assert_eq!(whole.number(metadata::GPS_ERROR), Some(4.7));
        assert_eq!(whole.text(metadata::GPS_TIME), Some("2026-07-03T00:30:59Z"));
        for (mark, speed) in [(b"K\0", Some(10.0)), (b"M\0", Some(16.09)), (b"x\0", None)] {
            let said = placed(&[(12, mark.as_slice())], &[(13, &[(10, 1)])]);
            assert_eq!(said.number(metadata::GPS_SPEED), speed, "{mark:?}");
        }
    }

    #[test]
    fn a_place_says_nothing_that_cannot_be() {
        let odd = placed(
            &[(29, b"0000:00:00\0")],
            &[(7, &[(0, 1), (0, 1), (0, 1)]), (17, &[(400, 1)]), (31, &[(0, 1)])],
        );
        assert!(odd.is_empty(), "{odd:?}");
        for (day, time) in [
            (b"2026:07:03\0", [(25, 1), (0, 1), (0, 1)]),
            (b"2026:07:03\0", [(1, 0), (0, 1), (0, 1)]),
            (b"2026:07:03\0", [(u32::MAX, 1), (0, 1), (0, 1)]),
        ] {
            assert!(placed(&[(29, day.as_slice())], &[(7, &time)]).is_empty(), "{time:?}");
        }
        // A time alone may be that of any day.
        assert!(placed(&[], &[(7, &[(1, 1), (0, 1), (0, 1)])]).is_empty());
    }

    #[test]
    fn hours_are_an_offset() {
        assert_eq!(of_hours(9.0).as_deref(), Some("+09:00"));
        assert_eq!(of_hours(-5.0).as_deref(), Some("-05:00"));
        assert_eq!(of_hours(99.0), None);
    }
}
