//! Excel workbooks of the binary formats: BIFF8 of Excel 97 to 2003 (MS-XLS), BIFF5 of Excel 5 and 95 and, as far as
//! cells go, BIFF2 to BIFF4 of Excel 2 to 4.
//!
//! calamine reads BIFF5 and BIFF8, too, but neither comments, text boxes, running lines nor charts, shows numbers
//! without their formats, and refuses the older versions and damaged files.

use std::collections::{BTreeMap, BTreeSet};

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::bytes::{u8_at, u16_at, u32_at};
use super::hidden_cells::HiddenCells;
use super::number_format::built_in;
use super::office_art::Pictures;
use super::office_summary;
use super::ole_object;
use super::sheet_row::{SheetRow, Written};
use super::workbook::{Workbook, lost_strings};
use crate::blob::{Blob, read_range};
use crate::compound_file::{CompoundFile, SIGNATURE};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;
use beside::Beside;
use biff::{Texts, Version};
use cells::Cells;
use encryption::Key;
use record::{Pieces, Records};

mod beside;
mod biff;
mod cells;
mod encryption;
mod record;
mod xor;

pub(super) const FORMAT: Format = Format {
    name: "xls",
    version: 6,
    media_types: &["application/vnd.ms-excel"],
    sniff,
    media_type: |_| "application/vnd.ms-excel",
    extract,
};

/// The streams that hold a workbook; where both are, the first is the newer.
const STREAMS: [&str; 2] = ["Workbook", "Book"];

