//! Unpacking the members of containers: whatever a container claims, only what really comes out counts.

use std::io::{self, Read};

use madang_document::content::Content;
use madang_document::outcome::Outcome;

use crate::context::Context;
use crate::error::ExtractError;

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
    Damaged(String),
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
                break End::Damaged("the packed bytes end too early".into());
            }
            Err(error) => break End::Damaged(error.to_string()),
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
            Err(limit) => Err(io::Error::new(io::ErrorKind::QuotaExceeded, limit.to_string())),
        }
    }
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
    if let Err(limit) = context.may_open_member() {
        content.cut(limit.to_string());
        return false;
    }
    let limits = context.limits;
    let too_large = |content: &mut Content, size: u64| {
        let reason = format!("it is larger than {size} bytes unpacked");
        content.cut(format!("{path}: {reason}"));
        context.unopened_member(path, declared, Outcome::Limit, &reason)
    };
    // What says itself that it is too large is not even begun: a bomb then costs no more than its table of contents,
    // and what lies behind it in the container is still read.
    let most = limits.member.min(context.unpacked_left());
    let taken = if declared.is_some_and(|size| size > most) {
        too_large(content, most)
    } else {
        let Unpacked { bytes, end } = unpack(member, limits.member, context);
        match end {
            End::Whole => context.member(path, &bytes),
            End::Damaged(what) if bytes.is_empty() => {
                context.unopened_member(path, declared, Outcome::Corrupt, &what)
            }
            End::Damaged(what) => {
                content.lost(format!("{path}: damaged after {} bytes: {what}", bytes.len()));
                context.member(path, &bytes)
            }
            End::TooLarge => too_large(content, limits.member),
            End::Spent(limit) => {
                let reason = limit.to_string();
                content.cut(reason.clone());
                if let Ok(member) = context.unopened_member(path, declared, Outcome::Limit, &reason)
                {
                    content.members.push(member);
                }
                return false;
            }
        }
    };
    match taken {
        Ok(member) => content.members.push(member),
        Err(limit) => {
            content.cut(limit.to_string());
            return false;
        }
    }
    true
}

/// Delivers a member that is not unpacked. Gives whether the container may be read on.
pub fn leave_member(
    path: &str,
    declared: Option<u64>,
    outcome: Outcome,
    reason: &str,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    match context.unopened_member(path, declared, outcome, reason) {
        Ok(member) => {
            content.members.push(member);
            true
        }
        Err(limit) => {
            content.cut(limit.to_string());
            false
        }
    }
}
