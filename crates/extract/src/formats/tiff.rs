//! TIFF 6.0 and BigTIFF.

use std::io::BufReader;

use exif::{Exif, Tag};
use image::{ImageDecoder, ImageFormat};
use madang_document::content::Content;

use super::picture::{self, BLOCK_MOST, Header};
use super::picture_exif;
use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "tiff",
    version: 3,
    media_types: &["image/tiff"],
    sniff: |probe| {
        let magic = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|m| probe.starts_with(*m));
        if magic { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/tiff",
    extract,
};

/// The tag of an XMP packet (XMP specification part 3, section 3.2.3).
const XMP: Tag = Tag(exif::Context::Tiff, 700);

/// The tag of IPTC's data sets, and that of Photoshop's image resources (Adobe Photoshop TIFF Technical Notes).
const IPTC: Tag = Tag(exif::Context::Tiff, 33723);
const PHOTOSHOP: Tag = Tag(exif::Context::Tiff, 34377);

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    // The tags lie anywhere in the file, so it is held whole if it may be; a larger one gives its
    // dimensions only.
    let mut header = Header::default();
    if blob.len() <= context.limits.member {
        let (exif, note) = picture_exif::parse(blob.read_all(context.limits.member)?.into_owned());
        header.odd = note;
        if let Some(exif) = exif {
            read_header(&exif, &mut header);
            header.fields = Some(exif);
        }
    }
    if header.width == 0 {
        // BigTIFF, which the reader of tags does not know, or damage before the dimensions.
        if let Ok(decoder) = image_decoder(blob) {
            (header.width, header.height) = decoder.dimensions();
            header.odd = None;
        }
    }
    picture::content(blob, context, ImageFormat::Tiff, header)
}

fn image_decoder(
    blob: &dyn Blob,
) -> image::ImageResult<image::codecs::tiff::TiffDecoder<BufReader<Cursor<'_>>>> {
    image::codecs::tiff::TiffDecoder::new(picture::reader(blob))
}

fn read_header(exif: &Exif, header: &mut Header) {
    header.width = picture_exif::integer(exif, Tag::ImageWidth).unwrap_or(0);
    header.height = picture_exif::integer(exif, Tag::ImageLength).unwrap_or(0);
    // Absent means 1 (TIFF 6.0, section 8).
    header.bit_depth = Some(picture_exif::integer(exif, Tag::BitsPerSample).unwrap_or(1));
    header.channels = Some(picture_exif::integer(exif, Tag::SamplesPerPixel).unwrap_or(1));
    let last = exif.fields().map(|field| field.ifd_num.index()).max().unwrap_or(0);
    header.frames = Some(u32::from(last) + 1);
    header.xmp = picture_exif::bytes(exif, XMP).map(<[u8]>::to_vec);
    let block = |tag| {
        let mut bytes = picture_exif::packed(exif, tag)?;
        bytes.truncate(BLOCK_MOST as usize);
        Some(bytes)
    };
    header.iptc = block(IPTC);
    header.photoshop = block(PHOTOSHOP).unwrap_or_default();
}
