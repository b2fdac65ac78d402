//! Cabinets, the archives of Windows (MS-CAB): folders, each one packed stream that its members are cut from.

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::archive_members::{ArchiveMembers, MemberHead};
use super::cab_folder::{CabFolder, Folder};
use super::fields::Fields;
use super::packing::Refusal;

use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "cab",
    version: 4,
    media_types: &["application/vnd.ms-cab-compressed"],
    sniff: |probe| if probe.starts_with(b"MSCF\0\0\0\0") { Match::Magic } else { Match::No },
    media_type: |_| "application/vnd.ms-cab-compressed",
    extract,
};

/// The longest name, bytes (section 2.3).
const NAME: usize = 1024;

struct File {
    name: Vec<u8>,
    size: u64,
    /// Where it begins in what the folder unpacks to.
    start: u64,
    folder: u16,
}

impl MemberHead for File {
    fn name(&self) -> &[u8] {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }
}

#[derive(Default)]
struct Table {
    folders: Vec<Folder>,
    files: ArchiveMembers<File>,
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut table = Table::default();
    if read_table(blob, context, &mut table).is_none() {
        table.files.fault = Some(ReasonKind::Beyond(Noun::Cabinet.into()).of(Noun::Contents));
    }
    table.files.report(context, &mut content)?;
    // In the order in which they are unpacked.
    table.files.heads.sort_by_key(|file| (file.folder, file.start));
    let mut open: Option<(u16, Result<CabFolder<'_>, Refusal>)> = None;
    table.files.each(context, &mut content, |file, turn| {
        if open.as_ref().is_none_or(|(folder, _)| *folder != file.folder) {
            let folder = match table.folders.get(usize::from(file.folder)) {
                Some(folder) => CabFolder::new(blob, folder),
                // The highest numbers say that it begins in the cabinet before, or goes on in the next.
                None if file.folder >= 0xFFFD => Err(Refusal::piece()),
                None => Err(Refusal::corrupt(
                    ReasonKind::MissingFrom(Noun::Cabinet.into()).of(Noun::ItsFolder),
                )),
            };
            open = Some((file.folder, folder));
        }
        let Some((_, folder)) = &mut open else { return false };
        match folder {
            // Nothing lies between members but those that were not begun; a table that lies names any gap.
            Ok(folder) if folder.before(file.start) > context.unpacked_left() => {
                turn.refuse(&Refusal::behind_too_large())
            }
            Ok(folder) => {
                let _held = context.spend_unpacked(folder.before(file.start));
                turn.unpack(folder.member(file.start, file.size), None)
            }
            Err(refusal) => turn.refuse(refusal),
        }
    });
    Ok(content)
}

/// Reads the folders and files; what was read before the bytes end stays in `table`.
fn read_table(blob: &dyn Blob, context: &Context<'_>, table: &mut Table) -> Option<()> {
    let mut fields = Fields::at(blob, 16);
    let first = fields.u32()?;
    fields.skip(6)?;
    let (folders, files, flags) = (fields.u16()?, fields.u16()?, fields.u16()?);
    // The number of the set, and of the cabinet in it.
    fields.skip(4)?;
    let (mut folder_room, mut block_room) = (0, 0);
    if flags & 4 != 0 {
        let head_room = fields.u16()?;
        (folder_room, block_room) = (fields.u8()?, fields.u8()?);
        fields.skip(head_room.into())?;
    }
    // The names of the cabinets before and behind, and of their disks.
    for _ in 0..(flags & 3).count_ones() * 2 {
        fields.until_nul(NAME)?;
    }
    for _ in 0..folders {
        let (at, blocks, packing) = (fields.u32()?, fields.u16()?, fields.u16()?);
        fields.skip(folder_room.into())?;
        table.folders.push(Folder { at: at.into(), blocks, packing, room: block_room });
    }
    let mut fields = Fields::at(blob, first.into());
    for _ in 0..files {
        if table.files.is_full(context.limits.members) {
            break;
        }
        let (size, start, folder) = (fields.u32()?, fields.u32()?, fields.u16()?);
        // Date, time, attributes.
        fields.skip(6)?;
        let name = fields.until_nul(NAME)?;
        table.files.heads.push(File { name, size: size.into(), start: start.into(), folder });
    }
    Some(())
}
