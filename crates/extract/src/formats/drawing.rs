//! Words in the drawings of Word, Excel and PowerPoint files (ECMA-376 part 1, sections 20 and 21): shapes on a
//! sheet, SmartArt, charts, and what is said of a picture for those who cannot see it.

use std::collections::BTreeSet;

use madang_document::content::Content;

use super::docx_math::formula;
use super::markup::{Markup, Node, Tag};
use super::number_format::{formatted, general};
use super::run_font::RunFont;
use super::xstring::xstring;

/// The words of a drawing, a SmartArt data model or a chart: rich text and descriptions as they stand. Of what a chart
/// repeats of cells, that which lies in this workbook is left out: it is read where it lies.
pub(super) fn text(text: &str, part: &str, content: &mut Content) -> String {
    let mut walk = Walk::default();
    walk.read(text, part, content);
    walk.told(false)
}

/// The words of a chart that stands apart from its cells, and behind them what it repeats of these: the categories
/// once, and a line for each series, its name in front of its values.
pub(super) fn chart(text: &str, part: &str, content: &mut Content) -> String {
    let mut walk = Walk::default();
    walk.read(text, part, content);
    walk.told(true)
}

/// What a chart repeats of its cells.
#[derive(Default)]
struct List {
    /// The name of the series whose values these are; empty in front of categories.
    name: Name,
    points: Vec<String>,
    /// Whether the points lie in cells of the same workbook.
    of_cells: bool,
}

/// The name of a series.
#[derive(Default)]
struct Name {
    text: String,
    /// Whether it lies in a cell of the same workbook.
    of_cells: bool,
}

/// A walk through a part.
#[derive(Default)]
struct Walk {
    lines: Vec<String>,
    /// What a chart repeats of its cells, in order.
    lists: Vec<List>,
    /// The open paragraph.
    paragraph: Option<String>,
    /// The fonts of the open run.
    font: RunFont,
    /// The name of the open series, until it is told.
    name: Name,
    /// The open list of points.
    points: Option<Vec<String>>,
    /// Whether the open list is one of numbers, and the format of these.
    numbers: bool,
    code: String,
    /// Whether what the open list repeats lies in cells of the same workbook.
    of_cells: bool,
    /// What the open list is for: `tx`, `cat`, `val`.
    purpose: String,
    /// Whether days are counted from 1904.
    from_1904: bool,
}

impl Walk {
    fn read(&mut self, text: &str, part: &str, content: &mut Content) {
        let mut markup = Markup::new(text);
        let mut alternatives = Alternatives::default();
        while let Some(node) = markup.next() {
            match &node {
                Node::Start(tag) => self.font.begin(tag),
                Node::End(name) => self.font.end(name),
                Node::Text(_) => {}
            }
            match node {
                Node::Start(tag) => match tag.name() {
                    "AlternateContent" | "Choice" | "Fallback"
                        if alternatives.skips(tag.name()) =>
                    {
                        markup.skip();
                    }
                    "p" => self.paragraph = Some(String::new()),
                    "t" => {
                        let text = self.font.shown(xstring(&markup.text()).into_owned());
                        match &mut self.paragraph {
                            Some(paragraph) => paragraph.push_str(&text),
                            None => self.keep(&text),
                        }
                    }
                    "oMath" => {
                        let formula = formula(&mut markup);
                        self.paragraph.iter_mut().for_each(|p| p.push_str(&formula));
                    }
                    "br" => self.paragraph.iter_mut().for_each(|p| p.push('\n')),
                    "cNvPr" => self.lines.extend(description(&tag)),
                    _ => self.open(&tag, &mut markup),
                },
                Node::End(name) => match name.as_str() {
                    "AlternateContent" => alternatives.end(),
                    "p" => {
                        let paragraph = self.paragraph.take().unwrap_or_default();
                        self.keep(&paragraph);
                    }
                    "ser" | "series" => self.end_of_series(),
                    "strCache" | "strLit" | "dlblRangeCache" | "lvl" | "numCache" | "numLit" => {
                        self.end();
                    }
                    _ => {}
                },
                Node::Text(_) => {}
            }
        }
        markup.report(part, content);
    }

