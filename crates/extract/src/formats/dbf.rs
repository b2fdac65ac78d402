//! dBase tables (.dbf), as they lie beside maps: the names of the columns, then row by row.
//!
//! The layout is that of dBase III to 7 and FoxPro: a header of 32 bytes, 32 bytes for each field (48 in dBase 7), and
//! records of fixed length.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{ENCODING, MODIFIED, Value};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::bytes::{u16_at, u32_at};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::encoding::{decode, decode_known};
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "dbf",
    version: 1,
    media_types: &["application/vnd.dbf"],
    sniff,
    media_type: |_| "application/vnd.dbf",
    extract,
};

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

fn sniff(probe: &Probe<'_>) -> Match {
    let is_table = probe.extension == "dbf" && Header::read(&probe.head, probe.size()).is_some();
    if is_table { Match::Magic } else { Match::No }
}

/// What the header says.
struct Header {
    modified: Option<String>,
    rows: u64,
    start: u64,
    length: usize,
    label: Option<&'static str>,
    fields: Vec<Field>,
}

struct Field {
    name: Vec<u8>,
    kind: u8,
    width: usize,
}

impl Header {
    fn read(head: &[u8], size: u64) -> Option<Header> {
        let byte = |at: usize| head.get(at).copied();
        let version = byte(0)?;
        let width = if version & 7 == 4 { 48 } else { 32 };
        let first = if width == 48 { 68 } else { 32 };
        if !matches!(version & 7, 2..=5) && version != 0x30 && version != 0x31 {
            return None;
        }
        let rows = u32_at(head, 4)?;
        let (start, length) = (u16_at(head, 8)?, usize::from(u16_at(head, 10)?));
        let mut fields = Vec::new();
        let names = if width == 48 { 32 } else { 11 };
        let mut at = first;
        while byte(at)? != 0x0D {
            let field = head.get(at..at + width)?;
            let name = field.get(..names)?.split(|b| *b == 0).next()?;
            let kind = *field.get(names)?;
            let of = if width == 48 { 33 } else { 16 };
            // Texts of Clipper are longer than a byte can say.
            let high = if kind == b'C' { usize::from(*field.get(of + 1)?) << 8 } else { 0 };
            let high = if width == 32 { high } else { 0 };
            if !kind.is_ascii_graphic() || name.is_empty() {
                return None;
            }
            let width_of = usize::from(*field.get(of)?) | high;
            // A field without width has no cells; a million of them would cost as much as if they had.
            if width_of > 0 {
                fields.push(Field { name: name.to_vec(), kind, width: width_of });
            }
            at += width;
        }
        let whole: usize = fields.iter().map(|field| field.width).sum();
        if fields.is_empty()
            || usize::from(start) < at
            || u64::from(start) > size
            || whole >= length
        {
            return None;
        }
        let (month, day) = (byte(2)?, byte(3)?);
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
        let year = match byte(1)? {
            year @ 0..80 => 2000 + u32::from(year),
            year => 1900 + u32::from(year),
        };
        Some(Header {
            modified: is_date.then(|| format!("{year:04}-{month:02}-{day:02}")),
            rows: rows.into(),
            start: start.into(),
            length,
            label: label(byte(29)?),
            fields,
        })
    }
}

