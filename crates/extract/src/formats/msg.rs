//! Messages, appointments and contacts of Outlook (MS-OXMSG): a compound file with a stream for each property.

use std::io::{Read as _, Write as _};

use cfb::CompoundFile;
use madang_document::content::{Content, Member};
use madang_document::locator::Locator;

use super::mapi::{
    ATTACH_DATA, ATTACH_METHOD, Properties, SUBJECT, attachment_name, filetime, read_message,
};
use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::take_member;

pub(super) const FORMAT: Format = Format {
    name: "msg",
    version: 1,
    media_types: &["application/vnd.ms-outlook"],
    sniff,
    media_type: |_| "application/vnd.ms-outlook",
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    match probe.cfb() {
        Some(streams) if streams.iter().any(|path| path == PROPERTIES) => Match::Container,
        // A compound file that is damaged is still a message if it is called one.
        None if probe.extension == "msg" && probe.starts_with(b"\xD0\xCF\x11\xE0") => Match::Magic,
        _ => Match::No,
    }
}

const PROPERTIES: &str = "__properties_version1.0";
const NAMES: &str = "__nameid_version1.0";
/// Bytes before the entries of [`PROPERTIES`] (MS-OXMSG, section 2.4.1): of the message, of one inside another, of a recipient or
/// an attachment.
const HEADER: usize = 32;
const NESTED_HEADER: usize = 24;
const PART_HEADER: usize = 8;
/// Recipients that are read.
const MOST_RECIPIENTS: usize = 2_000;
/// Entries of a compound file that are looked at.
const MOST_ENTRIES: usize = 100_000;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let file = CompoundFile::open(Cursor::new(blob)).map_err(ExtractError::corrupt)?;
    let mut source = Source { file, size: blob.len(), context };
    let mut content = Content::default();
    let message = source.object("/", HEADER, None)?;
    let page = message.code_page();
    let mut recipients = Vec::new();
    let mut attachments = Vec::new();
    for name in source.storages() {
        if name.starts_with("__recip_version1.0_#") && recipients.len() < MOST_RECIPIENTS {
            recipients.push(source.object(&format!("/{name}"), PART_HEADER, page)?);
        } else if name.starts_with("__attach_version1.0_#") {
            attachments.push(name);
        }
    }
    read_message(&message, &recipients, &mut content, context);
    appointment(&mut source, &message, &mut content);
    let mut paths = MemberPaths::default();
    for (number, name) in (1..).zip(attachments) {
        let path = format!("/{name}");
        if let Err(limit) = context.may_open_member() {
            content.cut(limit.to_string());
            break;
        }
        if !attachment(&mut source, &path, number, page, &mut paths, &mut content)? {
            break;
        }
    }
    Ok(content)
}

/// Delivers an attachment; gives whether the next may be delivered.
fn attachment(
    source: &mut Source<'_>,
    path: &str,
    number: usize,
    page: Option<u16>,
    paths: &mut MemberPaths,
    content: &mut Content,
) -> Result<bool, ExtractError> {
    const BY_VALUE: u32 = 1;
    let attachment = source.object(path, PART_HEADER, page)?;
    let name = attachment_name(&attachment).map(|name| name.replace(['/', '\\'], "-"));
    let inside = format!("{path}/__substg1.0_3701000D");
    if source.file.is_stream(format!("{inside}/{PROPERTIES}")) {
        let nested = source.object(&inside, NESTED_HEADER, page)?;
        let subject = nested.text(SUBJECT).map(|subject| subject.replace(['/', '\\'], "-"));
        let name = subject.or(name).unwrap_or_else(|| format!("message-{number}"));
        let bytes = match source.whole(&inside) {
            Ok(bytes) => bytes,
            Err(error) => {
                content.lost(format!("the message in attachment {number}: {error}"));
                return Ok(true);
            }
        };
        let path = paths.take(&format!("{}.msg", name.trim_end_matches(".msg")));
        return Ok(take_member(bytes.as_slice(), &path, None, source.context, content));
    }
    let path = paths.take(&name.unwrap_or_else(|| format!("attachment-{number}")));
    let method = attachment.number(ATTACH_METHOD).unwrap_or(BY_VALUE);
    match attachment.bytes(ATTACH_DATA) {
        Some(bytes) if method == BY_VALUE || !bytes.is_empty() => {
            Ok(take_member(bytes, &path, None, source.context, content))
        }
        // A link to where the file lay when it was sent, or an object of some program.
        _ => {
            content.members.push(Member { path, size: None, outcome: None });
            Ok(true)
        }
    }
}

