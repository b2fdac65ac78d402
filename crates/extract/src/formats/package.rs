//! A ZIP file whose members are the parts of one document: OOXML packages and OpenDocument files.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use flate2::bufread::DeflateDecoder;
use madang_document::content::{Content, Member, WarningKind};
use madang_document::instead::Instead;
use madang_document::outcome::Outcome;
use madang_document::part::{self, Noun};
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use zeroize::Zeroizing;
use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;
use zip::result::ZipError;

use super::odf_cipher::Sealed;
use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::unpack::{End, leave_member, take_member, unpack};

/// Parts that are named of those whose own heads cannot be read.
const UNREADABLE_MOST: usize = 20;

/// An opened package. Every byte that leaves it has been accounted for with
/// [`Context::spend_unpacked`].
pub(super) struct Package<'a> {
    source: Source<'a>,
    context: &'a Context<'a>,
    /// How parts are encrypted, and the password that opens them.
    sealed: Option<(Sealed, Zeroizing<String>)>,
    /// Where each part stands, by its name in lower case: part names are compared without regard to case
    /// (ECMA-376 part 2, section 6.2.2.3).
    parts: BTreeMap<String, Part>,
}

enum Source<'a> {
    Archive(Box<ZipArchive<Cursor<'a>>>),
    /// The parts of a file that has lost its directory, read already, and why there is no directory.
    Rescued {
        parts: Vec<Vec<u8>>,
        reason: Reason,
    },
}

#[derive(Clone)]
struct Part {
    index: usize,
    name: String,
    size: u64,
}

