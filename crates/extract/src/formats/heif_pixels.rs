//! The pixels of a picture in boxes (ISO 23008-12): one that a codec packed, a grid of such, or a smaller one that stands beside
//! it.

use std::cell::RefCell;
use std::io;

use image::{DynamicImage, GenericImage as _, ImageFormat, ImageReader, RgbImage};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::heif_items::{Description, Numbers};
use super::media_io::still::{Colours, Still, StillCodec};
use super::picture::{Decoded, Turn};
use super::preview::{self, DecodeError};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;

/// Bytes of one item that are held to be decoded.
const ITEM_MOST: u64 = 128 << 20;

/// Bytes of the description of a grid.
const GRID_MOST: u64 = 64;

/// How often an item may be another one turned (`iden`).
const TURNS_MOST: u32 = 4;

/// Kinds of items that a codec packed, and the property in which its parameters stand.
const CODECS: &[([u8; 4], [u8; 4], StillCodec)] = &[
    (*b"hvc1", *b"hvcC", StillCodec::Hevc),
    (*b"av01", *b"av1C", StillCodec::Av1),
    (*b"avc1", *b"avcC", StillCodec::H264),
];

/// Kinds of items that are made of others (ISO 23008-12, section 6.6.2).
const MADE: [[u8; 4]; 3] = [*b"grid", *b"iden", *b"iovl"];

/// The names of what says how clear a picture is (ISO 23008-12, section 6.5.8; ISO 23091-2).
const ALPHA: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];

/// Decodes the picture, or the thumbnail where that has a side of `least` pixels.
pub(super) fn decode(
    description: &Description<'_>,
    blob: &dyn Blob,
    context: &Context<'_>,
    least: Option<u32>,
) -> Result<Decoded, DecodeError> {
    context.unit();
    let reader = Reader { description, blob, context, damage: RefCell::default() };
    let primary = description.primary;
    let is_enough = |id: &u64| {
        let longer = description.size(*id).map(|(width, height)| width.max(height));
        least.is_some_and(|least| longer.is_some_and(|longer| longer >= least))
    };
    let thumbnails = description.referring(b"thmb", primary).filter(is_enough);
    let smallest = thumbnails.min_by_key(|id| description.size(*id));
    // One that is damaged, or in a codec that nothing here knows, is as good as none.
    let shown = smallest.and_then(|id| Some((id, reader.seen(id).ok()?)));
    let (id, picture) = match shown {
        Some(shown) => shown,
        None => {
            // What one misses that is not shown is nobody's loss.
            reader.damage.take();
            (primary, reader.seen(primary)?)
        }
    };
    let turn = description.orientation(id).map_or(Turn::NONE, |number| Turn::By(number.into()));
    Ok(Decoded { picture, turn, damage: reader.damage.into_inner() })
}

fn damaged() -> DecodeError {
    DecodeError::Damaged(ReasonKind::Damaged.of(Noun::Picture))
}

fn unfit() -> DecodeError {
    DecodeError::Unfit(ReasonKind::NotDecoded.of(Noun::Picture))
}

struct Reader<'a> {
    description: &'a Description<'a>,
    blob: &'a dyn Blob,
    context: &'a Context<'a>,
    /// Why tiles are missing.
    damage: RefCell<Option<Reason>>,
}

