//! The words of pages that have none, or next to none: scans, scans with a number or a mark of the registry stamped on them,
//! and what is drawn.

use std::collections::VecDeque;

use image::DynamicImage;
use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Segment};
use madang_document::headway::{Headway, Stretch};
use madang_document::locator::Locator;
use madang_document::part::Part;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;
use zeroize::Zeroizing;

use super::pdf_raster::{PdfRaster, Scale};
use crate::context::Context;
use crate::options::Ocr;
use crate::recogniser::Sense;
use crate::seen_text::{SURE, Seen, Sight, letters};

/// Bytes of a file for each page that is read, beyond the first few: fewer has no scan, however well it is packed, but a page
/// that shows what ten thousand others show has.
const BYTES_LEAST: usize = 1 << 10;
const PAGES_LEAST: usize = 16;

/// Pages whose lines are remembered: one that looks like one of them to the pixel (an empty one, one of ten thousand that show the
/// same picture) is not read again.
const KNOWN_MOST: usize = 8;

/// Letters of the words of a page beside whose picture there may be more: a number of the page, a mark of who registered it,
/// a title. A scan with the text that somebody recognised has more, and a page with a photograph.
const FEW: usize = 120;

/// Whether the picture on a page may say more than its words, or everything is to be read.
pub(super) fn may_say_more(text: &str, context: &Context<'_>) -> bool {
    match context.seen_text_wanted() {
        Ocr::Never => false,
        Ocr::Auto => letters(text).nth(FEW).is_none(),
        Ocr::Always => true,
    }
}

/// Reads what is written on these pages, numbered from 1, and puts it where they stand in the text. `open` gives the bytes of
/// the file, and what opens it.
pub(super) fn read(
    pages: &[u32],
    open: impl FnOnce() -> (Vec<u8>, Zeroizing<String>),
    context: &Context<'_>,
    content: &mut Content,
) {
    let Some((first, rest)) = pages.split_first() else { return };
    if context.seen_text_wanted() == Ocr::Never {
        return;
    }
    // A child without engines ends here: nothing is drawn in vain.
    if context.recogniser(Sense::Sight, content).is_none() {
        context.note_unrecognised(Part::Page((*first).into()), rest.len() as u64, content);
        return;
    }
    let (bytes, password) = open();
    let most = (PAGES_LEAST + bytes.len() / BYTES_LEAST) as u64;
    let raster = match PdfRaster::open(bytes, &password) {
        Ok(raster) => raster,
        Err(reason) => return content.note(reason),
    };
    let mut seen = Seen::default();
    let mut read = Content::default();
    let mut undrawn = false;
    let mut done = 0;
    let mut known: VecDeque<(BlobId, Vec<Segment>)> = VecDeque::new();
    let all = pages.len() as u64;
    let headway = |done| {
        context.headway(Headway::new(Stretch::Pages, done, Some(all.min(most))));
    };
    for (n, number) in (0u64..).zip(pages) {
        let why = match () {
            () if n >= most => Some(ReasonKind::FewBytesForPages),
            () if !context.has_time() => Some(ReasonKind::TimeUsed),
            () => None,
        };
        if let Some(why) = why {
            let only = ReasonKind::OnlyFirst { first: n, of: Some(all), unit: Unit::Pages };
            content.cut(only.because(why));
            break;
        }
        headway(n);
        context.unit();
        if !context.may_look(Part::Page((*number).into()), content) {
            done = n + 1;
            continue;
        }
        match context.for_a_page(|| raster.page(*number, &Scale::SCAN, context)) {
            Ok(page) => {
                let dpi = page.picture.width() as f32 / page.points.0 * 72.0;
                let picture = DynamicImage::from(page.picture);
                let sight = Sight::of(&picture, None, Some(dpi.round() as u32));
                drop(picture);
                let sight = Sight { page: *number, is_page: true, ..sight };
                let before = read.segments.len();
                let looks = BlobId::of(&sight.grey.bytes);
                match known.iter().find(|(it, _)| *it == looks) {
                    Some((_, lines)) => {
                        seen.take(Some(*number), lines);
                        read.segments.extend(lines.iter().map(|line| sight.placed(line.clone())));
                    }
                    None => {
                        sight.read(context, &mut seen, &mut read);
                        if known.len() == KNOWN_MOST {
                            known.pop_front();
                        }
                        let lines = read.segments.get(before..).unwrap_or_default().to_vec();
                        known.push_back((looks, lines));
                    }
                }
                // What the page says in words is told already.
                let said: String = content
                    .segments
                    .iter()
                    .filter(|segment| page_of(segment) == Some(*number))
                    .flat_map(|segment| letters(&segment.text))
                    .collect();
                if !said.is_empty() {
                    let own = read.segments.split_off(before);
                    read.segments.extend(own.into_iter().filter(|line| {
                        let is_sure = line.confidence.is_some_and(|sure| sure >= SURE);
                        is_sure && !said.contains(&letters(&line.text).collect::<String>())
                    }));
                }
            }
            Err(reason) => {
                // The first stands for all.
                if !undrawn {
                    let is_limit = reason.kind.word() == "too_large";
                    let reason = reason.within(Part::Page((*number).into()));
                    // What it says is not known, so that the document was not read whole.
                    match is_limit {
                        true => content.cut(reason),
                        false => content.lost(reason),
                    }
                }
                undrawn = true;
            }
        }
        done = n + 1;
    }
    headway(done);
    content.warnings.append(&mut read.warnings);
    seen.tell(content);
    insert(&mut content.segments, read.segments);
}

/// Puts pages where they belong between others; what stands on no page stays behind what it followed.
fn insert(segments: &mut Vec<Segment>, read: Vec<Segment>) {
    if read.is_empty() {
        return;
    }
    let mut last = 0;
    let mut all: Vec<(u32, Segment)> = Vec::with_capacity(segments.len() + read.len());
    for segment in segments.drain(..) {
        last = page_of(&segment).unwrap_or(last);
        all.push((last, segment));
    }
    all.extend(read.into_iter().map(|segment| (page_of(&segment).unwrap_or(0), segment)));
    all.sort_by_key(|(page, _)| *page);
    segments.extend(all.into_iter().map(|(_, segment)| segment));
}

fn page_of(segment: &Segment) -> Option<u32> {
    match segment.locator {
        Locator::Page { number, .. } => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;

    use super::*;

    #[test]
    fn pages_are_put_in_their_order() {
        let segment = |text: &str, locator| Segment {
            text: text.into(),
            locator,
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        };
        let mut segments = vec![
            segment("one", Locator::page(1)),
            segment("four", Locator::page(4)),
            segment("last", Locator::Whole {}),
        ];
        insert(
            &mut segments,
            vec![segment("two", Locator::page(2)), segment("six", Locator::page(6))],
        );
        let texts: Vec<&str> = segments.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["one", "two", "four", "last", "six"]);
    }
}
