//! PDF (ISO 32000). Structure, properties and decryption come from lopdf; the text is read here, from the content of
//! the pages (`pdf_interpreter`) by the place of its glyphs (`pdf_layout`).
//!
//! Why our own: on 181 real files (token F1 against the better of two independent readers, which leave out what notes
//! say and attached files hold) it reads 0.964, and 0.955 on the half of them that nothing was tuned on,
//! where xberg 1.3.9 reads 0.933 (0.934), pdfium 0.902 (0.879), and pdf_oxide 0.3.78, which stood here before and was a
//! fifth of a first build, read 0.951. Korean syllables are complete in files of six producers. lopdf's own text
//! reaches 0.755. Poppler and MuPDF are not libraries that Madang's licence allows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::{Document, ObjectId};
use madang_document::content::{Content, Preview};
use madang_document::instead::Instead;
use madang_document::locator::{Bounds, Locator};
use madang_document::metadata::{self, Value};
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;
use zeroize::Zeroizing;

use super::pdf_interpreter::Interpreter;
use super::pdf_outline::Outline;
use super::pdf_page_text::PageText;
use super::pdf_raster::{PdfRaster, Scale};
use super::pdf_verdict::{PageVerdict, Verdicts};
use super::pdf_words::Sheet;
use super::{
    pdf_attachment, pdf_file, pdf_korean_break, pdf_layout, pdf_lock, pdf_metadata,
    pdf_page_labels, pdf_scan, pdf_verdict, pdf_vertical, pdf_words, pdf_xfa, preview,
};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "pdf",
    version: 19,
    media_types: &["application/pdf"],
    sniff,
    media_type: |_| "application/pdf",
    extract,
};

/// Decoded bytes of one stream at most while the file is opened.
const STREAM_MOST: usize = 64 << 20;

/// Pages in trouble that are named one by one; further ones are counted.
const NAMED_MOST: usize = 20;

/// Hashes of tries of a password: some 70 rounds of a few kilobytes for the owner's and the user's.
const PASSWORD_ROUNDS: u64 = 10_000;

