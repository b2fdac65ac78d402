//! The numbers that stand before the items of lists and before headings in OpenDocument files (ODF 1.3 part 3, sections
//! 5.3 and 16.30 to 16.34): they are not stored with the text.

use std::collections::BTreeMap;

use super::docx_numbering::counted;
use super::markup::{Markup, Node, Tag};

/// Levels of a list.
const LEVELS: usize = 10;

/// A level of a style of lists.
#[derive(Debug, Default)]
struct Level {
    /// The format of its count, by its name in ECMA-376; none for a sign in place of a number.
    format: Option<&'static str>,
    prefix: String,
    suffix: String,
    /// How many levels are shown, this one included.
    shown: usize,
    start: u32,
}

/// The lists of a document: how they count, and how far they have counted.
#[derive(Default)]
pub(super) struct Lists {
    styles: BTreeMap<String, BTreeMap<usize, Level>>,
    /// The lists that the walk is in, one in another.
    open: Vec<OpenList>,
    /// How far the lists have counted that have ended, by their names.
    ended: BTreeMap<String, Option<u32>>,
    /// The same of the last list of each level.
    last: [Option<u32>; LEVELS],
    /// How far the headings have counted.
    headings: [Option<u32>; LEVELS],
}

struct OpenList {
    id: String,
    style: String,
    count: Option<u32>,
    /// Whether the open item waits for the paragraph that has its number, and the number it is to have.
    waits: bool,
    set: Option<u32>,
}

/// The name under which the style of headings is kept; a list's style has a name.
const HEADINGS: &str = "";

impl Lists {
    /// Reads the styles of lists, up to the end of the element `end` or of the text.
    pub(super) fn read_styles(&mut self, markup: &mut Markup<'_>, end: &str) {
        let mut style = String::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "list-style" => style = tag.attribute("name").unwrap_or_default(),
                    "outline-style" => style = HEADINGS.to_owned(),
                    "list-level-style-number"
                    | "list-level-style-bullet"
                    | "list-level-style-image"
                    | "outline-level-style" => {
                        let level = tag.attribute("level").and_then(|l| l.parse().ok());
                        if let Some(level) = level.filter(|level| (1..=LEVELS).contains(level)) {
                            let levels = self.styles.entry(style.clone()).or_default();
                            levels.insert(level, Level::of(&tag));
                        }
                    }
                    _ => {}
                },
                Node::End(name) if name == end => break,
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    /// Meets the start of `text:list`, `text:list-item` or `text:list-header`.
    pub(super) fn begin(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "list" => {
                let outer = self.open.last();
                let style = tag.attribute("style-name");
                let style = style.or_else(|| outer.map(|list| list.style.clone()));
                let continued = tag.attribute("continue-list");
                let goes_on = tag.attribute("continue-numbering").is_some_and(|on| on == "true");
                let count = match continued.and_then(|id| self.ended.get(&id)) {
                    Some(count) => *count,
                    None if goes_on => self.last.get(self.open.len()).copied().flatten(),
                    None => None,
                };
                self.open.push(OpenList {
                    id: tag.attribute("id").unwrap_or_default(),
                    style: style.unwrap_or_default(),
                    count,
                    waits: false,
                    set: None,
                });
            }
            "list-item" => {
                if let Some(list) = self.open.last_mut() {
                    list.waits = true;
                    list.set = tag.attribute("start-value").and_then(|n| n.parse().ok());
                }
            }
            "list-header" => {
                if let Some(list) = self.open.last_mut() {
                    list.waits = false;
                }
            }
            _ => {}
        }
    }

    /// Meets the end of `text:list`.
    pub(super) fn end(&mut self) {
        let Some(list) = self.open.pop() else { return };
        if let Some(last) = self.last.get_mut(self.open.len()) {
            *last = list.count;
        }
        if !list.id.is_empty() {
            self.ended.insert(list.id, list.count);
        }
    }

    /// The number before the paragraph or heading that begins; empty if it has none.
    pub(super) fn label(&mut self, tag: &Tag<'_>) -> String {
        let depth = self.open.len();
        let Some(list) = self.open.last_mut() else { return self.heading(tag) };
        if !std::mem::take(&mut list.waits) {
            return String::new();
        }
        let Some(levels) = self.styles.get(&list.style) else { return String::new() };
        let start = levels.get(&depth).map_or(1, |level| level.start);
        let next = list.count.map_or(start, |count| count.saturating_add(1));
        list.count = Some(list.set.take().unwrap_or(next));
        let counts: Vec<_> = self.open.iter().map(|list| list.count).collect();
        label(levels, &counts)
    }

    fn heading(&mut self, tag: &Tag<'_>) -> String {
        if tag.name() != "h" || tag.attribute("is-list-header").is_some_and(|is| is == "true") {
            return String::new();
        }
        let Some(levels) = self.styles.get(HEADINGS) else { return String::new() };
        let level = tag.attribute("outline-level").and_then(|l| l.parse().ok()).unwrap_or(1usize);
        let start = levels.get(&level).map_or(1, |level| level.start);
        for (n, count) in (1..).zip(&mut self.headings) {
            if n == level {
                *count = Some(count.map_or(start, |count| count.saturating_add(1)));
            } else if n > level {
                *count = None;
            }
        }
        label(levels, self.headings.get(..level).unwrap_or_default())
    }
}

