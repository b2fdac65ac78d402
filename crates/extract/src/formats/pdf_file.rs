//! How a PDF is opened, damaged ones too: by its cross-reference table, by looking for its objects, and by opening what
//! their packs (object streams) hold when nothing says where the catalog is.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::xref::XrefEntry;
use lopdf::{Document, LoadOptions, Object, ObjectId, ObjectStream};

/// Number of the object that stands in for a catalog until one is found, the highest that lopdf looks at.
const STAND_IN: u32 = 1_000_000;

/// Bytes of a trailer's entry that are looked at: two identifiers of 32 hexadecimal digits, or bytes that are escaped.
const ENTRY_MOST: usize = 1024;

/// Objects that are taken out of packs.
const PACKED_MOST: usize = 1_000_000;

/// Opens a file with streams of at most `most` bytes, and finds its pages in their order. lopdf tries the empty password
/// by itself; where neither that nor `password` opens it, there are no pages.
///
/// # Errors
/// What stood in the way of reading the file as it is written, if no object can be found in it either.
pub(super) fn open(
    bytes: &[u8],
    most: usize,
    password: Option<&str>,
) -> Result<(Document, Vec<ObjectId>), lopdf::Error> {
    let load = |bytes: &[u8], rebuild| load(bytes, most, password, rebuild);
    let written = load(bytes, false);
    match written {
        Ok(document) if is_locked(&document) => Ok((document, Vec::new())),
        Ok(mut document) => {
            let mut pages = pages_of(&document);
            // The table may read well and yet describe another file, or only a part of its entries lead anywhere.
            if (pages.is_empty() || lacks(&document))
                && let Ok(found) = load(&searchable(bytes), true)
            {
                match pages.is_empty() {
                    true => document = found,
                    false => complete(&mut document, found),
                }
                pages = pages_of(&document);
            }
            if pages.is_empty()
                && let Some(unpacked) = unpack(bytes, most, load)
            {
                document = unpacked;
                pages = pages_of(&document);
            }
            Ok((document, pages))
        }
        Err(error) => {
            let found = load(&searchable(bytes), true).ok().or_else(|| unpack(bytes, most, load));
            let document = found.ok_or(error)?;
            let pages = if is_locked(&document) { Vec::new() } else { pages_of(&document) };
            Ok((document, pages))
        }
    }
}

/// Whether only a password would open it.
pub(super) fn is_locked(document: &Document) -> bool {
    document.is_encrypted() && document.encryption_state.is_none()
}

/// Whether this password opens a document that is locked: that of a user, or the owner's.
pub(super) fn is_opened_by(document: &Document, password: &str) -> bool {
    // A panic in the library costs the password, not the document.
    catch_unwind(AssertUnwindSafe(|| document.authenticate_password(password).is_ok()))
        .unwrap_or(false)
}

/// Reads the file; `rebuild` looks for its objects instead of trusting its table.
fn load(
    bytes: &[u8],
    most: usize,
    password: Option<&str>,
    rebuild: bool,
) -> Result<Document, lopdf::Error> {
    let options = LoadOptions {
        force_reconstruct: rebuild,
        password: password.map(str::to_owned),
        ..LoadOptions::with_max_decompressed_size(most)
    };
    // A panic in the library costs the document, not its neighbours.
    catch_unwind(|| Document::load_mem_with_options(bytes, options))
        .unwrap_or(Err(lopdf::Error::Unimplemented("the structure")))
}

/// The pages in their order; if their tree cannot be walked, in that of their objects.
fn pages_of(document: &Document) -> Vec<ObjectId> {
    let pages: Vec<ObjectId> = document.page_iter().collect();
    if !pages.is_empty() {
        return pages;
    }
    let is_page = |object: &Object| object.as_dict().is_ok_and(|page| page.has_type(b"Page"));
    document.objects.iter().filter(|(_, object)| is_page(object)).map(|(id, _)| *id).collect()
}

/// Whether the table names places at which its objects are not.
fn lacks(document: &Document) -> bool {
    let numbers: HashSet<u32> = document.objects.keys().map(|(number, _)| *number).collect();
    let is_lost = |(number, entry): &(&u32, &XrefEntry)| {
        // Some writers list what they never wrote at the start of the file.
        matches!(entry, XrefEntry::Normal { offset, .. } if *offset > 0)
            && !numbers.contains(number)
    };
    let lost = document.reference_table.entries.iter().filter(is_lost).count();
    // lopdf takes the dictionary of the encryption out.
    lost > usize::from(document.was_encrypted())
}

/// Adds the objects that the table does not lead to.
fn complete(document: &mut Document, found: Document) {
    for (id, object) in found.objects {
        let is_free = matches!(
            document.reference_table.get(id.0),
            Some(XrefEntry::Free | XrefEntry::UnusableFree)
        );
        if !is_free {
            document.objects.entry(id).or_insert(object);
        }
    }
}

