use std::collections::{HashMap, HashSet};

use lopdf::{DecompressError, Dictionary, Document, Error, Object, ObjectId, Stream};
use madang_document::content::Content;
use madang_document::outcome::Outcome;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use super::pdf_annotation::Annotation;
use super::pdf_tree::Tree;
use super::{pdf_metadata, pdf_stream};
use crate::context::Context;
use crate::member_path::MemberPaths;
use crate::unpack::{End, Unopened, Unpacked, take_unpacked};

/// Annotations and files that pages name and that are looked at. Pages may share what they name.
const NAMED_MOST: usize = 2_000_000;

/// Delivers the embedded files (ISO 32000-2, section 7.11.4) as members, whatever names them, once each, however often it
/// is named: those of the document, of its pages and notes first.
pub(super) fn read(
    content: &mut Content,
    document: &Document,
    pages: &[ObjectId],
    context: &Context<'_>,
) {
    let mut paths = MemberPaths::default();
    let (mut told, mut seen) = (HashSet::new(), HashSet::new());
    let place = |specification: &Dictionary| std::ptr::from_ref(specification) as usize;
    let mut named = Tree::of(document, root_of_named(document));
    let of_names: Vec<_> = named.by_ref().flat_map(|node| files_of(document, node)).collect();
    // One that hangs on a page may stand in the tree of names, too, and there without its page.
    let (associated, is_cut) = associated(document, pages);
    let mut on_pages: HashMap<usize, u32> = HashMap::new();
    for &(page, specification) in &associated {
        if let Some(page) = page {
            on_pages.entry(place(specification)).or_insert(page);
        }
    }
    if is_cut || named.is_cut {
        content.lost(ReasonKind::LimitReached.of(Noun::SomeAttachments));
    }
    let associated = associated.into_iter().map(|(_, specification)| specification);
    for specification in of_names.into_iter().chain(associated).chain(elsewhere(document)) {
        if !told.insert(place(specification)) {
            continue;
        }
        let Some((name, stream)) = embedded_file(document, specification) else {
            content.note(ReasonKind::NoContent.of(Noun::Attachment));
            continue;
        };
        if !seen.insert(std::ptr::from_ref(stream) as usize) {
            continue;
        }
        let path = paths.take(name.rsplit(['/', '\\']).next().unwrap_or(&name));
        let stated = stated_size(document, stream);
        let context = context.on_page(on_pages.get(&place(specification)).copied());
        if !take_unpacked(&path, None, &context, content, |most| {
            unpack(stream, stated, most, &context)
        }) {
            return;
        }
    }
}

/// Decodes an embedded file, of which so many bytes are stated.
fn unpack(
    stream: &Stream,
    stated: Option<u64>,
    most: u64,
    context: &Context<'_>,
) -> Result<Unpacked, Unopened> {
    let left = most.min(context.unpacked_left());
    let most = usize::try_from(left).unwrap_or(usize::MAX);
    let decoded = pdf_stream::decode(stream, most).map_err(|error| match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            let reason = context.larger_than(left).into();
            Unopened { outcome: Outcome::Limit, reason }
        }
        error => {
            let broken = ReasonKind::Broken(Quote::of(&error));
            let reason = ReasonKind::NotDecoded.of(Noun::Content).because(broken);
            Unopened { outcome: Outcome::Corrupt, reason }
        }
    })?;
    let came = decoded.bytes.len() as u64;
    let end = match context.spend_unpacked(came) {
        Err(limit) => End::Spent(limit),
        // As many bytes as were put in: whatever is wrong behind them is none of theirs.
        Ok(()) if decoded.is_whole || stated == Some(came) && came > 0 => End::Whole,
        Ok(()) => End::Damaged(ReasonKind::Damaged.of(Noun::PackedBytes)),
    };
    Ok(Unpacked { bytes: decoded.bytes, end })
}

/// How many bytes an embedded file has (section 7.11.4). Some writers state those that it takes packed, or none.
fn stated_size(document: &Document, stream: &Stream) -> Option<u64> {
    let parameters = stream.dict.get_deref(b"Params", document).and_then(Object::as_dict).ok()?;
    let size = parameters.get_deref(b"Size", document).and_then(Object::as_i64).ok()?;
    u64::try_from(size).ok()
}

/// The root of the tree of names `EmbeddedFiles`.
fn root_of_named(document: &Document) -> Option<&Dictionary> {
    let names = document.catalog().and_then(|catalog| catalog.get_deref(b"Names", document));
    let files = names
        .and_then(Object::as_dict)
        .and_then(|names| names.get_deref(b"EmbeddedFiles", document));
    files.and_then(Object::as_dict).ok()
}

