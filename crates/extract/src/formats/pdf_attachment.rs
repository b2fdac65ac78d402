use std::collections::{HashMap, HashSet};

use lopdf::{DecompressError, Dictionary, Document, Error, Object, ObjectId, Stream};
use madang_document::content::Content;
use madang_document::outcome::Outcome;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use super::pdf_annotation::Annotation;
use super::{pdf_metadata, pdf_stream};
use crate::context::Context;
use crate::member_path::MemberPaths;
use crate::unpack::{End, Unopened, Unpacked, take_unpacked};

/// Nodes of the tree of attachments that are visited.
const NAME_NODES_MOST: usize = 10_000;

/// Attachments that are read.
const FILES_MOST: usize = 10_000;

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
    // One that hangs on a page may stand in the tree of names, too, and there without its page.
    let associated: Vec<_> = associated(document, pages).take(FILES_MOST).collect();
    let mut on_pages: HashMap<usize, u32> = HashMap::new();
    for &(page, specification) in &associated {
        if let Some(page) = page {
            on_pages.entry(place(specification)).or_insert(page);
        }
    }
    let named = named(document).into_iter();
    let associated = associated.into_iter().map(|(_, specification)| specification);
    let all = named.chain(associated).chain(elsewhere(document));
    for specification in all.take(FILES_MOST) {
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

/// The file specifications in the tree of names `EmbeddedFiles`, in its order.
fn named(document: &Document) -> Vec<&Dictionary> {
    let root = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Names", document))
        .and_then(Object::as_dict)
        .and_then(|names| names.get_deref(b"EmbeddedFiles", document))
        .and_then(Object::as_dict);
    let mut waiting: Vec<&Dictionary> = root.into_iter().collect();
    let mut found = Vec::new();
    let mut visited = 0;
    while let Some(node) = waiting.pop() {
        // A tree that bites its tail ends here.
        visited += 1;
        if visited > NAME_NODES_MOST || found.len() > FILES_MOST {
            break;
        }
        if let Ok(names) = node.get_deref(b"Names", document).and_then(Object::as_array) {
            let values = names.iter().skip(1).step_by(2);
            found.extend(values.filter_map(|value| dictionary(document, value)));
        }
        if let Ok(kids) = node.get_deref(b"Kids", document).and_then(Object::as_array) {
            let kids = kids.iter().rev().take(NAME_NODES_MOST);
            waiting.extend(kids.filter_map(|kid| dictionary(document, kid)));
        }
    }
    found
}

/// The files that the document, a page, or what lies on a page holds or is associated with (sections 12.5.6.15 and
/// 14.13), with the number of the page.
fn associated<'a>(
    document: &'a Document,
    pages: &'a [ObjectId],
) -> impl Iterator<Item = (Option<u32>, &'a Dictionary)> {
    let of = move |holder: &'a Dictionary| {
        // An array by the standard; some writers name the only file itself.
        let files = match holder.get_deref(b"AF", document) {
            Ok(Object::Array(files)) => files.as_slice(),
            Ok(file) => std::slice::from_ref(file),
            Err(_) => &[],
        };
        files.iter().filter_map(move |file| dictionary(document, file))
    };
    let pages = (1u32..).zip(pages);
    let pages = pages.filter_map(|(n, id)| Some((n, document.get_dictionary(*id).ok()?)));
    let of_document = document.catalog().into_iter().flat_map(of).map(|file| (None, file));
    of_document.chain(pages.flat_map(move |(number, page)| {
        let notes = Annotation::of(document, page).flat_map(move |note| {
            let held = note.file().and_then(|file| dictionary(document, file));
            held.into_iter().chain(of(note.dictionary))
        });
        of(page).chain(notes).map(move |file| (Some(number), file))
    }))
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
    let name = [b"UF".as_slice(), b"F"]
        .into_iter()
        .find_map(|key| pdf_metadata::text(document, specification, key))
        .unwrap_or_else(|| "attachment".into());
    let files = specification.get_deref(b"EF", document).and_then(Object::as_dict).ok()?;
    let stream = [b"UF".as_slice(), b"F"]
        .into_iter()
        .find_map(|key| files.get_deref(key, document).and_then(Object::as_stream).ok())?;
    Some((name, stream))
}