impl<'a> Package<'a> {
    /// Reads the directory. Where it is lost (it stands at the end, and is the first to go when a transfer breaks
    /// off) the parts are read one after the other, as far as they go, and `content` says so.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when there is neither a directory nor any part.
    pub(super) fn open(
        blob: &'a dyn Blob,
        context: &'a Context<'a>,
        content: &mut Content,
    ) -> Result<Package<'a>, ExtractError> {
        let mut archive = match ZipArchive::new(Cursor::new(blob)) {
            Ok(archive) => archive,
            Err(error) => return Package::rescue(blob, context, &error.to_string(), content),
        };
        let mut parts = BTreeMap::new();
        let mut unreadable = 0;
        for index in 0..archive.len() {
            let Ok(entry) = archive.by_index_raw(index) else {
                let listed = archive.name_for_index(index).and_then(Result::ok);
                if listed.as_ref().is_some_and(|name| name.ends_with('/')) {
                    continue;
                }
                let part = listed.map_or(Noun::AnyMember.into(), |name| part::Part::from(&*name));
                unreadable += 1;
                if unreadable <= UNREADABLE_MOST {
                    content.lost(ReasonKind::NotThere.of(part));
                }
                continue;
            };
            // A name that does not decode cannot be referred to by any part.
            let Ok(name) = entry.name() else { continue };
            if !entry.is_dir() {
                note_part(&mut parts, index, &name, entry.size());
            }
        }
        Ok(Package { source: Source::Archive(Box::new(archive)), context, sealed: None, parts })
    }

    fn rescue(
        blob: &'a dyn Blob,
        context: &'a Context<'a>,
        error: &str,
        content: &mut Content,
    ) -> Result<Package<'a>, ExtractError> {
        let broken = ReasonKind::Broken(error.into());
        let reason = ReasonKind::Unreadable.of(Noun::ZipDirectory).because(broken);
        let (mut parts, mut bytes) = (BTreeMap::new(), Vec::new());
        let mut room = context.limits.member;
        let mut stream = BufReader::new(Cursor::new(blob));
        while let Ok(Some(entry)) = read_zipfile_from_stream(&mut stream) {
            let Some(name) = entry.name().ok().map(|name| name.into_owned()) else { continue };
            if entry.is_dir() {
                continue;
            }
            let part = unpack(entry, room, context);
            let size = part.bytes.len() as u64;
            room = room.saturating_sub(size);
            note_part(&mut parts, bytes.len(), &name, size);
            bytes.push(part.bytes);
            // What lies behind a part that broke off cannot be found.
            if !matches!(part.end, End::Whole) {
                break;
            }
        }
        if bytes.iter().all(Vec::is_empty) {
            return Err(ExtractError::corrupt(reason));
        }
        content.lost(reason.clone().instead(Instead::PartsBefore));
        Ok(Package {
            source: Source::Rescued { parts: bytes, reason },
            context,
            sealed: None,
            parts,
        })
    }

    /// What was read, unless it is nothing at all because the file broke off too early.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when the directory is lost and neither text nor a member was in front of the damage.
    pub(super) fn finish(self, content: Content) -> Result<Content, ExtractError> {
        let nothing = content.segments.is_empty() && content.members.is_empty();
        match self.source {
            Source::Rescued { .. } if nothing => Err(self.lacks(Noun::Text)),
            _ => Ok(content),
        }
    }

    /// Why a document cannot be read that lacks its main part.
    pub(super) fn lacks(&self, part: impl Into<part::Part>) -> ExtractError {
        ExtractError::corrupt(match &self.source {
            Source::Archive(_) => ReasonKind::MissingFrom(Noun::Package.into()).of(part),
            Source::Rescued { reason, .. } => {
                ReasonKind::NotBeforeDamage.of(part).because(reason.clone())
            }
        })
    }

    /// The names of the parts as they are spelt, ordered.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.values().map(|part| part.name.as_str())
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_lowercase())
    }

    /// Whether there is no part of this name, although nothing behind a damage is lost.
    pub(super) fn misses(&self, name: &str) -> bool {
        matches!(self.source, Source::Archive(_)) && !self.has(name)
    }

    /// The size that the directory states for a part.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.parts.get(&name.to_lowercase()).map(|part| part.size)
    }

    /// From now on, opens the parts that are encrypted with this password.
    pub(super) fn unseal(&mut self, sealed: Sealed, password: Zeroizing<String>) {
        self.sealed = Some((sealed, password));
    }

    /// The bytes of a part; none if there is no such part. What was read before a damage or a limit is kept,
    /// and the damage or limit noted in `content`.
    pub(super) fn bytes(&mut self, name: &str, content: &mut Content) -> Option<Vec<u8>> {
        let stored = self.stored(name, content)?;
        let Some((sealed, password)) = &self.sealed else { return Some(stored) };
        let part = self.parts.get(&name.to_lowercase())?;
        if !sealed.has(&part.name) {
            return Some(stored);
        }
        let Some(key) = sealed.part(&part.name) else {
            content.lost(ReasonKind::CipherUnknown.of(name));
            return None;
        };
        if self.context.spend_rounds(key.rounds()).is_none() {
            cut_once(content, ReasonKind::KeyTooCostly.of(name));
            return None;
        }
        self.context.progress();
        let Some(packed) = key.open(password, stored) else {
            content.lost(ReasonKind::OtherPassword.of(name));
            return None;
        };
        unpacked(name, DeflateDecoder::new(packed.as_slice()), self.context, content)
    }

    /// The first bytes of a part, at most so many, of which nothing is missed when it is damaged or cannot be opened; none
    /// if it is not there, or not in these bytes.
    pub(super) fn start(&mut self, name: &str, most: u64) -> Option<Vec<u8>> {
        let part = self.parts.get(&name.to_lowercase())?.clone();
        if self.sealed.as_ref().is_some_and(|(sealed, _)| sealed.has(&part.name)) {
            // It is opened as a whole.
            return self.bytes(name, &mut Content::default());
        }
        match &mut self.source {
            Source::Archive(archive) => {
                let entry = archive.by_index(part.index).ok()?;
                let start = unpack(entry.take(most), most, self.context);
                (!matches!(start.end, End::Spent(_))).then_some(start.bytes)
            }
            Source::Rescued { parts, .. } => {
                let bytes = parts.get(part.index)?;
                let most = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
                bytes.get(..most).map(<[u8]>::to_vec)
            }
        }
    }

    /// Extracts a part as the member `path`. Gives whether another may be.
    pub(super) fn take_member(&mut self, name: &str, path: &str, content: &mut Content) -> bool {
        let Some(part) = self.parts.get(&name.to_lowercase()).cloned() else { return true };
        let (context, size) = (self.context, Some(part.size));
        let is_sealed = self.sealed.as_ref().is_some_and(|(sealed, _)| sealed.has(&part.name));
        match &mut self.source {
            Source::Archive(archive) if !is_sealed => match archive.by_index(part.index) {
                Ok(entry) => take_member(entry, path, size, context, content),
                Err(error) => {
                    let (outcome, reason) = match error {
                        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
                            (Outcome::Encrypted, ReasonKind::Password)
                        }
                        error => (Outcome::Corrupt, ReasonKind::Broken(Quote::of(&error))),
                    };
                    leave_member(path, size, outcome, reason.into(), context, content)
                }
            },
            // What is wrong with it is told where it is opened, and what it takes accounted for.
            Source::Archive(_) | Source::Rescued { .. } => {
                let unpacked = self.bytes(name, content);
                match unpacked.map(|bytes| context.member(path, &bytes)).transpose() {
                    Ok(Some(member)) => content.members.push(member),
                    Ok(None) => content.members.push(Member {
                        path: path.to_owned(),
                        size,
                        outcome: None,
                        told: None,
                    }),
                    Err(limit) => {
                        cut_once(content, limit);
                        return false;
                    }
                }
                true
            }
        }
    }

    /// The bytes of a part as the package has them.
    fn stored(&mut self, name: &str, content: &mut Content) -> Option<Vec<u8>> {
        let part = self.parts.get(&name.to_lowercase())?.clone();
        let archive = match &mut self.source {
            Source::Archive(archive) => archive,
            // Parts may be read more than once, so they are not given away.
            Source::Rescued { parts, .. } => return parts.get(part.index).cloned(),
        };
        if self.context.unpacked_left() == 0 {
            cut_once(content, ReasonKind::LimitReached.of(name));
            return None;
        }
        let entry = match archive.by_index(part.index) {
            Ok(entry) => entry,
            Err(error) => {
                content.lost(match error {
                    ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
                        ReasonKind::Password.of(name)
                    }
                    error => ReasonKind::NotUnpacked
                        .of(name)
                        .because(ReasonKind::Broken(Quote::of(&error))),
                });
                return None;
            }
        };
        unpacked(name, entry, self.context, content)
    }

    /// The text of a part in XML: UTF-8, or UTF-16 with a byte order mark (XML 1.0, appendix F). Bytes that
    /// are not of the encoding become U+FFFD.
    pub(super) fn text(&mut self, name: &str, content: &mut Content) -> Option<String> {
        let bytes = self.bytes(name, content)?;
        Some(decode(bytes))
    }

    /// What this document may cost, and the door for its members.
    pub(super) fn context(&self) -> &'a Context<'a> {
        self.context
    }
}

