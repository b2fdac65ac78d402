//! The picture of all layers together that a file of Photoshop ends with (Adobe Photoshop File Formats Specification, Image Data
//! Section): planes one behind the other, bare or packed by rows.

use std::io::{BufReader, Read, Seek, SeekFrom};

use image::{DynamicImage, GrayImage, RgbImage};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::picture::{self, Decoded, Turn};
use super::preview::{self, DecodeError};
use crate::blob::{Blob, Cursor};
use crate::context::Context;

/// Rows of all planes together whose lengths are read.
const ROWS_MOST: u64 = 4 * 300_000;

/// Bytes of a packed row beyond twice those of a bare one: what is packed worst takes one for each 128 besides.
const PACKED_SPARE: u64 = 1 << 10;

/// What the head of a file says of its pixels.
pub(super) struct Planes {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Planes that there are, with those of transparency and of selections.
    pub(super) count: u32,
    /// Bits of a sample.
    pub(super) depth: u32,
    /// How colours are made (`Mode`).
    pub(super) mode: u16,
    /// Whether numbers of the packing are wider, as in large documents.
    pub(super) is_large: bool,
    /// Where they begin.
    pub(super) at: u64,
    /// The colours of a picture that has a table of them: all red ones, all green ones, all blue ones.
    pub(super) colours: Vec<u8>,
}

/// How colours are made.
mod mode {
    pub(super) const GRAY: u16 = 1;
    pub(super) const INDEXED: u16 = 2;
    pub(super) const RGB: u16 = 3;
    pub(super) const CMYK: u16 = 4;
    /// Of one ink or two, shown as gray where nobody mixes them.
    pub(super) const DUOTONE: u16 = 8;
}

/// How planes are packed.
mod packing {
    pub(super) const BARE: u16 = 0;
    pub(super) const ROWS: u16 = 1;
}

impl Planes {
    /// Decodes them. Where they end early the rest stays as it is, white.
    pub(super) fn decode(
        &self,
        blob: &dyn Blob,
        context: &Context<'_>,
    ) -> Result<Decoded, DecodeError> {
        let unfit = || DecodeError::Unfit(ReasonKind::NotDecoded.of(Noun::Pixels));
        let wanted = match self.mode {
            mode::GRAY | mode::DUOTONE | mode::INDEXED => 1,
            mode::RGB => 3,
            mode::CMYK => 4,
            _ => return Err(unfit()),
        };
        let is_indexed = self.mode == mode::INDEXED;
        let has_colours = !is_indexed || (self.colours.len() >= 768 && self.depth == 8);
        if self.count < wanted || !matches!(self.depth, 8 | 16) || !has_colours {
            return Err(unfit());
        }
        preview::may_decode(self.width, self.height, context).map_err(DecodeError::TooLarge)?;
        let pixels = u64::from(self.width) * u64::from(self.height);
        let shown = if wanted == 1 && !is_indexed { 1 } else { 3 };
        context
            .spend_decoded(pixels.saturating_mul(shown))
            .map_err(|limit| DecodeError::TooLarge(limit.into_reason()))?;
        context.unit();
        let bytes = usize::try_from(pixels.saturating_mul(shown)).map_err(|_| unfit())?;
        let mut canvas = Canvas { pixels: vec![u8::MAX; bytes], shown: shown as usize };
        let damage = self.fill(blob, wanted, &mut canvas, context)?;
        context.progress();
        let Canvas { pixels, .. } = canvas;
        let picture = match shown {
            1 => GrayImage::from_raw(self.width, self.height, pixels).map(DynamicImage::from),
            _ => RgbImage::from_raw(self.width, self.height, pixels).map(DynamicImage::from),
        };
        Ok(Decoded { picture: picture.ok_or_else(unfit)?, turn: Turn::AsTold, damage })
    }

