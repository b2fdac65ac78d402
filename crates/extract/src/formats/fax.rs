//! Pages of fax machines and scanners in TIFF (TIFF 6.0, sections 10 and 11; ITU-T T.4 and T.6): rows of black and white, strip by
//! strip. The decoder of the other pictures knows none but those of group 4, and those only with the highest bit first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};
use image::{DynamicImage, GrayImage};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::ifd::Ifd;
use super::preview::{self, DecodeError};
use super::tiff_tag as tag;
use crate::blob::{Blob, read_range};
use crate::context::Context;

/// Bytes of one strip that are held; a page of a fax has some tens of kilobytes.
const STRIP_MOST: u64 = 64 << 20;

/// How often the bytes of a file may be read as strips: some programs write a blank one once for many, and a list of rows that
/// are all the whole file would be read for hours.
const SHARED_MOST: u64 = 4;

/// A page, and why a part of it is missing.
pub(super) type Page = (DynamicImage, Option<Reason>);

/// How the rows of a page were packed; none if not as a fax, or in tiles, which no fax is.
fn encoding(ifd: &Ifd<'_>) -> Option<EncodingMode> {
    let is_plain = ifd.integer(tag::BITS).unwrap_or(1) == 1
        && ifd.integer(tag::SAMPLES).unwrap_or(1) == 1
        && ifd.has(tag::STRIPS);
    let encoding = match ifd.integer(tag::COMPRESSION)? {
        2 => EncodingMode::Group3_1D,
        3 if ifd.integer(tag::GROUP_3_OPTIONS).unwrap_or(0) & 1 == 1 => EncodingMode::Group3_2D,
        3 => EncodingMode::Group3_1D,
        4 => EncodingMode::Group4,
        _ => return None,
    };
    is_plain.then_some(encoding)
}

/// Rows as they come, one byte a pixel.
struct Rows {
    width: usize,
    ink: u8,
    paper: u8,
    left: usize,
    pixels: Vec<u8>,
}

impl Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        // A strip has no more rows than it says.
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let (mut shade, mut other, mut at) = (self.paper, self.ink, 0);
        let start = self.pixels.len();
        for change in changes {
            let to = usize::try_from(*change).unwrap_or(self.width).clamp(at, self.width);
            self.pixels.resize(start + to, shade);
            std::mem::swap(&mut shade, &mut other);
            at = to;
        }
        self.pixels.resize(start + self.width, shade);
    }
}

/// Decodes a page, if it is one of a fax. Of one that is damaged there is what comes before that in each strip, and paper.
pub(super) fn decode(
    blob: &dyn Blob,
    ifd: &Ifd<'_>,
    context: &Context<'_>,
) -> Option<Result<Page, DecodeError>> {
    let encoding = encoding(ifd)?;
    let (width, height) = tag::sides(ifd);
    (width > 0 && height > 0).then(|| page(blob, ifd, encoding, (width, height), context))
}

