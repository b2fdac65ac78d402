//! ALZ, the archives of ALZip before 2008. Its maker published no specification; the layout follows the public notes of
//! those who read it: a local head before each member, as in ZIP, and a trailer.

use std::io::{BufRead, BufReader, Read};

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::alz_bzip2::AlzBzip2;
use super::archive_members::{ArchiveMembers, MemberHead};
use super::fields::{Fields, part};
use super::packing::{Packing, Refusal, unpacker};
use super::zip_cipher::ZipLock;

use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::split_name::JOIN;

pub(super) const FORMAT: Format = Format {
    name: "alz",
    version: 6,
    media_types: &["application/x-alz"],
    sniff: |probe| if probe.starts_with(b"ALZ\x01") { Match::Magic } else { Match::No },
    media_type: |_| "application/x-alz",
    extract,
};

const MEMBER: [u8; 4] = *b"BLZ\x01";
const TRAILER: [u8; 4] = *b"CLZ\x01";
const COMMENT: [u8; 4] = *b"ELZ\x01";
/// What the descriptor of a member says: it is encrypted, and its sizes were known only later.
const ENCRYPTED: u8 = 1;
const LATER: u8 = 1 << 3;
/// The last bytes of a part that others follow.
const MORE: &[u8] = b"CLZ\x03";

struct File {
    name: Vec<u8>,
    folder: bool,
    lock: Option<Lock>,
    method: u8,
    sum: u32,
    packed: u64,
    size: u64,
    at: u64,
}

/// What keeps a member closed: the traditional way of ZIP, its head apart from the packed bytes.
struct Lock {
    way: ZipLock,
    head: [u8; 12],
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
    let mut members = ArchiveMembers::default();
    members.fault = read_heads(blob, context, &mut members);
    let tail = read_range(blob, blob.len().saturating_sub(4), 4)?;
    if tail == MORE {
        if members.heads.is_empty() {
            return Err(ExtractError::Unsupported(JOIN.into()));
        }
        content.lost(JOIN);
        // Where this part ends, the next begins: no damage.
        members.fault = None;
    }
    members.report(context, &mut content)?;
    members.each(context, &mut content, |file, turn| {
        let sum = Some(file.sum).filter(|_| file.size > 0);
        let packed = part(blob, file.at, file.packed);
        match &file.lock {
            None => turn.open(unpacked(file, packed), sum),
            // A password would not help.
            Some(_) if file.method > LAST_METHOD => turn.refuse(&unknown(file.method)),
            Some(Lock { way, head }) => turn.unlock(*way, way.name(), sum, |password| {
                let sealed = head.chain(part(blob, file.at, file.packed));
                let plain = way.open(sealed, head.len() as u64 + file.packed, password);
                plain.map(|plain| unpacked(file, BufReader::new(plain))).transpose()
            }),
        }
    });
    Ok(content)
}

/// The methods that are known: stored, bzip2 and deflate.
const LAST_METHOD: u8 = 2;

fn unknown(method: u8) -> Refusal {
    Refusal::unnumbered(method.into(), "ALZ")
}

fn unpacked<'a>(file: &File, mut packed: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, Refusal> {
    match file.method {
        0 => unpacker(Packing::Stored, packed, file.size),
        1 => {
            // Its own variant shows by its first mark; some packers put bzip2 as it is.
            let mut start = Vec::new();
            packed.by_ref().take(3).read_to_end(&mut start).map_err(Refusal::broken)?;
            let is_own = start != b"BZh";
            let packed = std::io::Cursor::new(start).chain(packed);
            match is_own {
                true => Ok(Box::new(AlzBzip2::new(packed))),
                false => unpacker(Packing::Bzip2, packed, file.size),
            }
        }
        2 => unpacker(Packing::Deflate, packed, file.size),
        other => Err(unknown(other)),
    }
}

/// Reads the heads of all members. Gives why that ended before the trailer.
fn read_heads(
    blob: &dyn Blob,
    context: &Context<'_>,
    members: &mut ArchiveMembers<File>,
) -> Option<Reason> {
    let ends = |kind: ReasonKind| Some(kind.of(Noun::Archive));
    // The mark, a version and the number of this part.
    let mut fields = Fields::at(blob, 8);
    loop {
        context.progress();
        match fields.array() {
            Some(MEMBER) => {}
            Some(TRAILER | COMMENT) => return None,
            Some(_) => return Some(ReasonKind::Damaged.of(Noun::MemberHead)),
            None => return ends(ReasonKind::EndsBefore(Noun::Trailer.into())),
        }
        if members.is_full(context.limits.members) {
            return None;
        }
        let Some(file) = read_head(&mut fields) else {
            return ends(ReasonKind::EndsWithin(Noun::MemberHead.into()));
        };
        let packed = file.packed;
        members.heads.push(file);
        if fields.skip(packed).is_none() {
            return ends(ReasonKind::EndsWithin(Noun::AnyMember.into()));
        }
    }
}

fn read_head(fields: &mut Fields<'_>) -> Option<File> {
    let length = fields.u16()?;
    let attributes = fields.u8()?;
    let time = fields.u32()?;
    let descriptor = fields.u8()?;
    fields.skip(1)?;
    let (mut method, mut sum, mut packed, mut size) = (0, 0, 0, 0);
    // How many bytes a size takes; nothing is said of what has no bytes.
    let wide = descriptor >> 4;
    if wide > 0 {
        method = fields.u8()?;
        fields.skip(1)?;
        sum = fields.u32()?;
        let mut number = || match wide {
            1 => fields.u8().map(u64::from),
            2 => fields.u16().map(u64::from),
            4 => fields.u32().map(u64::from),
            8 => fields.u64(),
            _ => None,
        };
        (packed, size) = (number()?, number()?);
    }
    let name = fields.bytes(length.into())?;
    let lock = match descriptor & ENCRYPTED {
        0 => None,
        _ => {
            // Where the sum was not known yet, the time stands in for it, as in ZIP.
            let check = if descriptor & LATER == 0 { sum >> 24 } else { time >> 8 };
            let way = ZipLock::Traditional { checks: [check as u8; 2] };
            Some(Lock { way, head: fields.array()? })
        }
    };
    let folder = attributes & 0x10 != 0;
    Some(File { name, folder, lock, method, sum, packed, size, at: fields.position() })
}
