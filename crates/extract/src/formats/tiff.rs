//! TIFF 6.0 and BigTIFF, with the place on earth of a GeoTIFF.

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::ifd::{Ifd, Ifds};
use super::picture::{self, BLOCK_MOST, Header};
use super::{geotiff, picture_exif, tiff_pages, tiff_tag as tag};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::seen_text::Seen;

pub(super) const FORMAT: Format = Format {
    name: "tiff",
    version: 11,
    media_types: &["image/tiff"],
    sniff: |probe| {
        let magic = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|m| probe.starts_with(*m));
        if magic { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/tiff",
    extract,
};

/// How pixels are packed (TIFF 6.0; libtiff's list).
const COMPRESSIONS: &[(u64, &str)] = &[
    (1, "none"),
    (2, "CCITT 1D"),
    (3, "CCITT Group 3"),
    (4, "CCITT Group 4"),
    (5, "LZW"),
    (6, "JPEG (old)"),
    (7, "JPEG"),
    (8, "deflate"),
    (9, "JBIG"),
    (32773, "PackBits"),
    (32946, "deflate"),
    (33003, "JPEG 2000"),
    (34661, "JBIG"),
    (34712, "JPEG 2000"),
    (34887, "LERC"),
    (34925, "LZMA"),
    (50000, "zstd"),
    (50001, "WebP"),
    (50002, "JPEG XL"),
];

/// Pages whose pixels are looked for.
const CHECKED_MOST: usize = 1_000;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let unreadable = || ExtractError::corrupt(ReasonKind::Unreadable.of(Noun::Size));
    let ifds = Ifds::open(blob).ok_or_else(unreadable)?;
    let first = ifds.first().ok_or_else(unreadable)?;
    if let Some(number) = context.page_picture.filter(|number| *number > 1) {
        return Ok(tiff_pages::picture(blob, &ifds, number, context));
    }
    let mut header = Header::default();
    read_header(&first, &mut header);
    header.odd = picture_exif::read_fields(&first, &mut header.said);
    header.said.at("TIFF").set_some("tiff.document_name", first.text(tag::DOCUMENT_NAME));
    geotiff::read(&first, (header.width, header.height), &mut header.said);
    let (pages, is_whole) = ifds.chain();
    header.frames = u32::try_from(pages.len()).ok();
    let page_names = pages.iter().take(CHECKED_MOST).filter_map(|at| ifds.directory(*at));
    let page_names: Vec<String> = page_names
        .filter_map(|ifd| ifd.text(tag::PAGE_NAME))
        .filter(|name| !name.is_empty())
        .collect();
    header.said.at("TIFF").set("tiff.page_names", page_names);
    header.is_cut = is_cut(blob, &ifds, &pages);
    if !is_whole && !header.is_cut {
        let circle = ReasonKind::Circle.of(Noun::Pages);
        header.odd.get_or_insert(circle);
    }
    let mut seen = Seen::default();
    let at = pages.first().copied().unwrap_or_default();
    let decode = |_: Option<u32>| tiff_pages::decode(blob, &ifds, &first, at, context);
    tiff_pages::begin(pages.len(), context);
    let mut content = picture::first_decoded(context, header, &decode, &mut seen)?;
    tiff_pages::read(blob, &ifds, &pages, context, &mut seen, &mut content);
    seen.tell(&mut content);
    Ok(content)
}

/// Whether the file ends before the next directory, or within one, its values or its pixels.
fn is_cut(blob: &dyn Blob, ifds: &Ifds<'_>, pages: &[u64]) -> bool {
    let mut pages = pages.iter().take(CHECKED_MOST).filter_map(|at| ifds.directory(*at));
    pages.any(|ifd| {
        // The lengths of the first manner of JPEG in TIFF are seldom right.
        let is_told = ifd.integer(tag::COMPRESSION) != Some(tag::OLD_JPEG);
        ifd.is_cut
            || ifd.next >= blob.len()
            || is_told && ifd.reaches_beyond(tag::STRIPS, tag::STRIP_LENGTHS)
            || is_told && ifd.reaches_beyond(tag::TILES, tag::TILE_LENGTHS)
    })
}

/// What a directory says of the picture that it describes.
pub(super) fn read_header(ifd: &Ifd<'_>, header: &mut Header) {
    (header.width, header.height) = tag::sides(ifd);
    // Absent means 1 (TIFF 6.0, section 8).
    header.bit_depth = Some(ifd.small(tag::BITS).unwrap_or(1));
    header.channels = Some(ifd.small(tag::SAMPLES).unwrap_or(1));
    let compression = ifd.integer(tag::COMPRESSION);
    let name = COMPRESSIONS.iter().find(|(number, _)| compression == Some(*number));
    header.compression = name.map(|(_, name)| *name);
    read_blocks(ifd, header);
}

/// The blocks of other standards that a directory holds.
pub(super) fn read_blocks(ifd: &Ifd<'_>, header: &mut Header) {
    let block = |tag| {
        let mut bytes = ifd.bytes(tag)?;
        bytes.truncate(BLOCK_MOST as usize);
        Some(bytes)
    };
    header.xmp = block(tag::XMP);
    // Some programs declare the data sets as whole numbers, four at a time, and turn them with those.
    header.iptc = block(tag::IPTC)
        .map(|bytes| if bytes.starts_with(&[0x1C]) { bytes } else { turned(&bytes) });
    header.photoshop = block(tag::PHOTOSHOP).unwrap_or_default();
    header.icc = block(tag::ICC).unwrap_or_default();
}

/// Each four bytes the other way round.
fn turned(bytes: &[u8]) -> Vec<u8> {
    bytes.as_chunks::<4>().0.iter().flat_map(|[a, b, c, d]| [*d, *c, *b, *a]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::ifd::made;
    use super::*;

    #[test]
    fn data_sets_are_read_in_either_order_of_bytes() {
        let sets = b"\x1C\x02\x05\0\x03abc";
        let turned = turned(sets);
        for bytes in [sets.as_slice(), &turned] {
            let file = made::tiff(&[&[(tag::IPTC, 4, bytes)]]);
            let ifds = Ifds::open(&file).unwrap();
            let mut header = Header::default();
            read_header(&ifds.first().unwrap(), &mut header);
            assert_eq!(header.iptc.as_deref(), Some(sets.as_slice()));
        }
    }
}