/// Place and time of an appointment, whose properties have numbers of their own in each file.
fn appointment(source: &mut Source<'_>, message: &Properties, content: &mut Content) {
    let Ok(names) = source.stream(&format!("/{NAMES}/__substg1.0_00030102")) else { return };
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
        content.metadata.set("calendar.location", place);
    }
    for (number, name) in [(0x820D, "calendar.start"), (0x820E, "calendar.end")] {
        let ticks = id_of(number).and_then(|id| message.bytes(id)?.first_chunk::<8>().copied());
        let time = ticks.and_then(|ticks| filetime(u64::from_le_bytes(ticks)));
        content.metadata.set_some(name, time);
    }
}

struct Source<'a> {
    file: CompoundFile<Cursor<'a>>,
    size: u64,
    context: &'a Context<'a>,
}

impl Source<'_> {
    /// The names of the storages at the root, in their order.
    fn storages(&self) -> Vec<String> {
        let entries = self.file.read_root_storage().take(MOST_ENTRIES);
        let mut names: Vec<String> =
            entries.filter(|entry| entry.is_storage()).map(|e| e.name().to_owned()).collect();
        names.sort();
        names
    }

    /// Reads a stream; each of its bytes counts as unpacked, for many streams may claim the same.
    fn stream(&mut self, path: &str) -> Result<Vec<u8>, ExtractError> {
        let stream = self.file.open_stream(path)?;
        let mut bytes = Vec::new();
        // No stream is longer than the file, whatever its directory entry says.
        stream.take(self.size).read_to_end(&mut bytes)?;
        self.context.spend_unpacked(bytes.len() as u64)?;
        Ok(bytes)
    }

    /// The properties of the object in a storage; texts are in code page `page` unless the object names another.
    /// Streams that are damaged are passed over.
    ///
    /// # Errors
    /// [`ExtractError::Limit`].
    fn object(
        &mut self,
        storage: &str,
        header: usize,
        page: Option<u16>,
    ) -> Result<Properties, ExtractError> {
        let mut properties = Properties::in_page(page);
        let at = storage.trim_end_matches('/');
        let or_limit = |read: Result<Vec<u8>, ExtractError>| match read {
            Err(limit @ ExtractError::Limit(_)) => Err(limit),
            read => Ok(read.unwrap_or_default()),
        };
        let fixed = or_limit(self.stream(&format!("{at}/{PROPERTIES}")))?;
        for entry in fixed.get(header..).unwrap_or_default().as_chunks::<16>().0 {
            let [a, b, c, d, _, _, _, _, value @ ..] = *entry;
            let (kind, id) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            // Longer values have streams of their own.
            if matches!(kind, 2..=7 | 0x0B | 0x14 | 0x40) {
                properties.add(id, kind, value.to_vec());
            }
        }
        let names: Vec<String> = match self.file.read_storage(storage) {
            Ok(entries) => entries
                .take(MOST_ENTRIES)
                .filter(|entry| entry.is_stream())
                .map(|entry| entry.name().to_owned())
                .collect(),
            Err(_) => Vec::new(),
        };
        for name in names {
            let tag = name.strip_prefix("__substg1.0_").filter(|tag| tag.len() == 8);
            let Some(tag) = tag.and_then(|tag| u32::from_str_radix(tag, 16).ok()) else { continue };
            let (id, kind) = (tag >> 16, tag & 0xFFFF);
            let bytes = or_limit(self.stream(&format!("{at}/{name}")))?;
            if let (Ok(id), Ok(kind)) = (u16::try_from(id), u16::try_from(kind)) {
                properties.add(id, kind, bytes);
            }
        }
        Ok(properties)
    }

    /// The message in a storage as a file of its own.
    fn whole(&mut self, storage: &str) -> Result<Vec<u8>, ExtractError> {
        let mut copy = CompoundFile::create(std::io::Cursor::new(Vec::new()))?;
        for (from, to) in
            [(storage.to_owned(), String::new()), (format!("/{NAMES}"), format!("/{NAMES}"))]
        {
            let Ok(entries) = self.file.walk_storage(&from) else { continue };
            let entries: Vec<(String, bool)> = entries
                .take(MOST_ENTRIES)
                .map(|entry| (entry.path().to_string_lossy().into_owned(), entry.is_stream()))
                .collect();
            for (path, is_stream) in entries {
                let inner = path.strip_prefix(&from).unwrap_or(&path);
                let target = format!("{to}{inner}");
                if target.is_empty() || target == "/" || copy.exists(&target) {
                    continue;
                }
                if !is_stream {
                    copy.create_storage_all(&target)?;
                    continue;
                }
                let mut bytes = self.stream(&path)?;
                if target == format!("/{PROPERTIES}") && bytes.len() >= NESTED_HEADER {
                    bytes.splice(NESTED_HEADER..NESTED_HEADER, [0; HEADER - NESTED_HEADER]);
                }
                copy.create_stream(&target)?.write_all(&bytes)?;
            }
        }
        copy.flush()?;
        Ok(copy.into_inner().into_inner())
    }
}
