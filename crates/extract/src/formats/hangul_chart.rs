use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::part::Part;

use super::markup::{Markup, Node};

/// Points of one series that are read.
const POINTS: usize = 10_000;

/// Series of one chart that are read.
const SERIES: usize = 256;

/// A series: its name, and by the number of the point its category and its values.
#[derive(Debug, Default)]
struct Series {
    name: String,
    categories: BTreeMap<u32, String>,
    values: BTreeMap<u32, String>,
}

/// The words and figures of a chart (ECMA-376 part 1, section 21.2), whose data 한글 writes without a workbook behind
/// it: the titles line by line, then a table with a row for each category and a column for each series. Where the part breaks
/// off, the content says so.
pub(super) fn chart_text(xml: &str, path: &str, content: &mut Content) -> String {
    let mut markup = Markup::new(xml);
    let mut titles: Vec<String> = Vec::new();
    let mut series: Vec<Series> = Vec::new();
    let mut paragraph: Option<String> = None;
    // Which part of the current series a value belongs to.
    let mut part = "";
    let mut point = 0;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "ser" if series.len() < SERIES => series.push(Series::default()),
                "tx" => part = "tx",
                "cat" | "xVal" => part = "cat",
                "val" | "yVal" | "bubbleSize" => part = "val",
                "pt" => {
                    point = tag.attribute("idx").and_then(|n| n.parse().ok()).unwrap_or_default();
                }
                "p" => paragraph = Some(String::new()),
                "t" => {
                    let text = markup.text();
                    if let Some(paragraph) = &mut paragraph {
                        paragraph.push_str(&text);
                    }
                }
                "v" => {
                    let value = markup.text();
                    let value = value.trim();
                    let Some(series) = series.last_mut().filter(|_| !value.is_empty()) else {
                        continue;
                    };
                    match part {
                        "tx" => add(&mut series.name, value),
                        "cat" if series.categories.len() < POINTS => {
                            add(series.categories.entry(point).or_default(), value);
                        }
                        "val" if series.values.len() < POINTS => {
                            add(series.values.entry(point).or_default(), value);
                        }
                        _ => {}
                    }
                }
                _ => {}
            },
            Node::End(name) => match name.as_str() {
                "p" => titles.extend(paragraph.take().filter(|text| !text.trim().is_empty())),
                "tx" | "cat" | "xVal" | "val" | "yVal" | "bubbleSize" => part = "",
                _ => {}
            },
            Node::Text(_) => {}
        }
    }
    markup.report(Part::Named(path.into()), content);
    let mut lines: Vec<String> = titles.iter().map(|title| title.trim().to_owned()).collect();
    if series.iter().any(|series| !series.name.is_empty()) {
        let names: Vec<_> = series.iter().map(|series| series.name.as_str()).collect();
        lines.push(format!("\t{}", names.join("\t")).trim_end().to_owned());
    }
    let mut rows: BTreeMap<u32, String> = BTreeMap::new();
    for series in &series {
        for (&point, category) in &series.categories {
            rows.entry(point).or_insert_with(|| category.clone());
        }
        for &point in series.values.keys() {
            rows.entry(point).or_default();
        }
    }
    for (point, mut line) in rows {
        for series in &series {
            line.push('\t');
            line.push_str(series.values.get(&point).map_or("", String::as_str));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// Adds a value to those that stand in one cell: the levels of a category, or a value and the size of its bubble.
fn add(cell: &mut String, value: &str) {
    if !cell.is_empty() {
        cell.push(' ');
    }
    cell.push_str(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_its_titles_and_a_table() {
        let point = |n: u32, v: &str| format!(r#"<c:pt idx="{n}"><c:v>{v}</c:v></c:pt>"#);
        let categories =
            format!("<c:cat><c:strLit>{}{}</c:strLit></c:cat>", point(0, "1월"), point(1, "2월"));
        let series = |name: &str, values: &str| {
            format!(
                "<c:ser><c:tx><c:v>{name}</c:v></c:tx>{categories}<c:val><c:numLit>\
                 <c:formatCode>General</c:formatCode>{values}</c:numLit></c:val></c:ser>"
            )
        };
        let xml = format!(
            "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>강수량 </a:t></a:r><a:r><a:t>2026</a:t></a:r></a:p>\
             </c:rich></c:tx></c:title>{}{}</c:chart>",
            series("서울", &point(1, "4.5")),
            series("부산", &(point(0, "7") + &point(1, "8")))
        );
        let read = |xml: &str| {
            let mut content = Content::default();
            let text = chart_text(xml, "Chart/chart1.xml", &mut content);
            (text, content.warnings.len())
        };
        let whole = "강수량 2026\n\t서울\t부산\n1월\t\t7\n2월\t4.5\t8";
        assert_eq!(read(&xml), (whole.to_owned(), 0));
        assert_eq!(read("<c:chart/>"), (String::new(), 0));
        assert_eq!(read("<c:v>1</c:v><c:pt idx='99999999999'>"), (String::new(), 1));
        let cut = xml.find("부산").unwrap();
        let (text, warnings) = read(xml.get(..cut).unwrap());
        assert_eq!((text.as_str(), warnings), ("강수량 2026\n\t서울\n1월\n2월\t4.5", 1));
    }
}
