//! Unpacking the members of containers: whatever a container claims, only what really comes out counts.

use std::io::{self, Read};

use madang_document::content::{Content, Member};
use madang_document::outcome::Outcome;
use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use crate::context::Context;
use crate::encoding::decode;
use crate::error::{ExtractError, io_error, reason_of};

/// What came out of a member.
pub struct Unpacked {
    /// All of it, or what came before the end.
    pub bytes: Vec<u8>,
    /// Why no more came.
    pub end: End,
}

/// How unpacking a member ended.
#[derive(Debug)]
pub enum End {
    /// The member is whole.
    Whole,
    /// It is damaged at this place; what the damage is.
    Damaged(Reason),
    /// There is more than was asked for.
    TooLarge,
    /// The object has unpacked all it may: [`ExtractError::Limit`].
    Spent(ExtractError),
}

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unpacked({} bytes, {:?})", self.bytes.len(), self.end)
    }
}

/// Reads a member to its end, at most `most` bytes of it, and accounts for every byte as it comes out.
pub fn unpack(mut member: impl Read, most: u64, context: &Context<'_>) -> Unpacked {
    let mut bytes = Vec::new();
    let mut buffer = vec![0u8; 64 << 10];
    let end = loop {
        let piece = match member.read(&mut buffer) {
            Ok(0) => break End::Whole,
            Ok(n) => buffer.get(..n).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                break End::Damaged(ReasonKind::EndsEarly.of(Noun::PackedBytes));
            }
            Err(error) => break End::Damaged(reason_of(&error)),
        };
        if let Err(limit) = context.spend_unpacked(piece.len() as u64) {
            break End::Spent(limit);
        }
        let room = usize::try_from(most.saturating_sub(bytes.len() as u64)).unwrap_or(usize::MAX);
        bytes.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if piece.len() > room {
            break End::TooLarge;
        }
    };
    Unpacked { bytes, end }
}

/// A reader of unpacked bytes that accounts for each and stops at the limit with
/// [`io::ErrorKind::QuotaExceeded`]: for what is read as it comes out, without being held.
#[derive(Debug)]
pub struct Metered<'a, R> {
    reader: R,
    context: &'a Context<'a>,
}

impl<'a, R> Metered<'a, R> {
    /// Meters what `reader` unpacks.
    pub fn new(reader: R, context: &'a Context<'a>) -> Metered<'a, R> {
        Metered { reader, context }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        match self.context.spend_unpacked(n as u64) {
            Ok(()) => Ok(n),
            Err(limit) => Err(io_error(io::ErrorKind::QuotaExceeded, limit)),
        }
    }
}

