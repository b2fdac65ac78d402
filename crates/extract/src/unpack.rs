//! Unpacking the members of containers: whatever a container claims, only what really comes out counts.

use std::io::Read;

use madang_document::content::Content;
use madang_document::outcome::Outcome;

use crate::context::Context;
use crate::error::ExtractError;

/// How unpacking a member ended.
pub enum Unpacked {
    /// All of it.
    Whole(Vec<u8>),
    /// What came before the damage, and what the damage is.
    Damaged(Vec<u8>, String),
    /// More than one member may hold in memory.
    TooLarge,
}

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unpacked::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Unpacked::Damaged(bytes, what) => write!(f, "Damaged({} bytes, {what})", bytes.len()),
            Unpacked::TooLarge => f.write_str("TooLarge"),
        }
    }
}

/// Reads a member to its end, and accounts for every byte as it comes out.
///
/// # Errors
/// [`ExtractError::Limit`] when the object has unpacked all it may.
pub fn unpack(mut member: impl Read, context: &Context<'_>) -> Result<Unpacked, ExtractError> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0u8; 64 << 10];
    loop {
        let n = match member.read(&mut buffer) {
            Ok(0) => return Ok(Unpacked::Whole(bytes)),
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Unpacked::Damaged(bytes, error.to_string())),
        };
        context.spend_unpacked(n as u64)?;
        if (bytes.len() + n) as u64 > context.limits.member {
            return Ok(Unpacked::TooLarge);
        }
        bytes.extend_from_slice(buffer.get(..n).unwrap_or_default());
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
    let taken = match unpack(member, context) {
        Ok(Unpacked::Whole(bytes)) => context.member(path, &bytes),
        Ok(Unpacked::Damaged(bytes, what)) if bytes.is_empty() => {
            context.unopened_member(path, declared, Outcome::Corrupt, &what)
        }
        Ok(Unpacked::Damaged(bytes, what)) => {
            content.lost(format!("{path}: damaged after {} bytes: {what}", bytes.len()));
            context.member(path, &bytes)
        }
        Ok(Unpacked::TooLarge) => {
            let reason = format!("it is larger than {} bytes unpacked", context.limits.member);
            content.cut(format!("{path}: {reason}"));
            context.unopened_member(path, declared, Outcome::Limit, &reason)
        }
        Err(limit) => {
            let reason = limit.to_string();
            content.cut(reason.clone());
            if let Ok(member) = context.unopened_member(path, declared, Outcome::Limit, &reason) {
                content.members.push(member);
            }
            return false;
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