/// The encoding of a language driver; none where programs write anything and mean it.
fn label(driver: u8) -> Option<&'static str> {
    Some(match driver {
        0x4E | 0x79 => "EUC-KR",
        0x4D | 0x7A => "GBK",
        0x4F | 0x78 => "Big5",
        0x13 | 0x7B => "Shift_JIS",
        _ => return None,
    })
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, 64 << 10)?;
    let header = Header::read(&head, blob.len())
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::Damaged.of(Noun::TableHeader)))?;
    let mut content = Content::default();
    content.metadata.at("header").set_some(MODIFIED, header.modified.as_deref());
    content.metadata.at("header").set("dbf.rows", header.rows);
    content.metadata.at("header").set("dbf.columns", header.fields.len());
    let known = (blob.len() - header.start) / header.length as u64;
    if known < header.rows {
        let (row, rows) = (known + 1, header.rows);
        content.lost(ReasonKind::EndsWithinRow { row, rows });
    }
    let rows = header.rows.min(known);
    let label = match header.label {
        Some(label) => Some(label),
        None => told(blob, &header)?,
    };
    let text = |bytes: &[u8]| decode_known(bytes, label);
    let names: Vec<String> =
        header.fields.iter().map(|field| text(&field.name).trim().to_owned()).collect();
    let sheet = context.name.rsplit_once('.').map_or(context.name, |(stem, _)| stem);
    let mut paragraphs = Paragraphs::new(&mut content, context.limits.text);
    let place = |row: u64| Locator::Cell {
        sheet: sheet.to_owned(),
        row: u32::try_from(row).unwrap_or(u32::MAX),
        column: 1,
    };
    paragraphs.line(&names.join("\t"), || place(1));
    paragraphs.end();
    let at_once = (PIECE / header.length).max(1) as u64;
    let mut row = 0;
    while row < rows && !paragraphs.is_full() {
        let wanted = at_once.min(rows - row);
        let start = header.start + row * header.length as u64;
        let piece = read_range(blob, start, wanted * header.length as u64)?;
        context.progress();
        for record in piece.chunks_exact(header.length) {
            row += 1;
            // A star before a record says that it was deleted.
            let Some((b' ', record)) = record.split_first() else { continue };
            let mut rest = record;
            let mut cells = Vec::with_capacity(header.fields.len());
            for field in &header.fields {
                let (cell, after) = rest.split_at(field.width.min(rest.len()));
                rest = after;
                cells.push(shown(field.kind, cell, text));
            }
            paragraphs.line(&cells.join("\t"), || place(row + 1));
            paragraphs.end();
        }
    }
    paragraphs.finish();
    let names = names.iter().take(1000).map(|name| Value::from(name.as_str())).collect();
    content.metadata.at("header").set("dbf.header", Value::List(names));
    content.metadata.at("header").set_some(ENCODING, label);
    Ok(content)
}

/// The encoding of the texts of the first rows together: a cell is too short to tell.
fn told(blob: &dyn Blob, header: &Header) -> Result<Option<&'static str>, ExtractError> {
    let head = read_range(blob, header.start, PIECE.min(64 << 10) as u64)?;
    let mut texts = Vec::new();
    for field in &header.fields {
        texts.extend_from_slice(&field.name);
        texts.push(b'\n');
    }
    for record in head.chunks_exact(header.length) {
        let mut rest = record.get(1..).unwrap_or_default();
        for field in &header.fields {
            let (cell, after) = rest.split_at(field.width.min(rest.len()));
            rest = after;
            if field.kind == b'C' {
                texts.extend_from_slice(cell.trim_ascii());
                texts.push(b'\n');
            }
        }
    }
    let decoded = decode(&texts);
    Ok(Some(decoded.encoding).filter(|_| !decoded.text.is_ascii()))
}

/// A cell as it is shown: of a picture or a memo, which stand elsewhere, nothing.
fn shown(kind: u8, cell: &[u8], text: impl Fn(&[u8]) -> String) -> String {
    match kind {
        b'C' | b'V' => {
            let text = text(cell.split(|b| *b == 0).next().unwrap_or_default());
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        b'D' => match std::str::from_utf8(cell) {
            Ok(date) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => {
                let (year, rest) = date.split_at(4);
                let (month, day) = rest.split_at(2);
                format!("{year}-{month}-{day}")
            }
            _ => String::new(),
        },
        b'N' | b'F' | b'L' => {
            String::from_utf8_lossy(cell).trim_matches([' ', '\0', '*']).to_owned()
        }
        b'I' => {
            <[u8; 4]>::try_from(cell).map(|n| i32::from_le_bytes(n).to_string()).unwrap_or_default()
        }
        _ => String::new(),
    }
}