fn sniff(probe: &Probe<'_>) -> Match {
    // Readers accept the header anywhere in the first 1,024 bytes (ISO 32000-1, annex H, note 13).
    let head = probe.head.get(..1024).unwrap_or(&probe.head);
    if head.starts_with(b"%PDF-") {
        Match::Magic
    } else if head.windows(5).any(|w| w == b"%PDF-") || probe.extension == "pdf" {
        Match::Extension
    } else {
        Match::No
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    if blob.len() > context.limits.member {
        let (bytes, limit) = (blob.len(), context.limits.member);
        let larger = ReasonKind::LargerThanMemory { bytes, limit };
        return Err(ExtractError::Limit(larger.of(Noun::File)));
    }
    let bytes = blob.read_all(context.limits.member)?;
    let most = usize::try_from(context.unpacked_left()).unwrap_or(usize::MAX).min(STREAM_MOST);
    let open = |password| {
        pdf_file::open(&bytes, most, password).map_err(|error| {
            let broken = ReasonKind::Broken(Quote::of(&error));
            ExtractError::corrupt(ReasonKind::Unreadable.of(Noun::Objects).because(broken))
        })
    };
    let (mut document, mut pages) = open(None)?;
    let mut opener = Zeroizing::new(String::new());
    context.progress();
    if pdf_file::is_locked(&document) {
        if let Some(closed) = pdf_lock::of(&document) {
            return Err(closed);
        }
        // The library tries the empty one by itself.
        let right = |password: &str| {
            let opened = !password.is_empty() && pdf_file::is_opened_by(&document, password);
            opened.then(|| Zeroizing::new(password.to_owned()))
        };
        let password = context.unlock(PASSWORD_ROUNDS, right).map_err(|still| {
            ExtractError::locked(ReasonKind::Password.of(Noun::Document), still)
        })?;
        (document, pages) = open(Some(&password))?;
        opener = password;
        if pdf_file::is_locked(&document) {
            return Err(ExtractError::corrupt(ReasonKind::StaysClosed.of(Noun::File)));
        }
    }
    let mut content = Content::default();
    if context.likeness && !pages.ids.is_empty() {
        // Of a document that stores no likeness of itself its first page is one.
        drop(document);
        let drawn = first_page(bytes.into_owned(), &opener, context).ok().flatten();
        content.previews.extend(drawn);
        return Ok(content);
    }
    if let Some(number) = context.page_picture {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let Some(&id) = index.and_then(|index| pages.ids.get(index)) else { return Ok(content) };
        place_words((number, id), &document, &bytes, context, &mut content);
        drop(document);
        match page_picture(number, bytes.into_owned(), &opener, context) {
            Ok(picture) => content.previews.extend(picture),
            Err(reason) => content.note(ReasonKind::NoPreview.because(reason)),
        }
        return Ok(content);
    }
    pdf_metadata::read(&document, &mut content);
    if let Some(fault) = pages.fault {
        content.lost(fault);
    }
    let pages = pages.ids;
    if document.xref_recovery.is_some() && !has_end(&bytes) {
        let missing = ReasonKind::Missing.of(Noun::FileEnd);
        content.lost(missing.instead(Instead::WhatStandsBefore));
    }
    if pdf_file::has_lost_packed(&document, most) {
        content.lost(ReasonKind::Damaged.of(Noun::Objects));
    }
    if document.was_encrypted() {
        content.metadata.at("Encrypt").set(metadata::ENCRYPTED, true);
    }
    if pages.is_empty() {
        return Err(ExtractError::corrupt(ReasonKind::Missing.of(Noun::Pages)));
    }
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    content.metadata.at("Pages").set(metadata::PAGES, count);
    if let Some((labels, is_cut)) = pdf_page_labels::read(&document, pages.len()) {
        content.metadata.at("PageLabels").set("pdf.page_labels", labels);
        if is_cut {
            content.note(ReasonKind::PropertyCut("pdf.page_labels".into()));
        }
    }
    let form = pdf_xfa::read(&document, context, &mut content);
    let outline = Outline::of(&document);
    let (bookmarks, is_cut) = outline.titles();
    let bookmarks = bookmarks.into_iter().map(Value::from).collect();
    content.metadata.at("Outlines").set("pdf.bookmarks", Value::List(bookmarks));
    if is_cut {
        content.note(ReasonKind::PropertyCut("pdf.bookmarks".into()));
    }
    if outline.is_cut {
        content.lost(ReasonKind::LimitReached.of(Noun::Bookmarks));
    }
    let unseen = read_pages(&mut content, &pages, form, &document, &bytes, context)?;
    if form == pdf_xfa::Form::Static {
        pdf_xfa::add_unsaid(&document, context, &mut content);
    }
    let open = || (bytes.to_vec(), opener.clone());
    pdf_scan::read(&unseen, open, context, &mut content);
    if content.segments.is_empty() {
        for (number, &id) in (1u32..).zip(&pages) {
            content.push_text(outline.of_page(id), Locator::page(number));
        }
    }
    pdf_attachment::read(&mut content, &document, &pages, context);
    content.likeness = true;
    Ok(content)
}

/// A preview of the first page; none if there is nothing to see on it.
///
/// # Errors
/// Why it cannot be drawn.
fn first_page(
    bytes: Vec<u8>,
    password: &str,
    context: &Context<'_>,
) -> Result<Option<Preview>, Reason> {
    // Drawn twice as large as it is shown: letters stay letters when they are shrunk.
    let scale = Scale::Longer(context.limits.preview.saturating_mul(2));
    let page = PdfRaster::open(bytes, password)?.page(1, &scale, context)?;
    preview::of(page.picture.into(), None, Locator::page(1), context)
}

/// A page as somebody looks at it. The bounds of its place are how large it is.
///
/// # Errors
/// Why it cannot be drawn.
fn page_picture(
    number: u32,
    bytes: Vec<u8>,
    password: &str,
    context: &Context<'_>,
) -> Result<Option<Preview>, Reason> {
    let scale = Scale::Longer(context.limits.preview);
    let page = PdfRaster::open(bytes, password)?.page(number, &scale, context)?;
    let (right, bottom) = page.points;
    let bounds = Some(Bounds { left: 0.0, top: 0.0, right, bottom });
    preview::of(page.picture.into(), None, Locator::Page { number, bounds }, context)
}

/// Puts the words of a page into `content`, each with where it is seen. A page that cannot be read has none, and is looked
/// at all the same.
fn place_words(
    (number, id): (u32, ObjectId),
    document: &Document,
    bytes: &[u8],
    context: &Context<'_>,
    content: &mut Content,
) {
    let progress = || context.progress();
    let mut interpreter = Interpreter::new(document, bytes, &progress);
    let read = catch_unwind(AssertUnwindSafe(|| interpreter.page(id).ok()));
    if let (Ok(Some(page)), Some(sheet)) = (read, Sheet::of(document, id)) {
        pdf_words::place(number, &sheet, &page.glyphs, content);
    }
}

/// Whether the marker of the end stands in the last 1,024 bytes (ISO 32000-1, annex H, note 18).
fn has_end(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(1024)..).unwrap_or(bytes);
    tail.windows(5).any(|w| w == b"%%EOF")
}

