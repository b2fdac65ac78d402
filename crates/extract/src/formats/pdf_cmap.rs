//! CMaps: how the bytes of a string fall into codes, which glyph a code means, and which characters
//! (ISO 32000-2, sections 9.7.5 and 9.10.3). Codes of legacy encodings need no tables of Adobe's: their
//! characters are known to `encoding_rs`.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_16BE};

use super::pdf_code_ranges::{disjoint, find};
use super::pdf_lexer::{Lexer, Token};

/// Entries of one CMap that are read: more than there are codes of two bytes. The largest of Adobe's have some 20,000.
const ENTRIES_MOST: usize = 70_000;

/// Bytes of UTF-8 that one code may stand for: twice what the specification allows of Korean.
const TEXT_MOST: usize = 1536;

/// A code of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) value: u32,
    /// Bytes it takes.
    pub(super) length: usize,
}

/// How a font of type 0 reads the bytes of a string.
#[derive(Debug)]
pub(super) enum Codes {
    /// Two bytes are the number of a glyph.
    Identity,
    /// The bytes are text in a legacy encoding; Latin letters are half as wide as Hangul where the flag is set.
    Legacy(&'static Encoding, bool),
    /// The bytes are Unicode, in units of so many bytes (1: UTF-8, 2: UTF-16, 4: UTF-32).
    Unicode(usize),
    /// The file brings its own table.
    Own(CMap),
}

impl Codes {
    /// The predefined CMap of a name, and whether it writes vertically.
    pub(super) fn predefined(name: &[u8]) -> Option<(Codes, bool)> {
        let name = std::str::from_utf8(name).ok()?;
        let (stem, vertical) = match name.rsplit_once('-') {
            Some((stem, "H")) => (stem, false),
            Some((stem, "V")) => (stem, true),
            _ => (name, name == "V"),
        };
        let (stem, half) = stem.strip_suffix("-HW").map_or((stem, false), |stem| (stem, true));
        let codes = match stem {
            "Identity" => Codes::Identity,
            "KSC-EUC" | "KSCms-UHC" | "KSCpc-EUC" => Codes::Legacy(EUC_KR, half),
            "GB-EUC" | "GBpc-EUC" | "GBK-EUC" | "GBKp-EUC" | "GBK2K" => {
                Codes::Legacy(GB18030, stem == "GBK-EUC")
            }
            "B5pc" | "HKscs-B5" | "ETen-B5" | "ETenms-B5" => Codes::Legacy(BIG5, stem == "ETen-B5"),
            "83pv-RKSJ" | "90ms-RKSJ" | "90msp-RKSJ" | "90pv-RKSJ" | "Add-RKSJ" | "Ext-RKSJ" => {
                Codes::Legacy(SHIFT_JIS, stem == "90ms-RKSJ")
            }
            "EUC" | "H" | "V" => Codes::Legacy(EUC_JP, true),
            _ if stem.contains("UCS2") || stem.contains("UTF16") => Codes::Unicode(2),
            _ if stem.contains("UTF8") => Codes::Unicode(1),
            _ if stem.contains("UTF32") => Codes::Unicode(4),
            _ => return None,
        };
        Some((codes, vertical))
    }

    /// The first code of some bytes.
    pub(super) fn first(&self, bytes: &[u8]) -> Option<Code> {
        let lead = *bytes.first()?;
        let length = match self {
            Codes::Identity => 2,
            Codes::Legacy(encoding, _) => legacy_length(encoding, lead, bytes.get(1).copied()),
            Codes::Unicode(1) => match lead {
                0..=0xBF => 1,
                0xC0..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0.. => 4,
            },
            Codes::Unicode(2) if (0xD8..=0xDB).contains(&lead) => 4,
            Codes::Unicode(unit) => *unit,
            Codes::Own(cmap) => cmap.length(bytes),
        };
        let length = length.min(bytes.len());
        let value = bytes.iter().take(length).fold(0, |value, &b| value << 8 | u32::from(b));
        Some(Code { value, length })
    }

