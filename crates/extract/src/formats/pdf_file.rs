//! How a PDF is opened, damaged ones too: by its cross-reference table, by looking for its objects, and by opening what
//! their packs (object streams) hold when nothing says where the catalog is.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::xref::XrefEntry;
use lopdf::{Document, LoadOptions, Object, ObjectId, ObjectStream, Stream, Writer, dictionary};

use super::pdf_pages::Pages;
use super::pdf_stream;

/// Number of the object that stands in for a catalog until one is found, the highest that lopdf looks at.
const STAND_IN: u32 = 1_000_000;

/// Bytes of a trailer's entry that are looked at: two identifiers of 32 hexadecimal digits, bytes that are escaped, or
/// what is said of an encryption.
const ENTRY_MOST: usize = 4096;

/// Objects that are taken out of packs.
const PACKED_MOST: usize = 1_000_000;

/// Opens a file with streams of at most `most` bytes, and finds its pages. lopdf tries the empty password
/// by itself; where neither that nor `password` opens it, there are no pages.
///
/// # Errors
/// What stood in the way of reading the file as it is written, if no object can be found in it either.
pub(super) fn open(
    bytes: &[u8],
    most: usize,
    password: Option<&str>,
) -> Result<(Document, Pages), lopdf::Error> {
    let load = |bytes: &[u8], rebuild| load(bytes, most, password, rebuild);
    let written = load(bytes, false);
    match written {
        Ok(document) if is_locked(&document) => Ok((document, Pages::default())),
        Ok(mut document) => {
            let mut pages = Pages::of(&document);
            // The table may read well and yet describe another file, or only a part of its entries lead anywhere.
            if (pages.ids.is_empty() || lacks(&document) || has_cut_table(&document, bytes, most))
                && let Ok(found) = load(&searchable(bytes), true)
            {
                match pages.ids.is_empty() {
                    true => document = found,
                    false => complete(&mut document, found),
                }
                pages = Pages::of(&document);
            }
            if pages.ids.is_empty()
                && let Some(unpacked) = unpack(bytes, most, load)
            {
                document = unpacked;
                pages = Pages::of(&document);
            }
            Ok((document, pages))
        }
        Err(error) => {
            let found = load(&searchable(bytes), true).ok().or_else(|| unpack(bytes, most, load));
            let document = found.ok_or(error)?;
            let pages = if is_locked(&document) { Pages::default() } else { Pages::of(&document) };
            Ok((document, pages))
        }
    }
}

/// Whether only a password would open it.
pub(super) fn is_locked(document: &Document) -> bool {
    let is_encrypted = document.is_encrypted() || has_unnamed_encryption(document);
    is_encrypted && document.encryption_state.is_none()
}

/// Whether the trailer itself says how the file is encrypted, as MuPDF writes it, where others name an object.
fn has_unnamed_encryption(document: &Document) -> bool {
    matches!(document.trailer.get(b"Encrypt"), Ok(Object::Dictionary(_)))
}

/// Whether what the trailer says of an encryption leads to nothing. Every reader takes such a file for one that is not
/// encrypted.
fn has_lost_encryption(document: &Document) -> bool {
    document.trailer.has(b"Encrypt") && !document.was_encrypted() && !is_locked(document)
}

/// The word in the place of `Encrypt`.
const UNENCRYPTED: &[u8] = b"Encryp_";

