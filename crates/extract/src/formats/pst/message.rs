use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use super::super::bytes::{piece, u16_at, u32_at};
use super::database::{Database, Node};
use super::object::{OBJECT, Property, properties, rows};
use crate::compound_file::without_times;
use crate::error::ExtractError;

/// Nodes inside a message: attachments by their type, recipients by their number (MS-PST, section 2.4.5).
const ATTACHMENT: u32 = 0x05;
const RECIPIENTS: u32 = 0x0692;
const MOST_RECIPIENTS: usize = 2_000;
const MOST_ATTACHMENTS: usize = 2_000;
/// Messages in messages.
const DEEPEST: usize = 8;
const ATTACH_DATA: u16 = 0x3701;
/// Properties from here on have numbers of their own in each file.
const FIRST_NAMED: u16 = 0x8000;

/// The names of properties that have numbers of their own in this file (section 2.4.7).
#[derive(Debug, Default)]
pub(super) struct Names {
    guids: Vec<u8>,
    /// By the number of the property, counted from 0x8000.
    entries: BTreeMap<u16, [u8; 8]>,
    strings: Vec<u8>,
}

impl Names {
    /// Of the properties of the node that maps them.
    pub(super) fn of(properties: Vec<Property>) -> Names {
        let mut names = Names::default();
        for property in properties {
            match property.id {
                0x0002 => names.guids = property.bytes,
                0x0003 => {
                    for entry in property.bytes.as_chunks::<8>().0 {
                        let number = u16_at(entry, 6).unwrap_or_default();
                        names.entries.entry(number).or_insert(*entry);
                    }
                }
                0x0004 => names.strings = property.bytes,
                _ => {}
            }
        }
        names
    }
}

/// A message as a file of its own: a compound file as Outlook saves one (MS-OXMSG), with its recipients and attachments.
/// At most `most` bytes. Gives its subject, too, if it has one.
///
/// # Errors
/// [`ExtractError::Corrupt`] when the message cannot be read, [`ExtractError::Limit`] when too much was read, or when it is
/// larger than `most` bytes.
pub(super) fn message_file(
    database: &Database<'_>,
    names: &Names,
    node: &Node,
    most: u64,
) -> Result<(Vec<u8>, Option<String>), ExtractError> {
    let file = cfb::CompoundFile::create(Cursor::new(Vec::new()))?;
    let mut writer = Writer { file, database, names, named: BTreeMap::new(), left: most, most };
    let subject = writer.message("/", node, 0)?;
    writer.names()?;
    Ok((without_times(writer.file)?, subject))
}

struct Writer<'a> {
    file: cfb::CompoundFile<Cursor<Vec<u8>>>,
    database: &'a Database<'a>,
    names: &'a Names,
    /// The named properties that the message has, by their numbers in the folders: the n-th that was met is 0x8000 + n in
    /// the file.
    named: BTreeMap<u16, u16>,
    left: u64,
    most: u64,
}