/// The same bytes so that lopdf finds the objects in them: it looks for each at the start of a line, and for
/// the header.
fn searchable(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut patched = Cow::Borrowed(bytes);
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"endobj ")) {
        at += found + 7;
        if let Some(space) = patched.to_mut().get_mut(at - 1) {
            *space = b'\n';
        }
    }
    let head = bytes.get(..1024).unwrap_or(bytes);
    if find(head, b"%PDF-").is_none() {
        patched.to_mut().splice(..0, *b"%PDF-1.4\n");
    }
    patched
}

/// Opens the packs of a file whose catalog lies in one of them and whose table is lost: lopdf is given a catalog that
/// stands in, and the real one is looked for among all objects.
fn unpack(
    bytes: &[u8],
    most: usize,
    load: impl Fn(&[u8], bool) -> Result<Document, lopdf::Error>,
) -> Option<Document> {
    let mut patched = searchable(bytes).into_owned();
    let trailer = format!("\n{STAND_IN} 0 obj\n<< >>\nendobj\ntrailer\n<< /Root {STAND_IN} 0 R ");
    patched.extend_from_slice(trailer.as_bytes());
    // Without these two an encrypted file stays closed.
    for key in [b"/Encrypt".as_slice(), b"/ID"] {
        if let Some(place) = entry(bytes, key) {
            patched.extend_from_slice(bytes.get(place).unwrap_or_default());
            patched.push(b' ');
        }
    }
    patched.extend_from_slice(b">>\n");
    let mut document = load(&patched, true).ok()?;
    document.objects.remove(&(STAND_IN, 0));
    if document.objects.is_empty() {
        return None;
    }
    if is_locked(&document) {
        return Some(document);
    }
    let packs: Vec<ObjectId> = document
        .objects
        .iter()
        .filter(|(_, object)| object.as_stream().is_ok_and(|s| s.dict.has_type(b"ObjStm")))
        .map(|(id, _)| *id)
        .collect();
    let mut left = PACKED_MOST;
    for id in packs {
        let Ok(Object::Stream(pack)) = document.objects.get(&id).cloned().ok_or(()) else {
            continue;
        };
        let pack =
            catch_unwind(AssertUnwindSafe(|| ObjectStream::new_with_limit(&pack, Some(most))));
        let Ok(Ok(pack)) = pack else { continue };
        left = left.checked_sub(pack.objects.len())?;
        for (id, object) in pack.objects {
            document.objects.entry(id).or_insert(object);
        }
    }
    let is_catalog = |object: &Object| {
        let catalog = object.as_dict().ok().filter(|catalog| catalog.has_type(b"Catalog"));
        let pages = catalog.and_then(|c| c.get_deref(b"Pages", &document).ok());
        pages.is_some_and(|pages| pages.as_dict().is_ok_and(|pages| pages.has(b"Kids")))
    };
    let catalog = document.objects.iter().rev().find(|(_, object)| is_catalog(object));
    if let Some(id) = catalog.map(|(id, _)| *id) {
        document.trailer.set("Root", Object::Reference(id));
    }
    Some(document)
}

/// Where the last entry of a trailer or of the head of a cross-reference stream stands: a reference
/// (`/Encrypt 5 0 R`) or an array (`/ID [<…><…>]`).
fn entry(bytes: &[u8], key: &[u8]) -> Option<Range<usize>> {
    let mut end = bytes.len();
    while let Some(start) =
        bytes.get(..end).and_then(|b| b.windows(key.len()).rposition(|w| w == key))
    {
        end = start;
        let after = start + key.len();
        let rest = bytes.get(after..)?;
        let rest = rest.get(..ENTRY_MOST).unwrap_or(rest);
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let value = rest.get(blank..)?;
        let length = match value.first() {
            Some(b'[') => value.iter().position(|b| *b == b']').map(|at| at + 1),
            Some(b'0'..=b'9') => {
                let is_reference = |b: &&u8| b.is_ascii_digit() || b.is_ascii_whitespace();
                let length = value.iter().take_while(is_reference).count();
                (value.get(length) == Some(&b'R')).then_some(length + 1)
            }
            _ => None,
        };
        if let Some(length) = length {
            return Some(start..after + blank + length);
        }
    }
    None
}

fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes.windows(sought.len()).position(|w| w == sought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_entries_of_trailers() {
        let bytes = b"/ID [<01><02>] /Encrypt 5 0 R /IDs /Encrypt << /V 1 >> /ID(x)";
        let text = |key: &[u8]| entry(bytes, key).map(|range| &bytes[range]);
        assert_eq!(text(b"/ID"), Some(b"/ID [<01><02>]".as_slice()));
        assert_eq!(text(b"/Encrypt"), Some(b"/Encrypt 5 0 R".as_slice()));
        assert_eq!(text(b"/Root"), None);
    }
}
