//! What lies on a page (ISO 32000-2, section 12.5): form fields, free text, stamps, notes, attached files.

use lopdf::{Dictionary, Document, Object, Stream};

use super::markup::{Markup, Node};
use super::pdf_field::{self, Values};
use super::pdf_matrix::Matrix;
use super::pdf_metadata;

/// One annotation of a page.
pub(super) struct Annotation<'a> {
    document: &'a Document,
    pub(super) dictionary: &'a Dictionary,
    kind: &'a [u8],
}

impl<'a> Annotation<'a> {
    /// What a page names as its annotations.
    pub(super) fn named(document: &'a Document, page: &'a Dictionary) -> &'a [Object] {
        let annotations = page.get_deref(b"Annots", document).and_then(Object::as_array);
        annotations.map(Vec::as_slice).unwrap_or_default()
    }

    /// Those among what is named, in their order; the ones that nobody is to see are left out.
    pub(super) fn of(
        document: &'a Document,
        named: &'a [Object],
    ) -> impl Iterator<Item = Annotation<'a>> {
        named.iter().filter_map(move |annotation| {
            let dictionary = document.dereference(annotation).ok()?.1.as_dict().ok()?;
            let kind = dictionary.get_deref(b"Subtype", document).and_then(Object::as_name);
            let flags = dictionary.get_deref(b"F", document).and_then(Object::as_i64).unwrap_or(0);
            // Hidden ones (2) and those that the screen does not show (32).
            let is_seen = flags & 0b10_0010 == 0;
            let kind = kind.unwrap_or_default();
            is_seen.then_some(Annotation { document, dictionary, kind })
        })
    }

    /// How it looks, and where that goes; none if nobody has drawn it.
    pub(super) fn appearance(&self, values: &Values<'a>) -> Option<(&'a Stream, Matrix)> {
        if matches!(self.kind, b"Popup" | b"Link") {
            return None;
        }
        let document = self.document;
        if self.kind == b"Widget"
            && pdf_field::are_drawn_anew(document)
            && values.value(self.dictionary).is_some()
        {
            return None;
        }
        let normal = self
            .dictionary
            .get_deref(b"AP", document)
            .and_then(Object::as_dict)
            .and_then(|ap| ap.get_deref(b"N", document));
        let form = match normal {
            Ok(Object::Dictionary(states)) => {
                let state = self.dictionary.get_deref(b"AS", document).and_then(Object::as_name);
                state.and_then(|state| states.get_deref(state, document))
            }
            normal => normal,
        };
        let form = form.and_then(Object::as_stream).ok()?;
        Some((form, appearance_matrix(document, self.dictionary, form)?))
    }

    /// What it shows on the page where nobody has drawn it (the value of a field, free text), and its rectangle.
    pub(super) fn value(&self, values: &Values<'a>) -> Option<(String, [f64; 4])> {
        let text = match self.kind {
            b"FreeText" => self.words(),
            b"Widget" => values.value(self.dictionary),
            _ => None,
        };
        let rectangle = self.dictionary.get_deref(b"Rect", self.document).ok()?;
        Some((text?, numbers(self.document, rectangle)?))
    }

    /// What somebody wrote about the page: the text of a sticky note, of a marked passage, of a drawing, and what is to
    /// stand over a passage that is to be blacked out. For a field the same entry describes it for those who cannot
    /// see it.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let is_other =
            matches!(self.kind, b"Popup" | b"Link" | b"Widget" | b"FreeText" | b"PrinterMark");
        let over = (self.kind == b"Redact")
            .then(|| pdf_metadata::text(self.document, self.dictionary, b"OverlayText"));
        let note = (!is_other).then(|| self.words());
        [note, over].into_iter().flatten().flatten().filter_map(|note| tidy(&note))
    }

    /// What a link says of where it leads, if that is more than the address or the name of the place.
    pub(super) fn description(&self) -> Option<String> {
        let is_link = self.kind == b"Link";
        let words = tidy(&is_link.then(|| self.words()).flatten()?)?;
        let of = |holder: &Dictionary, key| match holder.get_deref(key, self.document).ok()? {
            Object::Name(name) => Some(String::from_utf8_lossy(name).into_owned()),
            place => pdf_metadata::text_of(place),
        };
        let action = self.dictionary.get_deref(b"A", self.document).and_then(Object::as_dict).ok();
        let places = [
            of(self.dictionary, b"Dest"),
            action.and_then(|action| of(action, b"D")),
            action.and_then(|action| of(action, b"URI")),
        ];
        let mut places = places.into_iter().flatten().filter(|place| !place.trim().is_empty());
        (!places.any(|place| words.contains(place.trim()))).then_some(words)
    }

    /// Its text: plain, or with styles where that is all there is.
    fn words(&self) -> Option<String> {
        let plain = pdf_metadata::text(self.document, self.dictionary, b"Contents");
        plain.filter(|text| !text.trim().is_empty()).or_else(|| self.rich_text())
    }

    /// The words of the same note with their styles, in XHTML (section 12.7.4.4).
    fn rich_text(&self) -> Option<String> {
        let rich = pdf_metadata::text(self.document, self.dictionary, b"RC")?;
        let mut markup = Markup::new(&rich);
        let mut text = String::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Text(words) => text.push_str(&words),
                Node::End(_) if !text.ends_with('\n') => text.push('\n'),
                _ => {}
            }
        }
        Some(text)
    }

    /// The file that it holds (section 12.5.6.15).
    pub(super) fn file(&self) -> Option<&'a Object> {
        let is_file = matches!(self.kind, b"FileAttachment");
        self.dictionary.get(b"FS").ok().filter(|_| is_file)
    }
}

