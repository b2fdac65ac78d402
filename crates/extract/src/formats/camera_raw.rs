//! Raw pictures of cameras: what the camera wrote beside what its sensor saw, and the JPEG file that it stores to show it.
//! The sensor's values are not developed: what is shown and read is that JPEG file, as any other picture is.
//!
//! All but two makers stand on TIFF: DNG (Adobe), CR2 (Canon), NEF and NRW (Nikon), ARW (Sony), PEF (Pentax), ORF (Olympus),
//! RW2 (Panasonic), SRW (Samsung). Fujifilm's RAF has a JPEG file in front, Canon's CR3 is made of boxes.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};
use madang_document::content::Content;
use madang_document::metadata::{self, Metadata};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::ifd::{Ifd, Ifds};
use super::iso_boxes::{BOXES_MOST, each};
use super::picture::{self, BLOCK_MOST, Decoded, Header, Turn};
use super::preview::{self, DecodeError};
use super::{jpeg, picture_exif, tiff, tiff_tag as tag};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "camera_raw",
    version: 4,
    media_types: &[
        "image/x-adobe-dng",
        "image/x-canon-cr2",
        "image/x-canon-cr3",
        "image/x-nikon-nef",
        "image/x-nikon-nrw",
        "image/x-sony-arw",
        "image/x-pentax-pef",
        "image/x-olympus-orf",
        "image/x-panasonic-rw2",
        "image/x-samsung-srw",
        "image/x-fuji-raf",
    ],
    sniff: |probe| if kind(probe).is_some() { Match::Magic } else { Match::No },
    media_type: |probe| kind(probe).unwrap_or("image/x-adobe-dng"),
    extract,
};

/// Bytes at the start that only one maker writes.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (8, b"CR\x02\0", "image/x-canon-cr2"),
    (4, b"ftypcrx ", "image/x-canon-cr3"),
    (0, b"IIRO", "image/x-olympus-orf"),
    (0, b"IIRS", "image/x-olympus-orf"),
    (0, b"MMOR", "image/x-olympus-orf"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, FUJIFILM, "image/x-fuji-raf"),
];

/// Names of those that are TIFF to the last byte.
const NAMED: &[(&str, &str)] = &[
    ("dng", "image/x-adobe-dng"),
    ("nef", "image/x-nikon-nef"),
    ("nrw", "image/x-nikon-nrw"),
    ("arw", "image/x-sony-arw"),
    ("pef", "image/x-pentax-pef"),
    ("srw", "image/x-samsung-srw"),
];

const FUJIFILM: &[u8] = b"FUJIFILMCCD-RAW ";

/// Which version of DNG it is.
const DNG_VERSION: u16 = 50706;

/// Panasonic's own tags: edges of the sensor, its JPEG file.
const PANASONIC_EDGES: [u16; 4] = [4, 5, 6, 7];
const PANASONIC_JPEG: u16 = 46;

/// JPEG files of one picture that are decoded until one shows something, and bytes of one.
const STORED_MOST: usize = 4;
const SHOWN_MOST: u64 = 64 << 20;

/// Directories that are looked at.
const DIRECTORIES_MOST: usize = 20;

/// Canon's boxes: what the camera says, and its picture to show.
const CANON: [u8; 16] = 0x85C0_B687_820F_11E0_8111_F4CE_462B_6A48_u128.to_be_bytes();
const CANON_SHOWN: [u8; 16] = 0xEAF4_2B5E_1C98_4B88_B9FB_B7DC_406E_4D16_u128.to_be_bytes();

fn kind(probe: &Probe<'_>) -> Option<&'static str> {
    if let Some((.., kind)) = MAGIC.iter().find(|(at, magic, _)| probe.has_at(*at, magic)) {
        return Some(*kind);
    }
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|magic| probe.starts_with(*magic))
        .then_some(())?;
    let head = &probe.head;
    let is_dng = || Ifds::open(head).and_then(|ifds| Some(ifds.first()?.has(DNG_VERSION)));
    let named = NAMED.iter().find(|(extension, _)| probe.extension == *extension);
    let named = named.map(|(_, kind)| *kind);
    named.or_else(|| is_dng().unwrap_or(false).then_some("image/x-adobe-dng"))
}

