//! PowerPoint presentations (ECMA-376 part 1, section 19). Of layouts and masters, what stands on the slides is read
//! once: their prompts (`Click to add title`) are nobody's text.

use std::collections::BTreeSet;

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::docx_math::formula;
use super::drawing::{self, Alternatives};
use super::markup::{Markup, Node};
use super::ooxml;
use super::ooxml_member::{Members, chart, take_members};
use super::ooxml_property::properties;
use super::ooxml_relationship::{Relationship, relationships};
use super::package::Package;
use super::run_font::RunFont;
use super::thumbnail::thumbnail;
use super::xstring::xstring;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "pptx",
    version: 9,
    media_types: &[PPTX, PPSX, POTX, PPTM, PPSM, POTM],
    sniff,
    media_type,
    extract,
};

const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const PPSX: &str = "application/vnd.openxmlformats-officedocument.presentationml.slideshow";
const POTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.template";
const PPTM: &str = "application/vnd.ms-powerpoint.presentation.macroenabled.12";
const PPSM: &str = "application/vnd.ms-powerpoint.slideshow.macroenabled.12";
const POTM: &str = "application/vnd.ms-powerpoint.template.macroenabled.12";

fn sniff(probe: &Probe<'_>) -> Match {
    ooxml::sniff(probe, "ppt/", &["pptx", "ppsx", "potx", "pptm", "ppsm", "potm"])
}

fn media_type(probe: &Probe<'_>) -> &'static str {
    match probe.extension.as_str() {
        "ppsx" => PPSX,
        "potx" => POTX,
        "pptm" => PPTM,
        "ppsm" => PPSM,
        "potm" => POTM,
        _ => PPTX,
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut package = Package::open(blob, context, &mut content)?;
    let slides =
        slides(&mut package, &mut content).ok_or_else(|| package.lacks(Noun::Presentation))?;
    properties(&mut package, &mut content);
    content.metadata.at("ppt/presentation.xml").set(metadata::SLIDES, slides.len());
    let mut beside = Beside::default();
    for (number, part) in (1u32..).zip(&slides) {
        if number > context.limits.pages {
            let first = context.limits.pages.into();
            content.cut(ReasonKind::OnlyFirst { first, of: None, unit: Unit::Slides });
            break;
        }
        context.unit();
        slide(&mut package, part, number, &mut beside, &mut content);
    }
    beside.members.from = slides;
    take_members(&mut package, &beside.members, &mut content);
    thumbnail(&mut package, "docProps/thumbnail.jpeg", &mut content);
    package.finish(content)
}

/// The parts of the slides as they are shown; by their numbers where the list of slides is lost.
fn slides(package: &mut Package<'_>, content: &mut Content) -> Option<Vec<String>> {
    let main = ooxml::main_part(package, "ppt/presentation.xml", content);
    let mut order = Vec::new();
    if let Some(main) = &main {
        let related = relationships(package, main, content);
        let text = package.text(main, content).unwrap_or_default();
        let mut markup = Markup::new(&text);
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            if tag.name() != "sldId" {
                continue;
            }
            let Some(id) = tag.prefixed("id") else { continue };
            match related.iter().find(|r| r.id == id && package.has(&r.target)) {
                Some(slide) if !order.contains(&slide.target) => order.push(slide.target.clone()),
                Some(_) => {}
                None => {
                    let number = order.len() as u64 + 1;
                    content.lost(ReasonKind::Missing.of(Part::Slide(number)));
                }
            }
        }
        markup.report(main, content);
    }
    if order.is_empty() {
        let number = |name: &str| -> Option<u32> {
            let lower = name.to_lowercase();
            lower.strip_prefix("ppt/slides/slide")?.strip_suffix(".xml")?.parse().ok()
        };
        let mut found: Vec<_> =
            package.names().filter_map(|name| Some((number(name)?, name.to_owned()))).collect();
        found.sort();
        order = found.into_iter().map(|(_, name)| name).collect();
    }
    (main.is_some() || !order.is_empty()).then_some(order)
}

/// What slides have in common.
#[derive(Default)]
struct Beside {
    /// The layouts and masters that were read already.
    grounds: BTreeSet<String>,
    /// The headers and footers of pages of notes that were read already.
    edges: BTreeSet<String>,
    members: Members,
}

/// Reads a slide and what hangs on it.
fn slide(
    package: &mut Package<'_>,
    part: &str,
    number: u32,
    beside: &mut Beside,
    content: &mut Content,
) {
    let Some(text) = package.text(part, content) else { return };
    let place = || Locator::Slide { number };
    let root = Root::of(&text);
    if root.hidden {
        content.note(ReasonKind::Hidden.of(Part::Slide(number.into())));
    }
    for shape in shapes(&text, part, Wanted::All, content) {
        content.push_text(shape, place());
    }
    let related = relationships(package, part, content);
    for relation in &related {
        let part = &relation.target;
        let found = match relation.kind.as_str() {
            "diagramData" => {
                package.text(part, content).map(|t| vec![drawing::text(&t, part, content)])
            }
            "chart" | "chartEx" => Some(vec![chart(package, part, &mut beside.members, content)]),
            "notesSlide" => package.text(part, content).map(|text| {
                let mut found = shapes(&text, part, Wanted::Notes, content);
                // Each page of notes repeats its header and footer.
                let edges = shapes(&text, part, Wanted::NotesEdges, &mut Content::default());
                found.extend(edges.into_iter().filter(|edge| beside.edges.insert(edge.clone())));
                found
            }),
            "comments" => package.text(part, content).map(|t| comments(&t, part, content)),
            _ => None,
        };
        for text in found.unwrap_or_default() {
            content.push_text(text, place());
        }
    }
    if root.shows_ground {
        ground(package, &related, "slideLayout", number, &mut beside.grounds, content);
    }
}

/// Reads the layout or master that lies under a slide: the shapes of it that are no placeholders.
fn ground(
    package: &mut Package<'_>,
    related: &[Relationship],
    kind: &str,
    number: u32,
    grounds: &mut BTreeSet<String>,
    content: &mut Content,
) {
    let Some(part) = related.iter().find(|r| r.kind == kind).map(|r| r.target.clone()) else {
        return;
    };
    if !grounds.insert(part.clone()) {
        return;
    }
    let Some(text) = package.text(&part, content) else { return };
    for shape in shapes(&text, &part, Wanted::Ground, content) {
        content.push_text(shape, Locator::Slide { number });
    }
    if kind == "slideLayout" && Root::of(&text).shows_ground {
        let related = relationships(package, &part, content);
        ground(package, &related, "slideMaster", number, grounds, content);
    }
}

/// What the root element of a slide or layout says.
struct Root {
    hidden: bool,
    /// Whether the shapes of the layout and master below are shown.
    shows_ground: bool,
}

impl Root {
    fn of(text: &str) -> Root {
        let mut markup = Markup::new(text);
        let mut root = Root { hidden: false, shows_ground: true };
        while let Some(node) = markup.next() {
            if let Node::Start(tag) = node {
                let off = |name: &str| {
                    tag.attribute(name).is_some_and(|v| matches!(v.as_str(), "0" | "false"))
                };
                root = Root { hidden: off("show"), shows_ground: !off("showMasterSp") };
                break;
            }
        }
        root
    }
}

/// Which shapes of a part are text of the presentation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    /// Not the page number, date, running lines and slide of a notes page.
    Notes,
    /// The running lines of a notes page.
    NotesEdges,
    /// Not the placeholders, whose text is a prompt.
    Ground,
}

