//! Tags of the directories of TIFF, which files of TIFF, pages of fax, the raw formats of cameras and EXIF share.

use super::ifd::Ifd;

/// What a picture is for, and kinds of them that are no pages: a smaller one of another, and a mask (TIFF 6.0, section 8,
/// `NewSubfileType`).
pub(super) const SUBFILE: u16 = 254;
pub(super) const SMALLER: u64 = 1;
pub(super) const MASK: u64 = 4;

/// Sides and shades (TIFF 6.0, section 8).
pub(super) const WIDTH: u16 = 256;
pub(super) const HEIGHT: u16 = 257;
pub(super) const BITS: u16 = 258;
pub(super) const COMPRESSION: u16 = 259;
pub(super) const PHOTOMETRIC: u16 = 262;
pub(super) const FILL_ORDER: u16 = 266;
pub(super) const SAMPLES: u16 = 277;

/// Texts of the picture.
pub(super) const DOCUMENT_NAME: u16 = 269;
pub(super) const DESCRIPTION: u16 = 270;
pub(super) const PAGE_NAME: u16 = 285;
pub(super) const MAKE: u16 = 271;
pub(super) const MODEL: u16 = 272;
pub(super) const SOFTWARE: u16 = 305;
pub(super) const ARTIST: u16 = 315;
pub(super) const COPYRIGHT: u16 = 33432;

/// When it was changed.
pub(super) const DATE_TIME: u16 = 306;

/// How it lies on paper.
const ORIENTATION: u16 = 274;
pub(super) const X_RESOLUTION: u16 = 282;
pub(super) const Y_RESOLUTION: u16 = 283;
pub(super) const RESOLUTION_UNIT: u16 = 296;

/// Where the pixels lie: in strips, or in tiles (sections 8 and 15).
pub(super) const STRIPS: u16 = 273;
pub(super) const ROWS_PER_STRIP: u16 = 278;
pub(super) const STRIP_LENGTHS: u16 = 279;
pub(super) const TILES: u16 = 324;
pub(super) const TILE_LENGTHS: u16 = 325;

/// How rows of group 3 are packed (section 11).
pub(super) const GROUP_3_OPTIONS: u16 = 292;

/// Further directories (Adobe PageMaker 6.0 TIFF Technical Notes).
pub(super) const FURTHER: u16 = 330;

/// Where a JPEG file lies, and how many bytes it has (section 22).
pub(super) const JPEG_AT: u16 = 513;
pub(super) const JPEG_LENGTH: u16 = 514;

/// XMP specification part 3, section 3.2.3.
pub(super) const XMP: u16 = 700;
/// Data sets of IPTC, and Photoshop's image resources (Adobe Photoshop TIFF Technical Notes).
pub(super) const IPTC: u16 = 33723;
pub(super) const PHOTOSHOP: u16 = 34377;
/// ICC.1:2022, annex B.4.
pub(super) const ICC: u16 = 34675;

/// Directories of the photo and of the place where it was taken (CIPA DC-008, section 4.6.3).
pub(super) const PHOTO: u16 = 34665;
pub(super) const GPS: u16 = 34853;

/// The first manner of JPEG in TIFF, as compression has it.
pub(super) const OLD_JPEG: u64 = 6;

/// How the picture of a directory is turned, from 1 to 8; none if it does not say, or something else.
pub(super) fn orientation(ifd: &Ifd<'_>) -> Option<u8> {
    let number = ifd.small(ORIENTATION).and_then(|number| u8::try_from(number).ok());
    number.filter(|number| (1..=8).contains(number))
}

/// Width and height of the picture of a directory, 0 where it says none.
pub(super) fn sides(ifd: &Ifd<'_>) -> (u32, u32) {
    (ifd.small(WIDTH).unwrap_or(0), ifd.small(HEIGHT).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::ifd::{Ifds, made};
    use super::*;

    #[test]
    fn a_picture_is_turned_in_one_of_eight_ways() {
        for (said, expected) in [(1, Some(1)), (8, Some(8)), (0, None), (9, None), (257, None)] {
            let value = u16::to_le_bytes(said);
            let file = made::tiff(&[&[(WIDTH, 3, &[7, 0]), (ORIENTATION, 3, &value)]]);
            let ifds = Ifds::open(&file).unwrap();
            let ifd = ifds.first().unwrap();
            assert_eq!((orientation(&ifd), sides(&ifd)), (expected, (7, 0)), "{said}");
        }
    }
}