    /// Meets an element of a chart (ECMA-376 part 1, section 21.2; newer kinds: MS-ODRAWXML, section 2.24).
    fn open(&mut self, tag: &Tag<'_>, markup: &mut Markup<'_>) {
        match tag.name() {
            name @ ("tx" | "cat" | "xVal" | "yVal" | "val" | "bubbleSize") => {
                (self.purpose, self.of_cells) = (name.to_owned(), false);
            }
            name @ ("strDim" | "numDim") => {
                self.purpose = tag.attribute("type").unwrap_or_default();
                (self.numbers, self.of_cells) = (name == "numDim", false);
            }
            "date1904" => {
                let off = |v: String| matches!(v.as_str(), "0" | "false");
                self.from_1904 = !tag.attribute("val").is_some_and(off);
            }
            // `[1]Sheet1!$A$1` lies in another workbook.
            "f" => self.of_cells = !markup.text().contains('['),
            "errBars" => markup.skip(),
            "strRef" | "numRef" | "multiLvlStrRef" => self.of_cells = true,
            "strCache" | "strLit" | "dlblRangeCache" => {
                (self.points, self.numbers) = (Some(Vec::new()), false);
            }
            "numCache" | "numLit" => {
                (self.points, self.numbers) = (Some(Vec::new()), true);
                self.code.clear();
            }
            "lvl" => {
                self.points = Some(Vec::new());
                self.code = tag.attribute("formatCode").unwrap_or_default();
                // Levels of categories are text; in newer kinds of charts the dimension says.
                self.numbers &= tag.prefix() == "cx";
            }
            "formatCode" => self.code = markup.text(),
            "v" => {
                let text = markup.text();
                match self.points {
                    Some(_) => self.point(&text),
                    // The name of a series that stands in no cell.
                    None if self.purpose == "tx" => {
                        let (text, of_cells) = (text.trim().to_owned(), self.of_cells);
                        self.name = Name { text, of_cells };
                    }
                    None => {}
                }
            }
            // The points of newer kinds of charts.
            "pt" if tag.prefix() == "cx" => {
                let text = markup.text();
                self.point(&text);
            }
            _ => {}
        }
    }

    fn keep(&mut self, line: &str) {
        let line = line.trim();
        if !line.is_empty() {
            self.lines.push(line.to_owned());
        }
    }

    fn point(&mut self, text: &str) {
        let text = text.trim();
        let shown = match text.parse() {
            // Codes are of up to 255 characters; what has none is shown as it is.
            Ok(number) if self.numbers && self.code.len() <= 1024 => match self.code.as_str() {
                "" => general(number),
                code => formatted(number, code, self.from_1904),
            },
            _ => text.to_owned(),
        };
        if let Some(points) = self.points.as_mut().filter(|_| !shown.is_empty()) {
            points.push(shown);
        }
    }

    /// Ends a list of points.
    fn end(&mut self) {
        let points = self.points.take().unwrap_or_default();
        if points.is_empty() {
            return;
        }
        let of_cells = self.of_cells;
        let name = match self.purpose.as_str() {
            "tx" => {
                self.name = Name { text: points.join(" "), of_cells };
                return;
            }
            "cat" | "xVal" => Name::default(),
            _ => std::mem::take(&mut self.name),
        };
        self.lists.push(List { name, points, of_cells });
    }

    /// Ends a series; one without values is told by its name.
    fn end_of_series(&mut self) {
        let name = std::mem::take(&mut self.name);
        self.lists.push(List { name, ..List::default() });
        self.purpose.clear();
    }

