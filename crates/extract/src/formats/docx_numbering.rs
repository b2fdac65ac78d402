//! The numbers that Word draws before paragraphs (ECMA-376 part 1, section 17.9): they are not stored with
//! the text, and yet `제3조` is what a person looks for.

use std::collections::{BTreeMap, BTreeSet};

use madang_document::content::Content;

use super::markup::{Markup, Node};

/// Word has nine levels of a list.
const LEVELS: usize = 9;

/// How the lists of a document count, and how far they have counted.
#[derive(Default)]
pub(super) struct Numbering {
    /// The levels of each definition.
    definitions: BTreeMap<String, Vec<Level>>,
    /// The styles of lists that definitions refer to instead of having levels.
    linked: BTreeMap<String, String>,
    lists: BTreeMap<String, List>,
    /// The list and level of each paragraph style, and the style it builds on.
    styles: BTreeMap<String, Style>,
    /// How far each definition has counted; none before the first paragraph of a level.
    counters: BTreeMap<String, [Option<u32>; LEVELS]>,
}

/// A level of a list.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// What it counts from.
    pub(super) start: u32,
    /// The format of its count, by its name in ECMA-376.
    pub(super) format: String,
    /// What is drawn, with `%1` to `%9` for the counts.
    pub(super) text: String,
    /// Whether the counts of all levels are shown in digits.
    pub(super) legal: bool,
    /// The first of the levels above, counted from 0, behind which it does not begin anew; none where it begins anew
    /// behind each.
    pub(super) restart: Option<usize>,
}

/// A list: paragraphs that are counted together by a definition. Lists of one definition go on counting where another
/// stopped, except where they say what they begin with.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) definition: String,
    /// What levels begin with in this list.
    pub(super) starts: BTreeMap<usize, u32>,
    /// The levels that are other than in the definition.
    pub(super) levels: BTreeMap<usize, Level>,
    /// The levels that have begun.
    begun: BTreeSet<usize>,
}

impl List {
    /// A list that is as its definition says.
    pub(super) fn new(definition: String) -> List {
        List { definition, ..List::default() }
    }
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
    /// The style of the paragraph, if it names one.
    pub(super) fn style(&self) -> Option<&str> {
        self.style.as_deref()
    }

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
    /// Adds a level to a definition.
    pub(super) fn add_level(&mut self, definition: &str, level: Level) {
        let levels = self.definitions.entry(definition.to_owned()).or_default();
        if levels.len() < LEVELS {
            levels.push(level);
        }
    }