/// Reads the text of pages; gives those, from 1, on which something is to be seen and no text.
fn read_pages(
    content: &mut Content,
    pages: &[ObjectId],
    form: pdf_xfa::Form,
    document: &Document,
    bytes: &[u8],
    context: &Context<'_>,
) -> Result<Vec<u32>, ExtractError> {
    let progress = || context.progress();
    let mut interpreter = Interpreter::new(document, bytes, &progress);
    let mut faults = PageFaults::default();
    let mut verdicts = Verdicts::default();
    let mut length = 0u64;
    // Pages without text on which something could be recognised.
    let mut unseen: Vec<u32> = Vec::new();
    let may = usize::try_from(context.limits.pages).unwrap_or(usize::MAX).min(pages.len());
    for (number, &id) in (1u32..).zip(pages.iter().take(may)) {
        context.unit();
        let read = catch_unwind(AssertUnwindSafe(|| {
            interpreter.page(id).map(|mut page| {
                pdf_vertical::turn(&mut page.glyphs);
                (pdf_layout::text(&page.glyphs), page)
            })
        }));
        match read.unwrap_or_else(|_| Err(ReasonKind::DecoderBroke.of(Noun::Content))) {
            Ok((text, page)) => {
                faults.look_at(content, number, &page);
                length = length.saturating_add(text.len() as u64);
                let has_text = !text.trim().is_empty();
                let (shown, unread) = (page.glyphs.shown, page.glyphs.unread);
                let area = document
                    .get_dictionary(id)
                    .map_or(0.0, |page| pdf_verdict::area(document, page));
                let verdict = PageVerdict::of(has_text, shown, unread, &page.painted, area);
                verdicts.take(number, verdict);
                // Nothing could be recognised on a sheet with nothing on it.
                let is_unseen = match verdict {
                    PageVerdict::Blank => false,
                    PageVerdict::Both => pdf_scan::may_say_more(&text, context),
                    _ => !has_text,
                };
                if is_unseen {
                    unseen.push(number);
                }
                // What a viewer that knows no such forms is to show in place of the form.
                let is_placeholder = form == pdf_xfa::Form::Dynamic && text.contains("Please wait");
                if !is_placeholder {
                    content.push_text(text.trim(), Locator::page(number));
                }
                for note in page.notes {
                    length = length.saturating_add(note.len() as u64);
                    content.push_text(note, Locator::page(number));
                }
            }
            Err(error) => {
                verdicts.take(number, PageVerdict::Unreadable);
                faults.page_is_lost(content, number, error);
            }
        }
        // The frame cuts the text at its limit and says so; reading on would only cost time.
        if length > context.limits.text {
            break;
        }
    }
    verdicts.write(&mut content.metadata);
    if faults.lost == may {
        let none = Reason::new(ReasonKind::NoPage(pages.len() as u64));
        return Err(ExtractError::corrupt(match faults.reason {
            Some(reason) => none.because(reason),
            None => none,
        }));
    }
    pdf_korean_break::mend(&mut content.segments);
    content.push_text(interpreter.unplaced(), Locator::Whole {});
    interpreter.faults().into_iter().for_each(|fault| content.lost(fault));
    faults.sum_up(content);
    if may < pages.len() {
        let (first, of) = (may as u64, Some(pages.len() as u64));
        content.cut(ReasonKind::OnlyFirst { first, of, unit: Unit::Pages });
    }
    Ok(unseen)
}

/// What went wrong with pages.
#[derive(Default)]
struct PageFaults {
    lost: usize,
    named: usize,
    reason: Option<Reason>,
    /// Glyphs without characters on pages that have others.
    unread: usize,
}

impl PageFaults {
    fn page_is_lost(&mut self, content: &mut Content, number: u32, reason: Reason) {
        self.lost += 1;
        self.name(content, vec![reason.clone().within(Part::Page(number.into()))]);
        self.reason = Some(reason);
    }

    fn look_at(&mut self, content: &mut Content, number: u32, page: &PageText) {
        let page_of = |reason: Reason| reason.within(Part::Page(number.into()));
        let mut reasons: Vec<Reason> = page.faults.iter().cloned().map(page_of).collect();
        let (unread, all) = (page.glyphs.unread, page.glyphs.shown);
        if pdf_verdict::is_untold(all, unread) {
            let reason = ReasonKind::NoCharacters { unread: unread as u64, all: all as u64 };
            reasons.push(page_of(reason.into()));
        } else {
            self.unread += unread;
        }
        self.name(content, reasons);
    }

    /// Names what is the matter with one page.
    fn name(&mut self, content: &mut Content, reasons: Vec<Reason>) {
        self.named += usize::from(!reasons.is_empty());
        if self.named <= NAMED_MOST {
            reasons.into_iter().for_each(|reason| content.lost(reason));
        }
    }

    fn sum_up(&self, content: &mut Content) {
        if self.named > NAMED_MOST {
            content.lost(ReasonKind::FurtherPages((self.named - NAMED_MOST) as u64));
        }
        if self.unread > 0 {
            content.note(ReasonKind::Symbols(self.unread as u64));
        }
    }
}