fn sniff(probe: &Probe<'_>) -> Match {
    let found = ole_object::sniff(probe, &STREAMS, &["xls", "xlt"]);
    if found != Match::No {
        return found;
    }
    // A stream without a container: Excel 2 to 4, and some programs to this day. The first record is BOF.
    let is_bof = |kind: &[u8]| probe.starts_with(kind);
    let bof = is_bof(b"\x09\x00\x04\x00")
        || is_bof(b"\x09\x02\x06\x00")
        || is_bof(b"\x09\x04\x06\x00")
        || is_bof(b"\x09\x08\x08\x00\x00\x05")
        || is_bof(b"\x09\x08\x10\x00\x00\x06");
    if bof { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let limit = context.limits.member;
    if !read_range(blob, 0, 8)?.starts_with(&SIGNATURE) {
        let stream = blob.read_all(limit)?;
        read(&stream, false, context, &mut content)?;
        return Ok(content);
    }
    let file = ole_object::open(blob)?;
    ole_object::tell_damage(&file, &mut content);
    office_summary::read(&file, context, &mut content);
    let stream = STREAMS.iter().find_map(|name| file.root_stream(name, limit));
    let stream = stream.filter(|stream| !stream.is_empty()).ok_or_else(|| {
        ExtractError::corrupt(ReasonKind::Unreadable.of(Part::Stream("Workbook".into())))
    })?;
    read(&stream, false, context, &mut content)?;
    members(&file, context, &mut content);
    Ok(content)
}

/// The objects that are embedded in cells: one storage each (MS-XLS, section 2.1.2).
fn members(file: &CompoundFile<'_>, context: &Context<'_>, content: &mut Content) {
    let Some(root) = file.root() else { return };
    let mut objects: Vec<_> = file.inside(root);
    objects.retain(|entry| entry.is_storage() && entry.name.starts_with("MBD"));
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    for object in objects {
        if !ole_object::member(file, object, &object.name, context, content) {
            break;
        }
    }
}

/// A sheet as the globals list it.
struct Sheet {
    name: String,
    /// Where its BOF record stands in the stream.
    at: usize,
    hidden: bool,
    /// Whether it is a module of macros, whose text is code.
    module: bool,
}

/// Reads the stream of a workbook, or of a sheet that stands for itself; `decrypted` says that its record of a password
/// is done with.
fn read(
    stream: &[u8],
    decrypted: bool,
    context: &Context<'_>,
    content: &mut Content,
) -> Result<(), ExtractError> {
    let mut records = Records::new(stream, 0);
    let first = records.next();
    let first = first.and_then(|record| Some((Version::of(&record)?, record)));
    let (version, first) =
        first.ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::WorkbookStart)))?;
    content.metadata.at("BOF").set(metadata::FORMAT_VERSION, version.name());
    let mut texts = Texts::new(version, &first);
    let mut workbook = Workbook::default();
    let mut codes: BTreeMap<u16, String> = BTreeMap::new();
    let mut styles: Vec<u16> = Vec::new();
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut drawings = Vec::new();
    while let Some(record) = records.next() {
        let data = record.data;
        match record.kind {
            FILE_PASS if decrypted => {}
            FILE_PASS => {
                let key = Key::of(&record, version == Version::Biff8, context)?;
                content.metadata.at("FilePass").set(metadata::ENCRYPTED, true);
                return read(&key.decrypt(stream), true, context, content);
            }
            CODE_PAGE => {
                // Apple's and the ANSI page have numbers of their own (section 2.4.52).
                texts.page = match u16_at(data, 0).unwrap_or(1252) {
                    32768 => 10000,
                    32769 => 1252,
                    page => page,
                };
            }
            DATE_1904 => workbook.from_1904 = u16_at(data, 0) == Some(1),
            BOUND_SHEET => sheets.push(Sheet {
                at: u32_at(data, 0).unwrap_or(0) as usize,
                hidden: u8_at(data, 4).unwrap_or(0) & 3 != 0,
                module: u8_at(data, 5) == Some(6),
                name: texts.short(&record, 6),
            }),
            SST => {
                let mut pieces = Pieces::new(&record, 8);
                while let Some(text) = pieces.rich_text() {
                    workbook.strings.append(&text);
                    workbook.strings.end();
                }
            }
            FORMAT_5 | FORMAT_2 => {
                let (id, code) = match version {
                    Version::Biff8 => (u16_at(data, 0), texts.long(&record, 2)),
                    Version::Biff5 => (u16_at(data, 0), texts.short(&record, 2)),
                    // Numbered by their order.
                    Version::Biff4 => (None, texts.short(&record, 2)),
                    Version::Biff2 | Version::Biff3 => (None, texts.short(&record, 0)),
                };
                let id = id.unwrap_or(codes.len() as u16);
                // Excel takes codes of up to 255 characters.
                if code.len() <= 1024 {
                    codes.insert(id, code);
                }
            }
            // Excel has 64,000 styles at most.
            XF_5 if styles.len() < 65_536 => styles.push(u16_at(data, 2).unwrap_or(0)),
            XF_4 | XF_3 if styles.len() < 65_536 => {
                styles.push(u8_at(data, 1).unwrap_or(0).into());
            }
            // What is too large for one record and those that continue it goes on in another.
            DRAWING_GROUP => drawings.append(&mut record.whole()),
            EOF if !sheets.is_empty() => break,
            _ => {}
        }
    }
    // The cells of Excel 2 name their format itself.
    let styles = if version == Version::Biff2 { (0..64).collect() } else { styles };
    workbook.formats = styles
        .iter()
        .map(|id| codes.get(id).map_or_else(|| built_in((*id).into()), String::as_str).to_owned())
        .collect();
    if sheets.is_empty() {
        sheets.push(Sheet { name: String::new(), at: 0, hidden: false, module: false });
    } else {
        content.metadata.at("Workbook").set(metadata::SHEETS, sheets.len());
    }
    let mut written = Written::new(context);
    let mut seen = BTreeSet::new();
    for sheet in &sheets {
        // Two names for one sheet are damage; a thousand would have it read a thousand times.
        if !sheet.module && !seen.insert(sheet.at) {
            content.lost(ReasonKind::NotThere.of(named(&sheet.name)));
            continue;
        }
        context.unit();
        read_sheet(stream, sheet, texts, &workbook, &mut written, context, content);
        if written.is_full() {
            content.cut(ReasonKind::TextLimit.of(named(&sheet.name)));
            break;
        }
    }
    let mut pictures = Pictures::default();
    pictures.find(&drawings);
    pictures.take_members("pictures", context, content);
    Ok(())
}

fn named(sheet: &str) -> Part {
    Part::Sheet(sheet.into())
}

