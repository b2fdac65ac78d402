use std::cell::Cell;

use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

/// What may be wrong with the characters of a glyph: what would say them better was not read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The map of the font to its characters is damaged.
    MapDamaged,
    /// The map has more entries or bytes than are read.
    MapCut,
    /// The font in the file is damaged.
    ProgramDamaged,
    /// The font in the file has more characters or bytes than are read.
    ProgramCut,
    /// The font itself is missing.
    FontMissing,
}

impl Doubt {
    /// What is told of it.
    pub(super) fn reason(self) -> Reason {
        match self {
            Doubt::MapDamaged => ReasonKind::Damaged.of(Noun::FontMap),
            Doubt::MapCut => ReasonKind::LimitReached.of(Noun::FontMapPart),
            Doubt::ProgramDamaged => ReasonKind::Damaged.of(Noun::FontProgram),
            Doubt::ProgramCut => ReasonKind::LimitReached.of(Noun::FontProgramPart),
            Doubt::FontMissing => ReasonKind::Missing.of(Noun::Font),
        }
    }

    /// Keeps this doubt where there was none.
    pub(super) fn keep(self, cell: &Cell<Option<Doubt>>) {
        cell.set(cell.get().or(Some(self)));
    }
}