    fn fill(
        &self,
        blob: &dyn Blob,
        wanted: u32,
        canvas: &mut Canvas,
        context: &Context<'_>,
    ) -> Result<Option<Reason>, DecodeError> {
        let mut reader = picture::reader(blob);
        let early = || ReasonKind::EndsEarly.of(Noun::Pixels);
        let kind = reader.seek(SeekFrom::Start(self.at)).and_then(|_| number(&mut reader, 2));
        let kind = kind.map_err(|_| DecodeError::Damaged(early()))?;
        let lengths = match u16::try_from(kind) {
            Ok(packing::BARE) => None,
            Ok(packing::ROWS) => {
                let rows = u64::from(self.height) * u64::from(self.count);
                if rows > ROWS_MOST {
                    return Err(DecodeError::Unfit(ReasonKind::NotDecoded.of(Noun::Pixels)));
                }
                let width = if self.is_large { 4 } else { 2 };
                let lengths: Result<Vec<u64>, _> =
                    (0..rows).map(|_| number(&mut reader, width)).collect();
                Some(lengths.map_err(|_| DecodeError::Damaged(early()))?)
            }
            _ => return Err(DecodeError::Unfit(ReasonKind::NotDecoded.of(Noun::Pixels))),
        };
        let (height, sample) = (u64::from(self.height), self.depth / 8);
        let mut row = vec![0; self.width as usize * sample as usize];
        let mut packed = Vec::new();
        for n in 0..height * u64::from(wanted) {
            let is_read = match &lengths {
                None => reader.read_exact(&mut row).is_ok(),
                Some(lengths) => {
                    let length = usize::try_from(n).ok().and_then(|n| lengths.get(n));
                    let length = length.copied().unwrap_or_default();
                    packed.clear();
                    if length > 2 * row.len() as u64 + PACKED_SPARE {
                        return Ok(Some(ReasonKind::Damaged.of(Noun::Pixels)));
                    }
                    let read = reader.by_ref().take(length).read_to_end(&mut packed);
                    unpack(&packed, &mut row);
                    read.is_ok_and(|read| read as u64 == length)
                }
            };
            if !is_read {
                return Ok(Some(early()));
            }
            let (plane, y) = (n / height, n % height);
            let samples = row.iter().step_by(sample as usize).copied();
            self.put(canvas, plane, y, samples);
            if y == 0 {
                context.progress();
            }
        }
        Ok(None)
    }

    /// Puts a row of a plane where its pixels are shown.
    fn put(&self, canvas: &mut Canvas, plane: u64, y: u64, samples: impl Iterator<Item = u8>) {
        let from = usize::try_from(y).unwrap_or(usize::MAX);
        let from = from.saturating_mul(self.width as usize).saturating_mul(canvas.shown);
        let Some(row) = canvas.pixels.get_mut(from..) else { return };
        let plane = usize::try_from(plane).unwrap_or(usize::MAX);
        for (pixel, sample) in row.chunks_exact_mut(canvas.shown).zip(samples) {
            match self.mode {
                mode::INDEXED => {
                    for (n, channel) in pixel.iter_mut().enumerate() {
                        let colour = self.colours.get(256 * n + usize::from(sample));
                        *channel = colour.copied().unwrap_or(u8::MAX);
                    }
                }
                // The last ink darkens what the others made. What is stored is the light that an ink leaves.
                mode::CMYK if plane == 3 => {
                    for channel in pixel {
                        let light = u16::from(*channel) * u16::from(sample) / 255;
                        *channel = u8::try_from(light).unwrap_or(u8::MAX);
                    }
                }
                _ => {
                    if let Some(channel) = pixel.get_mut(plane) {
                        *channel = sample;
                    }
                }
            }
        }
    }
}

/// What is decoded so far.
struct Canvas {
    pixels: Vec<u8>,
    /// Channels of a pixel of it.
    shown: usize,
}

fn number(reader: &mut BufReader<Cursor<'_>>, width: usize) -> std::io::Result<u64> {
    let mut bytes = [0; 8];
    if let Some(bytes) = bytes.get_mut(8 - width..) {
        reader.read_exact(bytes)?;
    }
    Ok(u64::from_be_bytes(bytes))
}

/// Unpacks a row (PackBits: TIFF 6.0, section 9). What it does not reach stays as it was.
fn unpack(packed: &[u8], row: &mut [u8]) {
    let (mut rest, mut at) = (packed, 0);
    while let [head, behind @ ..] = rest {
        let Some(room) = row.get_mut(at..).filter(|room| !room.is_empty()) else { return };
        let count = match head {
            0..=127 => {
                let count = usize::from(*head) + 1;
                let (bare, next) = behind.split_at(count.min(behind.len()));
                room.iter_mut().zip(bare).for_each(|(to, byte)| *to = *byte);
                rest = next;
                count
            }
            128 => {
                rest = behind;
                0
            }
            129..=255 => {
                let count = 257 - usize::from(*head);
                let Some((byte, next)) = behind.split_first() else { return };
                room.iter_mut().take(count).for_each(|to| *to = *byte);
                rest = next;
                count
            }
        };
        at += count;
    }
}

