//! 7z archives.

use std::io::{self, Read};

use madang_document::content::Content;
use madang_document::outcome::Outcome;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, EncoderMethod, Error, Password};

use super::bytes::u64_at;
use super::packing::{DICTIONARY, Refusal};

use crate::blob::{Blob, Cursor, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::split_name::{JOIN, is_part};
use crate::unpack::{TARGET, leave_member, link_to, list_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "7z",
    version: 5,
    media_types: &["application/x-7z-compressed"],
    sniff: |probe| match probe.starts_with(b"7z\xBC\xAF\x27\x1C") {
        true => Match::Magic,
        false => Match::No,
    },
    media_type: |_| "application/x-7z-compressed",
    extract,
};

/// What the dictionaries and the table of contents may take, KiB: the library has its own small change on top.
const MEMORY_KIB: usize = (DICTIONARY >> 10) as usize + 16_384;

/// Hashes of a try of a password; 7-Zip asks for so many. The library refuses more than 32 times as many.
const ROUNDS: u64 = 1 << 19;

/// Bytes that prove a password where they are packed, too.
const PROOF: u64 = 64 << 10;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut paths = MemberPaths::default();
    let archive = opened(blob, context)?;
    for block in 0..archive.blocks.len() {
        context.progress();
        if !take_block(&archive, block, blob, &mut paths, context, &mut content) {
            return Ok(content);
        }
    }
    // What has no bytes lies in no block.
    let blocks = &archive.stream_map.file_block_index;
    for (entry, _) in archive.files.iter().zip(blocks).filter(|(_, block)| block.is_none()) {
        let nothing: &[u8] = &[];
        if is_file(entry) && !take(entry, nothing, &mut paths, context, &mut content) {
            break;
        }
    }
    Ok(content)
}

/// The table of contents, which may be encrypted, too.
fn opened(blob: &dyn Blob, context: &Context<'_>) -> Result<Archive, ExtractError> {
    let open = |password: &Password| {
        Archive::read_with_memory_limit(&mut Cursor::new(blob), password, MEMORY_KIB)
    };
    let error = match open(&Password::empty()) {
        Ok(archive) => return Ok(archive),
        Err(error) => error,
    };
    match why_closed(&error, blob, context) {
        // 7-Zip knows no empty password.
        ExtractError::Encrypted(what) => {
            let open = |password: &str| {
                (!password.is_empty()).then(|| open(&Password::new(password)).ok()).flatten()
            };
            context.unlock(ROUNDS, open).map_err(|still| ExtractError::locked(what, still))
        }
        error => Err(error),
    }
}

/// The password of a block; the empty one where none is needed.
fn password(
    archive: &Archive,
    block: usize,
    blob: &dyn Blob,
    context: &Context<'_>,
) -> Result<Password, Refusal> {
    let coders = archive.blocks.get(block).map_or(&[][..], |block| &block.coders);
    if coders.iter().any(|coder| is_other_cipher(coder.encoder_method_id())) {
        return Err(Refusal::cipher_unknown());
    }
    if !coders.iter().any(|coder| coder.encoder_method_id() == EncoderMethod::ID_AES256_SHA256) {
        return Ok(Password::empty());
    }
    // What is packed and encrypted does not unpack with a wrong key; what is only encrypted has to be held against its
    // check sum.
    let most = if coders.len() > 1 { PROOF } else { context.limits.member };
    let right = |password: &str| {
        let password = Some(Password::new(password)).filter(|password| !password.is_empty())?;
        let mut source = Cursor::new(blob);
        let decoder = BlockDecoder::new_with_memory_limit(
            1,
            MEMORY_KIB,
            block,
            archive,
            &password,
            &mut source,
        );
        let mut whole = false;
        let end = decoder.for_each_entries(&mut |_, member: &mut dyn Read| {
            let read = io::copy(&mut member.take(most), &mut io::sink());
            context.progress();
            whole = read.is_ok();
            // An empty member proves nothing.
            Ok(whole && read.is_ok_and(|read| read == 0))
        });
        (whole && end.is_ok()).then_some(password)
    };
    context.unlock(ROUNDS, right).map_err(|still| Refusal::locked("AES-256", still))
}

/// Whether this is the number of a cipher other than the one that 7-Zip writes (7-Zip's list of methods: those of ciphers
/// begin so).
fn is_other_cipher(method: &[u8]) -> bool {
    method.starts_with(&[0x06, 0xF1]) && method != EncoderMethod::ID_AES256_SHA256
}

