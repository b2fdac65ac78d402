//! What each page of a PDF is for who wants its words. Whoever recognises text reads it to know which pages to look at.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object};
use madang_document::metadata::Metadata;

use super::pdf_annotation::numbers;
use super::pdf_painted::Painted;

/// Glyphs without characters that are worth a word. Bullets and logos are set in fonts of their own.
const UNREAD_LEAST: usize = 8;

/// How far up a page inherits its box.
const PARENTS_MOST: usize = 64;

/// A sheet of A4 in square points, for a page that does not say how large it is.
const SHEET: f64 = 595.0 * 842.0;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PageVerdict {
    /// Its words are characters, and no picture of some size is beside them.
    Text,
    /// It shows a picture, or letters that are drawn, and no character.
    ImageOnly,
    /// Characters, and a picture that may hold words: a scan with the text that somebody recognised, a photograph.
    Both,
    /// It cannot be decoded, or its fonts do not say which characters they show.
    Unreadable,
    /// Something is drawn on it, lines or a few shapes, and no character: an empty form, or words as outlines.
    Drawn,
    /// It shows nothing.
    Blank,
}

impl PageVerdict {
    /// The verdict on a page of some square points: by whether it gave any text, how many glyphs it showed and how many of
    /// these have no characters, and what else it shows.
    pub(super) fn of(
        has_text: bool,
        shown: usize,
        unread: usize,
        painted: &Painted,
        page: f64,
    ) -> PageVerdict {
        let has_picture = painted.has_picture(page);
        if is_untold(shown, unread) {
            return PageVerdict::Unreadable;
        }
        match has_text {
            true if has_picture => PageVerdict::Both,
            true => PageVerdict::Text,
            false if has_picture || painted.may_be_letters() => PageVerdict::ImageOnly,
            false if unread > 0 => PageVerdict::Unreadable,
            false if painted.is_drawn() => PageVerdict::Drawn,
            false => PageVerdict::Blank,
        }
    }

    /// The property that names the pages of this verdict.
    fn property(self) -> &'static str {
        match self {
            PageVerdict::Text => "pdf.pages_text",
            PageVerdict::ImageOnly => "pdf.pages_image_only",
            PageVerdict::Both => "pdf.pages_both",
            PageVerdict::Unreadable => "pdf.pages_unreadable",
            PageVerdict::Drawn => "pdf.pages_drawn",
            PageVerdict::Blank => "pdf.pages_blank",
        }
    }
}

/// Whether most of the glyphs of a page have no characters.
pub(super) fn is_untold(shown: usize, unread: usize) -> bool {
    unread >= UNREAD_LEAST && unread * 2 > shown
}

/// Square points of a page: of what is seen of it, or of its sheet.
pub(super) fn area(document: &Document, page: &Dictionary) -> f64 {
    let mut node = page;
    for _ in 0..PARENTS_MOST {
        let sheet = [b"CropBox".as_slice(), b"MediaBox"].into_iter().find_map(|key| {
            let [x0, y0, x1, y1] = numbers::<4>(document, node.get_deref(key, document).ok()?)?;
            Some(((x1 - x0) * (y1 - y0)).abs()).filter(|area| *area > 0.0)
        });
        if let Some(area) = sheet {
            return area;
        }
        match node.get_deref(b"Parent", document).and_then(Object::as_dict) {
            Ok(parent) => node = parent,
            Err(_) => break,
        }
    }
    SHEET
}

/// The verdicts on the pages of a document.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// The first and the last page of each run.
    runs: BTreeMap<PageVerdict, Vec<(u32, u32)>>,
}

impl Verdicts {
    /// Takes the verdict on the next page.
    pub(super) fn take(&mut self, number: u32, verdict: PageVerdict) {
        let runs = self.runs.entry(verdict).or_default();
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }

    /// Writes the pages of each verdict: `1-3, 7`.
    pub(super) fn write(&self, metadata: &mut Metadata) {
        for (verdict, runs) in &self.runs {
            let runs = runs.iter().map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first}-{last}"),
            });
            metadata.at("Contents").set(verdict.property(), runs.collect::<Vec<_>>().join(", "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pdf_matrix::Matrix;
    use super::*;

    const PAGE: f64 = 600.0 * 800.0;

    fn scan() -> Painted {
        let mut scan = Painted::default();
        scan.picture(&Matrix::of([600.0, 0.0, 0.0, 800.0, 0.0, 0.0]), 2480.0 * 3508.0);
        scan
    }

    #[test]
    fn tells_pages_apart() {
        let bare = Painted::default();
        let mut drawn = Painted::default();
        (0..200).for_each(|_| drawn.shape());
        let mut few = Painted::default();
        few.mark();
        for (has_text, shown, unread, painted, expected) in [
            (false, 0, 0, few, PageVerdict::Drawn),
            (false, 3, 3, few, PageVerdict::Unreadable),
            (true, 900, 0, few, PageVerdict::Text),
            (true, 900, 0, bare, PageVerdict::Text),
            (true, 900, 20, bare, PageVerdict::Text),
            (true, 900, 0, drawn, PageVerdict::Text),
            (false, 0, 0, scan(), PageVerdict::ImageOnly),
            (false, 0, 0, drawn, PageVerdict::ImageOnly),
            (true, 900, 0, scan(), PageVerdict::Both),
            (true, 900, 800, scan(), PageVerdict::Unreadable),
            (false, 900, 900, bare, PageVerdict::Unreadable),
            (false, 3, 3, bare, PageVerdict::Unreadable),
            (false, 0, 0, bare, PageVerdict::Blank),
        ] {
            let verdict = PageVerdict::of(has_text, shown, unread, &painted, PAGE);
            assert_eq!(verdict, expected, "{has_text} {shown} {unread} {painted:?}");
        }
    }

    #[test]
    fn names_pages_as_runs() {
        let mut verdicts = Verdicts::default();
        for (number, verdict) in (1..).zip([
            PageVerdict::Text,
            PageVerdict::Text,
            PageVerdict::Both,
            PageVerdict::Text,
            PageVerdict::Text,
        ]) {
            verdicts.take(number, verdict);
        }
        let mut metadata = Metadata::default();
        verdicts.write(&mut metadata);
        assert_eq!(metadata.text("pdf.pages_text"), Some("1-2, 4-5"));
        assert_eq!(metadata.text("pdf.pages_both"), Some("3"));
        assert_eq!(metadata.len(), 2);
    }
}
