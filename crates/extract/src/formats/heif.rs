//! Pictures in boxes (ISO 23008-12): HEIC of telephones, AVIF. What they say of themselves is read; nothing here decodes
//! their pixels.

use std::collections::HashMap;

use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::jumbf;
use super::mp4_boxes::{boxes, each};
use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "heif",
    version: 1,
    media_types: &["image/heic", "image/heif", "image/avif"],
    sniff: |probe| if media_type(probe).is_some() { Match::Magic } else { Match::No },
    media_type: |probe| media_type(probe).unwrap_or("image/heif"),
    extract,
};

/// Brands of still pictures and of sequences (ISO 23008-12, annex B; AV1 Image File Format, section 6).
const BRANDS: &[([u8; 4], &str)] = &[
    (*b"heic", "image/heic"),
    (*b"heix", "image/heic"),
    (*b"heim", "image/heic"),
    (*b"heis", "image/heic"),
    (*b"mif1", "image/heif"),
    (*b"mif2", "image/heif"),
    (*b"msf1", "image/heif"),
    (*b"avif", "image/avif"),
    (*b"avis", "image/avif"),
];

/// Boxes on the top that are walked, bytes of the description, items and properties of it.
const TOP_MOST: usize = 10_000;
const META_MOST: u64 = 8 << 20;
const ITEMS_MOST: u64 = 20_000;

/// The box of C2PA's manifests (C2PA Technical Specification, annex A.4).
const C2PA: [u8; 16] = 0xD8FE_C3D6_1B0E_483C_9297_5828_877E_C481_u128.to_be_bytes();