/// Takes the members of a block, which are packed as one stream. Gives whether the archive may be read on.
fn take_block(
    archive: &Archive,
    block: usize,
    blob: &dyn Blob,
    paths: &mut MemberPaths,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let mut source = Cursor::new(blob);
    let (password, locked) = match password(archive, block, blob, context) {
        Ok(password) => (password, None),
        Err(refusal) => (Password::empty(), Some(refusal)),
    };
    let decoder =
        BlockDecoder::new_with_memory_limit(1, MEMORY_KIB, block, archive, &password, &mut source);
    let entries: Vec<ArchiveEntry> =
        decoder.entries().iter().filter(|entry| is_file(entry)).cloned().collect();
    if let Some(refusal) = locked {
        return entries.iter().all(|entry| leave(entry, &refusal, paths, context, content));
    }
    let (mut taken, mut go_on, mut too_large) = (0, true, false);
    let end = decoder.for_each_entries(&mut |entry, member: &mut dyn Read| {
        if is_file(entry) {
            taken += 1;
            // What is not taken would be unpacked all the same, to find what lies behind it.
            too_large = entry.size() > context.member_left();
            go_on = take(entry, member, paths, context, content);
        }
        Ok(go_on && !too_large)
    });
    if !go_on {
        return false;
    }
    // One stream holds them all: what damages one hides those behind it.
    let left = entries.get(taken..).unwrap_or_default();
    let refusal = match end {
        Err(error) => {
            if left.is_empty() {
                content.lost(ReasonKind::Damaged.of(Noun::StreamEnd));
            }
            refusal(&error)
        }
        Ok(_) if too_large => Refusal::behind_too_large(),
        Ok(_) => return true,
    };
    left.iter().all(|entry| leave(entry, &refusal, paths, context, content))
}

fn leave(
    entry: &ArchiveEntry,
    refusal: &Refusal,
    paths: &mut MemberPaths,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let path = paths.take(entry.name());
    let reason = refusal.reason.clone();
    leave_member(&path, Some(entry.size()), refusal.outcome, reason, context, content)
}

fn take(
    entry: &ArchiveEntry,
    member: impl Read,
    paths: &mut MemberPaths,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let path = paths.take(entry.name());
    if is_link(entry) {
        let mut target = Vec::new();
        let _damaged = member.take(TARGET).read_to_end(&mut target);
        return list_member(path, link_to(Some(&target)), context, content);
    }
    take_member(member, &path, Some(entry.size()), context, content)
}

/// Not a folder, and not the mark of an update that something is to be deleted.
fn is_file(entry: &ArchiveEntry) -> bool {
    !entry.is_directory() && !entry.is_anti_item()
}

/// Packers on Unix keep the mode in the upper half of the attributes, and say so in bit 15.
fn is_link(entry: &ArchiveEntry) -> bool {
    let attributes = entry.windows_attributes();
    attributes & 0x8000 != 0 && (attributes >> 16) & 0o170_000 == 0o120_000
}

/// Why the members of a block are not unpacked.
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => Refusal::encrypted("AES-256"),
        Error::UnsupportedCompressionMethod(method) if is_cipher(method) => {
            Refusal::encrypted("AES-256")
        }
        Error::UnsupportedCompressionMethod(method) => Refusal::of_method(method_of(method)),
        Error::Unsupported(what) => Refusal::unsupported(what),
        Error::ExternalUnsupported => Refusal::unsupported("a stream outside of the archive"),
        Error::MaxMemLimited { actaul_kb, .. } => {
            let bytes = (*actaul_kb as u64).saturating_mul(1024);
            let limit = (MEMORY_KIB as u64).saturating_mul(1024);
            Refusal::limit(ReasonKind::TakesMemory { bytes, limit }.of(Noun::Member))
        }
        Error::ChecksumVerificationFailed => Refusal::corrupt(ReasonKind::CheckSum),
        _ => Refusal::corrupt(ReasonKind::Damaged.of(Noun::PackedStream)),
    }
}

fn is_cipher(method: &str) -> bool {
    method.to_ascii_uppercase().contains("AES")
}

fn method_of(name: &str) -> ReasonKind {
    match name.is_empty() {
        true => ReasonKind::MethodNameless,
        false => ReasonKind::Method(name.into()),
    }
}

/// Why there is no table of contents.
fn why_closed(error: &Error, blob: &dyn Blob, context: &Context<'_>) -> ExtractError {
    // The start says where the table of contents lies: behind the end, if this is only the first part.
    let start = read_range(blob, 12, 16).unwrap_or_default();
    let beyond = u64_at(&start, 0).zip(u64_at(&start, 8)).is_some_and(|(offset, size)| {
        32u64.saturating_add(offset).saturating_add(size) > blob.len()
    });
    if is_part(context.name) && beyond {
        return ExtractError::Unsupported(JOIN.into());
    }
    if beyond {
        let before = ReasonKind::EndsBefore(Noun::TableOfContents.into());
        return ExtractError::corrupt(before.of(Noun::SevenZip));
    }
    let refusal = refusal(error);
    match refusal.outcome {
        Outcome::Encrypted => {
            let by = ReasonKind::Encrypted(Some("AES-256".into()));
            ExtractError::Encrypted(by.of(Noun::MemberNames))
        }
        Outcome::Corrupt => ExtractError::corrupt(ReasonKind::Damaged.of(Noun::SevenZipContents)),
        _ => refusal.error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cipher_is_none_of_the_methods_of_packing() {
        for (id, is_other) in [
            (EncoderMethod::ID_AES256_SHA256, false),
            (EncoderMethod::ID_LZMA2, false),
            ([0x04, 0xF7, 0x11, 0x01].as_slice(), false),
            // ZipCrypto, and AES as RAR 3 has it.
            ([0x06, 0xF1, 0x01, 0x01].as_slice(), true),
            ([0x06, 0xF1, 0x03, 0x03].as_slice(), true),
        ] {
            assert_eq!(is_other_cipher(id), is_other, "{id:?}");
        }
    }
}