fn page(
    blob: &dyn Blob,
    ifd: &Ifd<'_>,
    encoding: EncodingMode,
    (width, height): (u32, u32),
    context: &Context<'_>,
) -> Result<Page, DecodeError> {
    let damaged = || DecodeError::Damaged(ReasonKind::Damaged.of(Noun::Pixels));
    preview::may_decode(width, height, context).map_err(DecodeError::TooLarge)?;
    let all = u64::from(width) * u64::from(height);
    context.spend_decoded(all).map_err(|limit| DecodeError::TooLarge(limit.into_reason()))?;
    context.unit();
    // 0 says that nought is white, as every fax has it; some programs have it the other way round.
    let (paper, ink) = match ifd.integer(tag::PHOTOMETRIC).unwrap_or(0) {
        1 => (0, 255),
        _ => (255, 0),
    };
    let columns = usize::try_from(width).map_err(|_| damaged())?;
    let all = usize::try_from(all).map_err(|_| damaged())?;
    let mut rows = Rows { width: columns, ink, paper, left: 0, pixels: Vec::with_capacity(all) };
    let in_strip =
        ifd.small(tag::ROWS_PER_STRIP).filter(|rows| *rows > 0).unwrap_or(height).min(height);
    let (places, lengths) = (ifd.pieces(tag::STRIPS), ifd.pieces(tag::STRIP_LENGTHS));
    let is_alone = places.len() == 1;
    let (mut top, mut missing, mut any) = (0u32, None, false);
    let mut left = blob.len().saturating_mul(SHARED_MOST);
    for (n, place) in places.iter().enumerate() {
        let count = in_strip.min(height - top);
        if count == 0 {
            break;
        }
        // Some programs leave out how long the only strip is.
        let length = match lengths.get(n) {
            Some(length) if *length > 0 => *length,
            _ if is_alone => blob.len(),
            _ => 0,
        };
        let mut bytes =
            read_range(blob, *place, length.min(STRIP_MOST).min(left)).unwrap_or_default();
        left -= bytes.len() as u64;
        if ifd.integer(tag::FILL_ORDER) == Some(2) {
            bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        let is_bare = ifd.integer(tag::COMPRESSION) == Some(2);
        let settings = DecodeSettings {
            columns: width,
            rows: count,
            end_of_block: !is_bare,
            end_of_line: false,
            rows_are_byte_aligned: is_bare,
            encoding,
            strict: false,
        };
        rows.left = usize::try_from(count).unwrap_or(0);
        let mut decoder = DecoderContext::new(settings);
        // A decoder that panics costs what follows in its strip, not the document.
        let read = || hayro_ccitt::decode(&bytes, &mut rows, &mut decoder).is_ok();
        let is_whole = catch_unwind(AssertUnwindSafe(read)).unwrap_or(false);
        any |= rows.left < usize::try_from(count).unwrap_or(0);
        if !is_whole || rows.left > 0 {
            missing.get_or_insert_with(|| ReasonKind::EndsEarly.of(Noun::Picture));
        }
        top += count;
        rows.pixels
            .resize(usize::try_from(top).unwrap_or(0).saturating_mul(columns).min(all), paper);
        context.progress();
    }
    if !any {
        return Err(damaged());
    }
    if top < height {
        missing.get_or_insert_with(|| ReasonKind::EndsEarly.of(Noun::Picture));
        rows.pixels.resize(all, paper);
    }
    let picture = GrayImage::from_raw(width, height, rows.pixels).ok_or_else(damaged)?;
    Ok((picture.into(), missing))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use madang_document::outcome::Outcome;

    use super::super::ifd::{Ifds, made};
    use super::*;
    use crate::context::Spent;
    use crate::engines::Engines;
    use crate::extraction::Extraction;
    use crate::order::Order;

    /// A row of eight black pixels (T.4): no white ones, eight black ones.
    const ROW: [u8; 2] = [0x35, 0x14];

    /// A page of so many rows, each a strip of its own, and all of them the same bytes.
    fn page(rows: u16, length: u16) -> Vec<u8> {
        let made = |at: u32| {
            let places = at.to_le_bytes().repeat(rows.into());
            let lengths = length.to_le_bytes().repeat(rows.into());
            made::tiff(&[&[
                (tag::WIDTH, 3, &[8, 0]),
                (tag::HEIGHT, 3, &rows.to_le_bytes()),
                (tag::COMPRESSION, 3, &[2, 0]),
                (tag::STRIPS, 4, &places),
                (tag::ROWS_PER_STRIP, 3, &[1, 0]),
                (tag::STRIP_LENGTHS, 3, &lengths),
            ]])
        };
        let at = made(0).len() as u32;
        [made(at), ROW.to_vec(), vec![0; length as usize - ROW.len()]].concat()
    }

    fn decoded(file: &[u8]) -> Page {
        let (order, engines, spent) = (Order::named("a.tif"), Engines::none(), Spent::default());
        let kept = RefCell::new(Vec::<Extraction>::new());
        let no_members = |_: &dyn Blob, _: &Context<'_>| Outcome::Empty;
        let context = Context::new(&order, 1_000_000, &engines, &spent, &kept, no_members);
        let ifds = Ifds::open(&file).unwrap();
        decode(&file, &ifds.first().unwrap(), &context).unwrap().unwrap_or_else(|_| panic!())
    }

    #[test]
    fn each_row_may_be_a_strip() {
        let (picture, missing) = decoded(&page(6000, 2));
        assert_eq!(missing, None);
        assert!(picture.into_luma8().pixels().all(|shade| shade.0 == [0]));
    }

    #[test]
    fn strips_that_are_all_one_are_not_read_for_hours() {
        let (picture, missing) = decoded(&page(6000, u16::MAX));
        assert_eq!(missing, Some(ReasonKind::EndsEarly.of(Noun::Picture)));
        let inked = picture.into_luma8().pixels().filter(|shade| shade.0 == [0]).count() / 8;
        assert!((1..20).contains(&inked), "{inked}");
    }
}