    /// Adds a list.
    pub(super) fn add_list(&mut self, number: u16, list: List) {
        self.lists.insert(number.to_string(), list);
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
        // What is open: a definition or a list, and in a list the level that it has of its own.
        let (mut definition, mut list, mut own) = (None, String::new(), 0usize);
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let value = || tag.attribute("val").unwrap_or_default();
            let index = || tag.attribute("ilvl").and_then(|level| level.parse().ok()).unwrap_or(0);
            match tag.name() {
                "abstractNum" => {
                    let id = tag.attribute("abstractNumId").unwrap_or_default();
                    self.definitions.insert(id.clone(), Vec::new());
                    definition = Some(id);
                    continue;
                }
                "num" => {
                    definition = None;
                    list = tag.attribute("numId").unwrap_or_default();
                    self.lists.insert(list.clone(), List::default());
                    continue;
                }
                "numStyleLink" => {
                    if let Some(definition) = &definition {
                        self.linked.insert(definition.clone(), value());
                    }
                    continue;
                }
                _ => {}
            }
            let fresh = || Level { format: "decimal".into(), ..Level::default() };
            let level = if let Some(definition) = &definition {
                if tag.name() == "lvl" {
                    self.add_level(definition, fresh());
                }
                self.definitions.get_mut(definition).and_then(|levels| levels.last_mut())
            } else if let Some(list) = self.lists.get_mut(&list) {
                match tag.name() {
                    "abstractNumId" => list.definition = value(),
                    "lvlOverride" => own = index(),
                    "startOverride" if own < LEVELS => {
                        list.starts.insert(own, value().parse().unwrap_or(0));
                    }
                    "lvl" => {
                        own = index();
                        if own < LEVELS {
                            list.levels.insert(own, fresh());
                        }
                    }
                    _ => {}
                }
                list.levels.get_mut(&own)
            } else {
                None
            };
            let Some(level) = level else { continue };
            match tag.name() {
                "start" => level.start = value().parse().unwrap_or(0),
                "numFmt" => level.format = value(),
                // Each paragraph repeats it, so it must be as short as Word keeps it.
                "lvlText" => {
                    level.text = Some(value()).filter(|text| text.len() <= 255).unwrap_or_default();
                }
                "isLgl" => level.legal = !matches!(value().as_str(), "0" | "false" | "off"),
                "lvlRestart" => level.restart = value().parse().ok(),
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
        let Some(list) = list.map(|list| self.behind_links(list)) else { return String::new() };
        let Some(list) = self.lists.get_mut(&list) else { return String::new() };
        let Some(levels) = self.definitions.get(&list.definition) else { return String::new() };
        let at = level.unwrap_or(0);
        let shown = |n: usize| list.levels.get(&n).or_else(|| levels.get(n));
        let Some(own) = shown(at) else { return String::new() };
        let counters = self.counters.entry(list.definition.clone()).or_default();
        for (n, counter) in counters.iter_mut().enumerate() {
            let Some(level) = shown(n) else { break };
            match n.cmp(&at) {
                // A level that was never reached counts as begun.
                std::cmp::Ordering::Less => drop(counter.get_or_insert(level.start)),
                std::cmp::Ordering::Equal => {
                    let begins = list.starts.get(&at).filter(|_| list.begun.insert(at));
                    *counter = match (begins, &counter) {
                        (Some(start), _) => Some(*start),
                        (None, Some(count)) => Some(count.saturating_add(1)),
                        (None, None) => Some(level.start),
                    };
                }
                std::cmp::Ordering::Greater => {
                    if level.restart.is_none_or(|restart| at < restart) {
                        *counter = None;
                    }
                }
            }
        }
        if own.format == "bullet" {
            return String::new();
        }
        let mut label = own.text.clone();
        for (n, counter) in counters.iter().enumerate() {
            let Some(level) = shown(n) else { break };
            let count = counter.unwrap_or(level.start);
            let count = match level.format.as_str() {
                "bullet" | "none" => String::new(),
                _ if own.legal => count.to_string(),
                format => counted(count, format),
            };
            label = label.replace(&format!("%{}", n + 1), &count);
        }
        label
    }

    /// The list whose definition has levels: a definition may name a style of lists, which names the list.
    fn behind_links(&self, list: String) -> String {
        let style = self.lists.get(&list).and_then(|found| self.linked.get(&found.definition));
        let linked = style.and_then(|style| self.styles.get(style)).and_then(|s| s.list.clone());
        linked.unwrap_or(list)
    }
}

/// A count in a format of ECMA-376 part 1, section 17.18.59; those of other scripts count in digits.
pub(super) fn counted(count: u32, format: &str) -> String {
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

    /// The labels of paragraphs, given as list and level.
    fn labels(lists: &str, paragraphs: &[(&str, usize)]) -> Vec<String> {
        let mut numbering = Numbering::default();
        numbering.read_lists(lists, "numbering", &mut Content::default());
        let styles = r#"<styles><style type="numbering" styleId="s"><pPr><numPr><numId val="1"/></numPr></pPr></style></styles>"#;
        numbering.read_styles(styles, "styles", &mut Content::default());
        let label = |(list, level): &(&str, usize)| {
            let list = Some((*list).to_owned());
            numbering.label(&ParagraphNumber { style: None, list, level: Some(*level) })
        };
        paragraphs.iter().map(label).collect()
    }

    #[test]
    fn a_list_of_its_own_begins_anew_and_another_goes_on() {
        let lists = r#"<numbering><abstractNum abstractNumId="5">
            <lvl ilvl="0"><start val="1"/><lvlText val="%1."/></lvl>
            <lvl ilvl="1"><start val="1"/><lvlText val="%1.%2"/></lvl></abstractNum>
            <num numId="1"><abstractNumId val="5"/></num>
            <num numId="2"><abstractNumId val="5"/><lvlOverride ilvl="0"><startOverride val="1"/></lvlOverride></num>
            <num numId="3"><abstractNumId val="5"/></num>
            <num numId="4"><abstractNumId val="5"/><lvlOverride ilvl="0"><lvl ilvl="0"><start val="1"/><numFmt val="upperLetter"/><lvlText val="%1)"/></lvl></lvlOverride></num></numbering>"#;
        let paragraphs =
            [("1", 0), ("1", 1), ("1", 0), ("2", 0), ("2", 0), ("2", 1), ("3", 0), ("4", 0)];
        assert_eq!(labels(lists, &paragraphs), ["1.", "1.1", "2.", "1.", "2.", "2.1", "3.", "D)"]);
    }

    #[test]
    fn levels_without_numbers_and_levels_that_go_on() {
        let lists = r#"<numbering><abstractNum abstractNumId="5">
            <lvl ilvl="0"><start val="1"/><numFmt val="upperRoman"/><lvlText val="%1"/></lvl>
            <lvl ilvl="1"><start val="1"/><numFmt val="none"/><lvlText val="%1%2 비고"/></lvl>
            <lvl ilvl="2"><start val="1"/><lvlText val="%1.%2.%3"/><isLgl/><lvlRestart val="0"/></lvl></abstractNum>
            <abstractNum abstractNumId="6"><numStyleLink val="s"/></abstractNum>
            <num numId="1"><abstractNumId val="5"/></num><num numId="2"><abstractNumId val="6"/></num></numbering>"#;
        let paragraphs = [("1", 0), ("1", 1), ("1", 2), ("2", 0), ("2", 2)];
        assert_eq!(labels(lists, &paragraphs), ["I", "I 비고", "1..1", "II", "2..2"]);
    }
}
