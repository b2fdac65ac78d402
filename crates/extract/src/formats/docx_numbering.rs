//! The numbers that Word draws before paragraphs (ECMA-376 part 1, section 17.9): they are not stored with
//! the text, and yet `제3조` is what a person looks for.

use std::collections::BTreeMap;

use madang_document::content::Content;

use super::markup::{Markup, Node};

/// Word has nine levels of a list.
const LEVELS: usize = 9;

/// How the lists of a document count, and how far they have counted.
#[derive(Default)]
pub(super) struct Numbering {
    /// The levels of each definition.
    definitions: BTreeMap<String, Vec<Level>>,
    /// The definition of each list.
    lists: BTreeMap<String, String>,
    /// The list and level of each paragraph style, and the style it builds on.
    styles: BTreeMap<String, Style>,
    /// How far each definition has counted; none before the first paragraph of a level.
    counters: BTreeMap<String, [Option<u32>; LEVELS]>,
}

#[derive(Clone, Default)]
struct Level {
    start: u32,
    format: String,
    text: String,
}

#[derive(Default)]
struct Style {
    list: Option<String>,
    level: Option<usize>,
    base: Option<String>,
}

/// What a paragraph says about its number.
#[derive(Default)]
pub(super) struct ParagraphNumber {
    style: Option<String>,
    list: Option<String>,
    level: Option<usize>,
}

impl ParagraphNumber {
    /// Reads the properties of a paragraph, whose opening tag the walk has just met.
    pub(super) fn read(markup: &mut Markup<'_>) -> ParagraphNumber {
        let mut number = ParagraphNumber::default();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "pStyle" => number.style = tag.attribute("val"),
                    "numId" => number.list = tag.attribute("val"),
                    "ilvl" => number.level = tag.attribute("val").and_then(|l| l.parse().ok()),
                    // What the properties were before a tracked change, and the mark's own.
                    "pPrChange" | "rPr" | "sectPr" => markup.skip(),
                    _ => {}
                },
                Node::End(name) if name == "pPr" => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
        number
    }
}

impl ParagraphNumber {
    /// What a paragraph of a binary document says: its style, its list and its level there.
    pub(super) fn of(style: u16, list: Option<u16>, level: Option<u8>) -> ParagraphNumber {
        ParagraphNumber {
            style: Some(style.to_string()),
            list: list.map(|list| list.to_string()),
            level: level.map(usize::from),
        }
    }
}

impl Numbering {
    /// Adds a level to a definition: what it counts from, the format of ECMA-376 and the text with `%1` to `%9`.
    pub(super) fn add_level(&mut self, definition: &str, start: u32, format: &str, text: String) {
        let levels = self.definitions.entry(definition.to_owned()).or_default();
        if levels.len() < LEVELS {
            levels.push(Level { start, format: format.to_owned(), text });
        }
    }

    /// Says which definition a list follows.
    pub(super) fn add_list(&mut self, list: u16, definition: &str) {
        self.lists.insert(list.to_string(), definition.to_owned());
    }

    /// Says what the paragraphs of a style are numbered by, and the style it builds on.
    pub(super) fn add_style(
        &mut self,
        style: u16,
        base: Option<u16>,
        list: Option<u16>,
        level: Option<u8>,
    ) {
        let style = self.styles.entry(style.to_string()).or_default();
        style.base = base.map(|base| base.to_string());
        style.list = list.map(|list| list.to_string());
        style.level = level.map(usize::from);
    }

