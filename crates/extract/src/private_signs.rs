//! Signs that fonts of Hancom have at codes of the fifteenth plane, which is for private use.

/// What a sign of the fonts of Hancom shows. Numbers in squares stand as numbers in circles, which is what Unicode has.
///
/// Source: comparisons of documents with what the word processor prints of them, as those who read such documents
/// published them.
pub(crate) fn sign(c: char) -> Option<&'static str> {
    const NUMBERS: &str = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳";
    let number = |n: u32| {
        let at = usize::try_from(n).ok()?.checked_mul('①'.len_utf8())?;
        NUMBERS.get(at..at.checked_add('①'.len_utf8())?)
    };
    Some(match u32::from(c) {
        0xF_003B => "↓",
        0xF_0090 => "✺",
        0xF_00DA | 0xF_02FB => "▸",
        0xF_00E1 | 0xF_012B => "(인)",
        0xF_0288 => "⓪",
        code @ 0xF_0289..=0xF_0291 => number(code - 0xF_0289)?,
        code @ 0xF_02B1..=0xF_02C4 => number(code - 0xF_02B1)?,
        0xF_02C5 => "⑫",
        0xF_02EC => "◇",
        0xF_02EF => "·",
        0xF_02FC => "►",
        0xF_031C | 0xF_0827 => "■",
        0xF_03A0 => "↵",
        0xF_03A7 => "⊟",
        0xF_03A8 => "⊞",
        0xF_03C5 | 0xF_03DA | 0xF_03FF => "□",
        0xF_03EF => "한",
        0xF_03F0 => "글",
        0xF_03F1 => "과",
        0xF_03F2 => "컴",
        0xF_03F3 => "퓨",
        0xF_03F4 => "터",
        0xF_0806 => "┌",
        0xF_0807 => "┬",
        0xF_0808 => "┐",
        0xF_080C => "└",
        0xF_080E => "┘",
        0xF_080F | 0xF_0848 => "━",
        0xF_0810 => "│",
        0xF_081A => "─",
        0xF_081C => "┈",
        0xF_0832 => "═",
        0xF_0854 => "《",
        0xF_0855 => "》",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_are_known() {
        for (c, is) in [
            ('\u{F0288}', Some("⓪")),
            ('\u{F0291}', Some("⑨")),
            ('\u{F02B1}', Some("①")),
            ('\u{F02C4}', Some("⑳")),
            ('\u{F012B}', Some("(인)")),
            ('\u{F0000}', None),
            ('①', None),
        ] {
            assert_eq!(sign(c), is, "{}", c.escape_unicode());
        }
    }
}