    /// The character that a code is in itself.
    pub(super) fn char_of(&self, code: Code) -> Option<char> {
        let bytes = code.value.to_be_bytes();
        let bytes = bytes.get(4usize.saturating_sub(code.length)..)?;
        let text = match self {
            Codes::Identity => return None,
            Codes::Own(cmap) => return cmap.base_of(code.value)?.char_of(code),
            Codes::Unicode(1) => std::borrow::Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            Codes::Unicode(2) => {
                UTF_16BE.decode_without_bom_handling_and_without_replacement(bytes)?
            }
            Codes::Unicode(_) => return char::from_u32(code.value),
            Codes::Legacy(encoding, _) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)?
            }
        };
        text.chars().next()
    }
}

fn legacy_length(encoding: &'static Encoding, lead: u8, next: Option<u8>) -> usize {
    match lead {
        0..=0x80 | 0xFF => 1,
        0xA0..=0xDF if encoding == SHIFT_JIS => 1,
        0x8F if encoding == EUC_JP => 3,
        _ if encoding == GB18030 && next.is_some_and(|b| b.is_ascii_digit()) => 4,
        _ => 2,
    }
}

/// A CMap that the file embeds: from codes to glyphs.
#[derive(Debug, Default)]
pub(super) struct CMap {
    /// The codes of one byte, of two, three and four.
    spaces: [Vec<(u32, u32, usize)>; 4],
    ranges: Vec<Range>,
    vertical: Option<bool>,
    /// The name of the CMap that it extends.
    base_name: Option<Vec<u8>>,
    /// What holds of the codes that it says nothing of.
    base: Option<Box<Codes>>,
    /// Whether it has more entries than are read.
    pub(super) is_cut: bool,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    first: u32,
    last: u32,
    cid: u32,
}

impl CMap {
    pub(super) fn parse(bytes: &[u8]) -> CMap {
        let mut cmap = CMap::default();
        let (mut spaces, mut ranges) = ([const { Vec::new() }; 4], Vec::new());
        cmap.is_cut = read(bytes, &mut |entry| match entry {
            Statement::Space(low, high) => {
                if let Some(spaces) = spaces.get_mut(low.length.clamp(1, 4) - 1) {
                    spaces.push((low.value, high.value));
                }
            }
            Statement::Cid(first, last, cid) => ranges.push(Range { first, last, cid }),
            Statement::Mode(mode) => cmap.vertical = Some(mode),
            Statement::Base(name) => cmap.base_name = Some(name.to_vec()),
            Statement::Text(..) => {}
        });
        cmap.spaces = spaces.map(|spaces| disjoint(&spaces));
        let places: Vec<_> = ranges.iter().map(|range| (range.first, range.last)).collect();
        let own = |(first, last, at): (u32, u32, usize)| {
            let range = ranges.get(at)?;
            let cid = range.cid.saturating_add(first.saturating_sub(range.first));
            Some(Range { first, last, cid })
        };
        cmap.ranges = disjoint(&places).into_iter().filter_map(own).collect();
        cmap
    }

    /// Whether lines run down, if it says so itself.
    pub(super) fn vertical(&self) -> Option<bool> {
        self.vertical
    }

    /// The name of the CMap that it extends.
    pub(super) fn base_name(&self) -> Option<&[u8]> {
        self.base_name.as_deref()
    }

    /// The same with another CMap for what it does not say.
    pub(super) fn extending(self, base: Option<Codes>) -> CMap {
        CMap { base: base.map(Box::new), ..self }
    }

    /// The codes that it extends, for a code that is not among its own.
    pub(super) fn base_of(&self, code: u32) -> Option<&Codes> {
        self.base.as_deref().filter(|_| self.own_cid(code).is_none())
    }

    pub(super) fn cid_of(&self, code: u32) -> Option<u32> {
        if self.ranges.is_empty() {
            return Some(code);
        }
        self.own_cid(code)
    }

    fn own_cid(&self, code: u32) -> Option<u32> {
        let after = self.ranges.partition_point(|range| range.first <= code);
        let range = self.ranges.get(after.checked_sub(1)?)?;
        (code <= range.last).then(|| range.cid.saturating_add(code - range.first))
    }

