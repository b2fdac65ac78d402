//! HWP 3: the document of the word processor 한글 3.0 to 97, which came before the compound file of HWP 5. It is one
//! stream: a head of fixed size, then, compressed or not, fonts, styles, the paragraphs, and the pictures.
//!
//! Source: no published description could be had. The layout and the ranges of codes are facts learned from what
//! LibreOffice reads of real files, and held against those files.

use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::bufread::DeflateDecoder;
use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use crate::blob::{Blob, Cursor, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::bytes::u16_at;
use crate::formats::hangul::{Body, as_far_as_read};
use crate::formats::hangul_object;
use crate::formats::keywords::keywords;
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{Metered, take_member};
use letter::text;
use story::Story;
use stream::Stream;

mod date;
mod drawing;
mod letter;
mod outline;
mod password;
mod story;
mod stream;

pub(super) const FORMAT: Format = Format {
    name: "hwp3",
    version: 4,
    media_types: &["application/x-hwp"],
    sniff,
    media_type: |_| "application/x-hwp",
    extract,
};

/// How the file starts.
const SIGNATURE: &[u8] = b"HWP Document File V3.00 \x1A\x01\x02\x03\x04\x05";

/// Where the properties of the document and its summary begin, and where the head ends.
const PROPERTIES: usize = 30;
const SUMMARY: usize = 158;
const HEAD: usize = 1166;

/// Bytes of one line of the summary, of the name of a font, and of a style.
const LINE: usize = 112;
const FONT: u32 = 40;
const STYLE: u32 = 238;

/// Languages that have fonts of their own.
const LANGUAGES: usize = 7;

fn sniff(probe: &Probe<'_>) -> Match {
    if probe.starts_with(SIGNATURE) { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, HEAD as u64)?;
    if head.len() < HEAD {
        return Err(ExtractError::corrupt(ReasonKind::CutShort.of(Noun::DocumentHead)));
    }
    let property = |at: usize| u16_at(&head, PROPERTIES + at).unwrap_or_default();
    let mut content = Content::default();
    content.metadata.at("signature").set(metadata::FORMAT_VERSION, "3.0");
    summary(&head, &mut content);
    let is_compressed = property(124).to_le_bytes().first().is_some_and(|&byte| byte != 0);
    let mut body = Body::default();
    if property(96) != 0 {
        let start = HEAD as u64 + u64::from(property(126));
        let packed = unlocked(blob, start, is_compressed, context)?;
        content.metadata.at("header").set(metadata::ENCRYPTED, true);
        let inner = password::body(&packed).map_err(ExtractError::broken)?;
        let unpacked = Metered::new(inner, context);
        let read = read_document(&mut BufReader::new(unpacked), &mut body, &mut content, context);
        body.finish(&mut content);
        return as_far_as_read(read, content);
    }
    let mut file = Cursor::new(blob);
    file.seek(SeekFrom::Start(HEAD as u64 + u64::from(property(126))))?;
    let file = BufReader::new(file);
    let read = if is_compressed {
        let unpacked = Metered::new(DeflateDecoder::new(file), context);
        read_document(&mut BufReader::new(unpacked), &mut body, &mut content, context)
    } else {
        read_document(&mut Metered::new(file, context), &mut body, &mut content, context)
    };
    body.finish(&mut content);
    as_far_as_read(read, content)
}

/// The compressed body of a password document, which begins at `start`.
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it, [`ExtractError::Limit`] when it is larger than may be held.
fn unlocked(
    blob: &dyn Blob,
    start: u64,
    is_compressed: bool,
    context: &Context<'_>,
) -> Result<Vec<u8>, ExtractError> {
    let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Document), still);
    // How the word processor encrypts what is not compressed is not known.
    if !is_compressed {
        return Err(refused(context.none_tried()));
    }
    let most = context.limits.member;
    if blob.len() > most {
        return Err(ExtractError::Limit(ReasonKind::Larger(most).of(Noun::Text)));
    }
    let sealed = read_range(blob, start, blob.len())?;
    let rounds = 1 + sealed.len() as u64 / 16;
    let open = |password: &str| password::decrypted(&sealed, password, most);
    context.unlock(rounds, open).map_err(refused)
}

/// Nine lines of units: title, subject, author, a date in words, two of keywords, three of remarks.
fn summary(head: &[u8], content: &mut Content) {
    let lines = head.get(SUMMARY..).unwrap_or_default().as_chunks::<LINE>().0;
    let mut lines = lines.iter().map(|line| text(line).trim().to_owned());
    let mut line = || lines.next().unwrap_or_default();
    let mut metadata = content.metadata.at("document summary");
    metadata.set(metadata::TITLE, line());
    metadata.set(metadata::DESCRIPTION, line());
    metadata.set(metadata::AUTHOR, line());
    metadata.set("hwp.date", line());
    metadata.set(metadata::KEYWORDS, keywords(&format!("{}\n{}", line(), line())));
    let remarks = [line(), line(), line()].join("\n");
    metadata.set("hwp.comments", remarks.trim());
}

fn read_document(
    reader: &mut dyn Read,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let mut stream = Stream::new(reader);
    for _ in 0..LANGUAGES {
        let fonts = u32::from(stream.word()?);
        stream.skip(fonts * FONT)?;
    }
    let styles = u32::from(stream.word()?);
    stream.skip(styles * STYLE)?;
    context.unit();
    body.section();
    let mut story = Story { body, content, context, unknown: 0, failure: None };
    story.body(&mut stream);
    let (unknown, failure) = (story.unknown, story.failure);
    if unknown > 0 {
        content.note(ReasonKind::OwnSigns(unknown));
    }
    match failure {
        Some(error) => Err(error),
        None => members(&mut stream, content, context),
    }
}

/// Opens the embedded pictures and objects: blocks with a kind and a size, behind the text.
fn members(
    stream: &mut Stream<'_>,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    const PICTURE: u32 = 1;
    const OBJECTS: u32 = 2;
    /// The name and the kind of a picture.
    const NAMES: u32 = 32;
    let mut paths = MemberPaths::default();
    loop {
        // Some programs write nothing behind the text, not even the block that ends it.
        let Ok(kind) = stream.dword() else { return Ok(()) };
        let size = stream.dword()?;
        let goes_on = match (kind, size) {
            (0, _) => return Ok(()),
            (PICTURE, NAMES..) => {
                let name = stream.block::<16>()?;
                stream.skip(16)?;
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                let path = paths.take(&format!("BinData/{}", String::from_utf8_lossy(name)));
                let size = size - NAMES;
                take_member(stream.part(size), &path, Some(u64::from(size)), context, content)
            }
            (OBJECTS, _) => {
                let path = paths.take("BinData/objects.OLE");
                let declared = Some(u64::from(size));
                hangul_object::open_member(stream.part(size), &path, declared, context, content)
            }
            _ => {
                stream.skip(size)?;
                true
            }
        };
        if !goes_on {
            return Ok(());
        }
    }
}
