use crate::formats::hangul_private::unfolded;

/// The text of a paragraph with the places where objects are anchored in it (record `PARA_TEXT`; HWP 5.0
/// document file format, revision 1.3, sections 3.2.3 and 4.3.2).
#[derive(Debug, Default)]
pub(super) struct ParagraphText {
    /// The characters, without the control characters.
    pub(super) text: String,
    /// The anchors, in the order of the text.
    pub(super) anchors: Vec<Anchor>,
}

/// Where an object is anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Bytes of the text in front of it.
    pub(super) offset: usize,
    /// The identifier of the object's control, as in `tbl `.
    pub(super) id: [u8; 4],
}

/// Control characters that take eight units, of which six are their data.
const WIDE: usize = 8;

impl ParagraphText {
    /// Reads the data of the record.
    pub(super) fn parse(data: &[u8]) -> ParagraphText {
        let mut this = ParagraphText::default();
        let unit = |n: usize| crate::formats::bytes::u16_at(data, n * 2);
        let mut n = 0;
        while let Some(code) = unit(n) {
            n += 1;
            match code {
                9 => {
                    this.text.push('\t');
                    n += WIDE - 1;
                }
                10 => this.text.push('\n'),
                // A space that does not break, and one of fixed width.
                30 | 31 => this.text.push(' '),
                // Inline controls: end of a field, title mark and the like; nothing belongs to them.
                4..=8 | 19 | 20 => n += WIDE - 1,
                // Extended controls: a record of its own holds the object.
                1..=3 | 11 | 12 | 14..=18 | 21..=23 => {
                    let [a, b] = unit(n).unwrap_or_default().to_le_bytes();
                    let [c, d] = unit(n + 1).unwrap_or_default().to_le_bytes();
                    this.anchors.push(Anchor { offset: this.text.len(), id: [d, c, b, a] });
                    n += WIDE - 1;
                }
                // The end of the paragraph, codes without meaning, and a hyphen where a word may be broken (24), which the word
                // processor does not draw.
                0..=31 => {}
                _ => {
                    let pair = [code, unit(n).unwrap_or_default()];
                    let mut units = char::decode_utf16(pair);
                    let c = units.next().and_then(Result::ok);
                    // A pair is two units; of anything else the second is still to come.
                    if c.is_some_and(|c| c.len_utf16() == 2) {
                        n += 1;
                    }
                    match unfolded(code) {
                        Some(sign) => this.text.push_str(sign),
                        None => this.text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER)),
                    }
                }
            }
        }
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: &[u16]) -> Vec<u8> {
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    #[test]
    fn control_characters() {
        let table = [11, 0x6C20, 0x7462, 0, 0, 0, 0, 11];
        let tab = [9, 1, 2, 3, 4, 5, 6, 9];
        let end_of_field = [4, 1, 2, 3, 4, 5, 6, 4];
        let mut data = vec![0xAC00, 24];
        data.extend(table);
        data.extend([0xB098, 10, 30, 31]);
        data.extend(tab);
        data.extend(end_of_field);
        data.extend([0xD83D, 0xDE00, 0xD83D, 0x41, 13]);
        let read = ParagraphText::parse(&units(&data));
        assert_eq!(read.text, "가나\n  \t😀\u{FFFD}A");
        assert_eq!(read.anchors, [Anchor { offset: 3, id: *b"tbl " }]);
    }

    #[test]
    fn a_control_cut_short_ends_the_text() {
        let read = ParagraphText::parse(&[units(&[0xAC00, 11, 0x6C20]), vec![7]].concat());
        assert_eq!((read.text.as_str(), read.anchors.len()), ("가", 1));
        assert_eq!(ParagraphText::parse(&[]).text, "");
    }
}