impl Writer<'_> {
    fn stream(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExtractError> {
        let left = self.left.checked_sub(bytes.len() as u64);
        let larger = || self.database.context.larger_than(self.most);
        self.left = left.ok_or_else(|| ExtractError::Limit(larger().into()))?;
        Ok(self.file.create_stream(path)?.write_all(bytes)?)
    }

    /// Writes a message into a storage whose path ends with `/`. Gives its subject.
    fn message(
        &mut self,
        folder: &str,
        node: &Node,
        depth: usize,
    ) -> Result<Option<String>, ExtractError> {
        let inside = self.database.inner_nodes(node.inside)?;
        let own = properties(self.database, node.data, &inside)?;
        let recipients = match Node::among(&inside, RECIPIENTS) {
            Some(table) => self.kept(rows(self.database, table, MOST_RECIPIENTS))?,
            None => Vec::new(),
        };
        let attachments = inside.iter().filter(|inner| inner.kind() == ATTACHMENT);
        let attachments: Vec<&Node> = attachments.take(MOST_ATTACHMENTS).collect();
        // MS-OXMSG, section 2.4.1: how many recipients and attachments there are, and the next numbers.
        let counts = [recipients.len() as u32, attachments.len() as u32];
        let mut head = vec![0; 8];
        for count in [counts, counts].concat() {
            head.extend(count.to_le_bytes());
        }
        if depth == 0 {
            head.extend([0; 8]);
        }
        self.object(folder, head, &own)?;
        for (n, recipient) in recipients.iter().enumerate() {
            let storage = format!("{folder}__recip_version1.0_#{n:08X}");
            self.file.create_storage(&storage)?;
            self.object(&format!("{storage}/"), vec![0; 8], recipient)?;
        }
        for (n, attachment) in attachments.into_iter().enumerate() {
            let storage = format!("{folder}__attach_version1.0_#{n:08X}");
            self.file.create_storage(&storage)?;
            self.attachment(&format!("{storage}/"), attachment, depth)?;
        }
        let subject = own.iter().find(|property| property.id == 0x0037);
        Ok(subject.and_then(text).filter(|subject| !subject.trim().is_empty()))
    }

    fn attachment(&mut self, folder: &str, node: &Node, depth: usize) -> Result<(), ExtractError> {
        let inside = self.kept(self.database.inner_nodes(node.inside))?;
        let own = self.kept(properties(self.database, node.data, &inside))?;
        self.object(folder, vec![0; 8], &own)?;
        let object = own.iter().find(|one| (one.id, one.kind) == (ATTACH_DATA, OBJECT));
        let number = object.and_then(|object| u32_at(&object.bytes, 0));
        let Some(message) = number.and_then(|id| Node::among(&inside, id)) else {
            return Ok(());
        };
        // Another program's object is no message: its data are no properties.
        let is_message = |node: &Node| {
            let inner = self.database.inner_nodes(node.inside);
            inner.is_ok_and(|inner| properties(self.database, node.data, &inner).is_ok())
        };
        if depth >= DEEPEST || !is_message(message) {
            self.database.is_cut.set(true);
            return Ok(());
        }
        let storage = format!("{folder}__substg1.0_3701000D");
        self.file.create_storage(&storage)?;
        self.message(&format!("{storage}/"), message, depth + 1)?;
        Ok(())
    }

    /// Writes the properties of an object.
    fn object(
        &mut self,
        folder: &str,
        mut fixed: Vec<u8>,
        properties: &[Property],
    ) -> Result<(), ExtractError> {
        let written = |one: &&Property| one.kind != OBJECT && !one.bytes.is_empty();
        for property in properties.iter().filter(written) {
            let id = self.number_of(property.id);
            let bytes = &property.bytes;
            fixed.extend(property.kind.to_le_bytes());
            fixed.extend(id.to_le_bytes());
            // Readable and writable.
            fixed.extend(6u32.to_le_bytes());
            let behind_the_text = match property.kind {
                0x1E => 1,
                0x1F => 2,
                0x48 | 0x0102 => 0,
                _ => {
                    let mut value = piece(bytes, 0, 8).to_vec();
                    value.resize(8, 0);
                    fixed.extend(value);
                    continue;
                }
            };
            fixed.extend((bytes.len() as u32 + behind_the_text).to_le_bytes());
            fixed.extend([0; 4]);
            self.stream(&format!("{folder}__substg1.0_{id:04X}{:04X}", property.kind), bytes)?;
        }
        self.stream(&format!("{folder}__properties_version1.0"), &fixed)
    }

    /// The number of a property in the file.
    fn number_of(&mut self, id: u16) -> u16 {
        if id < FIRST_NAMED {
            return id;
        }
        // There are as many at most as there are numbers from 0x8000 on.
        let next = u16::try_from(self.named.len()).unwrap_or(u16::MAX);
        FIRST_NAMED.saturating_add(*self.named.entry(id).or_insert(next))
    }

    /// Writes the names of the named properties that there are (MS-OXMSG, section 2.2.3).
    fn names(&mut self) -> Result<(), ExtractError> {
        let (mut entries, mut strings) = (Vec::new(), Vec::new());
        let mut met: Vec<(u16, u16)> = self.named.iter().map(|(id, place)| (*place, *id)).collect();
        met.sort_unstable();
        for (place, id) in met {
            let Some(known) = self.names.entries.get(&(id - FIRST_NAMED)) else {
                // One without a name keeps its place.
                entries.extend([0; 8]);
                continue;
            };
            if u16_at(known, 4).is_some_and(|kind| kind & 1 == 1) {
                let at = u32_at(known, 0).and_then(|at| usize::try_from(at).ok());
                let at = at.unwrap_or(usize::MAX);
                let length = u32_at(&self.names.strings, at).unwrap_or_default().min(1 << 10);
                entries.extend((strings.len() as u32).to_le_bytes());
                strings.extend(length.to_le_bytes());
                let mut name =
                    piece(&self.names.strings, at.saturating_add(4), length as usize).to_vec();
                name.resize((length as usize).next_multiple_of(4), 0);
                strings.extend(name);
            } else {
                entries.extend(piece(known, 0, 4));
            }
            entries.extend(piece(known, 4, 2));
            entries.extend(place.to_le_bytes());
        }
        let folder = "/__nameid_version1.0";
        self.file.create_storage(folder)?;
        let guids = piece(&self.names.guids, 0, 1 << 12).to_vec();
        self.stream(&format!("{folder}/__substg1.0_00020102"), &guids)?;
        self.stream(&format!("{folder}/__substg1.0_00030102"), &entries)?;
        self.stream(&format!("{folder}/__substg1.0_00040102"), &strings)
    }

    /// A part of a message; without it, the message is read all the same.
    fn kept<T: Default>(&self, part: Result<T, ExtractError>) -> Result<T, ExtractError> {
        match part {
            Err(ExtractError::Corrupt(_)) => {
                self.database.is_cut.set(true);
                Ok(T::default())
            }
            other => other,
        }
    }
}

/// A property as text, if it is one in Unicode. In other code pages only the whole message says which.
pub(super) fn text(property: &Property) -> Option<String> {
    match property.kind {
        0x1F => {
            let text = encoding_rs::UTF_16LE.decode_without_bom_handling(&property.bytes).0;
            Some(text.trim_matches('\0').to_owned())
        }
        0x1E => Some(crate::encoding::decode_declared(&property.bytes, None).text),
        _ => None,
    }
}