impl Reader<'_> {
    /// An item as far as it is to be seen, but for how it is turned.
    fn seen(&self, id: u64) -> Result<DynamicImage, DecodeError> {
        let picture = self.item(id, 0)?;
        let picture = self.with_alpha(id, picture);
        Ok(match self.description.property(id, b"clap").and_then(|clap| aperture(clap, &picture)) {
            Some((left, top, width, height)) => picture.crop_imm(left, top, width, height),
            None => picture,
        })
    }

    /// The pixels of an item.
    fn item(&self, id: u64, depth: u32) -> Result<DynamicImage, DecodeError> {
        match &self.description.kind(id).ok_or_else(damaged)? {
            b"grid" => self.grid(id),
            // Another one, turned: of it nothing but the pixels count.
            b"iden" if depth < TURNS_MOST => {
                let from = self.description.referred(b"dimg", id).first();
                self.item(*from.ok_or_else(damaged)?, depth + 1)
            }
            b"iden" => Err(damaged()),
            _ => self.packed(id),
        }
    }

    /// The pixels of an item that a codec packed.
    fn packed(&self, id: u64) -> Result<DynamicImage, DecodeError> {
        let kind = self.description.kind(id).ok_or_else(damaged)?;
        let size = self.description.size(id).ok_or_else(damaged)?;
        self.may_decode(size)?;
        let bytes = || self.description.whole_item(self.blob, id, ITEM_MOST);
        let ends = || DecodeError::Damaged(ReasonKind::EndsEarly.of(Noun::Pixels));
        if kind == *b"jpeg" {
            let bytes = io::Cursor::new(bytes().ok_or_else(ends)?);
            let reader = ImageReader::with_format(bytes, ImageFormat::Jpeg);
            return preview::decode(reader, self.context);
        }
        let (_, parameters, codec) =
            CODECS.iter().find(|(known, ..)| *known == kind).ok_or_else(unfit)?;
        let head = self.description.property(id, parameters).ok_or_else(damaged)?;
        let bytes = bytes().ok_or_else(ends)?;
        self.spend(size)?;
        let av = self
            .context
            .libav()
            .map_err(|absent| DecodeError::Unfit(ExtractError::into_reason(absent)))?;
        self.context.progress();
        let broken = |why: ReasonKind| {
            DecodeError::Damaged(ReasonKind::Damaged.of(Noun::Pixels).because(why))
        };
        let still = Still::decode(av, *codec, head, &bytes, size).map_err(broken)?;
        let picture = still.picture(self.colours(id)).map_err(broken);
        self.context.progress();
        picture
    }

    /// A picture that is put together from tiles, of which one is held at a time (ISO 23008-12, section 6.6.2.3).
    fn grid(&self, id: u64) -> Result<DynamicImage, DecodeError> {
        let body = self.description.whole_item(self.blob, id, GRID_MOST).ok_or_else(damaged)?;
        let Grid { rows, columns, width, height } = Grid::of(&body).ok_or_else(damaged)?;
        self.may_decode((width, height))?;
        let tiles = self.description.referred(b"dimg", id);
        let first = *tiles.first().ok_or_else(damaged)?;
        let (wide, high) = self.description.size(first).ok_or_else(damaged)?;
        // They cover the picture, and none lies outside of it: so they are no more pixels than it, and those of one row and
        // one column.
        let covers = |count: u32, side: u32, whole: u32| {
            let (count, side, whole) = (u64::from(count), u64::from(side), u64::from(whole));
            count * side >= whole && (count - 1) * side < whole
        };
        let is_whole = covers(columns, wide, width) && covers(rows, high, height);
        if !is_whole || tiles.len() as u64 != u64::from(rows) * u64::from(columns) {
            return Err(damaged());
        }
        self.may_decode((columns.saturating_mul(wide), rows.saturating_mul(high)))?;
        self.spend((width, height))?;
        let mut missing = 0;
        let mut whole = RgbImage::new(width, height);
        for (n, tile) in (0u32..).zip(tiles) {
            // A grid of grids would be any number of tiles.
            let is_made = self.description.kind(*tile).is_some_and(|kind| MADE.contains(&kind));
            if is_made || self.description.size(*tile) != Some((wide, high)) {
                return Err(damaged());
            }
            let (left, top) = (n % columns * wide, n / columns * high);
            let pixels = match self.packed(*tile) {
                Ok(pixels) => pixels.into_rgb8(),
                // What is there of a picture is shown.
                Err(DecodeError::Damaged(reason)) => {
                    missing += 1;
                    self.damage.borrow_mut().get_or_insert(reason);
                    continue;
                }
                Err(other) => return Err(other),
            };
            let pixels = image::imageops::crop_imm(
                &pixels,
                0,
                0,
                (width - left).min(pixels.width()),
                (height - top).min(pixels.height()),
            );
            whole.copy_from(&*pixels, left, top).map_err(|_| damaged())?;
        }
        match missing == tiles.len() {
            true => Err(self.damage.take().map_or_else(damaged, DecodeError::Damaged)),
            false => Ok(whole.into()),
        }
    }

    /// A picture with what says how clear it is, where there is such and it has the same sides.
    fn with_alpha(&self, id: u64, picture: DynamicImage) -> DynamicImage {
        let is_alpha = |other: &u64| {
            let name = self.description.property(*other, b"auxC").and_then(|body| body.get(4..));
            name.is_some_and(|name| ALPHA.iter().any(|alpha| name.starts_with(alpha)))
        };
        let alpha = self.description.referring(b"auxl", id).find(is_alpha);
        let alpha = alpha.and_then(|alpha| self.item(alpha, 0).ok()).map(DynamicImage::into_luma8);
        match alpha {
            Some(alpha)
                if (alpha.width(), alpha.height()) == (picture.width(), picture.height()) =>
            {
                let mut picture = picture.into_rgba8();
                for (pixel, alpha) in picture.pixels_mut().zip(alpha.pixels()) {
                    let ([_, _, _, clear], [alpha]) = (&mut pixel.0, alpha.0);
                    *clear = alpha;
                }
                picture.into()
            }
            _ => picture,
        }
    }

    /// What the properties of an item say of its colours.
    fn colours(&self, id: u64) -> Option<Colours> {
        // Of a tile only the grid may say it.
        let own = self.description.properties(id);
        let of_whole = self.description.properties(self.description.primary);
        own.chain(of_whole).find_map(|(kind, body)| match (&kind, body) {
            (b"colr", &[b'n', b'c', b'l', b'x', _, _, _, _, m1, m2, range, ..]) => {
                Some(Colours { matrix: u16::from_be_bytes([m1, m2]), is_full: range & 0x80 != 0 })
            }
            _ => None,
        })
    }

    fn may_decode(&self, (width, height): (u32, u32)) -> Result<(), DecodeError> {
        preview::may_decode(width, height, self.context).map_err(DecodeError::TooLarge)
    }

    /// Accounts for a picture before it is decoded.
    fn spend(&self, (width, height): (u32, u32)) -> Result<(), DecodeError> {
        let bytes = u64::from(width).saturating_mul(height.into()).saturating_mul(3);
        let spent = self.context.spend_decoded(bytes);
        spent.map_err(|limit| DecodeError::TooLarge(limit.into_reason()))
    }
}