/// Where a JPEG file lies, and how many bytes it has.
type Place = (u64, u64);

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    let head = read_range(blob, 0, 128)?;
    let shown: Vec<Place> = if head.starts_with(FUJIFILM) {
        fujifilm(blob, &head, &mut header).into_iter().collect()
    } else if head.get(4..8) == Some(b"ftyp") {
        canon(blob, &mut header).into_iter().collect()
    } else {
        directories(blob, &mut header)
    };
    if shown.is_empty() {
        return picture::undecoded(context, header, ReasonKind::Missing.of(Noun::Preview));
    }
    header.said.at("preview").set(metadata::THUMBNAIL, true);
    picture::stood_for(context, header, &|least| decode(blob, &shown, least, context))
}

/// Decodes one of the JPEG files that a camera stored, the largest first: the smallest that is large enough, if so much is
/// enough. One that is damaged leaves the others.
fn decode(
    blob: &dyn Blob,
    shown: &[Place],
    least: Option<u32>,
    context: &Context<'_>,
) -> Result<Decoded, DecodeError> {
    let is_enough = |place: &&Place| {
        let header = jpeg_header(blob, **place);
        least.is_some_and(|least| header.width.max(header.height) >= least)
    };
    let enough = shown.iter().rev().find(is_enough);
    let others = shown.iter().filter(|place| Some(*place) != enough);
    let mut failed = DecodeError::Unfit(ReasonKind::Missing.of(Noun::Preview));
    for (at, length) in enough.into_iter().chain(others) {
        let Ok(bytes) = read_range(blob, *at, (*length).min(SHOWN_MOST)) else { continue };
        match preview::decode(
            ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg),
            context,
        ) {
            Ok(picture) => return Ok(Decoded { picture, turn: Turn::AsTold, damage: None }),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Those on TIFF. The picture is the directory that shows all of it at full size; the first may be a small one.
fn directories(blob: &dyn Blob, header: &mut Header) -> Vec<Place> {
    let Some(ifds) = Ifds::open(blob) else { return Vec::new() };
    let mut all: Vec<Ifd<'_>> = Vec::new();
    for ifd in ifds.chain().0.into_iter().take(DIRECTORIES_MOST).filter_map(|at| ifds.directory(at))
    {
        all.extend(ifd.children(tag::FURTHER, DIRECTORIES_MOST));
        all.push(ifd);
    }
    let Some(first) = ifds.first() else { return Vec::new() };
    let size = |ifd: &Ifd<'_>| {
        let side = |tag| ifd.integer(tag).unwrap_or(0);
        side(tag::WIDTH).saturating_mul(side(tag::HEIGHT))
    };
    let full =
        all.iter().filter(|ifd| ifd.integer(tag::SUBFILE) == Some(0)).max_by_key(|ifd| size(ifd));
    tiff::read_header(full.filter(|ifd| size(ifd) > 0).unwrap_or(&first), header);
    tiff::read_blocks(&first, header);
    if header.width == 0
        && let [Some(top), Some(left), Some(bottom), Some(right)] =
            PANASONIC_EDGES.map(|tag| first.small(tag))
    {
        (header.width, header.height) = (right.saturating_sub(left), bottom.saturating_sub(top));
    }
    let mut places: Vec<Place> = all.iter().filter_map(|ifd| jpeg_of(blob, ifd)).collect();
    places.extend(first.place(PANASONIC_JPEG).filter(|place| is_shown(blob, *place)));
    places.sort_unstable_by_key(|(at, length)| (std::cmp::Reverse(*length), *at));
    places.dedup();
    places.truncate(STORED_MOST);
    if header.width == 0
        && let Some(place) = places.first()
    {
        // A camera that tells the size nowhere else.
        let own = jpeg_header(blob, *place);
        (header.width, header.height) = (own.width, own.height);
    }
    header.odd = picture_exif::read_fields(&first, &mut header.said);
    places
}

/// The JPEG file that a directory leads to.
fn jpeg_of(blob: &dyn Blob, ifd: &Ifd<'_>) -> Option<Place> {
    let of = |at: u16, length: u16| {
        let place = (ifd.integer(at)?, ifd.integer(length)?);
        is_shown(blob, place).then_some(place)
    };
    let in_one_strip = || {
        // A single strip that is packed as JPEG is a file of it.
        matches!(ifd.integer(tag::COMPRESSION), Some(6 | 7)).then_some(())?;
        (ifd.numbers(tag::STRIPS).len() == 1).then_some(())?;
        of(tag::STRIPS, tag::STRIP_LENGTHS)
    };
    of(tag::JPEG_AT, tag::JPEG_LENGTH).or_else(in_one_strip)
}

/// Whether a JPEG file lies there that a decoder can show: a sensor's values are packed without loss, in JPEG's name, too.
fn is_shown(blob: &dyn Blob, place: Place) -> bool {
    let header = jpeg_header(blob, place);
    header.width > 0 && header.compression != Some("lossless")
}

fn jpeg_header(blob: &dyn Blob, (at, length): Place) -> Header {
    let mut header = Header::default();
    let start = read_range(blob, at, 2).unwrap_or_default();
    if start == [0xFF, 0xD8] && at.saturating_add(length) <= blob.len() {
        let head = read_range(blob, at, length.min(BLOCK_MOST)).unwrap_or_default();
        jpeg::read_header(&head, &mut header);
    }
    header
}

/// Fujifilm's: a head that says where the JPEG file lies, which has all that the camera says.
fn fujifilm(blob: &dyn Blob, head: &[u8], header: &mut Header) -> Option<Place> {
    let number = |at: usize| {
        let bytes = head.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_be_bytes(*bytes)))
    };
    let place = (number(84)?, number(88)?);
    *header = jpeg_header(blob, place);
    // Of the JPEG file, and not of the sensor.
    header.compression = None;
    // Records with the size of the sensor: tag, length, height and width.
    let records = read_range(blob, number(92)?, number(96)?.min(BLOCK_MOST)).unwrap_or_default();
    let mut rest = records.get(4..).unwrap_or_default();
    while let &[t1, t2, l1, l2, ref after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([l1, l2]));
        if let (0x0121, Some(&[h1, h2, w1, w2])) =
            (u16::from_be_bytes([t1, t2]), after.get(..length))
        {
            header.height = u16::from_be_bytes([h1, h2]).into();
            header.width = u16::from_be_bytes([w1, w2]).into();
        }
        rest = after.get(length..).unwrap_or_default();
    }
    (header.width > 0 && is_shown(blob, place)).then_some(place)
}