/// A text with line feeds and no blanks around it, if anything is left of it.
fn tidy(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Brings the box of an appearance onto the rectangle of its annotation (section 12.5.5).
fn appearance_matrix(
    document: &Document,
    annotation: &Dictionary,
    form: &Stream,
) -> Option<Matrix> {
    let of = |holder: &Dictionary, key: &[u8]| {
        let [x0, y0, x1, y1] = numbers::<4>(document, holder.get_deref(key, document).ok()?)?;
        Some([x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)])
    };
    let rectangle = of(annotation, b"Rect")?;
    let frame = of(&form.dict, b"BBox")?;
    let own = form.dict.get_deref(b"Matrix", document).ok();
    let own = own.and_then(|m| matrix_of(document, m)).unwrap_or(Matrix::IDENTITY);
    let [x0, y0, x1, y1] = frame;
    let corners = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)].map(|(x, y)| own.apply(x, y));
    let low = corners.iter().fold((f64::MAX, f64::MAX), |l, c| (l.0.min(c.0), l.1.min(c.1)));
    let high = corners.iter().fold((f64::MIN, f64::MIN), |h, c| (h.0.max(c.0), h.1.max(c.1)));
    let scale = |from: f64, to: f64| if from.abs() > 1e-6 { to / from } else { 1.0 };
    let [left, bottom, right, top] = rectangle;
    let (sx, sy) = (scale(high.0 - low.0, right - left), scale(high.1 - low.1, top - bottom));
    Some(Matrix::of([sx, 0.0, 0.0, sy, left - low.0 * sx, bottom - low.1 * sy]))
}

/// An array of numbers.
pub(super) fn numbers<const N: usize>(document: &Document, object: &Object) -> Option<[f64; N]> {
    let items = object.as_array().ok()?;
    let mut numbers = [0.0; N];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = document.dereference(items.get(at)?).ok()?.1.as_float().ok()?.into();
    }
    Some(numbers)
}

/// An array of six numbers as a matrix.
pub(super) fn matrix_of(document: &Document, object: &Object) -> Option<Matrix> {
    numbers(document, object).map(Matrix::of)
}