/// How a picture is put together from tiles.
struct Grid {
    rows: u32,
    columns: u32,
    width: u32,
    height: u32,
}

impl Grid {
    fn of(body: &[u8]) -> Option<Grid> {
        let mut numbers = Numbers(body);
        numbers.next(1)?;
        let wide = if numbers.next(1)? & 1 == 1 { 4 } else { 2 };
        let mut number = |width| u32::try_from(numbers.next(width)?).ok();
        let (rows, columns) = (number(1)? + 1, number(1)? + 1);
        let (width, height) = (number(wide)?, number(wide)?);
        (width > 0 && height > 0).then_some(Grid { rows, columns, width, height })
    }
}

/// The part of a picture that is to be seen: left, top, columns, rows (ISO 14496-12, section 12.1.4.2; of a picture it lies on
/// whole pixels).
fn aperture(clap: &[u8], picture: &DynamicImage) -> Option<(u32, u32, u32, u32)> {
    let mut numbers = Numbers(clap);
    let mut signed = || Some(f64::from(u32::try_from(numbers.next(4)?).ok()?.cast_signed()));
    let mut fraction = || {
        let (above, below) = (signed()?, signed()?);
        (below != 0.0).then_some(above / below)
    };
    let (width, height, right, down) = (fraction()?, fraction()?, fraction()?, fraction()?);
    let span = |side: f64, off: f64, whole: u32| {
        let from = ((f64::from(whole) - side) / 2.0 + off).round();
        let is_inside = side >= 1.0 && from >= 0.0 && from + side.round() <= f64::from(whole);
        is_inside.then_some((from as u32, side.round() as u32))
    };
    let (left, width) = span(width, right, picture.width())?;
    let (top, height) = span(height, down, picture.height())?;
    Some((left, top, width, height))
}