/// What stands before an item, by the counts of its level and those above.
fn label(levels: &BTreeMap<usize, Level>, counts: &[Option<u32>]) -> String {
    let Some(own) = levels.get(&counts.len()) else { return String::new() };
    if own.format.is_none() {
        return String::new();
    }
    let mut numbers = Vec::new();
    for (n, count) in (1..).zip(counts).skip(counts.len().saturating_sub(own.shown)) {
        let Some(level) = levels.get(&n) else { continue };
        if let Some(format) = level.format {
            numbers.push(counted(count.unwrap_or(level.start), format));
        }
    }
    format!("{}{}{}", own.prefix, numbers.join("."), own.suffix).trim().to_owned()
}

impl Level {
    fn of(tag: &Tag<'_>) -> Level {
        // Each item repeats them, so they must be short.
        let short =
            |name: &str| tag.attribute(name).filter(|text| text.len() <= 255).unwrap_or_default();
        let number = |name: &str| tag.attribute(name).and_then(|n| n.parse().ok()).unwrap_or(1);
        let is_number = matches!(tag.name(), "list-level-style-number" | "outline-level-style");
        Level {
            format: tag.attribute("num-format").filter(|_| is_number).and_then(|f| format(&f)),
            prefix: short("num-prefix"),
            suffix: short("num-suffix"),
            shown: number("display-levels") as usize,
            start: number("start-value"),
        }
    }
}

/// The name that ECMA-376 has for a format; LibreOffice writes those of other scripts out. None where nothing is shown.
fn format(format: &str) -> Option<&'static str> {
    Some(match format.split(',').next().unwrap_or_default().trim() {
        "" => return None,
        "a" => "lowerLetter",
        "A" => "upperLetter",
        "i" => "lowerRoman",
        "I" => "upperRoman",
        "가" => "ganada",
        "ㄱ" => "chosung",
        "①" => "decimalEnclosedCircle",
        "일" => "koreanDigital",
        "一" => "ideographDigital",
        _ => "decimal",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_and_headings_are_numbered() {
        let xml = r#"<styles><text:list-style style:name="L">
            <text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
            <text:list-level-style-number text:level="2" style:num-format="가, 나, 다, ..." style:num-suffix=")" text:display-levels="2"/>
            <text:list-level-style-bullet text:level="3" text:bullet-char="•"/></text:list-style>
            <text:outline-style><text:outline-level-style text:level="1" style:num-prefix="제" style:num-suffix="장" style:num-format="1"/>
            <text:outline-level-style text:level="2" style:num-format=""/></text:outline-style></styles>
            <text:h text:outline-level="1"/><text:h text:outline-level="2"/>
            <text:list xml:id="a" text:style-name="L"><text:list-item><text:p/><text:p/>
            <text:list><text:list-item><text:p/><text:list><text:list-item><text:p/></text:list-item></text:list></text:list-item><text:list-item><text:p/></text:list-item></text:list></text:list-item>
            <text:list-header><text:p/></text:list-header><text:list-item><text:p/></text:list-item></text:list>
            <text:list text:style-name="L"><text:list-item><text:p/></text:list-item><text:list-item text:start-value="7"><text:p/></text:list-item></text:list>
            <text:list text:style-name="L" text:continue-list="a"><text:list-item><text:p/></text:list-item></text:list>
            <text:list text:style-name="L" text:continue-numbering="true"><text:list-item><text:list text:continue-numbering="true"><text:list-item><text:p/></text:list-item></text:list></text:list-item></text:list>
            <text:h text:outline-level="1"/><text:list text:style-name="none"><text:list-item><text:p/></text:list-item></text:list>"#;
        let mut markup = Markup::new(xml);
        let mut lists = Lists::default();
        lists.read_styles(&mut markup, "styles");
        let mut labels = Vec::new();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) if matches!(tag.name(), "p" | "h") => {
                    labels.push(lists.label(&tag));
                }
                Node::Start(tag) => lists.begin(&tag),
                Node::End(name) if name == "list" => lists.end(),
                _ => {}
            }
        }
        assert_eq!(
            labels,
            [
                "제1장", "", "1.", "", "1.가)", "", "1.나)", "", "2.", "1.", "7.", "3.", "3.다)",
                "제2장", ""
            ]
        );
    }
}