    fn length(&self, bytes: &[u8]) -> usize {
        let mut value = 0u32;
        for (at, &byte) in bytes.iter().take(4).enumerate() {
            value = value << 8 | u32::from(byte);
            if self.spaces.get(at).is_some_and(|spaces| find(spaces, value).is_some()) {
                return at + 1;
            }
        }
        if let Some(code) = self.base.as_ref().and_then(|base| base.first(bytes)) {
            return code.length;
        }
        // Outside of every range, a code of the shortest length is skipped (section 9.7.6.3).
        self.spaces.iter().position(|spaces| !spaces.is_empty()).map_or(2, |at| at + 1)
    }
}

/// A CMap from codes to characters.
#[derive(Debug, Default)]
pub(super) struct ToUnicode {
    entries: Vec<(u32, u32, Box<str>)>,
    /// Which of them holds of which codes.
    parts: Vec<(u32, u32, usize)>,
    /// Whether it has more entries than are read.
    pub(super) is_cut: bool,
}

impl ToUnicode {
    pub(super) fn parse(bytes: &[u8]) -> ToUnicode {
        let mut entries = Vec::new();
        let is_cut = read(bytes, &mut |entry| {
            if let Statement::Text(first, last, text) = entry {
                entries.push((first, last, text));
            }
        });
        ToUnicode { is_cut, ..ToUnicode::of(entries) }
    }

    fn of(entries: Vec<(u32, u32, Box<str>)>) -> ToUnicode {
        let places: Vec<_> = entries.iter().map(|(first, last, _)| (*first, *last)).collect();
        ToUnicode { entries, parts: disjoint(&places), is_cut: false }
    }

    /// Codes that are UTF-16 in themselves.
    pub(super) fn identity() -> ToUnicode {
        ToUnicode::of(vec![(0, 0xFFFF, "\0".into())])
    }

    /// The same with what `spell` makes of each character that a code stands for; without those of which it makes nothing.
    pub(super) fn spelled(self, spell: impl Fn(char) -> Option<char>) -> ToUnicode {
        /// Codes of a range that are looked at one by one: fonts with signs for letters have one byte of them.
        const CODES_MOST: u32 = 0x100;
        let mut entries = Vec::with_capacity(self.entries.len());
        for (first, last, text) in self.entries {
            let mut chars = text.chars();
            let start = match (chars.next(), chars.next(), last.saturating_sub(first)) {
                (Some(start), None, 0..CODES_MOST) if entries.len() < ENTRIES_MOST => start,
                _ => {
                    entries.push((first, last, text));
                    continue;
                }
            };
            for code in first..=last {
                let c = char::from_u32(u32::from(start).saturating_add(code - first));
                let c = c.and_then(&spell);
                entries.extend(c.map(|c| (code, code, String::from(c).into_boxed_str())));
            }
        }
        ToUnicode { is_cut: self.is_cut, ..ToUnicode::of(entries) }
    }

    /// Whether it cannot be meant: all codes are one character, or most are none at all.
    pub(super) fn is_nonsense(&self) -> bool {
        let Some((_, _, some)) = self.entries.first() else { return true };
        let is_bad = |(first, last, text): &&(u32, u32, Box<str>)| {
            // Ranges that cover everything begin with controls.
            let is_start = *last - (*first).min(*last) >= 32 && text.chars().all(char::is_control);
            !is_start && text.chars().all(is_no_text)
        };
        let bad = self.entries.iter().filter(is_bad).count();
        let same = self.entries.iter().filter(|(a, b, text)| text == some && a == b).count();
        bad * 2 > self.entries.len() || (self.entries.len() > 3 && same == self.entries.len())
    }

    /// Whether it says anything of a code.
    pub(super) fn has(&self, code: u32) -> bool {
        find(&self.parts, code).is_some()
    }