/// Whether all of a picture is of one colour: what Photoshop writes where it is told to leave the picture of all layers out.
pub(super) fn is_even(picture: &DynamicImage) -> bool {
    let channels = usize::from(picture.color().bytes_per_pixel());
    let mut pixels = picture.as_bytes().chunks_exact(channels);
    let first = pixels.next();
    pixels.all(|pixel| Some(pixel) == first)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use madang_document::outcome::Outcome;

    use super::*;
    use crate::context::Spent;
    use crate::engines::Engines;
    use crate::extraction::Extraction;
    use crate::order::Order;

    fn planes(mode: u16, count: u32) -> Planes {
        Planes {
            width: 2,
            height: 2,
            count,
            depth: 8,
            mode,
            is_large: false,
            at: 0,
            colours: (0..=255).chain((0..=255).rev()).chain(0..=255).collect(),
        }
    }

    fn decoded(planes: &Planes, data: &[u8]) -> Result<Decoded, DecodeError> {
        let (order, engines, spent) = (Order::named("a.psd"), Engines::none(), Spent::default());
        let kept = RefCell::new(Vec::<Extraction>::new());
        let no_members = |_: &dyn Blob, _: &Context<'_>| Outcome::Empty;
        let context = Context::new(&order, 1_000_000, &engines, &spent, &kept, no_members);
        planes.decode(&data.to_vec(), &context)
    }

    fn pixels(planes: &Planes, data: &[u8]) -> (Vec<u8>, Option<Reason>) {
        let Ok(Decoded { picture, damage, .. }) = decoded(planes, data) else { panic!() };
        (picture.into_bytes(), damage)
    }

    #[test]
    fn planes_are_put_together() {
        let bare = |samples: &[u8]| [&[0, 0], samples].concat();
        let early = Some(ReasonKind::EndsEarly.of(Noun::Pixels));
        for (mode, count, samples, expected) in [
            (
                mode::RGB,
                3,
                vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
                vec![1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12],
            ),
            // A plane of transparency besides.
            (mode::GRAY, 2, vec![1, 2, 3, 4, 0, 0, 0, 0], vec![1, 2, 3, 4]),
            (mode::DUOTONE, 1, vec![1, 2, 3, 4], vec![1, 2, 3, 4]),
            (
                mode::INDEXED,
                1,
                vec![0, 1, 2, 255],
                vec![0, 255, 0, 1, 254, 1, 2, 253, 2, 255, 0, 255],
            ),
            // Half of the black ink.
            (mode::CMYK, 4, [[100; 12], [128; 12]].concat()[..16].to_vec(), vec![50; 12]),
        ] {
            let planes = planes(mode, count);
            let data = bare(&samples);
            let whole = pixels(&planes, &data);
            assert_eq!(whole, (expected, None), "{mode}");
            let needed = 2 + 4 * if count == 2 { 1 } else { count as usize };
            for cut in 2..data.len() {
                let (_, damage) = pixels(&planes, &data[..cut]);
                assert_eq!(damage, early.clone().filter(|_| cut < needed), "{mode} {cut}");
            }
        }
    }

    #[test]
    fn rows_are_unpacked() {
        let mut row = [0; 8];
        unpack(&[2, 1, 2, 3, 254, 9, 128, 0, 7], &mut row);
        assert_eq!(row, [1, 2, 3, 9, 9, 9, 7, 0]);
        for packed in [&[127, 1][..], &[129], &[129, 5, 0, 1], &[0], &[]] {
            unpack(packed, &mut [0; 3]);
        }
        let planes = planes(mode::GRAY, 1);
        let packed = [0, 1, 0, 2, 0, 3, 255, 7, 1, 8, 9];
        assert_eq!(pixels(&planes, &packed), (vec![7, 7, 8, 9], None));
        // A row that says to be longer than any can be.
        let (_, damage) = pixels(&planes, &[0, 1, 0xFF, 0xFF, 0, 3, 255, 7, 1, 8, 9]);
        assert_eq!(damage, Some(ReasonKind::Damaged.of(Noun::Pixels)));
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        for (mode, count, depth) in
            [(9, 3, 8), (mode::RGB, 2, 8), (mode::RGB, 3, 32), (mode::GRAY, 0, 8)]
        {
            let planes = Planes { depth, ..planes(mode, count) };
            assert!(matches!(decoded(&planes, &[0; 100]), Err(DecodeError::Unfit(_))), "{mode}");
        }
        let bare = Planes { colours: Vec::new(), ..planes(mode::INDEXED, 1) };
        assert!(matches!(decoded(&bare, &[0; 100]), Err(DecodeError::Unfit(_))));
        let zip = [0, 2, 0, 0];
        assert!(matches!(decoded(&planes(mode::RGB, 3), &zip), Err(DecodeError::Unfit(_))));
        assert!(matches!(decoded(&planes(mode::RGB, 3), &[0]), Err(DecodeError::Damaged(_))));
        let huge = Planes { width: u32::MAX, height: u32::MAX, ..planes(mode::RGB, 3) };
        assert!(matches!(decoded(&huge, &[0; 9]), Err(DecodeError::TooLarge(_))));
    }

    #[test]
    fn a_picture_of_one_colour_is_even() {
        let even = RgbImage::from_pixel(9, 9, image::Rgb([7, 8, 9]));
        let mut odd = even.clone();
        odd.put_pixel(8, 8, image::Rgb([7, 8, 8]));
        assert!(is_even(&even.into()) && !is_even(&odd.into()));
    }
}
