//! A ZIP file whose members are the parts of one document: OOXML packages and OpenDocument files.

use std::collections::BTreeMap;
use std::io::Read;

use madang_document::content::{Content, WarningKind};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;

/// An opened package. Every byte that leaves it has been accounted for with
/// [`Context::spend_unpacked`].
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<'a>>,
    context: &'a Context<'a>,
    /// Where each part stands, by its name in lower case: part names are compared without regard to case
    /// (ECMA-376 part 2, section 6.2.2.3).
    parts: BTreeMap<String, Part>,
}

#[derive(Clone)]
struct Part {
    index: usize,
    name: String,
    size: u64,
}

impl<'a> Package<'a> {
    /// Reads the central directory.
    ///
    /// # Errors
    /// [`ExtractError::Corrupt`] when there is none.
    pub(super) fn open(
        blob: &'a dyn Blob,
        context: &'a Context<'a>,
    ) -> Result<Package<'a>, ExtractError> {
        let mut archive = ZipArchive::new(Cursor::new(blob)).map_err(|error| {
            ExtractError::corrupt(format!("the ZIP directory cannot be read: {error}"))
        })?;
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            // Names that do not decode and entries beyond the file cannot be referred to by any part.
            let Ok(entry) = archive.by_index_raw(index) else { continue };
            let Ok(name) = entry.name() else { continue };
            let name = name.replace('\\', "/").trim_start_matches('/').to_owned();
            if !entry.is_dir() {
                let part = Part { index, name: name.clone(), size: entry.size() };
                parts.entry(name.to_lowercase()).or_insert(part);
            }
        }
        Ok(Package { archive, context, parts })
    }

    /// The names of the parts as they are spelt, ordered.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.values().map(|part| part.name.as_str())
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_lowercase())
    }

    /// The size that the directory states for a part.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.parts.get(&name.to_lowercase()).map(|part| part.size)
    }

    /// The bytes of a part; none if there is no such part. What was read before a damage or a limit is kept,
    /// and the damage or limit noted in `content`.
    pub(super) fn bytes(&mut self, name: &str, content: &mut Content) -> Option<Vec<u8>> {
        let part = self.parts.get(&name.to_lowercase())?.clone();
        if self.context.unpacked_left() == 0 {
            cut_once(content, format!("{name} was not unpacked: the limit is reached"));
            return None;
        }
        let mut entry = match self.archive.by_index(part.index) {
            Ok(entry) => entry,
            Err(error) => {
                content.lost(match error {
                    ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
                        format!("{name} needs a password")
                    }
                    error => format!("{name} cannot be unpacked: {error}"),
                });
                return None;
            }
        };
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let read = match entry.read(&mut chunk) {
                Ok(0) => break,
                Ok(n) => chunk.get(..n).unwrap_or_default(),
                Err(error) => {
                    content.lost(format!("{name} is damaged after {} bytes: {error}", bytes.len()));
                    break;
                }
            };
            if let Err(error) = self.context.spend_unpacked(read.len() as u64) {
                cut_once(content, format!("{name} was cut: {error}"));
                break;
            }
            if bytes.len() as u64 + read.len() as u64 > self.context.limits.member {
                cut_once(
                    content,
                    format!("{name} was cut after {} bytes, the limit of a member", bytes.len()),
                );
                break;
            }
            bytes.extend_from_slice(read);
        }
        Some(bytes)
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
pub(super) fn cut_once(content: &mut Content, message: String) {
    if !content.warnings.iter().any(|warning| warning.kind == WarningKind::Cut) {
        content.cut(message);
    }
}
