//! Messages, appointments and contacts of Outlook (MS-OXMSG): a compound file with a stream for each property.

use std::cell::Cell;

use madang_document::content::{Content, Member};
use madang_document::locator::Locator;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::mapi::{ATTACH_DATA, ATTACH_METHOD, Properties, SUBJECT, attachment_name, read_message};
use super::{date, ole_object};
use crate::blob::Blob;
use crate::compound_file::{CompoundFile, DirectoryEntry};
use crate::context::Context;
use crate::error::{ExtractError, reason_of};
use crate::format::Format;
use crate::member_path::MemberPaths;
use crate::unpack::take_member;

pub(super) const FORMAT: Format = Format {
    name: "msg",
    version: 5,
    media_types: &["application/vnd.ms-outlook"],
    sniff: |probe| ole_object::sniff(probe, &[PROPERTIES], &["msg"]),
    media_type: |_| "application/vnd.ms-outlook",
    extract,
};

const PROPERTIES: &str = "__properties_version1.0";
const NAMES: &str = "__nameid_version1.0";
/// Bytes before the entries of [`PROPERTIES`] (MS-OXMSG, section 2.4.1): of the message, of one inside another, of a recipient or
/// an attachment.
const HEADER: usize = 32;
const NESTED_HEADER: usize = 24;
const PART_HEADER: usize = 8;
/// Recipients that are read.
const MOST_RECIPIENTS: usize = 5_000;
/// Entries of a compound file that are looked at.
const MOST_ENTRIES: usize = 100_000;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let file = ole_object::open(blob)?;
    let source = Source { file: &file, size: blob.len(), context, is_cut: Cell::new(false) };
    let mut content = Content::default();
    ole_object::tell_damage(&file, &mut content);
    let root = file
        .root()
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::RootStorage)))?;
    let message = source.object(root, HEADER, None)?;
    let page = message.code_page();
    let mut recipients = Vec::new();
    let mut attachments = Vec::new();
    let mut all = 0u64;
    for storage in source.storages(root) {
        if storage.name.starts_with("__recip_version1.0_#") {
            all += 1;
            if recipients.len() < MOST_RECIPIENTS {
                context.progress();
                recipients.push(source.object(storage, PART_HEADER, page)?);
            }
        } else if storage.name.starts_with("__attach_version1.0_#") {
            attachments.push(storage);
        }
    }
    if all > recipients.len() as u64 {
        let first = recipients.len() as u64;
        content.cut(ReasonKind::OnlyFirst { first, of: Some(all), unit: Unit::Recipients });
    }
    read_message(&message, &recipients, &mut content, context);
    appointment(&source, root, &message, &mut content);
    let mut paths = MemberPaths::default();
    for (number, storage) in (1..).zip(attachments) {
        if let Err(limit) = context.may_open_member() {
            content.cut(limit);
            break;
        }
        if !attachment(&source, storage, number, page, &mut paths, &mut content)? {
            break;
        }
    }
    if source.is_cut.get() {
        content.lost(ReasonKind::Damaged.of(Noun::CompoundPart));
    }
    Ok(content)
}

/// Delivers the attachment in a storage; gives whether the next may be delivered.
fn attachment(
    source: &Source<'_>,
    storage: &DirectoryEntry,
    number: usize,
    page: Option<u16>,
    paths: &mut MemberPaths,
    content: &mut Content,
) -> Result<bool, ExtractError> {
    const BY_VALUE: u32 = 1;
    const OLE_OBJECT: u32 = 6;
    let attachment = source.object(storage, PART_HEADER, page)?;
    let name = attachment_name(&attachment).map(|name| name.replace(['/', '\\'], "-"));
    let inside = source.file.child(storage, "__substg1.0_3701000D").filter(|e| e.is_storage());
    if let Some(inside) = inside.filter(|inside| source.file.child(inside, PROPERTIES).is_some()) {
        let nested = source.object(inside, NESTED_HEADER, page)?;
        let subject = nested.text(SUBJECT).map(|subject| subject.replace(['/', '\\'], "-"));
        let name = subject.or(name).unwrap_or_else(|| format!("message-{number}"));
        let bytes = match source.whole(inside) {
            Ok(bytes) => bytes,
            Err(error) => {
                content.lost(reason_of(&error).within(Part::Message(number as u64)));
                return Ok(true);
            }
        };
        let path = paths.take(&format!("{}.msg", name.trim_end_matches(".msg")));
        return Ok(take_member(bytes.as_slice(), &path, None, source.context, content));
    }
    let path = paths.take(&name.unwrap_or_else(|| format!("attachment-{number}")));
    if let Some(object) = inside {
        return Ok(ole_object::member(source.file, object, &path, source.context, content));
    }
    let method = attachment.number(ATTACH_METHOD).unwrap_or(BY_VALUE);
    match attachment.bytes(ATTACH_DATA) {
        Some(bytes) if method == BY_VALUE || !bytes.is_empty() => {
            Ok(take_member(bytes, &path, None, source.context, content))
        }
        // A link to where the file lay when it was sent.
        bytes => {
            if method == OLE_OBJECT && bytes.is_none_or(<[u8]>::is_empty) {
                let missing = ReasonKind::MissingFrom(Noun::Mail.into());
                content.lost(missing.of(Part::Attachment(path.as_str().into())));
            } else if method == BY_VALUE {
                content.lost(ReasonKind::NoContent.of(Part::Attachment(path.as_str().into())));
            }
            content.members.push(Member { path, size: None, outcome: None, told: None });
            Ok(true)
        }
    }
}

