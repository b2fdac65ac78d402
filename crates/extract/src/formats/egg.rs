//! EGG, the archives of ALZip since 2008: records that each start with a mark, as ESTsoft's specification of the format
//! (version 1.0) lays them out. The blocks of a member are packed each by its own method.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::archive_members::{ArchiveMembers, MemberHead};
use super::bytes::{u16_at, u32_at};
use super::fields::Fields;
use super::packing::Refusal;

use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::PATH;
use crate::split_name::JOIN;
use blocks::{Block, Blocks, first_refusal};
use cipher::Cipher;

mod blocks;
mod cipher;

pub(super) const FORMAT: Format = Format {
    name: "egg",
    version: 7,
    media_types: &["application/x-egg"],
    sniff: |probe| if probe.starts_with(b"EGGA") { Match::Magic } else { Match::No },
    media_type: |_| "application/x-egg",
    extract,
};

const END: u32 = 0x08E2_8222;
const SPLIT: u32 = 0x24F5_A262;
const SOLID: u32 = 0x24E5_A060;
const ENCRYPTED_NAMES: u32 = 0x08D1_44A8;
const FILE: u32 = 0x0A85_90E3;
const NAME: u32 = 0x0A85_91AC;
const WINDOWS: u32 = 0x2C86_950B;
const POSIX: u32 = 0x1EE9_22E5;
const ENCRYPTION: u32 = 0x08D1_470F;
const BLOCK: u32 = 0x02B5_0C13;

/// What a member is called whose name is closed.
const ENCRYPTED_NAME: &[u8] = b"encrypted name";

/// Blocks of an archive that are read: packers cut a member only every so many thousand bytes, and each block costs a
/// decoder of its own.
const BLOCKS: usize = 1 << 17;

/// The longest name that is counted from a folder, with those of the folders, bytes: one folder stands in the names of all
/// members, and no more of it is catalogued.
const LONGEST_NAME: usize = PATH;

#[derive(Default)]
struct Archive {
    solid: bool,
    /// The numbers of the parts before and behind this one, if it is a part.
    split: Option<(u32, u32)>,
    members: ArchiveMembers<File>,
    /// The names that others may count from, by the numbers of their files.
    names: HashMap<u32, Vec<u8>>,
    /// Blocks of a solid archive belong to all files.
    blocks: Vec<Block>,
    /// Whether there are more blocks than are read.
    too_many_blocks: bool,
}

#[derive(Default)]
struct File {
    name: Vec<u8>,
    size: u64,
    folder: bool,
    link: bool,
    cipher: Option<Cipher>,
    /// Which of [`Archive::blocks`] are its own: from here on, so many.
    first: usize,
    count: usize,
}