/// The file specifications of a node of that tree.
fn files_of<'a>(
    document: &'a Document,
    node: &'a Dictionary,
) -> impl Iterator<Item = &'a Dictionary> {
    let names = node.get_deref(b"Names", document).and_then(Object::as_array);
    let values = names.map(Vec::as_slice).unwrap_or_default().iter().skip(1).step_by(2);
    values.filter_map(|value| dictionary(document, value))
}

/// The files that the document, a page, or what lies on a page holds or is associated with (sections 12.5.6.15 and
/// 14.13), each once with the number of its first page; whether not all were looked at.
fn associated<'a>(
    document: &'a Document,
    pages: &'a [ObjectId],
) -> (Vec<(Option<u32>, &'a Dictionary)>, bool) {
    let mut left = NAMED_MOST;
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut put = |page, files: &'a [Object]| {
        let may = files.len().min(left);
        left -= may;
        for file in files.iter().take(may) {
            let file = dictionary(document, file);
            let new = file.filter(|file| seen.insert(std::ptr::from_ref(*file)));
            found.extend(new.map(|file| (page, file)));
        }
        may == files.len()
    };
    // An array by the standard; some writers name the only file itself.
    let files = |holder: &'a Dictionary| match holder.get(b"AF") {
        Ok(file) => match document.dereference(file) {
            Ok((_, Object::Array(files))) => files.as_slice(),
            _ => std::slice::from_ref(file),
        },
        Err(_) => &[],
    };
    let mut is_whole = document.catalog().is_ok_and(|catalog| put(None, files(catalog)));
    let mut notes_left = NAMED_MOST;
    for (number, id) in (1u32..).zip(pages) {
        let Ok(page) = document.get_dictionary(*id) else { continue };
        is_whole &= put(Some(number), files(page));
        let named = Annotation::named(document, page);
        let may = named.len().min(notes_left);
        notes_left -= may;
        is_whole &= may == named.len();
        for note in Annotation::of(document, named.get(..may).unwrap_or_default()) {
            is_whole &=
                note.file().is_none_or(|file| put(Some(number), std::slice::from_ref(file)));
            is_whole &= put(Some(number), files(note.dictionary));
        }
    }
    (found, !is_whole)
}

/// The files that whatever else the document is made of holds: a structure element (section 14.13.5), a picture or a
/// part of a page (14.13.6 to 14.13.8), a note that nobody is to see, a film (13.7).
fn elsewhere(document: &Document) -> impl Iterator<Item = &Dictionary> {
    // Most documents embed nothing, and following references costs more than looking.
    let mut embeds =
        Walk { waiting: document.objects.values().collect(), followed: None, document };
    let root = embeds.any(holds_file).then(|| document.trailer.get(b"Root").ok()).flatten();
    let walk =
        Walk { waiting: root.into_iter().collect(), followed: Some(HashSet::new()), document };
    walk.filter(|dictionary| holds_file(dictionary))
}

fn holds_file(dictionary: &Dictionary) -> bool {
    dictionary.has(b"EF")
}

/// Visits the dictionaries that some objects are made of and, if references are followed, lead to.
struct Walk<'a> {
    document: &'a Document,
    waiting: Vec<&'a Object>,
    /// The references that were followed.
    followed: Option<HashSet<ObjectId>>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a Dictionary;

    fn next(&mut self) -> Option<&'a Dictionary> {
        while let Some(object) = self.waiting.pop() {
            let dictionary = match object {
                Object::Reference(id) => {
                    let is_new =
                        self.followed.as_mut().is_some_and(|followed| followed.insert(*id));
                    self.waiting.extend(self.document.objects.get(id).filter(|_| is_new));
                    continue;
                }
                Object::Array(items) => {
                    self.waiting.extend(items.iter().rev());
                    continue;
                }
                Object::Dictionary(dictionary) => dictionary,
                Object::Stream(stream) => &stream.dict,
                _ => continue,
            };
            let before = self.waiting.len();
            self.waiting.extend(dictionary.iter().map(|(_, value)| value));
            if let Some(added) = self.waiting.get_mut(before..) {
                added.reverse();
            }
            return Some(dictionary);
        }
        None
    }
}

fn dictionary<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    document.dereference(object).ok()?.1.as_dict().ok()
}

fn embedded_file<'a>(
    document: &'a Document,
    specification: &'a Dictionary,
) -> Option<(String, &'a lopdf::Stream)> {
    let name = [b"UF".as_slice(), b"F", b"Unix", b"DOS", b"Mac"]
        .into_iter()
        .find_map(|key| pdf_metadata::text(document, specification, key))
        .unwrap_or_else(|| "attachment".into());
    let files = specification.get_deref(b"EF", document).and_then(Object::as_dict).ok()?;
    // The last three are of old writers, one for each system.
    let stream = [b"UF".as_slice(), b"F", b"Unix", b"DOS", b"Mac"]
        .into_iter()
        .find_map(|key| files.get_deref(key, document).and_then(Object::as_stream).ok())?;
    Some((name, stream))
}
