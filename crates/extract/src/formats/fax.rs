//! Pages of fax machines and scanners in TIFF (TIFF 6.0, sections 10 and 11; ITU-T T.4 and T.6): rows of black and white, strip by
//! strip. The decoder of the other pictures knows none but those of group 4, and those only with the highest bit first.

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
    let (places, lengths) = (ifd.numbers(tag::STRIPS), ifd.numbers(tag::STRIP_LENGTHS));
    let is_alone = places.len() == 1;
    let (mut top, mut missing, mut any) = (0u32, None, false);
    for (n, place) in places.iter().enumerate() {
        let count = in_strip.min(height - top);
        if count == 0 {
            break;
        }
        // Some programs leave out how long the only strip is.
        let length = match lengths.get(n) {
            Some(length) if *length > 0.0 => *length as u64,
            _ if is_alone => blob.len(),
            _ => 0,
        };
        let mut bytes = read_range(blob, *place as u64, length.min(STRIP_MOST)).unwrap_or_default();
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
        let decoded = hayro_ccitt::decode(&bytes, &mut rows, &mut decoder);
        any |= rows.left < usize::try_from(count).unwrap_or(0);
        if decoded.is_err() || rows.left > 0 {
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