fn media_type(probe: &Probe<'_>) -> Option<&'static str> {
    let brand = probe.head.get(8..12).filter(|_| probe.has_at(4, b"ftyp"))?;
    BRANDS.iter().find(|(known, _)| brand == known).map(|(_, media_type)| *media_type)
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    let mut meta = Vec::new();
    each(blob, 0, blob.len(), TOP_MOST, &mut |kind, from, to| match &kind {
        b"meta" if meta.is_empty() => {
            meta = read_range(blob, from, (to - from).min(META_MOST)).unwrap_or_default();
        }
        b"uuid" => {
            let head = read_range(blob, from, (to - from).min(4096)).unwrap_or_default();
            header.c2pa |= is_c2pa(&head);
        }
        _ => {}
    });
    let description = Description::of(&meta);
    description.tell(blob, &mut header);
    if header.width == 0 && meta.is_empty() {
        return Err(ExtractError::corrupt(ReasonKind::EndsEarly.of(Noun::BeforePixels)));
    }
    let stored = description.jpeg();
    picture::undecoded(context, header, |most| description.item(blob, stored?, most))
}

/// Whether a box of a maker's own holds C2PA's manifests: its purpose stands before them.
fn is_c2pa(body: &[u8]) -> bool {
    let Some(rest) = body.strip_prefix(&C2PA) else { return false };
    // Version and flags, the purpose up to its NUL, a place.
    let rest = rest.get(4..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    rest.starts_with(b"manifest") && jumbf::is_c2pa(rest.get(end + 9..).unwrap_or_default())
}

/// Numbers of any width, high byte first, one behind the other.
struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    fn next(&mut self, width: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Version and flags of a full box.
    fn version(&mut self) -> Option<(u64, u64)> {
        Some((self.next(1)?, self.next(3)?))
    }
}

/// Where an item lies: in the file, or among the data of the description.
#[derive(Default)]
struct Place {
    in_description: bool,
    extents: Vec<(u64, u64)>,
}

/// What the box `meta` says.
#[derive(Default)]
struct Description<'a> {
    primary: u64,
    /// Kind of each item, and the media type of one of kind `mime`.
    items: HashMap<u64, ([u8; 4], &'a [u8])>,
    places: HashMap<u64, Place>,
    properties: Vec<([u8; 4], &'a [u8])>,
    /// Which properties an item has, from 1.
    has: HashMap<u64, Vec<usize>>,
    /// Whether a small picture of the primary one is among the items.
    has_thumbnail: bool,
    data: &'a [u8],
}

impl<'a> Description<'a> {
    fn of(meta: &'a [u8]) -> Description<'a> {
        let mut description = Description::default();
        for (kind, body) in boxes(meta.get(4..).unwrap_or_default()) {
            // What is cut gives what there is of it.
            let _ = match &kind {
                b"pitm" => description.primary_item(body),
                b"iinf" => description.item_kinds(body),
                b"iloc" => description.item_places(body),
                b"iprp" => description.item_properties(body),
                b"iref" => description.references(body),
                b"idat" => {
                    description.data = body;
                    None
                }
                _ => None,
            };
        }
        description
    }

    fn primary_item(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        self.primary = numbers.next(if version == 0 { 2 } else { 4 })?;
        Some(())
    }

    fn item_kinds(&mut self, body: &'a [u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        numbers.next(if version == 0 { 2 } else { 4 })?;
        for (kind, body) in boxes(numbers.0) {
            let mut numbers = Numbers(body);
            let (version, _) = numbers.version()?;
            if kind != *b"infe" || version < 2 || self.items.len() as u64 >= ITEMS_MOST {
                continue;
            }
            let id = numbers.next(if version == 2 { 2 } else { 4 })?;
            numbers.next(2)?;
            let (kind, rest) = numbers.0.split_first_chunk::<4>()?;
            // A name, then the media type.
            let media_type = rest.split(|byte| *byte == 0).nth(1).unwrap_or_default();
            self.items.insert(id, (*kind, media_type));
        }
        Some(())
    }

    fn item_places(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        let (version, _) = numbers.version()?;
        let widths = numbers.next(2)?;
        let width = |shift: u32| usize::try_from(widths >> shift & 0xF).unwrap_or(0);
        let (offset, length, base) = (width(12), width(8), width(4));
        let index = if version == 0 { 0 } else { width(0) };
        let count = numbers.next(if version < 2 { 2 } else { 4 })?;
        let mut extents = 0;
        for _ in 0..count.min(ITEMS_MOST) {
            let id = numbers.next(if version < 2 { 2 } else { 4 })?;
            let method = if version == 0 { 0 } else { numbers.next(2)? & 0xF };
            numbers.next(2)?;
            let base = numbers.next(base)?;
            let mut place = Place { in_description: method == 1, extents: Vec::new() };
            for _ in 0..numbers.next(2)? {
                // Widths of nothing would let a few bytes promise millions.
                extents += 1;
                (extents <= ITEMS_MOST).then_some(())?;
                numbers.next(index)?;
                let at = base.saturating_add(numbers.next(offset)?);
                place.extents.push((at, numbers.next(length)?));
            }
            // What is made of other items has no bytes of its own.
            if method < 2 {
                self.places.insert(id, place);
            }
        }
        Some(())
    }

    fn item_properties(&mut self, body: &'a [u8]) -> Option<()> {
        for (kind, body) in boxes(body) {
            match &kind {
                b"ipco" => self.properties = boxes(body).collect(),
                b"ipma" => {
                    let mut numbers = Numbers(body);
                    let (version, flags) = numbers.version()?;
                    let wide = flags & 1 == 1;
                    for _ in 0..numbers.next(4)?.min(ITEMS_MOST) {
                        let id = numbers.next(if version < 1 { 2 } else { 4 })?;
                        let has = self.has.entry(id).or_default();
                        for _ in 0..numbers.next(1)? {
                            // The highest bit says that the property must be understood.
                            let number = numbers.next(if wide { 2 } else { 1 })?;
                            let number = number & if wide { 0x7FFF } else { 0x7F };
                            has.extend(usize::try_from(number).ok());
                        }
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn references(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers(body);
        numbers.version()?;
        self.has_thumbnail = boxes(numbers.0).any(|(kind, _)| kind == *b"thmb");
        Some(())
    }

    /// The properties of an item.
    fn properties(&self, id: u64) -> impl Iterator<Item = ([u8; 4], &'a [u8])> {
        let has = self.has.get(&id).map(Vec::as_slice).unwrap_or_default();
        has.iter().filter_map(|number| self.properties.get(number.checked_sub(1)?)).copied()
    }

    /// The bytes of an item, at most so many.
    fn item(&self, blob: &dyn Blob, id: u64, most: u64) -> Option<Vec<u8>> {
        let place = self.places.get(&id)?;
        let mut bytes = Vec::new();
        for (at, length) in &place.extents {
            // No length means up to the end.
            let length = if *length == 0 { u64::MAX } else { *length };
            let length = length.min(most.saturating_sub(bytes.len() as u64));
            let piece = match place.in_description {
                true => read_range(&self.data, *at, length),
                false => read_range(blob, *at, length),
            };
            bytes.extend(piece.ok()?);
            if bytes.len() as u64 >= most {
                break;
            }
        }
        Some(bytes)
    }

    /// An item of this kind, the first by its number.
    fn first(&self, is: impl Fn(&[u8; 4], &[u8]) -> bool) -> Option<u64> {
        let those = self.items.iter().filter(|(_, (kind, media_type))| is(kind, media_type));
        those.map(|(id, _)| *id).min()
    }

    /// A smaller picture in JPEG, which some telephones put beside the large one.
    fn jpeg(&self) -> Option<u64> {
        self.first(|kind, _| kind == b"jpeg")
    }

    fn tell(&self, blob: &dyn Blob, header: &mut Header) {
        let mut position = Position::default();
        for (kind, body) in self.properties(self.primary) {
            // What is cut is none.
            let _ = position.property(&kind, body, header);
        }
        let has = |wanted: &[u8; 4]| self.properties.iter().any(|(kind, _)| kind == wanted);
        header.compression = match (has(b"hvcC"), has(b"av1C")) {
            (true, _) => Some("HEVC"),
            (_, true) => Some("AV1"),
            _ => None,
        };
        if let Some(orientation) = orientation(position.turn, position.mirror) {
            header.said.at("irot").set(metadata::ORIENTATION, orientation);
        }
        if self.has_thumbnail {
            header.said.at("thmb").set(metadata::THUMBNAIL, true);
        }
        let exif = self.first(|kind, _| kind == b"Exif");
        // How many bytes stand before the structure, then these.
        header.exif = exif.and_then(|id| self.item(blob, id, BLOCK_MOST)).and_then(|item| {
            let (before, rest) = item.split_first_chunk()?;
            let before = usize::try_from(u32::from_be_bytes(*before)).ok()?;
            rest.get(before..).map(<[u8]>::to_vec)
        });
        let xmp = self.first(|kind, media_type| {
            kind == b"mime" && media_type.starts_with(b"application/rdf+xml")
        });
        header.xmp = xmp.and_then(|id| self.item(blob, id, BLOCK_MOST));
    }
}

/// How the picture is turned, as its properties say.
#[derive(Default)]
struct Position {
    turn: u64,
    mirror: Option<u64>,
}

impl Position {
    /// Takes one property of the picture.
    fn property(&mut self, kind: &[u8; 4], body: &[u8], header: &mut Header) -> Option<()> {
        let mut numbers = Numbers(body);
        match kind {
            b"ispe" if header.width == 0 => {
                numbers.version()?;
                header.width = u32::try_from(numbers.next(4)?).ok()?;
                header.height = u32::try_from(numbers.next(4)?).ok()?;
            }
            b"pixi" => {
                numbers.version()?;
                header.channels = u32::try_from(numbers.next(1)?).ok();
                header.bit_depth = u32::try_from(numbers.next(1)?).ok();
            }
            b"irot" => self.turn = numbers.next(1)? & 3,
            b"imir" => self.mirror = Some(numbers.next(1)? & 1),
            b"colr" => {
                let profile = body.strip_prefix(b"prof").or(body.strip_prefix(b"rICC"))?;
                header.icc = profile.get(..BLOCK_MOST as usize).unwrap_or(profile).to_vec();
            }
            _ => {}
        }
        Some(())
    }
}

/// Quarter turns to the left, then a mirror (0 turns it upside down, 1 from left to right), as EXIF says it; none where the
/// picture stays as it is.
fn orientation(turn: u64, mirror: Option<u64>) -> Option<u32> {
    match (turn, mirror) {
        (0, Some(0)) | (2, Some(1)) => Some(4),
        (0, Some(_)) | (2, Some(_)) => Some(2),
        (1, None) => Some(8),
        (2, None) => Some(3),
        (3, None) => Some(6),
        (1, Some(0)) | (3, Some(1)) => Some(5),
        (1 | 3, Some(_)) => Some(7),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), kind, body].concat()
    }

    fn item(id: u8, kind: &[u8], rest: &[u8]) -> Vec<u8> {
        boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, rest].concat())
    }

    /// A picture with EXIF in the description's own data, and XMP in the file.
    fn photo() -> Vec<u8> {
        let kinds = [item(1, b"hvc1", b"\0"), item(2, b"Exif", b"\0")].concat();
        let packet = item(3, b"mime", b"\0application/rdf+xml\0");
        let kinds = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 3], kinds.as_slice(), &packet].concat());
        let exif = super::super::ifd::made::tiff(&[&[(0x0110, 2, b"M-1 of a telephone\0")]]);
        let exif = [&[0, 0, 0, 6], b"Exif\0\0".as_slice(), &exif].concat();
        let xmp = b"<rdf:Description dc:title='Levee'/>";
        let head = boxed(b"ftyp", b"heic\0\0\0\0mif1");
        let media = boxed(b"mdat", xmp);
        let places = [
            &[1, 0, 0, 0, 0x44, 0, 0, 2],
            [0, 2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0].as_slice(),
            &(exif.len() as u32).to_be_bytes(),
            &[0, 3, 0, 0, 0, 0, 0, 1],
            &(head.len() as u32 + 8).to_be_bytes(),
            &(xmp.len() as u32).to_be_bytes(),
        ]
        .concat();
        let size = [0, 0, 0, 0, 0, 0, 0x0F, 0xC0, 0, 0, 0x0B, 0xD0];
        let has = [
            boxed(b"ispe", &size),
            boxed(b"irot", &[3]),
            boxed(b"pixi", &[0, 0, 0, 0, 3, 8, 8, 8]),
            boxed(b"hvcC", &[0; 20]),
        ];
        let has = boxed(b"ipco", &has.concat());
        let whose = boxed(b"ipma", &[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 4, 1, 0x82, 3, 4]);
        let meta = [
            vec![0; 4],
            boxed(b"pitm", &[0, 0, 0, 0, 0, 1]),
            kinds,
            boxed(b"iloc", &places),
            boxed(b"iprp", &[has, whose].concat()),
            boxed(b"idat", &exif),
        ];
        [head, media, boxed(b"meta", &meta.concat())].concat()
    }

    fn header(file: &[u8]) -> Header {
        let (mut header, mut meta) = (Header::default(), Vec::new());
        each(&file, 0, file.len() as u64, TOP_MOST, &mut |kind, from, to| {
            if kind == *b"meta" {
                meta = file[from as usize..to as usize].to_vec();
            }
        });
        Description::of(&meta).tell(&file, &mut header);
        header
    }

    #[test]
    fn reads_what_a_telephone_writes() {
        let header = header(&photo());
        assert_eq!((header.width, header.height), (4032, 3024));
        assert_eq!((header.bit_depth, header.channels), (Some(8), Some(3)));
        assert_eq!(header.said.integer(metadata::ORIENTATION), Some(6));
        assert_eq!(header.compression, Some("HEVC"));
        assert!(header.exif.unwrap().starts_with(b"II*\0"));
        assert_eq!(header.xmp.unwrap(), b"<rdf:Description dc:title='Levee'/>");
    }

    #[test]
    fn hostile_boxes_end() {
        let whole = photo();
        for cut in 0..whole.len() {
            header(&whole[..cut]);
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7F, 0xFF] {
                let mut broken = whole.clone();
                broken[at] = byte;
                header(&broken);
            }
        }
    }

    #[test]
    fn knows_manifests_in_a_box() {
        let store = b"\0\0\0\x30jumb\0\0\0\x1Ejumdc2pa\0\x11\0\x10";
        let body = [&C2PA, [0; 4].as_slice(), b"manifest\0", &[0; 8], store].concat();
        assert!(is_c2pa(&body));
        assert!(!is_c2pa(&body[..30]) && !is_c2pa(store));
    }
}
