use super::fib::{Fib, Table};
use super::sprm::{Large, Paragraph};
use crate::formats::bytes::{piece, u8_at, u16_at, u32_at};
use crate::formats::docx_numbering::Numbering;
use crate::formats::windows_text::wide;

/// Lists and styles that are read; Word allows some thousand.
const MOST: usize = 10_000;

/// How the lists of a document count.
pub(super) fn numbering(fib: &Fib<'_>, tables: &[u8]) -> Numbering {
    let mut numbering = Numbering::default();
    if fib.is_new {
        definitions(fib, tables, &mut numbering);
        overrides(fib.table(Table::ListOverrides, tables), &mut numbering);
        styles(fib.table(Table::Styles, tables), &mut numbering);
    }
    numbering
}

/// The definitions (MS-DOC, section 2.9.191): their heads, and behind them the levels of all of them.
fn definitions(fib: &Fib<'_>, tables: &[u8], numbering: &mut Numbering) {
    let heads = fib.table(Table::Lists, tables);
    let count = usize::from(u16_at(heads, 0).unwrap_or(0)).min(MOST);
    let mut at = fib.behind(Table::Lists);
    for n in 0..count {
        let head = piece(heads, 2 + n * 28, 28);
        let (Some(id), Some(flags)) = (u32_at(head, 0), u8_at(head, 26)) else { return };
        // A simple list has one level.
        let levels = if flags & 1 == 1 { 1 } else { 9 };
        for _ in 0..levels {
            let Some(end) = level(tables, at, &id.to_string(), numbering) else { return };
            at = end;
        }
    }
}

/// A level (section 2.9.150). Gives where it ends.
fn level(tables: &[u8], at: usize, definition: &str, numbering: &mut Numbering) -> Option<usize> {
    let head = tables.get(at..)?.get(..28)?;
    let characters = usize::from(u8_at(head, 24)?);
    let paragraphs = usize::from(u8_at(head, 25)?);
    let at = at + 28 + characters + paragraphs;
    let count = usize::from(u16_at(tables, at)?);
    let stored = piece(tables, at + 2, count * 2);
    let mut text = String::new();
    for unit in stored.chunks_exact(2) {
        match unit {
            // The number of a level stands for its count.
            [level @ 0..=8, 0] => text.push_str(&format!("%{}", level + 1)),
            unit => text.push_str(&wide(unit)),
        }
    }
    // Each paragraph repeats it, so it must be as short as Word keeps it.
    let text = Some(text).filter(|text| text.len() <= 255).unwrap_or_default();
    numbering.add_level(definition, u32_at(head, 0)?, format(u8_at(head, 4)?), text);
    Some(at + 2 + count * 2)
}

/// The names that ECMA-376 has for the formats of numbers (MS-OSHARED, section 2.2.1.3).
fn format(code: u8) -> &'static str {
    match code {
        1 => "upperRoman",
        2 => "lowerRoman",
        3 => "upperLetter",
        4 => "lowerLetter",
        5 => "ordinal",
        10 => "ideographDigital",
        18 => "decimalEnclosedCircle",
        22 => "decimalZero",
        23 => "bullet",
        24 => "ganada",
        25 => "chosung",
        39 => "chineseCounting",
        41 => "koreanDigital",
        42 => "koreanCounting",
        44 => "koreanDigital2",
        255 => "none",
        _ => "decimal",
    }
}

/// Which definition the lists follow, counted from 1 (section 2.9.179).
fn overrides(table: &[u8], numbering: &mut Numbering) {
    let count = (u32_at(table, 0).unwrap_or(0) as usize).min(MOST);
    for n in 0..count {
        let Some(definition) = u32_at(table, 4 + n * 16) else { return };
        numbering.add_list((n + 1) as u16, &definition.to_string());
    }
}

/// The styles of paragraphs (section 2.9.271), as far as they number.
fn styles(sheet: &[u8], numbering: &mut Numbering) {
    let head = usize::from(u16_at(sheet, 0).unwrap_or(0));
    let count = usize::from(u16_at(sheet, 2).unwrap_or(0)).min(MOST);
    // The size of the fixed part of each style, which later versions made longer.
    let fixed = usize::from(u16_at(sheet, 4).unwrap_or(10));
    let mut at = 2 + head;
    for number in 0..count {
        let Some(length) = u16_at(sheet, at) else { return };
        let style = piece(sheet, at + 2, length.into());
        at += 2 + usize::from(length);
        let Some(kind) = u16_at(style, 2).filter(|kind| kind & 0xF == 1) else { continue };
        let base = Some(kind >> 4).filter(|base| *base != 0xFFF);
        let name = usize::from(u16_at(style, fixed).unwrap_or(0));
        // Behind the name and its NUL, at an even offset: the changes of paragraphs.
        let changes = fixed + 2 + (name + 1) * 2;
        let length = usize::from(u16_at(style, changes).unwrap_or(0));
        let grpprl = piece(style, changes + 4, length.saturating_sub(2));
        let mut paragraph = Paragraph::default();
        paragraph.apply(grpprl, true, &mut Large::new(&[]));
        numbering.add_style(number as u16, base, paragraph.list, paragraph.level);
    }
}