/// The same bytes with another word in the place of the one that calls a file encrypted, so that no place moves.
fn unencrypted(bytes: &[u8]) -> Vec<u8> {
    let mut plain = bytes.to_vec();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"/Encrypt")) {
        at += found + b"/Encrypt".len();
        // `/EncryptMetadata` and its like are other words.
        if bytes.get(at).is_none_or(|next| !next.is_ascii_alphabetic())
            && let Some(letter) = plain.get_mut(at - 1)
        {
            *letter = b'_';
        }
    }
    plain
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
    let loaded = load_named(bytes, most, password, rebuild);
    let named = match &loaded {
        // Where the table does not lead to it, it may stand elsewhere: only who looks for all objects can say that there is none.
        Ok(document) if rebuild && has_lost_encryption(document) => Some(unencrypted(bytes)),
        Ok(_) if has_filters_apart(bytes) => join_encryption(bytes, most, rebuild),
        Ok(document) => name_encryption(bytes, document),
        Err(lopdf::Error::InvalidPassword) if has_filters_apart(bytes) => {
            join_encryption(bytes, most, rebuild)
        }
        // No password is right for an encryption that is not seen.
        Err(lopdf::Error::InvalidPassword) => load_named(bytes, most, None, rebuild)
            .ok()
            .and_then(|document| name_encryption(bytes, &document)),
        Err(_) => None,
    };
    named.map_or(loaded, |named| load_named(&named, most, password, rebuild))
}

/// Whether what says how a file is encrypted names another object for it, which lopdf does not follow.
fn has_filters_apart(bytes: &[u8]) -> bool {
    let is_reference =
        |rest: &[u8]| rest.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
    [b"/CF".as_slice(), b"/StdCF"].iter().any(|key| {
        let mut rest = bytes;
        while let Some(found) = find(rest, key) {
            rest = rest.get(found + key.len()..).unwrap_or_default();
            if is_reference(rest) {
                return true;
            }
        }
        false
    })
}

/// The file with an update behind it in which all that says how it is encrypted stands in one object.
fn join_encryption(bytes: &[u8], most: usize, rebuild: bool) -> Option<Vec<u8>> {
    // Strings in it would be deciphered in vain if the file were taken for an encrypted one.
    let mut document = load_named(&unencrypted(bytes), most, None, rebuild).ok()?;
    let said = document.trailer.remove(UNENCRYPTED)?;
    let joined = joined(&said, &document, FILTER_LEVELS);
    document.trailer.set("Encrypt", joined);
    name_encryption(bytes, &document)
}

/// The levels of what says how a file is encrypted: it, its filters, and each of these.
const FILTER_LEVELS: usize = 4;

/// A value in which others stand in the place of references to them, so many levels deep.
fn joined(value: &Object, document: &Document, levels: usize) -> Object {
    let value = document.dereference(value).map_or(value, |(_, value)| value);
    match value {
        Object::Dictionary(of) if levels > 0 => {
            let entries =
                of.iter().map(|(key, value)| (key.clone(), joined(value, document, levels - 1)));
            Object::Dictionary(entries.collect())
        }
        value => value.clone(),
    }
}

/// The file with an update behind it in which the dictionary of its encryption is an object with a number: lopdf knows
/// none that stands in the trailer itself.
fn name_encryption(bytes: &[u8], document: &Document) -> Option<Vec<u8>> {
    let Ok(encryption @ Object::Dictionary(_)) = document.trailer.get(b"Encrypt") else {
        return None;
    };
    let table = &document.reference_table;
    let next = table.max_id().saturating_add(1);
    let free = || (1..STAND_IN).rev().find(|number| !table.entries.contains_key(number));
    let number = if next <= STAND_IN { next } else { free()? };
    let mut trailer = document.trailer.clone();
    // The last section may be a stream, which has more to say of itself.
    for key in [b"Type".as_slice(), b"W", b"Index", b"Filter", b"DecodeParms", b"Length"] {
        trailer.remove(key);
    }
    trailer.set("Encrypt", Object::Reference((number, 0)));
    trailer.set("Size", i64::from(next.max(number.saturating_add(1))));
    let mut named = bytes.to_vec();
    named.push(b'\n');
    // Places are counted from the header, before which something else may stand.
    let place = named.len() - find(bytes, b"%PDF-").unwrap_or(0);
    named.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
    Writer::write_object(&mut named, encryption).ok()?;
    named.extend_from_slice(b"\nendobj\n");
    let table_place = named.len() - find(bytes, b"%PDF-").unwrap_or(0);
    // Without a table before it the objects are looked for, and the last trailer is taken.
    let has_table = document.xref_start > 0;
    if has_table {
        trailer.set("Prev", i64::try_from(document.xref_start).ok()?);
        named.extend_from_slice(format!("xref\n{number} 1\n{place:010} 00000 n \n").as_bytes());
    }
    named.extend_from_slice(b"trailer\n");
    Writer::write_object(&mut named, &Object::Dictionary(trailer)).ok()?;
    if has_table {
        named.extend_from_slice(format!("\nstartxref\n{table_place}\n%%EOF\n").as_bytes());
    }
    Some(named)
}