    /// The lines of it all, those of lists once each; `apart` says that the cells lie nowhere else.
    fn told(self, apart: bool) -> String {
        let mut lines = self.lines;
        let mut seen = BTreeSet::new();
        for list in self.lists {
            let name = list.name;
            let name = Some(name.text).filter(|n| !n.is_empty() && (apart || !name.of_cells));
            let points = if apart || !list.of_cells { list.points } else { Vec::new() };
            let line = name.into_iter().chain(points).collect::<Vec<_>>().join("\t");
            if !line.is_empty() && seen.insert(line.clone()) {
                lines.push(line);
            }
        }
        lines.join("\n")
    }
}

/// What the author says of a picture or shape in its properties `docPr` or `cNvPr` (section 20.1.2.2.8). Programs
/// that insert pictures leave the name of the file there, which is nobody's word.
pub(super) fn description(tag: &Tag<'_>) -> Option<String> {
    let of = |name: &str| tag.attribute(name).and_then(|text| said(&text));
    match (of("title"), of("descr")) {
        (Some(title), Some(words)) if title != words => Some(format!("{title}\n{words}")),
        (title, words) => words.or(title),
    }
}

/// What is said of a picture, if it is somebody's word.
pub(super) fn said(text: &str) -> Option<String> {
    let text = text.trim();
    Some(own_words(text)).filter(|own| !own.is_empty() && !is_file_name(text)).map(str::to_owned)
}

/// A description without what Office puts behind those that it made up itself.
fn own_words(text: &str) -> &str {
    const MACHINE: [&str; 4] = [
        "AI-generated content may be incorrect.",
        "Description automatically generated",
        "AI 생성 콘텐츠는 정확하지 않을 수 있습니다.",
        "자동 생성된 설명",
    ];
    MACHINE.iter().fold(text.trim(), |text, end| text.strip_suffix(end).unwrap_or(text).trim())
}

/// What the author says of a shape in Word's older markup.
pub(super) fn vml_description(tag: &Tag<'_>) -> Option<String> {
    tag.attribute("alt")
        .map(|text| text.trim().to_owned())
        .filter(|t| !t.is_empty())
        .filter(|text| !is_file_name(text))
}

/// Whether a description is the name of a picture file or the address of one.
fn is_file_name(text: &str) -> bool {
    const PICTURES: [&str; 11] =
        ["png", "jpg", "jpeg", "jpe", "gif", "bmp", "tif", "tiff", "emf", "wmf", "svg"];
    let Some((name, ending)) = text.rsplit_once('.') else { return text.starts_with("http") };
    let ending = ending.to_ascii_lowercase();
    !name.is_empty() && !text.contains('\n') && PICTURES.contains(&ending.as_str())
        || (text.starts_with("http") && !text.contains(char::is_whitespace))
}

/// The open `mc:AlternateContent` elements: of each, whether a choice was taken (ECMA-376 part 3, section 7.6).
#[derive(Default)]
pub(super) struct Alternatives(Vec<bool>);

impl Alternatives {
    /// Meets the start of `AlternateContent`, `Choice` or `Fallback`; true where this choice is to be passed over.
    pub(super) fn skips(&mut self, element: &str) -> bool {
        if element == "AlternateContent" {
            self.0.push(false);
            return false;
        }
        match self.0.last_mut() {
            Some(true) => true,
            Some(taken) => {
                *taken = true;
                false
            }
            None => false,
        }
    }