impl MemberHead for File {
    fn name(&self) -> &[u8] {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn is_folder(&self) -> bool {
        self.folder
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut archive = read_records(blob, context)?;
    if let Some((before, behind)) = archive.split.filter(|part| *part != (0, 0)) {
        // A block that reaches into the next part is damaged here, and what stands before it is not.
        let whole = before == 0 && behind != 0 && !archive.members.heads.is_empty();
        if !whole {
            return Err(ExtractError::Unsupported(JOIN.into()));
        }
        content.lost(JOIN);
        // That its last record goes on in the next part is no damage.
        archive.members.fault = None;
    }
    archive.members.report(context, &mut content)?;
    if archive.too_many_blocks {
        let limit = BLOCKS as u64;
        content.cut(ReasonKind::MoreThan { limit, unit: Unit::Records }.of(Noun::Archive));
    }
    // The members of a solid archive are one stream, cut by their sizes.
    let mut stream = Blocks::new(blob, archive.blocks.clone());
    let mut too_large = false;
    // Where a member of the stream is encrypted, nothing says how far.
    let sealed = archive.members.heads.iter().find_map(|file| file.cipher.as_ref());
    let sealed = sealed.filter(|_| archive.solid);
    let refused = archive.solid.then(|| first_refusal(&archive.blocks, context)).flatten();
    archive.members.each(context, &mut content, |file, turn| {
        if file.link {
            return turn.list_link();
        }
        if let Some(cipher) = sealed {
            return turn.refuse(&cipher.in_solid());
        }
        let end = file.first.saturating_add(file.count);
        let own = archive.blocks.get(file.first..end).unwrap_or_default();
        let own_refused = (!archive.solid).then(|| first_refusal(own, context)).flatten();
        if let Some(refusal) = refused.as_ref().or(own_refused.as_ref()) {
            return turn.refuse(refusal);
        }
        match file.cipher.as_ref().map(|cipher| (cipher.name(), cipher.lock())) {
            None => {}
            Some((_, Err(refusal))) => return turn.refuse(&refusal),
            Some((name, Ok((lock, head, proof)))) => {
                let name = name.unwrap_or(lock.name());
                return turn.unlock(lock, name, None, |password| {
                    let blocks =
                        Blocks::unlocked(blob, own.to_vec(), lock, (head, proof), password);
                    Ok(blocks.map(|blocks| Box::new(blocks) as _))
                });
            }
        }
        match archive.solid {
            true if too_large => turn.refuse(&Refusal::behind_too_large()),
            true => {
                too_large = file.size > context.member_left();
                turn.unpack((&mut stream).take(file.size), None)
            }
            false => turn.unpack(Blocks::new(blob, own.to_vec()), None),
        }
    });
    Ok(content)
}

/// Reads the records; where they break off, what was read stays.
fn read_records(blob: &dyn Blob, context: &Context<'_>) -> Result<Archive, ExtractError> {
    let mut fields = Fields::at(blob, 4);
    let mut archive = Archive::default();
    // A version, the number of the archive, and four bytes that are kept free.
    if fields.skip(10).is_none() {
        return Err(ExtractError::corrupt(ReasonKind::EndsWithin(Noun::Head.into()).of(Noun::Egg)));
    }
    let mut in_head = true;
    loop {
        context.progress();
        let Some(mark) = fields.u32() else {
            archive.members.fault =
                Some(ReasonKind::EndsBefore(Noun::EndMark.into()).of(Noun::Archive));
            break;
        };
        let read = match mark {
            END if in_head => {
                in_head = false;
                Some(())
            }
            // The end of all, or filler behind it.
            END => break,
            FILE => {
                in_head = false;
                if archive.members.is_full(context.limits.members) {
                    break;
                }
                read_file(&mut fields, &mut archive)
            }
            BLOCK if archive.blocks.len() >= BLOCKS => {
                archive.too_many_blocks = true;
                break;
            }
            BLOCK => read_block(&mut fields, &mut archive),
            SPLIT => extra(&mut fields).and_then(|(_, field)| {
                archive.split = Some((u32_at(&field, 0)?, u32_at(&field, 4)?));
                Some(())
            }),
            SOLID => {
                archive.solid = true;
                extra(&mut fields).map(|_| ())
            }
            ENCRYPTED_NAMES => {
                let reason = ReasonKind::Encrypted(None).of(Noun::MemberNames);
                return Err(ExtractError::Encrypted(reason));
            }
            // Comments, filler, and what later versions may add: all of one shape.
            _ => extra(&mut fields).map(|_| ()),
        };
        if read.is_none() {
            archive.members.fault =
                Some(ReasonKind::Beyond(Noun::Archive.into()).of(Noun::AnyRecord));
            break;
        }
    }
    Ok(archive)
}

/// A field in the shape that all but files and blocks have: flags, a length of two or four bytes, and the bytes.
fn extra(fields: &mut Fields<'_>) -> Option<(u8, Vec<u8>)> {
    /// Longer than any name; comments may be longer and are not read.
    const LONG: u64 = 64 << 10;
    let flags = fields.u8()?;
    let length = match flags & 1 {
        0 => u64::from(fields.u16()?),
        _ => u64::from(fields.u32()?),
    };
    let field = fields.bytes(length.min(LONG))?;
    fields.skip(length.saturating_sub(LONG))?;
    Some((flags, field))
}

/// The head of a file, up to its end mark.
fn read_file(fields: &mut Fields<'_>, archive: &mut Archive) -> Option<()> {
    let mut file = File { first: archive.blocks.len(), ..File::default() };
    let number = fields.u32()?;
    file.size = fields.u64()?;
    loop {
        let mark = fields.u32()?;
        if mark == END {
            break;
        }
        let (flags, field) = extra(fields)?;
        match mark {
            NAME => {
                // A code page, and the number of the folder that the name counts from, may stand before it.
                let page = if flags & 0x08 != 0 { 2 } else { 0 };
                let parent = if flags & 0x10 != 0 { 4 } else { 0 };
                let name = field.get(page + parent..)?;
                let encrypted = flags & 0x04 != 0;
                let number = u16_at(&field, 0).filter(|_| page > 0);
                let name = if encrypted { ENCRYPTED_NAME.into() } else { in_utf_8(name, number) };
                let folder = u32_at(&field, page).filter(|_| parent > 0);
                // Only of a folder that stands before it: no name can be counted from itself.
                let folder = folder.and_then(|number| archive.names.get(&number));
                let most = LONGEST_NAME.saturating_sub(name.len() + 1);
                file.name = match folder.map(|folder| innermost(folder, most)) {
                    None | Some([]) => name.into_owned(),
                    Some(folder) => [folder, b"/".as_slice(), &name].concat(),
                };
            }
            WINDOWS => {
                let attributes = field.get(8).copied().unwrap_or_default();
                file.folder = attributes & 0x80 != 0;
                file.link = attributes & 0x08 != 0;
            }
            POSIX => {
                let kind = u32_at(&field, 0).unwrap_or_default() & 0o170_000;
                file.folder = kind == 0o040_000;
                file.link = kind == 0o120_000;
            }
            ENCRYPTION => file.cipher = Some(Cipher::read(&field)),
            _ => {}
        }
    }
    if file.folder {
        archive.names.insert(number, file.name.clone());
    }
    archive.members.heads.push(file);
    Some(())
}

/// The last folders of a path that take at most so many bytes.
fn innermost(path: &[u8], most: usize) -> &[u8] {
    let Some(more) = path.len().checked_sub(most).filter(|more| *more > 0) else { return path };
    // No letter of the code pages in which names are written has a slash in it.
    let slash = path.iter().skip(more - 1).position(|byte| *byte == b'/');
    slash.and_then(|at| path.get(more + at..)).unwrap_or_default()
}

/// A name whose code page is stated, so that it can be counted from a folder whose name is in another. Of the others it is
/// found out for all together.
fn in_utf_8(name: &[u8], page: Option<u16>) -> Cow<'_, [u8]> {
    let encoding = match page {
        Some(949) => encoding_rs::EUC_KR,
        Some(932) => encoding_rs::SHIFT_JIS,
        _ => return name.into(),
    };
    match encoding.decode_without_bom_handling(name).0 {
        Cow::Borrowed(name) => name.as_bytes().into(),
        Cow::Owned(name) => name.into_bytes().into(),
    }
}

/// The head of a block, up to its end mark; its bytes are passed over.
fn read_block(fields: &mut Fields<'_>, archive: &mut Archive) -> Option<()> {
    let method = fields.u8()?;
    fields.skip(1)?;
    let (unpacked, packed, sum) = (fields.u32()?, fields.u32()?, fields.u32()?);
    while fields.u32()? != END {
        extra(fields)?;
    }
    let at = fields.position();
    let (unpacked, packed) = (unpacked.into(), packed.into());
    archive.blocks.push(Block { method, unpacked, packed, sum, at });
    if let Some(file) = archive.members.heads.last_mut() {
        file.count += 1;
    }
    fields.skip(packed)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use madang_document::outcome::Outcome;

    use super::*;
    use crate::context::Spent;
    use crate::engines::Engines;
    use crate::extraction::Extraction;
    use crate::order::Order;

    /// The head of a file: its number, its name, the folder that the name counts from, and whether it is a folder itself.
    fn head(number: u32, name: &str, folder: Option<u32>, is_folder: bool) -> Vec<u8> {
        let mut head = [number.to_le_bytes().as_slice(), &[0; 8]].concat();
        let named = [folder.map(u32::to_le_bytes).as_slice().concat(), name.into()].concat();
        let flags = if folder.is_some() { 0x10 } else { 0 };
        let attributes = [[0; 8].as_slice(), &[if is_folder { 0x80 } else { 0 }]].concat();
        for (mark, flags, field) in [(NAME, flags, named), (WINDOWS, 0, attributes)] {
            head.extend(mark.to_le_bytes());
            head.push(flags);
            head.extend((field.len() as u16).to_le_bytes());
            head.extend(field);
        }
        head.extend(END.to_le_bytes());
        head
    }

    fn read(heads: &[Vec<u8>]) -> Archive {
        let bytes = heads.concat();
        let mut fields = Fields::at(&bytes, 0);
        let mut archive = Archive::default();
        heads.iter().for_each(|_| read_file(&mut fields, &mut archive).unwrap());
        archive
    }

    #[test]
    fn one_long_folder_does_not_multiply() {
        for long in ["x".repeat(16_000), "xyz/".repeat(4000)] {
            let mut heads = vec![head(0, &long, None, true)];
            heads.extend((1..200).map(|number| head(number, "a.txt", Some(0), false)));
            let archive = read(&heads);
            let names: Vec<_> =
                archive.members.heads.iter().skip(1).map(|file| &file.name).collect();
            assert_eq!(names.len(), 199);
            assert!(names.iter().all(|name| name.len() <= PATH && name.ends_with(b"a.txt")));
        }
    }

    #[test]
    fn an_archive_of_blocks_without_end_is_read_up_to_a_limit() {
        let file = [FILE.to_le_bytes().as_slice(), &head(0, "a.txt", None, false)].concat();
        let block = [BLOCK.to_le_bytes().as_slice(), &[0; 14], &END.to_le_bytes()].concat();
        let mut bytes = [b"EGGA".as_slice(), &[0; 10], &END.to_le_bytes(), &file].concat();
        for _ in 0..=BLOCKS {
            bytes.extend(&block);
        }
        bytes.extend(END.to_le_bytes());
        for (cut, too_many) in [(0, true), (block.len() + 4, false)] {
            let bytes = bytes[..bytes.len() - cut].to_vec();
            let (order, engines, spent) =
                (Order::named("a.egg"), Engines::none(), Spent::default());
            let kept = RefCell::new(Vec::<Extraction>::new());
            let no_members = |_: &dyn Blob, _: &Context<'_>| Outcome::Empty;
            let context = Context::new(&order, 1, &engines, &spent, &kept, no_members);
            let archive = read_records(&bytes, &context).unwrap();
            assert_eq!(archive.too_many_blocks, too_many);
            assert_eq!(archive.blocks.len(), BLOCKS);
        }
    }

    #[test]
    fn the_innermost_folders_of_a_name_stay() {
        let path = format!("바깥/{}/안", "가".repeat(650));
        let archive = read(&[
            head(0, &path, None, true),
            head(1, "글.txt", Some(0), false),
            head(2, &"나".repeat(14), Some(0), false),
            head(3, &"다".repeat(700), Some(0), false),
        ]);
        let names: Vec<_> =
            archive.members.heads.iter().map(|file| str::from_utf8(&file.name).unwrap()).collect();
        assert_eq!(names[1], format!("{path}/글.txt"));
        assert_eq!(names[2], format!("{}/안/{}", "가".repeat(650), "나".repeat(14)));
        assert_eq!(names[3], "다".repeat(700));
        assert_eq!(
            [7, 6, 5, 1, 0].map(|most| innermost(b"ab/cd/e", most)),
            [b"ab/cd/e".as_slice(), b"cd/e", b"cd/e", b"e", b"",]
        );
    }
}