/// Canon's boxes: each part of EXIF is a structure of its own.
fn canon(blob: &dyn Blob, header: &mut Header) -> Option<Place> {
    let mut shown = None;
    each(blob, 0, blob.len(), BOXES_MOST, &mut |kind, from, to| match &kind {
        b"moov" => each(blob, from, to, BOXES_MOST, &mut |kind, from, to| match &kind {
            b"uuid" if read_range(blob, from, 16).is_ok_and(|id| id == CANON) => {
                each(blob, from + 16, to, BOXES_MOST, &mut |kind, from, to| {
                    let bytes =
                        || read_range(blob, from, (to - from).min(BLOCK_MOST)).unwrap_or_default();
                    match &kind {
                        b"CMT1" => canon_part(&bytes(), false, header),
                        b"CMT2" | b"CMT4" => canon_part(&bytes(), kind == *b"CMT4", header),
                        _ => {}
                    }
                });
            }
            _ => {}
        }),
        b"uuid" => {
            let head = read_range(blob, from, (to - from).min(256)).unwrap_or_default();
            if head.starts_with(&CANON_SHOWN)
                && let Some(at) = head.windows(2).position(|window| window == [0xFF, 0xD8])
            {
                let at = from + at as u64;
                shown = Some((at, to - at)).filter(|place| is_shown(blob, *place));
            }
        }
        _ => {}
    });
    shown
}

fn canon_part(bytes: &[u8], is_gps: bool, header: &mut Header) {
    let Some(ifds) = Ifds::open(&bytes) else { return };
    let Some(ifd) = ifds.first() else { return };
    let mut said = Metadata::default();
    match is_gps {
        true => picture_exif::read_place(&ifd, &mut said),
        false => {
            // Its own size is that of the picture.
            if header.width == 0 {
                (header.width, header.height) = tag::sides(&ifd);
            }
            let note = picture_exif::read_fields(&ifd, &mut said);
            header.odd = header.odd.take().or(note);
        }
    }
    header.said.trust(said);
}
