//! The pages of a TIFF after the first: a fax, or a scan of several sheets.
//!
//! The decoder of pictures knows only the directory that the head of a file names. So each page is handed to it as a file
//! whose head names that page, which takes a few bytes in the place of others and copies nothing.

use std::io;

use image::{DynamicImage, ImageFormat, ImageReader};
use madang_document::content::Content;
use madang_document::headway::{Headway, Stretch};
use madang_document::locator::{Bounds, Locator};
use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::ifd::{Ifd, Ifds};
use super::media_io::still::{Still, StillCodec};
use super::picture::{self, Decoded, Turn};
use super::preview::{self, DecodeError};
use super::{fax, tiff_tag as tag};
use crate::blob::Blob;
use crate::context::Context;
use crate::options::Ocr;
use crate::seen_text::{Seen, Sight};

/// Bytes of a file that are held for a decoder that takes it as a whole.
const FILE_MOST: u64 = 64 << 20;

/// A TIFF that begins with another page.
struct FromPage<'a> {
    blob: &'a dyn Blob,
    /// Bytes that stand in the place of those from here on.
    head: (u64, Vec<u8>),
}

impl<'a> FromPage<'a> {
    /// The page whose directory stands at this place.
    fn page(blob: &'a dyn Blob, ifds: &Ifds<'_>, at: u64) -> Option<FromPage<'a>> {
        let of = |number: u64, width: usize| {
            let bytes = match ifds.is_little() {
                true => number.to_le_bytes().get(..width)?.to_vec(),
                false => number.to_be_bytes().get(8 - width..)?.to_vec(),
            };
            Some(bytes)
        };
        let head = match ifds.is_big() {
            true => (8, of(at, 8)?),
            false => (4, of(u64::from(u32::try_from(at).ok()?), 4)?),
        };
        Some(FromPage { blob, head })
    }
}

impl Blob for FromPage<'_> {
    fn len(&self) -> u64 {
        self.blob.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.blob.read_at(offset, buffer)?;
        let (from, head) = &self.head;
        for (at, byte) in (*from..).zip(head) {
            let to = at.checked_sub(offset).and_then(|at| usize::try_from(at).ok());
            let to = to.filter(|to| *to < read).and_then(|to| buffer.get_mut(to));
            to.into_iter().for_each(|to| *to = *byte);
        }
        Ok(read)
    }
}

/// Whether a directory is one of a page, and not of a smaller picture of it or of a mask.
fn is_page(ifd: &Ifd<'_>) -> bool {
    ifd.integer(tag::SUBFILE).unwrap_or(0) & (tag::SMALLER | tag::MASK) == 0
}

/// Says that none of these pages is recognised so far.
pub(super) fn begin(pages: usize, context: &Context<'_>) {
    if pages > 1 && context.seen_text_wanted() != Ocr::Never {
        context.headway(headway(0, pages, context));
    }
}

/// So many pages of these are recognised.
fn headway(done: u32, pages: usize, context: &Context<'_>) -> Headway {
    let most = (pages as u64).min(u64::from(context.limits.pages));
    Headway::new(Stretch::Pages, done.into(), Some(most))
}

/// Reads what is written on the pages whose directories stand at these places, but for the first. A page is a unit of work:
/// where time ends, those that were read stay. Pages are numbered as the directories are, whatever lies between them.
pub(super) fn read(
    blob: &dyn Blob,
    ifds: &Ifds<'_>,
    places: &[u64],
    context: &Context<'_>,
    seen: &mut Seen,
    content: &mut Content,
) {
    if places.len() < 2 || context.seen_text_wanted() == Ocr::Never {
        return;
    }
    let of = places.len() as u64;
    let mut unread = false;
    for (number, at) in (1u32..).zip(places).skip(1) {
        let has_time = context.has_time();
        if !has_time || number > context.limits.pages {
            let first = u64::from(number - 1);
            let only = ReasonKind::OnlyFirst { first, of: Some(of), unit: Unit::Pages };
            return content.cut(
                only.because(match has_time {
                    true => ReasonKind::MoreThan {
                        limit: context.limits.pages.into(),
                        unit: Unit::Pages,
                    }
                    .of(Noun::File),
                    false => ReasonKind::TimeUsed.into(),
                }),
            );
        }
        context.headway(headway(number - 1, places.len(), context));
        context.progress();
        let Some(ifd) = ifds.directory(*at).filter(is_page) else { continue };
        if !context.may_look(Part::Page(number.into()), content) {
            continue;
        }
        match context.for_a_page(|| sight(blob, ifds, &ifd, *at, context)) {
            Ok((sight, damage)) => {
                if let Some(damage) = damage {
                    let part = Part::Page(number.into());
                    content.lost(ReasonKind::Damaged.of(part).because(damage));
                }
                let sight = Sight { page: number, is_page: true, ..sight };
                if !sight.read(context, seen, content) {
                    // The first page may have said so.
                    let is_told = content.warnings.iter().any(|warning| is_unread(&warning.reason));
                    if !is_told {
                        let more = of.saturating_sub(number.into());
                        context.note_unrecognised(Part::Page(number.into()), more, content);
                    }
                    return;
                }
            }
            Err(error) => {
                let reason = error.reason();
                if !unread {
                    let part = Part::Page(number.into());
                    content.note(ReasonKind::Unreadable.of(part).because(reason));
                }
                unread = true;
            }
        }
    }
}