    /// Meets the end of `AlternateContent`.
    pub(super) fn end(&mut self) {
        self.0.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(xml: &str) -> String {
        text(xml, "drawing", &mut Content::default())
    }

    #[test]
    fn equal_lines_of_a_shape_stay_and_categories_stand_once() {
        let shape = "<xdr:sp><a:p><a:r><a:t>1호 펌프</a:t></a:r></a:p><a:p><a:r><a:t>가동중</a:t></a:r></a:p>\
            <a:p><a:r><a:t>2호 펌프</a:t></a:r></a:p><a:p><a:r><a:t>가동중</a:t></a:r></a:p></xdr:sp>";
        assert_eq!(lines(shape), "1호 펌프\n가동중\n2호 펌프\n가동중");
        let series = "<c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>수영강</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt><c:v>봄</c:v></c:pt></c:strCache></c:strRef></c:cat>\
            <c:val><c:numRef><c:numCache><c:pt><c:v>3</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser>";
        let chart = format!(
            "<c:chart><c:title><a:p><a:r><a:t>강수</a:t></a:r></a:p></c:title>{series}{series}</c:chart>"
        );
        assert_eq!(lines(&chart), "강수");
        let apart = |chart: &str| super::chart(chart, "chart", &mut Content::default());
        assert_eq!(apart(&chart), "강수\n봄\n수영강\t3");
    }

    #[test]
    fn values_of_a_chart_are_shown_in_their_format() {
        let list = |kind: &str, code: &str, value: &str| {
            format!(
                "<c:{kind}><c:numRef><c:f>표!$A$2</c:f><c:numCache><c:formatCode>{code}</c:formatCode><c:pt><c:v>{value}</c:v></c:pt></c:numCache></c:numRef></c:{kind}>"
            )
        };
        let series = format!(
            "<c:ser><c:tx><c:v>증감률</c:v></c:tx>{}{}</c:ser>",
            list("cat", "yyyy\\-mm\\-dd", "45292"),
            list("val", "0.0%", "0.125")
        );
        let apart = |chart: &str| super::chart(chart, "chart", &mut Content::default());
        assert_eq!(apart(&series), "2024-01-01\n증감률\t12.5%");
        let from_1904 = format!("<c:date1904 val=\"1\"/>{series}");
        assert_eq!(apart(&from_1904), "2028-01-02\n증감률\t12.5%");
        // In a workbook it is read where it lies, unless that is another workbook.
        assert_eq!(lines(&series), "증감률");
        assert_eq!(lines(&series.replace("표!", "[1]표!")), "2024-01-01\n증감률\t12.5%");
    }

    #[test]
    fn newer_kinds_of_charts_keep_their_points_before_the_series() {
        let chart = "<cx:chartData><cx:data id='0'><cx:strDim type='cat'><cx:f>표!$A$2</cx:f><cx:lvl><cx:pt idx='0'>도로</cx:pt></cx:lvl></cx:strDim>\
            <cx:numDim type='val'><cx:f>표!$B$2</cx:f><cx:lvl formatCode='#,##0'><cx:pt idx='0'>1200.5</cx:pt></cx:lvl></cx:numDim></cx:data></cx:chartData>\
            <cx:series><cx:tx><cx:txData><cx:f>표!$B$1</cx:f><cx:v>예산</cx:v></cx:txData></cx:tx></cx:series>";
        assert_eq!(super::chart(chart, "chart", &mut Content::default()), "도로\n1,201\n예산");
        assert_eq!(lines(chart), "");
    }

    #[test]
    fn the_fallback_of_a_choice_is_passed_over() {
        let xml = "<mc:AlternateContent><mc:Choice><a:p><a:t>하나</a:t></a:p></mc:Choice>\
            <mc:Fallback><a:p><a:t>하나</a:t></a:p></mc:Fallback></mc:AlternateContent>";
        assert_eq!(lines(xml), "하나");
    }

    #[test]
    fn descriptions_are_words_not_file_names() {
        let said = |attributes: &str| {
            let xml = format!("<xdr:cNvPr id=\"2\" name=\"그림 1\" {attributes}/>");
            lines(&xml)
        };
        assert_eq!(said("descr=\"제방 누수 지점 사진\""), "제방 누수 지점 사진");
        assert_eq!(said("title=\"제방\" descr=\"누수 지점\""), "제방\n누수 지점");
        assert_eq!(said("title=\"제방\" descr=\"제방\""), "제방");
        assert_eq!(said("descr=\"C:\\그림\\IMG_0012.JPG\""), "");
        assert_eq!(said("descr=\"https://a.example/b\""), "");
        assert_eq!(
            said("descr=\"오리 그림&#10;&#10;AI-generated content may be incorrect.\""),
            "오리 그림"
        );
        assert_eq!(said(""), "");
    }
}
