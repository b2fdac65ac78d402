//! Words in the drawings of Word, Excel and PowerPoint files (ECMA-376 part 1, sections 20 and 21): shapes on a
//! sheet, SmartArt, charts, and what is said of a picture for those who cannot see it.

use std::collections::BTreeSet;

use madang_document::content::Content;

use super::markup::{Markup, Node, Tag};
use super::number_format::general;

/// The words of a drawing, a SmartArt data model or a chart: rich text and descriptions as they stand. What a chart
/// repeats of cells is left out.
pub(super) fn text(text: &str, part: &str, content: &mut Content) -> String {
    let mut walk = Walk::default();
    walk.read(text, part, content);
    walk.lines.join("\n")
}

/// The words of a chart that stands apart from its cells, and behind them what it repeats of these: the categories
/// once, and a line for each series, its name in front of its values where the chart shows these.
pub(super) fn chart(text: &str, part: &str, content: &mut Content) -> String {
    let mut walk = Walk::default();
    walk.read(text, part, content);
    let mut seen = BTreeSet::new();
    let mut lines = walk.lines;
    for (name, values) in walk.cached {
        // Without labels the eye sees how high a bar is, not its value.
        let values = if walk.shows_values { values } else { Vec::new() };
        let first = Some(name).filter(|name| !name.is_empty());
        let line = first.into_iter().chain(values).collect::<Vec<_>>().join("\t");
        if !line.is_empty() && seen.insert(line.clone()) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// A walk through a part.
#[derive(Default)]
struct Walk {
    lines: Vec<String>,
    /// What a chart repeats of its cells: categories or the name of a series, and the values of the series.
    cached: Vec<(String, Vec<String>)>,
    /// Whether the chart is labelled with its values.
    shows_values: bool,
    /// The open paragraph.
    paragraph: Option<String>,
    /// The name of the open series, and the open list of points.
    name: String,
    points: Vec<String>,
    /// Whether the open list is one of numbers.
    numbers: bool,
    /// What the open list is for: `tx`, `cat`, `val`.
    purpose: String,
}

impl Walk {
    fn read(&mut self, text: &str, part: &str, content: &mut Content) {
        let mut markup = Markup::new(text);
        let mut alternatives = Alternatives::default();
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "AlternateContent" | "Choice" | "Fallback"
                        if alternatives.skips(tag.name()) =>
                    {
                        markup.skip();
                    }
                    "p" => self.paragraph = Some(String::new()),
                    "t" => {
                        let text = markup.text();
                        match &mut self.paragraph {
                            Some(paragraph) => paragraph.push_str(&text),
                            None => self.keep(&text),
                        }
                    }
                    "br" => self.paragraph.iter_mut().for_each(|p| p.push('\n')),
                    "ser" => self.name.clear(),
                    name @ ("tx" | "cat" | "xVal" | "yVal" | "val" | "bubbleSize") => {
                        self.purpose = name.to_owned();
                    }
                    "strCache" | "strLit" | "lvl" | "strDim" => self.begin(false),
                    "numCache" | "numLit" | "numDim" => self.begin(true),
                    "v" => self.point(&markup.text()),
                    // The points of newer kinds of charts.
                    "pt" if tag.prefix() == "cx" => self.point(&markup.text()),
                    "showVal" => {
                        let off = |v: String| matches!(v.as_str(), "0" | "false");
                        self.shows_values |= !tag.attribute("val").is_some_and(off);
                    }
                    "cNvPr" => self.lines.extend(description(&tag)),
                    _ => {}
                },
                Node::End(name) => match name.as_str() {
                    "AlternateContent" => alternatives.end(),
                    "p" => {
                        let paragraph = self.paragraph.take().unwrap_or_default();
                        self.keep(&paragraph);
                    }
                    "strCache" | "strLit" | "lvl" | "strDim" | "numCache" | "numLit" | "numDim" => {
                        self.end();
                    }
                    _ => {}
                },
                Node::Text(_) => {}
            }
        }
        markup.report(part, content);
    }

    fn keep(&mut self, line: &str) {
        let line = line.trim();
        if !line.is_empty() {
            self.lines.push(line.to_owned());
        }
    }

    fn begin(&mut self, numbers: bool) {
        self.points.clear();
        self.numbers = numbers;
    }

    fn point(&mut self, text: &str) {
        let text = text.trim();
        let shown = match text.parse() {
            Ok(number) if self.numbers => general(number),
            _ => text.to_owned(),
        };
        if !shown.is_empty() {
            self.points.push(shown);
        }
    }

    /// Ends a list of points.
    fn end(&mut self) {
        let points = std::mem::take(&mut self.points);
        if points.is_empty() {
            return;
        }
        match (self.purpose.as_str(), self.numbers) {
            ("tx", _) => self.name = points.join(" "),
            // Days as numbers, which only the format of the axis makes days.
            ("cat" | "xVal", true) => {}
            (_, false) => self.cached.push((points.join("\t"), Vec::new())),
            (_, true) => self.cached.push((std::mem::take(&mut self.name), points)),
        }
    }
}

/// What the author says of a picture or shape in its properties `docPr` or `cNvPr` (section 20.1.2.2.8). Programs
/// that insert pictures leave the name of the file there, which is nobody's word.
pub(super) fn description(tag: &Tag<'_>) -> Option<String> {
    let of = |name: &str| tag.attribute(name).map(|text| text.trim().to_owned());
    let said = |text: &String| !text.is_empty() && !is_file_name(text);
    let (title, words) = (of("title").filter(said), of("descr").filter(said));
    match (title, words) {
        (Some(title), Some(words)) if title != words => Some(format!("{title}\n{words}")),
        (title, words) => words.or(title),
    }
    .map(|text| own_words(&text).to_owned())
    .filter(|text| !text.is_empty())
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
            <c:val><c:numCache><c:pt><c:v>3</c:v></c:pt></c:numCache></c:val></c:ser>";
        let chart = format!(
            "<c:chart><c:title><a:p><a:r><a:t>강수</a:t></a:r></a:p></c:title>{series}{series}</c:chart>"
        );
        assert_eq!(lines(&chart), "강수");
        let apart = |chart: &str| super::chart(chart, "chart", &mut Content::default());
        assert_eq!(apart(&chart), "강수\n봄\n수영강");
        let labelled =
            chart.replace("</c:chart>", "<c:dLbls><c:showVal val='1'/></c:dLbls></c:chart>");
        assert_eq!(apart(&labelled), "강수\n봄\n수영강\t3");
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
