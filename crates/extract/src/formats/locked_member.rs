//! Members of archives that a password locks in the ways of ZIP, whatever the archive is (ZIP, EGG, ALZ).

use std::io::Read;

use madang_document::content::Content;

use super::packing::Refusal;
use super::zip_cipher::{ZipLock, password_bytes};

use crate::context::Context;
use crate::unpack::{End, take_unpacked, unpack};

/// A member, and what keeps it closed.
pub(super) struct LockedMember<'a> {
    pub(super) path: &'a str,
    /// Bytes unpacked, as its head states, if it does.
    pub(super) size: Option<u64>,
    pub(super) lock: ZipLock,
    /// What is said of the lock.
    pub(super) name: &'a str,
}

impl LockedMember<'_> {
    /// Takes it, if one of the passwords opens it: `open` gives what it unpacks to under a password, if that may be the
    /// right one. Gives whether the archive may be read on.
    pub(super) fn take<R: Read>(
        &self,
        context: &Context<'_>,
        content: &mut Content,
        mut open: impl FnMut(&[u8]) -> Result<Option<R>, Refusal>,
    ) -> bool {
        let refused = |still| Refusal::locked(self.name, still);
        take_unpacked(self.path, self.size, context, content, |most| {
            if let Some(refusal) = self.lock.refusal() {
                return Err(refusal.into());
            }
            let opened = context.unlock(self.lock.rounds(), |password| {
                let mut passwords = password_bytes(password).into_iter();
                passwords.find_map(|password| match open(&password) {
                    Err(refusal) => Some(Err(refusal.into())),
                    Ok(member) => {
                        let unpacked = unpack(member?, most, context);
                        let damaged = matches!(unpacked.end, End::Damaged(_));
                        (self.lock.is_proved() || !damaged).then_some(Ok(unpacked))
                    }
                })
            });
            opened.unwrap_or_else(|still| Err(refused(still).into()))
        })
    }
}
