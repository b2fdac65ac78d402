//! PowerPoint presentations of the binary format of PowerPoint 97 to 2003 (MS-PPT). The prompts of masters are not
//! the author's text and are left out; other words on a master are given once, with its first slide.

use std::collections::{BTreeMap, BTreeSet};

use flate2::read::ZlibDecoder;
use madang_document::content::Content;
use madang_document::instead::Instead;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::bytes::{u16_at, u32_at};
use super::office_art::{Pictures, Record, records};
use super::office_summary;
use super::ole_object;
use super::windows_text::wide;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::Format;
use crate::unpack::{End, unpack};
use persist::Persist;
use shapes::{Kept, Shapes, text_of};

mod encryption;
mod persist;
mod shapes;

pub(super) const FORMAT: Format = Format {
    name: "ppt",
    version: 6,
    media_types: &["application/vnd.ms-powerpoint"],
    sniff: |probe| ole_object::sniff(probe, &["PowerPoint Document"], &["ppt", "pps", "pot"]),
    media_type: |_| "application/vnd.ms-powerpoint",
    extract,
};

// Records of the presentation (MS-PPT, section 2.13.24).
const SLIDE: u16 = 0x03EE;
const SLIDE_ATOM: u16 = 0x03EF;
const SLIDE_SHOW: u16 = 0x03F9;
const NOTES: u16 = 0x03F0;
const SLIDE_PERSIST: u16 = 0x03F3;
const MASTER: u16 = 0x03F8;
const TEXT_HEADER: u16 = 0x0F9F;
const STRING: u16 = 0x0FBA;
const HEADERS_FOOTERS: u16 = 0x0FD9;
const HEADERS_FOOTERS_ATOM: u16 = 0x0FDA;
const SLIDE_LIST: u16 = 0x0FF0;
const OLE_OBJECT: u16 = 0x1011;
const TAG_DATA: u16 = 0x138B;
const COMMENT: u16 = 0x2EE0;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let file = ole_object::open(blob)?;
    let limit = context.limits.member;
    let stream = file.root_stream("PowerPoint Document", limit).ok_or_else(|| {
        ExtractError::corrupt(ReasonKind::Unreadable.of(Part::Stream("PowerPoint Document".into())))
    })?;
    let user = file.root_stream("Current User", 4096).unwrap_or_default();
    let persist = Persist::read(&stream, &user);
    let plain = encryption::decrypted(&stream, &persist, context)?;
    let persist = match &plain {
        None => persist,
        Some((plain, _)) => Persist::read(plain, &user),
    };
    ole_object::tell_damage(&file, &mut content);
    office_summary::read(&file, context, &mut content);
    let presentation = Presentation::read(&persist, &mut content);
    presentation.slides(&persist, stream.len(), context, &mut content);
    members(&persist, context, &mut content);
    let mut stream = file.root_stream("Pictures", limit).unwrap_or_default();
    if let Some((_, key)) = &plain {
        content.metadata.at("PowerPoint Document").set(metadata::ENCRYPTED, true);
        encryption::decrypt_pictures(&mut stream, key);
    }
    let mut pictures = Pictures::default();
    pictures.find(&stream);
    pictures.take_members("pictures", context, &mut content);
    Ok(content)
}

/// What the document container says of the slides.
#[derive(Default)]
struct Presentation {
    slides: Vec<ListedSlide>,
    /// The numbers of the objects of notes by the identifiers that slides have for them.
    notes: BTreeMap<u32, u32>,
    /// The same of masters.
    masters: BTreeMap<u32, u32>,
    /// The footer of all slides, unless they have their own.
    footer: Option<String>,
    /// The header and footer of the pages of notes.
    edges: Vec<String>,
}

/// A slide in the list of slides.
#[derive(Default)]
struct ListedSlide {
    object: u32,
    /// The texts of its outline.
    texts: Vec<String>,
}