    /// Reads the definitions of lists.
    pub(super) fn read_lists(&mut self, text: &str, part: &str, content: &mut Content) {
        let mut markup = Markup::new(text);
        let (mut definition, mut list) = (String::new(), String::new());
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let value = || tag.attribute("val").unwrap_or_default();
            let level = self.definitions.get_mut(&definition).and_then(|levels| levels.last_mut());
            match (tag.name(), level) {
                ("abstractNum", _) => {
                    definition = tag.attribute("abstractNumId").unwrap_or_default();
                    self.definitions.insert(definition.clone(), Vec::new());
                }
                ("lvl", _) => {
                    if let Some(levels) = self.definitions.get_mut(&definition)
                        && levels.len() < LEVELS
                    {
                        levels.push(Level {
                            start: 0,
                            format: "decimal".into(),
                            ..Level::default()
                        });
                    }
                }
                ("start", Some(level)) => level.start = value().parse().unwrap_or(0),
                ("numFmt", Some(level)) => level.format = value(),
                // Each paragraph repeats it, so it must be as short as Word keeps it.
                ("lvlText", Some(level)) => {
                    level.text = Some(value()).filter(|text| text.len() <= 255).unwrap_or_default();
                }
                ("num", _) => {
                    // The overrides of a single list follow; the definition is left as it is.
                    definition.clear();
                    list = tag.attribute("numId").unwrap_or_default();
                }
                ("abstractNumId", _) => drop(self.lists.insert(list.clone(), value())),
                _ => {}
            }
        }
        markup.report(part, content);
    }

    /// Reads which styles are numbered.
    pub(super) fn read_styles(&mut self, text: &str, part: &str, content: &mut Content) {
        let mut markup = Markup::new(text);
        let mut id = String::new();
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let value = tag.attribute("val");
            match tag.name() {
                "style" => id = tag.attribute("styleId").unwrap_or_default(),
                "basedOn" => self.styles.entry(id.clone()).or_default().base = value,
                "numId" => self.styles.entry(id.clone()).or_default().list = value,
                "ilvl" => {
                    let level = value.and_then(|level| level.parse().ok());
                    self.styles.entry(id.clone()).or_default().level = level;
                }
                _ => {}
            }
        }
        markup.report(part, content);
    }

    /// Counts a paragraph and gives the number drawn before it; empty if there is none.
    pub(super) fn label(&mut self, paragraph: &ParagraphNumber) -> String {
        let (mut list, mut level) = (paragraph.list.clone(), paragraph.level);
        let mut style = paragraph.style.as_ref();
        // Styles build on styles, a few deep; a circle among them is damage.
        for _ in 0..16 {
            let Some(found) = style.and_then(|id| self.styles.get(id)) else { break };
            list = list.or_else(|| found.list.clone());
            level = level.or(found.level);
            style = found.base.as_ref();
        }
        let Some(definition) = list.and_then(|list| self.lists.get(&list)) else {
            return String::new();
        };
        let Some(levels) = self.definitions.get(definition) else { return String::new() };
        let at = level.unwrap_or(0);
        let Some(own) = levels.get(at) else { return String::new() };
        let counters = self.counters.entry(definition.clone()).or_default();
        for (counter, (n, level)) in counters.iter_mut().zip(levels.iter().enumerate()) {
            match n.cmp(&at) {
                // A level that was never reached counts as begun.
                std::cmp::Ordering::Less => drop(counter.get_or_insert(level.start)),
                std::cmp::Ordering::Equal => {
                    *counter = Some(counter.map_or(level.start, |count| count.saturating_add(1)));
                }
                std::cmp::Ordering::Greater => *counter = None,
            }
        }
        if matches!(own.format.as_str(), "bullet" | "none") {
            return String::new();
        }
        let mut label = own.text.clone();
        for (n, (level, counter)) in levels.iter().zip(counters.iter()).enumerate() {
            let count = counter.unwrap_or(level.start);
            label = label.replace(&format!("%{}", n + 1), &counted(count, &level.format));
        }
        label
    }
}

