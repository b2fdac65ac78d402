//! Pictures in boxes (ISO 23008-12): HEIC of telephones, AVIF.

use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::heif_items::{Description, Numbers};
use super::iso_boxes::{self, each};
use super::picture::{self, BLOCK_MOST, Header};
use super::{heif_pixels, jumbf, preview};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "heif",
    version: 7,
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

/// Boxes on the top that are walked, and bytes of the description.
const TOP_MOST: usize = 10_000;
const META_MOST: u64 = 8 << 20;

/// The box of C2PA's manifests (C2PA Technical Specification, annex A.4).
const C2PA: [u8; 16] = 0xD8FE_C3D6_1B0E_483C_9297_5828_877E_C481_u128.to_be_bytes();

fn media_type(probe: &Probe<'_>) -> Option<&'static str> {
    let brand = probe.head.get(8..12).filter(|_| probe.has_at(4, b"ftyp"))?;
    BRANDS.iter().find(|(known, _)| brand == known).map(|(_, media_type)| *media_type)
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header { is_cut: iso_boxes::reach_beyond(blob), ..Header::default() };
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
    tell(&description, blob, &mut header);
    if header.width == 0 && meta.is_empty() {
        return Err(ExtractError::corrupt(ReasonKind::EndsEarly.of(Noun::BeforePixels)));
    }
    let decode = |least| heif_pixels::decode(&description, blob, context, least);
    let mut content = picture::decoded(context, header, &decode)?;
    if content.previews.is_empty() && !content.likeness {
        let stored = jpeg(&description);
        preview::likeness(&mut content, context, |most| description.item(blob, stored?, most));
    }
    Ok(content)
}

/// Whether a box of a maker's own holds C2PA's manifests: its purpose stands before them.
fn is_c2pa(body: &[u8]) -> bool {
    let Some(rest) = body.strip_prefix(&C2PA) else { return false };
    // Version and flags, the purpose up to its NUL, a place.
    let rest = rest.get(4..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    rest.starts_with(b"manifest") && jumbf::is_c2pa(rest.get(end + 9..).unwrap_or_default())
}

/// A smaller picture in JPEG, which some telephones put beside the large one.
fn jpeg(description: &Description<'_>) -> Option<u64> {
    description.first(|kind, _| kind == b"jpeg").filter(|id| *id != description.primary)
}

/// What the items and properties say of the primary picture.
fn tell(description: &Description<'_>, blob: &dyn Blob, header: &mut Header) {
    for (kind, body) in description.properties(description.primary) {
        // What is cut is none.
        let _ = property(&kind, body, header);
    }
    let has = |wanted: &[u8; 4]| description.properties.iter().any(|(kind, _)| kind == wanted);
    header.compression = match (has(b"hvcC"), has(b"av1C")) {
        (true, _) => Some("HEVC"),
        (_, true) => Some("AV1"),
        _ => None,
    };
    if let Some(orientation) = description.orientation(description.primary) {
        header.said.at("irot").set(metadata::ORIENTATION, orientation);
    }
    if description.has_reference(b"thmb") {
        header.said.at("thmb").set(metadata::THUMBNAIL, true);
    }
    let exif = description.first(|kind, _| kind == b"Exif");
    // How many bytes stand before the structure, then these.
    header.exif = exif.and_then(|id| description.item(blob, id, BLOCK_MOST)).and_then(|item| {
        let (before, rest) = item.split_first_chunk()?;
        let before = usize::try_from(u32::from_be_bytes(*before)).ok()?;
        rest.get(before..).map(<[u8]>::to_vec)
    });
    let xmp = description.first(|kind, media_type| {
        kind == b"mime" && media_type.starts_with(b"application/rdf+xml")
    });
    header.xmp = xmp.and_then(|id| description.item(blob, id, BLOCK_MOST));
}

/// Takes one property of the picture.
fn property(kind: &[u8; 4], body: &[u8], header: &mut Header) -> Option<()> {
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
        b"colr" => {
            let profile = body.strip_prefix(b"prof").or(body.strip_prefix(b"rICC"))?;
            header.icc = profile.get(..BLOCK_MOST as usize).unwrap_or(profile).to_vec();
        }
        _ => {}
    }
    Some(())
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
        tell(&Description::of(&meta), &file, &mut header);
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