/// Why a member was not opened.
#[derive(Debug)]
pub struct Unopened {
    /// How it ends.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

/// Unpacks a member and extracts it as a document of its own, or delivers it with the reason why not.
/// Gives whether the container may be read on; at a limit it may not, and the content says so.
pub fn take_member(
    member: impl Read,
    path: &str,
    declared: Option<u64>,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    take_unpacked(path, declared, context, content, |most| Ok(unpack(member, most, context)))
}

/// As [`take_member`], of a member that `open` unpacks, at most as many bytes as it is told.
pub fn take_unpacked(
    path: &str,
    declared: Option<u64>,
    context: &Context<'_>,
    content: &mut Content,
    open: impl FnOnce(u64) -> Result<Unpacked, Unopened>,
) -> bool {
    if let Err(limit) = context.may_open_member() {
        content.cut(limit);
        return false;
    }
    let limits = context.limits;
    let refuse = |outcome, reason: Reason, content: &mut Content| {
        missing(path, outcome, &reason, content);
        context.unopened_member(path, declared, outcome, reason)
    };
    let too_large = |most: u64| context.larger_than(most).into();
    // What says itself that it is too large is not even begun: a bomb then costs no more than its table of contents,
    // and what lies behind it in the container is still read.
    let most = context.member_left();
    let taken = if let Some(size) = declared.filter(|size| *size > most) {
        // No member may be so large, however much is left.
        let limit = if size > limits.member { limits.member } else { most };
        refuse(Outcome::Limit, too_large(limit), content)
    } else {
        match open(limits.member) {
            Err(Unopened { outcome, reason }) => refuse(outcome, reason, content),
            Ok(Unpacked { bytes, end }) => match end {
                End::Whole => context.member(path, &bytes),
                End::Damaged(what) if bytes.is_empty() => refuse(Outcome::Corrupt, what, content),
                End::Damaged(what) => {
                    let named = damaged_after(path, bytes.len()).because(what.clone());
                    content.lost(named);
                    let own = ReasonKind::DamagedAfter(bytes.len() as u64).because(what);
                    context.damaged_member(path, &bytes, &own)
                }
                End::TooLarge => refuse(Outcome::Limit, too_large(limits.member), content),
                // The limit that it meets is that of the whole: alone it might have been read.
                End::Spent(_) => {
                    if let Ok(member) = refuse(Outcome::Limit, too_large(0), content) {
                        content.members.push(member);
                    }
                    return false;
                }
            },
        }
    };
    match taken {
        Ok(member) => content.members.push(member),
        Err(limit) => {
            content.cut(limit);
            return false;
        }
    }
    true
}

/// Says in its container that the bytes of a member are missing: then they are missing of the container, too, and its
/// outcome says so. Only a member that a password opens is not missed: whoever has it finds all of it there, and it is told
/// only so that who sees the container knows of each lock.
///
/// A packer packs all of an archive in one way, so what nobody reads, and what is locked, is told of the first member that
/// it is the matter with, and of the others in their own documents.
fn missing(path: &str, outcome: Outcome, reason: &Reason, content: &mut Content) {
    /// So many warnings are looked through for what was told before: each member looks.
    const LOOKED_AT: usize = 64;
    let named = || reason.clone().within(Part::Member(path.into()));
    let told = |content: &Content| {
        content.warnings.iter().take(LOOKED_AT).any(|it| it.reason.kind == reason.kind)
    };
    let no_password =
        matches!(reason.kind, ReasonKind::CipherNotRead(_) | ReasonKind::CipherUnknown);
    match outcome {
        Outcome::Limit => content.cut(named()),
        Outcome::Corrupt => content.lost(named()),
        Outcome::Unsupported if !told(content) => content.lost(named()),
        Outcome::Encrypted if !told(content) => match no_password {
            true => content.lost(named()),
            false => content.note(named()),
        },
        _ => {}
    }
}

/// Delivers a member that is not unpacked. Gives whether the container may be read on.
pub fn leave_member(
    path: &str,
    declared: Option<u64>,
    outcome: Outcome,
    reason: Reason,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    match context.unopened_member(path, declared, outcome, reason.clone()) {
        Ok(member) => {
            missing(path, outcome, &reason, content);
            content.members.push(member);
            true
        }
        Err(limit) => {
            content.cut(limit);
            false
        }
    }
}

/// Lists a member that holds nothing: a link, a device. `what` it is, is noted, so that nobody looks for its text in
/// vain. Gives whether the container may be read on.
pub fn list_member(
    path: String,
    what: impl Into<Reason>,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    if content.members.len() as u64 >= context.limits.members {
        content.cut(context.too_many_members());
        return false;
    }
    content.note(what.into().within(Part::Member(path.as_str().into())));
    content.members.push(Member { path, size: None, outcome: None, told: None });
    true
}

/// What is said of a member that is damaged after so many bytes.
pub fn damaged_after(path: &str, bytes: usize) -> Reason {
    ReasonKind::DamagedAfter(bytes as u64).within(Part::Member(path.into()))
}

/// Most of a link's target that is told, bytes.
pub const TARGET: u64 = 255;

/// What a link is. Where it leads to may be unknown.
pub fn link_to(target: Option<&[u8]>) -> ReasonKind {
    let target = target.map(|target| decode(target).text);
    let target = target.as_deref().map(str::trim).filter(|target| !target.is_empty());
    ReasonKind::Link(target.map(|target| {
        target.get(..target.floor_char_boundary(TARGET as usize)).unwrap_or_default().into()
    }))
}
