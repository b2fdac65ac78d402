//! The members of an archive whose heads say all that is to be known of them (EGG, ALZ, RAR, cabinets): they are taken
//! one after the other, and what is missing is said of the archive.

use std::io::Read;

use madang_document::content::Content;
use madang_document::part::Part;
use madang_document::reason::Reason;

use super::locked_member::LockedMember;
use super::member_names::names;
use super::packing::{Checked, Refusal};
use super::zip_cipher::ZipLock;
use crate::context::Context;
use crate::error::ExtractError;
use crate::member_path::MemberPaths;
use crate::unpack::{leave_member, link_to, list_member, take_member};

/// What every format has in the head of a member.
pub(super) trait MemberHead {
    /// In UTF-8, or in the code page of whoever packed it.
    fn name(&self) -> &[u8];

    /// Bytes, unpacked.
    fn size(&self) -> u64;

    /// Whether it holds nothing itself.
    fn is_folder(&self) -> bool {
        false
    }
}

/// The heads of an archive, as far as they could be read.
#[derive(Debug)]
pub(super) struct ArchiveMembers<H> {
    pub(super) heads: Vec<H>,
    /// Whether there are more members than are read.
    pub(super) too_many: bool,
    /// Why reading the heads ended before the end.
    pub(super) fault: Option<Reason>,
}

impl<H> Default for ArchiveMembers<H> {
    fn default() -> Self {
        ArchiveMembers { heads: Vec::new(), too_many: false, fault: None }
    }
}

impl<H: MemberHead> ArchiveMembers<H> {
    /// Whether there are as many as may be read: then nothing more is, and `report` says so.
    pub(super) fn is_full(&mut self, most: u64) -> bool {
        self.too_many |= self.heads.len() as u64 >= most;
        self.too_many
    }

    /// Says what is missing of the heads.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when not one could be read.
    pub(super) fn report(
        &self,
        context: &Context<'_>,
        content: &mut Content,
    ) -> Result<(), ExtractError> {
        if let Some(fault) = self.fault.clone() {
            if self.heads.is_empty() {
                return Err(ExtractError::corrupt(fault));
            }
            content.lost(fault.within(Part::AfterMembers(self.heads.len() as u64)));
        }
        if self.too_many {
            content.cut(context.too_many_members());
        }
        Ok(())
    }

    /// Hands each member that is no folder to `take`, in order, until that says that the archive may not be read on.
    pub(super) fn each(
        &self,
        context: &Context<'_>,
        content: &mut Content,
        mut take: impl FnMut(&H, Turn<'_>) -> bool,
    ) {
        let raw: Vec<&[u8]> = self.heads.iter().map(MemberHead::name).collect();
        let mut paths = MemberPaths::default();
        for (head, name) in self.heads.iter().zip(names(&raw)) {
            if head.is_folder() {
                continue;
            }
            context.progress();
            let turn = Turn { path: paths.take(&name), size: head.size(), context, content };
            if !take(head, turn) {
                break;
            }
        }
    }
}

/// A member whose turn it is. Each way to end it gives whether the archive may be read on.
pub(super) struct Turn<'a> {
    path: String,
    size: u64,
    context: &'a Context<'a>,
    content: &'a mut Content,
}

impl Turn<'_> {
    /// Extracts what it unpacks to, held to the size that its head states and to a check sum, if it has one.
    pub(super) fn unpack(self, unpacked: impl Read, sum: Option<u32>) -> bool {
        let Turn { path, size, context, content } = self;
        take_member(Checked::new(unpacked, size, sum), &path, Some(size), context, content)
    }

    /// Delivers it with the reason why it is not unpacked.
    pub(super) fn refuse(self, Refusal { outcome, reason }: &Refusal) -> bool {
        let Turn { path, size, context, content } = self;
        leave_member(&path, Some(size), *outcome, reason.clone(), context, content)
    }

    /// One of both, as opening it came out.
    pub(super) fn open(self, opened: Result<impl Read, Refusal>, sum: Option<u32>) -> bool {
        match opened {
            Ok(unpacked) => self.unpack(unpacked, sum),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// Extracts it, if a password opens its `lock`, which is called `name`: `open` gives what it unpacks to under a password
    /// that may be the right one.
    pub(super) fn unlock<'b>(
        self,
        lock: ZipLock,
        name: &str,
        sum: Option<u32>,
        mut open: impl FnMut(&[u8]) -> Result<Option<Box<dyn Read + 'b>>, Refusal>,
    ) -> bool {
        let Turn { path, size, context, content } = self;
        let member = LockedMember { path: &path, size: Some(size), lock, name };
        member.take(context, content, |password| {
            Ok(open(password)?.map(|unpacked| Checked::new(unpacked, size, sum)))
        })
    }

    /// Lists a link, of which the head does not say where it leads to.
    pub(super) fn list_link(self) -> bool {
        list_member(self.path, link_to(None), self.context, self.content)
    }
}
