use super::fib::{Fib, Table};
use super::sprm::{Large, Paragraph};
use super::styles::styles;
use crate::formats::bytes::{piece, u8_at, u16_at, u32_at};
use crate::formats::docx_numbering::{Level, List, Numbering};
use crate::formats::windows_text::wide;

/// Lists that are read; Word allows some thousand.
const MOST: usize = 10_000;

/// How the lists of a document count.
pub(super) fn numbering(fib: &Fib<'_>, tables: &[u8]) -> Numbering {
    let mut numbering = Numbering::default();
    if fib.is_new {
        definitions(fib, tables, &mut numbering);
        overrides(fib.table(Table::ListOverrides, tables), &mut numbering);
        numbered_styles(fib.table(Table::Styles, tables), &mut numbering);
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
            let Some((level, end)) = level(tables, at) else { return };
            numbering.add_level(&id.to_string(), level);
            at = end;
        }
    }
}

/// A level (section 2.9.150) and where it ends.
fn level(tables: &[u8], at: usize) -> Option<(Level, usize)> {
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
    let flags = u8_at(head, 5)?;
    let level = Level {
        start: u32_at(head, 0)?,
        format: format(u8_at(head, 4)?).to_owned(),
        text,
        legal: flags & 4 != 0,
        restart: u8_at(head, 26).filter(|_| flags & 8 != 0).map(usize::from),
    };
    Some((level, at + 2 + count * 2))
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

/// The lists, counted from 1: which definition each follows (section 2.9.131), and behind all of them where each of
/// them differs from it (section 2.9.132).
fn overrides(table: &[u8], numbering: &mut Numbering) {
    let count = (u32_at(table, 0).unwrap_or(0) as usize).min(MOST);
    let mut at = 4 + count * 16;
    let mut is_whole = true;
    for n in 0..count {
        let Some(definition) = u32_at(table, 4 + n * 16) else { return };
        let mut list = List::new(definition.to_string());
        // A place in the text that means nothing stands in front.
        at += 4;
        for _ in 0..u8_at(table, 4 + n * 16 + 12).unwrap_or(0).min(9) {
            // Where one cannot be read, those behind it cannot be found.
            is_whole = is_whole && differing(table, &mut at, &mut list).is_some();
        }
        numbering.add_list((n + 1) as u16, list);
    }
}

/// Reads how a level of a list differs from its definition (section 2.9.133) and goes behind it.
fn differing(table: &[u8], at: &mut usize, list: &mut List) -> Option<()> {
    let (start, flags) = (u32_at(table, *at)?, u32_at(table, *at + 4)?);
    *at += 8;
    let number = (flags & 0xF) as usize;
    if flags & 0x20 != 0 {
        let (level, end) = level(table, *at)?;
        if flags & 0x10 != 0 {
            list.starts.insert(number, level.start);
        }
        list.levels.insert(number, level);
        *at = end;
    } else if flags & 0x10 != 0 {
        list.starts.insert(number, start);
    }
    Some(())
}

/// The styles of paragraphs, as far as they number.
fn numbered_styles(sheet: &[u8], numbering: &mut Numbering) {
    for style in styles(sheet).iter().filter(|style| style.is_of_paragraphs) {
        let mut paragraph = Paragraph::default();
        paragraph.apply(style.paragraphs, true, &mut Large::new(&[]));
        numbering.add_style(style.number, style.base, paragraph.list, paragraph.level);
    }
}