impl Wanted {
    fn takes(self, placeholder: Option<&str>) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Notes => !placeholder
                .is_some_and(|p| matches!(p, "sldNum" | "dt" | "hdr" | "ftr" | "sldImg")),
            Wanted::NotesEdges => placeholder.is_some_and(|p| matches!(p, "hdr" | "ftr")),
            Wanted::Ground => false,
        }
    }
}

/// The text of each shape that is wanted, paragraphs as lines and table rows as lines with tabs.
fn shapes(text: &str, part: &str, taken: Wanted, content: &mut Content) -> Vec<String> {
    let mut markup = Markup::new(text);
    let mut shapes = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let mut row: Option<Vec<String>> = None;
    let mut cell: Option<String> = None;
    let mut wanted = true;
    let mut alternatives = Alternatives::default();
    let mut font = RunFont::default();
    while let Some(node) = markup.next() {
        match &node {
            Node::Start(tag) => font.begin(tag),
            Node::End(name) => font.end(name),
            Node::Text(_) => {}
        }
        match node {
            Node::Start(tag) => match tag.name() {
                "AlternateContent" | "Choice" | "Fallback" if alternatives.skips(tag.name()) => {
                    markup.skip();
                }
                "sp" | "graphicFrame" | "pic" => wanted = true,
                "ph" => wanted = taken.takes(tag.attribute("type").as_deref()),
                "cNvPr" => lines.extend(drawing::description(&tag)),
                "tr" => row = Some(Vec::new()),
                "tc" => cell = Some(String::new()),
                "t" => {
                    let text = font.shown(xstring(&markup.text()).into_owned());
                    paragraph.push_str(&if cell.is_some() {
                        text.replace('\n', " ")
                    } else {
                        text
                    });
                }
                "oMath" => paragraph.push_str(&formula(&mut markup)),
                "br" => paragraph.push(if cell.is_some() { ' ' } else { '\n' }),
                _ => {}
            },
            Node::End(name) => match name.as_str() {
                "AlternateContent" => alternatives.end(),
                "p" => {
                    let line = std::mem::take(&mut paragraph);
                    match &mut cell {
                        _ if line.trim().is_empty() => {}
                        Some(cell) => {
                            if !cell.is_empty() {
                                cell.push(' ');
                            }
                            cell.push_str(&line.replace('\t', " "));
                        }
                        None => lines.push(line),
                    }
                }
                "tc" => {
                    if let (Some(row), Some(cell)) = (&mut row, cell.take()) {
                        row.push(cell);
                    }
                }
                "tr" => {
                    let cells = row.take().unwrap_or_default();
                    if cells.iter().any(|cell| !cell.is_empty()) {
                        lines.push(cells.join("\t"));
                    }
                }
                "sp" | "graphicFrame" | "pic" | "spTree" => {
                    let text = std::mem::take(&mut lines).join("\n");
                    if wanted && !text.is_empty() {
                        shapes.push(text);
                    }
                    wanted = true;
                }
                _ => {}
            },
            Node::Text(_) => {}
        }
    }
    lines.push(paragraph);
    let rest = lines.join("\n");
    if !rest.trim().is_empty() {
        shapes.push(rest);
    }
    markup.report(part, content);
    shapes
}

/// The comments of a slide: `text` in classic ones, paragraphs in threaded ones (MS-PPTX, section 2.6).
fn comments(text: &str, part: &str, content: &mut Content) -> Vec<String> {
    let mut markup = Markup::new(text);
    let mut comments = Vec::new();
    let mut paragraph = String::new();
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) if tag.name() == "text" => {
                comments.push(xstring(&markup.text()).into_owned());
            }
            Node::Start(tag) if tag.name() == "t" => paragraph.push_str(&xstring(&markup.text())),
            Node::End(name) if name == "p" => comments.push(std::mem::take(&mut paragraph)),
            _ => {}
        }
    }
    markup.report(part, content);
    comments
}