fn is_unread(reason: &Reason) -> bool {
    matches!(reason.kind, ReasonKind::NotRecognised { .. } | ReasonKind::RecognitionWaits)
}

/// The picture of a page, upright, and why a part of it is missing.
fn sight(
    blob: &dyn Blob,
    ifds: &Ifds<'_>,
    ifd: &Ifd<'_>,
    at: u64,
    context: &Context<'_>,
) -> Result<(Sight, Option<Reason>), DecodeError> {
    let Decoded { picture, damage, .. } = decode(blob, ifds, ifd, at, context)?;
    let orientation = tag::orientation(ifd).map(i64::from);
    Ok((Sight::of(&picture, orientation, None), damage))
}

/// The pixels of the page whose directory stands at this place.
pub(super) fn decode(
    blob: &dyn Blob,
    ifds: &Ifds<'_>,
    ifd: &Ifd<'_>,
    at: u64,
    context: &Context<'_>,
) -> Result<Decoded, DecodeError> {
    let (picture, damage) = match fax::decode(blob, ifd, context) {
        Some(page) => page?,
        None => {
            let page = FromPage::page(blob, ifds, at)
                .ok_or_else(|| DecodeError::Damaged(ReasonKind::Damaged.of(Noun::Pages)))?;
            let reader = ImageReader::with_format(picture::reader(&page), ImageFormat::Tiff);
            let picture = match preview::decode(reader, context) {
                Err(DecodeError::Unfit(reason)) => {
                    rarer(&page, ifd, context).ok_or(DecodeError::Unfit(reason))?
                }
                picture => picture?,
            };
            (picture, None)
        }
    };
    Ok(Decoded { picture, turn: Turn::AsTold, damage })
}

/// The pixels of a page in one of the rarer variants of TIFF (palettes, two bits a pixel, LZMA), which FFmpeg knows; none if
/// it does not know it either.
fn rarer(page: &FromPage<'_>, ifd: &Ifd<'_>, context: &Context<'_>) -> Option<DynamicImage> {
    let (width, height) = (ifd.small(tag::WIDTH)?, ifd.small(tag::HEIGHT)?);
    // Of two samples to a pixel, and of JPEG as it was before 1995, it makes a picture that is none.
    if ifd.integer(tag::SAMPLES) == Some(2) || ifd.integer(tag::COMPRESSION) == Some(tag::OLD_JPEG)
    {
        return None;
    }
    preview::may_decode(width, height, context).ok()?;
    let pixels = u64::from(width) * u64::from(height);
    context.spend_decoded(pixels.saturating_mul(4)).ok()?;
    let bytes = page.read_all(FILE_MOST).ok()?;
    let av = context.libav().ok()?;
    let still = Still::decode(av, StillCodec::Tiff, &[], &bytes, (width, height)).ok()?;
    let picture = still.picture(None);
    context.progress();
    picture.ok()
}

/// A page as somebody looks at it: its picture, as large as its bounds say, in pixels.
pub(super) fn picture(
    blob: &dyn Blob,
    ifds: &Ifds<'_>,
    number: u32,
    context: &Context<'_>,
) -> Content {
    let mut content = Content::default();
    let (places, _) = ifds.chain();
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(at) = index.and_then(|index| places.get(index)) else { return content };
    let Some(ifd) = ifds.directory(*at) else { return content };
    let orientation = tag::orientation(&ifd).map(i64::from);
    let decoded = decode(blob, ifds, &ifd, *at, context).map_err(DecodeError::reason);
    let drawn = decoded.and_then(|Decoded { picture, .. }| {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        // From 5 on rows stand where columns were (TIFF 6.0, section 8, `Orientation`).
        let (right, bottom) = match orientation {
            Some(5..=8) => (height, width),
            _ => (width, height),
        };
        let bounds = Some(Bounds { left: 0.0, top: 0.0, right, bottom });
        preview::of(picture, orientation, Locator::Page { number, bounds }, context)
    });
    match drawn {
        Ok(preview) => content.previews.extend(preview),
        Err(reason) => content.note(ReasonKind::NoPreview.because(reason)),
    }
    content
}

#[cfg(test)]
mod tests {
    use super::super::ifd::made;
    use super::*;
    use crate::blob::read_range;

    #[test]
    fn a_file_begins_with_any_of_its_pages() {
        let one: &[(u16, u16, &[u8])] = &[(tag::WIDTH, 3, &[7, 0])];
        let two: &[(u16, u16, &[u8])] = &[(tag::WIDTH, 3, &[9, 0])];
        let file = made::tiff(&[one, two]);
        let ifds = Ifds::open(&file).unwrap();
        let (places, is_whole) = ifds.chain();
        assert!(is_whole);
        let width =
            |blob: &dyn Blob| Ifds::open(blob).unwrap().first().unwrap().small(tag::WIDTH).unwrap();
        let pages: Vec<u32> =
            places.iter().map(|at| width(&FromPage::page(&file, &ifds, *at).unwrap())).collect();
        assert_eq!(pages, [7, 9]);
        // Whatever piece of the head is read.
        let second = FromPage::page(&file, &ifds, places[1]).unwrap();
        let whole = read_range(&second, 0, second.len()).unwrap();
        for from in 0..12 {
            let piece = read_range(&second, from, 3).unwrap();
            assert_eq!(piece, whole[from as usize..from as usize + 3], "{from}");
        }
    }
}