impl Presentation {
    fn read(persist: &Persist<'_>, content: &mut Content) -> Presentation {
        let mut this = Presentation::default();
        let Some(document) = persist.document() else {
            let missing = ReasonKind::Missing.of(Noun::DocumentContainer);
            content.lost(missing.instead(Instead::AsTheyLie));
            return this;
        };
        for record in records(document.data) {
            match (record.kind, record.instance) {
                (SLIDE_LIST, 0) => this.slides.extend(entries(record.data).map(|(_, entry)| entry)),
                (SLIDE_LIST, 1) => {
                    this.masters.extend(entries(record.data).map(|(id, entry)| (id, entry.object)));
                }
                (SLIDE_LIST, 2) => {
                    this.notes.extend(entries(record.data).map(|(id, entry)| (id, entry.object)));
                }
                (HEADERS_FOOTERS, 3) => this.footer = edge(record.data, FOOTER),
                (HEADERS_FOOTERS, 4) => {
                    this.edges.extend(edge(record.data, HEADER));
                    this.edges.extend(edge(record.data, FOOTER));
                }
                _ => {}
            }
        }
        this
    }

    fn slides(
        &self,
        persist: &Persist<'_>,
        stream: usize,
        context: &Context<'_>,
        content: &mut Content,
    ) {
        let listed = self.slides.iter().map(|entry| (persist.object(entry.object), Some(entry)));
        let mut slides: Vec<_> = listed.collect();
        if slides.is_empty() {
            let found = persist.everything().filter(|record| record.kind == SLIDE);
            slides = found.map(|record| (Some((0, record)), None)).collect();
        }
        content.metadata.at("PowerPoint Document").set(metadata::SLIDES, slides.len());
        // A directory may name one slide many times, or slides that lie in one another.
        let mut seen = BTreeSet::new();
        let mut left = stream.saturating_mul(2);
        for (number, (object, entry)) in (1u32..).zip(slides) {
            if number > context.limits.pages {
                let first = context.limits.pages.into();
                content.cut(ReasonKind::OnlyFirst { first, of: None, unit: Unit::Slides });
                break;
            }
            context.unit();
            let texts = entry.map_or(&[][..], |entry| &entry.texts);
            let place = || Locator::Slide { number };
            let slide = object.filter(|(offset, record)| {
                record.kind == SLIDE && (*offset == 0 || seen.insert(*offset))
            });
            let Some((_, slide)) = slide else {
                let missing = ReasonKind::Missing.of(Part::Slide(number.into()));
                content.lost(missing.instead(Instead::Outline));
                texts.iter().for_each(|text| content.push_text(text.trim_end(), place()));
                continue;
            };
            left = left.saturating_sub(slide.data.len());
            if slide.cut_short || left == 0 {
                content.lost(ReasonKind::Damaged.of(Part::Slide(number.into())));
            }
            if left == 0 {
                break;
            }
            if is_hidden(&slide) {
                content.note(ReasonKind::Hidden.of(Part::Slide(number.into())));
            }
            let mut shapes = Shapes::new(texts, Kept::All, number);
            shapes.read(slide.data, 0);
            for text in shapes.left() {
                content.push_text(text.trim_end(), place());
            }
            let own = records(slide.data).find(|record| record.kind == HEADERS_FOOTERS);
            let own = own.map(|record| edge(record.data, FOOTER));
            let footer = own.unwrap_or_else(|| self.footer.clone());
            content.push_text(footer.unwrap_or_default(), place());
            for text in self.besides(&slide, number, persist, &mut seen) {
                content.push_text(text.trim_end(), place());
            }
            for text in comments(slide.data) {
                content.push_text(text.trim_end(), place());
            }
        }
        if !self.notes.is_empty() {
            for edge in &self.edges {
                content.push_text(edge.trim(), Locator::Whole {});
            }
        }
    }

    /// What belongs to a slide and lies elsewhere: the words on its master, if this is the first slide that has it, and
    /// its notes.
    fn besides(
        &self,
        slide: &Record<'_>,
        number: u32,
        persist: &Persist<'_>,
        seen: &mut BTreeSet<u32>,
    ) -> Vec<String> {
        let Some(atom) = records(slide.data).find(|record| record.kind == SLIDE_ATOM) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut read = |list: &BTreeMap<u32, u32>, at: usize, kept: Kept| {
            let object = u32_at(atom.data, at).and_then(|id| list.get(&id));
            let object = object.and_then(|number| persist.object(*number));
            let kinds = [MASTER, SLIDE, NOTES];
            let object = object.filter(|(at, r)| kinds.contains(&r.kind) && seen.insert(*at));
            if let Some((_, object)) = object {
                let mut shapes = Shapes::new(&[], kept, number);
                shapes.read(object.data, 0);
                found.append(&mut shapes.found);
            }
        };
        // Whether the slide shows what its master shows.
        if u16_at(atom.data, 20).is_some_and(|flags| flags & 1 == 1) {
            read(&self.masters, 12, Kept::WithoutPlaceholders);
        }
        read(&self.notes, 16, Kept::WithoutEdges);
        found
    }
}