/// A count in a format of ECMA-376 part 1, section 17.18.59; those of other scripts count in digits.
fn counted(count: u32, format: &str) -> String {
    let index = count.saturating_sub(1) as usize;
    let one_of = |letters: &str| letters.chars().nth(index).map(String::from);
    let shown = match format {
        "decimalZero" => Some(format!("{count:02}")),
        "upperLetter" => Some(letters(count, b'A')),
        "lowerLetter" => Some(letters(count, b'a')),
        "upperRoman" => roman(count),
        "lowerRoman" => roman(count).map(|roman| roman.to_lowercase()),
        "ordinal" => Some(ordinal(count)),
        "ganada" => one_of("가나다라마바사아자차카타파하"),
        "chosung" => one_of("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
        "decimalEnclosedCircle" => one_of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
        "koreanDigital" | "koreanCounting" | "koreanDigital2" => one_of("일이삼사오육칠팔구"),
        "ideographDigital" | "chineseCounting" | "japaneseCounting" => {
            one_of("一二三四五六七八九十")
        }
        _ => None,
    };
    shown.unwrap_or_else(|| count.to_string())
}

/// 1st, 2nd, 3rd.
fn ordinal(count: u32) -> String {
    let ending = match (count % 10, count % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{count}{ending}")
}

/// A to Z, then AA, BB: the letter repeats. A list of thousands is in no need of a longer word.
fn letters(count: u32, first: u8) -> String {
    let index = count.saturating_sub(1);
    let letter = char::from(first + (index % 26) as u8);
    std::iter::repeat_n(letter, (index / 26 + 1).min(8) as usize).collect()
}

fn roman(count: u32) -> Option<String> {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..4000).contains(&count) {
        return None;
    }
    let mut rest = count;
    let mut roman = String::new();
    for (value, sign) in SIGNS {
        while rest >= value {
            roman.push_str(sign);
            rest -= value;
        }
    }
    Some(roman)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (count, format, shown) in [
            (3, "decimal", "3"),
            (3, "decimalZero", "03"),
            (28, "upperLetter", "BB"),
            (1994, "upperRoman", "MCMXCIV"),
            (4, "lowerRoman", "iv"),
            (2, "ganada", "나"),
            (15, "ganada", "15"),
            (3, "decimalEnclosedCircle", "③"),
            (0, "lowerLetter", "a"),
            (u32::MAX, "upperRoman", "4294967295"),
            (3, "ordinal", "3rd"),
            (112, "ordinal", "112th"),
        ] {
            assert_eq!(counted(count, format), shown, "{count} {format}");
        }
    }

    #[test]
    fn labels_count_on_and_begin_again() {
        let mut numbering = Numbering::default();
        let mut content = Content::default();
        numbering.read_lists(
            r#"<numbering><abstractNum abstractNumId="5">
            <lvl ilvl="0"><start val="1"/><numFmt val="decimal"/><lvlText val="제%1조"/></lvl>
            <lvl ilvl="1"><start val="1"/><numFmt val="ganada"/><lvlText val="%1-%2."/></lvl>
            </abstractNum><num numId="2"><abstractNumId val="5"/></num></numbering>"#,
            "numbering",
            &mut content,
        );
        numbering.read_styles(
            r#"<styles><style styleId="b"><pPr><numPr><numId val="2"/></numPr></pPr></style>
            <style styleId="a"><basedOn val="b"/></style><style styleId="x"><basedOn val="x"/></style></styles>"#,
            "styles",
            &mut content,
        );
        let mut label = |style: Option<&str>, list: Option<&str>, level: Option<usize>| {
            numbering.label(&ParagraphNumber {
                style: style.map(str::to_owned),
                list: list.map(str::to_owned),
                level,
            })
        };
        assert_eq!(label(Some("a"), None, None), "제1조");
        assert_eq!(label(None, Some("2"), Some(1)), "1-가.");
        assert_eq!(label(None, Some("2"), Some(1)), "1-나.");
        assert_eq!(label(None, Some("2"), None), "제2조");
        assert_eq!(label(None, Some("2"), Some(1)), "2-가.");
        assert_eq!(label(Some("a"), Some("0"), None), "");
        assert_eq!(label(Some("x"), None, None), "");
        assert_eq!(label(None, Some("2"), Some(99)), "");
        assert!(content.warnings.is_empty());
    }
}