/// Place and time of an appointment, whose properties have numbers of their own in each file.
fn appointment(
    source: &Source<'_>,
    root: &DirectoryEntry,
    message: &Properties,
    content: &mut Content,
) {
    let numbers = source
        .file
        .child(root, NAMES)
        .and_then(|storage| source.file.child(storage, "__substg1.0_00030102"));
    let Some(Ok(names)) = numbers.map(|entry| source.stream(entry)) else { return };
    let id_of = |wanted: u32| {
        names.as_chunks::<8>().0.iter().find_map(|[a, b, c, d, kind, _, e, f]| {
            let is_number = kind & 1 == 0;
            (is_number && u32::from_le_bytes([*a, *b, *c, *d]) == wanted)
                .then(|| 0x8000u16.wrapping_add(u16::from_le_bytes([*e, *f])))
        })
    };
    // MS-OXPROPS: PidLidLocation, PidLidAppointmentStartWhole, PidLidAppointmentEndWhole.
    if let Some(place) = id_of(0x8208).and_then(|id| message.text(id)) {
        content.push_text(place.clone(), Locator::Whole {});
        content.metadata.at("PidLidLocation").set("calendar.location", place);
    }
    for (number, name, part) in [
        (0x820D, "calendar.start", "PidLidAppointmentStartWhole"),
        (0x820E, "calendar.end", "PidLidAppointmentEndWhole"),
    ] {
        let ticks = id_of(number).and_then(|id| message.bytes(id)?.first_chunk::<8>().copied());
        let time = ticks.and_then(|ticks| date::filetime(u64::from_le_bytes(ticks)));
        content.metadata.at(part).set_some(name, time.map(|time| time.to_string()));
    }
}

struct Source<'a> {
    file: &'a CompoundFile<'a>,
    size: u64,
    context: &'a Context<'a>,
    /// Whether a stream was shorter than its directory entry says.
    is_cut: Cell<bool>,
}

impl<'a> Source<'a> {
    /// The storages in a storage, in the order of their names.
    fn storages(&self, storage: &DirectoryEntry) -> Vec<&'a DirectoryEntry> {
        let inside = self.file.inside(storage).into_iter().take(MOST_ENTRIES);
        let mut storages: Vec<_> = inside.filter(|entry| entry.is_storage()).collect();
        storages.sort_by(|a, b| a.name.cmp(&b.name));
        storages
    }

    /// Reads a stream; each of its bytes counts as unpacked, for many streams may claim the same.
    ///
    /// # Errors
    /// [`ExtractError::Limit`].
    fn stream(&self, entry: &DirectoryEntry) -> Result<Vec<u8>, ExtractError> {
        // No stream is longer than the file, whatever its directory entry says.
        let bytes = self.file.read(entry, self.size);
        if (bytes.len() as u64) < entry.size {
            self.is_cut.set(true);
        }
        self.context.spend_unpacked(bytes.len() as u64)?;
        Ok(bytes)
    }

    /// The properties of the object in a storage; texts are in code page `page` unless the object names another.
    ///
    /// # Errors
    /// [`ExtractError::Limit`].
    fn object(
        &self,
        storage: &DirectoryEntry,
        header: usize,
        page: Option<u16>,
    ) -> Result<Properties, ExtractError> {
        let mut properties = Properties::in_page(page);
        let fixed = match self.file.child(storage, PROPERTIES) {
            Some(entry) => self.stream(entry)?,
            None => Vec::new(),
        };
        for entry in fixed.get(header..).unwrap_or_default().as_chunks::<16>().0 {
            let [a, b, c, d, _, _, _, _, value @ ..] = *entry;
            let (kind, id) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            // Longer values have streams of their own.
            if matches!(kind, 2..=7 | 0x0B | 0x14 | 0x40) {
                properties.add(id, kind, value.to_vec());
            }
        }
        let inside = self.file.inside(storage).into_iter().take(MOST_ENTRIES);
        for entry in inside.filter(|entry| !entry.is_storage()) {
            let tag = entry.name.strip_prefix("__substg1.0_").filter(|tag| tag.len() == 8);
            let Some(tag) = tag.and_then(|tag| u32::from_str_radix(tag, 16).ok()) else { continue };
            let (id, kind) = (tag >> 16, tag & 0xFFFF);
            let bytes = self.stream(entry)?;
            if let (Ok(id), Ok(kind)) = (u16::try_from(id), u16::try_from(kind)) {
                properties.add(id, kind, bytes);
            }
        }
        Ok(properties)
    }

    /// The message in a storage as a file of its own, with the names of its properties, which the outermost message keeps.
    fn whole(&self, storage: &DirectoryEntry) -> std::io::Result<Vec<u8>> {
        let names = self.file.root().and_then(|root| self.file.child(root, NAMES));
        let folder = format!("/{NAMES}/");
        let mut storages = vec![("/", storage)];
        storages.extend(names.map(|names| (folder.as_str(), names)));
        let most = self.context.member_left();
        let progress = || self.context.progress();
        self.file.copy_with(&storages, most, &progress, |path, mut bytes| {
            if path.strip_prefix('/') == Some(PROPERTIES) && bytes.len() >= NESTED_HEADER {
                bytes.splice(NESTED_HEADER..NESTED_HEADER, [0; HEADER - NESTED_HEADER]);
            }
            bytes
        })
    }
}