/// What comes out of a part. What was read before a damage or a limit is kept, and that is noted.
fn unpacked(
    name: &str,
    part: impl Read,
    context: &Context<'_>,
    content: &mut Content,
) -> Option<Vec<u8>> {
    let unpacked = unpack(part, context.limits.member, context);
    let read = unpacked.bytes.len() as u64;
    match unpacked.end {
        End::Whole => {}
        End::Damaged(what) => {
            content.lost(ReasonKind::DamagedAfter(read).of(name).because(what));
        }
        End::TooLarge => {
            cut_once(content, ReasonKind::CutAfter { bytes: read, of: None }.of(name));
        }
        End::Spent(limit) => {
            cut_once(content, ReasonKind::LimitReached.of(name).because(limit));
        }
    }
    Some(unpacked.bytes)
}

/// The first of equal names stands.
fn note_part(parts: &mut BTreeMap<String, Part>, index: usize, name: &str, size: u64) {
    let name = name.replace('\\', "/").trim_start_matches('/').to_owned();
    parts.entry(name.to_lowercase()).or_insert(Part { index, name, size });
}

/// XML bytes to text, by their byte order mark.
pub(super) fn decode(bytes: Vec<u8>) -> String {
    match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, mark)) => encoding
            .decode_without_bom_handling(bytes.get(mark..).unwrap_or_default())
            .0
            .into_owned(),
        None => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        },
    }
}

/// Notes a cut unless one is noted already: a bomb has many parts, and one sentence says it.
pub(super) fn cut_once(content: &mut Content, reason: impl Into<Reason>) {
    if !content.warnings.iter().any(|warning| warning.kind == WarningKind::Cut) {
        content.cut(reason);
    }
}