fn load_named(
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
    let loaded = catch_unwind(|| Document::load_mem_with_options(bytes, options))
        .unwrap_or(Err(lopdf::Error::Unimplemented("the structure")));
    loaded.map(|mut document| {
        resolve_filters(&mut document);
        document
    })
}

/// Puts what is said of the filters of streams in the place of references to it: the library takes a stream that refers
/// to its filters for one that has none.
fn resolve_filters(document: &mut Document) {
    let mut resolved = Vec::new();
    for (id, object) in &document.objects {
        let Object::Stream(stream) = object else { continue };
        for key in [b"Filter".as_slice(), b"DecodeParms"] {
            let direct = match stream.dict.get(key) {
                Ok(Object::Reference(_)) => stream.dict.get_deref(key, document).ok().cloned(),
                Ok(Object::Array(items)) if items.iter().any(|it| it.as_reference().is_ok()) => {
                    let item = |item| document.dereference(item).map(|(_, item)| item.clone());
                    items.iter().map(item).collect::<Result<Vec<_>, _>>().ok().map(Object::Array)
                }
                _ => None,
            };
            resolved.extend(direct.map(|direct| (*id, key, direct)));
        }
    }
    for (id, key, direct) in resolved {
        if let Some(Object::Stream(stream)) = document.objects.get_mut(&id) {
            stream.dict.set(key, direct);
        }
    }
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

/// Whether the last table is a packed stream that is damaged: entries are missing from it.
fn has_cut_table(document: &Document, bytes: &[u8], most: usize) -> bool {
    // As many entries as it says are all.
    let stated = document.trailer.get(b"Size").and_then(Object::as_i64).unwrap_or(0);
    let entries = document.reference_table.entries.len();
    if usize::try_from(stated).is_ok_and(|stated| entries >= stated) {
        return false;
    }
    // Places are counted from the header, before which something else may stand.
    let start = document.xref_start.saturating_add(find(bytes, b"%PDF-").unwrap_or(0));
    let rest = bytes.get(start..).filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
    let Some((head, rest)) = rest.and_then(|rest| rest.split_at_checked(find(rest, b"stream")?))
    else {
        return false;
    };
    let is_packed = find(head, b"/FlateDecode").is_some();
    let packed = rest.get(b"stream".len()..).unwrap_or_default();
    let packed = packed.strip_prefix(b"\r").unwrap_or(packed);
    let packed = packed.strip_prefix(b"\n").unwrap_or(packed);
    let end = find(packed, b"endstream").unwrap_or(packed.len());
    let packed = packed.get(..end).unwrap_or_default().to_vec();
    let table = Stream::new(dictionary! { "Filter" => "FlateDecode" }, packed);
    is_packed && !pdf_stream::decode(&table, most).is_ok_and(|table| table.is_whole)
}

/// Whether objects are lost because the packs that held them are damaged.
pub(super) fn has_lost_packed(document: &Document, most: usize) -> bool {
    let is_damaged =
        |pack: &Stream| !pdf_stream::decode(pack, most).is_ok_and(|pack| pack.is_whole);
    let packs_of_lost: HashSet<u32> = document
        .reference_table
        .entries
        .iter()
        .filter_map(|(number, entry)| match entry {
            XrefEntry::Compressed { container, .. } => {
                (!document.objects.contains_key(&(*number, 0))).then_some(*container)
            }
            _ => None,
        })
        .collect();
    let of_lost = packs_of_lost.iter().any(|pack| match document.objects.get(&(*pack, 0)) {
        Some(Object::Stream(pack)) => is_damaged(pack),
        _ => true,
    });
    // Where the objects were looked for, no table says what there was.
    let is_pack = |stream: &&Stream| stream.dict.has_type(b"ObjStm");
    of_lost
        || document.xref_recovery.is_some()
            && document
                .objects
                .values()
                .filter_map(|o| o.as_stream().ok())
                .filter(is_pack)
                .any(is_damaged)
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

/// The same bytes without a cross-reference stream at their end that is cut: it would take in what is put behind it.
fn closed(bytes: &[u8]) -> &[u8] {
    const END: &[u8] = b"endobj";
    let last = bytes.windows(END.len()).rposition(|w| w == END).map(|at| at + END.len());
    let (before, rest) = bytes.split_at_checked(last.unwrap_or(0)).unwrap_or((bytes, &[]));
    let is_table = find(rest, b"/XRef").is_some() && find(rest, b"stream").is_some();
    if is_table { before } else { bytes }
}

/// Opens the packs of a file whose catalog lies in one of them and whose table is lost: lopdf is given a catalog that
/// stands in, and the real one is looked for among all objects.
fn unpack(
    bytes: &[u8],
    most: usize,
    load: impl Fn(&[u8], bool) -> Result<Document, lopdf::Error>,
) -> Option<Document> {
    let mut patched = searchable(closed(bytes)).into_owned();
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
/// (`/Encrypt 5 0 R`), an array (`/ID [<…><…>]`) or a dictionary (`/Encrypt << … >>`).
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
            Some(b'<') => dictionary_length(value),
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

/// Bytes of the dictionary at the start of `value`, as far as it ends there.
fn dictionary_length(value: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0usize, 0usize);
    loop {
        let rest = value.get(at..)?;
        at += match rest {
            [b'<', b'<', ..] => {
                depth += 1;
                2
            }
            [b'>', b'>', ..] => {
                depth = depth.checked_sub(1)?;
                2
            }
            [b'<', ..] => rest.iter().position(|b| *b == b'>')? + 1,
            [b'(', ..] => string_length(rest)?,
            [_, ..] => 1,
            [] => return None,
        };
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Bytes of the string in parentheses at the start of `value`.
fn string_length(value: &[u8]) -> Option<usize> {
    let (mut depth, mut is_escaped) = (0usize, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth = depth.checked_sub(1)?,
            _ => {}
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
    fn a_table_that_is_cut_is_taken_off() {
        let before = b"1 0 obj << >> endobj";
        let whole = b"\n7 0 obj << /Type /XRef >>\nstream\nx\nendstream\nendobj";
        let with = |rest: &[u8]| [before, rest].concat();
        assert_eq!(closed(&with(&whole[..36])), before);
        assert_eq!(closed(&with(whole)), with(whole));
        let content = with(b"\n7 0 obj << /Length 3 >>\nstream\nx");
        assert_eq!(closed(&content), content);
    }

    #[test]
    fn finds_entries_of_trailers() {
        let bytes = b"/ID [<01><02>] /Encrypt 5 0 R /IDs /Encrypt /V 1 >> /ID(x)";
        let text = |key: &[u8]| entry(bytes, key).map(|range| &bytes[range]);
        assert_eq!(text(b"/ID"), Some(b"/ID [<01><02>]".as_slice()));
        assert_eq!(text(b"/Encrypt"), Some(b"/Encrypt 5 0 R".as_slice()));
        assert_eq!(text(b"/Root"), None);
        let bytes = b"<< /Encrypt<</O(\\)>>()) /CF << /U <3E> >>>>/Root 1 0 R >>";
        let text = |key: &[u8]| entry(bytes, key).map(|range| &bytes[range]);
        assert_eq!(
            text(b"/Encrypt"),
            Some(b"/Encrypt<</O(\\)>>()) /CF << /U <3E> >>>>".as_slice())
        );
    }
}