/// Whether a show passes over the slide (MS-PPT, section 2.6.6).
fn is_hidden(slide: &Record<'_>) -> bool {
    const HIDDEN: u16 = 1 << 2;
    let show = records(slide.data).find(|record| record.kind == SLIDE_SHOW);
    show.and_then(|show| u16_at(show.data, 10)).is_some_and(|flags| flags & HIDDEN != 0)
}

/// The slides in a list (MS-PPT, section 2.4.14.3): the identifier of each, its object and the texts of its outline.
fn entries(list: &[u8]) -> impl Iterator<Item = (u32, ListedSlide)> {
    let mut found: Vec<(u32, ListedSlide)> = Vec::new();
    for record in records(list) {
        match record.kind {
            SLIDE_PERSIST => {
                let object = u32_at(record.data, 0).unwrap_or(0);
                let id = u32_at(record.data, 12).unwrap_or(0);
                found.push((id, ListedSlide { object, texts: Vec::new() }));
            }
            TEXT_HEADER => {
                if let Some((_, entry)) = found.last_mut() {
                    entry.texts.push(String::new());
                }
            }
            _ => {
                let text = found.last_mut().and_then(|(_, entry)| entry.texts.last_mut());
                if let (Some(text), Some(more)) = (text, text_of(&record)) {
                    text.push_str(&more);
                }
            }
        }
    }
    found.into_iter()
}

/// The bit that says whether it is shown, and the number of its string (MS-PPT, sections 2.4.15.1 and 2.4.15.2).
const HEADER: (u16, u16) = (0x10, 1);
const FOOTER: (u16, u16) = (0x20, 2);

/// A header or footer, if it is shown.
fn edge(container: &[u8], (shown, number): (u16, u16)) -> Option<String> {
    let atom = records(container).find(|record| record.kind == HEADERS_FOOTERS_ATOM)?;
    if u16_at(atom.data, 2)? & shown == 0 {
        return None;
    }
    let mut texts = records(container).filter(|record| record.kind == STRING);
    Some(wide(texts.find(|record| record.instance == number)?.data))
}

/// The comments of a slide (MS-PPT, section 2.5.23): they lie in the data of a tag of PowerPoint 2002.
fn comments(slide: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(slide, 0u32)];
    while let Some((container, depth)) = open.pop() {
        for record in records(container) {
            match record.kind {
                COMMENT => {
                    let text = records(record.data).find(|r| r.kind == STRING && r.instance == 1);
                    found.extend(text.map(|text| wide(text.data).replace('\r', "\n")));
                }
                // Tags lie three deep, and drawings hold none.
                kind if depth < 4
                    && kind < 0xF000
                    && (record.is_container() || kind == TAG_DATA) =>
                {
                    open.push((record.data, depth + 1));
                }
                _ => {}
            }
        }
    }
    found
}

/// The embedded objects (MS-PPT, section 2.10.34): compound files, mostly compressed.
fn members(persist: &Persist<'_>, context: &Context<'_>, content: &mut Content) {
    let objects = persist.objects().into_iter().filter(|record| record.kind == OLE_OBJECT);
    for (number, object) in (1u32..).zip(objects) {
        if let Err(limit) = context.may_open_member() {
            content.cut(limit);
            break;
        }
        let path = format!("objects/{number}");
        if object.instance == 0 {
            if !ole_object::deliver(&path, object.data.to_vec(), context, content) {
                break;
            }
            continue;
        }
        let packed = object.data.get(4..).unwrap_or_default();
        let unpacked = unpack(ZlibDecoder::new(packed), context.limits.member, context);
        match unpacked.end {
            End::Whole => {}
            // Office does not always end the stream; then its stated size tells.
            End::Damaged(_)
                if u32_at(object.data, 0) == u32::try_from(unpacked.bytes.len()).ok() => {}
            End::Damaged(what) => {
                content.lost(ReasonKind::Damaged.of(Noun::Object).because(what).within(&path));
            }
            End::TooLarge => {
                content.cut(ReasonKind::Larger(context.limits.member).within(&path));
            }
            End::Spent(limit) => {
                content.cut(limit);
                break;
            }
        }
        if !unpacked.bytes.is_empty() {
            ole_object::open_file(&path, unpacked.bytes, context, content);
        }
    }
}