    /// The characters of a code, written behind `out`; whether there are any.
    pub(super) fn write(&self, code: u32, out: &mut String) -> bool {
        let entry = find(&self.parts, code).and_then(|at| self.entries.get(at));
        let Some((first, _, text)) = entry else { return false };
        let start = out.len();
        let mut chars = text.chars();
        // Of a range that begins with no text nothing is text, wherever it goes on; but with controls it may.
        let last = chars.next_back().filter(|&c| !is_no_text(c) || c.is_control());
        out.push_str(chars.as_str());
        out.extend(last.and_then(|c| char::from_u32(u32::from(c).saturating_add(code - first))));
        if out.get(start..).unwrap_or_default().chars().all(is_no_text) {
            out.truncate(start);
            return false;
        }
        true
    }
}

/// Characters that stand for a glyph without meaning.
pub(super) fn is_no_text(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}')
}

/// What a CMap says, piece by piece.
enum Statement<'a> {
    Space(Code, Code),
    Cid(u32, u32, u32),
    Text(u32, u32, Box<str>),
    Mode(bool),
    Base(&'a [u8]),
}

/// Reads a CMap; whether it has more entries than are read.
fn read(bytes: &[u8], put: &mut dyn FnMut(Statement<'_>)) -> bool {
    let mut operands: Vec<Token<'_>> = Vec::new();
    let mut array: Option<Vec<Token<'_>>> = None;
    let mut section: &[u8] = b"";
    let (mut left, mut is_cut) = (ENTRIES_MOST, false);
    for token in Lexer::new(bytes) {
        // Behind the last entry that is read the section may end, and nothing more stand there.
        if left == 0 && matches!(token, Token::Text(_)) {
            return true;
        }
        match token {
            Token::ArrayOpen => array = Some(Vec::new()),
            Token::ArrayClose => {
                let (Some(items), b"beginbfrange") = (array.take(), section) else { continue };
                if let [Token::Text(low), ..] = operands.as_slice() {
                    let low = code(low).value;
                    for (at, item) in (low..).zip(&items) {
                        let Some(less) = left.checked_sub(1) else { return true };
                        left = less;
                        is_cut |= !put_text(at, at, item, put);
                    }
                }
                operands.clear();
            }
            Token::Word(
                b"endbfchar" | b"endbfrange" | b"endcidchar" | b"endcidrange"
                | b"endcodespacerange" | b"endnotdefrange" | b"endnotdefchar",
            ) => {
                section = b"";
                operands.clear();
            }
            Token::Word(word) if word.starts_with(b"begin") => {
                section = word;
                operands.clear();
            }
            Token::Word(b"usecmap") => {
                if let Some(Token::Name(name)) = operands.last() {
                    put(Statement::Base(name));
                }
                operands.clear();
            }
            Token::Word(_) => {
                if let [.., Token::Name(key), Token::Number(mode)] = operands.as_slice()
                    && key.as_ref() == b"WMode"
                {
                    put(Statement::Mode(*mode == 1.0));
                }
                operands.clear();
            }
            token => match &mut array {
                Some(items) => items.push(token),
                None => {
                    operands.push(token);
                    let used = put_operands(section, &operands, put);
                    if let Some(is_taken) = used {
                        left = left.saturating_sub(1);
                        is_cut |= !is_taken;
                        operands.clear();
                    } else if operands.len() > 16 {
                        operands.remove(0);
                    }
                }
            },
        }
    }
    is_cut
}

/// Whether the entry that the operands are was taken; none if they are no entry of the section.
fn put_operands(
    section: &[u8],
    operands: &[Token<'_>],
    put: &mut dyn FnMut(Statement<'_>),
) -> Option<bool> {
    match (section, operands) {
        (b"begincodespacerange", [Token::Text(low), Token::Text(high)]) => {
            put(Statement::Space(code(low), code(high)));
        }
        (b"begincidrange", [Token::Text(low), Token::Text(high), Token::Number(cid)]) => {
            put(Statement::Cid(code(low).value, code(high).value, *cid as u32));
        }
        (b"begincidchar", [Token::Text(at), Token::Number(cid)]) => {
            put(Statement::Cid(code(at).value, code(at).value, *cid as u32));
        }
        (b"beginbfchar", [Token::Text(at), target]) => {
            return Some(put_text(code(at).value, code(at).value, target, put));
        }
        (b"beginbfrange", [Token::Text(low), Token::Text(high), target]) => {
            return Some(put_text(code(low).value, code(high).value, target, put));
        }
        _ => return None,
    }
    Some(true)
}

/// Whether the text that codes stand for is no longer than one may be.
fn put_text(first: u32, last: u32, target: &Token<'_>, put: &mut dyn FnMut(Statement<'_>)) -> bool {
    let text = match target {
        Token::Text(bytes) => match bytes.as_ref() {
            [one] => char::from(*one).to_string(),
            bytes => UTF_16BE.decode_without_bom_handling(bytes).0.into_owned(),
        },
        _ => return true,
    };
    // A writer may end a text with a NUL; a range from NUL on is the identity.
    let text = if first == last { text.trim_end_matches('\0') } else { text.as_str() };
    let is_taken = text.len() <= TEXT_MOST;
    if !text.is_empty() && is_taken {
        put(Statement::Text(first, last, text.into()));
    }
    is_taken
}

fn code(bytes: &[u8]) -> Code {
    let value = bytes.iter().take(4).fold(0, |value, &b| value << 8 | u32::from(b));
    Code { value, length: bytes.len().min(4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(map: &ToUnicode, code: u32) -> Option<String> {
        let mut out = String::new();
        map.write(code, &mut out).then_some(out)
    }

    #[test]
    fn finds_the_range_below_many_single_codes() {
        let singles: String = (0..40).map(|n| format!("<{:04x}> <0041>\n", n * 2)).collect();
        let map =
            format!("beginbfrange <0000> <00FF> <AC00> endbfrange beginbfchar {singles} endbfchar");
        let map = ToUnicode::parse(map.as_bytes());
        assert_eq!((text(&map, 78), text(&map, 79)), (Some("A".into()), Some("걏".into())));
        assert_eq!(text(&map, 0xFF), char::from_u32(0xACFF).map(String::from));
        let singles: String = (0..40).map(|n| format!("<{:04x}> 7\n", n * 2)).collect();
        let codes = format!(
            "begincidrange <0000> <00FF> 100 endcidrange begincidchar {singles} endcidchar"
        );
        let codes = CMap::parse(codes.as_bytes());
        assert_eq!([78, 79, 0xFF].map(|code| codes.cid_of(code)), [7, 179, 355].map(Some));
    }

    #[test]
    fn says_when_it_has_more_entries_than_are_read() {
        let entries = |count: usize| -> String {
            (0..count).map(|n| format!("<{n:08x}> <AC00>\n")).collect()
        };
        let of = |count| {
            ToUnicode::parse(format!("beginbfchar {} endbfchar", entries(count)).as_bytes())
        };
        assert!(!of(ENTRIES_MOST).is_cut);
        assert!(of(ENTRIES_MOST + 1).is_cut);
        let items = "<AC00>".repeat(ENTRIES_MOST + 1);
        let array = format!("beginbfrange <0000> <FFFFF> [{items}] endbfrange");
        assert!(ToUnicode::parse(array.as_bytes()).is_cut);
        let long =
            |bytes: usize| format!("beginbfchar <01> <{}> endbfchar", "AC00".repeat(bytes / 2));
        assert_eq!(text(&ToUnicode::parse(long(512).as_bytes()), 1), Some("가".repeat(256)));
        assert!(ToUnicode::parse(long(2048).as_bytes()).is_cut);
        let numbers: String = (0..=ENTRIES_MOST).map(|n| format!("<{n:08x}> {n}\n")).collect();
        assert!(CMap::parse(format!("begincidchar {numbers} endcidchar").as_bytes()).is_cut);
    }

    #[test]
    fn reads_characters_of_codes() {
        let map = ToUnicode::parse(
            b"1 begincodespacerange <0000> <FFFF> endcodespacerange
            2 beginbfchar <0001> <D55C> <0002> <00660069> endbfchar
            2 beginbfrange <0010> <0012> <AC00> <0020> <0021> [<0041> <D83DDE00>] endbfrange
            1 beginbfchar <0030> <E001> endbfchar",
        );
        for (code, expected) in [
            (1, Some("한")),
            (2, Some("fi")),
            (0x10, Some("가")),
            (0x12, Some("갂")),
            (0x20, Some("A")),
            (0x21, Some("😀")),
            (0x13, None),
            (0x30, None),
        ] {
            assert_eq!(text(&map, code).as_deref(), expected, "{code:x}");
        }
        assert!(!map.is_nonsense());
    }

    #[test]
    fn spells_single_characters() {
        let map = ToUnicode::parse(
            b"beginbfchar <01> <F0FE> <02> <F001> <03> <00660069> endbfchar
            beginbfrange <20> <FF> <F020> endbfrange",
        );
        let sign = |c| match c {
            '\u{F0FE}' => Some('☑'),
            '\u{F0FF}' => Some('z'),
            _ => None,
        };
        let map = map.spelled(sign);
        let texts = [1, 2, 3, 0xFE, 0xFF, 0x40].map(|code| text(&map, code));
        let texts = texts.each_ref().map(Option::as_deref);
        assert_eq!(texts, [Some("☑"), None, Some("fi"), Some("☑"), Some("z"), None]);
    }

    #[test]
    fn knows_nonsense() {
        let same = b"beginbfchar <01> <0020> <02> <0020> <03> <0020> <04> <0020> endbfchar";
        assert!(ToUnicode::parse(same).is_nonsense());
        assert!(ToUnicode::parse(b"beginbfchar <01> <E000> <02> <0001> endbfchar").is_nonsense());
        assert!(ToUnicode::parse(b"").is_nonsense());
        for nothing in ["FFFD", "E000"] {
            let map = format!("beginbfrange <0000> <FFFF> <{nothing}> endbfrange");
            let map = ToUnicode::parse(map.as_bytes());
            assert!(map.is_nonsense(), "{nothing}");
            assert_eq!(text(&map, 0x2000), None, "{nothing}");
        }
        let range = b"beginbfrange <0000> <FFFF> <0000> endbfrange";
        assert!(!ToUnicode::parse(b"beginbfrange <20> <7E> <0020> endbfrange").is_nonsense());
        assert_eq!(text(&ToUnicode::parse(range), 0xAC00).as_deref(), Some("가"));
    }

    #[test]
    fn splits_strings_into_codes() {
        let (korean, vertical) = Codes::predefined(b"KSCms-UHC-HW-V").unwrap();
        assert!(vertical);
        let mut rest: &[u8] = b"A\xB0\xA1\x81\x41";
        let mut chars = Vec::new();
        while let Some(code) = korean.first(rest) {
            chars.push(korean.char_of(code));
            rest = &rest[code.length..];
        }
        assert_eq!(chars, [Some('A'), Some('가'), Some('갂')]);
        let (utf16, _) = Codes::predefined(b"UniKS-UTF16-H").unwrap();
        assert_eq!(utf16.first(b"\xD5\x5C!").and_then(|c| utf16.char_of(c)), Some('한'));
        assert!(Codes::predefined(b"No-Such").is_none());
        let own = CMap::parse(
            b"/WMode 1 def begincodespacerange <00> <7F> <8000> <FFFF> endcodespacerange
            begincidrange <8000> <80FF> 100 endcidrange begincidchar <41> 7 endcidchar",
        );
        assert_eq!(own.vertical(), Some(true));
        assert_eq!((own.cid_of(0x8002), own.cid_of(0x41)), (Some(102), Some(7)));
        let (base, _) = Codes::predefined(b"UniKS-UTF32-H").unwrap();
        let further = CMap::parse(
            b"begincodespacerange <00000000> <0010FFFF> endcodespacerange
            begincidchar <0000F123> 1086 endcidchar",
        );
        let further = Codes::Own(further.extending(Some(base)));
        let code = |value| Code { value, length: 4 };
        assert_eq!(further.first(&[0, 0, 0xD5, 0x5C, 0]), Some(code(0xD55C)));
        assert_eq!(further.char_of(code(0xD55C)), Some('한'));
        assert_eq!(further.char_of(code(0xF123)), None);
        let own = Codes::Own(own);
        assert_eq!(own.first(b"AB"), Some(Code { value: 0x41, length: 1 }));
        assert_eq!(own.first(b"\x80\x02"), Some(Code { value: 0x8002, length: 2 }));
    }
}