/// Reads a sheet and the charts in it.
fn read_sheet(
    stream: &[u8],
    sheet: &Sheet,
    texts: Texts,
    workbook: &Workbook,
    written: &mut Written,
    context: &Context<'_>,
    content: &mut Content,
) {
    let name = &sheet.name;
    content.push_text(name.clone(), Locator::Cell { sheet: name.clone(), row: 1, column: 1 });
    if sheet.hidden {
        content.note(ReasonKind::Hidden.of(named(name)));
    }
    if sheet.module {
        return;
    }
    let mut records = Records::new(stream, sheet.at);
    let mut cells = Cells::default();
    let (mut hidden_rows, mut hidden_cells) = (BTreeSet::new(), HiddenCells::default());
    let mut beside = Beside::default();
    // What is open: a sheet, and the charts in it.
    let mut open: Vec<bool> = Vec::new();
    let mut count = 0u32;
    let mut whole = false;
    while let Some(record) = records.next() {
        count = count.wrapping_add(1);
        if count.is_multiple_of(65_536) {
            context.progress();
        }
        if Version::of(&record).is_some() {
            open.push(u16_at(record.data, 2) == Some(CHART));
            // Charts lie in sheets, and nothing in them.
            if open.len() > 8 {
                break;
            }
            continue;
        }
        match (record.kind, open.last()) {
            (EOF, _) => {
                open.pop();
                if open.is_empty() {
                    whole = true;
                    break;
                }
            }
            (_, None) => {
                content.lost(ReasonKind::NotThere.of(named(name)));
                return;
            }
            (_, Some(true)) => beside.take_of_chart(&record, texts),
            (_, Some(false)) => {
                cells.take(&record, texts);
                hidden(&record, &mut hidden_rows, &mut hidden_cells);
                beside.take(&record, texts);
                if texts.is_graph {
                    beside.take_of_chart(&record, texts);
                }
            }
        }
    }
    let cells_cut = cells.is_cut();
    let mut row = SheetRow::new(1);
    let mut unnamed = 0;
    for cell in cells.in_order() {
        let number = u32::from(cell.row) + 1;
        if row.number() != number {
            row.deliver(name, written, content);
            row = SheetRow::new(number);
        }
        let shown = cell.shown(workbook);
        unnamed += u64::from(shown.is_none());
        let shown = shown.unwrap_or_default();
        hidden_cells.row = hidden_rows.contains(&cell.row);
        hidden_cells.meet(cell.column.into(), &shown);
        if !row.push(Some(u32::from(cell.column) + 1), &shown, written) {
            break;
        }
    }
    row.deliver(name, written, content);
    lost_strings(unnamed, name, content);
    hidden_cells.tell(name, content);
    beside.deliver(name, content);
    if cells_cut {
        let more = ReasonKind::MoreThan { limit: Cells::MOST as u64, unit: Unit::Cells };
        content.cut(more.of(named(name)));
    }
    if !whole {
        content.lost(ReasonKind::CutShort.of(named(name)));
    }
}

/// Takes a record that hides a row (MS-XLS, section 2.4.221) or columns (section 2.4.53).
fn hidden(record: &record::Record<'_>, rows: &mut BTreeSet<u16>, cells: &mut HiddenCells) {
    const ROW_IS_HIDDEN: u16 = 1 << 5;
    let number = |at| u16_at(record.data, at);
    match record.kind {
        ROW if number(12).is_some_and(|flags| flags & ROW_IS_HIDDEN != 0) => {
            rows.extend(number(0));
        }
        COLUMNS if number(8).is_some_and(|flags| flags & 1 == 1) => {
            if let (Some(first), Some(last)) = (number(0), number(2)) {
                cells.columns(first.into(), last.into());
            }
        }
        _ => {}
    }
}

/// The kind of a chart in a BOF record (MS-XLS, section 2.4.21).
const CHART: u16 = 0x20;

// The records of the globals that say something (MS-XLS, section 2.3).
const EOF: u16 = 0x0A;
const FORMAT_2: u16 = 0x1E;
const DATE_1904: u16 = 0x22;
const FILE_PASS: u16 = 0x2F;
const CODE_PAGE: u16 = 0x42;
const COLUMNS: u16 = 0x7D;
const BOUND_SHEET: u16 = 0x85;
const XF_5: u16 = 0xE0;
const DRAWING_GROUP: u16 = 0xEB;
const SST: u16 = 0xFC;
const ROW: u16 = 0x0208;
const XF_3: u16 = 0x0243;
const FORMAT_5: u16 = 0x041E;
const XF_4: u16 = 0x0443;
