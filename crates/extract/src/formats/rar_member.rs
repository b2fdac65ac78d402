//! What the heads of a RAR archive say of its members, in either generation of the format.

use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::archive_members::{ArchiveMembers, MemberHead};
use super::fields::Fields;

/// A member.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RarMember {
    /// In UTF-8, or in the code page of whoever packed it.
    pub(super) name: Vec<u8>,
    pub(super) size: u64,
    pub(super) packed: u64,
    /// Where the packed bytes begin.
    pub(super) at: u64,
    /// CRC-32 of the bytes unpacked, if the head has it.
    pub(super) sum: Option<u32>,
    pub(super) folder: bool,
    pub(super) link: bool,
    pub(super) encrypted: bool,
    pub(super) stored: bool,
    /// Whether a piece of it lies in another part of the archive.
    pub(super) cut: bool,
    /// What the method is called.
    pub(super) method: &'static str,
}

impl MemberHead for RarMember {
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

/// All heads.
#[derive(Debug, Default)]
pub(super) struct RarHeads {
    pub(super) members: ArchiveMembers<RarMember>,
    /// Whether the heads themselves are encrypted.
    pub(super) encrypted: bool,
}

/// Reads a head and passes over what belongs to it. Gives whether others may follow; none where it reaches beyond the
/// end.
pub(super) type ReadHead = fn(&mut Fields<'_>, &mut RarHeads) -> Option<bool>;

impl RarHeads {
    /// Reads the heads of at most `most` members, as long as there is room for one of `shortest` bytes.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        most: u64,
        shortest: u64,
        read_head: ReadHead,
    ) -> RarHeads {
        let mut heads = RarHeads::default();
        while fields.left() >= shortest {
            if heads.members.is_full(most) {
                break;
            }
            match read_head(fields, &mut heads) {
                Some(true) => {}
                Some(false) => break,
                None => {
                    let beyond = ReasonKind::Beyond(Noun::Archive.into());
                    heads.members.fault = Some(beyond.of(Noun::HeadOrMember));
                    break;
                }
            }
        }
        heads
    }
}
